"""The days of customers, merged from sorted lines, and the columns of a table that are made of them.

A table of customers is told as a :class:`Daily`: which lines, what is added up by customer and day, and how the rows
of customers are made of that.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from custlib.engine.sorted_lines import CUSTOMER, DAY, Lines, UnfitError, Whole

if TYPE_CHECKING:
    import pyarrow as pa

Known = npt.NDArray[np.bool_] | None  # where there is a value; None where there is one everywhere

_MOST_UNITS = 10**18  # what a decimal of 18 digits cannot hold
UNITS = 10_000  # of a currency: money has four decimals


@dataclass(frozen=True)
class Daily:
    """A table of customers told as sums by customer and day, for an engine that would rather sort than group.

    Attributes
    ----------
    lines : str
        A select of ``customer_id`` and ``day``, never null, and of the columns below; of these a null, or money that
        is not whole in units of 1/10000, makes the engine group.
    sums : tuple of str
        Columns of money, DECIMAL(18, 4) or DOUBLE, to be added up by day.
    flags : tuple of str
        Columns that are true of a day when they are true of any of its lines.
    rows : callable
        Makes the other columns of the table, in order, from the days of some customers.
    """

    lines: str
    sums: tuple[str, ...]
    flags: tuple[str, ...]
    rows: "Callable[[Days], Mapping[str, pa.Array]]"


@dataclass(frozen=True)
class Days:
    """The days of some customers, in order of customer and day.

    Attributes
    ----------
    customers : numpy.ndarray
        Whole numbers that stand for customers, ascending.
    starts : numpy.ndarray
        Place of the first day of each.
    day : numpy.ndarray
        Days since 1970.
    sums : dict of str to numpy.ndarray
        Money of each day, in units of 1/10000.
    flags : dict of str to numpy.ndarray
        What is true of any line of the day.
    """

    customers: Whole
    starts: Whole
    day: Whole
    sums: dict[str, Whole]
    flags: dict[str, npt.NDArray[np.bool_]]

    def ends(self, last: dt.date | None = None) -> Whole:
        """Place after each customer's last day, or after the last one up to a day."""
        if last is None:
            return np.append(self.starts[1:], len(self.day))
        return self.starts + self.total(self.running(self.day <= number_of(last)), self.ends())

    def running(self, values: npt.NDArray) -> Whole:
        """Add up what stands before each place, and before the end."""
        found = np.zeros(len(self.day) + 1, np.int64)
        np.cumsum(values, out=found[1:])
        return found

    def total(self, running: Whole, ends: Whole) -> Whole:
        """Take the sum of each customer's first days out of a running sum."""
        return running[ends] - running[self.starts]

    def picked(self, flag: str) -> "Picked":
        """Pick the days that a flag is true of; all, if these days have no such flag."""
        where = self.flags.get(flag)
        return Picked(self, np.ones(len(self.day), np.bool_) if where is None else where)


class Picked:
    """Some of the days of some customers."""

    def __init__(self, days: Days, where: npt.NDArray[np.bool_]) -> None:
        self._days, self._running = days, days.running(where)
        self._latest = np.maximum.accumulate(np.where(where, np.arange(len(where)), -1))
        self._where = where

    def count(self, ends: Whole) -> Whole:
        """Count them among each customer's first days."""
        return self._days.total(self._running, ends)

    def last(self, ends: Whole) -> Whole:
        """Place of the last among each customer's first days; -1 where there is none."""
        return np.where(self.count(ends) > 0, self._latest[ends - 1], -1)

    def first(self) -> Whole:
        """Place of the first; -1 where there is none."""
        nowhere = len(self._where)
        places = np.where(self._where, np.arange(nowhere), nowhere)
        found = np.minimum.reduceat(places, self._days.starts)
        return np.where(found == nowhere, -1, found)


def by_day(lines: Lines, sums: tuple[str, ...], flags: tuple[str, ...]) -> Days:
    """Merge the lines of a customer and day."""
    begins = _begins(lines.numbers >> lines.shift(DAY))
    columns, merged = lines.columns(), len(begins) < len(lines.numbers)
    customers = columns[CUSTOMER][begins]
    starts = _begins(customers)
    return Days(
        customers=customers[starts],
        starts=starts,
        day=columns[DAY][begins],
        sums={name: np.add.reduceat(columns[name], begins) if merged else columns[name] for name in sums},
        flags={name: (np.maximum.reduceat(columns[name], begins) if merged else columns[name]) != 0 for name in flags},
    )


def _begins(ascending: Whole) -> Whole:
    """Places where another value begins."""
    return np.append(0, np.flatnonzero(ascending[1:] != ascending[:-1]) + 1)


def units(values: npt.NDArray) -> Whole:
    """Read money as whole units of 1/10000."""
    if values.dtype != np.float64:
        return values.astype(np.int64, copy=False)
    found = np.rint(values * UNITS)
    if not np.array_equal(found / UNITS, values) or np.abs(found).max(initial=0) >= 2**52:
        raise UnfitError
    return found.astype(np.int64)


def number_of(day: dt.date) -> int:
    """Count the days since 1970.

    Examples
    --------
    >>> number_of(dt.date(1970, 2, 1))
    31
    """
    return (day - dt.date(1970, 1, 1)).days


def as_whole(found: Whole) -> "pa.Array":
    """Write whole numbers as a column of the table."""
    import pyarrow as pa

    return pa.array(found, pa.int64())


def as_doubles(found: npt.NDArray) -> "pa.Array":
    """Write numbers as a column of the table."""
    import pyarrow as pa

    return pa.array(found.astype(np.float64))


def as_money(found: Whole, decimals: int = 4, *, known: Known = None) -> "pa.Array":
    """Write whole units as a column of the table.

    Examples
    --------
    >>> as_money(np.array([125_000, 0]), known=np.array([True, False])).to_pylist()
    [Decimal('12.5000'), None]
    """
    import pyarrow as pa

    held = np.ascontiguousarray(found, np.int64)
    if np.abs(held).max(initial=0) >= _MOST_UNITS:
        raise UnfitError
    nulls = None if known is None else pa.py_buffer(np.packbits(known, bitorder="little"))
    return pa.Array.from_buffers(pa.decimal64(18, decimals), len(held), [nulls, pa.py_buffer(held)])


def as_dates(day: Whole, known: Known = None) -> "pa.Array":
    """Write days since 1970 as a column of the table.

    Examples
    --------
    >>> as_dates(np.array([0, 1]), np.array([True, False])).to_pylist()
    [datetime.date(1970, 1, 1), None]
    """
    import pyarrow as pa

    return pa.array(day.astype(np.int32), pa.date32(), mask=None if known is None else ~known)
