"""Reads playbooks and works out, for one segment, what to do costs, brings and how it is proved.

A playbook is one TOML file (``rules/playbooks`` or the user's own), checked whole: unknown keys are refused, and
an owner, a due date and a measurement window are required, since scores that nobody owns change nothing.
"""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from custlib import rules
from custlib.customise.experiments import break_even_lift, minimum_detectable_effect
from custlib.engine.base import Engine
from custlib.errors import UsageError, hint
from custlib.graph import value
from custlib.models.bgnbd_model import BetaGeometricNBD
from custlib.project import Project, validated
from custlib.value import lifetime

_NORMAL_95 = 1.959963984540054


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Words(_Strict):
    """One text in each language."""

    en: str = Field(min_length=1)
    zh: str = Field(min_length=1)

    def text(self, language: str) -> str:
        """Choose the language."""
        return self.zh if language == "zh" else self.en


class Offer(_Strict):
    """What is given: its face value, what it costs when taken, and the margin that must remain."""

    kind: Words
    face: float = Field(ge=0)
    cost: float = Field(ge=0)
    min_margin: float = Field(ge=0, le=1)


class Cost(_Strict):
    """What the action costs whether or not anybody buys."""

    fixed: float = Field(ge=0)
    per_contact: float = Field(ge=0)


class Effect(_Strict):
    """The effect assumed: absolute lift of the purchase probability, its deviation, and where it is from."""

    metric: Literal["purchase"] = "purchase"
    lift_abs: float = Field(ge=-1, le=1)
    sd: float = Field(ge=0)
    source: Literal["guess", "prior", "measured"]


class Eligible(_Strict):
    """Who of the segment is left out."""

    exclude: tuple[str, ...] = ()


class Action(_Strict):
    """One thing to do."""

    id: str
    what: Words
    channel: str
    tier: str
    cadence: Words
    max_contacts_30d: int = Field(ge=1)
    offer: Offer
    cost: Cost
    effect: Effect
    eligible: Eligible = Eligible()


class Holdout(_Strict):
    """How the effect is proved: customers kept out of all actions by chance."""

    share: float = Field(gt=0, lt=1)
    min_control: int = Field(ge=1)
    metric: Literal["purchase"] = "purchase"
    window_days: int = Field(ge=1)
    alpha: float = Field(gt=0, lt=1)
    power: float = Field(gt=0, lt=1)
    seed: str


class Export(_Strict):
    """The audience list, made only on request."""

    columns: tuple[str, ...]
    format: Literal["csv", "parquet"] = "csv"


class SegmentPlay(_Strict):
    """What is done for one segment, by whom, until when."""

    id: str
    priority: int = Field(ge=1)
    definition: Words
    objective: Literal["retain", "grow", "convert", "reactivate", "harvest", "exit"]
    goal: Words
    why: Words
    do_not: Words
    owner: Words
    due_days: int = Field(ge=1)
    response_hours: int = Field(ge=1)
    action: tuple[Action, ...] = Field(min_length=1, max_length=3)
    holdout: Holdout
    export: Export


class Head(_Strict):
    """Which segmentation the playbook is for, in what money, and how long it holds."""

    id: str
    segmentation: str
    currency: str
    valid_days: int = Field(ge=1)
    source: str
    as_of: Any


class Playbook(_Strict):
    """A playbook: a head and one entry per segment."""

    playbook: Head
    segment: tuple[SegmentPlay, ...]

    def play(self, segment: str) -> SegmentPlay:
        """Find the entry of a segment."""
        for entry in self.segment:
            if entry.id == segment:
                return entry
        known = [entry.id for entry in self.segment]
        raise UsageError(f"playbook {self.playbook.id}: no entry for segment {segment}. {hint(segment, known)}")


def read_playbook(name: str, folder: Path = Path()) -> Playbook:
    """Read and check a playbook.

    Examples
    --------
    >>> read_playbook("playbooks/rf25").play("champions").objective
    'retain'
    """
    given = rules.read(folder / name) if name.endswith(".toml") else rules.load(name)
    return validated(Playbook, given, f"playbook {name}")


@dataclass(frozen=True)
class Plan:
    """What a segment's actions cost and bring, and whether that can be proved.

    Attributes
    ----------
    customers, treated, control : int
        Customers of the segment, those contacted, those kept out by chance.
    base_rate : float
        Mean probability of a purchase within the window without any action.
    spend : float
        Expected margin of one purchase day, in currency.
    cost : float
        Fixed cost, contacts and offers taken, in currency.
    lift, lift_low, lift_high : float
        Assumed absolute lift of the purchase probability with its 95 % interval.
    margin, margin_low, margin_high : float
        Expected incremental margin less cost of the offer, in currency, with its 95 % interval.
    break_even : float
        Lift at which the margin pays the cost.
    detectable : float or None
        Smallest lift that the holdout can show; None without control.
    measurable : bool
        Whether the control is large enough and the assumed lift is detectable.
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
    """Work out cost, expected margin and proof of a segment's actions."""
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
    taken = min(max(base_rate + action.effect.lift_abs, 0.0), 1.0)
    return action.cost.fixed + treated * (action.cost.per_contact + taken * action.offer.cost)


def _break_even(actions: tuple[Action, ...], treated: int, base_rate: float, spend: float) -> float:
    """Find the lift that pays: the customers it adds take the offer too, so they bring less by its cost."""
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
    """Measure what the plan of a segment needs, from its customers."""
    bought = lifetime.probability_of_purchase(engine.dialect)
    given: dict[str, Any] = {"window_days": float(window_days), **lifetime.parameters(model)}
    return engine.fetch(
        f"select count(*) as customers, coalesce(avg({bought}), 0) as base_rate,"
        " coalesce(avg(expected_margin), 0) as spend"
        " from customer_segments s join customer_value v using (customer_id)"
        " where s.segmentation = :segmentation and s.segment = :segment",
        segmentation=segmentation,
        segment=segment,
        **given,
    ).iloc[0]


@value
def playbook(project: Project) -> Playbook:
    """The playbook of the project."""
    return read_playbook(project.segments.playbook_file, project.folder)
