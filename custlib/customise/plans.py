"""Computes cost, expected gain and detectable effect of a segment's actions, and the verdict on them.

Reads rules and numbers only; ``segment_plans`` takes them from the customers. An action whose expected gain is not
above zero is not recommended: it is left out of the plan, and a segment without any that pays is to be left. What a
contact costs is an assumption (``rules/contact_costs.toml``) until the project or the playbook states it.

Where purchases have no amounts, the gain is counted in purchases, and a plan says from which profit of a purchase it
pays: it is to be tested, unless it costs nothing. An offer that is a share of a purchase has no cost then.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from custlib import rules
from custlib.customise.experiments import break_even_lift, minimum_detectable_effect
from custlib.customise.playbook_file import PURCHASE, Action, Holdout, SegmentPlay

_NORMAL_95 = 1.959963984540054
Verdict = Literal["do", "test", "leave", "few"]


@dataclass(frozen=True)
class ContactCosts:
    """Cost of one contact by channel, and where it is from.

    Attributes
    ----------
    by_channel : mapping of str to float
        In the currency of the project.
    source : {"table", "share", "project", "unknown"}
        The table of its currency, shares of the base's mean purchase where it has none, or the project; unknown
        where there are no amounts to take shares of.
    """

    by_channel: Mapping[str, float]
    source: Literal["table", "share", "project", "unknown"]


def contact_costs(currency: str, purchase: float, stated: Mapping[str, float]) -> ContactCosts:
    """Take what the project states, else the table of its currency, else shares of the base's mean purchase.

    Parameters
    ----------
    purchase : float
        The base's mean purchase, in currency; NaN without amounts.

    Examples
    --------
    >>> contact_costs("EUR", 30.0, {}).by_channel["email"], contact_costs("XAU", 30.0, {}).by_channel["phone"]
    (0.02, 3.0)
    """
    table = rules.load("contact_costs")
    known = table["per_contact"].get(currency)
    base = known or {channel: part and part * purchase for channel, part in table["share_of_purchase"].items()}
    by_rule: Any = "table" if known else "share" if math.isfinite(purchase) else "unknown"
    return ContactCosts({**base, **stated}, "project" if stated else by_rule)


@dataclass(frozen=True)
class Plan:
    """Cost and expected margin of a segment's actions, and whether their effect is measurable.

    Attributes
    ----------
    customers, treated, control : int
        Customers of the segment, those contacted, and those in the control group.
    base_rate : float
        Mean probability of a purchase within the window without any action.
    spend : float
        Expected margin of one purchase day, in currency; NaN without amounts.
    cost : float
        Fixed cost, contacts and redeemed offers, in currency; NaN where it is not known.
    lift, lift_low, lift_high : float
        Assumed absolute lift of the purchase probability with its 95 % interval.
    margin, margin_low, margin_high : float
        Expected incremental margin less cost of the offer, in currency, with its 95 % interval; NaN without amounts.
    break_even : float
        Lift at which the margin pays the cost; NaN without amounts.
    detectable : float or None
        Minimum detectable lift; None without a control group.
    measurable : bool
        Whether the control group is large enough and the assumed lift detectable.
    """

    customers: int
    treated: int
    control: int
    base_rate: float
    spend: float
    cost: float
    lift: float
    lift_low: float
    lift_high: float
    margin: float
    margin_low: float
    margin_high: float
    break_even: float
    detectable: float | None
    measurable: bool

    @property
    def has_money(self) -> bool:
        """Whether purchases have amounts."""
        return math.isfinite(self.spend)

    @property
    def gain(self) -> float:
        """What plans are compared by: the expected margin, or the extra purchases without amounts."""
        return self.margin if self.has_money else self.purchases[0]

    @property
    def purchases(self) -> tuple[float, float, float]:
        """Extra purchases expected of those contacted, with their 95 % interval."""
        low, most, high = (self.treated * lift for lift in (self.lift_low, self.lift, self.lift_high))
        return most, low, high

    @property
    def least_profit(self) -> float:
        """Profit of a purchase at which the extra purchases pay the cost; infinite where none are expected."""
        expected = self.purchases[0]
        return self.cost / expected if expected > 0 else math.inf


@dataclass(frozen=True)
class SegmentPlan:
    """The plan of a segment with its verdict, and the actions that it is of.

    Attributes
    ----------
    play : SegmentPlay
        Its actions in the currency of the project.
    plan : Plan
        Of the actions that pay; of all where none does.
    verdict : {"do", "test", "leave", "few"}
        See :func:`verdict`.
    left_out : frozenset of str
        Actions that are expected to bring no more than they cost, or whose cost is not known without amounts.
    purchase : float
        Usual purchase of the segment, in currency; NaN without amounts.
    contact_source : str
        Where the cost of a contact is from: ``playbook``, ``project``, ``table``, ``share`` or ``unknown``.
    stated : tuple of Action
        The actions as the playbook states them.
    """

    play: SegmentPlay
    plan: Plan
    verdict: Verdict
    left_out: frozenset[str] = frozenset()
    purchase: float = 0.0
    contact_source: str = "playbook"
    stated: tuple[Action, ...] = ()

    @property
    def is_recommended(self) -> bool:
        """Whether anything is to be done."""
        return self.verdict in ("do", "test")

    @property
    def actions(self) -> tuple[Action, ...]:
        """The actions that are recommended."""
        return tuple(action for action in self.play.action if action.id not in self.left_out) * self.is_recommended


@dataclass(frozen=True)
class Total:
    """What all that is recommended costs and is expected to bring.

    Attributes
    ----------
    segments, recommended, provable : int
        Segments with an entry; those of them to sell to; those whose effect their control group would show.
    collecting : int
        Segments to collect money owed from.
    cost, owed_cost : float
        Of what wins purchases, and of what collects money owed.
    margin, margin_low, margin_high : float
        Of what wins purchases, in currency; what collects money owed brings what is owed, which is not counted here.
        Assumptions are guessed by the same people: they are off together, so the ends are added up. NaN without
        amounts.
    purchases, purchases_low, purchases_high : float
        Extra purchases expected.
    """

    segments: int = 0
    recommended: int = 0
    provable: int = 0
    collecting: int = 0
    cost: float = 0.0
    owed_cost: float = 0.0
    margin: float = 0.0
    margin_low: float = 0.0
    margin_high: float = 0.0
    purchases: float = 0.0
    purchases_low: float = 0.0
    purchases_high: float = 0.0

    @property
    def has_money(self) -> bool:
        """Whether purchases have amounts."""
        return math.isfinite(self.margin)


def total(plans: Iterable[SegmentPlan]) -> Total:
    """Add up the plans that are recommended."""
    every = list(plans)
    own = [one for one in every if one.is_recommended]
    selling = [one.plan for one in own if not one.play.collects]
    owed = sum(one.plan.cost for one in own if one.play.collects)
    cost, *margins = (
        sum(getattr(one, name) for one in selling) for name in ("cost", "margin", "margin_low", "margin_high")
    )
    provable = sum(one.measurable for one in selling)
    bought = [sum(ends) for ends in zip(*(one.purchases for one in selling), strict=True)] or [0.0] * 3
    return Total(len(every), len(selling), provable, len(own) - len(selling), cost, owed, *margins, *bought)


def verdict(plan: Plan, actions: Iterable[Action]) -> Verdict:
    """Judge a plan.

    ``few`` under ten customers; ``leave`` where the expected gain is not above zero, in whole units of currency; ``do``
    where it pays even at a fifth of the assumed effect, or a measured interval lies above zero; else ``test``. Without
    amounts ``do`` where it costs nothing, ``leave`` where no purchase is expected, else ``test``.
    """
    limits = rules.load("verdict")
    if plan.customers < limits["fewest_customers"]:
        return "few"
    if not plan.has_money:
        return "leave" if plan.lift <= 0 else "do" if plan.cost == 0 else "test"
    if plan.margin < limits["least_gain"]:
        return "leave"
    is_measured = all(action.effect.source == "measured" for action in actions)
    if plan.break_even <= limits["share_of_effect"] * plan.lift or (is_measured and plan.margin_low > 0):
        return "do"
    return "test"


def priced(play: SegmentPlay, *, purchase: float, costs: Mapping[str, float]) -> SegmentPlay:
    """State all money of an entry in currency: offers by the segment's usual purchase, contacts by their channel."""
    return play.model_copy(update={"action": tuple(_priced(one, purchase, costs) for one in play.action)})


def _priced(action: Action, purchase: float, costs: Mapping[str, float]) -> Action:
    cost, offer = action.cost, action.offer
    if cost.per_contact is None:
        cost = cost.model_copy(update={"per_contact": cost.contacts * costs.get(action.channel, 0.0)})
    if offer is not None and offer.unit == PURCHASE:
        face, redeemed = (
            part and part * purchase for part in (offer.face, offer.cost)
        )  # nothing of an unknown is nothing
        money = {"face": face, "cost": redeemed, "unit": "currency"}
        offer = offer.model_copy(update=money)
    return action.model_copy(update={"cost": cost, "offer": offer})


def segment_plan(
    play: SegmentPlay, *, customers: int, base_rate: float, spend: float, purchase: float, contacts: ContactCosts
) -> SegmentPlan:
    """Plan the actions of a segment that pay, and judge them; ``spend`` and ``purchase`` are NaN without amounts."""
    asks = any(action.cost.per_contact is None for action in play.action)
    stated, play = play.action, priced(play, purchase=purchase, costs=contacts.by_channel)
    measured: dict[str, Any] = {"customers": customers, "base_rate": base_rate, "spend": spend}

    def of(actions: tuple[Action, ...]) -> Plan:
        return plan(play.model_copy(update={"action": actions}), **measured)

    gains = {action.id: math.inf if play.collects else _gain(of((action,))) for action in play.action}
    paying = tuple(action for action in play.action if gains[action.id] > 0)
    own = of(paying or play.action)
    judged: Verdict = verdict(own, paying or play.action)
    if judged == "few":  # what pays is not told of so few
        return SegmentPlan(play, of(play.action), judged, purchase=purchase, stated=stated)
    left_out = frozenset(name for name, gain in gains.items() if gain <= 0 and (paying or judged == "leave"))
    source = contacts.source if asks else "playbook"
    return SegmentPlan(play, own, "do" if play.collects else judged, left_out, purchase, source, stated)


def _gain(plan: Plan) -> float:
    """What decides on an action: its gain, and none where its cost is not known."""
    return plan.gain if math.isfinite(plan.cost) else 0.0


def plan(play: SegmentPlay, *, customers: int, base_rate: float, spend: float) -> Plan:
    """Compute cost, expected margin and detectable lift of a segment's actions, whose money is in currency."""
    control = 0 if play.collects else round(customers * play.holdout.share)
    treated = customers - control
    lift = sum(action.effect.lift_abs for action in play.action)
    spread = _NORMAL_95 * math.sqrt(sum(action.effect.sd**2 for action in play.action))
    cost = sum(_cost(action, treated, base_rate) for action in play.action)
    gains = [action.effect.sd * (spend - _redeemed(action)) for action in play.action]
    margin, half = treated * lift * spend - cost, treated * _NORMAL_95 * math.hypot(*gains)
    detectable = _detectable(play.holdout, customers, control, base_rate)
    return Plan(
        customers, treated, control, base_rate, spend, cost, lift, lift - spread, lift + spread,
        margin, margin - half, margin + half,
        _break_even(play.action, treated, base_rate, spend),
        detectable,
        control >= play.holdout.min_control and detectable is not None and detectable <= lift,
    )  # fmt: skip


def _redeemed(action: Action) -> float:
    return action.offer.cost if action.offer else 0.0


def _cost(action: Action, treated: int, base_rate: float) -> float:
    takers = min(max(base_rate + action.effect.lift_abs, 0.0), 1.0)
    return action.cost.fixed + treated * ((action.cost.per_contact or 0.0) + takers * _redeemed(action))


def _break_even(actions: tuple[Action, ...], treated: int, base_rate: float, spend: float) -> float:
    """Compute the break-even lift; added customers redeem the offer too, which reduces their margin."""
    lifts = [max(action.effect.lift_abs, 0.0) for action in actions]
    weights = lifts if sum(lifts) else [1.0] * len(actions)
    offer = sum(w * _redeemed(a) for w, a in zip(weights, actions, strict=True)) / sum(weights)
    if math.isnan(spend):
        return math.nan
    if not treated or spend <= offer:
        return math.inf
    unmoved = sum(
        a.cost.fixed / treated + (a.cost.per_contact or 0.0) + base_rate * _redeemed(a) for a in actions
    )  # fmt: skip
    return break_even_lift(unmoved, spend - offer)


def _detectable(holdout: Holdout, customers: int, control: int, base_rate: float) -> float | None:
    if control < 1 or customers - control < 1 or not 0 < base_rate < 1:
        return None
    share = control / customers
    return minimum_detectable_effect(customers, share, base_rate, alpha=holdout.alpha, power=holdout.power)
