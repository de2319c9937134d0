"""Chance of beginning with a product: a logistic regression on cells, and how it is held against what came.

Arrays only: one row per cell of customers alike, with how many they are and how many began. The check follows
Brier (1950): mean squared difference of chance and outcome, beside that of one rate for all.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_TOLERANCE = 1e-10


@dataclass(frozen=True)
class Adoption:
    """Chance = 1 / (1 + exp(-(intercept + features . coefficients)))."""

    intercept: float
    coefficients: tuple[float, ...]


def fit(features: Floats, customers: Floats, beginners: Floats, *, penalty: float = 1.0) -> Adoption:
    """Fit the chance of beginning on cells.

    Parameters
    ----------
    features : ndarray of shape (n, k)
        One row per cell.
    customers, beginners : ndarray of shape (n,)
        How many customers a cell has, and how many of them began.
    penalty : float, default 1
        ``C`` of scikit-learn's ridge; the intercept is not penalised, so the total is met.

    Returns
    -------
    Adoption
        The fitted chance.

    Raises
    ------
    ValueError
        If nobody or everybody began.

    Examples
    --------
    Ten of a hundred without the feature began and forty of a hundred with it:

    >>> model = fit(np.array([[0.0], [1.0]]), np.array([100.0, 100.0]), np.array([10.0, 40.0]), penalty=1e6)
    >>> chance(model, np.array([[0.0], [1.0]])).round(3).tolist()
    [0.1, 0.4]
    """
    from sklearn.linear_model import LogisticRegression

    stayed = customers - beginners
    if not (beginners.sum() > 0 and stayed.sum() > 0):
        raise ValueError(f"{beginners.sum():g} of {customers.sum():g} customers began: nothing can be learned")
    weights = np.concatenate([beginners, stayed])
    outcomes = np.repeat([1, 0], len(customers))
    used = weights > 0
    regression = LogisticRegression(C=penalty, solver="newton-cholesky", tol=_TOLERANCE, max_iter=200)
    regression.fit(np.vstack([features, features])[used], outcomes[used], sample_weight=weights[used])
    return Adoption(float(regression.intercept_[0]), tuple(float(x) for x in regression.coef_[0]))


def chance(model: Adoption, features: Floats) -> Floats:
    """Compute the chance of beginning.

    Parameters
    ----------
    model : Adoption
        The fitted chance.
    features : ndarray of shape (n, k)
        One row per cell.

    Returns
    -------
    ndarray of shape (n,)
        From 0 to 1.

    Examples
    --------
    >>> chance(Adoption(0.0, (0.0,)), np.array([[3.0]])).tolist()
    [0.5]
    """
    from scipy.special import expit

    found: Floats = expit(model.intercept + features @ np.array(model.coefficients))
    return found


def brier(chances: Floats, customers: Floats, beginners: Floats) -> float:
    """Compute the mean squared difference of chance and outcome.

    Parameters
    ----------
    chances, customers, beginners : ndarray of shape (n,)
        Per cell: the chance given, how many customers, how many began.

    Returns
    -------
    float
        0 is perfect; ``nan`` without customers.

    Examples
    --------
    Two customers at a chance of one half, one of whom began:

    >>> brier(np.array([0.5]), np.array([2.0]), np.array([1.0]))
    0.25
    """
    total = customers.sum()
    if total == 0:
        return float("nan")
    lost = beginners @ (1 - chances) ** 2 + (customers - beginners) @ chances**2
    return float(lost / total)


def by_tenth(chances: Floats, customers: Floats, beginners: Floats) -> list[dict[str, float]]:
    """Part the customers into tenths by their chance, and hold each against what came.

    Parameters
    ----------
    chances, customers, beginners : ndarray of shape (n,)
        Per cell: the chance given, how many customers, how many began.

    Returns
    -------
    list of dict
        From the lowest chance: ``tenth`` (1 to 10), ``customers``, ``expected`` and ``actual`` (shares). A cell is
        never parted, so tenths may differ in size, and where many have one chance some tenths are missing.

    Examples
    --------
    >>> tenths = by_tenth(np.array([0.1, 0.4]), np.array([50.0, 50.0]), np.array([5.0, 25.0]))
    >>> [(t["tenth"], t["customers"], round(t["expected"], 3), t["actual"]) for t in tenths]
    [(3, 50.0, 0.1, 0.1), (8, 50.0, 0.4, 0.5)]
    """
    order = np.argsort(chances, kind="stable")
    middle = np.cumsum(customers[order]) - customers[order] / 2
    tenth = np.minimum((10 * middle / customers.sum()).astype(int), 9)
    found = []
    for n in np.unique(tenth):
        inside = order[tenth == n]
        count = customers[inside].sum()
        expected, actual = chances[inside] @ customers[inside] / count, beginners[inside].sum() / count
        found.append(
            {"tenth": int(n) + 1, "customers": float(count), "expected": float(expected), "actual": float(actual)}
        )
    return found
