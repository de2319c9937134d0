"""Charts of dots and tiles: what they are worth with its interval, and whether they will come back.

Import them from :mod:`custlib.report.charts`, which documents the choice of figure by question.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from custlib.report.blocks import Column, Figure, Table
from custlib.report.charts.bars import Lanes, heights_of, table_beneath
from custlib.report.charts.drawing import Painter, Scale, Sheet, Words, drawn, text_width
from custlib.report.charts.frame_checks import Form, Row, form_of, rows_of
from custlib.report.formats import share
from custlib.report.render import TONES, tone

if TYPE_CHECKING:
    import pandas as pd

TOP, FOOT = 34.0, 30.0


def dot_intervals(
    frame: "pd.DataFrame", *, title: str, caption: str = "", description: str = "", x_label: str = "",
    y_label: str = "", language: str = "en", form: Form = "compact",
) -> Figure:  # fmt: skip
    """What are they worth: a dot with its interval per segment, the past beside it, largest first.

    Parameters
    ----------
    frame : pandas.DataFrame
        ``label``, ``value``, ``low`` and ``high``; optionally ``historic``.
    title, caption, description, x_label, y_label, language : str
        Words; ``x_label`` names the values with their currency.
    form : str or callable
        Writes the values.

    Returns
    -------
    Figure
        With its table, sorted by value.

    Raises
    ------
    UsageError
        If a column is missing or holds no numbers.

    Examples
    --------
    >>> import pandas as pd
    >>> worth = pd.DataFrame({"label": ["New", "Top"], "value": [20.0, 90.0], "low": [10.0, 80.0],
    ...                       "high": [30.0, 99.0]})
    >>> dot_intervals(worth, title="Top leads").table.rows[0]
    ('Top', '90', '80', '99')
    """
    numbers = ["value", "low", "high", "historic"]
    rows = rows_of("dot_intervals", frame, ["label", *numbers[:3]], numbers)
    rows.sort(key=lambda row: -float(row["value"]))
    words = Words(title, caption, description, x_label, y_label, language)
    words = words.axes("", words.t("chart.label"))
    labels = {"label": words.y_label, "value": words.t("chart.future"), "low": words.t("chart.low")}
    labels |= {"high": words.t("chart.high")}
    labels |= {"historic": words.t("chart.historic")} if "historic" in rows[0] else {}
    heights = heights_of(len(rows), TOP, FOOT)
    return drawn(_dots(rows, words, form), words, heights, table_beneath(rows, words, labels, form))


def _dots(rows: list[Row], words: Words, form: Form) -> Painter:
    write = form_of(form, words.language)
    spans = ("low", "high", "historic")
    every = [float(row[name]) for row in rows for name in spans if name in row]
    keys = [("accent", words.t("chart.future"), "dot")]
    keys += [("mark", words.t("chart.historic"), "ring")] if "historic" in rows[0] else []

    def paint(sheet: Sheet) -> None:
        sheet.key(keys, 8)
        lanes = Lanes(sheet, [str(row["label"]) for row in rows], TOP, 64)
        scale = Scale(min(0.0, *every), max(0.0, *every), lanes.left + 6, lanes.right)
        foot = sheet.height - FOOT
        for value in scale.ticks():
            colour = "mark" if value == 0 else "rule"
            sheet.line([(scale(value), TOP - 6), (scale(value), foot)], colour)
        sheet.x_ticks([(scale(v), write(v)) for v in scale.ticks()], foot)
        sheet.text((sheet.width, 8), words.x_label, "muted", side="right")
        for n, row in enumerate(rows):
            _dot(lanes, n, scale, row, write)

    return paint


def _dot(lanes: Lanes, n: int, scale: Scale, row: Row, write: Callable[[Any], str]) -> None:
    y, sheet = lanes.middle(n), lanes.sheet
    lanes.name(n)
    low, value, high = (float(row[name]) for name in ("low", "value", "high"))
    tip = f"{row['label']}: {write(row['value'])} ({write(row['low'])} – {write(row['high'])})"
    sheet.bar((scale(low), y), (scale(high), y), "tone3", 6, tip)
    if "historic" in row:
        x = scale(float(row["historic"]))
        sheet.dot((x, y), "mark", 11)
        sheet.dot((x, y), "paper", 6)
    sheet.dot((scale(value), y), "accent", 12, tip)
    sheet.text((sheet.width, y), write(row["value"]), side="right", bold=True)


def alive_heatmap(
    frame: "pd.DataFrame", *, title: str, caption: str = "", description: str = "", x_label: str = "",
    y_label: str = "", language: str = "en",
) -> Figure:  # fmt: skip
    """Will they come back: probability alive by repeat purchases and days since the last one.

    Parameters
    ----------
    frame : pandas.DataFrame
        ``frequency``, ``days_since_last`` and ``probability_alive`` (0 to 1), one row per tile;
        optionally ``outlined`` (bool), true where the page's segment lies.
    title, caption, description, x_label, y_label, language : str
        Words; the axes have names of their own if none are given.

    Returns
    -------
    Figure
        With the grid as its table.

    Raises
    ------
    UsageError
        If a column is missing or holds no numbers.

    Examples
    --------
    >>> import pandas as pd
    >>> grid = pd.DataFrame({"frequency": [0, 1], "days_since_last": [30, 30],
    ...                      "probability_alive": [0.6, 0.72]})
    >>> alive_heatmap(grid, title="Seven of ten come back").table.rows
    (('1', '72 %'), ('0', '60 %'))
    """
    needed = ["frequency", "days_since_last", "probability_alive"]
    rows = rows_of("alive_heatmap", frame, needed, ["probability_alive"])
    words = Words(title, caption, description, x_label, y_label, language)
    words = words.axes(words.t("chart.days_since_last"), words.t("chart.frequency"))
    across = sorted({row["days_since_last"] for row in rows})
    upward = sorted({row["frequency"] for row in rows}, reverse=True)
    placed = {(row["frequency"], row["days_since_last"]): row for row in rows}
    height = len(upward) * 32 + 74.0
    return drawn(_tiles(placed, across, upward, words), words, (height, height), _grid(placed, across, upward, words))


def _grid(placed: dict[Any, Row], across: list[Any], upward: list[Any], words: Words) -> Table:
    columns = [Column(words.y_label), *(Column(str(a), "right") for a in across)]
    cells = [[_percent(placed.get((u, a)), words) for a in across] for u in upward]
    return Table(words.title, columns, [[str(u), *row] for u, row in zip(upward, cells, strict=True)], words.x_label)


def _percent(row: Row | None, words: Words) -> str:
    return share(row["probability_alive"] if row else None, words.language)


def _tiles(placed: dict[Any, Row], across: list[Any], upward: list[Any], words: Words) -> Painter:
    def paint(sheet: Sheet) -> None:
        left = max(text_width(str(u), 12) for u in upward) + 12
        wide, high = (sheet.width - left) / len(across), 32.0
        sheet.text((0, 8), words.y_label, "muted")
        grid = Grid(left, 24.0, wide, high, across, upward)
        for frequency in upward:
            sheet.text((left - 8, grid.box((frequency, across[0]))[4]), str(frequency), "muted", side="right")
        _toned(sheet, grid, placed)
        _outline(sheet, grid, {key for key, row in placed.items() if row.get("outlined")})
        foot = 24 + len(upward) * high
        sheet.x_ticks([(left + (c + 0.5) * wide, str(d)) for c, d in enumerate(across)], foot)
        sheet.text((left, foot + 38), words.x_label, "muted")

    return paint


@dataclass(frozen=True)
class Grid:
    """Where the tiles of a heat map lie."""

    left: float
    top: float
    wide: float
    high: float
    across: list[Any]
    upward: list[Any]

    def box(self, key: tuple[Any, Any]) -> tuple[float, float, float, float, float]:
        """Left, top, right and bottom of a tile, and the height of its middle."""
        x = self.left + self.across.index(key[1]) * self.wide
        y = self.top + self.upward.index(key[0]) * self.high
        return x, y, x + self.wide, y + self.high, y + self.high / 2

    def beside(self, key: tuple[Any, Any], down: int, right: int) -> tuple[Any, Any] | None:
        """The neighbour of a tile, None outside the map."""
        r, c = self.upward.index(key[0]) + down, self.across.index(key[1]) + right
        inside = 0 <= r < len(self.upward) and 0 <= c < len(self.across)
        return (self.upward[r], self.across[c]) if inside else None


def _toned(sheet: Sheet, grid: Grid, placed: dict[Any, Row]) -> None:
    """Fill the tiles tone by tone, and write the percentage in each."""
    for step in range(TONES):
        members = [key for key, row in placed.items() if tone(float(row["probability_alive"])) == step]
        boxes = [grid.box(key) for key in members]
        if boxes:
            sheet.tiles([((b[0] + 1, b[1] + 1), (b[2] - 1, b[3] - 1)) for b in boxes], f"tone{step}")
        for key, box in zip(members, boxes, strict=True):
            number = f"{100 * float(placed[key]['probability_alive']):.0f}"
            if text_width(number, 12) <= grid.wide:
                sheet.text(((box[0] + box[2]) / 2, box[4]), number, f"ontone{step}", side="center")


def _outline(sheet: Sheet, grid: Grid, members: set[tuple[Any, Any]]) -> None:
    """Draw a line around a group of tiles: along every edge beyond which lies no member."""
    for key in sorted(members, key=str):
        x0, y0, x1, y1, _ = grid.box(key)
        edges = {(-1, 0): ((x0, y0), (x1, y0)), (1, 0): ((x0, y1), (x1, y1))}
        edges |= {(0, -1): ((x0, y0), (x0, y1)), (0, 1): ((x1, y0), (x1, y1))}
        for (down, right), edge in edges.items():
            if grid.beside(key, down, right) not in members:
                sheet.line(edge, "ink", 2.5)
