"""Transforms a feature towards the normal distribution (Yeo and Johnson 2000), for values that are not negative.

Makes power, mean and deviation; reads values and weights.
"""

import numpy as np

from custlib.models.inputs import Array

_DIGITS = 9


def transform(values: Array, fitted: dict[str, float]) -> Array:
    """Transform and standardise one feature (values >= 0).

    Parameters
    ----------
    values : ndarray
        The feature, not negative.
    fitted : dict
        ``power``, ``mean`` and ``deviation``.

    Returns
    -------
    ndarray
        Standardised values.

    Examples
    --------
    With power 0 the transform is log(1 + x):

    >>> transform(np.array([0.0, np.e - 1]), {"power": 0.0, "mean": 0.0, "deviation": 1.0}).round(9).tolist()
    [0.0, 1.0]
    """
    return (_yeo_johnson(values, fitted["power"]) - fitted["mean"]) / fitted["deviation"]


def fit_power(values: Array, weights: Array, given: float | None = None) -> dict[str, float]:
    """Find the power of greatest likelihood under a normal distribution, with weights.

    Parameters
    ----------
    values : ndarray
        The feature, not negative.
    weights : ndarray
        Customers of each, not all 0.
    given : float, optional
        The power, where it is not to be found.

    Returns
    -------
    dict
        ``power``, and ``mean`` and ``deviation`` of the transformed feature; power 0 where the feature does not vary.

    Examples
    --------
    >>> fit_power(np.array([0.0, 0.0]), np.ones(2))
    {'power': 0.0, 'mean': 0.0, 'deviation': 1.0}
    """
    from scipy.optimize import minimize_scalar

    share = weights / weights.sum()
    logs = float(share @ np.log1p(values))

    def loss(power: float) -> float:
        moved = _yeo_johnson(values, power)
        variance = float(share @ (moved - share @ moved) ** 2)
        return 0.5 * float(np.log(max(variance, 1e-300))) - (power - 1) * logs

    fixed = 0.0 if np.ptp(values) == 0 else given
    found = fixed if fixed is not None else float(minimize_scalar(loss, bounds=(-3, 3), method="bounded").x)
    power = round(found, 4)
    moved = _yeo_johnson(values, power)
    mean = float(share @ moved)
    deviation = float(np.sqrt(share @ (moved - mean) ** 2)) or 1.0
    return {"power": power, "mean": round(mean, _DIGITS), "deviation": round(deviation, _DIGITS) or 1.0}


def _yeo_johnson(values: Array, power: float) -> Array:
    logs = np.log1p(values)
    return logs if power == 0 else np.expm1(power * logs) / power
