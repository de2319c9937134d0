"""Pareto/NBD: the elder relative of BG/NBD, in which customers may leave at any time, not only after a purchase.

Makes a `ParetoNBD`; reads frequency, recency and T of customers, or of cells with weights. Schmittlein, Morrison and
Colombo (1987), "Counting your customers: who are they and what will they do next?", Management Science 33.

The likelihood is a sum over the moments at which the customer may have left (Gauss-Legendre in time, crowded after the
last purchase) and of never having left: positive terms only, where the textbook hypergeometric form cancels and
overflows.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from custlib.errors import ModelError
from custlib.models.cells import rank_values, read_cells, read_customers
from custlib.models.fitted import FittedModel, evidence, names_that_hold
from custlib.models.newton import condition_number, log_covariance, maximise_from

__all__ = ["ParetoNBD", "expected_purchases", "fit", "log_likelihood", "probability_alive"]

Array = NDArray[np.float64]

# at a mean T of 1; there may be two summits: customers leave at much the same rate, or some at once and others hardly
_STARTS = ((0.5, 0.5, 0.7, 1.0), (2.0, 1.0, 0.05, 0.001))
_MOMENTS = 64  # the log-likelihood is good to 1e-11
_MOMENTS_OF_FIT = 32  # 1e-14 on cells as they come, 1e-8 on extreme ones
_BLOCK = 500  # cells at once: they stay in the cache


@dataclass(frozen=True, repr=False)
class ParetoNBD(FittedModel):
    """The four parameters, with the evidence where they were fitted.

    Purchase rates ~ Gamma(r, rate alpha), drop-out rates ~ Gamma(s, rate beta). Two models are equal when their
    parameters are.

    Attributes
    ----------
    r, alpha, s, beta : float
        Shapes and rates; alpha and beta in the unit of time of the customers.
    log_likelihood, covariance, standard_errors, converged, flags, customers, ... : optional
        See `custlib.models.fitted.FittedModel`; the covariance is that of r, alpha, s, beta.
    log_covariance : ndarray, shape (4, 4), or None
        Of the logarithms of r, alpha, s, beta, in any unit of time; 0 in directions that are not identified.

    Raises
    ------
    ModelError
        When a parameter is not finite and above 0.

    Examples
    --------
    >>> ParetoNBD(0.55, 10.58, 0.61, 11.67).s
    0.61
    """

    label: ClassVar[str] = "Pareto/NBD"
    parameters: ClassVar[tuple[str, ...]] = ("r", "alpha", "s", "beta")

    r: float
    alpha: float
    s: float
    beta: float
    log_covariance: Array | None = field(default=None, compare=False, repr=False, kw_only=True)


def fit(
    frequency: ArrayLike, recency: ArrayLike, T: ArrayLike, weights: ArrayLike | None = None, *,
    start: ParetoNBD | None = None,
) -> ParetoNBD:  # fmt: skip
    """Fit the model to customers by maximum likelihood.

    Parameters
    ----------
    frequency : array_like, shape (n,)
        Repeat purchase days, whole numbers.
    recency : array_like, shape (n,)
        First to last purchase, in any unit of time.
    T : array_like, shape (n,)
        First purchase to the end of observation, same unit.
    weights : array_like, shape (n,), optional
        How many customers each row stands for, >= 0; 1 by default.
    start : ParetoNBD, optional
        A model in the same unit of time that is likely to be near, as of the same customers some months earlier.

    Returns
    -------
    ParetoNBD
        With log-likelihood and covariance, and the flags ``ill_conditioned`` and ``not_converged`` where they
        apply; standard errors are NaN for what is not identified.

    Raises
    ------
    TableError
        When rows cannot be purchase histories.
    ModelError
        When there is no repeat purchase, or nobody was observed (all T = 0).

    Examples
    --------
    >>> fit([0, 0, 1, 2, 0, 5], [0, 0, 4, 30, 0, 35], [39, 38, 38, 37, 36, 36]).customers
    6.0
    """
    rows, weights = read_cells(frequency, recency, T, weights)
    if weights.size == 0 or not rows[0].any() or not rows[2].any():
        raise ModelError("Pareto/NBD: no repeat purchases, or nobody was observed, so no rate can be fitted.")
    scale = float(rows[2] @ weights / weights.sum())
    units = np.array([1.0, scale, 1.0, scale])
    starts = _STARTS if start is None else [_vector(start) / units]
    return _fit(rows / np.array([[1.0], [scale], [scale]]), weights, starts, units)


def _fit(rows: Array, weights: Array, starts: Sequence[ArrayLike], units: Array) -> ParetoNBD:
    """Maximise with time scaled to mean T = 1, and return to the caller's unit."""
    customers = float(weights.sum())
    optimum = maximise_from(lambda p: _likelihood(p, rows, weights), starts, customers=customers)
    weak = optimum.ridge or condition_number(optimum) > 1e10
    flags = names_that_hold({"ill_conditioned": weak, "not_converged": not optimum.converged})
    value = float(optimum.value - rows[0] @ weights * math.log(units[1]))
    r, alpha, s, beta = (float(parameter) for parameter in optimum.parameters * units)
    fields = evidence(optimum, units, customers=customers, log_likelihood=value)
    return ParetoNBD(r, alpha, s, beta, **fields, flags=flags, log_covariance=log_covariance(optimum))


def log_likelihood(model: ParetoNBD, frequency: ArrayLike, recency: ArrayLike, T: ArrayLike) -> Array:
    """Compute the log-likelihood of each customer.

    Parameters
    ----------
    model : ParetoNBD
        A model.
    frequency, recency, T : array_like
        Purchase histories, in the model's unit of time; they broadcast.

    Returns
    -------
    ndarray
        Natural logarithm of the likelihood, one for each customer.

    Raises
    ------
    TableError
        When rows cannot be purchase histories.

    Examples
    --------
    >>> round(float(log_likelihood(ParetoNBD(0.55, 10.58, 0.61, 11.67), 2, 30.43, 38.86)), 3)
    -9.562
    """
    x, T, recency = read_customers(frequency, T, recency)
    rows = np.stack([x.ravel(), recency.ravel(), T.ravel()])
    base = special.gammaln(model.r + rows[0]) - special.gammaln(model.r) + model.r * np.log(model.alpha)
    result: Array = (base + _shares(model, rows)[1]).reshape(x.shape)
    return result[()]


def probability_alive(model: ParetoNBD, frequency: ArrayLike, recency: ArrayLike, T: ArrayLike) -> Array:
    """Compute the probability that a customer has not dropped out at T.

    Parameters
    ----------
    model : ParetoNBD
        A model.
    frequency, recency, T : array_like
        Purchase histories, in the model's unit of time; they broadcast.

    Returns
    -------
    ndarray
        From 0 to 1.

    Raises
    ------
    TableError
        When rows cannot be purchase histories.

    Examples
    --------
    >>> round(float(probability_alive(ParetoNBD(0.55, 10.58, 0.61, 11.67), 2, 30.43, 38.86)), 3)
    0.868
    """
    x, T, recency = read_customers(frequency, T, recency)
    result: Array = _shares(model, np.stack([x.ravel(), recency.ravel(), T.ravel()]))[0].reshape(x.shape)
    return result[()]


def expected_purchases(model: ParetoNBD, t: ArrayLike, frequency: ArrayLike, recency: ArrayLike, T: ArrayLike) -> Array:
    """Compute the expected purchases in (T, T + t] of customers who may have dropped out.

    Schmittlein, Morrison and Colombo (1987), equation 22.

    Parameters
    ----------
    model : ParetoNBD
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
    >>> round(float(expected_purchases(ParetoNBD(0.55, 10.58, 0.61, 11.67), 39, 2, 30.43, 38.86)), 3)
    1.45
    """
    x, T, recency, t = read_customers(frequency, T, recency, t=t)
    here = probability_alive(model, x, recency, T)
    longer = np.log1p(t / (model.beta + T))
    power = model.s - 1
    # equation 22: P(alive) (r + x) (beta + T) / ((alpha + T) (s - 1)) (1 - ((beta + T) / (beta + T + t))**(s - 1))
    reach = longer if power == 0 else -np.expm1(-power * longer) / power
    return (here * (model.r + x) * (model.beta + T) / (model.alpha + T) * reach)[()]


def _vector(model: ParetoNBD) -> Array:
    """List the parameters."""
    return np.array([model.r, model.alpha, model.s, model.beta])


def _shares(model: ParetoNBD, rows: Array) -> tuple[Array, Array]:
    """Compute the share of never having left in the likelihood, and the logarithm of its integral, block by block."""
    here, total = np.empty((2, rows.shape[1]))
    for part in (slice(start, start + _BLOCK) for start in range(0, total.size, _BLOCK)):
        terms = _terms(_vector(model), rows[:, part], *_leaving(_vector(model), rows[:, part], _MOMENTS))
        total[part] = special.logsumexp(terms, axis=0)
        here[part] = np.exp(terms[0] - total[part])
    return here, total


@cache
def _moments(count: int) -> tuple[Array, Array]:
    """Make Gauss-Legendre nodes and weights on 0 to 1, and put 1 before the nodes and 0 before the weights."""
    nodes, weights = np.polynomial.legendre.leggauss(count)
    return np.append(1.0, (nodes + 1) / 2)[:, None], np.append(0.0, weights / 2)[:, None]


def _leaving(parameters: Array, rows: Array, count: int) -> tuple[Array, Array]:
    """Compute T, then moments at which each customer may have left; and the widths of the latter, (1 + moments, n).

    From the last purchase on the chance falls by powers of alpha + time and beta + time: in the logarithm of time,
    counted in units of the first fall, it is smooth.
    """
    r, alpha, s, beta = parameters
    x, recency, T = rows
    nodes, weights = _moments(count)
    pace = 1 / ((r + x) / (alpha + recency) + (s + 1) / (beta + recency))
    end = np.log1p((T - recency) / pace)
    later = np.expm1(nodes * end)
    later[0] = (T - recency) / pace  # to the last digit
    return recency + pace * later, weights * (end * pace) * (1 + later)


def _terms(parameters: Array, rows: Array, moments: Array, widths: Array) -> Array:
    """Compute the logarithms of the likelihood's terms: never having left, then having left at each moment."""
    r, alpha, s, beta = parameters
    terms = -(r + rows[0]) * np.log(alpha + moments) - s * np.log1p(moments / beta)
    with np.errstate(divide="ignore"):  # no time, no moment
        terms[1:] += np.log(s * widths[1:] / (beta + moments[1:]))
    return terms


def _likelihood(parameters: Array, rows: Array, weights: Array) -> tuple[float, Array, Array]:
    """Compute value, gradient and Hessian of the log-likelihood by (r, alpha, s, beta), block by block."""
    value, gradient, hessian = _rate_terms(parameters, rows[0], weights)
    for start in range(0, weights.size, _BLOCK):
        part = slice(start, start + _BLOCK)
        more = _moment_terms(parameters, rows[:, part], weights[part])
        value, gradient, hessian = value + more[0], gradient + more[1], hessian + more[2]
    return value, gradient, hessian


def _rate_terms(parameters: Array, x: Array, weights: Array) -> tuple[float, Array, Array]:
    """Compute the terms that all moments share: ln Gamma(r + x) - ln Gamma(r) + r ln alpha."""
    r, alpha = parameters[:2]
    counts, places = rank_values(x)
    weights = np.bincount(places, weights).astype(np.float64)
    customers = float(weights.sum())
    value = float(weights @ (special.gammaln(r + counts) - special.gammaln(r))) + customers * r * math.log(alpha)
    slope = float(weights @ (special.digamma(r + counts) - special.digamma(r))) + customers * math.log(alpha)
    gradient = np.array([slope, customers * r / alpha, 0.0, 0.0])
    hessian = np.zeros((4, 4))
    hessian[0, 0] = weights @ (special.zeta(2, r + counts) - special.zeta(2, r))
    hessian[0, 1] = hessian[1, 0] = customers / alpha
    hessian[1, 1] = -customers * r / alpha**2
    return value, gradient, hessian


def _moment_terms(parameters: Array, rows: Array, weights: Array) -> tuple[float, Array, Array]:
    """Compute the terms of the moments, for one block of cells.

    With the shares of the terms exp(g) of a customer, the gradient is E[g'] and the Hessian E[g''] + Cov[g'].
    """
    moments, widths = _leaving(parameters, rows, _MOMENTS_OF_FIT)
    terms = _terms(parameters, rows, moments, widths)
    most = terms.max(axis=0)
    shares = np.exp(terms - most)
    sums = shares.sum(axis=0)
    shares *= weights / sums
    slopes = _term_slopes(parameters, rows[0], moments)
    gradients = np.einsum("pmn,mn->pn", slopes, shares)
    flat = slopes.reshape(4, -1)
    hessian = (flat * shares.ravel()) @ flat.T - (gradients / weights) @ gradients.T
    hessian += _bends(parameters, rows[0], moments, shares)
    return float(weights @ (most + np.log(sums))), gradients.sum(axis=1), hessian


def _term_slopes(parameters: Array, x: Array, moments: Array) -> Array:
    """Differentiate the terms by (r, alpha, s, beta), shape (4, 1 + moments, n)."""
    r, alpha, s, beta = parameters
    slopes = np.empty((4, *moments.shape))
    slopes[0] = -np.log(alpha + moments)
    np.divide(-(r + x), alpha + moments, out=slopes[1])
    slopes[2] = -np.log1p(moments / beta)
    slopes[2, 1:] += 1 / s  # having left
    np.divide(-(s + 1), beta + moments, out=slopes[3])
    slopes[3, 0] *= s / (s + 1)
    slopes[3] += s / beta
    return slopes


def _bends(parameters: Array, x: Array, moments: Array, shares: Array) -> Array:
    """Add up the second derivatives of the terms by their shares."""
    r, alpha, s, beta = parameters
    rate, gone, left = 1 / (alpha + moments), 1 / (beta + moments), shares[1:]
    customers, departed = float(shares.sum()), float(left.sum())
    squares = gone**2 * shares
    bends = np.zeros((4, 4))
    bends[0, 1] = bends[1, 0] = -float((rate * shares).sum())
    bends[1, 1] = float((r + x) @ (rate**2 * shares).sum(axis=0))
    bends[2, 2] = -departed / s**2
    bends[2, 3] = bends[3, 2] = customers / beta - float((gone * shares).sum())
    bends[3, 3] = s * float(squares.sum()) + float(squares[1:].sum()) - customers * s / beta**2
    return bends
