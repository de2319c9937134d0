"""CDNOW as the models take it: one array per column, one entry per customer, time in weeks."""

import importlib.util
from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pytest

CUT = date(1997, 9, 30)


@dataclass(frozen=True)
class Customers:
    frequency: np.ndarray
    recency: np.ndarray
    T: np.ndarray
    monetary_value: np.ndarray
    holdout: np.ndarray | None = None

    @property
    def history(self):
        return self.frequency, self.recency, self.T


def datasets() -> Path:
    result = importlib.util.find_spec("lifetimes")
    return Path(result.submodule_search_locations[0]) / "datasets"


def purchase_days(name):
    """Money per customer and day: date and money are the columns id, date, units, money at the end."""
    days = defaultdict(lambda: defaultdict(float))
    for line in (datasets() / name).read_text().splitlines():
        fields = line.split()
        if not fields or not fields[0].isdigit():
            continue
        day = fields[-3]
        days[fields[0]][date(int(day[:4]), int(day[4:6]), int(day[6:]))] += float(fields[-1])
    return days


def summarise(name):
    rows = []
    for days in purchase_days(name).values():
        bought = sorted(day for day in days if day <= CUT)
        first, repeats = bought[0], bought[1:]
        spend = sum(days[day] for day in repeats) / max(len(repeats), 1)
        later = sum(day > CUT for day in days)
        rows.append((len(repeats), (bought[-1] - first).days / 7, (CUT - first).days / 7, spend, later))
    return Customers(*np.array(rows, dtype=float).T)


@pytest.fixture(scope="session")
def cdnow():
    return summarise("CDNOW_sample.txt")


@pytest.fixture(scope="session")
def cdnow_master():
    return summarise("CDNOW_master.txt")


@pytest.fixture(scope="session")
def bundled():
    """The summary that lifetimes ships: T rounded to .01 weeks, spend to cents."""
    table = np.loadtxt(datasets() / "cdnow_customers_summary_with_transactions.csv", delimiter=",", skiprows=1)
    return Customers(*table.T[1:])
