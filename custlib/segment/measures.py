"""Names what a segmentation may ask of a customer beside the activity, and writes it as columns at any date.

A measure is named once, here: ``profit_last_365d`` is the profit of the 365 days that end at the date. Sums over
windows are differences of two ends of ``segment_history``; what needs the lines of purchases is counted from
``transactions``; P(alive) is an expression of the activity and of a model that the definition froze.
"""

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from custlib.engine.dialect import Dialect
from custlib.errors import UsageError, hint
from custlib.tables import describe

_WINDOW = re.compile(r"^(profit|revenue|purchases|quantity)_last_([1-9][0-9]{0,4})d$")
_SUMMED = {"profit": "profit", "revenue": "amount", "purchases": "purchase_days"}
INVOICED = (
    "invoices_due", "invoices_late", "invoices_overdue", "worst_delay", "longest_overdue", "overdue_amount",
)  # fmt: skip
COUNTED = ("products", "potential", "probability_alive", *INVOICED)
ATTRIBUTE = "attribute_"
SOURCES = {
    "amounts": "a column of amounts",
    "quantity": "a column of quantities",
    "products": "a column of products",
    "potential": "products with money and two windows of history",
    "probability_alive": "a lifetime model, which these purchases do not carry",
    "invoices": "invoices with due and paid dates ([invoices] in the project file)",
    "attributes": "a table of customers with this column ([customers] in the project file)",
}


@dataclass(frozen=True)
class Window:
    """A sum over the days that end at the date: what is summed, and over how many days."""

    kind: str
    days: int


def window(measure: str) -> Window | None:
    """Read the name of a sum over days.

    Examples
    --------
    >>> window("profit_last_365d")
    Window(kind='profit', days=365)
    >>> window("products") is None
    True
    """
    match = _WINDOW.match(measure)
    return Window(match[1], int(match[2])) if match else None


def check(names: Iterable[str]) -> None:
    """Refuse names that no measure has.

    Examples
    --------
    >>> check(["profit_last_year"])
    Traceback (most recent call last):
    custlib.errors.UsageError: measure: profit_last_year is unknown. Did you mean 'profit_last_365d'? ...
    """
    for name in names:
        if not (window(name) or name in COUNTED or name.startswith(ATTRIBUTE)):
            raise UsageError(f"measure: {name} is unknown. {hint(name, ['profit_last_365d', *COUNTED])}")


def source_of(measure: str) -> str:
    """Tell which part of the data a measure or a column of the activity needs beside purchases.

    Examples
    --------
    >>> [source_of(name) for name in ("profit_last_365d", "quantity_last_30d", "worst_delay", "attribute_region")]
    ['amounts', 'quantity', 'invoices', 'attributes']
    >>> source_of("profit"), source_of("frequency")
    ('amounts', '')
    """
    for column in describe("customer_activity").columns:
        if column.name == measure:
            return "amounts" if column.unit.startswith("currency") else ""
    if days := window(measure):
        return {"quantity": "quantity", "purchases": ""}.get(days.kind, "amounts")
    if measure.startswith(ATTRIBUTE):
        return "attributes"
    return "invoices" if measure in INVOICED else measure


def windows(names: Iterable[str]) -> list[int]:
    """List the lengths of windows that measures of money and purchases sum over, in days, the longest first."""
    lengths = {one.days for one in map(window, names) if one and one.kind in _SUMMED}
    return sorted(lengths, reverse=True)


def end_name(day: dt.date) -> str:
    """Name an end of a history by its day."""
    return f"e{day:%Y%m%d}"


def summed(names: Iterable[str], *, as_of: dt.date, until: dt.date) -> dict[str, str]:
    """Write the sums over windows as differences of two ends of a history.

    Examples
    --------
    >>> summed(["purchases_last_30d"], as_of=dt.date(2025, 1, 31), until=dt.date(2025, 1, 31))
    {'purchases_last_30d': 'coalesce(purchase_days_e20250131, 0) - coalesce(purchase_days_e20250101, 0)'}
    """
    written = {}
    for name in names:
        days = window(name)
        if days and days.kind in _SUMMED:
            column, start = _SUMMED[days.kind], as_of - dt.timedelta(days=days.days)
            known = f"coalesce({column}_{end_name(until)}, 0)"
            past = f" - coalesce({column}_{end_name(start)}, 0)" if start < until else f" - {known}"
            written[name] = known + past
    return written


def counted(sql: Dialect, names: Iterable[str], *, as_of: dt.date, until: dt.date) -> str | None:
    """Write the select of what is counted from the lines of purchases, one row per customer."""
    columns = []
    for name in names:
        days = window(name)
        if days and days.kind == "quantity":
            start = (as_of - dt.timedelta(days=days.days)).isoformat()
            columns.append(f"coalesce(sum(case when day > date '{start}' then quantity end), 0) as {name}")
        elif name == "products":
            columns.append("count(distinct case when is_purchase then product end) as products")
    if not columns:
        return None
    known = f"select * from transactions where day <= date '{until.isoformat()}' {sql.together('customer_id')}"
    return f"select customer_id, {', '.join(columns)} from ({known}) group by customer_id"


def invoiced(sql: Dialect, names: Iterable[str], *, as_of: dt.date, until: dt.date) -> str | None:
    """Write the select of what is counted from invoices, one row per customer with an invoice that is known.

    An invoice is known from the day it is due, or from the day it was paid where that is earlier: nothing says when it
    was written. A payment after ``until`` is not known yet, so that invoice is unpaid. One that is paid, or unpaid, on
    the day it is due is not late. What is overdue is unknown where one of these invoices has no amount.
    """
    wanted = [name for name in INVOICED if name in set(names)]
    if not wanted:
        return None
    day, last = f"date '{as_of.isoformat()}'", f"date '{until.isoformat()}'"
    overdue = f"paid is null and due < {day}"
    delay = f"case when paid is not null then {sql.days('paid', 'due')} else {sql.days(day, 'due')} end"
    columns = {
        "invoices_due": f"count(case when due <= {day} then 1 end)",
        "invoices_late": f"count(case when paid > due or ({overdue}) then 1 end)",
        "invoices_overdue": f"count(case when {overdue} then 1 end)",
        "worst_delay": f"greatest(max({delay}), 0)",
        "longest_overdue": f"greatest(coalesce(max(case when paid is null then {sql.days(day, 'due')} end), 0), 0)",
        "overdue_amount": f"case when count(case when {overdue} and amount is null then 1 end) = 0"
        f" then coalesce(sum(case when {overdue} then amount end), 0) end",
    }
    known = f"select customer_id, due, amount, case when paid <= {last} then paid end as paid from invoices"
    return f"""
        select customer_id, {", ".join(f"{columns[name]} as {name}" for name in wanted)}
        from ({known} where due <= {last} or paid <= {last}) group by customer_id"""


def of_registers(sections: Mapping[str, Any]) -> list[str]:
    """List what the side tables of a project give measures: ``invoices``, and every attribute.

    Examples
    --------
    >>> from custlib.side_source import Customers
    >>> of_registers({"customers": Customers(path="crm.csv", attributes={"region": "Region"})})
    ['attribute_region']
    """
    attributes = sections["customers"].roles[1:] if "customers" in sections else ()
    return [*attributes, *(["invoices"] if "invoices" in sections else [])]


def joined(sql: Dialect, name: str, there: Iterable[str]) -> str:
    """Write a measure of a table ``j`` that has no row for some customers.

    Where nothing is counted it is 0; attributes, and invoices of a customer who has none, are unknown.
    """
    if name not in there:
        return f"cast(null as {sql.text_type}) as {name}"
    return f"j.{name}" if name.startswith(ATTRIBUTE) or name in INVOICED else f"coalesce(j.{name}, 0) as {name}"
