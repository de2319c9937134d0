"""Checks a file of any kind: purchases, a project, a summary of customers, a fitted model, or records of persons.

What a file is, its suffix and its header tell. Purchases are read, held against the contract, and tried on the models;
nothing is kept but ``quality.json`` and ``set_aside.csv``.
"""

import csv
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from custlib import project as projects
from custlib.commands.assumptions import assumptions
from custlib.commands.record_check import check_records, is_records
from custlib.commands.set_aside import write_set_aside
from custlib.commands.summary_check import check_model, check_summary_file, is_summary
from custlib.commands.verdict import SET_ASIDE, Verdict, folder_for, shown, write
from custlib.errors import ModelError, TableError, UsageError
from custlib.explore.opening import TemporaryWork
from custlib.identify.reading.encodings import HEAD_BYTES, open_bytes
from custlib.machine import refusals
from custlib.project import Project
from custlib.quick import demand, file_project, on_last_day
from custlib.run import Run
from custlib.source import STANDARD_COLUMNS, Source, kind_of

_WORK = "custlib-check-"
_NOT_READ = {
    (".yaml", ".yml"): "is YAML. Projects are TOML, and nothing of a YAML file is read: no alias or anchor is "
    "followed, and no nesting too deep. Write the keys as TOML (custlib init makes such a file from the purchases)",
    (".zip", ".7z", ".rar", ".tar", ".tgz"): "is an archive (zip and the like), which may hold any paths and unpack to "
    "any size, so none is opened. Unpack it yourself, look at what it holds, and name the file",
    (".pkl", ".pickle", ".joblib"): "is a pickle, a format that runs what it holds when it is loaded, so it is not "
    "supported and was not opened. Save a model as JSON, by to_dict, and purchases as CSV or Parquet",
}  # fmt: skip


def check_file(file: Path, *, options: dict[str, Any] | None = None, out: Path | None = None) -> tuple[Verdict, str]:
    """Check a file; return the verdict and its text.

    Raises UsageError if the options or the project file are wrong, and RunError if the machine fails; whatever is wrong
    with the data is in the verdict.
    """
    folder = folder_for(out, file) if out is not None else None
    files: list[str] = []
    if folder is not None:
        (folder / SET_ASIDE).unlink(missing_ok=True)  # of the last check
    try:
        with refusals("check"):
            verdict = _checker(file)(file, options or {}, folder, files)
    except (TableError, ModelError) as fault:
        verdict = Verdict(file.name, faults=_lines(fault))
    if folder is not None:
        files.insert(0, str(write(verdict, folder)))
    return verdict, shown(verdict, tuple(files))


def _checker(file: Path) -> Callable[[Path, dict[str, Any], Path | None, list[str]], Verdict]:
    """Choose how a file is checked, by what it is.

    Raises TableError if it is of a kind that is never opened.
    """
    suffix = file.suffix.lower()
    for suffixes, reason in _NOT_READ.items():
        if suffix in suffixes:
            raise TableError(f"{file.name}: {reason}.")
    if suffix == ".toml":
        return _check_project
    if suffix == ".json":
        return lambda path, *_: check_model(path)
    header = _header(file)
    if is_summary(header):
        return lambda path, *_: check_summary_file(path)
    if is_records(header):
        return lambda path, options, *_: check_records(path, options)
    return _check_purchases


def _header(file: Path) -> list[str]:
    """The names in the first line of a CSV with commas; empty for anything else."""
    if kind_of(file) != "csv" or not file.is_file():
        return []
    try:
        with open_bytes(file) as opened:
            line = opened.read(HEAD_BYTES).decode("utf-8-sig", errors="replace").partition("\n")[0]
        return [name.strip() for name in next(csv.reader([line]), [])]
    except (OSError, EOFError, csv.Error):
        return []


def _check_project(file: Path, options: dict[str, Any], folder: Path | None, files: list[str]) -> Verdict:
    if set(options) - {"as_of"}:
        raise UsageError(f"--options: {', '.join(options)}: only for files of purchases. Change {file.name}.")
    stated = projects.load(file)
    project = stated.replace(as_of=options.get("as_of"))
    return _Check(file.name, project, stated, True, folder, files).verdict()


def _check_purchases(file: Path, options: dict[str, Any], folder: Path | None, files: list[str]) -> Verdict:
    if file.is_dir():
        Source(path=str(file.resolve())).files(Path())  # what it is comes before how it is written
    project, is_dated = file_project(file, None, options)
    return _Check(file.name, project, project, is_dated, folder, files).verdict()


@dataclass(frozen=True)
class _Check:
    """Purchases that are read and tried on the models; what is written is added to ``files``."""

    name: str
    project: Project
    stated: Project
    is_dated: bool
    folder: Path | None
    files: list[str]

    def verdict(self) -> Verdict:
        """Read the purchases in a folder that is removed."""
        with closing(TemporaryWork(_WORK)) as work:
            run = Run(self.project, work.path)
            try:
                quality = run.get("quality")
            except TableError as fault:
                return self._refused(run, fault)
            self._set_aside(run, quality)
            run = run if self.is_dated else on_last_day(run)
            with closing(run.engine):
                return self._used(run)

    def _refused(self, run: Run, fault: TableError) -> Verdict:
        """Say why the rows are refused; set them aside where they were counted."""
        with closing(run.engine):
            if fault.record is None:
                raise fault
            self._set_aside(run, fault.record)
            return Verdict(self.name, _facts(fault.record), faults=_lines(fault), record=fault.record)

    def _used(self, run: Run) -> Verdict:
        quality = run.get("quality")
        assumed = assumptions(self.stated, quality, last_day=None if self.is_dated else run.project.as_of)
        faults, counts = _no_forecast(run), _customers(run)
        without = counts["customers"] - counts["buyers"]
        facts = (
            *_facts(quality),
            ("as of", f"{run.project.as_of}"),
            (
                "customers",
                f"{counts['customers']:,}" + (f", {without:,} of them without a purchase" if without else ""),
            ),
            ("forecast", "none" if faults else f"can be made: {run.get('lifetime_model').label}"),
        )
        return Verdict(self.name, facts, assumed, tuple(quality["warnings"]), faults, quality | counts)

    def _set_aside(self, run: Run, quality: Mapping[str, Any]) -> None:
        if self.folder is not None and quality["rows_read"] > quality["rows_used"]:
            path, rows = write_set_aside(run, self.folder)
            self.files.append(f"{path} ({rows:,} row{'' if rows == 1 else 's'} as they stood)")


def _lines(fault: Exception) -> tuple[str, ...]:
    return tuple(str(fault).splitlines())


def _no_forecast(run: Run) -> tuple[str, ...]:
    """Say why these purchases give no forecast; empty if they do."""
    try:
        demand(run)
    except ModelError as fault:
        return _lines(fault)
    return ()


def _customers(run: Run) -> dict[str, int]:
    counts = run.engine.fetch(
        "select count(distinct customer_id) as customers,"
        " count(distinct case when is_purchase then customer_id end) as buyers from transactions"
    )
    return {name: int(counts[name].item()) for name in ("customers", "buyers")}


def _facts(quality: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """State columns, rows, money and days in a line each."""
    names = {"read": "read", "used": "used", "quarantined": "set aside", "removed": "removed"}
    rows = ", ".join(f"{quality[f'rows_{name}']:,} {word}" for name, word in names.items())
    money = ", ".join(f"{quality[f'money_{name}']:,.2f} {word}" for name, word in names.items())
    named = sorted(quality["columns"].items(), key=lambda item: STANDARD_COLUMNS.index(item[0]))
    columns = ", ".join(f"{role} from {name!r}" if role != name else role for role, name in named)
    return (
        ("columns", columns),
        ("rows", f"{rows}; {quality['rows_repaired']:,} repaired"),
        ("money", money if quality["has_amount"] else "none: there is no amount"),
        ("days", f"{quality['first_day']} to {quality['last_day']}" if quality["first_day"] else "none"),
    )
