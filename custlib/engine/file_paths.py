"""Writes paths for an engine, which takes ``[ ] * ?`` for patterns; refuses those that no engine can open."""

import os
import re
from pathlib import Path

from custlib.engine.dialect import literal
from custlib.errors import UsageError

_SIGNS = re.compile(r"[*?\[]")


def check_path(path: Path, what: str) -> None:
    r"""Refuse a path that an engine cannot open.

    Raises UsageError if its bytes are not UTF-8, or a backslash stands beside a sign of a pattern.

    Examples
    --------
    >>> check_path(Path("caf\udce9/sales.csv"), "source.path")
    Traceback (most recent call last):
    custlib.errors.UsageError: source.path: the name 'caf?' holds bytes that are not UTF-8. Rename it.
    """
    for part in path.parts:
        shown = part.encode("utf-8", errors="replace").decode()
        if shown != part:
            raise UsageError(f"{what}: the name {shown!r} holds bytes that are not UTF-8. Rename it.")
    if os.sep == "/" and "\\" in str(path) and _SIGNS.search(str(path)):
        raise UsageError(f"{what}: {path.name}: a path with \\ beside one of * ? [ cannot be read. Rename it.")


def escaped(text: str) -> str:
    """Write a path as a pattern of DuckDB that only that path fits.

    Examples
    --------
    >>> escaped("sales[1].csv")
    'sales[[]1].csv'
    """
    return _SIGNS.sub(r"[\g<0>]", text)


def file_literal(path: Path) -> str:
    """Write the path of one file for the readers of DuckDB.

    Examples
    --------
    >>> file_literal(Path("it's*.csv"))
    "'it''s[*].csv'"
    """
    return literal(escaped(str(path)))


def list_literal(paths: list[Path]) -> str:
    """Write the paths of several files for the readers of DuckDB.

    Examples
    --------
    >>> list_literal([Path("a.parquet"), Path("b.parquet")])
    "['a.parquet', 'b.parquet']"
    """
    return f"[{', '.join(map(file_literal, paths))}]"
