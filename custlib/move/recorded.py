"""Opens the snapshot of a date as an earlier run of the project recorded it.

Lines that were late, corrected or removed since then show as moves by cause ``data``, customers merged or split since
as ``identity``. Nothing is copied: files of the earlier run get a second name.
"""

import datetime as dt
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from custlib.engine.base import Engine
from custlib.engine.shelf import parquet_of
from custlib.segment.plan import STATE
from custlib.segment.snapshots import at, make_function_segments, table_of


def find(own: Path, project: str, day: dt.date) -> Path | None:
    """Find the tables of the latest run with a snapshot of a date."""
    wanted = {"project": project, "as_of": day.isoformat()}
    states = [
        state
        for state in own.parent.glob(f"*/{STATE}")
        if state.parent != own and _read(state) == wanted and (state.parent / f"{at(day).table}.view.json").is_file()
    ]
    return max(states, key=lambda state: state.stat().st_mtime).parent if states else None


def take_up(engine: Engine, folder: Path, day: dt.date, frozen: Iterable[dict[str, Any]]) -> str:
    """Open the snapshot of a date as it was recorded."""
    point = at(day)
    view = _read(folder / f"{point.table}.view.json")
    definitions = list(frozen)
    beside = {table_of(point.table, models["potential"]) for models in definitions if "potential" in models}
    files = {name: parquet_of(folder, name) for name in [*view["of"], *sorted(beside)]}
    if not all(files.values()):
        return ""
    for name, file in files.items():
        engine.adopt(_name(name), file)
    select = re.sub(rf"\b({'|'.join(map(re.escape, view['of']))})\b", lambda match: _name(match[0]), view["select"])
    table = _name(point.table)
    engine.define(table, select, of=tuple(_name(name) for name in view["of"]))
    if not set(engine.columns(point.table)) <= set(engine.columns(table)):
        return ""
    for models in definitions:
        make_function_segments(engine, table, models)
    return table


def _name(table: str) -> str:
    return f"recorded_{table}"


def _read(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}


def open_recorded(engine: Engine, project: str, day: dt.date, frozen: Iterable[dict[str, Any]]) -> str:
    """Open the snapshot of a date as an earlier run recorded it; an empty name if none did."""
    folder = find(engine.folder, project, day)
    return "" if folder is None else take_up(engine, folder, day, frozen)
