"""A total over time, split in two: the part that the heading is about at the foot of each bar, the rest above it.

Import it from :mod:`custlib.report.charts`, which documents the choice of figure by question.
"""

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from custlib.report.blocks import Figure
from custlib.report.charts.axes import SMALL, Painter, Plot, Words, drawn, hue, text_width
from custlib.report.charts.frame_checks import Form, Row, form_of, rows_of, table_beneath

if TYPE_CHECKING:
    import pandas as pd

HEIGHTS = (290.0, 270.0)
HEADROOM, WIDEST, LEAST, GAP = 1.12, 0.62, 16.0, 4.0


def split_bars(
    frame: "pd.DataFrame", *, title: str, caption: str = "", description: str = "", x_label: str = "",
    y_label: str = "", language: str = "en", form: Form = "compact", part_label: str = "", rest_label: str = "",
) -> Figure:  # fmt: skip
    """How did a total change: the ``part`` and the ``rest`` of every ``period``; a missing part stands in the rest.

    ``part_label`` and ``rest_label`` name them, ``y_label`` the total.

    Examples
    --------
    >>> import pandas as pd
    >>> revenue = pd.DataFrame({"period": ["Q1", "Q2"], "part": [9.0, None], "rest": [1.0, 8.0]})
    >>> split_bars(revenue, title="Nobody is new").table.rows
    (('Q1', '9', '1', '10'), ('Q2', '–', '8', '8'))
    """
    rows = rows_of(
        "split_bars", frame.assign(total=frame[["part", "rest"]].sum(axis=1, min_count=1)), ["period", "total"], []
    )
    words = Words(title, caption, description, x_label, y_label, language)
    words = words.axes(words.t("chart.period"), words.t("chart.value_label"))
    labels = {"period": words.x_label, "part": part_label, "rest": rest_label, "total": words.y_label}
    return drawn(_painter(rows, words, labels, form), words, HEIGHTS, table_beneath(rows, words, labels, form))


def _painter(rows: list[Row], words: Words, labels: dict[str, str], form: Form) -> Painter:
    write = form_of(form, words.language)
    parts = [_known(row["part"]) for row in rows]
    rests = [_known(row["rest"]) for row in rows]
    top = max((p + r for p, r in zip(parts, rests, strict=True)), default=0.0) or 1.0

    def paint(plot: Plot) -> None:
        axes = plot.axes
        step = plot.categories([str(row["period"]) for row in rows])
        axes.set_ylim(0, top * HEADROOM)
        wide = WIDEST if len(rows) > 2 else WIDEST / 2
        feet = axes.bar(range(len(rows)), parts, wide, color=hue("accent"), label=labels["part"])
        upper = axes.bar(range(len(rows)), rests, wide, parts, color=hue("mark"), label=labels["rest"])
        plot.frame(words, write, sign=0.8)
        axes.set_xlabel("")
        unit = axes.bbox.height / (top * HEADROOM)
        named = _named([write(row["total"]) for row in rows], step)
        _tip_bars(plot, rows, labels, {"part": (feet, parts), "rest": (upper, rests)}, write)
        for n, (row, part, rest) in enumerate(zip(rows, parts, rests, strict=True)):
            weight = {"weight": "bold"} if n == len(rows) - 1 else {}
            if n in named:
                plot.note(write(row["total"]), (n, part + rest), (0, 9), ha="center", **weight)
            if part and text_width(write(part), SMALL) < step * wide:
                _name_part(plot, (n, part, rest), unit, write(part))

    return paint


def _tip_bars(
    plot: Plot, rows: list[Row], labels: dict[str, str], bars: dict[str, Any], write: Callable[[Any], str]
) -> None:
    """Give each bar a tooltip: the period, and what it is with its value."""
    for name, (patches, numbers) in bars.items():
        for patch, row, number in zip(patches, rows, numbers, strict=True):
            plot.tip(patch, f"{row['period']}: {labels[name]} {write(number)}")


def _named(texts: list[str], step: float) -> range:
    """Choose the totals that have room side by side: every one, or every second or third, counted from the last."""
    widest = max((text_width(text, SMALL) for text in texts), default=0.0) + GAP
    every = max(math.ceil(widest / step), 1)
    return range((len(texts) - 1) % every, len(texts), every)


def _name_part(plot: Plot, bar: tuple[float, float, float], unit: float, text: str) -> None:
    """Write the value of the part inside it, or in the rest above a part that is too low."""
    place, part, rest = bar
    if part * unit > LEAST and rest * unit > LEAST:
        plot.note(text, (place, part), (0, -9), ha="center", color=hue("paper"))
    elif rest * unit > LEAST:
        plot.note(text, (place, part), (0, 9), ha="center")


def _known(value: object) -> float:
    number = float(value) if isinstance(value, int | float) else 0.0
    return number if number == number else 0.0
