"""The columns of a sample that may hold money, how it is written there, and how they agree with each other."""

from collections.abc import Sequence

from custlib.identify.guess.columns import Column
from custlib.identify.guess.line_prices import are_equal, units_of
from custlib.identify.guess.order_shape import by_order, once_by_order
from custlib.identify.guess.questions import Answer
from custlib.identify.guess.understanding import Understanding
from custlib.identify.guess.written_numbers import Style, number_of, style_of

MONEY = ("amount", "net", "gross", "subtotal", "unit_price", "cost", "profit")
_NEARLY = 0.98
_CENTS = 0.02
_PLAIN = {("whole", ""), ("long", "")}
_LONG_ENOUGH = 5
Amounts = list[float | None]


def numeric(understanding: Understanding) -> list[Column]:
    """The columns without a role that hold numbers, and whose headings name nothing else."""
    columns = [column for column in understanding.columns if understanding.is_free(column) and column.is_number]
    return [column for column in columns if _is_varied(column) and (not column.kinds or is_money(column))]


def _is_varied(column: Column) -> bool:
    """Tell whether numbers vary, or are one price throughout; a column of noughts says nothing."""
    return column.distinct > 1 or (is_money(column) and column.has_decimals)


def is_money(column: Column) -> bool:
    """Tell whether a heading names money or a quantity before anything else."""
    own = column.kind(*MONEY, "quantity")
    return own > 0 and own >= max(column.kinds.values(), default=0.0)


def money_named(understanding: Understanding, *kinds: str, least: float = 0.5) -> list[Column]:
    """List the columns of numbers whose headings name some kinds, the likeliest first."""
    columns = numeric(understanding)
    return [column for column in understanding.best(*kinds, least=least) if column in columns]


def units_in(understanding: Understanding, column: Column) -> str:
    """Tell whether amounts are of a unit or of a line, by product and quantity."""
    quantity, product = understanding.roles.get("quantity"), understanding.roles.get("product")
    if quantity is None:
        return ""
    return units_of(understanding.amounts(column), understanding.amounts(quantity), product)


def are_same(understanding: Understanding, first: Column, second: Column) -> bool:
    """Tell whether two columns hold the same money."""
    return are_equal(understanding.amounts(first), understanding.amounts(second))


def line_money(understanding: Understanding) -> Amounts | None:
    """Quantity × unit price, where both are there."""
    quantity = understanding.roles.get("quantity")
    price = understanding.roles.get("unit_price") or next(iter(money_named(understanding, "unit_price")), None)
    return None if quantity is None or price is None else product_of(understanding, quantity, price)


def product_of(understanding: Understanding, quantity: Column, price: Column) -> Amounts:
    """Multiply a quantity and a price, row by row."""
    pairs = zip(understanding.amounts(quantity), understanding.amounts(price), strict=True)
    return [q * p if q is not None and p is not None else None for q, p in pairs]


def adds_up(understanding: Understanding, total: Column, lines: Amounts) -> bool:
    """Tell whether the lines of nearly every order add up to its total."""
    order = understanding.roles["order_id"]
    once, sums = once_by_order(order, understanding.amounts(total)), by_order(order, lines)
    near = sum(abs(once[name] - sums.get(name, 0.0)) <= _CENTS + 1e-6 * abs(once[name]) for name in once)
    return near >= _NEARLY * len(once)


def total_of(amounts: Amounts) -> float:
    """Add amounts up."""
    return sum(amount for amount in amounts if amount is not None)


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
