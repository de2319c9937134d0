"""Stages a sheet of an Excel workbook, row by row: numbers stay numbers, days stay days.

Nothing is computed: a formula gives the value that was stored with it, and one without is refused.
"""

import datetime as dt
import re
import warnings
import zipfile
import zlib
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

from custlib import rules
from custlib.errors import TableError, UsageError, counted, hint, require
from custlib.identify.reading.files import too_large
from custlib.identify.reading.headers import refuse_titles
from custlib.identify.reading.inputs import DAYS, Input, Staged, distinct, in_role, used
from custlib.identify.reading.staging import EXCEL_START, ROWS, Rows, stage_rows

_OLD = b"\xd0\xcf\x11\xe0"
_ERRORS = re.compile(r"^#(DIV/0!|REF!|N/A|NAME\?|NULL!|NUM!|VALUE!|SPILL!|CALC!)$")
_BLOCK = 1_000
_FIRST_DAY, _LAST_DAY = 61, 200_000  # before March 1900, Excel counts a day that there was not
_TRIED_ROWS = 50
_AGAIN = "Save the sheet as CSV UTF-8, or the workbook as xlsx again."


def stage_workbook(entry: Input, folder: Path) -> Staged:
    """Stream a sheet into a Parquet file, only the columns that are read.

    Raises TableError if it is no workbook, has several sheets, lacks a column, or holds formulas without their value.
    Raises UsageError if openpyxl is not installed.
    """
    if entry.path is None:
        raise TableError(f"{entry.name}: is no file.")
    _check(entry.path, entry.name)
    sheet = _Sheet(entry, entry.path)
    header = distinct(entry.name, list(entry.source.names) or sheet.header())
    columns = used(entry, header)
    places = [header.index(name) for name in columns]
    days = [place for place, name in enumerate(columns) if name in in_role(entry, DAYS, columns)]
    errors: dict[str, int] = {}
    numbers = _DayNumbers(sheet, [] if entry.source.date_format else days)

    def read() -> Iterator[Rows]:
        errors.clear()
        numbers.read = 0
        return numbers.as_days(sheet.blocks(places, errors))

    path = stage_rows(entry, columns, read, folder)
    try:
        sheet.refuse_formulas(dict(zip(places, columns, strict=True)))
    except BaseException:
        path.unlink()
        raise
    return Staged(path, tuple(header), _remarks(errors, numbers.read))


def _remarks(errors: dict[str, int], day_numbers: int) -> tuple[str, ...]:
    message = ", ".join(f"{kind} in {n:,}" for kind, n in sorted(errors.items()))
    remarks = [f"cells hold errors of Excel and count as missing: {message}"] if message else []
    if day_numbers:
        remarks.append(f"{day_numbers:,} day numbers beside dates were read as the days that Excel shows for them")
    return tuple(remarks)


def _check(path: Path, name: str) -> None:
    """Refuse what is no workbook, or unpacks to far more than one does."""
    with path.open("rb") as file:
        start = file.read(4)
    if start == _OLD:
        raise TableError(f"{name}: is an old Excel workbook (xls) or one under a password (encrypted). {_AGAIN}")
    with _unpacked(path, name) as packed:
        unpacked = sum(entry.file_size for entry in packed.infolist())
    limits = rules.load("contract")["limits"]
    if unpacked > max(limits["gzip_ratio"] * path.stat().st_size, limits["gzip_least_bytes"]):
        raise too_large(name)


class _DayNumbers:
    """Reads numbers as days in columns whose first rows hold days: cells that lost their format in Excel."""

    def __init__(self, sheet: "_Sheet", places: list[int]) -> None:
        self.sheet, self.places, self.read = sheet, places, 0

    def as_days(self, blocks: Iterator[Rows]) -> Iterator[Rows]:
        """Give the same blocks, numbers as days where the first one has days in their column."""
        dated: list[int] | None = None
        for block in blocks:
            if dated is None:
                dated = [place for place in self.places if any(isinstance(row[place], dt.date) for row in block)]
            yield [self._row(row, dated) for row in block] if dated else block

    def _row(self, row: Sequence[Any], dated: list[int]) -> Sequence[Any]:
        odd = [place for place in dated if _is_day_number(row[place])]
        if not odd:
            return row
        self.read += len(odd)
        return [self.sheet.epoch + dt.timedelta(days=value) if n in odd else value for n, value in enumerate(row)]


def _is_day_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and _FIRST_DAY <= value <= _LAST_DAY


@contextmanager
def _unpacked(path: Path, name: str) -> Iterator[zipfile.ZipFile]:
    """Open a workbook as the archive that it is; what goes wrong is the fault of the file."""
    try:
        with zipfile.ZipFile(path) as packed:
            yield packed
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, RuntimeError):
        raise TableError(f"{name}: is no valid Excel workbook. {_AGAIN}") from None


class _Sheet:
    """One sheet of a workbook, read from the start as often as asked."""

    def __init__(self, entry: Input, path: Path) -> None:
        self.name, self.path, self.wanted = entry.name, path, entry.source.sheet
        self.epoch = EXCEL_START  # or four years later, as the workbook says
        self.has_header, self.entry, self.skipped = not entry.source.names, entry, entry.source.skip_rows

    def header(self) -> list[str]:
        """Give the first row that is not blank, below those that are passed over."""
        rows = self._rows(values=True, blank=True)
        first = [(n, _texts(row)) for n, row in enumerate(islice(rows, _TRIED_ROWS), 1)]
        rows.close()
        filled = [(n, row) for n, row in first if any(row)]
        if not filled:
            raise TableError(f"{self.name}: the sheet is empty: no header and no rows. Export it again.")
        refuse_titles(self.entry, filled, self.skipped, "row")
        return filled[0][1]

    def blocks(self, places: list[int], errors: dict[str, int]) -> Iterator[Rows]:
        """Give the rows below the header in blocks, some columns only; count the cells that hold errors."""
        rows = self._rows(values=True)
        if self.has_header:
            next(rows, None)
        block: list[list[Any]] = []
        for row in rows:
            block.append([_value(_at(row, place), errors) for place in places])
            if len(block) == ROWS:
                yield block
                block = []
        yield block

    def refuse_formulas(self, columns: dict[int, str]) -> None:
        """Raise where a cell holds a formula without the value that Excel stores with it."""
        if not self._has_formulas():
            return
        missing: dict[str, int] = {}
        pairs = zip(self._rows(values=True, blank=True), self._rows(values=False, blank=True), strict=True)
        for shown, written in pairs:
            for place, name in columns.items():
                if _at(shown, place) is None and _at(written, place) is not None:
                    missing[name] = missing.get(name, 0) + 1
        if missing:
            message = ", ".join(f"{name} in {counted(n, 'row', 'rows')}" for name, n in missing.items())
            raise TableError(
                f"{self.name}: formulas without a stored value: {message}. Open the workbook in Excel and save it, or "
                "save the sheet as CSV UTF-8."
            )

    def _has_formulas(self) -> bool:
        """Tell whether any sheet holds a formula, without parsing one."""
        with _unpacked(self.path, self.name) as packed:
            for entry in packed.infolist():
                if entry.filename.startswith("xl/worksheets/") and _holds(packed, entry):
                    return True
        return False

    def _rows(self, *, values: bool, blank: bool = False) -> Generator[tuple[Any, ...], None, None]:
        """Read the rows of the sheet, stored values or what is written; blank rows only when asked."""
        book = _opened(self.path, self.name, values=values)
        try:
            self.epoch = book.epoch
            rows = self._sheet(book).iter_rows(min_row=self.skipped + 1, values_only=True)
            while block := _quietly(rows):
                yield from (row for row in block if blank or any(value is not None for value in row))
        except (TableError, UsageError, GeneratorExit):
            raise
        except Exception as fault:
            raise TableError(f"{self.name}: is no valid Excel workbook ({type(fault).__name__}). {_AGAIN}") from None
        finally:
            book.close()

    def _sheet(self, book: Any) -> Any:
        sheets = {sheet.title: sheet for sheet in book.worksheets}
        if self.wanted is not None and self.wanted not in sheets:
            raise TableError(f"{self.name}: there is no sheet {self.wanted!r}. {hint(self.wanted, list(sheets))}")
        if self.wanted is None and len(sheets) != 1:
            raise TableError(
                f"{self.name}: has {len(sheets)} sheets ({', '.join(sheets)}). Name one, for instance "
                f'sheet = "{next(iter(sheets), "Sheet1")}".'
            )
        sheet = sheets[self.wanted] if self.wanted else next(iter(sheets.values()))
        sheet.reset_dimensions()  # some programs write a wrong one, and only that part would be read
        return sheet


def _value(value: Any, errors: dict[str, int]) -> Any:
    """Take an error of Excel for no value, and count it."""
    if not isinstance(value, str) or not _ERRORS.match(value):
        return value
    errors[value] = errors.get(value, 0) + 1
    return None


def _texts(row: tuple[Any, ...]) -> list[str]:
    """Write a row as names, without the blank cells that a sheet has beyond the last one."""
    texts = ["" if value is None else str(value) for value in row]
    last = max((n for n, text in enumerate(texts, 1) if text.strip()), default=0)
    return texts[:last]


def _at(row: tuple[Any, ...], place: int) -> Any:
    return row[place] if place < len(row) else None


def _quietly(rows: Iterator[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Take the next rows; what openpyxl warns of (styles, extensions) changes no value but shows as an error cell."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return list(islice(rows, _BLOCK))


def _holds(packed: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bool:
    with packed.open(entry) as file:
        tail = b""
        while block := file.read(1 << 20):
            if re.search(rb"<(\w+:)?f[ >/]", tail + block):
                return True
            tail = block[-64:]
    return False


def _opened(path: Path, name: str, *, values: bool) -> Any:
    openpyxl = require("openpyxl", extra="excel", purpose=f"{name}: Excel")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return openpyxl.load_workbook(path, read_only=True, data_only=values, keep_links=False)
    except Exception as fault:
        raise TableError(f"{name}: is no valid Excel workbook ({type(fault).__name__}). {_AGAIN}") from None
