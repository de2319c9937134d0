"""Maximises a likelihood over positive parameters: damped Newton steps in their logarithms.

Makes an `Optimum`; reads a function that returns value, gradient and Hessian. A likelihood that keeps rising along a
ridge by amounts no data could show is stopped there, and the optimum is marked as a ridge. After Nocedal and Wright,
"Numerical Optimization" (2006), chapter 3.

`add_terms` makes such values for likelihoods that are sums of positive terms: the customer is still there, or left at
one moment or another. With the shares pi_j of the terms exp(g_j), the gradient is E[g'] and the Hessian E[g''] +
Cov[g'], each over the terms of a customer: no difference quotient, no term subtracted from another of like size.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
Derivatives = Callable[[int], tuple[Array, Array]]
Objective = Callable[[Array], tuple[float, Array, Array]]

_EVALUATIONS = 100
_LONGEST_STEP = 2.0  # a factor of exp(2) in any parameter
_ROUNDING = 1e-26  # gain per customer below which only rounding is left
_RIDGE_GAIN = 1e-4  # log-likelihood that no data can tell from nothing ...
_RIDGE_STEP = 0.3  # ... although a parameter would move by a third
_RIDGE_END = 40.0  # logarithm of a parameter that has run away
_SAME_SUMMIT = 0.01  # log-likelihood by which a later search must be higher: ridges end at different places
_WEAK_CURVATURE = 1e-3  # a logarithm with a standard error above 30 is not identified


@dataclass(frozen=True)
class Optimum:
    """Where the search for a maximum ended."""

    parameters: Array  # not their logarithms
    value: float  # the log-likelihood
    gradient: Array  # by the logarithms of the parameters
    hessian: Array  # by the logarithms
    evaluations: int
    converged: bool  # nothing but rounding, or a ridge, is left to climb
    ridge: bool  # some parameter can move freely at no cost


def maximise(objective: Objective, start: Array, *, customers: float) -> Optimum:
    """Climb to the maximum of a function of positive parameters, from `start`.

    The function returns its value and its derivatives by the parameters themselves. The number of customers (the sum
    of the weights) is the scale of rounding errors.

    Examples
    --------
    >>> def parabola(p):
    ...     return -float((p[0] - 3) ** 2), -2 * (p - 3), np.array([[-2.0]])
    >>> round(float(maximise(parabola, np.array([1.0]), customers=1).parameters[0]), 9)
    3.0
    """
    theta, evaluations, lowest, stalled = np.log(start), 1, np.inf, 0
    value, gradient, hessian = _in_logarithms(objective, theta)
    converged = ridge = False
    while evaluations < _EVALUATIONS:
        step, gain = _newton_step(gradient, hessian)
        slope = float(np.abs(gradient).max())
        stalled, lowest = (0, slope) if slope < 0.5 * lowest else (stalled + 1, lowest)
        ridge = gain < _RIDGE_GAIN and bool(np.abs(step).max() > _RIDGE_STEP)
        rounding = gain <= _ROUNDING * customers or (stalled >= 3 and slope <= 1e-9 * customers)
        if ridge or rounding:
            converged = True
            break
        if np.abs(theta).max() > _RIDGE_END:  # the likelihood has no maximum
            ridge = True
            break
        theta, (value, gradient, hessian), tries = _climb(objective, theta, step, value)
        evaluations += tries
    return Optimum(np.exp(theta), value, gradient, hessian, evaluations, converged, ridge)


def maximise_from(objective: Objective, starts: Sequence[ArrayLike], *, customers: float) -> Optimum:
    """Climb from several starts, and return the highest summit; of summits as high, that of the first start.

    Examples
    --------
    >>> def waves(p):  # two summits, at exp(-1) and at exp(1), the second the higher
    ...     t = np.log(p[0])
    ...     slope, bend = (4 * t - 4 * t**3 + 0.1), 4 - 12 * t**2
    ...     return 2 * t**2 - t**4 + 0.1 * t, np.array([slope / p[0]]), np.array([[(bend - slope) / p[0] ** 2]])
    >>> round(float(maximise_from(waves, [[0.3], [3.0]], customers=1).parameters[0]), 2)
    2.75
    """
    best, *others = (maximise(objective, np.asarray(start, dtype=np.float64), customers=customers) for start in starts)
    for other in others:
        if other.value > best.value + _SAME_SUMMIT and (other.converged or not best.converged):
            best = other
    return best


def identified_covariance(optimum: Optimum) -> Array:
    """Compute the covariance of the parameters; NaN in rows and columns of those that are not identified.

    At a maximum it is that of their logarithms times the parameters (delta method); with the gradient 0 this equals
    the inverse Hessian in the parameters themselves.

    Examples
    --------
    >>> flat = np.array([[-4.0, 0.0], [0.0, 0.0]])
    >>> identified_covariance(Optimum(np.array([2.0, 1.0]), 0.0, np.zeros(2), flat, 1, True, True))
    array([[ 1., nan],
           [nan, nan]])
    """
    curvature, directions = np.linalg.eigh(-optimum.hessian)
    weak = curvature < _WEAK_CURVATURE
    strong = directions[:, ~weak]
    covariance: Array = (strong / curvature[~weak]) @ strong.T * np.outer(optimum.parameters, optimum.parameters)
    free = (directions[:, weak] ** 2).sum(axis=1) > 1e-4
    covariance[free] = np.nan
    covariance[:, free] = np.nan
    return covariance


def log_covariance(optimum: Optimum) -> Array:
    """Compute the covariance of the logarithms of the parameters, 0 along directions that are not identified.

    Where two parameters run away together, the variance of what stays fixed between them remains.

    Examples
    --------
    >>> flat = np.array([[-4.0, 4.0], [4.0, -4.0]])
    >>> log_covariance(Optimum(np.ones(2), 0.0, np.zeros(2), flat, 1, True, True)) * 16
    array([[ 1., -1.],
           [-1.,  1.]])
    """
    curvature, directions = np.linalg.eigh(-optimum.hessian)
    strong = curvature >= _WEAK_CURVATURE
    covariance: Array = (directions[:, strong] / curvature[strong]) @ directions[:, strong].T
    return covariance


def condition_number(optimum: Optimum) -> float:
    """Compute the ratio of the strongest to the weakest curvature in the logarithms, infinite where one is flat.

    Examples
    --------
    >>> steep = np.diag([-4.0, -1.0])
    >>> condition_number(Optimum(np.ones(2), 0.0, np.zeros(2), steep, 1, True, False))
    4.0
    """
    curvature = np.linalg.eigvalsh(-optimum.hessian)
    return float(curvature[-1] / curvature[0]) if curvature[0] > 0 else float("inf")


def _in_logarithms(objective: Objective, theta: Array) -> tuple[float, Array, Array]:
    """Evaluate, with the derivatives by the logarithms (chain rule)."""
    parameters = np.exp(theta)
    value, gradient, hessian = objective(parameters)
    gradient = gradient * parameters
    return value, gradient, hessian * np.outer(parameters, parameters) + np.diag(gradient)


def _newton_step(gradient: Array, hessian: Array) -> tuple[Array, float]:
    """Return the step uphill, also where the curvature has the wrong sign, and the gain it promises."""
    curvature, directions = np.linalg.eigh(-hessian)
    size = np.abs(curvature)
    size = np.maximum(size, max(1e-15 * size.max(), 1e-300))
    along = directions.T @ gradient
    return directions @ (along / size), float((along**2 / size).sum() / 2)


def _climb(
    objective: Objective, theta: Array, step: Array, value: float
) -> tuple[Array, tuple[float, Array, Array], int]:
    """Take the step, shortened until it does not lead down; also count the evaluations."""
    share, tries = min(1.0, _LONGEST_STEP / float(np.abs(step).max())), 1
    reached = _in_logarithms(objective, theta + share * step)
    while reached[0] < value - 1e-12 * abs(value) and tries < 30:
        share, tries = share / 2, tries + 1
        reached = _in_logarithms(objective, theta + share * step)
    return theta + share * step, reached, tries


def add_terms(terms: Array, derivatives: Derivatives, weights: Array) -> tuple[float, Array, Array]:
    """Add up the logarithms of sums of terms, with weights; return value, gradient and Hessian.

    `terms` are the g_j, shape (j, n), minus infinity where a term is absent. `derivatives` takes the number of a term
    and returns its first and second derivatives by the k parameters, shapes (k, n) and (k, k, n), finite throughout.

    Examples
    --------
    >>> terms = np.log([[0.25], [0.75]])
    >>> value, gradient, _ = add_terms(terms, lambda j: (np.array([[1.0 - j]]), np.zeros((1, 1, 1))), np.ones(1))
    >>> round(value, 12), gradient
    (0.0, array([0.25]))
    """
    sums = np.logaddexp.reduce(terms, axis=0)
    mean: Array | float = 0.0
    second: Array | float = 0.0
    for term, row in enumerate(terms):
        share = np.exp(row - sums)
        slope, bend = derivatives(term)
        mean = mean + share * slope
        second = second + (slope * (share * weights)) @ slope.T + bend @ (share * weights)
    mean = np.asarray(mean)
    return float(sums @ weights), mean @ weights, second - (mean * weights) @ mean.T
