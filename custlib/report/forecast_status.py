"""The words on how far a forecast can be trusted: its light, its test and the cautions, on pages and elsewhere.

Needs nothing but the texts, so that ``custlib value`` says the same as the pages.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from custlib import rules
from custlib.report.formats import number, share, shares
from custlib.report.texts import Texts
from custlib.validate.cautions import chosen
from custlib.validate.lights import LIGHTS
from custlib.validate.rolling_origins import longest_tested


@dataclass(frozen=True)
class Cautions:
    """Cautions about a forecast: their title, their sentences, and whether the forecast must not be used."""

    title: str
    sentences: tuple[str, ...]
    grave: bool


def interval_name(t: Texts, is_tested: float) -> str:
    """Name the interval of a forecast: 95 % is said only where its horizon was tested often enough.

    Examples
    --------
    >>> from custlib.report.texts import texts
    >>> interval_name(texts("en"), 1.0), interval_name(texts("en"), 0.0)
    ('95 % interval', 'untested interval')
    """
    return t("interval.tested" if is_tested else "interval.untested")


def light_words(t: Texts, result: Mapping[str, Any]) -> str:
    """State the light of a forecast in a sentence, with the half-widths of its intervals.

    Examples
    --------
    >>> from custlib.report.texts import texts
    >>> widths = {"purchases": 0.2, "value": 0.31}
    >>> light_words(texts("en"), {"light": "amber", "half_widths": widths, "money_kind": "profit"})
    'The 95 % interval is ±20 % for purchases and ±31 % for profit: light amber, use with care'
    """
    if result["light"] not in LIGHTS:
        return t("untested.title")
    kinds = {"purchases": t("trust.of_purchases"), "value": t(f"money.{result['money_kind']}")}
    halves = [
        t("trust.half", what=kinds[name], half=t("trust.beyond") if width is None else f"±{share(width, t.language)}")
        for name, width in result["half_widths"].items()
    ]
    return t(f"trust.{result['light']}", halves=t("join.and").join(halves))


def untested_words(t: Texts, result: Mapping[str, Any]) -> str:
    """Say why a forecast has no light, and which horizon could have one; empty where it has one, or is none.

    Examples
    --------
    >>> from custlib.report.texts import texts
    >>> result = {"light": "untested", "origins": 1, "tested_days": 365, "horizon_days": 365, "covered_days": 730}
    >>> untested_words(texts("en"), result)[:78]
    'Earlier forecasts over 365 days that can be compared with what came: 1; needed'
    """
    if result["light"] in LIGHTS or "origins" not in result:
        return ""
    counts = {name: number(result[name], t.language) for name in ("origins", "tested_days", "horizon_days")}
    needed = number(rules.load("backtest")["excess"]["fewest_origins"], t.language)
    is_shorter = result["tested_days"] < result["horizon_days"]
    key = "why_none" if not result["origins"] else "why_shorter" if is_shorter else "why_few"
    longest = longest_tested(result["covered_days"])
    advice = t("untested.longest", days=number(longest, t.language)) if longest else ""
    return t.paragraph(t(f"untested.{key}", needed=needed, **counts), t("untested.wider"), advice)


def season_of_forecast(t: Texts, result: Mapping[str, Any]) -> str:
    """State a season and whether the forecast follows it, or that too short a time shows none; else empty."""
    if not result.get("season"):
        return season_unseen_words(t, result)
    return t.paragraph(season_words(t, result["season"]), season_of_holdout(t, result))


def season_of_holdout(t: Texts, result: Mapping[str, Any]) -> str:
    """Say that the holdout was forecast without the season that the forecast follows; empty where it was not.

    Examples
    --------
    >>> from custlib.report.texts import texts
    >>> result = {"season": {"state": "followed"}, "is_holdout_seasonal": False}
    >>> season_of_holdout(texts("en"), result)[:44]
    'The holdout was forecast without the season,'
    """
    is_new = result.get("season", {}).get("state") == "followed" and result.get("is_holdout_seasonal") is False
    return t("trust.season_not_tested") if is_new else ""


def season_unseen_words(t: Texts, result: Mapping[str, Any]) -> str:
    """Say that the purchases cover too short a time to show a season; empty where they do not."""
    is_short = result["covered_days"] < rules.load("backtest")["season"]["shortest_days"]
    return t("trust.season_unseen") if is_short and "origins" in result else ""


def doubt_words(t: Texts, light: str | None) -> str:
    """Say that a forecast is too uncertain, or untested, wherever it is stated; empty where neither holds.

    Examples
    --------
    >>> from custlib.report.texts import texts
    >>> doubt_words(texts("en"), "red"), doubt_words(texts("en"), "green")
    ('The forecast is uncertain by more than 50 %: do not rely on it.', '')
    """
    limit = share(rules.load("backtest")["light"]["red_above"], t.language)
    return t(f"trust.doubt_{light}", red=limit) if light in ("red", "untested") else ""


def tested_words(t: Texts, result: Mapping[str, Any]) -> str:
    """State which days tested the forecast, and why these.

    Examples
    --------
    >>> from custlib.report.texts import texts
    >>> tested_words(texts("en"), {"holdout_days": 182, "covered_days": 730, "is_stated": True})
    'Tested on the last 182 days of 730, as the project states.'
    """
    whole = result["covered_days"] > result["holdout_days"]
    key = "trust.tested" if not result["is_stated"] else "trust.tested_stated" if whole else "trust.tested_only"
    return t(key, **{name: f"{result[f'{name}_days']:,}" for name in ("holdout", "covered")})


def season_title(t: Texts, caution: Mapping[str, Any]) -> str:
    """State a season, or months that differ and are none."""
    is_one = caution["state"] in ("followed", "ignored")
    return t("validation.season" if is_one else "validation.season_unsure", **season_values(t, caution))


def season_values(t: Texts, extremes: Mapping[str, Any]) -> dict[str, str]:
    """The best and the weakest month by name, and how many times as fast customers buy in the best."""
    months = t("validation.months").split()
    best, worst = (months[int(extremes[name]) - 1] for name in ("best", "worst"))
    return {"best": best, "worst": worst, "times": f"{extremes['times']:.1f}"}


def season_text(t: Texts, caution: Mapping[str, Any]) -> str:
    """Say whether the forecast follows the months, and why not."""
    values = season_values(t, caution)
    if caution["state"] == "unsure":
        return t("validation.season_unsure_text", months=caution["months"], **values)
    return t(f"validation.season_{caution['state']}", **values)


def season_words(t: Texts, caution: Mapping[str, Any]) -> str:
    """State a season, `custlib.validate.seasons.season_caution`, and whether the forecast follows it.

    Examples
    --------
    >>> from custlib.report.texts import texts
    >>> found = {"best": 12, "worst": 2, "times": 4.04, "months": 30, "state": "followed"}
    >>> season_words(texts("en"), found)[83:106]
    'The forecast follows it'
    """
    return t.paragraph(season_title(t, caution) + t("join.stop"), season_text(t, caution))


def history_words(t: Texts, forecast_cautions: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """State what the history says against a forecast, by code: shares are floats, counts and days whole numbers.

    Examples
    --------
    >>> from custlib.report.texts import texts
    >>> words = history_words(texts("en"), {"forecast.horizon_long": {"days": 365, "covered": 200}})
    >>> words["forecast.horizon_long"][:72]
    'The forecast looks 365 days ahead, but the purchases go back only 200. W'
    """
    return {code: t(f"flags.{code}", **_values(t, values)) for code, values in forecast_cautions.items()}


def _values(t: Texts, values: Mapping[str, Any]) -> dict[str, str]:
    """Write the numbers of a sentence."""
    written = {}
    for name, value in values.items():
        if isinstance(value, str):
            written[name] = value
        elif isinstance(value, int):
            written[name] = number(value, t.language)
        elif isinstance(value, float):
            written[name] = share(value, t.language) if name == "share" else number(round(value), t.language)
    return written


def caution_words(
    t: Texts, flags: tuple[str, ...], silent_days: int, forecast_cautions: Mapping[str, Mapping[str, Any]] | None = None
) -> Cautions | None:
    """State the cautions about a forecast, the gravest first; None without any."""
    grave = chosen(flags, "grave")
    others = [flag for flag in chosen(flags, "beside") if flag not in grave]
    sentences = [t(f"flags.{flag}") for flag in grave]
    sentences += [t("flags.silent")] if silent_days else []
    sentences += history_words(t, forecast_cautions or {}).values()
    sentences += [t(f"flags.{flag}") for flag in others]
    if not sentences:
        return None
    usual = t("flags.title_silent", days=f"{silent_days:,}") if silent_days else t("flags.title")
    return Cautions(t("flags.title_grave") if grave else usual, tuple(sentences), bool(grave))


def choice_title(t: Texts, chosen: Mapping[str, Any]) -> str:
    """State which models the forecast comes from, with their weights, and why."""
    behind = sorted((row for row in chosen["candidates"] if row["weight"]), key=lambda row: -row["weight"])
    if len(behind) == 1:
        reason = "decided" if chosen["reason"] == "averaged" else chosen["reason"]
        return t(f"validation.choice_{reason}", model=behind[0]["model"])
    weights = shares([row["weight"] for row in behind], t.language)
    each = [
        t("validation.choice_share", model=row["model"], share=weight)
        for row, weight in zip(behind, weights, strict=True)
    ]
    return t("validation.choice_averaged", models=t("join.comma").join(each))
