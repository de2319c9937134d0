"""Finds the lines that are no purchases of a customer: cancelled orders, guests, other currencies."""

import re
from collections import Counter
from collections.abc import Sequence

from custlib.errors import counted
from custlib.identify.guess.columns import Column
from custlib.identify.guess.headings import folded, words
from custlib.identify.guess.questions import Answer
from custlib.identify.guess.understanding import Understanding
from custlib.identify.guess.written_numbers import ISO_OF_SIGN, Number

_MOST_STATES = 15
_CODE = re.compile(r"^[A-Z]{3}$")
_IN_HEADING = re.compile(r"\b(EUR|USD|GBP|CHF|JPY|CNY|RMB|SEK|NOK|DKK|PLN|CZK|TRY|BRL|RUB|INR|KRW|AUD|CAD|HUF)\b")
_PREFIX = re.compile(r"^([A-Za-z]{1,3})[-_]?(\d+)$")
_LEAST_LINES = 100
_SHARE, _TIMES = 0.1, 4
_IS_NOBODY = re.compile(r"^(0+|-1|9{4,}|1{4,}|x+|-+|\\?+|n/?a|none|null|nil)(\.0)?$", re.IGNORECASE)
_SIGNS_OF_HEADING = {"円": "JPY", "元": "CNY", "원": "KRW", "руб": "RUB", "zł": "PLN", "kč": "CZK"}
_SIDES = tuple(
    {a, b}
    for a, b in (
        ("s", "h"),
        ("d", "c"),
        ("dr", "cr"),
        ("debit", "credit"),
        ("soll", "haben"),
        ("af", "bij"),
        ("+", "-"),
        ("d", "k"),
        ("wn", "ma"),
        ("in", "out"),
        ("c", "db"),
        ("dare", "avere"),
        ("debe", "haber"),
        ("借", "贷"),
        ("debet", "credit"),
        ("收入", "支出"),
    )
)
_OTHER_CODES = {"RMB": "CNY"}
_OF_SEVERAL = {"kr": ("SEK", "NOK", "DKK", "ISK")}  # letters beside amounts that several currencies have


def find_lines_left_out(understanding: Understanding) -> None:
    """Set what leaves lines out, or ask: status, guests, currency, cancelled orders."""
    _find_side(understanding)
    _find_status(understanding)
    _find_guests(understanding)
    _find_currency(understanding)
    _find_cancel_prefix(understanding)


def _find_status(understanding: Understanding) -> None:
    columns = [c for c in understanding.best("status", "left_out_flag") if c.distinct <= _MOST_STATES]
    columns = [column for column in columns if _separates(understanding, column)]
    if not columns:
        return
    best = max(columns, key=_known)
    _set_count(understanding, best)
    for column in columns:
        if column is not best and not _is_within(best, column):
            understanding.assumptions.append(f"{column.name!r} is not looked at: {best.name!r} says what counts")


def _find_side(understanding: Understanding) -> None:
    """Ask where a column says on which side of an account the money stands, which has no minus of its own."""
    amount = understanding.roles.get("amount")
    if amount is None or any((value or 0.0) < 0 for value in understanding.amounts(amount)):
        return
    for column in understanding.columns:
        sides = {text.strip().casefold() for text in column.counts}
        if understanding.is_free(column) and len(sides) == 2 and sides in _SIDES:
            _ask_side(understanding, column)
            return


def _ask_side(understanding: Understanding, column: Column) -> None:
    (first, most), (second, least) = column.counts.most_common(2)
    understanding.take("status", column, f"{column.name!r}: {first} {most:,}, {second} {least:,}")
    understanding.set("count", [first], f"left out: {second}")
    lines = counted(most, "line", "lines")
    text = f"{column.name!r} says which way the money goes: {first} in {lines}, {second} in {least:,}. What counts?"
    understanding.ask(
        "count", text,
        Answer(f"{first} only; the others are left out, not taken off", {"count": [first]}),
        Answer(f"{second} only", {"count": [second]}),
        Answer("both, as money that comes in", {"count": None, "columns.status": None}),
    )  # fmt: skip


def _known(column: Column) -> tuple[float, float]:
    """Rank columns of states: by how many values are known words, then by the heading."""
    states = [text for text in column.counts if _state(column, text)]
    return (len(states) / column.distinct, column.kind("status"))


def _state(column: Column, text: str) -> str:
    """Say whether a state counts (``counts``), leaves out (``leaves_out``), or is not known."""
    key = folded(text)
    is_yes, is_no = (
        key in words("yes"),
        key in ("false", "no", "n", "0", "f", "nein", "non", "nao", "nie", "hayir", "нет", "否"),
    )
    if is_yes or is_no:
        is_flag = column.kind("left_out_flag") > 0
        return "leaves_out" if is_yes == is_flag else "counts"
    return "counts" if key in words("counts") else "leaves_out" if key in words("leaves_out") else ""


def _states(column: Column) -> dict[str, str]:
    """Say of each state whether it counts, the most frequent first; payments beside invoices do not."""
    states = {text: _state(column, text) for text, _ in column.counts.most_common()}
    paid = [text for text in states if folded(text) in words("payments")]
    if paid and any(state == "counts" and text not in paid for text, state in states.items()):
        states |= dict.fromkeys(paid, "leaves_out")
    return states


def _separates(understanding: Understanding, column: Column) -> bool:
    """Tell whether some states leave lines out, or may do; of a type of line only where its money has no minus."""
    states = _states(column)
    leaving = [text for text, state in states.items() if state == "leaves_out"]
    if column.kind("left_out_flag") == 0 and column.kind("status") < 1:
        return bool(leaving) and not _are_negative(understanding, column, leaving)
    if column.kind("left_out_flag") and set(states.values()) == {"counts"}:
        return False
    return bool(leaving and not _are_negative(understanding, column, leaving)) or (
        column.distinct > 1 and "" in states.values()
    )


def _are_negative(understanding: Understanding, column: Column, states: Sequence[str]) -> bool:
    """Tell whether the money or the quantity of some states is below zero already."""
    for role in ("amount", "quantity"):
        if role in understanding.roles:
            amounts = understanding.amounts(understanding.roles[role])
            pairs = [
                a
                for a, v in zip(amounts, column.values, strict=True)
                if v is not None and str(v).strip() in states and a
            ]
            if pairs and all(amount < 0 for amount in pairs):
                return True
    return False


def _is_within(best: Column, column: Column) -> bool:
    """Tell whether a second column leaves out no line that the first does not."""
    pairs = zip(best.values, column.values, strict=True)
    return all(
        _state(best, str(a).strip()) == "leaves_out"
        for a, b in pairs
        if b is not None and _state(column, str(b).strip()) == "leaves_out"
    )


def _set_count(understanding: Understanding, column: Column) -> None:
    states = _states(column)
    counting = [text for text, state in states.items() if state == "counts"]
    leaving = [text for text, state in states.items() if state == "leaves_out"]
    unknown = [text for text, state in states.items() if not state]
    is_type = column.kind("status") < 1 and column.kind("left_out_flag") == 0
    understanding.take("status", column, f"{column.name!r}: {_listed(column, states)}")
    understanding.set("count", [*counting, *(unknown if is_type else [])], f"left out: {', '.join(leaving) or 'none'}")
    if is_type and leaving:
        _ask_type(understanding, column, leaving, [*counting, *unknown])
    elif unknown:
        _ask_states(understanding, column, counting, unknown)


def _listed(column: Column, states: dict[str, str]) -> str:
    return ", ".join(f"{text} {column.counts[text]:,}" for text in list(states)[:6])


def _ask_states(understanding: Understanding, column: Column, counting: list[str], unknown: list[str]) -> None:
    shown = ", ".join(f"{text!r} ({counted(column.counts[text], 'line', 'lines')})" for text in unknown[:6])
    without = Answer(
        f"no: only {', '.join(counting) or 'nothing'}",
        {"count": counting or None, "columns.status": column.name if counting else None},
    )
    text = f"Do orders count whose {column.name!r} is {shown}?"
    answers = [Answer("yes", {"count": [*counting, *unknown]}), *([without] if counting else [])]
    if len(unknown) > 1:
        answers += [Answer(f"only {one}", {"count": [*counting, one]}) for one in unknown[:4]]
    understanding.ask("count", text, *answers)


def _ask_type(understanding: Understanding, column: Column, leaving: list[str], counting: list[str]) -> None:
    lines = sum(column.counts[text] for text in leaving)
    which = counted(lines, "line", "lines")
    text = f"What of the {which} whose {column.name!r} is {', '.join(leaving)}? The money there has no minus."
    understanding.ask(
        "count", text,
        Answer("no purchases: leave them out", {"count": counting}),
        Answer("purchases like the others", {"count": None, "columns.status": None}),
    )  # fmt: skip


def _find_guests(understanding: Understanding) -> None:
    """Set the ids that are words for nobody; ask about an id with an impossible share of the lines."""
    customer = understanding.roles.get("customer_id")
    if customer is None:
        return
    guests = [text for text in customer.counts if folded(text) in words("guests")]
    if guests:
        lines = sum(customer.counts[text] for text in guests)
        understanding.set("guest_ids", guests, f"no customers: {counted(lines, 'line is', 'lines are')} left out")
        return
    (first, most), *rest = customer.counts.most_common(2)
    second = rest[0][1] if rest else 0
    is_far = most > _SHARE * customer.filled and most > _TIMES * second
    if customer.filled >= _LEAST_LINES and (is_far or (_IS_NOBODY.match(first) and most > 2 * second)):
        understanding.ask(
            "guest_ids",
            f"Is {first!r} one customer? It stands in {most:,} of {customer.filled:,} lines, the next in {second:,}.",
            Answer("no: guests or a till; leave it out", {"guest_ids": [first]}), Answer("yes", {"guest_ids": None}),
        )  # fmt: skip


def _find_currency(understanding: Understanding) -> None:
    """Tell the currency by its column, the signs beside the amounts, or a heading; ask where there are several."""
    columns = [
        c for c in understanding.best("currency") if all(_CODE.match(text.upper()) for text in c.counts) and c.filled
    ]
    amount = understanding.roles.get("amount") or understanding.roles.get("unit_price")
    if columns:
        _read_currency(understanding, columns[0])
    elif amount is not None:
        _read_signs(understanding, amount)


def _read_currency(understanding: Understanding, column: Column) -> None:
    """Take the most frequent code of a column of currencies; ask for rates where there are several."""
    codes = Counter(text.upper() for text in column.counts.elements())
    understanding.currency = codes.most_common(1)[0][0]
    if len(codes) > 1:
        listed = ", ".join(f"{code} {n:,}" for code, n in codes.most_common(5))
        understanding.take("currency", column, f"{column.name!r}: {listed}")
        _ask_rates(understanding, list(dict(codes.most_common())))


def _read_signs(understanding: Understanding, amount: Column) -> None:
    """Take the currency that the heading or the signs of an amount name; ask where signs are several."""
    signs = Counter(number.currency for number in amount.numbers.numbers if isinstance(number, Number))
    del signs[""]
    heading = _IN_HEADING.search(amount.name.upper())
    sign = next((one for one in amount.name if one in ISO_OF_SIGN), signs.most_common(1)[0][0] if signs else "")
    word = next((iso for text, iso in _SIGNS_OF_HEADING.items() if f"({text}" in amount.name.casefold()), None)
    code = heading[1] if heading else word or ISO_OF_SIGN.get(sign, sign if _CODE.match(sign) else None)
    understanding.currency = _OTHER_CODES.get(code, code) if code else _unit(amount)
    if len(signs) > 1:
        _ask_signs(understanding, amount, signs)
    else:
        _ask_crown(understanding, amount)


def _ask_crown(understanding: Understanding, amount: Column) -> None:
    """Ask which currency it is, where the letters beside amounts are those of several."""
    letters = amount.numbers.common("unit").strip(". ").lower()
    if understanding.currency is None and letters in _OF_SEVERAL:
        several = ", ".join(_OF_SEVERAL[letters])
        text = f"Amounts of {amount.name!r} are in {letters}: {several}? Write it as the currency of the project."
        understanding.ask("currency", text, can_guess=False)


def _unit(amount: Column) -> str | None:
    unit = amount.numbers.common("unit").upper()
    return unit if _CODE.match(unit) else None


def _ask_rates(understanding: Understanding, codes: list[str]) -> None:
    main, *others = codes
    rates = {main: 1.0} | dict.fromkeys(others, 0.0)
    written = ", ".join(f"{code} = {'1.0' if code == main else '?'}" for code in rates)
    understanding.ask(
        "currency_rates",
        f"Amounts are in {', '.join(codes)}. What is one {' and one '.join(others)} worth in {main}? "
        f"Write currency_rates = {{ {written} }}.",
        can_guess=False,
    )  # fmt: skip


def _ask_signs(understanding: Understanding, amount: Column, signs: Counter[str]) -> None:
    shown = ", ".join(f"{sign} in {count:,}" for sign, count in signs.most_common(4))
    understanding.ask(
        "columns.currency", f"Amounts of {amount.name!r} are in several currencies ({shown}). Export the currency "
        "as a column of its own, and set currency_rates.", can_guess=False,
    )  # fmt: skip


def _find_cancel_prefix(understanding: Understanding) -> None:
    """Set the letters before the numbers of cancelled orders, where their money is below zero."""
    order = understanding.roles.get("order_id")
    if order is None:
        return
    prefixes: dict[str, list[int]] = {}
    for place, value in enumerate(order.values):
        match = _PREFIX.match(str(value).strip()) if value is not None else None
        is_plain = value is not None and str(value).strip().isdecimal()
        prefixes.setdefault(match[1] if match else "" if is_plain else "?", []).append(place)
    plain = len(prefixes.get("", []))
    if len(prefixes) != 2 or "?" in prefixes or plain < 0.5 * order.filled:
        return
    prefix, places = next((prefix, places) for prefix, places in prefixes.items() if prefix)
    _set_prefix(understanding, order, prefix, places)


def _set_prefix(understanding: Understanding, order: Column, prefix: str, places: list[int]) -> None:
    columns = [understanding.roles[role] for role in ("amount", "quantity") if role in understanding.roles]
    amounts = [understanding.amounts(column) for column in columns]
    negative = any(all((values[place] or 0.0) <= 0 for place in places) for values in amounts)
    lines = counted(len(places), "line", "lines")
    if negative:
        understanding.set("cancel_prefix", prefix, f"{lines} of orders {prefix}... count as cancellations, below zero")
        return
    text = f"Are orders that begin with {prefix!r} ({lines} of {order.filled:,}) cancellations?"
    answers = (Answer("yes, their money goes back", {"cancel_prefix": prefix}), Answer("no", {"cancel_prefix": None}))
    understanding.ask("cancel_prefix", text, *answers)
