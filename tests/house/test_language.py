"""Variables of custlib are named after what they hold: counts, options, message, rows; never ``found`` or ``given``."""

import ast

import pytest

from tests.house.language import BANNED, banned_names, banned_of
from tests.house.sources import module_paths


def test_a_variable_is_named_after_what_it_holds() -> None:
    names = [name for module in module_paths() for name in banned_of(module)]
    assert not names, "\n".join(names)


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
