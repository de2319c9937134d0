"""Keeps the checked lines of every input, so that a run reads only what is new, and says what changed.

Makes ``lines_<n>``, one table for all inputs of one shape. An input is known by its content, how it is read, and the
code that reads it: what is known is linked from the store, not read again. So a run with one new day gives what a
full one gives, to the digit.
"""

import hashlib
import json
import os
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from custlib.engine.base import Engine
from custlib.engine.shelf import link, sizes, write_text
from custlib.errors import TableError, counted
from custlib.identify.reading.inputs import Input
from custlib.identify.reading.sources import Gathered, Opened, about_rows, fingerprint_of

_PACKAGE = Path(__file__).resolve().parents[1]
SEPARATOR = "chr(31)"  # between the rule that a line breaks and what stood there
_NAMED = 3
_DIGITS = 12  # hexadecimal ones, so that a float holds the number too
_ALSO = {
    "order_id": "string", "product": "string", "channel": "string", "quantity": "double",
    "margin_amount": "decimal(18, 4)",
}  # fmt: skip
_MAKERS = ("identify", "engine", "rules/contract.toml", "source.py", "side_source.py")


@dataclass(frozen=True)
class Kept:
    """The checked lines of one input in the store.

    Attributes
    ----------
    name : str
        What messages call the input.
    key : str
        Its content, how it is read, by what engine and code; the name of its folder.
    content : str
        Its content and how it is read: what differs for an input that was corrected.
    opened : Opened
        The columns of the source.
    files : list of pathlib.Path
        Parquet files.
    rows : int
        How many rows it has.
    reasons : dict of str to int
        Rows that break a rule, by the rule.
    columns : tuple of str
        Columns of its lines.
    days : tuple of str
        First and last day of its lines that break no rule; empty without any.
    number : int
        What its lines are known by among those of other inputs, whatever the engine.
    """

    name: str
    key: str
    content: str
    opened: Opened
    files: list[Path]
    rows: int
    reasons: dict[str, int]
    columns: tuple[str, ...] = ()
    days: tuple[str, ...] = ()
    number: int = 0

    @property
    def shape(self) -> str:
        """What the columns of its lines depend on."""
        return json.dumps([self.opened.types, sorted(self.columns)], sort_keys=True)


def keep(engine: Engine, gathered: Gathered, read: Callable[[Input, str, int, int], Opened]) -> list[Kept]:
    """Read the inputs that the store does not hold yet, and give all of them.

    ``read`` makes a table of checked lines of an input: it takes the input, the name of the table, about how many rows
    all inputs have together, and the number of the input. An input that holds the same as another is one of its own.
    Raises TableError if an input changed after it was hashed: its lines would be taken
    for those of what it was.
    """
    gathered.store.mkdir(parents=True, exist_ok=True)
    rows = sum(about_rows(place) for place in (_place(entry) for entry in gathered.inputs) if place)
    entries, seen = [], Counter[str]()
    for entry, fingerprint in zip(gathered.inputs, gathered.fingerprints, strict=True):
        content = _content(entry, fingerprint)
        again = [seen[content]] if seen[content] else []
        seen[content] += 1
        folder = gathered.store / _hash([content, engine.dialect.engine, _code(), *again])
        if not _is_whole(folder):
            number = int(_hash([content, *again])[:_DIGITS], 16)
            opened = read(entry, "lines_read", rows, number)
            if fingerprint_of(entry) != fingerprint:
                raise TableError(f"{entry.name}: changed while it was read. Run again once it is written.")
            _move(engine, opened, {"content": content, "number": number}, folder)
        entries.append(_stored(entry.name, folder))
    return entries


def adopt(engine: Engine, entries: list[Kept], name: str = "lines") -> list[tuple[str, Opened]]:
    """Make one table of the lines of all inputs of one shape."""
    tables = []
    for number, shape in enumerate(sorted({entry.shape for entry in entries})):
        alike = [entry for entry in entries if entry.shape == shape]
        engine.adopt(f"{name}_{number}", [file for entry in alike for file in entry.files])
        tables.append((f"{name}_{number}", alike[0].opened))
    return tables


def twins(entries: list[Kept], fingerprints: list[str]) -> list[str]:
    """Say which inputs hold the same content, whatever they are called."""
    alike: dict[str, list[Kept]] = {}
    for entry, fingerprint in zip(entries, fingerprints, strict=True):
        alike.setdefault(fingerprint, []).append(entry)
    return [
        f"{', '.join(entry.name for entry in same[:_NAMED])}{' ...' if len(same) > _NAMED else ''}: "
        f"{len(same):,} inputs hold the same content ({counted(same[0].rows, 'row', 'rows')}), which counts "
        f"{len(same):,} times. Leave out all but one"
        for same in alike.values()
        if len(same) > 1 and same[0].rows
    ]


def _place(entry: Input) -> Path | None:
    return entry.staged.path if entry.staged else entry.path


def _content(entry: Input, fingerprint: str) -> str:
    how = entry.source.model_dump(mode="json", exclude={"path", "package", "url_env"})
    return _hash([fingerprint, entry.kind, how])


def _hash(content: list[Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:24]


@cache
def _code() -> str:
    """Hash what turns a source into lines: other code may make other lines."""
    files = [path for name in _MAKERS for path in [_PACKAGE / name, *(_PACKAGE / name).rglob("*")] if path.is_file()]
    content = b"".join(path.read_bytes() for path in sorted(files) if path.suffix in (".py", ".toml"))
    return hashlib.sha256(content).hexdigest()


def _move(engine: Engine, opened: Opened, origin: dict[str, Any], folder: Path) -> None:
    """Put the lines that were made into the store with what is known of them, whole or not at all."""
    written = folder.with_name(f".{folder.name}.{os.getpid()}")
    shutil.rmtree(written, ignore_errors=True)
    try:
        written.mkdir()
        for number, file in enumerate(engine.files("lines_read")):
            link(file, written / f"{folder.name}_{number}.parquet")
        record = {**origin, "opened": asdict(opened), "sizes": sizes(written), **_counted(engine)}
        (written / "input.json").write_text(json.dumps(record), encoding="utf-8")
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


def _counted(engine: Engine) -> dict[str, Any]:
    """Count the rows that were read, and those that break a rule."""
    counts = engine.fetch(
        f"select split_part(bad, {SEPARATOR}, 1) as reason, count(*) as n, cast(min(day) as string) as first_day,"
        f" cast(max(day) as string) as last_day from lines_read group by split_part(bad, {SEPARATOR}, 1)"
    )
    by_reason = [(row["reason"], int(row["n"]), row) for row in counts.to_dict("records")]
    return {
        "rows": sum(n for _, n, _ in by_reason),
        "reasons": {reason: n for reason, n, _ in by_reason if isinstance(reason, str)},
        "columns": list(engine.columns("lines_read")),
        "days": [
            str(row[name]) for reason, _, row in by_reason if not isinstance(reason, str)
            for name in ("first_day", "last_day")
        ],
    }  # fmt: skip


def _stored(name: str, folder: Path) -> Kept:
    """Read what is known of the lines of an input; of those of earlier versions, only compared with, it is less."""
    record = json.loads((folder / "input.json").read_text(encoding="utf-8"))
    columns = record["opened"]
    opened = Opened(**(columns | {"ignored": tuple(columns["ignored"]), "remarks": tuple(columns["remarks"])}))
    files = sorted(folder.glob("*.parquet"))
    return Kept(
        name, folder.name, record["content"], opened, files, record["rows"], record["reasons"],
        tuple(record.get("columns", ())), tuple(record.get("days", ())), record.get("number", 0),
    )  # fmt: skip


def changes(engine: Engine, entries: list[Kept], store: Path, last_day: str | None) -> dict[str, Any]:
    """Say what is new since the last run, count its rows, and remember this run.

    Beside counts of inputs: ``rows_new`` and, among them, ``rows_late`` (not after the last day that the last run used)
    and ``rows_restated`` (that a corrected or gone input no longer has). A first run has only new inputs.
    """
    state = store / "state.json"
    last = _last(state)
    before, now = last["inputs"], {entry.name: entry for entry in entries}
    corrected = [name for name in now if name in before and last["contents"].get(name) != now[name].content]
    gone = [name for name in before if name not in now]
    added = [entry for entry in entries if entry.name not in before] + [now[name] for name in corrected]
    removed = [_stored(name, store / before[name]) for name in (*corrected, *gone) if _is_whole(store / before[name])]
    counts: dict[str, Any] = {
        "inputs_kept": len(now) - len(added), "inputs_new": len(added) - len(corrected),
        "inputs_corrected": len(corrected), "inputs_gone": len(gone),
    }  # fmt: skip
    counts |= _rows(engine, added, removed, last["last_day"])
    _remember(state, entries, last_day)
    _forget(store, {entry.key for entry in entries})
    return counts


def _last(state: Path) -> dict[str, Any]:
    """What the last run noted; a note that cannot be read is none, and all inputs are new."""
    try:
        note = json.loads(state.read_text(encoding="utf-8"))
        return {"inputs": dict(note["inputs"]), "contents": dict(note["contents"]), "last_day": note["last_day"]}
    except (OSError, ValueError, TypeError, KeyError):
        return {"inputs": {}, "contents": {}, "last_day": None}


def _remember(state: Path, entries: list[Kept], last_day: str | None) -> None:
    keys, contents = ({entry.name: getattr(entry, what) for entry in entries} for what in ("key", "content"))
    record = {"inputs": keys, "contents": contents, "last_day": last_day}
    write_text(state, json.dumps(record, indent=1, sort_keys=True) + "\n")


def _rows(engine: Engine, added: list[Kept], removed: list[Kept], last_day: str | None) -> dict[str, Any]:
    """Count the rows that came and went, equal ones not counted; where there were none before, all are new."""
    if not removed and not last_day:
        new = sum(entry.rows - sum(entry.reasons.values()) for entry in added)
        return {"rows_new": new, "rows_late": 0, "rows_restated": 0}
    came, went = adopt(engine, added, "lines_came"), adopt(engine, removed, "lines_went")
    these, those = _union(engine, came), _union(engine, went)
    late = f"count(case when day <= date '{last_day}' then 1 end)" if last_day else "0"
    counts = engine.fetch(f"select count(*) as n, {late} as late from ({_less(these, those)})")
    restated = engine.fetch(f"select count(*) as n from ({_less(those, these)})")["n"].item() if those else 0
    for table, _ in (*came, *went):
        engine.drop(table)
    return {
        "rows_new": int(counts["n"].item()), "rows_late": int(counts["late"].item()), "rows_restated": int(restated),
    }  # fmt: skip


def _union(engine: Engine, tables: list[tuple[str, Opened]]) -> str:
    return " union all ".join(
        f"select {_compared(engine, table)} from {table} where bad is null" for table, _ in tables
    )


def _compared(engine: Engine, table: str) -> str:
    """Every column that a line may have, so that a corrected cost or product counts too."""
    has = engine.columns(table)
    also = {name: name if name in has else f"cast(null as {kind})" for name, kind in _ALSO.items()}
    columns = [f"{column} as {name}" for name, column in also.items()]
    return ", ".join(["cast(customer_id as string) as customer_id", "day", "amount", "flags", *columns])


def _less(these: str, those: str) -> str:
    nothing = "select cast(null as string) as customer_id, cast(null as date) as day where false"
    return f"({these}) except all ({those})" if these and those else these or nothing


def _forget(store: Path, keys: set[str]) -> None:
    """Remove what no input of this run needs; tables of earlier runs hold their own names of the files.

    A folder loses its name first: one that is half removed must never be taken for the lines of an input.
    """
    for folder in [place for place in store.iterdir() if place.is_dir() and place.name not in keys]:
        if not folder.name.startswith("."):
            folder = folder.replace(folder.with_name(f".{folder.name}.{os.getpid()}.gone"))
        if folder.name.endswith(".gone"):
            shutil.rmtree(folder, ignore_errors=True)
