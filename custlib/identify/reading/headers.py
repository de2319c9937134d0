"""Finds the header of a text file: what stands above it, its delimiter, and its names.

Lines above the header are passed over where ``skip_rows`` says so; else the line that looks like the header is named,
as a title read for a header gives other columns. A first line ``sep=;``, which Excel writes and reads, is no header.
"""

import csv
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from itertools import islice

from custlib.errors import TableError
from custlib.identify.reading.inputs import Input, Top, distinct, match

DELIMITERS = (",", ";", "\t", "|")
_BLANKS = "whitespace"
_AUTO = "auto"
_TRIED_LINES = 50
_FEWEST = 2  # lines below a header that bear it out
_SEPARATOR = re.compile(r'^\ufeff?"?sep=(.)"?\s*$', re.IGNORECASE | re.DOTALL)
Rows = list[tuple[int, list[str]]]
_NUMBER = re.compile(r"^[\W\d_]*$")


def top_of(entry: Input, text: str) -> Top:
    r"""Tell what to pass over at the start of a text file.

    Raises TableError if a line ``sep=`` names another delimiter than the project.

    Examples
    --------
    >>> from custlib.source import Source
    >>> top_of(Input(Source(path="a.csv", delimiter="auto"), "a.csv", None), "sep=;\ncustomer_id;timestamp\n")
    Top(skipped=1, delimiter=';')
    """
    lines = lines_of(text)
    source = entry.source
    named = _SEPARATOR.match(lines[0]) if lines and not source.skip_rows else None
    delimiter = named[1] if named else None
    if delimiter and source.delimiter not in (_AUTO, delimiter):
        raise TableError(
            f"{entry.name}: the first line names the delimiter {shown(delimiter)}, the project "
            f"{shown(source.delimiter)}. Set delimiter = \"{delimiter}\" (and decimal, if it is ',')."
        )
    start = max(source.skip_rows, 1 if named else 0)
    blank = next((n for n, line in enumerate(lines[start:]) if line.strip("\ufeff \t\r\n")), 0)
    return Top(start + blank, delimiter)


def lines_of(text: str) -> list[str]:
    """Part a text at its line ends and nowhere else, as ``str.splitlines`` would."""
    return re.split(r"\r\n|\r|\n", text)


def delimiter_of(entry: Input, lines: list[str], top: Top) -> tuple[str, tuple[str, ...]]:
    """Tell the delimiter of the first lines, and what to say of it.

    Raises TableError if it is to be found and no single sign parts the lines evenly.
    """
    declared = entry.source.delimiter
    if declared != _AUTO:
        return (_BLANKS if declared == " " else declared), ()
    if top.delimiter:
        return top.delimiter, (f"delimiter {shown(top.delimiter)} was taken, as the first line names it",)
    filled = [line for line in lines if line.strip()]
    fitting = [sign for sign in DELIMITERS if _parts_evenly(sign, filled)]
    if len(fitting) == 1:
        return fitting[0], (f"delimiter {shown(fitting[0])} was taken, as the first lines say",)
    if not fitting and not entry.source.names:
        for sign in DELIMITERS:
            refuse_titles(entry, rows_of(lines, sign), top.skipped)
    which = "several do: " + " ".join(shown(sign) for sign in fitting) if fitting else "none does"
    raise TableError(
        f'{entry.name}: no single delimiter of , ; tab | parts the first lines evenly ({which}). Set delimiter = "...".'
    )


def header_of(entry: Input, lines: list[str], delimiter: str, skipped: int = 0) -> list[str]:
    """Read the names of the columns.

    Raises TableError if names stand twice, the delimiter does not part the line, or a later line looks like the header.
    """
    rows = rows_of(lines, delimiter)
    if not rows:
        raise TableError(f"{entry.name}: line {skipped + 1:,} is no header of a CSV file. Export it again.")
    others = [d for d in DELIMITERS if d != delimiter and len(lines[0].split(d)) > 1]
    is_whole = len(rows[0][1]) == 1 and delimiter != _BLANKS
    # First, as a decimal comma in the rows would make the second line look like the header.
    filled = [line for line in lines if line.strip()]
    _refuse_delimiter(entry, delimiter, [d for d in others if is_whole and _parts_evenly(d, filled)])
    refuse_titles(entry, rows, skipped)
    names = distinct(entry.name, rows[0][1])
    _refuse_delimiter(entry, delimiter, others if is_whole else [])
    return names


def _refuse_delimiter(entry: Input, delimiter: str, others: list[str]) -> None:
    """Refuse a delimiter that does not part the header, where others do."""
    if others:
        typed = others[0].replace("\t", "\\t")
        raise TableError(
            f"{entry.name}: the header has no delimiter {shown(delimiter)} but {shown(others[0])} parts it. Set "
            f"delimiter = \"{typed}\" (and decimal, if it is ',')."
        )


def refuse_titles(entry: Input, rows: Rows, skipped: int = 0, what: str = "line") -> None:
    """Refuse a title read for a header, where a later line looks like the header.

    ``rows`` are the first lines that are not blank, with their numbers from 1; ``skipped`` lines stand above them. The
    TableError names the line that has the columns that are wanted, or from which on the lines have more columns, and
    says how to set ``skip_rows``.
    """
    if not rows or _has_columns(entry, rows[0][1]):
        return
    named = (n for n, (_, row) in enumerate(rows) if n and _has_columns(entry, row))
    place = next(named, None) or _wider([row for _, row in rows])
    if place:
        number, row = rows[place]
        raise TableError(
            f"{entry.name}: {what} {skipped + number:,} looks like the header ({_named(row)}), not {what} "
            f"{skipped + rows[0][0]:,}. Set skip_rows = {skipped + number - 1}, or take the {what}s above it out."
        )


def rows_of(lines: Iterable[str], delimiter: str) -> Rows:
    """Part the first lines at a delimiter; a line that ends within quotes goes on in the next one."""
    first = list(islice(lines, _TRIED_LINES))
    if delimiter == _BLANKS:
        return [
            (number, re.split("[ \\t]+", line.strip(" \t"))) for number, line in enumerate(first, 1) if line.strip()
        ]
    reader, rows, number = csv.reader((f"{line}\n" for line in first), delimiter=delimiter), [], 1
    with suppress(csv.Error):
        for row in reader:
            if any(value.strip() for value in row):
                rows.append((number, row))
            number = reader.line_num + 1
    return rows


def _has_columns(entry: Input, row: Sequence[str]) -> bool:
    """Tell whether a row names the columns that must be there."""
    try:
        match(entry, [*row, *entry.partitions])
    except TableError:
        return False
    return True


def _wider(rows: Sequence[Sequence[str]]) -> int | None:
    """Find the line from which on all lines have the same columns, more than the first one, and that holds names."""
    widths = [len(row) for row in rows]
    place = next((n for n in range(1, len(rows)) if len(set(widths[n:])) == 1), len(rows))
    if len(rows) - place <= _FEWEST or widths[place] <= widths[0]:
        return None
    names = [name.strip() for name in rows[place]]
    is_header = len(set(names)) == len(names) and not any(_NUMBER.match(name) for name in names)
    return place if is_header else None


def _named(row: Sequence[str]) -> str:
    names = [name.strip() for name in row if name.strip()]
    return ", ".join(names[:3]) + (" ..." if len(names) > 3 else "")


def _parts_evenly(sign: str, lines: list[str]) -> bool:
    """Tell whether a sign parts the first lines into equally many columns, two at least."""
    try:
        widths = {len(row) for row in islice(csv.reader(lines, delimiter=sign), _TRIED_LINES)}
    except csv.Error:
        return False
    return len(widths) == 1 and widths != {1}


def shown(sign: str) -> str:
    """Write a delimiter so that it is seen."""
    return "tab" if sign == "\t" else f"'{sign}'"
