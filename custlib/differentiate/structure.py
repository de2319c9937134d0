"""Makes ``customer_structure`` (D2.14): customers, money and holdings by attributes, against the period before.

Reads ``transactions``, ``customer_attributes`` and the tables of points. The latest period and the one before it are
windows of equal length. A channel or a product is a value of a line: a customer of several counts in each of them,
money once. A region, an age band or a segment is a value of the customer, as it was at the end of each period. Where
there is no value, that is a row of its own. Profit is that of the lines, before the cost to serve, which is of
purchase days and so of no product. Only the values with most money have rows (``rules/structure.toml``); the rest is
the row ``other``, so that money adds up to the whole.
"""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from custlib import rules
from custlib.differentiate.attributes import Attribute, Periods
from custlib.engine.base import Engine
from custlib.engine.dialect import Dialect
from custlib.errors import TableError, UsageError, hint

STRUCTURE = "customer_structure"
WHOLE, VALUE, OTHER, MISSING = "whole", "value", "other", "missing"
_BASE = "structure_customers"
_SUMS = ("customers", "revenue", "profit", "holdings")
_COLUMNS = (
    "kind", "value", "customers", "customers_before", "change", "revenue", "revenue_before", "profit", "profit_before",
    "share", "share_before", "products_per_customer", "products_per_customer_before",
)  # fmt: skip


def make_customer_structure(engine: Engine, name: str, attributes: Iterable[Attribute], periods: Periods) -> None:
    """Make the table of structures.

    Parameters
    ----------
    engine : Engine
        Holds ``transactions`` and what the attributes read.
    name : str
        The table to make.
    attributes : iterable of Attribute
        What customers are told apart by.
    periods : Periods
        The latest period and the one before.

    Raises
    ------
    TableError
        If an attribute has two values of one customer, so that money would count twice.
    """
    engine.make(_BASE, structure_customers(periods), per_customer=True)
    engine.make(name, customer_structure(engine.dialect, attributes, periods))
    _prove_whole(engine, name)


def structure_customers(periods: Periods) -> str:
    """Write the select of one row per customer with a line in either period: money, and products used by its end."""
    middle = f"date '{periods.middle.isoformat()}'"
    summed = ", ".join(
        f"sum(case when {when} then {column} end) as {kind}_{period}"
        for period, when in (("now", f"day > {middle}"), ("before", f"day > {_start(periods)} and day <= {middle}"))
        for kind, column in (("revenue", "amount"), ("profit", "profit"), ("bought", "cast(is_purchase as integer)"))
    )
    return f"""
        select customer_id, {summed},
               count(distinct case when is_purchase then product end) as held_now,
               count(distinct case when is_purchase and day <= {middle} then product end) as held_before
        from transactions where day <= date '{periods.as_of.isoformat()}'
        group by customer_id having max(day) > {_start(periods)}"""


def _start(periods: Periods) -> str:
    return f"date '{periods.start.isoformat()}'"


def customer_structure(sql: Dialect, attributes: Iterable[Attribute], periods: Periods) -> str:
    """Write the select of all rows of all attributes, each attribute with the whole first."""
    most = int(rules.load("structure")["most"])
    parts = [_rows(sql, attribute, _holders(attribute, periods), most) for attribute in attributes]
    if parts:
        return " union all ".join(parts)
    nothing = f"select *, cast(null as {sql.text_type}) as value from ({_each()})"
    return f"select * from ({_rows(sql, Attribute('none'), nothing, most)}) where false"


def _each() -> str:
    """Write the select of one row per customer and period."""
    return " union all ".join(
        f"select customer_id, {is_now} as is_now, cast(revenue_{period} as decimal(38, 4)) as revenue,"
        f" cast(profit_{period} as decimal(38, 4)) as profit, coalesce(bought_{period}, 0) > 0 as has_bought,"
        f" held_{period} as held from {_BASE} where bought_{period} is not null"
        for period, is_now in (("now", "true"), ("before", "false"))
    )


def _holders(attribute: Attribute, periods: Periods) -> str:
    """Write the select of one row per customer, period and value."""
    if attribute.now:
        joined = f"left join ({attribute.now}) n on n.customer_id = e.customer_id"
        value = "n.value"
        if attribute.before != attribute.now:
            joined += f" left join ({attribute.before}) b on b.customer_id = e.customer_id"
            value = "case when e.is_now then n.value else b.value end"
        return f"select e.*, nullif(trim({value}), '') as value from ({_each()}) e {joined}"
    return f"""
        select l.customer_id, is_now, value, revenue, profit, has_bought,
               case when is_now then held_now else held_before end as held
        from (
            select customer_id, day > date '{periods.middle.isoformat()}' as is_now,
                   nullif(trim({attribute.name}), '') as value,
                   cast(sum(amount) as decimal(38, 4)) as revenue, cast(sum(profit) as decimal(38, 4)) as profit,
                   bool_or(is_purchase) as has_bought
            from transactions where day > {_start(periods)} and day <= date '{periods.as_of.isoformat()}'
            group by 1, 2, 3) l
        join {_BASE} h on h.customer_id = l.customer_id"""


def _rows(sql: Dialect, attribute: Attribute, holders: str, most: int) -> str:
    """Write the select of the rows of one attribute: the whole, values by money, other, missing."""
    special = f"when 0 then '{WHOLE}' when {most + 1} then '{OTHER}' when {most + 2} then '{MISSING}'"
    return f"""
        select {sql.literal(attribute.name)} as attribute, cast(place as integer) as place,
               case place {special} else '{VALUE}' end as kind, value,
               {_summed("is_now", "")}, {_summed("not is_now", "_before")}
        from (
            select customer_id, is_now, place, value, sum(revenue) as revenue, sum(profit) as profit,
                   bool_or(has_bought) as has_bought, max(held) as held
            from ({_placed(holders, most)}
                union all
                select customer_id, is_now, 0 as place, cast(null as {sql.text_type}) as value, revenue, profit,
                       has_bought, held from ({_each()}))
            group by customer_id, is_now, place, value)
        group by place, value"""


def _placed(holders: str, most: int) -> str:
    """Write the select of the row that each customer's value stands in; values are ordered by money, then by name."""
    ranked = f"""
        select value, row_number() over (order by revenue desc, revenue_before desc, value) as place from (
            select value, coalesce(sum(case when is_now then revenue end), 0) as revenue,
                   coalesce(sum(case when not is_now then revenue end), 0) as revenue_before
            from ({holders}) where value is not null group by value)"""
    place = f"case when h.value is null then {most + 2} when r.place <= {most} then r.place else {most + 1} end"
    return f"""
        select customer_id, is_now, place, case when place <= {most} then value end as value, revenue, profit,
               has_bought, held
        from (select h.*, {place} as place from ({holders}) h left join ({ranked}) r on r.value = h.value)"""


def _summed(when: str, period: str) -> str:
    written = {
        "customers": f"count(case when {when} and has_bought then 1 end)",
        "revenue": f"cast(coalesce(sum(case when {when} then revenue end), 0) as decimal(38, 4))",
        "profit": f"cast(coalesce(sum(case when {when} then profit end), 0) as decimal(38, 4))",
        "holdings": f"coalesce(sum(case when {when} and has_bought then held end), 0)",
    }
    return ", ".join(f"{written[name]} as {name}{period}" for name in _SUMS)


def _prove_whole(engine: Engine, name: str) -> None:
    """Prove that the rows of each attribute add up to the whole, to the last digit."""
    money = [f"{kind}{period}" for kind in ("revenue", "profit") for period in ("", "_before")]
    left = " + ".join(f"abs(sum(case when place = 0 then {one} else -{one} end))" for one in money)
    found = engine.fetch(f"select attribute, {left} as away from {name} group by attribute order by attribute")
    wrong = [str(one) for one in found.loc[found["away"] != 0, "attribute"]]
    if wrong:
        raise TableError(
            f"{name}: money by {', '.join(wrong)} does not add up to the whole: some customers have two values. "
            "Give each customer one."
        )


def structure(engine: Engine, attribute: str, *, table: str = STRUCTURE) -> pd.DataFrame:
    """Read the structure of the customers by one attribute.

    Parameters
    ----------
    engine : Engine
        Holds the table of structures.
    attribute : str
        Name of the attribute.
    table : str, default "customer_structure"
        Name of the table.

    Returns
    -------
    pandas.DataFrame
        The values with most money first, then ``other``, ``missing`` and last ``whole``: ``kind``, ``value`` (missing
        but for a value), ``customers`` and ``customers_before`` (who bought in the period, in each row they bought of),
        ``change`` (customers), ``revenue``, ``revenue_before``, ``profit``, ``profit_before`` (currency), ``share``
        (of the revenue of the whole), ``share_before``, ``products_per_customer`` and
        ``products_per_customer_before`` (distinct products bought so far). NaN where there is nothing to divide by, and
        for products where the source has none.

    Raises
    ------
    UsageError
        If there is no such attribute.
    """
    found = engine.fetch(f"select * from {table} order by attribute, place")
    known = sorted(set(found["attribute"]))
    if attribute not in known:
        raise UsageError(f"structure: {attribute} has no table. {hint(attribute, known)}")
    rows = found[found["attribute"] == attribute].drop(columns="attribute")
    rows = pd.concat([rows[rows["kind"] != WHOLE], rows[rows["kind"] == WHOLE]], ignore_index=True)
    counts = ["customers", "customers_before"]
    rows[counts] = rows[counts].astype(int)
    for period in ("", "_before"):
        rows[[f"revenue{period}", f"profit{period}"]] = rows[[f"revenue{period}", f"profit{period}"]].astype(float)
        revenue, held = rows[f"revenue{period}"], rows.pop(f"holdings{period}").astype(float)
        rows[f"share{period}"] = revenue / (revenue.iloc[-1] if revenue.iloc[-1] > 0 else np.nan)
        customers = rows[f"customers{period}"].where(rows[f"customers{period}"] > 0)
        rows[f"products_per_customer{period}"] = held / customers if held.iloc[-1] > 0 else np.nan
    rows["change"] = rows["customers"] - rows["customers_before"]
    return rows[[*_COLUMNS]]


def counted_again(frame: pd.DataFrame) -> int:
    """Count how often customers stand in more than one row of the latest period.

    Parameters
    ----------
    frame : pandas.DataFrame
        What :func:`structure` read.

    Returns
    -------
    int
        The customers of all rows less those of the whole; 0 where every customer has one value.

    Examples
    --------
    >>> counted_again(pd.DataFrame({"kind": ["value", "value", "whole"], "customers": [3, 2, 4]}))
    1
    """
    is_whole = frame["kind"] == WHOLE
    return int(frame.loc[~is_whole, "customers"].sum() - frame.loc[is_whole, "customers"].sum())
