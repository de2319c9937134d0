"""What a fitted BG/NBD model says of customers: alive or not, and how much they will buy.

Reads a `BGNBD` and columns of purchase histories; makes columns. Fader, Hardie and Lee (2005) for the
model; expectations are written as integrals of positive terms over the drop-out probability p, which
hold for all parameters, where the textbook hypergeometric form overflows or cancels:
``E[(1 - (1 + p u)**(-r - x)) / p]`` with p ~ Beta(a, b + x) and u = t / (alpha + T).
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from custlib.errors import UsageError
from custlib.models.bgnbd_model import BGNBD
from custlib.models.inputs import read_customers
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
_FOREVER = 41.0  # in units of 1 / delta: exp(-41) = 2e-18 of the value lies beyond


def probability_alive(model: BGNBD, frequency: ArrayLike, recency: ArrayLike, T: ArrayLike) -> Array:
    """Give the probability that a customer has not dropped out at T.

    Parameters
    ----------
    model : BGNBD
        A model.
    frequency, recency, T : array_like
        Purchase histories, in the model's unit of time; they broadcast.

    Returns
    -------
    ndarray
        0 to 1; 1 for one-time buyers, who had no occasion to drop out in this model.

    Raises
    ------
    TableError
        When rows cannot be purchase histories.

    Examples
    --------
    >>> model = BGNBD(0.243, 4.414, 0.793, 2.426)
    >>> round(float(probability_alive(model, 2, 30.43, 38.86)), 4)
    0.7266
    """
    x, T, recency = read_customers(frequency, T, recency)
    return _probability_alive(model, x, recency, T)[()]


def expected_purchases_if_alive(model: BGNBD, t: ArrayLike, frequency: ArrayLike, T: ArrayLike) -> Array:
    """Give the expected purchases in (T, T + t] of customers known to be alive at T.

    Parameters
    ----------
    model : BGNBD
        A model.
    t : array_like
        Horizon, >= 0, in the model's unit of time.
    frequency, T : array_like
        Purchase histories; all broadcast.

    Returns
    -------
    ndarray
        Purchase days.

    Raises
    ------
    TableError
        When rows cannot be purchase histories, or t is negative or not finite.

    Examples
    --------
    >>> model = BGNBD(0.243, 4.414, 0.793, 2.426)
    >>> round(float(expected_purchases_if_alive(model, 39, 2, 38.86)), 4)
    1.6871
    """
    x, T, t = read_customers(frequency, T, t=t)
    return _expected_if_alive(model, x, t / (model.alpha + T))[()]


def expected_purchases(
    model: BGNBD, t: ArrayLike, frequency: ArrayLike, recency: ArrayLike, T: ArrayLike
) -> Array:
    """Give the expected purchases in (T, T + t] of customers who may have dropped out.

    Parameters
    ----------
    model : BGNBD
        A model.
    t : array_like
        Horizon, >= 0, in the model's unit of time.
    frequency, recency, T : array_like
        Purchase histories; all broadcast.

    Returns
    -------
    ndarray
        Purchase days.

    Raises
    ------
    TableError
        When rows cannot be purchase histories, or t is negative or not finite.

    Examples
    --------
    >>> model = BGNBD(0.243, 4.414, 0.793, 2.426)
    >>> round(float(expected_purchases(model, 39, 2, 30.43, 38.86)), 3)
    1.226
    """
    x, T, recency, t = read_customers(frequency, T, recency, t=t)
    alive = _probability_alive(model, x, recency, T)
    return (alive * _expected_if_alive(model, x, t / (model.alpha + T)))[()]


def new_customer_purchases(model: BGNBD, t: ArrayLike) -> Array:
    """Give the expected repeat purchases of a new customer in the first t.

    Parameters
    ----------
    model : BGNBD
        A model.
    t : array_like
        Time since the first purchase, >= 0.

    Returns
    -------
    ndarray
        Repeat purchase days.

    Raises
    ------
    TableError
        When t is negative or not finite.

    Examples
    --------
    >>> model = BGNBD(0.243, 4.414, 0.793, 2.426)
    >>> round(float(new_customer_purchases(model, 32)), 3)
    1.044
    """
    return expected_purchases_if_alive(model, t, 0, 0)


def probability_of_purchase(model: BGNBD, t: ArrayLike, frequency: ArrayLike, T: ArrayLike) -> Array:
    """Give the probability of at least one purchase in (T, T + t], known to be alive at T.

    Parameters
    ----------
    model : BGNBD
        A model.
    t : array_like
        Horizon, >= 0.
    frequency, T : array_like
        Purchase histories; all broadcast.

    Returns
    -------
    ndarray
        0 to 1.

    Raises
    ------
    TableError
        When rows cannot be purchase histories, or t is negative or not finite.

    Examples
    --------
    >>> model = BGNBD(0.243, 4.414, 0.793, 2.426)
    >>> round(float(probability_of_purchase(model, 39, 0, 0)), 4)
    0.4265
    """
    x, T, t = read_customers(frequency, T, t=t)
    chance: Array = -np.expm1(-(model.r + x) * np.log1p(t / (model.alpha + T)))
    return chance[()]


def discounted_purchases_if_alive(
    model: BGNBD, t: ArrayLike, delta: ArrayLike, frequency: ArrayLike, T: ArrayLike
) -> Array:
    """Give the discounted purchases in (T, T + t] of customers known to be alive at T.

    Parameters
    ----------
    model : BGNBD
        A model.
    t : array_like
        Horizon, >= 0.
    delta : array_like
        Continuous discount rate per unit of time, ``ln(1 + annual) / units per year``, >= 0.
    frequency, T : array_like
        Purchase histories; all broadcast.

    Returns
    -------
    ndarray
        Purchase days, each worth ``exp(-delta * s)`` at T + s.

    Raises
    ------
    TableError
        When rows cannot be purchase histories, or t or delta is negative or not finite.

    Notes
    -----
    With E(s) the expected purchases, ``delta * int_0^t exp(-delta s) E(s) ds + exp(-delta t) E(t)``,
    integrated by parts: ``int_0^t exp(-delta s) E'(s) ds``.

    Examples
    --------
    >>> model = BGNBD(0.243, 4.414, 0.793, 2.426)
    >>> round(float(discounted_purchases_if_alive(model, 39, 0.0027, 2, 38.86)), 4)
    1.6052
    """
    x, T, t, delta = read_customers(frequency, T, t=t, delta=delta)
    return _discounted_if_alive(model, x, t / (model.alpha + T), delta * t)[()]


def residual_transactions_if_alive(
    model: BGNBD, delta: ArrayLike, frequency: ArrayLike, T: ArrayLike
) -> Array:
    """Give the discounted purchases in all time to come (DERT) of customers known to be alive at T.

    Parameters
    ----------
    model : BGNBD
        A model.
    delta : array_like
        Continuous discount rate per unit of time, ``ln(1 + annual) / units per year``, > 0.
    frequency, T : array_like
        Purchase histories; all broadcast.

    Returns
    -------
    ndarray
        Purchase days, each worth ``exp(-delta * s)`` at T + s.

    Raises
    ------
    TableError
        When rows cannot be purchase histories.
    UsageError
        When delta is not above 0: the undiscounted value is infinite for a <= 1.

    Notes
    -----
    Fader, Hardie and Lee (2005), "RFM and CLV", Journal of Marketing Research 42, define the quantity.

    Examples
    --------
    >>> model = BGNBD(0.243, 4.414, 0.793, 2.426)
    >>> round(float(residual_transactions_if_alive(model, 0.0027, 2, 38.86)), 4)
    7.0968
    """
    _refuse_undiscounted(delta)
    x, T, delta = read_customers(frequency, T, delta=delta)
    return _residual_if_alive(model, delta, x, T)[()]


def residual_transactions(
    model: BGNBD, delta: ArrayLike, frequency: ArrayLike, recency: ArrayLike, T: ArrayLike
) -> Array:
    """Give the discounted purchases in all time to come of customers who may have dropped out.

    Parameters
    ----------
    model : BGNBD
        A model.
    delta : array_like
        Continuous discount rate per unit of time, ``ln(1 + annual) / units per year``, > 0.
    frequency, recency, T : array_like
        Purchase histories; all broadcast.

    Returns
    -------
    ndarray
        Purchase days, each worth ``exp(-delta * s)`` at T + s.

    Raises
    ------
    TableError
        When rows cannot be purchase histories.
    UsageError
        When delta is not above 0: the undiscounted value is infinite for a <= 1.

    Examples
    --------
    >>> model = BGNBD(0.243, 4.414, 0.793, 2.426)
    >>> round(float(residual_transactions(model, 0.0027, 2, 30.43, 38.86)), 4)
    5.1567
    """
    _refuse_undiscounted(delta)
    x, T, recency, delta = read_customers(frequency, T, recency, delta=delta)
    return (_probability_alive(model, x, recency, T) * _residual_if_alive(model, delta, x, T))[()]


def _refuse_undiscounted(delta: ArrayLike) -> None:
    """Raise where a value without end would not be discounted."""
    low = float(np.min(delta, initial=np.inf))
    if not low > 0:
        raise UsageError(
            f"delta must be above 0, got {low}: purchases in all time to come have no finite value "
            "undiscounted. Give a discount rate, or a horizon to discounted_purchases_if_alive."
        )


def _probability_alive(model: BGNBD, x: Array, recency: Array, T: Array) -> Array:
    """Twin of `probability_alive` for checked columns."""
    repeats = np.maximum(x, 1)
    silence = np.log1p((T - recency) / (model.alpha + recency))
    log_odds = np.log(model.b + repeats - 1) - np.log(model.a) - (model.r + x) * silence
    return np.where(x > 0, special.expit(log_odds), 1.0)


def _expected_if_alive(model: BGNBD, x: Array, u: Array) -> Array:
    """Twin of `expected_purchases_if_alive`; u = t / (alpha + T)."""
    return _by_distinct(lambda x, u: _over_dropout(model, x, u), x, u)


def _discounted_if_alive(model: BGNBD, x: Array, u: Array, discount: Array) -> Array:
    """Twin of `discounted_purchases_if_alive`; discount = delta t."""

    def evaluate(x: Array, u: Array, discount: Array) -> Array:
        return _over_groups(lambda x, u, d: _over_time(model, x, u, d), x, u, discount)

    return _by_distinct(evaluate, x, u, discount)


def _residual_if_alive(model: BGNBD, delta: Array, x: Array, T: Array) -> Array:
    """Twin of `residual_transactions_if_alive`: the horizon is so long that nothing is left beyond."""
    u = _FOREVER / delta / (model.alpha + T)
    return _discounted_if_alive(model, x, u, np.full(u.shape, _FOREVER))


def _by_distinct(function: Callable[..., Array], *columns: Array) -> Array:
    """Evaluate on distinct rows only, near and far horizons apart; u is the second column."""
    shape = columns[0].shape
    codes, distinct = np.zeros(columns[0].size, dtype=np.int64), []
    for column in columns:
        values, place = np.unique(column, return_inverse=True)
        codes = codes * max(values.size, 1) + place.ravel()
        distinct.append(column.ravel())
    _, first, back = np.unique(codes, return_index=True, return_inverse=True)
    rows = [column[first] for column in distinct]
    result = np.empty(first.size)
    near = rows[1] <= NEAR_LIMIT
    for part in (near, ~near):
        if part.any():
            result[part] = function(*(row[part] for row in rows))
    return result[back.ravel()].reshape(shape)


def _over_groups(function: Callable[..., Array], x: Array, u: Array, discount: Array) -> Array:
    """Evaluate for each (x, discount): as a function of log u it is smooth, so a table will do."""
    result = np.zeros_like(u)
    some = np.flatnonzero(u > 0)
    order = some[np.lexsort((discount[some], x[some]))]
    change = (np.diff(x[order]) != 0) | (np.diff(discount[order]) != 0)
    for rows in np.split(order, np.flatnonzero(change) + 1) if order.size else []:
        x0, d0 = x[rows[:1]], discount[rows[:1]]
        result[rows] = interpolate_positive(
            lambda at, x0=x0, d0=d0: function(np.repeat(x0, at.size), at, np.repeat(d0, at.size)), u[rows]
        )
    return result


def _nodes_for(model: BGNBD, x: Array, u: Array) -> tuple[Array, Array, NDArray[np.intp]]:
    """Nodes for the distinct frequencies, and which row of them each customer takes."""
    distinct, which = np.unique(x, return_inverse=True)
    count = NEAR_NODES if u.max() <= NEAR_LIMIT else FAR_NODES
    return *beta_nodes(model.a, model.b + distinct, count=count), which


def _over_dropout(model: BGNBD, x: Array, u: Array) -> Array:
    """Expected purchases: the mean of (1 - (1 + p u)**(-rho)) / p, block by block."""
    result = np.empty_like(u)
    order = np.argsort(x, kind="stable")
    for rows in np.array_split(order, u.size * FAR_NODES // _BLOCK + 1):
        p, weights, which = _nodes_for(model, x[rows], u[rows])
        p, rho, horizon = p[which], model.r + x[rows, None], u[rows, None]
        reach = p * horizon
        limit = reach * (rho + 1) < 1e-18  # also where p has underflown to 0
        mean = -np.expm1(-rho * np.log1p(reach)) / np.where(limit, 1.0, p)
        mean = np.where(limit, rho * horizon, mean)
        result[rows] = (mean * weights[which]).sum(axis=1)
    return result


def _over_time(model: BGNBD, x: Array, u: Array, discount: Array) -> Array:
    """Discounted purchases: rho u times the integral of exp(-discount s) (1 + p u s)**(-rho - 1)."""
    result = np.empty_like(u)
    for rows in np.array_split(np.arange(u.size), u.size * FAR_NODES * 64 // _BLOCK // 4 + 1):
        p, weights, which = _nodes_for(model, x[rows], u[rows])
        rho, horizon, fade = model.r + x[rows], u[rows], discount[rows]
        mean_p = model.a / (model.a + model.b + x[rows])
        s, ds = horizon_nodes(fade + horizon * (1 + (rho + 1) * mean_p))
        reach = (s * horizon[:, None])[:, :, None] * p[which][:, None, :]
        still = np.exp(-(rho + 1)[:, None, None] * np.log1p(reach))
        over_p = (still @ weights[which][:, :, None])[:, :, 0]
        result[rows] = rho * horizon * (over_p * ds * np.exp(-fade[:, None] * s)).sum(axis=1)
    return result
