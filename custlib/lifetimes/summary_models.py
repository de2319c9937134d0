"""Fits the models to a summary frame that fits in memory, and forecasts its customers: `custlib.fit`, `custlib.score`.

A frame has the columns ``frequency``, ``recency``, ``T`` and, for money, ``monetary_value``, as users of ``lifetimes``
have them; `custlib.lifetimes.summary` validates it. A run (`custlib.open`) keeps large tables in the engine.
"""

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from custlib.errors import UsageError, hint
from custlib.lifetimes.summary import UNITS, check_summary
from custlib.models import gammagamma, paretonbd
from custlib.models.display import Displayed, Shown
from custlib.models.fitted import FittedModel
from custlib.models.forecasting import Histories, LifetimeModel, as_lifetime_model, average, candidates
from custlib.models.gammagamma import GammaGamma
from custlib.value.lifetime import FITS


@dataclass(frozen=True, repr=False)
class SummaryModels(Displayed):
    """The models fitted to a frame of customers; `fit` gives them.

    Attributes
    ----------
    lifetime : BGNBD, MBGNBD, ParetoNBD or LifetimeModel
        Purchases and drop-out, with times in `unit`: a fitted model, or one of `custlib.models.forecasting`, which may
        be an average of several.
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

    lifetime: Any  # its class follows from the argument of fit
    spend: GammaGamma | None
    unit: str

    @property
    def forecasting(self) -> LifetimeModel:
        """The model of purchases and drop-out as a source of forecasts."""
        return self.lifetime if isinstance(self.lifetime, LifetimeModel) else as_lifetime_model(self.lifetime)

    def _shown(self) -> Shown:
        purchases = self.forecasting
        rows = [(name, f"{value:.4f}") for name, value in zip(purchases.parameters, purchases.values, strict=True)]
        if len(purchases.members) > 1:
            rows = [(f"weight of {member.label}", f"{weight:.4f}") for weight, member in purchases.members] + rows
        if self.spend is not None:
            rows += [(name, f"{getattr(self.spend, name):.4f}") for name in self.spend.parameters]
        spend = "without spend" if self.spend is None else "and Gamma-Gamma"
        return Shown(f"{purchases.label} {spend}, time in {self.unit}s", rows)


def _averaged(*columns: ArrayLike) -> LifetimeModel:
    """Fit all models that a summary can tell apart, and average them."""
    return average(candidates(*columns))


_FITS: dict[str, Callable[..., FittedModel | LifetimeModel]] = {
    **FITS, "paretonbd": paretonbd.fit, "auto": _averaged,
}  # fmt: skip


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
    model : {"bgnbd", "mbgnbd", "paretonbd", "auto"}
        The model of purchases and drop-out; ``auto`` averages the three by how well each fits
        (`custlib.models.forecasting.average`). A summary cannot tell how regular purchases are, so that models of
        regular buyers are left out.

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
    if model not in _FITS:
        raise UsageError(f"fit: model: {model!r} is unknown. {hint(model, list(_FITS))}")
    for remark in check_summary(summary, unit=unit):
        warnings.warn(remark, UserWarning, stacklevel=2)
    weights = summary["weights"] if "weights" in summary else pd.Series(1.0, index=summary.index)
    lifetime = _FITS[model](summary["frequency"], summary["recency"], summary["T"], weights)
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
        From `fit`, or built with `from_lifetimes`, or of what `custlib.models.forecasting.from_dict` reads.
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
        SummaryModels of a lifetime model.
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
    check_summary(summary, unit=model.unit)
    lifetime = model.forecasting
    histories = Histories.of(*(summary[name].to_numpy(dtype=float) for name in ("frequency", "recency", "T")))
    periods = UNITS[model.unit] if horizon is None else horizon
    delta = _continuous_rate(annual_discount_rate, model.unit)
    scores = {
        "probability_alive": lifetime.probability_alive(histories),
        "expected_purchases": lifetime.expected_purchases(histories, periods),
        "residual_transactions": lifetime.residual_transactions(histories, delta),
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
