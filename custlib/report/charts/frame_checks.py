"""The tables of charts: a frame read as rows and checked, and the table of numbers beneath a chart."""

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from custlib.errors import UsageError, hint
from custlib.report.blocks import Column, Table
from custlib.report.formats import MISSING, formatter
from custlib.report.page_limits import limit
from custlib.report.palette import segment_colour

if TYPE_CHECKING:
    import pandas as pd

    from custlib.report.charts.axes import Words
    from custlib.report.texts import Texts

Form = str | Callable[[Any], str]
Row = dict[str, Any]
ROWS_OF_A_TABLE = 21


def rows_of(chart: str, frame: "pd.DataFrame", needed: Sequence[str], numbers: Sequence[str]) -> list[Row]:
    """Read a small frame as rows; refuse one without a needed column, without rows, or with gaps in its numbers.

    Examples
    --------
    >>> import pandas as pd
    >>> rows_of("bars", pd.DataFrame({"label": ["a"], "value": [1.5]}), ["label", "value"], ["value"])
    [{'label': 'a', 'value': 1.5}]
    """
    known = [str(name) for name in frame.columns]
    if missing := [name for name in needed if name not in known]:
        raise UsageError(f"{chart}: missing column {missing[0]!r}. {hint(missing[0], known)}")
    if not len(frame):
        raise UsageError(f"{chart}: the table has no rows. Show a callout instead.")
    for name in (n for n in numbers if n in known):
        _check_numbers(chart, name, frame[name])
    return [{str(k): v for k, v in row.items()} for row in frame.to_dict("records")]


def _check_numbers(chart: str, name: str, column: "pd.Series[Any]") -> None:
    import pandas as pd

    values = pd.to_numeric(column, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    wrong = np.flatnonzero(~np.isfinite(values))
    if len(wrong):
        raise UsageError(
            f"{chart}: {name} is no number in {len(wrong)} of {len(values)} rows (first: row {wrong[0]}). "
            "Drop those rows, or say so in a callout."
        )


def table_beneath(
    rows: list[Row], words: "Words", labels: dict[str, str], form: Form, *, most: int | None = None
) -> Table:
    """Make the table of numbers beneath a chart: the columns to print with their labels, numbers written by ``form``.

    Of more than ``most`` rows evenly spaced ones are printed, which the note says.

    Examples
    --------
    >>> from custlib.report.charts.axes import Words
    >>> rows = [{"label": "Top", "value": 0.5}]
    >>> table_beneath(rows, Words("Half"), {"label": "Tier", "value": "Share"}, "share").rows
    (('Top', '50 %'),)
    """
    import pandas as pd

    frame = pd.DataFrame(thinned(rows, most or len(rows)))[list(labels)]
    numbers = [name for name in labels if pd.api.types.is_numeric_dtype(frame[name])]
    formats: dict[str, Form] = dict.fromkeys(numbers, form)
    note = rows_shown(words.t, len(frame), len(rows))
    return Table.of(frame, title=words.title, formats=formats, labels=labels, language=words.language, note=note)


def rows_shown(t: "Texts", shown: int, every: int) -> str:
    """Say how many rows of a long table are shown; nothing where all are.

    Examples
    --------
    >>> from custlib.report.texts import texts
    >>> rows_shown(texts("en"), 21, 78)
    'Shown are 21 of 78 rows, evenly spaced.'
    """
    return t("chart.rows_shown", shown=shown, all=every) if shown < every else ""


def form_of(form: Form, language: str) -> Callable[[Any], str]:
    """Find the function that writes a chart's numbers, by name of a formatter or as it is.

    Examples
    --------
    >>> form_of("share", "en")(0.71)
    '71 %'
    """
    return form if callable(form) else formatter(form, language)


def drawn_length(value: float, form: Form) -> float:
    """Give the length to draw: a count that is written as "<10" is drawn as 10, so that no length tells it.

    Examples
    --------
    >>> [drawn_length(n, "suppressed") for n in (3, 0, 40)], drawn_length(3, "number")
    ([10.0, 0.0, 40.0], 3.0)
    """
    least = limit("privacy", "smallest_count")
    return float(least if form == "suppressed" and 0 < value < least else value)


def thinned(rows: list[Any], most: int) -> list[Any]:
    """Keep at most so many rows (two or more), evenly spaced, the first and last among them.

    Examples
    --------
    >>> [row["n"] for row in thinned([{"n": n} for n in range(9)], 3)]
    [0, 4, 8]
    """
    if len(rows) <= most:
        return rows
    step = (len(rows) - 1) / (most - 1)
    return [rows[round(n * step)] for n in range(most)]


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

    def table(self, words: "Words", form: Form, note: str) -> Table:
        """Print the cells, one column per name across; long ones thinned."""
        write = form_of(form, words.language)
        cells = [[MISSING if math.isnan(v) else write(v) for v in row] for row in self.values.tolist()]
        columns = [Column(words.x_label), *(Column(name, "right") for name in self.across)]
        rows = thinned([[str(name), *row] for name, row in zip(self.down, cells, strict=True)], ROWS_OF_A_TABLE)
        notes = words.t.paragraph(note, rows_shown(words.t, len(rows), len(cells)))
        return Table(words.title, columns, rows, note=notes)
