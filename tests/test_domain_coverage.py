"""docs/domain-coverage.md: every row of the domain is there, and everything it names exists."""

import ast
import re
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest

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
        keys += [f"segments.{key}" for key in re.findall(r'view\.section(?:_with_forecast)?\(\\"([a-z_]+)\\"', source)]
        found |= {f"{path.name[:2]}: {texts('en')(key)}" for key in keys}
    return found


def test_every_number_of_the_domain_has_one_row() -> None:
    assert list(rows()) == [f"D2.{n}" for n in range(1, 16)]
    assert PAGE.count("| D2.") == 15
    assert all(len(cells) == 4 for cells in rows().values())


@pytest.mark.parametrize("number", list(rows()))
def test_a_row_names_functions_and_tests(number: str) -> None:
    assert named(rows()[number][1])
    assert named(rows()[number][3])


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_or_rule_that_is_named_exists(name: str) -> None:
    if name.startswith("rules/"):
        assert (ROOT / "custlib" / name).is_file()
    else:
        module, _, function = name.rpartition(".")
        assert callable(getattr(import_module(f"custlib.{module}"), function))


@pytest.mark.parametrize("name", TESTS)
def test_a_test_that_is_named_exists(name: str) -> None:
    file, _, function = name.partition("::")
    assert function.startswith("test_")
    assert function in functions_of(ROOT / "tests" / file)


@pytest.mark.parametrize("number", sorted(set(rows()) - NOT_SHOWN_YET))
def test_a_section_that_is_named_exists(number: str) -> None:
    wanted = rows()[number][2].split("<br>")
    missing = [title for title in wanted if title not in sections()]
    assert not missing, f"docs/domain-coverage.md names {missing}; there are {sorted(sections())}"


def test_what_is_not_shown_yet_is_known() -> None:
    assert {number for number, cells in rows().items() if cells[2] == "–"} == NOT_SHOWN_YET
