"""Load the rules: thresholds, class names, maps, channels and playbooks, each a TOML file with its source.

Code holds no threshold, class name or price.
"""

import tomllib
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from custlib.errors import UsageError, hint


@cache
def load(name: str) -> dict[str, Any]:
    """Load a rule file of the package.

    Examples
    --------
    >>> load("maps/rf25")["map"]["id"]
    'rf25'
    """
    source = files("custlib.rules").joinpath(f"{name}.toml")
    if not source.is_file():
        folder, _, stem = name.rpartition("/")
        raise UsageError(f"rules: no file named {name}. {hint(stem, names(folder))}")
    return read(Path(str(source)))


def names(folder: str) -> list[str]:
    """List the rule files of a folder, without suffix.

    Examples
    --------
    >>> "rf25" in names("maps")
    True
    """
    place = files("custlib.rules").joinpath(folder) if folder else files("custlib.rules")
    if not place.is_dir():
        return []
    return sorted(Path(str(f)).stem for f in place.iterdir() if str(f).endswith(".toml"))


def read(path: Path) -> dict[str, Any]:
    """Parse a TOML file; errors name the file and the line.

    Examples
    --------
    >>> read(Path("missing.toml"))
    Traceback (most recent call last):
    custlib.errors.UsageError: missing.toml: no such file.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))  # Windows writes a byte order mark
    except FileNotFoundError:
        raise UsageError(f"{path}: no such file.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise UsageError(f"{path}: is not valid TOML: {fault}.") from None
    except OSError as fault:
        raise UsageError(f"{path}: cannot be read: {fault.strerror}.") from None
