"""Finds the customer who bends the fit, and what the forecast of all others is without that one.

Reads ``cells`` and the fitted lifetime model. Both likelihoods sum over customers, so one with hundreds of times the
purchase days of any other moves the parameters of all. The model is fitted again only where there is such a customer.
"""

from typing import Any

import pandas as pd

from custlib import rules
from custlib.engine.base import Engine
from custlib.errors import ModelError
from custlib.graph import REFUSED, Refusal, record
from custlib.models.forecasting import LifetimeModel, to_dict
from custlib.project import Project
from custlib.value.model_selection import procedure
from custlib.value.seasonal.season_index import DailyPurchases, Season
from custlib.value.uncertainty import expected

_TOP = (
    "select frequency, sum(customers) as customers, sum(frequency * customers) as purchases from {}"
    " group by frequency order by frequency desc limit {}"
)


@record
def outlying_customers(
    engine: Engine,
    project: Project,
    cells: str = REFUSED,
    season: Season | Refusal | None = REFUSED,
    daily_purchases: DailyPurchases | Refusal = REFUSED,
    model_choice: dict[str, Any] | Refusal = REFUSED,
    lifetime_model: LifetimeModel | Refusal = REFUSED,
) -> dict[str, Any]:
    """The few customers who bought far more often than all others, and the forecast of the others without them.

    ``frequency`` is the least of theirs, ``next_frequency`` the greatest of the others; ``purchases`` is the forecast
    of the others as fitted, ``purchases_without`` that of a model fitted on them alone. Empty where there are none.
    """
    if isinstance(lifetime_model, Refusal) or isinstance(model_choice, Refusal):
        return {}
    if not (outliers := _outliers(engine, cells)):
        return {}
    counted = engine.fetch(f"select * from {cells} order by frequency, recency, T")
    others = counted[counted["frequency"] < outliers["frequency"]]
    try:
        how = procedure(project, season, daily_purchases)
        model = how.model(others, project.as_of, ticks=model_choice["regularity"]["ticks"])
    except ModelError:  # the others bought once
        return {}
    days = project.horizon_days
    return outliers | {
        "others": int(others["customers"].sum()),
        "purchases": _purchases(lifetime_model, others, days),
        "purchases_without": _purchases(model, others, days),
        "fit_without": to_dict(model, time_unit="day"),
    }


def _outliers(engine: Engine, cells: str) -> dict[str, int]:
    """Find the few customers above the widest gap of frequencies; empty where none is wide enough."""
    limits = rules.load("flags")["outlier"]
    top = engine.fetch(_TOP.format(cells, int(limits["customers"]) + 1))
    customers = top["customers"].cumsum()
    outliers: dict[str, int] = {}
    for place in range(len(top) - 1):
        frequency, following = int(top["frequency"][place]), int(top["frequency"][place + 1])
        is_far = frequency >= max(limits["times_next"] * following, limits["frequency"])
        if is_far and customers[place] <= limits["customers"]:
            outliers = {"customers": int(customers[place]), "frequency": frequency, "next_frequency": following}
    return outliers


def _purchases(model: LifetimeModel, counted: pd.DataFrame, days: int) -> float:
    return float(counted["customers"].to_numpy(dtype=float) @ expected(model, counted, float(days)))
