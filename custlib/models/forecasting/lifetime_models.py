"""What every lifetime model can say of the purchases to come: one protocol for single models and for averages of them.

Reads `Histories`, frequency, recency and T of customers or of cells of equal customers; returns one number for each.
Whatever meets the protocol can stand behind a forecast.

A customer is active in one of a few states: one for most models, the ticks of the clock for regular buyers. What is
expected of an active customer depends on frequency and T alone and is computed once for each distinct pair; recency
enters through the probabilities of the states (`SingleModel`).
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from custlib.errors import UsageError
from custlib.models.cells import Array, Ints, rank_rows, read_customers

Bools = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Histories:
    """Purchase histories of customers, or of cells of equal customers, checked once.

    Attributes
    ----------
    frequency, recency, T : ndarray, shape (n,)
        Repeat purchase days, first to last purchase, and first purchase to the end of observation.

    Examples
    --------
    >>> Histories.of([0, 2], [0, 30.43], 38.86).size
    2
    """

    frequency: Array
    recency: Array
    T: Array

    @classmethod
    def of(cls, frequency: ArrayLike, recency: ArrayLike, T: ArrayLike) -> Self:
        """Check columns, which broadcast; raise a TableError that names every fault."""
        x, T, recency = read_customers(frequency, T, recency)
        return cls(x.ravel(), recency.ravel(), T.ravel())

    @property
    def size(self) -> int:
        """How many histories there are."""
        return self.frequency.size

    @property
    def rows(self) -> Array:
        """The three columns as rows, shape (3, n)."""
        return np.stack([self.frequency, self.recency, self.T])

    @cached_property
    def exposures(self) -> tuple[Array, Array, Ints]:
        """The distinct pairs of frequency and T, and the place of each history among them."""
        (x, T), places = rank_rows([self.frequency, self.T])
        return x, T, places


class Moments(NamedTuple):
    """First and second moments of what each customer brings.

    ``variance`` is that within a model, averaged over the models: of a single one it is ``square - mean**2``. The
    spread between models is common to all customers and belongs to totals: `custlib.models.forecasting.totals`.
    """

    mean: Array
    square: Array
    variance: Array


class LifetimeModel(ABC):
    """A fitted model, or an average of several, as a source of forecasts.

    A horizon is a number of time units, or one for each history. All forecasts count customers who have dropped out
    as buying nothing: they are not conditional on being active unless they say so.
    """

    @property
    @abstractmethod
    def label(self) -> str:
        """The name of the model."""

    @property
    @abstractmethod
    def parameters(self) -> tuple[str, ...]:
        """The names of the parameters."""

    @property
    @abstractmethod
    def values(self) -> Array:
        """The values of the parameters."""

    @property
    @abstractmethod
    def log_likelihood(self) -> float | None:
        """The log-likelihood where the model was fitted."""

    @property
    @abstractmethod
    def customers(self) -> float | None:
        """How many customers the model was fitted to."""

    @property
    @abstractmethod
    def log_covariance(self) -> Array:
        """Covariance of the logarithms of the parameters; 0 for what is unknown or not identified."""

    @property
    def parameter_count(self) -> int:
        """How many parameters were fitted."""
        return len(self.parameters)

    @property
    def members(self) -> tuple[tuple[float, "LifetimeModel"], ...]:
        """The single models behind the forecasts with their weights, which sum to 1."""
        return ((1.0, self),)

    @abstractmethod
    def restated(self, values: Array) -> "LifetimeModel":
        """Make the same model with other parameters."""

    @abstractmethod
    def can_have_left(self, histories: Histories) -> Bools:
        """Say which customers had an occasion to drop out: without one P(alive) is 1, which is no measurement."""

    @abstractmethod
    def probability_alive(self, histories: Histories, after: float = 0.0) -> Array:
        """Compute the probability that a customer is active some time after T, now by default."""

    @abstractmethod
    def expected_purchases(self, histories: Histories, horizon: ArrayLike) -> Array:
        """Expect the purchases within a horizon."""

    @abstractmethod
    def squared_purchases(self, histories: Histories, horizon: ArrayLike) -> Array:
        """Expect the square of the purchases within a horizon."""

    @abstractmethod
    def probability_of_purchase(self, histories: Histories, horizon: ArrayLike) -> Array:
        """Compute the probability of at least one purchase within a horizon."""

    @abstractmethod
    def probability_of_return(self, histories: Histories) -> Array:
        """Compute the probability of at least one purchase in all time to come."""

    @abstractmethod
    def discounted_purchases(self, histories: Histories, horizon: ArrayLike, rate: float) -> Array:
        """Expect the purchases within a horizon, each worth exp(-rate s) at T + s."""

    @abstractmethod
    def residual_transactions(self, histories: Histories, rate: float) -> Array:
        """Expect the discounted purchases in all time to come (DERT); the rate is above 0."""

    @abstractmethod
    def lasting_purchases(self, histories: Histories) -> Array:
        """Expect the purchases in all time to come, not discounted; infinite where too many stay for ever."""

    @abstractmethod
    def residual_pairs(self, histories: Histories, rate: float) -> Array:
        """Expect the product of the discounts, over all ordered pairs of different purchases in all time to come."""

    @abstractmethod
    def purchase_moments(self, histories: Histories, horizon: ArrayLike) -> Moments:
        """Compute the moments of the purchases within a horizon."""

    @abstractmethod
    def residual_moments(self, histories: Histories, rate: float) -> Moments:
        """Compute the moments of the discounted purchases in all time to come."""


class SingleModel(LifetimeModel):
    """One fitted model: what is expected of an active customer in each state, times the chance of that state.

    The functions of frequency, T and horizon return one number for each entry, with a first axis for the states where
    there are several.
    """

    fitted: Any

    @abstractmethod
    def _states(self, histories: Histories) -> Array:
        """Compute the probabilities that a customer is active, and in each of the states, shape (states, n)."""

    @abstractmethod
    def _staying(self, x: Array, T: Array, t: Array) -> Array: ...

    @abstractmethod
    def _purchases(self, x: Array, T: Array, t: Array) -> Array: ...

    @abstractmethod
    def _squares(self, x: Array, T: Array, t: Array) -> Array: ...

    @abstractmethod
    def _any(self, x: Array, T: Array, t: Array) -> Array: ...

    @abstractmethod
    def _discounted(self, x: Array, T: Array, t: Array, rate: float) -> Array: ...

    @abstractmethod
    def _residual(self, x: Array, T: Array, rate: float) -> Array: ...

    @abstractmethod
    def _residual_pairs(self, x: Array, T: Array, rate: float) -> Array: ...

    @abstractmethod
    def _lasting_purchases(self, x: Array, T: Array) -> Array: ...

    @abstractmethod
    def _ever(self, x: Array, T: Array) -> Array: ...

    @abstractmethod
    def _simulated(self, x: Array, T: Array, state: Ints, t: float, random: np.random.Generator) -> Array: ...

    @property
    def values(self) -> Array:
        """The values of the parameters."""
        return np.array([getattr(self.fitted, name) for name in self.parameters])

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of the parameters."""
        names: tuple[str, ...] = self.fitted.parameters
        return names

    @property
    def log_likelihood(self) -> float | None:
        """The log-likelihood where the model was fitted."""
        value: float | None = self.fitted.log_likelihood
        return value

    @property
    def customers(self) -> float | None:
        """How many customers the model was fitted to."""
        return None if self.fitted.customers is None else float(self.fitted.customers)

    @property
    def log_covariance(self) -> Array:
        """Covariance of the logarithms of the parameters; 0 for what is unknown or not identified."""
        if self.fitted.log_covariance is not None:
            known: Array = self.fitted.log_covariance
            return known
        if self.fitted.covariance is None:
            return np.zeros((self.parameter_count, self.parameter_count))
        return np.nan_to_num(self.fitted.covariance / np.outer(self.values, self.values))

    def probability_alive(self, histories: Histories, after: float = 0.0) -> Array:
        """Compute the probability that a customer is active some time after T."""
        states = self._states(histories)
        return states.sum(axis=0) if after == 0 else self._over(histories, states, self._staying, after)

    def expected_purchases(self, histories: Histories, horizon: ArrayLike) -> Array:
        """Expect the purchases within a horizon."""
        return self._over(histories, self._states(histories), self._purchases, horizon)

    def squared_purchases(self, histories: Histories, horizon: ArrayLike) -> Array:
        """Expect the square of the purchases within a horizon."""
        return self._over(histories, self._states(histories), self._squares, horizon)

    def probability_of_purchase(self, histories: Histories, horizon: ArrayLike) -> Array:
        """Compute the probability of at least one purchase within a horizon."""
        return self._over(histories, self._states(histories), self._any, horizon)

    def probability_of_return(self, histories: Histories) -> Array:
        """Compute the probability of at least one purchase in all time to come."""
        x, T, places = histories.exposures
        return self.probability_alive(histories) * self._ever(x, T)[places]

    def discounted_purchases(self, histories: Histories, horizon: ArrayLike, rate: float) -> Array:
        """Expect the purchases within a horizon, each worth exp(-rate s) at T + s."""
        if rate == 0:
            return self.expected_purchases(histories, horizon)
        return self._over(histories, self._states(histories), lambda x, T, t: self._discounted(x, T, t, rate), horizon)

    def residual_transactions(self, histories: Histories, rate: float) -> Array:
        """Expect the discounted purchases in all time to come."""
        return self._lasting(histories, self._states(histories), self._residual, rate)

    def lasting_purchases(self, histories: Histories) -> Array:
        """Expect the purchases in all time to come, not discounted."""
        return self.probability_alive(histories) * self._lasting_purchases(histories.frequency, histories.T)

    def residual_pairs(self, histories: Histories, rate: float) -> Array:
        """Expect the product of the discounts, over all ordered pairs of different purchases to come."""
        return self._lasting(histories, self._states(histories), self._residual_pairs, rate)

    def purchase_moments(self, histories: Histories, horizon: ArrayLike) -> Moments:
        """Compute the moments of the purchases within a horizon."""
        states = self._states(histories)
        mean, square = (self._over(histories, states, part, horizon) for part in (self._purchases, self._squares))
        return Moments(mean, square, np.maximum(square - mean**2, 0.0))

    def residual_moments(self, histories: Histories, rate: float) -> Moments:
        """Compute the moments of the discounted purchases in all time to come."""
        states = self._states(histories)
        mean, own = (self._lasting(histories, states, self._residual, discount) for discount in (rate, 2 * rate))
        square = own + self._lasting(histories, states, self._residual_pairs, rate)
        return Moments(mean, square, np.maximum(square - mean**2, 0.0))

    def simulate(self, histories: Histories, horizon: float, futures: int, random: np.random.Generator) -> Array:
        """Simulate purchases within a horizon, so many futures of each customer, shape (n, futures)."""
        shares = self._states(histories).cumsum(axis=0)
        drawn = random.random((histories.size, futures))
        state = (drawn > shares[:, :, None]).sum(axis=0)  # the last one: dropped out
        x, T = (np.broadcast_to(column[:, None], drawn.shape) for column in (histories.frequency, histories.T))
        bought = self._simulated(x, T, np.minimum(state, len(shares) - 1), horizon, random)
        return np.where(state < len(shares), bought, 0.0)

    def _over(
        self, histories: Histories, states: Array, function: Callable[[Array, Array, Array], Array], horizon: ArrayLike
    ) -> Array:
        """Average over the states what is expected within a horizon."""
        horizon = np.asarray(horizon, dtype=np.float64)
        if not (horizon >= 0).all():
            raise UsageError(f"a horizon must be at least 0, got {float(horizon.min())}.")
        if horizon.ndim:
            return _mixed(states, function(histories.frequency, histories.T, horizon))
        x, T, places = histories.exposures
        return _mixed(states, function(x, T, np.full(x.shape, horizon))[..., places])

    def _lasting(
        self, histories: Histories, states: Array, function: Callable[[Array, Array, float], Array], rate: float
    ) -> Array:
        """Average over the states what is expected in all time to come."""
        if not rate > 0:
            raise UsageError(f"rate must be above 0, got {rate}: undiscounted, purchases to come have no finite value.")
        x, T, places = histories.exposures
        return _mixed(states, function(x, T, rate)[..., places])


def _mixed(states: Array, values: Array) -> Array:
    """Add up over the states."""
    result: Array = (states * values).sum(axis=0)
    return result
