"""Blocks on the stability of frozen definitions: their age and the drift of customers."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

import pandas as pd

from custlib.report.blocks import Callout, Table
from custlib.report.formats import MISSING, day, share
from custlib.report.pages.systems import View

_LISTED = 3
Drift = Mapping[str, Any] | None


def verdict(view: View, drifts: Mapping[str, Drift]) -> Callout:
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


def table(view: View, drifts: Mapping[str, Drift]) -> Table | None:
    """Compare each frozen definition with a fit on current customers; None on the day of the fit."""
    t, lang, rows = view.t, view.t.language, []
    for name, drift in drifts.items():
        fitted = day(dt.date.fromisoformat(view.definitions[name].fitted), lang)
        if drift is None:
            rows.append([view.title(name), fitted, MISSING, MISSING, t("drift.today")])
            continue
        lost = _listed(view, [view.definitions[name].name(s, lang) for s in drift["lost"]])
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
