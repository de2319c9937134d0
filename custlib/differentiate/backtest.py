"""Makes ``holdout``: the forecast of a past date held against what then came, beside naive forecasts.

Reads ``transactions``, the activity and scores of the calibration period. The model is fitted only on what was
known at the end of calibration.
"""

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd

from custlib import rules
from custlib.differentiate import lifetime
from custlib.engine.dialect import Dialect
from custlib.engine.duckdb import DuckDB
from custlib.models.bgnbd_model import BetaGeometricNBD

_LAST_GROUP = 7


def holdout(sql: Dialect, activity: str, scores: str) -> str:
    """Write the select of forecast and truth of each customer of the calibration period."""
    return f"""
        select a.customer_id, a.frequency, a.recency, a.T,
               coalesce(h.actual, 0) as actual,
               {lifetime.probability_alive(sql)} * s.purchases_if_alive as predicted,
               case when a.T > 0 then a.frequency * cast(:holdout_days as double) / a.T else 0.0 end as naive
        from {activity} a
        join {scores} s using (frequency, T)
        left join (
            select customer_id, count(distinct day) as actual from transactions
            where is_purchase and day > :calibration_end and day <= :as_of group by customer_id
        ) h on a.customer_id = h.customer_id"""


def make_holdout(
    engine: DuckDB, activity: str, scores: str, model: BetaGeometricNBD, *, calibration_end: dt.date, as_of: dt.date
) -> None:
    """Make the table of forecast and truth.

    Parameters
    ----------
    engine : DuckDB
        Holds transactions and the calibration tables.
    activity, scores : str
        Names of the calibration tables.
    model : BGNBD or MBGNBD
        Fitted on the calibration period, time in days.
    calibration_end, as_of : datetime.date
        The holdout period is the days after the one up to the other.
    """
    engine.make(
        "holdout",
        holdout(engine.dialect, activity, scores),
        calibration_end=calibration_end,
        as_of=as_of,
        holdout_days=(as_of - calibration_end).days,
        **lifetime.parameters(model),
    )


def summary(engine: DuckDB) -> dict[str, Any]:
    """Compare the totals of the holdout period.

    Parameters
    ----------
    engine : DuckDB
        Holds the table ``holdout``.

    Returns
    -------
    dict
        ``customers``, ``actual``, ``predicted``, ``naive`` (purchase days), ``bias`` and ``naive_bias``
        (relative), ``mean_absolute_error`` (purchase days per customer), ``correlation``, and ``light``.
    """
    row = engine.fetch(
        "select count(*) as customers, sum(actual) as actual, sum(predicted) as predicted, sum(naive) as naive,"
        " avg(abs(predicted - actual)) as mean_absolute_error, corr(predicted, actual) as correlation"
        " from holdout"
    ).iloc[0]
    found: dict[str, Any] = {str(name): float(row[name]) for name in row.index}
    actual = found["actual"]
    found |= {"customers": int(found["customers"]), "actual": int(actual)}
    bias = (found["predicted"] / actual - 1) if actual else None
    found["bias"], found["naive_bias"] = bias, (found["naive"] / actual - 1) if actual else None
    found["correlation"] = found["correlation"] if np.isfinite(found["correlation"]) else None
    return found | {"light": light(bias)}


def light(bias: float | None) -> str:
    """Judge a relative bias of the holdout total.

    Parameters
    ----------
    bias : float or None
        Predicted over actual, less one; None where nothing was bought.

    Returns
    -------
    str
        ``"green"``, ``"amber"`` or ``"red"``, by the limits in ``rules/backtest.toml``.

    Examples
    --------
    >>> light(-0.121), light(0.3), light(-0.6), light(None)
    ('green', 'amber', 'red', 'red')
    """
    limits = rules.load("backtest")["light"]
    if bias is None or abs(bias) > limits["red_above"]:
        return "red"
    return "amber" if abs(bias) > limits["amber_above"] else "green"


def by_frequency(engine: DuckDB) -> pd.DataFrame:
    """Mean holdout purchases by frequency in calibration, 0 to 6 and 7 or more.

    Parameters
    ----------
    engine : DuckDB
        Holds the table ``holdout``.

    Returns
    -------
    pandas.DataFrame
        Columns ``group``, ``customers``, ``actual``, ``expected``, ``naive`` (purchase days per customer).
    """
    frame = engine.fetch(
        f"select least(frequency, {_LAST_GROUP}) as frequency, count(*) as customers, avg(actual) as actual,"
        " avg(predicted) as expected, avg(naive) as naive from holdout group by 1 order by 1"
    )
    group = frame["frequency"].astype(int).astype(str)
    frame.insert(0, "group", group.mask(frame["frequency"] == _LAST_GROUP, f"{_LAST_GROUP}+"))
    return frame.drop(columns="frequency")


def tracking(engine: DuckDB, activity: str, model: BetaGeometricNBD, *, until: dt.date, step_days: int) -> pd.DataFrame:
    """Repeat purchases of the calibration customers, week by week, actual and expected.

    Parameters
    ----------
    engine : DuckDB
        Holds transactions and the calibration activity.
    activity : str
        Name of the calibration activity.
    model : BGNBD or MBGNBD
        Fitted on the calibration period, time in days.
    until : datetime.date
        Last day tracked.
    step_days : int
        Days between two points.

    Returns
    -------
    pandas.DataFrame
        Columns ``period`` (last day of the step), ``actual``, ``expected`` (cumulative purchase days).
    """
    first = engine.fetch(f"select first_day, count(*) as customers from {activity} group by 1 order by 1")
    daily = engine.fetch(
        f"select t.day, count(distinct t.customer_id) as actual from transactions t join {activity} a"
        " on t.customer_id = a.customer_id where t.is_purchase and t.day > a.first_day and t.day <= :until"
        " group by t.day order by t.day",
        until=until,
    )
    steps = (pd.Timestamp(until) - pd.Timestamp(first["first_day"].min())).days // step_days
    ends = pd.date_range(end=pd.Timestamp(until), periods=steps + 1, freq=f"{step_days}D")
    days, actual = pd.to_datetime(daily["day"]).to_numpy(), daily["actual"].to_numpy()
    return pd.DataFrame(
        {
            "period": ends.date,
            "actual": [int(actual[days <= end].sum()) for end in ends.to_numpy()],
            "expected": [lifetime.expected_repeats(model, first, end.date()) for end in ends],
        }
    )
