"""Makes the step ``transactions_read``: the columns of ``source`` as texts, days and numbers, repairs flagged.

Every column is taken as text first, so that ids keep their zeros and each cast that fails is a counted reason;
a column that a Parquet file types already stays typed.
"""

from custlib.engine.dialect import Dialect, literal
from custlib.identify.sources import Opened
from custlib.project import STANDARD_COLUMNS, Source

_BLANKS = " \t\r\n\u00a0\u2007\u202f\u3000\ufeff"
_SYMBOL = r"\p{Sc}"
_SECONDS = {"epoch_s": 1, "epoch_ms": 1000}


def transactions_read(sql: Dialect, opened: Opened, source: Source) -> str:
    """Write the select that casts the columns of the source.

    Parameters
    ----------
    sql : Dialect
        The words of the engine.
    opened : Opened
        The columns of the source and their types.
    source : Source
        How it is written.

    Returns
    -------
    str
        One select over the view ``source``.
    """
    return f"""
        select customer_id_text as customer_id, order_id_text as order_id, product_text as product,
               channel_text as channel, timestamp_text, amount_text,
               {_day(sql, opened.types["timestamp"], source)} as day,
               {_number("amount", opened, source)} as amount_number,
               {_number("cost", opened, source)} as cost_number,
               {_number("quantity", opened, source)} as quantity,
               {_constant("amount" in opened.columns)} as has_amount,
               {_constant("cost" in opened.columns)} as has_cost,
               coalesce(cast(customer_id_given as {sql.text_type}) <> customer_id_text, false) as is_trimmed,
               {_has_thousands(opened, source)} as has_thousands,
               {_symbol(sql, opened, source)} as symbol
        from ({_texts(sql, opened)})"""


def _texts(sql: Dialect, opened: Opened) -> str:
    """Write the select that gives every standard column as it is and as trimmed text, null where it is not."""
    columns = []
    for name in STANDARD_COLUMNS:
        given = sql.name(opened.columns[name]) if name in opened.columns else f"cast(null as {sql.text_type})"
        text = f"nullif(trim(cast({given} as {sql.text_type}), {literal(_BLANKS)}), '')"
        columns += [f"{given} as {name}_given", f"{text} as {name}_text"]
    return f"select {', '.join(columns)} from source"


def _constant(value: bool) -> str:
    return "true" if value else "false"


def _is_text(opened: Opened, name: str) -> bool:
    return opened.types.get(name) == "VARCHAR"


def _number(name: str, opened: Opened, source: Source) -> str:
    """Write a column as a number: as the source declares, else without currency sign and parentheses.

    A typed column goes through text too: the statistics of a Parquet file know no NaN, and an engine that
    trusts them takes ``amount between a and b`` for true without looking.
    """
    text = f"{name}_text"
    if not _is_text(opened, name):
        return f"try_cast({text} as double)"
    bare = f"regexp_replace({text}, '\\s*{_SYMBOL}\\s*', '')"
    bare = f"regexp_replace({bare}, '^\\((.*)\\)$', '-\\1')"
    return f"coalesce({_declared(text, source)}, {_declared(bare, source)})"


def _declared(text: str, source: Source) -> str:
    """Write the cast of a text with the declared decimal and thousands; null where it has another form.

    Thousands must part groups of three (the groups before the last may have two, as in India): 12,34 is
    not 1234. With a decimal comma an undeclared point is not read as one.
    """
    plain = f"replace({text}, {literal(source.thousands)}, '')" if source.thousands else text
    plain = plain if source.decimal == "." else f"replace({plain}, ',', '.')"
    number = f"try_cast({plain} as double)"
    if source.decimal == "," and source.thousands != ".":
        number = f"case when not contains({text}, '.') then {number} end"
    if source.thousands:
        mark, point = (f"[{sign}]" for sign in (source.thousands, source.decimal))
        grouped = f"^[^0-9]*[0-9]{{1,3}}({mark}[0-9]{{2,3}})*{mark}[0-9]{{3}}({point}[0-9]*)?[^0-9]*$"
        fits = f"not contains({text}, {literal(source.thousands)}) or regexp_matches({text}, {literal(grouped)})"
        number = f"case when {fits} then {number} end"
    return number


def _has_thousands(opened: Opened, source: Source) -> str:
    if not source.thousands or not _is_text(opened, "amount"):
        return "false"
    return f"coalesce(contains(amount_text, {literal(source.thousands)}), false)"


def _symbol(sql: Dialect, opened: Opened, source: Source) -> str:
    """Write the currency sign of the amount, null where it has none."""
    if not _is_text(opened, "amount"):
        return f"cast(null as {sql.text_type})"
    found = f"nullif(regexp_extract(amount_text, '{_SYMBOL}'), '')"
    return f"case when {_declared('amount_text', source)} is null then {found} end"


def _day(sql: Dialect, kind: str, source: Source) -> str:
    """Write the local business day of the timestamp column."""
    zone = f"at time zone {literal(source.timezone or 'UTC')}"
    if kind.startswith(("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ")):
        return f"cast(cast(timestamp_given as timestamptz) {zone} as date)"
    if kind.startswith(("TIMESTAMP", "DATE")):
        return "cast(timestamp_given as date)"
    if source.date_format:
        return _formatted_day(sql, source.date_format, zone)
    local = "cast(try_cast(timestamp_text as timestamp) as date)"
    if not source.timezone:
        return local
    offset = "regexp_matches(timestamp_text, '(Z|[+-][0-9]{2}:?[0-9]{2})$')"
    return f"case when {offset} then cast(try_cast(timestamp_text as timestamptz) {zone} as date) else {local} end"


def _formatted_day(sql: Dialect, form: str, zone: str) -> str:
    """Write the day of a text in a declared form: day numbers of Excel, seconds since 1970, or strptime."""
    number = "try_cast(timestamp_text as double)"
    if form == "excel":
        day = sql.add_days("date '1899-12-30'", f"floor({number})")
        return f"case when {number} between 1 and 200000 then {day} end"
    if form in _SECONDS:
        seconds = f"({number} / {_SECONDS[form]})"
        return f"case when {seconds} between -1e10 and 1e10 then cast(to_timestamp({seconds}) {zone} as date) end"
    return f"cast(try_strptime(timestamp_text, {literal(form)}) as date)"
