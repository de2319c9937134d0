"""Tells how the text of a file is laid out: encoding, lines above the header, delimiter, header or none."""

import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from custlib.errors import TableError
from custlib.identify.guess.headings import folded, kinds_of
from custlib.identify.reading.encodings import candidates, encoding_of

DELIMITERS = (",", ";", "\t", "|")
_MORE = ("cp1250", "cp1254", "cp1253")
_WESTERN = "äöüßÄÖÜéèêëàâçîïôùûñóíáúãõåæøÅØÆÉÈÀÇÑÓÍÁÚÃÕ€£°ºª’–“”«»¿¡ìò\xa0®"
_USUAL = {
    "cp1252": _WESTERN,
    "cp1254": _WESTERN + "ğĞşŞıİ",
    "cp1250": "ąćęłńóśźżĄĆĘŁŃÓŚŹŻáčďéěíňřšťúůýžÁČĎÉĚÍŇŘŠŤÚŮÝŽőűŐŰäöüßÄÖÜșțăâî€–“”\xa0°",
    "cp1251": "абвгдежзийклмнопрстуфхцчшщъыьэюяАБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯёЁ№«»іїєґІЇЄҐ–\xa0",
    "cp1253": "αβγδεζηθικλμνξοπρστυφχψωάέήίόύώςΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩΆΈΉΊΌΎΏ€\xa0",
}
_SCRIPTS = {"shift_jis": "[\u3040-\u30ff\u4e00-\u9fff]", "euc_kr": "[\uac00-\ud7a3]"}
_HAN = "[\u4e00-\u9fff\u3000-\u303f\uff00-\uffef]"
_HEAD_RECORDS = 200
_LIKE_VALUE = re.compile(r"^[^\w]*[\d.,'\s/:-]*\d[\d.,'\s/:-]*[^\w]*$")
_RULED = re.compile(r"^[\s|+]*[-=_]{8,}[-=_\s|+]*$")
_LIKE_HEADER = 0.6
_HUNGARIAN_FIRST = 0.5
_LEAST_SHARE = 0.6


@dataclass(frozen=True)
class Layout:
    """How a text is parted: lines above the header, delimiter, header; ``names`` is empty where there is none."""

    delimiter: str
    skip_rows: int
    names: tuple[str, ...]
    width: int


def told_encoding(head: bytes, name: str) -> str:
    r"""Tell the encoding of the start of a file: what its bytes say, else the one that makes words of its headings.

    Raises TableError if it is in no encoding that is known.

    Examples
    --------
    >>> told_encoding("Müşteri No;Tutar\n".encode("cp1254"), "sales.csv")
    'cp1254'
    """
    try:
        return encoding_of(head, "auto", name)[0]
    except TableError:
        if b"\0" in head:
            raise
    scores = {encoding: _plausibility(head, encoding) for encoding in [*candidates(head), *_MORE]}
    if not scores or max(scores.values()) <= 0:
        raise TableError(f"{name}: encoding is none that is known. Save the file as CSV UTF-8.")
    return max(scores, key=lambda encoding: scores[encoding])


def _plausibility(head: bytes, encoding: str) -> float:
    """Score a reading: three for each heading that it makes a known one, and the share of usual letters."""
    text = decoded(head, encoding)
    if text is None:
        return 0.0
    foreign = [sign for sign in text if sign > "\x7f"]
    if not foreign:
        return 1.0
    cells = re.split(r"[,;\t|\r\n\"]", text[:4000])
    known = sum(
        3.0 for cell in cells if any(sign > "\x7f" for sign in cell) and 1.0 in kinds_of(cell.strip()[:60]).values()
    )
    if encoding in _USUAL:
        usual = sum(sign in _USUAL[encoding] for sign in foreign)
    else:
        usual = len(re.findall(_SCRIPTS.get(encoding, _HAN), "".join(foreign)))
    return known + usual / len(foreign) + (_HUNGARIAN_FIRST if encoding == "cp1250" and _is_hungarian(foreign) else 0.0)


def _is_hungarian(foreign: Sequence[str]) -> bool:
    """Tell long vowels of Hungarian from the tilde and circumflex that the same bytes are in Windows 1252."""
    signs = set("".join(foreign).casefold())
    return bool(signs & set("őű")) and not signs & set("çăęąşţ")


def decoded(head: bytes, encoding: str) -> str | None:
    """Decode bytes that may end within a sign; None if they are of another encoding."""
    import codecs

    try:
        return codecs.getincrementaldecoder(encoding)().decode(head).removeprefix("\ufeff")
    except (UnicodeDecodeError, LookupError):
        return None


def records(text: str, delimiter: str) -> list[list[str]]:
    """Part a text into records and cells."""
    if delimiter == "whitespace":
        return [line.split() for line in text.splitlines()]
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error:
        return []


def told_layout(text: str, name: str) -> Layout:
    """Tell how a text is laid out.

    Raises TableError if nothing parts it into columns, or it is a printed list between ruled lines.
    """
    head = "\n".join(text.splitlines()[: _HEAD_RECORDS + 50])
    if any(_RULED.match(line) for line in head.splitlines()[:40]):
        raise TableError(
            f"{name}: is a printed list, with ruled lines between its rows. Export it as a spreadsheet or CSV instead."
        )
    scored = [(_evenness(head, sign), sign) for sign in DELIMITERS]
    best = max(scored, key=lambda pair: pair[0])
    if best[0] == 0:
        best = (_evenness(head, "whitespace"), "whitespace")
    if best[0] == 0:
        return _of_one_column(head, name)
    return _layout(head, best[1])


def _of_one_column(head: str, name: str) -> Layout:
    raise TableError(f"{name}: none of , ; tab | or blanks parts the lines into columns. Export it as CSV.")


def _evenness(head: str, delimiter: str) -> float:
    """Score a delimiter by the share of lines that it parts into the usual number of columns, and that number."""
    rows = [row for row in records(head, delimiter)[:_HEAD_RECORDS] if any(cell.strip() for cell in row)]
    width = _width(rows)
    if width < 2:
        return 0.0
    share = sum(len(row) == width for row in rows) / len(rows)
    above = next((place for place, row in enumerate(rows) if len(row) == width), 0)
    if share < _LEAST_SHARE and len(rows) > 12:
        return 0.0
    return share * (1 - 1 / width) - 0.1 * min(above, 1)


def _width(rows: Sequence[Sequence[str]]) -> int:
    widths = Counter(len(row) for row in rows)
    return max(widths, key=lambda width: (widths[width], width)) if widths else 0


def _layout(head: str, delimiter: str) -> Layout:
    rows = records(head, delimiter)
    full = [row for row in rows if any(cell.strip() for cell in row)]
    width = _width(full)
    place = next(n for n, row in enumerate(rows) if _is_full(row, width, full))
    skipped = _physical_lines(head, delimiter, place)
    header, below = rows[place], [row for row in rows[place + 1 :] if len(row) == width]
    names = tuple(cell.strip("\ufeff") for cell in header) if is_header(header, below) else ()
    return Layout(delimiter, skipped, names, width)


def _is_full(row: Sequence[str], width: int, rows: Sequence[Sequence[str]]) -> bool:
    """Tell whether a row has every column, and as many texts as other rows: titles over a table are padded."""
    cells = sum(bool(cell.strip()) for cell in row)
    usual = sorted(sum(bool(cell.strip()) for cell in other) for other in rows if len(other) == width)
    return len(row) == width and cells >= _LIKE_HEADER * usual[len(usual) // 2]


def _physical_lines(head: str, delimiter: str, place: int) -> int:
    """Count the lines of the file before a record."""
    if delimiter == "whitespace" or place == 0:
        return place
    reader = csv.reader(io.StringIO(head, newline=""), delimiter=delimiter)
    for _ in range(place):
        next(reader)
    return reader.line_num


def is_header(row: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Tell whether a row names columns: it holds no number or day, and its names are distinct or known."""
    if any(_LIKE_VALUE.match(cell) for cell in row if cell.strip()):
        return False
    named = [cell for cell in row if cell.strip()]
    if any(kinds_of(cell) for cell in named):
        return True
    values = [cell for other in below[:50] for cell in other]
    return len({folded(cell) for cell in named}) == len(named) and any(
        _LIKE_VALUE.match(cell) for cell in values if cell
    )
