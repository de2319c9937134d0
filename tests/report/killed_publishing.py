"""Publishes in a process that is killed before its n-th call of the file system, for every n: ``python -m`` this file.

Each case starts from the same folder, forks, and lets the fork kill itself when Python is about to open, rename, link,
make or remove something below the folder for the n-th time. What is left is looked at as a reader would find it, then
published again without a fault.
"""

import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from custlib.project import Project, build
from custlib.report import publish
from custlib.report.published import exchange, manifests

CALLS = {"open", "os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.symlink", "os.link", "os.listdir", "os.scandir",
         "os.chmod", "os.utime", "os.truncate", "custlib.swap"}  # fmt: skip
PAGES = ("overview", "value")
AS_OF, LATER = "2024-12-30", "2025-01-31"


def project_of(day: str) -> Project:
    return build({"id": "shop", "name": "A shop", "as_of": day, "source": {"path": "sales.csv"}})


def publish_text(folder: Path, text: str, day: str = AS_OF) -> None:
    """Publish two pages that hold a text."""
    made = folder / "made" / text
    made.mkdir(parents=True, exist_ok=True)
    for name in PAGES:
        (made / f"{name}.html").write_text(f"<p>{text} {name}</p>")
    project = project_of(day)
    links = [{"title": name, "href": f"{name}.html", "group": "overview", "note": ""} for name in PAGES]
    manifest: dict[str, Any] = {
        "run_id": text, "project": project.model_dump(mode="json"), "pages": [{"name": name} for name in PAGES],
        "index": {"light": "green", "numbers": [], "pages": links},
    }  # fmt: skip
    publish.sweep(folder / "reports", project)
    publish.publish(made, folder / "reports", project, manifest)


def text_of(folder: Path) -> str:
    """The text of a whole report; empty where there is none. A report that is not whole fails."""
    if not folder.exists():
        return ""
    manifest = json.loads((folder / manifests.MANIFEST).read_text())
    assert {path.name for path in folder.iterdir()} == {*(f"{name}.html" for name in PAGES), manifests.MANIFEST}
    texts = {(folder / f"{name}.html").read_text().removeprefix("<p>").split()[0] for name in PAGES}
    assert texts == {manifest["run_id"]}, texts
    return str(manifest["run_id"])


def is_below(argument: Any, folder: Path) -> bool:
    """Whether an argument of a call is a path below a folder, or one that is relative to an open folder."""
    if not isinstance(argument, str | bytes | os.PathLike):
        return False
    path = os.fsdecode(argument)
    return path.startswith(str(folder)) or path in {f"{name}.html" for name in PAGES} | {manifests.MANIFEST}


def kill_at(number: int, folder: Path) -> None:
    """Let this process be killed at its n-th call below a folder."""
    left = [number]

    def count(event: str, arguments: tuple[Any, ...]) -> None:
        if event in CALLS and any(is_below(one, folder) for one in arguments):
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(count)


def swap_in_view(one: Path, other: Path) -> bool:
    """Exchange two folders, as a call that can be counted before and after."""
    sys.audit("custlib.swap", str(one), str(other))
    done = _swap(one, other)
    sys.audit("custlib.swap", str(one), str(other))
    return done


_swap = exchange.swap


def is_killed(number: int, folder: Path, text: str, day: str) -> bool:
    """Publish in a fork that is killed at its n-th call; False where it ended before."""
    child = os.fork()
    if child == 0:
        try:
            kill_at(number, folder / "reports")
            publish_text(folder, text, day)
            os._exit(0)
        except BaseException as fault:
            print(repr(fault), flush=True)
            os._exit(1)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status in (0, -signal.SIGKILL), status
    return status != 0


def run_case(folder: Path, before: tuple[str, ...], day: str, look: Callable[[Path], None]) -> int:
    """Kill at every call in turn, and look at what is left; return how many calls there are."""
    number = 0
    while True:
        number += 1
        shutil.rmtree(folder, ignore_errors=True)
        for earlier in before:
            publish_text(folder, f"old-{earlier}", earlier)
        killed = is_killed(number, folder, "new", day)
        home = folder / "reports" / "shop"
        look(home)
        publish_text(folder, "again", day)
        assert text_of(home / day) == text_of(home / "latest") == "again"
        assert {path.name for path in home.iterdir()} == {*before, day, "latest"}
        assert {path.name for path in (folder / "reports").iterdir()} == {"shop", "index.html"}
        if not killed:
            return number - 1


def look_first(home: Path) -> None:
    """Nothing, or the whole report."""
    assert text_of(home / AS_OF) in ("", "new")


def look_again(home: Path) -> None:
    """The old or the new report, under its date and under latest, with an index that leads there."""
    assert text_of(home / AS_OF) in (f"old-{AS_OF}", "new")
    assert text_of(home / "latest") == text_of(home / AS_OF)
    assert f"shop/{AS_OF}/overview.html" in (home.parent / "index.html").read_text()


def look_again_restored(home: Path) -> None:
    """The same once the next run has swept: where folders cannot be exchanged in one step."""
    publish.sweep(home.parent, project_of(AS_OF))
    look_again(home)


def look_later(home: Path) -> None:
    """The earlier report as it was, and no report or the whole of the later one."""
    assert text_of(home / AS_OF) == f"old-{AS_OF}"
    assert text_of(home / LATER) in ("", "new")
    assert text_of(home / "latest") in (f"old-{AS_OF}", "new")
    assert f"shop/{AS_OF}/overview.html" in (home.parent / "index.html").read_text()


CASES = {
    "first": ((), AS_OF, look_first),
    "again": ((AS_OF,), AS_OF, look_again),
    "later": ((AS_OF,), LATER, look_later),
    "again-in-two-steps": ((AS_OF,), AS_OF, look_again_restored),
}


def main(folder: Path, case: str) -> None:
    """Run one case and print how many calls it was killed at."""
    publish_text(folder / "warm", "warm")  # imports what publishing imports, so that it is not counted
    exchange.swap = swap_in_view if case != "again-in-two-steps" else lambda one, other: False
    print(run_case(folder / "shop", *CASES[case]))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
