"""Backtests with rolling origins: the same forecast from several earlier days, each compared with actual purchases.

Reads ``transactions``. A single holdout depends on luck; several show whether the bias drifts, and with which season.
"""

import datetime as dt
from dataclasses import dataclass

import pandas as pd

from custlib import rules
from custlib.engine.base import Engine
from custlib.errors import ModelError
from custlib.models.forecasting import as_lifetime_model
from custlib.validate.backtest import count_outcomes
from custlib.validate.backtest_groups import forecast
from custlib.value.lifetime import fit_counted

_YEAR = 365


@dataclass(frozen=True)
class Origin:
    """An earlier day that a forecast is made from, and how many days it looks ahead.

    Examples
    --------
    >>> Origin(dt.date(2025, 1, 31), 90).until
    datetime.date(2025, 5, 1)
    """

    day: dt.date
    days: int

    @property
    def until(self) -> dt.date:
        """Last day of the window."""
        return self.day + dt.timedelta(days=self.days)

    @property
    def name(self) -> str:
        """Name of its tables."""
        return f"origin_{self.day:%Y%m%d}_{self.days}"


def origins(*, first_day: dt.date, as_of: dt.date, days: int, is_seasonal: bool = False) -> list[Origin]:
    """List the days that a forecast of so many days can be made from and held against what came, the latest first.

    Each has at least as much history as horizon; windows may overlap. Where months differ, the same day a year earlier
    is among them, whose window has the months that are to come.

    Examples
    --------
    >>> earlier = origins(first_day=dt.date(2024, 1, 1), as_of=dt.date(2024, 12, 31), days=120)
    >>> [f"{origin.day}" for origin in earlier]
    ['2024-09-02', '2024-07-19', '2024-06-04']
    """
    limits = rules.load("backtest")["excess"]
    step = max(days // limits["part_of_horizon"], limits["shortest_step"])
    room = (as_of - first_day).days - 2 * days
    count = min(room // step + 1, limits["most_origins"]) if room >= 0 else 0
    ages = {days + step * number for number in range(count)}
    if is_seasonal and days <= _YEAR <= (as_of - first_day).days - days:
        ages.add(_YEAR)
    return [Origin(as_of - dt.timedelta(days=age), days) for age in sorted(ages)]


def longest_tested(covered: int) -> int:
    """Return the longest horizon that enough origins can test in a history of so many days; 0 if hardly any.

    Examples
    --------
    >>> longest_tested(730), longest_tested(300), longest_tested(100)
    (292, 105, 0)
    """
    limits = rules.load("backtest")["excess"]
    steps = limits["fewest_origins"] - 1
    long = int(covered / (2 + steps / limits["part_of_horizon"]))
    short = (covered - steps * limits["shortest_step"]) // 2
    longest = long if long >= limits["shortest_step"] * limits["part_of_horizon"] else short
    return int(longest) if longest >= rules.load("backtest")["origins"]["shortest_days"] else 0


def usual_horizon(covered: int) -> int | None:
    """Choose the longest of the usual horizons that enough origins can test in a history of so many days.

    Examples
    --------
    >>> usual_horizon(1_000), usual_horizon(730), usual_horizon(50)
    (365, 270, None)
    """
    longest = longest_tested(covered)
    return max((days for days in rules.load("backtest")["horizons"]["usual"] if days <= longest), default=None)


def windows(*, first_day: dt.date, as_of: dt.date, holdout_days: int) -> tuple[list[dt.date], int]:
    """List the origins, oldest first, and the horizon in days.

    Examples
    --------
    >>> windows(first_day=dt.date(2024, 1, 1), as_of=dt.date(2024, 12, 31), holdout_days=273)[1]
    91
    """
    limits = rules.load("backtest")["origins"]
    days = max(holdout_days // limits["part_of_holdout"], limits["shortest_days"])
    ends = [as_of - dt.timedelta(days=days * n) for n in range(1, limits["most"] + 1)]
    return [end for end in reversed(ends) if (end - first_day).days >= days], days


def histories(engine: Engine, *, ends: list[dt.date], days: int) -> dict[dt.date, pd.DataFrame]:
    """Count the customers of each origin in cells, with their purchases in the window after it."""
    fewest = rules.load("backtest")["origins"]["fewest_repeats"]
    cells_by_origin = {end: count_outcomes(engine, end=end, until=end + dt.timedelta(days=days)) for end in ends}
    return {
        end: cells
        for end, cells in cells_by_origin.items()
        if (cells["frequency"] * cells["customers"]).sum() >= fewest
    }


def rolling_origins(histories: dict[dt.date, pd.DataFrame], kind: str, *, days: int) -> pd.DataFrame:
    """Forecast from each origin with a model fitted on the data up to it."""
    rows = []
    for end, cells in histories.items():
        try:
            predictions = forecast(cells, as_lifetime_model(fit_counted(cells, kind)), days)
        except ModelError:
            continue
        rows.append({"origin": end} | predictions[["customers", "actual", "expected", "naive"]].sum().to_dict())
    frame = pd.DataFrame(rows, columns=["origin", "customers", "actual", "expected", "naive"])
    bought = frame["actual"].where(frame["actual"] > 0)
    return frame.assign(bias=frame["expected"] / bought - 1, naive_bias=frame["naive"] / bought - 1)
