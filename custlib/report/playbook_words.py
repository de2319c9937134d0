"""Sentences of a playbook: the rule of a segment, the verdict with its money, and texts filled from the data."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from custlib.customise.plans import SegmentPlan, Total
from custlib.customise.playbook_file import Action, Words
from custlib.project import Project
from custlib.report.formats import interval, money, number, share
from custlib.report.privacy import is_small
from custlib.report.texts import Texts
from custlib.rules import load
from custlib.segment.definitions import Definition
from custlib.segment.grid import HALVES, Level

Span = tuple[Level, Level]
_MOST = 4  # blocks of cells, or conditions, that a rule is written with
_LONGEST_PRODUCT = 40


@dataclass(frozen=True)
class Filler:
    """Fills the texts of an entry: ``{target}``, ``{product}``, ``{offer}`` and ``{currency}``.

    Attributes
    ----------
    product : str
        The segment's product; a neutral word is taken where it is empty.
    """

    t: Texts
    project: Project
    planned: SegmentPlan
    product: str = ""

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
        }
        text = words.text(t.language)
        for place, value in values.items():
            text = text.replace(place, value)
        return text

    def _named(self) -> str:
        short = self.product if len(self.product) <= _LONGEST_PRODUCT else f"{self.product[:_LONGEST_PRODUCT]}…"
        return self.t("playbook.product", product=short)

    def _offer(self, action: Action | None, *, hidden: bool) -> str:
        """Write the face of an offer in money; of a small segment, whose money is not told, as a share."""
        face, usual = action.offer.face if action and action.offer else 0.0, self.planned.purchase
        if hidden:
            part = share(face / usual, self.t.language) if usual > 0 else self.t("playbook.small_part")
            return self.t("playbook.offer_part", share=part)
        return money(face, self.project.currency, self.t.language)


def verdict_word(t: Texts, planned: SegmentPlan | None) -> str:
    """Write the verdict with its sign; a dash without a plan."""
    return t(f"verdict.{planned.verdict}") if planned else "–"


def verdict(t: Texts, project: Project, planned: SegmentPlan, name: str) -> str:
    """State the verdict on a segment in one sentence with its money."""
    plan, key = planned.plan, str(planned.verdict)
    if key == "few":
        return t("verdict.few_text" if plan.customers else "verdict.empty_text", name=name)
    if planned.play.collects:
        key = "collect"
    elif key == "leave" and plan.margin > -load("verdict")["least_gain"]:
        key = "little"
    cost, gain = (money(amount, project.currency, t.language) for amount in (plan.cost, plan.margin))
    return t(f"verdict.{key}_text", name=name, cost=cost, gain=gain)


def because(t: Texts, project: Project, planned: SegmentPlan) -> str:
    """State why something is recommended: the interval of its gain, from where it pays, what is assumed."""
    plan = planned.plan
    if not planned.is_recommended or planned.play.collects:
        return ""
    is_measured = all(action.effect.source == "measured" for action in planned.play.action)
    return t(
        "verdict.because_measured" if is_measured else f"verdict.because_{planned.verdict}",
        interval=interval(plan.margin_low, plan.margin_high, t.language, project.currency),
        even=points(t, plan.break_even) if math.isfinite(plan.break_even) else t("playbook.never"),
        lift=points(t, plan.lift),
    )


def total_in_words(t: Texts, project: Project, whole: Total) -> str:
    """State what all that is recommended costs, is expected to bring, and how much of it can be shown."""
    lang, currency = t.language, project.currency
    parts = []
    if whole.recommended:
        parts.append(t(
            "verdict.total", cost=money(whole.cost, currency, lang), gain=money(whole.margin, currency, lang),
            interval=interval(whole.margin_low, whole.margin_high, lang, currency),
            provable=whole.provable, recommended=whole.recommended,
        ))  # fmt: skip
    if whole.collecting:
        parts.append(t("verdict.total_owed", cost=money(whole.owed_cost, currency, lang)))
    return t("join.dot").join(parts) or t("verdict.nothing")


def points(t: Texts, value: float) -> str:
    """Write a difference of probabilities in percentage points.

    Examples
    --------
    >>> from custlib.report.texts import texts
    >>> points(texts("en"), 0.025)
    '+2.5 points'
    """
    return f"{value * 100:+.2g} {t('unit.point')}".replace("-", "−")


def rule_of(t: Texts, definition: Definition, segment: str, currency: str) -> str:
    """Write the rule of a segment: its cells, its conditions, or its place from the top; else the version."""
    from custlib.report.pages.segment_tables import rule_in_words  # it draws, and the index of pages must not

    rule = definition.rule
    if segment in rule.get("cells", {}):
        axes = list(rule["axes"]) if "axes" in rule else ["R", "F"]
        return t("rule.or").join(_block(t, axes, spans) for spans in blocks(rule["cells"][segment])) or "–"
    if "alternatives" in rule:
        own = [rule_in_words(t, entry["all"]) for entry in rule["alternatives"] if entry["segment"] == segment]
        return t("rule.or").join(own[:_MOST]) + ("; …" if len(own) > _MOST else "")
    if segment in rule.get("classes", ()) and "floor" in rule and rule.get("cuts"):
        return _from_top(t, rule["classes"].index(segment), rule["cuts"], currency)
    return t("playbook.version", version=definition.version)


def _from_top(t: Texts, place: int, cuts: Sequence[float], currency: str) -> str:
    if place < len(cuts):
        return t("playbook.at_least", money=money(cuts[place], currency, t.language))
    return t("playbook.below", money=money(cuts[-1], currency, t.language))


def blocks(cells: Sequence[Sequence[Level]]) -> list[tuple[Span, ...]]:
    """Join cells to blocks, each with its lowest and highest level on every axis.

    Examples
    --------
    >>> blocks([[5, 4], [5, 5], [4, 4], [4, 5], [1, 1]])
    [((1, 1), (1, 1)), ((4, 5), (4, 5))]
    >>> blocks([["high", "low"]])
    [(('high', 'high'), ('low', 'low'))]
    """
    if not cells or not cells[0]:
        return [()]
    levels = sorted({cell[0] for cell in cells}, key=_rank)
    rest = {level: blocks([cell[1:] for cell in cells if cell[0] == level]) for level in levels}
    joined: list[tuple[Span, list[tuple[Span, ...]]]] = []
    for level in levels:
        if joined and joined[-1][1] == rest[level] and _rank(level) == _rank(joined[-1][0][1]) + 1:
            joined[-1] = ((joined[-1][0][0], level), rest[level])
        else:
            joined.append(((level, level), rest[level]))
    return [(span, *others) for span, own in joined for others in own]


def _rank(level: Level) -> float:
    return float(HALVES.index(level) if level in HALVES else 0) if isinstance(level, str) else float(level)


def _block(t: Texts, axes: Sequence[str], spans: Sequence[Span]) -> str:
    parts = [_span(t, axis, *span) for axis, span in zip(axes, spans, strict=True)]
    return t("join.comma").join(filter(None, parts)) or t("rule.else")


def _span(t: Texts, axis: str, low: Level, high: Level) -> str:
    """Write the levels of an axis; nothing where all are meant."""
    if isinstance(low, str) or isinstance(high, str):
        if low != high:
            return ""
        name = t.words.get(f"cube.axis_{axis}", axis)
        return f"{name} {t.words.get(f'playbook.level_{low}', str(low))}"
    if low == 1 and high == 5:
        return ""
    levels = number(low, t.language) if low == high else f"{low}–{high}"
    return f"{axis} {levels}"
