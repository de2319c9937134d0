"""Charts of lines: who brings the money, and is the model right.

Import them from :mod:`custlib.report.charts`, which documents the choice of figure by question.
"""

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from custlib.errors import UsageError
from custlib.report.blocks import Figure, Table
from custlib.report.charts.drawing import Painter, Point, Sheet, Words, drawn, text_width
from custlib.report.charts.frame_checks import Form, Row, form_of, rows_of, thinned
from custlib.report.charts.plot import Plane, Reach, apart, plane_on
from custlib.report.formats import day, share

if TYPE_CHECKING:
    import pandas as pd

HEIGHTS = (360.0, 320.0)
EVEN_WIDE, EVEN_NARROW = (0.72, 0.72), (0.36, 0.36)
POINTS_OF_A_CURVE, ROWS_OF_A_TABLE, HEADROOM = 101, 21, 1.06


def cumulative_curve(
    frame: "pd.DataFrame", *, title: str, caption: str = "", description: str = "", x_label: str = "",
    y_label: str = "", language: str = "en", mark: Point | None = None,
) -> Figure:  # fmt: skip
    """Who brings the money: the share of value held by the best customers.

    Parameters
    ----------
    frame : pandas.DataFrame
        ``customer_share`` and ``value_share``, both from 0 to 1, best customers first.
    title, caption, description, x_label, y_label, language : str
        Words; the axes have names of their own if none are given.
    mark : tuple of float, optional
        Point to mark, as ``(0.2, 0.71)``.

    Returns
    -------
    Figure
        With at most 21 points of the curve as its table.

    Raises
    ------
    UsageError
        If a column is missing or holds no numbers.

    Examples
    --------
    >>> import pandas as pd
    >>> curve = pd.DataFrame({"customer_share": [0, 0.2, 1], "value_share": [0, 0.71, 1]})
    >>> cumulative_curve(curve, title="A fifth bring 71 %", mark=(0.2, 0.71)).table.rows[1]
    ('20 %', '71 %')
    """
    columns = ["customer_share", "value_share"]
    rows = rows_of("cumulative_curve", frame, columns, columns)
    words = Words(title, caption, description, x_label, y_label, language)
    words = words.axes(words.t("chart.share_of_customers"), words.t("chart.share_of_value"))
    points = [(float(r["customer_share"]), float(r["value_share"])) for r in thinned(rows, POINTS_OF_A_CURVE)]
    labels = dict(zip(columns, (words.x_label, words.y_label), strict=True))
    return drawn(
        lambda sheet: _curve(sheet, words, points, mark), words, HEIGHTS,
        _table(thinned(rows, ROWS_OF_A_TABLE), words, labels, "share"),
    )  # fmt: skip


def _table(rows: list[Row], words: Words, labels: dict[str, str], form: Form) -> Table:
    """The numbers beneath a chart; every column but a day or a name is written by ``form``."""
    import pandas as pd

    frame = pd.DataFrame(rows)[list(labels)]
    numbers = [name for name in labels if pd.api.types.is_numeric_dtype(frame[name])]
    formats: dict[str, Form] = dict.fromkeys(numbers, form)
    return Table.of(frame, title=words.title, formats=formats, labels=labels, language=words.language)


def _curve(sheet: Sheet, words: Words, points: list[Point], mark: Point | None) -> None:
    shares = [value for _, value in points]  # beyond 0 and 1 where some customers lost money
    reach = Reach((0, 1), (min(0.0, *shares), max(1.0, *shares)), room=24)
    plane = plane_on(sheet, words, reach, lambda v: share(v, words.language))
    sheet.line([plane.at(0, 0), plane.at(1, 1)], "mark", 1.2, "--")
    spot = plane.at(*(EVEN_NARROW if sheet.narrow else EVEN_WIDE))
    sheet.text((spot[0] + 6, spot[1] + 16), words.t("chart.equal"), "muted")
    sheet.line(plane.points(points), "accent", 2.5)
    _mark_point(sheet, words, plane, mark)
    sheet.x_ticks([(plane.x(v), share(v, words.language)) for v in plane.x.ticks()], plane.y(plane.y.low))


def _mark_point(sheet: Sheet, words: Words, plane: Plane, mark: Point | None) -> None:
    if mark is None:
        return
    x, y = plane.at(*mark)
    sheet.line([(x, plane.y(0)), (x, y), (plane.x(0), y)], "ink", 1, "--")
    shares = {"customers": share(mark[0], words.language), "value": share(mark[1], words.language)}
    sheet.dot((x, y), "paper", 14)
    sheet.dot((x, y), "accent", 10)
    sheet.text((x + 14, y + 12), words.t("chart.mark_share", **shares), bold=True, size=13)


def cumulative_tracking(
    frame: "pd.DataFrame", *, title: str, caption: str = "", description: str = "", x_label: str = "",
    y_label: str = "", language: str = "en", cut: date | None = None, form: Form = "compact",
) -> Figure:  # fmt: skip
    """Is the model right: purchases since the start, as they came and as they were expected.

    Parameters
    ----------
    frame : pandas.DataFrame
        ``period`` (day), ``actual`` and ``expected`` (running totals); optionally ``low`` and ``high``,
        the band of the expectation. ``actual`` may be missing after the last known period.
    title, caption, description, x_label, y_label, language : str
        Words; the axes have names of their own if none are given.
    cut : datetime.date, optional
        Where the fit ends and the forecast begins.
    form : str or callable
        Writes the numbers.

    Returns
    -------
    Figure
        With at most 21 periods as its table.

    Raises
    ------
    UsageError
        If a column is missing or holds no numbers.

    Examples
    --------
    >>> import pandas as pd
    >>> weeks = pd.DataFrame({"period": ["1997-01-05", "1997-01-12"], "actual": [3, 7], "expected": [4, 7.5]})
    >>> cumulative_tracking(weeks, title="On track", cut="1997-01-05").table.rows[1]
    ('12 Jan 1997', '7', '7.5')
    """
    words = Words(title, caption, description, x_label, y_label, language)
    return _tracking("cumulative_tracking", frame, words, cut, form)


def incremental_tracking(
    frame: "pd.DataFrame", *, title: str, caption: str = "", description: str = "", x_label: str = "",
    y_label: str = "", language: str = "en", cut: date | None = None, form: Form = "compact",
) -> Figure:  # fmt: skip
    """Is the model right: purchases per period, as they came and as they were expected.

    Parameters
    ----------
    frame : pandas.DataFrame
        As :func:`cumulative_tracking`, with counts per period in place of running totals.
    title, caption, description, x_label, y_label, language : str
        Words; the axes have names of their own if none are given.
    cut : datetime.date, optional
        Where the fit ends and the forecast begins.
    form : str or callable
        Writes the numbers.

    Returns
    -------
    Figure
        With at most 21 periods as its table.

    Raises
    ------
    UsageError
        If a column is missing or holds no numbers.

    Examples
    --------
    >>> import pandas as pd
    >>> weeks = pd.DataFrame({"period": ["1997-01-05", "1997-01-12"], "actual": [3, 4], "expected": [4, 3.5]})
    >>> incremental_tracking(weeks, title="Week by week").table.rows[0]
    ('5 Jan 1997', '3', '4')
    """
    words = Words(title, caption, description, x_label, y_label, language)
    return _tracking("incremental_tracking", frame, words, cut, form)


def _tracking(name: str, frame: "pd.DataFrame", words: Words, cut: date | None, form: Form) -> Figure:
    columns = ["period", "actual", "expected"]
    rows = rows_of(name, frame, columns, ["expected", "low", "high"])
    words = words.axes("", "")
    labels = {"period": words.t("chart.period"), "actual": words.t("chart.actual")}
    labels |= {"expected": words.t("chart.expected")}
    if "low" in rows[0]:
        labels |= {"low": words.t("chart.low"), "high": words.t("chart.high")}
    for row in rows:
        row["period"] = date.fromisoformat(str(row["period"])[:10])
    begin = date.fromisoformat(str(cut)[:10]) if cut is not None else None
    paint = _track(rows, words, begin, form)
    return drawn(paint, words, HEIGHTS, _table(thinned(rows, ROWS_OF_A_TABLE), words, labels, form))


def _track(rows: list[Row], words: Words, cut: date | None, form: Form) -> Painter:
    lines: dict[str, list[Point]] = {
        name: [(float(r["period"].toordinal()), float(r[name])) for r in rows if r[name] == r[name]]
        for name in _lines_in(rows[0])
    }
    days = [point[0] for point in lines["expected"]]
    top = max(y for points in lines.values() for _, y in points) * HEADROOM
    labels = [words.t("chart.actual"), words.t("chart.expected")]
    room = max(text_width(label, 13) for label in labels) + 16

    def paint(sheet: Sheet) -> None:
        reach = Reach((days[0], days[-1]), (0, top), room=room, left=46)
        plane = plane_on(sheet, words, reach, form_of(form, words.language))
        _band(sheet, plane, lines)
        _cut(sheet, plane, words, cut)
        sheet.line(plane.points(lines["actual"]), "series8", 2)
        sheet.line(plane.points(lines["expected"]), "accent", 2.5, "--")
        _ends(sheet, plane, [("series8", labels[0], lines["actual"]), ("accent", labels[1], lines["expected"])])
        places = [(plane.x(d), day(date.fromordinal(int(d)), words.language)) for d in _spread(days, sheet)]
        sheet.x_ticks(places, plane.y(0))

    return paint


def _lines_in(row: Row) -> list[str]:
    return [name for name in ("actual", "expected", "low", "high") if name in row]


def _spread(days: list[float], sheet: Sheet) -> list[float]:
    wanted = 3 if sheet.narrow else 5
    return [days[round(n * (len(days) - 1) / (wanted - 1))] for n in range(wanted)]


def _band(sheet: Sheet, plane: Plane, lines: dict[str, list[Point]]) -> None:
    if "low" in lines and "high" in lines:
        sheet.area(plane.points([*lines["low"], *reversed(lines["high"])]), "accent", 0.16)


def _cut(sheet: Sheet, plane: Plane, words: Words, cut: date | None) -> None:
    if cut is None:
        return
    if not plane.x.low <= cut.toordinal() <= plane.x.high:
        raise UsageError(f"chart {words.title!r}: the cut {cut} lies outside the periods shown.")
    x = plane.x(float(cut.toordinal()))
    sheet.line([(x, plane.y(0)), (x, plane.y.end)], "muted", 1, "--")
    right = x + text_width(words.t("chart.cut")) < plane.x.end
    sheet.text(
        (x + (6 if right else -6), plane.y.end - 2),
        words.t("chart.cut"), "muted", side="left" if right else "right",
    )  # fmt: skip


def _ends(sheet: Sheet, plane: Plane, lines: list[tuple[str, str, list[Point]]]) -> None:
    """Name every line at its end, the names apart from each other."""
    ends = [plane.at(*points[-1]) for _, _, points in lines if points]
    for (colour, label, _), (x, _), y in zip(lines, ends, apart([y for _, y in ends]), strict=True):
        sheet.text((x + 8, y), label, colour, size=13, bold=True)


def expected_against_actual(
    frame: "pd.DataFrame", *, title: str, caption: str = "", description: str = "", x_label: str = "",
    y_label: str = "", language: str = "en", baseline: Sequence[float] | None = None, form: Form = "number",
) -> Figure:  # fmt: skip
    """Is the model right: what each group bought after the cut, against what was expected of it.

    Parameters
    ----------
    frame : pandas.DataFrame
        ``group`` (as repeat purchases before the cut), ``actual`` and ``expected`` (mean per customer).
    title, caption, description, x_label, y_label, language : str
        Words; the axes have names of their own if none are given.
    baseline : sequence of float, optional
        What would be expected without a model, one number per row.
    form : str or callable
        Writes the numbers.

    Returns
    -------
    Figure
        With its table.

    Raises
    ------
    UsageError
        If a column is missing, holds no numbers, or the baseline is of another length.

    Examples
    --------
    >>> import pandas as pd
    >>> groups = pd.DataFrame({"group": ["0", "1"], "actual": [0.2, 0.7], "expected": [0.21, 0.69]})
    >>> expected_against_actual(groups, title="Right in every group").table.rows[1]
    ('1', '0.7', '0.69')
    """
    rows = rows_of("expected_against_actual", frame, ["group", "actual", "expected"], ["actual", "expected"])
    words = Words(title, caption, description, x_label, y_label, language)
    words = words.axes(words.t("chart.group"), "")
    labels = {n: words.t(f"chart.{n}") for n in ("group", "actual", "expected")}
    if baseline is not None:
        if len(baseline) != len(rows):
            raise UsageError(f"expected_against_actual: baseline has {len(baseline)} of {len(rows)} numbers.")
        rows = [row | {"baseline": float(v)} for row, v in zip(rows, baseline, strict=True)]
        labels["baseline"] = words.t("chart.baseline")
    rows = [row | {"group": str(row["group"])} for row in rows]
    return drawn(_groups(rows, words, form), words, HEIGHTS, _table(rows, words, labels, form))


def _groups(rows: list[Row], words: Words, form: Form) -> Painter:
    styles = {"baseline": "mark", "actual": "series8", "expected": "accent"}
    names: list[tuple[str, str]] = [(n, c) for n, c in styles.items() if n in rows[0]]
    top = max(float(row[name]) for row in rows for name, _ in names) * HEADROOM
    write = form_of(form, words.language)
    keys = [(c, words.t(f"chart.{name}"), "--" if name == "baseline" else "-") for name, c in names]

    def paint(sheet: Sheet) -> None:
        plane = plane_on(sheet, words, Reach((-0.4, len(rows) - 0.6), (0, top)), write, keys)
        for name, colour in names:
            points = plane.points([(n, float(row[name])) for n, row in enumerate(rows)])
            sheet.line(points, colour, 2 if name != "baseline" else 1.5, "--" if name == "baseline" else "-")
            for point, row in zip(points, rows, strict=True) if name != "baseline" else ():
                sheet.dot(point, colour, 8, _tip(row, words, write))
        sheet.x_ticks([(plane.x(n), str(row["group"])) for n, row in enumerate(rows)], plane.y(0))

    return paint


def _tip(row: Row, words: Words, write: Any) -> str:
    said = [f"{words.t(f'chart.{n}')} {write(row[n])}" for n in ("actual", "expected", "baseline") if n in row]
    return f"{row['group']}: {', '.join(said)}"
