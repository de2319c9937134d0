"""Lens 2 of a customer-base audit: customers gained, lost and retained between two periods, and the change decomposed.

Reads ``customer_months``; no model. Follows Fader, Hardie and Ross (2022), The Customer-Base Audit. The change of
revenue is decomposed into customers, purchase days and spend by Shapley values (Shorrocks 2013).
"""

import math
from collections.abc import Mapping
from itertools import pairwise

import pandas as pd

from custlib.audit.months import Clock
from custlib.audit.periods import periods_of
from custlib.engine.base import Engine

MOVES = ("new", "returned", "more", "same", "less", "lapsed", "refunds")
FACTORS = ("customers", "frequency", "spend")


def moves(engine: Engine, clock: Clock, *, before: int = 1, now: int = 0, measure: str = "revenue") -> pd.DataFrame:
    """Count customers and money by move between two periods."""
    sql, months = engine.dialect, clock.period.months
    sums = ", ".join(
        f"sum(case when period = :{when} then {column} else 0 end) as {when}_{column}"
        for when in ("now", "before")
        for column in dict.fromkeys(("purchase_days", measure))
    )
    counts = engine.fetch(
        'select case when now_purchase_days = 0 and before_purchase_days = 0 then \'refunds\''
        " when now_purchase_days = 0 then 'lapsed'"
        f" when before_purchase_days = 0 and {sql.divide('cohort', str(months))} = :now then 'new'"
        " when before_purchase_days = 0 then 'returned'"
        f" when now_{measure} > before_{measure} then 'more' when now_{measure} < before_{measure} then 'less'"
        " else 'same' end as move, count(*) as customers,"
        f" sum(before_{measure}) as before, sum(now_{measure}) as now"
        f" from (select customer_id, cohort, {sums} from ({periods_of(sql, months)})"
        " where period in (:now, :before) group by customer_id, cohort) group by 1",
        before=before, now=now,
    )  # fmt: skip
    every = pd.DataFrame({"move": MOVES}).merge(counts, how="left", on="move")
    numbers = every.drop(columns="move").astype(float).fillna(0.0)
    return pd.concat([every[["move"]], numbers.assign(change=numbers["now"] - numbers["before"])], axis=1)


def change_parts(
    before: Mapping[str, float], now: Mapping[str, float], *, measure: str = "revenue"
) -> dict[str, float]:
    """Decompose the change of a total into customers, purchase days per customer, and spend per purchase day.

    Each factor gets its Shapley value: its mean contribution over all orders of change. The parts add up to the
    change exactly.

    Examples
    --------
    Twice the customers, each buying as often for as much:

    >>> change_parts({"customers": 1, "purchase_days": 2, "revenue": 10},
    ...              {"customers": 2, "purchase_days": 4, "revenue": 20})
    {'customers': 10.0, 'frequency': 0.0, 'spend': 0.0, 'other': 0.0}
    """
    ends = [_factors(row, measure) for row in (before, now)]
    first, second = ([_known(v, w) for v, w in zip(a, b, strict=True)] for a, b in (ends, ends[::-1]))
    changed = [0.0, 0.0, 0.0]
    for order in ((0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)):
        path = [list(first)]
        for factor in order:
            path.append([*path[-1][:factor], second[factor], *path[-1][factor + 1 :]])
        for factor, (left, right) in zip(order, pairwise(path), strict=True):
            changed[factor] += (math.prod(right) - math.prod(left)) / 6
    change = float(now[measure]) - float(before[measure])
    explained = math.prod(second) - math.prod(first)
    other = change - explained if min(before["purchase_days"], now["purchase_days"]) == 0 else 0.0
    return dict(zip(FACTORS, changed, strict=True)) | {"other": other}


def _known(value: float, other: float) -> float:
    """Use the factor of the other period where this one has none, and zero where neither has."""
    return next((v for v in (value, other) if not math.isnan(v)), 0.0)


def _factors(row: Mapping[str, float], measure: str) -> tuple[float, float, float]:
    """Return customers, purchase days per customer and money per day; NaN for a ratio without a denominator."""
    customers, days, money = (float(row[name]) for name in ("customers", "purchase_days", measure))
    return customers, days / customers if customers else math.nan, money / days if days else math.nan
