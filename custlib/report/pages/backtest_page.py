"""Blocks of the page "Is the model right?" that compare forecasts with actual purchases."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from custlib import rules
from custlib.report import charts
from custlib.report.blocks import Callout, Details, Figure, Table, Text
from custlib.report.forecast_status import season_values
from custlib.report.formats import change, compact, day, money, number, share
from custlib.report.pages.validation_page import signed
from custlib.report.privacy import counts, is_small
from custlib.report.texts import Texts
from custlib.validate.goodness import ChiSquared
from custlib.validate.seasons import Season, fewest_origins, is_nearer

_GROUPS_SHOWN = 2
_LEVEL = 0.05  # the usual level of significance; p-values are shown


def baselines(t: Texts, frame: pd.DataFrame, actual: float, hiatus_days: int) -> Table:
    """Compare the totals of model and baselines with actual purchases."""
    came = pd.DataFrame({"forecast": ["came"], "purchases": [float(actual)]})
    rows = pd.concat([came, frame], ignore_index=True)
    bias = frame.set_index("forecast")["bias"].abs()
    nearest = "totals" if bias.notna().all() and bias.idxmin() == "model" else "totals_plain"
    names = [t(f"validation.{name}", days=hiatus_days) for name in rows["forecast"]]
    return Table.of(
        rows.assign(forecast=names)[["forecast", "purchases", "bias", "mean_absolute_error", "correlation"]],
        title=t(f"validation.{nearest}"), language=t.language, header="forecast",
        caption=t("validation.totals_caption"), note=t("validation.totals_note"),
        formats={"purchases": _one_decimal, "bias": "change", "mean_absolute_error": _decimals(3),
                 "correlation": _decimals(2)},
        labels={name: t(f"validation.{name}") for name in rows.columns},
    )  # fmt: skip


def _one_decimal(value: float) -> str:
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}"


def _decimals(digits: int) -> Any:
    return lambda value: "–" if value is None or value != value else f"{value:,.{digits}f}"


def groups(t: Texts, frame: pd.DataFrame, by: str) -> Figure | Text:
    """Compare forecast and actual purchases by groups of customers, without small ones.

    ``by`` is ``frequency``, ``silence`` or ``tenth``.
    """
    frame = frame[~frame["customers"].map(is_small)]
    if len(frame) < _GROUPS_SHOWN:
        return Text(t("validation.too_few_groups"))
    errors = {name: _error(frame, name) for name in ("expected", "naive")}
    return charts.expected_against_actual(
        frame[["group", "actual", "expected"]], baseline=frame["naive"].tolist(), form=_three_decimals,
        title=t(f"validation.by_{by}", **errors), language=t.language, caption=t(f"validation.by_{by}_caption"),
        description=t(f"validation.by_{by}_description"), x_label=t(f"validation.{by}_axis"),
        y_label=t("validation.mean_purchases"),
    )  # fmt: skip


def _error(frame: pd.DataFrame, name: str) -> str:
    """Compute the mean absolute error of group means, weighted by customers."""
    error = ((frame[name] - frame["actual"]).abs() * frame["customers"]).sum() / frame["customers"].sum()
    return f"{error:.2f}"


def _three_decimals(value: float) -> str:
    return f"{value:,.3f}".rstrip("0").rstrip(".")


def captured(t: Texts, shares: Mapping[str, float]) -> Text:
    """State the share of holdout purchases in the top decile, by the model and by the past rate."""
    if any(value != value for value in shares.values()):
        return Text(t("validation.captured_none"))
    return Text(t("validation.captured", **{name: share(value, t.language) for name, value in shares.items()}))


def counts_of_calibration(t: Texts, frame: pd.DataFrame, test: ChiSquared | None) -> Figure:
    """Compare actual and expected counts of repeat purchases."""
    result = (
        ""
        if test is None
        else " " + t("validation.counts_test", most=test.most, p_most=f"{test.p_most:.3f}", **_test(t, test))
    )
    title = "counts_untested" if test is None else "counts" if test.p_most >= _LEVEL else "counts_off"
    return charts.paired_bars(
        frame, title=t(f"validation.{title}"), language=t.language,
        caption=t("validation.counts_caption") + result, description=t("validation.counts_description"),
        x_label=t("validation.frequency_axis"), y_label=t("validation.customers"),
    )  # fmt: skip


def _test(t: Texts, test: ChiSquared) -> dict[str, Any]:
    p_value = "< 0.001" if test.p_value < 0.001 else f"{test.p_value:.3f}"
    return {"statistic": f"{test.statistic:.2f}", "degrees": test.degrees, "p_value": p_value}


def cohorts(t: Texts, frame: pd.DataFrame, test: ChiSquared | None) -> Table | Text:
    """Show the fit of each acquisition cohort, and whether one model fits all."""
    if test is None:
        return Text(t("validation.cohorts_one" if len(frame) < _GROUPS_SHOWN else "validation.cohorts_flagged"))
    rows = pd.DataFrame(
        {
            "cohort": [day(first, t.language) for first in frame["cohort"]],
            "customers": counts(frame["customers"].tolist(), t.language),
            "yearly_rate": [f"{rate:.2f}" for rate in frame["yearly_rate"]],
            "dropout": [share(value, t.language) for value in frame["dropout"]],
        }
    )
    return Table.of(
        rows, title=t(f"validation.{'cohorts' if test.p_value >= _LEVEL else 'cohorts_differ'}"), language=t.language,
        caption=t("validation.cohorts_caption"), note=t("validation.cohorts_test", **_test(t, test)), header="cohort",
        labels={"cohort": t("validation.cohort"), "customers": t("validation.customers"),
                "yearly_rate": t("validation.yearly_rate"), "dropout": t("validation.dropout")},
    )  # fmt: skip


def rolling(t: Texts, frame: pd.DataFrame) -> Figure | Text:
    """Compare forecasts from rolling origins with actual purchases."""
    if frame.empty:
        return Text(t("validation.rolling_none"))
    spread = [change(value, t.language) for value in (frame["bias"].min(), frame["bias"].max())]
    rows = frame.assign(group=[day(origin, t.language) for origin in frame["origin"]])
    return charts.paired_bars(
        rows[["group", "actual", "expected"]], language=t.language, form="compact",
        title=t("validation.rolling", low=spread[0], high=spread[1]) if len(frame) > 1
        else t("validation.rolling_one", bias=spread[0]),
        caption=t("validation.rolling_caption"), description=t("validation.rolling_description"),
        x_label=t("validation.rolling_axis"), y_label=t("validation.repeats"),
    )  # fmt: skip


def rolling_table(t: Texts, frame: pd.DataFrame) -> Details | Text:
    """Show the bias of rolling origins in calendar and business time."""
    if frame.empty:
        return Text(t("validation.rolling_table_none"))
    rows = pd.DataFrame(
        {
            "origin": [day(origin, t.language) for origin in frame["origin"]],
            "purchases": frame["actual"], "bias": frame["bias"], "business_bias": frame["business_bias"],
            "naive_bias": frame["naive_bias"],
        }
    )  # fmt: skip
    table = Table.of(
        rows, title=t("validation.rolling_table"), language=t.language, header="origin",
        formats={"purchases": "number", **dict.fromkeys(("bias", "business_bias", "naive_bias"), _off_by(t))},
        labels={name: t(f"validation.rolling_{name}") for name in rows.columns},
        note=t("validation.rolling_note"),
    )  # fmt: skip
    return Details(t("validation.rolling_details"), [table])


def _off_by(t: Texts) -> Any:
    return lambda value: "–" if value is None or value != value else change(value, t.language)


def season(t: Texts, estimate: Season | None, rolling: pd.DataFrame) -> Callout:
    """State whether there is a season, and whether business time improves the forecast."""
    if estimate is None:
        return Callout(t("validation.season_unknown"), t("validation.season_unknown_text"), "note")
    values = season_values(t, estimate)
    if not estimate.differs:
        return Callout(t("validation.season_none"), t("validation.season_none_text", **values), "good")
    text = t("validation.season_text", **values) + " " + _tried(t, rolling)
    if not estimate.is_there:
        return Callout(t("validation.season_unsure", **values), t("validation.season_unsure_text") + " " + text, "note")
    return Callout(t("validation.season", **values), text, "warn")


def _tried(t: Texts, rolling: pd.DataFrame) -> str:
    """State the effect of business time on the bias of rolling origins."""
    tried = rolling[["bias", "business_bias"]].dropna().abs()
    if len(tried) < fewest_origins():
        return t("validation.season_untried")
    errors = {name: share(error, t.language) for name, error in tried.mean().items()}
    values = {"plain": errors["bias"], "business": errors["business_bias"]}
    return t("validation.season_nearer" if is_nearer(rolling) else "validation.season_no_nearer", **values)


def season_index(t: Texts, estimate: Season | None) -> Figure | Text:
    """Show the seasonal index of each month."""
    if estimate is None:
        return Text(t("validation.season_no_index"))
    frame = pd.DataFrame({"label": t("validation.months").split(), "index": [100 * value for value in estimate.index]})
    return charts.index_bars(
        frame, title=t("validation.season_index", times=f"{estimate.best_to_worst:.1f}"), language=t.language,
        caption=t("validation.season_index_caption"), description=t("validation.season_index_description"),
    )  # fmt: skip


def quarters(t: Texts, frame: pd.DataFrame, currency: str, cut: dt.date) -> Figure:
    """Compare modelled and actual revenue of existing customers by quarter."""
    later = frame[
        [period.end_time.date() > cut for period in pd.PeriodIndex(frame["quarter"].str.replace(" ", ""), freq="Q")]
    ]
    actual, modelled = later["existing_customers"].sum(), later["modelled"].sum()
    gap = change(modelled / actual - 1, t.language) if actual > 0 else "–"
    latest = frame.tail(rules.load("backtest")["shown"]["quarters"])
    rows = latest.assign(group=latest["quarter"], actual=latest["existing_customers"].clip(lower=0))
    return charts.paired_bars(
        rows.assign(expected=rows["modelled"])[["group", "actual", "expected"]],
        form=lambda value: compact(value, t.language), language=t.language,
        title=t("validation.quarters", gap=gap), caption=t("validation.quarters_caption", day=day(cut, t.language)),
        description=t("validation.quarters_description"), x_label=t("validation.quarter"), y_label=currency,
    )  # fmt: skip


def quarters_table(t: Texts, frame: pd.DataFrame, currency: str) -> Details:
    """Show the revenue of each quarter: new customers, existing customers, modelled."""
    rows = pd.DataFrame(
        {
            "quarter": frame["quarter"],
            "joined": counts(frame["joined"].astype(int).tolist(), t.language),
            "new_customers": frame["new_customers"].where(~frame["joined"].map(is_small)),
            "existing_customers": frame["existing_customers"],
            "modelled": frame["modelled"],
            "gap": frame["gap"],
        }
    )
    write = lambda value: "–" if value != value else money(value, "", t.language).strip()  # noqa: E731
    table = Table.of(
        rows, title=t("validation.quarters_table", currency=currency), language=t.language, header="quarter",
        formats={**dict.fromkeys(("new_customers", "existing_customers", "modelled"), write), "gap": _off_by(t)},
        labels={name: t(f"validation.quarter_{name}") if name != "quarter" else t("validation.quarter")
                for name in rows.columns},
    )  # fmt: skip
    return Details(t("validation.quarters_details"), [table])


def choice(t: Texts, chosen: Mapping[str, Any]) -> Table | Text:
    """Show the candidate models, the selected one and the criterion."""
    candidates: Sequence[Mapping[str, Any]] = chosen["candidates"]
    if not candidates:
        return Text(t("validation.choice_none"))
    name = next((row["model"] for row in candidates if row["kind"] == chosen["kind"]), candidates[0]["model"])
    rows = pd.DataFrame(
        {
            "model": [row["model"] for row in candidates],
            "fit": [signed(row["log_likelihood"], 2) for row in candidates],
            "aic": [signed(row["aic"], 2) for row in candidates],
            "predicted": [number(row["predicted"], t.language) for row in candidates],
            "bias": [_off_by(t)(row["bias"]) for row in candidates],
            "chance": [
                "–" if row["chance"] is None else f"± {share(2 * row['chance'], t.language)}" for row in candidates
            ],
        }
    )
    return Table.of(
        rows, title=t(f"validation.choice_{chosen['reason']}", model=name), language=t.language, header="model",
        caption=t("validation.choice_caption"), labels={c: t(f"validation.choice_column_{c}") for c in rows.columns},
    )  # fmt: skip


def regularity(t: Texts, record: Mapping[str, Any]) -> Details:
    """State whether purchases are more regular than random, and the effect on the forecast."""
    ticks = pd.DataFrame(record["ticks"])
    estimate = record["estimate"]
    best = min(record["ticks"], key=lambda row: float(row["aic"]))
    biases = ticks["bias"].notna().all()
    nearer = biases and abs(best["bias"]) < abs(ticks["bias"].iloc[0])
    kind = "random" if best["k"] == 1 else "steady_nearer" if nearer else "steady"
    median = record["median_gap"]
    if median is not None and median <= rules.load("backtest")["choice"]["coarse_gap_days"]:
        return Details(
            t("validation.regular_coarse_title"), [Text(t("validation.regular_coarse", median=f"{median:g}"))]
        )
    values = {
        "estimate": "–" if estimate is None else f"{estimate:.2f}", "k": int(best["k"]),
        "predicted": number(best["predicted"], t.language), "plain": number(ticks["predicted"].iloc[0], t.language),
    }  # fmt: skip
    text = Text(t(f"validation.regular_{kind}", **values))
    return Details(t(f"validation.regular_{kind}_title", **values), [text, _ticks_table(t, ticks)])


def _ticks_table(t: Texts, ticks: pd.DataFrame) -> Table:
    """Show the fit of every number of ticks per purchase."""
    rows = ticks.assign(
        k=ticks["k"].astype(int).astype(str), fit=[signed(value, 2) for value in ticks["log_likelihood"]],
        aic=[signed(value, 2) for value in ticks["aic"]],
        predicted=[number(value, t.language) for value in ticks["predicted"]],
        bias=[_off_by(t)(value) for value in ticks["bias"]],
    )[["k", "fit", "aic", "predicted", "bias"]]  # fmt: skip
    labels = {c: t(f"validation.choice_column_{c}") for c in ("fit", "aic", "predicted", "bias")}
    return Table.of(
        rows, title=t("validation.ticks"), language=t.language, header="k", caption=t("validation.ticks_caption"),
        labels=labels | {"k": t("validation.ticks_k")},
    )  # fmt: skip


def second_opinion(t: Texts, models: Mapping[str, Mapping[str, Any]]) -> Table | Text:
    """Compare forecasts and parameters with the models of the package lifetimes."""
    if not models:
        return Text(t("validation.crosscheck_missing"))
    rows = [_opinion(t, model, models[model]) for model in sorted(models)]
    known = [row.pop("gap") for row in rows]
    worst = [gap for gap in known if gap is not None]
    if not worst:
        return Text(t("validation.crosscheck_none"))
    return Table.of(
        pd.DataFrame(rows), title=t("validation.crosscheck", worst=f"{max(worst):.0e}"), language=t.language,
        caption=t("validation.crosscheck_caption"), header="model",
        note="" if len(worst) == len(known) else t("validation.crosscheck_some"),
        labels={name: t(f"validation.opinion_{name}") for name in ("model", "ours", "theirs", "difference")},
    )  # fmt: skip


def _opinion(t: Texts, model: str, both: Mapping[str, Any]) -> dict[str, Any]:
    """Compare a model in both packages; ``gap`` is None where lifetimes does not converge."""
    ours, theirs = both["ours"], both["theirs"]
    gaps = [abs(theirs[name] / ours[name] - 1) for name in ours] if theirs else []
    totals = [number(side["holdout"], t.language) if side and "holdout" in side else "–" for side in (ours, theirs)]
    return {
        "model": model, "ours": totals[0], "theirs": totals[1],
        "difference": f"{max(gaps):.0e}" if gaps else "–", "gap": max(gaps) if gaps else None,
    }  # fmt: skip


def second_parameters(t: Texts, models: Mapping[str, Mapping[str, Any]], unit_days: int) -> Details | None:
    """Show every parameter in both packages; None without a second opinion."""
    if not models:
        return None
    rows = [
        {
            "parameter": f"{model} {name}",
            "ours": _in_unit(models[model]["ours"][name], name, unit_days),
            "theirs": _in_unit((models[model]["theirs"] or {}).get(name), name, unit_days),
        }
        for model in sorted(models)
        for name in models[model]["ours"]
        if name != "holdout"
    ]
    table = Table.of(
        pd.DataFrame(rows), title=t("validation.crosscheck_parameters"), language=t.language, header="parameter",
        labels={name: t(f"validation.{name}") for name in ("parameter", "ours", "theirs")},
    )  # fmt: skip
    return Details(t("validation.crosscheck_parameters"), [table])


def _in_unit(value: float | None, name: str, unit_days: int) -> str:
    return "–" if value is None else f"{value / (unit_days if name in ('alpha', 'beta') else 1):,.5f}"
