"""Reads the limits of a page (``limits.toml``): smallest count shown, longest table, most marks."""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def _limits() -> dict[str, Any]:
    return tomllib.loads(files("custlib.report").joinpath("limits.toml").read_text("utf-8"))


def limit(section: str, name: str) -> int:
    """Look up a limit.

    Examples
    --------
    >>> limit("page", "table_rows")
    200
    """
    return int(_limits()[section][name])
