"""Counts the lines that stand in several inputs of a project, which then count twice.

Reads ``transactions_checked``. Lines are compared on days that several inputs have, so files by month cost nothing.
With order ids a line in two inputs is the same line. Without them customers may buy alike on a day; what is said then
must be more than chance: a share of the lines of the days that several inputs have, or of single days.
"""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from custlib import rules
from custlib.engine.base import Engine
from custlib.engine.dialect import Dialect
from custlib.identify.orders import Remarks, common
from custlib.identify.store import Kept
from custlib.project import Project

_MOST = 20  # spans of days; more of them become one


def said_of_overlap(engine: Engine, project: Project, entries: Sequence[Kept], quality: dict[str, Any]) -> Remarks:
    """Count lines that stand in several inputs and count in each, and say so where they are more than chance."""
    if project.overlap == "keep_one":
        return Remarks()
    spans = shared_days([entry.days for entry in entries if len(entry.days) > 1])
    if not spans:
        return Remarks()
    key = common(entries)
    counts = engine.fetch(_by_day(engine.dialect, key, spans))
    again = counts[counts["again"] > 0]
    rows, money = int(again["again"].sum()), round(float(again["money"].sum()), 4)
    if not rows or not ("order_id" in key or _is_more_than_chance(counts)):
        return Remarks()
    numbers = [entry.number for entry in entries]
    pairs = again.groupby(["least", "most"], as_index=False)[["again"]].sum().sort_values("again", ascending=False)
    pair = pairs[["least", "most"]].iloc[0]
    first, second = (entries[place].name for place in sorted(numbers.index(int(number)) for number in pair))
    more = len(pairs) - 1
    others = f" and {more:,} other pair{'s' if more > 1 else ''} of inputs" if more else ""
    sentence = (
        f"{first} and {second}{others}: {rows:,} line{' stands' if rows == 1 else 's stand'} in two inputs and count"
        f"{'s' if rows == 1 else ''} twice (money {money:,.2f}, {rows / quality['rows_used']:.1%} of the lines used). "
        'Set overlap = "keep_one" to count one of them, or leave an input out'
    )
    return Remarks({"overlap_rows": rows, "overlap_money": money}, {"overlap": sentence})


def shared_days(days: Sequence[tuple[str, ...]]) -> list[tuple[str, str]]:
    """Find the spans of days within which several inputs have lines.

    Examples
    --------
    >>> shared_days([("2025-01-01", "2025-01-31"), ("2025-01-30", "2025-02-28"), ("2025-03-01", "2025-03-31")])
    [('2025-01-30', '2025-01-31')]
    """
    spans: list[tuple[str, str]] = []
    latest = ""
    for first, last in sorted((first, last) for first, last in days):
        if first <= latest:
            span = (first, min(last, latest))
            if spans and span[0] <= spans[-1][1]:
                spans[-1] = (spans[-1][0], max(span[1], spans[-1][1]))
            else:
                spans.append(span)
        latest = max(latest, last)
    return spans if len(spans) <= _MOST else [(spans[0][0], spans[-1][1])]


def _by_day(sql: Dialect, key: list[str], spans: Sequence[tuple[str, str]]) -> str:
    """Write the lines of shared days, and how many of them stand in an input when another has them, by the inputs."""
    shared = " or ".join(f"day between date '{first}' and date '{last}'" for first, last in spans)
    line = sql.hash(*("cast(customer_id as string)" if name == "customer_id" else name for name in key))
    several = "case when inputs > 1 then {} end"
    least, most = several.format("first_input"), several.format("last_input")
    return f"""
        select day, {least} as least, {most} as most, sum(n) as n, sum(n - kept) as again,
               coalesce(sum((n - kept) * amount), 0) as money
        from (select day, line_number, sum(n) as n, max(n) as kept, min(amount) as amount, count(*) as inputs,
                     min(input) as first_input, max(input) as last_input
              from (select day, {line} as line_number, input, count(*) as n, min(amount) as amount
                    from transactions_checked where reason is null and ({shared}) group by day, {line}, input)
              group by day, line_number)
        group by day, {least}, {most}"""


def _is_more_than_chance(counts: pd.DataFrame) -> bool:
    limits = rules.load("contract")["together"]
    days = counts.groupby("day")[["n", "again"]].sum().astype(float)
    whole = days[days["again"] >= limits["overlap_day_share"] * days["n"]]["again"].sum()
    few = limits["overlap_rows"]
    is_of_all = days["again"].sum() >= max(few, limits["overlap_share"] * days["n"].sum())
    return bool(is_of_all or whole >= few * few)
