"""Blocks of the page "The customer base today", lens 2: two periods, who came, left, stayed and changed."""

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from custlib.differentiate.audit_changes import FACTORS, change_parts
from custlib.show import charts
from custlib.show.blocks import Callout, Figure, Table
from custlib.show.formats import MISSING, change, number, share
from custlib.show.limits import limit
from custlib.show.pages.audit_view import View, main_factor
from custlib.show.privacy import counts, is_small


def factors(view: View, totals: pd.DataFrame, ago: int = 1) -> Figure | Callout:
    """Show what the change between two periods is made of; the parts add up to it."""
    t, rows = view.t, totals.set_index("period")
    if ago not in rows.index or any(rows.loc[n, "customers"] < limit("privacy", "smallest_count") for n in (0, ago)):
        return Callout(t("audit.no_two"), t("audit.no_two_text"))
    before, now = rows.loc[ago], rows.loc[0]
    found = change_parts(before, now, measure=view.measure)
    found = {name: part for name, part in found.items() if name in _shown_factors(view) or part}
    whole = float(now[view.measure] - before[view.measure])
    labels = [t(f"audit.factor_{name}") for name in found]
    frame = pd.DataFrame({"label": [*labels, t("audit.factor_all")], "value": [*found.values(), whole]})
    cause = main_factor(found | {name: 0.0 for name in FACTORS if name not in found})
    key = "audit.factors_title_cause" if cause else "audit.factors_title"
    said = t(f"audit.cause_{cause}") if cause else ""
    figure = charts.bars(
        frame, title=t(key, change=_signed(view, whole), before=view.name(ago), cause=said), form=view.bare,
        caption=t("audit.factors_caption"), description=t("audit.factors_description"), language=t.language,
        x_label=view.label, y_label=t("audit.column_factor"), highlight=t("audit.factor_all"),
    )  # fmt: skip
    return replace(figure, table=factor_table(view, (before, now), (view.name(ago), view.name(0)), found, figure.title))


def _shown_factors(view: View) -> tuple[str, ...]:
    return FACTORS if view.measure == "revenue" else FACTORS[:2]


def _signed(view: View, value: float) -> str:
    return ("+" if value > 0 else "") + view.amount(value)


def factor_table(
    view: View, ends: tuple[pd.Series, pd.Series], names: tuple[str, str], found: Mapping[str, float], title: str
) -> Table:
    """State every factor before and now, its change, and its part of the change."""
    t, lang = view.t, view.t.language
    columns = [[_factor(row, name, view.measure) for name in found if name != "other"] for row in ends]
    rows = [
        [t(f"audit.factor_{name}"), number(one, lang), number(two, lang), _moved(one, two, lang), view.bare(part)]
        for (name, part), one, two in zip(found.items(), *columns, strict=False)
    ]
    if found.get("other"):
        rows.append([t("audit.factor_other"), MISSING, MISSING, MISSING, view.bare(found["other"])])
    one, two = (float(row[view.measure]) for row in ends)
    rows.append([t("audit.factor_all"), view.bare(one), view.bare(two), _moved(one, two, lang), view.bare(two - one)])
    frame = pd.DataFrame(rows, columns=["factor", "before", "now", "change", "part"])
    labels = {"factor": t("audit.column_factor"), "before": names[0], "now": names[1],
              "change": t("audit.column_change"), "part": t("audit.column_part_of_change", label=view.label)}  # fmt: skip
    return Table.of(frame, title=title, labels=labels, header="factor", language=lang)


def _factor(row: pd.Series, name: str, measure: str) -> float:
    over, under = {"customers": ("customers", ""), "frequency": ("purchase_days", "customers"),
                   "spend": (measure, "purchase_days")}[name]  # fmt: skip
    return float(row[over] / row[under]) if under else float(row[over])


def _moved(before: float, now: float, language: str) -> str:
    return change(now / before - 1, language) if before > 0 else MISSING


def year_ago(view: View, totals: pd.DataFrame) -> Table | None:
    """Compare with the same period of the year before, free of season; nothing where history is too short."""
    ago, rows = view.clock.year_ago, totals.set_index("period")
    if ago is None or any(rows.loc[n, "customers"] < limit("privacy", "smallest_count") for n in (0, ago)):
        return None
    before, now = rows.loc[ago], rows.loc[0]
    found = change_parts(before, now, measure=view.measure)
    found = {name: part for name, part in found.items() if name in _shown_factors(view) or part}
    title = view.t("audit.year_ago", before=view.name(ago), change=_moved(before[view.measure], now[view.measure], view.t.language))  # fmt: skip
    return factor_table(view, (before, now), (view.name(ago), view.name(0)), found, title)


def moves(view: View, frame: pd.DataFrame) -> Table | None:
    """State who came, left, stayed and changed, in customers and in the measure."""
    t, lang = view.t, view.t.language
    rows = frame[(frame["customers"] > 0) | (frame["move"] != "refunds")].reset_index(drop=True)
    if view.clock.periods < 2 or rows["customers"].sum() < limit("privacy", "smallest_count"):
        return None
    hide = _hidden(rows["customers"])
    table = pd.DataFrame({"move": [t(f"audit.move_{move}") for move in rows["move"]],
                          "customers": counts(rows["customers"].tolist(), lang)})  # fmt: skip
    for column in ("before", "now", "change"):
        table[column] = [MISSING if h else view.bare(x) for x, h in zip(rows[column], hide, strict=True)]
    whole = rows[["before", "now", "change"]].sum()
    table.loc[len(table)] = [t("audit.move_all"), number(rows["customers"].sum(), lang), *map(view.bare, whole)]
    labels = {"move": t("audit.column_move"), "customers": t("audit.column_customers"), "before": view.name(1),
              "now": view.name(0), "change": t("audit.column_change")}  # fmt: skip
    return Table.of(
        table, title=_moves_title(view, rows), caption=t("audit.moves_caption", label=view.label), labels=labels,
        header="move", language=lang, note=t("audit.small_note") if any(hide) else "",
    )  # fmt: skip


def _hidden(customers: pd.Series) -> list[bool]:
    """Tell which rows hide their money: small ones, and a second where one alone could be derived."""
    hide = [is_small(n) for n in customers]
    others = [n for n, h in enumerate(hide) if not h and customers[n] > 0]
    if sum(hide) == 1 and others:
        hide[min(others, key=lambda n: customers[n])] = True
    return hide


def _moves_title(view: View, rows: pd.DataFrame) -> str:
    """Say how many of the earlier period's customers came again, where no small group is told by it."""
    found = rows.set_index("move")["customers"]
    stayed = found[["more", "same", "less"]].sum()
    before = stayed + found["lapsed"]
    if min(stayed, found["lapsed"]) < limit("privacy", "smallest_count"):
        return view.t("audit.moves_title_plain", before=view.name(1), now=view.name(0))
    kept = share(stayed / before, view.t.language)
    return view.t("audit.moves_title", share=kept, before=view.name(1), now=view.name(0))
