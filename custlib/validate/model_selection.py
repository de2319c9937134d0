"""Chooses the lifetime model: BG/NBD or MBG/NBD, by the holdout and by an information criterion.

Reads outcome cells of the calibration period. Also estimates whether purchases are more regular than random, by the
likelihood of 1 to 6 ticks per purchase (`custlib.models.regularnbd`).
"""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pandas as pd

from custlib import rules
from custlib.engine.base import Engine
from custlib.engine.dialect import Dialect
from custlib.errors import ModelError
from custlib.graph import record
from custlib.models import bgnbd, regularnbd
from custlib.models.forecasting.gap_regularity import FEWEST_DAYS, GapRegularity, gap_regularity
from custlib.project import Project
from custlib.validate.backtest_groups import coarser, forecast
from custlib.value.holdout_period import HoldoutPeriod
from custlib.value.lifetime import FITS, KINDS, fit_counted
from custlib.value.uncertainty import futures

_PARAMETERS = 4
_MOST_CELLS = 20_000  # for the chance of a total


def compare(outcomes: pd.DataFrame, *, days: int) -> list[dict[str, Any]]:
    """Fit every model on the calibration period and compare it with the holdout."""
    few = coarser(outcomes, most=_MOST_CELLS)
    with ThreadPoolExecutor(len(FITS)) as pool:  # NumPy releases the lock while it computes
        rows = pool.map(lambda kind: _candidate(outcomes, few, kind, days), FITS)
        return [row for row in rows if row is not None]


def _candidate(outcomes: pd.DataFrame, few: pd.DataFrame, kind: str, days: int) -> dict[str, Any] | None:
    """Fit one model and compare it with the holdout; None where it cannot be fitted."""
    try:
        model = fit_counted(outcomes, kind)
    except ModelError:
        return None
    actual, predicted = float(outcomes["actual"].sum()), float(forecast(outcomes, model, days)["expected"].sum())
    mean, square = futures(model, few, float(days))
    chance = float(np.sqrt((square - mean**2) @ few["customers"].to_numpy(dtype=float)))
    value = float(model.log_likelihood or 0.0)
    return {
        "kind": kind,
        "model": model.label,
        "fit": bgnbd.to_dict(model, time_unit="day"),
        "log_likelihood": value,
        "aic": 2 * (_PARAMETERS - value),
        "predicted": predicted,
        "bias": predicted / actual - 1 if actual else None,
        "chance": chance / actual if actual else None,
    }


def choose(candidates: list[dict[str, Any]]) -> tuple[str, str]:
    """Select the model whose bias is smaller beyond chance, else the one with the lower AIC, else the first.

    Examples
    --------
    >>> near = {"kind": "bgnbd", "bias": -0.12, "chance": 0.05, "aic": 10.0}
    >>> choose([near, {"kind": "mbgnbd", "bias": -0.16, "chance": 0.05, "aic": 5.0}])
    ('mbgnbd', 'criterion')
    """
    if len(candidates) < 2:
        return (candidates[0]["kind"] if candidates else "bgnbd"), "only"
    limits = rules.load("backtest")["choice"]
    if None not in [row["bias"] for row in candidates]:
        first, second = sorted(candidates, key=lambda row: abs(row["bias"]))[:2]
        if abs(second["bias"]) - abs(first["bias"]) > limits["deviations"] * first["chance"]:
            return first["kind"], "holdout"
    likeliest = sorted(candidates, key=lambda row: row["aic"])
    if likeliest[1]["aic"] - likeliest[0]["aic"] > limits["evidence"]:
        return likeliest[0]["kind"], "criterion"
    return candidates[0]["kind"], "tie"


def gaps(sql: Dialect) -> str:
    """Write the select of the days between successive purchases up to ``:end``, numbered within a customer."""
    return f"""
        select customer_id, {sql.days("day", "previous")} as gap,
               row_number() over (partition by customer_id order by day) as number
        from (
            select customer_id, day, lag(day) over (partition by customer_id order by day) as previous
            from (select distinct customer_id, day from transactions where is_purchase and day <= :end))
        where previous is not null"""


def long_pairs(sql: Dialect) -> str:
    """Write the select of pairs of successive gaps, the first and second, third and fourth, ... of each customer.

    Pairs that last less than ``:fewest_days`` together are left out: whole days cannot tell such gaps apart.
    """
    return f"""
        select first_gap, second_gap, count(*) as pairs
        from (
            select max(case when number % 2 = 1 then gap end) as first_gap,
                   max(case when number % 2 = 0 then gap end) as second_gap
            from ({gaps(sql)}) gaps
            group by customer_id, {sql.divide("(number + 1)", "2")}) gaps_of_pairs
        where first_gap + second_gap >= :fewest_days
        group by first_gap, second_gap
        order by first_gap, second_gap"""


def pair_regularity(engine: Engine, end: dt.date) -> GapRegularity:
    """Estimate the regularity of purchases up to a day from long pairs of gaps."""
    pairs = engine.fetch(long_pairs(engine.dialect), end=end, fewest_days=FEWEST_DAYS)
    return gap_regularity(*(pairs[name].to_numpy(dtype=float) for name in ("first_gap", "second_gap", "pairs")))


def regularity(engine: Engine, outcomes: pd.DataFrame, kind: str, *, end: dt.date, days: int) -> dict[str, Any]:
    """Estimate the regularity of purchases and its effect on the forecast."""
    gaps_select = gaps(engine.dialect)
    logs = engine.fetch(f"select coalesce(sum(ln(gap)), 0.0) as logs from ({gaps_select})", end=end)["logs"].item()
    pairs = engine.fetch(
        "select first_gap, second_gap, count(*) as customers from ("
        " select max(case when number = 1 then gap end) as first_gap, max(case when number = 2 then gap end) as"
        f" second_gap from ({gaps_select}) group by customer_id) where second_gap is not null"
        " group by first_gap, second_gap order by first_gap, second_gap",
        end=end,
    )
    estimate = regularnbd.estimate(*(pairs[name] for name in ("first_gap", "second_gap", "customers")))
    median = engine.fetch(f"select median(gap) as days from ({gaps_select})", end=end)["days"].item()
    ticks = _ticks(outcomes, kind, float(logs), days)
    return {"estimate": estimate, "median_gap": None if median != median else float(median), "ticks": ticks}


def _ticks(outcomes: pd.DataFrame, kind: str, logs: float, days: int) -> list[dict[str, float | None]]:
    columns = [outcomes[name].to_numpy(dtype=float) for name in ("frequency", "recency", "T", "customers")]
    actual, rows = float(outcomes["actual"].sum()), []
    for k in range(1, rules.load("backtest")["choice"]["most_ticks"] + 1):
        model = regularnbd.fit(KINDS[kind], k, *columns, gap_log_sum=logs)
        predicted = float(np.asarray(regularnbd.expected_purchases(model, days, *columns[:3])) @ columns[3])
        value = float(model.log_likelihood or 0.0)
        bias = predicted / actual - 1 if actual else None
        rows.append({"k": k, "log_likelihood": value, "aic": 2 * (_PARAMETERS + (k > 1) - value),
                     "predicted": predicted, "bias": bias})  # fmt: skip
    return rows


@record
def model_choice(project: Project, holdout_period: HoldoutPeriod, outcomes: pd.DataFrame) -> dict[str, Any]:
    """Model selection: ``kind``, ``reason``, and the ``candidates`` compared on the holdout."""
    candidates = compare(outcomes, days=holdout_period.days)
    kind, reason = choose(candidates)
    if project.model != "auto":
        kind, reason = project.model, "given"
    return {"kind": kind, "reason": reason, "candidates": candidates}


@record
def purchase_regularity(
    engine: Engine,
    holdout_period: HoldoutPeriod,
    transactions: str,
    outcomes: pd.DataFrame,
    model_choice: dict[str, Any],
) -> dict[str, Any]:
    """Regularity of purchases."""
    del transactions
    end, days = holdout_period.calibration_end, holdout_period.days
    return regularity(engine, outcomes, model_choice["kind"], end=end, days=days)
