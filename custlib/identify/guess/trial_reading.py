"""Reads the files of a new project once as a run will, so that it is known to be read, and which days it covers."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from custlib.engine.duckdb import DuckDB
from custlib.errors import counted
from custlib.identify.contract import make_transactions
from custlib.project import Project

MOST_BYTES = 300_000_000  # larger files are not read whole: a first project is cheap


@dataclass(frozen=True)
class Trial:
    """What a reading gave: the days it covers, and how many rows are used, set aside and left out."""

    first_day: dt.date | None
    last_day: dt.date | None
    rows: str
    reasons: dict[str, int]

    def days_until(self, as_of: dt.date) -> int:
        """Count the days from the first one to a date."""
        return (as_of - self.first_day).days if self.first_day else 0


def is_cheap(paths: Sequence[Path]) -> bool:
    """Tell whether files are small enough to read them whole."""
    return sum(path.stat().st_size for path in paths) <= MOST_BYTES


def trial_reading(project: Project) -> Trial:
    """Read the purchases of a project in a temporary folder.

    Raises TableError if the data contract refuses them.
    """
    with TemporaryDirectory(prefix="custlib-init-") as folder:
        engine = DuckDB(Path(folder))
        try:
            quality = make_transactions(engine, project)
        finally:
            engine.close()
    return Trial(_day(quality["usual_first_day"]), _day(quality["last_day"]), _rows(quality), dict(quality["reasons"]))


def _day(text: str | None) -> dt.date | None:
    return dt.date.fromisoformat(text[:10]) if text else None


def _rows(quality: dict[str, Any]) -> str:
    parts = [f"{counted(quality['rows_read'], 'line', 'lines')} read, {quality['rows_used']:,} used"]
    for name, words in (("rows_quarantined", "set aside"), ("rows_removed", "left out")):
        if quality.get(name):
            parts.append(f"{quality[name]:,} {words}")
    reasons = ", ".join(f"{code} {count:,}" for code, count in quality["reasons"].items())
    return ", ".join(parts) + (f" ({reasons})" if reasons else "")
