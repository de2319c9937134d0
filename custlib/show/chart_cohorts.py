"""Charts of cohorts: what the base looks like over time, and how cohorts age.

Import them from :mod:`custlib.show.charts`, which documents the choice of figure by question.
"""

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from custlib.show.blocks import Column, Figure, Table
from custlib.show.chart_axes import TEXT, Painter, Plot, Words, drawn, hue, text_width
from custlib.show.chart_frames import Form, Row, form_of, rows_of, thinned
from custlib.show.formats import MISSING
from custlib.show.palette import segment_colour

if TYPE_CHECKING:
    import pandas as pd

HEIGHTS = (360.0, 340.0)
HEADROOM, THICKEST, ROWS_OF_A_TABLE, MOST_DOTS, EDGES = 1.06, 40.0, 21, 80, 64.0


class Crossed:
    """Rows laid out by two columns, each in the order of appearance; ``values`` is NaN where there is no row."""

    def __init__(self, rows: list[Row], down: str, across: str) -> None:
        self.down: list[Any] = list(dict.fromkeys(row[down] for row in rows))
        self.across = list(dict.fromkeys(str(row[across]) for row in rows))
        cells = {(row[down], str(row[across])): float(row["value"]) for row in rows}
        self.values = np.array([[cells.get((d, a), math.nan) for a in self.across] for d in self.down])

    def colours(self) -> list[str]:
        """Colours of the columns; one alone takes the accent."""
        return [segment_colour(a, self.across) if len(self.across) > 1 else "accent" for a in self.across]

    def table(self, words: Words, form: Form, note: str) -> Table:
        """Print the cells, one column per name across; long ones thinned."""
        write = form_of(form, words.language)
        lines = thinned(
            [{"name": d, "values": v} for d, v in zip(self.down, self.values, strict=True)], ROWS_OF_A_TABLE
        )
        cells = [[MISSING if math.isnan(v) else write(float(v)) for v in line["values"]] for line in lines]
        columns = [Column(words.x_label), *(Column(name, "right") for name in self.across)]
        rows = [[str(line["name"]), *row] for line, row in zip(lines, cells, strict=True)]
        return Table(words.title, columns, rows, note=note)


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
    return drawn(_stacked(crossed, words, form), words, HEIGHTS, crossed.table(words, form, note))


def _stacked(crossed: Crossed, words: Words, form: Form) -> Painter:
    write, many = form_of(form, words.language), len(crossed.across) > 1
    known = np.nan_to_num(crossed.values)
    low, high = known.clip(max=0).sum(axis=1).min(), max(known.clip(min=0).sum(axis=1).max(), 1e-9) * HEADROOM

    def paint(plot: Plot) -> None:
        step = plot.categories([str(period) for period in crossed.down], plot.width - EDGES)
        plot.axes.set_ylim(low, high)
        for n, (band, colour) in enumerate(zip(crossed.across, crossed.colours(), strict=True)):
            values, others = known[:, n], known[:, :n]
            start = np.where(values > 0, others.clip(min=0).sum(axis=1), others.clip(max=0).sum(axis=1))
            places, width = np.flatnonzero(values), min(0.8, THICKEST / step)
            bars = plot.axes.bar(
                places, values[places], width, start[places], color=hue(colour), label=band if many else None,
                edgecolor=hue("paper"), linewidth=0.5 if many else 0,
            )  # fmt: skip
            for place, bar in zip(places, bars, strict=True):
                name = f"{crossed.down[place]}, {band}" if many else f"{crossed.down[place]}"
                plot.tip(bar, f"{name}: {write(float(values[place]))}")
        plot.frame(words, write, sign=0.8)

    return paint


def age_lines(
    frame: "pd.DataFrame", *, title: str, caption: str = "", description: str = "", x_label: str = "",
    y_label: str = "", language: str = "en", form: Form = "compact", note: str = "",
) -> Figure:  # fmt: skip
    """How do cohorts age: one ``line`` per cohort (or measure) of ``value`` over its ``age``, named at its end.

    Lines are in the order of their colours; a missing value interrupts its line. ``note`` is printed beneath the table.

    Examples
    --------
    >>> import pandas as pd
    >>> ages = pd.DataFrame({"line": ["Jan", "Jan", "Feb"], "age": [0, 1, 0], "value": [1.0, 0.4, 1.0]})
    >>> age_lines(ages, title="Six in ten do not return", form="share").table.rows
    (('0', '100 %', '100 %'), ('1', '40 %', '–'))
    """
    rows = rows_of("age_lines", frame, ["line", "age", "value"], ["age"])
    words = Words(title, caption, description, x_label, y_label, language)
    words = words.axes(words.t("chart.age"), words.t("chart.value_label"))
    crossed = Crossed(rows, "age", "line")
    order = sorted(range(len(crossed.down)), key=lambda n: float(crossed.down[n]))
    crossed.down, crossed.values = [crossed.down[n] for n in order], crossed.values[order]
    return drawn(_aged(crossed, words, form), words, HEIGHTS, crossed.table(words, form, note))


def _aged(crossed: Crossed, words: Words, form: Form) -> Painter:
    write, many = form_of(form, words.language), len(crossed.across) > 1
    room = max(text_width(name, TEXT) for name in crossed.across) + 16 if many else 16
    ages = np.array([float(age) for age in crossed.down])
    known = crossed.values[~np.isnan(crossed.values)]
    low, high = min([0.0, *known]), max([1e-9, *known]) * HEADROOM

    def paint(plot: Plot) -> None:
        ends = []
        for name, colour, values in zip(crossed.across, crossed.colours(), crossed.values.T, strict=True):
            plot.axes.plot(ages, values, color=hue(colour), zorder=2)
            chosen = _dotted(values, known)
            points = list(zip(ages[chosen].tolist(), values[chosen].tolist(), strict=True))
            plot.dots(points, colour, 6, [f"{name}, {age:g}: {write(value)}" for age, value in points])
            there = np.flatnonzero(~np.isnan(values))
            ends += [(colour, name, (ages[there[-1]], values[there[-1]]))] if len(there) else []
        plot.axes.set(xlim=(ages[0], max(ages[-1], ages[0] + 1)), ylim=(low, high))
        plot.ticks(ages.tolist(), [f"{age:g}" for age in ages], plot.width - EDGES - room)
        plot.frame(words, write, right=room)
        if many:
            plot.ends(ends, led=True)

    return paint


def _dotted(values: Any, known: Any) -> Any:
    """Which points get a dot with a tooltip: those that stand alone, and all while there are not too many."""
    there = np.pad(~np.isnan(values), 1)
    alone = there[1:-1] & ~there[:-2] & ~there[2:]
    return there[1:-1] if len(known) <= MOST_DOTS else alone
