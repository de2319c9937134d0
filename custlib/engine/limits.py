"""What the machine must have: memory as it is written, and the disk that lines of purchases take."""

import re
import shutil
from pathlib import Path

from custlib.errors import RunError

LEAST_MEMORY = 100_000_000  # bytes; with less the engine cannot even write a table
BYTES_EACH = 80  # a line, with the tables made of it and what is sorted meanwhile, on disk
_UNITS = {"": 1, "B": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}


def size_of(text: str) -> int:
    """Read a size such as ``500MB`` or ``1.5 GiB``.

    Examples
    --------
    >>> size_of("500MB"), size_of("1.5 GiB"), size_of("much")
    (500000000, 1610612736, 0)
    """
    found = re.fullmatch(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([KMGT]?)(i?)B?(?:ytes)?\s*", text, re.IGNORECASE)
    if found is None:
        return 0
    unit = _UNITS[found[2].upper()]
    return int(float(found[1]) * (unit if not found[3] else 1024 ** (len(str(unit)) // 3)))


def check_disk(rows: int, folder: Path) -> None:
    """Refuse a base that the disk cannot hold, before anything is written."""
    free, wanted = shutil.disk_usage(folder).free, rows * BYTES_EACH
    if free < wanted:
        raise RunError(
            f"disk: {rows:,} lines need about {_shown(wanted)} of free disk for tables, and {_shown(free)} "
            "are free. Free some, or set the work folder to a larger disk (--work; TMPDIR for custlib value)."
        )


def _shown(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 10**9 else f"{size / 1e6:.0f} MB"
