"""What every chart asks of its frame: the columns are there, rows are there, numbers are numbers."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from custlib.errors import UsageError, hint
from custlib.report.formats import formatter
from custlib.report.page_limits import limit

if TYPE_CHECKING:
    import pandas as pd

Form = str | Callable[[Any], str]
Row = dict[str, Any]


def rows_of(chart: str, frame: "pd.DataFrame", needed: Sequence[str], numbers: Sequence[str]) -> list[Row]:
    """Read a small frame as rows, or say what is wrong with it.

    Parameters
    ----------
    chart : str
        Start of the error message.
    frame : pandas.DataFrame
        Left as it is.
    needed : sequence of str
        Columns that must be there.
    numbers : sequence of str
        Columns, of those there are, that must be numbers without gaps.

    Returns
    -------
    list of dict
        One per row.

    Raises
    ------
    UsageError
        If a column is missing, the frame is empty, or a number is missing.

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
    import numpy as np
    import pandas as pd

    values = pd.to_numeric(column, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    wrong = np.flatnonzero(~np.isfinite(values))
    if len(wrong):
        raise UsageError(
            f"{chart}: {name} is no number in {len(wrong)} of {len(values)} rows (first: row {wrong[0]}). "
            "Drop those rows, or say so in a callout."
        )


def form_of(form: Form, language: str) -> Callable[[Any], str]:
    """Find the function that writes a chart's numbers.

    Parameters
    ----------
    form : str or callable
        Name of a formatter, or a function of the value.
    language : str
        ``"en"`` or ``"zh"``.

    Returns
    -------
    callable
        Value to text.

    Examples
    --------
    >>> form_of("share", "en")(0.71)
    '71 %'
    """
    return form if callable(form) else formatter(form, language)


def told(value: float, form: Form) -> float:
    """Give the length to draw: where small counts are not told in words, no length tells them either.

    Parameters
    ----------
    value : float
        Count of customers, or any other number.
    form : str or callable
        How the chart writes it.

    Returns
    -------
    float
        The smallest count that is told, for a smaller one; else the value.

    Examples
    --------
    >>> told(3, "suppressed"), told(3, "number"), told(0, "suppressed"), told(40, "suppressed")
    (10.0, 3.0, 0.0, 40.0)
    """
    least = limit("privacy", "smallest_count")
    return float(least if form == "suppressed" and 0 < value < least else value)


def thinned(rows: list[Row], most: int) -> list[Row]:
    """Keep at most so many rows, evenly spaced, the first and last among them.

    Parameters
    ----------
    rows : list
        In order.
    most : int
        At least two.

    Returns
    -------
    list
        A part of the rows.

    Examples
    --------
    >>> [row["n"] for row in thinned([{"n": n} for n in range(9)], 3)]
    [0, 4, 8]
    """
    if len(rows) <= most:
        return rows
    step = (len(rows) - 1) / (most - 1)
    return [rows[round(n * step)] for n in range(most)]


def one_line(text: str, width: float, size: float) -> str:
    """Cut a label that is wider than its place, with an ellipsis.

    Parameters
    ----------
    text : str
        Label.
    width, size : float
        Place and font size in pixels.

    Returns
    -------
    str
        The label, or its start.

    Examples
    --------
    >>> one_line("Champions of old", 60, 12)
    'Champio…'
    """
    from custlib.report.charts.drawing import text_width

    if text_width(text, size) <= width:
        return text
    while text and text_width(text + "…", size) > width:
        text = text[:-1]
    return text.rstrip() + "…"
