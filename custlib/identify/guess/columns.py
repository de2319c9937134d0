"""The columns of a sample: their values, how they may be read, and what their headings may mean."""

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from custlib.identify.guess.headings import folded, kinds_of, words
from custlib.identify.guess.sampling import Sample
from custlib.identify.guess.written_dates import Dates, dates_of
from custlib.identify.guess.written_numbers import Number, Written, marks_of, written

_BLANK_WORDS = frozenset({"null", "n/a", "na", "nan", "none", "nil", "-", "--", "#n/a", "(null)", "(blank)", "\\n"})
_MOSTLY = 0.95


@dataclass(frozen=True, eq=False)
class Column:
    """One column of a sample.

    Attributes
    ----------
    name : str
        Its heading, or its number.
    values : tuple
        Its values, None where blank or a word for blank.
    kinds : mapping of str to float
        The kinds of column that its heading may name.
    """

    name: str
    place: int
    values: tuple[Any, ...]
    today: dt.date
    kinds: Mapping[str, float]

    def kind(self, *names: str) -> float:
        """The best score of some kinds."""
        return max((self.kinds.get(name, 0.0) for name in names), default=0.0)

    @cached_property
    def filled(self) -> int:
        """How many values are not blank."""
        return sum(value is not None for value in self.values)

    @cached_property
    def distinct(self) -> int:
        """How many different values there are."""
        return len({str(value) for value in self.values if value is not None})

    @cached_property
    def counts(self) -> Counter[str]:
        """How often each value stands, as text."""
        return Counter(str(value).strip() for value in self.values if value is not None)

    @cached_property
    def dates(self) -> Dates | None:
        """How its days may be read; None if it holds none."""
        return dates_of(self.values, self.today)

    @cached_property
    def numbers(self) -> Written:
        """Its values taken apart as numbers."""
        return written(self.values)

    @property
    def is_number(self) -> bool:
        """Whether nearly all values are numbers."""
        return self.filled > 0 and self.numbers.share >= _MOSTLY

    @cached_property
    def has_decimals(self) -> bool:
        """Whether some of its numbers have decimals."""
        if not self.is_number:
            return False
        return any(_has_fraction(number) for number in self.numbers.numbers)


def _has_fraction(number: Number | float | None) -> bool:
    """Tell whether a number has a fraction: 12.50, not 12.00 nor 1.250, which may be thousands."""
    if isinstance(number, Number):
        mark, sign = marks_of(number.core) or ("", "")
        return mark in ("decimal", "both") and bool(number.core.rpartition(sign[-1])[2].strip("0"))
    return number is not None and not number.is_integer()


def columns_of(sample: Sample, today: dt.date) -> list[Column]:
    """List the columns of a sample, rows of totals left out."""
    rows = [row for row in sample.rows if not is_total(row)]
    has_header = "names" not in sample.settings
    columns = []
    for place, name in enumerate(sample.names):
        values = tuple(None if is_blank(row[place]) else row[place] for row in rows)
        columns.append(Column(name, place, values, today, dict(kinds_of(name)) if has_header else {}))
    return columns


def copies_of(columns: Sequence[Column]) -> list[bool]:
    """Tell of each row whether an earlier one is the same in every column."""
    seen: set[tuple[Any, ...]] = set()
    copies = []
    for row in zip(*(column.values for column in columns), strict=True):
        copies.append(row in seen)
        seen.add(row)
    return copies


def is_blank(value: Any) -> bool:
    """Tell whether a value is blank, or a word for it."""
    return value is None or (isinstance(value, str) and value.strip().casefold() in _BLANK_WORDS)


def is_total(row: Sequence[Any]) -> bool:
    """Tell whether a row is the total of an export: the word for it, and mostly blanks."""
    texts = [value for value in row if isinstance(value, str) and value.strip()]
    filled = sum(value is not None for value in row)
    return bool(texts) and filled <= max(len(row) * 0.6, 2) and any(folded(text) in words("totals") for text in texts)


def are_one_to_one(first: Column, second: Column) -> bool:
    """Tell whether two columns part the rows in the same way."""
    pairs = {
        (str(a), str(b)) for a, b in zip(first.values, second.values, strict=True) if a is not None and b is not None
    }
    return bool(pairs) and len(pairs) == len({a for a, _ in pairs}) == len({b for _, b in pairs})


def share_constant(groups: Column, column: Column) -> tuple[float, int]:
    """Tell in which share of the groups of several rows a column has one value only, and how many groups there are."""
    values: dict[str, set[str]] = {}
    rows: Counter[str] = Counter()
    for group, value in zip(groups.values, column.values, strict=True):
        if group is not None:
            rows[str(group)] += 1
            values.setdefault(str(group), set()).update([str(value)] if value is not None else [])
    several = [group for group, count in rows.items() if count > 1]
    constant = sum(len(values[group]) <= 1 for group in several)
    return (constant / len(several) if several else 1.0), len(several)


def constant_days(groups: Column, days: Sequence[dt.date | None]) -> float:
    """Tell in which share of the groups of several rows all rows are of one day."""
    sets: dict[str, set[dt.date]] = {}
    rows: Counter[str] = Counter()
    for group, day in zip(groups.values, days, strict=True):
        if group is not None:
            rows[str(group)] += 1
            sets.setdefault(str(group), set()).update([day] if day else [])
    several = [group for group, count in rows.items() if count > 1]
    return sum(len(sets[group]) <= 1 for group in several) / len(several) if several else 1.0
