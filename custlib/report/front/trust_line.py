"""How sure: one sentence of what the forecast said, what came, and what would make it wrong; and the data."""

from collections.abc import Mapping
from typing import Any

from custlib.project import Project
from custlib.report.blocks import Text
from custlib.report.forecast_status import light_words, season_of_forecast, untested_words
from custlib.report.formats import change, number
from custlib.report.pages.trust import revenue_words
from custlib.report.texts import Texts


def sentence(t: Texts, project: Project, tested_forecast: Mapping[str, Any]) -> Text:
    """State what was promised, what came, and what would make it wrong, after the light."""
    result = tested_forecast
    sentences = [light_words(t, result) + t("join.stop"), untested_words(t, result)]
    if result.get("reason"):
        sentences.append(t(f"refused.test.{result['reason']}"))
    elif result["bias"] is not None:
        totals = {name: number(round(float(result[name])), t.language) for name in ("actual", "predicted")}
        sentences.append(
            t("overview.trust", days=result["holdout_days"], bias=change(result["bias"], t.language), **totals)
        )
        sentences += revenue_words(t, result["revenue"])
    sentences += [season_of_forecast(t, result), t("overview.trust_wrong")]
    return Text(t.paragraph(*sentences), "lede")


def health(t: Texts, quality: Mapping[str, Any]) -> Text:
    """State how many rows were read, used and set aside, and that what is not there yet is left out."""
    values = {k: number(quality[f"rows_{k}"], t.language) for k in ("read", "used", "quarantined")}
    return Text(t.paragraph(*[t("overview.health_text", **values), t("overview.not_yet")]))
