"""The integrals of the BG/NBD and MBG/NBD models, for columns that are already checked.

The private twins of `bgnbd_forecast` and `bgnbd_discount`. Every expectation is an integral of positive
terms over the drop-out probability p ~ Beta(a, b + k) after k occasions to drop out, which holds for all
parameters, where the textbook hypergeometric form overflows or cancels. With u = t / (alpha + T) and rho = r + x:

- expected purchases N: the mean of ``(1 - (1 + p u)**(-rho)) / p``;
- their pairs, E N (N - 1): the mean of ``2 (1 - p) / p**2 (1 - (1 + p u)**(-rho) (1 + rho p u / (1 + p u)))``;
- discounted: the mean of ``rho u (1 + p u s)**(-rho - 1) exp(-delta t s)`` over 0 < s < 1 and p.

Both depend on x, u and delta t only: each distinct combination is computed once.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import special

from custlib.models.bgnbd_model import BetaGeometricNBD
from custlib.models.cells import rank_rows
from custlib.models.quadrature import (
    FAR_NODES,
    NEAR_LIMIT,
    NEAR_NODES,
    beta_nodes,
    horizon_nodes,
    interpolate_positive,
)

Array = NDArray[np.float64]

_BLOCK = 131_072  # numbers per block: it stays in the cache, and memory stays small
_NEARLY_NONE = 1e-3
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

    def evaluate(x: Array, u: Array, discount: Array) -> Array:
        return _over_groups(lambda x, u, d: _over_time(model, x, u, d), x, u, discount)

    return _by_distinct(evaluate, x, u, discount)


def residual_if_alive(model: BetaGeometricNBD, delta: Array, x: Array, T: Array) -> Array:
    """Twin of `residual_transactions_if_alive`: the horizon is so long that nothing is left beyond."""
    u = _FOREVER / delta / (model.alpha + T)
    return discounted_if_alive(model, x, u, np.full(u.shape, _FOREVER))


def _by_distinct(function: Callable[..., Array], *columns: Array) -> Array:
    """Evaluate on distinct rows only, near and far horizons apart; u is the second column."""
    rows, back = rank_rows([column.ravel() for column in columns])
    result = np.empty(rows[1].size)
    near = rows[1] <= NEAR_LIMIT
    for part in (near, ~near):
        if part.any():
            result[part] = function(*(row[part] for row in rows))
    return result[back].reshape(columns[0].shape)


def _over_groups(function: Callable[..., Array], x: Array, u: Array, discount: Array) -> Array:
    """Evaluate for each (x, discount): as a function of log u it is smooth, so a table will do."""
    result = np.zeros_like(u)
    some = np.flatnonzero(u > 0)
    order = some[np.lexsort((discount[some], x[some]))]
    change = (np.diff(x[order]) != 0) | (np.diff(discount[order]) != 0)
    for rows in np.split(order, np.flatnonzero(change) + 1) if order.size else []:

        def evaluate(at: Array, group: tuple[Array, Array] = (x[rows[0]], discount[rows[0]])) -> Array:
            return function(np.full(at.size, group[0]), at, np.full(at.size, group[1]))

        result[rows] = interpolate_positive(evaluate, u[rows])
    return result


def _nodes_for(model: BetaGeometricNBD, x: Array, u: Array) -> tuple[Array, Array, NDArray[np.intp]]:
    """Nodes for the distinct frequencies, and which row of them each customer takes."""
    distinct, which = np.unique(x, return_inverse=True)
    count = NEAR_NODES if u.max() <= NEAR_LIMIT else FAR_NODES
    return *beta_nodes(model.a, model.b + model.occasions(distinct), count=count), which


def _over_dropout(count: Callable[..., Array], model: BetaGeometricNBD, x: Array, u: Array) -> Array:
    """Average over p what is counted given p, block by block."""
    result = np.empty_like(u)
    order = np.argsort(x, kind="stable")
    for rows in np.array_split(order, u.size * FAR_NODES // _BLOCK + 1):
        p, weights, which = _nodes_for(model, x[rows], u[rows])
        counted = count(p[which], model.r + x[rows, None], u[rows, None])
        result[rows] = (counted * weights[which]).sum(axis=1)
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


def _over_time(model: BetaGeometricNBD, x: Array, u: Array, discount: Array) -> Array:
    """Discounted purchases: rho u times the integral of exp(-discount s) (1 + p u s)**(-rho - 1)."""
    result = np.empty_like(u)
    for rows in np.array_split(np.arange(u.size), u.size * FAR_NODES * 64 // _BLOCK // 4 + 1):
        p, weights, which = _nodes_for(model, x[rows], u[rows])
        rho, horizon, fade = model.r + x[rows], u[rows], discount[rows]
        mean_p = model.a / (model.a + model.b + model.occasions(x[rows]))
        s, ds = horizon_nodes(fade + horizon * (1 + (rho + 1) * mean_p))
        reach = (s * horizon[:, None])[:, :, None] * p[which][:, None, :]
        still = np.exp(-(rho + 1)[:, None, None] * np.log1p(reach))
        over_p = (still @ weights[which][:, :, None])[:, :, 0]
        result[rows] = rho * horizon * (over_p * ds * np.exp(-fade[:, None] * s)).sum(axis=1)
    return result
