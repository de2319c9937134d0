"""Makes ``lifetimes_summary``: customers summed up by the rules of the package ``lifetimes``, not by ours.

Reads a table of purchases with ``customer_id``, ``day`` and, for money, ``amount``. The rules are those of
``lifetimes.utils.summary_data_from_transaction_data`` 0.11.3: all rows of a customer in one period, a day or a week
from Monday to Sunday, are one purchase, whatever their amounts; the period of the last day counts as a whole; times
are whole periods. How `custlib.value.activity` differs is told, case by case, in docs/coming-from-lifetimes.md.
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
_MONEY = "decimal(38, 12)"  # sums do not hang on the order of rows, and keep all that a double has of usual amounts


def lifetimes_summary(sql: Dialect, purchases: str, *, days: int, skipped: int = 1, money: bool = True) -> str:
    """Write the select of one row per customer, up to the period of ``:last_day``.

    A period is ``days`` long; of each customer's periods, counts and mean leave out the first ``skipped`` (0 or 1).
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
    """Tell the same summary by days; the first day of a period stands for all of it."""
    begin, last = _begin(sql, "cast(day as date)", days), (last_day - _MONDAY).days // days
    end = dt.date.fromordinal(min(_MONDAY.toordinal() + (last + 1) * days - 1, dt.date.max.toordinal()))
    lines = f"""
        select customer_id, {begin} as day{", amount" if money else ""} from {purchases}
        where customer_id is not null and cast(day as date) <= date '{end.isoformat()}'"""

    def rows(found: Days) -> "dict[str, pa.Array]":
        period, ends = (found.day - _MONDAY_NUMBER) // days, found.ends()
        counted, first = ends - found.starts - skipped, period[found.starts]
        columns = {"frequency": counted, "recency": period[ends - 1] - first, "T": last - first}
        if money:
            amount = found.sums["amount"]
            spent = (found.total(found.running(amount), ends) - skipped * amount[found.starts]) / UNITS
            columns["monetary_value"] = np.divide(spent, counted, out=np.zeros(len(spent)), where=counted > 0)
        return {name: as_doubles(column) for name, column in columns.items()}

    return Daily(lines, ("amount",) if money else (), (), rows)


def _begin(sql: Dialect, day: str, days: int) -> str:
    """Write the first day of the period that a day lies in."""
    return day if days == 1 else sql.add_days(_A_MONDAY, f"{days} * {_period(sql, day, days)}")


def _period(sql: Dialect, day: str, days: int) -> str:
    """Write the number of the period a day lies in, counted from a Monday."""
    return f"cast(floor(cast({sql.days(day, _A_MONDAY)} as double) / {days}) as integer)"


def make_lifetimes_summary(
    engine: Engine, name: str, purchases: str, *, freq: str, last_day: dt.date | None = None, skipped: int = 1
) -> None:
    """Make the summary of a table of purchases as ``lifetimes`` makes it."""
    if freq not in PERIODS:
        raise UsageError(f"lifetimes_summary: freq: {freq!r} is unknown. {hint(freq, list(PERIODS))}")
    if last_day is None:
        import pandas as pd

        found = engine.fetch(f"select cast(max(day) as date) as day from {purchases}")["day"].item()
        last_day = dt.date.max if pd.isna(found) else pd.Timestamp(found)
    last_day = dt.date(last_day.year, last_day.month, last_day.day)
    asked: dict[str, Any] = {"days": PERIODS[freq], "skipped": skipped, "money": "amount" in engine.columns(purchases)}
    select = lifetimes_summary(engine.dialect, purchases, **asked)
    daily = lifetimes_days(engine.dialect, purchases, last_day=last_day, **asked)
    engine.make(name, select, daily=daily, last_day=last_day)
