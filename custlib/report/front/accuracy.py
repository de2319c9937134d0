"""Earlier forecasts beside what came: a paragraph for the overview, a table for the page of the doubter."""

import pandas as pd

from custlib import rules
from custlib.project import Project
from custlib.report.blocks import Table, Text
from custlib.report.forecast_status import interval_name
from custlib.report.formats import compact, day, interval, number
from custlib.report.texts import Texts
from custlib.validate.forecast_ledger import apart, outcomes
from custlib.value.excess_error import MEASURES
from custlib.value.holdout_period import HoldoutPeriod


def paragraph(t: Texts, project: Project, forecast_ledger: pd.DataFrame) -> Text | None:
    """State what the latest forecast that has ended said and what came, and how many held; None where none has ended.

    Revenue where there is any, else purchases.
    """
    if forecast_ledger.empty:
        return None
    measure = "revenue" if outcomes(forecast_ledger, "revenue").notna().any() else "purchases"
    rows = forecast_ledger[outcomes(forecast_ledger, measure).notna()]
    return Text(t.paragraph(_latest(t, project, rows, measure), _count(t, rows, measure), *_doubts(t, rows)))


def _latest(t: Texts, project: Project, rows: pd.DataFrame, measure: str) -> str:
    """State the latest forecast, its interval, what came, and on which side of the interval."""
    row, currency = rows.iloc[0], project.currency if measure == "revenue" else ""
    between = interval(row[f"{measure}_low"], row[f"{measure}_high"], t.language, currency)
    source = "printed" if row["is_printed"] else "again"
    return t(
        f"accuracy.latest_{measure}_{source}", day=day(row["day"], t.language), until=day(row["until"], t.language),
        interval=between, span=interval_name(t, row["is_tested"]),
        actual=_amount(t, row[f"{measure}_actual"], measure),
        outcome=t(f"accuracy.{outcomes(rows, measure).iloc[0]}"),
    )  # fmt: skip


def _amount(t: Texts, actual: float, measure: str) -> str:
    return compact(actual, t.language) if measure == "revenue" else number(round(actual), t.language)


def _count(t: Texts, rows: pd.DataFrame, measure: str) -> str:
    """State how many of several forecasts held."""
    count, hits = len(rows), int((outcomes(rows, measure) == "inside").sum())
    if count < 2:
        return ""
    key = "all" if hits == count else "some" if hits else "none"
    return t(f"accuracy.held_{key}", count=number(count, t.language), held=number(hits, t.language))


def _doubts(t: Texts, rows: pd.DataFrame) -> list[str]:
    """State what weakens the record: windows that overlap, intervals that were not tested on their day."""
    count, untested, independent = len(rows), int((~rows["is_tested"].astype(bool)).sum()), apart(rows)
    words = []
    if independent < count:
        words.append(t("accuracy.overlap", independent=number(independent, t.language)))
    if untested:
        key = "some" if untested < count else "all" if count > 1 else "one"
        words.append(t(f"accuracy.{key}_untested", untested=number(untested, t.language)))
    return words


def _source(t: Texts, rows: pd.DataFrame) -> str:
    """State how many of the forecasts were printed by earlier runs."""
    count = int(rows["is_printed"].sum())
    key = "all" if count == len(rows) else "some" if count else "none"
    return t(f"accuracy.{key}_printed", printed=number(count, t.language))


def table(t: Texts, project: Project, holdout_period: HoldoutPeriod, forecast_ledger: pd.DataFrame) -> Table | Text:
    """Show each forecast that has ended, until when it was, its interval, what came, and whether it held."""
    if forecast_ledger.empty:
        needed, repeats = project.horizon_days, rules.load("backtest")["excess"]["fewest_repeats"]
        return Text(t("accuracy.none", needed=number(needed, t.language), repeats=number(repeats, t.language),
                      covered=number(holdout_period.covered, t.language)))  # fmt: skip
    measures = [name for name in MEASURES if outcomes(forecast_ledger, name).notna().any()]
    shown = {"day": _days(t, forecast_ledger["day"]), "until": _days(t, forecast_ledger["until"])}
    for measure in measures:
        shown |= _columns(t, forecast_ledger, measure)
    note = t.paragraph(t("accuracy.note"), _source(t, forecast_ledger), *_doubts(t, forecast_ledger))
    return Table.of(
        pd.DataFrame(shown), title=_title(t, forecast_ledger, measures), language=t.language, header="day",
        caption=t("accuracy.caption"), note=note,
        labels={name: t(f"accuracy.column_{name}", currency=project.currency) for name in shown},
    )  # fmt: skip


def _days(t: Texts, days: pd.Series) -> list[str]:
    return [day(one, t.language) for one in days]


def _columns(t: Texts, ledger: pd.DataFrame, measure: str) -> dict[str, list[str]]:
    """Write the intervals of a measure, and what came with the side of the interval that it lies on."""
    rows = zip(ledger[f"{measure}_low"], ledger[f"{measure}_high"], ledger[f"{measure}_actual"],
               outcomes(ledger, measure), strict=True)  # fmt: skip
    between, came = [], []
    for low, high, actual, outcome in rows:
        between.append(interval(low, high, t.language))
        amount = _amount(t, actual, measure)
        came.append(t(f"accuracy.cell_{outcome}", actual=amount) if outcome else amount)
    return {measure: between, f"{measure}_actual": came}


def _title(t: Texts, ledger: pd.DataFrame, measures: list[str]) -> str:
    """State how many forecasts held, by measure."""
    judged = {measure: outcomes(ledger, measure).dropna() for measure in measures}
    counts = [
        t(f"accuracy.title_{measure}", count=number(len(sides), t.language),
          held=number(int((sides == "inside").sum()), t.language))
        for measure, sides in judged.items()
    ]  # fmt: skip
    return t("accuracy.title", counts=t("join.comma").join(counts))
