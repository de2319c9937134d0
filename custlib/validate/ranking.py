"""Measures how well a forecast puts customers in order: the ranking Gini, and who is among the best."""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def ranking_gini(forecast: ArrayLike, actual: ArrayLike) -> float:
    """Compute the Gini of an order of customers over that of the best order possible.

    1 for a perfect order, 0 for one by chance: the area between the diagonal and the share of the total that the first
    customers by forecast hold. Customers with equal forecasts share what they hold. NaN where all bought alike.

    Examples
    --------
    >>> round(ranking_gini([4, 3, 2, 1], [10, 30, 0, 0]), 9)
    0.6
    """
    forecast, actual = np.asarray(forecast, dtype=float), np.asarray(actual, dtype=float)
    most = _area(actual, actual)
    return _area(forecast, actual) / most if most > 0 else float("nan")


def _area(forecast: Floats, actual: Floats) -> float:
    """Twice the area between the concentration curve and the diagonal."""
    if actual.sum() <= 0:
        return 0.0
    _, tied = np.unique(-forecast, return_inverse=True)
    customers = np.cumsum(np.append(0.0, np.bincount(tied))) / actual.size
    amounts = np.cumsum(np.append(0.0, np.bincount(tied, weights=actual))) / actual.sum()
    return float(((amounts[1:] + amounts[:-1]) * np.diff(customers)).sum() - 1)


def best(forecast: pd.Series, share: float) -> NDArray[np.bool_]:
    """Mark the share of customers with the highest forecasts, the first rows where several are equal.

    Examples
    --------
    >>> best(pd.Series([1.0, 3.0, 3.0, 2.0]), 0.5).tolist()
    [False, True, True, False]
    """
    place = forecast.rank(method="first", ascending=False)
    marked: NDArray[np.bool_] = (place <= round(share * len(forecast))).to_numpy()
    return marked
