"""Defines the attributes of structure tables: a column of the lines, a customer attribute, an age band, a segment.

Reads ``transactions``, ``customer_attributes`` and the snapshots, by selects that :mod:`custlib.audit.structure` joins.
Ages and segments are evaluated at the end of each of two periods.
"""

import datetime as dt
from dataclasses import dataclass

from custlib.audit.ages import age_band
from custlib.engine.dialect import Dialect
from custlib.errors import UsageError, hint

OF_LINES = ("channel", "product")


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


def of_ages(sql: Dialect, name: str, periods: Periods, *, form: str | None = None) -> Attribute:
    """Use the age band of customers at the end of each period."""
    bands = [age_band(sql, sql.name(f"attribute_{name}"), day, form=form) for day in (periods.as_of, periods.middle)]
    now, before = of_customers(sql, name, bands[0], before=bands[1]).now, of_customers(sql, name, bands[1]).now
    return Attribute("age_band", now, before)


def of_segments(segmentation: str, now: str, before: str) -> Attribute:
    """Use the segment of customers at the end of each period."""
    return Attribute(segmentation, *(f"select customer_id, segment as value from ({s})" for s in (now, before)))
