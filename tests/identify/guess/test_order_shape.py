"""What an amount on the lines of an order is, and of one unit or a line."""

import datetime as dt

from custlib.identify.guess.columns import Column, copies_of
from custlib.identify.guess.line_prices import LINE, UNIT, are_equal, units_of
from custlib.identify.guess.order_shape import EACH, FIRST, REPEATED, SINGLE, shape_of

ORDERS = ["a", "a", "b", "b", "c", "c", "d", "d", "e", "e"]


def column(values: list[object]) -> Column:
    return Column("x", 0, tuple(values), dt.date(2026, 3, 1), {})


def test_the_shapes_by_hand() -> None:
    order = column(list(ORDERS))
    assert shape_of(order, [5.0, None] * 5).kind == FIRST
    assert shape_of(order, [5.0, 5.0, 6.0, 6.0] * 2 + [7.0, 7.0]).kind == REPEATED
    assert shape_of(order, [float(n) for n in range(10)]).kind == EACH
    assert shape_of(column(list("abcdefghij")), [1.0] * 10).kind == SINGLE
    assert shape_of(None, [1.0, 2.0]).once == 3.0


def test_money_counts_once_or_on_each_line() -> None:
    shape = shape_of(column(list(ORDERS)), [5.0] * 10)
    assert (shape.each, shape.once) == (50.0, 25.0)


def test_copies_of_lines_are_no_repeated_totals() -> None:
    order, amounts = column(list(ORDERS)), column([5.0] * 10)
    copies = copies_of([order, amounts])
    assert copies == [False, True] * 5
    assert shape_of(order, list(amounts.values), copies).kind == SINGLE


def test_a_price_stays_and_the_money_of_a_line_grows() -> None:
    quantities = [1.0, 2.0, 3.0, 4.0] * 10
    product = column(["tea", "tea", "tea", "tea", "cup", "cup", "cup", "cup"] * 5)
    prices = [2.5] * 4 + [7.0] * 4
    assert units_of(prices * 5, quantities, product) == UNIT
    assert units_of([p * q for p, q in zip(prices * 5, quantities, strict=True)], quantities, product) == LINE
    assert units_of([2.5, 2.5], [1.0, 2.0], None) == ""


def test_equal_but_for_the_cent() -> None:
    assert are_equal([1.0, 2.0, None], [1.004, 2.0, 5.0])
    assert not are_equal([1.0, 2.0], [1.0, 2.5])
