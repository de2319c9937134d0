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
from custlib.show.blocks import Figure, Table
from custlib.show.limits import limit
from custlib.show.palette import colours, names_of_colours
from custlib.show.svg import Wording, themed_svg
from custlib.show.texts import Texts, texts

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDE, NARROW = 720, 358
TEXT, SMALL = 13, 12
DOTS_PER_INCH = 72
_SETTINGS = {
    "svg.fonttype": "none",
    "svg.hashsalt": "custlib",
    "text.parse_math": False,
    "path.simplify": False,
    "lines.solid_capstyle": "round",
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

    def _mark(self, artist: Any, tip: str) -> None:
        self.marks += 1
        artist.set_clip_on(False)
        if tip:
            gid = f"tip{len(self.tips)}"
            artist.set_gid(gid)
            self.tips[gid] = tip

    def line(self, xs: Sequence[float], ys: Sequence[float], colour: str, *, width: float = 1, dash: str = "-"):  # type: ignore[no-untyped-def]
        """Draw a line through points; ``dash`` as matplotlib writes it."""
        style: Any = (0, (5, 4)) if dash == "--" else dash
        (made,) = self.axes.plot(xs, ys, color=colours()[colour], linewidth=width, linestyle=style)
        self._mark(made, "")
