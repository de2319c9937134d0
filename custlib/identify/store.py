"""Keeps the checked lines of every input, so that a run reads only what is new, and says what changed.

Makes ``lines_<n>``, one table for all inputs of one shape. An input is known by its content, how it is read, and the
code that reads it: what is known is linked from the store, not read again. So a run with one new day gives what a
full one gives, to the digit.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from custlib.engine.base import Engine
from custlib.engine.shelf import link, sizes, write_text
from custlib.identify.inputs import Input
from custlib.identify.sources import Opened, about_rows, fingerprint_of

_PACKAGE = Path(__file__).resolve().parents[1]
_MAKERS = ("identify", "engine", "rules/contract.toml", "source.py")


@dataclass(frozen=True)
class Kept:
    """The checked lines of one input in the store.

    Attributes
    ----------
    name : str
        What messages call the input.
    key : str
        Its content, how it is read, and by what code; the name of its folder.
    opened : Opened
        The columns of the source.
    files : dict of str to list of pathlib.Path
        Parquet files by part.
    """

    name: str
    key: str
    opened: Opened
    files: dict[str, list[Path]]

    @property
    def shape(self) -> str:
        """What the columns of its lines depend on."""
        return json.dumps(self.opened.types, sort_keys=True)


def keep(engine: Engine, inputs: list[Input], store: Path, read: Callable[[Input, str, int], Opened]) -> list[Kept]:
    """Read the inputs that the store does not hold yet, and give all of them.

    Parameters
    ----------
    engine : Engine
        Where lines are made.
    inputs : list of Input
        The inputs of the project.
    store : pathlib.Path
        Folder of the store; made when missing.
    read : callable
        Makes a table of checked lines of an input: takes the input, the name of the table and about how many rows
        all inputs have together.

    Returns
    -------
    list of Kept
        One per input.
    """
    store.mkdir(parents=True, exist_ok=True)
    rows = sum(about_rows(place) for place in (_place(given) for given in inputs) if place)
    kept = []
    for given in inputs:
        key = _key(given, engine.parts(rows))
        if not _is_whole(store / key):
            _move(engine, given, read(given, "lines_read", rows), store / key)
        kept.append(_kept(given.name, store / key))
    return kept


def adopt(engine: Engine, kept: list[Kept], name: str = "lines") -> list[tuple[str, Opened]]:
    """Make one table of the lines of all inputs of one shape.

    Parameters
    ----------
    engine : Engine
        Where to make them.
    kept : list of Kept
        The inputs.
    name : str, default "lines"
        What the names of the tables begin with.

    Returns
    -------
    list of tuple of str and Opened
        Names of the tables with the columns of their sources.
    """
    tables = []
    for number, shape in enumerate(sorted({entry.shape for entry in kept})):
        alike = [entry for entry in kept if entry.shape == shape]
        engine.adopt(f"{name}_{number}", _together(alike))
        tables.append((f"{name}_{number}", alike[0].opened))
    return tables


def _together(kept: list[Kept]) -> dict[str, list[Path]]:
    places = sorted({place for entry in kept for place in entry.files})
    return {place: [file for entry in kept for file in entry.files.get(place, [])] for place in places}


def _place(given: Input) -> Path | None:
    return given.staged.path if given.staged else given.path


def _key(given: Input, parts: int) -> str:
    how = given.source.model_dump(mode="json", exclude={"path", "package", "url_env"})
    said = json.dumps([fingerprint_of(given), how, parts, _code()], sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()[:24]


@cache
def _code() -> str:
    """Hash what turns a source into lines: other code may make other lines."""
    files = [path for name in _MAKERS for path in [_PACKAGE / name, *(_PACKAGE / name).rglob("*")] if path.is_file()]
    content = b"".join(path.read_bytes() for path in sorted(files) if path.suffix in (".py", ".toml"))
    return hashlib.sha256(content).hexdigest()


def _move(engine: Engine, given: Input, opened: Opened, folder: Path) -> None:
    """Put the lines that were made into the store, whole or not at all."""
    written = folder.with_name(f".{folder.name}.{os.getpid()}")
    shutil.rmtree(written, ignore_errors=True)
    try:
        for place, files in engine.files("lines_read").items():
            (written / place).mkdir(parents=True)
            for number, file in enumerate(files):
                link(file, written / place / f"{folder.name}_{number}.parquet")
        text = json.dumps({"name": given.name, "opened": asdict(opened), "sizes": sizes(written)})
        (written / "input.json").write_text(text, encoding="utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        written.replace(folder)
    finally:
        shutil.rmtree(written, ignore_errors=True)
        engine.drop("lines_read")


def _is_whole(folder: Path) -> bool:
    """Tell whether an input is in the store with every file as it was written; else it is read again."""
    try:
        record = json.loads((folder / "input.json").read_text(encoding="utf-8"))
        return bool(record["sizes"] == sizes(folder))
    except (OSError, ValueError, KeyError):
        return False


def _kept(name: str, folder: Path) -> Kept:
    record = json.loads((folder / "input.json").read_text(encoding="utf-8"))["opened"]
    opened = Opened(**(record | {"ignored": tuple(record["ignored"]), "remarks": tuple(record["remarks"])}))
    files = {place.name: sorted(place.glob("*.parquet")) for place in sorted(folder.iterdir()) if place.is_dir()}
    return Kept(name, folder.name, opened, files)


def changes(engine: Engine, kept: list[Kept], store: Path) -> dict[str, Any]:
    """Say what is new since the last run, count its rows, and remember this run.

    Parameters
    ----------
    engine : Engine
        Where the lines of old and new inputs are compared.
    kept : list of Kept
        The inputs of this run.
    store : pathlib.Path
        Folder of the store.

    Returns
    -------
    dict
        ``inputs_kept``, ``inputs_new``, ``inputs_corrected``, ``inputs_gone`` (counts), ``rows_new`` and, among them,
        ``rows_late`` (of a day that the last run had passed already), ``rows_restated`` (that a corrected or gone
        input no longer has). A first run has only new inputs.
    """
    state = store / "state.json"
    last = _last(state)
    before, now = last["inputs"], {entry.name: entry for entry in kept}
    corrected = [name for name in now if name in before and before[name] != now[name].key]
    gone = [name for name in before if name not in now]
    added = [entry for entry in kept if entry.name not in before] + [now[name] for name in corrected]
    removed = [_kept(name, store / before[name]) for name in (*corrected, *gone) if _is_whole(store / before[name])]
    found: dict[str, Any] = {
        "inputs_kept": len(now) - len(added), "inputs_new": len(added) - len(corrected),
        "inputs_corrected": len(corrected), "inputs_gone": len(gone),
    }  # fmt: skip
    found |= _rows(engine, added, removed, last["last_day"])
    last_day = max(filter(None, (last["last_day"], found.pop("last_day"))), default=None)
    record = {"inputs": {entry.name: entry.key for entry in kept}, "last_day": last_day}
    _forget(store, {entry.key for entry in kept})
    write_text(state, json.dumps(record, indent=1, sort_keys=True) + "\n")
    return found


def _last(state: Path) -> dict[str, Any]:
    """What the last run noted; a note that cannot be read is none, and all inputs are new."""
    try:
        found = json.loads(state.read_text(encoding="utf-8"))
        return {"inputs": dict(found["inputs"]), "last_day": found["last_day"]}
    except (OSError, ValueError, TypeError, KeyError):
        return {"inputs": {}, "last_day": None}


def _rows(engine: Engine, added: list[Kept], removed: list[Kept], last_day: str | None) -> dict[str, Any]:
    """Count the rows that came and went, equal ones not counted."""
    came, went = _union(engine, "lines_came", added), _union(engine, "lines_went", removed)
    late = f"count(case when day <= date '{last_day}' then 1 end)" if last_day else "0"
    found = engine.fetch(f"select count(*) as n, {late} as late, max(day) as last_day from ({_less(came, went)})")
    restated = engine.fetch(f"select count(*) as n from ({_less(went, came)})")["n"].item() if went else 0
    day = found["last_day"].item()
    return {
        "rows_new": int(found["n"].item()), "rows_late": int(found["late"].item()), "rows_restated": int(restated),
        "last_day": None if day != day or day is None else str(day)[:10],
    }  # fmt: skip


_COMPARED = "cast(customer_id as string) as customer_id, day, amount, flags"


def _union(engine: Engine, name: str, kept: list[Kept]) -> str:
    parts = [f"select {_COMPARED} from {table} where bad is null" for table, _ in adopt(engine, kept, name)]
    return " union all ".join(parts)


def _less(these: str, those: str) -> str:
    nothing = "select cast(null as string) as customer_id, cast(null as date) as day where false"
    return f"({these}) except all ({those})" if these and those else these or nothing


def _forget(store: Path, keys: set[str]) -> None:
    """Remove what no input of this run needs; tables of earlier runs hold their own names of the files."""
    for folder in store.iterdir():
        if folder.is_dir() and folder.name not in keys and not folder.name.startswith("."):
            shutil.rmtree(folder, ignore_errors=True)
