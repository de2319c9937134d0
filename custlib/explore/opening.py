"""Opens a project, a file of purchases or a frame as a run."""

import datetime as dt
import hashlib
import os
import re
import shutil
import weakref
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from tempfile import gettempdir, mkdtemp
from typing import Any, TypedDict, Unpack

from filelock import FileLock, Timeout

from custlib import project as projects
from custlib.errors import UsageError, hint
from custlib.explore.interactive_run import Origin, Run
from custlib.identify.reading.frames import stage_frame
from custlib.project import Project
from custlib.source import kind_of

_LIGHT = ("rfm", "abc", "pyramid")  # made in a moment, and without scikit-learn
_PATTERN = re.compile(r"[*?\[]")


class FormatOptions(TypedDict, total=False):
    """How a file or frame is written; see docs/sources.md."""

    sheet: str
    table: str
    query: str
    names: tuple[str, ...]
    skip_rows: int
    null_words: tuple[str, ...] | None
    encoding: str
    delimiter: str
    decimal: str
    thousands: str
    date_format: str
    timezone: str
    cancel_prefix: str
    guest_ids: tuple[str, ...]
    exclude_products: tuple[str, ...]
    count: tuple[str, ...]
    currency_rates: Mapping[str, float] | tuple[Mapping[str, Any], ...]
    order_lines: bool
    order_totals: str
    net_to_nothing: str
    max_unreadable: float
    zero_is_purchase: bool
    max_amount: float


class ProjectOptions(TypedDict, total=False):
    """Options of a project."""

    id: str
    name: str
    holdout_days: int
    horizon_days: int
    compare_days: int
    compare_with: dt.date | str | None
    annual_discount_rate: float
    margin: float
    product_margins: Mapping[str, float]
    cost_to_serve: float
    overlap: str
    time_unit: str
    model: str
    language: str
    segments: Mapping[str, Any]
    value: Mapping[str, Any]


class Options(ProjectOptions, FormatOptions, total=False):
    """Every option of :func:`open`."""

    work: str | Path
    engine: str
    memory_limit: str


def open(
    source: Any,
    *,
    as_of: dt.date | str | None = None,
    columns: Mapping[str, str] | None = None,
    currency: str | None = None,
    **options: Unpack[Options],
) -> Run:
    """Open a project, a file of purchases, or a frame.

    Parameters
    ----------
    source : str, pathlib.Path or frame
        The name of a project, its file, or the folder of a run; a path to a CSV, Parquet or other file of purchases,
        a folder of such files or a pattern; or a frame of pandas, polars or Arrow, with one row per purchase line.
    as_of : datetime.date or str, optional
        The day that customers are looked at. By default the project's own; for files and frames the last day of the
        purchases, today at the latest.
    columns : mapping of str to str, optional
        For files and frames: standard column (``customer_id``, ``timestamp``, ``amount``, ``order_id``, ``quantity``,
        ``product``, ``cost``, ``channel``) to its name in the source, where they differ.
    currency : str, optional
        ISO code; by default the project's own, or USD.
    **options
        Options of a project: ``horizon_days``, ``holdout_days``, ``annual_discount_rate``, ``margin``, ``language``,
        ``segments`` and so on; for a project, empty texts and zeros change nothing. For files and frames also those
        of a source (``delimiter``, ``date_format``, ...), ``engine``, ``memory_limit``, and ``work``, a folder to
        keep tables in: without it they lie in a temporary one that is removed with the run.

    Returns
    -------
    Run
        A file or frame is read at once. Without ``holdout_days``, here and in a project file, the forecast is tested on
        the second half of the time covered, but for a lonely date years before; without ``segments`` customers have the
        segmentations ``rfm``, ``abc`` and ``pyramid``, and others are made when they are asked for.

    Raises
    ------
    UsageError
        If there is no such project, or an option is unknown or out of range.
    TableError
        If the purchases break the data contract.

    Examples
    --------
    >>> import custlib
    >>> import pandas as pd
    >>> sales = pd.DataFrame({"client": ["ann", "ann", "bob"], "date": ["2025-01-01", "2025-03-01", "2025-02-01"]})
    >>> run = custlib.open(sales, columns={"customer_id": "client", "timestamp": "date"}, horizon_days=90)
    >>> run.project.as_of
    datetime.date(2025, 3, 1)
    """
    _refuse_unknown(options)
    if columns is not None and not isinstance(columns, Mapping):
        raise UsageError(
            f'open: columns: {columns!r} is no mapping. Give one, for instance {{"customer_id": "client"}}.'
        )
    if isinstance(source, str | Path) and not _is_file(source):
        return _open_project(str(source), as_of, columns, {"currency": currency, **options})
    place, temporary = _work(options)
    path = Path(source).resolve() if isinstance(source, str | Path) else None
    path = path or _write_frame(source, place / "frames")
    project = _project(path, as_of, columns, {"currency": currency, **options})
    run = Run(project, place, engine=options.get("engine", "duckdb"), memory_limit=options.get("memory_limit"))
    run.origin = Origin(temporary, is_last_day=not as_of, is_light="segments" not in options)
    return _on_its_day(run)


def _refuse_unknown(options: Mapping[str, Any]) -> None:
    known = list(Options.__annotations__)
    if faults := [f"open: {name}: unknown option. {hint(name, known)}" for name in options if name not in known]:
        raise UsageError("\n".join(faults))


def _is_file(source: str | Path) -> bool:
    """Whether a path names files of purchases: by its suffix, as a pattern, or as a folder that is no run."""
    path = Path(source)
    if kind_of(path) is not None or _PATTERN.search(path.name):
        return True
    return path.is_dir() and not (path / "run.json").is_file()


def _open_project(
    name: str, as_of: dt.date | str | None, columns: Mapping[str, str] | None, options: dict[str, Any]
) -> Run:
    changes = {key: option for key, option in options.items() if key in {"currency", *ProjectOptions.__annotations__}}
    others = [*(["columns"] if columns else []), *(key for key in options if key not in changes)]
    if others:
        raise UsageError(f"open: {', '.join(others)}: only for files and frames. Change the project file of {name}.")
    return Run.of_project(name, as_of=as_of or "", **changes)


def _write_frame(frame: Any, folder: Path) -> Path:
    """Write a frame under a name of its content, so that the same purchases have the same tables."""
    folder.mkdir(parents=True, exist_ok=True)
    staged = stage_frame(frame, folder).staged
    assert staged is not None  # a frame always is
    with staged.path.open("rb") as file:
        content = hashlib.file_digest(file, "sha256").hexdigest()[:16]
    path = folder / content / "frame.parquet"
    path.parent.mkdir(exist_ok=True)
    return staged.path.replace(path)


def _project(
    path: Path, as_of: dt.date | str | None, columns: Mapping[str, str] | None, options: dict[str, Any]
) -> Project:
    source = {key: option for key, option in options.items() if key in FormatOptions.__annotations__}
    chosen = {key: option for key, option in options.items() if key in {"currency", *ProjectOptions.__annotations__}}
    name = path.name.split(".")[0]
    mapping = {
        "id": re.sub(r"[^a-z0-9_-]+", "-", name.lower()).strip("-_")[:40] or "purchases",
        "name": path.name, "as_of": as_of or dt.date.today(), "segments": {"segmentations": _LIGHT},
        "source": {"path": str(path), "columns": dict(columns or {})} | source,
    }  # fmt: skip
    return projects.build(mapping | {key: option for key, option in chosen.items() if option is not None}, where="open")


def _on_its_day(run: Run) -> Run:
    """Read the purchases, and look at the customers on the last day of them where no day was stated."""
    run.make("transactions")
    if not run.quality.last_day or not run.origin.is_last_day:
        return run
    change = {"as_of": dt.date.fromisoformat(run.quality.last_day)}
    changed = run._changed(run.project.replace(**change), set(change), run.definitions)
    run.engine.close()
    changed.origin = run.origin
    changed.make("transactions")
    return changed


def _work(options: Options) -> tuple[Path, "TemporaryWork | None"]:
    if (work := options.get("work")) is not None:
        if not isinstance(work, str | Path):
            raise UsageError(f"open: work: {work!r} is no path of a folder.")
        return Path(work).resolve(), None
    temporary = TemporaryWork()
    return temporary.path, temporary


class TemporaryWork:
    """A locked work folder, removed with the last run that uses it, or when the process ends."""

    def __init__(self, prefix: str = "custlib-work-") -> None:
        _remove_left(prefix)
        self.path = Path(mkdtemp(prefix=prefix)).resolve()
        lock = FileLock(self.path / "lock")
        lock.acquire()
        self._end = weakref.finalize(self, _remove, lock, self.path, os.getpid())

    def close(self) -> None:
        """Remove it now."""
        self._end()


def _remove(lock: FileLock, path: Path, owner: int) -> None:
    if os.getpid() != owner:  # a forked process ends, and not its parent
        return
    lock.release()
    shutil.rmtree(path, ignore_errors=True)


def _remove_left(prefix: str) -> None:
    """Remove the folders that killed processes left unlocked."""
    for left in Path(gettempdir()).glob(f"{prefix}*"):
        if (left / "lock").is_file():
            with suppress(Timeout, OSError), FileLock(left / "lock", blocking=False):
                shutil.rmtree(left, ignore_errors=True)
