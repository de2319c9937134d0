"""Notebooks are prose with one verb a cell: they hold no outputs, no functions, no SQL, no paths."""

import ast
import io
import json
import re
import tokenize
from pathlib import Path

import pytest

from tests.house.sources import ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
MOST_LINES = 12
SQL = re.compile(r"\bselect\b.+\bfrom\b|\b(GROUP|ORDER) BY\b|\b(INNER|LEFT|RIGHT|FULL|CROSS)? ?JOIN\b", re.DOTALL)
PATH = re.compile(r"^(\.{0,2}/|[A-Za-z]:\\)|\.(csv|parquet|toml|json|html|ipynb|xlsx|svg|png)$")

if not NOTEBOOKS:
    pytest.skip("notebooks/ holds no notebook yet", allow_module_level=True)


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def notebook(request: pytest.FixtureRequest) -> dict:
    path: Path = request.param
    return json.loads(path.read_text(encoding="utf-8"))


def source(cell: dict) -> str:
    """A cell's text, which nbformat stores as one string or as a list of lines."""
    return "".join(cell["source"])


def code_cells(notebook: dict) -> list[dict]:
    """The cells of code, in order."""
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def is_parameters(cell: dict) -> bool:
    """Whether papermill takes this cell for the parameters."""
    return "parameters" in cell["metadata"].get("tags", [])


def nodes(notebook: dict, kind: type | tuple[type, ...]) -> list[ast.AST]:
    """Every syntax node of a kind, in all cells of code."""
    trees = [ast.parse(source(cell)) for cell in code_cells(notebook)]
    return [node for tree in trees for node in ast.walk(tree) if isinstance(node, kind)]


def strings(cell: dict) -> list[str]:
    """Every string in a cell of code."""
    constants = [node for node in ast.walk(ast.parse(source(cell))) if isinstance(node, ast.Constant)]
    return [node.value for node in constants if isinstance(node.value, str)]


def test_nothing_of_a_run_is_stored(notebook: dict) -> None:
    assert all(not cell["outputs"] and cell["execution_count"] is None for cell in code_cells(notebook))


def test_cells_have_ids_of_their_own(notebook: dict) -> None:
    assert (notebook["nbformat"], notebook["nbformat_minor"]) >= (4, 5)
    ids = [cell["id"] for cell in notebook["cells"]]
    assert len(set(ids)) == len(ids)


def test_one_cell_holds_the_parameters(notebook: dict) -> None:
    assert sum(is_parameters(cell) for cell in code_cells(notebook)) == 1


def test_parameters_are_typed_and_commented(notebook: dict) -> None:
    cell = next(cell for cell in code_cells(notebook) if is_parameters(cell))
    text = source(cell)
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    commented = {token.start[0] for token in tokens if token.type == tokenize.COMMENT}
    for statement in ast.parse(text).body:
        assert isinstance(statement, ast.AnnAssign), f"no type: {ast.unparse(statement)}"
        assert statement.value is not None, f"no value: {ast.unparse(statement)}"
        around = {statement.lineno - 1, *range(statement.lineno, statement.end_lineno + 1)}
        assert commented & around, f"no comment: {ast.unparse(statement)}"


def test_parameters_are_checked_before_anything_else(notebook: dict) -> None:
    cells = code_cells(notebook)
    place = next(number for number, cell in enumerate(cells) if is_parameters(cell))
    assert "parameters.check_cells(globals())" in source(cells[place + 1]).splitlines()


def test_cells_call_verbs_and_define_none(notebook: dict) -> None:
    defined = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
    assert not nodes(notebook, defined)


def test_errors_are_not_caught(notebook: dict) -> None:
    assert not nodes(notebook, (ast.Try, ast.TryStar))


def test_cells_are_plain_python(notebook: dict) -> None:
    magic = [line for cell in code_cells(notebook) for line in source(cell).splitlines() if re.match(r"\s*[%!]", line)]
    assert not magic


def test_sql_stays_in_the_engine(notebook: dict) -> None:
    found = [text for cell in code_cells(notebook) for text in strings(cell) if SQL.search(text)]
    assert not found


def test_paths_stay_in_the_project(notebook: dict) -> None:
    cells = [cell for cell in code_cells(notebook) if not is_parameters(cell)]
    found = [text for cell in cells for text in strings(cell) if PATH.search(text)]
    assert not found


def test_cells_are_short(notebook: dict) -> None:
    for cell in code_cells(notebook):
        lines = [line for line in source(cell).splitlines() if line.strip() and not line.strip().startswith("#")]
        assert len(lines) <= MOST_LINES, f"cell {cell['id']} has {len(lines)} lines of code"


def test_prose_comes_before_code(notebook: dict) -> None:
    kinds = [cell["cell_type"] for cell in notebook["cells"]]
    bare = [after["id"] for before, after in zip(notebook["cells"], notebook["cells"][1:], strict=False)
            if after["cell_type"] == "code" and before["cell_type"] != "markdown"]  # fmt: skip
    assert kinds[0] == "markdown"
    assert not bare, f"no Markdown before cells {bare}"


def test_opens_with_a_title_and_ends_with_the_meaning(notebook: dict) -> None:
    prose = [source(cell) for cell in notebook["cells"] if cell["cell_type"] == "markdown"]
    headings = re.findall(r"^(#+ .+)$", "\n".join(prose), flags=re.MULTILINE)
    assert prose[0].startswith("# ")
    assert headings[-1].strip("# ") == "What this means"
