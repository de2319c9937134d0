"""What a page may hold: smallest count shown, longest table, most marks. Reads ``limits.toml``."""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def _limits() -> dict[str, Any]:
    return tomllib.loads(files("custlib.report").joinpath("limits.toml").read_text("utf-8"))


def limit(section: str, name: str) -> int:
    """Look one limit up.

    Examples
    --------
    >>> limit("page", "table_rows")
    200
    """
    return int(_limits()[section][name])
