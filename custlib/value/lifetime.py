"""Fits the lifetime model and makes ``alive_scores``: expected purchases of a customer who is still active.

Reads cells and customer activity. The BG/NBD model (Fader, Hardie and Lee 2005), or MBG/NBD, in which customers may
also leave after the first purchase, is fitted on cells. Elementary functions are SQL columns; expensive ones are
computed once per distinct frequency and T and joined.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from custlib.engine.base import Engine
from custlib.engine.dialect import Dialect
from custlib.errors import ModelError, hint
from custlib.graph import record, table, value
from custlib.models import bgnbd, mbgnbd
from custlib.models.bgnbd import BGNBD
from custlib.models.bgnbd_model import PARAMETERS, BetaGeometricNBD, Kind
from custlib.models.mbgnbd import MBGNBD
from custlib.project import Project
from custlib.value.holdout_period import HoldoutPeriod

Floats = NDArray[np.float64]
_OCCASIONS = "(frequency + cast(:first_occasions as integer))"  # to drop out
FITS = {"bgnbd": bgnbd.fit, "mbgnbd": mbgnbd.fit}
KINDS: dict[str, type[BetaGeometricNBD]] = {"bgnbd": BGNBD, "mbgnbd": MBGNBD}
_READERS = {BGNBD.label: bgnbd.from_dict, MBGNBD.label: mbgnbd.from_dict}


def fit_lifetime(engine: Engine, cells: str, kind: str = "bgnbd") -> BetaGeometricNBD:
    """Fit a model on a table of cells, with time in days."""
    return fit_counted(engine.fetch(f"select * from {cells} order by frequency, recency, T"), kind)


def fit_counted(counted: pd.DataFrame, kind: str = "bgnbd") -> BetaGeometricNBD:
    """Fit a model on a frame of cells, with time in days."""
    customers = int(counted["customers"].sum())
    if not (counted["frequency"] > 0).any():
        raise ModelError(
            f"lifetime: no repeat purchases: all {customers:,} customers bought one time, so nothing says how "
            "long they stay. Give purchases of a longer period.",
            reason="no_repeats" if (counted["T"] > 0).any() else "not_observed",
        )
    columns = (counted[name].to_numpy(dtype=float) for name in ("frequency", "recency", "T", "customers"))
    return FITS[kind](*columns)


def read_model(mapping: Mapping[str, Any]) -> BetaGeometricNBD:
    """Read a model of either kind from a mapping.

    Examples
    --------
    >>> read_model({"model": "MBG/NBD", "r": 0.525, "alpha": 6.183, "a": 0.891, "b": 1.614}).label
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


def make_alive_scores(
    engine: Engine, name: str, activity: str, model: BetaGeometricNBD, *, horizon_days: int,
    daily_rate: float | None,
) -> None:  # fmt: skip
    """Make the table of forecasts conditional on the customer being active, per distinct frequency and T."""
    pairs = engine.fetch(f"select distinct frequency, T from {activity} order by frequency, T")
    frequency, age = pairs["frequency"].to_numpy(dtype=float), pairs["T"].to_numpy(dtype=float)
    horizon = float(horizon_days)
    scores = pairs.assign(
        purchases_if_alive=bgnbd.expected_purchases_if_alive(model, horizon, frequency, age),
        any_purchase_if_alive=bgnbd.probability_of_purchase(model, horizon, frequency, age),
        discounted_if_alive=np.nan,
        residual_if_alive=np.nan,
    )
    if daily_rate is not None:
        scores["discounted_if_alive"] = bgnbd.discounted_purchases_if_alive(model, horizon, daily_rate, frequency, age)
        scores["residual_if_alive"] = residual_if_alive(model, daily_rate, frequency, age)
    engine.attach_frame(name, scores)


def residual_if_alive(model: BetaGeometricNBD, daily_rate: float, frequency: Floats, age: Floats) -> Floats:
    """Expected purchases in all time to come, discounted; NaN where they are infinite.

    Without a discount they are E[1 / p] = (a + b + k - 1) / (a - 1) after k occasions to drop out with probability p,
    which is finite for a > 1: below that too many customers are expected to stay for ever.

    Examples
    --------
    >>> residual_if_alive(BGNBD(0.25, 31.0, 2.0, 5.0), 0.0, np.array([0.0, 3.0]), np.array([90.0, 90.0]))
    array([6., 9.])
    """
    if daily_rate > 0:
        return np.asarray(bgnbd.residual_transactions_if_alive(model, daily_rate, frequency, age))
    if model.a <= 1:
        return np.full_like(frequency, np.nan)
    return np.asarray((model.a + model.b + model.occasions(frequency) - 1) / (model.a - 1))


def can_tell() -> str:
    """Write whether a customer had an occasion to drop out: without one P(alive) is 1, which is no measurement."""
    return f"{_OCCASIONS} > 0"


def probability_alive(sql: Dialect) -> str:
    """Write P(alive) as a column of ``:r, :alpha, :a, :b, :first_occasions`` (Fader, Hardie and Lee 2008, equation 7).

    The occasions to drop out are the repeat purchases, and in MBG/NBD the first purchase too.
    """
    del sql
    occasions = _OCCASIONS
    odds = (
        f"ln(cast(:b as double) + ({occasions} - 1)) - ln(cast(:a as double)) - (cast(:r as double) + frequency)"
        " * ln((cast(:alpha as double) + T) / (cast(:alpha as double) + recency))"
    )
    return f"case when {occasions} = 0 then 1.0 else 1 / (1 + exp(-least(greatest({odds}, -700), 700))) end"


def probability_of_purchase(sql: Dialect) -> str:
    """Write P(at least one purchase in ``:window_days`` days) as a column, with the parameters of P(alive)."""
    age = "cast(:alpha as double) + T"
    bought = f"1 - power(({age}) / ({age} + cast(:window_days as double)), cast(:r as double) + frequency)"
    return f"({probability_alive(sql)}) * ({bought})"


def parameters(model: BetaGeometricNBD) -> dict[str, float]:
    """Map the names of the SQL parameters to the values of a model.

    Examples
    --------
    >>> parameters(BGNBD(0.25, 31.0, 0.8, 2.4))["alpha"]
    31.0
    """
    values = {name: getattr(model, name) for name in PARAMETERS}
    return values | {"first_occasions": model.first_occasions}


def alive_grid(
    engine: Engine, activity: str, model: BetaGeometricNBD, *, most: int = 10, steps: int = 12
) -> pd.DataFrame:
    """Compute P(alive) over frequency and days since the last purchase, for a customer of median age."""
    age = float(engine.fetch(f"select median(T) as T from {activity}")["T"].item())
    step = max(int(np.ceil(age / steps)), 1)
    days = np.arange(0, int(age), step)
    frequency, silent = (grid.ravel() for grid in np.meshgrid(np.arange(1, most + 1), days))
    alive = bgnbd.probability_alive(model, frequency, age - silent, age)
    return pd.DataFrame({"frequency": frequency, "days_since_last": silent, "probability_alive": alive})


@record(load=read_model)
def lifetime_model(engine: Engine, cells: str, model_choice: dict[str, Any]) -> dict[str, Any]:
    """The lifetime model of all purchases up to as_of, time in days."""
    return bgnbd.to_dict(fit_lifetime(engine, cells, model_choice["kind"]), time_unit="day")


@record(load=read_model)
def calibration_model(
    calibration_activity: str, model_choice: dict[str, Any], outcomes: pd.DataFrame
) -> dict[str, Any]:
    """The lifetime model of the calibration period, as compared with the holdout."""
    del calibration_activity
    fits = {row["kind"]: row["fit"] for row in model_choice["candidates"]}
    kind = model_choice["kind"]
    return dict(fits[kind]) if kind in fits else bgnbd.to_dict(fit_counted(outcomes, kind), time_unit="day")


@table
def alive_scores(engine: Engine, project: Project, customer_activity: str, lifetime_model: BetaGeometricNBD) -> None:
    """Forecasts by frequency and T, conditional on the customer being active."""
    horizon, rate = project.horizon_days, project.daily_discount_rate
    make_alive_scores(engine, "alive_scores", customer_activity, lifetime_model, horizon_days=horizon, daily_rate=rate)


@table
def calibration_scores(
    engine: Engine, holdout_period: HoldoutPeriod, calibration_activity: str, calibration_model: BetaGeometricNBD
) -> None:
    """Purchase forecasts of the holdout by frequency and T."""
    days, name = holdout_period.days, "calibration_scores"
    make_alive_scores(engine, name, calibration_activity, calibration_model, horizon_days=days, daily_rate=None)


@table
def calibration_money_scores(
    engine: Engine,
    project: Project,
    holdout_period: HoldoutPeriod,
    calibration_activity: str,
    calibration_model: BetaGeometricNBD,
) -> None:
    """Discounted forecasts of the holdout by frequency and T."""
    days, rate, name = holdout_period.days, project.daily_discount_rate, "calibration_money_scores"
    make_alive_scores(engine, name, calibration_activity, calibration_model, horizon_days=days, daily_rate=rate)


@value
def alive_map(engine: Engine, customer_activity: str, lifetime_model: BetaGeometricNBD) -> pd.DataFrame:
    """P(alive) over frequency and days since the last purchase."""
    return alive_grid(engine, customer_activity, lifetime_model)


@value
def printed_model(
    project: Project, calibration_model: BetaGeometricNBD, calibration_base: dict[str, Any]
) -> BetaGeometricNBD:
    """The model of the calibration period in the time unit of the project."""
    return in_unit(calibration_model, project.unit_days, repeats=calibration_base["repeats"])
