"""Forecasts in business time, in which every day carries the same expected purchases, whatever the season.

`BusinessTime` turns calendar days into business days by an index of the months, `InBusinessTime` a model fitted in
business days into one that is asked in calendar days: histories and horizons are converted on the way in, and discounts
stay those of the calendar. All histories end on one day, so that recency and T alone say when a customer bought.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from custlib.errors import ModelError
from custlib.models.cells import Array
from custlib.models.forecasting.lifetime_models import Bools, Histories, LifetimeModel, Moments, SingleModel
from custlib.models.forecasting.model_average import ModelAverage

_MONTHS = 12
_YEARS = 150  # either side of the end, within which days have the index of their month; beyond it 1
_YEAR = 365.25
_STEPS = 12  # of a horizon, to discount in


@dataclass(frozen=True)
class BusinessTime:
    """The pace of purchases by month, seen from the day that histories end on.

    Attributes
    ----------
    index : tuple of 12 floats
        January to December: business days in a day of the month. The mean over the days of a year is 1.
    end : datetime.date
        The last day of the histories.

    Examples
    --------
    >>> BusinessTime((0.5,) * 11 + (2.0,), dt.date(2025, 11, 28)).passed(4)
    array(5.)
    """

    index: tuple[float, ...]
    end: dt.date

    @classmethod
    def from_dict(cls, mapping: Mapping[str, Any]) -> Self:
        """Read it from what `to_dict` makes."""
        try:
            index = tuple(float(value) for value in mapping["index"])
            end = dt.date.fromisoformat(mapping["end"])
        except (KeyError, TypeError, ValueError):
            raise ModelError(
                "business time: the index of the months, or the day that histories end on, is none."
            ) from None
        if len(index) != _MONTHS or not all(0 < value < np.inf for value in index):
            raise ModelError(f"business time: an index has twelve numbers above 0, got {list(index)[:_MONTHS]}.")
        return cls(index, end)

    def to_dict(self) -> dict[str, Any]:
        """Write it as a mapping that JSON can hold."""
        return {"index": list(self.index), "end": self.end.isoformat()}

    @cached_property
    def _knots(self) -> tuple[Array, Array]:
        """Beginnings of months in calendar days after the end of the last day, and in business days."""
        first = np.datetime64(self.end, "M") - _MONTHS * _YEARS
        months = first + np.arange(2 * _MONTHS * _YEARS)
        days = (months.astype("datetime64[D]") - np.datetime64(self.end, "D")).astype(np.float64) - 1
        pace = np.asarray(self.index)[months.astype(np.int64) % _MONTHS]
        return days, np.append(0.0, (np.diff(days) * pace[:-1]).cumsum())

    @cached_property
    def _now(self) -> Array:
        """The end of the last day in business days."""
        return _between(np.zeros(()), *self._knots)

    def passed(self, days: ArrayLike) -> Array:
        """Convert days after the end of the last day, or before it (below 0), to business days."""
        return np.asarray(_between(np.asarray(days, dtype=np.float64), *self._knots) - self._now)  # 0 on that day

    def lasted(self, business_days: ArrayLike) -> Array:
        """Convert business days back to days."""
        calendar, business = self._knots
        return _between(np.asarray(business_days, dtype=np.float64) + self._now, business, calendar)

    def histories(self, histories: Histories) -> Histories:
        """Restate recency and T in business days."""
        age = np.maximum(-self.passed(-histories.T), 0.0)
        silent = np.clip(-self.passed(histories.recency - histories.T), 0.0, age)  # against rounding
        recency = np.where(histories.frequency > 0, age - silent, 0.0)
        return Histories(histories.frequency, recency, age)

    @cached_property
    def mean_lag(self) -> float:
        """Mean over a year of the days by which the calendar is behind business time."""
        steps = (np.arange(360) + 0.5) / 360 * _YEAR
        return float((self.lasted(steps) - steps).mean())


def _between(at: Array, known: Array, values: Array) -> Array:
    """Interpolate, and continue at a pace of 1 beyond both ends."""
    inside = np.clip(at, known[0], known[-1])
    return np.asarray(np.interp(inside, known, values) + (at - inside))


@dataclass(frozen=True)
class InBusinessTime(LifetimeModel):
    """A model fitted in business days, asked in calendar days.

    Attributes
    ----------
    model : SingleModel
        Fitted on histories in business days.
    time : BusinessTime
        The pace of purchases, and the day that histories end on.

    Examples
    --------
    >>> from custlib.models.bgnbd import BGNBD
    >>> from custlib.models.forecasting import as_lifetime_model
    >>> model = as_lifetime_model(BGNBD(0.25, 31.0, 0.8, 2.4))
    >>> december = BusinessTime((0.9,) * 11 + (2.1,), dt.date(2025, 11, 30))
    >>> known = Histories.of(2, 200.0, 210.0)
    >>> [float(one.expected_purchases(known, 31)[0].round(3)) for one in (model, InBusinessTime(model, december))]
    [0.223, 0.494]
    """

    model: SingleModel
    time: BusinessTime

    @property
    def fitted(self) -> Any:
        """The parameters, with the evidence of the fit."""
        return self.model.fitted

    @property
    def label(self) -> str:
        """The name of the model."""
        return self.model.label

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of the parameters."""
        return self.model.parameters

    @property
    def values(self) -> Array:
        """The values of the parameters, in business days."""
        return self.model.values

    @property
    def log_likelihood(self) -> float | None:
        """The log-likelihood of the histories in business days."""
        return self.model.log_likelihood

    @property
    def customers(self) -> float | None:
        """How many customers the model was fitted to."""
        return self.model.customers

    @property
    def log_covariance(self) -> Array:
        """Covariance of the logarithms of the parameters; that of the index is not in it."""
        return self.model.log_covariance

    def restated(self, values: Array) -> "InBusinessTime":
        """Make the same model with other parameters."""
        restated = self.model.restated(values)
        assert isinstance(restated, SingleModel)
        return replace(self, model=restated)

    def can_have_left(self, histories: Histories) -> Bools:
        """Say which customers had an occasion to drop out."""
        return self.model.can_have_left(histories)

    def probability_alive(self, histories: Histories, after: float = 0.0) -> Array:
        """Compute the probability that a customer is active some time after T."""
        return self.model.probability_alive(self.time.histories(histories), float(self.time.passed(after)))

    def expected_purchases(self, histories: Histories, horizon: ArrayLike) -> Array:
        """Expect the purchases within a horizon."""
        return self.model.expected_purchases(self.time.histories(histories), self.time.passed(horizon))

    def squared_purchases(self, histories: Histories, horizon: ArrayLike) -> Array:
        """Expect the square of the purchases within a horizon."""
        return self.model.squared_purchases(self.time.histories(histories), self.time.passed(horizon))

    def probability_of_purchase(self, histories: Histories, horizon: ArrayLike) -> Array:
        """Compute the probability of at least one purchase within a horizon."""
        return self.model.probability_of_purchase(self.time.histories(histories), self.time.passed(horizon))

    def probability_of_return(self, histories: Histories) -> Array:
        """Compute the probability of at least one purchase in all time to come."""
        return self.model.probability_of_return(self.time.histories(histories))

    def discounted_purchases(self, histories: Histories, horizon: ArrayLike, rate: float) -> Array:
        """Expect the purchases within a horizon, each worth exp(-rate s) at T + s, s in calendar days.

        The model discounts in business days; what the calendar changes is added in steps of the horizon.
        """
        if rate == 0:
            return self.expected_purchases(histories, horizon)
        known, horizon = self.time.histories(histories), np.asarray(horizon, dtype=np.float64)
        total = self.model.discounted_purchases(known, self.time.passed(horizon), rate)
        before = np.zeros(known.size)
        for step in range(_STEPS):
            begin, middle, end = (self.time.passed(horizon * (step + part) / _STEPS) for part in (0.0, 0.5, 1.0))
            until = self.model.expected_purchases(known, end)
            moved = np.exp(-rate * horizon * (step + 0.5) / _STEPS) - np.exp(-rate * (begin + 2 * middle + end) / 4)
            total, before = total + (until - before) * moved, until
        return total

    def residual_transactions(self, histories: Histories, rate: float) -> Array:
        """Expect the discounted purchases in all time to come: a year by the calendar, and all later ones."""
        known = self.time.histories(histories)
        year = float(self.time.passed(_YEAR))
        later = self.model.residual_transactions(known, rate) - self.model.discounted_purchases(known, year, rate)
        return self.discounted_purchases(histories, _YEAR, rate) + later * np.exp(-rate * self.time.mean_lag)

    def lasting_purchases(self, histories: Histories) -> Array:
        """Expect the purchases in all time to come, not discounted."""
        return self.model.lasting_purchases(self.time.histories(histories))

    def residual_pairs(self, histories: Histories, rate: float) -> Array:
        """Expect the product of the discounts, over all ordered pairs of different purchases, in business time."""
        return self.model.residual_pairs(self.time.histories(histories), rate)

    def purchase_moments(self, histories: Histories, horizon: ArrayLike) -> Moments:
        """Compute the moments of the purchases within a horizon."""
        return self.model.purchase_moments(self.time.histories(histories), self.time.passed(horizon))

    def residual_moments(self, histories: Histories, rate: float) -> Moments:
        """Compute the moments of the discounted purchases in all time to come; the second ones are scaled."""
        moments = self.model.residual_moments(self.time.histories(histories), rate)
        mean = self.residual_transactions(histories, rate)
        scale = np.divide(mean, moments.mean, out=np.ones_like(mean), where=moments.mean > 0) ** 2
        return Moments(mean, moments.square * scale, moments.variance * scale)

    def simulate(self, histories: Histories, horizon: float, futures: int, random: np.random.Generator) -> Array:
        """Simulate purchases within a horizon, so many futures of each customer, shape (n, futures)."""
        days = float(self.time.passed(horizon))
        return self.model.simulate(self.time.histories(histories), days, futures, random)


def seen_on(model: LifetimeModel, end: dt.date) -> LifetimeModel:
    """Make the same model, or average, for histories that end on another day; in calendar time the day is no matter.

    Examples
    --------
    >>> from custlib.models.bgnbd import BGNBD
    >>> from custlib.models.forecasting import as_lifetime_model
    >>> model = as_lifetime_model(BGNBD(0.25, 31.0, 0.8, 2.4))
    >>> seen_on(model, dt.date(2025, 11, 30)) is model
    True
    """
    if isinstance(model, ModelAverage):
        return ModelAverage(tuple((weight, seen_on(part, end)) for weight, part in model.parts))
    return replace(model, time=replace(model.time, end=end)) if isinstance(model, InBusinessTime) else model
