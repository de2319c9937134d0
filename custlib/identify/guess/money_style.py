"""Finds how the money of a file is written: decimal sign and thousands, one style for all of its columns."""

from collections.abc import Sequence

from custlib.identify.guess.columns import Column
from custlib.identify.guess.money_candidates import MONEY, numeric
from custlib.identify.guess.questions import Answer
from custlib.identify.guess.understanding import Understanding
from custlib.identify.guess.written_numbers import Style, number_of, style_of

_PLAIN = {("whole", ""), ("long", "")}
_LONG_ENOUGH = 5


def find_style(understanding: Understanding) -> None:
    """Set ``decimal`` and ``thousands``; ask where 1.234 may be either."""
    columns = numeric(understanding)
    named = [column for column in columns if column.kind(*MONEY) > 0 and column.kind("quantity") < 1]
    pool = named or [column for column in columns if column.has_decimals or column.numbers.marks.keys() - _PLAIN]
    style = style_of(column.numbers for column in pool if column.numbers.marks)
    understanding.style = style
    if style.decimal != ".":
        understanding.set("decimal", style.decimal, f"comma as decimal sign, as in {_example(pool)}")
    if style.thousands:
        understanding.set("thousands", style.thousands, "parts thousands in the larger amounts")
    if style.other is not None:
        _ask(understanding, style, style.other, pool)


def _example(pool: Sequence[Column]) -> str:
    texts = (str(value) for column in pool for value in column.values if value is not None)
    return next((text for text in texts if "," in text and len(text) > _LONG_ENOUGH), "12,50")


def _ask(understanding: Understanding, style: Style, other: Style, pool: Sequence[Column]) -> None:
    sign = style.thousands or style.decimal
    text = next(value for column in pool for value in column.values if isinstance(value, str) and sign in value)
    answers = [_answer(one, text) for one in (style, other)]
    understanding.ask("decimal", f"What is {text}? All {style.either:,} amounts with {sign!r} may be either.", *answers)


def _answer(style: Style, text: str) -> Answer:
    number = number_of(text)
    value = (style.value(number) if number else None) or 0.0
    settings = {"decimal": style.decimal if style.decimal != "." else None, "thousands": style.thousands or None}
    return Answer(f"{value:,.3f}" if value % 1 else f"{value:,.0f} (thousands)", settings)
