"""Asks what a file cannot tell about its money: which column, of a unit or a line, of a line or an order."""

from collections.abc import Sequence

from custlib.errors import counted
from custlib.identify.guess.columns import Column
from custlib.identify.guess.headings import folded, words
from custlib.identify.guess.line_prices import LINE, UNIT, units_of
from custlib.identify.guess.money_candidates import (
    Amounts,
    are_same,
    is_money,
    money_named,
    numeric,
    product_of,
    total_of,
    units_in,
)  # fmt: skip
from custlib.identify.guess.order_shape import FIRST, REPEATED, Shape, shape_of
from custlib.identify.guess.questions import Answer
from custlib.identify.guess.understanding import Understanding
from custlib.identify.guess.written_numbers import Number

_MOST_ANSWERS = 4
_MOSTLY = 0.95
_MOST_BELOW, _FEW = 0.5, 0.01
_MANY_COPIES, _MOST_COPIES = 0.05, 0.15
_LOOKED_AT = "in the rows looked at"
_TOTAL_WORDS = (
    "total", "gesamt", "order", "bestell", "commande", "pedido", "ordine", "basket", "zamowieni", "siparis", "订单",
    "合計", "총", "заказ", "итого", "总",
)  # fmt: skip
_KINDS = ("amount", "net", "gross", "subtotal")


def ask_which(understanding: Understanding, columns: Sequence[Column], *others: Answer) -> None:
    """Ask which of several columns of money counts."""
    columns = columns[:_MOST_ANSWERS]
    names = [repr(column.name) for column in columns]
    which = f"{', '.join(names[:-1])} or {names[-1]}? Their sums differ." if len(names) > 1 else f"{names[0]}?"
    answers = [_money_answer(understanding, column) for column in columns]
    understanding.ask("columns.amount", f"Which is the money of a purchase: {which}", *answers, *others)


def _money_answer(understanding: Understanding, column: Column) -> Answer:
    """Offer a column as the money, as it stands on the lines: of a unit, a line, or an order."""
    shape = shape_of(understanding.roles.get("order_id"), understanding.amounts(column))
    if shape.kind in (FIRST, REPEATED):
        text = f"{column.name}, once per order: {shape.once:,.2f} {_LOOKED_AT}"
        return Answer(text, {"columns.amount": column.name, "order_totals": shape.kind})
    if units_in(understanding, column) == UNIT:
        times = total_of(product_of(understanding, understanding.roles["quantity"], column))
        text = f"{column.name}, times the quantity: {times:,.2f} {_LOOKED_AT}"
        return Answer(text, {"columns.unit_price": column.name, "columns.amount": None, "order_totals": None})
    settings = {"columns.amount": column.name, "order_totals": None}
    return Answer(f"{column.name}: {shape.each:,.2f} {_LOOKED_AT}", settings)


def ask_unit(understanding: Understanding, column: Column, role: str) -> None:
    """Ask whether a column is the price of one unit or the money of the line."""
    once = total_of(understanding.amounts(column))
    times = total_of(product_of(understanding, understanding.roles["quantity"], column))
    answers = (
        Answer(
            f"of one unit: the line is quantity × {column.name}, {times:,.2f} {_LOOKED_AT}",
            {"columns.unit_price": column.name, "columns.amount": None},
        ),
        Answer(f"of the line: {once:,.2f}", {"columns.amount": column.name, "columns.unit_price": None}),
    )
    understanding.ask(
        f"columns.{role}", f"Is {column.name!r} the price of one unit, or the money of the line?", *answers
    )


def ask_count(understanding: Understanding, column: Column) -> None:
    """Take the column of money beside an amount that counts units; ask, as its heading says the contrary."""
    others = [other for other in numeric(understanding) if other is not column and other.has_decimals]
    others.sort(key=lambda other: -other.kind("amount", "net", "gross", "unit_price"))
    prices, product = understanding.amounts(others[0]), understanding.roles.get("product")
    is_line = units_of(prices, understanding.amounts(column), product) == LINE
    role = "amount" if is_line or others[0].kind("unit_price") == 0 else "unit_price"
    understanding.take("quantity", column, f"{column.name!r}: small whole numbers")
    understanding.take(role, others[0], f"{others[0].name!r}: money with cents")
    answers = [
        Answer(f"units: the money is {other.name}", {f"columns.{role}": other.name, "columns.quantity": column.name})
        for other in others[:2]
    ]
    itself = {"columns.amount": column.name, "columns.quantity": None, "columns.unit_price": None}
    text = f"Is {column.name!r} money or a number of units? It is small and whole; {others[0].name!r} has cents."
    understanding.ask("columns.amount", text, *answers, Answer(f"money: {column.name}", itself))


def ask_two_columns(understanding: Understanding, column: Column) -> None:
    """Ask where money stands in one of two columns, as credit and debit do."""
    rows = [value is not None for value in column.values]
    for other in understanding.columns:
        if other is column or not understanding.is_free(other) or not other.is_number:
            continue
        filled = [value is not None for value in other.values]
        pairs = list(zip(rows, filled, strict=True))
        is_apart = not any(a and b for a, b in pairs) and sum(a or b for a, b in pairs) >= _MOSTLY * len(pairs)
        if is_apart and (other.kind("debit") > 0 or not other.kinds or is_money(other)):
            here, there = (counted(n, "line", "lines") for n in (sum(rows), other.filled))
            understanding.ask(
                "columns.amount",
                f"Money stands in two columns, {column.name!r} ({here}) and {other.name!r} ({there}). "
                "One can be read; which?",
                Answer(f"{column.name}; lines of {other.name} have no amount", {"columns.amount": column.name}),
                Answer(f"{other.name}; lines of {column.name} have no amount", {"columns.amount": other.name}),
            )
            return


def ask_copies(understanding: Understanding, column: Column, copies: Sequence[bool]) -> None:
    """Ask where many lines are the same as others of their order in every column, as after two exports in one."""
    count = sum(copies)
    if "order_id" not in understanding.roles or count < _MANY_COPIES * len(copies):
        return
    pairs = zip(understanding.amounts(column), copies, strict=True)
    money = sum(amount for amount, is_copy in pairs if is_copy and amount is not None)
    answers = (
        Answer(f"no, they stand twice by mistake: count each once, {money:,.2f} less", {"order_lines": False}),
        Answer("yes, each is bought", {"order_lines": None}),
    )
    text = f"{count:,} of {len(copies):,} lines equal another of their order in every column. Are they purchases?"
    understanding.ask("order_lines", text, *(answers if count > _MOST_COPIES * len(copies) else answers[::-1]))


def ask_hundredths(understanding: Understanding) -> None:
    """Ask where a heading says that money is in hundredths, as programs store it; a rate of its currency divides."""
    role = next((role for role in ("amount", "unit_price") if role in understanding.roles), "")
    column = understanding.roles.get(role)
    if column is None or column.has_decimals or not set(folded(column.name).split()) & words("hundredths"):
        return
    amount = next(amount for amount in understanding.amounts(column) if amount)
    text = f"Is {column.name!r} in hundredths: {amount:,.0f} for {amount / 100:,.2f}?"
    no = Answer("no", {"currency_rates": None, "columns.currency": None})
    rates = [other for other in understanding.best("currency") if other.distinct == 1]
    if rates:
        code = next(iter(rates[0].counts))
        yes = Answer("yes: divide by 100", {"columns.currency": rates[0].name, "currency_rates": {code: 0.01}})
        understanding.ask("currency_rates", text, yes, no)
    else:
        understanding.ask("currency_rates", f"{text} If so, export whole units.", no, can_guess=False)


def ask_letters(understanding: Understanding) -> None:
    """Say that letters stand beside amounts, as 12.50 din, that name no known currency, so that they are not read."""
    for role in ("amount", "unit_price"):
        column = understanding.roles.get(role)
        numbers = column.numbers.numbers if column is not None else []
        units = [
            number.unit for number in numbers if isinstance(number, Number) and number.unit and not number.currency
        ]
        if column is not None and len(units) > _FEW * column.filled:
            understanding.ask(
                f"letters of {column.name}",
                f"{len(units):,} amounts of {column.name!r} have letters beside them ({units[0]}), which are not read. "
                "Export plain numbers, or take the letters off.",
                can_guess=False,
            )


def ask_sign(understanding: Understanding) -> None:
    """Say that most amounts are below zero, as a ledger posts sales; they would all be returns."""
    for role in ("amount", "unit_price", "quantity"):
        if role not in understanding.roles:
            continue
        column = understanding.roles[role]
        amounts = [amount for amount in understanding.amounts(column) if amount]
        below = sum(amount < 0 for amount in amounts)
        if below > _MOST_BELOW * len(amounts):
            understanding.ask(
                f"sign of {column.name}",
                f"{below:,} of {len(amounts):,} numbers of {column.name!r} are below zero, so they would be returns. "
                "Export sales above zero; go on only if they are returns.",
                can_guess=False,
            )
            return


def ask_refunds(understanding: Understanding) -> None:
    """Ask where a column of refunds of its own is not taken off the amount."""
    columns = [column for column in understanding.best("refund", least=0.9) if column.is_number]
    if not columns or "amount" not in understanding.roles:
        return
    pairs = zip(understanding.amounts(understanding.roles["amount"]), understanding.amounts(columns[0]), strict=True)
    parts = [abs(refund) for amount, refund in pairs if amount and refund and abs(refund) < abs(amount)]
    if parts:
        lines = counted(len(parts), "line", "lines")
        text = f"{columns[0].name!r} ({sum(parts):,.2f} in {lines}) is not taken off the amounts. Go on?"
        yes = Answer("yes, count the amounts in full; or export them net of refunds")
        understanding.ask(f"refunds of {columns[0].name}", text, yes)


def say_others(understanding: Understanding, best: Column, columns: Sequence[Column]) -> None:
    """Say which other columns of money there are that hold other sums."""
    others = [column for column in money_named(understanding, *_KINDS) if column not in columns]
    others = [column for column in others if column.kind(*_KINDS) > column.kind("unit_price")]
    names = [repr(column.name) for column in others if not are_same(understanding, best, column)]
    if names:
        understanding.assumptions.append(f"the money is {best.name!r}, not {', '.join(names[:3])}: other sums")


def set_totals(understanding: Understanding, column: Column, shape: Shape, lines: Amounts | None) -> None:
    """Set ``order_totals`` where the amount is of the order and not of the line; ask where it cannot be told."""
    if shape.kind == FIRST:
        understanding.set("order_totals", "first_line", "the amount stands on the first line of an order only")
    elif shape.kind == REPEATED and lines is not None:
        price = money_named(understanding, "unit_price")[0].name
        instead = {"columns.amount": None, "columns.unit_price": price, "order_totals": None}
        understanding.ask(
            "order_totals",
            f"Which is the money of an order? {column.name!r} repeats on its lines, and differs from their prices.",
            Answer(f"the total of the order, once: {shape.once:,.2f}", {"order_totals": "repeated"}),
            Answer(f"quantity × unit price of its lines: {total_of(lines):,.2f}", instead),
        )
    elif shape.kind == REPEATED:
        _set_repeated(understanding, column, shape)


def _set_repeated(understanding: Understanding, column: Column, shape: Shape) -> None:
    reason = f"all {shape.orders:,} orders of several lines have one amount on all of them"
    understanding.set("order_totals", "repeated", reason)
    if any(word in folded(column.name) for word in _TOTAL_WORDS):
        return
    understanding.ask(
        "order_totals",
        f"Is {column.name!r} the total of the order, on each of its lines? {reason[0].upper()}{reason[1:]}.",
        Answer(f"yes, it counts once per order: {shape.once:,.2f} {_LOOKED_AT}", {"order_totals": "repeated"}),
        Answer(f"no, every line is money of its own: {shape.each:,.2f}", {"order_totals": None}),
    )
