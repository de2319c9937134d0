"""Tells what an amount on the lines of an order is: of the line, of the order on its first line, or repeated."""

from collections.abc import Sequence
from dataclasses import dataclass

from custlib.identify.guess.columns import Column

_NEARLY = 0.97
_LEAST_ORDERS = 5
EACH, FIRST, REPEATED, SINGLE = "each_line", "first_line", "repeated", "single"


@dataclass(frozen=True)
class Shape:
    """How the amounts of one column stand on the lines of orders."""

    kind: str
    orders: int = 0
    each: float = 0.0
    once: float = 0.0


def shape_of(order: Column | None, amounts: Sequence[float | None], copies: Sequence[bool] = ()) -> Shape:
    """Tell how amounts stand on the lines of orders; lines that are copies of others tell nothing.

    ``each`` is the money if every line counts, ``once`` if each order counts once.
    """
    each = sum(amount for amount in amounts if amount is not None)
    if order is None:
        return Shape(SINGLE, 0, each, each)
    lines: dict[str, list[float | None]] = {}
    for place, (name, amount) in enumerate(zip(order.values, amounts, strict=True)):
        if name is not None and not (copies and copies[place]):
            lines.setdefault(str(name), []).append(amount)
    several = [group for group in lines.values() if len(group) > 1]
    once = sum(next((amount for amount in group if amount is not None), 0.0) for group in lines.values())
    return Shape(_kind(several), len(several), each, once)


def _kind(several: Sequence[Sequence[float | None]]) -> str:
    if len(several) < _LEAST_ORDERS:
        return SINGLE if not several else EACH
    first = sum(group[0] is not None and all(amount is None for amount in group[1:]) for group in several)
    if first >= _NEARLY * len(several):
        return FIRST
    equal = sum(None not in group and len(set(group)) == 1 for group in several)
    return REPEATED if equal >= _NEARLY * len(several) else EACH


def by_order(order: Column, amounts: Sequence[float | None]) -> dict[str, float]:
    """Add amounts up by order."""
    sums: dict[str, float] = {}
    for name, amount in zip(order.values, amounts, strict=True):
        if name is not None:
            sums[str(name)] = sums.get(str(name), 0.0) + (amount or 0.0)
    return sums


def once_by_order(order: Column, amounts: Sequence[float | None]) -> dict[str, float]:
    """Take the first amount of each order."""
    firsts: dict[str, float] = {}
    for name, amount in zip(order.values, amounts, strict=True):
        if name is not None and amount is not None:
            firsts.setdefault(str(name), amount)
    return firsts
