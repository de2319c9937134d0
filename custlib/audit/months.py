"""Makes ``customer_months``: purchase days and money of each customer by month, counted back from as_of.

Reads ``transactions`` and ``customer_activity``. Months end at as_of and at the same day of the months before
(the last day, where as_of is the last of its month), so the latest period is always complete and only the
oldest may be truncated by the start of the data. Quarters and years are three and twelve such months.
"""

import calendar
import datetime as dt
from dataclasses import dataclass

import pandas as pd

from custlib import rules
from custlib.engine.base import Engine
from custlib.engine.dialect import Dialect
from custlib.errors import UsageError, hint
from custlib.graph import table
from custlib.project import Project

ONE_DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Unit:
    """A unit of time: its name and its length in months.

    Examples
    --------
    >>> unit("quarter")
    Unit(name='quarter', months=3)
    """

    name: str
    months: int


@dataclass(frozen=True)
class Clock:
    """Time axis of the audit: the unit of the periods, and that of the cohorts.

    Attributes
    ----------
    as_of : datetime.date
        Last day of period 0; period 1 is the one before.
    period, cohort : Unit
        Unit of the periods, and of the cohorts and their ages.
    months : int
        Months from the first purchase to as_of, the oldest possibly truncated.
    whole : bool
        Whether the oldest month is complete.
    """

    as_of: dt.date
    period: Unit
    cohort: Unit
    months: int
    whole: bool

    @property
    def periods(self) -> int:
        """Number of periods, the oldest possibly truncated."""
        return -(-self.months // self.period.months)

    @property
    def whole_periods(self) -> int:
        """Number of periods that the data cover completely."""
        return whole_periods(self.period, self.months, whole=self.whole)

    @property
    def year_ago(self) -> int | None:
        """The complete period a year before the last, unless it is the one just before the last."""
        ago = 12 // self.period.months
        return ago if 1 < ago < self.whole_periods else None


def unit(name: str) -> Unit:
    """Look up a unit of time.

    Examples
    --------
    >>> unit("week")
    Traceback (most recent call last):
    custlib.errors.UsageError: period: week is unknown. Available: month, quarter, year.
    """
    units = rules.load("audit")["units"]
    if name not in units:
        raise UsageError(f"period: {name} is unknown. {hint(name, list(units))}")
    return Unit(name, units[name])


def month_end(as_of: dt.date, ago: int) -> dt.date:
    """Return the last day of the month ``ago`` months before the one that ends at as_of.

    Examples
    --------
    >>> str(month_end(dt.date(1998, 6, 30), 1)), str(month_end(dt.date(2024, 3, 30), 1))
    ('1998-05-31', '2024-02-29')
    """
    year, month = divmod(as_of.year * 12 + as_of.month - 1 - ago, 12)
    longest = calendar.monthrange(year, month + 1)[1]
    is_last = as_of.day == calendar.monthrange(as_of.year, as_of.month)[1]
    return dt.date(year, month + 1, longest if is_last else min(as_of.day, longest))


def bounds(as_of: dt.date, months: int, ago: int) -> tuple[dt.date, dt.date]:
    """Return the first and last day of a period.

    Examples
    --------
    >>> [str(day) for day in bounds(dt.date(1998, 6, 30), 3, 1)]
    ['1998-01-01', '1998-03-31']
    """
    return month_end(as_of, months * (ago + 1)) + ONE_DAY, month_end(as_of, months * ago)


def day_grid(first: dt.date, as_of: dt.date) -> pd.DataFrame:
    """List the days up to as_of with the month each is in.

    Examples
    --------
    >>> day_grid(dt.date(1998, 5, 31), dt.date(1998, 6, 2))["months_ago"].tolist()
    [0, 0, 0]
    >>> day_grid(dt.date(1998, 5, 31), dt.date(1998, 6, 30))["months_ago"].tolist()[:2]
    [1, 0]
    """
    days = [as_of - n * ONE_DAY for n in range((as_of - first).days + 1)]
    ago, months = 0, []
    for day in days:
        ago += day <= month_end(as_of, ago + 1)
        months.append(ago)
    return pd.DataFrame({"day": days[::-1], "months_ago": months[::-1]})


def customer_months_sql(sql: Dialect) -> str:
    """Write the select of one row per customer and month with any money or purchase.

    Refunds before the first purchase count in the month of that purchase.
    """
    del sql
    return """
        select t.customer_id, f.months_ago as cohort, least(d.months_ago, f.months_ago) as months_ago,
               count(*) filter (where t.is_purchase) as purchase_days,
               sum(t.revenue) as revenue, sum(t.profit) as profit
        from (
            select customer_id, day, bool_or(is_purchase) as is_purchase, sum(amount) as revenue, sum(profit) as profit
            from transactions group by customer_id, day) t
        join customer_activity a on a.customer_id = t.customer_id
        join audit_days d on d.day = t.day
        join audit_days f on f.day = a.first_day
        group by t.customer_id, f.months_ago, least(d.months_ago, f.months_ago)"""


def make_customer_months(engine: Engine, as_of: dt.date) -> None:
    """Make ``audit_days`` and ``customer_months``."""
    first = pd.Timestamp(engine.fetch("select min(day) as day from transactions")["day"].item()).date()
    engine.attach_frame("audit_days", day_grid(first, as_of))
    engine.make("customer_months", customer_months_sql(engine.dialect))


def clock(engine: Engine, as_of: dt.date, period_unit: str = "") -> Clock:
    """Choose the units of periods and cohorts, by the length of the data unless ``period_unit`` names one."""
    chosen = unit(period_unit) if period_unit else None
    first = pd.Timestamp(engine.fetch("select min(first_day) as day from customer_activity")["day"].item()).date()
    cohorts = engine.fetch("select distinct cohort from customer_months")["cohort"]
    months = int(cohorts.max()) + 1
    whole = first == bounds(as_of, 1, months - 1)[0]
    units = sorted((unit(name) for name in rules.load("audit")["units"]), key=lambda u: -u.months)
    enough = rules.load("audit")["enough"]
    fit = [u for u in units if whole_periods(u, months, whole=whole) >= enough["whole_periods"]]
    period = chosen or (fit or units[-1:])[0]
    finer = [u for u in units if u.months <= period.months]
    many = [u for u in finer if (cohorts // u.months).nunique() >= enough["cohorts"]]
    return Clock(as_of, period, (many or finer[-1:])[0], months, whole)


def whole_periods(of: Unit, months: int, *, whole: bool) -> int:
    """Count the periods that the data cover completely.

    Examples
    --------
    >>> whole_periods(unit("quarter"), 18, whole=True), whole_periods(unit("quarter"), 18, whole=False)
    (6, 5)
    """
    return (months - (not whole)) // of.months


@table
def customer_months(engine: Engine, project: Project, transactions: str, customer_activity: str) -> None:
    """Purchase days and money of each customer by month, counted back from as_of."""
    del transactions, customer_activity
    make_customer_months(engine, project.as_of)
