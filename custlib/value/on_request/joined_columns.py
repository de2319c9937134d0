"""Writes the selects that tables on request have in common: scores of histories, and their columns beside others.

Customers under contract have no columns from these scores: their payments fall on known days, and the model of
purchases does not describe them. What the contract itself tells of them, an expression can say.
"""

from collections.abc import Iterable, Mapping

from custlib.engine.base import Engine
from custlib.graph import Refusal
from custlib.project import Project


def contract_of(project: Project, subscription_value: str | Refusal) -> str:
    """Name the table of those whose value is that of a contract; empty where there is none."""
    return str(subscription_value) if project.subscription != "none" and subscription_value else ""


def scored_customers(columns: Mapping[str, str], scores: str, contract: str) -> str:
    """Write the select of one row per customer with columns from the scores of histories.

    Parameters
    ----------
    columns : mapping of str to str
        Expressions by name, of the customer ``v``, of the scores ``s``, of the contract ``k`` and of
        ``{under_contract}``, which is true of who has one.
    scores : str
        Table of scores by frequency, recency and T.
    contract : str
        Table of the customers under contract, for whom an expression that does not say otherwise is null; empty for
        none.

    Returns
    -------
    str
        The select.
    """
    under = "k.customer_id is not null" if contract else "false"
    join = f"left join {contract} k on k.customer_id = v.customer_id" if contract else ""
    written = ", ".join(
        f"{text.format(under_contract=under)} as {name}"
        if "{under_contract}" in text
        else f"case when not ({under}) then {text} end as {name}"
        for name, text in columns.items()
    )
    return f"""
        select v.customer_id, {written} from customer_value v
        join {scores} s on s.frequency = v.frequency and s.recency = v.recency and s.T = v.T {join}"""


def with_columns(engine: Engine, customers: str, tables: Iterable[str]) -> str:
    """Write the select of a table of customers with the columns of other tables that have a row for each of them."""
    tables = tuple(tables)
    name = engine.dialect.name
    others = "".join(
        f", {table}.{name(column)}" for table in tables for column in engine.columns(table) if column != "customer_id"
    )
    joins = "".join(f" join {table} on {table}.customer_id = c.customer_id" for table in tables)
    return f"select c.*{others} from {customers} c{joins}"
