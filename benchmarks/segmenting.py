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

from custlib.differentiate import measures, segments
from custlib.engine.duckdb import DuckDB
from custlib.models.bgnbd import BGNBD, to_dict

RESULTS = Path(__file__).parent / "results" / "segmenting.md"
AS_OF = dt.date(2025, 12, 31)
MEMORY = "600MB"
MODEL = to_dict(BGNBD(0.25, 31.0, 0.8, 2.4), time_unit="day")


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
        needs = sorted({need for name in segments.FAMILIES for need in segments.needs(name, {})})
        made = [need for need in needs if need not in ("probability_alive", "potential")]
        engine.make("customers", customers(count, made))
        engine.make("customers_potential", "select customer_id, 100.0 * (customer_id % 7) as potential from customers")
        engine.define("seen", "select * from customers join customers_potential using (customer_id)",
                      of=("customers", "customers_potential"))  # fmt: skip
        scan = _seconds(lambda: engine.fetch("select sum(profit), sum(frequency), max(T) from customers"))
        rows = [_row(engine, name) for name in segments.FAMILIES]
        whole = _seconds(lambda: _assign_all(engine, [row["definition"] for row in rows]))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    lines = _page(rows, count, scan, whole, peak)
    RESULTS.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))


def _row(engine: DuckDB, name: str) -> dict[str, Any]:
    found: dict[str, Any] = {"name": name}

    def define() -> None:
        needed = segments.needs(name, {})
        models = {"probability_alive": MODEL} if "probability_alive" in needed else {}
        found["definition"] = segments.define(engine, name, "seen", as_of=AS_OF, options={}, models=models)

    def assign() -> None:
        select = segments.assigned(engine.dialect, found["definition"], "seen")
        engine.make("assigned", f"select customer_id, segment from ({select})")

    return found | {"define": _seconds(define), "assign": _seconds(assign)}


def _assign_all(engine: DuckDB, definitions: list[Any]) -> None:
    segments.make_customer_segments(engine, "customer_segments", "seen", definitions)


def _seconds(act: Callable[[], Any]) -> tuple[float, float]:
    wall, busy = time.perf_counter(), time.process_time()
    act()
    return time.perf_counter() - wall, time.process_time() - busy


def _page(
    rows: list[dict[str, Any]], count: int, scan: tuple[float, float], whole: tuple[float, float], peak: float
) -> list[str]:
    assigned = sum(row["assign"][0] for row in rows)
    lines = [
        f"# Segmentations on {count:,} customers",
        "",
        f"{AS_OF}: simulated, DuckDB with {MEMORY}, two threads. Peak {peak:,.0f} MB. Written and named:"
        f" {assigned:.1f} s for {len(rows)} segmentations, {assigned / scan[0]:.0f} scans;"
        f" proved and counted in one go: {whole[0]:.1f} s.",
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
