"""Variables of custlib are named after what they hold: counts, options, message, rows; never ``found`` or ``given``."""

import ast

import pytest

from tests.house.language import BANNED, banned_names, banned_of
from tests.house.sources import module_paths

# Folders and top-level modules whose names are all nouns of the field.
FINISHED = (
    "engine", "errors", "rules", "value", "validate", "audit", "move", "customise", "demo", "lifetimes",
    "source", "registers", "project", "machine", "tables",
    "report.pages", "report.blocks", "report.execution", "report.export", "report.page", "report.page_limits",
    "report.page_list", "report.palette", "report.parameters", "report.period_names", "report.privacy",
    "report.production", "report.publish", "report.render", "report.svg", "report.table_text", "report.texts",
)  # fmt: skip


def is_finished(module: str) -> bool:
    """Whether a module is one of, or lies in, the finished folders."""
    inner = module.removeprefix("custlib.")
    return any(inner == place or inner.startswith(f"{place}.") for place in FINISHED)


def test_a_variable_is_named_after_what_it_holds() -> None:
    names = [name for module in module_paths() if is_finished(module) for name in banned_of(module)]
    assert not names, "\n".join(names)


def test_what_is_finished_is_there() -> None:
    assert not [place for place in FINISHED if f"custlib.{place}" not in module_paths()]


@pytest.mark.parametrize(
    "text",
    [
        "{} = 1",
        "{}: int = 1",
        "{} += 1",
        "a, *{} = b",
        "self.{} = 1",
        "for {} in a: pass",
        "[{} for {} in a]",
        "if ({} := a): pass",
        "with a as {}: pass",
        "def f({}): pass",
        "lambda {}: 1",
        "try: pass\nexcept E as {}: pass",
        "match a:\n case {{'x': {}}}: pass",
        "def {}(): pass",
        "class A:\n {}: int",
    ],
)
def test_every_way_to_bind_a_name_is_seen(text: str) -> None:
    for name in BANNED:
        assert name in {bound for _, bound in banned_names(ast.parse(text.format(name, name)))}
        assert not banned_names(ast.parse(text.format("counts", "counts")))
