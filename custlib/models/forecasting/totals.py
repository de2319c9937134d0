"""Totals over many customers: the forecast, and the variance by where it comes from.

A `CellForecast` holds what the models of an average expect of one customer of each cell of equal customers, computed
once; `CellForecast.total` adds it up over the cells of a segment. Three things vary:

- *chance*: what each customer does, independent of the others: variances add up over customers;
- *parameters*: one error for all customers: the slopes add up, then the variance follows (delta method);
- *models*: which of them is right is the same for all customers too: the models' totals differ, and the variance is
  their weighted mean square about the mean, ``sum w (mu_m - mu)**2``. Per customer it would vanish in a sum.

Money and value are made of the same parts: `CellForecast.scaled`, or a `CellForecast` from other means and slopes.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from custlib.models.cells import Array
from custlib.models.forecasting.lifetime_models import Histories, LifetimeModel, Moments

_STEP = 1e-5  # of a logarithm


@dataclass(frozen=True)
class Total:
    """The forecast of a total, and its variance in three parts.

    Examples
    --------
    >>> Total(mean=100.0, chance=64.0, parameters=27.0, models=9.0).variance
    100.0
    """

    mean: float
    chance: float
    parameters: float
    models: float

    @property
    def variance(self) -> float:
        """The sum of the parts."""
        return self.chance + self.parameters + self.models


@dataclass(frozen=True, eq=False)
class CellForecast:
    """What is expected of one customer of each cell.

    Attributes
    ----------
    weights : ndarray, shape (models,)
        Of the models; they sum to 1.
    means : ndarray, shape (models, cells)
        What each model expects.
    chance : ndarray, shape (cells,)
        Variance of one customer's outcome within a model, averaged over the models.
    slopes : ndarray, shape (parameters, cells)
        Of the forecast by the logarithms of the parameters, `custlib.models.forecasting.slopes`.
    covariance : ndarray, shape (parameters, parameters)
        Of those logarithms, `LifetimeModel.log_covariance`.
    """

    weights: Array
    means: Array
    chance: Array
    slopes: Array
    covariance: Array

    @property
    def mean(self) -> Array:
        """The forecast of one customer of each cell."""
        return self.weights @ self.means

    def scaled(self, factor: ArrayLike) -> "CellForecast":
        """Restate the forecast in another unit, one factor for all cells or one for each."""
        factor = np.asarray(factor, dtype=np.float64)
        return replace(self, means=self.means * factor, chance=self.chance * factor**2, slopes=self.slopes * factor)

    def total(self, customers: ArrayLike) -> Total:
        """Add up over customers.

        Parameters
        ----------
        customers : array_like, shape (cells,)
            How many customers of each cell count, 0 where none of the segment is in the cell.

        Returns
        -------
        Total
        """
        customers = np.asarray(customers, dtype=np.float64)
        each, slope = self.means @ customers, self.slopes @ customers
        mean = float(self.weights @ each)
        return Total(
            mean=mean,
            chance=float(self.chance @ customers),
            parameters=float(slope @ self.covariance @ slope),
            models=float(self.weights @ (each - mean) ** 2),
        )


def purchases_ahead(model: LifetimeModel, histories: Histories, horizon: float) -> CellForecast:
    """Forecast the purchases within a horizon.

    Parameters
    ----------
    model : LifetimeModel
        A fitted model, or an average.
    histories : Histories
        One for each cell.
    horizon : float
        In the model's unit of time.

    Returns
    -------
    CellForecast

    Examples
    --------
    >>> from custlib.models.bgnbd import fit
    >>> from custlib.models.forecasting import as_lifetime_model
    >>> history = [0, 0, 1, 2, 0, 5], [0, 0, 4, 30, 0, 35], [39, 38, 38, 37, 36, 36]
    >>> cells = purchases_ahead(as_lifetime_model(fit(*history)), Histories.of(*history), 39)
    >>> round(cells.total(np.ones(6)).mean, 1)
    8.2
    """
    return _forecast(
        model,
        lambda member: member.purchase_moments(histories, horizon),
        lambda member: member.expected_purchases(histories, horizon),
    )


def residual_ahead(model: LifetimeModel, histories: Histories, rate: float) -> CellForecast:
    """Forecast the discounted purchases in all time to come.

    Parameters
    ----------
    model : LifetimeModel
        A fitted model, or an average.
    histories : Histories
        One for each cell.
    rate : float
        Continuous discount rate per unit of time, above 0.

    Returns
    -------
    CellForecast

    Examples
    --------
    >>> from custlib.models.bgnbd import BGNBD
    >>> from custlib.models.forecasting import as_lifetime_model
    >>> model = as_lifetime_model(BGNBD(0.243, 4.414, 0.793, 2.426))
    >>> residual_ahead(model, Histories.of(2, 30.43, 38.86), 0.0027).mean.round(3)
    array([5.156])
    """
    return _forecast(
        model,
        lambda member: member.residual_moments(histories, rate),
        lambda member: member.residual_transactions(histories, rate),
    )


def _forecast(
    model: LifetimeModel, moments: Callable[[LifetimeModel], Moments], mean: Callable[[LifetimeModel], Array]
) -> CellForecast:
    """Collect moments and slopes of all models."""
    members = model.members
    each = [moments(member) for _, member in members]
    weights = np.array([weight for weight, _ in members])
    return CellForecast(
        weights=weights,
        means=np.stack([part.mean for part in each]),
        chance=weights @ np.stack([part.variance for part in each]),
        slopes=slopes(model, mean),
        covariance=model.log_covariance,
    )


def slopes(model: LifetimeModel, function: Callable[[LifetimeModel], Array]) -> Array:
    """Differentiate a forecast by the logarithms of the parameters, by forward differences.

    Parameters
    ----------
    model : LifetimeModel
        The model at which to differentiate.
    function : callable
        Takes a model and returns one forecast for each of n histories, or cells.

    Returns
    -------
    ndarray, shape (parameters, n)
        Of an average the slopes of each member, times its weight.

    Examples
    --------
    >>> from custlib.models.bgnbd import BGNBD
    >>> from custlib.models.forecasting import as_lifetime_model
    >>> model, one = as_lifetime_model(BGNBD(0.25, 31.0, 0.8, 2.4)), Histories.of(2, 200.0, 210.0)
    >>> slopes(model, lambda at: at.expected_purchases(one, 365.0)).shape
    (4, 1)
    """
    return np.vstack([weight * _forward(member, function) for weight, member in model.members])


def _forward(model: LifetimeModel, function: Callable[[LifetimeModel], Array]) -> Array:
    """Differentiate the forecast of a single model."""
    here = function(model)
    steps = np.exp(np.eye(model.parameter_count) * _STEP)
    return np.array([(function(model.restated(model.values * step)) - here) / _STEP for step in steps])
