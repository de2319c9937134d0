"""Small tables of a result, as HTML for notebooks and as text for a console.

The HTML carries its own style: without it JupyterLab stripes rows, aligns text to the right and fixes widths. Colours
are those of the text around it, so that it reads in a light and in a dark theme.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from html import escape
from typing import NamedTuple

MISSING = "–"
_LINE = "1px solid color-mix(in srgb, currentColor 25%, transparent)"
_ROW = "background:transparent;color:inherit"
_CELL = (
    f"padding:3px 18px 3px 0;vertical-align:top;border:0;border-bottom:{_LINE};white-space:normal;max-width:46em;{_ROW}"
)
_TABLE = "border-collapse:collapse;border:0;margin:4px 0;table-layout:auto;color:inherit;background:transparent"
_TITLE = "font-weight:600;text-align:left;color:inherit"
_FIGURE = re.compile(rf"[-+]?[\d,]+(\.\d+)?%?|{MISSING}")
LIGHTS = {"green": "#2e9e5b", "amber": "#d98e04", "red": "#d64545", "untested": "#8a8a8a"}


Row = Sequence[str]


def html_table(title: str, rows: Sequence[Row], *, header: Row = (), light: str = "") -> str:
    """Write a table of texts as HTML, with figures in columns set to the right.

    Examples
    --------
    >>> "<td" in html_table("BG/NBD", [("r", "0.243")])
    True
    """
    aligns = [_align(place, column) for place, column in enumerate(zip(*rows, strict=True))]
    head = f"<thead>{_row(header, aligns, tag='th')}</thead>" if header else ""
    body = "".join(_row(row, aligns) for row in rows)
    return (
        f'<div style="{_TITLE}">{_dot(light)}{escape(title)}</div>'
        f'<table style="{_TABLE}">{head}<tbody>{body}</tbody></table>'
    )


def _row(row: Row, aligns: Sequence[str], *, tag: str = "td") -> str:
    style = f"{_CELL};font-weight:{'600' if tag == 'th' else '400'}"
    cells = (
        f'<{tag} style="{style};text-align:{align}">{escape(text)}</{tag}>'
        for text, align in zip(row, aligns, strict=True)
    )
    return f'<tr style="{_ROW}">{"".join(cells)}</tr>'


def _align(place: int, column: Sequence[str]) -> str:
    """Set a column to the right if it holds figures only; the first one names the rows."""
    return "right" if place and all(_FIGURE.fullmatch(text) for text in column) else "left"


def _dot(light: str) -> str:
    colour = LIGHTS.get(light)
    return f'<span style="color:{colour}" title="{escape(light)}">&#9679;</span> ' if colour else ""


def text_table(title: str, rows: Sequence[Row], *, header: Row = ()) -> str:
    """Write a table as aligned lines of text.

    Examples
    --------
    >>> print(text_table("BG/NBD", [("r", "0.243"), ("alpha", "4.414")]))
    BG/NBD
      r      0.243
      alpha  4.414
    """
    lines = [*([header] if header else []), *rows]
    widths = [max(len(row[place]) for row in lines) for place in range(min(map(len, lines), default=0))]
    padded = ("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in lines)
    return "\n".join([title, *(f"  {line}" for line in padded)])


class Shown(NamedTuple):
    """What a result shows: a title, rows of texts, names of columns, and a status before the title."""

    title: str
    rows: Sequence[Row]
    header: tuple[str, ...] = ()
    light: str = ""


class Displayed(ABC):
    """A result that shows itself, in a notebook and in a console."""

    @abstractmethod
    def _shown(self) -> Shown:
        """Give what is shown."""

    def __repr__(self) -> str:
        """Show the table as text."""
        shown = self._shown()
        return text_table(shown.title, shown.rows, header=shown.header)

    def _repr_html_(self) -> str:
        """Show the table in a notebook."""
        shown = self._shown()
        return html_table(shown.title, shown.rows, header=shown.header, light=shown.light)
