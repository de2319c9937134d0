"""Computes the variance of a forecast total, if the model is right: of the parameters, and of each customer's future.

Reads cells of customers. The variance of a total is that of the parameters (delta method with the inverse Hessian of
both fits) plus that of the customers' futures, computed per cell: alive ~ Bernoulli(P(alive)), rate ~ Gamma,
drop-out ~ Beta, purchases = min(Poisson, Geometric). Money adds the variance of a customer's spend level given the
past, and of each day (Gamma-Gamma). Residual value has no horizon, so discounted purchases replace counts.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from custlib.models import bgnbd
from custlib.models.bgnbd_model import PARAMETERS, BetaGeometricNBD
from custlib.value.spend import SpendModel
from custlib.value.spend_moments import spend_covariance, spend_moments, spend_slopes

Floats = NDArray[np.float64]
_STEP = 1e-5


@dataclass(frozen=True)
class Variance:
    """Variance of a total: slopes of each cell by the parameters, their covariance, and chance per cell."""

    slopes: Floats
    covariance: Floats
    chance: Floats

    def of(self, inside: Floats) -> float:
        """Sum over the cells inside: parameters are shared, chance is independent."""
        slope = self.slopes @ inside
        return float(slope @ self.covariance @ slope + self.chance @ inside)


def variances(
    model: BetaGeometricNBD, spend: SpendModel, cells: pd.DataFrame, horizon: float
) -> tuple[Variance, Variance]:
    """Compute the variances of purchases and of money, per cell.

    A purchase brings m S - c, with the margin m, the spend S and the cost to serve c. With N purchases, a level of
    spend of mean s and second moment level x s^2, and g = m s, the variance of a customer's money is
    (g - c)^2 (E N^2 - (E N)^2) + g^2 ((level - 1) E N^2 + (day - level) E N).
    """
    customers, money, squares, gross_squares, gross, units = (
        cells[name].to_numpy(dtype=float)
        for name in ("customers", "money", "money_squares", "gross_squares", "gross", "units")
    )
    gradient, covariance = expectation_slopes(model, cells, horizon), log_covariance(model)
    mean, square = futures(model, cells, horizon)
    level, day = spend_moments(spend, cells["frequency"].to_numpy(dtype=float))
    slopes = spend_slopes(spend, cells["frequency"].to_numpy(dtype=float), gross, units)
    chance = (square - mean**2) * squares + ((level - 1) * square + (day - level) * mean) * gross_squares
    both = np.zeros((7, 7))
    both[:4, :4], both[4:, 4:] = covariance, spend_covariance(spend)
    return (
        Variance(gradient * customers, covariance, (square - mean**2) * customers),
        Variance(np.vstack([gradient * money, slopes]), both, chance),
    )


def residual_variance(model: BetaGeometricNBD, spend: SpendModel, cells: pd.DataFrame, rate: float) -> Variance:
    """Compute the variance of residual value, per cell, like that of money with discounted purchases for counts."""
    names = ("margin", "margin_squares", "gross_margin_squares", "residual_gross", "residual_units", "frequency")
    margin, squares, gross_squares, gross, units, frequency = (cells[name].to_numpy(dtype=float) for name in names)
    mean, square, fine = _discounted_futures(model, cells, rate)
    level, day = spend_moments(spend, frequency)
    chance = (square - mean**2) * squares + ((level - 1) * square + (day - level) * fine) * gross_squares
    both = np.zeros((7, 7))
    both[:4, :4], both[4:, 4:] = log_covariance(model), spend_covariance(spend)
    slopes = _slopes(model, lambda at: _residual(at, cells, rate)) * margin
    return Variance(np.vstack([slopes, spend_slopes(spend, frequency, gross, units)]), both, chance)


def expected(model: BetaGeometricNBD, cells: pd.DataFrame, horizon: float) -> Floats:
    """Expect the purchases of one customer of each cell in the horizon.

    Examples
    --------
    >>> one = pd.DataFrame({"frequency": [2], "recency": [200.0], "T": [210.0]})
    >>> expected(bgnbd.BGNBD(0.25, 31.0, 0.8, 2.4), one, 365.0).round(2)
    array([2.05])
    """
    x, recency, age = (cells[name].to_numpy(dtype=float) for name in ("frequency", "recency", "T"))
    return np.asarray(bgnbd.expected_purchases(model, horizon, x, recency, age), dtype=float)


def _residual(model: BetaGeometricNBD, cells: pd.DataFrame, rate: float) -> Floats:
    x, recency, age = (cells[name].to_numpy(dtype=float) for name in ("frequency", "recency", "T"))
    return np.asarray(bgnbd.residual_transactions(model, rate, x, recency, age), dtype=float)


def expectation_slopes(model: BetaGeometricNBD, cells: pd.DataFrame, horizon: float) -> Floats:
    """Differentiate one customer's expected purchases by the logarithms of the parameters, shape (4, cells).

    Examples
    --------
    >>> one = pd.DataFrame({"frequency": [2], "recency": [200.0], "T": [210.0]})
    >>> expectation_slopes(bgnbd.BGNBD(0.25, 31.0, 0.8, 2.4), one, 365.0).shape
    (4, 1)
    """
    return _slopes(model, lambda at: expected(at, cells, horizon))


def _slopes(model: BetaGeometricNBD, total: Callable[[BetaGeometricNBD], Floats]) -> Floats:
    """Differentiate each cell's expectation by the logarithms of the parameters, by forward differences."""
    logs = np.log([getattr(model, name) for name in PARAMETERS])

    def at(step: Floats) -> Floats:
        r, alpha, a, b = (float(value) for value in np.exp(logs + step))
        return total(type(model)(r, alpha, a, b))

    here = total(model)
    return np.array([(at(step) - here) / _STEP for step in np.eye(4) * _STEP])


def log_covariance(model: BetaGeometricNBD) -> Floats:
    """Covariance of the logarithms of the four parameters; zero for what is unknown or not identified.

    Examples
    --------
    >>> log_covariance(bgnbd.BGNBD(0.25, 31.0, 0.8, 2.4)).sum()
    np.float64(0.0)
    """
    if model.log_covariance is not None:
        return model.log_covariance
    if model.covariance is None:
        return np.zeros((4, 4))
    inverse = 1 / np.array([model.r, model.alpha, model.a, model.b])
    return np.nan_to_num(model.covariance * np.outer(inverse, inverse))


def futures(model: BetaGeometricNBD, cells: pd.DataFrame, horizon: float) -> tuple[Floats, Floats]:
    """Compute the first and second moment of a customer's purchases in the horizon, per cell."""
    history = [cells[name].to_numpy(dtype=float) for name in ("frequency", "recency", "T")]
    mean, square = (
        np.asarray(moment(model, horizon, *history), dtype=float)
        for moment in (bgnbd.expected_purchases, bgnbd.expected_squared_purchases)
    )
    return mean, square


def _discounted_futures(model: BetaGeometricNBD, cells: pd.DataFrame, rate: float) -> tuple[Floats, Floats, Floats]:
    """Moments of a customer's discounted purchases, per cell: mean, mean square, mean sum of squared discounts."""
    history = [cells[name].to_numpy(dtype=float) for name in ("frequency", "recency", "T")]
    mean, fine = (_residual(model, cells, discount) for discount in (rate, 2 * rate))
    return mean, fine + bgnbd.residual_pairs(model, rate, *history), fine
