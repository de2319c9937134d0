"""Finds the money of a line: an amount, or quantity and unit price; product and cost beside it."""

from collections.abc import Sequence

from custlib.identify.guess.columns import Column, copies_of
from custlib.identify.guess.line_prices import LINE, UNIT, are_equal, counts_units, is_product
from custlib.identify.guess.money_candidates import (
    Amounts,
    adds_up,
    are_same,
    find_style,
    line_money,
    money_named,
    numeric,
    product_of,
    units_in,
)  # fmt: skip
from custlib.identify.guess.money_doubts import (
    ask_copies,
    ask_count,
    ask_hundredths,
    ask_letters,
    ask_refunds,
    ask_sign,
    ask_two_columns,
    ask_unit,
    ask_which,
    say_others,
    set_totals,
)  # fmt: skip
from custlib.identify.guess.order_shape import REPEATED, shape_of
from custlib.identify.guess.questions import Answer
from custlib.identify.guess.understanding import Understanding
from custlib.source import STANDARD_COLUMNS

_CLEARER = 0.12
_NEARLY, _MOSTLY = 0.98, 0.9
_CLEAR = 0.9
_MINUS = {
    "before": "returns are negative", "after": "returns end in a minus", "parentheses": "returns stand in parentheses",
}  # fmt: skip


def find_money(understanding: Understanding) -> None:
    """Give the roles of money: ``amount``, or ``quantity`` and ``unit_price``; set decimal, thousands, order_totals."""
    find_style(understanding)
    _find_product(understanding)
    _find_quantity(understanding)
    candidates = _amounts(understanding)
    if candidates and _is_count(understanding, candidates[0]):
        ask_count(understanding, candidates[0])
    elif candidates:
        _choose(understanding, candidates)
    elif not _take_price(understanding):
        _find_by_values(understanding)
    _check_units(understanding)
    ask_sign(understanding)
    ask_letters(understanding)
    ask_hundredths(understanding)
    ask_refunds(understanding)
    _find_cost(understanding)
    _find_profit(understanding)


def _find_product(understanding: Understanding) -> None:
    columns = [column for column in understanding.best("product") if is_product(column)]
    if not columns:
        free = [column for column in understanding.columns if understanding.is_free(column) and not column.kinds]
        columns = [column for column in free if not column.is_number and is_product(column)]
    if columns:
        understanding.take("product", columns[0], f"{columns[0].name!r}: {columns[0].distinct:,} different")


def _find_quantity(understanding: Understanding) -> None:
    named = [column for column in understanding.best("quantity") if column.is_number and column.distinct > 1]
    columns = [column for column in named if column.kind("quantity") >= _CLEAR or _is_whole(understanding, column)]
    if not named:
        bare = [column for column in numeric(understanding) if not column.kinds]
        columns = [column for column in bare if counts_units(understanding.amounts(column), column)]
        columns = columns if len(columns) == 1 else []
    if columns:
        low = min(value for value in understanding.amounts(columns[0]) if value is not None)
        returns = "; below zero: returned" if low < 0 else ""
        understanding.take("quantity", columns[0], f"{columns[0].name!r}: numbers of units{returns}")


def _is_whole(understanding: Understanding, column: Column) -> bool:
    values = [value for value in understanding.amounts(column) if value is not None]
    return len(values) >= _NEARLY * column.filled and sum(value % 1 == 0 for value in values) >= _MOSTLY * len(values)


def _amounts(understanding: Understanding) -> list[Column]:
    """List the columns that could be the amount, equal ones once; the best named first."""
    named = [column for column in money_named(understanding, "amount") if _may_be_amount(understanding, column)]
    if not named:
        named = money_named(understanding, "net", "gross")
        has_fee = any(column.kind("fee") >= 1 for column in understanding.columns)
        named.sort(key=lambda column: (column.kind("gross") > column.kind("net")) != has_fee)
    if not named:
        return money_named(understanding, "subtotal")[:1]
    best = max(column.kind("amount", "net", "gross") for column in named)
    near = [column for column in named if best - column.kind("amount", "net", "gross") < _CLEARER]
    return [c for n, c in enumerate(near) if not any(are_same(understanding, c, earlier) for earlier in near[:n])]


def _may_be_amount(understanding: Understanding, column: Column) -> bool:
    """Tell whether a heading names an amount before a price, or the numbers grow with the quantity."""
    return column.kind("amount") > column.kind("unit_price") or units_in(understanding, column) == LINE


def _is_count(understanding: Understanding, column: Column) -> bool:
    """Tell whether an amount is a number of units: small and whole, beside a column of money with cents."""
    if "quantity" in understanding.roles or not counts_units(understanding.amounts(column), column):
        return False
    return any(other.has_decimals for other in numeric(understanding) if other is not column)


def _choose(understanding: Understanding, columns: Sequence[Column]) -> None:
    """Take the first of some columns as the amount; ask what it leaves open."""
    best, lines = columns[0], line_money(understanding)
    copies = copies_of(understanding.columns)
    shape = shape_of(understanding.roles.get("order_id"), understanding.amounts(best), copies)
    if shape.kind == REPEATED and lines is not None and adds_up(understanding, best, lines):
        _take_price(understanding)
        understanding.assumptions.append(
            f"{best.name!r} repeats the total of an order; quantity × unit price, which adds up to it, is taken"
        )
        return
    understanding.take("amount", best, _why(understanding, best, lines))
    if len(columns) > 1:
        ask_which(understanding, columns)
    ask_two_columns(understanding, best)
    say_others(understanding, best, columns)
    set_totals(understanding, best, shape, lines)
    ask_copies(understanding, best, copies)


def _why(understanding: Understanding, column: Column, lines: Amounts | None) -> str:
    """Say what is known of the amount."""
    words = []
    if lines is not None and are_equal(understanding.amounts(column), lines):
        words.append("= quantity × unit price")
    if minus := column.numbers.common("minus"):
        words.append(_MINUS[minus])
    return f"{column.name!r}: {'; '.join(words) or 'the money of a line'}"


def _take_price(understanding: Understanding) -> bool:
    """Take a price: as unit price where there is a quantity, else as the amount."""
    prices = money_named(understanding, "unit_price")
    if not prices:
        return False
    name = prices[0].name
    if "quantity" not in understanding.roles:
        understanding.take("amount", prices[0], f"{name!r}: the price of a line; there is no quantity")
        understanding.assumptions.append(f"{name!r} is the money of a line: there is no quantity")
        return True
    units = units_in(understanding, prices[0])
    if units == LINE:
        understanding.take("amount", prices[0], f"{name!r}: grows with the quantity, so it is of the line")
        return True
    understanding.take("unit_price", prices[0], f"{name!r}: the amount is quantity × unit price")
    if units != UNIT and prices[0].kind("unit_price") < 1:
        ask_unit(understanding, prices[0], "unit_price")
    return True


def _check_units(understanding: Understanding) -> None:
    """Ask where an amount does not grow with the quantity, as a price of a unit does not."""
    column = understanding.roles.get("amount")
    is_asked = any(question.key in ("columns.amount", "order_totals") for question in understanding.questions)
    if column is None or is_asked or "order_totals" in understanding.settings:
        return
    lines = line_money(understanding)
    is_product = lines is not None and are_equal(understanding.amounts(column), lines)
    if units_in(understanding, column) == UNIT and not is_product:
        ask_unit(understanding, column, "amount")


def _find_by_values(understanding: Understanding) -> None:
    """Take the only column of money by its values, or ask; without any, purchases are counted only."""
    columns = [column for column in numeric(understanding) if not column.kinds]
    if product := _product_among(understanding, columns):
        understanding.take("amount", product, f"{product.name!r}: quantity × another column")
        return
    parted = [column for column in columns if column.has_decimals] or columns
    if not parted:
        understanding.assumptions.append("there is no column of money: purchases are counted, money is not")
        return
    understanding.take("amount", parted[0], f"{parted[0].name!r}: numbers with decimals")
    if len(parted) > 1 or any(column.kinds for column in understanding.columns):
        ask_which(understanding, parted, Answer("none: count purchases only", {"columns.amount": None}))


def _product_among(understanding: Understanding, columns: Sequence[Column]) -> Column | None:
    """Find the column that is the quantity times another one."""
    quantity = understanding.roles.get("quantity")
    if quantity is None:
        return None
    for price in columns:
        lines = product_of(understanding, quantity, price)
        for amount in columns:
            if amount is not price and are_equal(understanding.amounts(amount), lines):
                return amount
    return None


def _find_cost(understanding: Understanding) -> None:
    """Give the role ``cost`` to the cost of a line; the cost of a unit is named only."""
    columns = money_named(understanding, "cost")
    if not columns or not understanding.roles.keys() & {"amount", "unit_price"}:
        return
    best = columns[0]
    if "quantity" not in understanding.roles or units_in(understanding, best) == LINE:
        understanding.take("cost", best, f"{best.name!r}: the cost of a line")
    else:
        understanding.assumptions.append(f"{best.name!r} is not used: it may be the cost of a unit, not of the line")


def _find_profit(understanding: Understanding) -> None:
    """Give the role ``profit`` to the profit of a line, where no cost says it."""
    columns = money_named(understanding, "profit", least=_CLEAR)
    if (
        columns
        and "profit" in STANDARD_COLUMNS
        and "cost" not in understanding.roles
        and "amount" in understanding.roles
    ):
        understanding.take("profit", columns[0], f"{columns[0].name!r}: the profit of a line")
