"""Makes ``customer_structure`` (D2.14): customers, money and holdings by attribute, with the previous period.

Reads ``transactions``, ``customer_attributes`` and the snapshots. The latest period and the one before it are windows
of equal length. Channel and product are values of a line: a customer with several counts in each, money once. Region,
age band and segment are values of the customer at the end of each period. Missing values have a row of their own.
Profit is that of the lines, before the cost to serve, which belongs to purchase days and not to products. The values
with most money have rows (``rules/structure.toml``); the rest is the row ``other``, so that money adds up to the total.
"""

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from custlib import rules
from custlib.audit import attributes as attribute_kinds
from custlib.audit.attributes import Attribute, Periods
from custlib.engine.base import Engine
from custlib.engine.dialect import Dialect
from custlib.errors import TableError, UsageError, hint
from custlib.graph import REFUSED, Refusal, table, value
from custlib.project import Project

STRUCTURE = "customer_structure"
WHOLE, VALUE, OTHER, MISSING = "whole", "value", "other", "missing"
_BASE = "structure_customers"
_SUMS = ("customers", "revenue", "profit", "holdings")
_BEFORE = tuple(f"{name}_before" for name in _SUMS)
_COLUMNS = (
    "kind", "value", "customers", "customers_before", "change", "revenue", "revenue_before", "profit", "profit_before",
    "share", "share_before", "products_per_customer", "products_per_customer_before",
)  # fmt: skip


def make_customer_structure(engine: Engine, name: str, attributes: Iterable[Attribute], periods: Periods) -> None:
    """Make the table of structures."""
    engine.make(_BASE, structure_customers(periods))
    engine.make(name, customer_structure_sql(engine.dialect, attributes, periods))
    _check_totals(engine, name)


def structure_customers(periods: Periods) -> str:
    """Write the select of money per period and products used by its end, for customers with a line in either."""
    middle, start = f"date '{periods.middle.isoformat()}'", f"date '{periods.start.isoformat()}'"
    whens = {"now": f"day > {middle}", "before": f"day > {start} and day <= {middle}"}
    kinds = {"revenue": "amount", "profit": "profit", "bought": "cast(is_purchase as integer)"}
    lines = ", ".join(f"sum(case when {when} then {column} end) as {kind}_{period}"
                      for period, when in whens.items() for kind, column in kinds.items())  # fmt: skip
    added = ", ".join(f"sum({kind}_{period}) as {kind}_{period}" for period in whens for kind in kinds)
    return f"""
        select customer_id, {added}, count(began) as held_now,
               count(case when began <= {middle} then 1 end) as held_before
        from (
            select customer_id, {lines}, max(day) as last_day,
                   min(case when is_purchase and product is not null then day end) as began
            from transactions where day <= date '{periods.as_of.isoformat()}' group by customer_id, product)
        group by customer_id having max(last_day) > {start}"""


def customer_structure_sql(sql: Dialect, attributes: Iterable[Attribute], periods: Periods) -> str:
    """Write the select of the rows of all attributes, each with its total."""
    most = int(rules.load("structure")["most"])
    special = f"when 0 then '{WHOLE}' when {most + 1} then '{OTHER}' when {most + 2} then '{MISSING}'"
    parts = [
        f"select {sql.literal(name)} as attribute, cast(place as integer) as place,"
        f" case place {special} else '{VALUE}' end as kind, value, {', '.join(_SUMS + _BEFORE)} from ({rows})"
        for name, rows in _all_rows(sql, list(attributes), periods, most)
    ]
    return " union all ".join(parts)


def _all_rows(sql: Dialect, attributes: list[Attribute], periods: Periods, most: int) -> Iterator[tuple[str, str]]:
    """Write the selects of ``place``, ``value`` and sums, by attribute."""
    whole = f"""
        select 0 as place, cast(null as {sql.text_type}) as value, {_summed()}
        from ({_each()}) having count(*) > 0"""
    for attribute in attributes:
        yield attribute.name, whole
        yield attribute.name, _of_customers(attribute, most) if attribute.now else _of_lines(attribute, periods, most)
    if not attributes:
        yield "none", f"select * from ({whole}) where false"


def _each() -> str:
    """Write the select of one row per customer and period."""
    return " union all ".join(
        f"select customer_id, {is_now} as is_now, cast(revenue_{period} as decimal(38, 4)) as revenue,"
        f" cast(profit_{period} as decimal(38, 4)) as profit, bought_{period} > 0 as has_bought,"
        f" held_{period} as held from {_BASE} where bought_{period} is not null"
        for period, is_now in (("now", "true"), ("before", "false"))
    )


def _of_customers(attribute: Attribute, most: int) -> str:
    """Write the rows of an attribute with one value per customer at the end of each period."""
    joined, value = f"left join ({attribute.now}) n on n.customer_id = e.customer_id", "n.value"
    if attribute.before != attribute.now:
        joined += f" left join ({attribute.before}) b on b.customer_id = e.customer_id"
        value = "case when e.is_now then n.value else b.value end"
    valued = f"select e.*, nullif(trim({value}), '') as value from ({_each()}) e {joined}"
    placed = _placed(f"select value, {_summed()} from ({valued}) group by value", most)
    added = ", ".join(f"sum({name}) as {name}" for name in _SUMS + _BEFORE)
    return (
        f"select place, max(case when place <= {most} then value end) as value, {added} from ({placed}) group by place"
    )


def _of_lines(attribute: Attribute, periods: Periods, most: int) -> str:
    """Write the rows of an attribute of lines; a customer counts once per row, also in ``other``."""
    start, middle, as_of = (f"date '{day.isoformat()}'" for day in (periods.start, periods.middle, periods.as_of))
    lines = f"""
        select customer_id, day > {middle} as is_now, nullif(trim({attribute.name}), '') as value,
               amount as revenue, profit, is_purchase
        from transactions where day > {start} and day <= {as_of}"""
    money = {"revenue": "is_now", "revenue_before": "not is_now"}
    ranked = _placed(
        f"select value, {', '.join(f'{_sum(when)} as {name}' for name, when in money.items())}"
        f" from ({lines}) group by value", most,
    )  # fmt: skip
    each = f"""
        select customer_id, is_now, coalesce(place, {most + 2}) as place, bool_or(is_purchase) as has_bought,
               cast(sum(l.revenue) as decimal(38, 4)) as revenue, cast(sum(l.profit) as decimal(38, 4)) as profit,
               max(case when place <= {most} then r.value end) as value
        from ({lines}) l left join ({ranked}) r on r.value = l.value
        group by customer_id, is_now, coalesce(place, {most + 2})"""
    with_holdings = f"""
        select e.*, case when is_now then held_now else held_before end as held
        from ({each}) e join {_BASE} h on h.customer_id = e.customer_id"""
    return f"select place, max(value) as value, {_summed()} from ({with_holdings}) group by place"


def _placed(values: str, most: int) -> str:
    """Write the select that ranks the values by money and name; the smallest share a rank, and so do missing ones."""
    return f"""
        select *, case when value is null then {most + 2} when number <= {most} then number else {most + 1} end as place
        from (
            select *, row_number() over (
                partition by value is null order by revenue desc, revenue_before desc, value) as number
            from ({values}))"""


def _sum(when: str, column: str = "revenue") -> str:
    return f"cast(coalesce(sum(case when {when} then {column} end), 0) as decimal(38, 4))"


def _summed() -> str:
    """Write the sums of rows of customers by period."""
    return ", ".join(
        f"count(case when {when} and has_bought then 1 end) as customers{period}, {_sum(when)} as revenue{period},"
        f" {_sum(when, 'profit')} as profit{period},"
        f" coalesce(sum(case when {when} and has_bought then held end), 0) as holdings{period}"
        for when, period in (("is_now", ""), ("not is_now", "_before"))
    )


def _check_totals(engine: Engine, name: str) -> None:
    """Check that the rows of each attribute add up to its total exactly."""
    money = [f"{kind}{period}" for kind in ("revenue", "profit") for period in ("", "_before")]
    left = " + ".join(f"abs(sum(case when place = 0 then {one} else -{one} end))" for one in money)
    sums = engine.fetch(f"select attribute, {left} as away from {name} group by attribute order by attribute")
    wrong = [str(one) for one in sums.loc[sums["away"] != 0, "attribute"]]
    if wrong:
        raise TableError(
            f"{name}: money by {', '.join(wrong)} does not add up to the whole: some customers have two values. "
            "Give each customer one."
        )


def structure(engine: Engine, attribute: str, *, table: str = STRUCTURE) -> pd.DataFrame:
    """Read the structure of the customers by one attribute."""
    table_rows = engine.fetch(f"select * from {table} order by attribute, place")
    known = sorted(set(table_rows["attribute"]))
    if attribute not in known:
        raise UsageError(f"structure: {attribute} has no table. {hint(attribute, known)}")
    rows = table_rows[table_rows["attribute"] == attribute].drop(columns="attribute")
    rows = pd.concat([rows[rows["kind"] != WHOLE], rows[rows["kind"] == WHOLE]], ignore_index=True)
    counts = ["customers", "customers_before"]
    rows[counts] = rows[counts].astype(int)
    for period in ("", "_before"):
        rows[[f"revenue{period}", f"profit{period}"]] = rows[[f"revenue{period}", f"profit{period}"]].astype(float)
        revenue, holdings = rows[f"revenue{period}"], rows.pop(f"holdings{period}").astype(float)
        rows[f"share{period}"] = revenue / (revenue.iloc[-1] if revenue.iloc[-1] > 0 else np.nan)
        customers = rows[f"customers{period}"].where(rows[f"customers{period}"] > 0)
        rows[f"products_per_customer{period}"] = holdings / customers if holdings.iloc[-1] > 0 else np.nan
    rows["change"] = rows["customers"] - rows["customers_before"]
    return rows[[*_COLUMNS]]


def structures(engine: Engine, *, table: str = STRUCTURE) -> dict[str, pd.DataFrame]:
    """Read the structures by every attribute there is."""
    names = engine.fetch(f"select distinct attribute from {table} order by attribute")["attribute"]
    return {str(name): structure(engine, str(name), table=table) for name in names}


@value
def structure_periods(project: Project, compared_with: dt.date) -> Periods:
    """The period from the comparison date to as_of, and the one of equal length before it."""
    return Periods(project.as_of, compared_with)


@value
def structure_attributes(
    engine: Engine,
    project: Project,
    quality: dict[str, Any],
    structure_periods: Periods,
    segment_attribute: Attribute | Refusal = REFUSED,
) -> list[Attribute]:
    """Attributes of the customers of a project: columns of the lines, customer attributes, and segments."""
    listed, born = project.customers, rules.load("structure")["birth_dates"]
    attributes = [attribute_kinds.of_lines(name) for name in attribute_kinds.OF_LINES if name in quality["columns"]]
    for name in listed.attributes if listed else ():
        if name in born and listed:
            form, starts = listed.date_format, listed.age_bands
            ages = attribute_kinds.of_ages(engine.dialect, name, structure_periods, form=form, starts=starts)
            attributes.append(ages)
        else:
            attributes.append(attribute_kinds.of_customers(engine.dialect, name))
    attributes += [] if isinstance(segment_attribute, Refusal) else [segment_attribute]
    return [_apart(one, attributes[:place]) for place, one in enumerate(attributes)]


def _apart(attribute: Attribute, others: list[Attribute]) -> Attribute:
    is_taken = attribute.name in {other.name for other in others}
    return replace(attribute, name=f"attribute_{attribute.name}") if is_taken else attribute


@table
def customer_structure(
    engine: Engine,
    transactions: str,
    customer_attributes: str,
    structure_attributes: list[Attribute],
    structure_periods: Periods,
) -> None:
    """Customers, money and holdings by attribute, with the previous period."""
    del transactions, customer_attributes
    make_customer_structure(engine, STRUCTURE, structure_attributes, structure_periods)
