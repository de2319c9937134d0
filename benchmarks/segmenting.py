"""Times every segmentation on many customers in one engine: defining it, and putting every customer in a segment.

``make bench-segments CUSTOMERS=10000000`` writes ``benchmarks/results/segmenting.md``. The customers are simulated in
the engine from a hash of their number, so nothing is read but what the engine wrote; the floor is a scan of the same
columns. Peak memory is that of this process.
"""

import datetime as dt
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from custlib import rules
from custlib.engine.duckdb import DuckDB
from custlib.models.bgnbd import BGNBD, to_dict
from custlib.models.clustering import kmeans
from custlib.models.scaling import fit_power, transform
from custlib.segment import clusters, customer_segments, measures, registry
from custlib.segment.snapshots import alive_table, table_of

RESULTS = Path(__file__).parent / "results" / "segmenting.md"
AS_OF = dt.date(2025, 12, 31)
MEMORY = "600MB"
FROZEN: dict[str, Any] = {
    "probability_alive": to_dict(BGNBD(0.25, 31.0, 0.8, 2.4), time_unit="day"),
    "potential": {"window_days": 365.0, "chances": []},
}


def customers(count: int, needs: list[str]) -> str:
    """Write the select of simulated customers with their activity and the measures that are needed."""
    chance = "(hash(n * {}) % 1000003) / 1000003.0"
    frequency = f"cast(floor(-3.0 * ln(1 - {chance.format(7)})) as integer)"
    age = f"cast(1 + floor(729 * {chance.format(11)}) as integer)"
    own = ", ".join(_measure(name, place) for place, name in enumerate(needs))
    return f"""
        select *, T - recency as days_since_last, cast(case when frequency > 0 then spend end as double)
                  as monetary_value, cast(spend as decimal(18, 2)) as first_amount,
               cast(0 as decimal(18, 2)) as refunds,
               cast(spend * (frequency + 1) as decimal(18, 2)) as revenue,
               cast(spend * (frequency + 1) as decimal(18, 2)) as profit,
               spend * (frequency + 1) as historic_value, date '2025-12-31' - T as first_day
        from (select n as customer_id, {frequency} as frequency, {age} as T,
                     case when {frequency} = 0 then 0 else cast(floor({age} * {chance.format(13)}) as integer) end
                       as recency,
                     round(8 + 40 * {chance.format(17)}, 2) as spend{"," if own else ""} {own}
              from range({count}) t(n))"""


def _measure(name: str, place: int) -> str:
    chance = f"(hash(n * {101 + place}) % 1000003) / 1000003.0"
    if name.startswith(measures.ATTRIBUTE):
        return f"cast(cast(floor(9 * {chance}) as integer) as varchar) as {name}"
    if name in ("products", *measures.INVOICED) or name.startswith("purchases_"):
        return f"cast(floor(9 * {chance}) as bigint) as {name}"
    return f"cast(1000 * {chance} - 50 as decimal(18, 2)) as {name}"


def main(count: int) -> None:
    """Simulate, define, assign, print and keep the table."""
    with TemporaryDirectory() as folder:
        engine = DuckDB(Path(folder), memory_limit=MEMORY)
        chosen = sys.argv[2].split(",") if len(sys.argv) > 2 else list(registry.names())
        needs = sorted({need for name in chosen for need in registry.needs(name, {})})
        made = [need for need in needs if need not in FROZEN]
        engine.make("customers", customers(count, made))
        potential = table_of("customers", FROZEN["potential"])
        engine.make(potential, "select customer_id, 100.0 * (customer_id % 7) as potential_value from customers")
        chances = alive_table("customers", FROZEN["probability_alive"])
        engine.make(chances, "select distinct frequency, recency, T, 0.5e0 as probability_alive from customers")
        scan = _seconds(lambda: engine.fetch("select sum(profit), sum(frequency), max(T) from customers"))
        rows = [_row(engine, name) for name in chosen]
        whole = _seconds(lambda: _assign_all(engine, [row["definition"] for row in rows]))
        fit = _cluster_fit(engine)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    lines = _page(rows, count, scan, whole, peak) + _said(*fit)
    RESULTS.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))


def _row(engine: DuckDB, name: str) -> dict[str, Any]:
    found: dict[str, Any] = {"name": name}

    def define() -> None:
        found["definition"] = customer_segments.define(
            engine, name, "customers", as_of=AS_OF, options={}, models=FROZEN
        )

    def assign() -> None:
        select = customer_segments.assigned(engine.dialect, found["definition"], "customers")
        engine.make("assigned", f"select customer_id, segment from ({select})")

    return found | {"define": _seconds(define), "assign": _seconds(assign)}


def _cluster_fit(engine: DuckDB) -> tuple[tuple[float, float], int]:
    """Time one fit of five clusters on the cells that the engine counted, and say how many cells they are."""
    counted = clusters.feature_cells(engine, "customers", tuple(clusters.FEATURES))
    weights = counted["customers"].to_numpy(dtype=float)

    def fit() -> None:
        columns = [counted[name].to_numpy(dtype=float) for name in clusters.FEATURES]
        points = np.column_stack([transform(column, fit_power(column, weights, None)) for column in columns])
        cells = kmeans.gather(points, rules.load("clusters")["search"]["cells"])
        few, few_weights = kmeans.cell_means(points, weights, cells), kmeans.cell_weights(weights, cells)
        kmeans.follow(points, weights, kmeans.fit(few, few_weights, 5))

    with kmeans.one_thread():
        return _seconds(fit), len(counted)


def _assign_all(engine: DuckDB, definitions: list[Any]) -> None:
    customer_segments.make_customer_segments(engine, "customer_segments", "customers", definitions)


def _said(fit: tuple[float, float], cells: int) -> list[str]:
    return ["", f"One fit of five clusters on {cells:,} cells: {fit[0]:.2f} s ({fit[1]:.2f} CPU)."]


def _seconds(act: Callable[[], Any]) -> tuple[float, float]:
    wall, busy = time.perf_counter(), time.process_time()
    act()
    return time.perf_counter() - wall, time.process_time() - busy


def _page(
    rows: list[dict[str, Any]], count: int, scan: tuple[float, float], whole: tuple[float, float], peak: float
) -> list[str]:
    assigned = sum(row["assign"][0] for row in rows)
    by_rule = sum(row["assign"][0] for row in rows if row["name"] != "clusters")
    lines = [
        f"# Segmentations on {count:,} customers",
        "",
        f"{AS_OF}: simulated, DuckDB with {MEMORY}, two threads. Peak {peak:,.0f} MB. Written and named:"
        f" {assigned:.1f} s for {len(rows)} segmentations, {assigned / scan[0]:.0f} scans;"
        f" rule systems alone {by_rule:.1f} s;"
        f" proved and counted in one go: {whole[0]:.1f} s ({whole[1]:.1f} CPU).",
        "",
        "| segmentation | define, s | assign and write, s | CPU, s | scans |",
        "|---|---|---|---|---|",
        f"| scan of three columns | | {scan[0]:.2f} | {scan[1]:.2f} | 1 |",
    ]
    for row in rows:
        wall, busy = row["assign"]
        lines.append(f"| {row['name']} | {row['define'][0]:.2f} | {wall:.2f} | {busy:.2f} | {wall / scan[0]:.0f} |")
    return lines


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
