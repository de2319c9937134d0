"""Makes ``segment_moves``: who moved between two dates, and by what cause.

Reads the activity at three points: as it was, as it would be had only time passed, and as it is. With frozen
definitions every move is either ageing (time passed, nobody bought) or purchases (orders added).
"""

import datetime as dt

import pandas as pd

from custlib.differentiate.activity import customer_activity
from custlib.differentiate.segments import Definition, family
from custlib.engine.duckdb import DuckDB

CAUSES = ("ageing", "purchases")
NOBODY = "none"


def make_segment_moves(
    engine: DuckDB, definitions: list[Definition], *, since: dt.date, as_of: dt.date
) -> None:
    """Make the table of moves between two dates, for each segmentation.

    Parameters
    ----------
    engine : DuckDB
        Holds ``transactions`` and ``customer_value``.
    definitions : list of Definition
        The frozen segmentations.
    since, as_of : datetime.date
        The two dates.
    """
    sql = engine.dialect
    steps = {"activity_before": (since, since), "activity_aged": (as_of, since), "activity_now": (as_of, as_of)}
    for name, (seen, until) in steps.items():
        engine.make(name, customer_activity(sql), as_of=seen, until=until)
    parts = []
    for definition in definitions:
        assign = family(definition.segmentation).assign(sql, definition.rule)
        before, aged, now = (f"({assign.format(activity=name)})" for name in steps)
        parts.append(_moves(definition.segmentation, before, aged, "ageing"))
        parts.append(_moves(definition.segmentation, aged, now, "purchases"))
    engine.make("segment_moves", " union all ".join(parts))


def _moves(segmentation: str, before: str, after: str, cause: str) -> str:
    """Write the select of the moves between two assignments of customers."""
    return f"""
        select '{segmentation}' as segmentation, coalesce(b.segment, '{NOBODY}') as from_segment,
               coalesce(n.segment, '{NOBODY}') as to_segment, '{cause}' as cause, count(*) as customers,
               coalesce(sum(v.value), 0) as value
        from {before} b full outer join {after} n on b.customer_id = n.customer_id
        left join customer_value v on v.customer_id = coalesce(n.customer_id, b.customer_id)
        where b.segment is distinct from n.segment
        group by b.segment, n.segment"""


def flows(engine: DuckDB, segmentation: str) -> pd.DataFrame:
    """Count who came into and who left each segment, by cause.

    Parameters
    ----------
    engine : DuckDB
        Holds ``segment_moves``.
    segmentation : str
        Name of the segmentation.

    Returns
    -------
    pandas.DataFrame
        Columns ``segment``, ``cause``, ``customers_in``, ``customers_out``; new customers come in by purchases.
    """
    return engine.fetch(
        "select segment, cause, sum(customers_in) as customers_in, sum(customers_out) as customers_out from ("
        " select to_segment as segment, cause, customers as customers_in, 0 as customers_out"
        " from segment_moves where segmentation = :segmentation union all"
        " select from_segment, cause, 0, customers from segment_moves where segmentation = :segmentation)"
        f" where segment <> '{NOBODY}' group by segment, cause order by segment, cause",
        segmentation=segmentation,
    )
