"""Defines the attributes of structure tables: a column of the lines, a customer attribute, an age band, a segment.

Reads ``transactions``, ``customer_attributes`` and the snapshots, by selects that :mod:`custlib.audit.structure` joins.
Ages and segments are evaluated at the end of each of two periods.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from custlib import rules
from custlib.engine.dialect import Dialect
from custlib.errors import UsageError, hint

OF_LINES = ("channel", "product")
AGE_BAND = "age_band"


@dataclass(frozen=True)
class Periods:
    """The latest period and the one before it, windows of equal length.

    Attributes
    ----------
    as_of : datetime.date
        Last day of the latest period.
    middle : datetime.date
        Last day of the period before.
    """

    as_of: dt.date
    middle: dt.date

    @property
    def start(self) -> dt.date:
        """The day before the period before begins.

        Examples
        --------
        >>> Periods(dt.date(2025, 12, 31), dt.date(2025, 10, 1)).start
        datetime.date(2025, 7, 2)
        """
        return self.middle - (self.as_of - self.middle)


@dataclass(frozen=True)
class Attribute:
    """An attribute of customers, or of their lines.

    Attributes
    ----------
    name : str
        Its name in the table.
    now, before : str
        Selects of ``customer_id`` and ``value`` (text), at most one row per customer, at the end of each period; empty
        for a column of ``transactions``.
    """

    name: str
    now: str = ""
    before: str = ""


def of_lines(name: str) -> Attribute:
    """Use a column of the lines.

    Examples
    --------
    >>> of_lines("shop")
    Traceback (most recent call last):
    custlib.errors.UsageError: structure: lines have no attribute shop. Available: channel, product.
    """
    if name not in OF_LINES:
        raise UsageError(f"structure: lines have no attribute {name}. {hint(name, list(OF_LINES))}")
    return Attribute(name)


def of_customers(sql: Dialect, name: str, expression: str = "", *, before: str = "") -> Attribute:
    """Use a customer attribute with its current value."""
    now = expression or sql.name(f"attribute_{name}")
    select = "select customer_id, {value} as value from customer_attributes"
    return Attribute(name, select.format(value=now), select.format(value=before or now))


def of_ages(
    sql: Dialect, name: str, periods: Periods, *, form: str | None = None, starts: Sequence[int] = ()
) -> Attribute:
    """Use the age band of customers at the end of each period, by the bands of a project or else the usual ones."""
    column, days = sql.name(f"attribute_{name}"), (periods.as_of, periods.middle)
    bands = [age_band(sql, column, day, form=form, starts=starts) for day in days]
    now, before = of_customers(sql, name, bands[0], before=bands[1]).now, of_customers(sql, name, bands[1]).now
    return Attribute(AGE_BAND, now, before)


def of_segments(segmentation: str, now: str, before: str) -> Attribute:
    """Use the segment of customers at the end of each period."""
    return Attribute(segmentation, *(f"select customer_id, segment as value from ({s})" for s in (now, before)))


def bands(starts: Sequence[int] = ()) -> dict[str, int]:
    """Name the age bands with the full years at which each begins, the youngest first.

    Examples
    --------
    >>> list(bands())
    ['0-17', '18-24', '25-34', '35-44', '45-54', '55-64', '65+']
    >>> bands([30, 60])
    {'0-29': 0, '30-59': 30, '60+': 60}
    """
    begin = [0, *(starts or rules.load("structure")["age_bands"])]
    return {f"{first}-{after - 1}": first for first, after in pairwise(begin)} | {f"{begin[-1]}+": begin[-1]}


def first_year(band: str) -> int:
    """Read the full years at which an age band begins.

    Examples
    --------
    >>> first_year("18-24"), first_year("65+")
    (18, 65)
    """
    return int(band.partition("-")[0].rstrip("+"))


def age_band(
    sql: Dialect, attribute: str, as_of: dt.date, *, form: str | None = None, starts: Sequence[int] = ()
) -> str:
    """Write the age band at a date.

    Examples
    --------
    >>> from custlib.engine.dialect import DUCKDB
    >>> "then '65+'" in age_band(DUCKDB, "attribute_birth_date", dt.date(2025, 6, 30))
    True
    """
    born = sql.formatted_day(attribute, form) if form else f"cast({sql.moment(attribute)} as date)"
    years, oldest = age(born, as_of), rules.load("structure")["oldest"]
    falling = reversed(bands(starts).items())
    cases = " ".join(f"when {years} >= {first} then {sql.literal(name)}" for name, first in falling)
    return f"case when {years} > {oldest} then null {cases} end"


def age(born: str, as_of: dt.date) -> str:
    """Write the age in full years at a date; a birthday on 29 February counts from 1 March."""
    number = f"{as_of:%Y%m%d}"
    return f"floor(({number} - (year({born}) * 10000 + month({born}) * 100 + day({born}))) / 10000.0)"
