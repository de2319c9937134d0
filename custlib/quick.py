"""Values the customers of one file of purchases: writes one row per customer and returns a summary.

It makes the same tables as a run of a project, in a temporary folder.
"""

import datetime as dt
import math
import os
import shutil
from contextlib import closing
from pathlib import Path
from typing import Any

from custlib import project as projects
from custlib import rules
from custlib.errors import ModelError, RunError, UsageError, hint
from custlib.explore.opening import TemporaryWork
from custlib.machine import refusals
from custlib.models import bgnbd, gammagamma
from custlib.project import Project, Source
from custlib.report.texts import texts
from custlib.run import Run
from custlib.validate.outliers import said_of_outliers
from custlib.value import spend, uncertainty

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
    if out.exists() and out.resolve().samefile(file.resolve()):
        raise UsageError(f"--out: {out.name} is the file of purchases itself. Name another file.")
    project = project.replace(holdout_days=holdout_days)
    with refusals("value"), closing(TemporaryWork(_WORK)) as work:
        run = Run(project, work.path, engine=engine, memory_limit=memory_limit)
        covered = _covered(run)
        if holdout_days is None:
            read, run = run, run.with_(holdout_days=min(max(covered // 2, 1), _LONGEST))
            read.engine.close()
        _demand(run)
        run.make("customer_value")
        summary = _summary(run)
        summary["backtest"] = _backtest(run, covered)
        summary["cautions"] |= _caution_of_test(summary["backtest"])
        _write(run, out)
        run.engine.close()
    return summary


def _project(file: Path, as_of: dt.date | None, options: dict[str, Any], horizon_days: int, rate: float) -> Project:
    source_options = dict(options)
    day = as_of or source_options.pop("as_of", None)
    source_options.pop("as_of", None)
    if day is None:
        raise UsageError("--as-of: is required: the day the customers are looked at, for instance 2025-06-30.")
    known = [name for name in Source.model_fields if name not in ("path", "package")]
    unknown = [name for name in source_options if name not in known]
    if unknown:
        raise UsageError("\n".join(f"options: {name}: unknown key. {hint(name, known)}" for name in unknown))
    mapping = {
        "id": "quick", "name": file.name, "as_of": day, "horizon_days": horizon_days,
        "annual_discount_rate": rate, "source": source_options | {"path": str(file.resolve())},
    }  # fmt: skip
    return projects.build(mapping, where="options")


def _demand(run: Run) -> None:
    """Fit the models; if they are not identified, add to the error what can still be reported."""
    try:
        run.get("lifetime_model")
        if run.get("quality")["has_amount"] and run.get("spend_model")[0].kind == "none":
            spend.fit_spend(run.engine, run.get("spend_cells"))
    except ModelError as fault:
        raise ModelError(f"{fault}\n{_STILL}", reason=fault.reason) from None


def _intervals(run: Run) -> dict[str, dict[str, float]]:
    """Compute 95 % intervals of the totals, and of money if there is any."""
    everybody = "select customer_id, 'all' as segmentation, 'all' as segment, '' as reason from customer_activity"
    run.engine.define("customer_segments", everybody, of=("customer_activity",))
    days, rate = run.project.horizon_days, run.project.daily_discount_rate
    model, (money, fitted) = run.get("lifetime_model"), run.get("spend_model")
    row = uncertainty.intervals(
        run.engine, "all", model, fitted, horizon_days=days, daily_rate=rate, residual=False
    ).iloc[0]
    spans = {"expected_purchases": {"low": row["purchases_low"], "high": row["purchases_high"]}}
    if money.kind != "none":
        spans["value"] = {"low": row["value_low"], "high": row["value_high"]}
    return {name: {end: float(x) for end, x in ends.items()} for name, ends in spans.items()}


def _cautions(run: Run) -> dict[str, str]:
    """Describe every flag, and a long time without purchases."""
    t, days = texts("en"), run.get("silence")
    sentences = {flag: t(f"flags.{flag}") for flag in run.get("flags")}
    sentences |= run.get("quality")["cautions"] | said_of_outliers(run.get("outlying_customers"))
    return sentences | ({"silence": f"{t('flags.title_silent', days=days)}. {t('flags.silent')}"} if days else {})


def _caution_of_test(result: dict[str, Any]) -> dict[str, str]:
    """Describe a backtest with status amber or red, as the pages do; they write figures with Babel, an extra."""
    light, t = result.get("light"), texts("en")
    if light not in ("amber", "red"):
        return {}
    limits = {name: f"{100 * rules.load('backtest')['light'][f'{name}_above']:g} %" for name in ("amber", "red")}
    title = t("untested.title_none") if result["bias"] is None else t(f"trust.{light}", **limits)
    return {f"backtest.{light}": f"{title}."}


def _summary(run: Run) -> dict[str, Any]:
    project, (money, model) = run.project, run.get("spend_model")
    totals = run.get("value_totals")
    return {
        "as_of": project.as_of.isoformat(),
        "horizon_days": project.horizon_days,
        "annual_discount_rate": project.annual_discount_rate,
        "quality": run.get("quality"),
        "fit": bgnbd.to_dict(run.get("lifetime_model"), time_unit="day"),
        "spend": spend.to_dict(money) | ({"fit": gammagamma.to_dict(model, money_unit="as given")} if model else {}),
        "flags": [*run.get("flags")],
        "cautions": _cautions(run),
        "totals": {name: None if math.isnan(total) else total for name, total in totals.items()},
        "intervals": _intervals(run),
    }


def _covered(run: Run) -> int:
    """Days from the first purchase to as_of, but for a lonely date years before; 0 without any."""
    first = run.get("quality")["usual_first_day"]
    return (run.project.as_of - dt.date.fromisoformat(first)).days if first else 0


def _backtest(run: Run, covered: int) -> dict[str, Any]:
    """Return the result of the backtest, or the reason why there is none."""
    if covered < 2:
        return {"refused": "the purchases cover less than two days"}
    days, result = {"holdout_days": run.project.holdout_days}, run.get("test_result")
    reason = result.get("reason")
    return days | ({"refused": texts("en")(f"refused.test.{reason}")} if reason else result)


def _write(run: Run, out: Path) -> None:
    """Write the rows to a temporary file, then rename, so that no partial file is left."""
    rows = run.folder / "out.parquet"
    columns = f"cast(customer_id as string) as customer_id, {', '.join(OUT_COLUMNS[1:])}"
    customers = run.engine.fetch("select count(*) as n from customer_value")["n"].item()
    order = "order by customer_id" if customers <= _SORTED else ""
    run.engine.write(f"select {columns} from customer_value {order}", rows)
    part = out.with_name(f".{out.name}.{os.getpid()}.part")
    try:
        shutil.move(rows, part)
        part.replace(out)
    except OSError as fault:
        part.unlink(missing_ok=True)
        raise RunError(f"--out: {out.name}: {fault.strerror}. Free some, or name a file on a larger disk.") from None
