"""Makes ``customer_attributes``: what the list of customers says of each, one row per customer, as text.

Reads the side table ``customers``. Customers who never bought stay in it: they are prospects, counted and never added
to the activity. Of several rows of one customer the one with most attributes filled is taken, of those the first in
alphabetical order; which rows come first in the file changes nothing.
"""

import datetime as dt
from typing import Any

from custlib.engine.base import Engine
from custlib.engine.dialect import Dialect
from custlib.identify.casts import trimmed
from custlib.identify.reading.sources import Opened
from custlib.identify.side_rows import SideTable, known_rows, meet, rows_kept, said_of, some
from custlib.project import Source
from custlib.side_source import ATTRIBUTE

TABLE = "customer_attributes"


def customers_read(sql: Dialect, opened: Opened, source: Source) -> str:
    """Write the select of ``customer_id``, ``is_trimmed`` and every attribute as trimmed text, over ``source``."""
    column, kind = sql.name(opened.columns["customer_id"]), opened.types["customer_id"]
    customer = trimmed(sql, column, kind)
    columns = [f"{customer} as customer_id", f"coalesce({sql.text(column, kind)} <> {customer}, false) as is_trimmed"]
    zone = source.timezone or "UTC"
    columns += [
        f"{_text(sql, sql.name(opened.columns[name]), opened.types[name], zone)} as {name}" for name in source.roles[1:]
    ]
    return f"select {', '.join(columns)} from source"


def _text(sql: Dialect, column: str, kind: str, zone: str) -> str:
    """Write an attribute as text: a time at midnight as its day, a whole float as a whole number."""
    if kind.startswith(("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ")):
        return sql.text(sql.local_day(column, zone), "DATE")
    if kind.startswith("TIMESTAMP"):
        day = f"cast({column} as date)"
        return f"case when {day} = {column} then {sql.text(day, 'DATE')} else {sql.text(column, kind)} end"
    text = trimmed(sql, column, kind)
    return sql.replaced(text, "[.]0$", "") if kind in ("FLOAT", "DOUBLE") else text


def make_customer_attributes(engine: Engine, side_table: SideTable) -> dict[str, Any]:
    """Make ``customer_attributes`` of a list of customers that was read.

    Returns what the quality record keeps: rows by what became of them, ``reasons`` {code: rows}, and customers who
    differ between rows, never bought or are not in the list. Raises TableError if most ids are none that the purchases
    can have.
    """
    attributes = [name for name in engine.columns(side_table.reads[0].table) if name.startswith(ATTRIBUTE)]
    known = known_rows(engine, side_table, "".join(f", {name}" for name in (*attributes, "is_trimmed")))
    engine.make(TABLE, customer_attributes(known, attributes))
    counts = _counted(engine, known, attributes)
    meeting = meet(engine, TABLE)
    quality = {
        **rows_kept(side_table, fit=counts["fit"], used=counts["customers"]),
        "ids_trimmed": counts["trimmed"],
        "rows_repeated": counts["fit"] - counts["kinds"],
        "customers": meeting.customers,
        "customers_differing": counts["differing"],
        "prospects": meeting.customers - meeting.both,
        "customers_unlisted": meeting.buyers - meeting.both,
        "filled": {name.removeprefix(ATTRIBUTE): n for name, n in _filled(engine, attributes).items()},
    }
    return quality | {"warnings": [*_warnings(quality), *said_of(meeting)]}


def customer_attributes(known: str, attributes: list[str]) -> str:
    """Write the select that takes one row of every customer, whatever the order of the rows."""
    filled = " + ".join(f"case when {name} is null then 0 else 1 end" for name in attributes) or "0"
    order = ", ".join([f"{filled} desc", *(f"coalesce({name}, '')" for name in attributes)])
    columns = ", ".join(["customer_id", *attributes])
    return f"""
        select {columns} from (
            select {columns}, row_number() over (partition by customer_id order by {order}) as place
            from ({known}) where customer_id is not null)
        where place = 1"""


def prospects(sql: Dialect, *, by: str = "", as_of: dt.date) -> str:
    """Write the count of customers of the list who had not bought by a day, for structure tables.

    Examples
    --------
    >>> from custlib.engine.dialect import DUCKDB
    >>> "group by attribute_region" in prospects(DUCKDB, by="attribute_region", as_of=dt.date(2025, 6, 30))
    True
    """
    part, grouped = (f"{by} as part, ", f" group by {by}") if by else ("", "")
    bought = f"select customer_id from transactions where is_purchase and day <= date {sql.literal(as_of.isoformat())}"
    return f"select {part}count(*) as customers from {TABLE} anti join ({bought}) using (customer_id){grouped}"


def _counted(engine: Engine, known: str, attributes: list[str]) -> dict[str, int]:
    """Count rows and customers, those that say the same and those that differ, in one pass."""
    columns = ", ".join(["customer_id", *attributes])
    same = f"select {columns}, count(*) as n, count(case when is_trimmed then 1 end) as trimmed from ({known})"
    totals = engine.fetch(f"""
        select coalesce(sum(n), 0) as fit, count(*) as customers, coalesce(sum(kinds), 0) as kinds,
               coalesce(sum(trimmed), 0) as trimmed, count(case when kinds > 1 then 1 end) as differing
        from (select customer_id, sum(n) as n, sum(trimmed) as trimmed, count(*) as kinds
              from ({same} where customer_id is not null group by {columns}) group by customer_id)""").iloc[0]
    return {name: int(totals[name]) for name in ("fit", "customers", "kinds", "trimmed", "differing")}


def _filled(engine: Engine, attributes: list[str]) -> dict[str, int]:
    """Count the customers for whom an attribute is known."""
    if not attributes:
        return {}
    counts = ", ".join(f"count({name}) as {name}" for name in attributes)
    totals = engine.fetch(f"select {counts} from {TABLE}").iloc[0]
    return {name: int(totals[name]) for name in attributes}


def _warnings(quality: dict[str, Any]) -> list[str]:
    """Say what was done to the rows beside setting some aside, and whom the list does not know."""
    messages = []
    if n := quality["rows_removed"]:
        messages.append(
            f"{some(n, 'further row')} of customers who have one already: {quality['rows_repeated']:,} say the same; "
            f"{some(quality['customers_differing'], 'customer')} with rows that differ: the row with most attributes "
            "filled was taken, of those the first in alphabetical order"
        )
    if n := quality["customers_unlisted"]:
        messages.append(f"{some(n, 'customer')} with purchases not in the list: attributes unknown")
    if n := quality["prospects"]:
        messages.append(f"{some(n, 'customer')} of the list never bought: prospects, in no model and no segment")
    return messages
