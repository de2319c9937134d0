"""Computes how uncertain spend is: its second moments given the past, and how it changes with the parameters.

Follows Fader and Hardie (2013), "The Gamma-Gamma model of monetary value".
"""

import numpy as np
from numpy.typing import NDArray

from custlib.models.gammagamma import GammaGamma

Floats = NDArray[np.float64]


def spend_moments(spend: GammaGamma | None, frequency: Floats) -> tuple[Floats, Floats]:
    """Compute second moments of spend given the past, in units of squared expected spend.

    With s = p x + q, a customer's spend level has the second moment (s - 1) / (s - 2), the money of one day
    1 + 1 / p times that (Gamma-Gamma, Fader and Hardie 2013).

    Examples
    --------
    >>> level, day = spend_moments(GammaGamma(6.25, 3.74, 15.44), np.array([0.0, 2.0]))
    >>> level.round(4), day.round(4)
    (array([1.5747, 1.0702]), array([1.8267, 1.2415]))
    """
    if spend is None:
        return np.ones_like(frequency), np.full_like(frequency, 2.0)
    shape = spend.p * frequency + spend.q
    finite = shape > 2
    level = np.where(finite, (shape - 1) / np.where(finite, shape - 2, 1.0), 1.0)
    return level, np.where(finite, level * (1 + 1 / spend.p), 2.0)


def spend_slopes(spend: GammaGamma | None, frequency: Floats, value: Floats, units: Floats) -> Floats:
    """Differentiate each cell's value by p, q and v; ``value`` is before the cost to serve, ``units`` value / spend."""
    if spend is None:
        return np.zeros((3, len(frequency)))
    shape = spend.p * frequency + spend.q - 1
    return np.array([value * (spend.q - 1) / (spend.p * shape), -value / shape, units * spend.p / shape])


def spend_covariance(spend: GammaGamma | None) -> Floats:
    """Covariance of p, q and v; zero for what is unknown."""
    if spend is None or spend.covariance is None:
        return np.zeros((3, 3))
    return np.nan_to_num(spend.covariance)
