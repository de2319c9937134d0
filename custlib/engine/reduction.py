"""Declare tables with one row per customer that are reduced from lines by way of days.

Each column is declared once. An engine that groups renders the declaration to SQL (:meth:`Reduction.select`); one that
sorts evaluates the same columns with NumPy on the days of sorted lines (:meth:`Reduction.batch`).
"""

import datetime as dt
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

from custlib.engine.dialect import Dialect, day_literal
from custlib.engine.sorted_lines import UnfitError, Whole

if TYPE_CHECKING:
    import pyarrow as pa

Known = npt.NDArray[np.bool_] | None  # where there is a value; None if everywhere
Flags = npt.NDArray[np.bool_]

UNITS = 10_000  # of a currency: money has four decimals
_DECIMALS = 4
_MOST_UNITS = 10**18  # beyond a decimal of 18 digits


class DailyColumn(Protocol):
    """A column of money computed for each day of a customer from the sums and flags of that day."""

    @property
    def name(self) -> str:
        """Name of the column."""

    def sql(self, sql: Dialect) -> str:
        """Write the column as an SQL expression over the sums and flags of a day."""

    def units(self, days: "Days") -> Whole:
        """Compute the column as whole units."""


class Column(Protocol):
    """A column of a customer, aggregated over the customer's days."""

    @property
    def name(self) -> str:
        """Name of the column."""

    def sql(self, sql: Dialect) -> str:
        """Write the column as an SQL aggregate over a customer's days."""

    def array(self, days: "Days") -> "pa.Array":
        """Compute the column for every customer."""


@dataclass(frozen=True)
class Reduction:
    """A table of customers, declared as sums by customer and day and aggregates of those days.

    Attributes
    ----------
    lines : str
        A select of ``customer_id`` and ``day`` without nulls, and of the columns below. Nulls in these, or money that
        is not whole in units of 1/10000, cannot be sorted, only grouped.
    sums : tuple of str
        Columns of money, DECIMAL(18, 4) or DOUBLE, summed by day.
    flags : tuple of str
        Columns that are true of a day if they are true of any of its lines.
    columns : tuple of Column
        Aggregates of a customer's days.
    daily : tuple of DailyColumn
        Further columns of a day, each computed from the sums, flags and daily columns before it.
    output : str
        Select list over ``customer_id`` and the columns.
    summed : str
        SQL template of a sum of one day.
    """

    lines: str
    sums: tuple[str, ...]
    flags: tuple[str, ...]
    columns: tuple[Column, ...]
    daily: tuple[DailyColumn, ...] = ()
    output: str = "*"
    summed: str = "sum({})"

    def select(self, sql: Dialect) -> str:
        """Write the table as a select that groups by customer and day, then by customer."""
        sums = [f"{self.summed.format(name)} as {name}" for name in self.sums]
        flags = [f"bool_or({name}) as {name}" for name in self.flags]
        days = f"""
            select {", ".join(["customer_id", "day", *sums, *flags])}
            from (select * from ({self.lines}) {sql.together("customer_id")}) group by customer_id, day"""
        for daily in self.daily:
            days = f"select *, {daily.sql(sql)} as {daily.name} from ({days})"
        columns = ", ".join(["customer_id", *(f"{column.sql(sql)} as {column.name}" for column in self.columns)])
        return f"select {self.output} from (select {columns} from ({days}) group by customer_id)"

    def batch(self, days: "Days") -> "pa.RecordBatch":
        """Compute ``customer_id`` and the columns, before the output is selected."""
        import pyarrow as pa

        for daily in self.daily:
            days = replace(days, sums=days.sums | {daily.name: daily.units(days)})
        columns = {column.name: column.array(days) for column in self.columns}
        return pa.record_batch({"customer_id": pa.array(days.customers), **columns})


@dataclass(frozen=True)
class Count:
    """Number of days, or of those with a flag, up to a day."""

    name: str
    where: str | None = None
    until: dt.date | None = None

    def sql(self, sql: Dialect) -> str:
        """Write the column as an SQL aggregate."""
        del sql
        return f"count({_case('1', self.where, self.until)})"

    def array(self, days: "Days") -> "pa.Array":
        """Compute the column for every customer."""
        return as_whole(days.picked(self.where).count(days.ends(self.until)))


@dataclass(frozen=True)
class First:
    """First day, or first day with a flag: its date, or one of its sums."""

    name: str
    of: str = "day"
    where: str | None = None

    def sql(self, sql: Dialect) -> str:
        """Write the column as an SQL aggregate."""
        day = _case("day", self.where)
        return f"min({day})" if self.of == "day" else f"{sql.min_by}({self.of}, {day})"

    def array(self, days: "Days") -> "pa.Array":
        """Compute the column for every customer."""
        place = days.picked(self.where).first()
        if self.of == "day":
            return as_dates(days.day[place], place >= 0)
        return as_money(days.sums[self.of][place], known=place >= 0)


@dataclass(frozen=True)
class Last:
    """Date of the last day, or of the last day with a flag, up to a day."""

    name: str
    where: str | None = None
    until: dt.date | None = None

    def sql(self, sql: Dialect) -> str:
        """Write the column as an SQL aggregate."""
        del sql
        return f"max({_case('day', self.where, self.until)})"

    def array(self, days: "Days") -> "pa.Array":
        """Compute the column for every customer."""
        place = days.picked(self.where).last(days.ends(self.until))
        return as_dates(days.day[place], place >= 0)


@dataclass(frozen=True)
class Sum:
    """Sum of a column of money up to a day; null before a customer's first day."""

    name: str
    of: str
    until: dt.date | None = None
    decimals: int = _DECIMALS

    def sql(self, sql: Dialect) -> str:
        """Write the column as an SQL aggregate."""
        del sql
        return f"sum({_case(self.of, None, self.until)})"

    def array(self, days: "Days") -> "pa.Array":
        """Compute the column for every customer."""
        return as_money(days.total(self.of, self.until), self.decimals, known=days.ends(self.until) > days.starts)


def _case(value: str, where: str | None, until: dt.date | None = None) -> str:
    """Restrict an SQL value to the days with a flag, up to a day."""
    conditions = [where] if where else []
    conditions += [f"day <= {day_literal(until)}"] if until else []
    return f"case when {' and '.join(conditions)} then {value} end" if conditions else value


@dataclass(frozen=True, eq=False)
class Days:
    """The days of some customers, in order of customer and day.

    Attributes
    ----------
    customers : numpy.ndarray
        Whole numbers that stand for customers, ascending.
    starts : numpy.ndarray
        Index of the first day of each customer.
    day : numpy.ndarray
        Days since 1970.
    sums : dict of str to numpy.ndarray
        Money of each day, in units of 1/10000 unless a daily column says otherwise.
    flags : dict of str to numpy.ndarray
        Flags of each day.
    """

    customers: Whole
    starts: Whole
    day: Whole
    sums: dict[str, Whole]
    flags: dict[str, Flags]
    _ends: dict[dt.date | None, Whole] = field(default_factory=dict, init=False, repr=False)
    _running: dict[str, Whole] = field(default_factory=dict, init=False, repr=False)
    _picked: dict[str | None, "Picked"] = field(default_factory=dict, init=False, repr=False)

    def ends(self, until: dt.date | None = None) -> Whole:
        """Index after each customer's last day, or after the last one up to a day."""
        if until not in self._ends:
            ends = np.append(self.starts[1:], len(self.day))
            if until is not None:
                early = running_sum(self.day <= number_of(until))
                ends = self.starts + early[ends] - early[self.starts]
            self._ends[until] = ends
        return self._ends[until]

    def total(self, name: str, until: dt.date | None = None) -> Whole:
        """Sum a column of money for each customer, up to a day."""
        if name not in self._running:
            self._running[name] = running_sum(self.sums[name])
        return self._running[name][self.ends(until)] - self._running[name][self.starts]

    def age(self, until: dt.date) -> Whole:
        """Days from each day to a later one."""
        return number_of(until) - self.day

    def picked(self, flag: str | None = None) -> "Picked":
        """Days with a flag; all days without one, or if these days have no such flag."""
        if flag not in self._picked:
            where = self.flags.get(flag) if flag else None
            self._picked[flag] = Picked(self.starts, np.ones(len(self.day), np.bool_) if where is None else where)
        return self._picked[flag]


class Picked:
    """Some of the days of some customers."""

    def __init__(self, starts: Whole, where: Flags) -> None:
        self._starts, self._where = starts, where
        self._running = running_sum(where)
        self._latest = np.maximum.accumulate(np.where(where, np.arange(len(where)), -1))

    def count(self, ends: Whole) -> Whole:
        """Count them between each customer's start and end."""
        return self._running[ends] - self._running[self._starts]

    def last(self, ends: Whole) -> Whole:
        """Index of the last one before each customer's end; -1 if there is none."""
        return np.where(self.count(ends) > 0, self._latest[ends - 1], -1)

    def first(self) -> Whole:
        """Index of each customer's first one; -1 if there is none."""
        nowhere = len(self._where)
        places = np.minimum.reduceat(np.where(self._where, np.arange(nowhere), nowhere), self._starts)
        return np.where(places == nowhere, -1, places)


def running_sum(values: npt.NDArray) -> Whole:
    """Sum the values before each index, and before the end.

    Examples
    --------
    >>> running_sum(np.array([4, 5])).tolist()
    [0, 4, 9]
    """
    sums = np.zeros(len(values) + 1, np.int64)
    np.cumsum(values, out=sums[1:])
    return sums


def number_of(day: dt.date) -> int:
    """Count the days since 1970.

    Examples
    --------
    >>> number_of(dt.date(1970, 2, 1))
    31
    """
    return (day - dt.date(1970, 1, 1)).days


def as_whole(numbers: Whole) -> "pa.Array":
    """Convert whole numbers to Arrow."""
    import pyarrow as pa

    return pa.array(numbers, pa.int64())


def as_money(units: Whole, decimals: int = _DECIMALS, *, known: Known = None) -> "pa.Array":
    """Convert whole units to Arrow decimals.

    Examples
    --------
    >>> as_money(np.array([125_000, 0]), known=np.array([True, False])).to_pylist()
    [Decimal('12.5000'), None]
    """
    import pyarrow as pa

    values = np.ascontiguousarray(units, np.int64)
    if np.abs(values).max(initial=0) >= _MOST_UNITS:
        raise UnfitError
    nulls = None if known is None else pa.py_buffer(np.packbits(known, bitorder="little"))
    return pa.Array.from_buffers(pa.decimal64(18, decimals), len(values), [nulls, pa.py_buffer(values)])


def as_dates(day: Whole, known: Known = None) -> "pa.Array":
    """Convert days since 1970 to Arrow dates.

    Examples
    --------
    >>> as_dates(np.array([0, 1]), np.array([True, False])).to_pylist()
    [datetime.date(1970, 1, 1), None]
    """
    import pyarrow as pa

    return pa.array(day.astype(np.int32), pa.date32(), mask=None if known is None else ~known)
