"""Loads and compiles what every page needs once, in the server of forks, which imports this module last.

It is imported nowhere else.
"""

import atexit
import datetime as dt
import gc

from custlib.report.blocks import Column, Table, Text
from custlib.report.charts.axes import Plot, Words, drawn
from custlib.report.formats import day, number
from custlib.report.page_html import render_page
from custlib.report.render import snippet
from custlib.report.texts import languages


def _load() -> None:
    """Make one of everything: texts, figures of a language, templates, style sheets, and the fonts of a chart."""
    for language in languages():
        written = day(dt.date(2000, 1, 1), language) + number(1.5, language)
        snippet(Text(written), language)
    render_page({"cells": [{"cell_type": "markdown", "source": "One."}]})
    drawn(_paint, Words("A dot", x_label="x"), (99, 99), Table("Numbers", [Column("x")], [["1"]]))


def _paint(plot: Plot) -> None:
    plot.dot((1, 1), "ink", 5)
    plot.frame(Words("A dot", x_label="x", y_label="y"), str)


_load()
gc.freeze()  # a fork that collected what is loaded here would copy it
atexit.register(gc.unfreeze)  # else DuckDB reports all its types as leaked when the server ends
