"""What to do: the best expected gain of each verdict, the whole plan, and what of it can be proved."""

import datetime as dt
import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from custlib.customise.plans import Plan, SegmentPlan, Total, total
from custlib.project import Project
from custlib.report.blocks import Action, Actions, Callout
from custlib.report.charts.miniatures import Scale, dot
from custlib.report.formats import compact, day, interval, money, number
from custlib.report.playbook_words import (
    Filler,
    least_profit,
    points,
    purchases_in_words,
    sources,
    sureness,
    verdict_word,
    whom,
)
from custlib.report.privacy import counts
from custlib.report.texts import Texts, capitalised

VERDICTS = ("do", "test", "leave")
COLOURS = {"do": "good", "test": "warn", "leave": "muted"}
WIDTH = 240.0
_WHOLE = 100  # ends of an interval below this are whole numbers


def best(plans: Mapping[str, SegmentPlan]) -> list[str]:
    """Choose the segment of the largest expected gain of each verdict; what collects money owed is apart."""
    own = {name: one for name, one in plans.items() if not one.play.collects}
    first = [max((n for n in own if own[n].verdict == v), key=lambda n: own[n].plan.gain, default="") for v in VERDICTS]
    return [name for name in first if name]


def rows(
    t: Texts,
    project: Project,
    frame: pd.DataFrame,
    money_kind: str,
    told_plans: dict[str, SegmentPlan],
    segment_products: dict[str, str],
) -> Actions | Callout | None:
    """List the best action of each verdict and the plan; None without playbooks."""
    if not told_plans:
        return None
    chosen, whole = best(told_plans), total(told_plans.values())
    if not chosen:
        few = all(one.verdict == "few" for one in told_plans.values())
        return Callout(t("overview.plan_few" if few else "verdict.nothing"), t("overview.plan_none"), "note")
    ends = [(p.margin_low, p.margin, p.margin_high) for p in (told_plans[name].plan for name in chosen)]
    ends += [(whole.margin_low, whole.margin, whole.margin_high)] if whole.recommended else []
    scale = Scale.of([end for span in ends for end in span if math.isfinite(end)], WIDTH)
    names = dict(zip(frame["segment"], frame["name"], strict=True))
    sizes = counts(frame["customers"].tolist(), t.language)
    whoms = {s: whom(t, n, size) for s, n, size in zip(frame["segment"], frame["name"], sizes, strict=True)}
    fillers = {s: Filler(t, project, told_plans[s], segment_products.get(s, ""), whoms[s]) for s in chosen}
    actions = [_row(fillers[one], one, names[one], scale) for one in chosen]
    days = max(one.play.holdout.window_days for one in told_plans.values())
    kind = money_kind if whole.has_money else "purchases"
    gain = t(f"overview.head_gain_{kind}", days=days, currency=project.currency)
    return Actions(
        heading(t, project, told_plans, money_kind),
        [t("overview.column_verdict"), t("overview.head_what"), t("overview.head_sure"), gain],
        actions, _plan(t, project, told_plans, scale),
        t.paragraph(_left_below(t, told_plans, len(chosen)), provable(t, told_plans)),
    )  # fmt: skip


def _left_below(t: Texts, plans: Mapping[str, SegmentPlan], shown: int) -> str:
    """State that only the best of each verdict are shown, where there are others."""
    count = sum(one.verdict in VERDICTS for one in plans.values())
    return t("overview.best_of", count=count) if count > shown else ""


def heading(t: Texts, project: Project, plans: Mapping[str, SegmentPlan], money_kind: str) -> str:
    """State the plan with its money: how many segments to act on and to leave, what it brings and costs."""
    whole = total(plans.values())
    numbers = {verdict: sum(one.verdict == verdict for one in plans.values()) for verdict in VERDICTS}
    words = [t(f"overview.plan_{verdict}", count=count) for verdict, count in numbers.items() if count]
    lang, currency = t.language, project.currency
    if not whole.recommended:
        owed = t("verdict.total_owed", cost=money(whole.owed_cost, currency, lang))
        return owed if whole.collecting else t("verdict.nothing")
    if not whole.has_money:
        count = purchases_in_words(t, whole.purchases)
        return t("overview.plan_purchases", acts=t("join.comma").join(words), count=count)
    return t(
        f"overview.plan_{money_kind}", acts=t("join.comma").join(words),
        gain=money(whole.margin, currency, lang), cost=money(whole.cost, currency, lang),
    )  # fmt: skip


def provable(t: Texts, plans: Mapping[str, SegmentPlan]) -> str:
    """State how many of the effects are measured, and how many a control group would show."""
    own = [one for one in plans.values() if one.is_recommended and not one.play.collects]
    if not own:
        return ""
    measured = sum(sources(one) == {"measured"} for one in own)
    shown = sum(one.plan.measurable for one in own)
    sentences = [
        t(f"overview.measured_{_how_many(measured, len(own))}", count=measured, of=len(own)),
        t(f"overview.provable_{_how_many(shown, len(own))}", count=shown, of=len(own)),
    ]
    return t.paragraph(*sentences)


def _how_many(count: int, of: int) -> str:
    return "none" if not count else "all" if count == of else "some"


def first_action(fill: Filler) -> str:
    """Write the first action that is recommended, or the first there is where none pays."""
    planned = fill.planned
    action = next((one for one in planned.play.action if one.id not in planned.left_out), planned.play.action[0])
    return fill(action.what, action)


def gain_and_cost(t: Texts, gain: str, cost: float) -> str:
    """Write a gain with its cost, or that the cost is not known."""
    if math.isnan(cost):
        return t("overview.gain_cost_unknown", gain=gain)
    return t("overview.gain_cost", gain=gain, cost=compact(cost, t.language))


def signed_gain(t: Texts, plan: Plan | Total) -> str:
    """Write an expected gain with its sign and interval, in money or else in purchases."""
    if plan.has_money:
        gain = f"**{signed(plan.margin, t.language)}**"
        return t("playbook.with_interval", money=gain, interval=_around(t, plan))
    expected, low, high = plan.purchases if isinstance(plan, Plan) else _bought(plan)
    words = t("verdict.purchases", count=f"+{purchases_in_words(t, expected)}")
    return t("playbook.with_interval", money=f"**{words}**", interval=interval(low, high, t.language))


def _bought(whole: Total) -> tuple[float, float, float]:
    return whole.purchases, whole.purchases_low, whole.purchases_high


def signed(gain: float, language: str) -> str:
    """Write a gain with its sign, in whole units of currency.

    Examples
    --------
    >>> signed(23.4, "en"), signed(0.05, "en"), signed(-63.0, "en"), signed(1234.0, "en")
    ('+23', '0', '−63', '+1.2 k')
    """
    text = compact(round(gain), language)
    return f"+{text}" if round(gain) > 0 else text


def short_gain(t: Texts, planned: SegmentPlan) -> str:
    """Write an expected gain alone, in money or in purchases; of too few and of money owed none."""
    if planned.verdict == "few" or planned.play.collects:
        return ""
    if planned.plan.has_money:
        return signed(planned.plan.margin, t.language)
    return f"+{purchases_in_words(t, planned.plan.gain)}"


def _around(t: Texts, plan: Plan | Total) -> str:
    """Write the interval of a gain in whole units of currency."""
    low, high = round(plan.margin_low), round(plan.margin_high)
    if max(abs(low), abs(high)) < _WHOLE:
        return t("overview.span", low=number(low, t.language), high=number(high, t.language))
    return interval(low, high, t.language)


def _row(fill: Filler, segment: str, name: str, scale: Scale) -> Action:
    t, planned = fill.t, fill.planned
    plan, verdict = planned.plan, planned.verdict
    due = day(fill.project.as_of + dt.timedelta(days=planned.play.due_days), t.language)
    owner = t("overview.owner", owner=planned.play.owner.text(t.language), day=due)
    act = fill.act() if planned.is_recommended else t("overview.leave", whom=fill.whom)
    return Action(
        verdict, verdict_word(t, planned),
        f"[{capitalised(act)}](playbook-{segment.replace('_', '-')}.html)",
        note=first_action(fill),
        sure="\n".join([owner, sureness(t, planned)] if planned.is_recommended else [sureness(t, planned)]),
        gain=gain_and_cost(t, signed_gain(t, plan), plan.cost), beneath=_even(fill),
        svg=_picture(t, plan, scale, COLOURS[verdict], name),
    )  # fmt: skip


def _even(fill: Filler) -> str:
    """Write from which effect a plan pays beside what is assumed, or from which profit of a purchase."""
    t, plan = fill.t, fill.planned.plan
    if not plan.has_money:
        return t("overview.pays_if", least=least_profit(t, plan, fill.project.currency))
    even = points(t, plan.break_even) if math.isfinite(plan.break_even) else t("playbook.never")
    return t("overview.pays_from", even=even, lift=points(t, plan.lift))


def _plan(t: Texts, project: Project, plans: Mapping[str, SegmentPlan], scale: Scale) -> Action | None:
    """The row of the plan: all that is recommended, with the scale that the rows share."""
    whole = total(plans.values())
    if not whole.recommended:
        return None
    lost = sum(one.plan.margin for one in plans.values() if one.verdict == "leave" and one.plan.margin < 0)
    words = t("overview.plan_text", count=whole.recommended)
    if math.isfinite(lost) and round(lost) < 0:
        words = t.paragraph(words, t("overview.plan_saved", lost=money(-lost, project.currency, t.language)))
    ticks = _ticks(t, scale) if whole.has_money else None
    return Action(
        "", t("overview.the_plan"), words,
        gain=gain_and_cost(t, signed_gain(t, whole), whole.cost),
        svg=_picture(t, whole, scale, "ink", t("overview.the_plan"), ticks),
    )  # fmt: skip


def _ticks(t: Texts, scale: Scale) -> dict[float, str]:
    """Name the ends of the scale in round numbers, and zero."""
    ends = [end for end in (_round(scale.low), 0.0, _round(scale.high)) if scale.low <= end <= scale.high]
    return {end: ("+" if end > 0 else "") + compact(end, t.language) for end in ends}


def _round(value: float) -> float:
    """Round towards zero to one figure."""
    if not value:
        return 0.0
    size = 10.0 ** math.floor(math.log10(abs(value)))
    return math.trunc(value / size) * size


def _picture(
    t: Texts, plan: Any, scale: Scale, colour: str, name: str, ticks: Mapping[float, str] | None = None
) -> str:
    if not plan.has_money:
        return ""
    return dot(
        (plan.margin_low, plan.margin, plan.margin_high), scale, colour=colour,
        title=t("overview.gain_of", name=name, gain=signed(plan.margin, t.language)),
        description=t("interval.named", span=t("interval.tested"), interval=_around(t, plan)), ticks=ticks,
    )  # fmt: skip
