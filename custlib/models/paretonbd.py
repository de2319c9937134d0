"""Pareto/NBD: the elder relative of BG/NBD, in which customers may leave at any time, not only after a purchase.

Makes a `ParetoNBD`; reads frequency, recency and T of customers, or of cells with weights. It is a second opinion on
the chosen model, not what customers are valued with. Schmittlein, Morrison and Colombo (1987), "Counting your
customers: who are they and what will they do next?", Management Science 33.

The likelihood is a sum over the moments at which the customer may have left (Gauss-Legendre in time, crowded after the
last purchase) and of never having left: positive terms only, where the textbook hypergeometric form cancels and
overflows.
"""

import math
from dataclasses import dataclass
from functools import cache
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from custlib.errors import ModelError
from custlib.models.cells import read_cells, read_customers
from custlib.models.fitted import FittedModel, evidence, names_that_hold
from custlib.models.newton import add_terms, condition_number, maximise

__all__ = ["ParetoNBD", "expected_purchases", "fit", "log_likelihood", "probability_alive"]

Array = NDArray[np.float64]

_START = np.array([0.5, 0.5, 0.7, 1.0])
_MOMENTS = 64
_BLOCK = 20_000  # cells at once: memory stays small


@dataclass(frozen=True, repr=False)
class ParetoNBD(FittedModel):
    """The four parameters, with the evidence where they were fitted.

    Purchase rates ~ Gamma(r, rate alpha), drop-out rates ~ Gamma(s, rate beta). Two models are equal when their
    parameters are.

    Attributes
    ----------
    r, alpha, s, beta : float
        Shapes and rates; alpha and beta in the unit of time of the customers.
    log_likelihood, covariance, standard_errors, converged, flags, customers : optional
        See `custlib.models.fitted.FittedModel`; the covariance is that of r, alpha, s, beta.
    gradient_norm, condition_number, evaluations : optional
        See there.

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


def fit(frequency: ArrayLike, recency: ArrayLike, T: ArrayLike, weights: ArrayLike | None = None) -> ParetoNBD:
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
    return _fit(rows / np.array([[1.0], [scale], [scale]]), weights, scale)


def _fit(rows: Array, weights: Array, scale: float) -> ParetoNBD:
    """Maximise with time scaled to mean T = 1, and return to the caller's unit."""
    customers = float(weights.sum())
    optimum = maximise(lambda p: _likelihood(p, rows, weights), _START, customers=customers)
    units = np.array([1.0, scale, 1.0, scale])
    weak = optimum.ridge or condition_number(optimum) > 1e10
    flags = names_that_hold({"ill_conditioned": weak, "not_converged": not optimum.converged})
    value = float(optimum.value - rows[0] @ weights * math.log(scale))
    r, alpha, s, beta = (float(parameter) for parameter in optimum.parameters * units)
    fields = evidence(optimum, units, customers=customers, log_likelihood=value)
    return ParetoNBD(r, alpha, s, beta, **fields, flags=flags)


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
    terms = _terms(_vector(model), rows)
    result: Array = (base + np.logaddexp.reduce(terms, axis=0)).reshape(x.shape)
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
    terms = _terms(_vector(model), np.stack([x.ravel(), recency.ravel(), T.ravel()]))
    result: Array = np.exp(terms[0] - np.logaddexp.reduce(terms, axis=0)).reshape(x.shape)
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


@cache
def _moments() -> tuple[Array, Array]:
    """Make Gauss-Legendre nodes and weights on 0 to 1."""
    nodes, weights = np.polynomial.legendre.leggauss(_MOMENTS)
    return (nodes + 1) / 2, weights / 2


def _leaving(parameters: Array, rows: Array) -> tuple[Array, Array]:
    """Compute moments at which each customer may have left, and the logarithms of their widths, (moments, n).

    From the last purchase on the chance falls by powers of alpha + time and beta + time: in the logarithm of time,
    counted in units of the first fall, it is smooth.
    """
    r, alpha, s, beta = parameters
    x, recency, T = rows
    nodes, widths = _moments()
    pace = 1 / ((r + x) / (alpha + recency) + (s + 1) / (beta + recency))
    end = np.log1p((T - recency) / pace)
    z = nodes[:, None] * end
    size = np.where(end > 0, end * pace, 1.0)
    width = np.where(end > 0, np.log(widths[:, None] * size) + z, -np.inf)  # no time, no moment
    return recency + pace * np.expm1(z), width


def _terms(parameters: Array, rows: Array) -> Array:
    """Compute the logarithms of the likelihood's terms: never having left, then having left at each moment."""
    r, alpha, s, beta = parameters
    x, _, T = rows
    moments, widths = _leaving(parameters, rows)
    here = -(r + x) * np.log(alpha + T) - s * np.log1p(T / beta)
    left = (
        widths + math.log(s) - math.log(beta) - (s + 1) * np.log1p(moments / beta) - (r + x) * np.log(alpha + moments)
    )
    return np.vstack([here[None], left])


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
    customers = float(weights.sum())
    value = float(weights @ (special.gammaln(r + x) - special.gammaln(r))) + customers * r * math.log(alpha)
    slope = float(weights @ (special.digamma(r + x) - special.digamma(r))) + customers * math.log(alpha)
    gradient = np.array([slope, customers * r / alpha, 0.0, 0.0])
    hessian = np.zeros((4, 4))
    hessian[0, 0] = weights @ (special.zeta(2, r + x) - special.zeta(2, r))
    hessian[0, 1] = hessian[1, 0] = customers / alpha
    hessian[1, 1] = -customers * r / alpha**2
    return value, gradient, hessian


def _moment_terms(parameters: Array, rows: Array, weights: Array) -> tuple[float, Array, Array]:
    """Compute the terms of the moments, for one block of cells."""
    moments, _ = _leaving(parameters, rows)
    moments = np.vstack([rows[2], moments])  # never having left lasts until T
    terms = _terms(parameters, rows)
    return add_terms(terms, lambda term: _derivatives(parameters, rows[0], moments[term], left=term > 0), weights)


def _derivatives(parameters: Array, x: Array, at: Array, *, left: bool) -> tuple[Array, Array]:
    """Compute the first and second derivatives of one of the `_terms` by (r, alpha, s, beta)."""
    r, alpha, s, beta = parameters
    rate, gone = 1 / (alpha + at), 1 / (beta + at)
    power = s + 1 if left else s
    slope = np.stack(
        [
            -np.log(alpha + at),
            -(r + x) * rate,
            (1 / s if left else 0.0) - np.log1p(at / beta),
            s / beta - power * gone,
        ]
    )
    bend = np.zeros((4, 4, at.size))
    bend[0, 1] = bend[1, 0] = -rate
    bend[1, 1] = (r + x) * rate**2
    bend[2, 2] = -1 / s**2 if left else 0.0
    bend[2, 3] = bend[3, 2] = 1 / beta - gone
    bend[3, 3] = power * gone**2 - s / beta**2
    return slope, bend
