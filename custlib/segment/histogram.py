"""Cut points from the histogram of distinct values: equal values always fall in the same class.

Reads one column of a table. Used by every segmentation that cuts a measure; never NTILE, never ranks.
"""

import numpy as np
from numpy.typing import NDArray

from custlib.engine.base import FETCH_LIMIT, Engine

Floats = NDArray[np.float64]
_DIGITS = 3


def histogram(engine: Engine, table: str, column: str, *, where: str = "true") -> tuple[Floats, Floats]:
    """Count the distinct values of a column."""
    value = f"cast({column} as double)"
    distinct = engine.fetch(f"select approx_count_distinct({column}) as n from {table} where {where}")
    if distinct["n"].item() > FETCH_LIMIT * 0.8:
        size = f"power(10, floor(log10(abs({value}))) - {_DIGITS - 1})"
        value = f"case when {value} = 0 then 0 else floor({value} / {size}) * {size} end"
    counted = engine.fetch(
        f"select {value} as value, count(*) as n from {table} where {where} and {column} is not null"
        " group by 1 order by 1"
    )
    return counted["value"].to_numpy(dtype=float), counted["n"].to_numpy(dtype=float)


def quantile_cuts(values: Floats, counts: Floats, classes: int) -> list[float]:
    """Cut a histogram into classes of equal share; the score of a value is 1 + number of cuts <= value.

    Examples
    --------
    Five customers with the values 1 to 5 get the scores 1 to 5:

    >>> quantile_cuts(np.arange(1.0, 6.0), np.ones(5), 5)
    [2.0, 3.0, 4.0, 5.0]

    Six of ten hold the value 1; they share a score, and the next class is skipped:

    >>> quantile_cuts(np.array([1.0, 2.0, 3.0]), np.array([6.0, 2.0, 2.0]), 5)
    [2.0, 2.0, 2.0, 3.0]
    """
    if counts.sum() == 0:
        return []
    below = np.concatenate(([0.0], np.cumsum(counts)[:-1])) / counts.sum()
    places = [np.flatnonzero(below >= j / classes - 1e-12) for j in range(1, classes)]
    return [float(values[found[0]]) for found in places if len(found)]


def share_cuts(values: Floats, counts: Floats, shares: list[float]) -> list[float]:
    """Cut from the top, so that the share of customers at or above each cut is nearest to the one wanted.

    Examples
    --------
    >>> share_cuts(np.arange(1.0, 11.0), np.ones(10), [0.2, 0.7])
    [9.0, 2.0]
    """
    if counts.sum() == 0:
        return []
    above = np.cumsum(counts[::-1])[::-1] / counts.sum()
    wanted = np.cumsum(shares)
    return [float(values[int(np.argmin(np.abs(above - w)))]) for w in wanted]


def money_cuts(values: Floats, counts: Floats, shares: list[float]) -> list[float]:
    """Cut from the top by cumulative money: each class ends where its share of the positive total is reached.

    Examples
    --------
    One customer of 80 and two of 10 each: the first brings the 80 %.

    >>> money_cuts(np.array([10.0, 80.0]), np.array([2.0, 1.0]), [0.8])
    [80.0]
    """
    money = np.where(values > 0, values * counts, 0.0)
    if money.sum() <= 0:
        return []
    reached = np.cumsum(money[::-1]) / money.sum()
    top = values[::-1]
    return [float(top[int(np.argmax(reached >= w - 1e-12))]) for w in np.cumsum(shares)]
