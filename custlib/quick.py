"""The quick command: one file of purchases in, one row per customer out, a summary as a mapping.

It goes the same way as a project run, with the same tables, in a work folder that it removes.
"""

import datetime as dt
import fcntl
import math
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir
from typing import Any

from custlib import project as projects
from custlib.errors import ModelError, RunError, UsageError, hint
from custlib.machine import refusals
from custlib.models import bgnbd, gammagamma
from custlib.project import Project, Source
from custlib.report.pages import trust
from custlib.report.texts import texts
from custlib.value import customer_value, spend
from custlib.workspace import Workspace

OUT_COLUMNS = (
    "customer_id", "frequency", "recency", "T", "days_since_last", "monetary_value", "probability_alive",
    "expected_purchases", "expected_spend", "value", "residual_lifetime_value", "historic_value", "profit",
    "potential_value", "loyalty",
)  # fmt: skip

_LONGEST = 3650
_WORK = "custlib-value-"
_SORTED = 1_000_000  # customers
_STILL = (
    "Without a forecast there is still a report: data quality, RFM, ABC, pyramid and clusters by what was bought so "
    "far. Write a project file (see data/cdnow.toml) and run: custlib run PROJECT"
)


def value_file(
    file: Path,
    *,
    as_of: dt.date | None,
    options: dict[str, Any],
    out: Path,
    horizon_days: int = 365,
    annual_discount_rate: float = 0.10,
    holdout_days: int | None = None,
    engine: str = "duckdb",
    memory_limit: str | None = None,
) -> dict[str, Any]:
    """Value the customers of one file."""
    project = _project(file, as_of, options, horizon_days, annual_discount_rate)
    if out.is_dir() or not out.resolve().parent.is_dir():
        raise UsageError(f"--out: {out.name} is a directory or lies in none. Name a file in a folder that exists.")
    project = project.replace(holdout_days=holdout_days)
    with refusals("value"), _work_folder() as work:
        workspace = Workspace(project, work, engine=engine, memory_limit=memory_limit)
        covered = _covered(workspace)
        workspace.project = project.replace(holdout_days=holdout_days or min(max(covered // 2, 1), _LONGEST))
        _demand(workspace)
        workspace.need("customer_value")
        summary = _summary(workspace)
        summary["backtest"] = _backtest(workspace, covered)
        summary["cautions"] |= _caution_of_test(summary["backtest"])
        _write(workspace, out)
        workspace.engine.close()
    return summary


@contextmanager
def _work_folder() -> Iterator[Path]:
    """Make a folder that is locked while it is in use, and remove those that a killed command left unlocked."""
    for left in Path(gettempdir()).glob(f"{_WORK}*"):
        with suppress(OSError), (left / "lock").open("r+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(left, ignore_errors=True)
    with TemporaryDirectory(prefix=_WORK) as made, (Path(made) / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield Path(made)


def _project(file: Path, as_of: dt.date | None, options: dict[str, Any], horizon_days: int, rate: float) -> Project:
    given = dict(options)
    day = as_of or given.pop("as_of", None)
    given.pop("as_of", None)
    if day is None:
        raise UsageError("--as-of: is required: the day the customers are looked at, for instance 2025-06-30.")
    known = [name for name in Source.model_fields if name not in ("path", "package")]
    unknown = [name for name in given if name not in known]
    if unknown:
        raise UsageError("\n".join(f"options: {name}: unknown key. {hint(name, known)}" for name in unknown))
    mapping = {
        "id": "quick", "name": file.name, "as_of": day, "horizon_days": horizon_days,
        "annual_discount_rate": rate, "source": given | {"path": str(file.resolve())},
    }  # fmt: skip
    return projects.build(mapping, where="options")


def _demand(workspace: Workspace) -> None:
    """Fit what is asked for; where it is refused, say what can still be reported."""
    try:
        _ = workspace.model
        if workspace.quality["has_amount"] and workspace.spend[0].kind == "none":
            spend.fit_spend(workspace.engine, "spend_cells")
    except ModelError as fault:
        raise ModelError(f"{fault}\n{_STILL}", reason=fault.reason) from None


def _intervals(workspace: Workspace) -> dict[str, dict[str, float]]:
    """The 95 % intervals of the totals, those of money only where there is money."""
    everybody = "select customer_id, 'all' as segmentation, 'all' as segment, '' as reason from customer_activity"
    workspace.engine.define("customer_segments", everybody, of=("customer_activity",))
    row = workspace.intervals("all", residual=False).iloc[0]
    found = {"expected_purchases": {"low": row["purchases_low"], "high": row["purchases_high"]}}
    if workspace.spend[0].kind != "none":
        found["value"] = {"low": row["value_low"], "high": row["value_high"]}
    return {name: {end: float(x) for end, x in ends.items()} for name, ends in found.items()}


def _cautions(workspace: Workspace) -> dict[str, str]:
    """Say every flag in a sentence, and a base that has gone silent."""
    t, days = texts("en"), workspace.evidence.silent_days
    said = {flag: t(f"flags.{flag}") for flag in workspace.evidence.flags}
    return said | ({"silence": f"{t('flags.title_silent', days=days)}. {t('flags.silent')}"} if days else {})


def _caution_of_test(held: dict[str, Any]) -> dict[str, str]:
    """Say in a sentence that the forecast was off in the backtest, where it was."""
    if held.get("light") not in ("amber", "red"):
        return {}
    return {f"backtest.{held['light']}": f"{trust.light(texts('en'), held).title}."}


def _summary(workspace: Workspace) -> dict[str, Any]:
    project, (money, model) = workspace.project, workspace.spend
    totals = customer_value.totals(workspace.engine)
    return {
        "as_of": project.as_of.isoformat(),
        "horizon_days": project.horizon_days,
        "annual_discount_rate": project.annual_discount_rate,
        "quality": workspace.quality,
        "fit": bgnbd.to_dict(workspace.model, time_unit="day"),
        "spend": spend.to_dict(money) | ({"fit": gammagamma.to_dict(model, money_unit="as given")} if model else {}),
        "flags": [*workspace.evidence.flags],
        "cautions": _cautions(workspace),
        "totals": {name: None if math.isnan(total) else total for name, total in totals.items()},
        "intervals": _intervals(workspace),
    }


def _covered(workspace: Workspace) -> int:
    """Days from the first purchase to as_of; 0 without any."""
    first = workspace.quality["first_day"]
    return (workspace.project.as_of - dt.date.fromisoformat(first)).days if first else 0


def _backtest(workspace: Workspace, covered: int) -> dict[str, Any]:
    """Hold a forecast of the past against what came; say so where there is no past to forecast from."""
    if covered < 2:
        return {"refused": "the purchases cover less than two days"}
    days, held = {"holdout_days": workspace.project.holdout_days}, workspace.holdout
    return days | held if "reason" not in held else days | {"refused": texts("en")(f"refused.test.{held['reason']}")}


def _write(workspace: Workspace, out: Path) -> None:
    """Write the rows beside the target, then rename: no partial file is left."""
    made = workspace.folder / "out.parquet"
    columns = f"cast(customer_id as string) as customer_id, {', '.join(OUT_COLUMNS[1:])}"
    customers = workspace.engine.fetch("select count(*) as n from customer_value")["n"].item()
    order = "order by customer_id" if customers <= _SORTED else ""
    workspace.engine.write(f"select {columns} from customer_value {order}", made)
    part = out.with_name(f".{out.name}.{os.getpid()}.part")
    try:
        shutil.move(made, part)
        part.replace(out)
    except OSError as fault:
        part.unlink(missing_ok=True)
        raise RunError(f"--out: {out.name}: {fault.strerror}. Free some, or name a file on a larger disk.") from None
