"""Follows repeat purchases through time: as they came, as the model expects them, and the band of chance.

Reads ``transactions`` and the activity of the calibration customers. The expectation is that of new customers who
first bought when these did. The band holds 95 % of bases like this one if the model is right: chance of purchases
by simulated customers, and the uncertainty of the parameters by the delta method.
"""

import datetime as dt

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from custlib.differentiate.uncertainty import log_covariance
from custlib.engine.duckdb import DuckDB
from custlib.models import bgnbd
from custlib.models.bgnbd_model import PARAMETERS, BetaGeometricNBD
from custlib.models.bgnbd_simulate import repeat_times

Floats = NDArray[np.float64]
_STEP = 1e-4
_SIMULATED = 20_000
_NORMAL_95 = 1.959963984540054


def every(days: int, *, begin: dt.date, until: dt.date) -> pd.DatetimeIndex:
    """List the ends of equal steps, the last on ``until``, none before ``begin``.

    Examples
    --------
    >>> [day.day for day in every(7, begin=dt.date(2025, 1, 1), until=dt.date(2025, 1, 20))]
    [6, 13, 20]
    """
    steps = (until - begin).days // days
    return pd.date_range(end=pd.Timestamp(until), periods=steps + 1, freq=f"{days}D")


def tracking(
    engine: DuckDB, activity: str, model: BetaGeometricNBD, *, ends: pd.DatetimeIndex, known: dt.date
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Follow the repeat purchases of the customers known on a day, cumulated and per step.

    Parameters
    ----------
    engine : DuckDB
        Holds transactions and the activity.
    activity : str
        Name of an activity that holds them, whatever its date.
    model : BGNBD or MBGNBD
        Fitted on the calibration period, time in days.
    ends : pandas.DatetimeIndex
        Last days of the steps, rising; the first only begins the first step.
    known : datetime.date
        Customers who first bought later are left out.

    Returns
    -------
    cumulative, incremental : pandas.DataFrame
        Columns ``period`` (last day of the step), ``actual``, ``expected``, ``low``, ``high`` (purchase days) and
        ``variance`` (of chance alone).
    """
    joined, customers, begin = joining(engine, activity, known=known)
    reached = (ends - begin).days.to_numpy().astype(float)
    actual = _actual(engine, activity, ends, known)
    expected = expected_repeats(model, joined, customers, reached)
    slopes = _slopes(model, joined, customers, reached)
    chance, chance_of_steps = _chance(model, joined, customers, reached)
    covariance = log_covariance(model)
    steps = pd.DataFrame({"period": ends.date, "actual": actual, "expected": expected, "variance": chance})
    cumulative = _banded(steps, np.einsum("pi,pq,qi->i", slopes, covariance, slopes))
    slopes = np.diff(slopes, axis=1)
    steps = steps.assign(actual=steps["actual"].diff(), expected=steps["expected"].diff()).iloc[1:]
    steps = steps.assign(variance=chance_of_steps)
    return cumulative, _banded(steps, np.einsum("pi,pq,qi->i", slopes, covariance, slopes))


def joining(engine: DuckDB, activity: str, *, known: dt.date) -> tuple[Floats, Floats, pd.Timestamp]:
    """Count who first bought when.

    Parameters
    ----------
    engine : DuckDB
        Holds the activity.
    activity : str
        Its name.
    known : datetime.date
        Customers who first bought later are left out.

    Returns
    -------
    joined, customers : ndarray of shape (n,)
        Days from the very first purchase to each first purchase, and how many customers first bought then.
    begin : pandas.Timestamp
        Day of the very first purchase.
    """
    first = engine.fetch(
        f"select first_day, count(*) as customers from {activity} where first_day <= :known group by 1 order by 1",
        known=known,
    )
    days = pd.to_datetime(first["first_day"])
    begin = pd.Timestamp(days.min())
    joined: Floats = np.asarray((days - begin).dt.days, dtype=np.float64)
    return joined, np.asarray(first["customers"], dtype=np.float64), begin


def expected_repeats(model: BetaGeometricNBD, joined: Floats, customers: Floats, reached: Floats) -> Floats:
    """Sum the repeat purchases expected from customers up to several days.

    Parameters
    ----------
    model : BGNBD or MBGNBD
        Fitted with time in days.
    joined : ndarray of shape (n,)
        Days of first purchases, counted from any origin.
    customers : ndarray of shape (n,)
        How many joined on each.
    reached : ndarray of shape (m,)
        Days looked at, from the same origin.

    Returns
    -------
    ndarray of shape (m,)
        Expected repeat purchase days of all customers together, up to each day.

    Examples
    --------
    >>> model = bgnbd.BGNBD(0.25, 31.0, 0.8, 2.4)
    >>> expected_repeats(model, np.array([0.0, 5.0]), np.array([1.0, 1.0]), np.array([0.0])).tolist()
    [0.0]
    """
    ages = reached[:, None] - joined
    found = np.where(ages > 0, bgnbd.new_customer_purchases(model, np.maximum(ages, 0.0)), 0.0)
    total: Floats = found @ customers
    return total


def _actual(engine: DuckDB, activity: str, ends: pd.DatetimeIndex, known: dt.date) -> NDArray[np.int64]:
    daily = engine.fetch(
        f"select t.day, count(distinct t.customer_id) as actual from transactions t join {activity} a"
        " on t.customer_id = a.customer_id where t.is_purchase and t.day > a.first_day and t.day <= :until"
        " and a.first_day <= :known group by t.day order by t.day",
        until=ends[-1].date(),
        known=known,
    )
    days, count = pd.to_datetime(daily["day"]).to_numpy(), daily["actual"].to_numpy(dtype=np.int64)
    running = np.append(0, count.cumsum())
    return running[np.searchsorted(days, ends.to_numpy(), side="right")]


def _slopes(model: BetaGeometricNBD, joined: Floats, customers: Floats, reached: Floats) -> Floats:
    """Slopes of the expected totals by the logarithms of the parameters, shape (4, m)."""
    logs = np.log([getattr(model, name) for name in PARAMETERS])

    def total(at: Floats) -> Floats:
        return expected_repeats(type(model)(*np.exp(at)), joined, customers, reached)

    return np.array([(total(logs + step) - total(logs - step)) / (2 * _STEP) for step in np.eye(4) * _STEP])


def _chance(model: BetaGeometricNBD, joined: Floats, customers: Floats, reached: Floats) -> tuple[Floats, Floats]:
    """Variance of the totals up to each day, and of each step, by simulated customers."""
    random = np.random.default_rng(0)
    joining = random.choice(joined, _SIMULATED, p=customers / customers.sum())
    who, after = repeat_times(model, np.maximum(reached[-1] - joining, 0.0), random)
    step = np.searchsorted(reached, joining[who] + after)
    bought = np.zeros((_SIMULATED, reached.size))
    np.add.at(bought, (who, step), 1.0)
    scale = float(customers.sum())
    return bought.cumsum(axis=1).var(axis=0) * scale, bought[:, 1:].var(axis=0) * scale


def _banded(steps: pd.DataFrame, variance: Floats) -> pd.DataFrame:
    """Add the band around the expectation, never below nought."""
    half = _NORMAL_95 * np.sqrt(variance + steps["variance"].to_numpy(dtype=float))
    expected = steps["expected"].to_numpy(dtype=float)
    return steps.assign(low=np.maximum(expected - half, 0.0), high=expected + half)
