"""Writes the rule of a segment in words: its cells as blocks, its conditions, or its place from the top."""

from collections.abc import Sequence

from custlib.report.formats import money, number
from custlib.report.texts import Texts
from custlib.segment.definitions import Definition
from custlib.segment.grid import HALVES, Level

Span = tuple[Level, Level]
_MOST = 4  # blocks of cells, or conditions, that a rule is written with


def rule_of(t: Texts, definition: Definition, segment: str, currency: str, money_kind: str) -> str:
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
        return _from_top(t, rule["classes"].index(segment), rule["cuts"], currency, t(f"money.{money_kind}"))
    return t("playbook.version", version=definition.version)


def _from_top(t: Texts, place: int, cuts: Sequence[float], currency: str, kind: str) -> str:
    if place < len(cuts):
        return t("playbook.at_least", kind=kind, money=money(cuts[place], currency, t.language))
    return t("playbook.below", kind=kind, money=money(cuts[-1], currency, t.language))


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
