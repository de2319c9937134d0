"""Pareto/NBD models as sources of forecasts.

Given that a customer is active at T, the purchase rate is ~ Gamma(rho = r + x, A = alpha + T) and the drop-out rate
~ Gamma(s, B = beta + T), one independent of the other (Schmittlein, Morrison and Colombo 1987), so that the customer
is still there after u with the chance S(u) = (1 + u / B)**(-s). What comes within t is then an integral over time:

- purchases N: ``rho / A int S(u) du``, elementary;
- their pairs, E N (N - 1): ``rho (rho + 1) / A**2  2 int u S(u) du``;
- any purchase: ``rho / A int (1 + u / A)**(-rho - 1) S(u) du``, the first comes at u;
- discounted purchases: ``rho / A int exp(-delta u) S(u) du``;
- their pairs: ``rho (rho + 1) / A**2  2 int exp(-delta u) S(u) (1 - exp(-delta u)) / delta du``.

The terms are positive and crowd near 0: Gauss-Legendre in the logarithm of time.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from custlib.models.cells import Array, Ints
from custlib.models.forecasting.lifetime_models import Bools, Histories, SingleModel
from custlib.models.paretonbd import ParetoNBD, probability_alive
from custlib.models.quadrature import beta_nodes, horizon_nodes

_NODES = 72
_BETA_NODES = 200
_TINY, _MOST_EXPECTED = 1e-300, 1e9  # what can be drawn from
_BLOCK = 1_000  # rows at a time: they stay in the cache
_FOREVER = 41.0  # in units of 1 / delta: exp(-41) = 2e-18 of the value lies beyond


@dataclass(frozen=True)
class ParetoForecast(SingleModel):
    """A Pareto/NBD model.

    Examples
    --------
    >>> model, one = ParetoForecast(ParetoNBD(0.55, 10.58, 0.61, 11.67)), Histories.of(2, 30.43, 38.86)
    >>> model.expected_purchases(one, 39).round(3)
    array([1.45])
    """

    fitted: ParetoNBD

    @property
    def label(self) -> str:
        """The name of the model."""
        return self.fitted.label

    def restated(self, values: Array) -> "ParetoForecast":
        """Make the same model with other parameters."""
        return ParetoForecast(ParetoNBD(*values.tolist()))

    def can_have_left(self, histories: Histories) -> Bools:
        """Say which customers were observed for some time: they may leave at any time."""
        result: Bools = histories.T > 0
        return result

    def _states(self, histories: Histories) -> Array:
        return probability_alive(self.fitted, histories.frequency, histories.recency, histories.T)[None]

    def _rate(self, x: Array, T: Array) -> Array:
        """Expect the purchase rate of an active customer."""
        return (self.fitted.r + x) / (self.fitted.alpha + T)

    def _rate_pairs(self, x: Array, T: Array) -> Array:
        """Expect the square of the purchase rate of an active customer."""
        return self._rate(x, T) * (self.fitted.r + x + 1) / (self.fitted.alpha + T)

    def _staying(self, x: Array, T: Array, t: Array) -> Array:
        result: Array = np.exp(-self.fitted.s * np.log1p(t / (self.fitted.beta + T)))
        return result

    def _purchases(self, x: Array, T: Array, t: Array) -> Array:
        end, power = np.log1p(t / (self.fitted.beta + T)), self.fitted.s - 1
        span = end if power == 0 else -np.expm1(-power * end) / power
        return self._rate(x, T) * (self.fitted.beta + T) * span

    def _squares(self, x: Array, T: Array, t: Array) -> Array:
        pairs = 2 * self._over_time(lambda u, T: u, T, t)
        return self._purchases(x, T, t) + self._rate_pairs(x, T) * pairs

    def _any(self, x: Array, T: Array, t: Array) -> Array:
        silent, scale = self.fitted.r + x + 1, self.fitted.alpha + T
        columns = np.stack([silent, scale])
        chance = self._over_time(lambda u, own: np.exp(-own[0] * np.log1p(u / own[1])), T, t, columns, silent / scale)
        return np.minimum(self._rate(x, T) * chance, 1.0)

    def _discounted(self, x: Array, T: Array, t: Array, rate: float) -> Array:
        return self._rate(x, T) * self._over_time(lambda u, T: np.exp(-rate * u), T, t, fall=rate)

    def _residual(self, x: Array, T: Array, rate: float) -> Array:
        return self._discounted(x, T, np.full(T.shape, _FOREVER / rate), rate)

    def _lasting_purchases(self, x: Array, T: Array) -> Array:
        s = self.fitted.s
        return self._rate(x, T) * (self.fitted.beta + T) / (s - 1) if s > 1 else np.full(x.shape, np.inf)

    def _ever(self, x: Array, T: Array) -> Array:
        # the purchase comes before the drop-out: w = P / (P + D) ~ Beta(rho, s) for the rates P / A and D / B
        w, chances = beta_nodes(self.fitted.s, self.fitted.r + x, count=_BETA_NODES)
        late, early = w * (self.fitted.alpha + T)[:, None], (1 - w) * (self.fitted.beta + T)[:, None]
        result: Array = (chances * early / (early + late)).sum(axis=1)
        return result

    def _simulated(self, x: Array, T: Array, state: Ints, t: float, random: np.random.Generator) -> Array:
        model = self.fitted
        rate = random.gamma(model.r + x, 1 / (model.alpha + T))
        leaving = random.gamma(np.full(T.shape, model.s), 1 / (model.beta + T))
        stays = np.minimum(random.exponential(size=T.shape) / np.maximum(leaving, _TINY), t)
        return random.poisson(np.minimum(rate * stays, _MOST_EXPECTED)).astype(np.float64)

    def _residual_pairs(self, x: Array, T: Array, rate: float) -> Array:
        end = np.full(T.shape, _FOREVER / rate)
        pairs = self._over_time(lambda u, T: np.exp(-rate * u) * -np.expm1(-rate * u), T, end, fall=rate)
        return self._rate_pairs(x, T) * 2 * pairs / rate

    def _over_time(
        self, weigh: Callable[[Array, Array], Array], T: Array, t: Array, own: Array | None = None,
        fall: Array | float = 0.0,
    ) -> Array:  # fmt: skip
        """Integrate S(u) times a weight over 0 < u < t; the weight falls by about ``fall`` per unit of time at first.

        The weight takes u and its own columns, by default T.
        """
        scale, result = self.fitted.beta + T, np.empty(T.size)
        own = T[None] if own is None else own
        crowding = np.maximum(t * (self.fitted.s / scale + fall), 1e-8)
        for part in (slice(start, start + _BLOCK) for start in range(0, T.size, _BLOCK)):
            s, ds = horizon_nodes(crowding[part], count=_NODES)
            u = s * t[part, None]
            still = np.exp(-self.fitted.s * np.log1p(u / scale[part, None]))
            result[part] = t[part] * (ds * still * weigh(u, own[:, part, None])).sum(axis=1)
        return result
