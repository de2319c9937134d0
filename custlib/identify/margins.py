"""Makes ``product_margins``: the share of revenue that is profit, by product, from the project file.

Reads the project and ``transactions_checked``. A product without a margin of its own takes that of the project,
which is counted and said; a source with a cost column needs no margins, so both together are refused.
"""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from custlib.engine.base import Engine
from custlib.errors import UsageError
from custlib.project import Project

_NAMED = 3


def refuse_margins(project: Project, columns: Mapping[str, str], file: str) -> None:
    """Refuse margins by product where they cannot hold.

    Raises UsageError if the source has no product column, or has a cost column too.

    Examples
    --------
    >>> shop = {"id": "shop", "name": "Shop", "as_of": "2025-06-30", "source": {"path": "x.csv"}}
    >>> from custlib.project import build
    >>> refuse_margins(build(shop | {"product_margins": {"tea": 0.4}}), {"amount": "total"}, "x.csv")
    Traceback (most recent call last):
    custlib.errors.UsageError: product_margins: x.csv has no product column. Map one under [source.columns], ...
    """
    if not project.product_margins:
        return
    if "cost" in columns:
        raise UsageError(
            f"product_margins: {file} also has a cost (column {columns['cost']!r}), so profit would be stated twice. "
            "Take out [product_margins], or leave the cost column out of the source."
        )
    if "product" not in columns:
        raise UsageError(
            f"product_margins: {file} has no product column. Map one under [source.columns], or take out "
            "[product_margins] and give one margin."
        )


def make_product_margins(engine: Engine, margins: Mapping[str, float]) -> None:
    """Make the table of margins."""
    frame = pd.DataFrame(
        {"product": [name.strip() for name in margins], "margin": [float(m) for m in margins.values()]}
    )
    engine.attach_frame("product_margins", frame)


def margin_gaps(engine: Engine, project: Project, warnings: list[str]) -> dict[str, Any]:
    """Count the lines whose product has no margin of its own, and the margins that no line needs."""
    found = engine.fetch(
        "select count(*) as n, count(distinct product) as products, coalesce(sum(abs(amount)), 0) as money"
        " from transactions_checked anti join product_margins using (product) where reason is null"
    )
    rows, products, money = (found[name].item() for name in ("n", "products", "money"))
    said = list(warnings)
    if rows:
        whole = engine.fetch("select sum(abs(amount)) as money from transactions_checked where reason is null")
        share = float(money) / float(whole["money"].item() or 1)
        lines = "1 line has" if rows == 1 else f"{rows:,} lines have"
        said.append(
            f"{lines} no margin in [product_margins] (products: {products:,}; {share:.1%} of the money): "
            f"margin {project.margin:g} was taken"
        )
    if idle := _idle(engine):
        more = " and others" if len(idle) > _NAMED else ""
        said.append(f"[product_margins] names products that no line has: {', '.join(idle[:_NAMED])}{more}")
    return {"margin_unknown_rows": int(rows), "margin_unknown_products": int(products), "warnings": said}


def _idle(engine: Engine) -> list[str]:
    found = engine.fetch(
        "select product from product_margins anti join (select product from transactions_checked"
        " where reason is null) using (product) order by product"
    )
    return [str(name) for name in found["product"]]
