"""Makes ``holdout`` and outcome cells: the forecast of a past date compared with actual purchases.

Reads ``customer_history`` (for other days ``transactions``) and calibration scores. The model is fitted on the data
up to the end of calibration. Baselines without a model: extrapolate each customer's rate, repeat the last period, or
drop customers who have been silent for too long (the hiatus rule of Wuebben and von Wangenheim 2008, "Instant customer
base analysis: managerial heuristics often get it right", Journal of Marketing 72) with the threshold that is best in
hindsight.
"""

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd

from custlib.engine.base import Engine
from custlib.engine.dialect import Dialect
from custlib.errors import ModelError, TableError
from custlib.graph import REFUSED, Refusal, record, table, value
from custlib.models.forecasting import LifetimeModel
from custlib.project import Project
from custlib.validate.lights import UNTESTED
from custlib.value.activity import CELL_LIMIT, DAY_BINS, activity_at
from custlib.value.holdout_period import HoldoutPeriod


def holdout_sql(sql: Dialect, scores: str) -> str:
    """Write the select of predicted and actual purchases of each customer of the calibration period."""
    also = (
        ", purchase_days_now - purchase_days_calibration as actual"
        ", purchase_days_calibration - purchase_days_before as latest"
    )
    return f"""
        select a.customer_id, a.frequency, a.recency, a.T, a.actual,
               s.expected_purchases as predicted,
               case when a.T > 0 then a.frequency * cast(:holdout_days as double) / a.T else 0e0 end as naive,
               a.latest - case when a.T < :holdout_days then 1 else 0 end as again
        from ({activity_at(sql, "calibration", also=also)}) a join {scores} s using (frequency, recency, T)"""


KNOWN_IN_HISTORY = """
    select first_day, last_day_calibration as last_day, purchase_days_calibration as known,
           purchase_days_now - purchase_days_calibration as actual from customer_history"""
KNOWN_IN_TRANSACTIONS = """
    select customer_id, min(day) as first_day, max(case when day <= :as_of then day end) as last_day,
           count(distinct case when day <= :as_of then day end) as known,
           count(distinct case when day > :as_of then day end) as actual
    from transactions where is_purchase and day <= :last_day group by customer_id"""


def outcome_cells(sql: Dialect, days: int, known: str = KNOWN_IN_TRANSACTIONS) -> str:
    """Write the select of cells at ``:as_of`` with the purchases after it up to ``:last_day``."""
    recency, age = (sql.divide(name, str(days)) for name in ("recency", "T"))
    return f"""
        select frequency, avg(recency) as recency, avg(T) as T, count(*) as customers,
               sum(actual) as actual, sum(case when actual > 0 then 1 else 0 end) as buyers
        from (
            select known - 1 as frequency, {sql.days("last_day", "first_day")} as recency,
                   {sql.days("cast(:as_of as date)", "first_day")} as T, actual
            from ({known}) where known > 0)
        group by frequency, {recency}, {age}"""


def define_holdout(engine: Engine, scores: str, *, calibration_end: dt.date, as_of: dt.date) -> None:
    """Define the table of predicted and actual purchases."""
    engine.define(
        "holdout", holdout_sql(engine.dialect, scores), of=("customer_history", scores),
        as_of=calibration_end, holdout_days=(as_of - calibration_end).days,
    )  # fmt: skip


def count_outcomes(engine: Engine, *, end: dt.date, until: dt.date, known: str = KNOWN_IN_TRANSACTIONS) -> pd.DataFrame:
    """Count the customers of a past date in cells, with their purchases afterwards."""
    for days in DAY_BINS:
        select = f"select * from ({outcome_cells(engine.dialect, days, known)}) limit {CELL_LIMIT + 1}"
        cells = engine.fetch(select, limit=CELL_LIMIT + 1, as_of=end, last_day=until)
        if len(cells) <= CELL_LIMIT:
            cells = cells.sort_values(["frequency", "recency", "T"], ignore_index=True)
            return cells.astype({"actual": float, "buyers": float})
    raise TableError(f"outcomes: more than {CELL_LIMIT:,} cells even in bins of {DAY_BINS[-1]} days.")


def summary(engine: Engine) -> dict[str, Any]:
    """Compare predicted and actual totals of the holdout period."""
    row = engine.fetch(
        "select count(*) as customers, sum(actual) as actual, sum(predicted) as predicted, sum(naive) as naive,"
        " avg(abs(predicted - actual)) as mean_absolute_error, corr(predicted, actual) as correlation"
        " from holdout"
    ).iloc[0]
    totals: dict[str, Any] = {str(name): float(row[name]) for name in row.index}
    actual = totals["actual"]
    totals |= {"customers": int(totals["customers"]), "actual": int(actual)}
    bias = (totals["predicted"] / actual - 1) if actual else None
    totals["bias"], totals["naive_bias"] = bias, (totals["naive"] / actual - 1) if actual else None
    totals["correlation"] = totals["correlation"] if np.isfinite(totals["correlation"]) else None
    return totals


def compare_money(engine: Engine, *, calibration_end: dt.date) -> dict[str, Any]:
    """Compare predicted and actual revenue of the holdout: purchases and spend together; no bias where none came."""
    row = engine.fetch(
        "select sum(v.expected_purchases * v.expected_spend) as expected, sum(v.expected_purchases) as purchases,"
        " (select sum(t.amount) from transactions t join calibration_value k on t.customer_id = k.customer_id"
        " where t.day > :calibration_end) as actual from calibration_value v",
        calibration_end=calibration_end,
    ).iloc[0]
    expected, purchases, actual = (
        float(np.nan_to_num(float(row[n] or 0))) for n in ("expected", "purchases", "actual")
    )
    bias = expected / actual - 1 if actual > 0 else None
    mean = expected / purchases if purchases > 0 else 0.0
    return {"actual": actual, "expected": expected, "bias": bias, "mean_spend": mean}


def hiatus(outcomes: pd.DataFrame) -> int:
    """Find the threshold of days of silence that best classifies customers as lost, in hindsight.

    Examples
    --------
    >>> hiatus(pd.DataFrame({"T": [50, 50], "recency": [45, 10], "customers": [3, 2], "buyers": [2, 0]}))
    5
    """
    silent = (outcomes["T"] - outcomes["recency"]).to_numpy(dtype=float)
    gain = (2 * outcomes["buyers"] - outcomes["customers"]).to_numpy(dtype=float)  # right less wrong classifications
    order = np.argsort(silent, kind="stable")
    days, place = np.unique(silent[order], return_index=True)
    sums = np.add.reduceat(gain[order], place).cumsum()
    return int(np.floor(days[int(sums.argmax())])) if sums.max() > 0 else 0


def baselines(engine: Engine, *, hiatus_days: int) -> pd.DataFrame:
    """Compare the model with the baselines."""
    silent = "T - recency > :hiatus_days"
    columns = {
        "model": "predicted", "naive": "naive", "again": "again",
        "hiatus": f"case when {silent} then 0.0 else naive end",
    }  # fmt: skip
    parts = [
        f"select '{name}' as forecast, sum({column}) as purchases, sum(actual) as actual,"
        f" avg(abs({column} - actual)) as mean_absolute_error, corr({column}, actual) as correlation from holdout"
        for name, column in columns.items()
    ]
    rows = engine.fetch(" union all ".join(parts), hiatus_days=hiatus_days).set_index("forecast").loc[list(columns)]
    actual = rows.pop("actual").astype(float)
    rows = rows.astype(float)
    rows.insert(1, "bias", (rows["purchases"] / actual - 1).where(actual > 0))
    return rows.reset_index()


@value
def outcomes(engine: Engine, holdout_period: HoldoutPeriod, customer_history: str) -> pd.DataFrame:
    """Cells of the calibration customers with their purchases in the holdout."""
    del customer_history
    end, as_of = holdout_period.calibration_end, holdout_period.as_of
    return count_outcomes(engine, end=end, until=as_of, known=KNOWN_IN_HISTORY)


@table
def holdout(
    engine: Engine,
    holdout_period: HoldoutPeriod,
    lifetime_model: LifetimeModel,
    calibration_scores: str,
) -> None:
    """Predicted and actual purchases of each customer of the calibration period; needs a testable forecast."""
    del lifetime_model
    end, as_of = holdout_period.calibration_end, holdout_period.as_of
    define_holdout(engine, calibration_scores, calibration_end=end, as_of=as_of)


@record
def holdout_summary(engine: Engine, holdout: str) -> dict[str, Any]:
    """Totals of the holdout: actual, predicted, naive and bias."""
    del holdout
    return summary(engine)


@value
def test_result(
    project: Project,
    holdout_period: HoldoutPeriod,
    holdout_summary: dict[str, Any] | Refusal = REFUSED,
    holdout_money: dict[str, Any] | Refusal = REFUSED,
    forecast_lights: dict[str, Any] | Refusal = REFUSED,
    season_caution: dict[str, Any] | Refusal = REFUSED,
    calibration_choice: dict[str, Any] | Refusal = REFUSED,
) -> dict[str, Any]:
    """How sure the forecast is (`forecast_lights`), beside the totals of the holdout, or ``reason`` why it has none."""
    result = {"holdout_days": holdout_period.days, "covered_days": holdout_period.covered,
              "is_stated": project.holdout_days is not None, "light": UNTESTED}  # fmt: skip
    result |= {} if isinstance(forecast_lights, Refusal) else forecast_lights
    result |= {"season": {} if isinstance(season_caution, Refusal) else season_caution}
    if isinstance(holdout_summary, Refusal):
        return result | {"reason": holdout_summary.reason}
    is_seasonal = not isinstance(calibration_choice, Refusal) and calibration_choice["is_seasonal"]
    result |= {"is_holdout_seasonal": is_seasonal}
    money = None if isinstance(holdout_money, Refusal) else holdout_money | {"currency": project.currency}
    return result | holdout_summary | {"revenue": money}


@value
def hiatus_days(outcomes: pd.DataFrame) -> int:
    """Threshold of the hiatus rule in days of silence, the best in hindsight."""
    return hiatus(outcomes)


@value
def baseline_forecasts(engine: Engine, holdout: str, hiatus_days: int) -> pd.DataFrame:
    """Model and baselines compared on the holdout."""
    del holdout
    return baselines(engine, hiatus_days=hiatus_days)


@value
def holdout_money(
    engine: Engine,
    holdout_period: HoldoutPeriod,
    transactions: str,
    calibration_value: str,
    calibration_spend: tuple[Any, Any],
) -> dict[str, Any]:
    """Predicted and actual revenue of the holdout."""
    del transactions, calibration_value
    spend = calibration_spend[0]
    if spend.kind == "none":
        raise ModelError("backtest: no money can be forecast.", reason=spend.remark)
    return compare_money(engine, calibration_end=holdout_period.calibration_end)


@value
def tested_forecast(lifetime_model: LifetimeModel, test_result: dict[str, Any]) -> dict[str, Any]:
    """The result of the test of a forecast; unavailable where there is no forecast."""
    del lifetime_model
    return test_result
