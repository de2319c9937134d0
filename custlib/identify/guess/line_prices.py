"""Tells by quantities and products whether an amount is the price of a unit or the money of a line."""

from collections.abc import Sequence
from statistics import median, pstdev

from custlib.identify.guess.columns import Column

UNIT, LINE, UNKNOWN = "unit", "line", ""
_MOSTLY = 0.7
_STEADIER = 0.5
_LEAST_ROWS = 20
_GROWS, _STAYS = 1.4, 1.15
_CENTS = 0.011
Amounts = Sequence[float | None]


def are_equal(first: Amounts, second: Amounts, share: float = 0.97) -> bool:
    """Tell whether two columns of money are equal to the cent in nearly all rows that have both.

    Examples
    --------
    >>> are_equal([1.0, None, 3.0], [1.0, 2.0, 3.001]), are_equal([1.0], [1.2])
    (True, False)
    """
    pairs = [(a, b) for a, b in zip(first, second, strict=True) if a is not None and b is not None]
    filled = max(sum(a is not None for a in first), sum(b is not None for b in second))
    equal = sum(abs(a - b) <= _CENTS + 1e-6 * abs(a) for a, b in pairs)
    return bool(pairs) and len(pairs) >= 0.5 * filled and equal >= share * len(pairs)


def units_of(amounts: Amounts, quantities: Amounts, product: Column | None) -> str:
    """Tell whether amounts stay the same for a product whatever the quantity (``unit``), or grow with it (``line``)."""
    rows = [(abs(a), abs(q), place) for place, (a, q) in enumerate(zip(amounts, quantities, strict=True)) if a and q]
    if product is not None and (verdict := _by_product(rows, product)):
        return verdict
    single = [a for a, q, _ in rows if q == 1]
    several = [a for a, q, _ in rows if q >= 2]
    if min(len(single), len(several)) < _LEAST_ROWS:
        return UNKNOWN
    growth = median(several) / median(single)
    return LINE if growth >= _GROWS else UNIT if growth <= _STAYS else UNKNOWN


def _by_product(rows: Sequence[tuple[float, float, int]], product: Column) -> str:
    """Compare how much amounts and amounts by quantity vary within each product."""
    groups: dict[str, list[tuple[float, float]]] = {}
    for amount, quantity, place in rows:
        if product.values[place] is not None:
            groups.setdefault(str(product.values[place]), []).append((amount, quantity))
    verdicts = [
        _steadier(group)
        for group in groups.values()
        if len({quantity for _, quantity in group}) > 1 and len(group) >= 4
    ]
    if not verdicts:
        return UNKNOWN
    for verdict in (UNIT, LINE):
        if verdicts.count(verdict) >= _MOSTLY * len(verdicts):
            return verdict
    return UNKNOWN


def _steadier(group: Sequence[tuple[float, float]]) -> str:
    whole = _variation([amount for amount, _ in group])
    each = _variation([amount / quantity for amount, quantity in group])
    return UNIT if whole < _STEADIER * each else LINE if each < _STEADIER * whole else UNKNOWN


def _variation(values: Sequence[float]) -> float:
    return pstdev(values) / (sum(values) / len(values))


def is_product(column: Column) -> bool:
    """Tell whether a column could name products: some of its values come back, and they are no money."""
    return (
        1 < column.distinct < column.filled
        and not column.has_decimals
        and (column.dates is None or column.dates.is_number)
    )


def counts_units(values: Amounts, column: Column) -> bool:
    """Tell whether numbers are small and whole, as quantities are; codes with leading zeros are none."""
    known = [value for value in values if value is not None]
    if (
        not known
        or column.has_decimals
        or column.distinct > 60
        or any(text[:1] == "0" and len(text) > 1 for text in column.counts)
    ):
        return False
    return median(known) <= 12 and sum(abs(value) <= 100 for value in known) >= 0.95 * len(known)
