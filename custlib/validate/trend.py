"""Makes ``forecast_trend``: whether forecasts from all recent days were too high, or all too low.

Reads ``transactions``. Errors of one sign mean that customers have changed in a way that the model does not know. It
is told, and never corrected: in simulated bases a shift by past errors made forecasts worse.
"""

from dataclasses import replace

import numpy as np
import pandas as pd

from custlib import rules
from custlib.engine.base import Engine
from custlib.graph import record
from custlib.project import Project
from custlib.validate.past_forecasts import PastForecast, define_origins, first_day, forecasts, read_past, totals_of
from custlib.validate.rolling_origins import origins
from custlib.value.excess_error import WHOLE, errors
from custlib.value.history import Money
from custlib.value.holdout_period import HoldoutPeriod
from custlib.value.model_selection import procedure
from custlib.value.seasonal.season_index import DailyPurchases, Season


def trend(past: pd.DataFrame) -> dict[str, float]:
    """Find a trend in past forecasts: how far they were too high (above 0) or too low on average, and how many.

    Examples
    --------
    >>> past = pd.DataFrame({"purchases_expected": [120.0] * 5, "purchases_actual": [100.0] * 5})
    >>> trend(past.assign(group="all", purchases_variance=100.0))
    {'bias': 0.2, 'origins': 5, 'days': 90}
    """
    limits = rules.load("backtest")["trend"]
    whole = past[past["group"] == WHOLE] if len(past) else past
    if len(whole) < limits["fewest_origins"]:
        return {}
    error = errors(whole, "purchases")["error"]
    has_one_sign = (error > 0).all() or (error < 0).all()
    if len(error) < limits["fewest_origins"] or not has_one_sign or abs(error.mean()) <= limits["mean_error"]:
        return {}
    return {"bias": round(float(np.exp(-error.mean())) - 1, 9), "origins": len(error), "days": limits["days"]}


@record
def forecast_trend(
    engine: Engine,
    project: Project,
    holdout_period: HoldoutPeriod,
    transactions: str,
    history_money: Money,
    season: Season | None,
    daily_purchases: DailyPurchases,
    past_forecasts: list[PastForecast],
) -> dict[str, float]:
    """How far the forecasts of a quarter from all recent days were too high or too low; empty without a trend."""
    del transactions
    days = rules.load("backtest")["trend"]["days"]
    if past_forecasts and past_forecasts[0].origin.days == days:
        return trend(totals_of(past_forecasts))
    earlier = origins(first_day=first_day(project, holdout_period), as_of=project.as_of, days=days)
    if len(earlier) < rules.load("backtest")["trend"]["fewest_origins"]:
        return {}
    define_origins(engine, earlier, replace(history_money, has_amounts=False))
    how = procedure(project, season, daily_purchases)
    return trend(totals_of(read_past(forecasts(engine, earlier, how, has_amount=False))))
