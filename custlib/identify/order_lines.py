"""Reads what a line means within its order: where a total stands, and which lines are the same line again.

The selects go between the texts of a source and its casts (:func:`in_orders`), and between the rules and the lines that
are kept (:func:`once_per_order`). Without an option they add constants, and cost nothing.
"""

from custlib.identify.reading.sources import Opened
from custlib.project import Source

_TAKEN = ("customer_id", "timestamp", "channel", "status", "currency")  # from the first line of the order
_NUMBERS = ("excel", "epoch_s", "epoch_ms")
_HEAD = "timestamp_text is not null and amount_text is not null"


def in_orders(opened: Opened, source: Source, texts: str) -> str:
    """Write the columns of a source, what the first line of an order says put into its other lines.

    Adds ``is_order_line``, whether the amount stands on another line of the order, and ``copy_of_line``, which of
    several equal lines of an order it is.
    """
    rows = _filled(opened, source, texts) if source.order_totals == "first_line" else f"{texts}"
    filled = "" if source.order_totals == "first_line" else ", false as is_order_line"
    return f"select *{filled}, {_copy(opened, source)} as copy_of_line from ({rows})"


def _copy(opened: Opened, source: Source) -> str:
    """Write which of the lines of an order that are equal in every role a line is."""
    if source.order_lines:
        return "1"
    roles = [f"{name}_text" if kind == "VARCHAR" else f"{name}_given" for name, kind in opened.types.items()]
    return f"case when order_id_text is null then 1 else row_number() over ({_over(roles)} order by order_id_text) end"


def _over(columns: list[str]) -> str:
    return f"partition by {', '.join(columns)}"


def _filled(opened: Opened, source: Source, texts: str) -> str:
    """Write the columns with those of the first line of the order where a line has no amount of its own."""
    roles_taken = [name for name in _TAKEN if name in opened.read]
    first = [
        f"min(case when {_HEAD} then {name}_{form} end) over (partition by order_id_text) as first_{name}_{form}"
        for name in roles_taken
        for form in ("given", "text")
    ]
    heads = f"count(case when {_HEAD} then 1 end) over (partition by order_id_text) as heads"
    columns = [
        f"{_from_first(name, form, opened, is_taken=name in roles_taken)} as {name}_{form}"
        for name in source.roles
        for form in ("given", "text")
    ]
    return f"""
        select {", ".join(columns)}, is_order_line
        from (select *, order_id_text is not null and amount_text is null and heads > 0 as is_order_line
              from (select *, {heads}, {", ".join(first)} from ({texts})))"""


def _from_first(name: str, form: str, opened: Opened, *, is_taken: bool) -> str:
    column = f"{name}_{form}"
    if name == "amount":
        zero = "0" if form == "given" and opened.types[name] != "VARCHAR" else "'0'"
        return f"case when is_order_line then {zero} else {column} end"
    if is_taken:
        return f"case when is_order_line and {name}_text is null then first_{column} else {column} end"
    return column


def once_per_order(source: Source, rows: str) -> str:
    """Write the rows with ``is_repeated``, whether a line repeats the amount of its order, and ``paid_number``.

    The latter says of what stands on the first line only what was paid for the order. Lines that break a rule are not
    compared with those that are used.
    """
    repeated, paid = "false", "amount_number"
    if source.order_totals == "repeated":
        over = _over(["order_id", "customer_id", "amount_number", "reason is null"])
        place = f"row_number() over ({over} order by day, product, quantity, cost_number)"
        repeated = f"order_id is not null and reason is null and {place} > 1"
    if source.order_totals == "first_line":
        total = "max(case when not is_order_line then amount_number end) over (partition by order_id)"
        paid = f"case when is_order_line then {total} else amount_number end"
    return f"select *, {repeated} as is_repeated, {paid} as paid_number from ({rows})"


def kept_of_orders(opened: Opened, source: Source, money: str) -> list[str]:
    """Columns that are kept of a line for what needs several: its time, the order it cancels, money it repeats."""
    columns = {
        "moment": (
            f"cast({_moment(opened, source)} as integer)",
            "order_id" in opened.columns and opened.types["timestamp"] != "DATE",
        ),
        "cancels": (
            f"case when is_cancelled then substring(order_id, {len(source.cancel_prefix or '') + 1}) end",
            bool(source.cancel_prefix),
        ),
        "amount_repeated": (f"case when is_repeated then {money} end", source.order_totals == "repeated"),
    }
    return [f"{column} as {name}" for name, (column, is_kept) in columns.items() if is_kept]


def _moment(opened: Opened, source: Source) -> str:
    """Write a number for the time of a line, so that lines of an order at other times differ; null for days alone."""
    if opened.types["timestamp"] == "TIMESTAMP":
        return "minute(timestamp_given) * 60 + second(timestamp_given)"
    if opened.types["timestamp"] != "VARCHAR":
        time = f"substring(cast(timestamp_given as string), {len('2025-06-30 23:') + 1}, {len('59:59')})"
        return f"try_cast(replace({time}, ':', '') as integer)"  # without hours, which depend on zones
    if source.date_format in _NUMBERS:
        return "null"
    time = f"substring(timestamp_text, {len('2025-06-30 ') + 1}, {len('23:59:59')})"
    if source.date_format:
        time = "regexp_extract(timestamp_text, '[0-9]{1,2}:[0-9]{2}(:[0-9]{2})?', 0)"
    written = f"try_cast(replace({time}, ':', '') as integer)"
    return f"case when length(timestamp_text) > {len('2025-06-30')} then {written} end"
