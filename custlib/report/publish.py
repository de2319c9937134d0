"""Publishes finished runs by rename, and writes the index from their manifests.

A published report stays until a complete new run replaces it: pages are written to a temporary folder, synced, and
renamed.
"""

import datetime as dt
import json
import logging
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from custlib.errors import CustlibError, LockedError, RunError
from custlib.machine import reason
from custlib.project import Project
from custlib.report.formats import day
from custlib.report.front.run_summary import result_of
from custlib.report.texts import Texts, texts

_FAILURES_KEPT = 5
log = logging.getLogger("custlib")


@contextmanager
def lock(path: Path) -> Iterator[None]:
    """Hold the lock of a project while the block runs."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
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
    if manifest is None or manifest["run_id"] != run_id or not (reports / "index.html").is_file():
        return False
    return all((folder / f"{page['name']}.html").is_file() for page in manifest["pages"])


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """Read the manifest of a published run."""
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return manifest if isinstance(manifest, dict) and {"run_id", "pages", "project"} <= set(manifest) else None


def publish(pages: Path, reports: Path, project: Project, manifest: dict[str, Any]) -> Path:
    """Publish finished pages and rewrite the index."""
    home = reports / project.id
    target = home / project.as_of.isoformat()
    beside = home / f".new-{project.as_of.isoformat()}-{os.getpid()}"
    before = home / f".old-{project.as_of.isoformat()}-{os.getpid()}"
    try:
        home.mkdir(parents=True, exist_ok=True)
        shutil.copytree(pages, beside)
        _write(beside / "manifest.json", json.dumps(manifest, indent=1, sort_keys=True) + "\n")
        _sync(beside)
        if target.exists():
            target.rename(before)
        beside.rename(target)
        shutil.rmtree(before, ignore_errors=True)
        _point(home / "latest", target.name)
        (home / f"failure-{project.as_of.isoformat()}.json").unlink(missing_ok=True)
        write_index(reports)
    except OSError as fault:
        shutil.rmtree(beside, ignore_errors=True)
        raise RunError(
            f"publish: {reason(fault)} ({reports.name}). Free some disk, or publish elsewhere (--reports). The last "
            "report stays."
        ) from None
    return target


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
        _write(home / f"failure-{project.as_of.isoformat()}.json", json.dumps(record))
        write_index(reports)
    except OSError as full:
        log.warning("run: the failure cannot be noted in %s: %s", reports.name, full.strerror)


def write_index(reports: Path) -> None:
    """Write ``index.html`` from the manifests below a folder."""
    from custlib.report.export import render_index

    language = _language(reports)
    t = texts(language)
    projects = [_project(home, t) for home in sorted(reports.iterdir()) if home.is_dir() and home.name[0] != "."]
    html = render_index({"projects": [entry for entry in projects if entry]}, language=language)
    _write(reports / "index.html", html)


def _language(reports: Path) -> str:
    """Return the language of the last published run, by default English."""
    manifests = filter(None, (read_manifest(path.parent) for path in reports.glob("*/*/manifest.json")))
    latest = max(manifests, key=lambda manifest: str(manifest.get("published", "")), default=None)
    return str(latest["project"]["language"]) if latest else "en"


def _project(home: Path, t: Texts) -> dict[str, Any] | None:
    """Return the entry of a project in the index: latest run, earlier runs and failures."""
    runs = sorted((f for f in home.iterdir() if f.is_dir() and f.name[0] not in ".l"), reverse=True)
    good = [(folder, manifest) for folder in runs if (manifest := read_manifest(folder))]
    failures = [json.loads(f.read_text(encoding="utf-8")) for f in sorted(home.glob("failure-*.json"), reverse=True)]
    if not good and not failures:
        return None
    entry: dict[str, Any] = {
        "project": home.name,
        "name": good[0][1]["project"]["name"] if good else failures[0]["name"],
        "latest": None,
        "earlier": [_earlier(home, folder, manifest, t) for folder, manifest in good[1:]],
        "failures": [_failure(f, t) for f in failures[:_FAILURES_KEPT]],
    }
    if good:
        folder, manifest = good[0]
        entry["latest"] = manifest["index"] | {
            "as_of": day(dt.date.fromisoformat(folder.name), good[0][1]["project"]["language"]),
            "href": f"{home.name}/{folder.name}/{manifest['pages'][0]['name']}.html",
            "pages": [
                page | {"href": f"{home.name}/{folder.name}/{page['href']}"} for page in manifest["index"]["pages"]
            ],
        }
    return entry


def _earlier(home: Path, folder: Path, manifest: dict[str, Any], t: Texts) -> dict[str, Any]:
    """Describe an earlier run: its date, what it found, its light and its forecast."""
    result = result_of(manifest.get("index") or {})
    href = f"{home.name}/{folder.name}/{manifest['pages'][0]['name']}.html"
    return {"as_of": folder.name, "day": day(dt.date.fromisoformat(folder.name), t.language), "href": href} | result


def _failure(record: dict[str, Any], t: Texts) -> dict[str, Any]:
    """Describe a failed run for the reader: the stage, without data."""
    known = record["stage"] in ("UsageError", "TableError", "ModelError", "RunError", "LockedError")
    stage = t(f"stage.{record['stage'] if known else 'other'}")
    return {"as_of": record["as_of"], "stage": stage, "code": record["code"], "when": record["when"]}


def sweep(home: Path) -> None:
    """Remove the files of a killed run, and restore a report that it had moved."""
    for left in home.glob(".new-*"):
        shutil.rmtree(left, ignore_errors=True)
    for left in home.glob(".old-*"):
        target = home / left.name.removeprefix(".old-").rpartition("-")[0]
        if target.exists():
            shutil.rmtree(left, ignore_errors=True)
        else:
            left.rename(target)


def _point(link: Path, target: str) -> None:
    part = link.with_name(f".latest-{os.getpid()}")
    part.unlink(missing_ok=True)
    part.symlink_to(target)
    part.replace(link)


def _sync(folder: Path) -> None:
    for path in (*folder.iterdir(), folder):
        handle = os.open(path, os.O_RDONLY)
        os.fsync(handle)
        os.close(handle)


def _write(path: Path, text: str) -> None:
    part = path.with_name(f".{path.name}.{os.getpid()}")
    part.write_text(text, encoding="utf-8")
    part.replace(path)
