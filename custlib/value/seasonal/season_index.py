"""Estimates a seasonal index per month from the purchases of every day, and whether forecasts are to follow it.

Reads daily purchases and customers in cells. The index of a month is actual over expected repeat purchases, with mean 1
over the year. The expectation is that of BG/NBD, first in calendar and then in business time, as a model that knows no
season takes part of it for drop-out. With two years of purchases a trend is taken off: within each year it would rise
or fall like a season.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from custlib import rules
from custlib.models.bgnbd_model import BetaGeometricNBD
from custlib.models.chi_squared import ChiSquared, chi_squared_test
from custlib.models.forecasting.business_time import BusinessTime
from custlib.models.forecasting.lifetime_models import Histories
from custlib.value.lifetime import fit_counted
from custlib.value.seasonal.repeat_purchases import expected_repeats, repeat_counts

Floats = NDArray[np.float64]
_MONTHS = 12
_DAYS = np.array([31, 28.25, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
_YEAR = 365
_ORIGIN = dt.date(1970, 1, 1)
_LEAST_INDEX = 0.05
_PASSES = 2  # a third changes the forecast by 1 % and less
_ROUNDS = 10
_BASES, _CUSTOMERS = 40, 1000
_KNOWN_BEFORE = 20.0  # purchases of a month in the earlier years that count as much as an index of 1


@dataclass(frozen=True)
class Season:
    """The seasonal index of purchases per month, with its tests.

    Attributes
    ----------
    index : tuple of 12 floats
        January to December; the mean over the days of a year is 1.
    test : ChiSquared
        Test against no season.
    months : int
        Months of purchases that it was estimated from.
    agreement : float
        How the index of the earlier years predicts that of the last year: a slope over its standard error.
    """

    index: tuple[float, ...]
    test: ChiSquared
    months: int = 24
    agreement: float = np.inf

    @property
    def best_to_worst(self) -> float:
        """Ratio of the highest to the lowest index."""
        return max(self.index) / min(self.index)

    @property
    def extremes(self) -> dict[str, float]:
        """Number of the ``best`` and the ``worst`` month, and how many ``times`` as fast customers buy in the best."""
        best, worst = (self.index.index(pick(self.index)) + 1 for pick in (max, min))
        return {"best": best, "worst": worst, "times": self.best_to_worst}

    @property
    def is_there(self) -> bool:
        """Whether months differ, in the last year as before; observed once it may be growth or a single event."""
        return self.differs and self.is_long_enough and self.agreement >= _limits()["agreement"]

    @property
    def is_long_enough(self) -> bool:
        """Whether each month was observed twice."""
        return self.months >= 2 * _MONTHS

    @property
    def differs(self) -> bool:
        """Whether the differences between months are significant and large enough to matter."""
        return self.test.p_value < _limits()["p_value"] and self.best_to_worst > _limits()["best_to_worst"]


def _limits() -> dict[str, Any]:
    limits: dict[str, Any] = rules.load("backtest")["season"]
    return limits


@dataclass(frozen=True, eq=False)
class DailyPurchases:
    """What all customers did on each day with a purchase.

    Attributes
    ----------
    day : ndarray, shape (n,)
        Days since 1970, in order.
    joined, repeats : ndarray, shape (n,)
        Customers whose first purchase day it is, and those who bought again.
    first : datetime.date
        The day that the history begins on, but for a lonely date years before.
    """

    day: Floats
    joined: Floats
    repeats: Floats
    first: dt.date

    @classmethod
    def of(cls, day: ArrayLike, joined: ArrayLike, buyers: ArrayLike, first: dt.date) -> Self:
        """Count those who bought again: the buyers of a day who did not join on it."""
        days, new, all_buyers = (np.asarray(column, dtype=np.float64) for column in (day, joined, buyers))
        return cls(days, new, all_buyers - new, first)


def in_business_time(counted: pd.DataFrame, time: BusinessTime) -> pd.DataFrame:
    """Restate recency and T of cells in business days."""
    columns = (counted[name].to_numpy(dtype=float) for name in ("frequency", "recency", "T"))
    restated = time.histories(Histories.of(*columns))
    return counted.assign(recency=restated.recency, T=restated.T)


@dataclass(frozen=True, eq=False)
class Steps:
    """The months of a history, cut at its ends, with the repeat purchases of each; days count from the last one."""

    until: dt.date
    bounds: Floats
    month: NDArray[np.intp]
    actual: Floats
    joined: Floats
    customers: Floats

    @classmethod
    def of(cls, daily: DailyPurchases, until: dt.date) -> Self:
        """Cut what is known of the purchases on a day in months."""
        last = (until - _ORIGIN).days
        known = daily.day <= last
        day, joined, repeats = daily.day[known] - last, daily.joined[known], daily.repeats[known]
        ends = pd.date_range(daily.first, until - dt.timedelta(days=1), freq="ME")
        inner = (ends - pd.Timestamp(until)).days.to_numpy(dtype=float)
        bounds = np.concatenate([[float((daily.first - until).days - 1)], inner, [0.0]])
        month = np.append(ends.month.to_numpy(dtype=np.intp), until.month) - 1
        running = np.append(0.0, repeats.cumsum())
        actual = np.diff(running[np.searchsorted(day, bounds, side="right")])
        return cls(until, bounds, month, actual, day[joined > 0], joined[joined > 0])

    @property
    def months(self) -> int:
        """How many months of 365 / 12 days there are."""
        return int(-self.bounds[0] * _MONTHS // _YEAR)

    @property
    def years(self) -> Floats:
        """The middle of each step, in years."""
        middles: Floats = (self.bounds[1:] + self.bounds[:-1]) / 2 / _YEAR
        return middles

    @property
    def is_last_year(self) -> NDArray[np.bool_]:
        """Which steps end in the last year."""
        return np.asarray(self.bounds[1:] > -_YEAR)

    def expected(self, model: BetaGeometricNBD, time: BusinessTime) -> Floats:
        """Expect the repeat purchases of each step."""
        reached, joined = time.passed(self.bounds), time.passed(self.joined)
        return np.diff(expected_repeats(model, joined, self.customers, reached))

    def by_month(self, each: Floats) -> Floats:
        """Add up a column over the years."""
        return np.bincount(self.month, each, _MONTHS).astype(np.float64)


def seasonal_index(daily: DailyPurchases, counted: pd.DataFrame, until: dt.date) -> tuple[float, ...] | None:
    """Estimate the index of the months from what is known on a day; None with less than a year of repeat purchases."""
    steps, index = Steps.of(daily, until), np.ones(_MONTHS)
    for _ in range(_PASSES):
        time = BusinessTime(tuple(index), until)
        expected = steps.expected(fit_counted(in_business_time(counted, time)), time)
        if not _is_enough(steps, expected):
            return None
        actual, trended = steps.by_month(steps.actual), steps.by_month(_with_trend(steps, expected))
        index = np.maximum(index * actual / trended / (actual.sum() / trended.sum()), _LEAST_INDEX)
        index /= (index * _DAYS).sum() / _DAYS.sum()
    return tuple(float(value) for value in index)


def estimate(daily: DailyPurchases, counted: pd.DataFrame, until: dt.date) -> Season | None:
    """Estimate the index of the months and test it; None with less than a year of repeat purchases."""
    index = seasonal_index(daily, counted, until)
    if index is None:
        return None
    steps, model = Steps.of(daily, until), fit_counted(counted)
    plain = steps.expected(model, BusinessTime((1.0,) * _MONTHS, until))
    expected, degrees = _with_trend(steps, plain), _MONTHS - 1
    spread = max(_without_season(model, steps, plain) / degrees, 1.0)
    test = chi_squared_test(_distance(steps.by_month(steps.actual), steps.by_month(expected)) / spread, degrees)
    agreement = _agreement(steps, expected, spread) if steps.months >= 2 * _MONTHS else 0.0
    return Season(index, test, steps.months, agreement) if test else None


def _is_enough(steps: Steps, expected: Floats) -> bool:
    is_seen = (steps.by_month(expected) > 0).all() and steps.actual.sum() > 0
    return steps.months >= _MONTHS and bool(is_seen)


def _with_trend(steps: Steps, expected: Floats) -> Floats:
    """Multiply what is expected by the exponential trend that two years show, whatever the months."""
    if steps.months < 2 * _MONTHS:
        return expected
    actual, trend = steps.by_month(steps.actual), 0.0
    longest = 2 / -steps.years[0]  # a step, so that no history of decades overflows
    for _ in range(_ROUNDS):  # Newton's method on the Poisson likelihood, with a free level for each month
        trended = expected * np.exp(trend * steps.years)
        fitted = trended * (actual / steps.by_month(trended))[steps.month]
        weight = np.maximum(steps.by_month(fitted), 1e-300)
        apart = steps.years - (steps.by_month(fitted * steps.years) / weight)[steps.month]
        step = float((steps.actual - fitted) @ apart) / max(float(fitted @ apart**2), 1e-300)
        trend += float(np.clip(step, -longest, longest))
    return np.asarray(expected * np.exp(trend * steps.years))


def _distance(actual: Floats, expected: Floats) -> float:
    """Compute the chi-squared distance of actual from expected months, with the level left free."""
    scaled = expected * (actual.sum() / expected.sum())
    return float(((actual - scaled) ** 2 / scaled).sum())


def _without_season(model: BetaGeometricNBD, steps: Steps, expected: Floats) -> float:
    """Average the distance over simulated customers without a season, since purchases of one customer cluster."""
    random, every = np.random.default_rng(0), steps.by_month(expected)
    statistics = []
    for _ in range(_BASES):
        begin = random.choice(steps.joined, _CUSTOMERS, p=steps.customers / steps.customers.sum())
        bought = np.diff(repeat_counts(model, begin, steps.bounds, random), axis=1).sum(axis=0)
        counts = steps.by_month(bought)
        statistics.append(_distance(counts, every) if counts.sum() else 0.0)
    return float(np.mean(statistics))


def _agreement(steps: Steps, expected: Floats, spread: float) -> float:
    """Regress the months of the last year on those of the earlier years: the slope over its standard error.

    Both are taken as deviations from the expectation, the earlier ones shrunk to 0 where there were few purchases.
    """
    last = steps.is_last_year
    (before, usual), (now, wanted) = (
        (steps.by_month(steps.actual * own), steps.by_month(expected * own)) for own in (~last, last)
    )
    if not (before.sum() > 0 and now.sum() > 0 and (wanted > 0).all()):
        return 0.0
    usual, wanted = usual * before.sum() / usual.sum(), wanted * now.sum() / wanted.sum()
    earlier = (before - usual) / (usual + _KNOWN_BEFORE * spread)
    weight = float(wanted @ earlier**2)
    return float((now - wanted) @ earlier / np.sqrt(spread * weight)) if weight > 0 else 0.0
