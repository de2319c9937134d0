"""Customers beside money: two bars of 100 %, one above the other, joined by a band for each segment.

Import it from :mod:`custlib.report.charts`, which documents the choice of figure by question. Its axes are the
picture's pixels from the top left; on a phone it stands upright.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from custlib.report.blocks import Figure
from custlib.report.charts.axes import SMALL, TEXT, Painter, Plot, Words, apart, drawn, hue, text_width
from custlib.report.charts.frame_checks import Row, rows_of, table_beneath
from custlib.report.formats import share
from custlib.report.palette import segment_colour

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("customer_share", "value_share")
HEIGHTS = (228.0, 460.0)
BAR, THIN, LINE = 22.0, 1.5, 16.0
UPPER, LOWER = 74.0, 148.0
SIDE, TOP, FOOT = 118.0, 34.0, 12.0
BAND, GAP = 0.25, 4.0


@dataclass(frozen=True)
class Piece:
    """A segment's part of a bar: its name, colour, share, and where it starts and ends, from 0 to 1."""

    name: str
    colour: str
    share: float
    start: float
    end: float


def share_bands(
    frame: "pd.DataFrame", *, title: str, caption: str = "", description: str = "", x_label: str = "",
    y_label: str = "", language: str = "en", order: Sequence[str] = (),
) -> Figure:  # fmt: skip
    """Who brings the money: each ``segment``'s ``customer_share`` joined with its ``value_share`` (0 to 1), in order.

    ``y_label`` heads the customers, ``x_label`` the money; ``order`` holds all segments in the fixed order of their
    colours.

    Examples
    --------
    >>> import pandas as pd
    >>> tiers = pd.DataFrame({"segment": ["Top", "Rest"], "customer_share": [0.1, 0.9], "value_share": [0.6, 0.4]})
    >>> share_bands(tiers, title="A tenth brings most").table.rows[0]
    ('Top', '10 %', '60 %')
    """
    rows = rows_of("share_bands", frame, ["segment", *COLUMNS], COLUMNS)
    words = Words(title, caption, description, x_label, y_label, language)
    words = words.axes(words.t("chart.money"), words.t("chart.customers"))
    labels = {"segment": words.t("chart.segment"), COLUMNS[0]: words.y_label, COLUMNS[1]: words.x_label}
    every = list(order) or [str(row["segment"]) for row in rows]
    sides = [_pieces(rows, column, every) for column in COLUMNS]
    return drawn(_painter(sides, words), words, HEIGHTS, table_beneath(rows, words, labels, "share"))


def _pieces(rows: list[Row], column: str, order: Sequence[str]) -> list[Piece]:
    whole, at, pieces = sum(max(float(row[column]), 0.0) for row in rows) or 1.0, 0.0, []
    for row in rows:
        part, name = max(float(row[column]), 0.0) / whole, str(row["segment"])
        pieces.append(Piece(name, segment_colour(name, order), float(row[column]), at, at + part))
        at += part
    return pieces


def _painter(sides: Sequence[list[Piece]], words: Words) -> Painter:
    def paint(plot: Plot) -> None:
        plot.axes.set(xlim=(0, plot.width), ylim=(plot.height, 0))
        plot.axes.set_axis_off()
        (_upright if plot.narrow else _level)(plot, sides, words)

    return paint


def _level(plot: Plot, sides: Sequence[list[Piece]], words: Words) -> None:
    """Draw the customers above and the money below, the names over and under their bars."""
    for above, below in zip(*sides, strict=True):
        ends = [(p.start * plot.width, p.end * plot.width) for p in (above, below)]
        _band(plot, above.colour, (UPPER + BAR, LOWER), ends, upright=False)
    for pieces, top, heading, at in ((sides[0], UPPER, words.y_label, 8.0), (sides[1], LOWER, words.x_label, 220.0)):
        for piece in pieces:
            wide = max((piece.end - piece.start) * plot.width - 1, THIN)
            bar = plot.axes.bar(piece.start * plot.width, BAR, wide, top, align="edge", color=hue(piece.colour))[0]
            plot.tip(bar, f"{piece.name}: {share(piece.share, words.language)}")
        plot.note(heading, (0, at), size=TEXT, weight="bold")
        _names(plot, pieces, top, words)


def _names(plot: Plot, pieces: list[Piece], top: float, words: Words) -> None:
    """Write name and share of every piece that has room for it; the others are in the tooltips and in the table."""
    above = top == UPPER
    roomy = [piece for piece in pieces if _texts(piece, (piece.end - piece.start) * plot.width - GAP, words)]
    # A name reaches over pieces without one, so that it is broken only where the next name is near.
    for piece, after in zip(roomy, [*roomy[1:], None], strict=False):
        end = after.start if after else 1.0
        lines = _texts(piece, (end - piece.start) * plot.width - GAP, words)
        first = top - 10 - LINE * (len(lines) - 1) if above else top + BAR + 12
        for n, line in enumerate(lines):
            plot.note(line, (piece.start * plot.width, first + n * LINE))


def _texts(piece: Piece, room: float, words: Words) -> list[str]:
    """Write name and share of a piece in lines; nothing where they have no room."""
    percent = share(piece.share, words.language)
    lines = _wrapped(piece.name, room)
    return [*lines, percent] if lines and text_width(percent, SMALL) <= room else []


def _wrapped(name: str, room: float) -> list[str]:
    """Write a name on one line or two; nothing where it has no room."""
    words = name.split(" ")
    for n in (len(words), *range(len(words) - 1, 0, -1)):
        lines = [" ".join(part) for part in (words[:n], words[n:]) if part]
        if all(text_width(line, SMALL) <= room for line in lines):
            return lines
    return []


def _upright(plot: Plot, sides: Sequence[list[Piece]], words: Words) -> None:
    """Draw the customers left and the money right, the names outside."""
    room = plot.height - TOP - FOOT
    left, right = SIDE, plot.width - SIDE
    for before, after in zip(*sides, strict=True):
        ends = [(TOP + p.start * room, TOP + p.end * room) for p in (before, after)]
        _band(plot, before.colour, (left + BAR, right - BAR), ends, upright=True)
    for pieces, x, outer, side in ((sides[0], left, left - 6, "right"), (sides[1], right - BAR, right + 6, "left")):
        places = apart([TOP + (p.start + p.end) / 2 * room for p in pieces], 2 * LINE - 2)
        for piece, y in zip(pieces, _within(places, plot.height), strict=True):
            high = max((piece.end - piece.start) * room - 1, THIN)
            bar = plot.axes.bar(x, high, BAR, TOP + piece.start * room, align="edge", color=hue(piece.colour))[0]
            plot.tip(bar, f"{piece.name}: {share(piece.share, words.language)}")
            plot.note(piece.name, (outer, y - LINE / 2 + 1), ha=side)
            plot.note(share(piece.share, words.language), (outer, y + LINE / 2 - 1), ha=side)
    plot.note(words.y_label, (0, 8), weight="bold")
    plot.note(words.x_label, (plot.width, 8), ha="right", weight="bold")


def _within(places: list[float], height: float) -> list[float]:
    """Move all heights up where the last would fall out of the picture."""
    lowest = max(places, default=0.0) + LINE
    return [place - max(lowest - height, 0.0) for place in places]


def _band(
    plot: Plot, colour: str, between: tuple[float, float], ends: Sequence[tuple[float, float]], *, upright: bool
) -> None:
    """Fill the band from one bar to the other."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    (one, other), middle = between, sum(between) / 2
    (a0, a1), (b0, b1) = ends
    points = [(a0, one), (a0, middle), (b0, middle), (b0, other), (b1, other), (b1, middle), (a1, middle), (a1, one)]
    points = [(y, x) for x, y in points] if upright else points
    curve = [Path.CURVE4] * 3
    codes = [Path.MOVETO, *curve, Path.LINETO, *curve, Path.CLOSEPOLY]
    path = Path([*points, points[0]], codes)
    plot.axes.add_patch(PathPatch(path, facecolor=hue(colour), linewidth=0, alpha=BAND))
