"""Fits and scores simulated customers with custlib and its peers: one run, one thread, a process for each.

``make bench-models`` writes ``benchmarks/results/models.md`` and ``.json``. Seconds depend on the machine and on who
else uses it: the page holds ratios within the run. Nothing heavy is imported here, because the peak memory of a process
starts from that of the process that started it.
"""

import json
import os
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
RESULTS = Path(__file__).parent / "results"
SIZES = "10000,100000,1000000"
CONTENDERS = (
    "custlib", "custlib, given cells", "lifetimes", "lifetimes, given cells", "clvkit", "pymc-marketing, MAP",
)  # fmt: skip
PEERS = {"clvkit": "clvkit", "pymc_marketing": "pymc-marketing"}
AIMED_AT = 1_000_000  # customers
LONGEST = 240  # seconds that a contender may take at one size
THREADS = ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "NUMBA")

MISSING = """\
{names}: not installed for {python}, so reported as missing. To time everybody, make an environment for it once:
  python3 -m venv .venv-bench && .venv-bench/bin/python -m pip install --editable '.[bench]'
`make bench-models` finds it there; any other is named with BENCH_PY=/path/to/python.
"""

Result = dict[str, Any]


def main(sizes: list[int]) -> None:
    """Run every contender at every size, print and keep the tables."""
    missing = [name for module, name in PEERS.items() if find_spec(module) is None]
    if missing:
        print(MISSING.format(names=", ".join(missing), python=sys.executable), file=sys.stderr)
    found = {size: _at_size(size) for size in sizes}
    text = "\n".join(
        [*_heading(found), *(line for size in sizes for line in _table(size, found[size])), *_targets(found)]
    )
    (RESULTS / "models.md").write_text(text + "\n", encoding="utf-8")
    kept = {"sizes": {str(size): results for size, results in found.items()}}
    (RESULTS / "models.json").write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    print(text)


def _at_size(size: int) -> list[Result]:
    with TemporaryDirectory() as folder:
        made = Path(folder) / "histories.npz"
        _python("benchmarks.histories", str(size), str(made), seconds=LONGEST)
        results = [_contend(name, size, made, Path(folder)) for name in CONTENDERS]
        judged = _judge(results, made, Path(folder))
    return [result | judged.get(result["contender"], {}) for result in results]


def _judge(results: list[Result], made: Path, folder: Path) -> dict[str, Result]:
    """Our log-likelihood at the parameters of everybody who has some."""
    fits, out = folder / "fits", folder / "judged"
    fitted = {result["contender"]: result["fit_found"] for result in results if "fit_found" in result}
    fits.write_text(json.dumps(fitted), encoding="utf-8")
    _python("benchmarks.judge", str(made), str(fits), str(out), seconds=LONGEST)
    judged = json.loads(out.read_text(encoding="utf-8"))
    return {name: {"log_likelihood": value} for name, value in judged.items()}


def _contend(name: str, size: int, made: Path, folder: Path) -> Result:
    """Run one contender, and say what became of it."""
    out, started = folder / f"{name}.json", time.monotonic()
    error = ""
    try:
        _python("benchmarks.contenders", name, str(made), str(out), seconds=LONGEST)
    except subprocess.TimeoutExpired:
        error = f" after {LONGEST} s, the longest allowed"
    except subprocess.CalledProcessError as fault:
        error = f"; the process ended with {fault.returncode}: {fault.stderr.strip().splitlines()[-1:]}"
    result: Result = json.loads(out.read_text(encoding="utf-8")) if out.is_file() else {"contender": name}
    if error:
        result["error"] = result.get("error", "start") + error
    print(f"{size:>9,} {name:<24}{time.monotonic() - started:7.1f} s  {result.get('error', '')}", file=sys.stderr)
    return result


def _python(module: str, *arguments: str, seconds: float) -> None:
    """Run one of our modules with the same Python, one thread."""
    threads = {f"{name}_NUM_THREADS": "1" for name in THREADS}
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    subprocess.run(
        [sys.executable, "-m", module, *arguments], cwd=ROOT, env=os.environ | threads | {"PYTHONPATH": path},
        check=True, capture_output=True, text=True, timeout=seconds,
    )  # fmt: skip


def _heading(found: dict[int, list[Result]]) -> list[str]:
    versions = {
        result["contender"].split(",")[0]: result.get("version", "missing") for result in next(iter(found.values()))
    }
    return [
        "Simulated customers with CDNOW's published parameters, seen for one to two years, to the day; one run, one",
        "thread, one process for each; the best of up to three times. Times and memory are multiples of custlib's.",
        "",
        "- **fit**: BG/NBD. From one row per customer, merging equal ones included, or given the merged cells.",
        "- **spend**: Gamma-Gamma. **score**: P(alive), purchases of a year and a value, for every customer; the",
        "  value is that of all time to come for custlib, of one year for the others (clvkit: in daily steps).",
        "- **lost**: log-likelihood below that of custlib, all evaluated by custlib. **forecast**: purchases of a",
        "  year of all customers together.",
        "",
        "The truth is r .2426, alpha 30.9, a .793, b 2.426; purchases of one day are one, which raises alpha a little.",
        "",
        "Versions: " + ", ".join(f"{name} {number}" for name, number in versions.items()) + ".",
    ]


def _table(size: int, results: list[Result]) -> list[str]:
    lines = [
        "",
        f"## {size:,} customers",
        "",
        "| contender | fit | spend | score | peak memory | lost | forecast | r, alpha, a, b |",
        "|---|---|---|---|---|---|---|---|",
    ]
    lines += [_row(result, results[0]) for result in results]
    return lines + [f"\n{result['contender']}: {result['error']}." for result in results if "error" in result]


def _row(result: Result, ours: Result) -> str:
    times = [_times(result, ours, name) for name in ("fit", "spend", "score", "peak_bytes")]
    lost = _or_dash(lambda: f"{ours['log_likelihood'] - result['log_likelihood']:.2g}")
    forecast = _or_dash(lambda: f"{result['score_found'] / ours['score_found']:.5f}")
    parameters = _or_dash(lambda: ", ".join(f"{value:.5g}" for value in result["fit_found"]))
    return f"| {' | '.join([result['contender'], *times, lost, forecast, parameters])} |"


def _times(result: Result, ours: Result, name: str) -> str:
    return _or_dash(lambda: f"{result[name] / ours[name]:.3g}")


def _or_dash(write: Any) -> str:
    """What is written, or a dash where a number is missing."""
    try:
        return str(write())
    except KeyError:
        return "–"


def _targets(found: dict[int, list[Result]]) -> list[str]:
    """Ratios at the greatest size against what we aim at."""
    size = max(found)
    if size < AIMED_AT:
        return []
    by_name = {result["contender"]: result for result in found[size]}
    ours, theirs, cells = by_name["custlib"], by_name["lifetimes"], by_name["lifetimes, given cells"]
    rows = [
        ("fit, times faster than lifetimes", "20 or more", _times(theirs, ours, "fit")),
        ("the same, lifetimes given the cells", "4 or more", _times(cells, ours, "fit")),
        ("score, times faster than lifetimes", "5 or more", _times(theirs, ours, "score")),
        ("peak memory, share of lifetimes'", "below 0.5", _times(ours, theirs, "peak_bytes")),
    ]
    lines = ["", f"## Aims at {size:,} customers", "", "| | aim | this run |", "|---|---|---|"]
    return lines + [f"| {' | '.join(row)} |" for row in rows]


if __name__ == "__main__":
    main([int(size) for size in (sys.argv[1] if len(sys.argv) > 1 else SIZES).split(",")])
