"""What every engine can do: tables made from one select, kept in one folder, fetched only when small.

A step takes an :class:`Engine` and never asks which; the words that differ are in its ``dialect``.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from custlib.engine.days import Daily
from custlib.engine.dialect import Dialect

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
        """Give a CSV file a name; every column is text.

        Parameters
        ----------
        name : str
            The view to make.
        path : pathlib.Path
            The file, UTF-8, plain or gzip.
        columns : list of str
            Names of the columns, in order.
        delimiter : str
            One character, or ``"whitespace"`` for columns parted by runs of blanks.
        header : bool, default True
            Whether the first line names the columns.
        """

    def attach_parquet(self, name: str, path: Path) -> None:
        """Give a Parquet file a name, columns as typed there.

        Parameters
        ----------
        name : str
            The view to make.
        path : pathlib.Path
            The file.
        """

    def attach_select(self, name: str, select: str) -> None:
        """Give a select a name; nothing is computed before it is read.

        Parameters
        ----------
        name : str
            The view to make.
        select : str
            One select over tables and views.
        """

    def attach_frame(self, name: str, frame: "pd.DataFrame") -> None:
        """Make a table of a small data frame.

        Parameters
        ----------
        name : str
            The table to make.
        frame : pandas.DataFrame
            Its rows.
        """

    def seal(self, *, also: tuple[Path, ...] = ()) -> None:
        """Switch off every access to files outside the folder of tables.

        Parameters
        ----------
        also : tuple of pathlib.Path, optional
            Source files that stay readable.
        """

    def has(self, name: str) -> bool:
        """Tell whether the folder holds a table."""

    def open(self, name: str) -> None:
        """Give a table that the folder already holds its name in this connection.

        Parameters
        ----------
        name : str
            The table's name.

        Raises
        ------
        TableError
            If the folder has no such table.
        """

    def make(self, name: str, select: str, *, rows: int = 0, daily: Daily | None = None, **values: Any) -> None:
        """Make a table from one select: written beside, then renamed, then opened by name.

        Parameters
        ----------
        name : str
            The table to make.
        select : str
            One select.
        rows : int, default 0
            About how many rows it has, of lines of purchases: the disk is asked whether it holds them and what will be
            made of them, and they are not packed.
        daily : Daily, optional
            The same table told as sums by customer and day, which an engine may make instead of the select.
        **values
            Values of its ``:parameters``.

        Raises
        ------
        TableError
            If the columns of the result break the data dictionary.
        RunError
            If memory or disk do not suffice; nothing is left of the table then.
        """

    def define(self, name: str, select: str, *, of: tuple[str, ...], **values: Any) -> None:
        """Give a select over tables a name, instead of writing its rows again.

        Parameters
        ----------
        name : str
            The table to define.
        select : str
            One select.
        of : tuple of str
            The tables that it reads.
        **values
            Values of its ``:parameters``.

        Raises
        ------
        TableError
            If the columns of the result break the data dictionary.
        """

    def adopt(self, name: str, files: list[Path]) -> None:
        """Make a table of Parquet files that lie elsewhere, without copying them.

        Parameters
        ----------
        name : str
            The table to make.
        files : list of pathlib.Path
            As :meth:`files` gives them.
        """

    def files(self, name: str) -> list[Path]:
        """Parquet files of a table."""

    def drop(self, name: str) -> None:
        """Remove a table."""

    def columns(self, name: str) -> dict[str, str]:
        """Names and types of the columns of a table or view, in order."""

    def fetch(self, select: str, *, limit: int = FETCH_LIMIT, **values: Any) -> "pd.DataFrame":
        """Bring a small result to Python.

        Parameters
        ----------
        select : str
            One select.
        limit : int, default 500_000
            The largest number of rows allowed.
        **values
            Values of its ``:parameters``.

        Returns
        -------
        pandas.DataFrame
            The rows; decimals become floats.

        Raises
        ------
        TableError
            If the result is larger than the limit: big tables stay in the engine.
        """

    def write(self, select: str, path: Path, **values: Any) -> None:
        """Write a result to a Parquet file inside the folder of tables.

        Parameters
        ----------
        select : str
            One select.
        path : pathlib.Path
            The file to write.
        **values
            Values of its ``:parameters``.
        """

    def first_rows(self, view: str, predicate: str, *, rows: int = 3, **values: Any) -> list[int]:
        """Find the first row numbers (from 1, in the order of the source) where a predicate holds.

        Parameters
        ----------
        view : str
            An attached source.
        predicate : str
            An SQL predicate over its columns.
        rows : int, default 3
            How many row numbers at most.

        Returns
        -------
        list of int
            Row numbers, the header not counted.
        """

    def close(self) -> None:
        """Close the connection; the tables stay in the folder."""
