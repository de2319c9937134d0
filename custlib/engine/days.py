"""Sums lines by customer and day by sorting whole numbers, which takes a tenth of grouping by a hash.

A line is one number: customer, day and all that is added up lie side by side in its bits. NumPy sorts a hundred million
of those in a second. Where the bits do not suffice, the line's place takes them, and says how the rest follows. Lines
are sorted in runs, in memory or on disk, and read again by ranges of customers.
"""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import pyarrow as pa

Whole = npt.NDArray[np.int64]
Columns = dict[str, npt.NDArray]
Flags = npt.NDArray[np.bool_] | None  # None: everywhere

UNITS = 10_000  # of a currency: money has four decimals
CUSTOMER, DAY = KEY = ("customer_id", "day")
_PLACE, _NUMBERS = "_place", "_numbers"
_BITS = 62
_SAMPLED = 1024  # lines of a run to one whose customer is remembered


class UnfitError(Exception):
    """These lines do not go into whole numbers of 64 bits: they must be grouped instead."""


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

    def ends(self, last: int | None = None) -> Whole:
        """Place after each customer's last day, or after the last one up to a day."""
        if last is None:
            return np.append(self.starts[1:], len(self.day))
        return self.starts + self.total(self.running(self.day <= last), self.ends())

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
    """Some of the days of some customers.

    Parameters
    ----------
    days : Days
        The days.
    where : numpy.ndarray
        Which of them.
    """

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


@dataclass(frozen=True)
class Field:
    """A column within the bits of a number: its least value and how many bits it takes."""

    name: str
    low: int
    bits: int

    @classmethod
    def of(cls, name: str, column: npt.NDArray) -> "Field":
        """Measure a column."""
        low, high = int(column.min()), int(column.max())
        return cls(name, low, (high - low).bit_length())


@dataclass(frozen=True)
class Lines:
    """Lines sorted by customer and day: a number for each, and columns that did not go into it.

    Attributes
    ----------
    numbers : numpy.ndarray
        Ascending.
    fields : tuple of Field
        What their bits hold, the highest first; customer and day lead.
    loose : dict of str to numpy.ndarray
        The other columns, in the same order.
    """

    numbers: Whole
    fields: tuple[Field, ...]
    loose: Columns

    def shift(self, name: str) -> int:
        """How many bits lie below a field."""
        names = [field.name for field in self.fields]
        return sum(field.bits for field in self.fields[names.index(name) + 1 :])

    def columns(self) -> Columns:
        """All columns, as they were given."""
        found = {}
        for field in self.fields:
            column = self.numbers >> self.shift(field.name)
            column &= (1 << field.bits) - 1
            column += field.low
            found[field.name] = column
        return found | self.loose

    def places(self, customers: list[int]) -> Whole:
        """Places before the first lines of some customers, who may have none."""
        field, shift = self.fields[0], self.shift(CUSTOMER)
        bounds = [min(max(customer - field.low, 0), 1 << field.bits) << shift for customer in customers]
        return np.searchsorted(self.numbers, np.array(bounds, np.int64))

    def some_customers(self) -> Whole:
        """Customers of a few lines, evenly spread."""
        return (self.numbers[::_SAMPLED] >> self.shift(CUSTOMER)) + self.fields[0].low


def in_order(columns: Columns) -> Lines:
    """Sort lines by customer and day.

    Parameters
    ----------
    columns : dict of str to numpy.ndarray
        Whole numbers: ``customer_id``, ``day``, and what else is known of the lines, one line at least.

    Returns
    -------
    Lines
        Those lines; the order within a day is left open.

    Raises
    ------
    UnfitError
        If customer, day and place of a line take more than 62 bits.

    Examples
    --------
    >>> lines = in_order({"customer_id": np.array([7, 5]), "day": np.array([3, 4]), "amount": np.array([250, -1])})
    >>> {name: column.tolist() for name, column in lines.columns().items()}
    {'customer_id': [5, 7], 'day': [4, 3], 'amount': [-1, 250]}
    """
    fields = tuple(Field.of(name, column) for name, column in columns.items())
    if sum(field.bits for field in fields) <= _BITS:
        numbers = _packed(fields, columns)
        numbers.sort()
        return Lines(numbers, fields, {})
    fields, rows = fields[: len(KEY)], len(columns[CUSTOMER])
    place = Field(_PLACE, 0, rows.bit_length())
    if sum(field.bits for field in (*fields, place)) > _BITS:
        raise UnfitError
    numbers = _packed((*fields, place), columns | {_PLACE: np.arange(rows)})
    numbers.sort()
    order = numbers & ((1 << place.bits) - 1)
    numbers >>= place.bits
    return Lines(numbers, fields, {name: column.take(order) for name, column in columns.items() if name not in KEY})


def _packed(fields: tuple[Field, ...], columns: Columns) -> Whole:
    numbers = np.zeros(len(columns[CUSTOMER]), np.int64)
    for field in fields:
        if field.bits:
            numbers <<= field.bits
            numbers |= columns[field.name].astype(np.int64, copy=False) - field.low
    return numbers


def by_day(lines: Lines, sums: tuple[str, ...], flags: tuple[str, ...]) -> Days:
    """Merge the lines of a customer and day.

    Parameters
    ----------
    lines : Lines
        The lines.
    sums, flags : tuple of str
        Names of the columns that are added up, and of those that are true of a day when true of a line.

    Returns
    -------
    Days
        The days.
    """
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
    """Read money as whole units of 1/10000.

    Parameters
    ----------
    values : numpy.ndarray
        Units already (whole numbers), or a currency as floats.

    Returns
    -------
    numpy.ndarray
        Units.

    Raises
    ------
    UnfitError
        If a float is no such unit, or too large for one.
    """
    if values.dtype != np.float64:
        return values.astype(np.int64, copy=False)
    found = np.rint(values * UNITS)
    if not np.array_equal(found / UNITS, values) or np.abs(found).max(initial=0) >= 2**52:
        raise UnfitError
    return found.astype(np.int64)


class Runs:
    """Lines sorted in runs, which threads may add at once: some in memory, the others in a folder.

    Parameters
    ----------
    folder : pathlib.Path
        Where runs are written; made when needed, and the caller's to remove.
    held_bytes : int
        What runs in memory may take together.
    """

    def __init__(self, folder: Path, held_bytes: int) -> None:
        self.folder = folder
        self._left, self._lock = held_bytes, Lock()
        self._runs: dict[int, Lines] = {}
        self._most: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._runs)

    def add(self, number: int, columns: Columns) -> None:
        """Sort some lines, one at least, and keep them as a run."""
        lines = in_order(columns)
        size, rows = sum(column.nbytes for column in (lines.numbers, *lines.loose.values())), len(lines.numbers)
        most = {name: max(int(column.max()), -int(column.min())) * rows for name, column in columns.items()}
        with self._lock:
            self._left -= size
            is_held = self._left >= 0
            self._most = {name: self._most.get(name, 0) + much for name, much in most.items()}
        run = _Run(lines.some_customers(), lines.fields, lines.numbers, lines.loose)
        self._runs[number] = run if is_held else self._written(number, run)

    def _written(self, number: int, run: "_Run") -> "_Run":
        self.folder.mkdir(parents=True, exist_ok=True)

        def put(name: str, column: npt.NDArray) -> _Stored:
            path = self.folder / f"{number}.{name}"
            path.write_bytes(column)
            return _Stored(path, column.dtype)

        loose = {name: put(name, column) for name, column in run.loose.items()}
        return replace(run, numbers=put(_NUMBERS, run.numbers), loose=loose)

    def ranges(self, rows: int, sums: tuple[str, ...]) -> Iterator[Callable[[], Lines]]:
        """Give what reads the lines of a range of customers, about so many at once, range by range.

        Raises
        ------
        UnfitError
            If the sum of a column may leave 64 bits.
        """
        if max((self._most[name] for name in sums), default=0) >> _BITS:
            raise UnfitError
        runs = list(self._runs.values())
        customers = np.sort(np.concatenate([run.customers for run in runs]))
        bounds = np.unique(customers[:: max(rows // _SAMPLED, 1)][1:]).tolist()
        places = np.array([run.places(bounds) for run in runs])
        for begins, ends in pairwise(places.T.tolist()):
            if begins != ends:
                yield partial(_together, runs, begins, ends)


@dataclass(frozen=True)
class _Stored:
    """A column on disk, of which parts are read."""

    path: Path
    kind: np.dtype

    def __getitem__(self, part: slice) -> npt.NDArray:
        return np.fromfile(self.path, self.kind, part.stop - part.start, offset=part.start * self.kind.itemsize)

    def mapped(self) -> npt.NDArray:
        return np.memmap(self.path, self.kind, "r")


@dataclass(frozen=True)
class _Run:
    """Sorted lines, as :class:`Lines` has them, in memory or on disk, and a few of their customers."""

    customers: Whole
    fields: tuple[Field, ...]
    numbers: Whole | _Stored
    loose: Mapping[str, npt.NDArray | _Stored]

    def places(self, customers: list[int]) -> Whole:
        """Places where the lines of some customers begin or would, with those of the first and after the last line."""
        numbers = self.numbers.mapped() if isinstance(self.numbers, _Stored) else self.numbers
        found = Lines(numbers, self.fields, {}).places(customers)
        return np.concatenate([[0], found, [len(numbers)]])

    def part(self, begin: int, end: int) -> Columns:
        """Columns of some lines."""
        here = slice(begin, end)
        return Lines(self.numbers[here], self.fields, {name: held[here] for name, held in self.loose.items()}).columns()


def _together(runs: list[_Run], begins: list[int], ends: list[int]) -> Lines:
    """Read what every run has of a range, and sort it."""
    parts = [run.part(*here) for run, *here in zip(runs, begins, ends, strict=True) if here[0] < here[1]]
    return in_order({name: np.concatenate([part[name] for part in parts]) for name in parts[0]})


def number_of(day: dt.date) -> int:
    """Count the days since 1970.

    Parameters
    ----------
    day : datetime.date
        A day.

    Returns
    -------
    int
        Its number.

    Examples
    --------
    >>> number_of(dt.date(1970, 2, 1))
    31
    """
    return (day - dt.date(1970, 1, 1)).days


def as_whole(found: Whole) -> "pa.Array":
    """Write whole numbers as a column of the table.

    Parameters
    ----------
    found : numpy.ndarray
        Whole numbers.

    Returns
    -------
    pyarrow.Array
        BIGINT.
    """
    import pyarrow as pa

    return pa.array(found, pa.int64())


def as_doubles(found: npt.NDArray) -> "pa.Array":
    """Write numbers as a column of the table.

    Parameters
    ----------
    found : numpy.ndarray
        Numbers.

    Returns
    -------
    pyarrow.Array
        DOUBLE.
    """
    import pyarrow as pa

    return pa.array(found.astype(np.float64))


def as_money(found: Whole, decimals: int = 4, *, known: Flags = None) -> "pa.Array":
    """Write whole units as a column of the table.

    Parameters
    ----------
    found : numpy.ndarray
        Units of 10^-decimals.
    decimals : int, default 4
        Places after the point.
    known : numpy.ndarray, optional
        Where there is money; elsewhere null.

    Returns
    -------
    pyarrow.Array
        DECIMAL(18, decimals).

    Examples
    --------
    >>> as_money(np.array([125_000, 0]), known=np.array([True, False])).to_pylist()
    [Decimal('12.5000'), None]
    """
    import pyarrow as pa

    held = np.ascontiguousarray(found, np.int64)
    nulls = None if known is None else pa.py_buffer(np.packbits(known, bitorder="little"))
    return pa.Array.from_buffers(pa.decimal64(18, decimals), len(held), [nulls, pa.py_buffer(held)])


def as_dates(day: Whole, known: Flags = None) -> "pa.Array":
    """Write days since 1970 as a column of the table.

    Parameters
    ----------
    day : numpy.ndarray
        Days since 1970.
    known : numpy.ndarray, optional
        Where there is a day; elsewhere null.

    Returns
    -------
    pyarrow.Array
        DATE.

    Examples
    --------
    >>> as_dates(np.array([0, 1]), np.array([True, False])).to_pylist()
    [datetime.date(1970, 1, 1), None]
    """
    import pyarrow as pa

    return pa.array(day.astype(np.int32), pa.date32(), mask=None if known is None else ~known)
