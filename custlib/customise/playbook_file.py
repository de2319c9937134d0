"""The schema of a playbook file: a head, and one entry per segment with its actions and its control group."""

from typing import Any, Literal

from pydantic import ConfigDict, Field, model_validator

from custlib.errors import UsageError, hint
from custlib.rules.schema import Exact

PURCHASE = "purchase"


class _Strict(Exact):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Words(_Strict):
    """A text in each language.

    Attributes
    ----------
    en : str
        The text in English.
    zh : str
        The text in Chinese.
    """

    en: str = Field(min_length=1)
    zh: str = Field(min_length=1)

    def text(self, language: str) -> str:
        """Return the text in a language."""
        return self.zh if language == "zh" else self.en


class Offer(_Strict):
    """An offer: face value, cost when redeemed, and the minimum margin.

    Attributes
    ----------
    kind : Words
        What is offered; ``{offer}`` is filled in with its face in money.
    unit : {"currency", "purchase"}
        What face and cost are stated in: the currency of the playbook, or shares of the segment's usual purchase.
    face : float
        What the customer sees of it.
    cost : float
        What it costs when it is redeemed.
    min_margin : float
        Share of revenue that must be left.
    """

    kind: Words
    unit: Literal["currency", "purchase"] = "currency"
    face: float = Field(ge=0)
    cost: float = Field(ge=0)
    min_margin: float = Field(ge=0, le=1)


class Cost(_Strict):
    """Cost of an action, independent of purchases.

    Attributes
    ----------
    fixed : float
        Once, however many are contacted.
    contacts : int
        Contacts of a customer; each costs what its channel costs, where ``per_contact`` is not given.
    per_contact : float, optional
        For each customer who is contacted, all contacts together.
    """

    fixed: float = Field(0.0, ge=0)
    contacts: int = Field(1, ge=0)
    per_contact: float | None = Field(None, ge=0)

    @property
    def states_money(self) -> bool:
        """Whether it is stated in a currency."""
        return bool(self.fixed) or self.per_contact is not None


class Effect(_Strict):
    """Assumed effect: absolute lift of the purchase probability, its standard deviation and its source.

    Attributes
    ----------
    metric : {"purchase", "payment"}
        What is measured: whether a customer buys in the window, or what comes in of money owed, which no lift tells.
    lift_abs : float
        Share of customers who buy because of the action.
    sd : float
        Its standard deviation.
    source : {"guess", "prior", "measured"}
        Where the number comes from.
    """

    metric: Literal["purchase", "payment"] = "purchase"
    lift_abs: float = Field(ge=-1, le=1)
    sd: float = Field(ge=0)
    source: Literal["guess", "prior", "measured"]


class Eligible(_Strict):
    """Customers of the segment to exclude.

    Attributes
    ----------
    exclude : tuple of str
        Which customers of the segment are left out, in words.
    """

    exclude: tuple[str, ...] = ()


class Action(_Strict):
    """One action for a segment.

    Attributes
    ----------
    id : str
        Its name.
    what : Words
        What is done.
    act : Words, optional
        The same in a few words, for a headline, with ``{whom}``; if left out, what its channel does.
    channel : str
        How customers are reached: a channel of ``custlib/rules/channels.toml``.
    tier : str
        How much service it is, such as A, B or C.
    cadence : Words
        How often.
    max_contacts_30d : int
        Most contacts of a customer within thirty days.
    offer : Offer, optional
        What is offered.
    cost : Cost
        What it costs.
    effect : Effect
        What it is assumed to bring.
    eligible : Eligible
        Who is left out.
    """

    id: str
    what: Words
    act: Words | None = None
    channel: str
    tier: str
    cadence: Words
    max_contacts_30d: int = Field(1, ge=1)
    offer: Offer | None = None
    cost: Cost = Cost()
    effect: Effect
    eligible: Eligible = Eligible()

    @property
    def states_money(self) -> bool:
        """Whether it states money in a currency."""
        offer = self.offer is not None and self.offer.unit != PURCHASE and (self.offer.face > 0 or self.offer.cost > 0)
        return offer or self.cost.states_money


class Holdout(_Strict):
    """Randomised control group by which the effect is measured.

    Attributes
    ----------
    share : float
        Share of the segment that is left alone.
    min_control : int
        Least customers of the control group.
    metric : {"purchase"}
        What is measured.
    window_days : int
        Length of the measurement.
    alpha : float
        Probability of finding an effect that is not there.
    power : float
        Probability of finding an effect that is there.
    seed : str
        Text that decides who is in the control group.
    """

    share: float = Field(gt=0, lt=1)
    min_control: int = Field(ge=1)
    metric: Literal["purchase"] = "purchase"
    window_days: int = Field(ge=1)
    alpha: float = Field(gt=0, lt=1)
    power: float = Field(gt=0, lt=1)
    seed: str


class Export(_Strict):
    """Format of the audience list, written only on request.

    Attributes
    ----------
    columns : tuple of str
        Columns of the list.
    format : {"csv", "parquet"}
        How it is written.
    """

    columns: tuple[str, ...]
    format: Literal["csv", "parquet"] = "csv"


class SegmentPlay(_Strict):
    """Actions for one segment, with owner and due date.

    Attributes
    ----------
    id : str
        The segment.
    priority : int
        Its place among the playbooks.
    definition : Words
        Who is in it.
    objective : {"retain", "grow", "convert", "reactivate", "harvest", "exit"}
        What is wanted.
    goal : Words
        The goal in a sentence; ``{target}`` is filled in.
    why : Words
        Why it is worth it.
    do_not : Words
        What must not be done.
    owner : Words
        Who answers for it.
    due_days : int
        Until when it must have begun.
    action : tuple of Action
        One to three tables ``[[segment.action]]``.
    holdout : Holdout
        The control group.
    export : Export
        The list of who is contacted.
    """

    id: str
    priority: int = Field(ge=1)
    definition: Words
    objective: Literal["retain", "grow", "convert", "reactivate", "harvest", "exit"]
    goal: Words
    why: Words
    do_not: Words
    owner: Words
    due_days: int = Field(ge=1)
    action: tuple[Action, ...] = Field(min_length=1, max_length=3)
    holdout: Holdout
    export: Export

    @property
    def collects(self) -> bool:
        """Whether its actions collect money owed, instead of winning purchases."""
        return all(one.effect.metric == "payment" for one in self.action)

    @model_validator(mode="after")
    def _collect_or_sell(self) -> "SegmentPlay":
        if len({one.effect.metric for one in self.action}) > 1:
            raise ValueError("action: one collects money owed, another wins purchases. Give all the same effect.metric")
        return self

    @property
    def texts(self) -> list[Words]:
        """All texts of the entry."""
        own = [text for a in self.action for text in (a.what, a.cadence, a.act, a.offer and a.offer.kind) if text]
        return [self.definition, self.goal, self.why, self.do_not, self.owner, *own]


class Head(_Strict):
    """What a playbook is for: a segmentation, a map (or file of rules), or both; currency, trade, how long it is valid.

    Attributes
    ----------
    id : str
        Name of the playbook.
    segmentation : str
        The segmentation that its segments are of; empty for every one that has the map.
    map : str
        The map or file of rules that its segments are of.
    currency : str
        Currency of its amounts, an ISO code; empty for a playbook that states no money.
    trade : str
        The trade that it is written for, which must be that of the project; empty for any.
    valid_days : int
        How long it holds after the day of the analysis.
    source : str
        Where it comes from.
    as_of : datetime.date
        The day it was written down.
    """

    id: str
    segmentation: str = ""
    map: str = ""
    currency: str = Field("", pattern=r"^([A-Z]{3})?$")
    trade: str = ""
    valid_days: int = Field(ge=1)
    source: str
    as_of: Any

    @model_validator(mode="after")
    def _name_one(self) -> "Head":
        if not self.segmentation and not self.map:
            raise ValueError("segmentation or map is required: what the playbook is for")
        return self


class Playbook(_Strict):
    """A playbook: a head and one entry per segment.

    Attributes
    ----------
    playbook : Head
        The table ``[playbook]``.
    segment : tuple of SegmentPlay
        A table ``[[segment]]`` each.
    """

    playbook: Head
    segment: tuple[SegmentPlay, ...]

    @model_validator(mode="after")
    def _state_the_currency(self) -> "Playbook":
        if self.playbook.currency:
            return self
        for entry in self.segment:
            for action in entry.action:
                if action.states_money:
                    raise ValueError(
                        f"segment {entry.id}, action {action.id}: states money, and the playbook has no currency. "
                        'Give [playbook] currency, or state offers with unit = "purchase" and cost in contacts'
                    )
        return self

    def play(self, segment: str) -> SegmentPlay:
        """Return the entry of a segment."""
        if entries := [entry for entry in self.segment if entry.id == segment]:
            return entries[0]
        suggestion = hint(segment, [entry.id for entry in self.segment])
        raise UsageError(f"playbook {self.playbook.id}: no entry for segment {segment}. {suggestion}")

    def has(self, segment: str) -> bool:
        """Whether a segment has an entry."""
        return any(entry.id == segment for entry in self.segment)

    def asks_for(self, placeholder: str) -> bool:
        """Whether any text has a placeholder, for instance ``{product}``."""
        return any(placeholder in word.en + word.zh for entry in self.segment for word in entry.texts)
