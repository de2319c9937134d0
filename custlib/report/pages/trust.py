"""The blocks that say how far forecasts can be trusted, or why there are none; every page with a forecast has them."""

from collections.abc import Mapping
from typing import Any

from custlib import rules
from custlib.report.blocks import Callout, Text
from custlib.report.formats import change, money, number, share
from custlib.report.texts import Texts
from custlib.validate.cautions import chosen

_TONES = {"green": "good", "amber": "warn", "red": "bad"}
_PARAGRAPH = "\n\n"


def light(t: Texts, holdout: Mapping[str, Any]) -> Callout:
    """Say how far forecasts can be trusted."""
    light = holdout["light"]
    if light not in _TONES:
        return Callout(t("untested.title"), t(f"refused.test.{holdout['reason']}"), "warn")
    said = rules.load("backtest")["light"]
    limits = {name: share(said[f"{name}_above"], t.language) for name in ("amber", "red")}
    totals = {name: number(holdout[name], t.language) for name in ("actual", "predicted", "naive")}
    if holdout["bias"] is None:
        return Callout(t("untested.title_none"), t("untested.none", **totals), "bad")
    changes = {name: change(holdout[name], t.language) for name in ("bias", "naive_bias")}
    return Callout(t(f"trust.{light}", **limits), t("trust.text", **totals, **changes), _TONES[light])  # type: ignore[arg-type]


def cautions(t: Texts, flags: tuple[str, ...], silent_days: int) -> Callout | None:
    """Say what must be known before a forecast is used; nothing where nothing must."""
    grave, silence = chosen(flags, "grave"), [t("flags.silent")] if silent_days else []
    others = [flag for flag in chosen(flags, "beside") if flag not in grave]
    said = [*(t(f"flags.{flag}") for flag in grave), *silence, *(t(f"flags.{flag}") for flag in others)]
    if grave:
        return Callout(t("flags.title_grave"), _PARAGRAPH.join(said), "bad")
    silent = t("flags.title_silent", days=number(silent_days, t.language))
    title = silent if silent_days else t("flags.title")
    return Callout(title, _PARAGRAPH.join(said), "warn") if said else None


def cautions_in_short(t: Texts, flags: tuple[str, ...], silent_days: int) -> Callout | None:
    """Say the same in one line, for a sheet that has no room; the sentences stand on the page of value."""
    whole = cautions(t, flags, silent_days)
    return whole and Callout(whole.title, t("flags.short", page=f"[{t('pages.value')}](value.html)"), whole.tone)


def refusal(t: Texts, forecast: str, money: str) -> Callout | None:
    """Say why there is no forecast, or none of money, and what would be needed; nothing where there is."""
    if forecast:
        text = _PARAGRAPH.join([t(f"refused.forecast.{forecast}"), t("refused.left")])
        return Callout(t("refused.title_forecast"), text, "warn")
    if money:
        return Callout(t("refused.title_money"), t(f"flags.spend.{money}"), "warn")
    return None


def everybody_stays(flags: tuple[str, ...]) -> bool:
    """Tell whether the model lets nobody leave, so that P(alive) is no measurement."""
    return bool(chosen(flags, "everybody_stays"))


def money_held(t: Texts, held: Mapping[str, float] | None, currency: str) -> Text | None:
    """Say how the forecast of money did in the backtest; nothing where there is none."""
    if held is None or held["bias"] != held["bias"]:
        return None
    said = {name: money(held[name], currency, t.language) for name in ("expected", "actual")}
    return Text(t("trust.money", bias=change(held["bias"], t.language), **said))
