"""Backtests with rolling origins: the same forecast from several earlier days, each compared with actual purchases.

Reads ``transactions``. A single holdout depends on luck; several show whether the bias drifts, and with which season.
"""

import datetime as dt

import pandas as pd

from custlib import rules
from custlib.engine.base import Engine
from custlib.errors import ModelError
from custlib.validate.backtest import count_outcomes
from custlib.validate.backtest_groups import forecast
from custlib.value.lifetime import fit_counted


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
            predictions = forecast(cells, fit_counted(cells, kind), days)
        except ModelError:
            continue
        rows.append({"origin": end} | predictions[["customers", "actual", "expected", "naive"]].sum().to_dict())
    frame = pd.DataFrame(rows, columns=["origin", "customers", "actual", "expected", "naive"])
    bought = frame["actual"].where(frame["actual"] > 0)
    return frame.assign(bias=frame["expected"] / bought - 1, naive_bias=frame["naive"] / bought - 1)
