"""Chance of beginning with a product: a logistic regression on cells, and its check against outcomes.

Arrays only: one row per cell of customers alike, with how many they are and how many began. The check follows
Brier (1950): mean squared difference of chance and outcome, beside that of one rate for all.
"""

from dataclasses import dataclass

import numpy as np

from custlib.errors import require
from custlib.models.cells import Array

_TOLERANCE = 1e-10


@dataclass(frozen=True)
class Adoption:
    """Chance = 1 / (1 + exp(-(intercept + features . coefficients)))."""

    intercept: float
    coefficients: tuple[float, ...]


def fit(features: Array, customers: Array, beginners: Array, *, penalty: float = 1.0) -> Adoption:
    """Fit the chance of beginning on cells of customers alike.

    The penalty is ``C`` of scikit-learn's ridge; the intercept is not penalised, so the total is met.

    Examples
    --------
    Ten of a hundred without the feature began and forty of a hundred with it:

    >>> model = fit(np.array([[0.0], [1.0]]), np.array([100.0, 100.0]), np.array([10.0, 40.0]), penalty=1e6)
    >>> chance(model, np.array([[0.0], [1.0]])).round(3).tolist()
    [0.1, 0.4]
    """
    linear_model = require("sklearn.linear_model", extra="reports", purpose="potential value")
    stayed = customers - beginners
    if not (beginners.sum() > 0 and stayed.sum() > 0):
        raise ValueError(f"{beginners.sum():g} of {customers.sum():g} customers began: nothing can be learned")
    weights = np.concatenate([beginners, stayed])
    outcomes = np.repeat([1, 0], len(customers))
    used = weights > 0
    regression = linear_model.LogisticRegression(C=penalty, solver="newton-cholesky", tol=_TOLERANCE, max_iter=200)
    regression.fit(np.vstack([features, features])[used], outcomes[used], sample_weight=weights[used])
    return Adoption(float(regression.intercept_[0]), tuple(float(x) for x in regression.coef_[0]))


def chance(model: Adoption, features: Array) -> Array:
    """Compute the chance of beginning, one for each row of features.

    Examples
    --------
    >>> chance(Adoption(0.0, (0.0,)), np.array([[3.0]])).tolist()
    [0.5]
    """
    from scipy.special import expit

    chances: Array = expit(model.intercept + features @ np.array(model.coefficients))
    return chances


def brier(chances: Array, customers: Array, beginners: Array) -> float:
    """Compute the mean squared difference of chance and outcome: 0 is perfect, NaN without customers.

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


def by_tenth(chances: Array, customers: Array, beginners: Array) -> list[dict[str, float]]:
    """Split the customers into tenths by their chance, and compare the expected with the actual share of beginners.

    A cell is never split, so tenths may differ in size, and where many have one chance some tenths are missing.

    Examples
    --------
    >>> tenths = by_tenth(np.array([0.1, 0.4]), np.array([50.0, 50.0]), np.array([5.0, 25.0]))
    >>> [(t["tenth"], t["customers"], round(t["expected"], 3), t["actual"]) for t in tenths]
    [(3, 50.0, 0.1, 0.1), (8, 50.0, 0.4, 0.5)]
    """
    order = np.argsort(chances, kind="stable")
    middle = np.cumsum(customers[order]) - customers[order] / 2
    tenth = np.minimum((10 * middle / customers.sum()).astype(int), 9)
    tenths = []
    for n in np.unique(tenth):
        inside = order[tenth == n]
        count = customers[inside].sum()
        expected, actual = chances[inside] @ customers[inside] / count, beginners[inside].sum() / count
        tenths.append(
            {"tenth": int(n) + 1, "customers": float(count), "expected": float(expected), "actual": float(actual)}
        )
    return tenths
