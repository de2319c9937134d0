"""Reads a spread sample of a file: its start, its end and places between, whatever kind of file it is."""

import json
import sqlite3
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import quote

from custlib.errors import TableError, require
from custlib.identify.guess.headings import kinds_of
from custlib.identify.guess.text_layout import Layout, decoded, records, told_encoding, told_layout
from custlib.identify.reading.databases import quoted
from custlib.identify.reading.encodings import HEAD_BYTES, open_bytes
from custlib.identify.reading.files import check_file, refuse_kind
from custlib.source import kind_of

_WHOLE_BYTES = 4 << 20
_PLACES, _BYTES_EACH = 16, 48 << 10
MOST_ROWS = 20_000
_HEAD_ROWS = 2_000
_LINES_OF_CELL = 100


@dataclass(frozen=True)
class Sample:
    """Some rows of a file, in the order of the file.

    Attributes
    ----------
    path : pathlib.Path
        The file.
    names : tuple of str
        Its columns; those of a file without a header are numbered.
    rows : tuple of tuple
        Values by column, None where blank.
    settings : dict
        How it is read: encoding, delimiter, skip_rows, names, sheet, table.
    is_whole : bool
        Whether every row was read.
    others : tuple of str
        Other sheets or tables that could be meant as well.
    """

    path: Path
    names: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    settings: Mapping[str, Any] = field(default_factory=dict)
    is_whole: bool = True
    others: tuple[str, ...] = ()

    @property
    def layout(self) -> tuple[Any, ...]:
        """What files of one layout have in common."""
        return (kind_of(self.path), self.names, tuple(sorted((key, str(x)) for key, x in self.settings.items())))


def sample_of(path: Path) -> Sample:
    """Read a sample of a file.

    Raises TableError if it cannot be read, and UsageError if that needs a package that is not installed.
    """
    if not path.is_file():
        raise TableError(f"{path.name}: no such file (looked in {path.parent.name}/). Give the path of a file.")
    check_file(path, path.name)
    kind = kind_of(path)
    if kind is None:
        raise refuse_kind(path, path.name)
    try:
        return _READERS[kind](path)
    except (OSError, EOFError, zlib.error, sqlite3.DatabaseError) as fault:
        raise TableError(f"{path.name}: cannot be read, truncated or corrupt ({fault}).") from None


def _text(path: Path) -> Sample:
    blocks, is_whole = _blocks(path)
    encoding = told_encoding(blocks[0], path.name)
    head = decoded(blocks[0], encoding) or ""
    if not head.strip():
        raise TableError(f"{path.name}: the file is empty: no header and no rows. Export it again.")
    layout = told_layout(head if is_whole else head[: head.rfind("\n") + 1], path.name)
    names = layout.names or tuple(f"column_{place}" for place in range(1, layout.width + 1))
    parted = list(_records(blocks, encoding, layout))
    rows = [_cells(row) for row in parted if len(row) == layout.width]
    if any(cell.count("\n") > _LINES_OF_CELL for row in parted for cell in row):
        raise TableError(f"{path.name}: a quote is opened and never closed, so lines run together. Correct that line.")
    settings = _settings(encoding, layout, names)
    return Sample(path, names, tuple(spread(rows)), settings, is_whole and len(rows) <= MOST_ROWS)


def _settings(encoding: str, layout: Layout, names: Sequence[str]) -> dict[str, Any]:
    settings: dict[str, Any] = {}
    if encoding not in ("utf-8", "ascii"):
        settings["encoding"] = encoding
    if layout.delimiter != ",":
        settings["delimiter"] = layout.delimiter
    if layout.skip_rows:
        settings["skip_rows"] = layout.skip_rows
    if not layout.names:
        settings["names"] = list(names)
    return settings


def _blocks(path: Path) -> tuple[list[bytes], bool]:
    """Read a small file whole; of a larger one the start, and blocks up to the end that begin with a line."""
    with open_bytes(path) as file:
        start = file.read(_WHOLE_BYTES + 1)
    if len(start) <= _WHOLE_BYTES:
        return [start], True
    if path.suffix.lower() == ".gz":
        return [start[: start.rfind(b"\n") + 1]], False
    blocks = [start[: start.rfind(b"\n", 0, HEAD_BYTES) + 1]]
    size = path.stat().st_size
    with path.open("rb") as file:
        for place in range(1, _PLACES + 1):
            file.seek(size * place // _PLACES - _BYTES_EACH)
            block = file.read(_BYTES_EACH)
            blocks.append(_whole_lines(block, start, is_last=place == _PLACES))
    return blocks, False


def _whole_lines(block: bytes, start: bytes, *, is_last: bool) -> bytes:
    """Take the whole lines of a block; of UTF-16 none, whose signs cannot be told from the middle of a file."""
    if start[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return b""
    return block[block.find(b"\n") + 1 : len(block) if is_last else block.rfind(b"\n") + 1]


def _records(blocks: Sequence[bytes], encoding: str, layout: Layout) -> Iterator[list[str]]:
    for place, block in enumerate(blocks):
        text = decoded(block, encoding) or ""
        if place == 0:
            lines = text.splitlines(keepends=True)[layout.skip_rows :]
            rows = iter(records("".join(lines), layout.delimiter))
            if layout.names:
                next(rows, None)
            yield from rows
        else:
            yield from records(text, layout.delimiter)


def _cells(row: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(None if cell is None or (isinstance(cell, str) and not cell.strip()) else cell for cell in row)


def spread(rows: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Take the first rows and runs of rows up to the last, at most ``MOST_ROWS``."""
    if len(rows) <= MOST_ROWS:
        return list(rows)
    runs = 36
    length = (MOST_ROWS - _HEAD_ROWS) // runs
    chosen = list(rows[:_HEAD_ROWS])
    for run in range(1, runs + 1):
        end = _HEAD_ROWS + (len(rows) - _HEAD_ROWS) * run // runs
        chosen += rows[end - length : end]
    return chosen


def _jsonlines(path: Path) -> Sample:
    blocks, is_whole = _blocks(path)
    lines = [line for block in blocks for line in (decoded(block, "utf-8") or "").splitlines()]
    objects = [_object(line, path.name) for line in lines if line.strip()]
    names = tuple(
        dict.fromkeys(name for one in objects for name, value in one.items() if not isinstance(value, dict | list))
    )
    rows = [_cells([one.get(name) for name in names]) for one in objects]
    return Sample(path, names, tuple(spread(rows)), {}, is_whole and len(rows) <= MOST_ROWS)


def _object(line: str, name: str) -> dict[str, Any]:
    try:
        one = json.loads(line.lstrip("\ufeff"))
    except ValueError as fault:
        raise TableError(f"{name}: a line is no JSON ({fault}). Export one object a line.") from None
    if not isinstance(one, dict):
        raise TableError(f"{name}: a line is no JSON object. Export one object a line.")
    return one


def _parquet(path: Path) -> Sample:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(path)
    except (OSError, pa.ArrowInvalid) as fault:
        raise TableError(f"{path.name}: is no valid Parquet file: {fault}. Export it again.") from None
    names = tuple(field.name for field in file.schema_arrow if not pa.types.is_nested(field.type))
    groups = range(file.num_row_groups)
    rows: list[tuple[Any, ...]] = []
    for group in [*groups[:1], *groups[1 :: max(len(groups) // _PLACES, 1)]]:
        size = MOST_ROWS // 4 if group == 0 else MOST_ROWS // 40
        batch = next(file.iter_batches(batch_size=size, row_groups=[group], columns=list(names)), None)
        rows += [_cells([row[name] for name in names]) for row in batch.to_pylist()] if batch is not None else []
    return Sample(path, names, tuple(rows), {}, len(rows) == file.metadata.num_rows)


def _sqlite(path: Path) -> Sample:
    connection = sqlite3.connect(f"file:{quote(str(path.resolve()))}?mode=ro", uri=True)
    try:
        listed = (
            "select name from sqlite_schema where type in ('table', 'view') and name not like 'sqlite~_%' escape '~'"
        )
        tables = [name for (name,) in connection.execute(listed).fetchall()]
        parts = {name: _table(connection, name) for name in tables}
    finally:
        connection.close()
    return _chosen(path, "table", parts)


def _table(connection: sqlite3.Connection, table: str) -> tuple[tuple[str, ...], list[tuple[Any, ...]], bool]:
    cursor = connection.execute(f"select * from {quoted(table)} limit {MOST_ROWS + 1}")
    names = tuple(column[0] for column in cursor.description)
    rows = [_cells(row) for row in cursor.fetchall()]
    return names, rows[:MOST_ROWS], len(rows) <= MOST_ROWS


def _excel(path: Path) -> Sample:
    import warnings

    openpyxl = require("openpyxl", extra="excel", purpose=f"{path.name}: Excel")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = openpyxl.load_workbook(path, read_only=True, data_only=True, keep_links=False)
            parts, skipped = {}, {}
            for sheet in book.worksheets:
                sheet.reset_dimensions()
                rows = list(islice(sheet.iter_rows(values_only=True), MOST_ROWS + 50))
                parts[sheet.title], skipped[sheet.title] = _sheet(rows)
            book.close()
    except Exception as fault:
        raise TableError(
            f"{path.name}: is no valid Excel workbook ({type(fault).__name__}). Save it as xlsx."
        ) from None
    sample = _chosen(path, "sheet", parts)
    chosen = sample.settings.get("sheet", next(iter(parts)))
    above = {"skip_rows": skipped[chosen]} if skipped[chosen] else {}
    return Sample(path, sample.names, sample.rows, {**sample.settings, **above}, sample.is_whole, sample.others)


def _sheet(rows: Sequence[Sequence[Any]]) -> tuple[tuple[tuple[str, ...], list[tuple[Any, ...]], bool], int]:
    """Find the header of a sheet: the first row with as many cells as the others have."""
    rows = [_cells(row) for row in rows]
    filled = [sum(cell is not None for cell in row) for row in rows]
    usual = sorted(count for count in filled if count) or [0]
    place = next((n for n, count in enumerate(filled) if count and count >= 0.6 * usual[len(usual) // 2]), 0)
    if not rows:
        return ((), [], True), 0
    width = max(len(row) for row in rows[place:])
    header = [*rows[place], *[None] * (width - len(rows[place]))]
    names = tuple(f"column_{n}" if cell is None else str(cell) for n, cell in enumerate(header, 1))
    below = [(*row, *[None] * (width - len(row))) for row in rows[place + 1 :] if any(cell is not None for cell in row)]
    return (names, below[:MOST_ROWS], len(rows) <= MOST_ROWS), place


def _chosen(path: Path, key: str, parts: Mapping[str, tuple[tuple[str, ...], list[tuple[Any, ...]], bool]]) -> Sample:
    """Take the table or sheet whose columns are most like purchases."""
    if not any(rows for _, rows, _ in parts.values()):
        raise TableError(f"{path.name}: holds no {key} with rows. Export it again.")
    scores = {name: _likeness(names, rows) for name, (names, rows, _) in parts.items()}
    best = max(scores, key=lambda name: (scores[name], len(parts[name][1])))
    names, rows, is_whole = parts[best]
    others = tuple(name for name, score in scores.items() if name != best and score >= 2)
    return Sample(path, names, tuple(rows), {key: best} if len(parts) > 1 else {}, is_whole, others)


def _likeness(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> float:
    """Count the roles that headings name: a customer, a day and money make purchases."""
    if not rows:
        return -1.0
    wanted = (("customer_id", "email", "person"), ("timestamp", "paid_date"), ("amount", "unit_price", "net", "gross"))
    kinds = [kinds_of(name) for name in names]
    return float(sum(max((kind.get(role, 0.0) for kind in kinds for role in roles), default=0.0) for roles in wanted))


_READERS = {"csv": _text, "jsonl": _jsonlines, "parquet": _parquet, "sqlite": _sqlite, "excel": _excel}
