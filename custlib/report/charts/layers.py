"""Charts of cohorts: what the base looks like over time, and how cohorts age.

Import them from :mod:`custlib.report.charts`, which documents the choice of figure by question.
"""

import math
from typing import TYPE_CHECKING, Any

from custlib.report.blocks import Column, Figure, Table
from custlib.report.charts.drawing import Key, Painter, Point, Sheet, Words, drawn, text_width
from custlib.report.charts.frame_checks import Form, Row, form_of, rows_of, thinned
from custlib.report.charts.plot import Plane, Reach, apart, plane_on
from custlib.report.formats import MISSING
from custlib.report.palette import segment_colour

if TYPE_CHECKING:
    import pandas as pd

HEIGHTS = (360.0, 340.0)
HEADROOM, THICKEST, ROWS_OF_A_TABLE, MOST_DOTS = 1.06, 40.0, 21, 80


def cohort_stack(
    frame: "pd.DataFrame", *, title: str, caption: str = "", description: str = "", x_label: str = "",
    y_label: str = "", language: str = "en", form: Form = "compact", note: str = "",
) -> Figure:  # fmt: skip
    """What does the base look like: every period as one bar, the cohorts on top of each other, the oldest below.

    Parameters
    ----------
    frame : pandas.DataFrame
        ``period``, ``band`` and ``value``, periods and bands in the order to draw; a missing value is not drawn.
    title, caption, description, x_label, y_label, language : str
        Words; ``x_label`` names the periods, ``y_label`` the values.
    form : str or callable
        Writes the values.
    note : str
        Printed beneath the table.

    Returns
    -------
    Figure
        With its table, one column per band.

    Raises
    ------
    UsageError
        If a column is missing, or there are more bars than a page can hold.

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
    return drawn(_stacked(crossed, words, form), words, HEIGHTS, crossed.table(words, form, words.x_label, note))


class Crossed:
    """Rows laid out by two columns, each in the order of appearance."""

    def __init__(self, rows: list[Row], down: str, across: str) -> None:
        self.down: list[Any] = list(dict.fromkeys(row[down] for row in rows))
        self.across: list[str] = list(dict.fromkeys(str(row[across]) for row in rows))
        self.value = {(row[down], str(row[across])): float(row["value"]) for row in rows}

    def at(self, down: Any, across: str) -> float:
        """Give the value of a cell; missing where there is none."""
        return self.value.get((down, across), math.nan)

    def table(self, words: Words, form: Form, label: str, note: str) -> Table:
        """Print the cells, one column per name across; long ones thinned."""
        write = form_of(form, words.language)
        kept = [row["down"] for row in thinned([{"down": d} for d in self.down], ROWS_OF_A_TABLE)]
        cells = [[self.at(down, name) for name in self.across] for down in kept]
        texts = [[MISSING if math.isnan(v) else write(v) for v in row] for row in cells]
        columns = [Column(label), *(Column(name, "right") for name in self.across)]
        rows = [[str(down), *row] for down, row in zip(kept, texts, strict=True)]
        return Table(words.title, columns, rows, note=note)


def _stacked(crossed: Crossed, words: Words, form: Form) -> Painter:
    write = form_of(form, words.language)
    known = {key: value for key, value in crossed.value.items() if not math.isnan(value)}
    tops = [sum(max(known.get((p, b), 0.0), 0.0) for b in crossed.across) for p in crossed.down]
    feet = [sum(min(known.get((p, b), 0.0), 0.0) for b in crossed.across) for p in crossed.down]
    many = len(crossed.across) > 1
    hues = {band: segment_colour(band, crossed.across) if many else "accent" for band in crossed.across}
    keys: list[Key] = [(hues[band], band, "square") for band in crossed.across] if many else []

    def paint(sheet: Sheet) -> None:
        reach = Reach((-0.5, len(crossed.down) - 0.5), (min(feet), max(*tops, 1e-9) * HEADROOM))
        plane = plane_on(sheet, words, reach, write, keys)
        width = min(0.8 * (plane.x(1) - plane.x(0)), THICKEST)
        for n, period in enumerate(crossed.down):
            ends = {True: 0.0, False: 0.0}
            for band in crossed.across:
                value = known.get((period, band), 0.0)
                start, ends[value > 0] = ends[value > 0], ends[value > 0] + value
                if value:
                    tip = f"{period}, {band}: {write(value)}" if many else f"{period}: {write(value)}"
                    _piece(sheet, plane, (n, width), (start, start + value), (hues[band], tip))
        sheet.x_ticks([(plane.x(n), str(period)) for n, period in enumerate(crossed.down)], plane.y(min(feet)))

    return paint


def _piece(sheet: Sheet, plane: Plane, at: tuple[int, float], ends: tuple[float, float], said: tuple[str, str]) -> None:
    """Draw one cohort of one bar, with a thin gap above it where there is room."""
    x, low, high = plane.x(at[0]), plane.y(ends[0]), plane.y(ends[1])
    gap = 1.0 if abs(low - high) > 3 else 0.0
    sheet.rect((x - at[1] / 2, low), (x + at[1] / 2, high + (gap if high < low else -gap)), *said)


def age_lines(
    frame: "pd.DataFrame", *, title: str, caption: str = "", description: str = "", x_label: str = "",
    y_label: str = "", language: str = "en", form: Form = "compact", note: str = "",
) -> Figure:  # fmt: skip
    """How do cohorts age: one line per cohort (or measure) over its age, named at its end.

    Parameters
    ----------
    frame : pandas.DataFrame
        ``line``, ``age`` and ``value``, lines in the order of their colours; a missing value interrupts its line.
    title, caption, description, x_label, y_label, language : str
        Words; ``x_label`` names the age, ``y_label`` the values.
    form : str or callable
        Writes the values.
    note : str
        Printed beneath the table.

    Returns
    -------
    Figure
        With at most 21 ages as its table.

    Raises
    ------
    UsageError
        If a column is missing, or an age is no number.

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
    crossed = Crossed(sorted(rows, key=lambda row: float(row["age"])), "age", "line")
    crossed.across = list(dict.fromkeys(str(row["line"]) for row in rows))
    return drawn(_aged(crossed, words, form), words, HEIGHTS, crossed.table(words, form, words.x_label, note))


def _aged(crossed: Crossed, words: Words, form: Form) -> Painter:
    write = form_of(form, words.language)
    many = len(crossed.across) > 1
    known = [value for value in crossed.value.values() if not math.isnan(value)]
    room = max(text_width(name, 13) for name in crossed.across) + 16 if many else 16
    ages = [float(age) for age in crossed.down]
    spans = (ages[0], max(ages[-1], ages[0] + 1)), (min([0.0, *known]), max([1e-9, *known]) * HEADROOM)

    def paint(sheet: Sheet) -> None:
        reach = Reach(*spans, room=room)
        plane = plane_on(sheet, words, reach, write)
        ends = []
        for name in crossed.across:
            colour = segment_colour(name, crossed.across) if many else "accent"
            pieces = _unbroken([(age, crossed.at(age, name)) for age in crossed.down])
            for piece in pieces:
                _run(sheet, plane, piece, colour)
            for age, value in (point for piece in pieces for point in piece if _dotted(piece, known)):
                sheet.dot(plane.at(age, value), colour, 6, f"{name}, {age:g}: {write(value)}")
            ends += [(name, colour, plane.at(*pieces[-1][-1]))] if pieces else []
        if many:
            _name_ends(sheet, plane, ends)
        sheet.x_ticks([(plane.x(age), f"{age:g}") for age in ages], plane.y(reach.y[0]))

    return paint


def _name_ends(sheet: Sheet, plane: Plane, ends: list[tuple[str, str, Point]]) -> None:
    """Name every line at the right, led to its end, the names apart from each other."""
    for (name, colour, at), y in zip(ends, apart([at[1] for _, _, at in ends]), strict=True):
        sheet.line([at, (plane.x.end + 5, y)], "rule")
        sheet.text((plane.x.end + 8, y), name, colour, size=13, bold=True)


def _dotted(piece: list[tuple[float, float]], known: list[float]) -> bool:
    """Whether points get a dot with a tip: always where they stand alone, else while there are not too many."""
    return len(piece) == 1 or len(known) <= MOST_DOTS


def _run(sheet: Sheet, plane: Plane, piece: list[tuple[float, float]], colour: str) -> None:
    if len(piece) > 1:
        sheet.line(plane.points(piece), colour, 2)


def _unbroken(points: list[tuple[float, float]]) -> list[list[tuple[float, float]]]:
    """Part a line where values are missing."""
    pieces: list[list[tuple[float, float]]] = [[]]
    for point in points:
        if math.isnan(point[1]):
            pieces.append([])
        else:
            pieces[-1].append((float(point[0]), point[1]))
    return [piece for piece in pieces if piece]
