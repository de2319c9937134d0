"""The integrals of the BG/NBD and MBG/NBD models, for columns that are already checked.

The private twins of `bgnbd_forecast` and `bgnbd_discount`. Every expectation is an integral of positive
terms over the drop-out probability p ~ Beta(a, b + k) after k occasions to drop out, which holds for all
parameters, where the textbook hypergeometric form overflows or cancels. With u = t / (alpha + T) and rho = r + x:

- expected purchases N: the mean of ``(1 - (1 + p u)**(-rho)) / p``;
- their pairs, E N (N - 1): the mean of ``2 (1 - p) / p**2 (1 - (1 + p u)**(-rho) (1 + rho p u / (1 + p u)))``;
- discounted: the mean of ``rho u (1 + p u s)**(-rho - 1) exp(-delta t s)`` over 0 < s < 1 and p;
- their pairs: that of ``2 (1 - p) rho (rho + 1) u**2 (1 + p u s)**(-rho - 2) exp(-delta t s) (1 - exp(-delta t s)) /
  (delta t)``.

Both depend on x, u and delta t only: each distinct combination is computed once.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import special

from custlib.models.bgnbd_model import BetaGeometricNBD
from custlib.models.cells import rank_rows
from custlib.models.quadrature import (
    REACHES,
    beta_nodes,
    horizon_nodes,
    interpolate_positive,
)

Array = NDArray[np.float64]

_Kernel = Callable[[Array, Array, Array, Array, Array], tuple[Array, Array, Array]]

_BLOCK = 131_072  # numbers per block: it stays in the cache, and memory stays small
_NEARLY_NONE = 1e-3  # p u (rho + 3) below which so few drop out that their number cancels
_FOREVER = 41.0  # in units of 1 / delta: exp(-41) = 2e-18 of the value lies beyond


def alive_probability(model: BetaGeometricNBD, x: Array, recency: Array, T: Array) -> Array:
    """Twin of `probability_alive` for checked columns."""
    occasions = model.occasions(x)
    silence = np.log1p((T - recency) / (model.alpha + recency))
    log_odds = np.log(model.b + (np.maximum(occasions, 1) - 1)) - np.log(model.a) - (model.r + x) * silence
    return np.where(occasions > 0, special.expit(log_odds), 1.0)


def expected_if_alive(model: BetaGeometricNBD, x: Array, u: Array) -> Array:
    """Twin of `expected_purchases_if_alive`; u = t / (alpha + T)."""
    return _by_distinct(lambda x, u: _over_dropout(_purchases, model, x, u), x, u)


def pairs_if_alive(model: BetaGeometricNBD, x: Array, u: Array) -> Array:
    """Expect N (N - 1) of the purchases N; u = t / (alpha + T)."""
    return _by_distinct(lambda x, u: _over_dropout(_pairs, model, x, u), x, u)


def discounted_if_alive(model: BetaGeometricNBD, x: Array, u: Array, discount: Array) -> Array:
    """Twin of `discounted_purchases_if_alive`; discount = delta t."""
    return _discounted(_once, model, x, u, discount)


def residual_if_alive(model: BetaGeometricNBD, delta: Array, x: Array, T: Array) -> Array:
    """Twin of `residual_transactions_if_alive`: the horizon is so long that nothing is left beyond."""
    return _residual(_once, model, delta, x, T)


def residual_pairs_if_alive(model: BetaGeometricNBD, delta: Array, x: Array, T: Array) -> Array:
    """Expect the discounts of both, over all pairs of different purchases in all time to come."""
    return _residual(_both, model, delta, x, T)


def _residual(kernel: _Kernel, model: BetaGeometricNBD, delta: Array, x: Array, T: Array) -> Array:
    u = _FOREVER / delta / (model.alpha + T)
    return _discounted(kernel, model, x, u, np.full(u.shape, _FOREVER))


def _discounted(kernel: _Kernel, model: BetaGeometricNBD, x: Array, u: Array, discount: Array) -> Array:
    """Evaluate for each (x, discount): as a function of log u it is smooth, so a table will do."""

    def evaluate(x: Array, u: Array, discount: Array) -> Array:
        result, some = np.zeros_like(u), np.flatnonzero(u > 0)
        groups, which = rank_rows([x[some], discount[some]])
        result[some] = interpolate_positive(
            lambda at, group: _over_time(kernel, model, groups[0][group], at, groups[1][group]), u[some], which
        )
        return result

    return _by_distinct(evaluate, x, u, discount)


def _by_distinct(function: Callable[..., Array], *columns: Array) -> Array:
    """Evaluate on distinct rows only, near and far horizons apart, as they need nodes; u is the second column."""
    rows, back = rank_rows([column.ravel() for column in columns])
    result = np.empty(rows[1].size)
    reach = np.searchsorted([limit for limit, _ in REACHES], rows[1])
    for part in (reach == place for place in range(len(REACHES))):
        if part.any():
            result[part] = function(*(row[part] for row in rows))
    return result[back].reshape(columns[0].shape)


def _nodes_for(model: BetaGeometricNBD, x: Array, u: Array) -> tuple[Array, Array, NDArray[np.intp]]:
    """Nodes for the distinct frequencies, and which row of them each customer takes."""
    distinct, which = np.unique(x, return_inverse=True)
    count = next(nodes for limit, nodes in REACHES if u.max(initial=0.0) <= limit)
    return *beta_nodes(model.a, model.b + model.occasions(distinct), count=count), which


def _over_dropout(count: Callable[..., Array], model: BetaGeometricNBD, x: Array, u: Array) -> Array:
    """Average over p what is counted given p, block by block."""
    result = np.empty_like(u)
    p, weights, which = _nodes_for(model, x, u)
    for rows in np.array_split(np.arange(u.size), u.size * p.shape[1] // _BLOCK + 1):
        counted = count(p[which[rows]], model.r + x[rows, None], u[rows, None])
        result[rows] = (counted * weights[which[rows]]).sum(axis=1)
    return result


def _purchases(p: Array, rho: Array, u: Array) -> Array:
    reach = p * u
    limit = reach * (rho + 1) < 1e-18  # also where p has underflown to 0
    return np.where(limit, rho * u, -np.expm1(-rho * np.log1p(reach)) / np.where(limit, 1.0, p))


def _pairs(p: Array, rho: Array, u: Array) -> Array:
    """Where nearly nobody drops out the difference is taken by its series, which is good to 1e-8 there."""
    reach = p * u
    limit = reach * (rho + 3) < _NEARLY_NONE
    series = rho * (rho + 1) * u**2 * (1 - (rho + 2) * reach * (2 / 3 - (rho + 3) * reach / 4))
    missed = 1 - np.exp(-rho * np.log1p(reach)) * (1 + rho * reach / (1 + reach))
    return (1 - p) * np.where(limit, series, 2 * missed / np.where(limit, 1.0, p) ** 2)


def _over_time(kernel: _Kernel, model: BetaGeometricNBD, x: Array, u: Array, discount: Array) -> Array:
    """Integrate over time and average over p, block by block."""
    result = np.empty_like(u)
    p, weights, which = _nodes_for(model, x, u)
    rho = model.r + x
    s, ds = horizon_nodes(discount + u * (1 + (rho + 1) * (p * weights).sum(axis=1)[which]))
    for rows in np.array_split(np.arange(u.size), u.size * p.shape[1] * s.shape[1] // _BLOCK // 4 + 1):
        own = which[rows]
        power, weigh, times = kernel(p[own], rho[rows, None], u[rows, None], discount[rows, None], s[rows])
        reach = (s[rows] * u[rows, None])[:, :, None] * p[own][:, None, :]
        still = np.exp(-power[:, :, None] * np.log1p(reach))
        over_p = (still @ (weights[own] * weigh)[:, :, None])[:, :, 0]
        result[rows] = (over_p * ds[rows] * times * np.exp(-discount[rows, None] * s[rows])).sum(axis=1)
    return result


def _once(p: Array, rho: Array, u: Array, discount: Array, s: Array) -> tuple[Array, Array, Array]:
    """Each purchase: the power of what is left of a customer, a weight by p, and a factor by time."""
    return rho + 1, np.ones_like(p), rho * u


def _both(p: Array, rho: Array, u: Array, discount: Array, s: Array) -> tuple[Array, Array, Array]:
    """Each purchase with all that are before it, whose time is integrated already."""
    return rho + 2, 1 - p, 2 * rho * (rho + 1) * u**2 * -np.expm1(-discount * s) / discount
