"""Understands a sample: finds the day, the order, the customer, the money, and what is left out."""

import datetime as dt

from custlib.identify.guess.buyers import find_customer, find_order
from custlib.identify.guess.columns import columns_of
from custlib.identify.guess.lines_left_out import find_lines_left_out
from custlib.identify.guess.money_columns import find_money
from custlib.identify.guess.purchase_days import find_day
from custlib.identify.guess.questions import Answer
from custlib.identify.guess.sampling import Sample
from custlib.identify.guess.understanding import Understanding

_MOST_CHANNELS = 60
_MOST_PARTS = 6


def understand(sample: Sample, today: dt.date) -> Understanding:
    """Understand the rows of a sample.

    Raises TableError if they hold no day or no customer.
    """
    understanding = Understanding(sample, columns_of(sample, today))
    for find in (find_day, find_order, find_customer, find_money, find_lines_left_out, _find_channel):
        find(understanding)
    if sample.others:
        _ask_part(understanding)
    return understanding


def _ask_part(understanding: Understanding) -> None:
    """Ask which sheet or table holds the purchases, where several are like them."""
    sample = understanding.sample
    key = "sheet" if "sheet" in sample.settings else "table"
    names = [sample.settings[key], *sample.others][:_MOST_PARTS]
    which = ", ".join(map(repr, names))
    text = f"{sample.path.name}: which {key} holds the purchases: {which}? Another can be a source of its own."
    understanding.ask(key, text, *(Answer(name, {key: name}) for name in names))


def _find_channel(understanding: Understanding) -> None:
    columns = [column for column in understanding.best("channel", least=0.9) if 1 < column.distinct <= _MOST_CHANNELS]
    if columns:
        understanding.take("channel", columns[0], f"{columns[0].name!r}: {columns[0].distinct} different")
