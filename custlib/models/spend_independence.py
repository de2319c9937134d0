"""Measures whether spend and frequency are independent, as the Gamma-Gamma model takes them to be.

Reads frequency and monetary_value of repeat buyers, or cells with weights; makes an `Independence`. Where one depends
on the other, fit the spend in bands of frequency. Fader and Hardie (2013), "The Gamma-Gamma model of monetary value",
section 5, for the check; the correlation ratio is Pearson's (1905).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from custlib.errors import ModelError
from custlib.models.cells import merge_rows, number_faults, read_columns, read_weights, refuse_faults

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Independence:
    """Three measures of dependence; NaN where frequency or spend does not vary.

    Attributes
    ----------
    pearson : float
        Linear correlation, -1 to 1.
    spearman : float
        Correlation of the ranks, -1 to 1.
    correlation_ratio : float
        eta squared: share of the variance of spend between frequencies, 0 to 1.
    """

    pearson: float
    spearman: float
    correlation_ratio: float


def independence(frequency: ArrayLike, monetary_value: ArrayLike, weights: ArrayLike | None = None) -> Independence:
    """Measure the dependence of spend on frequency among repeat buyers.

    Parameters
    ----------
    frequency : array_like, shape (n,)
        Repeat purchase days.
    monetary_value : array_like, shape (n,)
        Mean money of those days.
    weights : array_like, shape (n,), optional
        How many customers each row stands for, >= 0; 1 by default.

    Returns
    -------
    Independence

    Raises
    ------
    TableError
        When a number is missing or negative.
    ModelError
        When there is no customer.

    Examples
    --------
    >>> independence([1, 2, 3, 4], [10, 30, 20, 40]).spearman
    0.8
    """
    x, spend = read_columns(frequency=frequency, monetary_value=monetary_value)
    weights = read_weights(weights, x)
    columns = {"frequency": x, "monetary_value": spend, "weights": weights}
    refuse_faults(fault for name, values in columns.items() for fault in number_faults(name, values))
    rows, weights = merge_rows(np.stack([x.ravel(), spend.ravel()]), weights.ravel())
    if weights.size == 0:
        raise ModelError("independence: no repeat buyers. Give at least two with a weight above 0.")
    x, spend = rows
    return Independence(
        _correlation(x, spend, weights),
        _correlation(_ranks(x, weights), _ranks(spend, weights), weights),
        _correlation_ratio(x, spend, weights),
    )


def _correlation(left: Array, right: Array, weights: Array) -> float:
    """Compute the weighted Pearson correlation."""
    left = left - left @ weights / weights.sum()
    right = right - right @ weights / weights.sum()
    spread = np.sqrt((left**2 @ weights) * (right**2 @ weights))
    return float((left * right) @ weights / spread) if spread > 0 else float("nan")


def _ranks(values: Array, weights: Array) -> Array:
    """Compute the mean rank of each value, as if every row were repeated by its weight."""
    _, which = np.unique(values, return_inverse=True)
    count = np.bincount(which, weights)
    ranks: Array = (np.cumsum(count) - count / 2 + 0.5)[which]
    return ranks


def _correlation_ratio(x: Array, spend: Array, weights: Array) -> float:
    """Compute the variance between the frequencies over the whole variance."""
    _, which = np.unique(x, return_inverse=True)
    count = np.bincount(which, weights)
    deviation = spend - spend @ weights / weights.sum()
    between = float((np.bincount(which, weights * deviation) ** 2 / count).sum())
    whole = float(deviation**2 @ weights)
    return between / whole if whole > 0 else float("nan")
