"""What each contender of `benchmarks.accuracy` forecasts for every customer known at the start of a holdout.

Purchases after the start are in no table that a forecast is made from: the project is opened on that day.
"""

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pandas as pd
from sklearn.ensemble import HistGradientBoostingRegressor

from benchmarks.accuracy_bases import Split
from custlib import project as projects
from custlib.engine.base import Engine
from custlib.models.clustering import kmeans
from custlib.models.forecasting import Histories
from custlib.run import Run
from custlib.value import spend
from custlib.value.lifetime import fit_candidates

SINGLE = {"BG": "bgnbd", "MBG": "mbgnbd", "Pareto": "paretonbd"}
OURS, REPEAT, ALL = "custlib", "BG, repeat days", "Pareto, all days"
NAIVE, LAST, BOOSTED = "naive rate", "last period", "boosting"
CONTENDERS = (OURS, *SINGLE, REPEAT, ALL, NAIVE, LAST, BOOSTED)
BOOSTING = {"loss": "poisson", "learning_rate": 0.05, "max_iter": 200, "min_samples_leaf": 50, "random_state": 0}

Forecasts = dict[str, pd.DataFrame]


def forecasts(split: Split, folder: Path) -> tuple[Forecasts, pd.DataFrame]:
    """Forecast purchases and money by every contender, and count what came; a row for each customer."""
    days = _days(Run(split.project, folder))
    start = split.project.as_of - dt.timedelta(days=split.days)
    run = Run(_at(split, start), folder)
    try:
        known = _known(run)
        by_contender = _by_models(run, known, split.days) | _by_rules(days, known, start, split.days)
    finally:
        run.engine.close()
    came = _window(days, known["customer_id"], start, split.project.as_of)
    return {name: by_contender[name] for name in CONTENDERS}, came


def _at(split: Split, start: dt.date) -> projects.Project:
    """Open the project on the day that the forecast is made: nothing is discounted, so that totals compare."""
    changes = {"as_of": start, "horizon_days": split.days, "annual_discount_rate": 0.0, "holdout_days": None}
    return split.project.replace(**changes)


def _days(run: Run) -> pd.DataFrame:
    """Every day of every customer with its money, and whether there was a purchase."""
    try:
        frame = run.make("transactions").fetch(
            "select cast(customer_id as string) as customer_id, day, bool_or(is_purchase) as is_purchase,"
            " cast(sum(amount) as double) as amount from transactions group by customer_id, day"
        )
    finally:
        run.engine.close()
    return frame.assign(day=pd.to_datetime(frame["day"]))


def _known(run: Run) -> pd.DataFrame:
    """History and forecast of every customer, as `custlib` writes them, with simpler forecasts of spend."""
    engine = run.make("customer_value", "customer_activity", "cells")
    fitted = run.get("spend_model")[0]
    repeat, every = (replace(fitted, days=days, one_time=None) for days in ("repeat", "all"))
    first = "(cast(:prior_money as double) + greatest(first_amount, 0)) / (cast(:prior_weight as double) + 1)"
    frame = engine.fetch(
        "select cast(v.customer_id as string) as customer_id, v.frequency, v.recency, v.T, v.monetary_value,"
        " v.expected_purchases, v.expected_spend, a.by_repeat_days, a.by_all_days"
        f" from customer_value v join (select customer_id, {spend.expected_spend(engine.dialect, repeat)}"
        f" as by_repeat_days, case when frequency = 0 then {first}"
        f" else {spend.expected_spend(engine.dialect, every)} end as by_all_days"
        " from customer_activity) a using (customer_id) order by 1",
        **spend.parameters(repeat),
    )
    return frame.assign(**frame.drop(columns="customer_id").astype(float))


def _by_models(run: Run, known: pd.DataFrame, days: int) -> Forecasts:
    """Forecast by custlib, and by each model alone."""
    history = Histories.of(*(known[name].to_numpy() for name in ("frequency", "recency", "T")))
    alone = {name: _alone(run.engine, kind, history, days) for name, kind in SINGLE.items()}
    money = known["expected_spend"]
    return {
        OURS: _forecast(known["expected_purchases"], money),
        **{name: _forecast(purchases, money) for name, purchases in alone.items()},
        REPEAT: _forecast(alone["BG"], known["by_repeat_days"]),
        ALL: _forecast(alone["Pareto"], known["by_all_days"]),
    }


def _alone(engine: Engine, kind: str, history: Histories, days: int) -> pd.Series:
    model = fit_candidates(engine.fetch("select * from cells order by frequency, recency, T"), names=(kind,))[0]
    return pd.Series(model.expected_purchases(history, float(days)))


def _forecast(purchases: pd.Series, each: pd.Series) -> pd.DataFrame:
    return pd.DataFrame({"purchases": purchases, "money": purchases * each})


def _by_rules(days: pd.DataFrame, known: pd.DataFrame, start: dt.date, horizon: int) -> Forecasts:
    """Forecast without a lifetime model: by rate, by the last period, by boosting."""
    rate = known["frequency"] / known["T"].clip(lower=1) * horizon
    customers = known["customer_id"]
    before = start - dt.timedelta(days=horizon)
    return {
        NAIVE: _forecast(rate, known["monetary_value"].fillna(0.0)),
        LAST: _window(_repeats(days), customers, before, start),
        BOOSTED: boosted(days, customers, start, horizon),
    }


def _repeats(days: pd.DataFrame) -> pd.DataFrame:
    """Leave out the first day of each customer: everybody has one, so it foretells nothing."""
    first = days.groupby("customer_id")["day"].transform("min")
    return days[days["day"] > first]


def _window(days: pd.DataFrame, customers: pd.Series, after: dt.date, until: dt.date) -> pd.DataFrame:
    """Count purchase days and money of customers after one day and up to another."""
    inside = days[(days["day"] > pd.Timestamp(after)) & (days["day"] <= pd.Timestamp(until))]
    sums = inside.groupby("customer_id").agg(purchases=("is_purchase", "sum"), money=("amount", "sum"))
    return sums.reindex(customers).fillna(0.0).astype(float).reset_index(drop=True)


def boosted(days: pd.DataFrame, customers: pd.Series, start: dt.date, horizon: int) -> pd.DataFrame:
    """Forecast by Poisson boosting on recency, frequency and money, trained on an earlier window.

    The window is as long as the horizon, or half of the history where that is shorter; its forecast is then stretched.
    """
    covered = (pd.Timestamp(start) - days["day"].min()).days
    length = max(min(horizon, covered // 2), 1)
    origin = start - dt.timedelta(days=length)
    then, now = features(days, origin), features(days, start).reindex(customers)
    came = _window(days, pd.Series(then.index), origin, start)
    columns = {}
    for name in ("purchases", "money"):
        with kmeans.one_thread():
            model = HistGradientBoostingRegressor(**BOOSTING).fit(then.to_numpy(), came[name].clip(lower=0.0))
            columns[name] = model.predict(now.to_numpy()) * (horizon / length)
    return pd.DataFrame(columns)


def features(days: pd.DataFrame, end: dt.date) -> pd.DataFrame:
    """Recency, frequency and money of every customer known on a day."""
    seen = days[days["day"] <= pd.Timestamp(end)].sort_values("day")
    bought = seen[seen["is_purchase"].astype(bool)]
    each = bought.groupby("customer_id")["day"].agg(["min", "max", "size"])
    money = seen.groupby("customer_id")["amount"].sum().reindex(each.index)
    last = pd.Timestamp(end)
    return pd.DataFrame(
        {
            "frequency": each["size"] - 1.0,
            "recency": (each["max"] - each["min"]).dt.days,
            "T": (last - each["min"]).dt.days,
            "silent": (last - each["max"]).dt.days,
            "money": money,
            "money_per_day": money / each["size"],
            "first_amount": bought.groupby("customer_id")["amount"].first(),
        }
    ).astype(float)
