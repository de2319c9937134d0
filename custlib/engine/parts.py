"""How many parts a table is split into, and the disk it takes: a base larger than memory is reduced part by part.

Measured on 100 million lines of ten million customers: one pass that splits the lines by customer, then one reduction
within memory for each part, takes half the time of a single reduction that spills (`docs/scale.md`).
"""

import re
import shutil
from pathlib import Path

from custlib.errors import RunError

FEWEST_ROWS = 2_000_000  # a smaller table stays whole
MOST = 64
LEAST_MEMORY = 100_000_000  # bytes; with less the engine cannot even write a table
_BYTES_REDUCING = 120  # a customer and day in memory, with its sums
BYTES_SPLIT = 80  # a line of a split table and the tables made of it, on disk
BYTES_WHOLE = 20  # of one that stays whole, packed; the least that was measured
_SHARE = 0.6  # of the memory that one part may fill
_UNITS = {"": 1, "B": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}


def count(rows: int, memory: int) -> int:
    """Choose how many parts a table is split into.

    Parameters
    ----------
    rows : int
        About how many rows it has.
    memory : int
        Memory limit of the engine, in bytes.

    Returns
    -------
    int
        1, or a power of two up to 64.

    Examples
    --------
    >>> count(1_000_000, 500_000_000), count(10_000_000, 500_000_000), count(100_000_000, 10**9)
    (1, 4, 32)
    """
    if rows < FEWEST_ROWS:
        return 1
    wanted, parts = rows * _BYTES_REDUCING / (memory * _SHARE), 1
    while parts < min(wanted, MOST):
        parts *= 2
    return parts


def size_of(text: str) -> int:
    """Read a size such as ``500MB`` or ``1.5 GiB``.

    Parameters
    ----------
    text : str
        A number and a unit, of 1000 or (with an i) 1024.

    Returns
    -------
    int
        Bytes; 0 when it is no size.

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


def check_disk(rows: int, folder: Path, *, bytes_each: int = BYTES_SPLIT) -> None:
    """Refuse a base that the disk cannot hold, before anything is written.

    Parameters
    ----------
    rows : int
        About how many lines will be written.
    folder : pathlib.Path
        Where tables are made.
    bytes_each : int, default ``BYTES_SPLIT``
        What a line takes, with the tables made of it.

    Raises
    ------
    RunError
        If less is free than the lines and the tables made of them take.
    """
    free, wanted = shutil.disk_usage(folder).free, rows * bytes_each
    if free < wanted:
        raise RunError(
            f"disk: {rows:,} lines need about {_shown(wanted)} of free disk for tables, and {_shown(free)} "
            "are free. Free some, or set the work folder to a larger disk (--work; TMPDIR for custlib value)."
        )


def _shown(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 10**9 else f"{size / 1e6:.0f} MB"
