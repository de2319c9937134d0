"""Exchanges two folders of one file system in one step, so that a name leads to a whole folder at every moment.

Linux calls it ``renameat2`` with ``RENAME_EXCHANGE``, macOS ``renamex_np`` with ``RENAME_SWAP``. Where neither works
(Windows, some network file systems) two renames follow each other, and what is kept aside in between is put back by
:func:`custlib.report.published.leftovers.sweep` when the process is killed there. See docs/decisions.
"""

import ctypes
import os
import sys
from pathlib import Path

_HERE = -100  # AT_FDCWD: paths are relative to the current folder
_EXCHANGE = 2  # RENAME_EXCHANGE of Linux and RENAME_SWAP of macOS


def exchange(fresh: Path, target: Path, aside: Path) -> None:
    """Give a folder the name of another, which then has the name of the first, or ``aside`` where that takes two steps.

    Parameters
    ----------
    fresh, target : pathlib.Path
        Two folders in one folder.
    aside : pathlib.Path
        A free name beside them.
    """
    if not swap(fresh, target):
        target.rename(aside)
        fresh.rename(target)


def swap(one: Path, other: Path) -> bool:
    """Exchange the names of two folders in one step; False where the system or the file system cannot."""
    first, second = os.fsencode(one), os.fsencode(other)
    try:
        library = ctypes.CDLL(None)
        if sys.platform == "darwin":
            return bool(library.renamex_np(first, second, _EXCHANGE) == 0)
        return bool(library.renameat2(_HERE, first, _HERE, second, _EXCHANGE) == 0)
    except (OSError, TypeError, AttributeError):  # no such library, or no such function in it
        return False
