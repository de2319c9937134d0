"""Temporary names in the folder of reports, and what killed runs left under them.

A temporary name tells its machine and process. It is swept when that process has ended, or after a day if it is
one of another machine, which may be writing to the same folder.
"""

import hashlib
import os
import platform
import re
import shutil
import time
from contextlib import suppress
from pathlib import Path

from custlib.engine.shelf import is_alive

_HOST = hashlib.sha256(platform.node().encode()).hexdigest()[:8]
_NAME = re.compile(r"\.custlib-(?P<kind>new|old|part)-(?P<name>.+)\.(?P<host>[0-9a-f]{8})\.(?P<process>[0-9]+)")
_SAFE_AGE = 24 * 3600  # seconds


def temporary(target: Path, kind: str) -> Path:
    """Name what is written beside a target before it has its name (``new``, ``part``), or is kept aside (``old``)."""
    return target.with_name(f".custlib-{kind}-{target.name}.{_HOST}.{os.getpid()}")


def sweep(folder: Path) -> None:
    """Remove what killed runs left in a folder; a report kept aside that has no successor gets its name back."""
    for left in folder.glob(".custlib-*"):
        match = _NAME.fullmatch(left.name)
        if match is None or not _is_left(left, match["host"], int(match["process"])):
            continue
        target = left.with_name(match["name"])
        if match["kind"] == "old" and not target.exists():
            left.rename(target)
        elif left.is_dir() and not left.is_symlink():
            shutil.rmtree(left, ignore_errors=True)
        else:
            left.unlink(missing_ok=True)


def _is_left(path: Path, host: str, process: int) -> bool:
    if host == _HOST:
        return not is_alive(process)
    with suppress(OSError):
        status = path.lstat()  # renaming changes the second time only
        return time.time() - max(status.st_mtime, status.st_ctime) > _SAFE_AGE
    return False


def write_text(path: Path, text: str) -> None:
    """Write a small file of the reports whole, or not at all."""
    part = temporary(path, "part")
    try:
        part.write_text(text, encoding="utf-8")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
