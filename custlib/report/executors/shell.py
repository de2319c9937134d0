"""Executes the cells of a notebook in an IPython shell of this process."""

import atexit
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from custlib.report.executors.notebook_file import read_notebook, with_parameters, write_notebook

IPYTHON = "ipython"  # folder beside the executed notebooks, for what IPython writes


def run_here(notebook: Path, output: Path, parameters: Mapping[str, Any]) -> dict[str, Any] | None:
    """Execute a notebook, write the executed copy, and return the cell that failed, with its outputs."""
    executed = with_parameters(read_notebook(notebook), parameters)
    shell = _shell(output.parent / IPYTHON)
    code = (cell for cell in executed["cells"] if cell["cell_type"] == "code")
    failed = next((cell for cell in code if not _run_cell(shell, cell)), None)
    write_notebook(executed, output)
    return failed


def _shell(folder: Path) -> Any:
    """Start an IPython shell without history and tracebacks."""
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    settings = Config()
    settings.HistoryManager.enabled = False
    shell: Any = InteractiveShell(config=settings, ipython_dir=str(folder))
    atexit.unregister(shell.atexit_operations)  # it would reset a shell whose display hook is ours
    shell.showtraceback = lambda *arguments, **options: None
    return shell


def _run_cell(shell: Any, cell: dict[str, Any]) -> bool:
    """Run a cell, store its outputs, and return whether it succeeded."""
    from IPython.utils.capture import capture_output

    outputs: list[dict[str, Any]] = []
    displayed: list[dict[str, Any]] = []
    shell.displayhook = _hook(shell, displayed)
    shell.display_trap.hook = shell.displayhook
    with capture_output(stdout=True, stderr=True, display=False) as captured:
        result = shell.run_cell(cell["source"], store_history=True)
    cell["execution_count"] = shell.execution_count - 1
    if captured.stdout:
        outputs.append({"output_type": "stream", "name": "stdout", "text": captured.stdout})
    outputs += [
        {"output_type": "execute_result", "execution_count": cell["execution_count"]}
        | {part: output[part] for part in ("data", "metadata")}
        for output in displayed
    ]
    fault = result.error_before_exec or result.error_in_exec
    if fault:
        outputs.append({"output_type": "error", "ename": type(fault).__name__, "evalue": str(fault), "traceback": []})
    cell["outputs"] = outputs
    return not fault


def _hook(shell: Any, displayed: list[dict[str, Any]]) -> Any:
    from IPython.core.displayhook import CapturingDisplayHook

    hook: Any = CapturingDisplayHook(shell=shell, outputs=displayed)
    hook.is_active = False  # the shell reads it when a cell prints or warns; this class lacks it
    return hook
