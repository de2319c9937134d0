"""Opens pages in Chromium and says what is wrong with them: samples and published reports alike."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from custlib.report.page_limits import limit

HERE = Path(__file__).parent
READABLE = 11  # pixels, on small screens too


def why_not() -> str:
    """Say what is missing for the browser tests, or nothing."""
    if not shutil.which("node"):
        return "node is not installed"
    if not chromium():
        return "Chromium is not installed"
    if not (HERE / "node_modules" / "axe-core").is_dir():
        return "npm packages are missing: npm install --no-package-lock --prefix tests/browser"
    return ""


def chromium() -> str | None:
    """Where Chromium is, or None."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return next(filter(None, map(shutil.which, names)), None)


def look_at(paths: Sequence[Path]) -> list[dict[str, Any]]:
    """What the browser says of each page, four views each: wide and narrow, light and dark."""
    command = ["node", str(HERE / "axe.mjs"), *map(str, paths)]
    environment = os.environ | {"CHROMIUM": chromium() or ""}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=600)
    assert done.returncode == 0, done.stderr[-2000:]
    return [json.loads(line) for line in done.stdout.splitlines()]


def faults_of(view: dict[str, Any]) -> Iterator[str]:
    """What is wrong in one view."""
    yield from (f"axe {violation}" for violation in view["violations"])
    yield from (f"reaches for {url}" for url in view["outside"])
    yield from (f"console {message}" for message in view["messages"])
    yield from (f"{view[name]} {name}" for name in ("scripts", "styles", "handlers") if view[name])
    if view["wider"] > 0:
        yield f"scrolls sideways by {view['wider']} px"
    if view["small"] < READABLE - 0.5:
        yield f"text in a picture is {view['small']:.1f} px high"
    if "default-src 'none'" not in view["policy"] or "unsafe" in view["policy"]:
        yield f"policy is {view['policy']!r}"


def check_pages(paths: Sequence[Path]) -> None:
    """Fail with all that is wrong with some pages, if anything is."""
    most = limit("page", "page_bytes")
    faults = [f"{p.name}: {p.stat().st_size:,} bytes" for p in paths if p.stat().st_size > most]
    for view in look_at(paths):
        where = f"{Path(view['path']).name} {view['width']} px {view['colorScheme']}"
        faults += [f"{where}: {fault}" for fault in faults_of(view)]
        if 'class="playbook' in Path(view["path"]).read_text("utf-8") and view["sheets"] != 1:
            faults.append(f"{where}: prints on {view['sheets']} sheets")
    assert not faults, f"{len(faults)} faults\n" + "\n".join(faults)
