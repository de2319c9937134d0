"""The data dictionary: every table that passes between steps, with its columns, units and key.

The dictionary is data (``rules/tables.toml``); this module reads it and holds a made table against it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from custlib import rules
from custlib.errors import TableError, hint


@dataclass(frozen=True)
class Column:
    """One column: its SQL type, its unit, and what it means."""

    name: str
    type: str
    unit: str
    meaning: str


@dataclass(frozen=True)
class Table:
    """One table: what a row is, which columns tell rows apart, and its columns in order."""

    name: str
    meaning: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns, in order."""
        return tuple(column.name for column in self.columns)


@cache
def dictionary() -> dict[str, Table]:
    """Read the data dictionary.

    Examples
    --------
    >>> dictionary()["customer_activity"].key
    ('customer_id',)
    """
    return {name: _table(name, entry) for name, entry in rules.load("tables")["table"].items()}


def describe(name: str) -> Table:
    """Look one table up.

    Examples
    --------
    >>> describe("customer_value").columns[0].name
    'customer_id'
    """
    if name not in dictionary():
        raise TableError(f"{name}: no such table. {hint(name, list(dictionary()))}")
    return dictionary()[name]


def check(name: str, columns: Iterable[str]) -> None:
    """Hold the columns of a made table against the dictionary.

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


def _table(name: str, entry: dict) -> Table:
    columns = tuple(
        Column(column, *(part.strip() for part in text.split("|"))) for column, text in entry["columns"].items()
    )
    return Table(name, entry["meaning"], tuple(entry["key"]), columns)
