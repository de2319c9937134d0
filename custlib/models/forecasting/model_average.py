"""Averages of lifetime models, weighted by tempered Akaike weights.

Several models fit the same customers about as well and differ in what they forecast. Instead of choosing one by a
hair's breadth, `average` weighs each by exp(-(AIC - least AIC) / 20): within 10 of AIC nothing is decided, beyond some
dozens the better model is alone. Akaike weights proper have 2 in place of 20; they take differences of likelihood for
differences of forecasts, which differ by more when no model is true. With more customers the criteria move apart
without end, and none of the models becomes true by it: the evidence of more than 2,500 customers counts as that of
2,500, as in a coarsened posterior (Miller and Dunson 2019, "Robust Bayesian inference via coarsening", Journal of the
American Statistical Association 114). docs/decisions/0010-averaged-models.md has the reasons; Burnham and Anderson
(2002), "Model Selection and Multimodel Inference", chapters 2 and 4, the method.

The forecast of a customer is the mean over the models. Its variance is the mean of theirs, and, in totals, the spread
between the models: `custlib.models.forecasting.totals`.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special
from scipy.linalg import block_diag

from custlib.errors import ModelError, UsageError
from custlib.models.cells import Array
from custlib.models.forecasting.lifetime_models import Bools, Histories, LifetimeModel, Moments

_TEMPERATURE = 20.0
_MOST_CUSTOMERS = 2_500.0  # whose evidence counts
_LEAST_WEIGHT = 1e-3


@dataclass(frozen=True)
class ModelAverage(LifetimeModel):
    """Several lifetime models of the same customers, with weights.

    Attributes
    ----------
    parts : tuple of (float, LifetimeModel)
        Weights, above 0 and summing to 1, and models.
    parameters, values, log_covariance
        Those of the parts, one after another. The covariance of each is divided by its weight: with the slopes of the
        average (`custlib.models.forecasting.slopes`) the variance is then the mean of the parts' variances.
    log_likelihood : float or None
        Logarithm of the mean likelihood.

    Raises
    ------
    UsageError
        When there is no model, or weights are not above 0 or do not sum to 1.

    Examples
    --------
    >>> from custlib.models.bgnbd import BGNBD
    >>> from custlib.models.mbgnbd import MBGNBD
    >>> from custlib.models.forecasting import as_lifetime_model
    >>> one, other = BGNBD(0.243, 4.414, 0.793, 2.426), MBGNBD(0.525, 6.183, 0.891, 1.614)
    >>> both = ModelAverage(((0.5, as_lifetime_model(one)), (0.5, as_lifetime_model(other))))
    >>> both.expected_purchases(Histories.of(2, 30.43, 38.86), 39).round(3)
    array([1.244])
    """

    parts: tuple[tuple[float, LifetimeModel], ...]

    def __post_init__(self) -> None:
        """Refuse weights that are none."""
        shares = [weight for weight, _ in self.parts]
        if not shares or min(shares) <= 0 or abs(sum(shares) - 1) > 1e-9:
            raise UsageError(f"the weights of an average must be above 0 and sum to 1, got {shares}.")

    @property
    def label(self) -> str:
        """The names of the parts, the heaviest first."""
        names = [model.label for _, model in sorted(self.parts, key=lambda part: -part[0])]
        return names[0] if len(names) == 1 else f"average of {', '.join(names[:-1])} and {names[-1]}"

    @property
    def members(self) -> tuple[tuple[float, LifetimeModel], ...]:
        """The single models with their weights."""
        return tuple((weight * own, model) for weight, part in self.parts for own, model in part.members)

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of the parameters, each with its model."""
        return tuple(f"{model.label} {name}" for _, model in self.members for name in model.parameters)

    @property
    def values(self) -> Array:
        """The values of the parameters."""
        return np.concatenate([model.values for _, model in self.members])

    @property
    def log_likelihood(self) -> float | None:
        """The logarithm of the mean likelihood."""
        known = [(weight, model.log_likelihood) for weight, model in self.parts if model.log_likelihood is not None]
        if len(known) < len(self.parts):
            return None
        return float(special.logsumexp([value for _, value in known], b=[weight for weight, _ in known]))

    @property
    def customers(self) -> float | None:
        """The number of customers that the models were fitted to."""
        return self.parts[0][1].customers

    @property
    def log_covariance(self) -> Array:
        """Covariance of the logarithms of the parameters, a block for each model, divided by its weight."""
        blocks: Array = block_diag(*(model.log_covariance / weight for weight, model in self.members))
        return blocks

    def restated(self, values: Array) -> "ModelAverage":
        """Make the same average with other parameters."""
        ends = np.cumsum([model.parameter_count for _, model in self.parts])[:-1]
        own = np.split(values, ends)
        return ModelAverage(
            tuple((weight, model.restated(part)) for (weight, model), part in zip(self.parts, own, strict=True))
        )

    def can_have_left(self, histories: Histories) -> Bools:
        """Say which customers had an occasion to drop out by any of the models."""
        result: Bools = np.any([model.can_have_left(histories) for _, model in self.parts], axis=0)
        return result

    def probability_alive(self, histories: Histories, after: float = 0.0) -> Array:
        """Compute the probability that a customer is active some time after T."""
        return self._mean(lambda model: model.probability_alive(histories, after))

    def expected_purchases(self, histories: Histories, horizon: ArrayLike) -> Array:
        """Expect the purchases within a horizon."""
        return self._mean(lambda model: model.expected_purchases(histories, horizon))

    def squared_purchases(self, histories: Histories, horizon: ArrayLike) -> Array:
        """Expect the square of the purchases within a horizon."""
        return self._mean(lambda model: model.squared_purchases(histories, horizon))

    def probability_of_purchase(self, histories: Histories, horizon: ArrayLike) -> Array:
        """Compute the probability of at least one purchase within a horizon."""
        return self._mean(lambda model: model.probability_of_purchase(histories, horizon))

    def probability_of_return(self, histories: Histories) -> Array:
        """Compute the probability of at least one purchase in all time to come."""
        return self._mean(lambda model: model.probability_of_return(histories))

    def discounted_purchases(self, histories: Histories, horizon: ArrayLike, rate: float) -> Array:
        """Expect the purchases within a horizon, each worth exp(-rate s) at T + s."""
        return self._mean(lambda model: model.discounted_purchases(histories, horizon, rate))

    def residual_transactions(self, histories: Histories, rate: float) -> Array:
        """Expect the discounted purchases in all time to come."""
        return self._mean(lambda model: model.residual_transactions(histories, rate))

    def lasting_purchases(self, histories: Histories) -> Array:
        """Expect the purchases in all time to come, not discounted; infinite where they are by any of the models."""
        return self._mean(lambda model: model.lasting_purchases(histories))

    def residual_pairs(self, histories: Histories, rate: float) -> Array:
        """Expect the product of the discounts, over all ordered pairs of different purchases to come."""
        return self._mean(lambda model: model.residual_pairs(histories, rate))

    def purchase_moments(self, histories: Histories, horizon: ArrayLike) -> Moments:
        """Compute the moments of the purchases within a horizon."""
        return self._mean_moments(lambda model: model.purchase_moments(histories, horizon))

    def residual_moments(self, histories: Histories, rate: float) -> Moments:
        """Compute the moments of the discounted purchases in all time to come."""
        return self._mean_moments(lambda model: model.residual_moments(histories, rate))

    def _mean(self, function: Callable[[LifetimeModel], Array]) -> Array:
        """Average over the parts."""
        first, *others = (weight * function(model) for weight, model in self.parts)
        return sum(others, first)

    def _mean_moments(self, function: Callable[[LifetimeModel], Moments]) -> Moments:
        """Average moments over the parts; each is computed once."""
        each = [(weight, function(model)) for weight, model in self.parts]
        mean, square, variance = (
            np.asarray(sum(weight * moments[place] for weight, moments in each)) for place in range(3)
        )
        return Moments(mean, square, variance)


def criterion(model: LifetimeModel) -> float:
    """Compute Akaike's information criterion of a fitted model.

    Examples
    --------
    >>> from custlib.models.bgnbd import BGNBD
    >>> from custlib.models.forecasting import as_lifetime_model
    >>> criterion(as_lifetime_model(BGNBD(0.25, 31.0, 0.8, 2.4, log_likelihood=-100.0)))
    208.0
    """
    if model.log_likelihood is None:
        raise ModelError(f"{model.label}: no log-likelihood: the model was not fitted, so it cannot be weighed.")
    return 2 * (model.parameter_count - model.log_likelihood)


def weights(models: Sequence[LifetimeModel]) -> Array:
    """Weigh fitted models of the same customers by their information criteria.

    Parameters
    ----------
    models : sequence of LifetimeModel
        Models that were fitted to the same customers.

    Returns
    -------
    ndarray, shape (models,)
        Proportional to exp(-AIC / 20), of n customers above 2,500 to exp(-AIC / 20 x 2,500 / n); they sum to 1.

    Raises
    ------
    ModelError
        When a model was not fitted.

    Examples
    --------
    >>> from custlib.models.bgnbd import BGNBD
    >>> from custlib.models.forecasting import as_lifetime_model
    >>> fits = [BGNBD(0.25, 31.0, 0.8, 2.4, log_likelihood=value) for value in (-100.0, -110.0)]
    >>> weights([as_lifetime_model(fitted) for fitted in fits]).round(3)
    array([0.731, 0.269])
    """
    customers = max((model.customers or 0.0 for model in models), default=0.0)
    temperature = _TEMPERATURE * max(1.0, customers / _MOST_CUSTOMERS)
    result: Array = special.softmax([-criterion(model) / temperature for model in models])
    return result


def average(models: Iterable[LifetimeModel]) -> ModelAverage:
    """Average fitted models of the same customers.

    Parameters
    ----------
    models : iterable of LifetimeModel
        At least one; those with a weight below .001 are left out.

    Returns
    -------
    ModelAverage

    Raises
    ------
    ModelError
        When a model was not fitted, or there is none.

    Examples
    --------
    >>> from custlib.models.bgnbd import BGNBD
    >>> from custlib.models.forecasting import as_lifetime_model
    >>> fits = [BGNBD(0.25, 31.0, 0.8, 2.4, log_likelihood=value) for value in (-100.0, -300.0)]
    >>> [weight for weight, _ in average(as_lifetime_model(fitted) for fitted in fits).members]
    [1.0]
    """
    models = list(models)
    if not models:
        raise ModelError("there is no fitted model to average.")
    each = weights(models)
    few = [(float(weight), model) for weight, model in zip(each, models, strict=True) if weight >= _LEAST_WEIGHT]
    total = sum(weight for weight, _ in few)
    return ModelAverage(tuple((weight / total, model) for weight, model in few))
