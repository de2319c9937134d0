"""The errors that custlib raises on purpose, each with the exit code of the command.

A message says what is wrong, where, how often, and what to do, in that order::

    TableError: transactions: amount is no number in 3 of 1,204 rows (first: rows 17, 18, 90).
    Declare thousands = "," in the project file, or correct the rows.

All of them are a :class:`CustlibError`.

>>> import custlib
>>> try:
...     custlib.open("cdnwo")
... except custlib.errors.CustlibError as error:
...     print(error.exit_code, error)
2 run: no project file named cdnwo. Did you mean 'cdnow'? ...
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

Item = TypeVar("Item")


class CustlibError(Exception):
    """Base of all errors raised on purpose; anything else that escapes is a bug (exit code 1)."""

    exit_code = 1


class UsageError(CustlibError):
    """A wrong option, parameter, project file or argument."""

    exit_code = 2


class TableError(CustlibError):
    """A table that breaks its contract: missing columns or invalid values.

    ``record`` is the quality record of what was read, where rows were counted before they were refused.
    """

    exit_code = 3

    def __init__(self, message: str = "", *, record: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.record = record


class ModelError(CustlibError):
    """A model that cannot be identified from these customers.

    ``reason`` is a key of ``refused`` in the texts of the pages.
    """

    exit_code = 4

    def __init__(self, message: str, *, reason: str = "not_identified") -> None:
        super().__init__(message)
        self.reason = reason
        self.origin = ""  # the node of the graph that raised it


class RunError(CustlibError):
    """A run that could not finish: a notebook, the disk, or a timeout."""

    exit_code = 5


class LockedError(CustlibError):
    """Another run of the same project holds the lock."""

    exit_code = 6


def require(module: str, *, extra: str, purpose: str = "this") -> Any:
    """Import a module that comes with an extra of custlib.

    Parameters
    ----------
    module : str
        Dotted name of the module.
    extra : str
        The extra that brings it.
    purpose : str, default "this"
        What needs it, the first word of the message.

    Returns
    -------
    module
        The imported module.

    Raises
    ------
    UsageError
        If its package is not installed; the message holds the command that installs it.

    Examples
    --------
    >>> require("no_such_package.chart", extra="reports")
    Traceback (most recent call last):
    custlib.errors.UsageError: this needs no_such_package: pip install "custlib[reports]"
    """
    from importlib import import_module

    package = module.partition(".")[0]
    try:
        return import_module(module)
    except ModuleNotFoundError as fault:
        if fault.name is None or fault.name.partition(".")[0] != package:
            raise
        raise _not_installed(package, extra, purpose) from None


def check_installed(package: str, *, extra: str, purpose: str = "this") -> None:
    """Refuse what needs a package that is not installed, without importing it; see :func:`require`.

    Examples
    --------
    >>> check_installed("no_such_package", extra="reports")
    Traceback (most recent call last):
    custlib.errors.UsageError: this needs no_such_package: pip install "custlib[reports]"
    """
    from importlib.util import find_spec

    if find_spec(package) is None:
        raise _not_installed(package, extra, purpose)


def _not_installed(package: str, extra: str, purpose: str) -> UsageError:
    return UsageError(f'{purpose} needs {package}: pip install "custlib[{extra}]"')


def hint(name: str, available: Sequence[str]) -> str:
    """List what is available, after the closest match.

    Examples
    --------
    >>> hint("dat", ["id", "date", "amount"])
    "Did you mean 'date'? Available: amount, date, id."
    """
    from difflib import get_close_matches

    names = {a.casefold(): a for a in available}
    close = get_close_matches(str(name).casefold(), names, n=1, cutoff=0.6)
    suggestion = f"Did you mean '{names[close[0]]}'? " if close else ""
    return f"{suggestion}Available: {listed(sorted(available)) or 'none'}."


class ByName(dict[str, Item]):
    """A mapping by name; to ask for a name that is not in it is an error that says what there is.

    Examples
    --------
    >>> ByName("segment", {"champions": 1})["champion"]
    Traceback (most recent call last):
    custlib.errors.UsageError: segment: there is no 'champion'. Did you mean 'champions'? Available: champions.
    """

    def __init__(self, what: str, content: Mapping[str, Item]) -> None:
        super().__init__(content)
        self.what = what

    def __missing__(self, name: str) -> Item:
        """Refuse a name that is not there."""
        raise UsageError(f"{self.what}: there is no {name!r}. {hint(name, list(self))}")


def listed(names: Sequence[str], *, most: int = 30) -> str:
    """Write names in one line: the first three of many, and how many others there are.

    Examples
    --------
    >>> listed(["a", "b"]), listed([f"x{n}" for n in range(10_000)])
    ('a, b', 'x0, x1, x2 and 9,997 others')
    """
    if len(names) <= most:
        return ", ".join(names)
    return f"{', '.join(names[:3])} and {len(names) - 3:,} others"


def counted(number: int, one: str, many: str) -> str:
    """Write a count with the words that follow it: those of one, or those of several.

    Examples
    --------
    >>> counted(1, "line is", "lines are"), counted(1204, "line is", "lines are"), counted(0, "line is", "lines are")
    ('1 line is', '1,204 lines are', '0 lines are')
    """
    return f"{number:,} {one if number == 1 else many}"
