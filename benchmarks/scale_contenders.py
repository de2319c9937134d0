"""One contender of `benchmarks.scale` in a process of its own: goes the way of the data, and writes what it took.

``python -m benchmarks.scale_contenders NAME FILE WORK MEMORY RESULT``. Importing is not timed. Everybody has two
processors: where the system allows it, the process is bound to two, so that no thread runs on a third.
"""

import datetime as dt
import json
import math
import os
import resource
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import custlib

AS_OF = dt.date(2025, 12, 31)  # of the simulated purchases; their module would load what is not measured
PROCESSORS = 2
REPEATS = 3  # of the floor
HOLDOUT_DAYS = 180
DAILY_RATE = math.log(1.10) / 365  # what a project has when it says nothing
FLOOR = "select max(customer_id), max(timestamp), sum(amount) from read_parquet(?)"
BARE = """
    copy (select customer_id, count(*) - 1 as frequency, max(day) - min(day) as recency, min(day) as first_day,
                 arg_min(amount, day) as first_amount, sum(amount) as revenue
          from (select customer_id, cast(timestamp as date) as day, sum(amount) as amount
                from read_parquet(?) group by all)
          group by customer_id) to '{out}'"""
TYPED = "select customer_id, cast(timestamp as date) as day, cast(amount as decimal(18, 4)) as amount from source"
TAKEN = """
    select *, amount as profit, true as is_purchase, false as is_refund, cast(null as varchar) as order_id,
           cast(null as varchar) as product, cast(null as varchar) as channel, cast(null as double) as quantity
    from lines"""


@dataclass
class Task:
    """The file to go through, a folder to work in, how much memory an engine of ours may take; and what was found."""

    file: Path
    folder: Path
    memory: str
    lines: int
    found: list[dict[str, Any]] = field(default_factory=list)

    def measure(self, name: str, act: Callable[[], Any], *, repeats: int = 1) -> Any:
        """Keep the best wall and CPU seconds of some times."""
        taken = []
        for _ in range(repeats):
            wall, cpu = time.perf_counter(), _cpu_seconds()
            made = act()
            taken.append((time.perf_counter() - wall, _cpu_seconds() - cpu))
        best = {"wall": min(wall for wall, _ in taken), "cpu": min(cpu for _, cpu in taken)}
        self.found.append({"contender": name} | best | {"peak_bytes": _peak_bytes()})
        return made

    def note(self, **said: Any) -> None:
        """Say more of what was measured last."""
        self.found[-1] |= said


def floor(task: Task) -> None:
    """The scan that nobody can go below: the three columns are read, and next to nothing is done with them."""
    import duckdb

    with duckdb.connect(":memory:") as connection:
        connection.execute(f"set threads = {PROCESSORS}")
        read = connection.execute
        found = task.measure("scan floor", lambda: read(FLOOR, [str(task.file)]).fetchall(), repeats=REPEATS)
    task.note(rows=len(found))


def bare(task: Task) -> None:
    """The two sums that any reduction in this engine needs, with all the memory there is: nobody goes below that."""
    import duckdb

    out = task.folder / "bare.parquet"
    with duckdb.connect(config={"threads": PROCESSORS, "preserve_insertion_order": False}) as connection:
        task.measure("bare SQL", lambda: connection.execute(BARE.format(out=out), [str(task.file)]))
        found = connection.execute("select count(*) from read_parquet(?)", [str(out)]).fetchall()
    task.note(rows=found[0][0])


def reduction(task: Task) -> None:
    """Read, check, split, and reduce to a row per customer: the table of the histories, as every run makes it."""
    from custlib import project
    from custlib.run import Run

    source = {"path": str(task.file.resolve())}
    asked = {"id": "scale", "name": "scale", "as_of": AS_OF, "holdout_days": HOLDOUT_DAYS, "source": source}

    def act() -> Run:
        workspace = Run(project.build(asked), task.folder / "work", memory_limit=task.memory)
        workspace.make("customer_history")
        return workspace

    workspace = task.measure("reduction", act)
    task.note(rows=_rows(workspace.engine, "customer_history"), disk_bytes=_disk_bytes(task.folder))
    workspace.engine.close()


def unchecked(task: Task) -> None:
    """The same without the contract: lines are taken as they are, so the difference is what checking costs."""
    from custlib.engine.duckdb import DuckDB
    from custlib.value.history import Money, make_history

    engine = DuckDB(task.folder / "tables", memory_limit=task.memory)
    end, money = (
        AS_OF - dt.timedelta(days=HOLDOUT_DAYS),
        Money(DAILY_RATE, has_margins=False, has_returns=False, fits=True),
    )

    def act() -> None:
        engine.attach_parquet("source", task.file)
        engine.make("lines", TYPED, rows=task.lines)
        engine.define("transactions", TAKEN, of=("lines",))
        make_history(engine, as_of=AS_OF, calibration_end=end, money=money)

    task.measure("reduction, unchecked", act)
    task.note(rows=_rows(engine, "customer_history"), disk_bytes=_disk_bytes(task.folder))
    engine.close()


def like_for_like(task: Task) -> None:
    """What lifetimes makes, and polars here: unchecked lines, one date, the columns and rules of lifetimes."""
    from custlib.engine.duckdb import DuckDB
    from custlib.lifetimes.compatible import make_lifetimes_summary

    engine = DuckDB(task.folder / "tables", memory_limit=task.memory)

    def act() -> None:
        engine.attach_parquet("source", task.file)
        engine.attach_select("purchases", "select customer_id, cast(timestamp as date) as day, amount from source")
        make_lifetimes_summary(engine, "summary", "purchases", freq="D", last_day=AS_OF)

    task.measure("reduction, like for like", act)
    task.note(rows=_rows(engine, "summary"), disk_bytes=_disk_bytes(task.folder))
    engine.close()


def whole_path(task: Task) -> None:
    """``custlib value``: from the file of purchases to the file of values, with fit, backtest and intervals."""
    import pyarrow.parquet as pq

    from custlib.quick import value_file

    out = task.folder / "value.parquet"
    asked: dict[str, Any] = {"as_of": AS_OF, "options": {}, "holdout_days": HOLDOUT_DAYS, "memory_limit": task.memory}
    task.measure("custlib value", lambda: value_file(task.file, out=out, **asked))
    task.note(rows=pq.ParquetFile(out).metadata.num_rows)


def lifetimes(task: Task) -> None:
    """The summary of the package lifetimes, of a frame in memory; reading the frame counts in a second row."""
    import pandas as pd
    from lifetimes.utils import summary_data_from_transaction_data

    given = {"monetary_value_col": "amount", "observation_period_end": AS_OF.isoformat()}
    frame = task.measure("reading", lambda: pd.read_parquet(task.file))
    summarise = lambda: summary_data_from_transaction_data(frame, "customer_id", "timestamp", **given)  # noqa: E731
    made = task.measure("lifetimes", summarise)
    reading, alone = task.found.pop(0), task.found[0]
    task.note(rows=len(made))
    counted = {name: reading[name] + alone[name] for name in ("wall", "cpu")}
    task.found.append(alone | counted | {"contender": "lifetimes, with reading"})


def polars(task: Task) -> None:
    """The summary in polars, lazy and streaming, to a file: by customer and day, then by customer."""
    import polars as pl

    out = task.folder / "summary.parquet"
    day, last = pl.col("day"), pl.lit(AS_OF)
    days = (
        pl.scan_parquet(task.file)
        .group_by("customer_id", pl.col("timestamp").cast(pl.Date).alias("day"))
        .agg(pl.col("amount").sum())
    )
    summary = days.group_by("customer_id").agg(
        frequency=pl.len() - 1,
        recency=(day.max() - day.min()).dt.total_days(),
        T=(last - day.min()).dt.total_days(),
        first_amount=pl.col("amount").min_by("day"),
        revenue=pl.col("amount").sum(),
    )
    task.measure("polars", lambda: summary.sink_parquet(out, maintain_order=False, engine="streaming"))
    task.note(rows=pl.scan_parquet(out).select(pl.len()).collect().item())


CONTENDERS: dict[str, Callable[[Task], None]] = {
    "scan floor": floor,
    "bare SQL": bare,
    "reduction": reduction,
    "reduction, unchecked": unchecked,
    "reduction, like for like": like_for_like,
    "custlib value": whole_path,
    "lifetimes": lifetimes,
    "polars": polars,
}
PACKAGES = {"scan floor": "duckdb", "bare SQL": "duckdb", "lifetimes": "lifetimes", "polars": "polars"}


def run(name: str, task: Task) -> list[dict[str, Any]]:
    """Measure a contender; what fails, or is not installed, is a result too."""
    package = PACKAGES.get(name, "custlib")
    try:
        task.found.clear()
        CONTENDERS[name](task)
        number = custlib.__version__ if package == "custlib" else version(package)
        task.found[:] = [row | {"version": number} for row in task.found]
    except ModuleNotFoundError as fault:
        task.found[:] = [{"contender": name, "error": f"missing: {fault.name} is not installed"}]
    except Exception as fault:  # every contender may fail in its own way
        said = f"{type(fault).__name__}: {str(fault).strip()[:300]}"
        task.found[:] = [{"contender": name, "error": said, "peak_bytes": _peak_bytes()}]
    return task.found


def _rows(engine: Any, table: str) -> int:
    return int(engine.fetch(f"select count(*) as n from {table}")["n"].item())


def _disk_bytes(folder: Path) -> int:
    """Bytes of all files, those with several names counted once."""
    return sum({(s.st_dev, s.st_ino): s.st_size for s in map(os.stat, _files(folder))}.values())


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())


def _cpu_seconds() -> float:
    both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(used.ru_utime + used.ru_stime for used in both)


def _peak_bytes() -> int:
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def _bind() -> None:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:PROCESSORS])


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    _bind()
    contender, file, work, memory, lines, result = sys.argv[1:]
    found = run(contender, Task(Path(file), Path(work), memory, int(lines)))
    Path(result).write_text(json.dumps(found), encoding="utf-8")
