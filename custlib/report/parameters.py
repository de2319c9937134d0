"""Validates the parameters of notebooks before a run.

Unknown parameters are errors, where papermill only warns. The parameters of a notebook are read from its parameters
cell: one typed and commented assignment per line.
"""

import ast
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from custlib.errors import UsageError, hint


@dataclass(frozen=True)
class Parameter:
    """A parameter: its type, default and comment."""

    name: str
    kind: str
    default: Any
    comment: str


def declared(notebook: Path) -> dict[str, Parameter]:
    """Read the parameters of a notebook."""
    import nbformat

    if not notebook.is_file():
        known = [path.stem for path in notebook.parent.glob("*.ipynb")]
        raise UsageError(f"notebook: {notebook.stem} does not exist. {hint(notebook.stem, known)}")
    cells = nbformat.read(notebook, as_version=4).cells
    tagged = [cell.source for cell in cells if "parameters" in cell.metadata.get("tags", ())]
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


def _fits(value: Any, kind: str) -> bool:
    if kind == "float":
        return isinstance(value, int | float) and not isinstance(value, bool)
    if kind.startswith("list[str]"):
        return isinstance(value, list) and all(isinstance(item, str) for item in value)
    return type(value).__name__ == kind
