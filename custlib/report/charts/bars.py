"""Charts of bars: ranks, indices, mirrors of two columns, pairs of counts, and cohorts on top of each other.

Import them from :mod:`custlib.report.charts`, which documents the choice of figure by question.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from custlib.report.blocks import Figure
from custlib.report.charts.axes import TEXT, Painter, Plot, Words, drawn, hue, one_line, text_width
from custlib.report.charts.frame_checks import Crossed, Form, Row, drawn_length, form_of, rows_of, table_beneath
from custlib.report.palette import segment_colour

if TYPE_CHECKING:
    import pandas as pd

ROW, NARROW_ROW, COMPACT_ROW, THICK, LABEL_MOST, SHORT_MOST = 36.0, 52.0, 26.0, 20.0, 220.0, 140.0
TOP, MIRROR_TOP, VALUE_ROOM, INDEX_ROOM, MIRROR_ROOM = 26.0, 34.0, 64.0, 44.0, 56.0
PAIRED_HEIGHTS, STACKED_HEIGHTS, THICKEST, THICKEST_STACK = (340.0, 320.0), (360.0, 340.0), 34.0, 40.0
STEM = 0.1  # of a bar's thickness: the line to a dot
HEADROOM, LEAST_SIDE = 1.06, 0.1  # above the highest stack; of the other side of a mirror, so that both names find room


@dataclass(frozen=True)
class Room:
    """Pixels around the rows of a chart: for names of axes above and ticks beneath, for values at the ends.

    Short labels may stand ``beside`` their rows on a phone too.
    """

    top: float = TOP
    foot: float = 4.0
    right: float = VALUE_ROOM
    left: float = 0.0
    beside: bool = False

    def heights(self, rows: int) -> tuple[float, float]:
        """How high a chart of so many rows is, wide and narrow."""
        narrow = COMPACT_ROW if self.beside else NARROW_ROW
        return rows * ROW + self.top + self.foot, rows * narrow + self.top + self.foot


def lay_rows(plot: Plot, labels: Sequence[str], room: Room, *, bold: str | None = None) -> float:
    """Lay rows out from the top, with their labels at the left or, on a phone, above; return a bar's thickness."""
    above = plot.narrow and not room.beside
    row = NARROW_ROW if above else COMPACT_ROW if plot.narrow else ROW
    below = THICK / 2 + 8 if above else row / 2
    plot.axes.set_ylim(len(labels) - 1 + below / row, (below - row) / row)
    left = 0.0 if above else min(max(map(text_width, labels)), LABEL_MOST) + 14
    plot.place(left + room.left, room.right, room.top, room.foot)
    weights = ["bold" if label == bold else "normal" for label in labels]
    if above:
        _label_above(plot, labels, weights)
        return THICK / row
    plot.axes.set_yticks(range(len(labels)), [one_line(label, LABEL_MOST, TEXT) for label in labels])
    plot.axes.tick_params("y", pad=14 + room.left, labelsize=TEXT, labelcolor=hue("ink"))
    for tick, weight in zip(plot.axes.get_yticklabels(), weights, strict=True):
        tick.set_fontweight(weight)
    return THICK / row


def is_short(labels: Sequence[str]) -> bool:
    """Whether labels are short enough to stand beside their rows on a phone.

    Examples
    --------
    >>> is_short(["purchases so far"]), is_short(["purchases of the last year"])
    (True, False)
    """
    return max(map(text_width, labels)) <= SHORT_MOST


def _label_above(plot: Plot, labels: Sequence[str], weights: Sequence[str]) -> None:
    """Write labels above their bars, where a level line must not run through them."""
    plot.axes.set_yticks([])
    ground = {"facecolor": hue("paper"), "linewidth": 0, "pad": 1}
    for n, (label, weight) in enumerate(zip(labels, weights, strict=True)):
        text, where = one_line(label, plot.width, TEXT), ("figure fraction", "data")
        plot.note(text, (0, n), (0, 21), xycoords=where, size=TEXT, weight=weight, bbox=ground)


def _write_values(plot: Plot, bars: Any, values: Sequence[str], names: Sequence[str]) -> None:
    """Write the value at the end of each bar, and with its name as the tooltip."""
    plot.axes.bar_label(bars, values, padding=8)
    for bar, name, value in zip(bars, names, values, strict=True):
        plot.tip(bar, f"{name}: {value}")


def bars(
    frame: "pd.DataFrame", *, title: str, caption: str = "", description: str = "", x_label: str = "",
    y_label: str = "", language: str = "en", highlight: str | None = None, form: Form = "compact",
) -> Figure:  # fmt: skip
    """Rank a few things: level bars from zero, each with its value, of ``label`` and ``value`` in the order to print.

    ``x_label`` names the values; ``highlight`` is the label the finding is about, the others step back.

    Examples
    --------
    >>> import pandas as pd
    >>> causes = pd.DataFrame({"label": ["ageing", "purchases"], "value": [170, 137]})
    >>> bars(causes, title="Most moved by ageing").table.rows[0]
    ('ageing', '170')
    """
    rows = rows_of("bars", frame, ["label", "value"], ["value"])
    words = Words(title, caption, description, x_label, y_label, language)
    words = words.axes(words.t("chart.value_label"), words.t("chart.label"))
    labels = {"label": words.y_label, "value": words.x_label}
    room = Room(left=VALUE_ROOM if min(float(row["value"]) for row in rows) < 0 else 0)
    table = table_beneath(rows, words, labels, form)
    return drawn(_ranked(rows, words, (highlight, form), room), words, room.heights(len(rows)), table)


def _ranked(rows: list[Row], words: Words, options: tuple[str | None, Form], room: Room) -> Painter:
    highlight, form = options
    write = form_of(form, words.language)
    names, values = [str(row["label"]) for row in rows], [float(row["value"]) for row in rows]
    colours = [hue("accent" if highlight in (None, row["label"]) else "mark") for row in rows]

    def paint(plot: Plot) -> None:
        thick = lay_rows(plot, names, room, bold=highlight)
        level = plot.axes.barh(range(len(rows)), values, thick, color=colours)
        _write_values(plot, level, [write(row["value"]) for row in rows], names)
        plot.axes.axvline(0, color=hue("mark"), lw=1)
        low, high = min(0.0, *values), max(0.0, *values)
        plot.axes.set_xlim(low, high if high > low else 1)
        plot.axes.set_xticks([])
        plot.head(words.x_label, plot.axes.bbox.x0 - room.left)

    return paint


def index_bars(
    frame: "pd.DataFrame", *, title: str, caption: str = "", description: str = "", x_label: str = "",
    y_label: str = "", language: str = "en", base: float = 100, form: Form = "number",
) -> Figure:  # fmt: skip
    """How a segment differs: dots on lines from the base, by ``label`` and ``index``; the average customer is the base.

    Examples
    --------
    >>> import pandas as pd
    >>> traits = pd.DataFrame({"label": ["orders", "returns"], "index": [240, 60]})
    >>> index_bars(traits, title="Buys 2.4 times as often").table.rows[0]
    ('orders', '240')
    """
    rows = rows_of("index_bars", frame, ["label", "index"], ["index"])
    words = Words(title, caption, description, x_label, y_label, language)
    words = words.axes(words.t("chart.index"), words.t("chart.label"))
    labels = {"label": words.y_label, "index": words.x_label}
    below = min(float(row["index"]) for row in rows) < base
    room = Room(right=INDEX_ROOM, left=INDEX_ROOM if below else 0, beside=is_short([str(row["label"]) for row in rows]))
    table = table_beneath(rows, words, labels, form)
    return drawn(_indices(rows, words, (base, form), room), words, room.heights(len(rows)), table)


def _indices(rows: list[Row], words: Words, options: tuple[float, Form], room: Room) -> Painter:
    base, form = options
    write = form_of(form, words.language)
    names, values = [str(row["label"]) for row in rows], [float(row["index"]) for row in rows]
    colours = [hue("accent" if value >= base else "mark") for value in values]
    low, high = min(base, *values), max(base, *values)

    def paint(plot: Plot) -> None:
        thick = lay_rows(plot, names, room)
        lengths = [value - base for value in values]
        level = plot.axes.barh(range(len(rows)), lengths, thick * STEM, left=base, color=colours)
        _write_values(plot, level, [write(value) for value in values], names)
        for n, value in enumerate(values):
            plot.dot((value, n), "accent" if value >= base else "mark", 9)
        plot.axes.axvline(base, color=hue("mark"), lw=1)
        plot.axes.set_xlim(low, high if high > low else low + 1)
        side = (base - low) / ((high - low) or 1)
        plot.axes.set_xticks([base], [words.t("chart.base", value=write(base))])
        plot.axes.tick_params("x", top=True, labeltop=True, labelbottom=False)
        plot.axes.get_xticklabels()[0].set_horizontalalignment(
            "left" if side < 0.1 else "right" if side > 0.9 else "center"
        )

    return paint


def pyramid_bars(
    frame: "pd.DataFrame", *, title: str, caption: str = "", description: str = "", x_label: str = "",
    y_label: str = "", language: str = "en", order: Sequence[str] = (), form: Form = "share",
) -> Figure:  # fmt: skip
    """Who brings the money: each ``segment``'s ``customer_share`` beside its ``value_share`` (0 to 1), best first.

    ``x_label`` names the money, ``y_label`` the customers; ``order`` holds all segments in the fixed order of their
    colours.

    Examples
    --------
    >>> import pandas as pd
    >>> tiers = pd.DataFrame({"segment": ["Top", "Rest"], "customer_share": [0.01, 0.99],
    ...                       "value_share": [0.2, 0.8]})
    >>> pyramid_bars(tiers, title="One in a hundred brings a fifth").table.rows[0]
    ('Top', '1 %', '20 %')
    """
    columns = ("customer_share", "value_share")
    rows = rows_of("pyramid_bars", frame, ["segment", *columns], columns)
    words = Words(title, caption, description, x_label, y_label, language)
    words = words.axes(words.t("chart.money"), words.t("chart.customers"))
    names = [str(row["segment"]) for row in rows]
    hues = [segment_colour(name, order or names) for name in names]
    labels = {"segment": words.t("chart.segment"), columns[0]: words.y_label, columns[1]: words.x_label}
    return _mirror(rows, words, labels, hues, form)


def flow_bars(
    frame: "pd.DataFrame", *, title: str, caption: str = "", description: str = "", x_label: str = "",
    y_label: str = "", language: str = "en", form: Form = "suppressed",
) -> Figure:  # fmt: skip
    """Who moved, and why: ``customers_out`` beside ``customers_in`` by ``label``, a cause or segment.

    ``x_label`` names those who came, ``y_label`` those who left; small counts are not told.

    Examples
    --------
    >>> import pandas as pd
    >>> causes = pd.DataFrame({"label": ["purchases"], "customers_in": [42], "customers_out": [7]})
    >>> flow_bars(causes, title="More came than left").table.rows[0]
    ('purchases', '<10', '42')
    """
    columns = ("customers_out", "customers_in")
    rows = rows_of("flow_bars", frame, ["label", *columns], columns)
    words = Words(title, caption, description, x_label, y_label, language)
    words = words.axes(words.t("chart.came"), words.t("chart.left"))
    labels = {"label": words.t("chart.label"), columns[0]: words.y_label, columns[1]: words.x_label}
    return _mirror(rows, words, labels, ["accent"] * len(rows), form)


def _mirror(rows: list[Row], words: Words, labels: dict[str, str], hues: Sequence[str], form: Form) -> Figure:
    """Draw two columns as bars to either side, in one unit; none below zero, where the written value must do."""
    key, left, right = labels
    write, room = form_of(form, words.language), Room(top=MIRROR_TOP, right=MIRROR_ROOM, left=MIRROR_ROOM)
    lengths = {side: [max(drawn_length(float(row[side]), form), 0.0) for row in rows] for side in (left, right)}
    names = [str(row[key]) for row in rows]

    def paint(plot: Plot) -> None:
        thick = lay_rows(plot, names, room)
        for side, sign, colours in ((left, -1, ["mark"] * len(rows)), (right, 1, hues)):
            ends = [sign * (length or 1e-12) for length in lengths[side]]
            level = plot.axes.barh(range(len(rows)), ends, thick, color=[hue(c) for c in colours])
            tips = [f"{name}, {labels[side]}" for name in names]
            _write_values(plot, level, [write(row[side]) for row in rows], tips)
        plot.axes.axvline(0, color=hue("paper"), lw=2)
        longest = max(lengths[left]), max(lengths[right])
        least = LEAST_SIDE * sum(longest) or 1
        plot.axes.set_xlim(-max(longest[0], least), max(longest[1], least))
        plot.axes.set_xticks([])
        middle = plot.axes.transData.transform((0, 0))[0]
        plot.head(labels[left], middle - 8, below=10, ha="right", weight="bold")
        plot.head(labels[right], middle + 8, below=10, weight="bold")

    return drawn(paint, words, room.heights(len(rows)), table_beneath(rows, words, labels, form))


def paired_bars(
    frame: "pd.DataFrame", *, title: str, caption: str = "", description: str = "", x_label: str = "",
    y_label: str = "", language: str = "en", form: Form = "suppressed",
) -> Figure:  # fmt: skip
    """Is the model right: counts of each ``group`` as they were, ``actual``, beside counts as ``expected``.

    Small counts are not told, and their bars are as long as the least that is.

    Examples
    --------
    >>> import pandas as pd
    >>> counts = pd.DataFrame({"group": ["0", "1"], "actual": [1411, 439], "expected": [1429, 421]})
    >>> paired_bars(counts, title="The model repeats the counts").table.rows[0]
    ('0', '1,411', '1,429')
    """
    rows = rows_of("paired_bars", frame, ["group", "actual", "expected"], ["actual", "expected"])
    rows = [row | {"group": str(row["group"])} for row in rows]
    words = Words(title, caption, description, x_label, y_label, language)
    words = words.axes(words.t("chart.group"), words.t("chart.customers"))
    labels = {n: words.t(f"chart.{n}") for n in ("group", "actual", "expected")}
    return drawn(_pairs(rows, words, form), words, PAIRED_HEIGHTS, table_beneath(rows, words, labels, form))


def _pairs(rows: list[Row], words: Words, form: Form) -> Painter:
    write = form_of(form, words.language)
    ticks = form_of("compact" if form == "suppressed" else form, words.language)
    top = max(drawn_length(row[name], form) for row in rows for name in ("actual", "expected"))

    def paint(plot: Plot) -> None:
        step = plot.categories([row["group"] for row in rows])
        width = min(0.36, THICKEST / step)
        for side, name, colour in ((-1, "actual", "series8"), (1, "expected", "accent")):
            places = [n + side * width / 2 for n in range(len(rows))]
            heights = [drawn_length(row[name], form) for row in rows]
            label = words.t(f"chart.{name}")
            bars = plot.axes.bar(places, heights, width - 1 / step, color=hue(colour), label=label)
            for bar, row in zip(bars, rows, strict=True):
                plot.tip(bar, f"{row['group']}: {label} {write(row[name])}")
        plot.axes.set_ylim(0, top or 1)
        plot.frame(words, ticks, sign=0.8)

    return paint


def cohort_stack(
    frame: "pd.DataFrame", *, title: str, caption: str = "", description: str = "", x_label: str = "",
    y_label: str = "", language: str = "en", form: Form = "compact", note: str = "",
) -> Figure:  # fmt: skip
    """What does the base look like: every ``period`` as one bar, the ``value`` of each ``band`` on top of the older.

    Periods and bands are in the order to draw; a missing value is not drawn. ``note`` is printed beneath the table.

    Examples
    --------
    >>> import pandas as pd
    >>> base = pd.DataFrame({"period": ["Q1", "Q2", "Q2"], "band": ["2024", "2024", "2025"], "value": [9, 5, 7]})
    >>> cohort_stack(base, title="Half is new").table.rows
    (('Q1', '9', '–'), ('Q2', '5', '7'))
    """
    rows = rows_of("cohort_stack", frame, ["period", "band", "value"], [])
    words = Words(title, caption, description, x_label, y_label, language)
    words = words.axes(words.t("chart.period"), words.t("chart.value_label"))
    crossed = Crossed(rows, "period", "band")
    return drawn(_stacked(crossed, words, form), words, STACKED_HEIGHTS, crossed.table(words, form, note))


def _stacked(crossed: Crossed, words: Words, form: Form) -> Painter:
    write, many = form_of(form, words.language), len(crossed.across) > 1
    known = np.nan_to_num(crossed.values)
    low, high = known.clip(max=0).sum(axis=1).min(), max(known.clip(min=0).sum(axis=1).max(), 1e-9) * HEADROOM

    def paint(plot: Plot) -> None:
        step = plot.categories([str(period) for period in crossed.down])
        plot.axes.set_ylim(low, high)
        for n, (band, colour) in enumerate(zip(crossed.across, crossed.colours(), strict=True)):
            values, others = known[:, n], known[:, :n]
            start = np.where(values > 0, others.clip(min=0).sum(axis=1), others.clip(max=0).sum(axis=1))
            places, width = np.flatnonzero(values), min(0.8, THICKEST_STACK / step)
            places = places if places.size else np.array([0])  # a band of zeros keeps its colour in the legend
            bars = plot.axes.bar(
                places, values[places], width, start[places], color=hue(colour), label=band if many else None,
                edgecolor=hue("paper"), linewidth=0.5 if many else 0,
            )  # fmt: skip
            for place, bar in zip(places, bars, strict=True):
                name = f"{crossed.down[place]}, {band}" if many else f"{crossed.down[place]}"
                plot.tip(bar, f"{name}: {write(float(values[place]))}")
        plot.frame(words, write, sign=0.8)

    return paint
