"""Checks a file of any kind: purchases, a project, a summary of customers, a fitted model, or records of persons.

What a file is, its suffix and its header tell. Purchases are read, held against the contract, and tried on the models;
nothing is kept but ``quality.json`` and ``set_aside.csv``.
"""

import csv
import datetime as dt
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from custlib import project as projects
from custlib.commands.assumptions import assumptions
from custlib.commands.record_check import check_records, is_records
from custlib.commands.set_aside import write_set_aside
from custlib.commands.summary_check import check_model, check_summary_file, is_summary
from custlib.commands.verdict import Verdict, folder_for, shown, write
from custlib.errors import ModelError, TableError, UsageError
from custlib.explore.opening import TemporaryWork
from custlib.identify.reading.encodings import HEAD_BYTES, open_bytes
from custlib.machine import refusals
from custlib.project import Project
from custlib.quick import demand, file_project, settled
from custlib.run import Run
from custlib.source import Source, kind_of

_WORK = "custlib-check-"
_NOT_READ = {
    (".yaml", ".yml"): "is YAML. Projects are TOML, and nothing of a YAML file is read: no alias or anchor is followed, "
    "and no nesting too deep. Write the keys as TOML (custlib init makes such a file from the purchases)",
    (".zip", ".7z", ".rar", ".tar", ".tgz"): "is an archive (zip and the like), which may hold any paths and unpack to "
    "any size, so none is opened. Unpack it yourself, look at what it holds, and name the file",
    (".pkl", ".pickle", ".joblib"): "is a pickle, a format that runs what it holds when it is loaded, so it is not "
    "supported and was not opened. Save a model as JSON, by to_dict, and purchases as CSV or Parquet",
}  # fmt: skip


def check_file(file: Path, *, options: dict[str, Any] | None = None, out: Path | None = None) -> tuple[Verdict, str]:
    """Check a file; return the verdict and its text.

    Raises UsageError if the options are wrong, and RunError if the machine fails; whatever is wrong with the file is
    in the verdict.
    """
    folder = folder_for(out, file) if out is not None else None
    files: list[str] = []
    try:
        with refusals("check"):
            verdict = _checker(file)(file, options or {}, folder, files)
    except UsageError as fault:
        if file.suffix == ".toml" or options:
            raise
        verdict = Verdict(file.name, faults=tuple(str(fault).splitlines()))
    except (TableError, ModelError) as fault:
        verdict = Verdict(file.name, faults=tuple(str(fault).splitlines()))
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
    project = projects.load(file)
    return _checked(project.replace(as_of=options.get("as_of")), project, file.name, True, folder, files)


def _check_purchases(file: Path, options: dict[str, Any], folder: Path | None, files: list[str]) -> Verdict:
    if file.is_dir():
        Source(path=str(file.resolve())).files(Path())  # what it is comes before how it is written
    project, is_dated = file_project(file, None, options)
    return _checked(project, project, file.name, is_dated, folder, files)


def _checked(
    project: Project, stated: Project, name: str, is_dated: bool, folder: Path | None, files: list[str]
) -> Verdict:
    """Read purchases and try the models on them."""
    with closing(TemporaryWork(_WORK)) as work:
        run = settled(Run(project, work.path), is_dated=is_dated, is_tested=False)
        try:
            quality = run.get("quality")
            if folder is not None and quality["rows_read"] > quality["rows_used"]:
                path, rows = write_set_aside(run, folder)
                files.append(f"{path} ({rows:,} rows as they stood)")
            taken = assumptions(stated, quality, last_day=None if is_dated else run.project.as_of)
            faults = _no_forecast(run)
            forecast = "none" if faults else f"can be made: {run.get('lifetime_model').label}"
            facts = (*_facts(run, quality), ("forecast", forecast))
            return Verdict(name, facts, taken, tuple(quality["warnings"]), faults, quality | _customers(run))
        finally:
            run.engine.close()


def _no_forecast(run: Run) -> tuple[str, ...]:
    """Say why these purchases give no forecast; empty if they do."""
    try:
        demand(run)
    except ModelError as fault:
        return tuple(str(fault).splitlines())
    return ()


def _customers(run: Run) -> dict[str, int]:
    counts = run.engine.fetch(
        "select count(distinct customer_id) as customers,"
        " count(distinct case when is_purchase then customer_id end) as buyers from transactions"
    )
    return {name: int(counts[name].item()) for name in ("customers", "buyers")}


def _facts(run: Run, quality: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """Count rows, money, days and customers in a line each."""
    names = {"read": "read", "used": "used", "quarantined": "set aside", "removed": "removed"}
    rows = ", ".join(f"{quality[f'rows_{name}']:,} {word}" for name, word in names.items())
    money = ", ".join(f"{quality[f'money_{name}']:,.2f} {word}" for name, word in names.items())
    columns = ", ".join(f"{role} from {name!r}" if role != name else role for role, name in quality["columns"].items())
    customers = _customers(run)
    without = customers["customers"] - customers["buyers"]
    return (
        ("rows", f"{rows}; {quality['rows_repaired']:,} repaired"),
        ("money", money if quality["has_amount"] else "none: there is no amount"),
        ("days", f"{quality['first_day']} to {quality['last_day']}; as of {run.project.as_of}"),
        ("customers", f"{customers['customers']:,}" + (f", {without:,} of them without a purchase" if without else "")),
        ("columns", columns),
    )
