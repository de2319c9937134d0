"""Thresholds measured over all customers: quantiles, shares, means; equal values always fall on the same side.

Reads one expression of a table, as a histogram of its distinct values; never NTILE, never ranks.
"""

from collections.abc import Sequence
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from custlib.engine.base import FETCH_LIMIT, Engine
from custlib.errors import UsageError
from custlib.segment import measures

Floats = NDArray[np.float64]
_DIGITS = 3
_MONEY = "amounts"


def histogram(engine: Engine, table: str, column: str, *, where: str = "true") -> tuple[Floats, Floats]:
    """Count the distinct values of a column; rounded to three digits where there are too many to fetch."""
    value = f"cast({column} as double)"
    distinct = engine.fetch(f"select approx_count_distinct({column}) as n from {table} where {where}")
    if distinct["n"].item() > FETCH_LIMIT * 0.8:
        size = f"power(10, floor(log10(abs({value}))) - {_DIGITS - 1})"
        value = f"case when {value} = 0 then 0 else floor({value} / {size}) * {size} end"
    rows = engine.fetch(
        f"select {value} as value, count(*) as n from {table} where {where} and {column} is not null"
        " group by 1 order by 1"
    )
    return rows["value"].to_numpy(dtype=float), rows["n"].to_numpy(dtype=float)


def quantile_thresholds(values: Floats, counts: Floats, classes: int) -> list[float]:
    """Part a histogram into classes of equal share; the score of a value is 1 + number of thresholds <= value.

    Examples
    --------
    Five customers with the values 1 to 5 get the scores 1 to 5:

    >>> quantile_thresholds(np.arange(1.0, 6.0), np.ones(5), 5)
    [2.0, 3.0, 4.0, 5.0]

    Six of ten hold the value 1; they share a score, and the next class is skipped:

    >>> quantile_thresholds(np.array([1.0, 2.0, 3.0]), np.array([6.0, 2.0, 2.0]), 5)
    [2.0, 2.0, 2.0, 3.0]
    """
    if counts.sum() == 0:
        return []
    below = np.concatenate(([0.0], np.cumsum(counts)[:-1])) / counts.sum()
    places = [np.flatnonzero(below >= j / classes - 1e-12) for j in range(1, classes)]
    return [float(values[own[0]]) for own in places if len(own)]


def fresh_thresholds(values: Floats, counts: Floats, classes: int) -> list[float]:
    """Part days since the last purchase so that equal values get the lower score, as in other measures.

    Examples
    --------
    Five customers, 1 to 5 days: the freshest scores 5.

    >>> fresh_thresholds(np.arange(1.0, 6.0), np.ones(5), 5)
    [2.0, 3.0, 4.0, 5.0]

    Half of all bought last on one day long ago; they score 1, not 3:

    >>> fresh_thresholds(np.array([1.0, 2.0, 3.0, 4.0, 5.0, 300.0]), np.array([1.0, 1.0, 1.0, 1.0, 1.0, 5.0]), 5)
    [3.0, 5.0, 300.0, 300.0]
    """
    if not counts.sum():
        return []
    last = [-cut for cut in quantile_thresholds(-values[::-1], counts[::-1], classes)]
    beyond = [values[values > day] for day in last]
    first = [float(later[0]) if len(later) else day + 1 for day, later in zip(last, beyond, strict=True)]
    return sorted([*([0.0] * (classes - 1 - len(first))), *first])


def share_thresholds(values: Floats, counts: Floats, shares: list[float]) -> list[float]:
    """Part from the top, so that the share of customers at or above each threshold is nearest to the one wanted.

    Examples
    --------
    >>> share_thresholds(np.arange(1.0, 11.0), np.ones(10), [0.2, 0.7])
    [9.0, 2.0]
    """
    if counts.sum() == 0:
        return []
    above = np.cumsum(counts[::-1])[::-1] / counts.sum()
    return [float(values[int(np.argmin(np.abs(above - wanted)))]) for wanted in np.cumsum(shares)]


def money_thresholds(values: Floats, counts: Floats, shares: list[float]) -> list[float]:
    """Part from the top by cumulative money: each class ends where its share of the positive total is reached.

    Examples
    --------
    One customer of 80 and two of 10 each: the first brings the 80 %.

    >>> money_thresholds(np.array([10.0, 80.0]), np.array([2.0, 1.0]), [0.8])
    [80.0]
    """
    money = np.where(values > 0, values * counts, 0.0)
    if money.sum() <= 0:
        return []
    reached = np.cumsum(money[::-1]) / money.sum()
    top = values[::-1]
    return [float(top[int(np.argmax(reached >= wanted - 1e-12))]) for wanted in np.cumsum(shares)]


def whole(shares: list[float], classes: int, where: str) -> list[float]:
    """Refuse shares of classes that do not add up to 1."""
    if len(shares) != classes or not abs(sum(shares) - 1) <= 1e-9 or min(shares) < 0:
        raise UsageError(f"{where}: {shares} must be {classes} shares that add up to 1.")
    return shares


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


def threshold(engine: Engine, table: str, column: str, *, of: str, share: float = 0.5) -> float | None:
    """Measure the mean, the median or a quantile of an expression; None where nobody has a value."""
    if of == "mean":
        return _mean(engine, table, column)
    values, counts = histogram(engine, table, column)
    if not len(values):
        return None
    return share_thresholds(values, counts, [1 - share])[0] if of == "quantile" else median(values, counts)


def _mean(engine: Engine, table: str, column: str) -> float | None:
    """Add up in decimals, so that the order of rows is nothing; the mean of equal values is just that value."""
    total = f"cast(sum(cast({column} as decimal(28, 6))) as {engine.dialect.text_type})"
    limits = f"min(cast({column} as double)) as least, max(cast({column} as double)) as most"
    row = engine.fetch(f"select count({column}) as known, {total} as total, {limits} from {table}").iloc[0]
    if not row["known"]:
        return None
    mean = float(Decimal(row["total"]) / int(row["known"]))
    return min(max(mean, float(row["least"])), float(row["most"]))


def require(engine: Engine, table: str, segmentation: str, needed: Sequence[str], *, known: Sequence[str] = ()) -> None:
    """Refuse a segmentation whose measures are not in the table, or (``known``) are there and null for everybody."""
    columns = set(engine.fetch(f"select * from {table} where false").columns)
    lacking = [name for name in needed if name not in columns]
    counted = [name for name in known if name in columns]
    if counted and not lacking:
        counts = ", ".join(f"count({engine.dialect.name(name)}) as n{place}" for place, name in enumerate(counted))
        row = engine.fetch(f"select count(*) as n, {counts} from {table}").iloc[0]
        lacking = [name for place, name in enumerate(counted) if row["n"] and not row[f"n{place}"]]
    if lacking:
        sources = [f"{name}, which takes {measures.SOURCES.get(measures.source_of(name), _MONEY)}" for name in lacking]
        raise UsageError(f"segments: {segmentation} needs {'; '.join(sources)}."
                         f" Give the source these, or leave {segmentation} out.")  # fmt: skip
