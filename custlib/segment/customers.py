"""Defines ``customers``: one row per customer with history, forecast and segments. Reads what it joins."""

from collections.abc import Iterable

from custlib.engine.base import Engine
from custlib.engine.dialect import Dialect
from custlib.graph import table


def customers_sql(sql: Dialect, segmentations: Iterable[str]) -> str:
    """Write the select of ``customer_value`` with a column of segments for every segmentation."""
    names = list(segmentations)
    segments = "".join(
        f", max(case when segmentation = {sql.literal(name)} then segment end) as segment_{name}" for name in names
    )
    columns = "".join(f", s.segment_{name}" for name in names)
    return f"""
        select v.*{columns} from customer_value v
        join (select customer_id as segmented_id{segments} from customer_segments group by customer_id) s
          on s.segmented_id = v.customer_id"""


@table
def customers(engine: Engine, segmentation_names: tuple[str, ...], customer_value: str, customer_segments: str) -> None:
    """Every customer once, with all that is known of them; rows are joined where they are read."""
    sources = (customer_value, customer_segments)
    engine.define("customers", customers_sql(engine.dialect, segmentation_names), of=sources)
