"""Times the way of the data from lines of purchases to customers: ours, lifetimes and polars against the bare scan.

``make bench-scale SIZE=1m,10m,100m IDS=text,number`` writes ``benchmarks/results/scale.md`` and ``.json``, one process
for each contender. On a machine that others use too, ``ROUNDS=3`` runs all of them three times in turn and keeps the
best of each. A size that is not run again keeps what was measured before, with its date. The file of purchases
is made in the folder that ``BENCH_FOLDER`` names, and found there by the next run; without it, in a folder that is
removed. Nothing heavy is imported here, because the peak memory of a process starts from that of its parent.
"""

import argparse
import datetime as dt
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.scale_page import page

ROOT = Path(__file__).resolve().parents[1]
RESULTS = Path(__file__).parent / "results"
CONTENDERS = (
    "scan floor", "bare SQL", "reduction", "reduction, unchecked", "reduction, like for like", "custlib value",
    "lifetimes", "polars",
)  # fmt: skip
IDS = ("text", "number")
LIFETIMES_AT_MOST = SMALL_MEMORY_AT_MOST = 10_000_000  # lines
SMALL_MEMORY, LARGE_MEMORY = "500MB", "1GB"
LONGEST = 3600  # seconds that a contender, or writing the purchases, may take
UNITS = {"": 1, "k": 10**3, "m": 10**6}

Result = dict[str, Any]
Run = dict[str, Any]  # lines, ids, date, memory_limit, contenders: list of Result


def main(sizes: list[int], ids: list[str], rounds: int = 1) -> None:
    """Run every contender at every size with every kind of ids, print and keep the page."""
    runs = []
    with _folder() as folder:
        for lines in sizes:
            for kind in ids:
                runs.append(_run(lines, kind, folder, rounds))
                _keep(runs)
    print((RESULTS / "scale.md").read_text(encoding="utf-8"))


def _run(lines: int, ids: str, folder: Path, rounds: int) -> Run:
    file, memory = purchases(lines, ids, folder), memory_for(lines)
    found = best([[result for name in CONTENDERS for result in _contend(name, lines, file, memory)]
                  for _ in range(rounds)])  # fmt: skip
    today = dt.datetime.now(tz=dt.UTC).date().isoformat()
    about = {"lines": lines, "ids": ids, "date": today, "memory_limit": memory, "file_bytes": file.stat().st_size}
    about |= {"rounds": rounds}
    return about | {"contenders": found}


def best(rounds: list[list[Result]]) -> list[Result]:
    """Keep the least wall and CPU seconds of each contender, and the most memory; one that failed once has failed."""
    found: dict[str, Result] = {}
    for result in (result for results in rounds for result in results):
        before = found.setdefault(result["contender"], dict(result))
        if "error" in before or "error" in result:
            found[result["contender"]] = dict(before if "error" in before else result)
        else:
            before |= {name: min(before[name], result[name]) for name in ("wall", "cpu")}
            before |= {"peak_bytes": max(before["peak_bytes"], result["peak_bytes"])}
    return list(found.values())


def _keep(runs: list[Run]) -> None:
    """Write what is known by now: of a long run that is stopped, little is lost."""
    path = RESULTS / "scale.json"
    before = json.loads(path.read_text(encoding="utf-8"))["runs"] if path.is_file() else []
    kept = merged(before, runs)
    path.write_text(json.dumps({"runs": kept}, indent=1) + "\n", encoding="utf-8")
    (RESULTS / "scale.md").write_text(page(kept), encoding="utf-8")


def merged(before: list[Run], runs: list[Run]) -> list[Run]:
    """Keep earlier runs of other sizes and ids, in order."""
    kept = {(run["lines"], run["ids"]): run for run in [*before, *runs]}
    return [kept[key] for key in sorted(kept, key=lambda key: (key[0], IDS.index(key[1])))]


def memory_for(lines: int) -> str:
    """Memory limit of our engine at a size."""
    return SMALL_MEMORY if lines <= SMALL_MEMORY_AT_MOST else LARGE_MEMORY


def purchases(lines: int, ids: str, folder: Path) -> Path:
    """Find the simulated purchases in a folder, or write them there."""
    file = folder / f"purchases-{lines}-{ids}.parquet"
    if not file.is_file():
        part = file.with_suffix(f".{os.getpid()}.part")
        try:
            _python("benchmarks.transactions", str(lines), str(part), "--ids", ids, folder=folder)
            part.replace(file)
        finally:
            part.unlink(missing_ok=True)
    return file


def _contend(name: str, lines: int, file: Path, memory: str) -> list[Result]:
    """Run one contender in a folder of its own, and say what became of it."""
    if name == "lifetimes" and lines > LIFETIMES_AT_MOST:
        return [{"contender": name, "error": f"not run above {LIFETIMES_AT_MOST:,} lines: it does not fit in memory"}]
    started = time.monotonic()
    with TemporaryDirectory(prefix="scale-", dir=file.parent) as work:
        out = Path(work) / "result.json"
        try:
            words = (name, str(file), work, memory, str(lines), str(out))
            _python("benchmarks.scale_contenders", *words, folder=Path(work))
            found: list[Result] = json.loads(out.read_text(encoding="utf-8"))
        except subprocess.TimeoutExpired:
            found = [{"contender": name, "error": f"stopped after {LONGEST} s, the longest allowed"}]
        except subprocess.CalledProcessError as fault:
            said = f"the process ended with {fault.returncode}: {' '.join(fault.stderr.strip().splitlines()[-1:])}"
            found = [{"contender": name, "error": said}]
    said = "".join(result.get("error", "") for result in found)
    print(f"{lines:>12,} {name:<24}{time.monotonic() - started:7.1f} s  {said}", file=sys.stderr)
    return found


def _python(module: str, *words: str, folder: Path) -> None:
    """Run one of our modules with the same Python; what it writes for a time goes to a folder of ours."""
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    subprocess.run(
        [sys.executable, "-m", module, *words], cwd=ROOT, env=os.environ | {"PYTHONPATH": path, "TMPDIR": str(folder)},
        check=True, capture_output=True, text=True, timeout=LONGEST,
    )  # fmt: skip


@contextmanager
def _folder() -> Iterator[Path]:
    """Lend the folder that BENCH_FOLDER names, or one that is removed afterwards."""
    if named := os.environ.get("BENCH_FOLDER"):
        folder = Path(named).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        yield folder
        return
    with TemporaryDirectory(prefix="custlib-bench-") as made:
        yield Path(made)


def size(text: str) -> int:
    """Read a number of lines such as ``10m``, ``20k`` or ``5000``."""
    found = re.fullmatch(r"([0-9]+)([km]?)", text.strip().lower())
    if not found or not int(found[1]):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of lines; write 1m, 10m or 100m")
    return int(found[1]) * UNITS[found[2]]


def _sizes(text: str) -> list[int]:
    return sorted({size(part) for part in text.split(",")})


def _kinds(text: str) -> list[str]:
    kinds = text.split(",")
    if unknown := [kind for kind in kinds if kind not in IDS]:
        raise argparse.ArgumentTypeError(f"{unknown[0]!r} is no kind of ids; write text, number or text,number")
    return kinds


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Time the way of the data by lines of purchases.")
    parser.add_argument("sizes", type=_sizes, nargs="?", default=[10_000_000], help="lines: 1m,10m,100m (10m)")
    parser.add_argument("--ids", type=_kinds, default=["text"], help="kinds of ids: text,number (text)")
    parser.add_argument("--rounds", type=int, default=1, help="times that all contenders run in turn (1)")
    given = parser.parse_args()
    main(given.sizes, given.ids, given.rounds)
