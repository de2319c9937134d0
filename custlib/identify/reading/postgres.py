"""Stages a table or query of PostgreSQL through ADBC: Arrow batches, never more than one held.

Types that Arrow has no exact word for are cast by the database: money to double, the others to text; whole numbers
stay. The session is read-only.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from custlib.errors import CustlibError, require
from custlib.identify.reading.databases import is_refusal, quoted, refused, subquery, wrong
from custlib.identify.reading.inputs import MONEY, Input, Staged, distinct, in_role, used
from custlib.identify.reading.staging import staged, write_batches

if TYPE_CHECKING:
    import pyarrow as pa

_TIMES = ("timestamp", "timestamptz", "date")
_WHOLE = ("int2", "int4", "int8")
_WORDS = {
    "42P01": "there is no such table",
    "3F000": "there is no such schema",
    "42703": "the query names a column that is not there",
    "42501": "the user may not read it",
    "42601": "the query is no select that PostgreSQL understands",
    "25006": "the query would write, and only reading is allowed",
    "57014": "the database ended the query (time limit)",
    "22012": "the query divides by zero",
    "unknown": "PostgreSQL ended the query while it was read",
}
_MID_STREAM = {
    "25006": "in a read-only transaction",
    "57014": "canceling statement",
    "22012": "division by zero",
    "57P01": "terminating connection",
    "08006": "closed the connection",
}


def stage_postgres(entry: Input, url: str, folder: Path) -> Staged:
    """Stream a table or query into a Parquet file.

    Raises UsageError if the driver is not installed, RunError if the database cannot be reached or refuses the user
    or the password, and TableError if the table or a column is missing or the query is wrong.
    """
    table = subquery(entry.source.query) if entry.source.query else _table(entry.source.table or "")
    with _connected(entry, url) as cursor, _reworded(entry):
        cursor.execute("set session characteristics as transaction read only")
        cursor.connection.commit()
        described = cursor.adbc_execute_schema(f"select * from {table}")
        header = distinct(entry.name, described.names)
        columns = used(entry, header)
        cursor.execute(f"select {_selected(entry, described, columns)} from {table}")
        with staged(folder) as (part, target), cursor.fetch_record_batch() as batches:
            schema = _plain(batches.schema)
            write_batches(schema, _recast(batches, schema), part)
    return Staged(target, tuple(header))


@contextmanager
def _connected(entry: Input, url: str) -> Iterator[Any]:
    driver = require("adbc_driver_postgresql.dbapi", extra="postgres", purpose=f"{entry.name}: PostgreSQL")
    try:
        connection = driver.connect(url)
    except Exception as fault:
        raise refused(entry.name, entry.source.url_env or "", fault) from None
    try:
        with connection.cursor() as cursor:
            yield cursor
    finally:
        connection.close()


@contextmanager
def _reworded(entry: Input) -> Iterator[None]:
    """Turn what the driver says into our words, by its code: its own words may hold values."""
    try:
        yield
    except CustlibError:
        raise
    except Exception as fault:
        code = getattr(fault, "sqlstate", None) or _code(str(fault))
        if code is None and not is_refusal(fault):
            raise
        if code is None or code.startswith(("08", "57P", "53")):
            raise refused(entry.name, entry.source.url_env or "", fault) from None
        raise wrong(entry.name, _WORDS.get(code, f"PostgreSQL refuses it (SQLSTATE {code})")) from None


def _code(text: str) -> str | None:
    """Find the code of a fault that came in mid-stream, which the driver hands on without it; none if not its own."""
    if "[libpq]" not in text:
        return None
    return next((code for code, words in _MID_STREAM.items() if words in text), "unknown")


def _table(name: str) -> str:
    return ".".join(quoted(part) for part in name.split("."))


def _selected(entry: Input, described: "pa.Schema", columns: list[str]) -> str:
    money = in_role(entry, MONEY, columns)
    kinds = {field.name: (field.metadata or {}).get(b"POSTGRESQL:type", b"").decode() for field in described}
    return ", ".join(f"{_cast(quoted(c), kinds[c], c in money)} as {quoted(c)}" for c in columns)


def _cast(column: str, kind: str, is_money: bool) -> str:
    """Write one column as text, a double or a finite time; infinite times are no days and become null."""
    if kind in _TIMES:
        return f"case when isfinite({column}) then {column} end"
    if not is_money:
        return column if kind in _WHOLE else f"{column}::text"
    if kind in ("money", "numeric"):
        return f"{column}::numeric::double precision"
    if kind == "float4":
        return f"{column}::text::double precision"
    return column if kind in (*_WHOLE, "float8", "bool") else f"{column}::text"


def _plain(schema: "pa.Schema") -> "pa.Schema":
    """Drop what the driver notes beside the columns."""
    import pyarrow as pa

    return pa.schema([pa.field(field.name, field.type) for field in schema])


def _recast(batches: Iterable["pa.RecordBatch"], schema: "pa.Schema") -> Iterator["pa.RecordBatch"]:
    import pyarrow as pa

    for batch in batches:
        yield pa.RecordBatch.from_arrays(batch.columns, schema=schema)
