"""Opens the source of a project: makes the view ``source`` with the columns as the file names them.

What would only show later as a strange number is refused here: an empty file, a wrong encoding, a delimiter
that does not part the header, a column that is not there.
"""

import codecs
import csv
import gzip
import re
import zlib
from dataclasses import dataclass
from pathlib import Path

from custlib import rules
from custlib.engine.base import Engine
from custlib.errors import RunError, TableError, UsageError, hint
from custlib.project import STANDARD_COLUMNS, Source

REQUIRED = ("customer_id", "timestamp")
_HEAD_BYTES = 1 << 20
_BYTES_OF_ROW, _PACKED = 30, 6  # of a CSV; how much smaller gzip makes it
_NESTED = ("STRUCT", "MAP", "UNION", "VARIANT", "JSON")
_NO_NUMBER = ("BOOLEAN", "DATE", "TIME", "BLOB", "UUID", "INTERVAL")


@dataclass(frozen=True)
class Opened:
    """What was found in a source: the columns used, those ignored, and remarks for the reader.

    Attributes
    ----------
    columns : dict of str to str
        Standard column to its name in the file.
    types : dict of str to str
        Standard column to its SQL type.
    ignored : tuple of str
        Columns of the file that nothing reads.
    remarks : tuple of str
        What was taken differently from how it was written.
    """

    columns: dict[str, str]
    types: dict[str, str]
    ignored: tuple[str, ...]
    remarks: tuple[str, ...]


def open_source(engine: Engine, source: Source, path: Path) -> Opened:
    """Attach the file of a source as the view ``source``.

    Parameters
    ----------
    engine : Engine
        Where to attach it.
    source : Source
        How the file is written.
    path : pathlib.Path
        Where it is.

    Returns
    -------
    Opened
        The columns found.

    Raises
    ------
    TableError
        If the file is missing, empty, not UTF-8, not parted by the delimiter, or lacks a required column.
    """
    _check_file(path)
    _check_ratio(path)
    if path.suffix == ".parquet":
        _attach_parquet(engine, path)
    else:
        header = _header(path, source)
        engine.attach_csv("source", path, header, delimiter=_delimiter(source), header=not source.names)
    types = engine.columns("source")
    columns, remarks = _match(path, source, list(types))
    _check_types(path, columns, types)
    ignored = tuple(c for c in types if c not in columns.values())
    return Opened(columns, {s: types[given] for s, given in columns.items()}, ignored, remarks)


def about_rows(path: Path) -> int:
    """Tell about how many rows a file has, from its size or what a Parquet file says of itself.

    Parameters
    ----------
    path : pathlib.Path
        The file.

    Returns
    -------
    int
        Rows.
    """
    if path.suffix == ".parquet":
        import pyarrow.parquet as pq

        return int(pq.read_metadata(path).num_rows)
    return path.stat().st_size * (_PACKED if path.suffix == ".gz" else 1) // _BYTES_OF_ROW


def _delimiter(source: Source) -> str:
    return "whitespace" if source.delimiter == " " else source.delimiter


def _check_file(path: Path) -> None:
    if path.is_dir():
        raise TableError(f"{path.name}: is a directory. Name one CSV or Parquet file.")
    if not path.is_file():
        raise TableError(f"{path.name}: no such file (looked in {path.parent.name}/). Correct source.path.")
    if path.stat().st_size == 0:
        raise TableError(f"{path.name}: the file is empty (0 bytes). Export it again.")
    known = (".csv", ".txt", ".tsv", ".gz", ".parquet")
    if path.suffix.lower() in (".xls", ".xlsx", ".xlsm"):
        raise TableError(f"{path.name}: Excel workbooks (xls, xlsx) are not read. Save the sheet as CSV UTF-8.")
    if path.suffix.lower() not in known:
        raise TableError(f"{path.name}: files ending in '{path.suffix}' are not read. Give one of {', '.join(known)}.")


def _check_ratio(path: Path) -> None:
    """Refuse a gzip file that unpacks to far more than an export can: the start of it tells."""
    if path.suffix.lower() != ".gz":
        return
    limits = rules.load("contract")["limits"]
    with path.open("rb") as file:
        packed = file.read(_HEAD_BYTES)
    most = max(limits["gzip_ratio"] * len(packed), limits["gzip_least_bytes"])
    try:
        unpacked = len(zlib.decompressobj(wbits=31).decompress(packed, most + 1))
    except zlib.error as fault:
        raise TableError(f"{path.name}: is no gzip file, truncated or corrupt ({fault}).") from None
    if unpacked > most:
        raise TableError(
            f"{path.name}: unpacks to over {limits['gzip_ratio']} times its size, more than an export does "
            "(size limit). Unpack it yourself if it is real."
        )


def _check_types(path: Path, columns: dict[str, str], types: dict[str, str]) -> None:
    """Refuse columns of types that hold no single value, and money that is no number."""
    faults = []
    for standard, given in columns.items():
        kind = types[given]
        money = standard in ("amount", "cost", "quantity")
        if kind.endswith("]") or kind.startswith(_NESTED) or (money and kind.startswith(_NO_NUMBER)):
            mapped = f" (mapped from {standard})" if given != standard else ""
            what = "a list or nested value" if not kind.startswith(_NO_NUMBER) else "no number"
            faults.append(f"{path.name}: column {given!r}{mapped} has type {kind}, {what}. Write one value per row.")
    if faults:
        raise TableError("\n".join(faults))


def _attach_parquet(engine: Engine, path: Path) -> None:
    try:
        engine.attach_parquet("source", path)
    except Exception as fault:
        said = str(fault).splitlines()[0].replace(str(path), path.name).rstrip(".")
        raise TableError(f"{path.name}: is no valid Parquet file: {said}. Export it again.") from None


def _header(path: Path, source: Source) -> list[str]:
    if source.names:
        return list(source.names)
    line = _first_line(path, _head(path))
    delimiter = _delimiter(source)
    if delimiter == "whitespace":
        return _distinct(path, line.split())
    names = _distinct(path, next(csv.reader([line], delimiter=delimiter)))
    others = [d for d in (",", ";", "\t", "|") if d != delimiter and len(line.split(d)) > len(names)]
    if len(names) == 1 and others:
        raise TableError(
            f"{path.name}: the header has no delimiter '{delimiter}' but '{others[0]}' parts it. "
            f"Set delimiter = \"{others[0]}\" (and decimal, if it is ',')."
        )
    return names


def _distinct(path: Path, names: list[str]) -> list[str]:
    names = [name.strip("\ufeff") or f"column_{place}" for place, name in enumerate(names, 1)]
    folded = [name.casefold() for name in names]
    twice = [name for name in names if folded.count(name.casefold()) > 1]
    if twice:
        raise TableError(f"{path.name}: column {twice[0]!r} stands twice in the header. Rename one.")
    return names


def _head(path: Path) -> bytes:
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            return file.read(_HEAD_BYTES)
    except (OSError, EOFError) as fault:
        raise TableError(f"{path.name}: cannot be read, truncated or corrupt ({fault}).") from None


def _first_line(path: Path, head: bytes) -> str:
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise TableError(f"{path.name}: encoding is UTF-16, not UTF-8. Save it as UTF-8.")
    if b"\0" in head:
        raise TableError(
            f"{path.name}: encoding is not UTF-8: a zero byte at byte {head.index(0):,}, as in UTF-16 or a binary "
            "file. Save it as UTF-8."
        )
    try:
        text = codecs.getincrementaldecoder("utf-8-sig")().decode(head)
    except UnicodeDecodeError as fault:
        raise TableError(
            f"{path.name}: encoding is not UTF-8 at byte {fault.start:,} "
            f"(line {_line_of(head, fault.start):,}){_legacy(head)}. Save it as UTF-8."
        ) from None
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        raise TableError(f"{path.name}: the file is empty: no header and no rows. Export it again.")
    return lines[0]


def _legacy(head: bytes) -> str:
    """Name the old encoding that the bytes would fit, in the order of what is likelier."""
    for encoding in ("gb18030", "cp1252"):
        try:
            codecs.getincrementaldecoder(encoding)().decode(head)
        except UnicodeDecodeError:
            continue
        return f"; it could be {encoding.upper()}"
    return ""


def _line_of(head: bytes, position: int) -> int:
    return head[:position].count(b"\n") + 1


def _match(path: Path, source: Source, available: list[str]) -> tuple[dict[str, str], tuple[str, ...]]:
    """Find the column of each standard name; a name given in the mapping must be there."""
    folded = {name.strip().casefold(): name for name in available}
    columns, faults, remarks = {}, [], []
    for standard in STANDARD_COLUMNS:
        wanted = source.columns.get(standard, standard)
        found = wanted if wanted in available else folded.get(wanted.strip().casefold())
        if found is not None:
            columns[standard] = found
            if found != wanted:
                remarks.append(f"column name {found!r} was read as {wanted!r}")
        elif standard in source.columns or standard in REQUIRED:
            mapped = f" (mapped from {standard})" if wanted != standard else ""
            faults.append(f"{path.name}: column {wanted!r}{mapped} is missing. {hint(wanted, available)}")
    if faults:
        faults.append('Name your columns, for instance [source.columns] customer_id = "client".')
        raise TableError("\n".join(faults))
    return columns, tuple(remarks)


def explain(fault: Exception, path: Path) -> Exception:
    """Turn what the engine says of an unreadable file into the error form of the house.

    Parameters
    ----------
    fault : Exception
        What the engine raised.
    path : pathlib.Path
        The file.

    Returns
    -------
    Exception
        The error to raise.
    """
    text = str(fault)
    if isinstance(fault, RunError) and str(path) in text:
        return TableError(f"{path.name}: cannot be read, truncated or corrupt (end of the file). Export it again.")
    if isinstance(fault, UsageError | TableError | RunError):
        return fault
    if "format specifier" in text:
        return UsageError(f"source.date_format: {text.splitlines()[0].split(': ', 1)[-1]}. Use strptime codes.")
    text = text.replace(str(path), path.name)
    line = re.search(r"CSV Error on Line: (\d+)", text)
    kind = re.sub(r"Original Line:.*", "", text).lower()
    where = f" at line {int(line[1]):,}" if line else ""
    if "expected number of columns" in kind:
        return TableError(f"{path.name}: a line{where} does not have the columns of the header. Correct that line.")
    if "utf-8" in kind or "unicode" in kind:
        return TableError(f"{path.name}: encoding is not UTF-8{where}. Save it as UTF-8.")
    if "unterminated quote" in kind:
        return TableError(f"{path.name}: a quote is opened{where} and never closed. Correct that line.")
    if "csv error" in kind:
        return TableError(f"{path.name}: a line{where} is no line of a CSV file. Correct that line.")
    said = text.splitlines()[0].rstrip(".")
    return TableError(f"{path.name}: cannot be read, truncated or corrupt: {said[:200]}. Export it again.")
