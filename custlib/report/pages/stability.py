"""Blocks on whether the frozen definitions are still good: since when they hold, how far customers have drifted."""

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
    """Say whether a new fit is proposed for any definition, and how to accept it."""
    t, lang = view.t, view.t.language
    measured = {name: found for name, found in drifts.items() if found}
    proposed = [name for name, found in measured.items() if found["is_proposed"]]
    if proposed:
        names = t("join.semicolon").join(view.system(name) for name in proposed)
        return Callout(t("drift.proposed", names=names), t("drift.proposed_text"), "warn")
    if not measured:
        return Callout(t("drift.fresh", day=day(view.project.as_of, lang)), t("drift.fresh_text"))
    worst = min(measured.values(), key=lambda found: found["adjusted_rand_index"])
    text = t("drift.good_text", index=f"{worst['adjusted_rand_index']:.2f}".replace("-", "−"))
    return Callout(t("drift.good", count=len(measured)), text, "good")


def table(view: View, drifts: Mapping[str, Drift]) -> Table | None:
    """State for each frozen definition how a fit on the customers of today would differ; nothing on the day of it."""
    t, lang, rows = view.t, view.t.language, []
    for name, found in drifts.items():
        kept = day(dt.date.fromisoformat(view.definitions[name].fitted), lang)
        if found is None:
            rows.append([view.system(name), kept, MISSING, MISSING, t("drift.today")])
            continue
        lost = _listed(view, [view.definitions[name].name(s, lang) for s in found["lost"]])
        said = t("drift.refit" if found["is_proposed"] else "drift.keep")
        index = f"{found['adjusted_rand_index']:.2f}".replace("-", "−")
        moved = share(round(found["relabelled"], 2), lang)
        rows.append([view.system(name), kept, index, moved, t("drift.lost", names=lost) if lost else said])
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
