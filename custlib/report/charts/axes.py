"""Matplotlib's axes in the look of the page: sizes, colours, ticks, legend and tooltips of every chart.

Every picture is drawn twice, wide for a desk and narrow for a phone, so that text is readable on both. Sizes are
pixels. Nothing global is changed: no pyplot, settings only inside ``rc_context``, equal input gives equal bytes.
"""

import hashlib
import io
import math
import unicodedata
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from custlib.errors import UsageError
from custlib.report.blocks import Figure, Table
from custlib.report.page_limits import limit
from custlib.report.palette import colours, names_of_colours
from custlib.report.svg import Wording, themed_svg
from custlib.report.texts import Texts, texts

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis

WIDE, NARROW = 864, 358
TEXT, SMALL = 13, 12
DOTS_PER_INCH = 72  # a point is a pixel
EDGES = 64.0  # at the left and right of most axes, together
LEGEND_ROW, LABEL_ROW, TICK_ROOM = 19.0, 34.0, 42.0
MOVE = 1  # matplotlib's code for the start of a shape
DASHES: Any = (0, (4, 3))
Painter = Callable[["Plot"], None]


@dataclass(frozen=True)
class Words:
    """Title, caption and description of a chart, and the names of its axes."""

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


def hue(name: str) -> str:
    """Look up the light theme's colour of a name; the SVG holds the name."""
    return colours()[name]


def text_width(text: str, size: float = TEXT) -> float:
    """Estimate a text's width in any system font: wide characters take one em, others a bit over half.

    Examples
    --------
    >>> text_width("客户", 10), text_width("ab", 10)
    (20.0, 11.6)
    """
    return sum(size * (1.0 if unicodedata.east_asian_width(c) in "WF" else 0.58) for c in text)


def one_line(text: str, width: float, size: float) -> str:
    """Cut a label that is wider than its place, with an ellipsis.

    Examples
    --------
    >>> one_line("Champions of old", 60, 12)
    'Champio…'
    """
    if text_width(text, size) <= width:
        return text
    while text and text_width(text + "…", size) > width:
        text = text[:-1]
    return text.rstrip() + "…"


def apart(places: Sequence[float], least: float = SMALL + 4) -> list[float]:
    """Move heights apart so that labels do not touch, as little as may be, keeping their order.

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


@dataclass
class Plot:
    """One picture: matplotlib's axes, the size in pixels, and the tooltips of its marks."""

    axes: "Axes"
    width: float
    height: float
    narrow: bool
    tips: dict[str, str] = field(default_factory=dict)

    def place(self, left: float, right: float, top: float, bottom: float) -> None:
        """Leave so much room around the axes."""
        size = (self.width - left - right) / self.width, (self.height - top - bottom) / self.height
        self.axes.set_position((left / self.width, bottom / self.height, *size))

    def tip(self, artist: "Artist", text: str) -> None:
        """Show a text on hovering a mark."""
        artist.set_gid(gid := f"tip{len(self.tips)}")
        self.tips[gid] = text

    def note(self, text: str, at: tuple[float, float], by: tuple[float, float] = (0, 0), **style: Any) -> None:
        """Write a text beside a point of the axes, moved by pixels."""
        place: dict[str, Any] = {"textcoords": "offset points", "va": "center", "annotation_clip": False}
        self.axes.annotate(text, at, by, **(place | style))

    def head(self, text: str, x: float = 0, *, below: float = 8, **style: Any) -> None:
        """Write the name of an axis above the axes, so many pixels from the left and below the top of the picture."""
        style = {"color": hue("muted"), "textcoords": "figure points", "xycoords": "figure points"} | style
        at = (x, self.height - below)
        self.note(text, at, at, **style)

    def dot(self, at: tuple[float, float], colour: str, size: float, tip: str = "", **style: Any) -> None:
        """Draw a round marker."""
        (marker,) = self.axes.plot(*at, "o", color=hue(colour), ms=size, clip_on=False, **style)
        if tip:
            self.tip(marker, tip)

    def dots(self, points: Sequence[tuple[float, float]], colour: str, size: float, tips: Sequence[str]) -> None:
        """Draw round markers with a tooltip each."""
        for point, tip in zip(points, tips, strict=True):
            self.dot(point, colour, size, tip)

    def legend(self, sign: float = 1.5) -> float:
        """Lay the legend of all labelled marks out from the top left, and return its height."""
        handles, labels = self.axes.get_legend_handles_labels()
        if not labels:
            return 0.0
        widths = [(sign + 2) * SMALL + text_width(label, SMALL) for label in labels]
        fits = (
            n
            for n in range(len(labels), 1, -1)
            if sum(max(widths[column::n]) for column in range(n)) <= self.width + 1.5 * SMALL
        )
        columns = next(fits, 1)
        order = [n for column in range(columns) for n in range(column, len(labels), columns)]
        self.axes.legend(
            [handles[n] for n in order], [_roomy(labels[n]) for n in order], ncols=columns, handlelength=sign,
            loc="upper left", bbox_to_anchor=(0, 1), bbox_transform=self.axes.figure.transFigure,
        )  # fmt: skip
        return math.ceil(len(labels) / columns) * LEGEND_ROW

    def frame(
        self, words: Words, write: Callable[[Any], str], *, left: float = 52, right: float = 12, sign: float = 1.5
    ) -> None:
        """Finish a chart of upright values: legend, level lines with their values, names of the axes."""
        axes, above = self.axes, self.legend(sign)
        self.place(left, right, above + LABEL_ROW, TICK_ROOM)
        self.values(axes.yaxis, write)
        axes.set_xlabel(words.x_label, loc="left")
        self.head(words.y_label, below=above + 10)

    def values(self, axis: "Axis", write: Callable[[Any], str]) -> None:
        """Give an axis round values, at most five, and a line across at each; zero stands out."""
        from matplotlib.ticker import MaxNLocator

        axis.set_major_locator(MaxNLocator(4, steps=(1, 2, 2.5, 5, 10)))
        axis.set_major_formatter(lambda value, _: write(value))
        axis.grid(True)
        across = self.axes.axhline if axis is self.axes.yaxis else self.axes.axvline
        across(0, color=hue("mark"), lw=1, zorder=0.6)

    def ticks(self, places: Sequence[float], names: Sequence[str], room: float) -> None:
        """Write names beneath the axis: every one, or every second, third, ... where they would touch."""
        every = math.ceil((max(text_width(name, SMALL) for name in names) + 8) * len(names) / room)
        self.axes.set_xticks(places[::every], names[::every])

    def categories(self, names: Sequence[str], room: float = 0) -> float:
        """Name the places 0, 1, 2, ..., and return the pixels from one to the next."""
        room = room or self.width - EDGES
        self.ticks(range(len(names)), names, room)
        self.axes.set_xlim(-0.5, len(names) - 0.5)
        return room / len(names)

    def ends(self, lines: Sequence[tuple[str, str, tuple[float, float]]], *, led: bool = False) -> None:
        """Name lines at their ends, the names apart from each other; led names stand at the right of the axes."""
        axes = self.axes
        style: dict[str, Any] = {"textcoords": "figure points", "size": TEXT, "weight": "bold"}
        if led:
            style["arrowprops"] = {"arrowstyle": "-", "color": hue("rule"), "relpos": (0, 0.5), "shrinkB": 0}
        places = [axes.transData.transform(at) for _, _, at in lines]
        for (colour, name, at), (x, _), y in zip(lines, places, apart([y for _, y in places]), strict=True):
            self.note(name, at, ((axes.bbox.x1 if led else x) + 8, y), color=hue(colour), **style)


def _roomy(label: str) -> str:
    """Matplotlib's own font has no Chinese and measures it too narrow; spaces make up, and are not written."""
    return label + " " * round(1.3 * sum(unicodedata.east_asian_width(c) in "WF" for c in label))


def _settings() -> Any:
    """The page's look, and text that stays text."""
    return {
        "svg.fonttype": "none", "svg.hashsalt": "custlib", "text.parse_math": False, "path.simplify": False,
        "font.size": SMALL, "text.color": hue("ink"), "axes.labelcolor": hue("muted"), "axes.labelsize": SMALL,
        "axes.labelpad": 6, "axes.axisbelow": True, "axes.unicode_minus": True,
        **{f"axes.spines.{side}": False for side in ("left", "right", "top", "bottom")},
        **{f"{axis}tick.major.{part}": size for axis in "xy" for part, size in (("size", 0), ("pad", 8))},
        **{f"{axis}tick.labelcolor": hue("muted") for axis in "xy"},
        **{f"{axis}tick.labelsize": SMALL for axis in "xy"},
        "ytick.alignment": "center",
        "grid.color": hue("rule"), "grid.linewidth": 1, "lines.linewidth": 2, "lines.markeredgewidth": 0,
        "lines.solid_capstyle": "butt", "legend.frameon": False, "legend.borderpad": 0,
        "legend.borderaxespad": 0.15, "legend.columnspacing": 1.5, "legend.handletextpad": 0.5,
    }  # fmt: skip


def drawn(paint: Painter, words: Words, heights: tuple[float, float], table: Table) -> Figure:
    """Draw a picture wide and narrow, so many pixels high, and make the figure of it with the numbers beneath.

    Examples
    --------
    >>> from custlib.report.blocks import Column
    >>> table = Table("Numbers", [Column("x")], [["1"]])
    >>> figure = drawn(lambda plot: plot.dot((9, 9), "ink", 5), Words("A dot"), (20, 20), table)
    >>> figure.svg[:40]
    '<svg viewBox="0 0 864 20" role="img" ari'
    """
    import matplotlib

    with matplotlib.rc_context():
        matplotlib.rcdefaults()  # whatever a notebook has set
        matplotlib.rcParams.update(_settings())
        svgs = [_picture(paint, words, size) for size in ((WIDE, heights[0]), (NARROW, heights[1]))]
    description = words.description or words.caption or words.title
    return Figure(words.title, svgs[0], description, words.caption, table, svgs[1])


def _picture(paint: Painter, words: Words, size: tuple[float, float]) -> str:
    from matplotlib.figure import Figure as Canvas

    canvas = Canvas(figsize=(size[0] / DOTS_PER_INCH, size[1] / DOTS_PER_INCH), dpi=DOTS_PER_INCH)
    plot = Plot(canvas.add_axes((0, 0, 1, 1)), *size, narrow=size[0] < WIDE)
    paint(plot)
    _check_marks(plot, words)
    raw = _written(canvas)
    prefix = "f" + hashlib.sha256((words.title + raw).encode()).hexdigest()[:8]
    description = words.description or words.caption or words.title
    tips = {mark: words.t.punctuated(tip) for mark, tip in plot.tips.items()}
    return themed_svg(raw, names_of_colours(), Wording(words.title, description, prefix, tips))


def _check_marks(plot: Plot, words: Words) -> None:
    """Count lines and patches; a patch of many shapes counts as many."""
    codes: list[Any] = [patch.get_path().codes for patch in plot.axes.patches]
    marks = len(plot.axes.lines) + sum(1 if code is None else list(code).count(MOVE) for code in codes)
    if marks > (most := limit("page", "figure_marks")):
        raise UsageError(f"chart {words.title!r}: {marks} marks, at most {most}. Aggregate the table.")


def _written(canvas: Any) -> str:
    """Matplotlib's SVG; its own font has no Chinese, which is no matter, as text stays text."""
    file = io.StringIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph")
        canvas.savefig(file, format="svg", transparent=True, metadata={"Date": None})
    return file.getvalue()
