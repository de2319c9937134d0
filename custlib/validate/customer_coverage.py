"""Makes ``customer_interval_coverage``: how many customers the 90 % intervals of past forecasts held, by value.

Reads ``past_forecasts`` and the calibration period. The intervals of each customer (``customer_intervals``) are made
from what was known on an earlier day and compared with the purchases and the revenue of the window after it: in the
holdout, and in the windows of the rolling origins, which overlap. Customers are put in tenths by the revenue that was
forecast, purchases where there is none; equal forecasts stay together, so that tenths may differ in size.
"""

from collections.abc import Iterable
from typing import Any

import pandas as pd

from custlib.engine.base import Engine
from custlib.errors import ModelError
from custlib.graph import REFUSED, Refusal, record
from custlib.models.forecasting import LifetimeModel
from custlib.project import Project
from custlib.validate.past_forecasts import PastForecast, define_origins
from custlib.validate.rolling_origins import Origin
from custlib.value import spend
from custlib.value.history import Money
from custlib.value.history_scores import make_scores
from custlib.value.holdout_period import HoldoutPeriod
from custlib.value.on_request.customer_intervals import futures
from custlib.value.spend import SpendModel

HOLDOUT, ORIGINS = "holdout", "origins"
MEASURES = ("purchases", "revenue")
_TENTHS = 10
_ROUNDING = 1e-9


def count_inside(engine: Engine, customers: str, model: LifetimeModel, money: SpendModel, *, days: int) -> pd.DataFrame:
    """Count the customers of an origin, and those whose purchases and revenue lay inside, by tenth of value.

    Parameters
    ----------
    engine : Engine
        The engine.
    customers : str
        Table of the customers of an origin, with ``actual`` purchases and ``actual_revenue`` of the window after it.
    model : LifetimeModel
        The model of the purchases before it.
    money : SpendModel
        The model of the spend before it.
    days : int
        Length of the window.

    Returns
    -------
    pandas.DataFrame
        One row per ``tenth``, the most valuable first: ``customers``, ``purchases`` and ``revenue`` inside.
    """
    bands = f"{customers}_futures"
    make_scores(engine, bands, customers, lambda known: futures(known, model, money, float(days)))
    spent: dict[str, Any] = spend.parameters(money[0])
    return engine.fetch(
        f"select tenth, count(*) as customers, {_inside('actual', 'purchases')} as purchases,"
        f" {_inside('actual_revenue', 'revenue')} as revenue from ("
        f" select *, cast(ceil({_TENTHS} * cume_dist() over (order by worth desc)) as integer) as tenth from ("
        " select a.actual, cast(a.actual_revenue as double) as actual_revenue, s.purchases_low, s.purchases_high,"
        f" a.spent * s.money_low - {_ROUNDING!r} as revenue_low,"
        f" a.spent * s.money_high + {_ROUNDING!r} as revenue_high,"
        " coalesce(a.spent, 1) * s.expected as worth"
        f" from (select *, {spend.expected_spend(engine.dialect, money[0])} as spent from {customers}) a"
        f" join {bands} s on s.frequency = a.frequency and s.recency = a.recency and s.T = a.T))"
        " group by tenth order by tenth",
        **spent,
    ).astype(float)


def _inside(actual: str, measure: str) -> str:
    """Write how many lay inside; null where there is no interval."""
    inside = f"{actual} between {measure}_low and {measure}_high"
    return f"sum(case when {measure}_low is null then null when {inside} then 1 else 0 end)"


def pooled(counts: Iterable[pd.DataFrame], window: str) -> pd.DataFrame:
    """Add up the counts of several windows by tenth.

    Examples
    --------
    >>> one = pd.DataFrame({"tenth": [1.0], "customers": [20.0], "purchases": [18.0], "revenue": [17.0]})
    >>> pooled([one, one], "origins").to_numpy().tolist()
    [['origins', 1.0, 40.0, 36.0, 34.0]]
    """
    sums = pd.concat(list(counts)).groupby("tenth")[["customers", *MEASURES]].sum(min_count=1).reset_index()
    return sums.assign(window=window)[["window", "tenth", "customers", *MEASURES]]


def _read_coverage(content: dict[str, Any]) -> pd.DataFrame:
    frame = pd.DataFrame(content["rows"], columns=content["columns"])
    return frame.astype({name: float for name in frame.columns if name != "window"})


@record(load=_read_coverage)
def customer_interval_coverage(
    engine: Engine,
    project: Project,
    transactions: str,
    holdout_period: HoldoutPeriod,
    history_money: Money,
    past_forecasts: list[PastForecast],
    calibration_model: LifetimeModel | Refusal = REFUSED,
    calibration_spend: SpendModel | Refusal = REFUSED,
) -> dict[str, Any]:
    """How many customers lay inside their 90 % intervals in past windows, by tenth of value; made on request."""
    del transactions
    if "customer_intervals" not in project.value.columns:
        raise ModelError(
            'customer_interval_coverage: not requested. Add "customer_intervals" to [value] columns.',
            reason="not_requested",
        )
    frames = []
    if not isinstance(calibration_model, Refusal) and not isinstance(calibration_spend, Refusal):
        last = Origin(holdout_period.calibration_end, holdout_period.days)
        if not engine.has(last.name):
            define_origins(engine, [last], history_money)
        frames.append(pooled([_counted(engine, PastForecast(last, calibration_model, calibration_spend, ()))], HOLDOUT))
    if past_forecasts:
        frames.append(pooled([_counted(engine, one) for one in past_forecasts], ORIGINS))
    if not frames:
        raise ModelError("customer_interval_coverage: the purchases are too recent for any test.", reason="untested")
    rows = pd.concat(frames)
    return {"columns": list(rows.columns), "rows": rows.astype(object).where(rows.notna(), None).to_numpy().tolist()}


def _counted(engine: Engine, past: PastForecast) -> pd.DataFrame:
    engine.open(past.origin.name)
    return count_inside(engine, past.origin.name, past.model, past.spend, days=past.origin.days)
