"""Defines ``transactions``, the rows that the contract let through, and ``quarantine``, those that cannot be used.

Both are selects over ``transactions_checked``. What an option removes is in neither.
"""

from collections.abc import Iterable
from typing import Any

from custlib.engine.base import Engine
from custlib.engine.dialect import Dialect
from custlib.identify.findings import make_product_margins, margin_gaps, removals
from custlib.project import Project

_BETWEEN_LINES = ("input", "moment", "cancels", "may_net_to_nothing")  # of use only where lines are looked at together


def define_transactions(engine: Engine, project: Project, quality: dict[str, Any]) -> dict[str, Any]:
    """Define ``transactions`` and ``quarantine``; give the quality record with what is said of margins by product."""
    whole_ids = "customer_id_float" in quality["repairs"]
    if project.product_margins:
        make_product_margins(engine, project.product_margins)
        quality = quality | margin_gaps(engine, project, quality["warnings"])
    by_product = bool(project.product_margins)
    profit = _profit(project.margin, by_product=by_product, is_given=quality["has_cost"])
    select = transactions(engine.dialect, profit=profit, whole_ids=whole_ids, by_product=by_product)
    read = ("transactions_checked", *(("product_margins",) if by_product else ()))
    engine.define("transactions", select, of=read)
    engine.define("quarantine", quarantine(engine.dialect, engine.columns("transactions_checked")), of=read)
    return quality


def transactions(sql: Dialect, *, profit: str, whole_ids: bool = False, by_product: bool = False) -> str:
    """Write the select of the accepted rows; with ``by_product`` they are met with the margins of products."""
    customer = "regexp_replace(customer_id, '[.]0$', '')" if whole_ids else "customer_id"
    margins = "left join product_margins m using (product)" if by_product else ""
    return f"""
        select {customer} as customer_id, day, amount, {profit} as profit,
               is_purchase, is_refund, order_id, cast(product as {sql.text_type}) as product,
               cast(channel as {sql.text_type}) as channel, quantity
        from transactions_checked {margins} where bad is null"""


def quarantine(sql: Dialect, names: Iterable[str]) -> str:
    """Write the select of the rows that cannot be used; what an option removes is not among them."""
    columns = ", ".join(name for name in names if name not in _BETWEEN_LINES)
    left_out = "".join(f" and reason <> {sql.literal(code)}" for code in removals())
    return f"select {columns} from transactions_checked where bad is not null{left_out}"


def _profit(margin: float, *, by_product: bool, is_given: bool) -> str:
    """Write the profit of a line: as given, or amount less cost; else the amount times the margin.

    The margin is that of the product where products have one, else that of the project. Where profit is the amount,
    engines need to add up only one of them.
    """
    if is_given:
        return f"coalesce(margin_amount, {_profit(margin, by_product=False, is_given=False)})"
    if margin == 1 and not by_product:
        return "amount"
    share = f"cast('{margin!r}' as double)"
    share = f"coalesce(m.margin, {share})" if by_product else share
    return f"cast(round(cast(amount as double) * {share} * 1e4) / 1e4 as decimal(18, 4))"
