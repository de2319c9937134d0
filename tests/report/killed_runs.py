"""Kills whole runs at random moments and looks at the reports after each: ``python -m tests.report.killed_runs 100``.

The runs are forced, of two dates in turn, of a small simulated shop with one page; now and then the tables are removed
before. After each kill both dates must have a whole report, and ``latest`` the newest; at the end a good run must leave
no litter.
"""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from custlib import cli
from custlib.report import production
from custlib.report.page_list import Page, pages
from custlib.report.published.manifests import MANIFEST, read_home, read_manifest
from custlib.run import Run
from tests.notebooks.shops import ROOT, SHOP, make_shop

DATES = ("2024-12-30", "2025-01-31")
FEW = ("identify",)
LIGHT = """
[segments]
segmentations = ["rfm", "abc", "pyramid", "clusters"]
replay = 1
"""


def run_few(folder: Path, day: str) -> int:
    """Run one page of the shop, in this process."""

    def one(run: Run) -> list[Page]:
        return [page for page in pages(run) if page.name in FEW]

    production.pages = one
    return cli.main(["run", str(folder / "data" / "shop.toml"), "--as-of", day, "--force"])


def started(folder: Path, day: str) -> "subprocess.Popen[bytes]":
    """The same in a process group of its own."""
    command = [sys.executable, "-m", "tests.report.killed_runs", "run", str(folder), day]
    return subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )


def losses(home: Path) -> list[str]:
    """What is not whole: dates without a report, pages that are missing, a ``latest`` that leads elsewhere."""
    lost = []
    for day in DATES:
        manifest = read_manifest(home / day)
        if manifest is None:
            lost.append(f"{day}: no report")
            continue
        names = {f"{page['name']}.html" for page in manifest["pages"]} | {MANIFEST}
        lost += [f"{day}: {name}" for name in names ^ {path.name for path in (home / day).iterdir()}]
    if (home / "latest").resolve().name != max(DATES):
        lost.append("latest")
    return lost + [f"unreadable: {name}" for name in read_home(home).unreadable]


def kill_runs(folder: Path, times: int, seed: int) -> tuple[int, list[str]]:
    """Kill so many runs; return how many had not ended before, and what was lost."""
    chance = random.Random(seed)
    home = folder / "reports" / "shop"
    make_shop(folder / "data", text=SHOP + LIGHT)
    for day in DATES:
        assert started(folder, day).wait() == 0
    began = time.monotonic()
    assert started(folder, DATES[0]).wait() == 0
    longest, killed, lost = time.monotonic() - began, 0, []
    for number in range(times):
        if chance.random() < 0.1:
            shutil.rmtree(folder / "data" / "work" / "tables")
        process = started(folder, DATES[number % 2])
        time.sleep(chance.uniform(0.5, longest))
        killed += process.poll() is None
        if chance.random() < 0.5:
            process.kill()
        elif process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        lost += [f"{number}: {loss}" for loss in losses(home)]
    for day in DATES:
        assert started(folder, day).wait() == 0
    left = {path.name for path in (*home.iterdir(), *home.parent.iterdir())} - {*DATES, "latest", "shop", "index.html"}
    return killed, [*lost, *(f"litter: {name}" for name in left)]


def main(words: list[str]) -> int:
    """Run one page where a folder is named, else kill runs and print what became of them."""
    if words[0] == "run":
        return run_few(Path(words[1]), words[2])
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        began = time.monotonic()
        killed, lost = kill_runs(Path(folder), int(words[0]), seed=int(words[1]) if len(words) > 1 else 1)
        print(f"{killed} of {words[0]} runs killed in {time.monotonic() - began:.0f} s, {len(lost)} losses", *lost)
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
