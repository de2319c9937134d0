"""The picture of flows: where customers were, where they are, and how many went from one to the other.

Import it from :mod:`custlib.report.charts`, which documents the choice of figure by question. It has no values to
read off an axis, so its axes are the picture's pixels from the top left.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from custlib.errors import UsageError
from custlib.report.blocks import Figure
from custlib.report.charts.axes import SMALL, TEXT, Painter, Plot, Words, drawn, hue, one_line, text_width
from custlib.report.charts.frame_checks import Row, rows_of, table_beneath
from custlib.report.privacy import blurred

if TYPE_CHECKING:
    import pandas as pd

MOST_NODES = 6
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
