"""Write a table of customers by sorting its lines instead of grouping them.

DuckDB reads the lines and writes the table; in between, NumPy sorts and reduces them a million at a time.
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
import numpy as np
import numpy.typing as npt

from custlib.engine.dialect import literal
from custlib.engine.reduction import UNITS, Days, Reduction
from custlib.engine.sorted_lines import CUSTOMER, DAY, FarApartError, Lines, Runs, UnfitError, Whole

if TYPE_CHECKING:
    import pyarrow as pa

_WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER")
_MONEY = ("DECIMAL(18,4)", "DOUBLE")
_IDS = """
    create or replace temp table _ids as
    select name, row_number() over () as id from (select distinct customer_id as name from ({lines}))"""
_NUMBERED = """
    select i.id as customer_id, l.* exclude (customer_id)
    from ({lines}) l join _ids i on i.name = l.customer_id"""
_REDUCED = "select * from _reduced"
_NAMED = "select i.name as customer_id, r.* exclude (customer_id) from _reduced r join _ids i on i.id = r.customer_id"
_IN_HAND, _WAITING = 0.3, 0.3  # of the memory limit: for lines in hand, and for sorted runs
_BYTES_SORTED, _BYTES_REDUCED, _BYTES_COLUMN = 50, 150, 24  # of a line, with all copies
_FEWEST, _MOST = 100_000, 1_000_000  # lines at once; more no longer fit the processor's cache

Result = TypeVar("Result")


@dataclass(frozen=True)
class Sorting:
    """Writes one reduction to a file.

    Attributes
    ----------
    connection : duckdb.DuckDBPyConnection
        Reads the lines and writes the table.
    reduction : Reduction
        Declaration of the table.
    scratch : pathlib.Path
        Folder for runs; removed by the caller.
    memory : int
        Memory limit of the engine, in bytes.
    threads : int
        Number of ranges reduced at once.
    options : str
        Options of the Parquet file.
    """

    connection: duckdb.DuckDBPyConnection
    reduction: Reduction
    scratch: Path
    memory: int
    threads: int
    options: str

    def write(self, path: Path) -> bool:
        """Write the table; return False, with nothing written, if there are no lines or they cannot be sorted."""
        lines = self.reduction.lines
        kinds = {row[0].lower(): row[1] for row in self.connection.execute(f"describe {lines}").fetchall()}
        if any(kinds[name] not in _MONEY for name in self.reduction.sums):
            return False
        try:
            if kinds["customer_id"] not in _WHOLE:
                return self._write_numbered(path)
            try:
                return self._write(path, lines, _REDUCED)
            except FarApartError:
                return self._write_numbered(path)
        except UnfitError:
            return False

    def _write_numbered(self, path: Path) -> bool:
        """Number the ids first, as they are texts or too large."""
        self.connection.execute(_IDS.format(lines=self.reduction.lines))
        try:
            if self.connection.execute("select * from _ids where name is null").fetchone():
                raise UnfitError
            return self._write(path, _NUMBERED.format(lines=self.reduction.lines), _NAMED)
        finally:
            self.connection.execute("drop table _ids")

    def _write(self, path: Path, lines: str, reduced: str) -> bool:
        with ThreadPoolExecutor(self.threads) as pool:
            runs = self._read(lines, pool)
            if len(runs):
                self._copy(runs, pool, path, f"select {self.reduction.output} from ({reduced})")
            return bool(len(runs))

    def _read(self, lines: str, pool: ThreadPoolExecutor) -> Runs:
        """Read the lines once and sort them in runs."""
        columns = {"customer_id": "cast(customer_id as bigint)"}
        columns |= {name: name for name in ("day", *self.reduction.sums)}
        columns |= {name: f"cast({name} as utinyint)" for name in self.reduction.flags}
        select = ", ".join(f"{column} as {name}" for name, column in columns.items())
        runs, at_once = Runs(self.scratch, int(self.memory * _WAITING)), self._at_once(_BYTES_SORTED)
        with closing(self.connection.sql(f"select {select} from ({lines})").to_arrow_reader(at_once)) as reader:
            added = (partial(self._add, runs, *numbered) for numbered in enumerate(reader))
            deque(_in_turn(pool, self.threads, added), 0)
        return runs

    def _add(self, runs: Runs, number: int, batch: "pa.RecordBatch") -> None:
        """Add a batch of lines as a run."""
        if any(column.null_count for column in batch.columns):
            raise UnfitError
        columns = {name: _array(column) for name, column in zip(batch.schema.names, batch.columns, strict=True)}
        if len(batch):
            runs.add(number, columns | {name: units(columns[name]) for name in self.reduction.sums})

    def _copy(self, runs: Runs, pool: ThreadPoolExecutor, path: Path, select: str) -> None:
        """Reduce the ranges and write their rows."""
        import pyarrow as pa

        faults: list[BaseException] = []
        ranges = (partial(self._rows, read) for read in runs.ranges(self._at_once(_BYTES_REDUCED), self.reduction.sums))
        batches = _watched(_in_turn(pool, self.threads, ranges), faults)
        first = next(batches)
        self.connection.register("_reduced", pa.RecordBatchReader.from_batches(first.schema, chain([first], batches)))
        try:
            self.connection.execute(f"copy ({select}) to {literal(str(path))} ({self.options})")
        except duckdb.Error as fault:
            raise (faults or [fault])[0] from None
        finally:
            self.connection.unregister("_reduced")

    def _rows(self, read: Callable[[], Lines]) -> "pa.RecordBatch":
        """Reduce a range to the rows of its customers."""
        return self.reduction.batch(by_day(read(), self.reduction.sums, self.reduction.flags))

    def _at_once(self, bytes_each: int) -> int:
        """Number of lines that each thread may have in hand within its share of the memory."""
        each = bytes_each + _BYTES_COLUMN * (len(self.reduction.sums) + len(self.reduction.flags))
        return min(max(int(self.memory * _IN_HAND / each / (self.threads + 1)), _FEWEST), _MOST)


def by_day(lines: Lines, sums: tuple[str, ...], flags: tuple[str, ...]) -> Days:
    """Merge the lines of each customer and day."""
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
    """Index of the first of each value."""
    return np.append(0, np.flatnonzero(ascending[1:] != ascending[:-1]) + 1)


def units(money: npt.NDArray) -> Whole:
    """Convert money to whole units of 1/10000; integers are units already."""
    if money.dtype != np.float64:
        return money.astype(np.int64, copy=False)
    whole = np.rint(money * UNITS)
    if not np.array_equal(whole / UNITS, money) or np.abs(whole).max(initial=0) >= 2**52:
        raise UnfitError
    return whole.astype(np.int64)


def _in_turn(pool: ThreadPoolExecutor, most: int, tasks: Iterable[Callable[[], Result]]) -> Iterator[Result]:
    """Run tasks in threads, at most ``most`` waiting, and yield their results in order."""
    under_way: deque[Future[Result]] = deque()
    for task in tasks:
        under_way.append(pool.submit(task))
        if len(under_way) > most:
            yield under_way.popleft().result()
    while under_way:
        yield under_way.popleft().result()


def _watched(results: Iterator[Result], faults: list[BaseException]) -> Iterator[Result]:
    """Record what goes wrong: DuckDB passes on no more than the text of a fault in its input."""
    try:
        yield from results
    except BaseException as fault:
        faults.append(fault)
        raise


def _array(column: "pa.Array") -> npt.NDArray:
    """Convert an Arrow column to numbers: dates to days, money to units."""
    import pyarrow as pa

    kinds = {pa.date32(): pa.int32(), pa.decimal64(18, 4): pa.int64()}
    return column.view(kinds.get(column.type, column.type)).to_numpy()
