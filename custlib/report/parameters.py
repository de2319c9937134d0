"""Validates the parameters of notebooks, before a run and within a notebook that papermill executes by itself.

Unknown parameters are errors, where papermill only warns. The parameters of a notebook are read from its parameters
cell: one typed and commented assignment per line.
"""

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from custlib.errors import UsageError, hint
from custlib.report.executors.notebook_file import INJECTED, PARAMETERS, read_notebook, tags_of


@dataclass(frozen=True)
class Parameter:
    """A parameter: its type, default and comment."""

    name: str
    kind: str
    default: Any
    comment: str


def declared(notebook: Path) -> dict[str, Parameter]:
    """Read the parameters of a notebook."""
    tagged = [cell["source"] for cell in read_notebook(notebook)["cells"] if PARAMETERS in tags_of(cell)]
    if len(tagged) != 1:
        raise UsageError(f"notebook: {notebook.stem} has {len(tagged)} cells tagged parameters. Tag one.")
    return parse(tagged[0], notebook.stem)


def parse(source: str, where: str = "notebook") -> dict[str, Parameter]:
    """Read a parameters cell.

    Examples
    --------
    >>> parse('horizon_days: int = 365  # days ahead')["horizon_days"].comment
    'days ahead'
    """
    lines, parameters = source.splitlines(), {}
    for node in ast.parse(source).body:
        if not (isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value):
            raise UsageError(f"{where}: parameters, line {node.lineno}: write name: type = value  # meaning.")
        comment = lines[(node.end_lineno or node.lineno) - 1].partition("#")[2].strip()
        name = node.target.id
        parameters[name] = Parameter(name, ast.unparse(node.annotation), ast.literal_eval(node.value), comment)
    return parameters


def check(notebook: str, accepted: dict[str, Parameter], arguments: dict[str, Any]) -> None:
    """Check parameters against those that a notebook accepts.

    Examples
    --------
    >>> check("40_value", parse("days: int = 365  # ahead"), {"day": 90})
    Traceback (most recent call last):
    custlib.errors.UsageError: 40_value: parameter 'day' is unknown. Did you mean 'days'? Available: days.
    """
    faults = [
        f"{notebook}: parameter {name!r} is unknown. {hint(name, list(accepted))}"
        for name in arguments
        if name not in accepted
    ]
    faults += [
        f"{notebook}: parameter {name!r} must be {accepted[name].kind}, not {type(value).__name__} ({value!r})."
        for name, value in arguments.items()
        if name in accepted and not _fits(value, accepted[name].kind)
    ]
    if faults:
        raise UsageError("\n".join(faults))


def check_cells(variables: Mapping[str, Any]) -> None:
    r"""Check, within a notebook, the parameters that papermill set in a cell of its own, and the types of all.

    Parameters
    ----------
    variables : mapping of str to object
        The variables of the notebook, ``globals()``; ``In`` holds the cells that were executed.

    Raises
    ------
    UsageError
        If a parameter is set that the parameters cell does not declare, or is of another type.

    Examples
    --------
    >>> check_cells({"In": ["", "days: int = 365  # ahead", "# Parameters\nday = 90"], "days": 365, "day": 90})
    Traceback (most recent call last):
    custlib.errors.UsageError: notebook: parameter 'day' is unknown. Did you mean 'days'? Available: days.
    """
    cells = [str(cell) for cell in variables.get("In", ())]
    accepted = next((parse(cell) for cell in reversed(cells) if _declares(cell)), {})
    names = {*accepted, *(name for cell in cells if cell.startswith(f"{INJECTED}\n") for name in _assigned(cell))}
    check("notebook", accepted, {name: variables[name] for name in sorted(names) if name in variables})


def _declares(cell: str) -> bool:
    """Whether a cell declares typed parameters and holds nothing else."""
    try:
        return bool(parse(cell))
    except (UsageError, ValueError, SyntaxError):
        return False


def _assigned(cell: str) -> list[str]:
    nodes = [node for node in ast.parse(cell).body if isinstance(node, ast.Assign)]
    return [target.id for node in nodes for target in node.targets if isinstance(target, ast.Name)]


def _fits(value: Any, kind: str) -> bool:
    if kind == "float":
        return isinstance(value, int | float) and not isinstance(value, bool)
    if kind.startswith("list[str]"):
        return isinstance(value, list) and all(isinstance(item, str) for item in value)
    return type(value).__name__ == kind
