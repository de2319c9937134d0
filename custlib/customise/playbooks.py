"""Reads playbooks and computes cost, expected margin and detectable effect of a segment's actions.

A playbook is one TOML file (``rules/playbooks`` or the user's own). Unknown keys are errors; owner, due date and
measurement window are required.
"""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from custlib import rules
from custlib.customise.experiments import break_even_lift, minimum_detectable_effect
from custlib.customise.playbook_file import Action, Holdout, Playbook, SegmentPlay
from custlib.engine.base import Engine
from custlib.graph import value
from custlib.models.bgnbd_model import BetaGeometricNBD
from custlib.project import Project, validated
from custlib.value import lifetime

_NORMAL_95 = 1.959963984540054


def read_playbook(name: str, folder: Path = Path()) -> Playbook:
    """Read and check a playbook.

    Examples
    --------
    >>> read_playbook("playbooks/rf25").play("champions").objective
    'retain'
    """
    content = rules.read(folder / name) if name.endswith(".toml") else rules.load(name)
    return validated(Playbook, content, f"playbook {name}")


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
        Expected margin of one purchase day, in currency.
    cost : float
        Fixed cost, contacts and redeemed offers, in currency.
    lift, lift_low, lift_high : float
        Assumed absolute lift of the purchase probability with its 95 % interval.
    margin, margin_low, margin_high : float
        Expected incremental margin less cost of the offer, in currency, with its 95 % interval.
    break_even : float
        Lift at which the margin pays the cost.
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


def plan(play: SegmentPlay, *, customers: int, base_rate: float, spend: float) -> Plan:
    """Compute cost, expected margin and detectable lift of a segment's actions."""
    control = round(customers * play.holdout.share)
    treated = customers - control
    lift = sum(action.effect.lift_abs for action in play.action)
    spread = _NORMAL_95 * math.sqrt(sum(action.effect.sd**2 for action in play.action))
    cost = sum(_cost(action, treated, base_rate) for action in play.action)
    gains = [action.effect.sd * (spend - action.offer.cost) for action in play.action]
    margin, half = treated * lift * spend - cost, treated * _NORMAL_95 * math.hypot(*gains)
    detectable = _detectable(play.holdout, customers, control, base_rate)
    return Plan(
        customers, treated, control, base_rate, spend, cost, lift, lift - spread, lift + spread,
        margin, margin - half, margin + half,
        _break_even(play.action, treated, base_rate, spend),
        detectable,
        control >= play.holdout.min_control and detectable is not None and detectable <= lift,
    )  # fmt: skip


def _cost(action: Action, treated: int, base_rate: float) -> float:
    takers = min(max(base_rate + action.effect.lift_abs, 0.0), 1.0)
    return action.cost.fixed + treated * (action.cost.per_contact + takers * action.offer.cost)


def _break_even(actions: tuple[Action, ...], treated: int, base_rate: float, spend: float) -> float:
    """Compute the break-even lift; added customers redeem the offer too, which reduces their margin."""
    lifts = [max(action.effect.lift_abs, 0.0) for action in actions]
    weights = lifts if sum(lifts) else [1.0] * len(actions)
    offer = sum(w * a.offer.cost for w, a in zip(weights, actions, strict=True)) / sum(weights)
    if not treated or spend <= offer:
        return math.inf
    unmoved = sum(a.cost.fixed / treated + a.cost.per_contact + base_rate * a.offer.cost for a in actions)
    return break_even_lift(unmoved, spend - offer)


def _detectable(holdout: Holdout, customers: int, control: int, base_rate: float) -> float | None:
    if control < 1 or customers - control < 1 or not 0 < base_rate < 1:
        return None
    share = control / customers
    return minimum_detectable_effect(customers, share, base_rate, alpha=holdout.alpha, power=holdout.power)


def measures(
    engine: Engine, segmentation: str, segment: str, model: BetaGeometricNBD, *, window_days: int
) -> pd.Series:
    """Compute the customers, base rate and spend of a segment, for its plan."""
    bought = lifetime.probability_of_purchase(engine.dialect)
    parameters: dict[str, Any] = {"window_days": float(window_days), **lifetime.parameters(model)}
    return engine.fetch(
        f"select count(*) as customers, coalesce(avg({bought}), 0) as base_rate,"
        " coalesce(avg(expected_margin), 0) as spend"
        " from customer_segments s join customer_value v using (customer_id)"
        " where s.segmentation = :segmentation and s.segment = :segment",
        segmentation=segmentation,
        segment=segment,
        **parameters,
    ).iloc[0]


@value
def playbook(project: Project) -> Playbook:
    """The playbook of the project."""
    return read_playbook(project.segments.playbook_file, project.folder)
