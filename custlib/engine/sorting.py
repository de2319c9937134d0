"""Writes a table of customers from lines that are sorted instead of grouped, between DuckDB and `custlib.engine.days`.

DuckDB reads the lines and writes the table, as ever; in between they are NumPy's, a few million at a time.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import duckdb
import numpy.typing as npt

from custlib.engine.days import Daily, by_day, units
from custlib.engine.dialect import literal
from custlib.engine.runs import Runs
from custlib.engine.sorted_lines import FarApartError, Lines, UnfitError

if TYPE_CHECKING:
    import pyarrow as pa

_WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER")
_MONEY = ("DECIMAL(18,4)", "DOUBLE")
_IDS = """
    create or replace temp table _ids as
    select given, row_number() over () as id from (select distinct customer_id as given from ({lines}))"""
_NUMBERED = """
    select i.id as customer_id, l.* exclude (customer_id)
    from ({lines}) l join _ids i on i.given = l.customer_id"""
_NAMED = "select i.given as customer_id, m.* exclude (customer_id) from _made m join _ids i on i.id = m.customer_id"
_SHARE, _HELD = 0.3, 0.3  # of the memory limit: for lines in hand, and for those that wait sorted
_BYTES_SORTED, _BYTES_REDUCED, _BYTES_COLUMN = 50, 150, 24  # of a line, with all copies
_FEWEST, _MOST = 100_000, 1_000_000  # lines at once; more no longer stay near the processor

Made = TypeVar("Made")


@dataclass(frozen=True)
class Sorting:
    """What a table of customers is written with.

    Attributes
    ----------
    connection : duckdb.DuckDBPyConnection
        Reads the lines and writes the table.
    daily : Daily
        The table, told as days; its ``lines`` without parameters.
    scratch : pathlib.Path
        Folder for runs; the caller's to remove.
    memory : int
        Limit of the engine, in bytes.
    threads : int
        How many ranges are reduced at once.
    options : str
        Of the Parquet file.
    """

    connection: duckdb.DuckDBPyConnection
    daily: Daily
    scratch: Path
    memory: int
    threads: int
    options: str

    def write(self, path: Path) -> bool:
        """Write the table; where there are no lines, or they cannot be sorted, write nothing and say so."""
        kinds = {row[0].lower(): row[1] for row in self.connection.execute(f"describe {self.daily.lines}").fetchall()}
        if any(kinds[name] not in _MONEY for name in self.daily.sums):
            return False
        try:
            if kinds["customer_id"] not in _WHOLE:
                return self._numbered(path)
            try:
                return self._written(path, self.daily.lines, "from _made")
            except FarApartError:
                return self._numbered(path)
        except UnfitError:
            return False

    def _numbered(self, path: Path) -> bool:
        """Let a number stand for each id that is a text, or too large a number."""
        self.connection.execute(_IDS.format(lines=self.daily.lines))
        try:
            if self.connection.execute("select * from _ids where given is null").fetchone():
                raise UnfitError
            return self._written(path, _NUMBERED.format(lines=self.daily.lines), _NAMED)
        finally:
            self.connection.execute("drop table _ids")

    def _written(self, path: Path, lines: str, select: str) -> bool:
        with ThreadPoolExecutor(self.threads) as pool:
            runs = self._read(lines, pool)
            if len(runs):
                self._copy(runs, pool, path, select)
            return bool(len(runs))

    def _read(self, lines: str, pool: ThreadPoolExecutor) -> Runs:
        """Read the lines once and sort them in runs."""
        columns = {"customer_id": "cast(customer_id as bigint)"}
        columns |= {name: name for name in ("day", *self.daily.sums)}
        columns |= {name: f"cast({name} as utinyint)" for name in self.daily.flags}
        given = ", ".join(f"{column} as {name}" for name, column in columns.items())
        runs, at_once = Runs(self.scratch, int(self.memory * _HELD)), self._at_once(_BYTES_SORTED)
        with closing(self.connection.sql(f"select {given} from ({lines})").to_arrow_reader(at_once)) as reader:
            added = (partial(self._add, runs, *numbered) for numbered in enumerate(reader))
            deque(_in_turn(pool, self.threads, added), 0)
        return runs

    def _add(self, runs: Runs, number: int, batch: "pa.RecordBatch") -> None:
        """Take the numbers of some lines."""
        if any(column.null_count for column in batch.columns):
            raise UnfitError
        found = {name: _array(column) for name, column in zip(batch.schema.names, batch.columns, strict=True)}
        if len(batch):
            runs.add(number, found | {name: units(found[name]) for name in self.daily.sums})

    def _copy(self, runs: Runs, pool: ThreadPoolExecutor, path: Path, select: str) -> None:
        """Write the rows of every range as it is reduced."""
        import pyarrow as pa

        faults: list[BaseException] = []
        ranges = (partial(self._rows, read) for read in runs.ranges(self._at_once(_BYTES_REDUCED), self.daily.sums))
        batches = _kept(_in_turn(pool, self.threads, ranges), faults)
        first = next(batches)
        self.connection.register("_made", pa.RecordBatchReader.from_batches(first.schema, chain([first], batches)))
        try:
            self.connection.execute(f"copy ({select}) to {literal(str(path))} ({self.options})")
        except duckdb.Error as fault:
            raise (faults or [fault])[0] from None
        finally:
            self.connection.unregister("_made")

    def _rows(self, read: Callable[[], Lines]) -> "pa.RecordBatch":
        """Reduce a range to the rows of its customers."""
        import pyarrow as pa

        days = by_day(read(), self.daily.sums, self.daily.flags)
        return pa.record_batch({"customer_id": pa.array(days.customers), **self.daily.rows(days)})

    def _at_once(self, bytes_each: int) -> int:
        """Tell how many lines each thread may have in hand, within a share of the memory."""
        each = bytes_each + _BYTES_COLUMN * (len(self.daily.sums) + len(self.daily.flags))
        return min(max(int(self.memory * _SHARE / each / (self.threads + 1)), _FEWEST), _MOST)


def _in_turn(pool: ThreadPoolExecutor, most: int, works: Iterable[Callable[[], Made]]) -> Iterator[Made]:
    """Do works in threads, no more of them waiting than there are threads, and give what they make in order."""
    under_way: deque[Future[Made]] = deque()
    for work in works:
        under_way.append(pool.submit(work))
        if len(under_way) > most:
            yield under_way.popleft().result()
    while under_way:
        yield under_way.popleft().result()


def _kept(made: Iterator[Made], faults: list[BaseException]) -> Iterator[Made]:
    """Keep what goes wrong: an engine that asks for rows passes on its text only."""
    try:
        yield from made
    except BaseException as fault:
        faults.append(fault)
        raise


def _array(column: "pa.Array") -> npt.NDArray:
    """Take an Arrow column as numbers: of a date the days, of money the units."""
    import pyarrow as pa

    kinds = {pa.date32(): pa.int32(), pa.decimal64(18, 4): pa.int64()}
    return column.view(kinds.get(column.type, column.type)).to_numpy()
