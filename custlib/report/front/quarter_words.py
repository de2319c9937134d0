"""The headline of a run and the sentence beneath it: what changed in the last quarter, on a year ago.

Each sentence can be false. Revenue leads where it moved; beside it stands the largest change that goes the other way,
of customers, first-time customers, purchases per customer or spend per purchase. Where it did not, the largest does.
Groups under ten customers are hidden.
"""

import math
from dataclasses import dataclass
from typing import Any

import pandas as pd

from custlib.audit.changes import change_parts
from custlib.audit.months import bounds
from custlib.audit.quarters import Quarters
from custlib.graph import REFUSED, Refusal
from custlib.project import Project
from custlib.report.blocks import Title
from custlib.report.forecast_status import doubt_words, interval_name
from custlib.report.formats import change, day, interval, is_calendar, money, number, period_name, share, suppressed
from custlib.report.page_limits import limit
from custlib.report.pages.audit_page import main_factor
from custlib.report.privacy import is_small
from custlib.report.texts import Texts, capitalised

GROUPS = {"revenue": "customers", "spend": "customers", "frequency": "customers"}  # whose measure it is


@dataclass(frozen=True)
class Change:
    """A relative change of a measure; ``size`` counts a doubling and a halving alike."""

    measure: str
    ratio: float

    @property
    def size(self) -> float:
        """Its size."""
        return abs(math.log(self.ratio)) if self.ratio > 0 else math.inf

    @property
    def is_up(self) -> bool:
        """Whether it is a rise."""
        return self.ratio > 1


def noticed(quarters: Quarters) -> list[Change]:
    """List the changes that are large enough to be reported, the largest first."""
    least, changes = limit("finding", "least_change") / 100, []
    for measure in quarters.measures:
        own, moved = GROUPS.get(measure, measure), quarters.change(measure)
        if moved is None or quarters.at(own, quarters.ago) < limit("privacy", "smallest_count"):
            continue
        if abs(moved) >= least and not (own != measure and is_small(quarters.at(own))):
            changes.append(Change(measure, max(moved + 1, 0.0)))
    return sorted(changes, key=lambda one: -one.size)


def headline(t: Texts, project: Project, quarters: Quarters) -> str:
    """State how revenue moved and the largest change that goes the other way; without amounts, how customers did."""
    lead = "revenue" if quarters.has_amount else "customers"
    now = quarters.at("customers")
    if now < limit("privacy", "smallest_count"):
        return t("overview.head_few")
    level = {"name": t(f"overview.quarter_{lead}"), "amount": _amount(project, quarters, lead, t.language)}
    if quarters.change(lead) is None or quarters.at("customers", quarters.ago) < limit("privacy", "smallest_count"):
        return t("overview.head_alone", **level)
    changes = noticed(quarters)
    own = next((one for one in changes if one.measure == lead), None)
    if not changes:
        return t("overview.head_level", **level, against=t(f"overview.as_{quarters.against}"))
    if own is None:
        largest = _moved(t, quarters, changes[0])
        return t("overview.head_level_but", **level, against=t(f"overview.as_{quarters.against}"), second=largest)
    second = _beside(changes, own)
    values = {"first": capitalised(_moved(t, quarters, own)), "against": t(f"overview.on_{quarters.against}")}
    if second is not None:
        joint = "but" if second.is_up != own.is_up else "and"
        return t(f"overview.head_{joint}", **values, second=_moved(t, quarters, second))
    cause = _cause(quarters) if quarters.has_amount else None
    return (
        t("overview.head_cause", **values, cause=t(f"audit.cause_{cause}"))
        if cause
        else t("overview.head_one", **values)
    )


def _cause(quarters: Quarters) -> str | None:
    """Name the factor of more than half of the change of revenue, as the audit does."""
    before, now = (
        {name: quarters.at(name, ago) for name in ("customers", "purchase_days", "revenue")}
        for ago in (quarters.ago, 0)
    )
    return main_factor(change_parts(before, now))


def _beside(changes: list[Change], own: Change) -> Change | None:
    """Choose what stands beside revenue: the largest change the other way, or a larger one of first-time customers."""
    other = [one for one in changes if one.is_up != own.is_up]
    other += [
        one for one in changes if one.measure == "new_customers" and one.is_up == own.is_up and one.size > own.size
    ]
    return max(other, key=lambda one: one.size, default=None)


def _moved(t: Texts, quarters: Quarters, one: Change) -> str:
    """Write a change, or that hardly anybody is left to be counted."""
    now = quarters.at(one.measure)
    if one.measure == "new_customers" and now < limit("privacy", "smallest_count"):
        return t("overview.nobody_new" if not now else "overview.few_new")
    return t(f"overview.{'up' if one.is_up else 'down'}_{one.measure}", change=share(abs(one.ratio - 1), t.language))


def lede(
    t: Texts,
    project: Project,
    quarters: Quarters,
    money_kind: str,
    coming_value: "pd.Series[float] | Refusal" = REFUSED,
    recent_profit: "pd.Series[float] | Refusal" = REFUSED,
    light: str | None = None,
) -> str:
    """Explain the quarter by its factors with their signs, who is new, and what is expected of the coming days."""
    sentences = [_factors(t, project, quarters), _newcomers(t, quarters)]
    if quarters.against == "quarter":
        sentences.append(t("overview.lede_short"))
    if isinstance(coming_value, pd.Series):
        sentences += [_coming(t, project, money_kind, coming_value, recent_profit), doubt_words(t, light)]
    return t.paragraph(*sentences)


def _factors(t: Texts, project: Project, quarters: Quarters) -> str:
    """Write the changes of customers, purchases per customer and spend per purchase, after the total."""
    if quarters.against == "nothing" or quarters.at("customers") < limit("privacy", "smallest_count"):
        return ""
    parts, least = [], limit("finding", "level_change") / 100
    for measure in [name for name in ("customers", "frequency", "spend") if name in quarters.measures]:
        moved = quarters.change(measure)
        if moved is not None and quarters.at("customers", quarters.ago) >= limit("privacy", "smallest_count"):
            way = "level" if abs(moved) < least else "up" if moved > 0 else "down"
            parts.append(t(f"overview.lede_{way}_{measure}", change=change(moved, t.language)))
    if not parts:
        return ""
    if not quarters.has_amount:
        return capitalised(t("join.comma").join(parts)) + t("join.stop")
    total = t(
        "overview.lede_revenue", amount=_amount(project, quarters, "revenue", t.language),
        change=change(quarters.change("revenue"), t.language), against=t(f"overview.on_{quarters.against}"),
    )  # fmt: skip
    return t("join.colon").join([total, t("join.comma").join(parts)]) + t("join.stop")


def _newcomers(t: Texts, quarters: Quarters) -> str:
    """Write how many bought for the first time, and how many did then."""
    if quarters.against == "nothing":
        return ""
    now, before = (quarters.at("new_customers", ago) for ago in (0, quarters.ago))
    if not now and not before:
        return t("overview.lede_nobody", against=t(f"overview.than_{quarters.against}"))
    counts = {"now": suppressed(int(now), t.language), "before": suppressed(int(before), t.language)}
    return t(f"overview.lede_new_{quarters.against}", **counts)


def _coming(t: Texts, project: Project, kind: str, whole: Any, recent: Any) -> str:
    """Write what the customers of today are expected to bring, beside what they brought."""
    if math.isnan(whole["value"]):  # no amounts
        count = number(round(float(whole["expected_purchases"])), t.language)
        return t("overview.lede_purchases", count=count, days=project.horizon_days)
    spoken = {
        "kind": t(f"overview.kind_{kind}"), "days": project.horizon_days,
        "amount": money(whole["value"], project.currency, t.language),
        "span": interval_name(t, whole["is_tested"]),
        "interval": interval(whole["value_low"], whole["value_high"], t.language),
    }  # fmt: skip
    if isinstance(recent, pd.Series):
        return t(
            "overview.lede_coming_beside", **spoken, past=money(float(recent["all"]), project.currency, t.language)
        )
    return t("overview.lede_coming", **spoken)


def title(
    t: Texts,
    project: Project,
    quarters: Quarters,
    money_kind: str,
    tested_forecast: dict[str, Any] | Refusal = REFUSED,
    coming_value: "pd.Series[float] | Refusal" = REFUSED,
    recent_profit: "pd.Series[float] | Refusal" = REFUSED,
) -> Title:
    """Head the overview: what changed, why, and how far the forecast can be trusted."""
    light = tested_forecast["light"] if isinstance(tested_forecast, dict) else None
    explained = lede(t, project, quarters, money_kind, coming_value, recent_profit, light)
    until = t("overview.subtitle", name=project.name, day=day(project.as_of, t.language))
    return Title(headline(t, project, quarters), until, light, explained)


def quarter_name(project: Project, ago: int, language: str) -> str:
    """Name a quarter: that of the calendar where it is one, else by its last day."""
    first, last = bounds(project.as_of, 3, ago)
    if is_calendar(*bounds(project.as_of, 3, 0)):
        return period_name(first, last, language)
    return day(last, language)


def _amount(project: Project, quarters: Quarters, measure: str, language: str) -> str:
    if measure == "revenue":
        return money(quarters.at("revenue"), project.currency, language)
    return suppressed(int(quarters.at("customers")), language)
