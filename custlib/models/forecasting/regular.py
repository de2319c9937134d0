"""Models of regular buyers as sources of forecasts; the model is in `custlib.models.regularnbd`.

Given that a customer is active and the clock stands at tick j, the purchase rate is ~ Gamma(r + k x + j, alpha + T) and
the drop-out probability p ~ Beta(a, b + occasions). Purchases within t are sums over n of the chance that n k - j ticks
come in time. With a discount of delta, a gap is worth phi = (lambda / (lambda + delta))**k on average, the time to the
next purchase phi_j = (lambda / (lambda + delta))**(k - j), and with q = 1 - p all purchases to come

- ``phi_j / (1 - q phi)``; their pairs
- ``2 phi_j(2 delta) / (1 - q phi(2 delta))  q phi / (1 - q phi)``,

averaged over lambda and p. With k = 1 this is BG/NBD or MBG/NBD.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy import special

from custlib.models.cells import Array, Ints, rank_rows, rank_values
from custlib.models.forecasting.lifetime_models import Bools, Histories, SingleModel
from custlib.models.quadrature import beta_nodes, gamma_nodes, horizon_nodes, interpolate_positive
from custlib.models.regularnbd import RegularNBD, sum_over_purchases, tick_shares

_NODES = 200  # over p
_BLOCK = 131_072  # numbers at a time: they stay in the cache
_TINY = 1e-300
_LEAST_DROP, _MOST_EXPECTED = 1e-12, 1e9  # what can be drawn from
_Weight = Callable[[int, Array], Array]
_Worth = Callable[[int, int, Array, Array], Array]


@dataclass(frozen=True)
class RegularForecast(SingleModel):
    """A BG/CNBD-k or MBG/CNBD-k model.

    Examples
    --------
    >>> from custlib.models.bgnbd import BGNBD
    >>> model = RegularForecast(RegularNBD(1, BGNBD, 0.243, 4.414, 0.793, 2.426))
    >>> model.expected_purchases(Histories.of(2, 30.43, 38.86), 39).round(3)
    array([1.226])
    """

    fitted: RegularNBD

    @property
    def label(self) -> str:
        """The name of the model with its k."""
        return self.fitted.name

    def restated(self, values: Array) -> "RegularForecast":
        """Make the same model with other parameters."""
        return RegularForecast(RegularNBD(self.fitted.k, self.fitted.kind, *values.tolist()))

    def can_have_left(self, histories: Histories) -> Bools:
        """Say which customers had an occasion to drop out: a repeat purchase, in MBG/CNBD-k the first one too."""
        result: Bools = self.fitted.kind.occasions(histories.frequency) > 0
        return result

    def _states(self, histories: Histories) -> Array:
        return tick_shares(self.fitted, histories.rows)

    def _staying(self, x: Array, T: Array, t: Array) -> Array:
        # each purchase may be the last: p given that the customer stayed for it has the mean a / (a + b + k)
        return 1 - self._by_tick(lambda n, stays: self.fitted.a / (self.fitted.a + stays), x, T, t)

    def _purchases(self, x: Array, T: Array, t: Array) -> Array:
        return self._by_tick(lambda n, stays: np.ones_like(stays), x, T, t)

    def _squares(self, x: Array, T: Array, t: Array) -> Array:
        # E N^2 is the sum over n of (2 n - 1) P(N >= n)
        return self._by_tick(lambda n, stays: np.full_like(stays, 2 * n - 1), x, T, t)

    def _any(self, x: Array, T: Array, t: Array) -> Array:
        k, reach = self.fitted.k, t / (self.fitted.alpha + T + t)
        shape = self.fitted.r + k * x
        return np.stack([special.betainc(k - tick, shape + tick, reach) for tick in range(k)])

    def _by_tick(self, weigh: _Weight, x: Array, T: Array, t: Array) -> Array:
        """Add up weights of the purchases within t at each tick, through tables in u = t / (alpha + T)."""
        u = t / (self.fitted.alpha + T)
        return np.stack([_tabulated(partial(self._sum, weigh, tick), u, x) for tick in range(self.fitted.k)])

    def _sum(self, weigh: _Weight, tick: int, u: Array, x: Array) -> Array:
        return sum_over_purchases(self.fitted, x, u, tick, weigh)

    def _discounted(self, x: Array, T: Array, t: Array, rate: float) -> Array:
        u = t / (self.fitted.alpha + T)
        return np.stack([_tabulated(partial(self._by_parts, tick), u, x, rate * t) for tick in range(self.fitted.k)])

    def _by_parts(self, tick: int, u: Array, x: Array, discount: Array) -> Array:
        """Integrate the discount times the purchases expected in each shorter time; add those of the whole time."""
        count = partial(self._sum, lambda n, stays: np.ones_like(stays), tick)
        s, ds = horizon_nodes(1 + discount + u * (self.fitted.r + self.fitted.k * (x + 1)))
        shorter = _tabulated(count, (s * u[:, None]).ravel(), np.repeat(x, s.shape[1])).reshape(s.shape)
        lost = discount[:, None] * np.exp(-discount[:, None] * s) * ds
        return (lost * shorter).sum(axis=1) + np.exp(-discount) * count(u, x)

    def _residual(self, x: Array, T: Array, rate: float) -> Array:
        return self._over_customers(_all_to_come, x, rate * (self.fitted.alpha + T))

    def _lasting_purchases(self, x: Array, T: Array) -> Array:
        # E[1 / p] after so many occasions to drop out with probability p, wherever the clock stands
        a, b = self.fitted.a, self.fitted.b
        return (a + b + self.fitted.kind.occasions(x) - 1) / (a - 1) if a > 1 else np.full(x.shape, np.inf)

    def _ever(self, x: Array, T: Array) -> Array:
        return np.ones(x.shape)  # customers leave after a purchase only

    def _simulated(self, x: Array, T: Array, state: Ints, t: float, random: np.random.Generator) -> Array:
        model = self.fitted
        rate = random.gamma(model.r + model.k * x + state, 1 / (model.alpha + T))
        ticks = random.poisson(np.minimum(rate * t, _MOST_EXPECTED))
        drop = np.clip(random.beta(model.a, model.b + model.kind.occasions(x)), _LEAST_DROP, 1.0)
        bought: Array = np.minimum((state + ticks) // model.k, random.geometric(drop))
        return bought.astype(np.float64)

    def _residual_pairs(self, x: Array, T: Array, rate: float) -> Array:
        return self._over_customers(_pairs_to_come, x, rate * (self.fitted.alpha + T))

    def _over_customers(self, worth: _Worth, x: Array, discount: Array) -> Array:
        """Average over lambda and p for each frequency and tick, through tables in delta (alpha + T)."""
        counts, which = rank_values(x)
        dropout = beta_nodes(self.fitted.a, self.fitted.b + self.fitted.kind.occasions(counts), count=_NODES)
        ticks = range(self.fitted.k)
        return np.stack(
            [
                interpolate_positive(partial(self._averaged, worth, tick, counts, dropout), discount, which)
                for tick in ticks
            ]
        )

    def _averaged(
        self, worth: _Worth, tick: int, counts: Array, dropout: tuple[Array, Array], at: Array, group: Ints
    ) -> Array:
        """Average over lambda and p, block by block; ``at`` is delta (alpha + T), the group the frequency's place."""
        k = self.fitted.k
        paces, shares = gamma_nodes(self.fitted.r + k * counts + tick)
        result = np.empty(at.size)
        for rows in np.array_split(np.arange(at.size), at.size * paces.shape[1] * _NODES // _BLOCK + 1):
            own = group[rows]
            p, chances = (part[own][:, None] for part in dropout)
            values = worth(k, tick, at[rows, None] / np.maximum(paces[own], _TINY), p)
            result[rows] = (shares[own] * (values * chances).sum(axis=2)).sum(axis=1)
        return result


def _all_to_come(k: int, tick: int, discount: Array, p: Array) -> Array:
    """Value all purchases to come, given delta / lambda and p."""
    fall = np.log1p(discount)[:, :, None]
    return np.exp(-(k - tick) * fall) / _lost(k * fall, p)


def _pairs_to_come(k: int, tick: int, discount: Array, p: Array) -> Array:
    """Value all ordered pairs of different purchases to come, given delta / lambda and p."""
    fall, twice = np.log1p(discount)[:, :, None], np.log1p(2 * discount)[:, :, None]
    first = 2 * np.exp(-(k - tick) * twice) / _lost(k * twice, p)
    result: Array = first * ((1 - p) * np.exp(-k * fall) / _lost(k * fall, p))
    return result


def _lost(fall: Array, p: Array) -> Array:
    """Compute 1 - q phi from - ln phi, without cancellation: what is lost with each purchase, to time or drop-out."""
    result: Array = p * np.exp(-fall) - np.expm1(-fall)
    return result


def _tabulated(function: Callable[..., Array], u: Array, *others: Array) -> Array:
    """Evaluate a positive function that is smooth in log u, and 0 for u = 0, through a table for each of the others."""
    result, some = np.zeros_like(u), np.flatnonzero(u > 0)
    groups, which = rank_rows([column[some] for column in others])

    def positive(at: Array, group: Ints) -> Array:
        return np.maximum(function(at, *(values[group] for values in groups)), _TINY)

    result[some] = interpolate_positive(positive, u[some], which)
    return result
