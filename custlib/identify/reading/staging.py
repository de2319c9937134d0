"""Makes the staged files of a run: what an engine cannot read itself, streamed once into ``staged_<n>``.

A staged file is written beside and renamed when whole; whatever stops the writing, no half file keeps the name.
Rows of Python values, as databases and workbooks give them, become days, money as numbers, and text. A column is typed
as its first rows are; where a later row does not fit, everything is read again with that column as text, written as the
project says that text is written, so no value is bent to a type.
"""

import datetime as dt
import hashlib
import math
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from custlib.engine.file_paths import file_literal
from custlib.identify.reading.inputs import DAYS, MONEY, Input, in_role

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

ROWS = 50_000
_THREADS, _MEGABYTES_EACH = 4, 250
_HALF = (1 << 64) - 1  # a hash is summed in two halves, which a 128-bit integer holds for any number of rows
Rows = Sequence[Sequence[Any]]
_NUMBERS = (int, float, Decimal)
_AS_THEY_ARE: dict[str, set[type]] = {
    "text": {str, type(None)},
    "number": {float, type(None)},
    "day": {dt.date, type(None)},
    "time": {dt.datetime, type(None)},
    "moment": {dt.datetime, type(None)},
}
EXCEL_START = dt.datetime(1899, 12, 30)
_SECONDS = {"epoch_s": 1, "epoch_ms": 1000}


@contextmanager
def staged(folder: Path, suffix: str = ".parquet") -> Iterator[tuple[Path, Path]]:
    """Reserve the next free name of a staged file; the file takes it when the block ends without an error.

    Yields where to write, and the name that the file will have.
    """
    part, target = _reserved(folder, suffix)
    try:
        yield part, target
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def _reserved(folder: Path, suffix: str) -> tuple[Path, Path]:
    for n in count():
        part, target = folder / f"staged_{n}.part", folder / f"staged_{n}{suffix}"
        if any(folder.glob(f"staged_{n}.*")):
            continue
        try:
            os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        except FileExistsError:
            continue
        return part, target
    raise AssertionError("numbers do not end")


def sweep(folder: Path) -> None:
    """Remove every staged file of a folder, whole or not, as a run that was killed leaves them."""
    for path in folder.glob("staged_*"):
        path.unlink(missing_ok=True)


def write_batches(schema: "pa.Schema", batches: Iterable["pa.RecordBatch"], path: Path) -> None:
    """Stream Arrow batches into one Parquet file; never more than a batch is held."""
    import pyarrow.parquet as pq

    with pq.ParquetWriter(path, schema, compression="zstd", compression_level=1) as writer:
        for batch in batches:
            writer.write_batch(batch)


def fingerprint_rows(path: Path) -> str:
    """Hash the rows of a Parquet file, whatever their order.

    The SHA-256 is that of the columns, the number of rows and the sum of a 128-bit hash of each row.
    """
    halves = (f"hash & {_HALF}::uhugeint", "hash >> 64")
    sums = ", ".join(f"sum(({half})::hugeint)::varchar" for half in halves)
    rows = f"select md5_number(to_json(row)) as hash from read_parquet({file_literal(path)}) as row"
    with embedded() as connection:
        columns = connection.execute(f"describe select * from read_parquet({file_literal(path)})").fetchall()
        totals = connection.execute(f"select count(*), {sums} from ({rows})").fetchall()
    return hashlib.sha256(repr(([column[:2] for column in columns], totals)).encode()).hexdigest()


@contextmanager
def embedded() -> Iterator["duckdb.DuckDBPyConnection"]:
    """Open an engine of our own for the time of a block, that neither spills nor downloads."""
    from custlib.engine.duckdb import connect

    threads = min(_THREADS, os.cpu_count() or 1)
    limits = {"temp_directory": "", "threads": str(threads), "memory_limit": f"{threads * _MEGABYTES_EACH}MB"}
    with connect(limits) as connection:
        yield connection


class _MisfitError(Exception):
    """Columns whose later rows hold another kind of value than the first."""


@dataclass(frozen=True)
class _Column:
    """How the values of one column are written."""

    name: str
    kind: str
    decimal: str = "."
    form: str | None = None


def stage_rows(entry: Input, columns: Sequence[str], read: Callable[[], Iterable[Rows]], folder: Path) -> Path:
    """Stream rows into one Parquet file: days and times typed, money as doubles, everything else as text.

    ``read`` starts reading and gives the rows in blocks; it may be called more than once.
    """
    as_text: frozenset[str] = frozenset()
    while True:
        try:
            with staged(folder) as (part, target):
                _write(entry, columns, iter(read()), part, as_text)
            return target
        except _MisfitError as misfit:
            as_text |= frozenset(misfit.args)


def _write(entry: Input, columns: Sequence[str], blocks: Iterator[Rows], path: Path, as_text: frozenset[str]) -> None:
    import pyarrow as pa

    first = next(blocks, [])
    typed = _typed(entry, columns, first, as_text)
    schema = pa.schema([(column.name, _arrow(column.kind)) for column in typed])

    def batches() -> Iterator["pa.RecordBatch"]:
        yield _batch(first, typed, schema)
        for block in blocks:
            yield _batch(block, typed, schema)

    write_batches(schema, batches(), path)


def _typed(entry: Input, columns: Sequence[str], rows: Rows, as_text: frozenset[str]) -> list[_Column]:
    """Tell by the first rows what each column holds."""
    money, days = in_role(entry, MONEY, columns), in_role(entry, DAYS, columns)
    typed = []
    for place, name in enumerate(columns):
        kind = "text" if name in as_text else _kind([row[place] for row in rows], is_money=name in money)
        decimal = entry.source.decimal if name in money else "."
        typed.append(_Column(name, kind, decimal, entry.source.date_format if name in days else None))
    return typed


def _kind(values: Iterable[Any], *, is_money: bool) -> str:
    """Name the one kind that all values are of; text for none, several or any other."""
    kinds = _kinds(values)
    if kinds == {"number"} and is_money:
        return "number"
    if kinds == {"day", "time"}:
        return "time"
    return kinds.pop() if kinds in ({"day"}, {"time"}, {"moment"}) else "text"


def _kinds(values: Iterable[Any]) -> set[str]:
    """Name the kinds of values there are; one look at each type is enough, but for times, which may have a zone."""
    types = set(map(type, values)) - {type(None)}
    if not any(issubclass(kind, dt.datetime) for kind in types):
        return {_kind_of_type(kind) for kind in types}
    return {_kind_of(value) for value in values if value is not None}


def _kind_of(value: Any) -> str:
    if isinstance(value, dt.datetime):
        return "time" if value.tzinfo is None else "moment"
    return _kind_of_type(type(value))


def _kind_of_type(kind: type) -> str:
    if issubclass(kind, dt.date):
        return "day"
    return "number" if issubclass(kind, _NUMBERS) and not issubclass(kind, bool) else "text"


def _arrow(kind: str) -> "pa.DataType":
    import pyarrow as pa

    types = {"number": pa.float64(), "day": pa.date32(), "time": pa.timestamp("us"), "text": pa.string()}
    return types[kind] if kind in types else pa.timestamp("us", tz="UTC")


def _batch(rows: Rows, columns: Sequence[_Column], schema: "pa.Schema") -> "pa.RecordBatch":
    import pyarrow as pa

    arrays, misfits = [], []
    for place, column in enumerate(columns):
        values = [row[place] for row in rows]
        if column.kind != "text" and not _fits(values, column.kind):
            misfits.append(column.name)
            continue
        arrays.append(pa.array(_values(values, column), schema.field(place).type))
    if misfits:
        raise _MisfitError(*misfits)
    return pa.record_batch(arrays, schema=schema)


def _fits(values: Iterable[Any], kind: str) -> bool:
    return _kinds(values) <= ({"day", "time"} if kind == "time" else {kind})


def _values(values: list[Any], column: _Column) -> list[Any]:
    """Write the values as their column is; what is so already (most are) is left alone."""
    types = set(map(type, values))
    if types <= _AS_THEY_ARE.get(column.kind, set()):
        return values
    return [_value(value, column) for value in values]


def _value(value: Any, column: _Column) -> Any:
    if value is None:
        return None
    if column.kind == "number":
        return _double(value)
    if column.kind == "time" and not isinstance(value, dt.datetime):
        return dt.datetime.combine(value, dt.time())
    return value if column.kind != "text" else text_of(value, decimal=column.decimal, form=column.form)


def _double(value: Any) -> float:
    """Take a number as a double; one too large for it is infinite, which the contract sets aside."""
    try:
        return float(value)
    except OverflowError:
        return math.inf


def text_of(value: Any, *, decimal: str = ".", form: str | None = None) -> str:
    """Write a value as text that our casts read back.

    Examples
    --------
    >>> text_of(12.5, decimal=","), text_of(17850.0), text_of(dt.date(2025, 6, 30), form="%d/%m/%Y")
    ('12,5', '17850.0', '30/06/2025')
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dt.date):
        return _day_text(value, form)
    if isinstance(value, Decimal):
        return format(value, "f").replace(".", decimal)
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).hex()
    return str(value).replace(".", decimal) if isinstance(value, float) else str(value)


def _day_text(value: dt.date, form: str | None) -> str:
    moment = value if isinstance(value, dt.datetime) else dt.datetime.combine(value, dt.time())
    if form == "excel":
        return str((moment.replace(tzinfo=None) - EXCEL_START) / dt.timedelta(days=1))
    if form in _SECONDS:
        aware = moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
        return str(round(aware.timestamp() * _SECONDS[form]))
    return moment.strftime(form) if form else str(value)
