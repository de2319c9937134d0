"""Blocks of the right column of a playbook page: what to do, the contact, the money with its proof, and the list.

A segment to leave is recommended nothing: what was planned for it is named as not recommended.
"""

import datetime as dt
import math
from collections.abc import Sequence

from custlib.customise.plans import Plan
from custlib.customise.playbook_file import Action
from custlib.customise.playbooks import channels
from custlib.report.blocks import Facts, Figure, Section
from custlib.report.charts import effect_ruler
from custlib.report.charts.marks import Ruler
from custlib.report.formats import MISSING, day, interval, share
from custlib.report.playbook.playbook_page import Sheet
from custlib.report.playbook_words import effect_source, gain_in_words, least_profit, points, sureness

Pairs = list[tuple[str, str]]
_TONES = {"do": "good", "test": "warn"}


def do_section(sheet: Sheet) -> Section:
    """Head what to do with the objective; nothing is to be done where nothing pays."""
    t, play = sheet.t, sheet.planned.play
    if not sheet.planned.is_recommended:
        return Section(t("playbook.do_nothing"), column="right")
    goal = t("objective.collect" if play.collects else f"objective.{play.objective}")
    return Section(t("playbook.do", goal=goal), column="right")


def do(sheet: Sheet) -> Facts:
    """State the goal, the actions that pay with their offers, those that do not, and what to avoid."""
    t, planned, fill = sheet.t, sheet.planned, sheet.fill
    titles = [t("playbook.action", number=n) for n in range(1, len(planned.actions) + 1)]
    titles = titles if len(titles) > 1 else [t("playbook.action_only")] * len(titles)
    actions = [(title, _action(sheet, action)) for title, action in zip(titles, planned.actions, strict=True)]
    rest = [action for action in planned.play.action if action not in planned.actions]
    left = [] if planned.verdict == "few" else [(t("playbook.left_out"), _left_out(sheet, action)) for action in rest]
    goal = [(t("playbook.goal"), fill(planned.play.goal))] if planned.is_recommended else []
    return Facts([*goal, *actions, *left, (t("playbook.do_not"), fill(planned.play.do_not))])


def _action(sheet: Sheet, action: Action) -> str:
    what = sheet.fill(action.what, action)
    if action.offer is None:
        return what
    margin, offer = share(action.offer.min_margin, sheet.t.language), sheet.fill(action.offer.kind, action)
    return sheet.t("playbook.action_text", what=what, offer=offer, margin=margin)


def _left_out(sheet: Sheet, action: Action) -> str:
    known = sheet.planned.plan.has_money or action.effect.lift_abs <= 0
    return sheet.t(
        "playbook.left_out_text" if known else "playbook.left_out_unknown", what=sheet.fill(action.what, action)
    )


def contact(sheet: Sheet) -> Facts:
    """Show channels, cadence and the most contacts; nobody is contacted where nothing is recommended."""
    t, own, lang = sheet.t, sheet.planned.actions, sheet.t.language
    if not own:
        return Facts([(t("playbook.channel"), t("playbook.no_contact"))])
    used = list(dict.fromkeys(channels()[action.channel][lang] for action in own))
    return Facts(
        [
            (t("playbook.channel"), t("join.comma").join(used)),
            (t("playbook.cadence"), t("join.semicolon").join(action.cadence.text(lang) for action in own)),
            (t("playbook.cap"), t("playbook.cap_text", contacts=sum(action.max_contacts_30d for action in own))),
        ]
    )


def money_section(sheet: Sheet) -> Section:
    """Head the money with whether it pays, and whether that can be proved."""
    t, planned = sheet.t, sheet.planned
    plan = planned.plan
    if planned.verdict == "few":
        key = "few"
    elif planned.play.collects:
        key = "collect"
    elif planned.verdict == "leave":
        key = "leave"
    elif not plan.has_money:
        key = "purchases" if plan.cost > 0 else "unknown" if math.isnan(plan.cost) else "free"
    else:
        key = "shown" if plan.measurable else "early" if _is_early(plan) else "close"
    even = points(t, plan.break_even) if math.isfinite(plan.break_even) else MISSING
    return Section(
        t(f"playbook.money_{key}", even=even, least=least_profit(t, plan, sheet.project.currency)), column="right"
    )


def _is_early(plan: Plan) -> bool:
    """Whether a plan pays at less than half of the effect that could be proved, or nothing could be proved."""
    return plan.detectable is None or 2 * plan.break_even < plan.detectable


def ruler(sheet: Sheet) -> Figure | None:
    """Show from which effect it pays, which is assumed, and which could be proved, on one axis."""
    t, planned = sheet.t, sheet.planned
    plan = planned.plan
    if planned.verdict == "few" or planned.play.collects:
        return None
    around = interval(100 * plan.lift_low, 100 * plan.lift_high, t.language)
    assumed = t("playbook.ruler_interval", lift=_signed(plan.lift), interval=around)
    rows = [Ruler(t("playbook.ruler_assumed"), assumed, *(100 * x for x in (plan.lift, plan.lift_low, plan.lift_high)))]
    if math.isfinite(plan.break_even):
        rows.insert(0, Ruler(t("playbook.ruler_pays"), _signed(plan.break_even), 100 * plan.break_even))
    if plan.detectable is not None:
        rows.append(Ruler(t("playbook.ruler_shown"), _signed(plan.detectable), *[100 * plan.detectable] * 2))
    return effect_ruler(
        rows, title=t("playbook.ruler_title"), tone=_TONES.get(planned.verdict, "muted"), language=t.language,
        x_label=t("unit.point"), description=t("playbook.ruler_description"),
    )  # fmt: skip


def _signed(rate: float) -> str:
    return f"{rate * 100:+.2g}".replace("-", "−")


def money_plan(sheet: Sheet) -> Facts:
    """Show cost and where it is from, the gain with its interval, the effect and how sure it is, and the proof."""
    t, planned = sheet.t, sheet.planned
    plan = planned.plan
    if planned.verdict == "few":
        return Facts([(t("playbook.cost"), MISSING), (t("playbook.shown"), t("playbook.not_shown_few"))])
    amount = t("verdict.unknown") if math.isnan(plan.cost) else sheet.money(plan.cost)
    cost = (t("playbook.cost"), t("playbook.cost_text", money=amount, assumed=_assumed(sheet)))
    kind = t(f"verdict.kind_{sheet.money_kind}")
    if planned.play.collects:
        return Facts([cost, (t("playbook.gain", kind=kind), t("playbook.owed")), *_paid(sheet)])
    gain = (t("playbook.gain", kind=kind) if plan.has_money else t("purchases.column_gain"),
            gain_in_words(t, planned, sheet.project.currency))  # fmt: skip
    effect = t("playbook.effect_text", lift=points(t, plan.lift), base=share(plan.base_rate, t.language),
               source=effect_source(t, planned))  # fmt: skip
    overstated = plan.has_money and not sheet.has_margin
    basis = [(t("playbook.basis"), t(f"playbook.basis_{sheet.money_kind}"))] if overstated else []
    known = [cost, gain, *basis, (t("playbook.effect"), effect), (t("playbook.how_sure"), sureness(t, planned))]
    return Facts([*known, *(_proof(sheet) if planned.is_recommended else _even(sheet))])


def _even(sheet: Sheet) -> Pairs:
    """Say from which effect what is left would pay; nothing where that is not known without amounts."""
    t, plan = sheet.t, sheet.planned.plan
    if not plan.has_money:
        return []
    even = points(t, plan.break_even) if math.isfinite(plan.break_even) else t("playbook.never")
    return [(t("playbook.break_even"), even)]


def _assumed(sheet: Sheet) -> str:
    """Say where the cost is from; of no cost there is nothing to say."""
    if sheet.planned.plan.cost == 0:
        return sheet.t("playbook.assumed_free")
    return sheet.t(f"playbook.assumed_{sheet.planned.contact_source}", currency=sheet.project.currency)


def _proof(sheet: Sheet) -> Pairs:
    """Say how the effect is measured, from what size it would show, and what would stop it."""
    t, plan, holdout = sheet.t, sheet.planned.plan, sheet.planned.play.holdout
    part, read = share(holdout.share, t.language), day(_read_out(sheet), t.language)
    control = t("playbook.control_text", share=part, count=sheet.counted(plan.control), days=holdout.window_days)
    if plan.detectable is None:
        shown = t("playbook.not_shown_few")
    else:
        values = {"points": points(t, plan.detectable), "power": share(holdout.power, t.language)}
        shown = t("playbook.shown_alone" if plan.measurable else "playbook.not_shown", **values)
    least = points(t, plan.break_even) if math.isfinite(plan.break_even) else ""
    stop = t("playbook.stop_below" if least and plan.break_even > 0 else "playbook.stop_none", day=read, even=least)
    return [(t("playbook.control"), control), (t("playbook.shown"), shown), (t("playbook.stop"), stop)]


def _paid(sheet: Sheet) -> Pairs:
    """Say how what is collected is read out."""
    t, days = sheet.t, sheet.planned.play.holdout.window_days
    paid = t("playbook.paid_text", days=days, day=day(_read_out(sheet), t.language))
    return [(t("playbook.read_out"), paid), (t("playbook.control"), t("playbook.owed_proof"))]


def _read_out(sheet: Sheet) -> dt.date:
    play = sheet.planned.play
    return sheet.project.as_of + dt.timedelta(days=play.due_days + play.holdout.window_days)


def audience(sheet: Sheet) -> Facts:
    """Say what was measured last time, and describe the audience list and who is left out of it."""
    t, planned = sheet.t, sheet.planned
    last = (t("playbook.last"), t("playbook.no_last_time"))
    if not planned.is_recommended:
        return Facts([last])
    excluded: Sequence[str] = sorted({name for action in planned.actions for name in action.eligible.exclude})
    columns = t("join.comma").join(planned.play.export.columns)
    return Facts(
        [
            last,
            (t("playbook.list"), t("playbook.list_text", columns=columns, format=planned.play.export.format)),
            (t("playbook.excluded"), t("join.comma").join(excluded) or t("playbook.nobody_excluded")),
        ]
    )
