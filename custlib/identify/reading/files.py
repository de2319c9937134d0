"""Attaches CSV and Parquet files; other encodings than UTF-8 are rewritten first.

What would only show later as a strange number is refused here: an empty file, a wrong encoding, a delimiter
that does not part the header.
"""

import csv
import zlib
from itertools import islice
from pathlib import Path

from custlib import rules
from custlib.engine.base import Engine
from custlib.errors import TableError
from custlib.identify.reading.encodings import HEAD_BYTES, encoding_of, head_of, transcode
from custlib.identify.reading.inputs import Input, Staged, distinct
from custlib.identify.reading.staging import staged

DELIMITERS = (",", ";", "\t", "|")
_TRIED_LINES = 50


def check_file(path: Path, name: str, section: str = "source") -> None:
    """Refuse what is no file that can be read.

    Raises TableError if it is missing, empty, of a kind that is not read, or packed as no export is.
    """
    if not path.is_file():
        raise TableError(f"{name}: no such file (looked in {path.parent.name}/). Correct {section}.path.")
    if path.stat().st_size == 0:
        raise TableError(f"{name}: the file is empty (0 bytes). Export it again.")
    if path.suffix.lower() == ".gz":
        _check_ratio(path, name)


def refuse_kind(path: Path, name: str) -> TableError:
    """Say that files of this kind are not read."""
    if path.suffix.lower() == ".xls":
        return TableError(f"{name}: old Excel workbooks (xls) are not read. Save the sheet as CSV UTF-8 or xlsx.")
    known = ".csv, .txt, .tsv, .jsonl, .ndjson (also with .gz), .parquet, .xlsx, .sqlite"
    return TableError(f"{name}: files ending in '{path.suffix}' are not read. Give one of {known}.")


def _check_ratio(path: Path, name: str) -> None:
    """Refuse a gzip file that unpacks to far more than an export can: the start of it tells."""
    limits = rules.load("contract")["limits"]
    with path.open("rb") as file:
        packed = file.read(HEAD_BYTES)
    most = max(limits["gzip_ratio"] * len(packed), limits["gzip_least_bytes"])
    try:
        unpacked = len(zlib.decompressobj(wbits=31).decompress(packed, most + 1))
    except zlib.error as fault:
        raise TableError(f"{name}: is no gzip file, truncated or corrupt ({fault}).") from None
    if unpacked > most:
        raise too_large(name)


def too_large(name: str) -> TableError:
    """Say that a packed file unpacks to more than an export does."""
    return TableError(
        f"{name}: unpacks to over {rules.load('contract')['limits']['gzip_ratio']} times its size, more than an "
        "export does (size limit). Unpack it yourself if it is real."
    )


def stage_csv(entry: Input, folder: Path) -> Staged | None:
    """Rewrite a CSV as UTF-8, where it is not.

    Returns None for UTF-8, which is read where it is. Raises TableError if its bytes are of no clear or not of the
    declared encoding.
    """
    path = _path(entry)
    encoding, remarks = encoding_of(head_of(path, entry.name), entry.source.encoding, entry.name)
    if encoding == "utf-8":
        return None
    with staged(folder, ".csv") as (part, target):
        transcode(path, encoding, part, entry.name)
    return Staged(target, remarks=remarks)


def attach_csv(engine: Engine, entry: Input, view: str) -> tuple[str, ...]:
    """Give a CSV file a name in the engine; every column is text.

    Raises TableError if there is no header, or the delimiter does not part it.
    """
    path = entry.staged.path if entry.staged else _path(entry)
    head = head_of(path, entry.name)
    encoding_remarks = () if entry.staged else encoding_of(head, entry.source.encoding, entry.name)[1]
    text = head.decode("utf-8-sig", errors="ignore")
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        raise TableError(f"{entry.name}: the file is empty: no header and no rows. Export it again.")
    delimiter, remarks = _delimiter(entry, lines if len(head) < HEAD_BYTES else lines[:-1])
    header = list(entry.source.names) or _header(entry, lines[0], delimiter)
    engine.attach_csv(view, path, header, delimiter=delimiter, header=not entry.source.names)
    return (*encoding_remarks, *remarks)


def attach_parquet(engine: Engine, entry: Input, view: str) -> tuple[str, ...]:
    """Give a Parquet file a name in the engine, columns as typed there.

    Raises TableError if it is no Parquet file.
    """
    path = entry.staged.path if entry.staged else _path(entry)
    try:
        engine.attach_parquet(view, path)
    except Exception as fault:
        message = str(fault).splitlines()[0].replace(str(path), entry.name).rstrip(".")
        raise TableError(f"{entry.name}: is no valid Parquet file: {message}. Export it again.") from None
    return ()


def _path(entry: Input) -> Path:
    if entry.path is None:
        raise TableError(f"{entry.name}: is no file.")
    return entry.path


def _delimiter(entry: Input, lines: list[str]) -> tuple[str, tuple[str, ...]]:
    declared = entry.source.delimiter
    if declared != "auto":
        return ("whitespace" if declared == " " else declared), ()
    fitting = [sign for sign in DELIMITERS if _parts_evenly(sign, lines)]
    if len(fitting) == 1:
        return fitting[0], (f"delimiter {_shown(fitting[0])} was taken, as the first lines say",)
    which = "several do: " + " ".join(_shown(sign) for sign in fitting) if fitting else "none does"
    raise TableError(
        f'{entry.name}: no single delimiter of , ; tab | parts the first lines evenly ({which}). Set delimiter = "...".'
    )


def _parts_evenly(sign: str, lines: list[str]) -> bool:
    """Tell whether a sign parts the first lines into equally many columns, two at least."""
    try:
        widths = {len(row) for row in islice(csv.reader(lines, delimiter=sign), _TRIED_LINES)}
    except csv.Error:
        return False
    return len(widths) == 1 and widths != {1}


def _shown(sign: str) -> str:
    return "tab" if sign == "\t" else f"'{sign}'"


def _header(entry: Input, line: str, delimiter: str) -> list[str]:
    if delimiter == "whitespace":
        return distinct(entry.name, line.split())
    names = distinct(entry.name, next(csv.reader([line], delimiter=delimiter)))
    others = [d for d in DELIMITERS if d != delimiter and len(line.split(d)) > len(names)]
    if len(names) == 1 and others:
        raise TableError(
            f"{entry.name}: the header has no delimiter '{delimiter}' but '{others[0]}' parts it. "
            f"Set delimiter = \"{others[0]}\" (and decimal, if it is ',')."
        )
    return names
