"""Makes ``customer_attributes`` and ``invoices`` with what the quality record keeps of them, where a project has them.

They are read before the purchases, so that one that cannot be used is refused first, and made once the ids of the
purchases are known.
"""

from collections.abc import Callable
from typing import Any

from custlib.engine.base import Engine
from custlib.errors import listed
from custlib.identify import customer_attributes, invoices
from custlib.identify.reading.sources import Gathered
from custlib.identify.side_rows import Select, SideTable, read_side_table, rule_named, some

SELECTS: dict[str, Select] = {"customers": customer_attributes.customers_read, "invoices": invoices.invoices_read}
MAKERS: dict[str, Callable[[Engine, SideTable], dict[str, Any]]] = {
    "customers": customer_attributes.make_customer_attributes,
    "invoices": invoices.make_invoices,
}
_NONE = {
    "customer_attributes": "select customer_id from transactions where false",
    "invoices": "select customer_id, day as due, day as paid, amount from transactions where false",
}


def read_side_tables(engine: Engine, gathered: Gathered) -> list[SideTable]:
    """Read every side table of a project.

    Raises TableError if one cannot be read, lacks a column, or most of its rows are bad.
    """
    return [read_side_table(engine, gathered, name, SELECTS[name]) for name in gathered.side_tables]


def make_side_tables(engine: Engine, read: list[SideTable]) -> dict[str, dict[str, Any]]:
    """Make the tables of the side tables that were read.

    Raises TableError if most ids of one are none that the purchases can have.
    """
    records = {}
    for side_table in read:
        record = MAKERS[side_table.name](engine, side_table)
        records[side_table.name] = record | {"warnings": [*_remarks(side_table, record), *record["warnings"]]}
        side_table.drop(engine)
    return records


def make_none(engine: Engine, name: str) -> None:
    """Make a side table that the project does not have, without rows; one that is there stays."""
    if not engine.has(name):
        engine.make(name, _NONE[name])


def said_of_all(records: dict[str, dict[str, Any]]) -> list[str]:
    """List the warnings of all side tables, each with the name of its own."""
    return [f"{name}: {message}" for name, record in records.items() for message in record["warnings"]]


def _remarks(side_table: SideTable, record: dict[str, Any]) -> list[str]:
    """Say what was taken otherwise than written, set aside, repaired and ignored."""
    messages = list(dict.fromkeys(remark for read in side_table.reads for remark in read.opened.remarks))
    for code, n in record["reasons"].items():
        rule = rule_named(code)
        messages.append(f"{some(n, 'row')} set aside: {rule['what']}. {rule['remedy']}")
    if n := record["ids_trimmed"]:
        messages.append(f"{some(n, 'row')} repaired: blanks around customer_id were taken off")
    if ignored := dict.fromkeys(name for read in side_table.reads for name in read.opened.ignored):
        messages.append(f"columns ignored: {listed(list(ignored))}")
    return messages
