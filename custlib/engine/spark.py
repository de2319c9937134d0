"""The engine for data that one machine cannot hold: Spark, local or on a cluster, with the same steps.

Every table is a Parquet folder or file in one folder, which all machines of a cluster must see. Steps are SQL texts
with bound values; the DataFrame interface only reads and writes, so that Spark Connect works too.
"""

import json
import os
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from custlib import tables
from custlib.engine import spark_files as files
from custlib.engine.base import FETCH_LIMIT
from custlib.engine.dialect import SPARK, inlined
from custlib.engine.reduction import Reduction
from custlib.engine.shelf import link, remove
from custlib.engine.spark_session import start
from custlib.errors import RunError, TableError, hint

if TYPE_CHECKING:
    import pandas as pd

_PARAMETER = re.compile(r"""'(?:[^'\\]|\\.|'')*'|`(?:[^`]|``)*`|(?<![:\w]):([a-z_]\w*)""", re.DOTALL)
_WRITTEN, _DEFINED = _KINDS = (".parquet", ".view.json")
_ONE_PART = {"spark.sql.files.minPartitionNum": "1", "spark.sql.files.maxPartitionBytes": str(1 << 50)}


class Spark:
    """One Spark session over one folder of tables."""

    dialect = SPARK

    def __init__(self, folder: Path, *, memory_limit: str | None = None, master: str | None = None) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._session = start(folder, master=master, memory_limit=memory_limit)
        self._views: set[str] = set()
        self._source = "source"
        self._allowed: tuple[Path, ...] | None = None

    def attach_csv(self, name: str, path: Path, columns: list[str], *, delimiter: str, header: bool = True) -> None:
        """Give a CSV file a name; every column is text."""
        self._source = path.name
        breaks = self._run(lambda: files.look_through(self._session, self._file(path), path.name, delimiter))
        read = files.read_csv(self._session, self._file(path), columns, delimiter, header=header, breaks=breaks)
        if delimiter == files.BLANKS:
            read.createOrReplaceTempView(f"{name}_lines")
            split = "select split(trim(line), '[ \\\\t]+') as part from " + f"{name}_lines where trim(line) <> ''"
            parts = ", ".join(f"part[{i}] as {self.dialect.name(c)}" for i, c in enumerate(columns))
            read = self._session.sql(f"select {parts} from ({split})")
        self._view(name, read)

    def attach_parquet(self, name: str, path: Path) -> None:
        """Give a Parquet file or folder a name, columns as typed there; nanoseconds are cut to microseconds."""
        self._source = path.name
        self._view(name, self._run(lambda: self._session.read.parquet(self._file(path))))
        nanoseconds = files.in_nanoseconds(path)
        if nanoseconds:
            self._view(f"{name}_given", self._session.table(name))
            columns = (self._microseconds(c, nanoseconds.get(c)) for c in self.columns(name))
            self._view(name, self._session.sql(f"select {', '.join(columns)} from {name}_given"))

    def _microseconds(self, column: str, is_local: bool | None) -> str:
        """Write a column; one that counts nanoseconds (``is_local`` tells of which clock) as a time."""
        quoted = self.dialect.name(column)
        if is_local is None:
            return quoted
        kind = "timestamp_ntz" if is_local else "timestamp"
        return f"cast(timestamp_micros({quoted} div 1000) as {kind}) as {quoted}"

    def attach_select(self, name: str, select: str) -> None:
        """Give a select a name; nothing is computed before it is read."""
        self._view(name, self._sql(select))

    def attach_frame(self, name: str, frame: "pd.DataFrame") -> None:
        """Make a table of a small data frame."""
        import pyarrow as pa

        given = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata()
        self._view("_given", self._session.createDataFrame(given))
        self.make(name, "select * from _given")
        self._session.catalog.dropTempView("_given")
        self._views.discard("_given")

    def seal(self, *, also: tuple[Path, ...] = ()) -> None:
        """Attach nothing from now on but the folder of tables and ``also``; SQL cannot name files at all."""
        self._allowed = tuple(path.resolve() for path in also)

    def has(self, name: str) -> bool:
        """Tell whether the folder holds a table."""
        return any(self._path(name, kind).exists() for kind in _KINDS)

    def open(self, name: str) -> None:
        """Give a table that the folder already holds its name in this session."""
        if name in self._views and self.has(name):
            return
        if self._path(name, _DEFINED).is_file():
            kept = json.loads(self._path(name, _DEFINED).read_text(encoding="utf-8"))
            for read in kept["of"]:
                self.open(read)
            self._view(name, self._sql(kept["select"]))
        elif self.has(name):
            self._view(name, self._run(lambda: self._session.read.parquet(self._file(self._path(name)))))
        else:
            known = sorted({p.name.split(".")[0] for p in self.folder.iterdir() if p.name.endswith(_KINDS)})
            raise TableError(f"{name}: no such table in this run. {hint(name, known)}")

    def make(self, name: str, select: str, *, rows: int = 0, **values: Any) -> None:
        """Make a table from one select: written beside, then renamed, then opened by name."""
        del rows  # many disks hold them
        made = self._sql(select, **values)
        tables.check(name, made.columns)
        written = self._path(name).with_suffix(f".{os.getpid()}.part")
        shutil.rmtree(written, ignore_errors=True)
        try:
            self._run(lambda: made.write.parquet(str(written)))
            files.replace(written, self._path(name))
        finally:
            shutil.rmtree(written, ignore_errors=True)
        self._path(name, _DEFINED).unlink(missing_ok=True)
        self._view(name, self._session.read.schema(made.schema).parquet(self._file(self._path(name))))

    def reduce(self, name: str, reduction: Reduction) -> None:
        """Make a table of customers by grouping lines."""
        self.make(name, reduction.select(self.dialect))

    def define(self, name: str, select: str, *, of: tuple[str, ...], **values: Any) -> None:
        """Give a select over tables a name, instead of writing its rows again."""
        defined = self._sql(select, **values)
        tables.check(name, defined.columns)
        written = self._path(name, f".{os.getpid()}.part")
        written.write_text(
            json.dumps({"of": of, "select": inlined(select, values, self.dialect.literal)}), encoding="utf-8"
        )
        written.replace(self._path(name, _DEFINED))
        remove(self._path(name))
        self._view(name, defined)

    def adopt(self, name: str, given: list[Path]) -> None:
        """Make a table of Parquet files that lie elsewhere, without copying them."""
        written = self._path(name, f".{os.getpid()}.part")
        remove(written)
        written.mkdir()
        for number, file in enumerate(given):
            link(file, written / f"{number}.parquet")
        files.replace(written, self._path(name))
        self._views.discard(name)
        self.open(name)

    def files(self, name: str) -> list[Path]:
        """Parquet files of a table."""
        return sorted(self._path(name).glob("*.parquet"))

    def drop(self, name: str) -> None:
        """Remove a table."""
        self._session.catalog.dropTempView(name)
        self._views.discard(name)
        for kind in _KINDS:
            remove(self._path(name, kind))

    def columns(self, name: str) -> dict[str, str]:
        """Names and types of the columns of a table or view, in order; types as DuckDB names them."""
        schema = self._session.sql(f"select * from {self.dialect.name(name)}").schema
        return {field.name: files.type_name(field.dataType.simpleString()) for field in schema.fields}

    def fetch(self, select: str, *, limit: int = FETCH_LIMIT, **values: Any) -> "pd.DataFrame":
        """Bring a small result to Python."""
        frame = self._decimals_as_doubles(self._sql(select, **values))
        found = self._run(frame.limit(limit + 1).toArrow)
        if found.num_rows > limit:
            raise TableError(f"fetch: the result has more than {limit:,} rows. Aggregate or filter it in the engine.")
        return files.frame(found)

    def _decimals_as_doubles(self, frame: Any) -> Any:
        """Let Spark turn decimals into the nearest double; Arrow is off by a digit."""
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
        written = path.with_suffix(f".{os.getpid()}.part")
        shutil.rmtree(written, ignore_errors=True)
        try:
            self._run(lambda: self._sql(select, **values).write.parquet(str(written)))
            files.join(sorted(written.glob("part-*.parquet")), path)
        finally:
            shutil.rmtree(written, ignore_errors=True)

    def first_rows(self, view: str, predicate: str, *, rows: int = 3, **values: Any) -> list[int]:
        """Find the first row numbers (from 1, in the order of the source) where a predicate holds."""
        # Read in one part, a file keeps its order, and the identifiers that Spark gives rise by one.
        numbered = f"select *, monotonically_increasing_id() + 1 as row_number from {view}"
        kept = {name: self._session.conf.get(name, None) for name in _ONE_PART}
        for name, value in _ONE_PART.items():
            self._session.conf.set(name, value)
        try:
            found = self.fetch(
                f"select row_number from ({numbered}) where {predicate} order by row_number limit {rows}", **values
            )
        finally:
            for name, value in kept.items():
                self._session.conf.unset(name) if value is None else self._session.conf.set(name, value)
        return [int(row) for row in found["row_number"]]

    def close(self) -> None:
        """Drop the names of this session; the tables stay in the folder, and Spark ends with the process."""
        for name in self._views:
            self._session.catalog.dropTempView(name)
        self._views.clear()

    def _path(self, name: str, kind: str = _WRITTEN) -> Path:
        return self.folder / f"{name}{kind}"

    def _file(self, path: Path) -> str:
        """Write a path so that Spark takes ``*``, ``?``, ``[`` and ``{`` in it as they are, not as a pattern."""
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
        given = {name: getattr(values[name], "item", lambda v=values[name]: v)() for name in used}
        return self._run(lambda: self._session.sql(text, args=given) if given else self._session.sql(text))

    def _run(self, act: Any) -> Any:
        """Do something, and say in one line what the source or the machine is at fault for."""
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
            raise
