"""Count the identifiers of custlib that say where a thing comes from instead of what it is."""

import ast
from collections.abc import Iterator

from tests.house.sources import module_paths, tree_of

BANNED = frozenset({"found", "given", "said", "told", "held", "kept", "asked", "made", "taken"})


def bindings(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Every name that a tree binds, with its line: targets of every kind, parameters, functions and attributes."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()) | ast.arg(arg=name):
                yield node.lineno, name
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                yield node.lineno, name
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                yield node.lineno, name


def banned_names(tree: ast.AST) -> list[tuple[int, str]]:
    """The banned names that a tree binds, with their lines."""
    return [(line, name) for line, name in bindings(tree) if name.strip("_") in BANNED]


def banned_of(module: str) -> list[str]:
    """The banned names of a module of custlib, as ``module:line name``."""
    return [f"{module}:{line} {name}" for line, name in banned_names(tree_of(module))]


def banned_everywhere() -> list[str]:
    """The banned names of all modules of custlib."""
    return [entry for module in module_paths() for entry in banned_of(module)]
