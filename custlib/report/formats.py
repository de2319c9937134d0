"""Numbers, money, intervals and dates as a reader wants them.

Babel writes figures and dates by the rules of the language; how many figures, which unit and which sign is the
house's. Every function takes a value and a language (``"en"`` or ``"zh"``) and returns text. What is missing
(``None``, NaN, NaT) becomes an en dash.
"""

import datetime as dt
import math
from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal, localcontext
from typing import Any

from custlib.errors import UsageError, hint, require
from custlib.report.page_limits import limit
from custlib.report.texts import texts

MISSING = "–"
_MINUS, _A_TENTH, _NEARLY_ALL = "\u2212", 0.1, 0.99
_UNITS = {"en": ((1e9, " B"), (1e6, " M"), (1e3, " k")), "zh": ((1e8, " 亿"), (1e4, " 万"))}
_DIGITS = {"en": 2, "zh": 3}
_DAY = {"en": "d MMM y", "zh": "y年M月d日"}
_DIGITS_OF_A_FLOAT = 800  # the largest has 309, the smallest is written out to 767


def _babel(part: str) -> Any:
    """Import a module of Babel, which comes with an extra."""
    return require(f"babel.{part}", extra="reports", purpose="a report")


def _missing(value: Any) -> bool:
    return value is None or value != value


def _decimals(value: float, digits: int) -> int:
    """Decimals that leave ``digits`` significant figures, never fewer than none."""
    if value == 0 or not math.isfinite(value):
        return 0
    return max(0, digits - 1 - math.floor(math.log10(abs(value))))


def _plain(value: float, decimals: int, language: str, *, digit: str = "0") -> str:
    """Write a figure; a ``digit`` of ``#`` drops noughts after the decimal point, and nought has no sign."""
    with localcontext(prec=_DIGITS_OF_A_FLOAT):
        pattern = f"#,##0.{digit * decimals}"
        text = str(_babel("numbers").format_decimal(abs(Decimal(float(value))), pattern, locale=language))
    return _MINUS + text if value < 0 and any(c in "123456789" for c in text) else text


def _bare(value: float, decimals: int, language: str) -> str:
    return _plain(value, decimals, language, digit="#")


def _units(language: str) -> tuple[tuple[float, str], ...]:
    if language not in _UNITS:
        raise UsageError(f"formats: language {language!r} is not known. {hint(language, list(_UNITS))}")
    return _UNITS[language]


def _unit(value: float, language: str) -> tuple[float, str]:
    """The largest unit that leaves a figure of at least one, after rounding (999,950 is 1 M)."""
    for size, name in _units(language):
        if abs(value) >= size * 0.9995:
            return size, name
    return 1.0, ""


def number(value: float | None, language: str = "en") -> str:
    """Write a number: whole ones in full with separators, others to three figures.

    Examples
    --------
    >>> number(2357), number(0.04567), number(12.3456), number(1234.5), number(float("nan"))
    ('2,357', '0.0457', '12.3', '1,234', '–')
    """
    _units(language)
    if _missing(value):
        return MISSING
    assert value is not None
    whole = float(value) == round(float(value)) if math.isfinite(value) else True
    return _bare(value, 0 if whole else _decimals(value, 3), language)


def compact(value: float | None, language: str = "en") -> str:
    """Write a number short, with two or three figures and a unit.

    Examples
    --------
    >>> compact(118_234), compact(1_234_567), compact(12_345), compact(42.7), compact(-5_300)
    ('118 k', '1.2 M', '12 k', '43', '−5.3 k')
    >>> compact(118_234, "zh"), compact(123_456_789, "zh"), compact(9_800, "zh")
    ('11.8 万', '1.23 亿', '9,800')
    """
    if _missing(value):
        return MISSING
    assert value is not None
    size, name = _unit(value, language)
    if not name:
        return _bare(value, _decimals(value, 2), language)
    return _bare(value / size, _decimals(value / size, _DIGITS[language]), language) + name


def money(value: float | None, currency: str, language: str = "en") -> str:
    """Write an amount short, with its currency: an ISO 4217 code, or ``""`` where the table names it once.

    Examples
    --------
    >>> money(118_234, "USD"), money(35.9, "EUR"), money(None, "USD")
    ('USD 118 k', 'EUR 36', '–')
    >>> money(118_234, "CNY", "zh"), money(118_234, "USD", "zh")
    ('11.8 万元', '11.8 万 USD')
    """
    if _missing(value):
        return MISSING
    return _with_currency(compact(value, language), currency, language)


def _with_currency(text: str, currency: str, language: str) -> str:
    if language == "zh":
        unit = "元" if currency == "CNY" else currency
        return f"{text} {unit}".strip().replace("万 元", "万元").replace("亿 元", "亿元")
    return f"{currency} {text}".strip()


def interval(low: float | None, high: float | None, language: str = "en", currency: str = "") -> str:
    """Write an interval with one unit, as precise as its ends differ.

    Examples
    --------
    >>> interval(118_000, 152_000), interval(0.93, 1.21), interval(-5_000, 12_000)
    ('118–152 k', '0.9–1.2', '−5 to 12 k')
    >>> interval(118_000, 152_000, "zh", "CNY"), interval(118_200, 118_400)
    ('12–15 万元', '118.2–118.4 k')
    """
    if _missing(low) or _missing(high):
        return MISSING
    assert low is not None and high is not None
    size, name = _unit(max(abs(low), abs(high)), language)
    ends = low / size, high / size
    for digits in (2, 3, 4):
        decimals = _decimals(max(ends, key=abs), digits)
        texts = [_plain(end, decimals, language) for end in ends]
        if texts[0] != texts[1]:
            break
    between = "–" if low >= 0 else {"en": " to ", "zh": " 至 "}[language]
    return _with_currency(between.join(texts) + name, currency, language)


def share(value: float | None, language: str = "en") -> str:
    """Write a fraction as a percentage.

    Examples
    --------
    >>> share(0.7134), share(0.052), share(0.0004), share(1), share(0.7134, "zh"), share(0.997)
    ('71 %', '5.2 %', '0.04 %', '100 %', '71%', '99.7 %')
    """
    if _missing(value):
        return MISSING
    assert value is not None
    return _percent(float(value), language) + _percent_sign(language)


def shares(values: Iterable[float | None], language: str = "en") -> list[str]:
    """Write the fractions of a column as percentages of one precision: whole ones, unless all are below a tenth.

    Examples
    --------
    >>> shares([0.341, 0.074, 0.585]), shares([0.41, 0.0007, None, 0]), shares([0.062, 0.018])
    (['34 %', '7 %', '58 %'], ['41 %', '<1 %', '–', '0 %'], ['6.2 %', '1.8 %'])
    """
    fractions = list(values)
    decimals = _decimals_of(fractions)
    least = 0.5 / 10 ** (decimals + 2)
    return [
        f"<{_plain(200 * least, decimals, language)}{_percent_sign(language)}"
        if value is not None and 0 < value < least
        else _percentage(value, decimals, language)
        for value in fractions
    ]


def changes(values: Iterable[float | None], language: str = "en") -> list[str]:
    """Write the relative changes of a column with their signs, of one precision.

    Examples
    --------
    >>> changes([-0.27, 0.043, 0]), changes([-0.014, 0.004])
    (['−27 %', '+4 %', '±0 %'], ['−1.4 %', '+0.4 %'])
    """
    fractions = list(values)
    decimals = _decimals_of(fractions)
    return [_with_sign(_percentage(value, decimals, language)) for value in fractions]


def _decimals_of(fractions: list[float | None]) -> int:
    """One decimal where no fraction reaches a tenth, else none."""
    known = [abs(float(value)) for value in fractions if value is not None and value == value]
    return int(0 < max(known, default=0.0) < _A_TENTH)


def _percentage(value: float | None, decimals: int, language: str) -> str:
    if _missing(value):
        return MISSING
    return _plain(_points(float(value or 0), decimals), decimals, language) + _percent_sign(language)


def _with_sign(text: str) -> str:
    if text == MISSING or text.startswith(_MINUS):
        return text
    return ("+" if any(c in "123456789" for c in text) else "±") + text


def _percent(value: float, language: str, most: int = 2) -> str:
    near_whole = _NEARLY_ALL < abs(value) < 1
    decimals = min(most, _decimals(100 * value, 3 if near_whole else 2))
    return _bare(_points(value, decimals), decimals, language)


def _points(value: float, decimals: int) -> float:
    """Convert a fraction to per cent; nearly all is never rounded up to all."""
    points = 100 * value
    if not _NEARLY_ALL < abs(value) < 1:
        return points
    return math.copysign(math.floor(round(abs(points) * 10**decimals, 6)) / 10**decimals, points)


def _percent_sign(language: str) -> str:
    _units(language)  # an unknown language is refused
    return "%" if language == "zh" else " %"


def change(value: float | None, language: str = "en") -> str:
    """Write a relative change with its sign.

    Examples
    --------
    >>> change(0.06), change(-0.124), change(0.0004), change(-0.0034, "zh")
    ('+6 %', '−12 %', '±0 %', '−0.3%')
    """
    if _missing(value):
        return MISSING
    assert value is not None
    text = _percent(float(value), language, most=1)
    sign = "" if text.startswith(_MINUS) else "+" if any(c in "123456789" for c in text) else "±"
    return sign + ("0" if sign == "±" else text) + _percent_sign(language)


def day(value: date | None, language: str = "en") -> str:
    """Write a day.

    Examples
    --------
    >>> day(date(2026, 10, 31)), day(date(2026, 10, 31), "zh"), day("2026-01-05"), day(None)
    ('31 Oct 2026', '2026年10月31日', '5 Jan 2026', '–')
    """
    if _missing(value):
        return MISSING
    _units(language)  # an unknown language is refused
    return str(_babel("dates").format_date(date.fromisoformat(str(value)[:10]), _DAY[language], locale=language))


def suppressed(count: int | None, language: str = "en") -> str:
    """Write a count of customers; a small one is not told (``limits.toml``), nought is: it is nobody's.

    Examples
    --------
    >>> suppressed(9), suppressed(10), suppressed(2357), suppressed(0)
    ('<10', '10', '2,357', '0')
    """
    least = limit("privacy", "smallest_count")
    if not _missing(count) and 0 < float(count or 0) < least:
        return f"<{least}"
    return number(count, language)


_NAMED: dict[str, Callable[..., str]] = {
    "number": number,
    "compact": compact,
    "share": share,
    "change": change,
    "day": day,
    "suppressed": suppressed,
}


def formatter(name: str, language: str = "en") -> Callable[[Any], str]:
    """Find a formatter by its name; that of ``money`` may name the currency: ``money:EUR``.

    Raises UsageError if there is no formatter of that name.

    Examples
    --------
    >>> formatter("money:EUR")(1250)
    'EUR 1.2 k'
    """
    kind, _, currency = name.partition(":")
    if kind == "money":
        return lambda value: money(value, currency, language)
    if name not in _NAMED:
        raise UsageError(f"formats: no formatter {name!r}. {hint(name, [*_NAMED, 'money'])}")
    return lambda value: _NAMED[name](value, language)


def month_name(value: dt.date, language: str = "en") -> str:
    """Write a month with its year.

    Examples
    --------
    >>> month_name(dt.date(1998, 6, 30)), month_name(dt.date(1998, 6, 30), "zh")
    ('Jun 1998', '1998年6月')
    """
    text = day(value, language)
    return text.partition("月")[0] + "月" if language == "zh" else text.partition(" ")[2]


def period_name(first: dt.date, last: dt.date, language: str = "en") -> str:
    """Name a period of a month, a quarter or a year.

    Examples
    --------
    >>> period_name(dt.date(1998, 4, 1), dt.date(1998, 6, 30)), period_name(dt.date(1998, 1, 1), dt.date(1998, 12, 31))
    ('Q2 1998', '1998')
    >>> period_name(dt.date(1998, 3, 1), dt.date(1998, 5, 31)), period_name(dt.date(1998, 5, 1), dt.date(1998, 5, 31))
    ('to 31 May 1998', 'May 1998')
    """
    t, months = texts(language), _months(first, last)
    if not is_calendar(first, last):
        return t("audit.name_until", day=day(last, language))
    if months == 1:
        return month_name(last, language)
    if months == 3:
        return t("audit.name_quarter", quarter=last.month // 3, year=last.year)
    return t("audit.name_year", year=last.year)


def is_calendar(first: dt.date, last: dt.date) -> bool:
    """Return whether a period is a calendar month, quarter or year.

    Examples
    --------
    >>> is_calendar(dt.date(1998, 4, 1), dt.date(1998, 6, 30)), is_calendar(dt.date(1998, 3, 1), dt.date(1998, 5, 31))
    (True, False)
    """
    whole = first.day == 1 and (last + dt.timedelta(days=1)).day == 1
    return whole and _months(first, last) in (1, 3, 12) and last.month % _months(first, last) == 0


def _months(first: dt.date, last: dt.date) -> int:
    return (last.year - first.year) * 12 + last.month - first.month + 1
