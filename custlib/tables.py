"""Reads the data dictionary (``rules/tables.toml``): every table with its columns, units and key."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from custlib import rules
from custlib.errors import TableError, hint


@dataclass(frozen=True)
class Column:
    """A column: its SQL type, unit and meaning; ``<...>`` in its name stands for what differs between columns."""

    name: str
    type: str
    unit: str
    meaning: str


@dataclass(frozen=True)
class Table:
    """A table: the meaning of a row, its key, and its columns in order."""

    name: str
    meaning: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns that the table always has, in order."""
        return tuple(column.name for column in self.columns if "<" not in column.name)


@cache
def dictionary() -> dict[str, Table]:
    """Read the data dictionary.

    Examples
    --------
    >>> dictionary()["customer_activity"].key
    ('customer_id',)
    """
    entries = rules.load("tables")["table"]
    return {name: _table(name, entry, entries) for name, entry in entries.items()}


def describe(name: str) -> Table:
    """Look up a table.

    Examples
    --------
    >>> describe("customer_value").columns[0].name
    'customer_id'
    """
    if name not in dictionary():
        raise TableError(f"{name}: no such table. {hint(name, list(dictionary()))}")
    return dictionary()[name]


def check(name: str, columns: Iterable[str]) -> None:
    """Check the columns of a table against the dictionary.

    Examples
    --------
    >>> check("cells", ["frequency", "recency", "T"])
    Traceback (most recent call last):
    custlib.errors.TableError: cells: column customers is missing. Available: T, frequency, recency.
    """
    if name not in dictionary():
        return
    available = list(columns)
    missing = [column for column in dictionary()[name].names if column not in available]
    if missing:
        word = "column" if len(missing) == 1 else "columns"
        verb = "is" if len(missing) == 1 else "are"
        raise TableError(f"{name}: {word} {', '.join(missing)} {verb} missing. {hint(missing[0], available)}")


def _table(name: str, entry: dict, entries: dict) -> Table:
    texts = (entries[entry["like"]]["columns"] if "like" in entry else {}) | entry["columns"]
    columns = tuple(Column(column, *(part.strip() for part in text.split("|"))) for column, text in texts.items())
    return Table(name, entry["meaning"], tuple(entry["key"]), columns)
