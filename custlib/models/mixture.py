"""Likelihoods that are sums of positive terms: the customer is still there, or left at one moment or another.

Makes value, gradient and Hessian of ``sum of weights x log(sum of exp(g_j))``; reads the g_j and their
derivatives. With the shares pi_j of the terms, the gradient is E[g'] and the Hessian E[g''] + Cov[g'], each
over the terms of a customer: no difference quotient, no term subtracted from another of like size.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Derivatives = Callable[[int], tuple[Array, Array]]


def add_terms(terms: Array, derivatives: Derivatives, weights: Array) -> tuple[float, Array, Array]:
    """Add up the logarithms of sums of terms.

    Parameters
    ----------
    terms : ndarray, shape (j, n)
        Logarithms g_j of the terms of n customers; minus infinity where a term is absent.
    derivatives : callable
        From the number of a term to its first and second derivatives by the k parameters, shapes (k, n) and
        (k, k, n), finite also where the term is absent.
    weights : ndarray, shape (n,)
        How many customers each column stands for.

    Returns
    -------
    value : float
        The weighted sum of the logarithms.
    gradient, hessian : ndarray, shape (k,), (k, k)
        Its derivatives.

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
