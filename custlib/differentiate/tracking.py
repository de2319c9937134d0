"""Follows repeat purchases through time: as they came, as the model expects them, and the band of chance.

Reads ``transactions`` and the activity of the calibration customers. Up to the end of calibration the expectation is
that of new customers who first bought when these did; from there on it is the forecast for these customers, counted
on from what had come. The band is what chance and the uncertainty of the parameters allow, if the model is right:
of single steps by simulated customers, of the running total by the futures of these customers after the cut.
"""

import datetime as dt

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from custlib.differentiate.backtest_groups import coarser
from custlib.differentiate.uncertainty import expectation_slopes, futures, log_covariance
from custlib.engine.base import Engine
from custlib.models import bgnbd
from custlib.models.bgnbd import repeat_times
from custlib.models.bgnbd_model import PARAMETERS, BetaGeometricNBD

Floats = NDArray[np.float64]
_STEP = 1e-4
_SIMULATED = 20_000
_MOST_CELLS = 20_000
_GRID = 12  # horizons at which the forecast is computed; between them it is nearly straight
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
    engine: Engine, activity: str, model: BetaGeometricNBD, *, ends: pd.DatetimeIndex, known: dt.date
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Follow the repeat purchases of the customers known on a day, cumulated and per step.

    Parameters
    ----------
    engine : Engine
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
        Columns ``period`` (last day of the step), ``actual``, ``expected`` (purchase days) and ``variance`` (of
        chance alone); per step also ``low`` and ``high``.
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
    return cumulative.drop(columns=["low", "high"]), _banded(
        steps, np.einsum("pi,pq,qi->i", slopes, covariance, slopes)
    )


def with_forecast(
    cumulative: pd.DataFrame, cells: pd.DataFrame, model: BetaGeometricNBD, *, cut: dt.date
) -> pd.DataFrame:
    """From the end of calibration on, put the forecast of these very customers in place of that of new ones.

    Parameters
    ----------
    cumulative : pandas.DataFrame
        As made by `tracking`.
    cells : pandas.DataFrame
        ``frequency``, ``recency``, ``T`` and ``customers`` on the day of the cut.
    model : BGNBD or MBGNBD
        Fitted on them, time in days.
    cut : datetime.date
        End of calibration.

    Returns
    -------
    pandas.DataFrame
        With ``low`` and ``high``: before the cut they are the expectation itself.
    """
    frame = cumulative.drop(columns="variance")
    ahead = np.array([(period - cut).days for period in frame["period"]], dtype=float)
    later = ahead > 0
    frame = frame.assign(low=frame["expected"], high=frame["expected"])
    if not later.any():
        return frame
    few = coarser(cells, most=_MOST_CELLS)
    grid = np.linspace(0.0, ahead.max(), _GRID + 1)[1:]
    mean, variance = (np.append(0.0, part) for part in zip(*(_to_come(model, few, t) for t in grid), strict=True))
    expected = np.interp(ahead[later], np.append(0.0, grid), mean)
    half = _NORMAL_95 * np.sqrt(np.interp(ahead[later], np.append(0.0, grid), variance))
    known = float(frame.loc[ahead <= 0, "actual"].max()) if (ahead <= 0).any() else 0.0
    start = known + expected
    for name, values in (("expected", start), ("low", np.maximum(start - half, known)), ("high", start + half)):
        frame[name] = np.where(later, np.interp(ahead, ahead[later], values), frame[name])
    return frame


def _to_come(model: BetaGeometricNBD, cells: pd.DataFrame, horizon: float) -> tuple[float, float]:
    """Expected purchases of all customers after the cut, and their variance: futures and parameters."""
    customers = cells["customers"].to_numpy(dtype=float)
    mean, square = futures(model, cells, horizon)
    slope = expectation_slopes(model, cells, horizon) @ customers
    columns = [cells[name].to_numpy(dtype=float) for name in ("frequency", "recency", "T")]
    expected = float(np.asarray(bgnbd.expected_purchases(model, horizon, *columns)) @ customers)
    return expected, float((square - mean**2) @ customers + slope @ log_covariance(model) @ slope)


def joining(engine: Engine, activity: str, *, known: dt.date) -> tuple[Floats, Floats, pd.Timestamp]:
    """Count who first bought when.

    Parameters
    ----------
    engine : Engine
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


def _actual(engine: Engine, activity: str, ends: pd.DatetimeIndex, known: dt.date) -> NDArray[np.int64]:
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
