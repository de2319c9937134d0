"""Store the tables of an engine in a folder: a file, a folder of files, or a select over other tables.

A table is written under another name and renamed when it is complete; it replaces any table of its name.
"""

import json
import logging
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex

log = logging.getLogger("custlib")

WHOLE, GATHERED, DEFINED = KINDS = (".parquet", ".files", ".view.json")
_SIZES = ".sizes.json"  # beside a table of several files


class Shelf:
    """The tables of one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def path(self, name: str, kind: str = WHOLE) -> Path:
        """Path of a table of a kind."""
        return self.folder / f"{name}{kind}"

    def scratch(self, name: str) -> Path:
        """Path that a table is written to before it is renamed."""
        return self.folder / f"{name}.{token_hex(4)}.{os.getpid()}.part"

    def kind(self, name: str) -> str | None:
        """Kind of a table; None if there is no such table."""
        return next((kind for kind in KINDS if self.path(name, kind).exists()), None)

    def names(self) -> list[str]:
        """Names of all tables."""
        return sorted({p.name.split(".")[0] for p in self.folder.iterdir() if p.name.endswith(KINDS)})

    def put(self, name: str, written: Path, kind: str) -> None:
        """Rename what was written to the table, so that its readers see the old or the new one; record sizes."""
        target = self.path(name, kind)
        if kind == GATHERED:
            write_text(self.path(name, _SIZES), json.dumps(sizes(written)))
        if target.is_dir():
            remove(target)
        written.replace(target)
        for other in (*KINDS, *([] if kind == GATHERED else [_SIZES])):
            if other != kind:
                remove(self.path(name, other))

    def drop(self, name: str) -> None:
        """Remove a table, if it exists."""
        for kind in (*KINDS, _SIZES):
            remove(self.path(name, kind))

    def define(self, name: str, select: str, of: tuple[str, ...]) -> None:
        """Store a select over other tables."""
        written = self.scratch(name)
        try:
            written.write_text(json.dumps({"of": of, "select": select}), encoding="utf-8")
            self.put(name, written, DEFINED)
        finally:
            remove(written)

    def defined(self, name: str) -> tuple[str, list[str]]:
        """Load a stored select and the names of the tables it reads."""
        stored = json.loads(self.path(name, DEFINED).read_text(encoding="utf-8"))
        return stored["select"], stored["of"]

    def is_whole(self, name: str) -> bool:
        """Check that every file of a table of several files is as it was written."""
        folder = self.path(name, GATHERED)
        try:
            return bool(json.loads(self.path(name, _SIZES).read_text(encoding="utf-8")) == sizes(folder))
        except (OSError, ValueError):
            return False

    def adopt(self, name: str, files: list[Path]) -> None:
        """Create a table from files elsewhere, by links."""
        written = self.scratch(name)
        remove(written)
        try:
            written.mkdir()
            for number, file in enumerate(files):
                link(file, written / f"{number}.parquet")
            self.put(name, written, GATHERED)
        finally:
            remove(written)


def parquet_of(folder: Path, name: str) -> list[Path]:
    """List the Parquet files of a table; empty if there is no such table, or it is a select."""
    whole, gathered = folder / f"{name}{WHOLE}", folder / f"{name}{GATHERED}"
    return [whole] if whole.is_file() else sorted((gathered if gathered.is_dir() else whole).glob("*.parquet"))


def sweep(folder: Path) -> None:
    """Remove the partial files of processes of this machine that have ended."""
    for left in (*folder.glob("*.part"), *folder.glob(".*")):
        writer = left.name.removesuffix(".part").rpartition(".")[2]
        if writer.isdecimal() and not is_alive(int(writer)):
            remove(left)


def is_alive(process: int) -> bool:
    """Check whether a process of this machine is under way."""
    if os.name == "nt":  # where signal 0 is Ctrl-C
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # of another user
        return True
    return True


@contextmanager
def turn(folder: Path) -> Iterator[None]:
    """Wait until no other thread or process makes what a folder holds; one that has its turn may take it again."""
    from filelock import FileLock, Timeout

    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / ".turn", is_singleton=True)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        log.info("wait for another run that works in %s", folder.name)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def write_text(path: Path, text: str) -> None:
    """Write a small file atomically."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.stem}.{token_hex(4)}.{os.getpid()}.part")
    try:
        part.write_text(text, encoding="utf-8")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def sizes(folder: Path) -> dict[str, int]:
    """Sizes of the Parquet files of a folder."""
    return {file.name: file.stat().st_size for file in sorted(folder.glob("*.parquet"))}


def link(file: Path, target: Path) -> None:
    """Link a file, or copy it where the file system has no hard links."""
    try:
        os.link(file, target)
    except OSError:
        shutil.copyfile(file, target)


def remove(path: Path) -> None:
    """Remove a file or a folder, if it exists."""
    shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
