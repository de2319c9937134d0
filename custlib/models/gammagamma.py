"""Gamma-Gamma: how much a customer spends on a purchase day.

The door to the model; the parts are in `gammagamma_model` (the fitted value), `gammagamma_fit` and
`spend_independence`. Fader and Hardie (2013), "The Gamma-Gamma model of monetary value". The model takes
spend to be independent of frequency: see `independence`.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from custlib.errors import ModelError
from custlib.models.gammagamma_fit import fit
from custlib.models.gammagamma_model import GammaGamma, from_dict, to_dict
from custlib.models.inputs import number_faults, read_columns, refuse_faults
from custlib.models.spend_independence import Independence, independence

__all__ = [
    "GammaGamma",
    "Independence",
    "expected_spend",
    "fit",
    "from_dict",
    "independence",
    "mean_spend",
    "mean_spend_standard_error",
    "to_dict",
]

Array = NDArray[np.float64]


def mean_spend(model: GammaGamma) -> float:
    """Give the mean spend of a purchase day over all customers, p v / (q - 1).

    Parameters
    ----------
    model : GammaGamma
        A model with q > 1.

    Returns
    -------
    float
        In the unit of money.

    Raises
    ------
    ModelError
        When q <= 1: the mean is infinite.

    Examples
    --------
    >>> round(mean_spend(GammaGamma(6.25, 3.74, 15.44)), 2)
    35.22
    """
    _refuse_infinite_mean(model)
    return model.p * model.v / (model.q - 1)


def mean_spend_standard_error(model: GammaGamma) -> float:
    """Give the standard error of `mean_spend`, by the delta method.

    Parameters
    ----------
    model : GammaGamma
        A fitted model with q > 1.

    Returns
    -------
    float
        In the unit of money; NaN where a parameter is not identified.

    Raises
    ------
    ModelError
        When q <= 1, or the model has no covariance.

    Examples
    --------
    >>> model = fit([2, 1, 1, 4, 3, 2], [22.35, 11.77, 60.1, 35.2, 14.0, 90.5])
    >>> 0 < mean_spend_standard_error(model) < mean_spend(model)
    True
    """
    mean = mean_spend(model)
    if model.covariance is None:
        raise ModelError("Gamma-Gamma: no covariance, so no standard error. Use a fitted model.")
    slope = mean * np.array([1 / model.p, -1 / (model.q - 1), 1 / model.v])
    return float(np.sqrt(slope @ model.covariance @ slope))


def expected_spend(model: GammaGamma, frequency: ArrayLike, monetary_value: ArrayLike) -> Array:
    """Give the expected spend of a customer's purchase days, (v + x m) p / (p x + q - 1).

    Parameters
    ----------
    model : GammaGamma
        A model with q > 1.
    frequency : array_like
        Repeat purchase days x, >= 0.
    monetary_value : array_like
        Their mean money m, > 0; whatever it is, it does not count where the frequency is 0.

    Returns
    -------
    ndarray
        In the unit of money; the population mean where the frequency is 0.

    Raises
    ------
    TableError
        When a frequency is negative or no number, or a value that counts is not above 0.
    ModelError
        When q <= 1: the mean is infinite.

    Examples
    --------
    >>> expected_spend(GammaGamma(6.25, 3.74, 15.44), [2, 0], [22.35, 0]).round(2)
    array([24.66, 35.22])
    """
    _refuse_infinite_mean(model)
    x, spend = read_columns(frequency=frequency, monetary_value=monetary_value)
    spend = np.where(x == 0, 1.0, spend)
    refuse_faults([*number_faults("frequency", x), *number_faults("monetary_value", spend, least="not positive")])
    result: Array = (model.v + x * spend) * model.p / (model.p * x + model.q - 1)
    return result[()]


def _refuse_infinite_mean(model: GammaGamma) -> None:
    """Raise where the expected spend is infinite."""
    if model.q <= 1:
        raise ModelError(
            f"Gamma-Gamma: q is {model.q:.4g}, so spend has no finite mean (q must be above 1). "
            "Shrink each customer's mean towards the median instead."
        )
