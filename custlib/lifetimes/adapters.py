"""Converts models and summary frames from and to the package ``lifetimes``.

`from_lifetimes` and `to_lifetimes` convert fitted models. `lifetimes_summary` summarises purchases by the rules of
``lifetimes``. `check_summary`, `fit` and `score` take a frame with the columns ``frequency``,
``recency``, ``T`` and, for money, ``monetary_value``. They work on frames that fit in memory; a project
(`custlib.open`) keeps large tables in the engine. See docs/coming-from-lifetimes.md.
"""

import datetime as dt
import warnings
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd

from custlib.engine import open_engine
from custlib.errors import TableError, UsageError, hint, require
from custlib.lifetimes import compatible
from custlib.lifetimes.crosscheck import restored_settings
from custlib.lifetimes.summary import check_summary
from custlib.lifetimes.summary_models import SummaryModels
from custlib.lifetimes.summary_models import fit as fit_summary
from custlib.lifetimes.summary_models import score as score_summary
from custlib.models.bgnbd import BGNBD
from custlib.models.gammagamma import GammaGamma
from custlib.models.mbgnbd import MBGNBD
from custlib.models.paretonbd import ParetoNBD

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
