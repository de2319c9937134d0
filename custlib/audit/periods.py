"""Lens 1 of a customer-base audit: the distribution of customers in one period, and the totals of every period.

Reads ``customer_months``; no model. Follows Fader, Hardie and Ross (2022), The Customer-Base Audit.
"""

import math

import numpy as np
import pandas as pd

from custlib import rules
from custlib.audit.months import Clock
from custlib.engine.base import FETCH_LIMIT, Engine
from custlib.engine.dialect import Dialect

_DIGITS = 4


def periods_of(sql: Dialect, months: int) -> str:
    """Write the select of one row per customer and period of ``months`` months."""
    period = sql.divide("months_ago", str(months))
    return f"""
        select customer_id, cohort, {period} as period, sum(purchase_days) as purchase_days,
               sum(revenue) as revenue, sum(profit) as profit
        from customer_months group by customer_id, cohort, {period}"""


def period_totals(engine: Engine, clock: Clock) -> pd.DataFrame:
    """Sum customers, purchase days and money of every period, and those of new customers."""
    sql, months = engine.dialect, clock.period.months
    new = f"{sql.divide('cohort', str(months))} = period"
    sums = engine.fetch(
        "select period, count(*) filter (where purchase_days > 0) as customers,"
        f" count(*) filter (where purchase_days > 0 and {new}) as new_customers,"
        " sum(purchase_days) as purchase_days, sum(revenue) as revenue, sum(profit) as profit,"
        f" sum(revenue) filter (where {new}) as new_revenue from ({periods_of(sql, months)}) group by period"
    )
    every = pd.DataFrame({"period": range(clock.periods - 1, -1, -1)}).merge(sums, how="left", on="period")
    return every.astype(float).fillna(0.0).astype({"period": int})


def once(engine: Engine, clock: Clock) -> dict[str, float]:
    """Count customers who bought on one day only."""
    old = f"{engine.dialect.divide('cohort', str(clock.period.months))} > 0"
    row = engine.fetch(
        "select count(*) as customers, count(*) filter (where days = 1) as once,"
        f" count(*) filter (where {old}) as old_customers, count(*) filter (where days = 1 and {old}) as old_once"
        " from (select customer_id, cohort, sum(purchase_days) as days from customer_months group by 1, 2)"
    ).iloc[0]
    return {str(name): float(n) for name, n in row.items()}


def purchase_days(engine: Engine, clock: Clock, *, period: int = 0, fewest: int = 10) -> pd.DataFrame:
    """Count the customers of a period by purchase days."""
    counts = engine.fetch(
        "select purchase_days as low, purchase_days as high, count(*) as customers, sum(revenue) as revenue,"
        f" sum(profit) as profit from ({periods_of(engine.dialect, clock.period.months)})"
        " where period = :period and purchase_days > 0 group by purchase_days order by purchase_days",
        period=period,
    )
    return joined(counts.astype(float), fewest)


def spend_bins(engine: Engine, clock: Clock, *, period: int = 0, fewest: int = 10) -> pd.DataFrame:
    """Count the customers of a period by spend per purchase day, in bins of 1, 2 and 5."""
    source = f"({periods_of(engine.dialect, clock.period.months)}) where period = :period and purchase_days > 0"
    spend = "cast(revenue as double) / purchase_days"
    top = engine.fetch(f"select max({spend}) as top from {source}", period=period)["top"].item()
    edges = spend_edges(float(top) if top == top and top is not None else 0.0)
    cases = " ".join(f"when {spend} < {edge!r} then {n}" for n, edge in enumerate(edges))
    counts = engine.fetch(
        f"select case {cases} else {len(edges)} end as bin, min({spend}) as least, count(*) as customers,"
        f" sum(revenue) as revenue, sum(profit) as profit from {source} group by 1 order by 1",
        period=period,
    )
    lows, highs = [-math.inf, *edges], [*edges, math.inf]
    counts.insert(1, "high", [highs[n] for n in counts["bin"]])
    counts.insert(1, "low", [lows[n] for n in counts["bin"]])
    return joined(counts.drop(columns=["bin", "least"]).astype(float), fewest)


def spend_edges(top: float) -> list[float]:
    """Return bin edges at 0 and at steps of 1, 2 and 5, down to two powers of ten below the largest value.

    Examples
    --------
    >>> spend_edges(60.0)
    [0.0, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0]
    >>> spend_edges(0.0)
    [0.0]
    """
    if top <= 0:
        return [0.0]
    highest = math.floor(math.log10(top)) + 1
    steps = [float(f"{m}e{k}") for k in range(highest - 2, highest + 1) for m in (1, 2, 5)]
    above = next(step for step in steps if step > top)
    return [0.0, *(step for step in steps if step <= above)]


def joined(frame: pd.DataFrame, fewest: int) -> pd.DataFrame:
    """Merge adjacent rows until each has enough customers.

    Examples
    --------
    >>> joined(pd.DataFrame({"low": [1, 2, 3], "high": [1, 2, 3], "customers": [40, 9, 2]}), 10)
       low  high  customers
    0    1     1         40
    1    2     3         11
    """
    groups: list[int] = []
    running = 0.0
    for customers in frame["customers"]:
        groups.append(groups[-1] + (running >= fewest) if groups else 0)
        running = customers + (0 if running >= fewest else running)
    if groups and running < fewest:
        last = groups[-1]
        groups = [min(group, max(last - 1, 0)) for group in groups]
    how = {name: {"low": "first", "high": "last"}.get(str(name), "sum") for name in frame.columns}
    return frame.groupby(groups, sort=False).agg(how).reset_index(drop=True) if groups else frame


def parts(engine: Engine, clock: Clock, *, period: int = 0, fewest: int = 10) -> pd.DataFrame:
    """Divide the customers of a period into deciles by profit, the highest first; fewer quantiles where they are few.

    Customers with equal profit on both sides of a boundary are divided in proportion.
    """
    ranked = _ranked(engine, clock, period)
    customers = float(ranked["customers"].sum())
    number = next((n for n in rules.load("audit")["deciles"]["parts"] if customers / n >= fewest), 0)
    reached = np.concatenate(([0.0], np.cumsum(ranked["customers"])))
    money = np.concatenate(([0.0], np.cumsum(ranked["profit"])))
    profit = np.diff(np.interp(np.linspace(0, customers, number + 1), reached, money)) if number else np.empty(0)
    each = customers / number if number else 0.0
    total = money[-1] if money[-1] > 0 else math.nan
    return pd.DataFrame(
        {"part": range(1, number + 1), "customers": each, "profit": profit, "share": profit / total}
    ).assign(mean=lambda frame: frame["profit"] / frame["customers"])


def _ranked(engine: Engine, clock: Clock, period: int) -> pd.DataFrame:
    """Count customers and sum money by profit, the largest first; by its first four digits where too many differ."""
    source = f"({periods_of(engine.dialect, clock.period.months)}) where period = :period and purchase_days > 0"
    value = "cast(coalesce(profit, 0) as double)"
    distinct = engine.fetch(f"select approx_count_distinct(profit) as n from {source}", period=period)
    if distinct["n"].item() > FETCH_LIMIT * 0.8:
        size = f"power(10, floor(log10(abs({value}))) - {_DIGITS - 1})"
        value = f"case when {value} = 0 then 0 else floor({value} / {size}) * {size} end"
    return engine.fetch(
        f"select {value} as value, count(*) as customers, coalesce(sum(profit), 0) as profit from {source}"
        " group by 1 order by 1 desc",
        period=period,
    ).astype(float)
