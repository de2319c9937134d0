"""The picture of flows: where customers were, where they are, and how many went from one to the other.

Import it from :mod:`custlib.report.charts`, which documents the choice of figure by question. It has no values to
read off an axis, so its axes are the picture's pixels from the top left.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from custlib.errors import UsageError
from custlib.report.blocks import Figure, Table
from custlib.report.charts.axes import SMALL, TEXT, Painter, Plot, Words, drawn, hue, one_line, text_width
from custlib.report.charts.frame_checks import Row, rows_of, table_beneath
from custlib.report.palette import segment_colour
from custlib.report.privacy import blurred

if TYPE_CHECKING:
    import pandas as pd

MOST_NODES = 6
FLOW_TOP, FLOW_BODY, FLOW_GAP, FLOW_FOOT = 26.0, 84.0, 5.0, 6.0  # of the flows of one segment
FLOW_SIDE, NARROW_SIDE = 236.0, 104.0
LINE, TWO_LINES = 17.0, 31.0  # room of a name with its note, wide and narrow
TOP, NODE, GAP, THINNEST, READABLE = 26.0, 12.0, 14.0, 1.5, 11.0
NARROW_GAP, BODY, LABEL_MOST = 24.0, 320.0, 190.0
STAYED, MOVED = ("mark", 0.3), ("accent", 0.45)


@dataclass(frozen=True)
class Side:
    """The nodes of one side from the top: how many customers each holds, and where it starts, in pixels."""

    totals: dict[str, float]
    tops: dict[str, float]

    @property
    def room(self) -> float:
        """Width of the names."""
        return min(max(text_width(name, TEXT) for name in self.totals), LABEL_MOST) + 8


def flow_picture(
    frame: "pd.DataFrame", *, title: str, caption: str = "", description: str = "", x_label: str = "",
    y_label: str = "", language: str = "en",
) -> Figure:  # fmt: skip
    """Who moved, and where to: bands from the segment ``before`` to the segment ``now``, as thick as ``customers``.

    Counts are already safe to show, rows in the order of the nodes from the top; who stayed is in it, and is light.
    ``y_label`` heads the nodes before, ``x_label`` the nodes now; a side has at most six nodes.

    Examples
    --------
    >>> import pandas as pd
    >>> moves = pd.DataFrame({"before": ["Top", "Top"], "now": ["Top", "Rest"], "customers": [80, 20]})
    >>> flow_picture(moves, title="A fifth left the top").table.rows[1]
    ('Top', 'Rest', '20')
    """
    rows = rows_of("flow_picture", frame, ["before", "now", "customers"], ["customers"])
    words = Words(title, caption, description, x_label, y_label, language)
    words = words.axes(words.t("chart.now"), words.t("chart.before"))
    labels = {"before": words.y_label, "now": words.x_label, "customers": words.t("chart.customers")}
    most = max(len({row[side] for row in rows}) for side in ("before", "now"))
    if most > MOST_NODES:
        raise UsageError(f"flow_picture: {most} nodes on one side, at most {MOST_NODES}. Add the smallest together.")
    heights = (TOP + BODY + most * GAP + 8, TOP + BODY + most * NARROW_GAP + 8)
    return drawn(_painter(rows, words), words, heights, table_beneath(rows, words, labels, "number"))


def _painter(rows: list[Row], words: Words) -> Painter:
    order = list(dict.fromkeys([str(row["before"]) for row in rows] + [str(row["now"]) for row in rows]))
    unit = BODY / (sum(float(row["customers"]) for row in rows) or 1)

    def paint(plot: Plot) -> None:
        plot.axes.set(xlim=(0, plot.width), ylim=(plot.height, 0))
        plot.axes.set_axis_off()
        gap = NARROW_GAP if plot.narrow else GAP
        before, now = (_side(rows, name, order, (unit, gap)) for name in ("before", "now"))
        left, right = (0.0, plot.width) if plot.narrow else (before.room, plot.width - now.room)
        for name, x, side in ((words.y_label, left, "left"), (words.x_label, right, "right")):
            plot.head(name, x, ha=side, weight="bold")
        _bands(plot, rows, (before, now), (left + NODE, right - NODE), unit)
        _nodes(plot, before, (left, left + NODE), unit, words.language)
        _nodes(plot, now, (right, right - NODE), unit, words.language)

    return paint


def _side(rows: list[Row], column: str, order: Sequence[str], size: tuple[float, float]) -> Side:
    """Stack the nodes of one side, each as high as its customers, with room between them."""
    unit, gap = size
    counts = {name: sum(float(row["customers"]) for row in rows if row[column] == name) for name in order}
    totals = {name: count for name, count in counts.items() if count}
    tops, y = {}, TOP
    for name, count in totals.items():
        tops[name] = y + gap
        y += gap + count * unit
    return Side(totals, tops)


def _bands(plot: Plot, rows: list[Row], sides: tuple[Side, Side], ends: tuple[float, float], unit: float) -> None:
    """Draw who stayed first, moves above them; the bands leave and reach nodes in the order of the nodes."""
    before, now = sides
    starts = _offsets(rows, before.tops, ("before", "now"), list(now.totals), unit)
    stops = _offsets(rows, now.tops, ("now", "before"), list(before.totals), unit)
    for row in sorted(rows, key=lambda row: row["before"] != row["now"]):
        key, thick = (row["before"], row["now"]), float(row["customers"]) * unit
        moved = row["before"] != row["now"]
        tip = f"{row['before']} → {row['now']}: {row['customers']:,.0f}"
        corners = (ends[0], starts[key]), (ends[1], stops[key])
        _band(plot, corners, max(thick, THINNEST), MOVED if moved else STAYED, tip)
        if moved and thick >= READABLE:
            plot.note(f"{row['customers']:,.0f}", (ends[0] + 8, starts[key] + thick / 2))


def _band(plot: Plot, corners: Sequence[tuple[float, float]], thick: float, fill: tuple[str, float], tip: str) -> None:
    """Fill a bent band between two levels; the corners are its upper ones."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    (x0, y0), (x1, y1) = corners
    middle = (x0 + x1) / 2
    upper = [(x0, y0), (middle, y0), (middle, y1), (x1, y1)]
    lower = [(x, y + thick) for x, y in reversed(upper)]
    curve = [Path.CURVE4] * 3
    path = Path([*upper, *lower, upper[0]], [Path.MOVETO, *curve, Path.LINETO, *curve, Path.CLOSEPOLY])
    plot.tip(plot.axes.add_patch(PathPatch(path, facecolor=hue(fill[0]), linewidth=0, alpha=fill[1])), tip)


def _offsets(
    rows: list[Row], tops: dict[str, float], sides: tuple[str, str], order: Sequence[str], unit: float
) -> dict[tuple[str, str], float]:
    """Say at which height each band leaves (or reaches) its node."""
    own, other = sides
    free, offsets = dict(tops), {}
    for row in sorted(rows, key=lambda row: order.index(row[other])):
        offsets[row["before"], row["now"]] = free[row[own]]
        free[row[own]] += float(row["customers"]) * unit
    return offsets


def _nodes(plot: Plot, side: Side, ends: tuple[float, float], unit: float, language: str) -> None:
    """Draw the bars of one side with their names: beside them, and on a phone above."""
    outer, inner = ends
    outward, inward = ("right", "left") if outer < inner else ("left", "right")
    heights = [max(count * unit, THINNEST) for count in side.totals.values()]
    bars = plot.axes.bar(sum(ends) / 2, heights, NODE, list(side.tops.values()), color=hue("ink"))
    for bar, (name, count), high in zip(bars, side.totals.items(), heights, strict=True):
        plot.tip(bar, f"{name}: {blurred(count, language)}")
        if plot.narrow:
            text = one_line(name, plot.width / 2 - 8, SMALL)
            plot.note(text, (outer, side.tops[name]), (0, 9), ha=inward)
        else:
            at, by = (outer, side.tops[name] + high / 2), (-8 if outward == "right" else 8, 0)
            plot.note(one_line(name, LABEL_MOST, TEXT), at, by, ha=outward, size=TEXT)


@dataclass(frozen=True)
class End:
    """A node of the flows of one segment: its name, what is written under it, and customers to the nearest ten.

    ``brief`` is written in place of the note on a phone.
    """

    name: str
    note: str
    size: float
    brief: str = ""


Laid = tuple[End, float, float]  # a node with its top and its height, in pixels
Sides = Mapping[str, list[Laid]]


@dataclass(frozen=True)
class SegmentFlow:
    """The flows of one segment; its methods paint them.

    Attributes
    ----------
    whole : mapping of str to End
        The segment at both dates, ``from`` and ``to``.
    came, went : tuple of End
        The nodes of the other segments at each date, in their order.
    stayed : str
        What is written on the band of those who stayed.
    size : float
        How many stayed.
    order : tuple of str
        Names of all segments, which gives their colours.
    heads : tuple of str
        What heads the two sides.
    """

    whole: Mapping[str, End]
    came: tuple[End, ...]
    went: tuple[End, ...]
    stayed: str
    size: float
    order: tuple[str, ...] = ()
    heads: tuple[str, str] = ("", "")

    def paint(self, plot: Plot) -> None:
        """Draw bands, nodes and names; pixels from the top left are the axes."""
        plot.axes.set(xlim=(0, plot.width), ylim=(plot.height, 0))
        plot.axes.set_axis_off()
        room = NARROW_SIDE if plot.narrow else FLOW_SIDE
        edges, sides = (room, plot.width - room), self._laid(TWO_LINES if plot.narrow else LINE)
        self._bands(plot, sides, (edges[0] + NODE, edges[1] - NODE))
        for side, edge, away in (("from", edges[0], -1), ("to", edges[1], 1)):
            self._nodes(plot, sides[side], edge, away)
            plot.head(self.heads[away > 0], edge, ha="right" if away < 0 else "left")

    @property
    def unit(self) -> float:
        """Pixels of a customer, the same on both sides."""
        return FLOW_BODY / max(self.size + sum(end.size for end in (*self.came, *self.went)), 1.0)

    def depth(self, line: float) -> float:
        """Pixels that the nodes of the longer side take, each at least as high as its name."""
        return max(sum(max(high, line) + FLOW_GAP for _, _, high in laid) for laid in self._laid(line).values())

    def _laid(self, line: float) -> dict[str, list[Laid]]:
        """Stack the nodes of both sides, each with its top and its height, and room for its name."""
        return {side: self._stacked(side, line) for side in ("from", "to")}

    def _stacked(self, side: str, line: float) -> list[Laid]:
        """Stack the nodes of a side; the segment is where its order puts it, with those who left or came to it."""
        own, others = (self.came, self.went) if side == "from" else (self.went, self.came)
        place = self._place(self.whole[side].name)
        above = [end for end in own if self._place(end.name) < place]
        segment = replace(self.whole[side], size=self.size + sum(end.size for end in others))
        laid, y = [], FLOW_TOP
        for end in (*above, segment, *(end for end in own if end not in above)):
            high = max(end.size * self.unit, THINNEST)
            laid.append((end, y + max(line - high, 0) / 2, high))
            y += max(high, line) + FLOW_GAP
        return laid

    def _place(self, name: str) -> int:
        return self.order.index(name) if name in self.order else len(self.order)

    def _bands(self, plot: Plot, sides: Sides, ends: tuple[float, float]) -> None:
        """Draw who came and went, and who stayed; flows of nodes above the segment meet it above those who stayed."""
        name = self.whole["from"].name
        free = {side: next(top for end, top, _ in laid if end.name == name) for side, laid in sides.items()}
        self._flows(plot, sides, ends, free, is_above=True)
        thick = max(self.size * self.unit, THINNEST)
        _band(plot, ((ends[0], free["from"]), (ends[1], free["to"])), thick, STAYED, self.stayed)
        at = sum(ends) / 2, (free["from"] + free["to"]) / 2 + thick / 2
        plot.note(self.stayed, at, ha="center", weight="bold")
        free.update({side: y + thick for side, y in free.items()})
        self._flows(plot, sides, ends, free, is_above=False)

    def _flows(
        self, plot: Plot, sides: Sides, ends: tuple[float, float], free: dict[str, float], *, is_above: bool
    ) -> None:
        """Draw the bands of nodes above the segment, or below it; ``free`` is where the next one meets it."""
        place = self._place(self.whole["from"].name)
        for side, other in (("to", "from"), ("from", "to")):
            for end, top, high in sides[side]:
                at = self._place(end.name)
                if at == place or (at < place) != is_above:
                    continue
                heights = (free[other], top) if side == "to" else (top, free[other])
                corners = (ends[0], heights[0]), (ends[1], heights[1])
                _band(plot, corners, high, (self._hue(end.name), MOVED[1]), f"{end.name}: {end.note}")
                free[other] += high

    def _nodes(self, plot: Plot, laid: Sequence[Laid], edge: float, away: int) -> None:
        """Draw the bars of a side with their names and notes beside them, apart from each other."""
        for end, top, high in laid:
            (bar,) = plot.axes.bar(edge - away * NODE / 2, high, NODE, top, color=hue(self._hue(end.name)))
            plot.tip(bar, f"{end.name}: {end.note}")
            style: dict[str, Any] = {"ha": "left" if away > 0 else "right"}
            style["weight"] = "bold" if end.name == self.whole["from"].name else "normal"
            room = (plot.width - edge if away > 0 else edge) - 8
            for text, up in self._lines(end, plot):
                plot.note(one_line(text, room, SMALL), (edge, top + high / 2), (8 * away, up), **style)

    def _lines(self, end: End, plot: Plot) -> list[tuple[str, float]]:
        """Write a node's name with its note on one line, or on a phone on two, each so many pixels up."""
        if not plot.narrow:
            return [(f"{end.name}  {end.note}".strip(), 0)]
        note = end.brief or end.note
        return [(end.name, 7), (note, -7)] if note else [(end.name, 0)]

    def _hue(self, name: str) -> str:
        return segment_colour(name, self.order) if name in self.order else "mark"


def segment_flow(
    flow: SegmentFlow, *, title: str, table: Table, caption: str = "", description: str = "", language: str = "en"
) -> Figure:
    """Who came to one segment, who stayed in it and who went: bands as thick as customers, safe to show.

    Examples
    --------
    >>> from custlib.report.blocks import Column
    >>> whole = {"from": End("Top", "90 at the start", 0), "to": End("Top", "100", 0)}
    >>> flow = SegmentFlow(whole, (End("New", "20", 20),), (End("Rest", "10", 10),), "80 stayed", 80)
    >>> figure = segment_flow(flow, title="A fifth came", table=Table("Flows", [Column("Segment")], [["New"]]))
    >>> figure.svg.count("80 stayed")
    2
    """
    words = Words(title, caption, description, language=language)
    heights = [FLOW_TOP + flow.depth(room) + FLOW_FOOT for room in (LINE, TWO_LINES)]
    return drawn(flow.paint, words, (heights[0], heights[1]), table)
