"""Makes ``lifetimes_summary``: frequency, recency and T by the rules of the package ``lifetimes``.

Reads a table of purchases with ``customer_id``, ``day`` and, for money, ``amount``. The rules are those of
``lifetimes.utils.summary_data_from_transaction_data`` 0.11.3: all rows of a customer in one period, a day or a week
from Monday to Sunday, are one purchase, whatever their amounts; the period of the last day counts as a whole; times
are whole periods. docs/coming-from-lifetimes.md lists the differences from `custlib.value.activity`.
"""

import datetime as dt
from typing import Any

from custlib.engine.base import Engine
from custlib.engine.dialect import Dialect, day_literal
from custlib.engine.reduction import Column, Count, First, Last, Reduction, Sum
from custlib.errors import UsageError, hint

PERIODS = {"D": 1, "W": 7}  # days

_MONDAY = dt.date(1970, 1, 5)
_MONEY = "decimal(38, 12)"  # sums do not hang on the order of rows, and keep all that a double has of usual amounts


def lifetimes_summary(
    sql: Dialect, purchases: str, *, days: int, last_day: dt.date, skipped: int = 1, money: bool = True
) -> Reduction:
    """Declare one row per customer, up to the period of ``last_day``; the first day of a period stands for all of it.

    A period is ``days`` long; counts and mean exclude the first ``skipped`` (0 or 1) periods of each customer.
    """
    last = _MONDAY.toordinal() + (last_day - _MONDAY).days // days * days
    end = dt.date.fromordinal(min(last + days - 1, dt.date.max.toordinal()))
    T = sql.days(day_literal(dt.date.fromordinal(last)), "first_day")
    output = {
        "frequency": f"cast(periods - {skipped} as double)",
        "recency": f"cast({sql.divide(sql.days('last_day', 'first_day'), str(days))} as double)",
        "T": f"cast({sql.divide(T, str(days))} as double)",
    }
    if money:
        spent = "total - first_amount" if skipped else "total"
        output["monetary_value"] = f"coalesce(cast({spent} as double) / nullif(periods - {skipped}, 0), 0)"
    amounts: tuple[Column, ...] = (First("first_amount", "amount"), Sum("total", "amount")) if money else ()
    return Reduction(
        lines=f"""
            select customer_id, {_begin(sql, "cast(day as date)", days)} as day{", amount" if money else ""}
            from {purchases}
            where customer_id is not null and cast(day as date) <= {day_literal(end)}""",
        sums=("amount",) if money else (),
        flags=(),
        columns=(Count("periods"), First("first_day"), Last("last_day"), *amounts),
        output=", ".join(["customer_id", *(f"{column} as {name}" for name, column in output.items())]),
        summed=f"coalesce(sum(cast({{}} as {_MONEY})), 0)",
    )


def _begin(sql: Dialect, day: str, days: int) -> str:
    """Write the first day of the period that a day lies in; periods are counted from a Monday."""
    if days == 1:
        return day
    monday = day_literal(_MONDAY)
    period = f"cast(floor(cast({sql.days(day, monday)} as double) / {days}) as integer)"
    return sql.add_days(monday, f"{days} * {period}")


def make_lifetimes_summary(
    engine: Engine, name: str, purchases: str, *, freq: str, last_day: dt.date | None = None, skipped: int = 1
) -> None:
    """Make the summary of a table of purchases."""
    if freq not in PERIODS:
        raise UsageError(f"lifetimes_summary: freq: {freq!r} is unknown. {hint(freq, list(PERIODS))}")
    if last_day is None:
        import pandas as pd

        latest = engine.fetch(f"select cast(max(day) as date) as day from {purchases}")["day"].item()
        last_day = dt.date.max if pd.isna(latest) else pd.Timestamp(latest)
    last_day = dt.date(last_day.year, last_day.month, last_day.day)
    money = "amount" in engine.columns(purchases)
    options: dict[str, Any] = {"days": PERIODS[freq], "last_day": last_day, "skipped": skipped, "money": money}
    engine.reduce(name, lifetimes_summary(engine.dialect, purchases, **options))
