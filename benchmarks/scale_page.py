"""Writes the page of `benchmarks.scale`: ratios to the scan floor of the same run, growth, and the aims in words."""

import math
from itertools import pairwise
from typing import Any

Result = dict[str, Any]
Run = dict[str, Any]

FLOOR, REDUCTION, ALONE, PATH = "scan floor", "reduction", "reduction, unchecked", "custlib value"
ALIKE, BARE = "reduction, like for like", "bare SQL"
LIFETIMES, POLARS = "lifetimes", "polars"
SMALL, LARGE = 10_000_000, 100_000_000  # lines that the aims are for

_HEAD = """\
# The way of the data, by lines of purchases

Simulated purchases (`benchmarks/transactions.py`), about ten lines for each customer, in one Parquet file; one process
of its own for each contender, two processors; what is imported at the start is not counted. Wall and CPU (user and
system) are multiples of the scan floor **of the same run**; memory is the peak of the process in MB, with all that
Python holds; disk is what the work folder holds at the end.

- **scan floor**: DuckDB reads the three columns (`max(customer_id), max(timestamp), sum(amount)`); the best of three.
- **bare SQL**: DuckDB sums by customer and day, then by customer, with all the memory of the machine: what a reduction
  costs in this engine by grouping, before anything is kept within a limit or checked.
- **reduction**: the file is hashed, read, checked, sorted and reduced to one row per customer, within the
  memory limit; **unchecked** takes the lines as they are, as lifetimes and polars do, but at two dates; **like for
  like** does what these two do and no more: unchecked lines at one date, the columns and rules of lifetimes.
- **custlib value**: the whole command, from the file of purchases to the file of values.
- **lifetimes**: `summary_data_from_transaction_data` of a frame in memory; **with reading** counts `read_parquet` too.
- **polars**: lazy and streaming, by customer and day, then by customer, to a file.
"""


def page(runs: list[Run]) -> str:
    """Write the page of all runs that are kept."""
    parts = [_HEAD, *(_section(run) for run in runs)]
    parts += _growth_section(runs) + _aims_section(runs)
    return "\n".join(parts).rstrip("\n") + "\n"


def _section(run: Run) -> str:
    found = {result["contender"]: result for result in run["contenders"]}
    floor = found.get(FLOOR, {})
    seconds = f"{floor['wall']:.2f} s, {floor['cpu']:.2f} s CPU" if "wall" in floor else "not measured"
    lines = [
        f"## {_heading(run)}", "",
        f"{run['date']}; {_rounds(run)}file {run['file_bytes'] / 1e6:,.0f} MB; memory limit {run['memory_limit']}; "
        f"scan floor {seconds}. {_versions(run)}", "",
        "| contender | wall, times the floor | CPU, times the floor | peak memory, MB | disk, MB | rows out |",
        "|---|---|---|---|---|---|",
    ]  # fmt: skip
    lines += [_row(result, floor) for result in run["contenders"]]
    lines += [f"\n{result['contender']}: {result['error']}." for result in run["contenders"] if "error" in result]
    return "\n".join([*lines, ""])


def _heading(run: Run) -> str:
    return f"{run['lines']:,} lines, ids are {'texts' if run['ids'] == 'text' else 'whole numbers'}"


def _rounds(run: Run) -> str:
    return f"the best of {run['rounds']} rounds; " if run.get("rounds", 1) > 1 else ""


def _versions(run: Run) -> str:
    packages = {FLOOR: "duckdb", REDUCTION: "custlib", LIFETIMES: "lifetimes", POLARS: "polars"}
    found = {result["contender"]: result.get("version", "missing") for result in run["contenders"]}
    return ", ".join(f"{package} {found.get(name, 'missing')}" for name, package in packages.items()) + "."


def _row(result: Result, floor: Result) -> str:
    cells = [
        result["contender"], _times(result, floor, "wall"), _times(result, floor, "cpu"),
        _megabytes(result, "peak_bytes"), _megabytes(result, "disk_bytes"),
        f"{result['rows']:,}" if "rows" in result else "–",
    ]  # fmt: skip
    return f"| {' | '.join(cells)} |"


def _times(result: Result, other: Result, name: str) -> str:
    ratio = _ratio(result, other, name)
    return "–" if ratio is None else f"{ratio:.3g}"


def _ratio(result: Result, other: Result, name: str) -> float | None:
    """How many times as much; None where one of the two is not known."""
    return result[name] / other[name] if name in result and other.get(name) else None


def _megabytes(result: Result, name: str) -> str:
    return f"{result[name] / 1e6:,.0f}" if name in result else "–"


def _growth_section(runs: list[Run]) -> list[str]:
    """Hold each size against the next smaller one with the same ids."""
    rows = [row for few, many in _pairs(runs) for row in _growth_rows(few, many)]
    if not rows:
        return []
    return [
        "## Growth", "",
        "How many times as long more lines take; the exponent is log(times) / log(times as many lines), and 1 is in",
        "proportion. Seconds of different days are not of one run.", "",
        "| contender | ids | from | to | times as many | wall, times | exponent | CPU, times | exponent | |",
        "|---|---|---|---|---|---|---|---|---|---|", *rows, "",
    ]  # fmt: skip


def _pairs(runs: list[Run]) -> list[tuple[Run, Run]]:
    kinds = sorted({run["ids"] for run in runs}, reverse=True)
    return [pair for kind in kinds for pair in pairwise(run for run in runs if run["ids"] == kind)]


def _growth_rows(few: Run, many: Run) -> list[str]:
    before = {result["contender"]: result for result in few["contenders"]}
    more, rows = many["lines"] / few["lines"], []
    remark = "" if few["date"] == many["date"] else "different days"
    for result in many["contenders"]:
        ratios = [_ratio(result, before.get(result["contender"], {}), name) for name in ("wall", "cpu")]
        if None in ratios:
            continue
        taken = [text for ratio in ratios for text in (f"{ratio:.3g}", f"{math.log(ratio or 1) / math.log(more):.2f}")]
        about = [result["contender"], few["ids"], f"{few['lines']:,}", f"{many['lines']:,}", f"{more:g}"]
        rows.append(f"| {' | '.join([*about, *taken, remark])} |")
    return rows


def _aims_section(runs: list[Run]) -> list[str]:
    rows = [row for run in runs for row in _aims(run)]
    rows += [row for few, many in _pairs(runs) for row in _growth_aims(few, many)]
    if not rows:
        return []
    head = ["## Aims", "", "By wall seconds; by CPU seconds in parentheses.", ""]
    return [*head, "| lines | ids | | aim | this run | |", "|---|---|---|---|---|---|", *rows, ""]


def _aims(run: Run) -> list[str]:
    """What the sizes that aims are for have reached."""
    found = {result["contender"]: result for result in run["contenders"]}
    names = (FLOOR, BARE, REDUCTION, ALONE, ALIKE, PATH, LIFETIMES, POLARS)
    floor, bare, ours, alone, alike, path, theirs, rival = (found.get(name, {}) for name in names)
    peak = max((result["peak_bytes"] / 1e6 for result in (ours, path) if "peak_bytes" in result), default=None)
    if run["lines"] == SMALL:
        return [
            _aim(run, "lifetimes (reading not counted) to the reduction", "6 or more", _both(theirs, ours), at_least=6),
            _aim(run, "the same, unchecked", "6 or more", _both(theirs, alone), at_least=6),
            _aim(run, "the same, like for like", "6 or more", _both(theirs, alike), at_least=6),
            _aim(run, "reduction to polars", "1 or less", _both(ours, rival), at_most=1),
            _aim(run, "the same, unchecked", "1 or less", _both(alone, rival), at_most=1),
            _aim(run, "the same, like for like", "1 or less", _both(alike, rival), at_most=1),
            _aim(run, "custlib value to the floor", "40 or less, better 20", _both(path, floor), at_most=40, better=20),
            _aim(run, "peak memory of ours, MB, limit 500MB", "1,000 or less", (peak, None), at_most=1000),
        ]
    if run["lines"] == LARGE:
        return [
            _aim(run, "reduction to the floor", "13 or less, better 6", _both(ours, floor), at_most=13, better=6),
            _aim(run, "the same, unchecked", "13 or less, better 6", _both(alone, floor), at_most=13, better=6),
            _aim(run, "the same, like for like", "13 or less, better 6", _both(alike, floor), at_most=13, better=6),
            _aim(run, "the bare SQL to the floor", "for comparison", _both(bare, floor)),
            _aim(run, "reduction to polars", "1 or less", _both(ours, rival), at_most=1),
            _aim(run, "the same, like for like", "1 or less", _both(alike, rival), at_most=1),
            _aim(run, "peak memory of ours, MB, limit 1GB", "1,500 or less", (peak, None), at_most=1500),
        ]
    return []


def _growth_aims(few: Run, many: Run) -> list[str]:
    if (few["lines"], many["lines"]) != (SMALL, LARGE):
        return []
    before, after = ({r["contender"]: r for r in run["contenders"]} for run in (few, many))
    days = "" if few["date"] == many["date"] else " (different days)"
    return [
        _aim(many, f"{name}, times as long as for {SMALL:,}{days}", "12 or less",
             _both(after.get(name, {}), before.get(name, {})), at_most=12)
        for name in (REDUCTION, PATH)
    ]  # fmt: skip


def _both(result: Result, other: Result) -> tuple[float | None, float | None]:
    return _ratio(result, other, "wall"), _ratio(result, other, "cpu")


def _aim(
    run: Run, what: str, aim: str, found: tuple[float | None, float | None], *,
    at_least: float = 0.0, at_most: float = math.inf, better: float | None = None,
) -> str:  # fmt: skip
    wall, cpu = found
    if wall is None:
        said, verdict = "–", "not measured"
    else:
        said = f"{wall:,.4g}" + (f" ({cpu:,.4g})" if cpu is not None else "")
        judged = at_least > 0 or at_most < math.inf
        verdict = "" if not judged else "met" if at_least <= wall <= at_most else "not met"
        verdict += ", the better too" if better is not None and wall <= better else ""
    return f"| {run['lines']:,} | {run['ids']} | {what} | {aim} | {said} | {verdict} |"
