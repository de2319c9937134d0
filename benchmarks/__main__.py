"""Times the steps on simulated customers against a peer and the floor, in one run, and prints ratios.

Seconds depend on the machine and on who else uses it; ratios within one run hold. ``make bench`` writes
``benchmarks/results/basic.md``.
"""

import datetime as dt
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd

from custlib.demo import purchases
from custlib.engine.duckdb import DuckDB
from custlib.models.bgnbd import BGNBD
from custlib.models.gammagamma import GammaGamma
from custlib.quick import value_file
from custlib.value import activity, lifetime

RESULTS = Path(__file__).parent / "results" / "basic.md"
DAYS = 730
AS_OF = purchases.START + dt.timedelta(days=DAYS)
TRUTH = BGNBD(0.6, 30.0, 0.8, 4.0)
SPEND = GammaGamma(6.25, 3.74, 15.44)


def main(customers: int) -> None:
    """Simulate, time every step, print and keep the table."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "purchases.parquet"
        made = purchases.purchases(customers, TRUTH, SPEND, days=DAYS)
        made.to_parquet(file)
        seconds = _times(file, Path(folder), made)
    lines = _table(seconds, customers, len(made))
    RESULTS.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))


def _times(file: Path, folder: Path, made: pd.DataFrame) -> dict[str, float]:
    engine = DuckDB(folder / "tables", threads=1)
    engine.attach_parquet("source", file)
    engine.make("transactions", _AS_ACCEPTED)
    seconds = {"scan": _best(lambda: engine.fetch("select sum(amount) as money from source"))}
    seconds["reduce"] = _best(lambda: activity.make_activity(engine, "customer_activity", as_of=AS_OF))
    activity.make_cells(engine, "cells", "customer_activity")
    seconds["fit"] = _best(lambda: lifetime.fit_lifetime(engine, "cells"))
    out = folder / "value.parquet"
    seconds["value"] = _best(lambda: value_file(file, as_of=AS_OF, options={}, out=out, holdout_days=180), 1)
    return seconds | _peer(engine, made)


_AS_ACCEPTED = (
    "select customer_id, cast(timestamp as date) as day, cast(amount as decimal(18, 4)) as amount,"
    " cast(amount as decimal(18, 4)) as profit, true as is_purchase, false as is_refund from source"
)


def _peer(engine: DuckDB, made: pd.DataFrame) -> dict[str, float]:
    """Time the same steps of the package lifetimes: its summary, and its fit fed with our cells."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from lifetimes import BetaGeoFitter
        from lifetimes.utils import summary_data_from_transaction_data

        given = {"monetary_value_col": "amount", "observation_period_end": AS_OF.isoformat()}
        reduce = _best(lambda: summary_data_from_transaction_data(made, "customer_id", "timestamp", **given), 1)
        cells = engine.fetch("select * from cells")
        columns = [cells[name] for name in ("frequency", "recency", "T")]
        fit = _best(lambda: BetaGeoFitter().fit(*columns, weights=cells["customers"]), 1)
    return {"lifetimes reduce": reduce, "lifetimes fit on cells": fit}


def _best(act: Callable[[], Any], repeats: int = 3) -> float:
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        act()
        times.append(time.perf_counter() - started)
    return min(times)


def _table(seconds: dict[str, float], customers: int, rows: int) -> list[str]:
    floor = seconds["scan"]
    lines = [
        f"{rows:,} purchases of {customers:,} simulated customers; `value` is the whole command, check to file.",
        "",
        "| step | times the scan | times lifetimes' own step |",
        "|---|---|---|",
    ]
    peers = {"reduce": "lifetimes reduce", "fit": "lifetimes fit on cells"}
    for step, taken in seconds.items():
        against = f"{taken / seconds[peers[step]]:.3f}" if step in peers else ""
        lines.append(f"| {step} | {taken / floor:.1f} | {against} |")
    return lines


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
