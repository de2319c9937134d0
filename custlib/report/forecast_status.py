"""The words on how far a forecast can be trusted: the light of the backtest and the cautions, on pages and elsewhere.

Needs nothing but the texts, so that ``custlib value`` says the same as the pages.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from custlib import rules
from custlib.report.texts import Texts
from custlib.validate.backtest import LIGHTS
from custlib.validate.cautions import chosen
from custlib.validate.seasons import Season


@dataclass(frozen=True)
class Cautions:
    """Cautions about a forecast: their title, their sentences, and whether the forecast must not be used."""

    title: str
    sentences: tuple[str, ...]
    grave: bool


def light_words(t: Texts, result: Mapping[str, Any]) -> str:
    """State the light of a backtest in a sentence, which names what decides it: purchases, revenue or both.

    Examples
    --------
    >>> from custlib.report.texts import texts
    >>> lights = {"purchases": "green", "revenue": "amber"}
    >>> light_words(texts("en"), {"light": "amber", "lights": lights, "bias": 0.1, "revenue": {"bias": -0.31}})
    'The forecast of revenue was off by more than 25 % in the backtest: light amber, use with care'
    """
    if result.get("light") not in LIGHTS:
        return t("untested.title")
    if result["bias"] is None:
        return t("untested.title_none")
    deciding = [name for name, own in result["lights"].items() if own == result["light"]]
    if deciding == ["revenue"] and result["revenue"]["bias"] is None:
        return t("untested.title_no_revenue")
    thresholds = rules.load("backtest")["light"]
    blank = "" if t.language == "zh" else " "
    limits = {name: f"{100 * thresholds[f'{name}_above']:g}{blank}%" for name in ("amber", "red")}
    what = t("trust.both") if len(deciding) > 1 else t(f"trust.{deciding[0]}")
    return t(f"trust.{result['light']}", what=what, **limits)


def doubt_words(t: Texts, light: str | None) -> str:
    """Say that a forecast failed its backtest, or had none, wherever it is stated; empty where it held.

    Examples
    --------
    >>> from custlib.report.texts import texts
    >>> doubt_words(texts("en"), "red"), doubt_words(texts("en"), "green")
    ('The forecast failed its backtest: do not rely on it.', '')
    """
    return t(f"trust.doubt_{light}") if light in ("red", "untested") else ""


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


def season_values(t: Texts, season: Season) -> dict[str, str]:
    """The best and the weakest month by name, and how many times as fast customers buy in the best."""
    months = t("validation.months").split()
    best, worst = (months[season.index.index(pick(season.index))] for pick in (max, min))
    return {"best": best, "worst": worst, "times": f"{season.best_to_worst:.1f}"}


def season_words(t: Texts, season: Season) -> str:
    """State a season that the forecast does not know."""
    values = season_values(t, season)
    return f"{t('validation.season', **values)}. {t('validation.season_text', **values)}"


def caution_words(t: Texts, flags: tuple[str, ...], silent_days: int) -> Cautions | None:
    """State the cautions about a forecast, the gravest first; None without any."""
    grave = chosen(flags, "grave")
    others = [flag for flag in chosen(flags, "beside") if flag not in grave]
    sentences = [t(f"flags.{flag}") for flag in grave]
    sentences += [t("flags.silent")] if silent_days else []
    sentences += [t(f"flags.{flag}") for flag in others]
    if not sentences:
        return None
    usual = t("flags.title_silent", days=f"{silent_days:,}") if silent_days else t("flags.title")
    return Cautions(t("flags.title_grave") if grave else usual, tuple(sentences), bool(grave))
