"""Makes ``holdout_period``: the last days of the history, kept back to test the forecast.

Reads ``quality``. Every command and page takes the period from here, so that all test the same forecast.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from custlib.graph import value
from custlib.project import MOST_DAYS, Project


@dataclass(frozen=True)
class HoldoutPeriod:
    """The days that test the forecast.

    Attributes
    ----------
    days : int
        Length of the period.
    covered : int
        Days from the first purchase, but for a lonely date years before, to ``as_of``; 0 without any.
    as_of : datetime.date
        Its last day.

    Examples
    --------
    >>> HoldoutPeriod(182, 730, dt.date(2025, 12, 31)).calibration_end
    datetime.date(2025, 7, 2)
    """

    days: int
    covered: int
    as_of: dt.date

    @property
    def calibration_end(self) -> dt.date:
        """Last day of the calibration period."""
        return self.as_of - dt.timedelta(days=self.days)


def half(covered: int) -> int:
    """Halve the days covered, which is the holdout where a project states none.

    Examples
    --------
    >>> half(730), half(1), half(40_000)
    (365, 1, 3650)
    """
    return min(max(covered // 2, 1), MOST_DAYS)


def days_covered(quality: Mapping[str, Any], as_of: dt.date) -> int:
    """Count the days from the first purchase to a date.

    Examples
    --------
    >>> days_covered({"first_day": "1970-01-01", "usual_first_day": "2025-01-01"}, dt.date(2025, 12, 31))
    364
    >>> days_covered({"first_day": None}, dt.date(2025, 12, 31))
    0
    """
    first = quality.get("usual_first_day", quality["first_day"])
    return max((as_of - dt.date.fromisoformat(first)).days, 0) if first else 0


@value
def holdout_period(project: Project, quality: dict[str, Any]) -> HoldoutPeriod:
    """The last days of the history, kept back as the project states, else half of the days covered."""
    covered = days_covered(quality, project.as_of)
    return HoldoutPeriod(project.holdout_days or half(covered), covered, project.as_of)
