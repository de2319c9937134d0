"""Blocks on moves over all segmentations, and over several dates."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from custlib.move.paths import CAUSES, WHOLE
from custlib.report import charts
from custlib.report.blocks import Callout, Figure, Table
from custlib.report.formats import MISSING, day, share
from custlib.report.page_limits import limit
from custlib.report.pages.systems import View
from custlib.report.privacy import is_small, part_of, to_step
from custlib.report.texts import Texts


def by_system(view: View, moved: pd.DataFrame) -> Table:
    """Show customers who changed segment since the earlier date by segmentation and cause, with their money."""
    t, last = view.t, moved[moved["from_date"] == moved["from_date"].max()]
    last = last[last["segmentation"].isin(view.names)]
    last, causes = _as_told(last), _used(last)
    rows = []
    for name in view.names:
        by = last[last["segmentation"] == name].set_index("cause")
        whole = by.to_dict("index")[WHOLE]
        hide = is_small(whole["customers"])
        parts = [_part(view, by, cause) for cause in (WHOLE, *causes)]
        money = MISSING if hide else view.bare(whole["money"])
        rows.append([view.title(name), to_step(whole["customers"], t.language), *parts, money])
    columns = ["system", "moved", "part", *causes, "money_moved"]
    money_of = {"kind": view.kind, "currency": view.project.currency}
    shown = pd.DataFrame(rows, columns=columns).drop(columns=[] if view.has_money else "money_moved")
    labels = {str(c): t(f"cause.{c}") if c in causes else t(f"moves.column_{c}", **money_of) for c in shown}
    title = _spread(view, last[last["cause"] == WHOLE])
    return Table.of(shown, title=title, labels=labels, header="system",
                    language=t.language, caption=t("moves.by_system_caption"))  # fmt: skip


def _as_told(moved: pd.DataFrame) -> pd.DataFrame:
    """Compute the shares of customers who changed segment from counts to the ten."""
    shown = [part_of(n, known) for n, known in zip(moved["customers"], moved["known"], strict=True)]
    return moved.assign(share=[float("nan") if part is None else part for part in shown])


def _used(frame: pd.DataFrame) -> list[str]:
    summed = frame.groupby("cause")["customers"].sum()
    return [cause for cause in CAUSES if cause in ("ageing", "purchases") or summed.get(cause, 0) > 0]


def _part(view: View, by: pd.DataFrame, cause: str) -> str:
    """Write the share that a cause moved, suppressed if small."""
    if cause not in by.index or is_small(by["customers"][cause]):
        return "0" if cause not in by.index else MISSING
    return share(by["share"][cause], view.t.language)


def _spread(view: View, whole: pd.DataFrame) -> str:
    """Name the segmentations with the smallest and the largest share of moves."""
    shares, texts = (dict(zip(whole["segmentation"], column, strict=True)) for column in _shares(view, whole))
    calm, restless = (pick(shares, key=lambda name: shares[name]) for pick in (min, max))
    if _about(view, shares[calm], texts[calm]) == _about(view, shares[restless], texts[restless]):
        return view.t("moves.by_system_plain")
    return view.t("moves.by_system", calm=view.title(calm), least=_about(view, shares[calm], texts[calm]),
                  restless=view.title(restless), most=_about(view, shares[restless], texts[restless]))  # fmt: skip


def _about(view: View, part: float, text: str) -> str:
    return text if text.startswith("<") else share(round(part, 2), view.t.language)


def over_time(view: View, moved: pd.DataFrame, name: str) -> Figure | Callout:
    """Show the share of customers who changed segment between successive dates."""
    t, whole = view.t, _intervals(moved, name)
    if len(whole) < 2:
        return Callout(t("moves.one_interval"), t("moves.one_interval_text"))
    (shares, texts), labels = _shares(view, whole), _labels(view, whole)
    rows, title = pd.DataFrame({"label": labels, "value": shares}), _trend(t, shares, texts)
    figure = charts.bars(
        rows, title=title, caption=t("moves.over_caption", name=view.title(name)), highlight=labels[-1],
        description=t("moves.over_description"), x_label=t("moves.column_part"), y_label=t("moves.column_interval"),
        form=dict(zip(shares, texts, strict=True)).__getitem__, language=t.language,
    )  # fmt: skip
    written = pd.DataFrame({"interval": labels, "part": texts})
    columns = {str(column): t(f"moves.column_{column}") for column in written}
    table = Table.of(written, title=title, labels=columns, header="interval", language=t.language)
    return replace(figure, table=table)


def _intervals(moved: pd.DataFrame, name: str) -> pd.DataFrame:
    """Select the intervals of a segmentation with customers known at both ends."""
    own = _as_told(moved[(moved["segmentation"] == name) & (moved["cause"] == WHOLE) & (moved["known"] > 0)])
    return own.sort_values("from_date", ignore_index=True)


def _labels(view: View, whole: pd.DataFrame) -> list[str]:
    ends = zip(whole["from_date"], whole["to_date"], strict=True)
    return [view.t("moves.interval", first=day(a, view.t.language), last=day(b, view.t.language)) for a, b in ends]


def _trend(t: Texts, shares: list[float], texts: list[str]) -> str:
    """Compare the last share with those before, as they are written."""
    (*before, last), ends = shares, dict(zip(shares, texts, strict=True))
    values = {"low": ends[min(shares)], "high": ends[max(shares)], "last": texts[-1]}
    if values["low"] == values["high"]:
        return t("moves.over_steady", share=values["low"])
    if texts[-1] in texts[:-1]:
        return t("moves.over", **values)
    kind = "over_rising" if last > max(before) else "over_falling" if last < min(before) else "over"
    return t(f"moves.{kind}", **values)


def _shares(view: View, whole: pd.DataFrame) -> tuple[list[float], list[str]]:
    """Return the shares to draw and their texts; small ones are drawn at the least count shown."""
    least = limit("privacy", "smallest_count") / whole["known"]
    hide = whole["customers"].map(is_small)
    shares = [float(x) for x in whole["share"].where(~hide, least)]
    texts = [("<" if h else "") + share(x, view.t.language) for x, h in zip(shares, hide, strict=True)]
    return shares, texts


def steps_over_time(view: View, moved: pd.DataFrame, name: str) -> Table | None:
    """Show the share of customers whom each counterfactual step moved, interval by interval; None for one interval."""
    t, whole = view.t, _intervals(moved, name)
    if len(whole) < 2:
        return None
    own = _as_told(moved[moved["segmentation"] == name])
    columns, rows = (WHOLE, *_used(own)), []
    for label, first in zip(_labels(view, whole), whole["from_date"], strict=True):
        by = own[own["from_date"] == first].set_index("cause")
        rows.append([label, *(_part(view, by, cause) for cause in columns)])
    names = {"interval": t("moves.column_interval"), WHOLE: t("moves.column_part")}
    names |= {cause: t(f"cause.{cause}") for cause in columns[1:]}
    return Table.of(pd.DataFrame(rows, columns=list(names)), title=t("moves.steps_over", system=view.title(name)),
                    labels=names, header="interval", language=t.language)  # fmt: skip


_LISTED = 3
Drift = Mapping[str, Any] | None


def drift_verdict(view: View, drifts: Mapping[str, Drift]) -> Callout:
    """State whether a new fit is proposed for any definition, and how to accept it."""
    t, lang = view.t, view.t.language
    measured = {name: drift for name, drift in drifts.items() if drift}
    proposed = [name for name, drift in measured.items() if drift["is_proposed"]]
    if proposed:
        names = t("join.semicolon").join(view.title(name) for name in proposed)
        return Callout(t("drift.proposed", names=names), t("drift.proposed_text"), "warn")
    if not measured:
        return Callout(t("drift.fresh", day=day(view.project.as_of, lang)), t("drift.fresh_text"))
    worst = min(measured.values(), key=lambda drift: drift["adjusted_rand_index"])
    text = t("drift.good_text", index=f"{worst['adjusted_rand_index']:.2f}".replace("-", "−"))
    return Callout(t("drift.good", count=len(measured)), text, "good")


def drift_table(view: View, drifts: Mapping[str, Drift]) -> Table | None:
    """Compare each frozen definition with a fit on current customers; None on the day of the fit."""
    t, lang, rows = view.t, view.t.language, []
    for name, drift in drifts.items():
        fitted = day(dt.date.fromisoformat(view.definitions[name].fitted), lang)
        if drift is None:
            rows.append([view.title(name), fitted, MISSING, MISSING, t("drift.today")])
            continue
        lost = _listed(view, [view.class_name(name, s) for s in drift["lost"]])
        advice = t("drift.refit" if drift["is_proposed"] else "drift.keep")
        index = f"{drift['adjusted_rand_index']:.2f}".replace("-", "−")
        moved = share(round(drift["relabelled"], 2), lang)
        rows.append([view.title(name), fitted, index, moved, t("drift.lost", names=lost) if lost else advice])
    if not any(drifts.values()):
        return None
    columns = ["system", "kept", "index", "relabelled", "verdict"]
    labels = {name: t(f"drift.column_{name}") for name in columns}
    return Table.of(pd.DataFrame(rows, columns=columns), title=t("drift.table"), labels=labels, header="system",
                    caption=t("drift.caption"), language=lang)  # fmt: skip


def _listed(view: View, names: list[str]) -> str:
    """List a few names, and how many more there are."""
    more = [view.t("drift.more", count=len(names) - _LISTED)] if len(names) > _LISTED else []
    return view.t("join.comma").join([*names[:_LISTED], *more])
