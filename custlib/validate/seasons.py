"""Estimates a seasonal index per month and makes forecasts in business time.

Reads ``transactions`` and customers in cells. The index of a month is actual over expected purchases without a
season, with mean 1 over the year. In business time a day lasts as long as its index; the model applies unchanged,
with recency, T and the horizon measured in business days.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from custlib import rules
from custlib.engine.base import Engine
from custlib.errors import ModelError
from custlib.graph import REFUSED, Refusal, record, value
from custlib.models.bgnbd_model import BetaGeometricNBD
from custlib.models.forecasting import as_lifetime_model
from custlib.project import Project
from custlib.validate import rolling_origins
from custlib.validate.backtest_groups import forecast
from custlib.validate.goodness import ChiSquared, chi_squared_test
from custlib.validate.tracking import joining, repeat_counts, tracking
from custlib.value.holdout_period import HoldoutPeriod
from custlib.value.lifetime import fit_counted

Floats = NDArray[np.float64]
_MONTHS = 12
_DAYS = np.array([31, 28.25, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
_ORIGIN = dt.date(1970, 1, 1)
_LEAST_INDEX = 0.05
_BASES, _CUSTOMERS = 40, 1000


@dataclass(frozen=True)
class Season:
    """The seasonal index of purchases per month, with its test.

    Attributes
    ----------
    index : tuple of 12 floats
        January to December; the mean over the days of a year is 1.
    test : ChiSquared
        Test against no season.
    months : int
        Number of months observed.
    """

    index: tuple[float, ...]
    test: ChiSquared
    months: int = 24

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
        """Whether the months differ and each was observed twice; once may be growth or a single event."""
        return self.differs and self.months >= 2 * _MONTHS

    @property
    def differs(self) -> bool:
        """Whether the differences between months are significant and large enough to matter."""
        limits = rules.load("backtest")["season"]
        return self.test.p_value < limits["p_value"] and self.best_to_worst > limits["best_to_worst"]

    def time(self, days: ArrayLike) -> Floats:
        """Convert calendar days since 1970 to business time, 1 per day at an index of 1."""
        at = np.asarray(days, dtype=float)
        low, high = int(np.floor(at.min())), int(np.ceil(at.max()))
        dates = pd.date_range(_ORIGIN + dt.timedelta(days=low), periods=high - low + 1, freq="D")
        running = np.append(0.0, np.asarray(self.index)[dates.month.to_numpy() - 1].cumsum())
        times: Floats = np.interp(at, np.arange(low, high + 2), running)
        return times

    def between(self, begin: dt.date, end: dt.date) -> float:
        """Count business days from one day to a later one."""
        start, stop = self.time([(begin - _ORIGIN).days + 1, (end - _ORIGIN).days + 1])
        return float(stop - start)

    def histories(self, cells: pd.DataFrame, end: dt.date) -> pd.DataFrame:
        """Convert recency and T of cells, in days up to ``end``, to business days."""
        last = (end - _ORIGIN).days + 1.0  # the end of that day
        first = last - cells["T"].to_numpy(dtype=float)
        latest = first + cells["recency"].to_numpy(dtype=float)
        first_at, latest_at = np.split(self.time(np.append(np.concatenate([first, latest]), last)), [first.size])
        recency, age = latest_at[:-1] - first_at, latest_at[-1] - first_at
        return cells.assign(recency=np.where(cells["frequency"] > 0, recency, 0.0), T=age)


def find(engine: Engine, activity: str, model: BetaGeometricNBD, *, until: dt.date) -> Season | None:
    """Estimate the index of the months from repeat purchases."""
    first = pd.Timestamp(engine.fetch(f"select min(first_day) as day from {activity}")["day"].item())
    ends = pd.date_range(first, pd.Timestamp(until), freq="ME")
    if len(ends) < _MONTHS + 1:
        return None
    _, steps = tracking(engine, activity, model, ends=ends, known=until)
    month = pd.to_datetime(steps["period"]).dt.month.to_numpy(dtype=np.intp) - 1
    actual, expected = (
        np.bincount(month, steps[name].to_numpy(dtype=float), _MONTHS).astype(np.float64)
        for name in ("actual", "expected")
    )
    if (expected <= 0).any() or actual.sum() == 0:
        return None
    index = np.maximum(actual / expected / (actual.sum() / expected.sum()), _LEAST_INDEX)
    index /= (index * _DAYS).sum() / _DAYS.sum()
    joined, customers, begin = joining(engine, activity, known=until)
    reached = (ends - begin).days.to_numpy().astype(float)
    usual = _without_season(model, joined, customers, reached, month, expected / customers.sum())
    test = chi_squared_test(_statistic(actual, expected) / max(usual / (_MONTHS - 1), 1.0), _MONTHS - 1)
    return Season(tuple(float(value) for value in index), test, len(steps)) if test else None


def _statistic(actual: Floats, expected: Floats) -> float:
    """Compute the chi-squared distance of actual from expected months, with the level left free."""
    scaled = expected * (actual.sum() / expected.sum())
    return float(((actual - scaled) ** 2 / scaled).sum())


def _without_season(
    model: BetaGeometricNBD, joined: Floats, customers: Floats, reached: Floats, month: Any,
    expected: Floats,
) -> float:  # fmt: skip
    """Average the statistic over simulated customers without a season, since purchases of one customer cluster."""
    random = np.random.default_rng(0)
    statistics = []
    for _ in range(_BASES):
        begin = random.choice(joined, _CUSTOMERS, p=customers / customers.sum())
        bought = np.diff(repeat_counts(model, begin, reached, random), axis=1).sum(axis=0)
        counts = np.bincount(month, bought, _MONTHS).astype(np.float64)
        statistics.append(_statistic(counts, expected * _CUSTOMERS) if counts.sum() else 0.0)
    return float(np.mean(statistics))


def in_business_time(
    engine: Engine, cells: pd.DataFrame, activity: str, kind: str, *, end: dt.date, until: dt.date
) -> float | None:
    """Forecast the purchases of a window in business time from the data before it."""
    try:
        season = find(engine, activity, fit_counted(cells, kind), until=end)
        if season is None:
            return None
        restated = season.histories(cells, end)
        model = as_lifetime_model(fit_counted(restated, kind))
        return float(forecast(restated, model, season.between(end, until))["expected"].sum())
    except ModelError:
        return None


def add_business_time(
    engine: Engine,
    activity: str,
    histories: dict[dt.date, pd.DataFrame],
    rolling: pd.DataFrame,
    kind: str,
    *,
    days: int,
) -> pd.DataFrame:
    """Add the forecasts in business time to those of the rolling origins."""
    forecasts = [
        in_business_time(engine, histories[end], activity, kind, end=end, until=end + dt.timedelta(days=days))
        for end in rolling["origin"]
    ]
    business = pd.Series(forecasts, index=rolling.index, dtype=float)
    bought = rolling["actual"].where(rolling["actual"] > 0)
    return rolling.assign(business=business, business_bias=business / bought - 1)


def is_nearer(rolling: pd.DataFrame) -> bool:
    """Whether business time reduces the bias of the forecasts, over at least two origins.

    Examples
    --------
    >>> is_nearer(pd.DataFrame({"bias": [-0.3, 0.2], "business_bias": [-0.1, 0.1]}))
    True
    """
    both = rolling[["bias", "business_bias"]].dropna().abs()
    if len(both) < fewest_origins():
        return False
    gain = both["bias"].mean() - both["business_bias"].mean()
    return bool(gain > rules.load("backtest")["season"]["nearer_by"])


def fewest_origins() -> int:
    """Return the fewest rolling origins needed to judge business time."""
    return int(rules.load("backtest")["season"]["fewest_origins"])


@value
def season(
    engine: Engine, project: Project, transactions: str, customer_activity: str, beta_geometric: BetaGeometricNBD
) -> Season | None:
    """Seasonal index of each month; None with less than a year of purchases."""
    del transactions
    return find(engine, customer_activity, beta_geometric, until=project.as_of)


@record
def season_caution(season: Season | Refusal | None = REFUSED) -> dict[str, float]:
    """The extremes of a season, which the forecast does not know; empty where there is none."""
    return season.extremes if isinstance(season, Season) and season.is_there else {}


@value
def rolling_forecasts(
    engine: Engine,
    holdout_period: HoldoutPeriod,
    transactions: str,
    customer_activity: str,
    customer_base: dict[str, Any],
    model_choice: dict[str, Any],
) -> pd.DataFrame:
    """The forecast made again from several earlier days, in calendar and in business time."""
    del transactions
    first, kind, as_of = customer_base["first_day"].date(), model_choice["kind"], holdout_period.as_of
    ends, days = rolling_origins.windows(first_day=first, as_of=as_of, holdout_days=holdout_period.days)
    histories = rolling_origins.histories(engine, ends=ends, days=days)
    frame = rolling_origins.rolling_origins(histories, kind, days=days)
    return add_business_time(engine, customer_activity, histories, frame, kind, days=days)
