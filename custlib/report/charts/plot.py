"""The plane a line chart is drawn on: its box within the sheet, its axes, and labels at line ends."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from custlib.report.charts.drawing import SMALL, Key, Point, Scale, Sheet, Words

TICK_ROOM, LINE = 42, 18


@dataclass(frozen=True)
class Plane:
    """A box in the sheet with a scale in each direction."""

    x: Scale
    y: Scale

    def at(self, x: float, y: float) -> Point:
        """Place a point given in values."""
        return self.x(x), self.y(y)

    def points(self, pairs: Sequence[Point]) -> list[Point]:
        """Place many points."""
        return [self.at(x, y) for x, y in pairs]


@dataclass(frozen=True)
class Reach:
    """The values a plane spans, and the room at its right for labels."""

    x: tuple[float, float]
    y: tuple[float, float]
    room: float = 12
    left: float = 52


def plane_on(
    sheet: Sheet,
    words: Words,
    reach: Reach,
    form: Callable[[float], str],
    keys: Sequence[Key] = (),
) -> Plane:
    """Draw key, level lines and names of the axes, and return the plane.

    Parameters
    ----------
    sheet : Sheet
        To draw on.
    words : Words
        Names of the axes.
    reach : Reach
        What the plane spans.
    form : callable
        Writes the values at the left.
    keys : sequence of (colour, words, shape)
        Printed above, where labels at the marks would not do.

    Returns
    -------
    Plane
        For the marks.

    Examples
    --------
    >>> from custlib.report.blocks import Column, Table
    >>> from custlib.report.charts.drawing import drawn
    >>> def paint(sheet):
    ...     plane = plane_on(sheet, words, Reach((0, 1), (0, 10)), str)
    ...     sheet.line(plane.points([(0, 0), (1, 10)]), "accent")
    >>> words = Words("A line", x_label="x", y_label="y")
    >>> drawn(paint, words, (100, 100), Table("Numbers", [Column("x")], [["1"]])).svg.count("<path")
    6
    """
    top = sheet.key(keys, 8) if keys else 4.0
    sheet.text((0, top + 6), words.y_label, "muted")
    bottom = sheet.height - TICK_ROOM
    plane = Plane(Scale(*reach.x, reach.left, sheet.width - reach.room), Scale(*reach.y, bottom, top + LINE + 12))
    sheet.y_axis(plane.y, reach.left, sheet.width - reach.room, form)
    sheet.text((reach.left, sheet.height - 8), words.x_label, "muted")
    return plane


def apart(places: Sequence[float], least: float = SMALL + 4) -> list[float]:
    """Move heights apart so that labels do not touch, as little as may be, keeping their order.

    Parameters
    ----------
    places : sequence of float
        Wanted heights in pixels.
    least : float
        Least distance.

    Returns
    -------
    list of float
        Heights at least so far apart, in the given order.

    Examples
    --------
    >>> apart([50, 52, 90], 16)
    [43.0, 59.0, 90.0]
    """
    order = sorted(range(len(places)), key=lambda n: places[n])
    moved = [float(place) for place in places]
    for _ in range(len(places) * 8):
        for above, below in pairwise(order):
            lack = least - (moved[below] - moved[above])
            if lack > 1e-9:
                moved[above] -= lack / 2
                moved[below] += lack / 2
    return moved
