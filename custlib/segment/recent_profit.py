"""What the customers of each segment brought in the last days, as many as the forecast covers.

Reads ``transactions`` and ``customer_segments``: the customers as they are grouped today, beside whose expected profit
their own past stands.
"""

import datetime as dt

import pandas as pd

from custlib.engine.base import Engine
from custlib.errors import ModelError
from custlib.graph import value
from custlib.project import Project

ALL = "all"


def profit_since(engine: Engine, segmentation: str, since: dt.date, *, cost_to_serve: float = 0.0) -> pd.Series:
    """Sum the profit after a day by segment, less the cost to serve; ``all`` is everybody."""
    rows = engine.fetch(
        "select s.segment, coalesce(sum(t.profit), 0) as profit, count(distinct case when t.is_purchase then"
        " concat(t.customer_id, ' ', t.day) end) as days"
        " from (select customer_id, segment from customer_segments where segmentation = :segmentation) s"
        " left join (select * from transactions where day > :since) t using (customer_id) group by s.segment",
        segmentation=segmentation, since=since,
    ).set_index("segment").astype(float)  # fmt: skip
    profit = rows["profit"] - cost_to_serve * rows["days"]
    return pd.concat([profit, pd.Series({ALL: float(profit.sum())})])


@value
def recent_profit(
    engine: Engine, project: Project, customer_activity: str, customer_segments: str, transactions: str
) -> pd.Series:
    """Profit of each segment in the last days, as many as the forecast covers; unavailable where history is shorter."""
    del customer_segments, transactions
    since = project.as_of - dt.timedelta(days=project.horizon_days)
    first = pd.Timestamp(engine.fetch(f"select min(first_day) as day from {customer_activity}")["day"].item()).date()
    if first > since + dt.timedelta(days=1):
        raise ModelError("recent_profit: the purchases reach less far back than the forecast ahead.", reason="short")
    return profit_since(engine, project.segments.leading, since, cost_to_serve=project.cost_to_serve)
