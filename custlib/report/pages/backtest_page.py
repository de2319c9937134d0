"""Blocks of the page "Is the model right?" that compare forecasts with actual purchases."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from custlib import rules
from custlib.models.chi_squared import ChiSquared
from custlib.report import charts
from custlib.report.blocks import Callout, Details, Figure, Table, Text
from custlib.report.forecast_status import choice_title, season_text, season_title, season_values
from custlib.report.formats import change, changes, compact, day, money, number, share, shares
from custlib.report.pages.validation_page import signed
from custlib.report.privacy import counts, is_small
from custlib.report.texts import Texts, capitalised
from custlib.validate.seasons import fewest_origins, is_nearer
from custlib.value.seasonal.season_index import Season

_GROUPS_SHOWN = 2
_LEVEL, _LEAST_P = 0.05, 0.001  # the usual level of significance; p-values are shown down to the least


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
        formats={"purchases": _decimals(0), "bias": "change", "mean_absolute_error": _decimals(2),
                 "correlation": _decimals(2)},
        labels={name: t(f"validation.{name}") for name in rows.columns},
    )  # fmt: skip


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
        frame[["group", "actual", "expected"]], baseline=frame["naive"].tolist(), form=_decimals(2),
        title=t(f"validation.by_{by}", **errors), language=t.language, caption=t(f"validation.by_{by}_caption"),
        description=t(f"validation.by_{by}_description"), x_label=t(f"validation.{by}_axis"),
        y_label=t("validation.mean_purchases"),
    )  # fmt: skip


def _error(frame: pd.DataFrame, name: str) -> str:
    """Compute the mean absolute error of group means, weighted by customers."""
    error = ((frame[name] - frame["actual"]).abs() * frame["customers"]).sum() / frame["customers"].sum()
    return f"{error:.2f}"


def captured(t: Texts, shares: Mapping[str, float]) -> Text:
    """State the share of holdout purchases in the top decile, by the model and by the past rate."""
    if any(value != value for value in shares.values()):
        return Text(t("validation.captured_none"))
    return Text(t("validation.captured", **{name: share(value, t.language) for name, value in shares.items()}))


def counts_of_calibration(t: Texts, frame: pd.DataFrame, test: ChiSquared | None) -> Figure:
    """Compare actual and expected counts of repeat purchases."""
    fits = "" if test is None else _fits(test)
    caption = [t("validation.counts_caption"), *([] if test is None else [_verdict(t, test, fits)])]
    return charts.paired_bars(
        frame, form=_decimals(0), title=t("validation.counts_untested" if test is None else f"validation.counts{fits}"),
        language=t.language, caption=t.paragraph(*caption), description=t("validation.counts_description"),
        x_label=t("validation.frequency_axis"), y_label=t("validation.customers"),
    )  # fmt: skip


def _fits(test: ChiSquared) -> str:
    """Judge a test whose p-value lies between two: no more than chance, open, or more than chance."""
    low, high = sorted((test.p_value, test.p_most))
    return "" if low >= _LEVEL else "_unsure" if high >= _LEVEL else "_off"


def _verdict(t: Texts, test: ChiSquared, fits: str) -> str:
    values = {"most": test.most, "p_most": _p(test.p_most), "verdict": t(f"validation.counts_verdict{fits}")}
    return t("validation.counts_test", **values, **_test(test))


def _test(test: ChiSquared) -> dict[str, Any]:
    return {"statistic": f"{test.statistic:.1f}", "degrees": test.degrees, "p_value": _p(test.p_value)}


def _p(value: float) -> str:
    """Write a p-value behind "p"; a tiny one as a bound, and never as nought.

    Examples
    --------
    >>> _p(0.1851), _p(0.00002)
    ('= 0.185', '< 0.001')
    """
    return f"< {_LEAST_P}" if value < _LEAST_P else f"= {value:.3f}"


def cohorts(t: Texts, frame: pd.DataFrame, test: ChiSquared | None) -> Table | Text:
    """Show the fit of each acquisition cohort, and whether one model fits all."""
    if test is None:
        return Text(t("validation.cohorts_one" if len(frame) < _GROUPS_SHOWN else "validation.cohorts_flagged"))
    rows = pd.DataFrame(
        {
            "cohort": [day(first, t.language) for first in frame["cohort"]],
            "customers": counts(frame["customers"].tolist(), t.language),
            "yearly_rate": [f"{rate:.2f}" for rate in frame["yearly_rate"]],
            "dropout": shares(frame["dropout"], t.language),
        }
    )
    return Table.of(
        rows, title=t(f"validation.{'cohorts' if test.p_value >= _LEVEL else 'cohorts_differ'}"), language=t.language,
        caption=t("validation.cohorts_caption"), note=t("validation.cohorts_test", **_test(test)), header="cohort",
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
        formats={"purchases": "number", **dict.fromkeys(("bias", "business_bias", "naive_bias"), "change")},
        labels={name: t(f"validation.rolling_{name}") for name in rows.columns},
        note=t("validation.rolling_note"),
    )  # fmt: skip
    return Details(t("validation.rolling_details"), [table])


def season(t: Texts, estimate: Season | None, rolling: pd.DataFrame, caution: Mapping[str, Any]) -> Callout:
    """State whether there is a season, whether the forecast follows it, and whether business time improves it."""
    if estimate is None:
        return Callout(t("validation.season_unknown"), t("validation.season_unknown_text"), "note")
    if not caution:
        values = season_values(t, estimate.extremes)
        return Callout(t("validation.season_none"), t("validation.season_none_text", **values), "good")
    text = t.paragraph(season_text(t, caution), _tried(t, rolling))
    state = caution["state"]
    title = season_title(t, caution)
    return Callout(title, text, "good" if state == "followed" else "warn" if state == "ignored" else "note")


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
        frame, form=_decimals(0), language=t.language,
        title=t("validation.season_index", times=f"{estimate.best_to_worst:.1f}"),
        caption=t("validation.season_index_caption"), description=t("validation.season_index_description"),
    )  # fmt: skip


def quarters(t: Texts, frame: pd.DataFrame, currency: str, cut: dt.date) -> Figure:
    """Compare modelled and actual revenue of existing customers by quarter."""
    periods = pd.PeriodIndex(frame["quarter"].str.replace(" ", ""), freq="Q")
    later = frame[[period.start_time.date() > cut for period in periods]]
    actual, modelled = later["existing_customers"].sum(), later["modelled"].sum()
    title = t("validation.quarters_plain")
    if actual > 0:
        title = t("validation.quarters", gap=change(modelled / actual - 1, t.language))
    latest = frame.tail(rules.load("backtest")["shown"]["quarters"])
    rows = latest.assign(group=_quarters(t, latest["quarter"]), actual=latest["existing_customers"].clip(lower=0))
    return charts.paired_bars(
        rows.assign(expected=rows["modelled"])[["group", "actual", "expected"]],
        form=lambda value: compact(value, t.language), language=t.language,
        title=title, caption=t("validation.quarters_caption", day=day(cut, t.language)),
        description=t("validation.quarters_description"), x_label=t("validation.quarter"),
        y_label=capitalised(t("money.in_currency", kind=t("money.revenue"), currency=currency)),
    )  # fmt: skip


def _quarters(t: Texts, quarters: "pd.Series[str]") -> list[str]:
    """Name quarters as other pages do."""
    periods = pd.PeriodIndex(quarters.str.replace(" ", ""), freq="Q")
    return [t("audit.name_quarter", quarter=period.quarter, year=period.year) for period in periods]


def quarters_table(t: Texts, frame: pd.DataFrame, currency: str) -> Details:
    """Show the revenue of each quarter: new customers, existing customers, modelled."""
    rows = pd.DataFrame(
        {
            "quarter": _quarters(t, frame["quarter"]),
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
        formats={**dict.fromkeys(("new_customers", "existing_customers", "modelled"), write), "gap": "change"},
        labels={name: t(f"validation.quarter_{name}") if name != "quarter" else t("validation.quarter")
                for name in rows.columns},
    )  # fmt: skip
    return Details(t("validation.quarters_details"), [table])


def choice(t: Texts, chosen: Mapping[str, Any], tested: Sequence[Mapping[str, Any]]) -> Table:
    """Show the candidates with their weights, and what each forecast for the holdout.

    Parameters
    ----------
    t : Texts
        Texts of the page.
    chosen : mapping
        What the forecast of today comes from, ``model_choice``.
    tested : sequence of mapping
        The candidates at the end of calibration, ``candidate_forecasts``.

    Returns
    -------
    Table
    """
    rows = pd.DataFrame(
        {
            "model": [t("validation.choice_average") if row["aic"] is None else row["model"] for row in tested],
            "weight": shares([row["weight"] for row in tested], t.language),
            "aic": ["–" if row["aic"] is None else signed(row["aic"], 1) for row in tested],
            "predicted": [number(round(row["predicted"]), t.language) for row in tested],
            "bias": changes([row["bias"] for row in tested], t.language),
        }
    )
    return Table.of(
        rows, title=choice_title(t, chosen), language=t.language, header="model",
        caption=t("validation.choice_caption"), labels={c: t(f"validation.choice_column_{c}") for c in rows.columns},
    )  # fmt: skip


def regularity(t: Texts, chosen: Mapping[str, Any]) -> Text:
    """State how regular purchases are, and which models follow from it."""
    measured = chosen["regularity"]
    if chosen["reason"] in ("given", "likeliest"):
        return Text(t("validation.regular_unasked"))
    values = {"pairs": number(round(measured["pairs"]), t.language)}
    if measured["estimate"] is None:
        return Text(t("validation.regular_few", **values))
    kind = "steady" if measured["ticks"] > 1 else "bunched" if measured["is_bunched"] else "random"
    return Text(t(f"validation.regular_{kind}", estimate=f"{measured['estimate']:.1f}", k=measured["ticks"], **values))


def challenger(t: Texts, tried: Mapping[str, Any]) -> Table | Text:
    """Show whether boosting would order customers better than the forecast, and whom it would move.

    Parameters
    ----------
    t : Texts
        Texts of the page.
    tried : mapping
        Its tests, or the reason why there are none: ``challenger``.

    Returns
    -------
    Table or Text
    """
    limits = rules.load("backtest")["challenger"]
    if tried["reason"]:
        values = {"fewest": number(limits["fewest_customers"], t.language), "tests": limits["tests"]}
        return Text(t(f"validation.challenger_{tried['reason']}", **values))
    tests = pd.DataFrame(tried["tests"])
    rows = tests[["day", "trained", "gini_forecast", "gini_boosted"]]
    verdict = "better" if tried["is_better"] else "no_better"
    means = {name: f"{tests[f'gini_{name}'].mean():.3f}" for name in ("forecast", "boosted")}
    shown = {name: [day(dt.date.fromisoformat(one), t.language) for one in rows[name]] for name in ("day", "trained")}
    return Table.of(
        rows.assign(**shown), title=t(f"validation.challenger_{verdict}", **means), language=t.language, header="day",
        note=_who_moves(t, tried),
        caption=t("validation.challenger_caption", days=tried["days"], least=f"{limits['least_gain']:.3f}"),
        formats=dict.fromkeys(("gini_forecast", "gini_boosted"), _decimals(3)),
        labels={name: t(f"validation.challenger_column_{name}") for name in rows.columns},
    )  # fmt: skip


def _who_moves(t: Texts, tried: Mapping[str, Any]) -> str:
    """State how many of the best customers would stay, and how often those had bought who come and go."""
    if tried["overlap"] == 1:
        return t("validation.challenger_same", days=tried["days"])
    words = {
        f"{side}_{place}": text
        for side in ("into", "out")
        for place, text in enumerate(counts([moves[side] for moves in tried["moves"].values()], t.language), start=1)
    }
    return t("validation.challenger_moves", days=tried["days"], overlap=share(tried["overlap"], t.language), **words)
