"""Runs the notebooks of a project and publishes their pages: all of them, or none.

A run works in ``<work>/runs/<run_id>``, makes every table first, executes the notebooks, exports each, and only
then publishes by renaming a finished folder into ``<reports>/<project>/<as_of>``. A run that equals the
published one ends at once.
"""

import datetime as dt
import hashlib
import json
import logging
import shutil
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import custlib
from custlib import parameters, publish
from custlib.errors import CustlibError, RunError, UsageError, hint
from custlib.project import Project
from custlib.workspace import HOME, Workspace

NOTEBOOKS = HOME / "notebooks"
PER_SEGMENT = "70_playbook"
LATER = ("segment_moves", "customer_segments", "holdout", "customer_value", "spend_cells")
_WORKERS = 2
log = logging.getLogger("custlib")


@dataclass(frozen=True)
class Page:
    """One page to make: which notebook, with what, called what, in which group of the index."""

    name: str
    notebook: str
    group: str
    given: dict[str, Any]


def run_project(
    project: Project,
    *,
    reports: Path,
    work: Path,
    only: tuple[str, ...] = (),
    force: bool = False,
) -> Path:
    """Run a project and publish its pages.

    Parameters
    ----------
    project : Project
        The project, with as_of and language as wanted.
    reports : pathlib.Path
        Where pages are published.
    work : pathlib.Path
        The work folder.
    only : tuple of str, optional
        Notebooks to run; then nothing is published and the pages stay in the work folder.
    force : bool, default False
        Run even if an equal run is published.

    Returns
    -------
    pathlib.Path
        The folder of the pages.

    Raises
    ------
    CustlibError
        Any of its kinds; what was published before stays published.
    """
    with publish.lock(work / f"{project.id}.lock"):
        workspace = Workspace(project, work)
        _check_only(only)
        if not only and not force and publish.is_published(reports, project, run_id(workspace)):
            log.info("run: up to date (%s as of %s)", project.id, project.as_of)
            return reports / project.id / project.as_of.isoformat()
        try:
            return _run(workspace, reports, only)
        except CustlibError as fault:
            if not only:
                publish.record_failure(reports, project, fault)
            raise


def _run(workspace: Workspace, reports: Path, only: tuple[str, ...]) -> Path:
    started = time.monotonic()
    with _step("tables"):
        workspace.need(*LATER)
    folder = workspace.work / "runs" / run_id(workspace)
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "pages").mkdir(parents=True)
    _write_run(workspace, folder)
    chosen = [page for page in pages(workspace) if not only or page.notebook in only]
    for page in chosen:
        parameters.check(page.notebook, parameters.declared(NOTEBOOKS / f"{page.notebook}.ipynb"), page.given)
    timings = _execute_all(chosen, folder)
    with _step("export"):
        publish.export(chosen, folder, workspace)
    if only:
        log.info("run: pages of %s in %s; nothing was published", ", ".join(only), folder / "pages")
        return folder / "pages"
    manifest = _manifest(workspace, chosen, timings)
    target = publish.publish(folder / "pages", reports, workspace.project, manifest)
    log.info("run: published %d pages in %.1f s", len(chosen), time.monotonic() - started)
    return target


def run_id(workspace: Workspace) -> str:
    """Identify a run by its notebooks, parameters, data, frozen definitions and version.

    Parameters
    ----------
    workspace : Workspace
        The opened project.

    Returns
    -------
    str
        Sixteen hexadecimal digits; equal for equal runs.
    """
    code = [path.read_bytes() for path in sorted(NOTEBOOKS.glob("*.ipynb"))]
    code += [path.read_bytes() for path in sorted((HOME / "custlib").rglob("*.*")) if "__pycache__" not in str(path)]
    settings = [workspace.data_id, workspace.project.language, workspace.project.name]
    digest = hashlib.sha256(json.dumps(settings).encode())
    for text in code:
        digest.update(hashlib.sha256(text).digest())
    return digest.hexdigest()[:16]


def pages(workspace: Workspace) -> list[Page]:
    """List the pages of a run, in reading order.

    Parameters
    ----------
    workspace : Workspace
        The opened project.

    Returns
    -------
    list of Page
        One per notebook, and one per segment for the playbook.
    """
    segmentation = workspace.project.segments.playbook
    if segmentation not in workspace.definitions:
        raise UsageError(
            f"segments.playbook: {segmentation} is not made. {hint(segmentation, list(workspace.definitions))}"
        )
    plain = [
        Page("overview", "80_overview", "overview", {}),
        Page("validation", "30_lifetime", "validation", {}),
        Page("value", "40_value", "value", {}),
        Page("segments", "50_segments", "segments", {}),
        Page("identify", "10_identify", "identify", {}),
        Page("start-here", "00_start_here", "other", {}),
    ]
    plays = [
        Page(f"playbook-{segment.replace('_', '-')}", PER_SEGMENT, "playbooks",
             {"segmentation": segmentation, "segment": segment})
        for segment in workspace.definitions[segmentation].ids
    ]  # fmt: skip
    return plain + plays


def _check_only(only: tuple[str, ...]) -> None:
    known = [path.stem for path in NOTEBOOKS.glob("*.ipynb")]
    for name in only:
        if name not in known:
            raise UsageError(f"--only: no notebook named {name}. {hint(name, known)}")


def _write_run(workspace: Workspace, folder: Path) -> None:
    project = workspace.project
    record = {
        "project": project.model_dump(mode="json"),
        "folder": str(project.folder.resolve()),
        "work": str(workspace.work.resolve()),
    }
    (folder / "run.json").write_text(json.dumps(record, indent=1), encoding="utf-8")


def _execute_all(chosen: list[Page], folder: Path) -> dict[str, float]:
    """Execute the notebooks, two at a time; the first that fails ends the run."""
    from tqdm import tqdm

    timings: dict[str, float] = {}
    with ThreadPoolExecutor(_WORKERS) as pool:
        waiting = {pool.submit(_execute, page, folder): page for page in chosen}
        try:
            for done in tqdm(as_completed(waiting), total=len(chosen), desc="notebooks", disable=None, leave=False):
                timings[waiting[done].name] = done.result()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return timings


def _execute(page: Page, folder: Path) -> float:
    """Execute one notebook with papermill; return the seconds it took."""
    import papermill
    from papermill.exceptions import PapermillExecutionError

    started = time.monotonic()
    given = {"run": str(folder.resolve())} | page.given
    try:
        papermill.execute_notebook(
            NOTEBOOKS / f"{page.notebook}.ipynb", folder / f"{page.name}.ipynb", given,
            kernel_name="python3", progress_bar=False, log_output=False, cwd=NOTEBOOKS,
        )  # fmt: skip
    except PapermillExecutionError as fault:
        raise RunError(
            f"{page.notebook} ({page.name}): cell {fault.exec_count} failed: {fault.ename}: {fault.evalue}"
        ) from None
    seconds = time.monotonic() - started
    log.info("run: %s in %.1f s", page.name, seconds)
    return seconds


@contextmanager
def _step(name: str) -> Iterator[None]:
    started = time.monotonic()
    yield
    log.info("run: %s in %.1f s", name, time.monotonic() - started)


def _manifest(workspace: Workspace, chosen: list[Page], timings: dict[str, float]) -> dict[str, Any]:
    """Record what was run, on what, with which result."""
    import platform
    from importlib.metadata import version

    quality = workspace.quality
    packages = ("duckdb", "numpy", "pandas", "scikit-learn", "lifetimes", "papermill")
    return {
        "run_id": run_id(workspace),
        "project": workspace.project.model_dump(mode="json"),
        "published": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "inputs": [{"file": workspace.project.source_path.name, "sha256": workspace.source_hash}],
        "rows": {k: v for k, v in quality.items() if k.startswith("rows_")},
        "money": {k: v for k, v in quality.items() if k.startswith("money_")},
        "warnings": quality["warnings"],
        "versions": {"custlib": custlib.__version__, "python": platform.python_version()}
        | {name: version(name) for name in packages},
        "timings": {name: round(seconds, 2) for name, seconds in timings.items()},
        "light": workspace.holdout["light"],
        "pages": [
            {"name": page.name, "group": page.group, "notebook": page.notebook, "given": page.given}
            for page in chosen
        ],
    }
