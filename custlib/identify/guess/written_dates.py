"""Tells how days are written, by every form that fits all of them; and reads them so."""

import datetime as dt
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from typing import Any

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_LONG = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip
_TIME = (
    r"(?P<gap>T|\s+|,\s*)?(?P<time>\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?)?(?P<half>\s?[AaPp]\.?[Mm]\.?)?"
    r"(?P<zone>\s?(?:Z|UTC|GMT|[+-]\d{2}:?\d{2}|[+-]\d{2}))?"
)
_NUMERIC = re.compile(
    rf"^(?P<a>\d{{1,4}})(?P<sep>\.\s|[./-])(?P<b>\d{{1,2}})(?P=sep)(?P<c>\d{{1,4}})(?P<end>\.?){_TIME}$"
)
_SIGNS = re.compile(
    rf"^(?P<a>\d{{4}})\s?(?P<y>[年년])\s?(?P<b>\d{{1,2}})\s?(?P<m>[月월])\s?(?P<c>\d{{1,2}})\s?(?P<d>[日일]){_TIME}$"
)
_NAMED = re.compile(
    r"^(?P<a>\d{1,2})(?P<sep>[\s./-]{1,2})(?P<b>[A-Za-z]{3,9})(?P<dot>\.?)(?P<sep2>[\s./,-]{1,2})"
    rf"(?P<c>\d{{4}}|\d{{2}}){_TIME}$"
)
_MONTH_FIRST = re.compile(
    rf"^(?P<b>[A-Za-z]{{3,9}})(?P<dot>\.?)\s(?P<a>\d{{1,2}})(?P<comma>,?)\s(?P<c>\d{{4}}){_TIME}$"
)
_EIGHT = re.compile(rf"^(?P<a>\d{{8}}){_TIME}$")
_DIGITS = re.compile(r"^\d+([.,]\d+)?$")
_FIRST = dt.date(1971, 1, 1)
_MAY = "may"
_FITS, _MOSTLY = 0.98, 0.95
_EPOCH = dt.datetime(1970, 1, 1)
_EXCEL = dt.date(1899, 12, 30)
_ORDERS = {"ymd": ("%Y", "%m", "%d"), "dmy": ("%d", "%m", "%Y"), "mdy": ("%m", "%d", "%Y")}


@dataclass(frozen=True)
class Reading:
    """One way to read the days of a column.

    Attributes
    ----------
    form : str or None
        The ``date_format``; None where none is needed.
    days : tuple
        The day of each row, None where the value is blank or has another form.
    """

    form: str | None
    days: tuple[dt.date | None, ...]


@dataclass(frozen=True)
class Dates:
    """How the days of a column may be read: several readings where every value fits them all, the likelier first.

    Attributes
    ----------
    share : float
        Share of the filled values that are days.
    zones : tuple of str
        Offsets from UTC that the values end in.
    why : str
        Why the first reading was preferred.
    note : str
        Why none can be read, where that is so.
    """

    readings: tuple[Reading, ...]
    share: float
    zones: tuple[str, ...] = ()
    why: str = ""
    note: str = ""
    is_number: bool = False


@dataclass(frozen=True)
class _Parts:
    family: str
    tokens: tuple[str, ...]
    shape: tuple[str, ...]
    tail: str
    zone: str


def dates_of(values: Sequence[Any], today: dt.date) -> Dates | None:
    """Tell how days are written; None if most values are none.

    Examples
    --------
    >>> [reading.form for reading in dates_of(["03/04/2025", "05/06/2025"], dt.date(2026, 1, 1)).readings]
    ['%d/%m/%Y', '%m/%d/%Y']
    """
    filled = [value for value in values if value is not None]
    if not filled:
        return None
    if all(isinstance(value, dt.date) for value in filled):
        days = tuple(_day_of(value) if value is not None else None for value in values)
        return Dates((Reading(None, days),), 1.0)
    texts = [str(value).strip() if value is not None else None for value in values]
    parts = _with_may({text: _parts(text) for text in set(texts) if text is not None})
    kinds = Counter((one.family, one.shape, one.tail) for text in texts if text and (one := parts[text]))
    if not kinds or sum(kinds.values()) < _MOSTLY * len(filled):
        return _numbered(texts, len(filled), today)
    return _of_parts(texts, parts, kinds, today)


def _day_of(value: dt.date) -> dt.date:
    return value.date() if isinstance(value, dt.datetime) else value


def _with_may(parts: dict[str, _Parts | None]) -> dict[str, _Parts | None]:
    """Take May, which is as long as it is short, for what the other months are."""
    long = any(one is not None and "long" in one.shape for one in parts.values())
    length = "long" if long else "short"
    return {
        text: replace(one, shape=tuple(length if word == _MAY else word for word in one.shape)) if one else None
        for text, one in parts.items()
    }


@cache
def _parts(text: str) -> _Parts | None:
    for family, pattern in (
        ("numeric", _NUMERIC),
        ("signs", _SIGNS),
        ("named", _NAMED),
        ("monthfirst", _MONTH_FIRST),
        ("eight", _EIGHT),
    ):
        match = pattern.match(text)
        if match:
            groups = match.groupdict()
            tokens = (groups["a"], groups.get("b") or "", groups.get("c") or "")
            zone = (groups["zone"] or "").strip()
            return _Parts(family, tokens, _shape(family, groups), _tail(groups), zone)
    return None


def _shape(family: str, groups: dict[str, str | None]) -> tuple[str, ...]:
    """What the values of one form have in common, beside the numbers."""
    if family == "numeric":
        lengths = "4" if len(groups["a"] or "") == 4 else "", "4" if len(groups["c"] or "") == 4 else ""
        return (groups["sep"] or "", *lengths, groups["end"] or "")
    if family == "signs":
        return (groups["y"] or "", groups["m"] or "", groups["d"] or "")
    if family in ("named", "monthfirst"):
        month = (groups["b"] or "").casefold()
        long = _MAY if month == _MAY else "long" if len(month) > 3 else "short"
        middle = (groups.get("sep") or "", groups.get("sep2") or "") if family == "named" else (groups["comma"] or "",)
        return (*middle, groups["dot"] or "", long, str(len(groups["c"] or "")))
    return ()


def _tail(groups: dict[str, str | None]) -> str:
    """The form of the time."""
    time = groups["time"] or ""
    if not time:
        return ""
    gap = groups["gap"] or ""
    hour = "%I" if groups["half"] else "%H"
    form = f"{hour}:%M" + (":%S" if time.count(":") == 2 else "") + (".%f" if "." in time else "")
    half = (" %p" if (groups["half"] or "").startswith(" ") else "%p") if groups["half"] else ""
    return f"{gap}{form}{half}"


def _of_parts(
    texts: Sequence[str | None],
    parts: dict[str, _Parts | None],
    kinds: Counter[tuple[str, tuple[str, ...], str]],
    today: dt.date,
) -> Dates | None:
    (family, shape, tail), count = kinds.most_common(1)[0]
    filled = sum(text is not None for text in texts)
    if family == "numeric" and shape[1] == "4" and shape[0] == "-":  # ISO days need no form, with times or without
        count = sum(n for (kind, one, _), n in kinds.items() if kind == family and one == shape)
        same: Callable[[_Parts], bool] = lambda one: one.family == family and one.shape == shape  # noqa: E731
    else:
        same = lambda one: (one.family, one.shape, one.tail) == (family, shape, tail)  # noqa: E731
    chosen = [one if text and (one := parts[text]) and same(one) else None for text in texts]
    forms = [_reading(order, chosen, shape, tail) for order in _orders_of(family, shape)]
    share = count / filled
    readings = [one for one in forms if _fits(one.days, count, today)]
    zones = tuple(sorted({one.zone for one in chosen if one and one.zone}))
    if not readings:
        return None if family != "eight" else _numbered(texts, filled, today)
    note = "" if share >= _MOSTLY else "days are written in several forms"
    ranked, why = _ranked(readings, family, shape)
    return Dates(tuple(ranked), share, zones, why, note)


def _orders_of(family: str, shape: tuple[str, ...]) -> list[str]:
    if family == "numeric":
        return ["ymd"] if shape[1] == "4" else ["dmy", "mdy"] if shape[2] == "4" else ["dmy", "mdy", "ymd"]
    if family == "eight":
        return ["eight ymd", "eight dmy", "eight mdy"]
    return [family]


def _reading(order: str, parts: Sequence[_Parts | None], shape: tuple[str, ...], tail: str) -> Reading:
    days = {one: _day(order, one) for one in set(parts) if one is not None}
    return Reading(_form(order, shape, tail), tuple(days[one] if one is not None else None for one in parts))


def _form(order: str, shape: tuple[str, ...], tail: str) -> str | None:
    """Write the date_format of an order."""
    if order in _ORDERS:
        sep, first, last, end = shape
        if order == "ymd" and first == "4" and sep == "-" and not tail.endswith("%p"):
            return None
        year = "%Y" if "4" in (first, last) else "%y"
        return sep.join(code if code != "%Y" else year for code in _ORDERS[order]) + end + tail
    if order.startswith("eight"):
        return "".join(_ORDERS[order[6:]]) + tail
    if order == "signs":
        return f"%Y{shape[0]}%m{shape[1]}%d{shape[2]}{tail}"
    month = "%B" if shape[-2] == "long" else "%b"
    if order == "monthfirst":
        return f"{month}{shape[1]} %d{shape[0]} %Y{tail}"
    return f"%d{shape[0]}{month}{shape[2]}{shape[1]}{'%Y' if shape[-1] == '4' else '%y'}{tail}"


def _day(order: str, parts: _Parts) -> dt.date | None:
    a, b, c = parts.tokens
    if order.startswith("eight"):
        order = order[6:]
        cut = {"ymd": (4, 6), "dmy": (2, 4), "mdy": (2, 4)}[order]
        a, b, c = a[: cut[0]], a[cut[0] : cut[1]], a[cut[1] :]
    if order in ("named", "monthfirst"):
        name = b.casefold()
        if name not in MONTHS and name not in _LONG:
            return None
        a, b, c = a, str(MONTHS.index(name[:3]) + 1), c
        order = "dmy"
    year, month, day = {"ymd": (a, b, c), "signs": (a, b, c), "dmy": (c, b, a), "mdy": (c, a, b)}[order]
    try:
        return dt.date(_year(year), int(month), int(day))
    except ValueError:
        return None


def _year(text: str) -> int:
    if len(text) == 4:
        return int(text)
    return int(text) + (1900 if int(text) >= 69 else 2000)


def _fits(days: Sequence[dt.date | None], filled: int, today: dt.date) -> bool:
    """Tell whether nearly all are days between 1971 and tomorrow."""
    last = today + dt.timedelta(days=1)
    return sum(day is not None and _FIRST <= day <= last for day in days) >= _FITS * filled


def _ranked(readings: list[Reading], family: str, shape: tuple[str, ...]) -> tuple[list[Reading], str]:
    """Put the likelier reading first; what the rest of the values proves leaves one only."""
    if len(readings) == 1:
        return readings, ""
    if family == "eight":
        return readings[:1], ""
    if family == "numeric" and shape[0].startswith("."):
        dotted = [one for one in readings if (one.form or "").startswith(("%d", "%y"))]
        readings = dotted or readings
        if len(readings) == 1:
            return readings, "days with points are day before month"
    if "4" not in shape[1:3]:
        readings = _by_year(readings)
    ordered = [one for one in readings if _is_sorted(one.days)]
    if len(readings) > 1 and len(ordered) == 1:
        return ordered, "the rows are in order of time only so"
    return readings, ""


def _by_year(readings: list[Reading]) -> list[Reading]:
    """Of two-digit years keep the readings with few years: days of the month taken for years make many."""
    years = {one.form: len({day.year for day in one.days if day}) for one in readings}
    least = min(years.values())
    return [one for one in readings if years[one.form] <= 2 * least + 2]


def _is_sorted(days: Sequence[dt.date | None]) -> bool:
    """Tell whether at least twenty different days rise or fall from row to row nearly always."""
    known = [day for day in days if day]
    if len(set(known)) < 20:
        return False
    rises = sum(a <= b for a, b in pairwise(known))
    falls = sum(a >= b for a, b in pairwise(known))
    return max(rises, falls) >= 0.98 * (len(known) - 1)


def _numbered(texts: Sequence[str | None], filled: int, today: dt.date) -> Dates | None:
    """Read day numbers of Excel, and seconds or milliseconds since 1970."""
    if sum(bool(text and _DIGITS.match(text)) for text in texts) < _FITS * filled:
        return None
    for form, read in (("epoch_ms", _of_milliseconds), ("epoch_s", _of_seconds), ("excel", _of_excel)):
        days = tuple(read(text) if text and _DIGITS.match(text) else None for text in texts)
        late = dt.date(1995, 1, 1)
        if _fits(days, filled, today) and sum(day is not None and day >= late for day in days) >= _FITS * filled:
            return Dates((Reading(form, days),), 1.0, is_number=True)
    return None


def _of_seconds(text: str) -> dt.date | None:
    number = float(text.replace(",", "."))
    return (_EPOCH + dt.timedelta(seconds=number)).date() if 1e8 <= number < 1e10 else None


def _of_milliseconds(text: str) -> dt.date | None:
    return _of_seconds(str(float(text.replace(",", ".")) / 1000))


def _of_excel(text: str) -> dt.date | None:
    number = float(text.replace(",", "."))
    return _EXCEL + dt.timedelta(days=int(number)) if 20_000 <= number <= 80_000 else None
