"""Runs the notebooks of a project and publishes all of their pages, or none.

A run works in ``<work>/runs/<run_id>``: it makes every table, executes the notebooks and writes their pages, then
publishes by renaming a finished folder to ``<reports>/<project>/<as_of>``. A run equal to the published one ends at
once.
"""

import datetime as dt
import hashlib
import json
import logging
import pkgutil
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import custlib
from custlib.engine.shelf import sweep
from custlib.errors import RunError, UsageError, check_installed, hint
from custlib.identify.reading import staging
from custlib.installed import NOTEBOOKS
from custlib.machine import refusal
from custlib.project import Project
from custlib.report import parameters, publish
from custlib.report.executors.execution import DEFAULT, How, Job, execute_all, prepare
from custlib.report.executors.shell import IPYTHON
from custlib.report.forecast_status import history_words
from custlib.report.page_list import Page, check_made, check_segments, frame, index_entry, pages
from custlib.report.published.places import check_places
from custlib.report.texts import texts
from custlib.run import NODES, PACKAGE, Run, fingerprint
from custlib.run_record import write_record

REFUSABLE = {"forecast": "lifetime_model", "money": "money_forecast", "test": "holdout"}
LATER = ("segment_moves", "customer_segments", "holdout", "customer_value", "spend_cells", "calibration_value")
# Records whose making writes tables of its own: two pages that made one at the same time would read half-written files.
BESIDE_TABLES = ("forecast_trend", "segment_intervals")
UNFINISHED = "unfinished"  # holds the id of the project whose run is under way, or was killed
log = logging.getLogger("custlib")


def run_project(
    project: Project,
    *,
    reports: Path,
    work: Path,
    only: tuple[str, ...] = (),
    force: bool = False,
    how: How = DEFAULT,
    engine: str = "duckdb",
    memory_limit: str | None = None,
    keep: int | None = None,
    progress: bool = True,
) -> Path:
    """Run a project and publish its pages; with ``keep``, only so many of its newest reports stay."""
    check_installed("papermill", extra="reports", purpose="run: a report")
    _check_only(only)
    reports, work = reports.resolve(), work.resolve()
    if not only:
        check_places(reports, work, project)
    with publish.lock(work / f"{project.id}.lock"):
        _sweep(project, reports, work)
        try:
            run = Run(project, work, engine=engine, memory_limit=memory_limit)
            is_made = not only and not force and publish.is_published(reports, project, run_id(run))
            target = _up_to_date(project, reports) if is_made else _run(run, reports, only, how, progress=progress)
        except Exception as fault:
            error = _machine_error(fault)
            if not only:
                publish.record_failure(reports, project, error or fault)
            if error is None:
                raise
            raise error from None
        if keep is not None and not only and (removed := publish.keep_newest(reports, project, keep)):
            log.info("run: removed the reports of %s (--keep %d)", ", ".join(removed), keep)
    return target


def _sweep(project: Project, reports: Path, work: Path) -> None:
    """Remove what killed runs of the project left; the lock of the project is held."""
    publish.sweep(reports, project)
    for folder in (work / "lines" / project.id, *work.glob("tables/*")):
        sweep(folder)
    staging.sweep(work / "staged" / project.id)
    for folder in work.glob("runs/*"):
        if (folder / UNFINISHED).is_file() and (folder / UNFINISHED).read_text(encoding="utf-8") == project.id:
            shutil.rmtree(folder, ignore_errors=True)


def _up_to_date(project: Project, reports: Path) -> Path:
    publish.settle(reports, project)
    log.info("run: up to date (%s as of %s)", project.id, project.as_of)
    return reports / project.id / project.as_of.isoformat()


def _machine_error(fault: Exception) -> RunError | None:
    """Convert a lack of disk or memory to an error of the run; None for other faults."""
    error = refusal(fault, "run")
    return RunError(f"{error} The last report stays.") if error else None


def _run(run: Run, reports: Path, only: tuple[str, ...], how: How, *, progress: bool) -> Path:
    started = time.monotonic()
    check_segments(run)
    prepare(how, [*NODES, *_page_modules()])
    with _step("tables"):
        check_made(run)
        run.make(*(name for name in LATER if not run.reason(name)))
        for name in BESIDE_TABLES:
            run.reason(name)
    folder = _run_folder(run)
    write_record(folder, run.project, tables=run.folder.name, engine=run.engine_kind)
    chosen = [page for page in pages(run) if not only or page.notebook in only]
    timings = execute_all(_jobs(chosen, folder, run), how, progress=progress)
    shutil.rmtree(folder / IPYTHON, ignore_errors=True)
    (folder / UNFINISHED).unlink()
    if only:
        log.info("run: pages of %s in %s; nothing was published", ", ".join(only), folder / "pages")
        return folder / "pages"
    if not run.reason("printed_forecast"):
        run.archive.keep(run.get("printed_forecast"))
    manifest = _manifest(run, chosen, timings)
    target = publish.publish(folder / "pages", reports, run.project, manifest)
    log.info("run: published %d pages in %.1f s", len(chosen), time.monotonic() - started)
    return target


def _page_modules() -> list[str]:
    """Name the modules that make blocks, which every notebook imports some of."""
    from custlib.report import pages as blocks

    return [f"{blocks.__name__}.{module.name}" for module in pkgutil.iter_modules(blocks.__path__)]


def _run_folder(run: Run) -> Path:
    """Make the folder of a run, marked as unfinished until its pages are there."""
    folder = run.work / "runs" / run_id(run)
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "pages").mkdir(parents=True)
    (folder / UNFINISHED).write_text(run.project.id, encoding="utf-8")
    return folder


def run_id(run: Run) -> str:
    """Identify a run by its notebooks, parameters, data, frozen definitions, earlier forecasts and version."""
    code = fingerprint([*NOTEBOOKS.glob("*.ipynb"), *PACKAGE.rglob("*")])
    earlier = [forecast.model_dump() for forecast in run.archive.due(run.project.as_of)]
    settings = [run.data_id, run.project.language, run.project.name, code, earlier]
    return hashlib.sha256(json.dumps(settings).encode()).hexdigest()[:16]


def _check_only(only: tuple[str, ...]) -> None:
    known = [path.stem for path in NOTEBOOKS.glob("*.ipynb")]
    for name in only:
        if name not in known:
            raise UsageError(f"--only: no notebook named {name}. {hint(name, known)}")


def _jobs(chosen: list[Page], folder: Path, run: Run) -> list[Job]:
    """List the notebooks to execute, after checking all parameters."""
    jobs = []
    for page in chosen:
        source = NOTEBOOKS / f"{page.notebook}.ipynb"
        parameters.check(page.notebook, parameters.declared(source), page.parameters)
        values, html = {"run": str(folder)} | page.parameters, folder / "pages" / f"{page.name}.html"
        jobs.append(Job(page.name, source, folder / f"{page.name}.ipynb", values, html, frame(page, chosen, run)))
    return jobs


@contextmanager
def _step(name: str) -> Iterator[None]:
    started = time.monotonic()
    yield
    log.info("run: %s in %.1f s", name, time.monotonic() - started)


def _manifest(run: Run, chosen: list[Page], timings: dict[str, float]) -> dict[str, Any]:
    """Describe the run: inputs, settings, versions and pages."""
    quality = run.get("quality")
    return {
        "run_id": run_id(run),
        "project": run.project.model_dump(mode="json"),
        "published": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "inputs": [{"file": source.name, "sha256": digest} for source, digest in run.inputs.listed],
        "rows": {k: v for k, v in quality.items() if k.startswith("rows_")},
        "money": {k: v for k, v in quality.items() if k.startswith("money_") and not isinstance(v, dict)},
        "warnings": quality["warnings"],
        "cautions": quality["cautions"] | history_words(texts("en"), run.get("forecast_cautions")),
        "refused": {what: code for what, node in REFUSABLE.items() if (code := run.reason(node))},
        "flags": [*run.get("flags")],
        "versions": _versions(),
        "timings": {name: round(seconds, 2) for name, seconds in timings.items()},
        "index": index_entry(chosen, run),
        "pages": [page.to_json() for page in chosen],
    }


def _versions() -> dict[str, str]:
    """Versions of Python, custlib, and those packages behind the figures that are installed."""
    import platform
    from importlib.metadata import PackageNotFoundError, version

    versions = {"custlib": custlib.__version__, "python": platform.python_version()}
    for name in ("duckdb", "numpy", "pandas", "scikit-learn", "lifetimes", "papermill"):
        with suppress(PackageNotFoundError):
            versions[name] = version(name)
    return versions
