"""The embedded engine: an in-memory DuckDB over one folder of Parquet files.

Tables are files so that notebooks share them by name, several processes read them at once, and data may be larger than
memory. Once the sources are attached, :meth:`DuckDB.seal` disables access to any other file.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import get_ident
from typing import TYPE_CHECKING, Any

import duckdb

from custlib import tables
from custlib.engine.base import FETCH_LIMIT, UNEVEN
from custlib.engine.dialect import DUCKDB, PARAMETER, inlined, literal
from custlib.engine.file_paths import check_path, escaped, file_literal, list_literal
from custlib.engine.reduction import Reduction
from custlib.engine.shelf import DEFINED, GATHERED, WHOLE, Shelf, parquet_of, remove
from custlib.engine.sorting import Sorting
from custlib.errors import RunError, TableError, hint
from custlib.machine import check_disk, refusal, size_of

if TYPE_CHECKING:
    import pandas as pd

_DICTIONARY = "dictionary_size_limit 1000"  # of a column's values; ids and amounts exceed it early
_IN_ORDER = 2048  # rows of a result, of which more may come in any order
_PARQUET = f"format parquet, {_DICTIONARY}"
_OFFLINE = dict.fromkeys(("autoinstall_known_extensions", "autoload_known_extensions"), "false")
_CLOCK = {"TimeZone": "UTC"}  # not that of the machine, so that a day is the same everywhere
_PROGRESS = (
    "enable_progress_bar",
    "enable_progress_bar_print",
)  # on by default in a notebook, where a page would show it


def connect(settings: Mapping[str, str | int]) -> duckdb.DuckDBPyConnection:
    """Open a DuckDB in memory that downloads nothing and draws no progress bar.

    Parameters
    ----------
    settings : mapping of str to str or int
        Further settings by name.

    Returns
    -------
    duckdb.DuckDBPyConnection
        The connection.
    """
    connection = duckdb.connect(":memory:")
    for name, value in (_OFFLINE | _CLOCK | dict(settings)).items():
        connection.execute(f"set {name} = {literal(str(value))}")
    return _without_bar(connection)


def _without_bar(connection: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """Switch off the progress bar, which every cursor has of its own."""
    with suppress(duckdb.InvalidInputException):  # in a notebook without ipywidgets: there is no bar to switch off
        for name in _PROGRESS:
            connection.execute(f"set {name} = false")
    return connection


class DuckDB:
    """One connection over one folder of tables.

    Examples
    --------
    >>> from tempfile import mkdtemp
    >>> engine = DuckDB(Path(mkdtemp()))
    >>> engine.make("answer", "select :x + 1 as y", x=41)
    >>> engine.fetch("select y from answer")["y"].item()
    42
    """

    dialect = DUCKDB

    def __init__(self, folder: Path, *, memory_limit: str | None = None, threads: int | None = None) -> None:
        check_path(folder, "work")
        self.folder, self._shelf = folder, Shelf(folder)
        settings: dict[str, str | int] = {
            "preserve_insertion_order": "false",
            "temp_directory": str(self._shelf.scratch("spill")),
            "arrow_output_version": "1.5",  # money comes as the whole numbers that it is
        }
        settings |= {"memory_limit": memory_limit} if memory_limit else {}
        settings |= {"threads": threads} if threads else {}
        self._database = self._connected(settings)
        self._cursors = {get_ident(): self._database}
        self._views: dict[str, dict[str, str]] = {}  # to their columns, once these were asked for

    def _connected(self, settings: Mapping[str, str | int]) -> duckdb.DuckDBPyConnection:
        return connect(settings)

    @property
    def _connection(self) -> "duckdb.DuckDBPyConnection":
        """The connection of this thread: a result is lost when another thread executes something on its connection."""
        thread = get_ident()
        if thread not in self._cursors:
            self._cursors[thread] = _without_bar(self._database.cursor())
        return self._cursors[thread]

    def attach_csv(self, name: str, path: Path, columns: list[str], *, delimiter: str, header: bool = True) -> None:
        """Create a view of a CSV file; every column is text."""
        if delimiter == "whitespace":
            self._attach_blank_separated(name, path, columns, header=header)
            return
        types = ", ".join(f"{literal(c)}: 'VARCHAR'" for c in columns)
        self.attach_select(
            name,
            f"select * from read_csv({file_literal(path)}, "
            f"columns = {{{types}}}, delim = {literal(delimiter)}, header = {str(header).lower()}, "
            "quote = '\"', escape = '\"', auto_detect = false, strict_mode = true, max_line_size = 2000000, "
            "hive_partitioning = false)",
        )

    def _attach_blank_separated(self, name: str, path: Path, columns: list[str], *, header: bool) -> None:
        parts = ", ".join(f"part[{i + 1}] as {self.dialect.name(c)}" for i, c in enumerate(columns))
        line = "trim(line, ' \t')"
        self.attach_select(
            name,
            f"select {parts} from ("
            f"select regexp_split_to_array({line}, '[ \t]+') as parted, case when len(parted) <> {len(columns)} "
            f"then error({literal(UNEVEN)}) else parted end as part from read_csv({file_literal(path)}, "
            f"columns = {{'line': 'VARCHAR'}}, delim = '\x1f', header = {str(header).lower()}, quote = '', "
            "escape = '', auto_detect = false, hive_partitioning = false) where " + f"{line} <> '')",
        )

    def attach_parquet(self, name: str, path: Path) -> None:
        """Create a view of a Parquet file."""
        self._view(name, path)

    def _view(self, name: str, *paths: Path) -> None:
        read = f"read_parquet({list_literal([*paths])}, hive_partitioning = false)"
        self.attach_select(name, f"select * from {read}")

    def attach_select(self, name: str, select: str) -> None:
        """Create a view of a select."""
        self._execute(f"create or replace view {name} as {select}")
        self._views[name] = {}

    def attach_frame(self, name: str, frame: "pd.DataFrame") -> None:
        """Create a table from a small data frame."""
        import pyarrow as pa

        self._connection.register("_frame", pa.Table.from_pandas(frame, preserve_index=False))
        self.make(name, "select * from _frame")
        self._connection.unregister("_frame")

    def seal(self, *, also: tuple[Path, ...] = ()) -> None:
        """Disable access to files outside the folder of tables and ``also``."""
        folders, paths = [f"{self.folder}{os.sep}"], [str(path) for path in also]
        for name, places in (("allowed_directories", folders), ("allowed_paths", paths)):
            written = dict.fromkeys([*places, *map(escaped, places)])  # a path is looked at as it is written
            self._execute(f"set {name} = [{', '.join(map(literal, written))}]")
        self._execute("set enable_external_access = false")

    def has(self, name: str) -> bool:
        """Check whether the folder holds a table, written or defined by a select."""
        return self._shelf.kind(name) is not None

    def open(self, name: str) -> None:
        """Create a view of a table in the folder, for this connection."""
        kind = self._shelf.kind(name)
        if kind is None:
            raise TableError(f"{name}: no such table in this run. {hint(name, self._shelf.names())}")
        if kind == DEFINED:
            try:
                select, of = self._shelf.defined(name)
            except ValueError:
                raise self._damaged() from None
            for read in of:
                if not self.has(read):
                    raise self._damaged()
                self.open(read)
            self.attach_select(name, select)
        else:
            if kind == GATHERED and not self._shelf.is_whole(name):
                raise self._damaged()
            self._view(name, *(self.files(name) if kind == GATHERED else (self._shelf.path(name, kind),)))

    def make(self, name: str, select: str, *, rows: int = 0, **values: Any) -> None:
        """Create a table from a select: write it under another name, rename it, and open it."""
        check_disk(rows, self.folder)
        options = f"{_PARQUET}, compression uncompressed" if rows else _PARQUET
        self._put(name, lambda path: self._copy(select, path, options, **values))

    def reduce(self, name: str, reduction: Reduction) -> None:
        """Create a table of customers by sorting lines, or by grouping them where they cannot be sorted."""

        def write(path: Path) -> None:
            if not self._sort(name, path, reduction):
                self._copy(reduction.select(self.dialect), path, _PARQUET)

        self._put(name, write)

    def _put(self, name: str, write: Callable[[Path], None]) -> None:
        written = self._shelf.scratch(name)
        try:
            write(written)
            self._shelf.put(name, written, WHOLE)
        finally:
            remove(written)
        self._open_checked(name)

    def _sort(self, name: str, path: Path, reduction: Reduction) -> bool:
        """Write a table of customers by sorting lines; return False if they cannot be sorted."""
        scratch = self._shelf.scratch(f"{name}.sorting")
        (threads,) = self._execute("select current_setting('threads')").fetchone()
        try:
            with self._faults():
                return Sorting(self._connection, reduction, scratch, self.memory, threads, _PARQUET).write(path)
        finally:
            remove(scratch)

    def define(self, name: str, select: str, *, of: tuple[str, ...], **values: Any) -> None:
        """Store a select over tables under a name, instead of its rows."""
        written = inlined(select, values)
        self._shelf.define(name, written, of)
        for read in of:
            if read not in self._views:
                self.open(read)
        self.attach_select(name, written)
        tables.check(name, self.columns(name))

    def adopt(self, name: str, files: list[Path]) -> None:
        """Create a table from Parquet files elsewhere, without copying them."""
        self._shelf.adopt(name, files)
        self._open_checked(name)

    def files(self, name: str) -> list[Path]:
        """List the Parquet files of a table."""
        return parquet_of(self.folder, name)

    def drop(self, name: str) -> None:
        """Drop a table."""
        self._execute(f"drop view if exists {name}")
        self._views.pop(name, None)
        self._shelf.drop(name)

    def _open_checked(self, name: str) -> None:
        self.open(name)
        tables.check(name, self.columns(name))

    def columns(self, name: str) -> dict[str, str]:
        """Names and types of the columns of a table or view, in order."""
        if not self._views.get(name):
            self._views[name] = self._described(name)
        return dict(self._views[name])

    def _described(self, name: str) -> dict[str, str]:
        rows = self._execute(f"describe {self.dialect.name(name)}").fetchall()
        types = {row[0]: row[1] for row in rows}
        if len(rows) <= _IN_ORDER:
            return types
        described = self._execute(f"select * from {self.dialect.name(name)} limit 0").description
        return {column[0]: types[column[0]] for column in described}

    def fetch(self, select: str, *, limit: int = FETCH_LIMIT, **values: Any) -> "pd.DataFrame":
        """Fetch a small result as a data frame."""
        with self._faults():
            frame = self._execute(f"select * from ({select}) limit {limit + 1}", **values).df()
        if len(frame) > limit:
            raise TableError(f"fetch: the result has more than {limit:,} rows. Aggregate or filter it in the engine.")
        return frame

    def write(self, select: str, path: Path, **values: Any) -> None:
        """Write a result to a Parquet file inside the folder of tables."""
        self._copy(select, path, _PARQUET, **values)

    def write_in_order(self, select: str, path: Path, **values: Any) -> None:
        """Write a result that numbers rows as they stand in their file."""
        with self._in_order():
            self.write(select, path, **values)

    @contextmanager
    def _in_order(self) -> Iterator[None]:
        self._execute("set preserve_insertion_order = true")
        try:
            yield
        finally:
            self._execute("set preserve_insertion_order = false")

    def _copy(self, select: str, path: Path, options: str, **values: Any) -> None:
        self._execute(f"copy ({select}) to {literal(str(path))} ({options})", **values)

    def first_rows(self, view: str, predicate: str, *, rows: int = 3, **values: Any) -> list[int]:
        """Find the first row numbers (from 1, in the order of the source) where a predicate holds."""
        numbered = f"select *, row_number() over () as row_number from {view}"
        with self._in_order():
            numbers = self._execute(
                f"select row_number from ({numbered}) where {predicate} order by row_number limit {rows}", **values
            ).fetchall()
        return [row[0] for row in numbers]

    def close(self) -> None:
        """Close the connection; the tables stay in the folder."""
        for connection in self._cursors.values():
            connection.close()

    @property
    def memory(self) -> int:
        """Memory limit in bytes."""
        (limit,) = self._execute("select current_setting('memory_limit')").fetchone()
        return size_of(limit) or FETCH_LIMIT

    def _execute(self, text: str, **values: Any) -> Any:
        bound = PARAMETER.sub(lambda m: f"${m[1]}" if m[1] in values else m[0], text)
        used = {m[1]: values[m[1]] for m in PARAMETER.finditer(text) if m[1] in values}
        with self._faults():
            return self._connection.execute(bound, used) if used else self._connection.execute(bound)

    @contextmanager
    def _faults(self) -> Iterator[None]:
        """Translate faults of the machine into one-line errors."""
        try:
            yield
        except (RuntimeError, duckdb.InterruptException) as fault:
            if "interrupt" in str(fault).lower():
                raise KeyboardInterrupt from None
            raise
        except (OSError, MemoryError) as fault:
            raise refusal(fault, "engine") or fault from None
        except duckdb.Error as fault:
            if error := refusal(fault, "engine"):
                raise error from None
            cut_short = "No magic bytes found at end of file" in str(fault)
            if not cut_short and not isinstance(fault, duckdb.IOException | duckdb.PermissionException):
                raise
            raise self._unreadable(_first_line(fault)) from None

    def _unreadable(self, message: str) -> RunError:
        if str(self.folder) not in message or "staged_" in message:
            return RunError(f"engine: {message}.")
        return self._damaged()

    def _damaged(self) -> RunError:
        place = f"{self.folder.parent.name}/{self.folder.name}"
        return RunError(
            f"engine: a table is damaged or gone from {place} of the work folder. Remove that folder; the next run "
            "makes its tables again."
        )


def _first_line(fault: Exception) -> str:
    return str(fault).strip().splitlines()[0].rstrip(".")
