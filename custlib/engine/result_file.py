"""Writes a result to a file that a user named: CSV, Parquet or Excel, by its suffix.

The rows are written in the engine's folder first and take their name when whole, so that a failure leaves the last
result. A text that a spreadsheet would take for a formula gets an apostrophe in CSV and Excel (OWASP, "CSV Injection").
"""

import errno
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from custlib.engine.base import Engine
from custlib.engine.dialect import DUCKDB, literal
from custlib.engine.file_paths import file_literal
from custlib.errors import RunError, UsageError, require

_FORMULA = "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"
_NO_NUMBER = ("FLOAT", "DOUBLE")
_LAST_ROW = 1_048_576  # of a sheet, the header included
_BATCH = 10_000


def check_target(out: Path, inputs: Iterable[Path], *, option: str = "--out") -> None:
    """Refuse a file that cannot be written, or that is read.

    Parameters
    ----------
    out : pathlib.Path
        The file to write.
    inputs : iterable of pathlib.Path
        Files and folders that are read.
    option : str, default "--out"
        What named the file, the first word of the message.

    Raises
    ------
    UsageError
        If it is a folder, a device, of a kind that is not written, or one of the inputs by whatever name.

    Examples
    --------
    >>> check_target(Path("sales.json"), [])
    Traceback (most recent call last):
    custlib.errors.UsageError: --out: sales.json: files ending in '.json' are not written. Give one of .csv, .parquet,
    .xlsx.
    """
    place = out.resolve()
    if out.is_dir() or not place.parent.is_dir():
        raise UsageError(f"{option}: {out.name} is a directory or lies in none. Name a file in a folder that exists.")
    if out.exists() and not out.is_file():
        raise UsageError(f"{option}: {out.name} is a device or another special file. Name a plain file.")
    for path in inputs:
        _refuse_input(out, place, path, option)
    if out.suffix.lower() not in WRITERS:
        raise UsageError(
            f"{option}: {out.name}: files ending in '{out.suffix}' are not written. Give one of {', '.join(WRITERS)}."
        )
    if out.suffix.lower() == ".xlsx":
        _openpyxl(option)


def _refuse_input(out: Path, place: Path, path: Path, option: str) -> None:
    read = path.resolve()
    if place == read or (out.exists() and read.exists() and place.samefile(read)):
        raise UsageError(f"{option}: {out.name} is the file of purchases itself. Name another file.")
    if place == read.with_suffix("") and read.suffix.lower() == ".gz":
        raise UsageError(f"{option}: {out.name} is the unpacked name of {path.name}, which is read. Name another file.")
    if read.is_dir() and place.is_relative_to(read):
        raise UsageError(
            f"{option}: {out.name} lies in the folder of purchases, so the next run would read it. Name a file in "
            "another folder."
        )


def write_result(engine: Engine, select: str, out: Path, *, option: str = "--out", mode: int | None = None) -> None:
    """Write the rows of a select to a file, in the order of the select.

    Parameters
    ----------
    engine : Engine
        The engine that has the tables.
    select : str
        What to write.
    out : pathlib.Path
        The file; its suffix says how, as :func:`check_target` accepts them.
    option : str, default "--out"
        What named the file, the first word of the message.
    mode : int, optional
        Permissions of the file, as 0o600; those that new files have without it.

    Raises
    ------
    RunError
        If the disk is full, or the file may not be written.
    UsageError
        If a workbook cannot hold as many rows.
    """
    rows = engine.folder / f"result.{os.getpid()}.parquet"
    draft = rows.with_suffix(".part")
    try:
        engine.write(select, rows)
        WRITERS[out.suffix.lower()](rows, draft, f"{option}: {out.name}")
        _put(draft, out.resolve(), f"{option}: {out.name}", mode)
    finally:
        rows.unlink(missing_ok=True)
        draft.unlink(missing_ok=True)


def _put(draft: Path, out: Path, name: str, mode: int | None) -> None:
    """Give a whole file its name."""
    part = out.with_name(f".{os.getpid()}.part")
    try:
        if mode is not None:
            draft.chmod(mode)
        shutil.move(draft, part)
        part.replace(out)
    except OSError as fault:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        full = fault.errno in (errno.ENOSPC, errno.EDQUOT)
        remedy = "Free some, or name a file on a larger disk" if full else "Name a file where you may write"
        raise RunError(f"{name}: {fault.strerror}. {remedy}.") from None


def _write_parquet(rows: Path, draft: Path, name: str) -> None:
    del name
    rows.replace(draft)


def _write_csv(rows: Path, draft: Path, name: str) -> None:
    """Write UTF-8 with commas, a point and ISO days; blank where there is no value."""
    from custlib.engine.duckdb import connect

    del name
    source = f"read_parquet({file_literal(rows)}, hive_partitioning = false)"
    with closing(connect({"temp_directory": "", "threads": "1"})) as connection:
        described = connection.execute(f"describe select * from {source}").fetchall()
        columns = ", ".join(_shown(column, kind) for column, kind, *_ in described)
        connection.execute(f"copy (select {columns} from {source}) to {literal(str(draft))} (format csv, header)")


def _shown(column: str, kind: str) -> str:
    """Write a column of a CSV: no formula, and nothing where a number is none."""
    quoted = DUCKDB.name(column)
    if kind in _NO_NUMBER:
        return f"case when not isnan({quoted}) then {quoted} end as {quoted}"
    if kind != "VARCHAR":
        return quoted
    signs = ", ".join(f"chr({ord(sign)})" for sign in _FORMULA)
    return f"case when left({quoted}, 1) in ({signs}) then '''' || {quoted} else {quoted} end as {quoted}"


def _write_excel(rows: Path, draft: Path, name: str) -> None:
    import pyarrow.parquet as pq

    with pq.ParquetFile(rows) as file:
        if file.metadata.num_rows >= _LAST_ROW:
            raise UsageError(
                f"{name}: {file.metadata.num_rows:,} rows are more than the {_LAST_ROW - 1:,} of a sheet. "
                "Name a .csv or .parquet file."
            )
        book = _openpyxl(name.partition(":")[0]).Workbook(write_only=True)
        sheet = book.create_sheet("result")
        sheet.append(file.schema_arrow.names)
        for row in _rows(file):
            sheet.append([_cell(value) for value in row])
        book.save(draft)


def _openpyxl(option: str) -> Any:
    return require("openpyxl", extra="excel", purpose=f"{option}: Excel")


def _rows(file: Any) -> Iterator[tuple[Any, ...]]:
    for batch in file.iter_batches(_BATCH):
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


def _cell(value: Any) -> Any:
    """Write a value of a sheet: no formula, no sign that a workbook cannot hold, nothing where a number is none."""
    if isinstance(value, float) and value != value:
        return None
    if not isinstance(value, str):
        return value
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    text = str(ILLEGAL_CHARACTERS_RE.sub("\ufffd", value))
    return f"'{text}" if text.startswith(tuple(_FORMULA)) else text


WRITERS: dict[str, Callable[[Path, Path, str], None]] = {
    ".csv": _write_csv,
    ".parquet": _write_parquet,
    ".xlsx": _write_excel,
}
