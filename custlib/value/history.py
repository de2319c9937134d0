"""Makes ``customer_history``: purchase days and money of each customer, as known at the end of one or more days.

Reads ``transactions``. A purchase is a distinct day (Fader, Hardie and Lee 2005 count several orders of one day
as one). Refunds are never purchases; their money is netted. Profit is net of the cost to serve each purchase day and
compounded to the last end. The columns are described once and computed in two ways: by a grouping select, and from
days sorted by the engine.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from math import exp
from typing import TYPE_CHECKING, Any

import numpy as np

from custlib.engine.base import Engine
from custlib.engine.days import UNITS, Daily, Days, Picked, as_dates, as_money, as_whole, number_of
from custlib.engine.dialect import Dialect
from custlib.engine.sorted_lines import UnfitError, Whole
from custlib.graph import table, value
from custlib.project import Project

if TYPE_CHECKING:
    import pyarrow as pa

_REFUNDED = "case when is_refund then -amount else 0 end"
_CARRIED = 6  # decimals of a compounded profit
_MOST_GROWTH = 40  # compounding is limited to e^40, so that no decimal overflows
_MOST_SUM = float(2**62)


@dataclass(frozen=True)
class Money:
    """Rates and costs of a project and properties of its amounts, by which redundant sums are left out.

    Attributes
    ----------
    daily_rate : float
        Continuous rate per day at which past profits are compounded to as_of: ln(1 + annual rate) / 365.
    cost_to_serve : float
        Cost of a purchase day beyond the goods, in currency.
    has_margins : bool
        Whether the profit of a line can differ from its amount.
    has_returns : bool
        Whether any line is a refund.
    has_amounts : bool
        Whether there is any money.
    fits : bool
        Whether every sum of a day fits in 18 digits, which engines add faster.
    """

    daily_rate: float = 0.0
    cost_to_serve: float = 0.0
    has_margins: bool = True
    has_returns: bool = True
    has_amounts: bool = True
    fits: bool = False

    @property
    def served(self) -> Decimal:
        """Cost to serve a purchase day, rounded to the unit of money, halves up."""
        return Decimal(repr(self.cost_to_serve)).quantize(Decimal(1) / UNITS, ROUND_HALF_UP)

    def narrow(self, money: str, decimals: int) -> str:
        """Cast the money of one day to the narrowest sufficient decimal type."""
        return f"cast({money} as decimal({18 if self.fits else 38}, {decimals}))"

    @property
    def instead(self) -> dict[str, str]:
        """Money columns that need no sum of their own, with the expression of each."""
        profit = {} if self.has_margins or self.cost_to_serve else {"profit": "amount_{end}"}
        return profit | ({} if self.has_returns else {"refunded": "cast(0 as decimal(18, 4))"})

    @property
    def summed(self) -> list[str]:
        """Money columns that are summed."""
        return [name for name in ("amount", "carried", "profit", "refunded") if name not in self.instead]


@dataclass(frozen=True)
class History:
    """The days and the money of a history to make.

    Attributes
    ----------
    ends : mapping of str to datetime.date
        Days at whose end it is computed, by name; a column is named ``<column>_<end>``.
    before : datetime.date
        The day up to which ``purchase_days_before`` counts.
    money : Money
        Rates, costs and properties of the amounts; by default everything is summed, without compounding.
    """

    ends: Mapping[str, dt.date]
    before: dt.date
    money: Money = field(default_factory=Money)

    @property
    def until(self) -> dt.date:
        """The last end."""
        return max(self.ends.values())

    @property
    def columns(self) -> "list[_Column]":
        """The aggregated columns, except those of the first purchase."""
        columns = [_Column("purchase_days_before", "purchases", until=self.before)]
        for name, day in self.ends.items():
            until = day if day < self.until else None
            columns += [_Column(f"purchase_days_{name}", "purchases", until=until),
                      _Column(f"last_day_{name}", "last", until=until)]  # fmt: skip
            columns += [_Column(f"{column}_{name}", "sum", column, until) for column in self.money.summed]
        return columns

    @property
    def instead(self) -> dict[str, str]:
        """Columns that need no aggregate of their own, with the expression of each."""
        replacements = self.money.instead.items()
        return {f"{column}_{end}": instead.format(end=end) for end in self.ends for column, instead in replacements}


@dataclass(frozen=True)
class _Column:
    """A column of a customer, aggregated over the days up to ``until``, or over all days."""

    name: str
    how: str  # purchases: count; last: last purchase day; sum: total of a column
    of: str = ""
    until: dt.date | None = None

    @property
    def aggregate(self) -> str:
        """The column as an aggregate of a customer's days."""
        then = f"day <= {_day(self.until)}" if self.until else "true"
        if self.how == "sum":
            return f"sum(case when {then} then {self.of} end) as {self.name}"
        function, what = ("count", "1") if self.how == "purchases" else ("max", "day")
        return f"{function}(case when is_purchase and {then} then {what} end) as {self.name}"

    def reduced(self, days: Days, bought: Picked, running: Mapping[str, Whole], ends: Whole) -> "pa.Array":
        """Compute the column from purchase days, running sums of money, and where the days of each customer end."""
        if self.how == "purchases":
            return as_whole(bought.count(ends))
        if self.how == "last":
            place = bought.last(ends)
            return as_dates(days.day[place], place >= 0)
        decimals, known = _CARRIED if self.of == "carried" else 4, ends > days.starts
        return as_money(days.total(running[self.of], ends), decimals, known=known)


def customer_days(sql: Dialect, money: Money) -> str:
    """Write the select of one row per customer and day up to ``:until``.

    Profit is compounded to ``:until`` as profit x (1 + annual rate)^(days / 365), in decimals, so that the sum does
    not depend on the order of rows.
    """
    days = sql.days("cast(:until as date)", "day")
    factor = f"exp(least(cast('{money.daily_rate!r}' as double) * {days}, {_MOST_GROWTH}))"
    profit = "profit" if "profit" in money.summed else "amount"
    if money.cost_to_serve:
        served = f"cast('{money.served}' as decimal(18, 4))"
        profit = f"profit - case when is_purchase then {served} else 0 end"
    columns = ["bool_or(is_purchase) as is_purchase" if money.has_returns else "true as is_purchase"]
    columns += [f"{money.narrow('sum(amount)', 4)} as amount"]
    columns += ["sum(profit) as profit"] if "profit" in money.summed else []
    columns += [f"sum({_REFUNDED}) as refunded"] if "refunded" in money.summed else []
    carried = money.narrow(f"round(cast(profit as double) * {factor} * 1e{_CARRIED}) / 1e{_CARRIED}", _CARRIED)
    names = ["customer_id", "day", "is_purchase", "amount", *(["refunded"] if "refunded" in money.summed else [])]
    return f"""
        select *, {carried} as carried
        from (select {", ".join(names)}, {profit} as profit
              from (select customer_id, day, {", ".join(columns)}
                    from (select * from transactions where day <= :until {sql.together("customer_id")})
                    group by customer_id, day))"""


def customer_history_sql(sql: Dialect, history: History) -> str:
    """Write the select of one row per customer with the columns of all ends; the last end is ``:until``."""
    columns = [column.aggregate for column in history.columns]
    instead = [f"{expression} as {name}" for name, expression in history.instead.items()]
    return f"""
        select {", ".join(["*", *instead])} from (
            select customer_id, min(case when is_purchase then day end) as first_day,
                   {sql.min_by}(amount, case when is_purchase then day end) as first_amount,
                   {", ".join(columns)}
            from ({customer_days(sql, history.money)}) group by customer_id)"""


def daily_history(sql: Dialect, history: History) -> Daily:
    """Describe the same history for an engine that sorts lines into days."""
    money = history.money
    expressions = {"amount": "amount", "profit": "profit", "refunded": _REFUNDED}
    columns = {name: column for name, column in expressions.items() if name in money.summed}
    sums = ", ".join(f"cast({column} as decimal(18, 4)) as {name}" for name, column in columns.items())
    flags = ("is_purchase",) if money.has_returns else ()
    lines = f"select {', '.join(['customer_id', 'day', sums, *flags])} from transactions where day <= :until"

    def rows(days: Days) -> "dict[str, pa.Array]":
        bought = days.picked("is_purchase")
        first = bought.first()
        arrays = {
            "first_day": as_dates(days.day[first], first >= 0),
            "first_amount": as_money(days.sums["amount"][first], known=first >= 0),
        }
        running = {name: days.running(values) for name, values in _money(days, history).items()}
        ends = {day: days.ends(day) for day in {column.until for column in history.columns}}
        arrays |= {column.name: column.reduced(days, bought, running, ends[column.until]) for column in history.columns}
        for name, instead in history.instead.items():
            arrays[name] = arrays[instead] if instead in arrays else as_money(np.zeros_like(days.starts))
        return arrays

    return Daily(lines, tuple(columns), flags, rows)


def _money(days: Days, history: History) -> dict[str, Whole]:
    """Money of each day in integer units; the compounded profit has units of its own."""
    money, sums = history.money, dict(days.sums)
    profit = sums.get("profit", sums["amount"])
    if money.cost_to_serve:
        profit = profit - days.flags.get("is_purchase", True) * int(money.served * UNITS)
        sums["profit"] = profit
    age = number_of(history.until) - days.day
    carried = profit / UNITS * np.exp(np.minimum(money.daily_rate * age, _MOST_GROWTH)) * 10**_CARRIED
    if np.abs(carried).sum() > _MOST_SUM:
        raise UnfitError
    return sums | {"carried": np.rint(carried).astype(np.int64)}


def _day(day: dt.date) -> str:
    return f"date '{day.isoformat()}'"


def make_history(engine: Engine, *, as_of: dt.date, calibration_end: dt.date, money: Money | None = None) -> None:
    """Make ``customer_history`` at as_of (``now``) and at the end of calibration, in one pass of the transactions."""
    ends = {"now": as_of, "calibration": calibration_end}
    before = calibration_end - (as_of - calibration_end)
    write_history(engine, "customer_history", History(ends, before, money or Money()))


def write_history(engine: Engine, name: str, history: History) -> None:
    """Make a history under a name."""
    daily = daily_history(engine.dialect, history) if history.money.has_amounts else None
    select = customer_history_sql(engine.dialect, history)
    engine.make(name, select, daily=daily, until=history.until)


_MOST_NARROW = 1e11  # currency: with six decimals it keeps well within 18 digits


@value
def history_money(project: Project, quality: dict[str, Any]) -> Money:
    """How the money of a purchase day is added up: what the source has, and what the project says of it."""
    has_margins = bool(quality["has_cost"] or project.product_margins) or project.margin < 1
    has_returns = quality["purchase_rows"] < quality["rows_used"]
    rate, served = project.daily_discount_rate, project.cost_to_serve
    first = quality["first_day"] or project.as_of.isoformat()
    carried = quality["gross_money"] * exp(min(rate * (project.as_of - dt.date.fromisoformat(first)).days, 40))
    fits = carried < _MOST_NARROW and not (has_margins or served)
    return Money(rate, served, has_margins, has_returns, quality["has_amount"], fits)


@table
def customer_history(engine: Engine, project: Project, transactions: str, history_money: Money) -> None:
    """Purchases reduced to what is known of every customer at as_of and at the end of calibration."""
    del transactions
    make_history(engine, as_of=project.as_of, calibration_end=project.calibration_end, money=history_money)
