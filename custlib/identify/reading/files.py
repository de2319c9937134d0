"""Attaches CSV and Parquet files; other encodings than UTF-8 are rewritten first.

What would only show later as a strange number is refused here: an empty file, a wrong encoding, a delimiter
that does not part the header.
"""

import zlib
from functools import partial
from pathlib import Path

from custlib import rules
from custlib.engine.base import Engine
from custlib.errors import RunError, TableError
from custlib.identify.reading.encodings import HEAD_BYTES, encoding_of, has_mixed_ends, head_of, text_of, transcode
from custlib.identify.reading.headers import delimiter_of, header_of, lines_of, top_of
from custlib.identify.reading.inputs import Input, Staged, Top, distinct
from custlib.identify.reading.jsonlines import ONE_A_LINE
from custlib.identify.reading.staging import staged


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
    if path.suffix.lower() == ".json" or path.name.lower().endswith(".json.gz"):
        return TableError(f"{name}: JSON arrays are not read. {ONE_A_LINE}.")
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
    """Rewrite a CSV as UTF-8 with one kind of line ends and nothing above its header, where it is not so.

    Returns None for what is read where it is. Raises TableError if its bytes are of no clear or not of the declared
    encoding, or a line above the header names another delimiter.
    """
    path = _path(entry)
    head = head_of(path, entry.name)
    encoding, remarks = encoding_of(head, entry.source.encoding, entry.name)
    top = top_of(entry, text_of(head, encoding, errors="replace"))
    is_mixed = encoding == "utf-8" and has_mixed_ends(path, entry.name)
    if encoding == "utf-8" and not top.skipped and not is_mixed:
        return None
    rewrite = partial(transcode, path, encoding, name=entry.name, skipped=top.skipped)
    with staged(folder, ".csv") as (part, target):
        rewrite(part, newline=None if is_mixed or top.skipped else "")
        if has_mixed_ends(part, entry.name):
            rewrite(part, newline=None)
    return Staged(target, remarks=remarks, top=top)


def attach_csv(engine: Engine, entry: Input, view: str) -> tuple[str, ...]:
    """Give a CSV file a name in the engine; every column is text.

    Raises TableError if there is no header, or the delimiter does not part it.
    """
    path = entry.staged.path if entry.staged else _path(entry)
    top = (entry.staged.top if entry.staged else None) or Top()
    head = head_of(path, entry.name)
    encoding_remarks = () if entry.staged else encoding_of(head, entry.source.encoding, entry.name)[1]
    lines = lines_of(text_of(head, "utf-8", errors="replace").removeprefix("\ufeff"))
    lines = lines if len(head) < HEAD_BYTES else lines[:-1]
    if not any(line.strip() for line in lines):
        raise TableError(f"{entry.name}: the file is empty: no header and no rows. Export it again.")
    delimiter, remarks = delimiter_of(entry, lines, top)
    header = list(entry.source.names) or header_of(entry, lines, delimiter, top.skipped)
    engine.attach_csv(view, path, header, delimiter=delimiter, header=not entry.source.names)
    return (*encoding_remarks, *remarks)


def attach_parquet(engine: Engine, entry: Input, view: str) -> tuple[str, ...]:
    """Give a Parquet file a name in the engine, columns as typed there.

    Raises TableError if it is no Parquet file, or two of its columns have one name.
    """
    import pyarrow.parquet as pq

    path = entry.staged.path if entry.staged else _path(entry)
    try:
        names = pq.read_schema(path).names
        engine.attach_parquet(view, path)
    except RunError:
        raise
    except Exception as fault:
        message = (str(fault).splitlines() or [type(fault).__name__])[0].replace(str(path), entry.name).rstrip(".")
        raise TableError(f"{entry.name}: is no valid Parquet file: {message[:200]}. Export it again.") from None
    distinct(entry.name, names)
    return ()


def _path(entry: Input) -> Path:
    if entry.path is None:
        raise TableError(f"{entry.name}: is no file.")
    return entry.path
