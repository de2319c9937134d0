"""The block that says how far forecasts can be trusted; every page with a forecast has it."""

from collections.abc import Mapping
from typing import Any

from custlib import rules
from custlib.show.blocks import Callout
from custlib.show.formats import change, number, share
from custlib.show.texts import Texts

_TONES = {"green": "good", "amber": "warn", "red": "bad"}


def light(t: Texts, holdout: Mapping[str, Any]) -> Callout:
    """Say how far forecasts can be trusted.

    Parameters
    ----------
    t : Texts
        The words.
    holdout : mapping
        Summary of the holdout period.

    Returns
    -------
    Callout
        With the colour as a word.
    """
    light = holdout["light"]
    said = rules.load("backtest")["light"]
    limits = {name: share(said[f"{name}_above"], t.language) for name in ("amber", "red")}
    values = {
        "actual": number(holdout["actual"], t.language),
        "predicted": number(holdout["predicted"], t.language),
        "bias": change(holdout["bias"], t.language),
        "naive_bias": change(holdout["naive_bias"], t.language),
    }
    return Callout(t(f"trust.{light}", **limits), t("trust.text", **values), _TONES[light])  # type: ignore[arg-type]
