"""Pareto/NBD: the elder relative of BG/NBD, in which customers may leave at any time, not only after a purchase.

Makes a `ParetoNBD`; reads frequency, recency and T of customers, or of cells with weights. It is a second opinion
on the chosen model, not what customers are valued with. Schmittlein, Morrison and Colombo (1987), "Counting your
customers: who are they and what will they do next?", Management Science 33.

The likelihood is a sum over the moments at which the customer may have left (Gauss-Legendre in time, crowded
after the last purchase) and of never having left: positive terms only, where the textbook hypergeometric form
cancels and overflows.
"""

import math
from dataclasses import dataclass, field
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from custlib.errors import ModelError
from custlib.models.inputs import read_cells, read_customers
from custlib.models.mixture import add_terms
from custlib.models.newton import condition_number, identified_covariance, maximise

Array = NDArray[np.float64]

PARAMETERS = ("r", "alpha", "s", "beta")
_START = np.array([0.5, 0.5, 0.7, 1.0])
_MOMENTS = 64
_BLOCK = 20_000  # cells at once: memory stays small


@dataclass(frozen=True)
class ParetoNBD:
    """The four parameters, with the evidence where they were fitted.

    Purchase rates ~ Gamma(r, rate alpha), drop-out rates ~ Gamma(s, rate beta). Two models are equal when their
    parameters are.

    Attributes
    ----------
    r, alpha, s, beta : float
        Shapes and rates; alpha and beta in the unit of time of the customers.
    log_likelihood, covariance, standard_errors, converged, flags, customers : optional
        As in `custlib.models.bgnbd.BGNBD`; the covariance is that of r, alpha, s, beta.
    gradient_norm, condition_number, evaluations : optional
        As there.

    Raises
    ------
    ModelError
        When a parameter is not finite and above 0.

    Examples
    --------
    >>> ParetoNBD(0.55, 10.58, 0.61, 11.67).s
    0.61
    """

    r: float
    alpha: float
    s: float
    beta: float
    log_likelihood: float | None = field(default=None, compare=False)
    covariance: Array | None = field(default=None, compare=False, repr=False)
    standard_errors: Array | None = field(default=None, compare=False)
    converged: bool | None = field(default=None, compare=False)
    flags: tuple[str, ...] = field(default=(), compare=False)
    customers: float | None = field(default=None, compare=False)
    gradient_norm: float | None = field(default=None, compare=False)
    condition_number: float | None = field(default=None, compare=False)
    evaluations: int | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        """Refuse parameters that are none."""
        for name in PARAMETERS:
            value = getattr(self, name)
            if not (math.isfinite(value) and value > 0):
                raise ModelError(f"Pareto/NBD: {name} must be finite and above 0, got {value}.")


def fit(frequency: ArrayLike, recency: ArrayLike, T: ArrayLike, weights: ArrayLike | None = None) -> ParetoNBD:
    """Fit the model to customers.

    Parameters
    ----------
    frequency, recency, T : array_like, shape (n,)
        Purchase histories, as for `custlib.models.bgnbd.fit`.
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
    unit = np.array([1.0, scale, 1.0, scale])
    covariance = identified_covariance(optimum) * np.outer(unit, unit)
    weak = optimum.ridge or condition_number(optimum) > 1e10
    found = {"ill_conditioned": weak, "not_converged": not optimum.converged}
    r, alpha, s, beta = (float(value) for value in optimum.parameters * unit)
    return ParetoNBD(
        r,
        alpha,
        s,
        beta,
        log_likelihood=float(optimum.value - rows[0] @ weights * math.log(scale)),
        covariance=covariance,
        standard_errors=np.sqrt(np.diag(covariance)),
        converged=optimum.converged,
        flags=tuple(name for name, holds in found.items() if holds),
        customers=customers,
        gradient_norm=float(np.abs(optimum.gradient).max()) / customers,
        condition_number=condition_number(optimum),
        evaluations=optimum.evaluations,
    )


def log_likelihood(model: ParetoNBD, frequency: ArrayLike, recency: ArrayLike, T: ArrayLike) -> Array:
    """Give the log-likelihood of each customer.

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
    r, alpha = model.r, model.alpha
    base = special.gammaln(r + rows[0]) - special.gammaln(r) + r * np.log(alpha)
    terms = _terms(np.array([r, alpha, model.s, model.beta]), rows)
    result: Array = (base + np.logaddexp.reduce(terms, axis=0)).reshape(x.shape)
    return result[()]


def probability_alive(model: ParetoNBD, frequency: ArrayLike, recency: ArrayLike, T: ArrayLike) -> Array:
    """Give the chance of each customer of being still there at T.

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
    """Give the purchases expected in (T, T + t].

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
        Expected purchase days. Schmittlein, Morrison and Colombo (1987), equation 22.

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
    reach = longer if power == 0 else -np.expm1(-power * longer) / power
    return (here * (model.r + x) * (model.beta + T) / (model.alpha + T) * reach)[()]


def _vector(model: ParetoNBD) -> Array:
    return np.array([model.r, model.alpha, model.s, model.beta])


@cache
def _moments() -> tuple[Array, Array]:
    """Nodes and weights of Gauss and Legendre on 0 to 1."""
    nodes, weights = np.polynomial.legendre.leggauss(_MOMENTS)
    return (nodes + 1) / 2, weights / 2


def _leaving(parameters: Array, rows: Array) -> tuple[Array, Array]:
    """Moments at which each customer may have left, and the logarithms of their widths, shape (moments, n).

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
    """Logarithms of the likelihood's terms: never having left, then having left at each moment."""
    r, alpha, s, beta = parameters
    x, _, T = rows
    moments, widths = _leaving(parameters, rows)
    here = -(r + x) * np.log(alpha + T) - s * np.log1p(T / beta)
    left = (
        widths + math.log(s) - math.log(beta) - (s + 1) * np.log1p(moments / beta) - (r + x) * np.log(alpha + moments)
    )
    return np.vstack([here[None], left])


def _likelihood(parameters: Array, rows: Array, weights: Array) -> tuple[float, Array, Array]:
    """Value, gradient and Hessian by (r, alpha, s, beta), a block of cells at a time."""
    value, gradient, hessian = _rate_terms(parameters, rows[0], weights)
    for start in range(0, weights.size, _BLOCK):
        part = slice(start, start + _BLOCK)
        more = _block(parameters, rows[:, part], weights[part])
        value, gradient, hessian = value + more[0], gradient + more[1], hessian + more[2]
    return value, gradient, hessian


def _rate_terms(parameters: Array, x: Array, weights: Array) -> tuple[float, Array, Array]:
    """Terms that all moments share: ln Gamma(r + x) - ln Gamma(r) + r ln alpha."""
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


def _block(parameters: Array, rows: Array, weights: Array) -> tuple[float, Array, Array]:
    """Terms of the moments, for one block of cells."""
    r, alpha, s, beta = parameters
    x, _, T = rows
    moments, _ = _leaving(parameters, rows)

    def derivatives(term: int) -> tuple[Array, Array]:
        left = term > 0
        at = moments[term - 1] if left else T
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

    return add_terms(_terms(parameters, rows), derivatives, weights)
