"""Blocks on the reliability of forecasts, or the reason why there are none, for every page with a forecast."""

from collections.abc import Mapping
from typing import Any

from custlib.graph import REFUSED, Refusal
from custlib.report.blocks import Callout
from custlib.report.forecast_status import (
    caution_words,
    light_words,
    season_of_forecast,
    tested_words,
    untested_words,
)
from custlib.report.formats import change, money, number
from custlib.report.texts import Texts, capitalised
from custlib.validate.cautions import chosen

_TONES = {"green": "good", "amber": "warn", "red": "bad"}
_PARAGRAPH = "\n\n"
# Where the words of a reason stand, by the node that is unavailable of itself; others concern the test.
_FORECAST = ("lifetime_model", "model_choice", "cells")
_MONEY = (
    "spend_cells", "calibration_spend_cells", "spend_model", "money_forecast", "holdout_money",
    "calibration_gamma_gamma",
)  # fmt: skip
_DATA = ("no_products", "measures_of_the_past")  # reasons of the data, not of the test


def light(t: Texts, result: Mapping[str, Any]) -> Callout:
    """State the light of the forecast, and how the forecast of the holdout did."""
    why = [untested_words(t, result), season_of_forecast(t, result), t.paragraph(*holdout_words(t, result))]
    tone = _TONES.get(result["light"], "warn")
    return Callout(light_words(t, result), _PARAGRAPH.join(filter(None, why)), tone)  # type: ignore[arg-type]


def holdout_words(t: Texts, result: Mapping[str, Any]) -> tuple[str, ...]:
    """State what was forecast for the holdout and what came, or why it was not forecast."""
    if result.get("reason"):
        return (t(f"refused.test.{result['reason']}"),)
    tested, totals = tested_words(t, result), _totals(t, result)
    if result["bias"] is None:
        return tested, t("untested.none", **totals)
    changes = {name: change(result[name], t.language) for name in ("bias", "naive_bias")}
    return tested, t("trust.text", **totals, **changes), *revenue_words(t, result["revenue"])


def _totals(t: Texts, result: Mapping[str, Any]) -> dict[str, str]:
    return {name: number(round(result[name]), t.language) for name in ("actual", "predicted", "naive")}


def revenue_words(t: Texts, revenue: Mapping[str, Any] | None) -> tuple[str, ...]:
    """State how the same test did in revenue; nothing without money."""
    if revenue is None:
        return ()
    totals = {name: money(revenue[name], revenue["currency"], t.language) for name in ("expected", "actual")}
    if revenue["bias"] is None:
        return (t("trust.no_revenue", **totals),)
    return (t("trust.revenue_text", **totals, bias=change(revenue["bias"], t.language)),)


def cautions(
    t: Texts, flags: tuple[str, ...], silent_days: int, forecast_cautions: Mapping[str, Any] | Refusal = REFUSED
) -> Callout | None:
    """Show the warnings about the forecast; None without any."""
    words = caution_words(t, flags, silent_days, {} if isinstance(forecast_cautions, Refusal) else forecast_cautions)
    if words is None:
        return None
    return Callout(words.title, _PARAGRAPH.join(words.sentences), "bad" if words.grave else "warn")


def cautions_in_short(
    t: Texts, flags: tuple[str, ...], silent_days: int, forecast_cautions: Mapping[str, Any] | Refusal = REFUSED
) -> Callout | None:
    """Show the warnings in one line, with a link to the page of value, or of purchases where there is no money."""
    whole = cautions(t, flags, silent_days, forecast_cautions)
    name = t("pages.value_instead" if {"spend.no_amount", "spend.no_money"} & set(flags) else "pages.value")
    return whole and Callout(whole.title, t("flags.short", page=f"[{name}](value.html)"), whole.tone)


def refusal(t: Texts, lifetime_model: Any = REFUSED, money_forecast: Any = REFUSED) -> Callout | None:
    """State why there is no forecast, or none of money, and what it needs; None if there is one."""
    if isinstance(lifetime_model, Refusal):
        text = _PARAGRAPH.join([t(f"refused.forecast.{lifetime_model.reason}"), t("refused.left")])
        return Callout(t("refused.title_forecast"), text, "warn")
    if isinstance(money_forecast, Refusal):
        return Callout(t("refused.title_money"), t(f"flags.spend.{money_forecast.reason}"), "warn")
    return None


def everybody_stays(flags: tuple[str, ...]) -> bool:
    """Return whether the fitted model has no drop-out, so that P(alive) is uninformative."""
    return bool(chosen(flags, "everybody_stays"))


def reason(t: Texts, refusal: Refusal) -> str:
    """State in a sentence why something is unavailable."""
    if refusal.origin == "crosscheck":
        return t("validation.crosscheck_missing")
    if refusal.origin in _FORECAST:
        return t(f"refused.forecast.{refusal.reason}")
    if refusal.origin in _MONEY or refusal.reason == "no_money":
        return t(f"flags.spend.{refusal.reason}")
    return t(f"left_out.{refusal.reason}" if refusal.reason in _DATA else f"refused.test.{refusal.reason}")


def left_out(t: Texts, refusals: Mapping[str, Refusal]) -> Callout | None:
    """List what a page leaves out, with the reason; a missing forecast has a callout of its own."""
    names: dict[str, list[str]] = {}
    for name, refusal in refusals.items():
        if refusal.origin not in _FORECAST:
            names.setdefault(reason(t, refusal), []).append(t(f"left_out.{name}"))
    lines = [f"{t('join.comma').join(own)}{t('join.colon')}{why}" for why, own in names.items()]
    paragraphs = _PARAGRAPH.join(map(capitalised, lines))
    return Callout(t("left_out.title"), paragraphs, "note") if lines else None


def pages_in_words(t: Texts, missing_pages: Mapping[str, Refusal]) -> str:
    """State which pages are not made, and why; empty where all are."""
    kinds: dict[str, list[str]] = {}
    for kind, refusal in missing_pages.items():
        kinds.setdefault(reason(t, refusal), []).append(t(f"pages.{kind}"))
    return t.paragraph(*(t("left_out.index", names=t("join.comma").join(own), why=why) for why, own in kinds.items()))


def pages_left_out(t: Texts, missing_pages: Mapping[str, Refusal]) -> Callout | None:
    """Show which pages are not made, and why; None where all are."""
    text = pages_in_words(t, missing_pages)
    return Callout(t("left_out.title"), text, "note") if text else None
