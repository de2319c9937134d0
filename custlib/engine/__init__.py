"""Open an engine, DuckDB or Spark; all SQL runs through it."""

from pathlib import Path
from typing import TYPE_CHECKING

from custlib.errors import UsageError, hint
from custlib.machine import size_of

if TYPE_CHECKING:
    from custlib.engine.base import Engine

ENGINES = ("duckdb", "spark")


def open_engine(kind: str, folder: Path, *, memory_limit: str | None = None) -> "Engine":
    """Open an engine over a folder of tables.

    Examples
    --------
    >>> open_engine("oracle", Path("tables"))
    Traceback (most recent call last):
    custlib.errors.UsageError: engine: there is no oracle. Available: duckdb, spark.
    """
    if memory_limit is not None and size_of(str(memory_limit)) < 1_000_000:
        raise UsageError(f"memory_limit: {memory_limit!r} is no size of memory. Give one, for instance '500MB'.")
    if kind == "duckdb":
        from custlib.engine.duckdb import DuckDB

        return DuckDB(folder, memory_limit=memory_limit)
    if kind == "spark":
        from custlib.engine.spark import Spark

        return Spark(folder, memory_limit=memory_limit)
    raise UsageError(f"engine: there is no {kind}. {hint(kind, ENGINES)}")
