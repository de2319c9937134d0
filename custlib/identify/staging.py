"""Makes the staged files of a run: what an engine cannot read itself, streamed once into ``staged_<n>``.

A staged file is written beside and renamed when whole; whatever stops the writing, no half file keeps the name.
"""

import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from custlib.engine.dialect import literal

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

ROWS = 50_000
_THREADS, _MEGABYTES_EACH = 4, 250
_HALF = (1 << 64) - 1  # a hash is summed in two halves, which a 128-bit integer holds for any number of rows


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
    rows = f"select md5_number(to_json(row)) as hash from read_parquet({literal(str(path))}) as row"
    with embedded() as connection:
        columns = connection.execute(f"describe select * from read_parquet({literal(str(path))})").fetchall()
        found = connection.execute(f"select count(*), {sums} from ({rows})").fetchall()
    return hashlib.sha256(repr(([column[:2] for column in columns], found)).encode()).hexdigest()


@contextmanager
def embedded() -> Iterator["duckdb.DuckDBPyConnection"]:
    """Open an engine of our own for the time of a block, that neither spills nor downloads."""
    import duckdb

    with duckdb.connect(":memory:") as connection:
        for name in ("autoinstall_known_extensions", "autoload_known_extensions"):
            connection.execute(f"set {name} = false")
        connection.execute("set temp_directory = ''")
        threads = min(_THREADS, os.cpu_count() or 1)
        connection.execute(f"set threads = {threads}")
        connection.execute(f"set memory_limit = '{threads * _MEGABYTES_EACH}MB'")
        yield connection
