"""Charts of bars: how customers and money part, counts beside counts, ranks, indices, flows.

Import them from :mod:`custlib.report.charts`, which documents the choice of figure by question.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from custlib.report.blocks import Figure, Table
from custlib.report.charts.drawing import TEXT, Painter, Scale, Sheet, Words, drawn, text_width
from custlib.report.charts.frame_checks import Form, Row, form_of, one_line, rows_of, told
from custlib.report.charts.plot import Reach, plane_on

if TYPE_CHECKING:
    import pandas as pd

ROW, NARROW_ROW, THICK, GAP, VALUE_ROOM, LABEL_MOST = 36.0, 52.0, 20.0, 8.0, 64.0, 220.0


def table_beneath(rows: list[Row], words: Words, labels: dict[str, str], form: Form) -> Table:
    """Make the table of numbers beneath a chart.

    Parameters
    ----------
    rows : list of dict
        As drawn.
    words : Words
        Title and language.
    labels : dict
        Columns to print, and what to call them.
    form : str or callable
        Writes the numbers.

    Returns
    -------
    Table
        The block.

    Examples
    --------
    >>> rows = [{"label": "Top", "value": 0.5}]
    >>> table_beneath(rows, Words("Half"), {"label": "Tier", "value": "Share"}, "share").rows
    (('Top', '50 %'),)
    """
    import pandas as pd

    frame = pd.DataFrame(rows)[list(labels)]
    numbers = [name for name in labels if pd.api.types.is_numeric_dtype(frame[name])]
    formats: dict[str, Form] = dict.fromkeys(numbers, form)
    return Table.of(frame, title=words.title, formats=formats, labels=labels, language=words.language)


@dataclass(frozen=True)
class Lanes:
    """Rows of a chart: where bars begin and end, and how high a row is. On a phone labels stand above."""

    sheet: Sheet
    labels: Sequence[str]
    top: float
    room: float = VALUE_ROOM

    @property
    def left(self) -> float:
        """Where bars begin."""
        if self.sheet.narrow:
            return 0.0
        return min(max(text_width(label, TEXT) for label in self.labels), LABEL_MOST) + 14

    @property
    def right(self) -> float:
        """Where the longest bar ends."""
        return self.sheet.width - self.room

    def middle(self, n: int) -> float:
        """Height of a row's bar."""
        if self.sheet.narrow:
            return self.top + (n + 1) * NARROW_ROW - THICK / 2 - GAP
        return self.top + (n + 0.5) * ROW

    def name(self, n: int, *, bold: bool = False) -> None:
        """Write a row's label."""
        if self.sheet.narrow:
            at = (0.0, self.middle(n) - THICK / 2 - 11)
            end = (text_width(self.labels[n], TEXT) + 4, at[1] + 9)
            self.sheet.rect((0, at[1] - 9), end, "paper")
            self.sheet.text(at, one_line(self.labels[n], self.sheet.width, TEXT), size=TEXT, bold=bold)
        else:
            words = one_line(self.labels[n], LABEL_MOST, TEXT)
            self.sheet.text((self.left - 14, self.middle(n)), words, side="right", size=TEXT, bold=bold)


def heights_of(rows: int, top: float, foot: float = 4) -> tuple[float, float]:
    """Compute how high a chart of so many rows is, wide and narrow.

    Parameters
    ----------
    rows : int
        Rows of bars.
    top, foot : float
        Room above and beneath, in pixels.

    Returns
    -------
    tuple of float
        Pixels.

    Examples
    --------
    >>> heights_of(2, 10)
    (86.0, 118.0)
    """
    return rows * ROW + top + foot, rows * NARROW_ROW + top + foot


def bars(
    frame: "pd.DataFrame", *, title: str, caption: str = "", description: str = "", x_label: str = "",
    y_label: str = "", language: str = "en", highlight: str | None = None, form: Form = "compact",
) -> Figure:  # fmt: skip
    """Rank a few things: level bars from nought, each with its value.

    Parameters
    ----------
    frame : pandas.DataFrame
        ``label`` and ``value``, in the order to print.
    title, caption, description, x_label, y_label, language : str
        Words; ``x_label`` names the values.
    highlight : str, optional
        Label of the bar that the finding is about; the others step back.
    form : str or callable
        Writes the values.

    Returns
    -------
    Figure
        With its table.

    Raises
    ------
    UsageError
        If a column is missing or holds no numbers.

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
    heights = heights_of(len(rows), 26)
    return drawn(_ranked(rows, words, highlight, form), words, heights, table_beneath(rows, words, labels, form))


def _ranked(rows: list[Row], words: Words, highlight: str | None, form: Form) -> Painter:
    write = form_of(form, words.language)
    values = [float(row["value"]) for row in rows]

    def paint(sheet: Sheet) -> None:
        lanes = Lanes(sheet, [str(row["label"]) for row in rows], 26)
        low = min(0.0, *values)
        left = lanes.left + (VALUE_ROOM if low < 0 else 0)
        scale = Scale(low, max(0.0, *values), left, lanes.right)
        sheet.text((lanes.left, 8), words.x_label, "muted")
        _zero(lanes, scale(0), len(rows))
        for n, row in enumerate(rows):
            chosen = highlight in (None, row["label"])
            lanes.name(n, bold=highlight == row["label"])
            _bar(lanes, n, (scale(0), scale(values[n])), "accent" if chosen else "mark", write(row["value"]))

    return paint


def _bar(lanes: Lanes, n: int, ends: tuple[float, float], colour: str, value: str) -> None:
    """Draw one bar with its value at the end, and the same as its tip."""
    y, (start, end) = lanes.middle(n), ends
    lanes.sheet.bar((start, y), (end, y), colour, THICK, f"{lanes.labels[n]}: {value}")
    side, step = ("left", 6) if end >= start else ("right", -6)
    lanes.sheet.text((end + step, y), value, side=side)


def _zero(lanes: Lanes, x: float, rows: int) -> None:
    first, last = lanes.middle(0), lanes.middle(rows - 1)
    lanes.sheet.line([(x, first - THICK / 2 - 4), (x, last + THICK / 2 + 4)], "mark")


def index_bars(
    frame: "pd.DataFrame", *, title: str, caption: str = "", description: str = "", x_label: str = "",
    y_label: str = "", language: str = "en", base: float = 100, form: Form = "number",
) -> Figure:  # fmt: skip
    """How a segment differs: bars that leave the base to either side.

    Parameters
    ----------
    frame : pandas.DataFrame
        ``label`` and ``index``; the base is 100.
    title, caption, description, x_label, y_label, language : str
        Words; ``x_label`` names the index.
    base : float
        Value of the average customer.
    form : str or callable
        Writes the index.

    Returns
    -------
    Figure
        With its table.

    Raises
    ------
    UsageError
        If a column is missing or holds no numbers.

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
    write = form_of(form, language)
    return drawn(
        _indices(rows, words, base, write), words, heights_of(len(rows), 26),
        table_beneath(rows, words, labels, form),
    )  # fmt: skip


def _indices(rows: list[Row], words: Words, base: float, write: Callable[[Any], str]) -> Painter:
    values = [float(row["index"]) for row in rows]
    low, high = min(base, *values), max(base, *values)

    def paint(sheet: Sheet) -> None:
        lanes = Lanes(sheet, [str(row["label"]) for row in rows], 26, 44)
        scale = Scale(low, high, lanes.left + (44 if low < base else 0), lanes.right)
        _zero(lanes, scale(base), len(rows))
        for n, value in enumerate(values):
            lanes.name(n)
            colour = "accent" if value >= base else "mark"
            _bar(lanes, n, (scale(base), scale(value)), colour, write(value))
        said = words.t("chart.base", value=write(base))
        half = text_width(said, 12) / 2
        sheet.text((max(min(scale(base), sheet.width - half), half), 8), said, "muted", side="center")

    return paint


def paired_bars(
    frame: "pd.DataFrame", *, title: str, caption: str = "", description: str = "", x_label: str = "",
    y_label: str = "", language: str = "en", form: Form = "suppressed",
) -> Figure:  # fmt: skip
    """Is the model right: counts as they were beside counts as expected.

    Parameters
    ----------
    frame : pandas.DataFrame
        ``group``, ``actual`` and ``expected``.
    title, caption, description, x_label, y_label, language : str
        Words; the axes have names of their own if none are given.
    form : str or callable
        Writes the counts; small ones are not told, and their bars are as long as the least told.

    Returns
    -------
    Figure
        With its table.

    Raises
    ------
    UsageError
        If a column is missing or holds no numbers.

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
    return drawn(_pairs(rows, words, form), words, (340, 320), table_beneath(rows, words, labels, form))


def _pairs(rows: list[Row], words: Words, form: Form) -> Painter:
    write = form_of(form, words.language)
    ticks = form_of("compact" if form == "suppressed" else form, words.language)
    top = max(told(row[name], form) for row in rows for name in ("actual", "expected"))
    keys = [("series8", words.t("chart.actual"), "square"), ("accent", words.t("chart.expected"), "square")]

    def paint(sheet: Sheet) -> None:
        plane = plane_on(sheet, words, Reach((-0.5, len(rows) - 0.5), (0, top)), ticks, keys)
        width = min(0.36 * (plane.x(1) - plane.x(0)), 34)
        for n, row in enumerate(rows):
            for side, (name, colour) in ((-1, ("actual", "series8")), (1, ("expected", "accent"))):
                x = plane.x(n) + side * width / 2
                tip = f"{row['group']}: {words.t(f'chart.{name}')} {write(row[name])}"
                sheet.bar((x, plane.y(0)), (x, plane.y(told(row[name], form))), colour, width - 1, tip)
        sheet.x_ticks([(plane.x(n), row["group"]) for n, row in enumerate(rows)], plane.y(0))

    return paint
