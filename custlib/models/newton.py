"""Maximises a likelihood over positive parameters: damped Newton steps in their logarithms.

Makes an `Optimum`; reads a function that returns value, gradient and Hessian. A likelihood that keeps
rising along a ridge by amounts no data could show is stopped there and said to be on a ridge.
After Nocedal and Wright, "Numerical Optimization" (2006), chapter 3.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Objective = Callable[[Array], tuple[float, Array, Array]]

_EVALUATIONS = 100
_LONGEST_STEP = 2.0  # a factor of exp(2) in any parameter
_ROUNDING = 1e-26  # gain per customer below which only rounding is left
_RIDGE_GAIN = 1e-4  # log-likelihood that no data can tell from nothing ...
_RIDGE_STEP = 0.3  # ... although a parameter would move by a third
_RIDGE_END = 40.0  # logarithm of a parameter that has run away
_WEAK_CURVATURE = 1e-3  # a logarithm with a standard error above 30 is not identified


@dataclass(frozen=True)
class Optimum:
    """Where the search for a maximum ended.

    Attributes
    ----------
    parameters : ndarray, shape (k,)
        The parameters, not their logarithms.
    value : float
        The log-likelihood.
    gradient, hessian : ndarray, shape (k,), (k, k)
        Its derivatives by the logarithms.
    evaluations : int
        How often the function was called.
    converged : bool
        Whether nothing but rounding, or a ridge, is left to climb.
    ridge : bool
        Whether some parameter can move freely at no cost.
    """

    parameters: Array
    value: float
    gradient: Array
    hessian: Array
    evaluations: int
    converged: bool
    ridge: bool


def maximise(objective: Objective, start: Array, *, customers: float) -> Optimum:
    """Climb to the maximum.

    Parameters
    ----------
    objective : callable
        Takes parameters, shape (k,); returns the value and its first and second derivatives by the
        parameters (not by their logarithms).
    start : ndarray, shape (k,)
        Where to begin, > 0.
    customers : float
        Sum of the weights, the scale of rounding errors.

    Returns
    -------
    Optimum

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


def identified_covariance(optimum: Optimum) -> Array:
    """Invert the curvature in the directions that the customers identify.

    Parameters
    ----------
    optimum : Optimum
        A maximum.

    Returns
    -------
    ndarray, shape (k, k)
        Covariance of the parameters; NaN in the rows and columns of those that are not identified.

    Notes
    -----
    At a maximum the covariance of the parameters is that of their logarithms times the parameters
    (delta method); with the gradient 0 this equals the inverse Hessian in the parameters themselves.

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
    covariance = (strong / curvature[~weak]) @ strong.T * np.outer(optimum.parameters, optimum.parameters)
    free = (directions[:, weak] ** 2).sum(axis=1) > 1e-4
    covariance[free] = np.nan
    covariance[:, free] = np.nan
    return covariance


def log_covariance(optimum: Optimum) -> Array:
    """Covariance of the logarithms of the parameters in the directions that the customers identify.

    Parameters
    ----------
    optimum : Optimum
        A maximum.

    Returns
    -------
    ndarray, shape (k, k)
        Nought along directions that are not identified: where two parameters run away together, the variance of
        what stays fixed between them is kept.

    Examples
    --------
    >>> flat = np.array([[-4.0, 4.0], [4.0, -4.0]])
    >>> log_covariance(Optimum(np.ones(2), 0.0, np.zeros(2), flat, 1, True, True)) * 16
    array([[ 1., -1.],
           [-1.,  1.]])
    """
    curvature, directions = np.linalg.eigh(-optimum.hessian)
    strong = curvature >= _WEAK_CURVATURE
    kept: Array = (directions[:, strong] / curvature[strong]) @ directions[:, strong].T
    return kept


def condition_number(optimum: Optimum) -> float:
    """Return the ratio of the strongest to the weakest curvature in the logarithms.

    Parameters
    ----------
    optimum : Optimum
        A maximum.

    Returns
    -------
    float
        Infinite where a direction is flat.

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
    found = _in_logarithms(objective, theta + share * step)
    while found[0] < value - 1e-12 * abs(value) and tries < 30:
        share, tries = share / 2, tries + 1
        found = _in_logarithms(objective, theta + share * step)
    return theta + share * step, found, tries
