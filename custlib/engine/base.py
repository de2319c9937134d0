"""What every engine can do: tables made from one select, kept in one folder, fetched only when small.

A step takes an :class:`Engine` and never asks which; the words that differ are in its ``dialect``.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from custlib.engine.dialect import Dialect
from custlib.engine.reduction import Reduction

if TYPE_CHECKING:
    import pandas as pd

FETCH_LIMIT = 500_000


class Engine(Protocol):
    """One connection over one folder of tables.

    Attributes
    ----------
    dialect : Dialect
        The words of its SQL.
    folder : pathlib.Path
        Where tables live.
    """

    dialect: Dialect
    folder: Path

    def attach_csv(self, name: str, path: Path, columns: list[str], *, delimiter: str, header: bool = True) -> None:
        """Give a CSV file a name; every column is text."""

    def attach_parquet(self, name: str, path: Path) -> None:
        """Give a Parquet file a name, columns as typed there."""

    def attach_select(self, name: str, select: str) -> None:
        """Give a select a name; nothing is computed before it is read."""

    def attach_frame(self, name: str, frame: "pd.DataFrame") -> None:
        """Make a table of a small data frame."""

    def seal(self, *, also: tuple[Path, ...] = ()) -> None:
        """Switch off every access to files outside the folder of tables."""

    def has(self, name: str) -> bool:
        """Tell whether the folder holds a table."""

    def open(self, name: str) -> None:
        """Give a table that the folder already holds its name in this connection."""

    def make(self, name: str, select: str, *, rows: int = 0, **values: Any) -> None:
        """Make a table from one select: written beside, then renamed, then opened by name."""

    def reduce(self, name: str, reduction: Reduction) -> None:
        """Make a table of customers from lines, in whatever way suits the engine and the lines."""

    def define(self, name: str, select: str, *, of: tuple[str, ...], **values: Any) -> None:
        """Give a select over tables a name, instead of writing its rows again."""

    def adopt(self, name: str, files: list[Path]) -> None:
        """Make a table of Parquet files that lie elsewhere, without copying them."""

    def files(self, name: str) -> list[Path]:
        """Parquet files of a table."""

    def drop(self, name: str) -> None:
        """Remove a table."""

    def columns(self, name: str) -> dict[str, str]:
        """Names and types of the columns of a table or view, in order."""

    def fetch(self, select: str, *, limit: int = FETCH_LIMIT, **values: Any) -> "pd.DataFrame":
        """Bring a small result to Python."""

    def write(self, select: str, path: Path, **values: Any) -> None:
        """Write a result to a Parquet file inside the folder of tables."""

    def first_rows(self, view: str, predicate: str, *, rows: int = 3, **values: Any) -> list[int]:
        """Find the first row numbers (from 1, in the order of the source) where a predicate holds."""

    def close(self) -> None:
        """Close the connection; the tables stay in the folder."""
