"""Stages JSON lines: one object a line, its values as text, so that our own casts apply."""

import codecs
import json
import re
from itertools import islice
from pathlib import Path
from typing import Any

from custlib.engine.dialect import DUCKDB, literal
from custlib.engine.file_paths import file_literal
from custlib.errors import RunError, TableError
from custlib.identify.reading.encodings import encoding_of, head_of, open_bytes, transcode
from custlib.identify.reading.inputs import MONEY, Input, Staged, distinct, in_role, used
from custlib.identify.reading.roles import mapped_of
from custlib.identify.reading.staging import embedded, staged

_TRIED_LINES = 20_000
_LARGEST_LINE = 2_000_000
ONE_A_LINE = "Write one object a line, as .jsonl: jq -c '.[]' sales.json > sales.jsonl"
_NESTED = "nested value in column "


def stage_jsonlines(entry: Input, folder: Path) -> Staged:
    """Stream JSON lines into a Parquet file, the columns that are read as text.

    Raises TableError if a line is no JSON object, a value that is read is nested, or a required key is missing.
    """
    if entry.path is None:
        raise TableError(f"{entry.name}: is no file.")
    head = head_of(entry.path, entry.name)
    encoding, remarks = encoding_of(head, entry.source.encoding, entry.name)
    if encoding == "utf-8" and not head.startswith(codecs.BOM_UTF8):  # the engine reads no mark
        return _stage(entry, entry.path, folder, remarks)
    with staged(folder, ".jsonl") as (part, plain):
        transcode(entry.path, encoding, part, entry.name)
    try:
        return _stage(entry, plain, folder, remarks)
    finally:
        plain.unlink()


def _stage(entry: Input, path: Path, folder: Path, remarks: tuple[str, ...]) -> Staged:
    keys = _keys(entry, path)
    later = [name for name in _wanted(entry, keys) if name not in keys and name not in entry.partitions]
    columns = used(entry, [*keys, *later])
    packed = ", compression = 'gzip'" if path.suffix.lower() == ".gz" else ", compression = 'none'"
    typed = ", ".join(f"{literal(name)}: 'JSON'" for name in columns)
    read = (
        f"read_json({file_literal(path)}, format = 'newline_delimited', records = 'true', columns = {{{typed}}}, "
        f"maximum_object_size = {_LARGEST_LINE}{packed})"
    )
    with staged(folder) as (part, target), embedded() as engine:
        try:
            engine.execute(
                f"copy (select {_texts(entry, columns)} from {read}) to {literal(str(part))} (format parquet)"
            )
            seen = _seen(engine, part, [name for name in later if name in columns])
        except Exception as fault:
            raise _explained(fault, entry.name, path) from None
        available = (*keys, *(name for name in later if name in seen))
        used(entry, available)
    return Staged(target, available, remarks)


def _wanted(entry: Input, keys: tuple[str, ...]) -> list[str]:
    """The names that standard columns would have: a key may come up only far down."""
    mapped = mapped_of(entry.source, keys)
    return [mapped.get(standard, standard) for standard in entry.source.roles]


def _keys(entry: Input, path: Path) -> tuple[str, ...]:
    """List the keys of the first lines, in the order they come up."""
    head = head_of(path, entry.name).decode("utf-8-sig", errors="replace")
    whole = head.rpartition("\n")[0] or head
    keys: dict[str, None] = {}
    for number, line in islice(enumerate(whole.split("\n"), 1), _TRIED_LINES):
        if line.strip():
            keys |= dict.fromkeys(_object(entry.name, line, number))
    if not keys:
        raise TableError(f"{entry.name}: the file is empty: no object on any line. Export it again.")
    return tuple(distinct(entry.name, list(keys)))


class _Object(dict[str, Any]):
    """An object of JSON that knows which key it names twice."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        names = [name for name, _ in pairs]
        self.twice = next((name for name in names if names.count(name) > 1), None) if len(self) < len(names) else None


def _object(name: str, line: str | bytes, number: int) -> dict[str, Any]:
    try:
        content = json.loads(line, object_pairs_hook=_Object)
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, _Object):
        raise _no_object(name, number, line)
    if content.twice is not None:
        raise TableError(f"{name}: line {number:,}: column {content.twice!r} stands twice in one object. Rename one.")
    return content


def _no_object(name: str, number: int, line: str | bytes = "") -> TableError:
    start = line.lstrip()[:1]
    if number == 1 and start in ("[", b"["):
        return TableError(f"{name}: is one JSON array, not JSON lines. {ONE_A_LINE}.")
    return TableError(f"{name}: line {number:,} is no JSON object. Write one object a line, or correct that line.")


def _texts(entry: Input, columns: list[str]) -> str:
    """Write the values as text: numbers as they are, those of money with the declared decimal sign."""
    money = in_role(entry, MONEY, columns)
    return ", ".join(f"{_text(name, entry, name in money)} as {DUCKDB.name(name)}" for name in columns)


def _text(name: str, entry: Input, is_money: bool) -> str:
    column = DUCKDB.name(name)
    number = f"cast(cast({column} as double) as varchar)"
    number = f"replace({number}, '.', ',')" if is_money and entry.source.decimal == "," else number
    nested = f"error({literal(_NESTED + name)})"
    return f"""case json_type({column}) when 'DOUBLE' then {number} when 'OBJECT' then {nested}
        when 'ARRAY' then {nested} else {column} ->> '$' end"""


def _seen(engine: Any, path: Path, columns: list[str]) -> set[str]:
    """Find which columns hold anything at all."""
    if not columns:
        return set()
    counts = ", ".join(f"count({DUCKDB.name(name)})" for name in columns)
    filled = engine.execute(f"select {counts} from read_parquet({file_literal(path)})").fetchone()
    return {name for name, n in zip(columns, filled, strict=True) if n}


def _explained(fault: Exception, name: str, path: Path) -> Exception:
    """Say what is wrong with the file, never what stands in it."""
    text = str(fault)
    if isinstance(fault, TableError):
        return fault
    if _NESTED in text:
        column = text.split(_NESTED, 1)[1].splitlines()[0].strip()
        return TableError(f"{name}: column {column!r} holds a list or nested value. Write one value per row.")
    if type(fault).__name__ == "OutOfMemoryException" or "no space" in text.lower():
        return RunError(f"{name}: memory or disk is too short to stage it. Free some and run again.")
    line = re.search(r"in line (\d+)", text)
    if "transform error" in text.lower() or "malformed json" in text.lower():
        return _faulty(name, path, int(line[1]) if line else 1)
    if "maximum_object_size" in text:
        return TableError(f"{name}: a line is longer than {_LARGEST_LINE:,} bytes. Write one purchase a line.")
    return TableError(f"{name}: cannot be read, truncated or corrupt. Export it again.")


def _faulty(name: str, path: Path, near: int) -> TableError:
    """Find the line that is no object: the engine counts one more or less, as its threads part the file."""
    first = max(near - 2, 1)
    with open_bytes(path) as file:
        for number, line in enumerate(islice(file, first - 1, near + 1), first):
            try:
                _object(name, line if line.strip() else "{}", number)
            except TableError as fault:
                return fault
    return _no_object(name, near)
