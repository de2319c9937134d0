"""Summarises ``segment_moves``: flows by cause, a ledger per segment, the transition matrix, and directions.

Moves are counted in the engine by :mod:`custlib.move.paths`, so these tables are small.
"""

import datetime as dt
from collections.abc import Iterable

import pandas as pd

from custlib.engine.base import Engine
from custlib.move.paths import CAUSES, NOBODY, WHOLE

_MOVES = ("customers", "money_before", "money_after", "value")


def moves(engine: Engine, segmentation: str, *, since: dt.date | None = None) -> pd.DataFrame:
    """Read the moves of a segmentation between two dates."""
    rows = engine.fetch(
        "select from_date, cause, from_segment, to_segment, customers, money_before, money_after, value"
        " from segment_moves where segmentation = :segmentation order by cause, from_segment, to_segment",
        segmentation=segmentation,
    )
    days = pd.to_datetime(rows.pop("from_date"))
    chosen = days == (pd.Timestamp(since) if since else days.max())
    return rows[chosen].reset_index(drop=True).astype(dict.fromkeys(_MOVES[1:], float))


def flows(frame: pd.DataFrame) -> pd.DataFrame:
    """Count customers and money entering and leaving each segment, by cause.

    Examples
    --------
    >>> frame = pd.DataFrame([("ageing", "a", "b", 2, 30.0, 30.0, 9.0), ("ageing", "b", "b", 1, 5.0, 6.0, 1.0)],
    ...     columns=["cause", "from_segment", "to_segment", *_MOVES])
    >>> flows(frame).set_index("segment")[["customers_in", "customers_out", "money_in", "revalued"]].to_dict("index")
    {'a': {'customers_in': 0, 'customers_out': 2, 'money_in': 0.0, 'revalued': 0.0}, 'b': {'customers_in': 2, \
'customers_out': 0, 'money_in': 30.0, 'revalued': 1.0}}
    """
    steps = frame[frame["cause"] != WHOLE]
    moved = steps["from_segment"] != steps["to_segment"]
    gained = (steps["money_after"] - steps["money_before"]).where(~moved, 0.0)
    came = steps.assign(
        segment=steps["to_segment"], customers_in=steps["customers"].where(moved, 0), customers_out=0,
        money_in=steps["money_after"].where(moved, 0.0), money_out=0.0, revalued=gained,
    )  # fmt: skip
    left = steps[moved].assign(
        segment=steps["from_segment"], customers_in=0, customers_out=steps["customers"], money_in=0.0,
        money_out=steps["money_before"], revalued=0.0,
    )  # fmt: skip
    columns = ["customers_in", "customers_out", "money_in", "money_out", "revalued"]
    both = pd.concat([came, left])
    summed = both[both["segment"] != NOBODY].groupby(["segment", "cause"])[columns].sum()
    return summed[(summed != 0).any(axis=1)].reset_index()


def ledger(frame: pd.DataFrame, ids: Iterable[str]) -> pd.DataFrame:
    """Build the ledger of each segment: opening balance, change by cause, closing balance."""
    rows = _ordered(frame, ids)
    whole, steps = frame[frame["cause"] == WHOLE], flows(frame)
    table = pd.DataFrame(index=pd.Index(rows, name="segment"))
    for kind, opening, closing in (("customers", "customers", "customers"), ("money", "money_before", "money_after")):
        table[f"{kind}_before"] = whole.groupby("from_segment")[opening].sum().reindex(rows, fill_value=0)
        gained = steps[f"{kind}_in"] - steps[f"{kind}_out"] + (steps["revalued"] if kind == "money" else 0)
        by_cause = gained.groupby([steps["segment"], steps["cause"]]).sum().unstack(fill_value=0)
        for cause in CAUSES:
            table[f"{kind}_{cause}"] = by_cause[cause].reindex(rows, fill_value=0) if cause in by_cause else 0
        table[f"{kind}_after"] = whole.groupby("to_segment")[closing].sum().reindex(rows, fill_value=0)
    return table


def _ordered(frame: pd.DataFrame, ids: Iterable[str]) -> list[str]:
    """List the given segments, then those of an earlier definition only."""
    wanted = list(ids)
    return [*wanted, *sorted({*frame["from_segment"], *frame["to_segment"]} - {*wanted, NOBODY})]


def matrix(frame: pd.DataFrame, ids: Iterable[str]) -> pd.DataFrame:
    """Build the transition matrix of customers."""
    order = [*_ordered(frame, ids), NOBODY]
    whole = frame[frame["cause"] == WHOLE]
    counts = whole.groupby(["from_segment", "to_segment"])["customers"].sum().unstack()
    return counts.reindex(index=order, columns=order).fillna(0).astype(int)


def directions(frame: pd.DataFrame, ids: Iterable[str]) -> pd.DataFrame:
    """Sum customers and money by direction: up, stay, down, new or gone."""
    place = {name: number for number, name in enumerate(ids)}
    whole = frame[frame["cause"] == WHOLE]
    was, is_ = whole["from_segment"].map(place), whole["to_segment"].map(place)
    direction = pd.Series("stay", index=whole.index).mask(is_ < was, "up").mask(is_ > was, "down")
    direction = direction.mask(was.isna() | is_.isna(), "unranked")
    direction = direction.mask(whole["from_segment"] == NOBODY, "new").mask(whole["to_segment"] == NOBODY, "gone")
    summed = whole.groupby(direction)[list(_MOVES)].sum()
    return summed.reindex(["up", "stay", "down", "new", "gone", *sorted({"unranked"} & set(direction))], fill_value=0)


def changed_share(frame: pd.DataFrame) -> float:
    """Compute the share of customers known at both dates who changed segment.

    Examples
    --------
    >>> frame = pd.DataFrame([("whole", "a", "b", 1), ("whole", "a", "a", 3), ("whole", "none", "a", 9)],
    ...     columns=["cause", "from_segment", "to_segment", "customers"])
    >>> changed_share(frame)
    0.25
    """
    counted = changed(frame)
    return counted["customers"] / counted["known"] if counted["known"] else 0.0


def changed(frame: pd.DataFrame) -> dict[str, float]:
    """Count customers known at both dates, and those of them who changed segment."""
    known = known_at_both(frame)
    elsewhere = known[known["from_segment"] != known["to_segment"]]
    return {"customers": float(elsewhere["customers"].sum()), "known": float(known["customers"].sum())}


def known_at_both(frame: pd.DataFrame) -> pd.DataFrame:
    """Select the whole moves of customers known at both dates: neither new nor gone."""
    return frame[(frame["cause"] == WHOLE) & (frame["from_segment"] != NOBODY) & (frame["to_segment"] != NOBODY)]


def moved(engine: Engine) -> pd.DataFrame:
    """Count moved customers in every segmentation, by cause, between successive dates."""
    elsewhere = f"from_segment <> to_segment and from_segment <> '{NOBODY}' and to_segment <> '{NOBODY}'"
    rows = engine.fetch(
        "select segmentation, from_date, to_date, cause,"
        f" sum(case when {elsewhere} then customers else 0 end) as customers,"
        f" sum(case when {elsewhere} then money_before else 0 end) as money,"
        f" sum(case when cause = '{WHOLE}' and from_segment <> '{NOBODY}' and to_segment <> '{NOBODY}'"
        " then customers else 0 end) as known"
        " from segment_moves group by segmentation, from_date, to_date, cause order by segmentation, from_date, cause"
    ).astype({"customers": float, "money": float, "known": float})
    for name in ("from_date", "to_date"):
        rows[name] = pd.to_datetime(rows[name]).dt.date
    # Shares are of all customers known at both dates, not only of those in one step.
    known = rows.groupby(["segmentation", "from_date"])["known"].transform("max")
    return rows.assign(known=known, share=(rows["customers"] / known.where(known > 0)).fillna(0.0))
