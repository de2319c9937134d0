"""The interface of an engine: create tables from selects in one folder, and fetch small results.

A step takes an :class:`Engine` of either kind; where their SQL differs, it uses the ``dialect``.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from custlib.engine.dialect import Dialect
from custlib.engine.reduction import Reduction

if TYPE_CHECKING:
    import pandas as pd

FETCH_LIMIT = 500_000
UNEVEN = "a line parted by blanks does not have the columns of the header"


class Engine(Protocol):
    """One connection over one folder of tables.

    Attributes
    ----------
    dialect : Dialect
        Where its SQL differs from that of other engines.
    folder : pathlib.Path
        Holds the tables.
    """

    dialect: Dialect
    folder: Path

    def attach_csv(self, name: str, path: Path, columns: list[str], *, delimiter: str, header: bool = True) -> None:
        """Create a view of a CSV file; every column is text."""

    def attach_parquet(self, name: str, path: Path) -> None:
        """Create a view of a Parquet file."""

    def attach_select(self, name: str, select: str) -> None:
        """Create a view of a select."""

    def attach_frame(self, name: str, frame: "pd.DataFrame") -> None:
        """Create a table from a small data frame."""

    def seal(self, *, also: tuple[Path, ...] = ()) -> None:
        """Disable access to files outside the folder of tables and ``also``."""

    def has(self, name: str) -> bool:
        """Check whether the folder holds a table."""

    def open(self, name: str) -> None:
        """Create a view of a table in the folder, for this connection."""

    def make(self, name: str, select: str, *, rows: int = 0, **values: Any) -> None:
        """Create a table from a select: write it under another name, rename it, and open it."""

    def reduce(self, name: str, reduction: Reduction) -> None:
        """Create a table of customers from lines, in the way that suits the engine and the lines."""

    def define(self, name: str, select: str, *, of: tuple[str, ...], **values: Any) -> None:
        """Store a select over tables under a name, instead of its rows."""

    def adopt(self, name: str, files: list[Path]) -> None:
        """Create a table from Parquet files elsewhere, without copying them."""

    def files(self, name: str) -> list[Path]:
        """List the Parquet files of a table."""

    def drop(self, name: str) -> None:
        """Drop a table."""

    def columns(self, name: str) -> dict[str, str]:
        """Names and types of the columns of a table or view, in order."""

    def fetch(self, select: str, *, limit: int = FETCH_LIMIT, **values: Any) -> "pd.DataFrame":
        """Fetch a small result as a data frame."""

    def write(self, select: str, path: Path, **values: Any) -> None:
        """Write a result to a Parquet file inside the folder of tables."""

    def first_rows(self, view: str, predicate: str, *, rows: int = 3, **values: Any) -> list[int]:
        """Find the first row numbers (from 1, in the order of the source) where a predicate holds."""

    def close(self) -> None:
        """Close the connection; the tables stay in the folder."""
