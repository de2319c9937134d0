"""Sorts lines by customer and day as whole numbers, which takes a tenth of grouping them by a hash.

A line is one number: customer, day and all that is added up lie side by side in its bits. NumPy sorts a hundred million
of those in a second. Where the bits do not suffice, the line's place takes them, and says how the rest follows.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Whole = npt.NDArray[np.int64]
Columns = dict[str, npt.NDArray]

CUSTOMER, DAY = KEY = ("customer_id", "day")
BITS = 62
_PLACE = "_place"
SAMPLED = 1024  # lines to one whose customer is looked at


class UnfitError(Exception):
    """These lines do not go into whole numbers of 64 bits: they must be grouped instead."""


class FarApartError(UnfitError):
    """The numbers of these customers lie so far apart that day and place do not fit beside them."""


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
        return (self.numbers[::SAMPLED] >> self.shift(CUSTOMER)) + self.fields[0].low


def in_order(columns: Columns) -> Lines:
    """Sort lines by customer and day.

    Examples
    --------
    >>> lines = in_order({"customer_id": np.array([7, 5]), "day": np.array([3, 4]), "amount": np.array([250, -1])})
    >>> {name: column.tolist() for name, column in lines.columns().items()}
    {'customer_id': [5, 7], 'day': [4, 3], 'amount': [-1, 250]}
    """
    fields = tuple(Field.of(name, column) for name, column in columns.items())
    if sum(field.bits for field in fields) <= BITS:
        numbers = _packed(fields, columns)
        numbers.sort()
        return Lines(numbers, fields, {})
    fields, rows = fields[: len(KEY)], len(columns[CUSTOMER])
    place = Field(_PLACE, 0, rows.bit_length())
    if sum(field.bits for field in (*fields, place)) > BITS:
        raise FarApartError
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
