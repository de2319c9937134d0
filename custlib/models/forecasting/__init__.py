"""Forecasts of purchases by any lifetime model, or by several averaged.

>>> from custlib.models import forecasting
>>> history = [0, 0, 1, 2, 0, 5], [0, 0, 4, 30, 0, 35], [39, 38, 38, 37, 36, 36]
>>> model = forecasting.average(forecasting.candidates(*history))
>>> purchases = forecasting.purchases_ahead(model, forecasting.Histories.of(*history), 39)
>>> total = purchases.total([1.0] * 6)
>>> total.models < total.parameters < total.chance
True

Every model is a `LifetimeModel`: its methods say, for each history, whether the customer is active now or later, what
comes within a horizon or in all time to come, discounted or not, with the second moments that intervals need.
"""

from custlib.models.forecasting.candidates import as_lifetime_model, candidates, from_dict, to_dict
from custlib.models.forecasting.gap_regularity import GapRegularity, gap_regularity
from custlib.models.forecasting.lifetime_models import Histories, LifetimeModel, Moments
from custlib.models.forecasting.model_average import ModelAverage, average, weights
from custlib.models.forecasting.purchase_times import (
    next_purchase_periods,
    next_purchase_quantile,
    purchases_by_period,
)
from custlib.models.forecasting.totals import CellForecast, Total, purchases_ahead, residual_ahead, slopes

__all__ = [
    "CellForecast", "GapRegularity", "Histories", "LifetimeModel", "ModelAverage", "Moments", "Total",
    "as_lifetime_model", "average", "candidates", "from_dict", "gap_regularity", "next_purchase_periods",
    "next_purchase_quantile", "purchases_ahead", "purchases_by_period", "residual_ahead", "slopes", "to_dict",
    "weights",
]  # fmt: skip
