"""Makes the step ``transactions_read``: the columns of ``source`` as texts, days and numbers, repairs flagged.

Every column is taken as text first, so that ids keep their zeros and each cast that fails is a counted reason;
a column that a Parquet file types already stays typed.
"""

import re
from collections.abc import Iterable

from custlib.engine.dialect import Dialect
from custlib.identify.reading.sources import Opened
from custlib.project import STANDARD_COLUMNS, Source

_BLANKS = " \t\r\n\u00a0\u2007\u202f\u3000\ufeff"
_SYMBOL = r"\p{Sc}"
# The first currency sign with the blanks around it, and what stands before and after.
_FIRST_SYMBOL = rf"(?s)^([^\p{{Sc}}]*?)[ \t\r\n\f]*{_SYMBOL}[ \t\r\n\f]*(.*)$"
_PARENTHESES = r"^\((.*)\)$"
# What stands behind a time: an offset or a zone. A date alone ends in digits behind a dash too.
_OFFSET = "(Z|UTC|GMT|[+-][0-9]{2}(:?[0-9]{2})?)$"
_ZONED = f":[0-9.]+ ?{_OFFSET}"
_NAMED = ":[0-9.]+ ?([A-Z]{3,5}|[A-Za-z]+/[A-Za-z_/]+)$"
_WITH_OFFSET = re.compile(r"\s*%z")
_NUMBERS = ("amount", "cost", "quantity")
_WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER")
_SECONDS = {"epoch_s": 1, "epoch_ms": 1000}


def transactions_read(sql: Dialect, opened: Opened, source: Source) -> str:
    """Write the select that casts the columns of the view ``source``."""
    return f"""
        select {_customer(opened)} as customer_id, order_id_text as order_id, product_text as product,
               channel_text as channel, timestamp_text, amount_text, timestamp_given, amount_given,
               {day(sql, "timestamp", opened, source)} as day,
               {number(sql, "amount", opened, source)} as amount_number,
               {number(sql, "cost", opened, source)} as cost_number,
               {number(sql, "quantity", opened, source)} as quantity,
               {_constant("amount" in opened.columns)} as has_amount,
               {_constant("cost" in opened.columns)} as has_cost,
               {_is_guest(sql, opened, source)} as is_guest,
               {_is_trimmed(sql, opened)} as is_trimmed,
               {has_offset(sql, "timestamp", opened, source)} as has_offset,
               {_has_thousands(sql, opened, source)} as has_thousands,
               {_symbol(sql, opened, source)} as symbol
        from ({texts(sql, opened)})"""


def has_whole_ids(opened: Opened) -> bool:
    """Tell whether the source types its ids as whole numbers, which then stay numbers until the result."""
    return opened.types["customer_id"] in _WHOLE


def shown(sql: Dialect, name: str, opened: Opened) -> str:
    """Write what stood in a column, as trimmed text, for the few rows that are set aside."""
    return trimmed(sql, f"{name}_given", opened.types.get(name, "VARCHAR"))


def texts(sql: Dialect, opened: Opened, names: Iterable[str] = STANDARD_COLUMNS) -> str:
    """Write the select that gives every column as it is (``<name>_given``) and as trimmed text (``<name>_text``).

    A time or a number that the source types is not written as text: there a text only tells that it is given.
    """
    columns = []
    for name in names:
        column = sql.name(opened.columns[name]) if name in opened.columns else f"cast(null as {sql.text_type})"
        columns += [f"{column} as {name}_given", f"{_text(sql, name, column, opened)} as {name}_text"]
    return f"select {', '.join(columns)} from source"


def _text(sql: Dialect, name: str, column: str, opened: Opened) -> str:
    if name not in opened.columns:
        return f"cast(null as {sql.text_type})"
    if _stays_typed(name, opened):
        return f"case when {column} is not null then 'given' end"
    return trimmed(sql, column, opened.types[name])


def _stays_typed(name: str, opened: Opened) -> bool:
    if name == "customer_id":
        return has_whole_ids(opened)
    return opened.types[name].startswith(("TIMESTAMP", "DATE")) or (name in _NUMBERS and not _is_text(opened, name))


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
    given = f"cast(customer_id_given as {sql.text_type})" if has_whole_ids(opened) else "customer_id_text"
    return one_of(sql, given, [*ids, *(f"{name}.0" for name in ids if name.isdigit())])


def one_of(sql: Dialect, text: str, words: Iterable[str]) -> str:
    """Write whether a text is one of some words; a case, as engines join a long list behind ``in`` to every row."""
    found = " ".join(f"when {sql.literal(word)} then true" for word in words)
    return f"case {text} {found} else false end" if found else "false"


def _is_trimmed(sql: Dialect, opened: Opened) -> str:
    if has_whole_ids(opened):
        return "false"
    column = sql.text("customer_id_given", opened.types["customer_id"])
    return f"coalesce({column} <> customer_id_text, false)"


def _constant(value: bool) -> str:
    return "true" if value else "false"


def _is_text(opened: Opened, name: str) -> bool:
    return opened.types.get(name) == "VARCHAR"


def number(sql: Dialect, name: str, opened: Opened, source: Source) -> str:
    """Write a column of :func:`texts` as a number: as the source declares, else without currency sign and parentheses.

    What a source types as a float is shown to the engine as a case: the statistics of a Parquet file know no NaN,
    and an engine that trusts them takes ``amount between a and b`` for true without looking.
    """
    text = f"{name}_text"
    if name not in opened.columns:
        return "cast(null as double)"
    if not _is_text(opened, name):
        typed = f"cast({name}_given as double)"
        return f"case when isnan({typed}) then cast('infinity' as double) else {typed} end"
    bare = sql.replaced(sql.replaced(text, _FIRST_SYMBOL, "{1}{2}"), _PARENTHESES, "-{1}")
    return f"coalesce({_declared(sql, text, source)}, {_declared(sql, bare, source)})"


def _declared(sql: Dialect, text: str, source: Source) -> str:
    """Write the cast of a text with the declared decimal and thousands; null where it has another form.

    Thousands must part groups of three (the groups before the last may have two, as in India): 12,34 is
    not 1234. With a decimal comma an undeclared point is not read as one.
    """
    plain = f"replace({text}, {sql.literal(source.thousands)}, '')" if source.thousands else text
    plain = plain if source.decimal == "." else f"replace({plain}, ',', '.')"
    number = sql.number(plain)
    if source.decimal == "," and source.thousands != ".":
        number = f"case when not contains({text}, '.') then {number} end"
    if source.thousands:
        mark, point = (f"[{sign}]" for sign in (source.thousands, source.decimal))
        grouped = f"^[^0-9]*[0-9]{{1,3}}({mark}[0-9]{{2,3}})*{mark}[0-9]{{3}}({point}[0-9]*)?[^0-9]*$"
        fits = f"not contains({text}, {sql.literal(source.thousands)}) or {sql.matches(text, grouped)}"
        number = f"case when {fits} then {number} end"
    return number


def _has_thousands(sql: Dialect, opened: Opened, source: Source) -> str:
    if not source.thousands or not _is_text(opened, "amount"):
        return "false"
    return f"coalesce(contains(amount_text, {sql.literal(source.thousands)}), false)"


def _symbol(sql: Dialect, opened: Opened, source: Source) -> str:
    """Write the currency sign of the amount, null where it has none."""
    if not _is_text(opened, "amount"):
        return f"cast(null as {sql.text_type})"
    sign = f"nullif(regexp_extract(amount_text, {sql.literal(_SYMBOL)}, 0), '')"
    return f"case when {_declared(sql, 'amount_text', source)} is null then {sign} end"


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
