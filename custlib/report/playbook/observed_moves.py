"""Draws the observed moves of one segment: who came from where, who stayed, and who went where, each with its cause.

All counts are to the nearest ten; moves of fewer than ten are drawn together, without a number.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from custlib.move import ledger
from custlib.move.observed import STAY
from custlib.move.paths import NOBODY, WHOLE
from custlib.report.blocks import Column, Figure, Table, Text
from custlib.report.charts import segment_flow
from custlib.report.charts.flows import End
from custlib.report.formats import MISSING, day
from custlib.report.page_limits import limit
from custlib.report.privacy import is_small, to_step
from custlib.report.texts import Texts
from custlib.segment.definitions import Definition


@dataclass(frozen=True)
class Moves:
    """The observed moves of a segment, and what is said of them.

    Attributes
    ----------
    flows : pandas.DataFrame
        Moves as returned by :func:`custlib.move.observed.observed`.
    segment : str
        The segment.
    definition : Definition
        Of its segmentation.
    names : mapping of str to str
        Names of the segments of both dates.
    since, until : datetime.date
        The two dates.
    """

    flows: pd.DataFrame
    segment: str
    definition: Definition
    names: Mapping[str, str]
    since: dt.date
    until: dt.date

    @property
    def name(self) -> str:
        """Name of the segment."""
        return self.names[self.segment]

    def counted(self, side: str) -> dict[str, int]:
        """Customers who came from (``side`` is ``from``) or went to other segments, in the order of the segments."""
        other = {"from": "to", "to": "from"}[side]
        order = ledger.matrix(self.flows.assign(cause=WHOLE), self.definition.ids).index
        own = self.flows[self.flows[f"{other}_segment"] == self.segment]
        summed = own.groupby(f"{side}_segment")["customers"].sum()
        return {str(place): int(summed[place]) for place in order if place != self.segment and place in summed.index}

    @property
    def stayed(self) -> int:
        """Customers who were and are in the segment."""
        inside = (self.flows["from_segment"] == self.segment) & (self.flows["to_segment"] == self.segment)
        return int(self.flows.loc[inside, "customers"].sum())

    @property
    def change(self) -> int:
        """Customers more than at the earlier date."""
        return sum(self.counted("from").values()) - sum(self.counted("to").values())

    def cause(self, side: str, place: str) -> str:
        """The cause of more than half of a flow; empty without one, and of those who are new or gone."""
        own = self.flows[(self.flows[f"{side}_segment"] == place) & (self.flows["cause"] != STAY)]
        other = {"from": "to", "to": "from"}[side]
        by = own[own[f"{other}_segment"] == self.segment].groupby("cause")["customers"].sum()
        return str(by.idxmax()) if place != NOBODY and by.max() > by.sum() / 2 else ""


def picture(t: Texts, moves: Moves, count: str) -> Figure | Text:
    """Show who came, stayed and went, with the largest of these flows as the title.

    Parameters
    ----------
    count : str
        Customers of the segment now, as precisely as the page shows them.
    """
    came, went = (_ends(t, moves, side) for side in ("from", "to"))
    at_start, now = moves.stayed + sum(moves.counted("to").values()), moves.stayed + sum(moves.counted("from").values())
    if is_small(now) or not now or not (came or went):
        return Text(t("moved.few" if is_small(now) or not now else "moved.none", name=moves.name))
    start = "" if is_small(at_start) else t("moved.at_start", count=to_step(at_start, t.language))
    stayed = to_step(moves.stayed, t.language)
    whole = {"from": End(moves.name, start, 0, to_step(at_start, t.language)), "to": End(moves.name, count, size=0)}
    title = _finding(t, moves)
    caption = t("moved.caption", days=(moves.until - moves.since).days)
    return segment_flow(
        whole, came, went, t("moved.stayed", count=stayed), _size(moves.stayed), title=title, caption=caption,
        description=_in_words(t, moves, came, went), order=[moves.names.get(s, s) for s in moves.definition.ids],
        heads=(day(moves.since, t.language), day(moves.until, t.language)), table=_table(t, title, stayed, came, went),
        language=t.language,
    )  # fmt: skip


def _ends(t: Texts, moves: Moves, side: str) -> list[End]:
    """List the largest flows of a side by segment, and the others together."""
    counted = moves.counted(side)
    shown = _largest(counted)
    ends = []
    for place in (one for one in counted if one in shown):
        reason = moves.cause(side, place)
        count = to_step(counted[place], t.language)
        note = t("moved.note", count=count, reason=t(f"moved.short_{reason}")) if reason else count
        name = t(f"moved.nobody_{side}") if place == NOBODY else moves.names.get(place, place)
        ends.append(End(name, note, _size(counted[place]), count))
    rest = [place for place in counted if place not in shown]
    if rest:
        few = all(is_small(counted[place]) for place in rest)
        ends.append(End(t("moved.others"), t("moved.few_each" if few else "moved.several"), limit("privacy", "smallest_count") / 2))
    return ends


def _largest(counted: Mapping[str, int]) -> set[str]:
    """Choose the flows that are named: the largest as they are shown, so that the choice tells no more than they do."""
    large = [place for place, count in counted.items() if not is_small(count)]
    return set(sorted(large, key=lambda place: -_size(counted[place]))[: limit("finding", "listed_flows")])


def _size(count: int) -> float:
    """A count to the nearest ten."""
    return float(max(round(count / 10), 1) * 10 if count else 0)


def _finding(t: Texts, moves: Moves) -> str:
    """Name the largest flow between the segment and another with its cause; that hardly anybody moved without one."""
    flows = [(side, place, count) for side in ("from", "to") for place, count in moves.counted(side).items()
             if place in _largest(moves.counted(side))]  # fmt: skip
    since = day(moves.since, t.language)
    largest = max((_size(count) for _, _, count in flows), default=0.0)
    if largest < max(_size(moves.stayed) * limit("finding", "hardly_anybody") / 100, 1):
        return t("moved.hardly", name=moves.name, since=since)
    side, place, count = next(flow for flow in flows if _size(flow[2]) == largest)
    values = {"name": moves.name, "count": to_step(count, t.language)}
    if place == NOBODY:
        return t(f"moved.most_nobody_{side}", since=since, **values)
    text = t(f"moved.most_{side}", other=moves.names.get(place, place), **values)
    cause = moves.cause(side, place)
    return t("moved.because", text=text, reason=t(f"playbook.because_{cause}")) if cause else text


def _in_words(t: Texts, moves: Moves, came: Sequence[End], went: Sequence[End]) -> str:
    listed = [t("join.semicolon").join(f"{end.name} {end.note}" for end in ends) or MISSING for ends in (came, went)]
    return t("moved.description", name=moves.name, stayed=to_step(moves.stayed, t.language), came=listed[0], went=listed[1])


def _table(t: Texts, title: str, stayed: str, came: Sequence[End], went: Sequence[End]) -> Table:
    """The same flows in rows."""
    rows = [[t("playbook.stayed"), "", stayed]]
    rows += [[t(f"playbook.{key}"), end.name, end.note] for key, ends in (("came_from", came), ("went_to", went)) for end in ends]
    columns = [Column(t("moved.column_way")), Column(t("moved.column_segment")), Column(t("moved.column_customers"))]
    return Table(title, columns, rows)
