"""Blocks of a playbook page: the verdict, then eleven parts for one segment on an A4 sheet."""

import datetime as dt
import math
import re
from collections.abc import Mapping, Sequence

import pandas as pd

from custlib.customise.plans import SegmentPlan
from custlib.customise.playbook_file import Action, Playbook, SegmentPlay
from custlib.customise.playbooks import channels
from custlib.move import ledger
from custlib.move.observed import STAY
from custlib.move.paths import NOBODY, WHOLE
from custlib.project import Project
from custlib.report import charts
from custlib.report.blocks import Callout, Facts, Figure, Light, Text, Title
from custlib.report.formats import MISSING, day, interval, money, number, share, suppressed
from custlib.report.page_limits import limit
from custlib.report.pages.trust import everybody_stays
from custlib.report.playbook_words import Filler, because, points, verdict
from custlib.report.privacy import blurred, crossed, is_small
from custlib.report.texts import Texts
from custlib.segment.definitions import Definition


def headline(
    t: Texts, project: Project, row: "pd.Series[float]", playbook: Playbook, planned: SegmentPlan, light: Light
) -> Title:
    """State the verdict with its money, then what the segment is, date and validity."""
    until = project.as_of + dt.timedelta(days=playbook.playbook.valid_days)
    values = {"day": day(project.as_of, t.language), "until": day(until, t.language), "project": project.name}
    parts = [because(t, project, planned), t("playbook.subtitle", **values)]
    if row["customers"] and not is_small(row["customers"]):
        shares = {k: share(row[f"{k}_share"], t.language) for k in ("customer", "value")}
        parts.insert(1, t("playbook.headline", name=row["name"], **shares))
    subtitle = t("join.dot").join(filter(None, parts))
    return Title(verdict(t, project, planned, str(row["name"])), subtitle, light)


def definition(t: Texts, play: SegmentPlay, rule: str) -> Facts:
    """Define the segment in words and as a rule."""
    return Facts([(t("playbook.in_words"), play.definition.text(t.language)), (t("playbook.rule"), rule)])


def who(t: Texts, row: "pd.Series[float]", count: str, project: Project) -> Facts | Callout:
    """Show customers, share, and the typical profile."""
    if is_small(row["customers"]) or row["customers"] == 0:
        return Callout(t("playbook.too_few"), t("playbook.too_few_text", count=count), "warn")
    lang = t.language
    profile = {
        "purchases": number(row["frequency"] + 1, lang),
        "days": number(row["days_since_last"], lang),
        "spend": money(row["spend"], project.currency, lang),
    }
    return Facts(
        [
            (t("playbook.customers"), t("playbook.of_all", count=count, share=share(row["customer_share"], lang))),
            (t("playbook.revenue"), t("playbook.share_of", money=money(row["revenue"], project.currency, lang),
                                      share=share(row["revenue_share"], lang))),
            (t("playbook.typical"), t("playbook.typical_text", **profile)),
        ]
    )  # fmt: skip


def worth(
    t: Texts, row: "pd.Series[float]", span: Mapping[str, float], project: Project, flags: tuple[str, ...] = ()
) -> Facts:
    """Show history, forecast with interval, and value at risk."""
    lang, currency = t.language, project.currency
    if is_small(row["customers"]) or row["customers"] == 0:
        return Facts([(t("playbook.worth"), "–")])
    known, unknown = row["frequency"] > 0, t("value.alive_unknown")
    if everybody_stays(flags):
        known, unknown = False, t("untested.unmeasurable")
    alive = share(row["probability_alive"], lang) if known else unknown
    at_risk = money(row["value_at_risk"], currency, lang) if known else unknown
    around = interval(span["value_low"], span["value_high"], lang, currency)
    return Facts(
        [
            (t("playbook.historic"), money(row["profit"], currency, lang)),
            (t("playbook.coming", days=project.horizon_days),
             t("playbook.with_interval", money=money(row["value"], currency, lang), interval=around)),
            (t("playbook.residual"), money(row["residual_lifetime_value"], currency, lang)),
            (t("playbook.at_risk"), at_risk),
            (t("playbook.alive"), alive),
        ]
    )  # fmt: skip


def changes(
    t: Texts, flows: pd.DataFrame, segment: str, definition: Definition, since: dt.date, *, names: Mapping[str, str]
) -> Facts:
    """Show who stayed, came, went and is new since a date, with the main cause; as precisely as the transition matrix.

    Parameters
    ----------
    flows : pandas.DataFrame
        Moves as returned by :func:`custlib.move.observed.observed`.
    names : mapping of str to str
        Names of the segments of both dates.
    """
    counted = ledger.matrix(flows.assign(cause=WHOLE), definition.ids)
    written = crossed(counted.to_numpy().tolist(), t.language)
    lines = [dict(zip(counted.columns, line, strict=True)) for line in written]
    texts = dict(zip(counted.index, lines, strict=True))
    sizes = counted.to_dict("index")
    elsewhere = [s for s in texts if s not in (segment, NOBODY)]
    came = {names.get(s, s): (sizes[s][segment], texts[s][segment]) for s in elsewhere}
    went = {names.get(s, s): (sizes[segment][s], texts[segment][s]) for s in elsewhere}
    known = flows[(flows["from_segment"] != NOBODY) & (flows["to_segment"] != NOBODY) & (flows["cause"] != STAY)]
    items = [
        (t("playbook.stayed"), texts[segment][segment]),
        (t("playbook.came_from"), _with_reason(t, _ends(t, came), known[known["to_segment"] == segment])),
        (t("playbook.went_to"), _with_reason(t, _ends(t, went), known[known["from_segment"] == segment])),
        (t("playbook.new"), texts[NOBODY][segment]),
    ]
    if sizes[segment][NOBODY]:
        items.append((t("playbook.gone"), texts[segment][NOBODY]))
    return Facts(items, title=t("playbook.since", day=day(since, t.language)))


def _ends(t: Texts, flows: Mapping[str, tuple[int, str]]) -> str:
    """List the largest flows of (count, text) by segment; counts under ten are told together and without a number."""
    some = {name: text for name, (count, text) in flows.items() if count}
    large = [name for name, text in some.items() if not is_small(flows[name][0]) and text != MISSING]
    if not large:
        return t("playbook.few_each" if some else "playbook.nobody")
    # Sorted as the counts are shown, so that the order tells no more than they do.
    first = sorted(large, key=lambda name: -int(re.sub(r"\D", "", some[name])))[: limit("finding", "listed_flows")]
    listed = t("join.comma").join(t("playbook.flow", name=name, count=some[name]) for name in first)
    return listed if len(first) == len(some) else t("playbook.and_others", flows=listed)


def _with_reason(t: Texts, ends: str, moved: pd.DataFrame) -> str:
    """Add the main cause of moves, unless they are too few to tell."""
    by = moved.groupby("cause")["customers"].sum().sort_values(ascending=False, kind="stable")
    if not len(by) or is_small(by.sum()):
        return ends
    reason = t(f"playbook.because_{by.index[0]}")
    if len(by) > 1:
        most = by.iloc[0] > by.sum() / 2
        reason = t("playbook.mostly", reason=reason) if most else t("playbook.several_reasons")
    return t("join.semicolon").join([ends, reason])


def differs(t: Texts, row: "pd.Series[float]", base: "pd.Series[float]") -> Figure | Text:
    """Show the segment against all customers, as an index of 100."""
    if is_small(row["customers"]) or row["customers"] == 0:
        return Text(t("playbook.no_comparison"))
    names = ("value_per_customer", "revenue_per_customer", "purchases_per_customer", "probability_of_purchase")
    rows = pd.DataFrame(
        {
            "label": [t(f"playbook.index_{n}") for n in names],
            "index": [100 * row[n] / base[n] if base[n] > 0 else None for n in names],
        }
    )
    # no money without an amount column, and no index over a base of zero
    rows = rows.dropna(subset="index", ignore_index=True)
    best = rows.iloc[int(rows["index"].sub(100).abs().to_numpy().argmax())]
    return charts.index_bars(
        rows, title=t("playbook.differs", label=best["label"], index=number(best["index"], t.language)),
        caption="", description=t("playbook.differs_description"), language=t.language,
    )  # fmt: skip


def do(t: Texts, fill: Filler) -> list[Callout | Facts]:
    """State the objective, the recommended actions with their offers, those that are not, and what to avoid."""
    planned, play = fill.planned, fill.planned.play
    recommended = [action for action in play.action if action.id not in planned.left_out]
    actions = [(t("playbook.action", number=n), _action(t, fill, a)) for n, a in enumerate(recommended, start=1)]
    left = [(t("playbook.left_out"), t("playbook.left_out_text", what=fill(action.what, action)))
            for action in play.action if action.id in planned.left_out]  # fmt: skip
    goal = (t("objective.collect" if play.collects else f"objective.{play.objective}"), fill(play.goal))
    goals = [] if planned.verdict == "leave" and play.objective != "exit" else [goal]
    return [
        Facts([*goals, (t("playbook.why"), fill(play.why)), *actions, *left]),
        Callout(t("playbook.do_not"), fill(play.do_not), "warn"),
    ]


def _action(t: Texts, fill: Filler, action: Action) -> str:
    what = fill(action.what, action)
    if action.offer is None:
        return what
    margin = share(action.offer.min_margin, t.language)
    return t("playbook.action_text", what=what, offer=fill(action.offer.kind, action), margin=margin)


def contact(t: Texts, planned: SegmentPlan, as_of: dt.date) -> Facts:
    """Show channel, cadence, cap, owner and due date; of a segment to leave, who looks at it again."""
    lang, play = t.language, planned.play
    due = as_of + dt.timedelta(days=play.due_days)
    owner = (t("playbook.owner"), t("playbook.owner_text", owner=play.owner.text(lang), day=day(due, lang)))
    if planned.verdict == "leave":
        return Facts([(t("playbook.channel"), t("playbook.no_contact")), owner])
    own = [action for action in play.action if action.id not in planned.left_out]
    used = list(dict.fromkeys(channels()[a.channel][lang] for a in own))
    return Facts(
        [
            (t("playbook.channel"), t("join.comma").join(used)),
            (t("playbook.cadence"), t("join.semicolon").join(a.cadence.text(lang) for a in own)),
            (t("playbook.cap"), t("playbook.cap_text", contacts=sum(a.max_contacts_30d for a in own))),
            owner,
        ]
    )


def money_plan(t: Texts, planned: SegmentPlan, project: Project, money_kind: str) -> Facts:
    """Show cost and where it is from, assumed effect with source, expected gain with interval, and break-even."""
    lang, currency, plan = t.language, project.currency, planned.plan
    if planned.verdict == "few":
        return Facts([(t("playbook.cost"), MISSING), (t("playbook.margin"), MISSING)])
    assumed = t(f"playbook.assumed_{planned.contact_source}", currency=currency)
    cost = (t("playbook.cost"), t("playbook.cost_text", money=money(plan.cost, currency, lang), assumed=assumed))
    if planned.play.collects:
        return Facts([cost, (t("playbook.margin"), t("playbook.owed"))])
    basis = [(t("playbook.basis"), t("playbook.basis_revenue"))] if money_kind == "revenue" else []
    source = "/".join(sorted({t(f"effect.{a.effect.source}") for a in planned.play.action}))
    effect = t("playbook.effect_text", lift=points(t, plan.lift), base=share(plan.base_rate, lang), source=source)
    margin = t("playbook.with_interval", money=money(plan.margin, currency, lang),
               interval=interval(plan.margin_low, plan.margin_high, lang, currency))  # fmt: skip
    even = points(t, plan.break_even) if math.isfinite(plan.break_even) else t("playbook.never")
    shown = [(t("playbook.effect"), effect), (t("playbook.margin"), margin), (t("playbook.break_even"), even)]
    return Facts([cost, *shown, *basis])


def proof(t: Texts, planned: SegmentPlan, as_of: dt.date, count: str) -> list[Facts | Callout]:
    """Describe how the effect is measured, or that it cannot be, as precisely as ``count`` shows the segment."""
    plan, holdout, lang = planned.plan, planned.play.holdout, t.language
    due = as_of + dt.timedelta(days=planned.play.due_days + holdout.window_days)
    if not planned.is_recommended:
        return [Facts([(t("playbook.control"), MISSING)]), _nothing_to_show(t, planned)]
    if planned.play.collects:
        paid = t("playbook.paid_text", days=holdout.window_days, day=day(due, lang))
        return [Facts([(t("playbook.read_out"), paid)]), Callout(t("playbook.owed_title"), t("playbook.owed_proof"))]
    exact = count == number(plan.customers, lang)
    controls = suppressed(plan.control, lang) if exact else blurred(plan.control, lang)
    detectable = MISSING if plan.detectable is None else points(t, plan.detectable)
    control = t("playbook.control_text", share=share(holdout.share, lang), count=controls)
    shown = t("playbook.detectable_text", points=detectable, power=share(holdout.power, lang))
    read_out = t("playbook.read_out_text", days=holdout.window_days, day=day(due, lang))
    facts = Facts(
        [(t("playbook.control"), control), (t("playbook.detectable"), shown), (t("playbook.read_out"), read_out)]
    )
    if plan.measurable:
        return [facts, Callout(t("playbook.measurable"), t("playbook.measurable_text"), "good")]
    return [facts, Callout(t("playbook.not_measurable"), t("playbook.not_measurable_text"), "warn")]


def _nothing_to_show(t: Texts, planned: SegmentPlan) -> Callout:
    if planned.verdict == "few":
        return Callout(t("playbook.not_measurable"), t("playbook.not_measurable_text"), "warn")
    return Callout(t("playbook.nothing_to_prove"), t("playbook.nothing_to_prove_text"))


def last_time(t: Texts) -> Text:
    """State the last measurement."""
    return Text(t("playbook.no_last_time"))


def audience(t: Texts, play: SegmentPlay) -> Facts:
    """Describe the audience list and its exclusions."""
    excluded: Sequence[str] = sorted({name for a in play.action for name in a.eligible.exclude})
    return Facts(
        [
            (
                t("playbook.list"),
                t("playbook.list_text", columns=t("join.comma").join(play.export.columns), format=play.export.format),
            ),
            (t("playbook.excluded"), t("join.comma").join(excluded) or t("playbook.nobody_excluded")),
        ]
    )
