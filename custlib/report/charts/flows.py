"""The picture of flows: where customers were, where they are, and how many went from one to the other.

Import it from :mod:`custlib.report.charts`, which documents the choice of figure by question.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from custlib.errors import UsageError
from custlib.report.blocks import Figure
from custlib.report.charts.bars import table_beneath
from custlib.report.charts.drawing import SMALL, TEXT, Painter, Sheet, Words, drawn, text_width
from custlib.report.charts.frame_checks import Row, one_line, rows_of
from custlib.report.privacy import blurred

if TYPE_CHECKING:
    import pandas as pd

MOST_NODES = 6
TOP, NODE, GAP, THINNEST, READABLE = 26.0, 12.0, 14.0, 1.5, 11.0
NARROW_GAP, BODY, LABEL_MOST = 24.0, 320.0, 190.0
STAYED, MOVED = ("mark", 0.3), ("accent", 0.45)
Places = dict[str, float]


@dataclass(frozen=True)
class Side:
    """The nodes of one side from the top: their names, how many customers each holds, and where its bar starts."""

    names: Sequence[str]
    totals: dict[str, float]
    tops: Places


def flow_picture(
    frame: "pd.DataFrame", *, title: str, caption: str = "", description: str = "", x_label: str = "",
    y_label: str = "", language: str = "en",
) -> Figure:  # fmt: skip
    """Who moved, and where to: bands from the segment before to the segment now, as thick as they are many.

    Parameters
    ----------
    frame : pandas.DataFrame
        ``before``, ``now`` and ``customers`` (already safe to show), in the order of the nodes from the top; who
        stayed is in it. Moves are dark, who stayed is light.
    title, caption, description, x_label, y_label, language : str
        Words; ``y_label`` heads the nodes before, ``x_label`` the nodes now.

    Returns
    -------
    Figure
        With its table.

    Raises
    ------
    UsageError
        If a column is missing or holds no numbers, or a side has more than six nodes.

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
    order = list(dict.fromkeys([str(row["before"]) for row in rows] + [str(row["now"]) for row in rows]))
    most = max(len({row[side] for row in rows}) for side in ("before", "now"))
    if most > MOST_NODES:
        raise UsageError(f"flow_picture: {most} nodes on one side, at most {MOST_NODES}. Add the smallest together.")
    heights = tuple(TOP + BODY + most * gap + 8 for gap in (GAP, NARROW_GAP))
    table = table_beneath(rows, words, labels, "number")
    return drawn(_painter(rows, order, words), words, (heights[0], heights[1]), table)


def _painter(rows: list[Row], order: Sequence[str], words: Words) -> Painter:
    def paint(sheet: Sheet) -> None:
        gap = NARROW_GAP if sheet.narrow else GAP
        unit = BODY / (sum(float(row["customers"]) for row in rows) or 1)
        before, now = (_side(rows, name, order, (unit, gap)) for name in ("before", "now"))
        left = 0.0 if sheet.narrow else _room(before.names)
        right = sheet.width - (0.0 if sheet.narrow else _room(now.names))
        for name, x, side in ((words.y_label, left, "left"), (words.x_label, right, "right")):
            sheet.text((x, 8), name, "muted", side=side, bold=True)
        _bands(sheet, rows, (before, now), (left + NODE, right - NODE), unit)
        _nodes(sheet, before, (left, left + NODE), unit, words.language)
        _nodes(sheet, now, (right, right - NODE), unit, words.language)

    return paint


def _room(names: Sequence[str]) -> float:
    return min(max(text_width(name, TEXT) for name in names), LABEL_MOST) + 8


def _side(rows: list[Row], column: str, order: Sequence[str], size: tuple[float, float]) -> Side:
    """Stack the nodes of one side, each as high as its customers, with room between them."""
    unit, gap = size
    totals = {name: sum(float(row["customers"]) for row in rows if row[column] == name) for name in order}
    names = [name for name in order if totals[name]]
    tops, y = {}, TOP
    for name in names:
        y += gap
        tops[name] = y
        y += totals[name] * unit
    return Side(names, totals, tops)


def _bands(sheet: Sheet, rows: list[Row], sides: tuple[Side, Side], ends: tuple[float, float], unit: float) -> None:
    """Draw who stayed first, moves above them; the bands leave and reach nodes in the order of the nodes."""
    before, now = sides
    starts = _offsets(rows, before.tops, ("before", "now"), now.names, unit)
    stops = _offsets(rows, now.tops, ("now", "before"), before.names, unit)
    for row in sorted(rows, key=lambda row: row["before"] != row["now"]):
        key, thick = (row["before"], row["now"]), float(row["customers"]) * unit
        moved = row["before"] != row["now"]
        tip = f"{row['before']} → {row['now']}: {row['customers']:,.0f}"
        places = (ends[0], starts[key]), (ends[1], stops[key])
        sheet.band(*places, max(thick, THINNEST), MOVED if moved else STAYED, tip)
    for row in rows:
        key, thick = (row["before"], row["now"]), float(row["customers"]) * unit
        if row["before"] != row["now"] and thick >= READABLE:
            sheet.text((ends[0] + 8, starts[key] + thick / 2), f"{row['customers']:,.0f}", size=SMALL)


def _offsets(
    rows: list[Row], tops: Places, sides: tuple[str, str], order: Sequence[str], unit: float
) -> dict[tuple[str, str], float]:
    """Say at which height each band leaves (or reaches) its node."""
    own, other = sides
    free, found = dict(tops), {}
    for row in sorted(rows, key=lambda row: order.index(row[other])):
        found[row["before"], row["now"]] = free[row[own]]
        free[row[own]] += float(row["customers"]) * unit
    return found


def _nodes(sheet: Sheet, side: Side, ends: tuple[float, float], unit: float, language: str) -> None:
    """Draw the bars of one side with their names: beside them, and on a phone above."""
    outer, inner = ends
    is_left = outer < inner
    for name in side.names:
        top, high = side.tops[name], max(side.totals[name] * unit, THINNEST)
        tip = f"{name}: {blurred(side.totals[name], language)}"
        sheet.rect((min(ends), top), (max(ends), top + high), "ink", tip)
        if sheet.narrow:
            words = one_line(name, sheet.width / 2 - 8, SMALL)
            sheet.text((outer, top - 9), words, side="left" if is_left else "right", size=SMALL)
        else:
            words = one_line(name, LABEL_MOST, TEXT)
            at = (outer + (-8 if is_left else 8), top + high / 2)
            sheet.text(at, words, side="right" if is_left else "left", size=TEXT)
