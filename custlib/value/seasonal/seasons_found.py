"""Makes ``season`` and ``calibration_season``: the index of the months, as known at as_of and before the holdout.

Reads ``transactions`` and customer activity, counted by day, and customers in cells.
"""

import datetime as dt

import pandas as pd

from custlib.engine.base import Engine
from custlib.errors import ModelError
from custlib.graph import value
from custlib.project import Project
from custlib.value.holdout_period import HoldoutPeriod
from custlib.value.seasonal.season_index import DailyPurchases, Season, estimate

_ORIGIN = dt.date(1970, 1, 1)


def count_days(engine: Engine, activity: str, *, first: dt.date, until: dt.date) -> DailyPurchases:
    """Count the buyers of every day up to a day, and the customers who joined on it."""
    rows = engine.fetch(
        "select b.day, b.buyers, coalesce(j.joined, 0) as joined from"
        " (select day, count(distinct customer_id) as buyers from transactions where is_purchase and day <= :until"
        "  group by day) b left join"
        f" (select first_day as day, count(*) as joined from {activity} group by first_day) j on b.day = j.day"
        " order by b.day",
        until=until,
    )
    days = (pd.to_datetime(rows["day"]) - pd.Timestamp(_ORIGIN)).dt.days
    return DailyPurchases.of(days, rows["joined"], rows["buyers"], first)


@value
def daily_purchases(
    engine: Engine, project: Project, holdout_period: HoldoutPeriod, transactions: str, customer_activity: str
) -> DailyPurchases:
    """Buyers of every day up to as_of, by whether they bought for the first time."""
    del transactions
    first = project.as_of - dt.timedelta(days=holdout_period.covered)
    return count_days(engine, customer_activity, first=first, until=project.as_of)


@value
def season(engine: Engine, project: Project, daily_purchases: DailyPurchases, cells: str) -> Season | None:
    """Seasonal index of each month; None with less than a year of purchases, or where no model can be fitted."""
    counted = engine.fetch(f"select * from {cells} order by frequency, recency, T")
    return _season(daily_purchases, counted, project.as_of)


@value
def calibration_season(
    holdout_period: HoldoutPeriod, daily_purchases: DailyPurchases, outcomes: pd.DataFrame
) -> Season | None:
    """The same index from the purchases of the calibration period alone."""
    return _season(daily_purchases, outcomes, holdout_period.calibration_end)


def _season(daily: DailyPurchases, counted: pd.DataFrame, until: dt.date) -> Season | None:
    try:
        return estimate(daily, counted, until)
    except ModelError:  # said by the choice of the model, which such purchases are refused by too
        return None
