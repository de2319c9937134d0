"""Blocks of the page "The customer base today", lens 2: customers gained, lost and retained between two periods."""

from dataclasses import dataclass, replace

import pandas as pd

from custlib.audit.changes import FACTORS, change_parts
from custlib.report import charts
from custlib.report.blocks import Callout, Figure, Table
from custlib.report.formats import MISSING, change, changes, number, share
from custlib.report.page_limits import limit
from custlib.report.pages.audit_page import View, main_factor, row_of
from custlib.report.privacy import counts, is_small, part_of, shown_counts, step_for, to_step
from custlib.report.texts import capitalised

_BEFORE = ("more", "same", "less", "lapsed")
_NOW = ("new", "returned", "more", "same", "less")
_IN = {
    "before": ("more", "same", "less", "lapsed", "refunds"),
    "now": ("new", "returned", "more", "same", "less", "refunds"),
}


def factors(view: View, totals: pd.DataFrame) -> Figure | Callout:
    """Show the factors of the change on the previous period; they add up to it."""
    t, comparison = view.t, _compared(view, totals, 1)
    if comparison is None:
        return Callout(t("audit.no_two"), t("audit.no_two_text"))
    labels = [t(f"audit.factor_{name}") for name in comparison.parts]
    frame = pd.DataFrame(
        {"label": [*labels, t("audit.factor_all")], "value": [*comparison.parts.values(), comparison.change]}
    )
    title = _title(view, comparison)
    figure = charts.bars(
        frame, title=title, form=view.bare, caption=t("audit.factors_caption"),
        description=t("audit.factors_description"), language=t.language, x_label=view.label,
        y_label=t("audit.column_factor"), highlight=t("audit.factor_all"),
    )  # fmt: skip
    return replace(figure, table=factor_table(view, comparison, title))


@dataclass(frozen=True)
class Compared:
    """Two periods, the change between them, and its factors."""

    ago: int
    before: dict[str, float]
    now: dict[str, float]
    parts: dict[str, float]
    change: float


def _compared(view: View, totals: pd.DataFrame, ago: int | None) -> Compared | None:
    """Compare the last period with an earlier one; None without one, or with too few customers in either."""
    if ago is None or ago >= view.clock.whole_periods:
        return None
    before, now = row_of(totals, ago), row_of(totals, 0)
    if min(before["customers"], now["customers"]) < limit("privacy", "smallest_count"):
        return None
    parts = change_parts(before, now, measure=view.measure)
    shown = FACTORS if view.has_money else FACTORS[:2]
    selected = {name: part for name, part in parts.items() if name in shown or part}
    return Compared(ago, before, now, selected, now[view.measure] - before[view.measure])


def _title(view: View, comparison: Compared) -> str:
    cause = main_factor(dict.fromkeys(FACTORS, 0.0) | comparison.parts)
    moved = "more" if comparison.change > 0 else "less" if comparison.change < 0 else "same"
    values = {"what": view.what, "amount": view.amount(abs(comparison.change)), "before": view.name(comparison.ago)}
    if cause and moved != "same":
        return capitalised(view.t(f"audit.factors_{moved}_cause", **values, cause=view.t(f"audit.cause_{cause}")))
    return capitalised(view.t(f"audit.factors_{moved}", **values))


def factor_table(view: View, comparison: Compared, title: str) -> Table:
    """Show every factor before and now, its change, and its contribution to the total change."""
    t, lang, rows = view.t, view.t.language, []
    for name, part in comparison.parts.items():
        one, two = (_factor(row, name, view.measure) for row in (comparison.before, comparison.now))
        rows.append([t(f"audit.factor_{name}"), number(one, lang), number(two, lang), _moved(one, two),
                     view.bare(part)])  # fmt: skip
    one, two = comparison.before[view.measure], comparison.now[view.measure]
    rows.append([t("audit.factor_all"), view.bare(one), view.bare(two), _moved(one, two), view.bare(two - one)])
    frame = pd.DataFrame(rows, columns=["factor", "before", "now", "change", "part"])
    frame["change"] = changes(frame["change"], lang)
    labels = {"before": view.tick(comparison.ago), "now": view.tick(0)}
    labels |= {name: t(f"audit.column_{name}") for name in ("factor", "change")}
    labels["part"] = t("audit.column_part_of_change", label=view.label)
    return Table.of(frame, title=title, labels=labels, header="factor", language=lang)


def _factor(row: dict[str, float], name: str, measure: str) -> float:
    """Return a factor of a period; NaN for money without purchases, which is not a factor."""
    pairs = {"frequency": ("purchase_days", "customers"), "spend": (measure, "purchase_days")}
    if name in pairs:
        over, under = pairs[name]
        return row[over] / row[under]
    return row["customers"] if name == "customers" else float("nan")


def _moved(before: float, now: float) -> float:
    return now / before - 1 if before > 0 else float("nan")


def year_ago(view: View, totals: pd.DataFrame) -> Table | None:
    """Compare with the same period of the previous year; None where history is too short."""
    comparison = _compared(view, totals, view.clock.year_ago)
    if comparison is None:
        return None
    moved = change(_moved(comparison.before[view.measure], comparison.now[view.measure]), view.t.language)
    title = view.t("audit.year_ago", what=view.what, before=view.name(comparison.ago), change=moved)
    return factor_table(view, comparison, capitalised(title))


def moves(view: View, frame: pd.DataFrame) -> Table | None:
    """Show customers gained, lost and retained, with the measure before and now."""
    t, lang = view.t, view.t.language
    rows = frame[(frame["customers"] > 0) | (frame["move"] != "refunds")].reset_index(drop=True)
    if view.clock.whole_periods < 2 or rows["customers"].sum() < limit("privacy", "smallest_count"):
        return None
    few = any(is_small(n) for n in rows["customers"])
    table = pd.DataFrame({"move": [t(f"audit.move_{move}", what=view.what) for move in rows["move"]]})
    step = _step(rows)
    # New customers are told elsewhere, and no less exactly than here.
    new, now = (float(rows.loc[rows["move"].isin(kinds), "customers"].sum()) for kinds in (("new",), _NOW))
    table["customers"] = [to_step(n, lang, step) for n in rows["customers"]]
    table.loc[rows["move"] == "new", "customers"] = counts([new, now - new], lang)[0]
    hide = {column: _hidden(rows, groups) for column, groups in _IN.items()}
    hide["change"] = [before or now for before, now in zip(hide["before"], hide["now"], strict=True)]
    for column, hidden in hide.items():
        table[column] = [MISSING if h else view.bare(x) for x, h in zip(rows[column], hidden, strict=True)]
    whole = rows[["before", "now", "change"]].sum()
    everybody = rows["customers"].sum()
    total = to_step(everybody, lang, step)
    table.loc[len(table)] = [t("audit.move_all"), total, *map(view.bare, whole)]
    labels = {"move": t("audit.column_move"), "customers": t("audit.column_customers"), "before": view.tick(1),
              "now": view.tick(0), "change": t("audit.column_change")}  # fmt: skip
    return Table.of(
        table, title=_moves_title(view, rows), caption=t("audit.moves_caption", label=view.label), labels=labels,
        header="move", language=lang, note=t("audit.blurred_note") if few else "",
    )  # fmt: skip


def _step(rows: pd.DataFrame) -> int:
    """Choose the step of the counts: the customers of both periods and the new ones among them are told elsewhere."""
    places = {move: n for n, move in enumerate(rows["move"])}
    sums = [[places[move] for move in kinds if move in places] for kinds in (_NOW, _NOW[1:], _BEFORE)]
    new, others = (float(rows["customers"].iloc[line].sum()) for line in (sums[0][:1], sums[1]))
    known = sums if shown_counts([new, others]) == [new, others] else [sums[0], sums[2]]
    return step_for(rows["customers"].tolist(), known, [range(len(rows))])


def _hidden(rows: pd.DataFrame, groups: tuple[str, ...]) -> list[bool]:
    """Mark the rows with suppressed money: small ones, and another where a single one could be derived."""
    hide = [is_small(n) for n in rows["customers"]]
    there = [n for n, move in enumerate(rows["move"]) if move in groups and rows["customers"].iloc[n] > 0]
    others = [n for n in there if not hide[n]]
    if sum(hide[n] for n in there) == 1 and others:
        hide[min(others, key=lambda n: rows["customers"].iloc[n])] = True
    return hide


def _moves_title(view: View, rows: pd.DataFrame) -> str:
    """State the share of retained customers, unless it discloses a small group."""
    customers = rows.set_index("move")["customers"]
    stayed, lapsed = float(customers[["more", "same", "less"]].sum()), float(customers["lapsed"])
    if min(stayed, lapsed) < limit("privacy", "smallest_count"):
        return view.t("audit.moves_title_plain", before=view.name(1), now=view.name(0))
    retained = share(part_of(stayed, stayed + lapsed, _step(rows)), view.t.language)
    return view.t("audit.moves_title", share=retained, before=view.name(1), now=view.name(0))
