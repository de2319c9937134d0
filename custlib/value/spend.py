"""Fits spend per purchase day: the Gamma-Gamma model, or shrinkage to the median where it has no finite mean.

Reads ``spend_cells``. Follows Fader and Hardie (2013), "The Gamma-Gamma model of monetary value". The model assumes
that spend is independent of frequency; where it is not, it is fitted in bands of frequency. What one-time buyers will
spend is read from second purchases (``one_time_spend``).
"""

import datetime as dt
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from custlib import rules
from custlib.engine.base import Engine
from custlib.engine.dialect import Dialect
from custlib.errors import ModelError
from custlib.graph import REFUSED, Refusal, record, value
from custlib.models import gammagamma
from custlib.models.gammagamma import GammaGamma
from custlib.project import Project
from custlib.value import one_time_spend
from custlib.value.holdout_period import HoldoutPeriod
from custlib.value.one_time_spend import OneTimeSpend, fit_one_time_spend, mean_rank
from custlib.value.sampled_days import customers_at
from custlib.value.spend_dependence import dependence, is_dependent

_FEWEST = 10
_ALIKE = 1e-9  # averages of equal amounts differ by rounding


@dataclass(frozen=True)
class Spend:
    """Expected spend as (prior_money + frequency x monetary_value) / (prior_weight + frequency).

    The Gamma-Gamma conditional mean p (v + x m) / (p x + q - 1) is of this form with prior_money = v and
    prior_weight = (q - 1) / p, and so is shrinkage to the median, so one SQL expression serves both.

    Attributes
    ----------
    kind : str
        ``"gamma_gamma"``, ``"shrinkage"`` or ``"none"`` (no money in the source).
    prior_money, prior_weight : float
        Money and weight of the prior.
    population_mean : float
        Mean spend over all customers by the model, in currency per purchase day; that of one-time buyers where
        ``one_time`` is None.
    remark : str
        Code of the reason for the fallback: ``few_repeat_customers``, ``spend_equal``, ``no_finite_mean`` or
        ``no_maximum``; ``no_money`` where nobody spent; ``spend_dependent`` where bands are used,
        ``spend_dependent_few`` where customers are too few for bands; else empty.
    bands : tuple of (int, float, float)
        Higher bands of frequency: the least frequency of each, with prior money and weight of its own.
    dependence : tuple of float
        Pearson's and Spearman's correlation of spend and frequency, and the correlation ratio beyond chance, with 0
        for NaN; empty where not measured.
    days : {"repeat", "all"}
        Purchase days of repeat customers that their expected spend is computed from: repeat days, or the first too.
    one_time : OneTimeSpend or None
        Expected spend of one-time buyers; None where too few second purchases were observed.
    """

    kind: str
    prior_money: float = 0.0
    prior_weight: float = 1.0
    population_mean: float = 0.0
    remark: str = ""
    bands: tuple[tuple[int, float, float], ...] = ()
    dependence: tuple[float, ...] = ()
    days: str = "repeat"
    one_time: OneTimeSpend | None = None

    def __post_init__(self) -> None:
        """Convert the lists and mappings of JSON."""
        object.__setattr__(self, "bands", tuple((int(least), *prior) for least, *prior in self.bands))
        object.__setattr__(self, "dependence", tuple(self.dependence))
        if isinstance(self.one_time, dict):
            object.__setattr__(self, "one_time", OneTimeSpend(**self.one_time))

    @property
    def of_new_customer(self) -> float:
        """Expected spend of a customer on the day after the first purchase, in currency per purchase day."""
        return self.one_time.at(0) if self.one_time else self.population_mean


def fit_spend(engine: Engine, cells: str) -> tuple[Spend, GammaGamma | None]:
    """Fit the spend per purchase day."""
    counted = engine.fetch(f"select * from {cells} order by frequency, monetary_value")
    frequency, money, customers = (
        counted[name].to_numpy(dtype=float) for name in ("frequency", "monetary_value", "customers")
    )
    if len(counted) == 0:
        raise ModelError(
            "spend: no repeat customer has an amount above zero: every amount is zero or under half a cent, or all "
            "was given back. Map the right amount column, or run without one to forecast purchases only.",
            reason="no_money",
        )
    if customers.sum() < _FEWEST:
        return _shrunk(money, customers, "few_repeat_customers"), None
    if np.ptp(money) <= _ALIKE * money.max():
        return _shrunk(money, customers, "spend_equal"), None
    model = gammagamma.fit(frequency, money, customers)
    if model.q <= 1:
        return _shrunk(money, customers, "no_finite_mean"), None
    if not model.converged:
        return _shrunk(money, customers, "no_maximum"), None
    measures = dependence(frequency, money, customers)
    spend = replace(from_gamma_gamma(model), dependence=measures)
    return _banded(spend, frequency, money, customers) if is_dependent(measures) else spend, model


def _banded(spend: Spend, frequency: np.ndarray, money: np.ndarray, customers: np.ndarray) -> Spend:
    """Replace a spend that depends on frequency by one in bands, where customers are enough."""
    bands = _in_bands(frequency, money, customers)
    if len(bands) < 2:
        return replace(spend, remark="spend_dependent_few")
    _, prior, weight = bands[0]
    lowest = frequency == frequency.min()
    mean = float(money[lowest] @ customers[lowest]) / float(customers[lowest].sum())
    return Spend("gamma_gamma", prior, weight, mean, "spend_dependent", tuple(bands[1:]), spend.dependence)


def _in_bands(frequency: np.ndarray, money: np.ndarray, customers: np.ndarray) -> list[tuple[int, float, float]]:
    """Fit every band of frequency with enough customers; smaller bands join the one below, or else above."""
    limits, bands, left = rules.load("spend")["bands"], [], np.ones(frequency.size, dtype=bool)
    for least in sorted(limits["least"], reverse=True):
        inside = left & (frequency >= least)
        if customers[inside].sum() >= limits["fewest_customers"] or (least == min(limits["least"]) and inside.any()):
            bands.append((least, *_prior(frequency[inside], money[inside], customers[inside])))
            left &= ~inside
    return bands[::-1]


def _prior(frequency: np.ndarray, money: np.ndarray, customers: np.ndarray) -> tuple[float, float]:
    """Compute prior money and weight of one band: Gamma-Gamma, or the median where it has no finite mean."""
    if customers.sum() >= _FEWEST and np.ptp(money) > _ALIKE * money.max():
        model = gammagamma.fit(frequency, money, customers)
        if model.q > 1 and model.converged:
            return model.v, (model.q - 1) / model.p
    shrunk = _shrunk(money, customers, "")
    return shrunk.prior_money, shrunk.prior_weight


def fit_or_none(engine: Engine, cells: str) -> tuple[Spend, GammaGamma | None]:
    """Fit the spend per purchase day; without any spend, return kind ``none`` with the reason instead of raising."""
    try:
        return fit_spend(engine, cells)
    except ModelError as fault:
        return Spend("none", remark=fault.reason), None


def flags(spend: Spend, model: GammaGamma | None) -> tuple[str, ...]:
    """List the warnings of a fit: the flags of the model, and the remark of the spend.

    Examples
    --------
    >>> flags(Spend("shrinkage", remark="spend_equal"), None)
    ('spend_equal',)
    """
    return (*(model.flags if model else ()), *((spend.remark,) if spend.remark else ()))


def from_gamma_gamma(model: GammaGamma) -> Spend:
    """State a Gamma-Gamma model as a :class:`Spend`.

    Examples
    --------
    >>> round(from_gamma_gamma(GammaGamma(6.25, 3.74, 15.44)).population_mean, 2)
    35.22
    """
    weight = (model.q - 1) / model.p
    return Spend("gamma_gamma", model.v, weight, model.p * model.v / (model.q - 1))


def to_dict(spend: Spend) -> dict[str, Any]:
    """Write a spend as a mapping that JSON can hold.

    Examples
    --------
    >>> to_dict(Spend("none"))["bands"]
    []
    """
    one_time = {"one_time": vars(spend.one_time).copy() if spend.one_time else None}
    return vars(spend) | {"bands": [list(b) for b in spend.bands], "dependence": list(spend.dependence)} | one_time


def _shrunk(money: np.ndarray, customers: np.ndarray, remark: str) -> Spend:
    order = np.argsort(money)
    middle = np.searchsorted(np.cumsum(customers[order]), customers.sum() / 2)
    median = float(money[order][middle])
    return Spend("shrinkage", median, 1.0, median, remark)


def expected_spend(sql: Dialect, spend: Spend) -> str:
    """Write expected spend as a column of the activity, with the parameters of :func:`parameters`."""
    del sql
    if spend.kind == "none":
        return "cast(null as double)"
    days, spent = "frequency", "frequency * greatest(monetary_value, 0)"
    if spend.days == "all":
        days, spent = "(frequency + 1)", "greatest(frequency * monetary_value + cast(first_amount as double), 0)"
    higher = "".join(
        f" when frequency >= {least} then (cast(:money_{least} as double) + {spent})"
        f" / (cast(:weight_{least} as double) + {days})"
        for least, _, _ in reversed(spend.bands)
    )
    once = one_time_spend.one_time_sql() if spend.one_time else "cast(:population_mean as double)"
    return (
        f"case when frequency = 0 then {once} when monetary_value is null then cast(:population_mean as double){higher}"
        f" else (cast(:prior_money as double) + {spent}) / (cast(:prior_weight as double) + {days}) end"
    )


def parameters(spend: Spend) -> dict[str, float]:
    """Map the SQL parameters of :func:`expected_spend` to their values.

    Examples
    --------
    >>> parameters(Spend("none"))
    {}
    """
    if spend.kind == "none":
        return {}
    values = {k: v for k, v in vars(spend).items() if k in ("prior_money", "prior_weight", "population_mean")}
    for least, money, weight in spend.bands:
        values |= {f"money_{least}": money, f"weight_{least}": weight}
    return values | (one_time_spend.parameters(spend.one_time) if spend.one_time else {})


def with_one_time_buyers(
    engine: Engine, spend: Spend, customers: pd.DataFrame, activity: str, *, horizon_days: int
) -> Spend:
    """Add the expected spend of one-time buyers, fitted on the second purchases of customers known on the same day.

    Only beside a Gamma-Gamma model: where spend has no finite mean, a mean of second purchases is none either.
    """
    one_time = fit_one_time_spend(customers, horizon_days=horizon_days) if spend.kind == "gamma_gamma" else None
    if one_time is None:
        return spend
    return replace(spend, one_time=replace(one_time, scale=mean_rank(engine, activity, one_time)))


SpendModel = tuple[Spend, GammaGamma | None]


def read_spend(content: dict[str, Any]) -> SpendModel:
    """Read a spend model from its record."""
    model = content["model"]
    return Spend(**content["spend"]), gammagamma.from_dict(model) if model else None


def _spend_record(
    engine: Engine, project: Project, cells: str | Refusal, choice: dict[str, Any] | Refusal, activity: str,
    *, until: dt.date, horizon_days: int,
) -> dict[str, Any]:  # fmt: skip
    if isinstance(cells, Refusal):
        return {"spend": to_dict(Spend("none", remark=cells.reason)), "model": None}
    spend, model = fit_or_none(engine, cells)
    if not isinstance(choice, Refusal) and spend.kind != "none":
        spend = replace(spend, days=choice["days"])
        known = customers_at(engine, until)
        spend = with_one_time_buyers(engine, spend, known, activity, horizon_days=horizon_days)
    written = gammagamma.to_dict(model, money_unit=project.currency) if model else None
    return {"spend": to_dict(spend), "model": written}


@record(load=read_spend)
def spend_model(
    engine: Engine,
    project: Project,
    customer_activity: str,
    spend_cells: str | Refusal = REFUSED,
    sampled_days: str | Refusal = REFUSED,
    spend_choice: dict[str, Any] | Refusal = REFUSED,
) -> dict[str, Any]:
    """The spend model of all purchases up to as_of; of kind ``none`` without money."""
    del sampled_days
    until, days = project.as_of, project.horizon_days
    return _spend_record(engine, project, spend_cells, spend_choice, customer_activity, until=until, horizon_days=days)


@record(load=read_spend)
def calibration_spend(
    engine: Engine,
    project: Project,
    holdout_period: HoldoutPeriod,
    calibration_activity: str,
    calibration_spend_cells: str | Refusal = REFUSED,
    sampled_days: str | Refusal = REFUSED,
    spend_choice: dict[str, Any] | Refusal = REFUSED,
) -> dict[str, Any]:
    """The spend model of the calibration period."""
    del sampled_days
    until, days = holdout_period.calibration_end, holdout_period.days
    return _spend_record(
        engine, project, calibration_spend_cells, spend_choice, calibration_activity, until=until, horizon_days=days
    )


@value
def money_forecast(spend_model: SpendModel) -> Spend:
    """Expected spend of customers; unavailable without money."""
    spend = spend_model[0]
    if spend.kind == "none":
        raise ModelError("spend: no money can be forecast.", reason=spend.remark)
    return spend


@dataclass(frozen=True)
class SpendSummary:
    """A Gamma-Gamma model with its mean spend and the standard error of it."""

    model: GammaGamma
    mean: float
    mean_error: float


@value
def calibration_gamma_gamma(calibration_spend: SpendModel) -> SpendSummary:
    """The Gamma-Gamma model of the calibration period; unavailable where spend is not fitted by one."""
    spend, model = calibration_spend
    if model is None:
        raise ModelError("spend: there is no Gamma-Gamma model.", reason=spend.remark)
    mean, error = gammagamma.mean_spend(model), gammagamma.mean_spend_standard_error(model)
    return SpendSummary(model, float(mean), float(error))
