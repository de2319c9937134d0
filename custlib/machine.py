"""Turns failures of the machine, such as a full disk or lack of memory, into errors of one line with a remedy.

They may be raised by Python, an engine, or a package that could not be loaded.
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
    """Convert a failure of the machine to a RunError; None for other faults.

    Examples
    --------
    >>> print(refusal(MemoryError(), "run"))
    run: out of memory: MemoryError. Raise the memory limit (--memory-limit), or end other programs.
    >>> refusal(ZeroDivisionError(), "run") is None
    True
    """
    if isinstance(fault, CustlibError):
        return None
    if error := short(fault, where):
        return error
    if type(fault).__name__ in _KILLED:
        return RunError(f"{where}: a notebook's process was ended from outside; memory may be short.")
    return RunError(f"{where}: {reason(fault)}.") if isinstance(fault, OSError) else None


def short(fault: BaseException, where: str) -> RunError | None:
    """Convert a lack of disk space or memory to a RunError; None for other faults."""
    kind, text = type(fault).__name__, _chain(fault)
    engine = kind in (*_MEMORY, *_ENGINE)
    system = isinstance(fault, OSError | ImportError | RuntimeError)
    if getattr(fault, "errno", None) in _FULL or ((engine or system) and _SAYS_FULL.search(text)):
        return RunError(
            f"{where}: the disk is full. Free some, or work on a larger disk (--work; TMPDIR for custlib value)."
        )
    if kind in _MEMORY or ((engine or system) and _SAYS_SHORT.search(text)):
        cause = (str(fault).strip().splitlines() or [kind])[0].rstrip(".")
        return RunError(
            f"{where}: out of memory: {cause}. Raise the memory limit (--memory-limit), or end other programs."
        )
    return None


@contextmanager
def refusals(where: str) -> Iterator[None]:
    """Raise failures of the machine during a block as RunError."""
    try:
        yield
    except Exception as fault:
        error = refusal(fault, where)
        if error is None:
            raise
        raise error from None


def reason(fault: OSError) -> str:
    """Return the message of the system with the name of the file, without its folders."""
    if fault.strerror is None and (full := _SAYS_FULL.search(str(fault))):
        return full[0]
    name = Path(str(fault.filename)).name if fault.filename else ""
    message = (fault.strerror or str(fault) or type(fault).__name__).rstrip(".")
    return f"{message} ({name})" if name else message


def _chain(fault: BaseException | None) -> str:
    """Join the texts of a fault and of its causes, where a package that cannot be loaded gives the reason."""
    texts: list[str] = []
    while fault is not None and len(texts) < 10:
        texts.append(str(fault))
        fault = fault.__cause__ or fault.__context__
    return "\n".join(texts)
