"""Numbers, money, intervals and dates as a reader wants them; follows page.md, Voice.

Every function takes a value and a language (``"en"`` or ``"zh"``) and returns text. What is missing
(``None``, NaN, NaT) becomes an en dash.
"""

import math
from collections.abc import Callable
from datetime import date
from typing import Any

from custlib.errors import UsageError, hint
from custlib.report.page_limits import limit

MISSING = "–"
_MINUS = "\u2212"
_UNITS = {"en": ((1e9, " B"), (1e6, " M"), (1e3, " k")), "zh": ((1e8, "亿"), (1e4, "万"))}
_DIGITS = {"en": 2, "zh": 3}
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _missing(value: Any) -> bool:
    return value is None or value != value


def _decimals(value: float, digits: int) -> int:
    """Decimals that leave ``digits`` significant figures, never fewer than none."""
    if value == 0 or not math.isfinite(value):
        return 0
    return max(0, digits - 1 - math.floor(math.log10(abs(value))))


def _plain(value: float, decimals: int) -> str:
    text = f"{abs(value):,.{decimals}f}"
    return _MINUS + text if value < 0 and any(c in "123456789" for c in text) else text


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

    Parameters
    ----------
    value : float or None
        Any number.
    language : str
        ``"en"`` or ``"zh"``.

    Returns
    -------
    str
        Text for a reader.

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
    return _plain(value, 0) if whole else _bare(_plain(value, _decimals(value, 3)))


def _bare(text: str) -> str:
    """Drop noughts after the decimal point that say nothing."""
    return text.rstrip("0").rstrip(".") if "." in text else text


def compact(value: float | None, language: str = "en") -> str:
    """Write a number short, with two or three figures and a unit.

    Parameters
    ----------
    value : float or None
        Any number.
    language : str
        ``"en"`` counts in k, M and B, ``"zh"`` in 万 and 亿.

    Returns
    -------
    str
        Text for a reader.

    Examples
    --------
    >>> compact(118_234), compact(1_234_567), compact(12_345), compact(42.7), compact(-5_300)
    ('118 k', '1.2 M', '12 k', '43', '−5.3 k')
    >>> compact(118_234, "zh"), compact(123_456_789, "zh"), compact(9_800, "zh")
    ('11.8万', '1.23亿', '9,800')
    """
    if _missing(value):
        return MISSING
    assert value is not None
    size, name = _unit(value, language)
    if not name:
        return _bare(_plain(value, _decimals(value, 2)))
    return _bare(_plain(value / size, _decimals(value / size, _DIGITS[language]))) + name


def money(value: float | None, currency: str, language: str = "en") -> str:
    """Write an amount short, with its currency.

    Parameters
    ----------
    value : float or None
        Amount.
    currency : str
        ISO 4217 code, or ``""`` where the table names it once.
    language : str
        ``"en"`` or ``"zh"``.

    Returns
    -------
    str
        Text for a reader.

    Examples
    --------
    >>> money(118_234, "USD"), money(35.9, "EUR"), money(None, "USD")
    ('USD 118 k', 'EUR 36', '–')
    >>> money(118_234, "CNY", "zh"), money(118_234, "USD", "zh")
    ('11.8万元', '11.8万 USD')
    """
    if _missing(value):
        return MISSING
    return _with_currency(compact(value, language), currency, language)


def _with_currency(text: str, currency: str, language: str) -> str:
    if language == "zh":
        return text + {"CNY": "元", "": ""}.get(currency, f" {currency}")
    return f"{currency} {text}".strip()


def interval(low: float | None, high: float | None, language: str = "en", currency: str = "") -> str:
    """Write an interval with one unit, as precise as its ends differ.

    Parameters
    ----------
    low, high : float or None
        Ends.
    language : str
        ``"en"`` or ``"zh"``.
    currency : str
        ISO 4217 code, or ``""``.

    Returns
    -------
    str
        Text for a reader.

    Examples
    --------
    >>> interval(118_000, 152_000), interval(0.93, 1.21), interval(-5_000, 12_000)
    ('118–152 k', '0.9–1.2', '−5 to 12 k')
    >>> interval(118_000, 152_000, "zh", "CNY"), interval(118_200, 118_400)
    ('12–15万元', '118.2–118.4 k')
    """
    if _missing(low) or _missing(high):
        return MISSING
    assert low is not None and high is not None
    size, name = _unit(max(abs(low), abs(high)), language)
    ends = low / size, high / size
    for digits in (2, 3, 4):
        decimals = _decimals(max(ends, key=abs), digits)
        texts = [_plain(end, decimals) for end in ends]
        if texts[0] != texts[1]:
            break
    between = "–" if low >= 0 else {"en": " to ", "zh": "至"}[language]
    return _with_currency(between.join(texts) + name, currency, language)


def share(value: float | None, language: str = "en") -> str:
    """Write a fraction as a percentage.

    Parameters
    ----------
    value : float or None
        Fraction, 1 is the whole.
    language : str
        ``"en"`` or ``"zh"``.

    Returns
    -------
    str
        Text for a reader.

    Examples
    --------
    >>> share(0.7134), share(0.052), share(0.0004), share(1), share(0.7134, "zh"), share(0.997)
    ('71 %', '5.2 %', '0.04 %', '100 %', '71%', '99.7 %')
    """
    if _missing(value):
        return MISSING
    assert value is not None
    return _percent(float(value)) + _percent_sign(language)


def _percent(value: float) -> str:
    points = 100 * value
    near_whole = 0.99 < abs(value) < 1
    text = _plain(points, min(2, _decimals(points, 3 if near_whole else 2)))
    return _bare(text)


def _percent_sign(language: str) -> str:
    _units(language)  # an unknown language is refused
    return "%" if language == "zh" else " %"


def change(value: float | None, language: str = "en") -> str:
    """Write a relative change with its sign.

    Parameters
    ----------
    value : float or None
        Fraction, 0.06 is six per cent more.
    language : str
        ``"en"`` or ``"zh"``.

    Returns
    -------
    str
        Text for a reader.

    Examples
    --------
    >>> change(0.06), change(-0.124), change(0), change(-0.003, "zh")
    ('+6 %', '−12 %', '±0 %', '−0.3%')
    """
    if _missing(value):
        return MISSING
    assert value is not None
    text = _percent(float(value))
    sign = "" if text.startswith(_MINUS) else "+" if any(c in "123456789" for c in text) else "±"
    return sign + ("0" if sign == "±" else text) + _percent_sign(language)


def day(value: date | None, language: str = "en") -> str:
    """Write a day.

    Parameters
    ----------
    value : datetime.date, pandas.Timestamp, str (ISO 8601) or None
    language : str
        ``"en"`` or ``"zh"``.

    Returns
    -------
    str
        Text for a reader.

    Examples
    --------
    >>> day(date(2026, 10, 31)), day(date(2026, 10, 31), "zh"), day("2026-01-05"), day(None)
    ('31 Oct 2026', '2026年10月31日', '5 Jan 2026', '–')
    """
    if _missing(value):
        return MISSING
    day_ = date.fromisoformat(str(value)[:10])
    _units(language)
    if language == "zh":
        return f"{day_.year}年{day_.month}月{day_.day}日"
    return f"{day_.day} {_MONTHS[day_.month - 1]} {day_.year}"


def suppressed(count: int | None, language: str = "en") -> str:
    """Write a count of customers; a small one is not told (``limits.toml``), nought is: it is nobody's.

    Parameters
    ----------
    count : int or None
        Customers.
    language : str
        ``"en"`` or ``"zh"``.

    Returns
    -------
    str
        Text for a reader.

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
    """Find a formatter by name.

    Parameters
    ----------
    name : str
        ``number``, ``compact``, ``share``, ``change``, ``day``, ``suppressed``, ``money``, or
        ``money:EUR`` with the currency.
    language : str
        ``"en"`` or ``"zh"``.

    Returns
    -------
    callable
        Value to text.

    Raises
    ------
    UsageError
        If there is no formatter of that name.

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
