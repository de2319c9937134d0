"""Levels that thresholds are frozen at: mean, median or quantile of a measure over all customers.

Reads one expression of a table. What is asked for and nobody has is refused in words of the source.
"""

from collections.abc import Sequence
from decimal import Decimal

import numpy as np

from custlib.engine.base import Engine
from custlib.errors import UsageError
from custlib.segment import measures
from custlib.segment.histogram import Floats, histogram, share_cuts

_MONEY = "amounts"


def require(engine: Engine, table: str, segmentation: str, needed: Sequence[str], *, known: Sequence[str] = ()) -> None:
    """Refuse a segmentation whose measures the source cannot give."""
    there = set(engine.fetch(f"select * from {table} where false").columns)
    lacking = [name for name in needed if name not in there]
    counted = [name for name in known if name in there]
    if counted and not lacking:
        counts = ", ".join(f"count({engine.dialect.name(name)}) as n{place}" for place, name in enumerate(counted))
        found = engine.fetch(f"select count(*) as n, {counts} from {table}").iloc[0]
        lacking = [name for place, name in enumerate(counted) if found["n"] and not found[f"n{place}"]]
    if lacking:
        said = "; ".join(f"{name}, which takes {measures.SOURCES.get(measures.source_of(name), _MONEY)}"
                         for name in lacking)  # fmt: skip
        raise UsageError(f"segments: {segmentation} needs {said}. Give the source these, or leave {segmentation} out.")


def level(engine: Engine, table: str, column: str, *, of: str, share: float = 0.5) -> float | None:
    """Measure the mean, the median or a quantile of an expression over all customers, whatever their order."""
    if of == "mean":
        return _mean(engine, table, column)
    values, counts = histogram(engine, table, column)
    if not len(values):
        return None
    return share_cuts(values, counts, [1 - share])[0] if of == "quantile" else median(values, counts)


def _mean(engine: Engine, table: str, column: str) -> float | None:
    """Add up in decimals, so that the order of rows is nothing; the mean of equal values is just that value."""
    total = f"cast(sum(cast({column} as decimal(28, 6))) as {engine.dialect.text_type})"
    limits = f"min(cast({column} as double)) as least, max(cast({column} as double)) as most"
    found = engine.fetch(f"select count({column}) as known, {total} as total, {limits} from {table}").iloc[0]
    if not found["known"]:
        return None
    mean = float(Decimal(found["total"]) / int(found["known"]))
    return min(max(mean, float(found["least"])), float(found["most"]))


def median(values: Floats, counts: Floats) -> float:
    """Take the median of a histogram.

    Examples
    --------
    >>> median(np.array([1.0, 2.0, 4.0]), np.array([1.0, 1.0, 2.0]))
    3.0
    """
    reached = np.cumsum(counts)
    low, high = (values[np.searchsorted(reached, reached[-1] / 2, side=side)] for side in ("left", "right"))
    return float((low + high) / 2)
