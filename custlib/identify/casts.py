"""Makes the step ``transactions_read``: the columns of ``source`` as texts, days and numbers, repairs flagged.

Every column is taken as text first, so that ids keep their zeros and each cast that fails is a counted reason;
a column that a Parquet file types already stays typed.
"""

import re
from collections.abc import Iterable

from custlib.engine.dialect import Dialect, day_literal
from custlib.identify.numbers import (
    has_marks,
    has_odd_sign,
    has_other_digits,
    is_text,
    letters_beside,
    number,
    symbol,
    with_plain,
)
from custlib.identify.order_lines import in_orders
from custlib.identify.reading.inputs import MONEY, PRODUCT
from custlib.identify.reading.sources import Opened
from custlib.project import STANDARD_COLUMNS, Source

_BLANKS = " \t\r\n\u00a0\u2007\u202f\u3000\ufeff"
# What stands behind a time: an offset or a zone. A date alone ends in digits behind a dash too.
_OFFSET = "(Z|UTC|GMT|[+-][0-9]{2}(:?[0-9]{2})?)$"
_ZONED = f":[0-9.]+ ?{_OFFSET}"
_NAMED = ":[0-9.]+ ?([A-Z]{3,5}|[A-Za-z]+/[A-Za-z_/]+)$"
_WITH_OFFSET = re.compile(r"\s*%z")
_WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER")
_SECONDS = {"epoch_s": 1, "epoch_ms": 1000}


def transactions_read(sql: Dialect, opened: Opened, source: Source) -> str:
    """Write the select that casts the columns of the view ``source``.

    ``money_number`` is what stands in the column of the money, which is one price where the amount is a product.
    """
    return f"""
        select *, {_converted(_amount(opened), source)} as amount_number,
               {_converted("cost_read", source)} as cost_number, {_converted("profit_read", source)} as profit_number,
               {_is_returned(opened)} as is_returned, {_has_odd_sign(sql, opened)} as has_odd_sign,
               {_has_other_digits(sql, opened)} as has_other_digits,
               {_has_thousands(sql, opened, source)} as has_thousands,
               {_constant("amount" in opened.columns)} as has_amount,
               {_constant("cost" in opened.columns)} as has_cost,
               {_constant("profit" in opened.columns)} as has_profit
        from ({_columns_read(sql, opened, source)})"""


def _columns_read(sql: Dialect, opened: Opened, source: Source) -> str:
    """Write the select that casts every column by itself."""
    money, lines = money_of(opened), in_orders(opened, source, texts(sql, opened))
    numbers = {"cost_read": "cost", "profit_read": "profit", "quantity": "quantity"}
    casts = [f"{number(sql, name, opened, source)} as {column}" for column, name in numbers.items()]
    also = ["quantity_given", "unit_price_given"] if is_product(opened) else []
    also += [f"{money}_{step} as money_{step}" for step in ("plain", "bare") if is_text(opened, money)]
    return f"""
        select {_customer(opened)} as customer_id, order_id_text as order_id, product_text as product,
               channel_text as channel, status_text as status, currency_text as currency, timestamp_text,
               {_amount_text(opened)} as amount_text, {", ".join(["timestamp_given", "amount_given", *also])},
               {day(sql, "timestamp", opened, source)} as day, {", ".join(casts)},
               {number(sql, money, opened, source)} as money_number,
               {_is_guest(sql, opened, source)} as is_guest,
               is_order_line, copy_of_line,
               {_counts(sql, source)} as status_counts, {_is_excluded(sql, source)} as is_excluded,
               {_rate(sql, opened, source)} as currency_rate,
               {_is_trimmed(sql, opened)} as is_trimmed,
               {has_offset(sql, "timestamp", opened, source)} as has_offset,
               {_symbol(sql, opened)} as symbol
        from ({_with_letters(sql, opened, with_plain(sql, MONEY, opened, source, lines))})"""


def is_product(opened: Opened) -> bool:
    """Tell whether the amount of a line is its quantity times its unit price."""
    return opened.types.get("amount") == PRODUCT


def money_of(opened: Opened) -> str:
    """The column that holds money: the amount, or the unit price that it is made of."""
    return "unit_price" if is_product(opened) else "amount"


def has_whole_ids(opened: Opened) -> bool:
    """Tell whether the source types its ids as whole numbers, which then stay numbers until the result."""
    return opened.types["customer_id"] in _WHOLE


def shown(sql: Dialect, name: str, opened: Opened) -> str:
    """Write what stood in a column, as trimmed text, for the few rows that are set aside.

    Of an amount that is a product it is the unit price, with the quantity where that is no number.
    """
    if name == "amount" and is_product(opened):
        quantity, price = (trimmed(sql, f"{part}_given", opened.types[part]) for part in ("quantity", "unit_price"))
        return f"case when quantity is null then concat_ws(' * ', {quantity}, {price}) else {price} end"
    return trimmed(sql, f"{name}_given", opened.types.get(name, "VARCHAR"))


def texts(sql: Dialect, opened: Opened, names: Iterable[str] = STANDARD_COLUMNS) -> str:
    """Write the select that gives every column as it is (``<name>_given``) and as trimmed text (``<name>_text``).

    A time or a number that the source types is not written as text: there a text only tells that it is given.
    """
    columns = []
    for name in names:
        column = f"cast(null as {sql.text_type})" if _is_absent(name, opened) else sql.name(opened.read[name])
        columns += [f"{column} as {name}_given", f"{_text(sql, name, column, opened)} as {name}_text"]
    return f"select {', '.join(columns)} from source"


def _text(sql: Dialect, name: str, column: str, opened: Opened) -> str:
    if _is_absent(name, opened):
        return f"cast(null as {sql.text_type})"
    if _stays_typed(name, opened):
        return f"case when {column} is not null then 'given' end"
    return trimmed(sql, column, opened.types[name])


def _is_absent(name: str, opened: Opened) -> bool:
    """Tell whether a standard column is none of the source, or made of others."""
    return name not in opened.read or opened.types[name] == PRODUCT


def _stays_typed(name: str, opened: Opened) -> bool:
    if name == "customer_id":
        return has_whole_ids(opened)
    return opened.types[name].startswith(("TIMESTAMP", "DATE")) or (name in MONEY and not is_text(opened, name))


def trimmed(sql: Dialect, column: str, kind: str) -> str:
    """Write a column of a type as text without the blanks around it; null where nothing is left."""
    written = sql.text(column, kind)
    bare = f"nullif(trim(both {sql.literal(_BLANKS)} from {written}), '')"
    return sql.unless_clean(written, bare) if kind == "VARCHAR" else bare


def _customer(opened: Opened) -> str:
    return "cast(customer_id_given as bigint)" if has_whole_ids(opened) else "customer_id_text"


def _is_guest(sql: Dialect, opened: Opened, source: Source) -> str:
    """Write whether an id is one of those that are no customer, also as a float."""
    ids = [name.strip() for name in source.guest_ids]
    written = f"cast(customer_id_given as {sql.text_type})" if has_whole_ids(opened) else "customer_id_text"
    return one_of(sql, written, [*ids, *(f"{name}.0" for name in ids if name.isdigit())])


def one_of(sql: Dialect, text: str, words: Iterable[str]) -> str:
    """Write whether a text is one of some words; a case, as engines join a long list behind ``in`` to every row."""
    cases = " ".join(f"when {sql.literal(word)} then true" for word in words)
    return f"case {text} {cases} else false end" if cases else "false"


def _is_trimmed(sql: Dialect, opened: Opened) -> str:
    if has_whole_ids(opened):
        return "false"
    column = sql.text("customer_id_given", opened.types["customer_id"])
    return f"coalesce({column} <> customer_id_text, false)"


def _counts(sql: Dialect, source: Source) -> str:
    return (
        one_of(sql, "lower(status_text)", [status.strip().lower() for status in source.count])
        if source.count
        else "true"
    )


def _is_excluded(sql: Dialect, source: Source) -> str:
    return one_of(sql, "product_text", [name.strip() for name in source.exclude_products])


def _amount_text(opened: Opened) -> str:
    """Write whether an amount is given: a product is, where both of its factors are."""
    return "case when quantity_text is not null then unit_price_text end" if is_product(opened) else "amount_text"


def _amount(opened: Opened) -> str:
    return "quantity * money_number" if is_product(opened) else "money_number"


def _has_thousands(sql: Dialect, opened: Opened, source: Source) -> str:
    if not is_text(opened, money_of(opened)):
        return "false"
    as_declared = f"contains(amount_text, {sql.literal(source.thousands)})" if source.thousands else "false"
    marks = f"money_number is not null and {has_marks(sql, 'money_bare', source)}"
    return f"coalesce(case when money_plain is null then {marks} else {as_declared} end, false)"


def _has_odd_sign(sql: Dialect, opened: Opened) -> str:
    money = money_of(opened)
    if not is_text(opened, money):
        return "false"
    return f"case when money_number < 0 then coalesce({has_odd_sign(sql, 'amount_text')}, false) else false end"


def _has_other_digits(sql: Dialect, opened: Opened) -> str:
    if not is_text(opened, money_of(opened)):
        return "false"
    is_read = "money_plain is null and money_number is not null"
    return f"case when {is_read} then {has_other_digits(sql, 'amount_text')} else false end"


def _symbol(sql: Dialect, opened: Opened) -> str:
    """Write the currency sign of the money, null where it has none."""
    money = money_of(opened)
    if not is_text(opened, money):
        return f"cast(null as {sql.text_type})"
    return symbol(sql, f"{money}_letters")


def _with_letters(sql: Dialect, opened: Opened, select: str) -> str:
    """Add to a select the letters beside the money, as a step of its own: :func:`symbol` asks for them many times."""
    money = money_of(opened)
    if not is_text(opened, money):
        return select
    letters = f"case when {money}_plain is null then {letters_beside(sql, f'{money}_text')} end"
    return f"select *, {letters} as {money}_letters from ({select})"


def _is_returned(opened: Opened) -> str:
    """Write whether a quantity below zero says that money which is above zero went back."""
    if "quantity" not in opened.columns or "amount" not in opened.columns:
        return "false"
    return f"coalesce(quantity < 0 and {_amount(opened)} > 0, false)"


def _rate(sql: Dialect, opened: Opened, source: Source) -> str:
    """Write the rate of a line's currency on its day; null where there is none, 1 where no rates are given."""
    if not source.rates:
        return "cast(1 as double)"
    on = day(sql, "timestamp", opened, source)
    rates = [
        f"when upper(currency_text) = {sql.literal(rate.currency.upper())}"
        f"{f' and {on} >= {day_literal(rate.begin)}' if rate.begin else ''} then cast('{rate.rate!r}' as double)"
        for rate in source.rates
    ]
    return f"case {' '.join(rates)} end"


def _converted(amount: str, source: Source) -> str:
    return f"({amount}) * currency_rate" if source.rates else amount


def _constant(value: bool) -> str:
    return "true" if value else "false"


def day(sql: Dialect, name: str, opened: Opened, source: Source) -> str:
    """Write the local business day of a column of :func:`texts`; null where it is not written as the source says."""
    kind, zone, text = opened.types[name], source.timezone or "UTC", f"{name}_text"
    if kind.startswith(("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ")):
        return sql.local_day(f"{name}_given", zone)
    if kind.startswith(("TIMESTAMP", "DATE")):
        return f"cast({name}_given as date)"
    if source.date_format:
        return _formatted_day(sql, text, source.date_format, source.timezone)
    local = f"cast({sql.moment(text)} as date)"
    if not source.timezone:
        return local
    there = sql.local_day(sql.instant(f"replace(replace({text}, ' +', '+'), ' -', '-')"), zone)
    named = sql.matches(text, _NAMED)  # another zone than UTC is not known to every engine
    return f"case when {sql.matches(text, _ZONED)} then {there} when not {named} then {local} end"


def has_offset(sql: Dialect, name: str, opened: Opened, source: Source) -> str:
    """Write whether a time has an offset or zone, where no time zone says which day that is."""
    kind = opened.types[name]
    if source.timezone or (source.date_format and kind == "VARCHAR"):
        return _constant(bool(not source.timezone and "%z" in (source.date_format or "")))
    if kind != "VARCHAR":
        return _constant("TIME ZONE" in kind or kind.startswith("TIMESTAMPTZ"))
    text = f"{name}_text"
    zoned = f"{sql.matches(text, _ZONED)} or {sql.matches(text, _NAMED)}"
    return f"case when length({text}) > {len('2025-06-30')} then {zoned} else false end"


def _formatted_day(sql: Dialect, text: str, form: str, zone: str | None) -> str:
    """Write the day of a text in a declared form: day numbers of Excel, seconds since 1970, or strptime."""
    number = sql.number(text)
    if form == "excel":
        day = sql.add_days("date '1899-12-30'", f"floor({number})")
        return f"case when {number} between 1 and 200000 then {day} end"
    if form in _SECONDS:
        seconds = f"({number} / {_SECONDS[form]})"
        day = sql.local_day(sql.since_1970(seconds), zone or "UTC")
        return f"case when {seconds} between -1e10 and 1e10 then {day} end"
    if "%z" in form:
        return _offset_day(sql, text, form, zone)
    return sql.formatted_day(text, form)


def _offset_day(sql: Dialect, text: str, form: str, zone: str | None) -> str:
    """Write the day of a text with an offset: in the time zone of the business, or as it is written without one."""
    if zone:
        return sql.local_day(sql.formatted_instant(text, form), zone)
    written = f"regexp_replace({text}, {sql.literal(f' ?{_OFFSET}')}, '')"
    day = sql.formatted_day(written, _WITH_OFFSET.sub("", form))
    return f"case when {sql.matches(text, _OFFSET)} then {day} end"
