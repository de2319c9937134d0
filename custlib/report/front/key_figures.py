"""The four key figures of the overview: each with its change, and bars of the last eight quarters."""

import math
from dataclasses import replace
from typing import Any

import pandas as pd

from custlib.audit.months import bounds
from custlib.audit.quarters import Quarters
from custlib.graph import REFUSED, Refusal
from custlib.project import Project
from custlib.report.blocks import Kpi, Kpis
from custlib.report.charts.frame_checks import drawn_length
from custlib.report.charts.miniatures import spark
from custlib.report.forecast_status import doubt_words, interval_name
from custlib.report.formats import MISSING, change, compact, interval, money, number, suppressed
from custlib.report.front.quarter_words import quarter_name
from custlib.report.privacy import is_small
from custlib.report.texts import Texts

BARS = 8


def kpis(
    t: Texts,
    project: Project,
    quarters: Quarters,
    money_kind: str,
    coming_value: "pd.Series[float] | Refusal" = REFUSED,
    recent_profit: "pd.Series[float] | Refusal" = REFUSED,
    tested_forecast: dict[str, Any] | Refusal = REFUSED,
) -> Kpis:
    """Show revenue, customers and first-time customers of the quarter, and what is expected of the coming days."""
    names = [name for name in ("revenue", "customers", "new_customers") if name in quarters.measures]
    figures = [_of_quarter(t, project, quarters, name) for name in names]
    if isinstance(coming_value, pd.Series):
        coming = _coming(t, project, money_kind, coming_value, recent_profit)
        light = tested_forecast["light"] if isinstance(tested_forecast, dict) else None
        note = t.paragraph(doubt_words(t, light), coming.note)
        figures.append(replace(coming, note=note, tone="bad" if light == "red" else "plain"))
    few = quarters.against == "nothing"
    return Kpis(figures, t("overview.kpi_caption_alone" if few else "overview.kpi_caption"))


def _of_quarter(t: Texts, project: Project, quarters: Quarters, measure: str) -> Kpi:
    """Show a measure of the quarter with its change; of fewer than ten customers neither."""
    now, before = quarters.at(measure), quarters.at(measure, quarters.ago)
    own = "customers" if measure == "revenue" else measure
    few = any(is_small(quarters.at(own, ago)) for ago in (0, quarters.ago))
    moved = quarters.change(measure)
    note = "" if quarters.against == "nothing" else t(f"overview.on_{quarters.against}")
    if moved is None or few:
        known = quarters.against != "nothing" and measure != "revenue"
        moved, note = None, _then(t, before, quarters.against) if known else ""
    written, unit = _amount(t, project, now) if measure == "revenue" else (suppressed(int(now), t.language), "")
    if measure == "revenue" and is_small(quarters.at(own)):
        written = MISSING
    return Kpi(
        t(f"overview.quarter_{measure}"), written, note,
        unit=unit if written != MISSING else "",
        change="" if moved is None else change(moved, t.language), svg=_bars(t, project, quarters, measure),
    )  # fmt: skip


def _then(t: Texts, count: float, against: str) -> str:
    """Write the customers of the quarter compared with, where no change can be stated."""
    then = t(f"overview.then_{against}")
    return (
        t("overview.kpi_then", count=suppressed(int(count), t.language), then=then)
        if count
        else t("overview.kpi_then_none", then=then)
    )


def _amount(t: Texts, project: Project, amount: float) -> tuple[str, str]:
    """Write an amount and the unit before it; in Chinese the unit belongs behind the amount."""
    if t.language == "zh":
        return money(amount, project.currency, t.language), ""
    return compact(amount, t.language), project.currency


def _bars(t: Texts, project: Project, quarters: Quarters, measure: str) -> str:
    """Draw the last quarters; a count under ten as ten, money of so few not at all."""
    agos = [int(ago) for ago in quarters.series(measure, BARS).index]
    if len(agos) < 2:
        return ""
    heights, texts = zip(*(_bar(t, quarters, measure, ago) for ago in agos), strict=True)
    compared = [ago for ago in dict.fromkeys((quarters.ago, 0)) if ago in agos]
    pairs = [f"{quarter_name(project, ago, t.language)} {text}" for ago, text in zip(agos, texts, strict=True)]
    return spark(
        heights, {agos.index(ago): _short(t, project, ago) for ago in compared},
        title=t(f"overview.quarter_{measure}"), description=t("join.comma").join(pairs),
    )  # fmt: skip


def _bar(t: Texts, quarters: Quarters, measure: str, ago: int) -> tuple[float, str]:
    """Return the height of a bar and its value in words."""
    value = quarters.at(measure, ago)
    if measure != "revenue":
        return drawn_length(value, "suppressed"), suppressed(int(value), t.language)
    hidden = is_small(quarters.at("customers", ago))
    return (0.0, MISSING) if hidden else (value, compact(value, t.language))


def _short(t: Texts, project: Project, ago: int) -> str:
    """Name a quarter under its bar by its last month."""
    last = bounds(project.as_of, 3, ago)[1]
    return t("overview.bar", year=f"{last.year % 100:02d}", month=f"{last.month:02d}")


def _coming(t: Texts, project: Project, kind: str, whole: Any, recent: Any) -> Kpi:
    """Show what the customers of today are expected to bring, with the interval and what they brought."""
    days, lang, name = project.horizon_days, t.language, interval_name(t, whole["is_tested"])
    if math.isnan(whole["value"]):  # no amounts
        between = interval(whole["purchases_low"], whole["purchases_high"], lang)
        count = number(round(float(whole["expected_purchases"])), lang)
        return Kpi(t("overview.coming_purchases", days=days), count, t("interval.named", span=name, interval=between))
    note = [t("interval.named", span=name, interval=interval(whole["value_low"], whole["value_high"], lang))]
    if isinstance(recent, pd.Series):
        note.append(t("overview.kpi_past", past=compact(float(recent["all"]), lang), days=days))
    amount, unit = _amount(t, project, float(whole["value"]))
    return Kpi(t(f"overview.coming_{kind}", days=days), amount, t("join.semicolon").join(note), unit=unit)
