"""Charts of lines: who brings the money, is the model right, and how do cohorts age.

Import them from :mod:`custlib.report.charts`, which documents the choice of figure by question.
"""

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from custlib.errors import UsageError
from custlib.report.blocks import Figure
from custlib.report.charts.axes import DASHES, EDGES, SMALL, TEXT, Painter, Plot, Words, drawn, hue, text_width
from custlib.report.charts.frame_checks import (
    ROWS_OF_A_TABLE,
    Crossed,
    Form,
    Row,
    form_of,
    rows_of,
    table_beneath,
    thinned,
)
from custlib.report.formats import day, share

if TYPE_CHECKING:
    import pandas as pd

Point = tuple[float, float]
HEIGHTS, AGED_HEIGHTS = (360.0, 320.0), (360.0, 340.0)
COLUMNS = ("period", "actual", "expected", "low", "high")
EVEN_WIDE, EVEN_NARROW = (0.72, 0.72), (0.36, 0.36)
POINTS_OF_A_CURVE, MOST_DOTS, HEADROOM = 101, 80, 1.06


def cumulative_curve(
    frame: "pd.DataFrame", *, title: str, caption: str = "", description: str = "", x_label: str = "",
    y_label: str = "", language: str = "en", mark: Point | None = None,
) -> Figure:  # fmt: skip
    """Who brings the money: ``value_share`` of the best ``customer_share`` (0 to 1), best customers first.

    ``mark`` is a point to mark, as ``(0.2, 0.71)``; the table holds at most 21 points of the curve.

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
    table = table_beneath(rows, words, labels, "share", most=ROWS_OF_A_TABLE)
    return drawn(lambda plot: _curve(plot, words, points, mark), words, HEIGHTS, table)


def _curve(plot: Plot, words: Words, points: list[Point], mark: Point | None) -> None:
    axes, (x, y) = plot.axes, zip(*points, strict=True)  # y is beyond 0 and 1 where some customers lost money
    axes.plot((0, 1), (0, 1), color=hue("mark"), lw=1.2, ls=DASHES)
    plot.note(words.t("chart.equal"), EVEN_NARROW if plot.narrow else EVEN_WIDE, (6, -16), color=hue("muted"))
    axes.plot(x, y, color=hue("accent"), lw=2.5)
    if mark is not None:
        axes.plot((mark[0], mark[0], 0), (0, mark[1], mark[1]), color=hue("ink"), lw=1, ls=DASHES)
        plot.dot(mark, "accent", 14, mec=hue("paper"), mew=2)
        shares = {"customers": share(mark[0], words.language), "value": share(mark[1], words.language)}
        plot.note(words.t("chart.mark_share", **shares), mark, (14, -12), size=TEXT, weight="bold")
    axes.set(xlim=(0, 1), ylim=(min(0.0, *y), max(1.0, *y)))
    places = [n / 4 for n in range(5)]
    axes.set_xticks(places, [share(place, words.language) for place in places])
    plot.frame(words, lambda value: share(value, words.language), right=24)


def cumulative_tracking(
    frame: "pd.DataFrame", *, title: str, caption: str = "", description: str = "", x_label: str = "",
    y_label: str = "", language: str = "en", cut: date | None = None, form: Form = "compact",
) -> Figure:  # fmt: skip
    """Is the model right: purchases since the start, ``actual`` and ``expected`` totals at each ``period`` (day).

    Optionally ``low`` and ``high``, the band of the expectation. ``actual`` may be missing after the last known
    period; ``cut`` is where the fit ends and the forecast begins. The table holds at most 21 periods.

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
    """Is the model right: as :func:`cumulative_tracking`, with counts per period in place of running totals.

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
    rows = rows_of(name, frame, ["period", "actual", "expected"], ["expected", "low", "high"])
    columns = [name for name in COLUMNS if name in rows[0]]
    labels = {name: words.t(f"chart.{name}") for name in columns}
    for row in rows:
        row["period"] = date.fromisoformat(str(row["period"])[:10])
    begin = date.fromisoformat(str(cut)[:10]) if cut is not None else None
    table = table_beneath(rows, words, labels, form, most=ROWS_OF_A_TABLE)
    return drawn(_track(rows, words, begin, form), words, HEIGHTS, table)


def _track(rows: list[Row], words: Words, cut: date | None, form: Form) -> Painter:
    days = np.array([float(row["period"].toordinal()) for row in rows])
    lines = {name: np.array([row[name] for row in rows], float) for name in COLUMNS[1:] if name in rows[0]}
    top = max(float(np.nanmax(values)) for values in lines.values()) * HEADROOM
    names: dict[str, str] = {"actual": "series8", "expected": "accent"}
    dates = [day(row["period"], words.language) for row in rows]
    room = max(text_width(words.t(f"chart.{name}"), TEXT) + 16 for name in names)
    room = max(room, text_width(dates[-1], SMALL) / 2)

    def paint(plot: Plot) -> None:
        axes = plot.axes
        if "low" in lines and "high" in lines:
            axes.fill(
                [*days, *days[::-1]], [*lines["low"], *lines["high"][::-1]], color=hue("accent"), lw=0, alpha=0.16
            )
        axes.plot(days, lines["actual"], color=hue("series8"))
        axes.plot(days, lines["expected"], color=hue("accent"), lw=2.5, ls=DASHES)
        axes.set(xlim=(days[0], max(days[-1], days[0] + 1)), ylim=(0, top or 1))
        _date_ticks(plot, days, dates)
        plot.frame(words, form_of(form, words.language), left=46, right=room)
        _cut(plot, words, cut)
        known = {name: np.flatnonzero(~np.isnan(lines[name]))[-1] for name in names}
        plot.ends([(c, words.t(f"chart.{n}"), (days[known[n]], lines[n][known[n]])) for n, c in names.items()])

    return paint


def _date_ticks(plot: Plot, days: Any, dates: Sequence[str]) -> None:
    """Write dates beneath the axis, evenly spread from the first to the last, at most five and as many as fit."""
    most = 1 + int((plot.width - 2 * EDGES) / (max(text_width(text, SMALL) for text in dates) + 8))
    places = np.unique(np.linspace(0, len(days) - 1, min(most, 5)).round().astype(int))
    plot.axes.set_xticks(days[places], [dates[place] for place in places])


def _cut(plot: Plot, words: Words, cut: date | None) -> None:
    if cut is None:
        return
    axes, (first, last), text = plot.axes, plot.axes.get_xlim(), words.t("chart.cut")
    if not first <= cut.toordinal() <= last:
        raise UsageError(f"chart {words.title!r}: the cut {cut} lies outside the periods shown.")
    axes.axvline(cut.toordinal(), color=hue("muted"), lw=1, ls=DASHES)
    at = (float(cut.toordinal()), axes.get_ylim()[1])
    fits = axes.transData.transform(at)[0] + text_width(text) < axes.bbox.x1
    plot.note(text, at, (6 if fits else -6, 2), color=hue("muted"), ha="left" if fits else "right")


def expected_against_actual(
    frame: "pd.DataFrame", *, title: str, caption: str = "", description: str = "", x_label: str = "",
    y_label: str = "", language: str = "en", baseline: Sequence[float] | None = None, form: Form = "number",
) -> Figure:  # fmt: skip
    """Is the model right: what each ``group`` bought after the cut, means ``actual`` and ``expected`` per customer.

    ``baseline`` is what would be expected without a model, one number per row.

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
    return drawn(_groups(rows, words, form), words, HEIGHTS, table_beneath(rows, words, labels, form))


def _groups(rows: list[Row], words: Words, form: Form) -> Painter:
    styles = {"baseline": ("mark", 1.5, DASHES), "actual": ("series8", 2, "-"), "expected": ("accent", 2, "-")}
    series = {name: [float(row[name]) for row in rows] for name in styles if name in rows[0]}
    write = form_of(form, words.language)
    tips = [_tip(row, words, write) for row in rows]

    def paint(plot: Plot) -> None:
        for name, values in series.items():
            colour, width, style = styles[name]
            plot.axes.plot(values, color=hue(colour), lw=width, ls=style, label=words.t(f"chart.{name}"))
            if name != "baseline":
                plot.dots(list(enumerate(values)), colour, 8, tips)
        plot.categories([row["group"] for row in rows])
        plot.axes.set_ylim(0, max(map(max, series.values())) * HEADROOM or 1)
        plot.frame(words, write)

    return paint


def _tip(row: Row, words: Words, write: Any) -> str:
    parts = [f"{words.t(f'chart.{n}')} {write(row[n])}" for n in ("actual", "expected", "baseline") if n in row]
    return f"{row['group']}: {', '.join(parts)}"


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
    return drawn(_aged(crossed, words, form), words, AGED_HEIGHTS, crossed.table(words, form, note))


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
