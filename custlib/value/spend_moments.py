"""Computes how uncertain spend is: its second moments given the past, and how it changes with the parameters.

Follows Fader and Hardie (2013), "The Gamma-Gamma model of monetary value".
"""

import numpy as np
from numpy.typing import NDArray

from custlib import rules
from custlib.value.spend import SpendModel

Floats = NDArray[np.float64]


def spend_moments(spend: SpendModel, frequency: Floats) -> tuple[Floats, Floats]:
    """Compute second moments of spend given the past, in units of squared expected spend.

    With s = p x + q, a customer's spend level has the second moment (s - 1) / (s - 2), the money of one day
    1 + 1 / p times that (Gamma-Gamma, Fader and Hardie 2013); x counts the purchase days that expected spend is
    computed from. It is infinite at s <= 2, so s is taken as at least that of ``rules/spend.toml``.

    Examples
    --------
    >>> from custlib.models.gammagamma import GammaGamma
    >>> from custlib.value.spend import from_gamma_gamma
    >>> model = GammaGamma(6.25, 3.74, 15.44)
    >>> level, day = spend_moments((from_gamma_gamma(model), model), np.array([0.0, 2.0]))
    >>> level.round(4), day.round(4)
    (array([1.5747, 1.0702]), array([1.8267, 1.2415]))
    """
    model = spend[1]
    if model is None:
        return np.ones_like(frequency), np.full_like(frequency, 2.0)
    least = rules.load("spend")["moments"]["least_shape"]
    shape = np.maximum(model.p * purchase_days_known(spend, frequency) + model.q, least)
    level = (shape - 1) / (shape - 2)
    return level, level * (1 + 1 / model.p)


def purchase_days_known(spend: SpendModel, frequency: Floats) -> Floats:
    """Count the purchase days that the expected spend of a customer is computed from; none of a one-time buyer."""
    return np.where(frequency > 0, frequency + 1, frequency) if spend[0].days == "all" else frequency


def spend_slopes(spend: SpendModel, frequency: Floats, value: Floats, units: Floats) -> Floats:
    """Differentiate each cell's value by p, q and v; ``value`` is before the cost to serve, ``units`` value / spend.

    The value of one-time buyers is taken to be as uncertain as the mean spend, p v / (q - 1).
    """
    model = spend[1]
    if model is None:
        return np.zeros((3, len(frequency)))
    shape = model.p * purchase_days_known(spend, frequency) + model.q - 1
    by_v = np.where(frequency > 0, units * model.p / shape, value / model.v)
    return np.array([value * (model.q - 1) / (model.p * shape), -value / shape, by_v])


def spend_covariance(spend: SpendModel) -> Floats:
    """Covariance of p, q and v; zero for what is unknown."""
    model = spend[1]
    if model is None or model.covariance is None:
        return np.zeros((3, 3))
    return np.nan_to_num(model.covariance)
