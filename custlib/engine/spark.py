"""The engine for data that one machine cannot hold: Spark, local or on a cluster, with the same steps.

Every table is a folder of Parquet files in one folder, which all machines of a cluster must see. Steps are SQL texts
with bound values; the DataFrame interface only reads and writes, so that Spark Connect works too. Spark drops
lines that it cannot read (not UTF-8, a quote that never closes), so CSV files are scanned first.
"""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from custlib import tables
from custlib.engine.base import FETCH_LIMIT, UNEVEN
from custlib.engine.dialect import SPARK, inlined
from custlib.engine.file_paths import check_path
from custlib.engine.reduction import Reduction
from custlib.engine.shelf import DEFINED, WHOLE, Shelf, parquet_of, remove
from custlib.engine.spark_session import has_ended, start
from custlib.errors import RunError, TableError, hint

if TYPE_CHECKING:
    import pandas as pd

_PARAMETER = re.compile(r"""'(?:[^'\\]|\\.|'')*'|`(?:[^`]|``)*`|(?<![:\w]):([a-z_]\w*)""", re.DOTALL)
_BLANKS = "whitespace"
_TYPES = {
    "string": "VARCHAR", "byte": "TINYINT", "tinyint": "TINYINT", "smallint": "SMALLINT", "int": "INTEGER",
    "bigint": "BIGINT", "timestamp": "TIMESTAMP WITH TIME ZONE", "timestamp_ntz": "TIMESTAMP", "binary": "BLOB",
}  # fmt: skip
_ONE_PART = {"spark.sql.files.minPartitionNum": "1", "spark.sql.files.maxPartitionBytes": str(1 << 50)}


class Spark:
    """One Spark session over one folder of tables."""

    dialect = SPARK

    def __init__(self, folder: Path, *, memory_limit: str | None = None, master: str | None = None) -> None:
        check_path(folder, "work")
        self.folder, self._shelf = folder, Shelf(folder)
        self._session = start(folder, master=master, memory_limit=memory_limit)
        self._views: set[str] = set()
        self._source = "source"
        self._allowed: tuple[Path, ...] | None = None

    def attach_csv(self, name: str, path: Path, columns: list[str], *, delimiter: str, header: bool = True) -> None:
        """Create a view of a CSV file; every column is text."""
        self._source = path.name
        breaks = self._run(lambda: _look_through(self._session, self._file(path), path.name, delimiter))
        read = _read_csv(self._session, self._file(path), columns, delimiter, header=header, breaks=breaks)
        if delimiter == _BLANKS:
            read.createOrReplaceTempView(f"{name}_lines")
            line = "trim(both ' \\t' from line)"
            part = f"split({line}, '[ \\\\t]+')"
            even = f"case when size({part}) = {len(columns)} then {part} else raise_error('{UNEVEN}') end"
            split = f"select {even} as part from {name}_lines where {line} <> ''"
            parts = ", ".join(f"part[{i}] as {self.dialect.name(c)}" for i, c in enumerate(columns))
            read = self._session.sql(f"select {parts} from ({split})")
        self._view(name, read)

    def attach_parquet(self, name: str, path: Path) -> None:
        """Create a view of a Parquet file or folder; nanoseconds are truncated to microseconds."""
        self._source = path.name
        self._view(name, self._run(lambda: self._session.read.parquet(self._file(path))))
        nanoseconds = _in_nanoseconds(path)
        if nanoseconds:
            self._view(f"{name}_raw", self._session.table(name))
            columns = (self._microseconds(c, nanoseconds.get(c)) for c in self.columns(name))
            self._view(name, self._session.sql(f"select {', '.join(columns)} from {name}_raw"))

    def _microseconds(self, column: str, is_local: bool | None) -> str:
        """Write a column; if it counts nanoseconds, of local time or not, as a time."""
        quoted = self.dialect.name(column)
        if is_local is None:
            return quoted
        kind = "timestamp_ntz" if is_local else "timestamp"
        return f"cast(timestamp_micros({quoted} div 1000) as {kind}) as {quoted}"

    def attach_select(self, name: str, select: str) -> None:
        """Create a view of a select."""
        self._view(name, self._sql(select))

    def attach_frame(self, name: str, frame: "pd.DataFrame") -> None:
        """Create a table from a small data frame."""
        import pyarrow as pa

        table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata()
        self._view("_frame", self._session.createDataFrame(table))
        self.make(name, "select * from _frame")
        self._session.catalog.dropTempView("_frame")
        self._views.discard("_frame")

    def seal(self, *, also: tuple[Path, ...] = ()) -> None:
        """Refuse files outside the folder of tables and ``also``; SQL cannot name files at all."""
        self._allowed = tuple(path.resolve() for path in also)

    def has(self, name: str) -> bool:
        """Check whether the folder holds a table."""
        return self._shelf.kind(name) is not None

    def open(self, name: str) -> None:
        """Create a view of a table in the folder, for this session."""
        kind = self._shelf.kind(name)
        if kind is None:
            raise TableError(f"{name}: no such table in this run. {hint(name, self._shelf.names())}")
        if name in self._views:
            return
        if kind == DEFINED:
            select, of = self._shelf.defined(name)
            for read in of:
                self.open(read)
            self._view(name, self._sql(select))
        else:
            self._view(name, self._run(lambda: self._session.read.parquet(self._file(self._shelf.path(name, kind)))))

    def make(self, name: str, select: str, *, rows: int = 0, **values: Any) -> None:
        """Create a table from a select: write it under another name, rename it, and open it."""
        del rows  # many disks hold them
        frame = self._sql(select, **values)
        tables.check(name, frame.columns)
        written = self._shelf.scratch(name)
        remove(written)
        try:
            self._run(lambda: frame.write.parquet(str(written)))
            self._shelf.put(name, written, WHOLE)
        finally:
            remove(written)
        self._view(name, self._session.read.schema(frame.schema).parquet(self._file(self._shelf.path(name))))

    def reduce(self, name: str, reduction: Reduction) -> None:
        """Create a table of customers by grouping lines."""
        self.make(name, reduction.select(self.dialect))

    def define(self, name: str, select: str, *, of: tuple[str, ...], **values: Any) -> None:
        """Store a select over tables under a name, instead of its rows."""
        frame = self._sql(select, **values)
        tables.check(name, frame.columns)
        self._shelf.define(name, inlined(select, values, self.dialect.literal), of)
        self._view(name, frame)

    def adopt(self, name: str, files: list[Path]) -> None:
        """Create a table from Parquet files elsewhere, without copying them."""
        self._shelf.adopt(name, files)
        self._views.discard(name)
        self.open(name)

    def files(self, name: str) -> list[Path]:
        """List the Parquet files of a table."""
        return parquet_of(self.folder, name)

    def drop(self, name: str) -> None:
        """Drop a table."""
        self._session.catalog.dropTempView(name)
        self._views.discard(name)
        self._shelf.drop(name)

    def columns(self, name: str) -> dict[str, str]:
        """Names and types of the columns of a table or view, in order; types as DuckDB names them."""
        schema = self._session.sql(f"select * from {self.dialect.name(name)}").schema
        return {field.name: _type_name(field.dataType.simpleString()) for field in schema.fields}

    def fetch(self, select: str, *, limit: int = FETCH_LIMIT, **values: Any) -> "pd.DataFrame":
        """Fetch a small result as a data frame."""
        frame = self._decimals_as_doubles(self._sql(select, **values))
        rows = self._run(frame.limit(limit + 1).toArrow)
        if rows.num_rows > limit:
            raise TableError(f"fetch: the result has more than {limit:,} rows. Aggregate or filter it in the engine.")
        return _frame(rows)

    def _decimals_as_doubles(self, frame: Any) -> Any:
        """Cast decimals to the nearest double in Spark; Arrow is off by a digit."""
        kinds = {field.name: field.dataType.typeName() for field in frame.schema.fields}
        if "decimal" not in kinds.values() or len(kinds) < len(frame.columns):
            return frame
        quoted = {self.dialect.name(name): kind for name, kind in kinds.items()}
        return frame.selectExpr(
            *(f"cast({name} as double) as {name}" if kind == "decimal" else name for name, kind in quoted.items())
        )

    def write(self, select: str, path: Path, **values: Any) -> None:
        """Write a result to one Parquet file inside the folder of tables."""
        self._permit(path)
        written = self._shelf.scratch(path.stem)
        remove(written)
        try:
            self._run(lambda: self._sql(select, **values).write.parquet(str(written)))
            _join(sorted(written.glob("part-*.parquet")), path)
        finally:
            remove(written)

    def first_rows(self, view: str, predicate: str, *, rows: int = 3, **values: Any) -> list[int]:
        """Find the first row numbers (from 1, in the order of the source) where a predicate holds."""
        # Read in one part, a file keeps its order, and the identifiers that Spark gives rise by one.
        numbered = f"select *, monotonically_increasing_id() + 1 as row_number from {view}"
        before = {name: self._session.conf.get(name, None) for name in _ONE_PART}
        for name, value in _ONE_PART.items():
            self._session.conf.set(name, value)
        try:
            numbers = self.fetch(
                f"select row_number from ({numbered}) where {predicate} order by row_number limit {rows}", **values
            )
        finally:
            for name, value in before.items():
                self._session.conf.unset(name) if value is None else self._session.conf.set(name, value)
        return [int(row) for row in numbers["row_number"]]

    def close(self) -> None:
        """Drop the views of this session; the tables stay in the folder, and Spark ends with the process."""
        for name in self._views:
            self._session.catalog.dropTempView(name)
        self._views.clear()

    def _file(self, path: Path) -> str:
        """Escape a path, so that Spark reads no pattern in it."""
        self._permit(path)
        return re.sub(r"[*?\[\]{}\\]", r"\\\g<0>", str(path.absolute()))

    def _permit(self, path: Path) -> None:
        place = path.resolve()
        if self._allowed is not None and place not in self._allowed and self.folder.resolve() not in place.parents:
            raise RunError(f"engine: {path.name} lies outside the folder of tables, and the engine is sealed.")

    def _view(self, name: str, frame: Any) -> None:
        frame.createOrReplaceTempView(name)
        self._views.add(name)

    def _sql(self, text: str, **values: Any) -> Any:
        used = {m[1] for m in _PARAMETER.finditer(text) if m[1] in values}
        bound = {name: getattr(values[name], "item", lambda v=values[name]: v)() for name in used}
        return self._run(lambda: self._session.sql(text, args=bound) if bound else self._session.sql(text))

    def _run(self, act: Any) -> Any:
        """Translate faults of the source or the machine into one-line errors."""
        try:
            return act()
        except Exception as fault:
            text = str(fault)
            if "MALFORMED_CSV_RECORD" in text:
                raise TableError(
                    f"{self._source}: a line does not have the columns of the header. Correct that line."
                ) from None
            if "OutOfMemoryError" in text or "MEMORY_LIMIT" in text:
                raise RunError("engine: out of memory. Raise the memory limit.") from None
            if "FAILED_READ_FILE" in text or "PATH_NOT_FOUND" in text:
                raise RunError(f"engine: {self._source} cannot be read, truncated or corrupt.") from None
            if has_ended():
                raise RunError(
                    "engine: the Java machine ended, perhaps for want of memory. Free some, or lower the memory limit."
                ) from None
            raise


def _look_through(session: Any, file: str, name: str, delimiter: str) -> bool:
    """Check a CSV file for what Spark would read wrongly, and return whether quotes span lines."""
    marks = "length(value) - length(replace(value, '\"', ''))"
    lines = session.read.text(file).selectExpr(
        "count_if(not is_valid_utf8(value)) as strange", f"count_if(({marks}) % 2 = 1) as odd"
    )
    counts = lines.toArrow().to_pylist()[0]
    if counts["strange"]:
        raise TableError(f"{name}: encoding is not UTF-8 in {counts['strange']:,} lines. Save it as UTF-8.")
    if delimiter == _BLANKS:
        return False
    if counts["odd"] % 2:
        raise TableError(f"{name}: a quote is opened and never closed, or stands inside a text. Correct that line.")
    return bool(counts["odd"])


def _read_csv(session: Any, file: str, columns: list[str], delimiter: str, *, header: bool, breaks: bool) -> Any:
    """Read a CSV file, every column as text; one column ``line`` where blanks part the columns."""
    from pyspark.sql.types import StringType, StructField, StructType

    blanks = delimiter == _BLANKS
    names = ["line"] if blanks else columns
    reader = session.read.schema(StructType([StructField(name, StringType()) for name in names])).options(
        sep="\x1f" if blanks else delimiter, header=header, quote="" if blanks else '"', escape='"',
        mode="FAILFAST", multiLine=breaks, columnPruning=False, enforceSchema=True,
    )  # fmt: skip
    return reader.csv(file)


def _in_nanoseconds(path: Path) -> dict[str, bool]:
    """Columns of a Parquet file that count nanoseconds, and whether they are local time."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    file = next(path.glob("*.parquet"), None) if path.is_dir() else path
    fields = pq.read_schema(file) if file else ()
    return {f.name: f.type.tz is None for f in fields if pa.types.is_timestamp(f.type) and f.type.unit == "ns"}


def _type_name(kind: str) -> str:
    """Name a type of Spark as DuckDB does."""
    if kind.startswith("array<"):
        return _type_name(kind[6:-1]) + "[]"
    return _TYPES.get(kind, kind.upper())


def _join(parts: list[Path], path: Path) -> None:
    """Concatenate the parts of a result into one file, a group of rows at a time."""
    import pyarrow.parquet as pq

    if len(parts) == 1:
        parts[0].replace(path)
        return
    with pq.ParquetWriter(path, pq.read_schema(parts[0])) as file:
        for part in parts:
            for group in pq.ParquetFile(part).iter_batches():
                file.write_batch(group)


def _frame(rows: Any) -> "pd.DataFrame":
    """Convert to the data frame that DuckDB would return: days as times."""
    import pyarrow as pa

    for place, field in enumerate(rows.schema):
        if pa.types.is_date(field.type):
            rows = rows.set_column(place, field.name, rows.column(place).cast(pa.timestamp("us")))
    return rows.to_pandas()
