"""Tests whether business time brings forecasts nearer: forecasts from earlier days in calendar and in business time.

Reads ``transactions`` and the season (`custlib.value.seasonal.season_index`). Each forecast knows the season as it was
known on its day.
"""

import datetime as dt
from typing import Any

import pandas as pd

from custlib import rules
from custlib.engine.base import Engine
from custlib.errors import ModelError
from custlib.graph import REFUSED, Refusal, record, value
from custlib.models.forecasting import as_lifetime_model
from custlib.models.forecasting.business_time import BusinessTime, InBusinessTime
from custlib.validate import rolling_origins
from custlib.validate.backtest_groups import forecast
from custlib.value.holdout_period import HoldoutPeriod
from custlib.value.lifetime import fit_counted
from custlib.value.seasonal.season_index import DailyPurchases, Season, in_business_time, seasonal_index


def expected_in_business_time(
    cells: pd.DataFrame, daily: DailyPurchases, kind: str, *, end: dt.date, until: dt.date
) -> float | None:
    """Forecast the purchases of a window in business time from the data before it; None where no season is known."""
    try:
        index = seasonal_index(daily, cells, end)
        if index is None:
            return None
        time = BusinessTime(index, end)
        model = InBusinessTime(as_lifetime_model(fit_counted(in_business_time(cells, time), kind)), time)
        return float(forecast(cells, model, (until - end).days)["expected"].sum())
    except ModelError:
        return None


def add_business_time(
    daily: DailyPurchases, histories: dict[dt.date, pd.DataFrame], rolling: pd.DataFrame, kind: str, *, days: int
) -> pd.DataFrame:
    """Add the forecasts in business time to those of the rolling origins."""
    forecasts = [
        expected_in_business_time(histories[end], daily, kind, end=end, until=end + dt.timedelta(days=days))
        for end in rolling["origin"]
    ]
    business = pd.Series(forecasts, index=rolling.index, dtype=float)
    bought = rolling["actual"].where(rolling["actual"] > 0)
    return rolling.assign(business=business, business_bias=business / bought - 1)


def is_nearer(rolling: pd.DataFrame) -> bool:
    """Whether business time reduces the bias of the forecasts, over at least two origins.

    Examples
    --------
    >>> is_nearer(pd.DataFrame({"bias": [-0.3, 0.2], "business_bias": [-0.1, 0.1]}))
    True
    """
    both = rolling[["bias", "business_bias"]].dropna().abs()
    if len(both) < fewest_origins():
        return False
    gain = both["bias"].mean() - both["business_bias"].mean()
    return bool(gain > rules.load("backtest")["season"]["nearer_by"])


def fewest_origins() -> int:
    """Return the fewest rolling origins needed to judge business time."""
    return int(rules.load("backtest")["season"]["fewest_origins"])


def state(season: Season, *, is_followed: bool) -> str:
    """Say what a forecast makes of months that differ, and why.

    ``followed`` or ``ignored`` where there is a season, ``unsure`` where each month was not seen twice, and
    ``changing`` where the last year does not repeat those before.
    """
    if season.is_there:
        return "followed" if is_followed else "ignored"
    return "changing" if season.is_long_enough else "unsure"


@record
def season_caution(
    season: Season | Refusal | None = REFUSED, model_choice: dict[str, Any] | Refusal = REFUSED
) -> dict[str, Any]:
    """The best and the worst month, and whether the forecast follows them; empty where months do not differ."""
    if not isinstance(season, Season) or not season.differs or isinstance(model_choice, Refusal):
        return {}
    how = state(season, is_followed=model_choice["is_seasonal"])
    return season.extremes | {"months": season.months, "state": how}


@value
def rolling_forecasts(
    engine: Engine,
    holdout_period: HoldoutPeriod,
    transactions: str,
    customer_base: dict[str, Any],
    model_choice: dict[str, Any],
    daily_purchases: DailyPurchases,
) -> pd.DataFrame:
    """The forecast made again from several earlier days, in calendar and in business time."""
    del transactions
    first, kind, as_of = customer_base["first_day"].date(), model_choice["kind"], holdout_period.as_of
    ends, days = rolling_origins.windows(first_day=first, as_of=as_of, holdout_days=holdout_period.days)
    histories = rolling_origins.histories(engine, ends=ends, days=days)
    frame = rolling_origins.rolling_origins(histories, kind, days=days)
    return add_business_time(daily_purchases, histories, frame, kind, days=days)
