"""The verdict on a file: accepted, accepted with cautions, or refused; with what was counted and what was assumed.

:func:`shown` writes it for a reader, :func:`write` leaves it as ``quality.json`` for a machine.
"""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from custlib.errors import RunError, UsageError

ACCEPTED, CAUTIONED, REFUSED = "accepted", "accepted with cautions", "refused"
QUALITY, SET_ASIDE = "quality.json", "set_aside.csv"
_OWNER_ONLY = 0o600


@dataclass(frozen=True)
class Verdict:
    """What is thought of a file.

    Attributes
    ----------
    name : str
        The file.
    facts : tuple of (str, str)
        What was counted: a word and a sentence each.
    assumed : tuple of str
        What nobody stated and was taken as usual.
    cautions : tuple of str
        What to look at before the figures are used.
    faults : tuple of str
        Why the file is refused; empty for one that is not.
    record : dict
        All counts, by stable names.
    """

    name: str
    facts: tuple[tuple[str, str], ...] = ()
    assumed: tuple[str, ...] = ()
    cautions: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    record: Mapping[str, Any] = field(default_factory=dict)

    @property
    def status(self) -> str:
        """One of the three words of the verdict."""
        if self.faults:
            return REFUSED
        return CAUTIONED if self.cautions else ACCEPTED


def shown(verdict: Verdict, written: tuple[str, ...] = ()) -> str:
    """Write a verdict for a reader, one fact a line.

    Examples
    --------
    >>> print(shown(Verdict("sales.csv", (("rows", "2 read"),), cautions=("columns ignored: shop",))))
    sales.csv: accepted with cautions
      rows       2 read
      caution    columns ignored: shop
    """
    lists = {"refused": verdict.faults, "assumed": verdict.assumed, "caution": verdict.cautions, "written": written}
    rows = [*verdict.facts, *((label, text) for label, texts in lists.items() for text in texts)]
    return printable("\n".join([f"{verdict.name}: {verdict.status}", *labelled(rows)]))


def labelled(rows: Sequence[tuple[str, str]], indent: str = "  ") -> list[str]:
    """Write rows with their labels in one column, a label once where it stays the same.

    Examples
    --------
    >>> labelled([("rows", "2 read"), ("caution", "one"), ("caution", "two")], indent="")
    ['rows       2 read', 'caution    one', '           two']
    """
    before = ["", *(label for label, _ in rows)]
    return [
        f"{indent}{'' if label == last else label:<10} {text}"
        for (label, text), last in zip(rows, before, strict=False)
    ]


def printable(text: str) -> str:
    r"""Replace what would move the cursor or colour of a terminal, as names in a file may hold it.

    Examples
    --------
    >>> printable("a\x1b[31mb\nc")
    'a?[31mb\nc'
    """
    return "".join(sign if sign.isprintable() or sign == "\n" else "?" for sign in text)


def write(verdict: Verdict, folder: Path) -> Path:
    """Write ``quality.json`` into a folder."""
    sentences = {"assumed": list(verdict.assumed), "cautions": list(verdict.cautions), "faults": list(verdict.faults)}
    record = {"file": verdict.name, "verdict": verdict.status, **sentences, **verdict.record}
    with private(folder / QUALITY) as file:
        file.write(json.dumps(record, indent=1, ensure_ascii=False, allow_nan=False, default=str) + "\n")
    return folder / QUALITY


@contextmanager
def private(path: Path) -> Iterator[IO[str]]:
    """Open a text file that only its owner may read; it takes its name when the block ends without an error."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY), "w", encoding="utf-8") as file:
            yield file
        part.replace(path)
    except OSError as fault:
        raise RunError(f"--out: {path.name}: {fault.strerror}. Name a folder that can be written.") from None
    finally:
        part.unlink(missing_ok=True)


def folder_for(out: Path, source: Path) -> Path:
    """Make the folder that the verdict is written into.

    Raises UsageError if it is a file, or if what is checked would be written over.
    """
    if out.exists() and not out.is_dir():
        raise UsageError(f"--out: {out.name} is a file. Name a folder.")
    if source.resolve() in {(out / name).resolve() for name in (QUALITY, SET_ASIDE)}:
        raise UsageError(f"--out: {source.name} is the file that is checked. Name another folder.")
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        raise UsageError(f"--out: {out.name}: {fault.strerror}. Name a folder that can be made.") from None
    return out
