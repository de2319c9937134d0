"""A sheet to draw on, in pixels from the top left, written by matplotlib as SVG.

Every picture is drawn twice, wide for a desk and narrow for a phone, so that text is readable on both.
Nothing global is changed: no pyplot, settings only inside ``rc_context``, equal input gives equal bytes.
"""

import hashlib
import io
import unicodedata
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from custlib.errors import UsageError
from custlib.report.blocks import Figure, Table
from custlib.report.page_limits import limit
from custlib.report.palette import colours, names_of_colours
from custlib.report.svg import Wording, themed_svg
from custlib.report.texts import Texts, texts

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDE, NARROW = 720, 358
TEXT, SMALL = 13, 12
DOTS_PER_INCH = 72
ABOVE = 1_000_000
Point = tuple[float, float]
Key = tuple[str, str, str]
Painter = Callable[["Sheet"], None]
_SETTINGS: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "custlib",
    "text.parse_math": False,
    "path.simplify": False,
}


@dataclass(frozen=True)
class Words:
    """What a chart says: the finding, what to see, what it shows to those who cannot see it, its axes."""

    title: str
    caption: str = ""
    description: str = ""
    x_label: str = ""
    y_label: str = ""
    language: str = "en"

    @property
    def t(self) -> Texts:
        """The page's words in the chart's language."""
        return texts(self.language)

    def axes(self, x: str, y: str) -> "Words":
        """Fill in the axes that were not named."""
        return replace(self, x_label=self.x_label or x, y_label=self.y_label or y)


@dataclass(frozen=True)
class Scale:
    """A straight scale from values to pixels.

    Examples
    --------
    >>> Scale(0, 10, 100, 200)(5)
    150.0
    """

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Place a value."""
        span = (self.high - self.low) or 1.0
        return self.start + (value - self.low) / span * (self.end - self.start)

    def ticks(self, most: int = 4) -> list[float]:
        """Round values within the scale, at most one more than ``most``."""
        from matplotlib.ticker import MaxNLocator

        values = MaxNLocator(nbins=most, steps=[1, 2, 2.5, 5, 10]).tick_values(self.low, self.high)
        slack = (self.high - self.low) * 1e-9
        return [float(v) for v in values if self.low - slack <= v <= self.high + slack]


def text_width(text: str, size: float = TEXT) -> float:
    """Estimate a text's width in any system font: wide characters take one em, others a bit over half.

    Parameters
    ----------
    text : str
        One line.
    size : float
        Font size in pixels.

    Returns
    -------
    float
        Pixels.

    Examples
    --------
    >>> text_width("客户", 10), text_width("ab", 10)
    (20.0, 11.6)
    """
    return sum(size * (1.0 if unicodedata.east_asian_width(c) in "WF" else 0.58) for c in text)


@dataclass
class Sheet:
    """One drawing surface; ``narrow`` tells the painter which of the two it is."""

    axes: "Axes"
    width: float
    height: float
    narrow: bool
    marks: int = 0
    tips: dict[str, str] = field(default_factory=dict)

    def _mark(self, artist: Any, tip: str = "") -> None:
        self.marks += 1
        artist.set_clip_on(False)
        artist.set_zorder(self.marks)  # drawn in the order of the calls, whatever its kind
        if tip:
            gid = f"tip{len(self.tips)}"
            artist.set_gid(gid)
            self.tips[gid] = tip

    def line(self, points: Sequence[Point], colour: str, width: float = 1, dash: str = "-") -> None:
        """Draw a line through points; ``dash`` is ``"-"`` or ``"--"``."""
        style: Any = (0, (4, 3)) if dash == "--" else dash
        xs, ys = zip(*points, strict=True)
        ends: Any = {"solid_capstyle": "butt", "dash_capstyle": "butt"}
        self._mark(self.axes.plot(xs, ys, color=_hex(colour), lw=width, ls=style, **ends)[0])

    def area(self, points: Sequence[Point], colour: str, opacity: float = 1) -> None:
        """Fill the area that points enclose."""
        self._mark(self.axes.fill(*zip(*points, strict=True), color=_hex(colour), lw=0, alpha=opacity)[0])

    def band(self, start: Point, end: Point, thick: float, fill: tuple[str, float], tip: str = "") -> None:
        """Fill a bent band that leaves one point level and reaches another level; the points are its upper corners."""
        from matplotlib.patches import PathPatch
        from matplotlib.path import Path

        (x0, y0), (x1, y1), middle = start, end, (start[0] + end[0]) / 2
        upper = [(x0, y0), (middle, y0), (middle, y1), (x1, y1)]
        lower = [(x, y + thick) for x, y in reversed(upper)]
        curve = [Path.CURVE4] * 3
        codes = [Path.MOVETO, *curve, Path.LINETO, *curve, Path.CLOSEPOLY]
        path = Path([*upper, *lower, upper[0]], codes)
        colour, opacity = fill
        patch = PathPatch(path, facecolor=_hex(colour), linewidth=0, alpha=opacity)
        self._mark(self.axes.add_patch(patch), tip)

    def rect(self, corner: Point, other: Point, colour: str, tip: str = "", outline: str = "") -> None:
        """Fill the rectangle between two corners, with a tip on hovering."""
        from matplotlib.patches import Rectangle

        edge = {"edgecolor": _hex(outline), "linewidth": 2} if outline else {"linewidth": 0}
        size = (other[0] - corner[0], other[1] - corner[1])
        self._mark(self.axes.add_patch(Rectangle(corner, *size, facecolor=_hex(colour), **edge)), tip)

    def tiles(self, corners: Sequence[tuple[Point, Point]], colour: str) -> None:
        """Fill many rectangles of one colour, each between two corners, as one shape."""
        from matplotlib.patches import PathPatch
        from matplotlib.path import Path

        paths = [Path([a, (b[0], a[1]), b, (a[0], b[1]), a], closed=True) for a, b in corners]
        shape = PathPatch(Path.make_compound_path(*paths), facecolor=_hex(colour), linewidth=0)
        self._mark(self.axes.add_patch(shape))
        self.marks += len(corners) - 1

    def bar(self, start: Point, end: Point, colour: str, width: float, tip: str = "") -> None:
        """Draw a thick line from a point to a point: a bar with square ends."""
        xs, ys = (start[0], end[0]), (start[1], end[1])
        self._mark(self.axes.plot(xs, ys, color=_hex(colour), lw=width, solid_capstyle="butt")[0], tip)

    def dot(self, at: Point, colour: str, size: float = 10, tip: str = "") -> None:
        """Draw a dot: a line of no length with round ends."""
        xs, ys = (at[0], at[0]), (at[1], at[1])
        self._mark(self.axes.plot(xs, ys, color=_hex(colour), lw=size, solid_capstyle="round")[0], tip)

    def text(
        self, at: Point, text: str, colour: str = "ink", *, side: str = "left", size: float = SMALL,
        bold: bool = False,
    ) -> None:  # fmt: skip
        """Write one line, its middle at the height of ``at``, its ``side`` at the point."""
        weight = "bold" if bold else "normal"
        self.axes.text(
            at[0], at[1] + size * 0.36, text, color=_hex(colour), ha=side, va="baseline", fontsize=size,
            fontweight=weight, zorder=ABOVE,
        )  # fmt: skip

    def key(self, entries: Sequence[Key], y: float) -> float:
        """Write the key from the left, on as many lines as it takes; return the next free y."""
        x = 0.0
        for colour, words, shape in entries:
            width = 24 + text_width(words, SMALL)
            if x and x + width > self.width:
                x, y = 0.0, y + 18
            self._sign((x, y), colour, shape)
            self.text((x + 24, y), words)
            x += width + 18
        return y + 20

    def _sign(self, at: Point, colour: str, shape: str) -> None:
        """Draw a key's sign: square, dot, ring, or line as it is drawn (``-``, ``--``)."""
        x, y = at
        if shape in ("dot", "ring"):
            self.dot((x + 9, y), colour, 11)
            self.dot((x + 9, y), "paper", 6 if shape == "ring" else 0)
        elif shape == "square":
            self.rect((x + 4, y - 5), (x + 14, y + 5), colour)
        else:
            self.line([(x, y), (x + 18, y)], colour, 2.5 if shape == "-" else 1.5, shape)

    def y_axis(self, scale: Scale, left: float, right: float, form: Callable[[float], str]) -> None:
        """Draw level lines with their values at the left."""
        for value in scale.ticks():
            self.line([(left, scale(value)), (right, scale(value))], "mark" if value == 0 else "rule")
            self.text((left - 8, scale(value)), form(value), "muted", side="right")

    def x_ticks(self, places: Sequence[tuple[float, str]], y: float) -> None:
        """Write values beneath the axis, and leave out those that would touch."""
        end = -1e9
        for x, words in places:
            half = text_width(words, SMALL) / 2
            if x - half > end + 8 and x + half <= self.width + 1:
                self.text((x, y + 14), words, "muted", side="center")
                end = x + half


def _hex(name: str) -> str:
    return colours()[name]


def drawn(paint: Painter, words: Words, heights: tuple[float, float], table: Table) -> Figure:
    """Draw a picture wide and narrow, and make the figure of it.

    Parameters
    ----------
    paint : callable
        Draws on a :class:`Sheet`.
    words : Words
        Title, caption, description.
    heights : tuple of float
        Of the wide and the narrow picture, in pixels.
    table : Table
        The numbers, printed beneath.

    Returns
    -------
    Figure
        The block.

    Raises
    ------
    UsageError
        If there are more marks than a page can hold.

    Examples
    --------
    >>> from custlib.report.blocks import Column
    >>> table = Table("Numbers", [Column("x")], [["1"]])
    >>> figure = drawn(lambda sheet: sheet.dot((9, 9), "ink"), Words("A dot"), (20, 20), table)
    >>> figure.svg[:40]
    '<svg viewBox="0 0 720 20" role="img" ari'
    """
    svgs = [_picture(paint, words, size) for size in ((WIDE, heights[0]), (NARROW, heights[1]))]
    description = words.description or words.caption or words.title
    return Figure(words.title, svgs[0], description, words.caption, table, svgs[1])


def _picture(paint: Painter, words: Words, size: tuple[float, float]) -> str:
    import matplotlib
    from matplotlib.figure import Figure as Canvas

    with matplotlib.rc_context(_SETTINGS):
        canvas = Canvas(figsize=(size[0] / DOTS_PER_INCH, size[1] / DOTS_PER_INCH), dpi=DOTS_PER_INCH)
        axes = canvas.add_axes((0, 0, 1, 1), xlim=(0, size[0]), ylim=(size[1], 0))
        axes.set_axis_off()
        sheet = Sheet(axes, *size, narrow=size[0] < WIDE)
        paint(sheet)
        _count(sheet, words)
        axes.set(xlim=(0, size[0]), ylim=(size[1], 0))
        raw = _written(canvas)
    prefix = "f" + hashlib.sha256((words.title + raw).encode()).hexdigest()[:8]
    description = words.description or words.caption or words.title
    return themed_svg(raw, names_of_colours(), Wording(words.title, description, prefix, sheet.tips))


def _count(sheet: Sheet, words: Words) -> None:
    if sheet.marks > (most := limit("page", "figure_marks")):
        raise UsageError(f"chart {words.title!r}: {sheet.marks} marks, at most {most}. Aggregate the table.")


def _written(canvas: Any) -> str:
    """Matplotlib's SVG; its own font has no Chinese, which is no matter, as text stays text."""
    file = io.StringIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph")
        canvas.savefig(file, format="svg", transparent=True, metadata={"Date": None})
    return file.getvalue()
