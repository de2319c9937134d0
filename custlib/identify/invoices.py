"""Makes ``invoices``: the day every invoice was due, and the day it was paid or null.

Reads the side table ``invoices``. Rows of one customer with the same ``invoice_id`` and due day are one invoice, paid
when all of them are, on the last of their days; another due day is another instalment, which is due by itself.
Without ``invoice_id`` every row is an invoice.
"""

from typing import Any

from custlib.engine.base import Engine
from custlib.engine.dialect import Dialect
from custlib.identify.casts import day, texts
from custlib.identify.numbers import number, with_plain
from custlib.identify.reading.sources import Opened
from custlib.identify.side_rows import SideTable, known_rows, meet, rows_kept, said_of, some
from custlib.project import Source

TABLE = "invoices"


def invoices_read(sql: Dialect, opened: Opened, source: Source) -> str:
    """Write the select of the columns of invoices as texts, days and money."""
    customer = sql.text("customer_id_given", opened.types["customer_id"])
    typed = customer if opened.types["customer_id"] != "VARCHAR" else "customer_id_text"
    money = number(sql, "amount", opened, source)
    return f"""
        select {typed} as customer_id, coalesce({customer} <> {typed}, false) as is_trimmed, due_text, paid_text,
               {day(sql, "due", opened, source)} as due, {day(sql, "paid", opened, source)} as paid,
               try_cast(round(({money}) * 1e4) / 1e4 as decimal(18, 4)) as amount,
               amount_text is not null as has_amount, invoice_id_text as invoice_id
        from ({with_plain(sql, ["amount"], opened, source, texts(sql, opened, source.roles))})"""


def make_invoices(engine: Engine, side_table: SideTable) -> dict[str, Any]:
    """Make ``invoices`` of what was read.

    Returns what the quality record keeps: rows by what became of them, ``reasons`` {code: rows}, and counts of invoices
    and customers. Raises TableError if most ids are none that the purchases can have.
    """
    known = known_rows(engine, side_table, ", due, paid, amount, invoice_id, has_amount, is_trimmed")
    has_ids = any("invoice_id" in read.opened.columns for read in side_table.reads)
    engine.make(TABLE, invoices(known, has_ids=has_ids))
    counts = _counted(engine, known)
    meeting = meet(engine, TABLE)
    quality = {
        **rows_kept(side_table, fit=counts["fit"], used=counts["invoices"]),
        "ids_trimmed": counts["trimmed"],
        "amounts_unreadable": counts["unreadable"],
        "invoices": counts["invoices"],
        "invoices_unpaid": counts["unpaid"],
        "customers": meeting.customers,
        "customers_without_purchase": meeting.customers - meeting.both,
    }
    return quality | {"warnings": [*_warnings(quality, counts, has_ids=has_ids), *said_of(meeting)]}


def invoices(known: str, *, has_ids: bool) -> str:
    """Write the select of one row per invoice; with ``has_ids``, rows of one ``invoice_id`` are one invoice."""
    rows = f"select * from ({known}) where customer_id is not null"
    plain = f"select customer_id, due, paid, amount from ({rows})"
    if not has_ids:
        return plain
    return f"""
        {plain} where invoice_id is null
        union all
        select customer_id, due, case when count(paid) = count(*) then max(paid) end as paid,
               cast(sum(amount) as decimal(18, 4)) as amount
        from (select distinct customer_id, invoice_id, due, paid, amount from ({rows}) where invoice_id is not null)
        group by customer_id, invoice_id, due"""


def _counted(engine: Engine, known: str) -> dict[str, int]:
    """Count rows as they were read, and invoices as they were made."""
    read = engine.fetch(f"""
        select count(*) as fit, count(case when is_trimmed then 1 end) as trimmed,
               count(case when has_amount and amount is null then 1 end) as unreadable
        from ({known}) where customer_id is not null""").iloc[0]
    same = "select customer_id, due, paid, amount, count(*) as n from invoices group by customer_id, due, paid, amount"
    totals = engine.fetch(f"""
        select coalesce(sum(n), 0) as invoices, coalesce(sum(case when paid is null then n end), 0) as unpaid,
               coalesce(sum(n - 1), 0) as repeated from ({same})""").iloc[0]
    names = {"fit": read, "trimmed": read, "unreadable": read, "invoices": totals, "unpaid": totals, "repeated": totals}
    return {name: int(row[name]) for name, row in names.items()}


def _warnings(quality: dict[str, Any], counts: dict[str, int], *, has_ids: bool) -> list[str]:
    """Say what was done to the rows beside setting some aside, and whose invoices they are."""
    messages = []
    if n := quality["rows_removed"]:
        messages.append(
            f"{some(n, 'further row')} of invoices that have one with this due day: paid when all are, on the last day"
        )
    if (n := counts["repeated"]) and not has_ids:
        messages.append(
            f"{some(n, 'row')} equal to another, counted as invoices of their own: map invoice_id if they are not"
        )
    if n := quality["amounts_unreadable"]:
        messages.append(f"{some(n, 'amount')} no number: the invoices count, their money is unknown")
    if n := quality["customers_without_purchase"]:
        messages.append(f"{some(n, 'customer')} with invoices never bought: in no segment")
    return messages
