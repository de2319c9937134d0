"""Reads the moves that happened from ``segment_paths``: where customers were, where they are, and the cause.

The steps of a path are counterfactual: a customer who would have slipped and bought has two steps and stayed. Here each
customer moves once at most. The cause of a move is the last step in its own direction: a fall that a purchase did not
make good is by time, a rise in spite of time by purchases. Without an order it is the last step that changed segment.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from custlib.engine.base import Engine
from custlib.move.paths import NOBODY, STATES

STAY = "stay"
_CAUSES = ("data", "ageing", "purchases", "definition")
_SUMS = ("customers", "money_before", "money_after")


def observed(engine: Engine, segmentation: str, ids: Iterable[str], *, since: dt.date | None = None) -> pd.DataFrame:
    """Count the customers who stayed in or moved between segments since a date, by the cause of the move.

    Parameters
    ----------
    ids : iterable of str
        Segments, the most valuable first; they decide what is a rise.
    since : datetime.date, optional
        The earlier date. By default the last one.
    """
    rows = engine.fetch(
        f"select from_date, {', '.join(STATES)}, is_changed, customers, money_recorded as money_before,"
        " money_now as money_after from segment_paths where segmentation = :segmentation",
        segmentation=segmentation,
    )
    days = pd.to_datetime(rows.pop("from_date"))
    rows = rows[days == (pd.Timestamp(since) if since else days.max())].astype(dict.fromkeys(_SUMS[1:], float))
    rows[list(STATES)] = rows[list(STATES)].fillna(NOBODY)
    place = {name: number for number, name in enumerate(ids)}
    causes = [cause_of(path, place, is_changed=bool(path["is_changed"])) for path in rows.to_dict("records")]
    rows = rows.assign(
        from_segment=rows["recorded"], to_segment=rows["now"], cause=causes,
        money_before=rows["money_before"].where(rows["recorded"] != NOBODY, 0.0),
        money_after=rows["money_after"].where(rows["now"] != NOBODY, 0.0),
    )  # fmt: skip
    rows = rows[(rows["from_segment"] != NOBODY) | (rows["to_segment"] != NOBODY)]
    return rows.groupby(["from_segment", "to_segment", "cause"])[list(_SUMS)].sum().reset_index()


def cause_of(path: Mapping[Any, Any], place: Mapping[str, int], *, is_changed: bool = False) -> str:
    """Name the step of a path that made the move; "stay" without a move.

    Examples
    --------
    >>> place = {"best": 0, "good": 1, "last": 2}
    >>> path = {"recorded": "best", "before": "best", "aged": "last", "bought": "good", "now": "good"}
    >>> cause_of(path, place)
    'ageing'
    >>> cause_of(path | {"bought": "best", "now": "best"}, place)
    'stay'
    """
    segments = [str(path[state]) for state in STATES]
    if segments[0] == segments[-1]:
        return STAY
    names = ("identity" if is_changed else "data", *_CAUSES[1:])
    pairs = zip(names, segments, segments[1:], strict=False)
    steps = [(cause, _direction(was, now, place)) for cause, was, now in pairs if was != now]
    whole = _direction(segments[0], segments[-1], place)
    onward = [cause for cause, direction in steps if whole and direction == whole]
    return onward[-1] if onward else steps[-1][0]


def _direction(was: str, now: str, place: Mapping[str, int]) -> int:
    """Return 1 for a rise, -1 for a fall, 0 where there is no order."""
    if was not in place or now not in place:
        return 0
    return 1 if place[now] < place[was] else -1


def main_cause(moved: pd.DataFrame) -> str:
    """Name the cause of more than half of the customers who moved; empty if no cause makes so many.

    Examples
    --------
    >>> main_cause(pd.DataFrame({"cause": ["ageing", "purchases"], "customers": [21, 20]}))
    'ageing'
    >>> main_cause(pd.DataFrame({"cause": ["ageing", "purchases"], "customers": [20, 20]}))
    ''
    """
    by = moved.groupby("cause")["customers"].sum()
    return str(by.idxmax()) if len(by) and by.max() > by.sum() / 2 else ""


def pairs_of(frame: pd.DataFrame) -> pd.DataFrame:
    """Sum the moves between every two segments, the largest first, with the main cause."""
    groups = frame.groupby(["from_segment", "to_segment"])
    causes = [main_cause(moved) for _, moved in groups]
    return _largest_first(groups[list(_SUMS)].sum().assign(cause=causes).reset_index())


def _largest_first(frame: pd.DataFrame) -> pd.DataFrame:
    order = ["customers", "from_segment", "to_segment"]
    return frame.sort_values(order, ascending=[False, True, True], ignore_index=True)
