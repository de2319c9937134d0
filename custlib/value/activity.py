"""Makes ``customer_activity`` (frequency, recency, T and money of each customer on a day) and the cells of the fits.

Reads ``customer_history``, or ``transactions`` for days that no history ends on. Refunds of the first purchase day
reduce that day; all others reduce the repeat purchases. ``historic_value`` is the present value of past profit,
compounded from each day to as_of.
"""

import datetime as dt
from typing import Any

from custlib.engine.base import Engine
from custlib.engine.dialect import Dialect
from custlib.errors import ModelError, TableError
from custlib.graph import table, value
from custlib.project import Project
from custlib.value.history import History, Money, write_history
from custlib.value.holdout_period import HoldoutPeriod

CELL_LIMIT = 500_000
DAY_BINS = (1, 2, 7, 14)
_SPEND_BINS = (None, 1000, 200, 50)


def activity_at(
    sql: Dialect, end: str, *, history: str = "customer_history", carry: float = 0.0, also: str = ""
) -> str:
    """Write the select of customer activity on ``:as_of`` from what the history knows at one of its ends.

    The two dates differ only in the counterfactual "time passes and nobody buys". ``carry`` is the logarithm of the
    factor that compounds past profits from the last end of the history to ``:as_of``; ``also`` adds columns.
    """
    carried = f"cast(carried_{end} as double)" + (f" * exp(cast('{carry!r}' as double))" if carry else "")
    return f"""
        select customer_id,
               purchase_days_{end} - 1 as frequency,
               {sql.days(f"last_day_{end}", "first_day")} as recency,
               {sql.days("cast(:as_of as date)", "first_day")} as T,
               {sql.days("cast(:as_of as date)", f"last_day_{end}")} as days_since_last,
               case when purchase_days_{end} > 1
                    then cast(amount_{end} - first_amount as double) / (purchase_days_{end} - 1) end as monetary_value,
               first_amount, refunded_{end} as refunds, amount_{end} as revenue, profit_{end} as profit,
               {carried} as historic_value, first_day{also}
        from {history} where purchase_days_{end} > 0"""


def cells_sql(sql: Dialect, activity: str, days: int) -> str:
    """Write the select that counts customers by frequency and by bins of recency and T, ``days`` wide."""
    recency, age = (sql.divide(name, str(days)) for name in ("recency", "T"))
    return f"""
        select frequency, avg(recency) as recency, avg(T) as T, count(*) as customers
        from {activity} group by frequency, {recency}, {age}"""


def spend_cells_sql(sql: Dialect, activity: str, steps: int | None) -> str:
    """Write the select that counts repeat customers by frequency and spend.

    Spend is rounded to the cent, halves up (the tiny addition undoes the binary rounding of halves). With ``steps``
    it is binned on a logarithmic scale, ``steps`` bins per factor e, for sources with too many distinct amounts.
    """
    del sql
    cents = "floor(monetary_value * 100 + 0.5 + 1e-7) / 100"
    spend = cents if steps is None else f"floor(ln(monetary_value) * {steps})"
    return f"""
        select frequency, avg({cents}) as monetary_value, count(*) as customers
        from {activity} where frequency > 0 and {cents} > 0 group by frequency, {spend}"""


def make_activity(
    engine: Engine,
    name: str,
    *,
    as_of: dt.date,
    until: dt.date | None = None,
    daily_rate: float = 0.0,
    cost_to_serve: float = 0.0,
) -> None:
    """Make a table of customer activity from the transactions, for a day on which no history ends."""
    end, history = until or as_of, f"{name}_history"
    write_history(engine, history, History({"now": end}, end, Money(daily_rate, cost_to_serve)))
    select = activity_at(engine.dialect, "now", history=history, carry=daily_rate * (as_of - end).days)
    engine.define(name, select, of=(history,), as_of=as_of)
    _refuse_nobody(engine, name, end)


def define_activity(
    engine: Engine, name: str, end: str, *, as_of: dt.date, until: dt.date, daily_rate: float = 0.0
) -> None:
    """Define a table of customer activity as a view of one end of ``customer_history``."""
    select = activity_at(engine.dialect, end, carry=daily_rate * (as_of - until).days)
    engine.define(name, select, of=("customer_history",), as_of=as_of)
    _refuse_nobody(engine, name, as_of)


def _refuse_nobody(engine: Engine, name: str, until: dt.date) -> None:
    if _count(engine, name) == 0:
        raise TableError(
            f"{name}: no purchase day up to {until}; returns and cancelled lines are none. "
            "Check the date and the amounts."
        )


def make_cells(engine: Engine, name: str, activity: str) -> int:
    """Make the cells of a table of activity with the narrowest bins that stay below the limit of cells."""
    for days in DAY_BINS:
        engine.make(name, cells_sql(engine.dialect, activity, days))
        if _count(engine, name) <= CELL_LIMIT:
            return days
    raise TableError(f"{name}: more than {CELL_LIMIT:,} cells even in bins of {days} days.")


def make_spend_cells(engine: Engine, name: str, activity: str) -> None:
    """Make the spend cells of a table of activity with the narrowest bins that stay below the limit of cells."""
    for steps in _SPEND_BINS:
        engine.make(name, spend_cells_sql(engine.dialect, activity, steps))
        if _count(engine, name) <= CELL_LIMIT:
            return
    raise TableError(f"{name}: more than {CELL_LIMIT:,} cells.")


def base(engine: Engine, activity: str) -> dict[str, Any]:
    """Count customers, purchase days and one-time buyers of a table of activity, with its first and last day."""
    row = engine.fetch(
        "select count(*) as customers, avg(case when frequency = 0 then 1e0 else 0e0 end) as one_time_share,"
        " sum(frequency + 1) as purchase_days, sum(frequency) as repeats, min(first_day) as first_day,"
        f" max({engine.dialect.add_days('first_day', 'recency')}) as last_day from {activity}"
    ).iloc[0]
    return {str(name): value for name, value in row.to_dict().items()}


def _count(engine: Engine, name: str) -> int:
    return int(engine.fetch(f"select count(*) as n from {name}")["n"].item())


NO_AMOUNT = "no_amount"
NOBODY_YET = "nobody_yet"


@table
def customer_activity(engine: Engine, project: Project, customer_history: str) -> None:
    """Activity of every customer at as_of."""
    del customer_history
    days: dict[str, Any] = {"as_of": project.as_of, "until": project.as_of}
    define_activity(engine, "customer_activity", "now", **days, daily_rate=project.daily_discount_rate)


@table
def calibration_activity(
    engine: Engine, project: Project, quality: dict[str, Any], holdout_period: HoldoutPeriod, customer_history: str
) -> None:
    """Activity of every customer at the end of calibration."""
    del customer_history
    first = quality["first_day"]
    if first is None or first > holdout_period.calibration_end.isoformat():
        raise ModelError("backtest: nobody bought before the holdout. Shorten holdout_days.", reason=NOBODY_YET)
    days: dict[str, Any] = {"as_of": holdout_period.calibration_end, "until": project.as_of}
    define_activity(engine, "calibration_activity", "calibration", **days, daily_rate=project.daily_discount_rate)


@table
def cells(engine: Engine, customer_activity: str) -> None:
    """Customers counted by frequency, recency and T."""
    make_cells(engine, "cells", customer_activity)


@table
def spend_cells(engine: Engine, quality: dict[str, Any], customer_activity: str) -> None:
    """Repeat customers counted by frequency and spend."""
    _require_amounts(quality)
    make_spend_cells(engine, "spend_cells", customer_activity)


@table
def calibration_spend_cells(engine: Engine, quality: dict[str, Any], calibration_activity: str) -> None:
    """Repeat customers at the end of calibration, counted by frequency and spend."""
    _require_amounts(quality)
    make_spend_cells(engine, "calibration_spend_cells", calibration_activity)


def _require_amounts(quality: dict[str, Any]) -> None:
    if not quality["has_amount"]:
        raise ModelError("spend: the purchases have no amount column. Map one to amount.", reason=NO_AMOUNT)


@value
def customer_base(engine: Engine, customer_activity: str) -> dict[str, Any]:
    """Summary of the customers at as_of."""
    return base(engine, customer_activity)


@value
def calibration_base(engine: Engine, calibration_activity: str) -> dict[str, Any]:
    """Summary of the customers of the calibration period."""
    return base(engine, calibration_activity)
