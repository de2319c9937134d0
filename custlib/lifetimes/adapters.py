"""Converts models and summary frames from and to the package ``lifetimes``.

`from_lifetimes` and `to_lifetimes` convert fitted models. `lifetimes_summary` summarises purchases by the rules of
``lifetimes``. `check_summary`, `fit_summary` and `score_summary` take a frame with the columns ``frequency``,
``recency``, ``T`` and, for money, ``monetary_value``. They work on frames that fit in memory; a project
(`custlib.open_run`) keeps large tables in the engine. See docs/coming-from-lifetimes.md.
"""

import datetime as dt
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd

from custlib.engine import open_engine
from custlib.errors import TableError, UsageError, hint, require
from custlib.lifetimes import compatible
from custlib.lifetimes.crosscheck import restored_settings
from custlib.lifetimes.summary import UNITS, check_summary
from custlib.models import bgnbd, gammagamma
from custlib.models.bgnbd import BGNBD
from custlib.models.bgnbd_model import BetaGeometricNBD
from custlib.models.gammagamma import GammaGamma
from custlib.models.mbgnbd import MBGNBD
from custlib.models.paretonbd import ParetoNBD
from custlib.value.lifetime import FITS

__all__ = [
    "SummaryModels", "check_summary", "fit_summary", "from_lifetimes", "lifetimes_summary", "score_summary",
    "to_lifetimes",
]  # fmt: skip

Model = BGNBD | MBGNBD | ParetoNBD | GammaGamma

FITTERS: dict[str, tuple[type[Any], tuple[str, ...]]] = {
    "BetaGeoFitter": (BGNBD, ("r", "alpha", "a", "b")),
    "ModifiedBetaGeoFitter": (MBGNBD, ("r", "alpha", "a", "b")),
    "ParetoNBDFitter": (ParetoNBD, ("r", "alpha", "s", "beta")),
    "GammaGammaFitter": (GammaGamma, ("p", "q", "v")),
}


@dataclass(frozen=True)
class SummaryModels:
    """The models fitted to a summary frame.

    Attributes
    ----------
    lifetime : BGNBD or MBGNBD
        Purchases and drop-out; alpha is in `unit`.
    spend : GammaGamma or None
        Money per purchase day; None where the frame has no ``monetary_value``.
    unit : str
        ``"day"`` or ``"week"``.
    """

    lifetime: BetaGeometricNBD
    spend: GammaGamma | None
    unit: str


def from_lifetimes(fitter: Any) -> Any:
    """Convert a model fitted by ``lifetimes``.

    Parameters
    ----------
    fitter : lifetimes.BetaGeoFitter, ModifiedBetaGeoFitter, ParetoNBDFitter or GammaGammaFitter
        A fitted fitter.

    Returns
    -------
    BGNBD, MBGNBD, ParetoNBD or GammaGamma
        With exactly the same parameters, without the covariance, which ``lifetimes`` computes wrongly off its diagonal.

    Raises
    ------
    UsageError
        If it is not one of these fitters, or not fitted.

    Warns
    -----
    UserWarning
        If it was fitted with a penalty, which shrinks every parameter towards 0.

    Examples
    --------
    >>> fitter = to_lifetimes(BGNBD(0.243, 4.414, 0.793, 2.426))
    >>> from_lifetimes(fitter).alpha
    4.414
    """
    kind, names = FITTERS[_fitter_name(type(fitter))]
    parameters = getattr(fitter, "params_", None)
    if parameters is None:
        raise UsageError(f"from_lifetimes: the {type(fitter).__name__} is not fitted. Call its fit first.")
    if fitter.penalizer_coef:
        warnings.warn(
            f"from_lifetimes: fitted with penalizer_coef = {fitter.penalizer_coef:g}, which pulls every parameter "
            "towards 0; fit again with custlib, which needs no penalty.",
            UserWarning,
            stacklevel=2,
        )
    return kind(*(float(parameters[name]) for name in names))


def _fitter_name(kind: type) -> str:
    """Return the fitter that a class is or inherits from."""
    for parent in kind.__mro__:
        if parent.__name__ in FITTERS:
            return parent.__name__
    raise UsageError(
        f"from_lifetimes: {kind.__name__} is no fitter that custlib knows. {hint(kind.__name__, list(FITTERS))}"
    )


def to_lifetimes(model: Model) -> Any:
    """Convert a model to a fitted fitter of ``lifetimes``, for code that expects one.

    Parameters
    ----------
    model : BGNBD, MBGNBD, ParetoNBD or GammaGamma
        A model.

    Returns
    -------
    lifetimes.BetaGeoFitter, ModifiedBetaGeoFitter, ParetoNBDFitter or GammaGammaFitter
        With exactly the same parameters, and the covariance where there is one; without data.

    Raises
    ------
    UsageError
        If ``lifetimes`` has no such model.

    Examples
    --------
    >>> fitter = to_lifetimes(GammaGamma(6.25, 3.74, 15.44))
    >>> round(float(fitter.conditional_expected_average_profit(2, 22.35)), 2)
    24.66
    """
    name = next((name for name, (kind, _) in FITTERS.items() if type(model) is kind), None)
    if name is None:
        known = [kind.__name__ for kind, _ in FITTERS.values()]
        raise UsageError(f"to_lifetimes: {type(model).__name__} is no model that lifetimes has. {hint('', known)}")
    with restored_settings():
        lifetimes = require("lifetimes", extra="lifetimes", purpose="to_lifetimes")
        fitter = getattr(lifetimes, name)(penalizer_coef=0.0)
    names = list(FITTERS[name][1])
    fitter.params_ = pd.Series([getattr(model, parameter) for parameter in names], index=names)
    if not isinstance(model, GammaGamma):
        fitter.predict = fitter.conditional_expected_number_of_purchases_up_to_time
    if model.covariance is not None:
        fitter.variance_matrix_ = pd.DataFrame(model.covariance, index=names, columns=names)
        fitter.standard_errors_ = fitter._compute_standard_errors()
        fitter.confidence_intervals_ = fitter._compute_confidence_intervals()
    return fitter


def lifetimes_summary(
    transactions: pd.DataFrame,
    customer_id_col: str,
    datetime_col: str,
    monetary_value_col: str | None = None,
    *,
    observation_period_end: dt.date | str | None = None,
    freq: str = "D",
    include_first_transaction: bool = False,
) -> pd.DataFrame:
    """Summarise purchases as ``lifetimes.utils.summary_data_from_transaction_data`` does, in the engine.

    Parameters
    ----------
    transactions : pandas.DataFrame
        One row per purchase; rows without customer or time are ignored.
    customer_id_col, datetime_col, monetary_value_col : str
        Names of its columns; times are datetimes, dates, or texts that pandas parses. A day is that of local time.
    observation_period_end : datetime.date or str, optional
        A day of the last period to count; by default that of the last purchase.
    freq : {"D", "W"}
        Period of a purchase and unit of time: days, or weeks from Monday to Sunday.
    include_first_transaction : bool, default False
        Whether the first period counts in ``frequency`` and ``monetary_value``; the models need False.

    Returns
    -------
    pandas.DataFrame
        By customer: ``frequency``; ``recency``, ``T`` (periods); with amounts ``monetary_value`` (currency a period).

    Raises
    ------
    TableError
        If no row has a customer and a time.
    UsageError
        If a column is missing, or freq is unknown.

    Examples
    --------
    >>> bought = pd.DataFrame({"id": 7, "day": ["2025-01-01", "2025-01-05", "2025-01-05"], "paid": [50, 30, 9]})
    >>> lifetimes_summary(bought, "id", "day", "paid", observation_period_end="2025-02-01").to_dict("records")
    [{'frequency': 1.0, 'recency': 4.0, 'T': 31.0, 'monetary_value': 39.0}]
    """
    columns = {"customer_id": customer_id_col, "day": datetime_col, "amount": monetary_value_col}
    lines = pd.DataFrame(
        {name: _column(transactions, source) for name, source in columns.items() if source is not None}
    )
    lines["day"] = pd.to_datetime(lines["day"]).dt.tz_localize(None).dt.normalize()  # the local day
    if lines[["customer_id", "day"]].isna().any(axis=1).all():
        raise TableError("lifetimes_summary: no row has a customer and a time. Give at least one purchase.")
    last_day = None if observation_period_end is None else pd.Timestamp(observation_period_end).date()
    with TemporaryDirectory(prefix="custlib-") as folder:
        engine, skipped = open_engine("duckdb", Path(folder)), 0 if include_first_transaction else 1
        engine.attach_frame("purchases", lines)
        compatible.make_lifetimes_summary(engine, "summary", "purchases", freq=freq, last_day=last_day, skipped=skipped)
        summary = engine.fetch("select * from summary order by customer_id", limit=len(lines))
        engine.close()
    index = pd.Index(summary.pop("customer_id"), name=customer_id_col)
    return summary.set_index(index.astype(transactions[customer_id_col].dtype))


def _column(frame: pd.DataFrame, name: str) -> "pd.Series[Any]":
    """Return a column of the frame."""
    if name not in frame:
        raise UsageError(f"lifetimes_summary: {name}: no such column. {hint(name, [str(n) for n in frame.columns])}")
    return frame[name]


def fit_summary(frame: pd.DataFrame, *, unit: str, model: str = "bgnbd") -> SummaryModels:
    """Fit the models of custlib to a summary frame.

    Parameters
    ----------
    frame : pandas.DataFrame
        Columns ``frequency``, ``recency``, ``T`` and, for money, ``monetary_value``; one row per customer, or per
        group of equal customers with their number in ``weights``.
    unit : {"day", "week"}
        The unit of recency and T; purchases are merged by day in either case.
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
    >>> frame = pd.DataFrame({"frequency": [0, 0, 1, 2, 0, 5], "recency": [0, 0, 4, 30, 0, 35], "T": 39})
    >>> fit_summary(frame, unit="day").lifetime.converged
    True
    """
    if model not in FITS:
        raise UsageError(f"fit_summary: model: {model!r} is unknown. {hint(model, list(FITS))}")
    for remark in check_summary(frame, unit=unit):
        warnings.warn(remark, UserWarning, stacklevel=2)
    weights = frame["weights"] if "weights" in frame else pd.Series(1.0, index=frame.index)
    lifetime = FITS[model](frame["frequency"], frame["recency"], frame["T"], weights)
    spend = None
    if "monetary_value" in frame:
        back = frame["frequency"] > 0
        spend = gammagamma.fit(frame["frequency"][back], frame["monetary_value"][back], weights[back])
    return SummaryModels(lifetime, spend, unit)


def score_summary(
    frame: pd.DataFrame, models: SummaryModels, *, horizon: float, annual_discount_rate: float
) -> pd.DataFrame:
    """Score the customers of a summary frame.

    Parameters
    ----------
    frame : pandas.DataFrame
        As for `fit_summary`; the customers may be others.
    models : SummaryModels
        From `fit_summary`, or built with `from_lifetimes`.
    horizon : float
        Horizon of the expected purchases, in the unit of the models.
    annual_discount_rate : float
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
        If the rate is not above 0, since the undiscounted value is infinite wherever a <= 1, or if the model is a
        Pareto/NBD.
    ModelError
        If spend has no finite mean (q <= 1).

    Examples
    --------
    >>> frame = pd.DataFrame({"frequency": [2], "recency": [30.43], "T": [38.86]})
    >>> models = SummaryModels(BGNBD(0.243, 4.414, 0.793, 2.426), None, "week")
    >>> score_summary(frame, models, horizon=39, annual_discount_rate=0.15).round(3).to_dict("records")
    [{'probability_alive': 0.727, 'expected_purchases': 1.226, 'residual_transactions': 5.177}]
    """
    if not isinstance(models.lifetime, BetaGeometricNBD):
        raise UsageError(
            f"score_summary: {type(models.lifetime).__name__} is a second opinion only: customers are valued with a "
            "BGNBD or MBGNBD. Make one by fit_summary."
        )
    check_summary(frame, unit=models.unit)
    histories = tuple(frame[name].to_numpy(dtype=float) for name in ("frequency", "recency", "T"))
    delta = _continuous_rate(annual_discount_rate, models.unit)
    scores = {
        "probability_alive": bgnbd.probability_alive(models.lifetime, *histories),
        "expected_purchases": bgnbd.expected_purchases(models.lifetime, horizon, *histories),
        "residual_transactions": bgnbd.residual_transactions(models.lifetime, delta, *histories),
    }
    return pd.DataFrame(scores | _money(frame, models, scores), index=frame.index)


def _continuous_rate(annual: float, unit: str) -> float:
    """Convert an annual rate to a continuous rate per unit of time."""
    if not 0 < annual < np.inf:
        raise UsageError(f"score_summary: annual_discount_rate must be above 0, got {annual}. Ten percent is 0.10.")
    return float(np.log1p(annual)) / UNITS[unit]


def _money(frame: pd.DataFrame, models: SummaryModels, scores: Mapping[str, Any]) -> dict[str, Any]:
    """Compute the columns in money, where models and frame have it."""
    if models.spend is None or "monetary_value" not in frame:
        return {}
    columns = (frame[name].to_numpy(dtype=float) for name in ("frequency", "monetary_value"))
    spend = gammagamma.expected_spend(models.spend, *columns)
    return {"expected_spend": spend, "residual_lifetime_value": scores["residual_transactions"] * spend}
