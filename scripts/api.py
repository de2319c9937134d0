"""Write docs/api.md from the docstrings of what is public: ``make api``."""

import ast
import inspect
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import custlib
from custlib.models.forecasting import LifetimeModel

PAGE = Path(__file__).resolve().parents[1] / "docs" / "api.md"
SECTION = re.compile(r"^([A-Z][A-Za-z ]+)\n-{3,}\n", re.MULTILINE)
_WIDTH = 100
FIELDS = {"Parameters", "Attributes", "Returns", "Raises", "Warns", "Yields"}
# What a name leads to besides itself: results of its attributes, which users meet and do not import.
RESULTS = {
    "Run": (
        "custlib.explore.results.SpendModel",
        "custlib.explore.results.Backtest",
        "custlib.explore.results.Quality",
        "custlib.explore.segments_view.Segments",
        "custlib.explore.segments_view.Segmentation",
    )
}
HEAD = """\
# The public face

Made from the docstrings by `make api`; change them there. What this page names is public: it is found by Tab, typed,
and lives one minor version after a warning that it goes. Everything else may change at any time.

"""


def api_page() -> str:
    """The text of docs/api.md."""
    parts = [HEAD, _contents()]
    modules = [name for name in custlib.__all__ if inspect.ismodule(getattr(custlib, name))]
    for name in sorted((name for name in custlib.__all__ if name not in modules), key=str.casefold):
        parts += _entry(f"custlib.{name}", getattr(custlib, name), level=2)
        for place in RESULTS.get(name, ()):
            parts += _entry(place, _at(place), level=3)
    for name in modules:
        parts += _module(f"custlib.{name}", getattr(custlib, name), level=2)
    text = "\n".join(line.rstrip() for line in "".join(parts).splitlines()) + "\n"
    return re.sub(r"\n{3,}", "\n\n", text)


def _contents() -> str:
    """Every public name with the first line of its docstring."""
    lines = {name: _marks(_docstring(getattr(custlib, name)).partition("\n")[0]) for name in custlib.__all__}
    rows = "".join(f"| `custlib.{name}` | {line} |\n" for name, line in lines.items())
    return f"| name | what it is |\n|---|---|\n{rows}\n"


def _docstring(one: Any) -> str:
    return inspect.getdoc(one) or ""


def _at(place: str) -> Any:
    module, _, name = place.rpartition(".")
    return getattr(__import__(module, fromlist=[name]), name)


def _module(place: str, module: ModuleType, *, level: int) -> Iterator[str]:
    yield f"{'#' * level} `{place}`\n\n{_text(_docstring(module))}\n"
    names = getattr(module, "__all__", None) or [n for n, one in vars(module).items() if _is_own(one, module)]
    inner = [name for name in names if inspect.ismodule(getattr(module, name))]
    shared = [name for name in names if module is custlib.models.mbgnbd and _is_of_bgnbd(name)]
    if shared:
        yield f"As in `custlib.models.bgnbd`: {', '.join(f'`{name}`' for name in shared)}.\n\n"
    for name in names:
        if name not in [*inner, *shared] and _is_described(getattr(module, name)) and not _is_elsewhere(name, module):
            yield from _entry(f"{place}.{name}", getattr(module, name), level=level + 1)
    for name in inner:
        yield from _module(f"{place}.{name}", getattr(module, name), level=level)


def _is_elsewhere(name: str, module: ModuleType) -> bool:
    """Whether a class is described with `custlib.models` already."""
    return module is not custlib.models and name in custlib.models.__all__


def _is_of_bgnbd(name: str) -> bool:
    """Whether a function of `custlib.models.mbgnbd` is that of `custlib.models.bgnbd`, which takes both models."""
    return getattr(custlib.models.mbgnbd, name) is getattr(custlib.models.bgnbd, name, None)


def _is_own(one: Any, module: ModuleType) -> bool:
    return inspect.isclass(one) and one.__module__ == module.__name__


def _is_described(one: Any) -> bool:
    return inspect.isclass(one) or inspect.isfunction(one)


def _entry(place: str, one: Any, *, level: int) -> Iterator[str]:
    """A class with its methods, or a function."""
    name = place.rpartition(".")[2]
    hashes = "#" * level
    if inspect.isfunction(one):
        yield f"{hashes} `{place}`\n\n```python\n{_signature(name, one)}\n```\n\n{_text(_docstring(one))}\n"
        return
    yield f"{hashes} `{place}`\n\n{_text(_docstring(one))}\n"
    for member in _members(one):
        described = inspect.getattr_static(one, member)
        function = described.fget if isinstance(described, property) else getattr(one, member)
        shown = "" if isinstance(described, property) else f"```python\n{_signature(member, function)}\n```\n\n"
        yield f"{hashes}# `{name}.{member}`\n\n{shown}{_text(_docstring(function))}\n"


def _members(one: type) -> list[str]:
    """Methods and properties that a class of custlib's public face writes down itself, in their order."""
    if not one.__module__.startswith(("custlib.explore", "custlib.lifetimes", "custlib.models.forecasting")):
        return []  # of models the attributes are all
    shared = dir(LifetimeModel) if one is not LifetimeModel and issubclass(one, LifetimeModel) else []
    own = [name for name in vars(one) if not name.startswith("_") and name != "origin" and name not in shared]
    inherited = ["with_"] if one is custlib.Run else []
    return [n for n in [*own, *inherited] if _is_member(inspect.getattr_static(one, n))]


def _is_member(described: Any) -> bool:
    return isinstance(described, property) or inspect.isfunction(described)


def _signature(name: str, function: Any) -> str:
    """The signature as it is written, one parameter a line where it is long."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    assert isinstance(tree, ast.FunctionDef)
    for own in (own for own in tree.args.args[:1] if own.arg in ("self", "cls")):
        tree.args.args.remove(own)
    returns = f" -> {ast.unparse(tree.returns)}" if tree.returns else ""
    written = re.split(r", (?=\*|\w+(?::|,|=|$))", ast.unparse(tree.args))
    parts = [part.replace("=", " = ", 1) if ":" in part else part for part in written]
    whole = f"{name}({', '.join(parts)}){returns}".replace("'", '"')
    if len(whole) <= _WIDTH:
        return whole
    lines = "".join(f"    {part},\n" for part in parts)
    return f"{name}(\n{lines}){returns}".replace("'", '"')


def _text(docstring: str) -> str:
    """A numpydoc docstring as Markdown: fields as lists, examples as code."""
    parts = SECTION.split(docstring)
    pieces = [_prose(parts[0])]
    for title, body in zip(parts[1::2], parts[2::2], strict=True):
        shown = _fields(body) if title in FIELDS else _prose(body)
        pieces.append(f"**{title}**\n\n{shown}")
    return "\n".join(pieces)


def _prose(text: str) -> str:
    """Paragraphs; those that start with a prompt are code."""
    paragraphs = re.split(r"\n\s*\n", text.strip("\n"))
    return "".join(
        f"```python\n{p}\n```\n\n" if p.lstrip().startswith(">>>") else f"{_marks(p)}\n\n" for p in paragraphs
    )


def _marks(text: str) -> str:
    """Roles and double backticks of reStructuredText as Markdown's."""
    return re.sub(r":\w+:`([^`]*)`", r"`\1`", text).replace("``", "`").replace("::\n", ":\n").removesuffix("::")


def _fields(body: str) -> str:
    """One item of a list per field, with its description."""
    items: list[str] = []
    for line in body.rstrip().splitlines():
        if not line.strip():
            continue
        if line.startswith(" "):
            items[-1] += f" {line.strip()}" if items[-1].count("\n") else f"\n  {line.strip()}"
        else:
            name, _, kind = line.partition(" : ")
            items.append(f"- `{name}`{f' : {_marks(kind)}' if kind else ''}")
    return "\n".join(_marks(item) for item in items) + "\n\n"


def main() -> None:
    """Rewrite docs/api.md."""
    PAGE.write_text(api_page(), encoding="utf-8")


if __name__ == "__main__":
    main()
