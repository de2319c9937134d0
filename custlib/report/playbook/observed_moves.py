"""Draws the observed moves of one segment: who came from where, who stayed, and who went where, each with its cause.

All counts are rounded, to the ten or as widely as the transition matrix of the segmentation needs, so that they tell no
more than it does; moves of fewer than ten are drawn together, without a number.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from custlib.move import ledger
from custlib.move.observed import STAY, main_cause
from custlib.move.paths import NOBODY, WHOLE
from custlib.report.blocks import Column, Figure, Table, Text
from custlib.report.charts import segment_flow
from custlib.report.charts.flows import End, SegmentFlow
from custlib.report.formats import MISSING, day
from custlib.report.page_limits import limit
from custlib.report.privacy import STEPS, UNTOLD, coarser, is_small, rounded, step_across, to_step
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

    @cached_property
    def matrix(self) -> pd.DataFrame:
        """The transition matrix of the segmentation."""
        return ledger.matrix(self.flows.assign(cause=WHOLE), self.definition.ids)

    @cached_property
    def step(self) -> int:
        """What counts are rounded to, so that no sum of the matrix tells a small one."""
        return coarser(step_across(self.matrix.to_numpy().tolist()), STEPS[0])

    def rounded(self, count: int) -> float:
        """Round a count, but not to zero."""
        return float(rounded(count, self.step) or (limit("privacy", "smallest_count") / 2 if count else 0))

    def written(self, t: Texts, count: int) -> str:
        """Write a count, rounded."""
        return to_step(count, t.language, self.step)

    def counted(self, side: str) -> dict[str, int]:
        """Customers who came from (``side`` is ``from``) or went to other segments, in the order of the segments."""
        other = {"from": "to", "to": "from"}[side]
        own = self.flows[self.flows[f"{other}_segment"] == self.segment]
        summed = own.groupby(f"{side}_segment")["customers"].sum()
        return {
            str(place): int(summed[place])
            for place in self.matrix.index
            if place != self.segment and place in summed.index
        }

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
        other = {"from": "to", "to": "from"}[side]
        is_own = (self.flows[f"{side}_segment"] == place) & (self.flows[f"{other}_segment"] == self.segment)
        return "" if place == NOBODY else main_cause(self.flows[is_own & (self.flows["cause"] != STAY)])


def picture(t: Texts, moves: Moves, count: str) -> Figure | Text:
    """Show who came, stayed and went, with the largest of these flows as the title.

    Parameters
    ----------
    count : str
        Customers of the segment now, as precisely as the page shows them.
    """
    came, went = (_ends(t, moves, side) for side in ("from", "to"))
    at_start, now = moves.stayed + sum(moves.counted("to").values()), moves.stayed + sum(moves.counted("from").values())
    few = is_small(now) or not now or moves.step == UNTOLD
    if few or not (came or went):
        return Text(t("moved.few" if few else "moved.none", name=moves.name))
    start = "" if is_small(at_start) else t("moved.at_start", count=moves.written(t, at_start))
    stayed = moves.written(t, moves.stayed)
    whole = {"from": End(moves.name, start, 0, moves.written(t, at_start)), "to": End(moves.name, count, size=0)}
    title = _finding(t, moves)
    caption = t("moved.caption", days=(moves.until - moves.since).days, step=moves.step)
    order, heads = [moves.names.get(s, s) for s in moves.definition.ids], (moves.since, moves.until)
    flow = SegmentFlow(
        whole, tuple(came), tuple(went), t("moved.stayed", count=stayed), moves.rounded(moves.stayed), tuple(order),
        (day(heads[0], t.language), day(heads[1], t.language)),
    )  # fmt: skip
    return segment_flow(
        flow, title=title, caption=caption, description=_in_words(t, moves, came, went),
        table=_table(t, title, stayed, came, went), language=t.language,
    )  # fmt: skip


def _ends(t: Texts, moves: Moves, side: str) -> list[End]:
    """List the largest flows of a side by segment, and the others together."""
    counted = moves.counted(side)
    shown = _largest(moves, counted)
    ends = []
    for place in (one for one in counted if one in shown):
        reason = moves.cause(side, place)
        count = moves.written(t, counted[place])
        note = t("moved.note", count=count, reason=t(f"moved.short_{reason}")) if reason else count
        name = t(f"moved.nobody_{side}") if place == NOBODY else moves.names.get(place, place)
        ends.append(End(name, note, moves.rounded(counted[place]), count))
    rest = [place for place in counted if place not in shown]
    if rest:
        few = all(is_small(counted[place]) for place in rest)
        ends.append(
            End(
                t("moved.others"),
                t("moved.few_each" if few else "moved.several"),
                limit("privacy", "smallest_count") / 2,
            )
        )
    return ends


def _largest(moves: Moves, counted: Mapping[str, int]) -> set[str]:
    """Choose the flows that are named: the largest as they are shown, so that the choice tells no more than they do."""
    large = [place for place, count in counted.items() if not is_small(count)]
    return set(sorted(large, key=lambda place: -moves.rounded(counted[place]))[: limit("finding", "listed_flows")])


def _finding(t: Texts, moves: Moves) -> str:
    """Name the largest flow between the segment and another with its cause; that hardly anybody moved without one."""
    flows = [(side, place, count) for side in ("from", "to") for place, count in moves.counted(side).items()
             if place in _largest(moves, moves.counted(side))]  # fmt: skip
    since = day(moves.since, t.language)
    largest = max((moves.rounded(count) for _, _, count in flows), default=0.0)
    if largest < max(moves.rounded(moves.stayed) * limit("finding", "hardly_anybody") / 100, 1):
        return t("moved.hardly", name=moves.name, since=since)
    side, place, count = next(flow for flow in flows if moves.rounded(flow[2]) == largest)
    values = {"name": moves.name, "count": moves.written(t, count)}
    if place == NOBODY:
        return t(f"moved.most_nobody_{side}", since=since, **values)
    text = t(f"moved.most_{side}", other=moves.names.get(place, place), **values)
    cause = moves.cause(side, place)
    return t("moved.because", text=text, reason=t(f"playbook.because_{cause}")) if cause else text


def _in_words(t: Texts, moves: Moves, came: Sequence[End], went: Sequence[End]) -> str:
    listed = [t("join.semicolon").join(f"{end.name} {end.note}" for end in ends) or MISSING for ends in (came, went)]
    return t(
        "moved.description", name=moves.name, stayed=moves.written(t, moves.stayed), came=listed[0], went=listed[1]
    )


def _table(t: Texts, title: str, stayed: str, came: Sequence[End], went: Sequence[End]) -> Table:
    """The same flows in rows."""
    rows = [[t("playbook.stayed"), "", stayed]]
    rows += [
        [t(f"playbook.{key}"), end.name, end.note]
        for key, ends in (("came_from", came), ("went_to", went))
        for end in ends
    ]
    columns = [Column(t("moved.column_way")), Column(t("moved.column_segment")), Column(t("moved.column_customers"))]
    return Table(title, columns, rows)
