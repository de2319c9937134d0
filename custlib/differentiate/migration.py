"""Makes ``segment_moves``: who moved between two dates, and by what cause.

Reads the activity at three points: as it was, as it would be had only time passed, and as it is. With frozen
definitions every move is either ageing (time passed, nobody bought) or purchases (orders added).
"""

import pandas as pd

from custlib.differentiate.segments import Definition, family
from custlib.engine.base import Engine

POINTS = ("before", "aged", "now")
NOBODY = "none"


def make_segment_moves(engine: Engine, definitions: list[Definition]) -> None:
    """Make the table of moves between two dates, for each segmentation.

    Parameters
    ----------
    engine : Engine
        Holds ``customer_value`` and the activity at three points: ``activity_before``, ``activity_aged``
        (the day of now, the purchases of before) and ``activity_now``.
    definitions : list of Definition
        The frozen segmentations.
    """
    parts = []
    for definition in definitions:
        assign = family(definition.segmentation).assign(engine.dialect, definition.rule)
        before, aged, now = (f"({assign.format(activity=f'activity_{point}')})" for point in POINTS)
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


def flows(engine: Engine, segmentation: str) -> pd.DataFrame:
    """Count who came into and who left each segment, by cause.

    Parameters
    ----------
    engine : Engine
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


def net(frame: pd.DataFrame) -> dict[str, float]:
    """Net customers gained by each segment: those who came less those who left.

    Parameters
    ----------
    frame : pandas.DataFrame
        What :func:`flows` made.

    Returns
    -------
    dict of str to float
        Net customers by segment.

    Examples
    --------
    >>> net(pd.DataFrame({"segment": ["a", "a"], "customers_in": [5, 2], "customers_out": [1, 0]}))
    {'a': 6.0}
    """
    summed = frame.groupby("segment")[["customers_in", "customers_out"]].sum()
    return {str(s): float(n) for s, n in (summed["customers_in"] - summed["customers_out"]).items()}


def changed_share(engine: Engine, definition: Definition) -> float:
    """Share of the customers of the earlier date who are in another segment now.

    Parameters
    ----------
    engine : Engine
        Holds ``activity_before`` and ``activity_now``.
    definition : Definition
        The frozen segmentation.

    Returns
    -------
    float
        0 to 1; 0 where there were no customers.
    """
    assign = family(definition.segmentation).assign(engine.dialect, definition.rule)
    before, now = (assign.format(activity=name) for name in ("activity_before", "activity_now"))
    found = engine.fetch(
        "select avg(case when b.segment <> n.segment then 1e0 else 0e0 end) as share"
        f" from ({before}) b join ({now}) n on b.customer_id = n.customer_id"
    )["share"].item()
    return float(found) if found == found else 0.0
