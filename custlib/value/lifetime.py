"""Fits lifetime models on cells, and reads them back: the model behind the forecast, and the one that is printed.

Reads what `custlib.value.model_selection` has fitted. Forecasts come from any lifetime model or from an average of
several (`custlib.models.forecasting`). BG/NBD (Fader, Hardie and Lee 2005) and MBG/NBD, in which customers may also
leave after the first purchase, are the ones whose parameters are printed and that flags are found with.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from custlib.engine.base import Engine
from custlib.errors import ModelError, hint
from custlib.graph import record, value
from custlib.models import bgnbd, forecasting, mbgnbd
from custlib.models.bgnbd import BGNBD
from custlib.models.bgnbd_model import BetaGeometricNBD, Kind
from custlib.models.forecasting import Histories, LifetimeModel
from custlib.models.forecasting.lifetime_models import SingleModel
from custlib.models.mbgnbd import MBGNBD
from custlib.project import Project

Floats = NDArray[np.float64]
FITS = {"bgnbd": bgnbd.fit, "mbgnbd": mbgnbd.fit}
KINDS: dict[str, type[BetaGeometricNBD]] = {"bgnbd": BGNBD, "mbgnbd": MBGNBD}
_READERS = {BGNBD.label: bgnbd.from_dict, MBGNBD.label: mbgnbd.from_dict}


def fit_lifetime(engine: Engine, cells: str, kind: str = "bgnbd") -> BetaGeometricNBD:
    """Fit a model on a table of cells, with time in days."""
    return fit_counted(engine.fetch(f"select * from {cells} order by frequency, recency, T"), kind)


def fit_counted(counted: pd.DataFrame, kind: str = "bgnbd") -> BetaGeometricNBD:
    """Fit BG/NBD or MBG/NBD on a frame of cells, with time in days."""
    return FITS[kind](*columns_of(counted))


def fit_candidates(
    counted: pd.DataFrame, *, ticks: int = 1, names: Sequence[str] | None = None, near: LifetimeModel | None = None
) -> list[SingleModel]:
    """Fit lifetime models on a frame of cells, with time in days; see `custlib.models.forecasting.candidates`."""
    return forecasting.candidates(*columns_of(counted), ticks=ticks, names=names, near=near)


def columns_of(counted: pd.DataFrame) -> list[Floats]:
    """Take frequency, recency, T and the customers of a frame of cells, in which some have bought again."""
    customers = int(counted["customers"].sum())
    if not (counted["frequency"] > 0).any():
        raise ModelError(
            f"lifetime: no repeat purchases: all {customers:,} customers bought one time, so nothing says how "
            "long they stay. Give purchases of a longer period.",
            reason="no_repeats" if (counted["T"] > 0).any() else "not_observed",
        )
    return [counted[name].to_numpy(dtype=float) for name in ("frequency", "recency", "T", "customers")]


def read_model(mapping: Mapping[str, Any]) -> LifetimeModel:
    """Read a lifetime model or an average from a mapping; one without a name is BG/NBD.

    Examples
    --------
    >>> read_model({"r": 0.525, "alpha": 6.183, "a": 0.891, "b": 1.614}).label
    'BG/NBD'
    """
    return forecasting.from_dict({"model": BGNBD.label, **mapping})


def read_beta_geometric(mapping: Mapping[str, Any]) -> BetaGeometricNBD:
    """Read a model of either kind from a mapping.

    Examples
    --------
    >>> read_beta_geometric({"model": "MBG/NBD", "r": 0.525, "alpha": 6.183, "a": 0.891, "b": 1.614}).label
    'MBG/NBD'
    """
    label = mapping.get("model", BGNBD.label)
    if label not in _READERS:
        raise ModelError(f"lifetime: there is no model {label}. {hint(str(label), list(_READERS))}")
    return _READERS[label](mapping)


def in_unit(model: Kind, days: int, *, repeats: float = 0.0) -> Kind:
    """Restate a model fitted in days in a longer unit of time.

    Examples
    --------
    >>> round(in_unit(BGNBD(0.25, 31.0, 0.8, 2.4), 7).alpha, 6)
    4.428571
    """
    restated = replace(model, alpha=model.alpha / days)
    if model.covariance is None or model.standard_errors is None or model.log_likelihood is None:
        return restated
    scale = np.array([1.0, 1.0 / days, 1.0, 1.0])
    return replace(
        restated,
        covariance=model.covariance * np.outer(scale, scale),
        standard_errors=model.standard_errors * scale,
        log_likelihood=model.log_likelihood + repeats * float(np.log(days)),
    )


def alive_grid(engine: Engine, activity: str, model: LifetimeModel, *, most: int = 10, steps: int = 12) -> pd.DataFrame:
    """Compute P(alive) over frequency and days since the last purchase, for a customer of median age."""
    age = float(engine.fetch(f"select median(T) as T from {activity}")["T"].item())
    step = max(int(np.ceil(age / steps)), 1)
    days = np.arange(0, int(age), step)
    frequency, silent = (grid.ravel() for grid in np.meshgrid(np.arange(1, most + 1), days))
    alive = model.probability_alive(Histories.of(frequency, age - silent, age))
    return pd.DataFrame({"frequency": frequency, "days_since_last": silent, "probability_alive": alive})


@record(load=read_model)
def lifetime_model(model_choice: dict[str, Any]) -> dict[str, Any]:
    """The model behind the forecast, of all purchases up to as_of, time in days."""
    return dict(model_choice["model"])


@record(load=read_model)
def calibration_model(calibration_choice: dict[str, Any]) -> dict[str, Any]:
    """The model behind the forecast of the holdout, of the calibration period alone, time in days."""
    return dict(calibration_choice["model"])


@record(load=read_beta_geometric)
def beta_geometric(model_choice: dict[str, Any]) -> dict[str, Any]:
    """BG/NBD or MBG/NBD, whichever fits all purchases better: the model that flags are found with, in calendar time."""
    return dict(model_choice["beta_geometric"])


@record(load=read_beta_geometric)
def calibration_beta_geometric(calibration_choice: dict[str, Any]) -> dict[str, Any]:
    """BG/NBD or MBG/NBD, whichever fits the calibration period better: the model that is printed."""
    return dict(calibration_choice["beta_geometric"])


@value
def alive_map(engine: Engine, customer_activity: str, lifetime_model: LifetimeModel) -> pd.DataFrame:
    """P(alive) over frequency and days since the last purchase."""
    return alive_grid(engine, customer_activity, lifetime_model)


@value
def printed_model(
    project: Project, calibration_beta_geometric: BetaGeometricNBD, calibration_base: dict[str, Any]
) -> BetaGeometricNBD:
    """The better of BG/NBD and MBG/NBD in the calibration period, in the time unit of the project."""
    return in_unit(calibration_beta_geometric, project.unit_days, repeats=calibration_base["repeats"])
