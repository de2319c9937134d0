"""Reads and writes notebooks as plain JSON, without the packages of Jupyter, which take a second to import.

nbformat stores a text as one string or as a list of lines; here it is always one string.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from custlib.errors import UsageError, hint

PARAMETERS = "parameters"  # tag of the cell that declares the parameters, for papermill as well
INJECTED = "# Parameters"  # how papermill heads the cell that it inserts


def read_notebook(path: Path) -> dict[str, Any]:
    """Read a notebook.

    Raises
    ------
    UsageError
        If there is none, or it is none of format 4.
    """
    if not path.is_file():
        known = [other.stem for other in path.parent.glob("*.ipynb")]
        raise UsageError(f"notebook: {path.stem} does not exist. {hint(path.stem, known)}")
    notebook: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    if notebook.get("nbformat") != 4:
        raise UsageError(f"notebook: {path.stem} is not of format 4. Open and save it in JupyterLab.")
    for cell in notebook["cells"]:
        cell["source"] = "".join(cell["source"])
    return notebook


def write_notebook(notebook: dict[str, Any], path: Path) -> None:
    """Write a notebook."""
    path.write_text(json.dumps(notebook, ensure_ascii=False) + "\n", encoding="utf-8")


def tags_of(cell: dict[str, Any]) -> list[str]:
    """List the tags of a cell.

    Examples
    --------
    >>> tags_of({"metadata": {"tags": ["parameters"]}}), tags_of({})
    (['parameters'], [])
    """
    return list(cell.get("metadata", {}).get("tags", ()))


def with_parameters(notebook: dict[str, Any], parameters: Mapping[str, Any]) -> dict[str, Any]:
    r"""Insert a cell that sets parameters below the one that declares them, as papermill does.

    Examples
    --------
    >>> declared = {"cell_type": "code", "metadata": {"tags": ["parameters"]}, "source": "days: int = 1  # ahead"}
    >>> notebook = with_parameters({"cells": [declared]}, {"days": 90})
    >>> [cell["source"] for cell in notebook["cells"]]
    ['days: int = 1  # ahead', '# Parameters\ndays = 90']
    """
    lines = [INJECTED, *(f"{name} = {value!r}" for name, value in parameters.items())]
    cell: dict[str, Any] = {
        "cell_type": "code", "id": "injected-parameters", "metadata": {"tags": ["injected-parameters"]},
        "execution_count": None, "outputs": [], "source": "\n".join(lines),
    }  # fmt: skip
    below = next((n for n, one in enumerate(notebook["cells"], start=1) if PARAMETERS in tags_of(one)), 0)
    return notebook | {"cells": [*notebook["cells"][:below], cell, *notebook["cells"][below:]]}
