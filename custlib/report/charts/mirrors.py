"""Charts of two sides: customers beside money, customers who came beside those who left.

Import them from :mod:`custlib.report.charts`, which documents the choice of figure by question.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from custlib.report.blocks import Figure
from custlib.report.charts.bars import GAP, THICK, Lanes, heights_of, table_beneath
from custlib.report.charts.drawing import Painter, Scale, Sheet, Words, drawn
from custlib.report.charts.frame_checks import Form, Row, form_of, rows_of, told
from custlib.report.palette import segment_colour

if TYPE_CHECKING:
    import pandas as pd

TOP, END_ROOM = 34.0, 56.0


@dataclass(frozen=True)
class Side:
    """One side of a mirror: the column it shows, what it is called, and the colour of each row."""

    column: str
    name: str
    colours: Sequence[str]


@dataclass(frozen=True)
class Write:
    """How the numbers of a mirror are written, and how long they are drawn."""

    form: Form
    language: str

    def __call__(self, value: Any) -> str:
        """Write a number."""
        return form_of(self.form, self.language)(value)

    def length(self, value: Any) -> float:
        """Give the length to draw: none below zero, where the written value must do."""
        return max(told(float(value), self.form), 0.0)


def pyramid_bars(
    frame: "pd.DataFrame", *, title: str, caption: str = "", description: str = "", x_label: str = "",
    y_label: str = "", language: str = "en", order: Sequence[str] = (), form: Form = "share",
) -> Figure:  # fmt: skip
    """Who brings the money: each segment's share of customers beside its share of money.

    Parameters
    ----------
    frame : pandas.DataFrame
        ``segment``, ``customer_share`` and ``value_share`` (0 to 1), best first.
    title, caption, description, x_label, y_label, language : str
        Words; ``x_label`` names the money, ``y_label`` the customers.
    order : sequence of str
        All segments in their fixed order, for the colours; the frame's order if none is given.
    form : str or callable
        Writes the shares.

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
    >>> tiers = pd.DataFrame({"segment": ["Top", "Rest"], "customer_share": [0.01, 0.99],
    ...                       "value_share": [0.2, 0.8]})
    >>> pyramid_bars(tiers, title="One in a hundred brings a fifth").table.rows[0]
    ('Top', '1 %', '20 %')
    """
    columns = ["customer_share", "value_share"]
    rows = rows_of("pyramid_bars", frame, ["segment", *columns], columns)
    words = Words(title, caption, description, x_label, y_label, language)
    words = words.axes(words.t("chart.money"), words.t("chart.customers"))
    names = [str(row["segment"]) for row in rows]
    hues = [segment_colour(name, order or names) for name in names]
    sides = (Side(columns[0], words.y_label, ["mark"] * len(rows)), Side(columns[1], words.x_label, hues))
    labels = {"segment": words.t("chart.segment"), columns[0]: words.y_label, columns[1]: words.x_label}
    paint = _mirror(rows, "segment", sides, Write(form, language))
    return drawn(paint, words, heights_of(len(rows), TOP), table_beneath(rows, words, labels, form))


def flow_bars(
    frame: "pd.DataFrame", *, title: str, caption: str = "", description: str = "", x_label: str = "",
    y_label: str = "", language: str = "en", form: Form = "suppressed",
) -> Figure:  # fmt: skip
    """Who moved, and why: customers who left beside customers who came, by cause or segment.

    Parameters
    ----------
    frame : pandas.DataFrame
        ``label``, ``customers_in`` and ``customers_out``.
    title, caption, description, x_label, y_label, language : str
        Words; ``x_label`` names those who came, ``y_label`` those who left.
    form : str or callable
        Writes the counts; small ones are not told.

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
    >>> causes = pd.DataFrame({"label": ["purchases"], "customers_in": [42], "customers_out": [7]})
    >>> flow_bars(causes, title="More came than left").table.rows[0]
    ('purchases', '<10', '42')
    """
    columns = ["customers_out", "customers_in"]
    rows = rows_of("flow_bars", frame, ["label", *columns], columns)
    words = Words(title, caption, description, x_label, y_label, language)
    words = words.axes(words.t("chart.came"), words.t("chart.left"))
    sides = (
        Side(columns[0], words.y_label, ["mark"] * len(rows)),
        Side(columns[1], words.x_label, ["accent"] * len(rows)),
    )
    labels = {"label": words.t("chart.label"), columns[0]: words.y_label, columns[1]: words.x_label}
    paint = _mirror(rows, "label", sides, Write(form, language))
    return drawn(paint, words, heights_of(len(rows), TOP), table_beneath(rows, words, labels, form))


def _mirror(rows: list[Row], label: str, sides: tuple[Side, Side], write: Write) -> Painter:
    longest = [max(write.length(row[side.column]) for row in rows) for side in sides]

    def paint(sheet: Sheet) -> None:
        lanes = Lanes(sheet, [str(row[label]) for row in rows], TOP, END_ROOM)
        start, end = lanes.left + END_ROOM, lanes.right
        middle = start + (end - start) * longest[0] / (sum(longest) or 1)
        middle = min(max(middle, start + 40), end - 40)
        unit = min((middle - start) / (longest[0] or 1), (end - middle) / (longest[1] or 1))
        for n, row in enumerate(rows):
            lanes.name(n)
            _half(lanes, n, Scale(0, 1, middle - 1, middle - 1 - unit), sides[0], row, write)
            _half(lanes, n, Scale(0, 1, middle + 1, middle + 1 + unit), sides[1], row, write)
        sheet.text((middle - GAP, 10), sides[0].name, "muted", side="right", bold=True)
        sheet.text((middle + GAP, 10), sides[1].name, "muted", bold=True)

    return paint


def _half(lanes: Lanes, n: int, scale: Scale, side: Side, row: Row, write: Write) -> None:
    y, value = lanes.middle(n), write.length(row[side.column])
    tip = f"{lanes.labels[n]}, {side.name}: {write(row[side.column])}"
    lanes.sheet.bar((scale(0), y), (scale(value), y), side.colours[n], THICK, tip)
    outward = scale.end > scale.start
    at = (scale(value) + (6 if outward else -6), y)
    lanes.sheet.text(at, write(row[side.column]), side="left" if outward else "right")
