"""The entry of a run in the index: the headline of its overview, three numbers, and the verdict on every playbook."""

from typing import Any

from custlib.customise.plans import SegmentPlan
from custlib.graph import REFUSED, Refusal
from custlib.report.blocks import Kpis
from custlib.report.front.action_rows import short_gain
from custlib.report.playbook_words import verdict_word
from custlib.report.texts import Texts


def numbers_of(t: Texts, kpis: Kpis) -> list[dict[str, str]]:
    """Return the key figures of the overview, without first-time customers and pictures."""
    left_out = t("overview.quarter_new_customers")
    return [
        {"label": one.label, "value": one.value, "note": one.note, "unit": one.unit, "change": one.change}
        for one in kpis.items
        if one.label != left_out
    ]


def verdicts_of(t: Texts, told_plans: dict[str, SegmentPlan] | Refusal = REFUSED) -> dict[str, dict[str, str]]:
    """Return the verdict on each segment with a plan, and the expected gain; of too few no gain."""
    plans, verdicts = told_plans if isinstance(told_plans, dict) else {}, {}
    for segment, planned in plans.items():
        word = verdict_word(t, planned)
        verdicts[segment] = {"mark": planned.verdict, "verdict": word, "note": short_gain(t, planned)}
    return verdicts


def result_of(entry: dict[str, Any]) -> dict[str, str]:
    """Return what the list of earlier runs tells of a run: its headline, light and last number."""
    numbers = entry.get("numbers") or [{}]
    return {
        "headline": str(entry.get("headline", "")),
        "light": str(entry.get("light") or ""),
        "number": f"{numbers[-1].get('unit', '')} {numbers[-1].get('value', '')}".strip(),
        "label": str(numbers[-1].get("label", "")),
    }
