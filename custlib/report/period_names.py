"""Names periods: "Jun 1998", "Q2 1998", "1998", or by the last day for periods other than calendar ones."""

import datetime as dt

from custlib.report.formats import day
from custlib.report.texts import texts


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
