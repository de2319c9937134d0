"""Makes ``lifetimes_summary``: frequency, recency and T by the rules of the package ``lifetimes``.

Reads a table of purchases with ``customer_id``, ``day`` and, for money, ``amount``. The rules are those of
``lifetimes.utils.summary_data_from_transaction_data`` 0.11.3: all rows of a customer in one period, a day or a week
from Monday to Sunday, are one purchase, whatever their amounts; the period of the last day counts as a whole; times
are whole periods. docs/coming-from-lifetimes.md lists the differences from `custlib.value.activity`.
"""

import datetime as dt
from typing import TYPE_CHECKING, Any

import numpy as np

from custlib.engine.base import Engine
from custlib.engine.days import UNITS, Daily, Days, as_doubles
from custlib.engine.dialect import Dialect
from custlib.errors import UsageError, hint

if TYPE_CHECKING:
    import pyarrow as pa

PERIODS = {"D": 1, "W": 7}  # days

_MONDAY = dt.date(1970, 1, 5)
_MONDAY_NUMBER = (_MONDAY - dt.date(1970, 1, 1)).days
_A_MONDAY = f"date '{_MONDAY.isoformat()}'"
_MONEY = "decimal(38, 12)"  # sums do not depend on the order of rows, and keep the precision of usual doubles


def lifetimes_summary(sql: Dialect, purchases: str, *, days: int, skipped: int = 1, money: bool = True) -> str:
    """Write the select of one row per customer, up to the period of ``:last_day``.

    A period is ``days`` long; counts and mean exclude the first ``skipped`` (0 or 1) periods of each customer.
    """
    last = _period(sql, "cast(:last_day as date)", days)
    amount = f"coalesce(sum(cast(amount as {_MONEY})), 0)" if money else f"cast(0 as {_MONEY})"
    first_amount = f"{sql.min_by}(amount, period)" if skipped else f"cast(0 as {_MONEY})"
    mean = f"coalesce(cast(sum(amount) - {first_amount} as double) / nullif(count(*) - {skipped}, 0), 0)"
    return f"""
        select customer_id,
               cast(count(*) - {skipped} as double) as frequency,
               cast(max(period) - min(period) as double) as recency,
               cast({last} - min(period) as double) as T{f", {mean} as monetary_value" if money else ""}
        from (
            select customer_id, period, {amount} as amount
            from (select *, {_period(sql, "cast(day as date)", days)} as period from {purchases}) as dated
            where customer_id is not null and period <= {last}
            group by customer_id, period) as merged
        group by customer_id"""


def lifetimes_days(
    sql: Dialect, purchases: str, *, days: int, last_day: dt.date, skipped: int = 1, money: bool = True
) -> Daily:
    """Describe the same summary for an engine that sorts lines into days; a period is its first day."""
    begin, last = _begin(sql, "cast(day as date)", days), (last_day - _MONDAY).days // days
    end = dt.date.fromordinal(min(_MONDAY.toordinal() + (last + 1) * days - 1, dt.date.max.toordinal()))
    lines = f"""
        select customer_id, {begin} as day{", amount" if money else ""} from {purchases}
        where customer_id is not null and cast(day as date) <= date '{end.isoformat()}'"""

    def rows(sorted_days: Days) -> "dict[str, pa.Array]":
        period, ends = (sorted_days.day - _MONDAY_NUMBER) // days, sorted_days.ends()
        counted, first = ends - sorted_days.starts - skipped, period[sorted_days.starts]
        columns = {"frequency": counted, "recency": period[ends - 1] - first, "T": last - first}
        if money:
            amount = sorted_days.sums["amount"]
            spent = (
                sorted_days.total(sorted_days.running(amount), ends) - skipped * amount[sorted_days.starts]
            ) / UNITS
            columns["monetary_value"] = np.divide(spent, counted, out=np.zeros(len(spent)), where=counted > 0)
        return {name: as_doubles(column) for name, column in columns.items()}

    return Daily(lines, ("amount",) if money else (), (), rows)


def _begin(sql: Dialect, day: str, days: int) -> str:
    """Write the first day of the period of a day."""
    return day if days == 1 else sql.add_days(_A_MONDAY, f"{days} * {_period(sql, day, days)}")


def _period(sql: Dialect, day: str, days: int) -> str:
    """Write the number of the period of a day, counted from a Monday."""
    return f"cast(floor(cast({sql.days(day, _A_MONDAY)} as double) / {days}) as integer)"


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
    options: dict[str, Any] = {
        "days": PERIODS[freq],
        "skipped": skipped,
        "money": "amount" in engine.columns(purchases),
    }
    select = lifetimes_summary(engine.dialect, purchases, **options)
    daily = lifetimes_days(engine.dialect, purchases, last_day=last_day, **options)
    engine.make(name, select, daily=daily, last_day=last_day)
