"""Sentences of a playbook: the verdict with its money, why it is right, and texts filled from the data.

The overview, the index and the playbook of a segment say them with the same words and numbers. Where purchases have no
amounts, the gain is counted in purchases.
"""

import math
from dataclasses import dataclass

from custlib.customise.plans import Plan, SegmentPlan
from custlib.customise.playbook_file import PURCHASE, Action, Words
from custlib.customise.playbooks import channel_acts
from custlib.project import Project
from custlib.report.formats import MISSING, interval, money, number, share
from custlib.report.privacy import is_small
from custlib.report.texts import Texts
from custlib.rules import load

_LONGEST_PRODUCT = 40
_VERDICT_SIGNS = {"do": "●", "test": "◐", "leave": "○", "few": "·"}
_SIGNS = {"measured": "●●●", "prior": "●●○", "guess": "●○○"}


@dataclass(frozen=True)
class Filler:
    """Fills the texts of an entry: ``{target}``, ``{product}``, ``{offer}``, ``{currency}`` and ``{whom}``.

    Attributes
    ----------
    product : str
        The segment's product; a neutral word is taken where it is empty.
    whom : str
        The segment with its customers, as :func:`whom` writes it.
    """

    t: Texts
    project: Project
    planned: SegmentPlan
    product: str = ""
    whom: str = ""

    def __call__(self, words: Words, action: Action | None = None) -> str:
        """Write a text in the language of the page; ``{offer}`` is that of an action."""
        t, plan = self.t, self.planned.plan
        hidden = is_small(plan.customers) or plan.customers == 0
        target = t("playbook.some") if hidden else share(plan.base_rate + plan.lift, t.language)
        values = {
            "{target}": target,
            "{product}": self._named() if self.product and not hidden else t("playbook.any_product"),
            "{offer}": self._offer(action, hidden=hidden),
            "{currency}": self.project.currency,
            "{whom}": self.whom,
        }
        text = words.text(t.language)
        for place, value in values.items():
            text = t.placed(text, place, value)
        return text

    def act(self) -> str:
        """Write what is to be done first in a few words, as its action says it, or its channel."""
        action = self.planned.actions[0]
        return self(action.act or Words(**channel_acts()[action.channel]), action)

    def _named(self) -> str:
        short = self.product if len(self.product) <= _LONGEST_PRODUCT else f"{self.product[:_LONGEST_PRODUCT]}…"
        return self.t("playbook.product", product=short)

    def _offer(self, action: Action | None, *, hidden: bool) -> str:
        """Write the face of an offer in money; of a small segment, or without amounts, as a share of a purchase."""
        if action is None or action.offer is None:
            return ""
        face, usual = action.offer.face, self.planned.purchase
        if hidden or not math.isfinite(face):
            known = next(one.offer for one in self.planned.stated if one.id == action.id)
            part = known.face if known and known.unit == PURCHASE else face / usual if usual > 0 else math.nan
            written = share(part, self.t.language) if math.isfinite(part) else self.t("playbook.small_part")
            return self.t("playbook.offer_part", share=written)
        return money(face, self.project.currency, self.t.language)


def whom(t: Texts, name: str, count: str) -> str:
    """Write a segment with its customers, as precisely as the page shows them.

    Examples
    --------
    >>> from custlib.report.texts import texts
    >>> whom(texts("en"), "Loyal", "163")
    'the 163 Loyal'
    """
    return t("verdict.whom", name=name, count=count)


def verdict_word(t: Texts, planned: SegmentPlan) -> str:
    """Write the verdict in a word or two."""
    return t(f"verdict.{planned.verdict}")


def signed_verdict(t: Texts, planned: SegmentPlan) -> str:
    """Write the verdict behind its sign, on one line.

    Where a block draws the sign, as in a table, the word stands alone.
    """
    return f"{_VERDICT_SIGNS[planned.verdict]}\u00a0{verdict_word(t, planned)}"


def verdict(t: Texts, fill: Filler, name: str, money_kind: str) -> str:
    """State what the verdict is on, in one sentence: what is done, to whom, what it costs and is expected to bring."""
    planned, project = fill.planned, fill.project
    plan = planned.plan
    if planned.verdict == "few":
        return t("verdict.few_text" if plan.customers else "verdict.empty_text", name=name)
    gain = -plan.margin if planned.verdict == "leave" else plan.margin
    values = {
        "act": fill.act() if planned.is_recommended else "",
        "whom": fill.whom,
        "cost": t("verdict.unknown") if math.isnan(plan.cost) else money(plan.cost, project.currency, t.language),
        "gain": money(gain, project.currency, t.language),
        "kind": t(f"verdict.kind_{money_kind}"),
        "count": purchases_in_words(t, plan.purchases[0]),
    }
    return t(f"verdict.{_key(planned)}_text", **values)


def _key(planned: SegmentPlan) -> str:
    """Name the sentence of a verdict."""
    plan, key = planned.plan, str(planned.verdict)
    if planned.play.collects:
        return "collect"
    if not plan.has_money:
        return f"{key}_purchases" + ("_unknown" if math.isnan(plan.cost) else "")
    if key == "leave" and plan.margin > -load("verdict")["least_gain"]:
        return "little"
    return f"{key}_free" if planned.is_recommended and plan.cost == 0 else key


def because(t: Texts, fill: Filler) -> str:
    """State how sure the gain is, and why the verdict is right all the same."""
    planned = fill.planned
    plan, key = planned.plan, _key(planned)
    if planned.verdict == "few":
        return t("verdict.because_few")
    if key == "do" and sources(planned) == {"measured"} and plan.margin_low > 0:
        key = "measured"
    known = plan.has_money and math.isfinite(plan.break_even)
    values = {
        "gain": gain_interval(t, planned, fill.project.currency),
        "effect": effect_source(t, planned),
        "even": points(t, plan.break_even) if known else MISSING,
        "part": share(plan.break_even / plan.lift, t.language) if known and plan.lift > 0 else MISSING,
        "lift": points(t, plan.lift),
        "least": least_profit(t, plan, fill.project.currency),
        "control": share(planned.play.holdout.share, t.language),
    }
    crosses = key == "do" and plan.margin_low <= 0
    return t(f"verdict.because_{key}" + ("_crossing" if crosses else ""), **values)


def sources(planned: SegmentPlan) -> set[str]:
    """Where the effects of what is planned are from."""
    return {action.effect.source for action in planned.actions or planned.play.action}


def effect_source(t: Texts, planned: SegmentPlan) -> str:
    """Name where the effects of what is planned are from."""
    return t("join.comma").join(t(f"effect.{source}") for source in sorted(sources(planned)))


def sureness(t: Texts, planned: SegmentPlan) -> str:
    """Say how sure the effect is, as its weakest source: three dots measured, two from elsewhere, one a guess."""
    weakest = next(source for source in ("guess", "prior", "measured") if source in sources(planned))
    return t("playbook.sure", sign=_SIGNS[weakest], reason=t(f"effect.{weakest}_reason"))


def gain_in_words(t: Texts, planned: SegmentPlan, currency: str = "") -> str:
    """Write the expected gain with its interval, in money or else in purchases; what collects money owed has none."""
    plan = planned.plan
    if planned.play.collects or planned.verdict == "few":
        return MISSING
    if not plan.has_money:
        gain = t("verdict.purchases", count=purchases_in_words(t, plan.purchases[0]))
    else:
        gain = money(plan.margin, currency, t.language)
    return t("playbook.with_interval", money=gain, interval=gain_interval(t, planned, ""))


def gain_interval(t: Texts, planned: SegmentPlan, currency: str) -> str:
    """Write the interval of the expected gain, in money or else in purchases."""
    plan = planned.plan
    if plan.has_money:
        return interval(plan.margin_low, plan.margin_high, t.language, currency)
    return interval(*plan.purchases[1:], t.language)


def least_profit(t: Texts, plan: Plan, currency: str) -> str:
    """Write the profit of a purchase from which a plan pays; a dash where its cost is not known."""
    least = plan.least_profit
    return money(least, currency, t.language) if math.isfinite(least) else MISSING


def purchases_in_words(t: Texts, count: float) -> str:
    """Write expected purchases: whole ones, or one figure below ten.

    Examples
    --------
    >>> from custlib.report.texts import texts
    >>> [purchases_in_words(texts("en"), count) for count in (12.4, 0.74, -3.0)]
    ['12', '0.7', '−3']
    """
    return number(round(count, 0 if abs(count) >= 10 else 1), t.language)


def points(t: Texts, value: float) -> str:
    """Write a difference of probabilities in percentage points.

    Examples
    --------
    >>> from custlib.report.texts import texts
    >>> [points(texts("en"), value) for value in (0.025, -0.1042, 0.00056)]
    ['+2.5 points', '−10.4 points', '+0.06 points']
    """
    in_points = value * 100
    return f"{round(in_points, 1 if abs(in_points) >= 1 else 2):+g} {t('unit.point')}".replace("-", "−")
