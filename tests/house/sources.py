"""The files and syntax trees that the tests of the house look at."""

import ast
from collections.abc import Container, Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "custlib"


@cache
def module_paths() -> dict[str, Path]:
    """Every module of custlib, by its dotted name."""
    return {_dotted(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def _dotted(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def tree_of(module: str) -> ast.Module:
    """The syntax tree of a module of custlib."""
    return ast.parse(module_paths()[module].read_text(encoding="utf-8"), filename=module)


@cache
def imports_of(module: str) -> tuple[tuple[str, ast.stmt], ...]:
    """Each module that ``module`` imports, anywhere in its text, with the statement that does."""
    return tuple(_imports_of(module))


def _imports_of(module: str) -> Iterator[tuple[str, ast.stmt]]:
    is_package = module_paths()[module].name == "__init__.py"
    for node in ast.walk(tree_of(module)):
        if isinstance(node, ast.Import):
            yield from ((name.name, node) for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((name, node) for name in imported_from(node, module, is_package, module_paths()))


def imported_from(node: ast.ImportFrom, module: str, is_package: bool, known: Container[str]) -> Iterator[str]:
    """The modules that ``from x import a, b`` imports: ``x.a`` where that is a module, else ``x``."""
    parts = module.split(".")
    above = parts[: len(parts) - node.level + is_package] if node.level else []
    base = ".".join([*above, *([node.module] if node.module else [])])
    for name in node.names:
        inner = f"{base}.{name.name}"
        yield inner if inner in known else base
