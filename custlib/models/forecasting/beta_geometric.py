"""BG/NBD and MBG/NBD models as sources of forecasts; their formulas are in `custlib.models.bgnbd_model`."""

from dataclasses import dataclass

import numpy as np

from custlib.models.bgnbd import probability_alive, probability_of_purchase
from custlib.models.bgnbd_model import (
    BetaGeometricNBD,
    discounted_if_alive,
    expected_if_alive,
    over_dropout,
    pairs_if_alive,
    residual_if_alive,
    residual_pairs_if_alive,
)
from custlib.models.cells import Array, Ints
from custlib.models.forecasting.lifetime_models import Bools, Histories, SingleModel

_LEAST_DROP, _MOST_EXPECTED = 1e-12, 1e9  # what can be drawn from


@dataclass(frozen=True)
class BetaGeometricForecast(SingleModel):
    """A BG/NBD or MBG/NBD model.

    Examples
    --------
    >>> from custlib.models.bgnbd import BGNBD
    >>> model, one = BetaGeometricForecast(BGNBD(0.243, 4.414, 0.793, 2.426)), Histories.of(2, 30.43, 38.86)
    >>> model.expected_purchases(one, 39).round(3)
    array([1.226])
    """

    fitted: BetaGeometricNBD

    @property
    def label(self) -> str:
        """The name of the model."""
        return self.fitted.label

    def restated(self, values: Array) -> "BetaGeometricForecast":
        """Make the same model with other parameters."""
        return BetaGeometricForecast(type(self.fitted)(*values.tolist()))

    def can_have_left(self, histories: Histories) -> Bools:
        """Say which customers had an occasion to drop out: a repeat purchase, in MBG/NBD the first one too."""
        result: Bools = self.fitted.occasions(histories.frequency) > 0
        return result

    def _states(self, histories: Histories) -> Array:
        return probability_alive(self.fitted, histories.frequency, histories.recency, histories.T)[None]

    def _reach(self, T: Array, t: Array) -> Array:
        """Measure a horizon in units of alpha + T."""
        return t / (self.fitted.alpha + T)

    def _staying(self, x: Array, T: Array, t: Array) -> Array:
        return over_dropout(_undisturbed, self.fitted, x, self._reach(T, t))

    def _purchases(self, x: Array, T: Array, t: Array) -> Array:
        return expected_if_alive(self.fitted, x, self._reach(T, t))

    def _squares(self, x: Array, T: Array, t: Array) -> Array:
        reach = self._reach(T, t)
        return expected_if_alive(self.fitted, x, reach) + pairs_if_alive(self.fitted, x, reach)

    def _any(self, x: Array, T: Array, t: Array) -> Array:
        return probability_of_purchase(self.fitted, t, x, T)

    def _discounted(self, x: Array, T: Array, t: Array, rate: float) -> Array:
        return discounted_if_alive(self.fitted, x, self._reach(T, t), rate * t)

    def _residual(self, x: Array, T: Array, rate: float) -> Array:
        return residual_if_alive(self.fitted, np.full(x.shape, rate), x, T)

    def _lasting_purchases(self, x: Array, T: Array) -> Array:
        # E[1 / p] after so many occasions to drop out with probability p
        a, b = self.fitted.a, self.fitted.b
        return (a + b + self.fitted.occasions(x) - 1) / (a - 1) if a > 1 else np.full(x.shape, np.inf)

    def _ever(self, x: Array, T: Array) -> Array:
        return np.ones(x.shape)  # customers leave after a purchase only

    def _simulated(self, x: Array, T: Array, state: Ints, t: float, random: np.random.Generator) -> Array:
        model = self.fitted
        rate = random.gamma(model.r + x, 1 / (model.alpha + T))
        drop = np.clip(random.beta(model.a, model.b + model.occasions(x)), _LEAST_DROP, 1.0)
        bought: Array = np.minimum(random.poisson(np.minimum(rate * t, _MOST_EXPECTED)), random.geometric(drop))
        return bought.astype(np.float64)

    def _residual_pairs(self, x: Array, T: Array, rate: float) -> Array:
        return residual_pairs_if_alive(self.fitted, np.full(x.shape, rate), x, T)


def _undisturbed(p: Array, rho: Array, u: Array) -> Array:
    """Compute the chance of no drop-out within u: purchases that end it come at the rate lambda p."""
    result: Array = np.exp(-rho * np.log1p(p * u))
    return result
