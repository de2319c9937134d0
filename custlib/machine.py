"""Says what the machine refused, disk or memory, apart from what is wrong with the data or with us.

Whatever raises it (Python, an engine, a package that could not be loaded), the reader gets one line and what to do.
"""

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from custlib.errors import CustlibError, RunError

_FULL = {errno.ENOSPC, errno.EFBIG, errno.EDQUOT}
_SAYS_FULL = re.compile(r"no space left on device|file too large|quota exceeded|max_temp_directory_size", re.IGNORECASE)
_SAYS_SHORT = re.compile(
    r"cannot allocate memory|bad allocation|bad_alloc|can't start new thread|failed to map segment|out of memory",
    re.IGNORECASE,
)
_MEMORY = ("MemoryError", "_ArrayMemoryError", "OutOfMemoryException", "ArrowMemoryError")
_ENGINE = ("IOException", "InternalException", "FatalException")  # their texts hold no data
_KILLED = ("BrokenProcessPool", "DeadKernelError")


def refusal(fault: BaseException, where: str) -> RunError | None:
    """Say what the machine refused.

    Examples
    --------
    >>> print(refusal(MemoryError(), "run"))
    run: out of memory: MemoryError. Raise the memory limit (--memory-limit), or end other programs.
    >>> refusal(ZeroDivisionError(), "run") is None
    True
    """
    if isinstance(fault, CustlibError):
        return None
    if said := short(fault, where):
        return said
    if type(fault).__name__ in _KILLED:
        return RunError(f"{where}: a notebook's process was ended from outside; memory may be short.")
    return RunError(f"{where}: {reason(fault)}.") if isinstance(fault, OSError) else None


def short(fault: BaseException, where: str) -> RunError | None:
    """Say that disk or memory did not suffice."""
    kind, text = type(fault).__name__, _chain(fault)
    engine = kind in (*_MEMORY, *_ENGINE)
    system = isinstance(fault, OSError | ImportError | RuntimeError)
    if getattr(fault, "errno", None) in _FULL or ((engine or system) and _SAYS_FULL.search(text)):
        return RunError(
            f"{where}: the disk is full. Free some, or work on a larger disk (--work; TMPDIR for custlib value)."
        )
    if kind in _MEMORY or ((engine or system) and _SAYS_SHORT.search(text)):
        said = (str(fault).strip().splitlines() or [kind])[0].rstrip(".")
        return RunError(
            f"{where}: out of memory: {said}. Raise the memory limit (--memory-limit), or end other programs."
        )
    return None


@contextmanager
def refusals(where: str) -> Iterator[None]:
    """Say what the machine refuses during a block as a RunError."""
    try:
        yield
    except Exception as fault:
        said = refusal(fault, where)
        if said is None:
            raise
        raise said from None


def reason(fault: OSError) -> str:
    """Give what the system said, and of which file, without its folders."""
    if fault.strerror is None and (full := _SAYS_FULL.search(str(fault))):
        return full[0]
    name = Path(str(fault.filename)).name if fault.filename else ""
    said = (fault.strerror or str(fault) or type(fault).__name__).rstrip(".")
    return f"{said} ({name})" if name else said


def _chain(fault: BaseException | None) -> str:
    """Texts of a fault and of what it came from: a package that cannot be loaded hides the reason there."""
    texts: list[str] = []
    while fault is not None and len(texts) < 10:
        texts.append(str(fault))
        fault = fault.__cause__ or fault.__context__
    return "\n".join(texts)
