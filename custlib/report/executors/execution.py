"""Executes the notebooks of a run, two at a time, and writes the page of each.

Forks of a process that has imported everything are fast; kernels, started by papermill, work on every platform. Both
leave the same outputs in the executed notebook.
"""

import logging
import sys
import time
from collections.abc import Sequence
from concurrent.futures import Executor, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from custlib import errors
from custlib.errors import RunError
from custlib.report.executors import forks

How = Literal["fork", "kernel"]
DEFAULT: How = "fork" if sys.platform == "linux" else "kernel"
_AT_ONCE = 2
log = logging.getLogger("custlib")


@dataclass(frozen=True)
class Job:
    """A notebook to execute: its name in the log, the source, the executed copy, and its parameters.

    ``page`` is the file of its page, which ``frame`` holds the rest of (:func:`custlib.report.page_html.render_page`).
    """

    name: str
    notebook: Path
    output: Path
    parameters: dict[str, Any]
    page: Path | None = None
    frame: dict[str, Any] | None = None


def execute_all(jobs: Sequence[Job], how: How = DEFAULT, *, progress: bool = True) -> dict[str, float]:
    """Execute notebooks, two at a time, and stop at the first failure; progress is shown on a terminal only."""
    from tqdm import tqdm
    from tqdm.contrib.logging import logging_redirect_tqdm

    timings: dict[str, float] = {}
    is_off = None if progress else True  # None: on unless standard error is redirected
    with _workers(how) as pool, logging_redirect_tqdm():
        waiting = {pool.submit(execute, job, how): job for job in jobs}
        try:
            for done in tqdm(as_completed(waiting), total=len(jobs), desc="notebooks", disable=is_off, leave=False):
                name = waiting[done].name
                timings[name] = done.result()
                log.info("run: %s in %.1f s", name, timings[name])
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return timings


def prepare(how: How, modules: Sequence[str] = ()) -> None:
    """Start what takes its time and can be done while tables are made."""
    if how == "fork":
        forks.start_server(modules)


def _workers(how: How) -> Executor:
    return ThreadPoolExecutor(_AT_ONCE) if how == "kernel" else forks.workers(_AT_ONCE)


def execute(job: Job, how: How) -> float:
    """Execute one notebook and write its page."""
    started = time.monotonic()
    if how == "kernel":
        from custlib.report.executors.kernels import run_in_kernel as run
    else:
        from custlib.report.executors.shell import run_here as run
    if failed := run(job.notebook, job.output, job.parameters):
        raise _fault(job, failed)
    if job.page:
        from custlib.report.page_html import write_page

        write_page(job.output, job.page, job.frame or {})
    return time.monotonic() - started


def _fault(job: Job, cell: dict[str, Any]) -> Exception:
    """The error that a cell ended in: one of custlib's, or else of the run."""
    error = cell["outputs"][-1]
    kind = getattr(errors, error["ename"], RunError)
    message = error["evalue"] if kind is not RunError else f"{error['ename']}: {error['evalue']}"
    fault: Exception = kind(f"{job.notebook.stem} ({job.name}), cell {cell['execution_count']}: {message}")
    return fault
