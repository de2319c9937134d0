"""Executes notebooks with papermill, in forked processes with preloaded imports or in separate kernels.

Forks share the imports of a server process and are faster; kernels work on every platform. Both leave the same outputs
in the executed notebook.
"""

import atexit
import logging
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import wait
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

from custlib import errors
from custlib.errors import RunError

How = Literal["fork", "kernel"]
DEFAULT: How = "fork" if sys.platform == "linux" else "kernel"
_AT_ONCE = 2
_PRELOADED = [
    "papermill", "nbclient", "IPython.core.completer", "IPython.core.interactiveshell", "IPython.core.magics",
    "IPython.utils.capture", "babel.dates", "babel.numbers", "jinja2", "matplotlib.backends.backend_svg",
    "matplotlib.figure", "matplotlib.style", "pandas.core.methods.to_dict", "pandas.core.reshape.reshape", "pyarrow",
    "pyarrow.pandas_compat", "scipy.optimize", "custlib.engine.duckdb", "custlib.engine.sorting",
    "custlib.explore.opening", "custlib.report.charts", "custlib.report.parameters", "custlib.report.table_text",
]  # fmt: skip
log = logging.getLogger("custlib")


@dataclass(frozen=True)
class Job:
    """A notebook to execute: its name in the log, the source, the executed copy, and its parameters."""

    name: str
    notebook: Path
    output: Path
    parameters: dict[str, Any]


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
    """Start the process that notebooks are forked from, which imports what they need while something else is done."""
    if how == "fork":
        from multiprocessing import forkserver  # not on Windows

        multiprocessing.get_context("forkserver").set_forkserver_preload([*_PRELOADED, *modules])
        with _interrupts_left_to_this_process():
            forkserver.ensure_running()


@contextmanager
def _interrupts_left_to_this_process() -> Iterator[None]:
    """Let a process that is started ignore Ctrl+C, which would end its imports with a traceback."""
    if threading.current_thread() is not threading.main_thread():  # only there can it be set
        yield
        return
    handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)


def _workers(how: How) -> Executor:
    if how == "kernel":
        return ThreadPoolExecutor(_AT_ONCE)
    prepare(how)
    context = multiprocessing.get_context("forkserver")
    return ProcessPoolExecutor(_AT_ONCE, mp_context=context, initializer=_end_with_parent, max_tasks_per_child=1)


def _end_with_parent() -> None:
    """End this process when the one that runs the project is killed, so that it writes nothing for nobody."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # which the server ignores
    parent = multiprocessing.parent_process()
    if parent is not None:
        watch = threading.Thread(target=lambda: (wait([parent.sentinel]), os._exit(1)), daemon=True)
        watch.start()


def execute(job: Job, how: How) -> float:
    """Execute one notebook."""
    import papermill
    from papermill.exceptions import PapermillExecutionError

    started = time.monotonic()
    try:
        with _engine(how, job.output.parent) as engine:
            papermill.execute_notebook(  # written once, at the end or at a fault, not for each cell
                job.notebook, job.output, job.parameters, kernel_name="python3", progress_bar=False,
                request_save_on_cell_execute=False, **engine,
            )  # fmt: skip
    except PapermillExecutionError as fault:
        kind = getattr(errors, fault.ename, RunError)
        message = fault.evalue if kind is not RunError else f"{fault.ename}: {fault.evalue}"
        raise kind(f"{job.notebook.stem} ({job.name}), cell {fault.exec_count}: {message}") from None
    return time.monotonic() - started


@contextmanager
def _engine(how: How, output: Path) -> Iterator[dict[str, Any]]:
    """Return the options of papermill for forks or kernels.

    Forks write to the folder of the run, which the next run sweeps if this one is killed; the socket paths of a kernel
    must be short.
    """
    with TemporaryDirectory(prefix="custlib-", dir=output if how == "fork" else None) as folder:
        if how == "kernel":
            try:
                yield {"log_output": False, "kernel_manager_class": _local_kernels(folder)}
            finally:
                _close_event_loop()
        else:
            from papermill.engines import papermill_engines

            papermill_engines.register("custlib", _in_process())
            yield {"engine_name": "custlib", "folder": folder}


def _close_event_loop() -> None:
    """Close the event loop that the client of a kernel leaves open in this worker thread."""
    from jupyter_core.utils import ensure_event_loop

    ensure_event_loop().close()


def _local_kernels(sockets: str) -> type:
    """Return a kernel manager that communicates through sockets of this user, not through network ports."""
    from jupyter_client.manager import AsyncKernelManager

    class LocalKernels(AsyncKernelManager):
        def __init__(self, **options: Any) -> None:
            super().__init__(**options, transport="ipc", ip=f"{sockets}/kernel")

    return LocalKernels


def _in_process() -> type:
    """Return a papermill engine that runs cells in an IPython shell of this process."""
    from papermill.engines import Engine

    class InProcess(Engine):
        @classmethod
        def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, **options: Any) -> None:
            shell = _shell(options["folder"])
            for index, cell in enumerate(nb_man.nb.cells):
                nb_man.cell_start(cell, index)
                if cell.cell_type == "code" and not _run_cell(shell, cell):
                    nb_man.cell_exception(cell, index)
                    return
                nb_man.cell_complete(cell, index)

    return InProcess


def _shell(folder: str) -> Any:
    """Start an IPython shell without history and tracebacks."""
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    settings = Config()
    settings.HistoryManager.enabled = False
    shell: Any = InteractiveShell(config=settings, ipython_dir=folder)
    atexit.unregister(shell.atexit_operations)  # it would reset a shell whose display hook is ours
    shell.showtraceback = lambda *arguments, **options: None
    return shell


def _run_cell(shell: Any, cell: Any) -> bool:
    """Run a cell, store its outputs, and return whether it succeeded."""
    from IPython.utils.capture import capture_output
    from nbformat.v4 import new_output

    outputs: list[Any] = []
    displayed: list[dict[str, Any]] = []
    shell.displayhook = _hook(shell, displayed)
    shell.display_trap.hook = shell.displayhook
    with capture_output(stdout=True, stderr=True, display=False) as captured:
        result = shell.run_cell(cell.source, store_history=True)
    cell.execution_count = shell.execution_count - 1
    outputs += [new_output("stream", name="stdout", text=captured.stdout)] if captured.stdout else []
    outputs += [
        new_output("execute_result", output["data"], metadata=output["metadata"], execution_count=cell.execution_count)
        for output in displayed
    ]
    fault = result.error_before_exec or result.error_in_exec
    if fault:
        outputs.append(new_output("error", ename=type(fault).__name__, evalue=str(fault), traceback=[]))
    cell.outputs = outputs
    return not fault


def _hook(shell: Any, displayed: list[dict[str, Any]]) -> Any:
    from IPython.core.displayhook import CapturingDisplayHook

    hook: Any = CapturingDisplayHook(shell=shell, outputs=displayed)
    hook.is_active = False  # the shell reads it when a cell prints or warns; this class lacks it
    return hook
