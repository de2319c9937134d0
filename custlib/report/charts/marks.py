"""Charts of dots and tiles: what they are worth with its interval, and whether they will come back.

Import them from :mod:`custlib.report.charts`, which documents the choice of figure by question.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from custlib.report.blocks import Column, Figure, Table
from custlib.report.charts.axes import SMALL, Painter, Plot, Words, drawn, hue, text_width
from custlib.report.charts.bars import Room, lay_rows
from custlib.report.charts.frame_checks import Form, Row, form_of, rows_of, table_beneath
from custlib.report.formats import shares
from custlib.report.palette import TONES, tone

if TYPE_CHECKING:
    import pandas as pd

ROOM = Room(top=34.0, foot=30.0, left=6.0)
RULER = Room(top=4.0, foot=24.0, right=124.0, left=6.0, beside=True)
TILE, GAP, ABOVE, BENEATH = 32.0, 2.0, 24.0, 50.0


def dot_intervals(
    frame: "pd.DataFrame", *, title: str, caption: str = "", description: str = "", x_label: str = "",
    y_label: str = "", language: str = "en", form: Form = "compact",
) -> Figure:  # fmt: skip
    """What are they worth: a dot for the ``value`` of each ``label``, its interval ``low`` to ``high``, largest first.

    Optionally ``historic``, a ring beside it. ``x_label`` names the values with their currency.

    Examples
    --------
    >>> import pandas as pd
    >>> worth = pd.DataFrame({"label": ["New", "Top"], "value": [20.0, 90.0], "low": [10.0, 80.0],
    ...                       "high": [30.0, 99.0]})
    >>> dot_intervals(worth, title="Top leads").table.rows[0]
    ('Top', '90', '80', '99')
    """
    numbers = ["value", "low", "high", "historic"]
    rows = rows_of("dot_intervals", frame, ["label", *numbers[:3]], numbers)
    rows.sort(key=lambda row: -float(row["value"]))
    words = Words(title, caption, description, x_label, y_label, language)
    words = words.axes("", words.t("chart.label"))
    labels = {"label": words.y_label, "value": words.t("chart.future"), "low": words.t("chart.low")}
    labels |= {"high": words.t("chart.high")}
    labels |= {"historic": words.t("chart.historic")} if "historic" in rows[0] else {}
    return drawn(_dots(rows, words, form), words, ROOM.heights(len(rows)), table_beneath(rows, words, labels, form))


def _dots(rows: list[Row], words: Words, form: Form) -> Painter:
    write, names = form_of(form, words.language), [str(row["label"]) for row in rows]
    every = [float(row[name]) for row in rows for name in ("low", "high", "historic") if name in row]
    tips = [f"{row['label']}: {write(row['value'])} ({write(row['low'])} – {write(row['high'])})" for row in rows]

    def paint(plot: Plot) -> None:
        axes = plot.axes
        row_height = lay_rows(plot, names, ROOM) * 6 / 20
        low, value, high = (np.array([float(row[name]) for row in rows]) for name in ("low", "value", "high"))
        for bar, tip in zip(
            axes.barh(range(len(rows)), high - low, row_height, low, color=hue("tone3")), tips, strict=True
        ):
            plot.tip(bar, tip)
        if "historic" in rows[0]:
            for n, row in enumerate(rows):
                plot.dot((float(row["historic"]), n), "paper", 8.5, mec=hue("mark"), mew=2.5)
        plot.dots(list(zip(value, range(len(rows)), strict=True)), "accent", 12, tips)
        for n, row in enumerate(rows):
            plot.note(write(row["value"]), (1, n), xycoords=("figure fraction", "data"), ha="right", weight="bold")
        axes.set_xlim(min(0.0, *every), max(0.0, *every) or 1)
        plot.values(axes.xaxis, write)
        plot.head(words.x_label, plot.width, ha="right")
        _sign(plot, words, "historic" in rows[0])

    return paint


def _sign(plot: Plot, words: Words, historic: bool) -> None:
    """Write the legend, of the dot and the ring."""
    plot.axes.plot([], [], "o", ms=11, color=hue("accent"), label=words.t("chart.future"))
    if historic:
        style: dict[str, Any] = {"mec": hue("mark"), "mew": 2.5, "color": hue("paper")}
        plot.axes.plot([], [], "o", ms=8.5, label=words.t("chart.historic"), **style)
    plot.legend(0.9)


@dataclass(frozen=True)
class Ruler:
    """A row of a ruler: a place with what is written of it, and optionally how far it reaches.

    Attributes
    ----------
    label, text : str
        Name of the row, and its value in words.
    at : float
        The place.
    low, high : float, optional
        An interval around it; a row with ``low`` alone reaches from there to the end of the axis.
    """

    label: str
    text: str
    at: float
    low: float | None = None
    high: float | None = None


def effect_ruler(
    rows: Sequence[Ruler], *, title: str, tone: str = "accent", caption: str = "", description: str = "",
    x_label: str = "", language: str = "en",
) -> Figure:  # fmt: skip
    """Does the action pay: places of an effect on one axis, the assumed one with its interval, and zero.

    Examples
    --------
    >>> assumed = Ruler("assumed", "+3 (−1 to 7)", 3.0, -1.0, 7.0)
    >>> effect_ruler([Ruler("pays from", "+0.4", 0.4), assumed], title="It pays early").table.rows[0]
    ('pays from', '+0.4')
    """
    words = Words(title, caption, description, x_label, language=language)
    table = Table(title, [Column(words.t("chart.label")), Column(x_label, "right")], [[r.label, r.text] for r in rows])
    every = [0.0, *(end for row in rows for end in (row.at, row.low, row.high) if end is not None)]
    margin = 0.06 * (max(every) - min(every) or 1.0)

    def paint(plot: Plot) -> None:
        plot.axes.set_xlim(min(every) - margin, max(every) + margin)
        lay_rows(plot, [row.label for row in rows], RULER)
        plot.values(plot.axes.xaxis, lambda value: f"{value:+.3g}".replace("-", "−") if value else "0")
        for n, row in enumerate(rows):
            _mark(plot, n, row, tone, max(every) + margin)

    return drawn(paint, words, RULER.heights(len(rows)), table)


def _mark(plot: Plot, n: int, row: Ruler, tone: str, end: float) -> None:
    """Draw a dot with its capped interval, a bar to the end of the axis, or a line across at a place."""
    if row.low is not None and row.high is not None:
        plot.axes.plot([row.low, row.high], [n, n], color=hue(tone), lw=2)
        for cap in (row.low, row.high):
            plot.axes.plot([cap, cap], [n - 0.15, n + 0.15], color=hue(tone), lw=2)
        plot.dot((row.at, n), tone, 9, f"{row.label} {row.text}")
    elif row.low is not None:
        (bar,) = plot.axes.barh(n, end - row.low, 0.36, row.low, color=hue("mark"), alpha=0.45)
        plot.tip(bar, f"{row.label} {row.text}")
    else:
        plot.axes.plot([row.at, row.at], [n - 0.3, n + 0.3], color=hue("ink"), lw=2.5)
    plot.note(row.text, (1, n), xycoords=("figure fraction", "data"), ha="right", weight="bold")


def alive_heatmap(
    frame: "pd.DataFrame", *, title: str, caption: str = "", description: str = "", x_label: str = "",
    y_label: str = "", language: str = "en",
) -> Figure:  # fmt: skip
    """Will they come back: ``probability_alive`` (0 to 1) by ``frequency`` and ``days_since_last``, a row per tile.

    Optionally ``outlined``, true where the page's segment lies.

    Examples
    --------
    >>> import pandas as pd
    >>> grid = pd.DataFrame({"frequency": [0, 1], "days_since_last": [30, 30],
    ...                      "probability_alive": [0.6, 0.72]})
    >>> alive_heatmap(grid, title="Seven of ten come back").table.rows
    (('1', '72 %'), ('0', '60 %'))
    """
    needed = ["frequency", "days_since_last", "probability_alive"]
    rows = rows_of("alive_heatmap", frame, needed, ["probability_alive"])
    words = Words(title, caption, description, x_label, y_label, language)
    words = words.axes(words.t("chart.days_since_last"), words.t("chart.frequency"))
    across = sorted({row["days_since_last"] for row in rows})
    upward = sorted({row["frequency"] for row in rows}, reverse=True)
    chance, outlined = np.full((len(upward), len(across)), np.nan), np.zeros((len(upward), len(across)), bool)
    for row in rows:
        at = upward.index(row["frequency"]), across.index(row["days_since_last"])
        chance[at], outlined[at] = float(row["probability_alive"]), bool(row.get("outlined"))
    height = len(upward) * TILE + ABOVE + BENEATH
    names = [str(u) for u in upward], [str(a) for a in across]
    paint = _tiles(chance, outlined, names, words)
    return drawn(paint, words, (height, height), _grid(chance, names, words))


def _grid(chance: Any, names: tuple[list[str], list[str]], words: Words) -> Table:
    columns = [Column(words.y_label), *(Column(name, "right") for name in names[1])]
    cells = np.reshape(shares(chance.ravel(), words.language), chance.shape).tolist()  # one precision
    return Table(words.title, columns, [[name, *row] for name, row in zip(names[0], cells, strict=True)], words.x_label)


def _tiles(chance: Any, outlined: Any, names: tuple[list[str], list[str]], words: Words) -> Painter:
    """Fill the tiles tone by tone, write the percentage in each, and draw a line around those of the segment."""
    upward, across = names
    tones = np.array([[-1 if np.isnan(value) else tone(value) for value in row] for row in chance])

    def paint(plot: Plot) -> None:
        left = max(text_width(name, SMALL) for name in upward) + 12
        wide = plot.categories(across, plot.width - left)
        plot.place(left, 0, ABOVE, BENEATH)
        plot.axes.set_yticks(range(len(upward)), upward)
        plot.axes.set_ylim(len(upward) - 0.5, -0.5)
        for step in range(TONES):
            members = np.argwhere(tones == step)
            if len(members):
                _fill(plot, members, (1 - GAP / wide, 1 - GAP / TILE), f"tone{step}")
            for row, column in members:
                number = f"{100 * chance[row, column]:.0f}"
                if text_width(number, SMALL) <= wide:
                    plot.note(number, (column, row), ha="center", color=hue(f"ontone{step}"))
        plot.axes.plot(*_around(outlined), color=hue("ink"), lw=2.5, clip_on=False)
        plot.axes.set_xlabel(words.x_label, loc="left")
        plot.head(words.y_label)

    return paint


def _fill(plot: Plot, members: Any, size: tuple[float, float], colour: str) -> None:
    """Fill tiles of one colour as one shape, which keeps the page small."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    corners = np.array([(-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5), (-0.5, -0.5)]) * size
    paths = [Path(corners + np.array((column, row)), closed=True) for row, column in members]
    plot.axes.add_patch(PathPatch(Path.make_compound_path(*paths), facecolor=hue(colour), linewidth=0))


def _around(outlined: Any) -> tuple[list[float], list[float]]:
    """Points of the line around the tiles that are true: every edge beyond which lies another; NaN parts the edges."""
    inside = np.pad(outlined, 1)
    xs, ys = [], []
    for row, column in np.argwhere(inside[1:, 1:-1] != inside[:-1, 1:-1]):
        xs += [column - 0.5, column + 0.5, np.nan]
        ys += [row - 0.5, row - 0.5, np.nan]
    for row, column in np.argwhere(inside[1:-1, 1:] != inside[1:-1, :-1]):
        xs += [column - 0.5, column - 0.5, np.nan]
        ys += [row - 0.5, row + 0.5, np.nan]
    return xs, ys
