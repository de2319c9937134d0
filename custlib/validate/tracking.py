"""Tracks repeat purchases over time: actual, expected, and a 95 % band.

Reads ``transactions`` and the activity of the calibration customers. Up to the end of calibration the expectation is
that of new customers with the same first days; after it, the forecast for these customers added to their actual total.
The band covers chance and the uncertainty of the parameters: of single steps by simulated customers, of the running
total by the predictive variance of these customers after the end of calibration.
"""

import datetime as dt
from math import ceil
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from custlib import rules
from custlib.engine.base import Engine
from custlib.graph import value
from custlib.models.bgnbd_model import PARAMETERS, BetaGeometricNBD
from custlib.models.forecasting import LifetimeModel, purchases_ahead
from custlib.project import Project
from custlib.validate.backtest_groups import coarser
from custlib.value.holdout_period import HoldoutPeriod
from custlib.value.seasonal.repeat_purchases import expected_repeats, repeat_counts
from custlib.value.uncertainty import histories, log_covariance

Floats = NDArray[np.float64]
_STEP = 1e-4
_SIMULATED = 20_000
_MOST_CELLS = 20_000
_GRID = 12  # horizons at which the forecast is computed; between them it is nearly straight
_NORMAL_95 = 1.959963984540054


def every(days: int, *, begin: dt.date, until: dt.date) -> pd.DatetimeIndex:
    """List the ends of equal steps, the last on ``until`` and none before ``begin``.

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
    """Track the repeat purchases of the customers known on a day, cumulative (that day included) and per step."""
    joined, customers, begin = joining(engine, activity, known=known)
    days = ends.union([min(pd.Timestamp(known), ends[-1])])
    of_steps = days.get_indexer(ends)
    reached = (days - begin).days.to_numpy().astype(float)
    actual = _actual(engine, activity, days, known)
    expected = expected_repeats(model, joined, customers, reached)
    slopes = _slopes(model, joined, customers, reached)
    chance, chance_of_steps = _chance(model, joined, customers, reached, of_steps)
    covariance = log_covariance(model)
    total = pd.DataFrame({"period": days.date, "actual": actual, "expected": expected, "variance": chance})
    cumulative = _banded(total, np.einsum("pi,pq,qi->i", slopes, covariance, slopes))
    slopes, steps = np.diff(slopes[:, of_steps], axis=1), total.iloc[of_steps]
    steps = steps.assign(actual=steps["actual"].diff(), expected=steps["expected"].diff()).iloc[1:]
    steps = steps.assign(variance=chance_of_steps)
    return cumulative.drop(columns=["low", "high"]), _banded(
        steps, np.einsum("pi,pq,qi->i", slopes, covariance, slopes)
    )


def with_forecast(cumulative: pd.DataFrame, cells: pd.DataFrame, model: LifetimeModel, *, cut: dt.date) -> pd.DataFrame:
    """Replace the expectation after the end of calibration by the forecast for these customers."""
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


def _to_come(model: LifetimeModel, cells: pd.DataFrame, horizon: float) -> tuple[float, float]:
    """Compute expected purchases of all customers up to a horizon, and their variance."""
    total = purchases_ahead(model, histories(cells), horizon).total(cells["customers"].to_numpy(dtype=float))
    return total.mean, total.variance


def joining(engine: Engine, activity: str, *, known: dt.date) -> tuple[Floats, Floats, pd.Timestamp]:
    """Count customers by day of first purchase, in days since the earliest."""
    first = engine.fetch(
        f"select first_day, count(*) as customers from {activity} where first_day <= :known group by 1 order by 1",
        known=known,
    )
    days = pd.to_datetime(first["first_day"])
    begin = pd.Timestamp(days.min())
    joined: Floats = np.asarray((days - begin).dt.days, dtype=np.float64)
    return joined, np.asarray(first["customers"], dtype=np.float64), begin


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
    """Differentiate the expected totals by the logarithms of the parameters, shape (4, m)."""
    logs = np.log([getattr(model, name) for name in PARAMETERS])

    def total(at: Floats) -> Floats:
        return expected_repeats(type(model)(*np.exp(at)), joined, customers, reached)

    return np.array([(total(logs + step) - total(logs - step)) / (2 * _STEP) for step in np.eye(4) * _STEP])


def _chance(
    model: BetaGeometricNBD, joined: Floats, customers: Floats, reached: Floats, of_steps: NDArray[np.int64]
) -> tuple[Floats, Floats]:
    """Simulate the variance of the totals up to each day, and of each step from one of some days to the next."""
    random = np.random.default_rng(0)
    joining = random.choice(joined, _SIMULATED, p=customers / customers.sum())
    bought = repeat_counts(model, joining, reached, random)
    scale = float(customers.sum())
    return bought.var(axis=0) * scale, np.diff(bought[:, of_steps], axis=1).var(axis=0) * scale


def _banded(steps: pd.DataFrame, variance: Floats) -> pd.DataFrame:
    """Add the band around the expectation, not below zero."""
    half = _NORMAL_95 * np.sqrt(variance + steps["variance"].to_numpy(dtype=float))
    expected = steps["expected"].to_numpy(dtype=float)
    return steps.assign(low=np.maximum(expected - half, 0.0), high=expected + half)


@value
def purchase_tracking(
    engine: Engine,
    project: Project,
    holdout_period: HoldoutPeriod,
    transactions: str,
    calibration_activity: str,
    calibration_base: dict[str, Any],
    calibration_model: LifetimeModel,
    calibration_beta_geometric: BetaGeometricNBD,
    outcomes: pd.DataFrame,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Repeat purchases of the calibration customers: cumulative, and per step."""
    del transactions
    first, cut = calibration_base["first_day"].date(), holdout_period.calibration_end
    most = rules.load("backtest")["shown"]["steps"]
    units = ceil((project.as_of - first).days / (project.unit_days * most)) or 1
    ends = every(project.unit_days * units, begin=first, until=project.as_of)
    total, steps = tracking(engine, calibration_activity, calibration_beta_geometric, ends=ends, known=cut)
    return with_forecast(total, outcomes, calibration_model, cut=cut), steps
