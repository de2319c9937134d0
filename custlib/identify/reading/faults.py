"""Says what is wrong with a source in the error form of the house, from what the engine says of it."""

import re
from pathlib import Path

from custlib.engine.base import UNEVEN
from custlib.errors import RunError, TableError, UsageError
from custlib.identify.reading.encodings import open_bytes
from custlib.identify.reading.inputs import Input
from custlib.machine import short

_STAGED = re.compile(r"""[^"'\n]*staged_\d+\.\w+""")
_BLANKS = re.compile(rb"[ \t]+")


def explain(fault: Exception, entry: Input) -> Exception:
    """Turn what the engine says of an unreadable file into the error form of the house."""
    path, section = entry.path or Path(entry.name), entry.source.section
    if refused := short(fault, path.name):
        return refused
    text = str(fault)
    if UNEVEN in text:
        return _uneven(entry, path.name)
    if isinstance(fault, RunError) and (str(path) in text or _STAGED.search(text)):
        return TableError(f"{path.name}: cannot be read, truncated or corrupt (end of the file). Export it again.")
    if isinstance(fault, UsageError | TableError | RunError):
        return type(fault)(text.replace("source.date_format", f"{section}.date_format"))
    if "format specifier" in text:
        return UsageError(f"{section}.date_format: {text.splitlines()[0].split(': ', 1)[-1]}. Use strptime codes.")
    if fault_of_line := _of_line(text, entry, path.name):
        return fault_of_line
    message = _STAGED.sub(path.name, text.replace(str(path), path.name)).splitlines()[0].rstrip(".")
    return TableError(f"{path.name}: cannot be read, truncated or corrupt: {message[:200]}. Export it again.")


def _of_line(text: str, entry: Input, name: str) -> TableError | None:
    """Say what is wrong with a line of a CSV file, if that is the fault."""
    line = re.search(r"CSV Error on Line: (\d+)", text)
    kind = re.sub(r"Original Line:.*", "", text).lower()
    where = f" at line {int(line[1]) + _above(entry):,}" if line else ""
    if "expected number of columns" in kind:
        return TableError(f"{name}: a line{where} does not have the columns of the header. Correct that line.")
    if "utf-8" in kind or "unicode" in kind:
        return TableError(f"{name}: encoding is not UTF-8{where}. Save it as UTF-8.")
    if "unterminated quote" in kind:
        return TableError(f"{name}: a quote is opened{where} and never closed. Correct that line.")
    if "csv error" in kind:
        return TableError(f"{name}: a line{where} is no line of a CSV file. Correct that line.")
    return None


def _above(entry: Input) -> int:
    return entry.staged.top.skipped if entry.staged and entry.staged.top else 0


def _uneven(entry: Input, name: str) -> TableError:
    """Find the first line, parted by blanks, that has more or fewer parts than the header."""
    path = entry.staged.path if entry.staged else entry.path
    width = len(entry.source.names)
    with open_bytes(path or Path(name)) as file:
        for number, line in enumerate(file, _above(entry) + 1):
            parts = _BLANKS.split(line.strip(b" \t\r\n"))
            if parts == [b""]:
                continue
            width = width or len(parts)
            if len(parts) != width:
                return TableError(
                    f"{name}: line {number:,} has {len(parts):,} parts, the header {width:,}: a value holds a blank "
                    "or is missing, so the others would move. Correct that line, or export with another delimiter."
                )
    return TableError(f"{name}: {UNEVEN}. Correct that line.")
