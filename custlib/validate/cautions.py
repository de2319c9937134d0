"""Lists warnings about a forecast: flags of the fitted models, and what the history says against it.

Reads ``transactions`` and the fitted models. A flag is named ``lifetime.<code>`` or ``spend.<code>``, with a sentence
for each in the texts. ``rules/flags.toml`` says which are shown beside every forecast. ``forecast_cautions`` are the
others, each with the numbers of its sentence: parameters that are hardly determined, a horizon longer than the history,
first purchases that all fall on its beginning, customers who bend the fit, and a trend in past forecasts.
"""

import datetime as dt
from collections.abc import Iterable
from typing import Any

import numpy as np

from custlib import rules
from custlib.engine.base import Engine
from custlib.graph import REFUSED, Refusal, value
from custlib.models.forecasting import LifetimeModel
from custlib.project import Project
from custlib.value import spend as spending
from custlib.value.holdout_period import HoldoutPeriod

MODELS = ("lifetime", "spend")


def name_flags(lifetime: Iterable[str], spend: Iterable[str]) -> tuple[str, ...]:
    """Prefix the flags of both models with the model.

    Examples
    --------
    >>> name_flags(["one_customer"], ["spend_equal"])
    ('lifetime.one_customer', 'spend.spend_equal')
    """
    names = [f"{model}.{code}" for model, codes in zip(MODELS, (lifetime, spend), strict=True) for code in codes]
    return tuple(dict.fromkeys(names))


def chosen(flags: Iterable[str], kind: str) -> tuple[str, ...]:
    """Select the flags of a kind, in the order of the rules.

    Examples
    --------
    >>> chosen(["lifetime.rate_homogeneous", "lifetime.one_customer"], "beside")
    ('lifetime.one_customer',)
    """
    listed = [f"{model}.{code}" for model, codes in rules.load("flags")[kind].items() for code in codes]
    return tuple(flag for flag in listed if flag in set(flags))


def silent_days(engine: Engine, as_of: dt.date) -> int:
    """Count the days without any purchase before a date; 0 unless the gap is unusually long."""
    days = "select distinct day from transactions where is_purchase and day <= :as_of"
    row = engine.fetch(
        f"select {engine.dialect.days('cast(:as_of as date)', 'max(day)')} as silent,"
        f" coalesce(max({engine.dialect.days('day', 'before')}), 0) as longest"
        f" from (select day, lag(day) over (order by day) as before from ({days}))",
        as_of=as_of,
    ).iloc[0]
    limits = rules.load("flags")["silence"]
    silent, longest = int(row["silent"]), int(row["longest"])
    return silent if silent >= limits["days"] and silent > limits["factor"] * longest else 0


def wide_parameters(model: LifetimeModel) -> dict[str, Any]:
    """Name the parameters whose standard error, of the logarithm, is above a limit; empty without any.

    Of an average those of the model with most weight.

    Examples
    --------
    >>> from custlib.models.bgnbd import BGNBD
    >>> from custlib.models.forecasting import as_lifetime_model
    >>> fitted = BGNBD(0.25, 31.0, 0.27, 2.4, log_covariance=np.diag([0.01, 0.01, 24.0, 0.25]))
    >>> wide_parameters(as_lifetime_model(fitted))
    {'names': 'a', 'errors': 1}
    """
    _, model = max(model.members, key=lambda member: member[0])
    errors = np.sqrt(np.diag(model.log_covariance))
    limit = rules.load("flags")["wide_parameters"]["log_error"]
    names = [name for name, error in zip(model.parameters, errors, strict=True) if error > limit]
    return {"names": ", ".join(names), "errors": len(names)} if names else {}


def long_horizon(horizon_days: int, covered: int) -> dict[str, Any]:
    """Say whether the forecast looks further ahead than the history looks back; empty if not.

    Examples
    --------
    >>> long_horizon(365, 200), long_horizon(90, 200)
    ({'days': 365, 'covered': 200}, {})
    """
    return {"days": horizon_days, "covered": covered} if horizon_days > covered else {}


def early_first_purchases(engine: Engine, activity: str, *, covered: int) -> dict[str, Any]:
    """Find a base whose first purchases fall on the beginning of the data, as where earlier ones are missing."""
    limits = rules.load("flags")["left_truncated"]
    days = max(int(limits["part"] * covered), int(limits["days"]))
    if covered < limits["fewest_times"] * days:
        return {}
    early = engine.fetch(
        f"select avg(case when T >= :earliest then 1e0 else 0e0 end) as share from {activity}",
        earliest=covered - days,
    )["share"].item()
    return {"share": float(early), "days": days, "covered": covered} if early > limits["share"] else {}


@value
def forecast_cautions(
    engine: Engine,
    project: Project,
    holdout_period: HoldoutPeriod,
    customer_activity: str,
    outlying_customers: dict[str, Any],
    forecast_trend: dict[str, Any],
    lifetime_model: LifetimeModel | Refusal = REFUSED,
) -> dict[str, dict[str, Any]]:
    """What the history says against the forecast, with the numbers of each sentence; empty without a forecast."""
    if isinstance(lifetime_model, Refusal):
        return {}
    covered, trend = holdout_period.covered, forecast_trend
    off = {"share": abs(trend["bias"]), "origins": trend["origins"], "days": trend["days"]} if trend else {}
    numbers_of = {
        "trend_high": off if trend and trend["bias"] > 0 else {},
        "trend_low": off if trend and trend["bias"] < 0 else {},
        "horizon_long": long_horizon(project.horizon_days, covered),
        "left_truncated": early_first_purchases(engine, customer_activity, covered=covered),
        "outlier": outlying_customers if outlying_customers.get("customers") == 1 else {},
        "outliers": outlying_customers if outlying_customers.get("customers", 0) > 1 else {},
        "wide_parameters": wide_parameters(lifetime_model),
    }
    return {f"forecast.{code}": numbers for code, numbers in numbers_of.items() if numbers}


@value
def flags(
    project: Project, spend_model: tuple[Any, Any], subscription_signs: dict[str, Any], beta_geometric: Any = REFUSED
) -> tuple[str, ...]:
    """Flags of both models, as ``lifetime.<code>`` and ``spend.<code>``; empty without a forecast.

    ``lifetime.looks_contractual`` is a flag of the data: the models take purchases for free decisions.
    """
    if isinstance(beta_geometric, Refusal):
        return ()
    is_untold = project.subscription == "none" and subscription_signs["period"]
    contract = ("looks_contractual",) if is_untold else ()
    return name_flags((*beta_geometric.flags, *contract), spending.flags(*spend_model))


@value
def calibration_flags(calibration_beta_geometric: Any, calibration_spend: tuple[Any, Any]) -> tuple[str, ...]:
    """The flags of both models of the calibration period."""
    return name_flags(calibration_beta_geometric.flags, spending.flags(*calibration_spend))


@value
def silence(engine: Engine, project: Project, transactions: str) -> int:
    """Days without any purchase before as_of; 0 unless unusually long."""
    del transactions
    return silent_days(engine, project.as_of)
