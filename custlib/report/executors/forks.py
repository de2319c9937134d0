"""Processes forked from a server that has imported everything, one per notebook.

The server starts while the tables are made, holds no data and no thread, and ends with the run.
"""

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing.connection import wait

_PRELOADED = [
    "IPython.core.completer", "IPython.core.interactiveshell", "IPython.core.magics", "IPython.utils.capture",
    "matplotlib.backends.backend_svg", "matplotlib.figure", "matplotlib.style", "pandas.core.methods.to_dict",
    "pandas.core.reshape.reshape", "pyarrow", "pyarrow.pandas_compat", "scipy.optimize", "custlib.engine.duckdb",
    "custlib.engine.sorting", "custlib.explore.opening",
]  # fmt: skip
_LAST = "custlib.report.executors.preloaded"


def start_server(modules: Sequence[str] = ()) -> None:
    """Start the process that notebooks are forked from, which imports what they need while something else is done."""
    from multiprocessing import forkserver  # not on Windows

    multiprocessing.get_context("forkserver").set_forkserver_preload([*_PRELOADED, *modules, _LAST])
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


def workers(at_once: int) -> ProcessPoolExecutor:
    """Open a pool of processes that end after one task."""
    start_server()
    context = multiprocessing.get_context("forkserver")
    return ProcessPoolExecutor(at_once, mp_context=context, initializer=_end_with_parent, max_tasks_per_child=1)


def _end_with_parent() -> None:
    """End this process when the one that runs the project is killed, so that it writes nothing for nobody."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # which the server ignores
    parent = multiprocessing.parent_process()
    if parent is not None:
        watch = threading.Thread(target=lambda: (wait([parent.sentinel]), os._exit(1)), daemon=True)
        watch.start()
