"""docs/domain-coverage.md: every row of the domain is there, and everything it names exists."""

import ast
import re
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from custlib.report.texts import texts

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "domain-coverage.md").read_text(encoding="utf-8")
# Rows whose section is still to be written: take a row out when the page names its section.
NOT_SHOWN_YET: set[str] = set()


def rows() -> dict[str, list[str]]:
    """Cells of each row of the page, by its number."""
    lines = [line.strip("| ").split(" | ") for line in PAGE.splitlines() if line.startswith("| D2.")]
    return {cells[0]: cells[1:] for cells in lines}


def named(cell: str) -> list[str]:
    """What a cell names in code style."""
    return re.findall(r"`([^`]+)`", cell)


FUNCTIONS = sorted({name for cells in rows().values() for name in named(cells[1])})
TESTS = sorted({name for cells in rows().values() for name in named(cells[3])})


@cache
def functions_of(path: Path) -> set[str]:
    """Names of the test functions of a file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


@cache
def sections() -> set[str]:
    """Titles of the sections of the notebooks, with their number."""
    found = set()
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        source = path.read_text(encoding="utf-8")
        keys = re.findall(r'Section\(t\(\\"([a-z_.]+)\\"\)', source)
        keys += [f"systems.{name}.name" for name in re.findall(r'\.section\(\\"([a-z0-9_]+)\\"', source)]
        found |= {f"{path.name[:2]}: {texts('en')(key)}" for key in keys}
    return found


def test_every_number_of_the_domain_has_one_row() -> None:
    assert list(rows()) == [f"D2.{n}" for n in range(1, 16)]
    assert PAGE.count("| D2.") == 15
    assert all(len(cells) == 4 for cells in rows().values())


def test_a_row_names_functions_and_tests() -> None:
    assert not [number for number, cells in rows().items() if not (named(cells[1]) and named(cells[3]))]


def is_there(name: str) -> bool:
    """Whether a function or a rule file of custlib exists."""
    if name.startswith("rules/"):
        return (ROOT / "custlib" / name).is_file()
    module, _, function = name.rpartition(".")
    return find_spec(f"custlib.{module}") is not None and callable(
        getattr(import_module(f"custlib.{module}"), function, None)
    )


def test_every_function_or_rule_that_is_named_exists() -> None:
    assert not [name for name in FUNCTIONS if not is_there(name)]


def is_tested(name: str) -> bool:
    """Whether a test function exists in its file."""
    file, _, function = name.partition("::")
    path = ROOT / "tests" / file
    return function.startswith("test_") and path.is_file() and function in functions_of(path)


def test_every_test_that_is_named_exists() -> None:
    assert not [name for name in TESTS if not is_tested(name)]


def test_every_section_that_is_named_exists() -> None:
    titles = [title for number in set(rows()) - NOT_SHOWN_YET for title in rows()[number][2].split("<br>")]
    missing = [title for title in titles if title not in sections()]
    assert not missing, f"docs/domain-coverage.md names {missing}; there are {sorted(sections())}"


def test_what_is_not_shown_yet_is_known() -> None:
    assert {number for number, cells in rows().items() if cells[2] == "–"} == NOT_SHOWN_YET
