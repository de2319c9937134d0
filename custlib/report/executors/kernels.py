"""Executes a notebook in a kernel of its own with papermill, on any platform."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any


def run_in_kernel(notebook: Path, output: Path, parameters: Mapping[str, Any]) -> dict[str, Any] | None:
    """Execute a notebook, write the executed copy, and return the cell that failed, with its outputs."""
    import papermill
    from papermill.exceptions import PapermillExecutionError

    with TemporaryDirectory(prefix="custlib-") as folder:  # a short one: socket paths are limited
        try:
            papermill.execute_notebook(  # written once, at the end or at a fault, not for each cell
                notebook, output, dict(parameters), kernel_name="python3", progress_bar=False, log_output=False,
                request_save_on_cell_execute=False, kernel_manager_class=_local_kernels(folder),
            )  # fmt: skip
        except PapermillExecutionError as fault:
            error = {"output_type": "error", "ename": fault.ename, "evalue": fault.evalue}
            return {"execution_count": fault.exec_count, "outputs": [error]}
        finally:
            _close_event_loop()
    return None


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
