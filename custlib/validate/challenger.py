"""Makes ``challenger``: whether boosting would put customers in a better order than the forecast does.

Reads ``transactions``. Poisson boosting with the forecast as offset (scikit-learn): the money of a window is forecast x
f(history), so boosting learns only what the forecast leaves unexplained. An offset is the same as the ratio of money to
forecast, weighted by the forecast. It is trained on a window that had ended when its test began, of the same season
where the history has one, and is scaled to the total of the forecast: it changes the order of customers, never the
total.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from custlib import rules
from custlib.engine.base import Engine
from custlib.errors import require
from custlib.graph import REFUSED, Refusal, record
from custlib.models.clustering import kmeans
from custlib.models.forecasting import Histories
from custlib.project import DAYS_PER_YEAR, Project
from custlib.validate import past_forecasts as past
from custlib.validate.past_forecasts import PastForecast
from custlib.validate.ranking import best, ranking_gini
from custlib.validate.rolling_origins import Origin
from custlib.value import spend
from custlib.value.excess_error import BY_FREQUENCY
from custlib.value.history import Money
from custlib.value.holdout_period import days_covered
from custlib.value.model_selection import Procedure, procedure
from custlib.value.sampled_days import sample_below
from custlib.value.seasonal.season_index import DailyPurchases, Season
from custlib.value.spend import Spend

FEATURES = ("frequency", "recency", "T", "days_since_last", "first_amount", "per_day", "revenue")
_KEY = ["frequency", "recency", "T"]


@dataclass(frozen=True)
class Bout:
    """A forecast of one day, and the earlier one that boosting is trained on.

    Attributes
    ----------
    day : Origin
        The day, with the window after it.
    trained : Origin
        A day whose window had ended on ``day``: a year before where the history is long enough, else one window before.
    """

    day: Origin
    trained: Origin


def window_days(*, covered: int, horizon_days: int) -> int:
    """Return the length of the windows; 0 where the history is too short for them.

    Examples
    --------
    >>> window_days(covered=545, horizon_days=365), window_days(covered=100, horizon_days=365)
    (109, 0)
    """
    limits = rules.load("backtest")["challenger"]
    days = min(covered // limits["part_of_history"], horizon_days, limits["longest_days"])
    return int(days) if days >= limits["shortest_days"] else 0


def bouts(*, first_day: dt.date, as_of: dt.date, days: int) -> list[Bout]:
    """List what boosting is trained and tried on, today first.

    Examples
    --------
    >>> [f"{bout.trained.day} {bout.day.day}" for bout in bouts(first_day=dt.date(2024, 1, 1),
    ...                                                         as_of=dt.date(2025, 5, 30), days=100)]
    ['2024-05-30 2025-05-30', '2024-11-11 2025-02-19', '2024-08-03 2024-11-11', '2024-04-25 2024-08-03']
    """

    def trained(day: dt.date) -> dt.date:
        year_before = day - dt.timedelta(days=DAYS_PER_YEAR)
        return year_before if (year_before - first_day).days >= days else day - dt.timedelta(days=days)

    tests = rules.load("backtest")["challenger"]["tests"]
    each = [as_of - dt.timedelta(days=days * number) for number in range(tests + 1)]
    return [Bout(Origin(day, days), Origin(trained(day), days)) for day in each]


def customers_of(engine: Engine, one: PastForecast, *, most: int) -> pd.DataFrame:
    """Fetch the history of customers known on a day, what was forecast of the window after it, and what came.

    Of a larger base it is a sample of about ``most`` customers.
    """
    name, money = one.origin.name, one.spend[0]
    known = int(engine.fetch(f"select count(*) as n from {name}")["n"].item())
    values: dict[str, Any] = spend.parameters(money)
    frame = engine.fetch(
        f"select {', '.join(_KEY)}, days_since_last, cast(first_amount as double) as first_amount,"
        " cast(revenue as double) as revenue, cast(revenue as double) / (frequency + 1) as per_day,"
        f" cast(actual_revenue as double) as actual, {spend.expected_spend(engine.dialect, money)} as spent"
        f" from {name} where {sample_below(known, most)} order by customer_id",
        **values,
    ).astype(float)
    distinct = frame[_KEY].drop_duplicates()
    histories = Histories.of(*(distinct[column].to_numpy() for column in _KEY))
    each = distinct.assign(purchases=one.model.expected_purchases(histories, float(one.origin.days)))
    frame = frame.merge(each, on=_KEY, how="left")
    return frame.assign(forecast=(frame["purchases"] * frame["spent"]).fillna(0.0).clip(lower=0.0))


def boosted(trained: pd.DataFrame, known: pd.DataFrame) -> pd.Series:
    """Forecast the money of customers by boosting on an earlier day's, scaled to the total of the forecast.

    ``trained`` has what came, ``known`` needs the forecast only.
    """
    ensemble = require("sklearn.ensemble", extra="reports", purpose="challenger")
    options = rules.load("backtest")["challenger"]["boosting"]
    offset = trained["forecast"].to_numpy()
    ratio = np.divide(trained["actual"].clip(lower=0.0), offset, out=np.zeros(offset.size), where=offset > 0)
    with kmeans.one_thread():
        model = ensemble.HistGradientBoostingRegressor(loss="poisson", early_stopping=True, random_state=0, **options)
        model.fit(trained[[*FEATURES]].to_numpy(), ratio, sample_weight=offset)
        factor = model.predict(known[[*FEATURES]].to_numpy())
    return scaled(known["forecast"] * factor, known["forecast"].sum())


def scaled(forecast: pd.Series, total: float) -> pd.Series:
    """Scale a forecast to a total.

    Examples
    --------
    >>> scaled(pd.Series([1.0, 3.0]), 8.0).tolist()
    [2.0, 6.0]
    """
    own = float(forecast.sum())
    return forecast * (total / own) if own > 0 else forecast


def tried(bout: Bout, people: dict[dt.date, pd.DataFrame]) -> dict[str, Any] | None:
    """Try boosting on a past day; None where too little was known on it or before."""
    if not {bout.day.day, bout.trained.day} <= set(people):
        return None
    known, trained = people[bout.day.day], people[bout.trained.day]
    if known["actual"].sum() <= 0 or trained["actual"].clip(lower=0.0).sum() <= 0:
        return None
    ginis = {"forecast": known["forecast"], "boosted": boosted(trained, known)}
    return {
        "day": bout.day.day.isoformat(), "trained": bout.trained.day.isoformat(), "customers": len(known),
        **{f"gini_{name}": ranking_gini(each, known["actual"]) for name, each in ginis.items()},
    }  # fmt: skip


def changes(forecast: pd.Series, challenging: pd.Series, frequency: pd.Series) -> dict[str, Any]:
    """Say who would leave the best customers by value, and who would come among them."""
    share = rules.load("backtest")["challenger"]["best"]
    now, then = best(forecast, share), best(challenging, share)
    moves = {
        name: {"into": int((then & ~now & frequency.between(*span)).sum()),
               "out": int((now & ~then & frequency.between(*span)).sum())}
        for name, span in BY_FREQUENCY.items()
    }  # fmt: skip
    return {"best": int(now.sum()), "overlap": float((now & then).sum() / now.sum()), "moves": moves}


def judge(tests: list[dict[str, Any]]) -> dict[str, Any]:
    """Say whether boosting orders customers better: in each test, and by enough on average."""
    limits = rules.load("backtest")["challenger"]
    gains = [test["gini_boosted"] - test["gini_forecast"] for test in tests]
    gain = float(np.mean(gains)) if gains else None
    is_better = len(gains) >= limits["tests"] and min(gains) > 0 and float(np.mean(gains)) >= limits["least_gain"]
    return {"gain": gain, "is_better": is_better}


@record
def challenger(
    engine: Engine,
    project: Project,
    quality: dict[str, Any],
    customer_base: dict[str, Any],
    history_money: Money,
    transactions: str,
    sampled_days: str | Refusal = REFUSED,
    season: Season | Refusal | None = REFUSED,
    daily_purchases: DailyPurchases | Refusal = REFUSED,
    spend_choice: dict[str, Any] | Refusal = REFUSED,
    money_forecast: Spend | Refusal = REFUSED,
) -> dict[str, Any]:
    """Whether boosting would order customers better than the forecast, on rolling origins; ``reason`` if not tried."""
    del transactions, sampled_days
    limits = rules.load("backtest")["challenger"]
    covered = days_covered(quality, project.as_of)
    days = window_days(covered=covered, horizon_days=project.horizon_days)
    if reason := _reason(project, customer_base["customers"], days, money_forecast):
        return {"reason": reason}
    plan = bouts(first_day=project.as_of - dt.timedelta(days=covered), as_of=project.as_of, days=days)
    spend_days = "" if isinstance(spend_choice, Refusal) else spend_choice["days"]
    how = procedure(project, season, daily_purchases)
    people = _people(engine, how, plan, history_money, spend_days)
    tests = [test for bout in plan[1:] if (test := tried(bout, people))]
    today, before = plan[0].day.day, plan[0].trained.day
    if len(tests) < limits["tests"] or not {today, before} <= set(people):
        return {"reason": "short"}
    now = people[today]
    moved = changes(now["forecast"], boosted(people[before], now), now["frequency"])
    return {"reason": "", "days": days, "tests": tests, **judge(tests), **moved}


def _reason(project: Project, customers: int, days: int, money_forecast: Spend | Refusal) -> str:
    """Why boosting is not tried; empty where it is."""
    reasons = {
        "off": not project.challenger,
        "few": customers < rules.load("backtest")["challenger"]["fewest_customers"],
        "no_money": isinstance(money_forecast, Refusal),
        "short": not days,
    }
    return next((reason for reason, holds in reasons.items() if holds), "")


def _people(
    engine: Engine, how: Procedure, plan: list[Bout], money: Money, spend_days: str
) -> dict[dt.date, pd.DataFrame]:
    """Fit the forecast on every day of a plan, and fetch the customers known on it."""
    days = sorted({origin for bout in plan for origin in (bout.day, bout.trained)}, key=lambda one: one.day)[::-1]
    past.define_origins(engine, days, money)
    records = past.forecasts(engine, days, how, has_amount=True, spend_days=spend_days)
    most = rules.load("backtest")["challenger"]["most_customers"]
    fitted = [one for one in past.read_past(records) if one.spend[0].kind != "none"]
    return {one.origin.day: customers_of(engine, one, most=most) for one in fitted}
