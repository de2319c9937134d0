"""Parse memory sizes, check free disk space before lines are written, and translate faults of the machine.

Whatever raises a fault of disk or memory (Python, an engine, a package that could not be loaded), the error is one line
that says what to do.
"""

import errno
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from custlib.errors import CustlibError, RunError

LEAST_MEMORY = 100_000_000  # bytes; with less the engine cannot even write a table
BYTES_EACH = 80  # of disk for a line, with its tables and what is sorted meanwhile
_UNITS = {"": 1, "B": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
_FULL = {errno.ENOSPC, errno.EFBIG, errno.EDQUOT}
_SAYS_FULL = re.compile(r"no space left on device|file too large|quota exceeded|max_temp_directory_size", re.IGNORECASE)
_SAYS_SHORT = re.compile(
    r"cannot allocate memory|bad allocation|bad_alloc|can't start new thread|failed to map segment|out of memory"
    r"|error return without exception set",  # of a compiled module that found no memory while it was imported
    re.IGNORECASE,
)
_MEMORY = ("MemoryError", "_ArrayMemoryError", "OutOfMemoryException", "ArrowMemoryError")
_ENGINE = ("IOException", "InternalException", "FatalException")  # their texts hold no data
_KILLED = ("BrokenProcessPool", "DeadKernelError")


def refusal(fault: BaseException, where: str) -> RunError | None:
    """Translate a fault of the machine to an error; None for any other fault.

    Examples
    --------
    >>> print(refusal(MemoryError(), "run"))
    run: out of memory: MemoryError. Raise the memory limit (--memory-limit), or end other programs.
    >>> refusal(ZeroDivisionError(), "run") is None
    True
    """
    if isinstance(fault, CustlibError):
        return None
    if shortage := short(fault, where):
        return shortage
    if type(fault).__name__ in _KILLED:
        return RunError(f"{where}: a notebook's process was ended from outside; memory may be short.")
    return RunError(f"{where}: {reason(fault)}.") if isinstance(fault, OSError) else None


def short(fault: BaseException, where: str) -> RunError | None:
    """Translate a lack of disk or memory to an error; None for any other fault."""
    kind, text = type(fault).__name__, _chain(fault)
    engine = kind in (*_MEMORY, *_ENGINE)
    system = isinstance(fault, OSError | ImportError | RuntimeError | SystemError)
    if getattr(fault, "errno", None) in _FULL or ((engine or system) and _SAYS_FULL.search(text)):
        return RunError(
            f"{where}: the disk is full. Free some, or work on a larger disk (--work; TMPDIR for custlib value)."
        )
    if kind in _MEMORY or ((engine or system) and _SAYS_SHORT.search(text)):
        message = (str(fault).strip().splitlines() or [kind])[0].rstrip(".")
        return RunError(
            f"{where}: out of memory: {message}. Raise the memory limit (--memory-limit), or end other programs."
        )
    return None


@contextmanager
def refusals(where: str) -> Iterator[None]:
    """Raise faults of the machine within a block as a RunError."""
    try:
        yield
    except Exception as fault:
        error = refusal(fault, where)
        if error is None:
            raise
        raise error from None


def reason(fault: OSError) -> str:
    """The system's message and the file's name without its folders."""
    if fault.strerror is None and (full := _SAYS_FULL.search(str(fault))):
        return full[0]
    name = Path(str(fault.filename)).name if fault.filename else ""
    message = (fault.strerror or str(fault) or type(fault).__name__).rstrip(".")
    return f"{message} ({name})" if name else message


def _chain(fault: BaseException | None) -> str:
    """Texts of a fault and its causes: a package that cannot be loaded hides the reason there."""
    texts: list[str] = []
    while fault is not None and len(texts) < 10:
        texts.append(str(fault))
        fault = fault.__cause__ or fault.__context__
    return "\n".join(texts)


def size_of(text: str) -> int:
    """Parse a size such as ``500MB`` or ``1.5 GiB``; 0 if it is none.

    Examples
    --------
    >>> size_of("500MB"), size_of("1.5 GiB"), size_of("much")
    (500000000, 1610612736, 0)
    """
    match = re.fullmatch(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([KMGT]?)(i?)B?(?:ytes)?\s*", text, re.IGNORECASE)
    if match is None:
        return 0
    unit = _UNITS[match[2].upper()]
    return int(float(match[1]) * (unit if not match[3] else 1024 ** (len(str(unit)) // 3)))


def check_disk(rows: int, folder: Path) -> None:
    """Check that the disk can hold the tables of so many lines."""
    free, wanted = shutil.disk_usage(folder).free, rows * BYTES_EACH
    if free < wanted:
        raise RunError(
            f"disk: {rows:,} lines need about {_shown(wanted)} of free disk for tables, and {_shown(free)} "
            "are free. Free some, or set the work folder to a larger disk (--work; TMPDIR for custlib value)."
        )


def _shown(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 10**9 else f"{size / 1e6:.0f} MB"
