"""Tells what columns mean beyond their names: amounts that are products, and columns that ask to be mapped.

An amount is a product where ``columns.amount`` says so (``"quantity * unit_price"``) or a unit price stands in for it.
"""

import re
from collections.abc import Mapping, Sequence

from custlib import rules
from custlib.errors import UsageError
from custlib.source import Source

_FACTORS = ("quantity", "unit_price")
_NEEDS_OPTION = {"status": "count"}  # without it nothing is done by the column, so its name alone maps nothing


def mapped_of(source: Source, available: Sequence[str]) -> dict[str, str]:
    """Return the name in the source of every role that is mapped; a product maps both of its factors.

    Raises UsageError if the two factors of a product are mapped to other columns.

    Examples
    --------
    >>> mapped_of(Source(path="x.csv", columns={"amount": "Qty * Price"}), ["Qty", "Price"])
    {'quantity': 'Qty', 'unit_price': 'Price'}
    """
    mapped = source.mapped
    wanted = mapped.get("amount", "")
    parts = [part.strip() for part in re.split("[*×]", wanted)]
    if wanted in available or len(parts) != len(_FACTORS) or "unit_price" not in source.roles:
        return mapped
    named = [mapped.get(part, part) for part in parts]
    swapped = named[0] == mapped.get("unit_price", "unit_price") or named[1] == mapped.get("quantity", "quantity")
    factors = dict(zip(_FACTORS, reversed(named) if swapped else named, strict=True))
    for role, column in factors.items():
        if mapped.get(role, column) != column:
            raise UsageError(
                f"{source.section}.columns.{role} is {mapped[role]!r}, but columns.amount = {wanted!r} takes "
                f"{column!r}. Name one column."
            )
    return {role: column for role, column in mapped.items() if role != "amount"} | factors


def meant(source: Source, name: str, columns: dict[str, str]) -> dict[str, str]:
    """Return the columns as they are meant: the amount a product where a unit price is mapped in its place.

    Raises UsageError if a unit price is mapped beside an amount, or without a quantity; or profit and cost both.
    """
    mapped = source.mapped
    columns = {role: column for role, column in columns.items() if role not in _without_use(source, name, columns)}
    is_wanted = "unit_price" in mapped or "amount" in mapped.keys() - columns.keys()
    if is_wanted:
        _refuse_price(source, name, columns)
    if "unit_price" in columns and "amount" not in columns and "quantity" in columns:
        return columns | {"amount": f"{columns['quantity']} * {columns['unit_price']}"}
    return {role: column for role, column in columns.items() if role != "unit_price"}


def _without_use(source: Source, name: str, columns: Mapping[str, str]) -> set[str]:
    """The roles that a column has by its name alone, and that what is mapped or set makes void."""
    mapped = source.mapped
    by_name = columns.keys() - mapped.keys()
    void = {role for role, option in _NEEDS_OPTION.items() if role in by_name and not getattr(source, option)}
    if columns.get("amount") != mapped.get("amount", columns.get("amount")) and "unit_price" in columns:
        void.add("amount")  # it is mapped as a product, a column of that name is another
    if "amount" in by_name and columns["amount"] == columns.get("unit_price"):
        void.add("amount")
    if {"cost", "profit"} <= columns.keys():
        if {"cost", "profit"} <= mapped.keys():
            raise UsageError(
                f"{source.section}.columns: cost and profit are both mapped in {name}, so profit would be stated "
                "twice. Map one of them."
            )
        void.add("cost" if "profit" in mapped else "profit")
    return void


def _refuse_price(source: Source, name: str, columns: Mapping[str, str]) -> None:
    section = source.section
    if "amount" in columns:
        raise UsageError(
            f"{section}.columns.unit_price: {name} also has an amount (column {columns['amount']!r}), so the "
            "money would be stated twice. Map one of them."
        )
    if "quantity" not in columns:
        raise UsageError(
            f"{section}.columns.unit_price: {name} has no quantity to multiply it with. Map one under "
            f"[{section}.columns], or map the column as amount if it is the money of the whole line."
        )


def noticed(columns: Mapping[str, str], available: Sequence[str]) -> dict[str, str]:
    """Find the columns that are named like a status or a currency and are not mapped.

    Examples
    --------
    >>> noticed({"customer_id": "id", "timestamp": "day"}, ["id", "day", "Order Status", "Währung"])
    {'status': 'Order Status', 'currency': 'Währung'}
    """
    free = [name for name in available if name not in columns.values()]
    columns_by_role = {}
    for kind in rules.load("contract")["noticed"]:
        names = [
            name for form in ("names", "also") if form in kind for name in free
            if re.search(kind[form], name.casefold()) and not re.search(kind["not_names"], name.casefold())
        ]  # fmt: skip
        if names and kind["role"] not in columns and "customer_id" in columns and "timestamp" in columns:
            columns_by_role[kind["role"]] = names[0]
    return columns_by_role
