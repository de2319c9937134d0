"""Values the customers of one file of purchases: returns a summary, and writes one row per customer.

It makes the same tables as a run of a project, in a temporary folder.
"""

import datetime as dt
import math
from contextlib import closing
from pathlib import Path
from typing import Any

from custlib import project as projects
from custlib.commands.assumptions import assumptions
from custlib.engine.result_file import check_target, write_result
from custlib.errors import ModelError, UsageError, hint
from custlib.explore.opening import TemporaryWork
from custlib.machine import refusals
from custlib.models import gammagamma
from custlib.models.forecasting import to_dict
from custlib.project import Project, Source
from custlib.report.forecast_status import history_words, light_words, season_words
from custlib.report.texts import texts
from custlib.run import Run
from custlib.value import spend
from custlib.value.on_request.joined_columns import with_columns

OUT_COLUMNS = (
    "customer_id", "frequency", "recency", "T", "days_since_last", "monetary_value", "probability_alive",
    "expected_purchases", "expected_spend", "value", "residual_lifetime_value", "historic_value", "profit",
    "potential_value", "loyalty",
)  # fmt: skip

_WORK = "custlib-value-"
_SORTED, _SHOWN = 1_000_000, 5  # customers
_FEWEST_DAYS = 2  # of a history that can be parted
_STILL = (
    "Without a forecast there is still a report: data quality, RFM, ABC, pyramid and clusters by what was bought so "
    "far. Write a project file (see data/cdnow.toml) and run: custlib run PROJECT"
)


def value_file(
    file: Path,
    *,
    as_of: dt.date | None = None,
    options: dict[str, Any] | None = None,
    out: Path | None = None,
    horizon_days: int = 365,
    annual_discount_rate: float = 0.10,
    holdout_days: int | None = None,
    value: dict[str, Any] | None = None,
    engine: str = "duckdb",
    memory_limit: str | None = None,
) -> dict[str, Any]:
    """Value the customers of one file; without a day they are looked at on the last day in it."""
    stated, is_dated = file_project(file, as_of, options or {})
    project = stated.replace(
        horizon_days=horizon_days, annual_discount_rate=annual_discount_rate, holdout_days=holdout_days, value=value
    )
    if project.value.columns and out is None:
        raise UsageError("--columns: are written with every customer. Name a file by --out.")
    if out is not None:
        check_target(out, [file, *project.source.files(project.folder)])
    with refusals("value"), closing(TemporaryWork(_WORK)) as work:
        run = Run(project, work.path, engine=engine, memory_limit=memory_limit)
        run = run if is_dated else on_last_day(run)
        demand(run)
        run.make("customer_value")
        summary = _summary(run)
        summary["backtest"] = _backtest(run)
        summary["cautions"] |= _caution_of_test(summary["backtest"])
        last_day = None if is_dated else run.project.as_of
        summary["assumed"] = list(assumptions(stated, summary["quality"], last_day=last_day))
        summary["top"] = _top(run)
        if out is not None:
            _write(run, out)
        run.engine.close()
    return summary


def file_project(file: Path, as_of: dt.date | None, options: dict[str, Any]) -> tuple[Project, bool]:
    """Build the project of one file; also whether its day was stated, which is today's until the file is read."""
    source_options = dict(options)
    day = source_options.pop("as_of", None)
    day = as_of or day
    known = [name for name in Source.model_fields if name not in ("path", "package")]
    unknown = [name for name in source_options if name not in known]
    if unknown:
        raise UsageError("\n".join(f"options: {name}: unknown key. {hint(name, known)}" for name in unknown))
    mapping = {
        "id": "quick", "name": file.name, "as_of": day or dt.date.today(),
        "source": source_options | {"path": str(file.resolve())},
    }  # fmt: skip
    return projects.build(mapping, where="options"), day is not None


def on_last_day(run: Run) -> Run:
    """Read the purchases, and look at the customers on the last day of them."""
    if not (last := run.get("quality")["last_day"]):
        return run
    changed = run.with_(as_of=dt.date.fromisoformat(last))
    run.engine.close()
    return changed


def demand(run: Run) -> None:
    """Fit the models; if they are not identified, add to the error what can still be reported."""
    try:
        run.get("lifetime_model")
        if run.get("quality")["has_amount"] and run.get("spend_model")[0].kind == "none":
            spend.fit_spend(run.engine, run.get("spend_cells"))
    except ModelError as fault:
        raise ModelError(f"{fault}\n{_STILL}", reason=fault.reason) from None


def _intervals(run: Run) -> dict[str, dict[str, float]]:
    """Give the intervals of the totals, and of money if there is any."""
    whole = run.get("coming_value")
    spans = {"expected_purchases": {"low": whole["purchases_low"], "high": whole["purchases_high"]}}
    if not math.isnan(whole["value"]):
        spans["value"] = {"low": whole["value_low"], "high": whole["value_high"]}
    return {name: {end: float(x) for end, x in ends.items()} for name, ends in spans.items()}


def _cautions(run: Run) -> dict[str, str]:
    """Describe every flag, and a long time without purchases."""
    t, days = texts("en"), run.get("silence")
    sentences = {flag: t(f"flags.{flag}") for flag in run.get("flags")}
    sentences |= (
        run.get("quality")["cautions"] | history_words(t, run.get("forecast_cautions")) | _caution_of_season(run)
    )
    return sentences | ({"silence": f"{t('flags.title_silent', days=days)}. {t('flags.silent')}"} if days else {})


def _caution_of_season(run: Run) -> dict[str, str]:
    """Describe a season that the forecast does not follow, as the pages do."""
    caution = run.get("season_caution")
    return {"season": season_words(texts("en"), caution)} if caution and caution["state"] != "followed" else {}


def _caution_of_test(result: dict[str, Any]) -> dict[str, str]:
    """Describe a forecast with light amber or red, or without one, as the pages do."""
    light = result["light"]
    return {} if light == "green" else {f"light.{light}": f"{light_words(texts('en'), result)}."}


def _top(run: Run) -> list[dict[str, Any]]:
    """The first customers by value, or by purchases where there is no money."""
    columns = ("customer_id", "frequency", "days_since_last", "probability_alive", "expected_purchases", "value")
    rows = run.engine.fetch(
        f"select cast(customer_id as string) as customer_id, {', '.join(columns[1:])} from customer_value"
        f" order by value desc nulls last, expected_purchases desc, customer_id limit {_SHOWN}"
    )
    whole = rows.astype(object).where(rows.notna(), None)
    return [{str(name): cell for name, cell in row.items()} for row in whole.to_dict("records")]


def _summary(run: Run) -> dict[str, Any]:
    project, (money, model) = run.project, run.get("spend_model")
    totals = run.get("value_totals")
    return {
        "as_of": project.as_of.isoformat(),
        "horizon_days": project.horizon_days,
        "annual_discount_rate": project.annual_discount_rate,
        "quality": run.get("quality"),
        "fit": to_dict(run.get("lifetime_model"), time_unit="day"),
        "spend": spend.to_dict(money) | ({"fit": gammagamma.to_dict(model, money_unit="as given")} if model else {}),
        "flags": [*run.get("flags")],
        "silent_days": run.get("silence"),
        "money_kind": run.get("money_kind"),
        "cautions": _cautions(run),
        "totals": {name: None if math.isnan(total) else total for name, total in totals.items()},
        "intervals": _intervals(run),
    }


def _backtest(run: Run) -> dict[str, Any]:
    """Return the light of the forecast and the result of the backtest, or the reason why there is none."""
    result: dict[str, Any] = run.get("test_result")
    if run.get("holdout_period").covered < _FEWEST_DAYS:
        return result | {"refused": "the purchases cover less than two days"}
    reason = result.get("reason")
    return result | ({"refused": texts("en")(f"refused.test.{reason}")} if reason else {})


def _write(run: Run, out: Path) -> None:
    requested = run.project.value.columns
    run.make(*requested)
    columns = f"cast(customer_id as string) as customer_id, {', '.join(OUT_COLUMNS[1:])}"
    added = "".join(
        f", {column}" for table in requested for column in run.engine.columns(table) if column != "customer_id"
    )
    select = f"select {columns}{added} from ({with_columns(run.engine, 'customer_value', requested)})"
    customers = run.engine.fetch("select count(*) as n from customer_value")["n"].item()
    order = "order by customer_id" if customers <= _SORTED else ""
    write_result(run.engine, f"{select} {order}", out)
