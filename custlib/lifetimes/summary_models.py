"""Fits the models to a summary frame that fits in memory, and forecasts its customers: `custlib.fit`, `custlib.score`.

A frame has the columns ``frequency``, ``recency``, ``T`` and, for money, ``monetary_value``, as users of ``lifetimes``
have them; `custlib.lifetimes.summary` validates it. A run (`custlib.open`) keeps large tables in the engine.
"""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from custlib.errors import UsageError, hint
from custlib.lifetimes.summary import UNITS, check_summary
from custlib.models import bgnbd, gammagamma
from custlib.models.bgnbd_model import BetaGeometricNBD
from custlib.models.display import Displayed, Shown
from custlib.models.fitted import FittedModel
from custlib.models.gammagamma import GammaGamma
from custlib.value.lifetime import FITS


@dataclass(frozen=True, repr=False)
class SummaryModels(Displayed):
    """The models fitted to a frame of customers; `fit` gives them.

    Attributes
    ----------
    lifetime : BGNBD or MBGNBD
        Purchases and drop-out; alpha is in `unit`.
    spend : GammaGamma or None
        Money per purchase day; None where the frame has no ``monetary_value``.
    unit : str
        ``"day"`` or ``"week"``.

    Examples
    --------
    >>> import custlib
    >>> custlib.SummaryModels(custlib.models.BGNBD(0.243, 4.414, 0.793, 2.426), None, "week")
    BG/NBD without spend, time in weeks
      r      0.2430
      alpha  4.4140
      a      0.7930
      b      2.4260
    """

    lifetime: BetaGeometricNBD
    spend: GammaGamma | None
    unit: str

    def _shown(self) -> Shown:
        models: list[FittedModel] = [self.lifetime] if self.spend is None else [self.lifetime, self.spend]
        rows = [(name, f"{getattr(model, name):.4f}") for model in models for name in model.parameters]
        spend = "without spend" if self.spend is None else "and Gamma-Gamma"
        return Shown(f"{self.lifetime.label} {spend}, time in {self.unit}s", rows)


def fit(summary: pd.DataFrame, *, unit: str = "day", model: str = "bgnbd") -> SummaryModels:
    """Fit the models of purchases and spend to a frame of customers.

    Parameters
    ----------
    summary : pandas.DataFrame
        Columns ``frequency`` (repeat purchase days), ``recency`` (first to last purchase), ``T`` (first purchase to
        the end of observation) and, for money, ``monetary_value`` (mean of the repeat purchase days); one row per
        customer, or per group of equal customers with their number in ``weights``.
    unit : {"day", "week"}, default "day"
        The unit of recency and T; purchases are merged by day in either case. A frame that cannot be in this unit is
        refused.
    model : {"bgnbd", "mbgnbd"}
        The model of purchases and drop-out.

    Returns
    -------
    SummaryModels

    Raises
    ------
    TableError
        If rows cannot be purchase histories: see `check_summary`.
    UsageError
        If unit or model is unknown.
    ModelError
        If no model can be fitted.

    Warns
    -----
    UserWarning
        For each remark of `check_summary`.

    Examples
    --------
    >>> import custlib
    >>> import pandas as pd
    >>> summary = pd.DataFrame({"frequency": [0, 0, 1, 2, 0, 5], "recency": [0, 0, 4, 30, 0, 35], "T": 39})
    >>> custlib.fit(summary).lifetime.converged
    True
    """
    if model not in FITS:
        raise UsageError(f"fit: model: {model!r} is unknown. {hint(model, list(FITS))}")
    for remark in check_summary(summary, unit=unit):
        warnings.warn(remark, UserWarning, stacklevel=2)
    weights = summary["weights"] if "weights" in summary else pd.Series(1.0, index=summary.index)
    lifetime = FITS[model](summary["frequency"], summary["recency"], summary["T"], weights)
    spend = None
    if "monetary_value" in summary:
        back = summary["frequency"] > 0
        spend = gammagamma.fit(summary["frequency"][back], summary["monetary_value"][back], weights[back])
    return SummaryModels(lifetime, spend, unit)


def score(
    summary: pd.DataFrame,
    model: SummaryModels,
    *,
    horizon: float | None = None,
    annual_discount_rate: float = 0.10,
) -> pd.DataFrame:
    """Forecast purchases and value of each customer of a frame.

    Parameters
    ----------
    summary : pandas.DataFrame
        As for `fit`; the customers may be others.
    model : SummaryModels
        From `fit`, or built with `from_lifetimes`.
    horizon : float, optional
        Horizon of the expected purchases, in the unit of the model; a year if left out.
    annual_discount_rate : float, default 0.10
        Discount rate of the residual value per year, above 0: 0.10 is ten percent.

    Returns
    -------
    pandas.DataFrame
        With the index of the frame: ``probability_alive``, ``expected_purchases`` (in the horizon) and
        ``residual_transactions`` (without horizon, discounted); with a model of spend also ``expected_spend`` and
        ``residual_lifetime_value``, their product.

    Raises
    ------
    TableError
        If rows cannot be purchase histories.
    UsageError
        If the rate is not above 0, since the undiscounted value is infinite wherever a <= 1, or if the model is no
        SummaryModels, or a Pareto/NBD.
    ModelError
        If spend has no finite mean (q <= 1).

    Examples
    --------
    >>> import custlib
    >>> import pandas as pd
    >>> summary = pd.DataFrame({"frequency": [2], "recency": [30.43], "T": [38.86]})
    >>> model = custlib.SummaryModels(custlib.models.BGNBD(0.243, 4.414, 0.793, 2.426), None, "week")
    >>> custlib.score(summary, model, horizon=39, annual_discount_rate=0.15).round(3).to_dict("records")
    [{'probability_alive': 0.727, 'expected_purchases': 1.226, 'residual_transactions': 5.177}]
    """
    if not isinstance(model, SummaryModels):
        raise UsageError(
            f"score: model: {type(model).__name__} has no unit of time. Give what fit returns, or "
            'SummaryModels(model, None, "day").'
        )
    if not isinstance(model.lifetime, BetaGeometricNBD):
        raise UsageError(
            f"score: {type(model.lifetime).__name__} is no model that this function takes: give a BGNBD or MBGNBD, "
            "as fit makes them."
        )
    check_summary(summary, unit=model.unit)
    histories = tuple(summary[name].to_numpy(dtype=float) for name in ("frequency", "recency", "T"))
    periods = UNITS[model.unit] if horizon is None else horizon
    delta = _continuous_rate(annual_discount_rate, model.unit)
    scores = {
        "probability_alive": bgnbd.probability_alive(model.lifetime, *histories),
        "expected_purchases": bgnbd.expected_purchases(model.lifetime, periods, *histories),
        "residual_transactions": bgnbd.residual_transactions(model.lifetime, delta, *histories),
    }
    return pd.DataFrame(scores | _money(summary, model, scores), index=summary.index)


def _continuous_rate(annual: float, unit: str) -> float:
    """Convert an annual rate to a continuous rate per unit of time."""
    if not 0 < annual < np.inf:
        raise UsageError(f"score: annual_discount_rate must be above 0, got {annual}. Ten percent is 0.10.")
    return float(np.log1p(annual)) / UNITS[unit]


def _money(frame: pd.DataFrame, models: SummaryModels, scores: Mapping[str, Any]) -> dict[str, Any]:
    """Compute the columns in money, where models and frame have it."""
    if models.spend is None or "monetary_value" not in frame:
        return {}
    columns = (frame[name].to_numpy(dtype=float) for name in ("frequency", "monetary_value"))
    spend = gammagamma.expected_spend(models.spend, *columns)
    return {"expected_spend": spend, "residual_lifetime_value": scores["residual_transactions"] * spend}
