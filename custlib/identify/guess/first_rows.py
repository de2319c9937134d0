"""Shows the first rows of a sample as they were understood: day, customer, order, quantity, amount, product."""

from collections.abc import Sequence

from custlib.identify.guess.understanding import Understanding

SHOWN_ROWS = 5
_WIDEST = 28
_HEAD = ("day", "customer", "order", "quantity", "amount", "product")


def first_rows(understanding: Understanding) -> list[str]:
    """Write the first rows as a table, a line each, below a head."""
    places = [n for n, day in enumerate(understanding.days) if day is not None][:SHOWN_ROWS]
    rows = [_HEAD, *(_row(understanding, place) for place in places)]
    widths = [min(max(len(row[n]) for row in rows), _WIDEST) for n in range(len(_HEAD))]
    return ["  ".join(_cut(cell, width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _row(understanding: Understanding, place: int) -> tuple[str, ...]:
    day = understanding.days[place]
    quantity = _number(understanding, "quantity", place)
    return (
        str(day), _text(understanding, "customer_id", place), _text(understanding, "order_id", place),
        f"{quantity:g}" if quantity is not None else "", _amount(understanding, place, quantity),
        _text(understanding, "product", place),
    )  # fmt: skip


def _amount(understanding: Understanding, place: int, quantity: float | None) -> str:
    amount = _number(understanding, "amount", place)
    price = _number(understanding, "unit_price", place)
    if amount is None and price is not None and quantity is not None:
        amount = price * quantity
    return f"{amount:,.2f}" if amount is not None else ""


def _number(understanding: Understanding, role: str, place: int) -> float | None:
    column = understanding.roles.get(role)
    return understanding.amounts(column)[place] if column is not None else None


def _text(understanding: Understanding, role: str, place: int) -> str:
    column = understanding.roles.get(role)
    value = column.values[place] if column is not None else None
    return "" if value is None else " ".join(str(value).split())


def _cut(text: str, width: int) -> str:
    return (text if len(text) <= width else text[: width - 1] + "…").ljust(width)


def assumptions_of(parts: Sequence[Understanding], extra: Sequence[str], most: int) -> list[str]:
    """List what was assumed, at most so many lines."""
    lines = list(dict.fromkeys([*extra, *(line for part in parts for line in part.assumptions)]))
    return (
        lines
        if len(lines) <= most
        else [*lines[: most - 1], f"and {len(lines) - most + 1} more; see the comments in the file"]
    )
