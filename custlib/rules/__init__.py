"""Load the rules: thresholds, class names, maps, channels and playbooks, each a TOML file with its source.

Code holds no threshold, class name or price.
"""

import tomllib
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar

from custlib.errors import UsageError, hint

Checked = TypeVar("Checked")


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


def checked(name: str, folder: str, check: Callable[[dict[str, Any], str], Checked]) -> Checked:
    """Read a rule file, a shipped one by its name or a user's own by its path, and check it; shipped ones once.

    Parameters
    ----------
    check : callable
        Makes of the content, and of the name that errors give it, what the file says.

    Examples
    --------
    >>> checked("rf25", "maps", lambda content, name: (name, content["map"]["id"]))
    ('rf25', 'rf25')
    """
    return check(read(Path(name)), name) if name.endswith(".toml") else _shipped(name, folder, check)


@cache
def _shipped(name: str, folder: str, check: Callable[[dict[str, Any], str], Checked]) -> Checked:
    return check(load(f"{folder}/{name}"), name)


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
