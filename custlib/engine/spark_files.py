"""How Spark reads files as DuckDB does, and how tables of many parts are put into place.

Spark leaves out what it cannot read unless it is told to look: a line that is not UTF-8, a quote that never closes.
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from custlib.engine.shelf import remove
from custlib.errors import TableError

if TYPE_CHECKING:
    import pandas as pd

BLANKS = "whitespace"
_TYPES = {
    "string": "VARCHAR", "byte": "TINYINT", "tinyint": "TINYINT", "smallint": "SMALLINT", "int": "INTEGER",
    "bigint": "BIGINT", "timestamp": "TIMESTAMP WITH TIME ZONE", "timestamp_ntz": "TIMESTAMP", "binary": "BLOB",
}  # fmt: skip


def look_through(session: Any, file: str, name: str, delimiter: str) -> bool:
    """Refuse what would be read wrongly, and tell whether quotes span lines."""
    marks = "length(value) - length(replace(value, '\"', ''))"
    lines = session.read.text(file).selectExpr(
        "count_if(not is_valid_utf8(value)) as strange", f"count_if(({marks}) % 2 = 1) as odd"
    )
    found = lines.toArrow().to_pylist()[0]
    if found["strange"]:
        raise TableError(f"{name}: encoding is not UTF-8 in {found['strange']:,} lines. Save it as UTF-8.")
    if delimiter == BLANKS:
        return False
    if found["odd"] % 2:
        raise TableError(f"{name}: a quote is opened and never closed, or stands inside a text. Correct that line.")
    return bool(found["odd"])


def read_csv(session: Any, file: str, columns: list[str], delimiter: str, *, header: bool, breaks: bool) -> Any:
    """Read a CSV file, every column as text; one column ``line`` where blanks part the columns."""
    from pyspark.sql.types import StringType, StructField, StructType

    blanks = delimiter == BLANKS
    names = ["line"] if blanks else columns
    reader = session.read.schema(StructType([StructField(name, StringType()) for name in names])).options(
        sep="\x1f" if blanks else delimiter, header=header, quote="" if blanks else '"', escape='"',
        mode="FAILFAST", multiLine=breaks, columnPruning=False, enforceSchema=True,
    )  # fmt: skip
    return reader.csv(file)


def in_nanoseconds(path: Path) -> dict[str, bool]:
    """Columns of a Parquet file that count nanoseconds, and whether they tell local time."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    file = next(path.glob("*.parquet"), None) if path.is_dir() else path
    fields = pq.read_schema(file) if file else ()
    return {f.name: f.type.tz is None for f in fields if pa.types.is_timestamp(f.type) and f.type.unit == "ns"}


def type_name(kind: str) -> str:
    """Name a type of Spark as DuckDB does."""
    if kind.startswith("array<"):
        return type_name(kind[6:-1]) + "[]"
    return _TYPES.get(kind, kind.upper())


def replace(written: Path, target: Path) -> None:
    """Put a folder where another or a file may lie: the old one steps aside first."""
    old = target.with_suffix(f".{os.getpid()}.old")
    if target.exists():
        target.replace(old)
    written.replace(target)
    remove(old)


def join(parts: list[Path], path: Path) -> None:
    """Put the parts of a result one after the other into one file, a group of rows at a time."""
    import pyarrow.parquet as pq

    if len(parts) == 1:
        parts[0].replace(path)
        return
    with pq.ParquetWriter(path, pq.read_schema(parts[0])) as file:
        for part in parts:
            for group in pq.ParquetFile(part).iter_batches():
                file.write_batch(group)


def frame(found: Any) -> "pd.DataFrame":
    """Make the data frame that DuckDB would make: days as times."""
    import pyarrow as pa

    for place, field in enumerate(found.schema):
        if pa.types.is_date(field.type):
            found = found.set_column(place, field.name, found.column(place).cast(pa.timestamp("us")))
    return found.to_pandas()
