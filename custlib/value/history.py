"""Makes ``customer_history``: purchases reduced to what is known of a customer at the end of each of some days.

Reads ``transactions``. A purchase is a distinct day (Fader, Hardie and Lee 2005 count several orders of one day
as one). Refunds never make a purchase; their money is netted. Profit is less the cost to serve of every purchase day,
and each day's is carried to the last end.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from math import exp
from typing import Any

import numpy as np

from custlib.engine.base import Engine
from custlib.engine.dialect import Dialect, day_literal
from custlib.engine.reduction import UNITS, Column, Count, DailyColumn, Days, First, Last, Reduction, Sum
from custlib.engine.sorted_lines import UnfitError, Whole
from custlib.graph import table, value
from custlib.project import Project
from custlib.value.holdout_period import HoldoutPeriod

_LINES = {"amount": "amount", "profit": "profit", "refunded": "case when is_refund then -amount else 0 end"}
_CARRIED = 6  # decimals of a profit that is carried
_DECIMALS = {"carried": _CARRIED}  # of a sum; of all others 4
_MOST_GROWTH = 40  # it is carried by e^40 at most, so that no decimal overflows
_MOST_SUM = float(2**62)


@dataclass(frozen=True)
class Money:
    """What there is to know of the money of transactions, so that only what can differ is summed.

    Attributes
    ----------
    daily_rate : float
        Continuous rate per day at which past profits are carried to as_of: ln(1 + annual rate) / 365.
    cost_to_serve : float
        What a purchase day costs beside the goods, in currency.
    has_margins : bool
        Whether the profit of a line can differ from its amount.
    has_returns : bool
        Whether any line is no purchase.
    has_amounts : bool
        Whether there is any money.
    fits : bool
        Whether no sum of a day can leave 18 digits; engines add those up faster.
    """

    daily_rate: float = 0.0
    cost_to_serve: float = 0.0
    has_margins: bool = True
    has_returns: bool = True
    has_amounts: bool = True
    fits: bool = False

    @property
    def served(self) -> Decimal:
        """Cost of a purchase day in whole units of money, rounded half up."""
        return Decimal(repr(self.cost_to_serve)).quantize(Decimal(1) / UNITS, ROUND_HALF_UP)

    @property
    def instead(self) -> dict[str, str]:
        """Columns of money that are not summed, and the expression that replaces each."""
        profit = {} if self.has_margins or self.cost_to_serve else {"profit": "amount_{end}"}
        return profit | ({} if self.has_returns else {"refunded": "cast(0 as decimal(18, 4))"})

    @property
    def profit(self) -> str:
        """The column of a day that holds its profit."""
        if self.cost_to_serve:
            return "served"
        return "profit" if self.has_margins else "amount"

    @property
    def summed(self) -> dict[str, str]:
        """Columns of money that are summed, each with the column of a day that it sums."""
        columns = {"amount": "amount", "carried": "carried", "profit": self.profit, "refunded": "refunded"}
        return {name: of for name, of in columns.items() if name not in self.instead}


@dataclass(frozen=True)
class History:
    """The ends of a history and the money in it.

    Attributes
    ----------
    ends : mapping of str to datetime.date
        Days that it is known at, by name; a column is named ``<column>_<end>``.
    before : datetime.date
        The day up to which ``purchase_days_before`` counts.
    money : Money
        What is known of the money; without it everything is summed, at no rate.
    """

    ends: Mapping[str, dt.date]
    before: dt.date
    money: Money = field(default_factory=Money)

    @property
    def until(self) -> dt.date:
        """The last end."""
        return max(self.ends.values())


@dataclass(frozen=True)
class _Served:
    """Profit of a day less the cost to serve of a purchase day."""

    name: str
    of: str
    cost: Decimal
    where: str | None

    def sql(self, sql: Dialect) -> str:
        cost = f"cast('{self.cost}' as decimal(18, 4))"
        return f"{self.of} - " + (f"case when {self.where} then {cost} else 0 end" if self.where else cost)

    def units(self, days: Days) -> Whole:
        return days.sums[self.of] - (days.flags[self.where] if self.where else True) * int(self.cost * UNITS)


@dataclass(frozen=True)
class _Carried:
    """Profit of a day at the last end, profit x (1 + annual rate)^(days / 365), as a decimal of ``digits`` digits.

    Decimals keep the sum independent of the order of rows.
    """

    name: str
    of: str
    rate: float
    until: dt.date
    digits: int

    def sql(self, sql: Dialect) -> str:
        age = sql.days(day_literal(self.until), "day")
        factor = f"exp(least(cast('{self.rate!r}' as double) * {age}, {_MOST_GROWTH}))"
        carried = f"round(cast({self.of} as double) * {factor} * 1e{_CARRIED}) / 1e{_CARRIED}"
        return f"cast({carried} as decimal({self.digits}, {_CARRIED}))"

    def units(self, days: Days) -> Whole:
        factor = np.exp(np.minimum(self.rate * days.age(self.until), _MOST_GROWTH))
        carried = days.sums[self.of] / UNITS * factor * 10**_CARRIED
        if np.abs(carried).sum() > _MOST_SUM:
            raise UnfitError
        return np.rint(carried).astype(np.int64)


def history_reduction(history: History) -> Reduction:
    """Declare one row per customer, as known at each end; several lines of a day are one purchase."""
    money = history.money
    purchase = "is_purchase" if money.has_returns else None
    sums = [name for name in _LINES if name not in money.instead]
    flags = (purchase,) if purchase else ()
    lines = ", ".join(["customer_id", "day", *(f"cast({_LINES[c]} as decimal(18, 4)) as {c}" for c in sums), *flags])
    instead = [f"{column.format(end=end)} as {name}_{end}" for end in history.ends
               for name, column in money.instead.items()]  # fmt: skip
    digits = 18 if money.fits else 38
    return Reduction(
        lines=f"select {lines} from transactions where day <= {day_literal(history.until)}",
        sums=tuple(sums),
        flags=flags,
        columns=(
            First("first_day", where=purchase),
            First("first_amount", "amount", purchase),
            Count("purchase_days_before", purchase, history.before),
            *(column for end, day in history.ends.items() for column in _at_end(history, end, day, purchase)),
        ),
        daily=_daily(history, purchase, digits),
        output=", ".join(["*", *instead]),
        summed=f"cast(sum({{}}) as decimal({digits}, 4))",
    )


def _daily(history: History, purchase: str | None, digits: int) -> tuple[DailyColumn, ...]:
    """Profit after the cost to serve, and what it is worth at the last end."""
    money = history.money
    served = (_Served("served", "profit", money.served, purchase),) if money.cost_to_serve else ()
    return (*served, _Carried("carried", money.profit, money.daily_rate, history.until, digits))


def _at_end(history: History, end: str, day: dt.date, purchase: str | None) -> list[Column]:
    """Columns of one end; the last one needs no condition, as no line is later."""
    until = day if day < history.until else None
    return [
        Count(f"purchase_days_{end}", purchase, until),
        Last(f"last_day_{end}", purchase, until),
        *(Sum(f"{name}_{end}", of, until, _DECIMALS.get(of, 4)) for name, of in history.money.summed.items()),
    ]


def make_history(engine: Engine, *, as_of: dt.date, calibration_end: dt.date, money: Money | None = None) -> None:
    """Make ``customer_history`` at as_of (``now``) and at the end of calibration, in one pass of the transactions."""
    ends = {"now": as_of, "calibration": calibration_end}
    before = calibration_end - (as_of - calibration_end)
    write_history(engine, "customer_history", History(ends, before, money or Money()))


def write_history(engine: Engine, name: str, history: History) -> None:
    """Make a table of a history."""
    reduction = history_reduction(history)
    if history.money.has_amounts:
        engine.reduce(name, reduction)
    else:
        engine.make(name, reduction.select(engine.dialect))


_MOST_NARROW = 1e11  # currency: with six decimals it keeps well within 18 digits


@value
def history_money(project: Project, quality: dict[str, Any]) -> Money:
    """Money settings of the history, from the source and the project."""
    has_margins = bool(quality["has_cost"] or project.product_margins) or project.margin < 1
    has_returns = quality["purchase_rows"] < quality["rows_used"]
    rate, served = project.daily_discount_rate, project.cost_to_serve
    first = quality["first_day"] or project.as_of.isoformat()
    carried = quality["gross_money"] * exp(min(rate * (project.as_of - dt.date.fromisoformat(first)).days, 40))
    fits = carried < _MOST_NARROW and not (has_margins or served)
    return Money(rate, served, has_margins, has_returns, quality["has_amount"], fits)


@table
def customer_history(engine: Engine, holdout_period: HoldoutPeriod, transactions: str, history_money: Money) -> None:
    """Purchase days and money of every customer at as_of and at the end of calibration."""
    del transactions
    end, as_of = holdout_period.calibration_end, holdout_period.as_of
    make_history(engine, as_of=as_of, calibration_end=end, money=history_money)
