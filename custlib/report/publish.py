"""Publishes finished runs, and writes the index from their manifests.

A published report stays until a complete new run replaces it: pages are written to a temporary folder, synced, and
exchanged with the folder of the date in one step. ``latest`` leads to the newest date, whichever run ended last.
"""

import datetime as dt
import json
import logging
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from custlib.errors import CustlibError, LockedError, RunError, UsageError, listed
from custlib.installed import make_private
from custlib.machine import reason
from custlib.project import Project
from custlib.report.published import leftovers, manifests
from custlib.report.published.exchange import exchange
from custlib.report.published.index_entries import index_html
from custlib.report.published.leftovers import temporary, write_text
from custlib.report.published.manifests import read_manifest

log = logging.getLogger("custlib")


@contextmanager
def lock(path: Path) -> Iterator[None]:
    """Hold the lock of a project while the block runs."""
    try:
        make_private(path.parent)
        lock = FileLock(path).acquire(blocking=False)
    except Timeout:
        raise LockedError(f"run: another run of {path.stem} is under way. Wait for it to end.") from None
    except OSError as fault:
        raise RunError(f"run: {fault.strerror} ({path.parent.name}). Choose another --work folder.") from None
    with lock:
        yield


def is_published(reports: Path, project: Project, run_id: str) -> bool:
    """Return whether an equal run is published with all its pages."""
    folder = reports / project.id / project.as_of.isoformat()
    manifest = read_manifest(folder)
    if manifest is None or manifest["run_id"] != run_id:
        return False
    return all((folder / f"{page['name']}.html").is_file() for page in manifest["pages"])


def publish(pages: Path, reports: Path, project: Project, manifest: dict[str, Any]) -> Path:
    """Publish finished pages and rewrite the index."""
    target = reports / project.id / project.as_of.isoformat()
    fresh = temporary(target, "new")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(pages, fresh)
        text = json.dumps(manifest, indent=1, sort_keys=True) + "\n"
        (fresh / manifests.MANIFEST).write_text(text, encoding="utf-8")
        _sync(fresh)
        _place(fresh, target)
    except OSError as fault:
        shutil.rmtree(fresh, ignore_errors=True)
        raise RunError(
            f"publish: {reason(fault)} ({reports.name}). Free some disk, or publish elsewhere (--reports). The last "
            "report stays."
        ) from None
    settle(reports, project)
    return target


def _place(fresh: Path, target: Path) -> None:
    """Give finished pages their name, and remove those that had it."""
    if target.is_symlink():  # a link that somebody made: what it leads to is not ours
        target.unlink()
    if target.exists():
        aside = temporary(target, "old")
        exchange(fresh, target, aside)
        for before in (fresh, aside):
            shutil.rmtree(before, ignore_errors=True)
    else:
        fresh.rename(target)
    _sync_folder(target.parent)


def settle(reports: Path, project: Project) -> None:
    """Take back the failure of a date that has a good report, point ``latest`` to the newest date, write the index."""
    home = reports / project.id
    try:
        manifests.note_path(home, project.as_of).unlink(missing_ok=True)
        _point_to_newest(home)
        write_index(reports)
    except OSError as fault:
        raise RunError(
            f"publish: {reason(fault)} ({reports.name}). The report is published, and the index does not show it. Run "
            "again when there is room."
        ) from None


def record_failure(reports: Path, project: Project, fault: Exception) -> None:
    """Record that a run failed, without any data, and rewrite the index."""
    home = reports / project.id
    record = {
        "as_of": project.as_of.isoformat(),
        "stage": type(fault).__name__,
        "code": str(getattr(fault, "exit_code", CustlibError.exit_code)),
        "when": dt.datetime.now(dt.UTC).isoformat(timespec="minutes"),
        "name": project.name,
    }
    try:
        home.mkdir(parents=True, exist_ok=True)
        write_text(manifests.note_path(home, project.as_of), json.dumps(record))
        write_index(reports)
    except OSError as full:
        log.warning("run: the failure cannot be noted in %s: %s", reports.name, full.strerror)


def forget_failure(reports: Path, project: Project) -> None:
    """Remove the note that the run of a date failed, and rewrite the index.

    Raises
    ------
    UsageError
        If no failure of this date is noted.
    """
    home = reports / project.id
    note = manifests.note_path(home, project.as_of)
    if not os.path.lexists(note):
        days = listed(list(manifests.noted_days(home))) or "none"
        raise UsageError(f"forget-failure: no failure of {project.id} on {project.as_of} is noted. Noted: {days}.")
    try:
        note.unlink()
        write_index(reports)
    except OSError as fault:
        raise RunError(f"forget-failure: {reason(fault)} ({reports.name}).") from None


def keep_newest(reports: Path, project: Project, most: int) -> list[str]:
    """Remove all but the newest reports of a project, and return the dates of those removed.

    The newest one always stays, and so does the one of the project's own date. The index forgets a report before its
    pages go.
    """
    older = manifests.read_home(reports / project.id).reports[max(most, 1) :]
    surplus = [report.folder for report in older if report.as_of != project.as_of]
    if not surplus:
        return []
    try:
        write_index(reports, without=surplus)
        for folder in surplus:
            away = temporary(folder, "part")
            folder.rename(away)
            shutil.rmtree(away, ignore_errors=True)
    except OSError as fault:
        raise RunError(f"run: {reason(fault)} ({reports.name}). Earlier reports cannot be removed (--keep).") from None
    return [folder.name for folder in surplus]


def write_index(reports: Path, *, without: list[Path] | None = None) -> None:
    """Write ``index.html`` from the manifests below a folder, without the reports of some folders."""
    homes = manifests.homes(reports)
    for home in homes:
        home.reports[:] = [report for report in home.reports if report.folder not in (without or ())]
    write_text(reports / "index.html", index_html(homes))


def sweep(reports: Path, project: Project) -> None:
    """Remove what killed runs left in the folders of the reports and of a project; restore what they moved aside."""
    with suppress(OSError):  # what cannot be removed today is no reason to stop
        for folder in (reports, reports / project.id):
            leftovers.sweep(folder)


def _point_to_newest(home: Path) -> None:
    """Point ``latest`` to the newest date, where the system has symbolic links."""
    newest = max((report.folder.name for report in manifests.read_home(home).reports), default=None)
    link = home / "latest"
    if newest is None or (link.is_symlink() and str(link.readlink()) == newest):
        return
    part = temporary(link, "part")
    try:
        part.unlink(missing_ok=True)
        part.symlink_to(newest, target_is_directory=True)
        part.replace(link)
    except OSError as fault:
        log.warning("run: %s cannot lead to %s: %s", link.name, newest, fault.strerror)
        part.unlink(missing_ok=True)


def _sync(folder: Path) -> None:
    for path in folder.iterdir():
        with path.open("rb+") as file:
            os.fsync(file.fileno())
    _sync_folder(folder)


def _sync_folder(folder: Path) -> None:
    """Write the names of a folder to disk, where the system can open a folder."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    os.fsync(handle)
    os.close(handle)
