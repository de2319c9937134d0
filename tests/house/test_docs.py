"""The pages of documentation name modules, attributes and files that exist."""

import re
from importlib import import_module
from pathlib import Path

import pytest

from tests.house.sources import ROOT, module_paths

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
DOTTED = re.compile(r"\bcustlib(?:\.[A-Za-z_]\w*)+")
IMPORT = re.compile(r"\bfrom (custlib(?:\.\w+)*) import (\w+(?:, \w+)*)")
FILE = re.compile(r"(?<![\w./-])(?:custlib|tests|scripts|benchmarks|docs|notebooks)/[\w./-]*\w")
EXAMPLES = {  # what docs/extending.md lets a reader write
    "custlib.segment.season",
    "custlib/segment/season.py",
    "custlib.report.pages.recent",
    "custlib/report/pages/recent.py",
    "notebooks/25_recent.ipynb",
}


def dotted_names(path: Path) -> list[str]:
    """Dotted names of a page, those of its import statements included."""
    statements = IMPORT.findall(path.read_text(encoding="utf-8"))
    imported = [f"{module}.{name}" for module, names in statements for name in names.split(", ")]
    return sorted({*names_in(path, DOTTED), *imported} - EXAMPLES)


def names_in(path: Path, pattern: re.Pattern[str]) -> list[str]:
    """What a page names, each once, but for examples that a reader is to write."""
    return sorted(set(pattern.findall(path.read_text(encoding="utf-8"))) - EXAMPLES)


def exists(name: str) -> bool:
    """Whether a dotted name is a module of custlib, or an attribute of one, or of a class in it."""
    parts = name.split(".")
    length = next(n for n in range(len(parts), 0, -1) if ".".join(parts[:n]) in module_paths())
    if length == len(parts):
        return True
    thing: object = import_module(".".join(parts[:length]))
    for part in parts[length:]:
        if not hasattr(thing, part):
            return False
        thing = getattr(thing, part)
    return True


def test_every_module_and_attribute_that_is_named_exists() -> None:
    missing = {path.name: names for path in PAGES if (names := [n for n in dotted_names(path) if not exists(n)])}
    assert not missing


def test_every_file_that_is_named_exists() -> None:
    missing = {
        path.name: names
        for path in PAGES
        if (names := [name for name in names_in(path, FILE) if not (ROOT / name).exists()])
    }
    assert not missing


@pytest.mark.parametrize(
    ("name", "there"),
    [
        ("custlib", True),
        ("custlib.value.history", True),
        ("custlib.models.ahp.weights", True),
        ("custlib.project.Project.model_fields", True),
        ("custlib.differentiate", False),
        ("custlib.value.no_such_module", False),
        ("custlib.models.bgnbd.BGNBD.no_such_method", False),
    ],
)
def test_what_exists_is_told_from_what_does_not(name: str, there: bool) -> None:
    assert exists(name) is there


def test_the_version_heads_the_changelog() -> None:
    heading = re.search(r"^## \[([\d.]+)\]", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert heading is not None and heading[1] == import_module("custlib").__version__
