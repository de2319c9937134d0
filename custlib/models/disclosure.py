"""What follows for single numbers from intervals of all and of sums of them: bounds by propagation, then exact ones.

Used to find how far a suppressed cell of a table is known to a reader of its sums; Fischetti and Salazar (2001) call
that the protection of the cell. Where no two sums have a number in common, propagation alone is exact; elsewhere each
bound is a linear programme. In a table of rows and columns its solutions are whole where all bounds are.
"""

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np

Interval = tuple[float, float]
Sum = tuple[Sequence[int], float, float]


def propagated(bounds: Iterable[Interval], sums: Sequence[Sum]) -> list[Interval]:
    """Narrow intervals by one sum after the other until nothing changes.

    Examples
    --------
    >>> propagated([(1, 9), (75, 85), (30, 30)], [((0, 1), 88, 88)])
    [(3, 9), (79, 85), (30, 30)]
    """
    ends = list(bounds)
    changed = True
    while changed:
        changed = False
        for places, low, high in sums:
            least, most = sum(ends[n][0] for n in places), sum(ends[n][1] for n in places)
            for n in places:
                own = ends[n]
                ends[n] = max(own[0], low - most + own[1]), min(own[1], high - least + own[0])
                if ends[n] != own:
                    least, most, changed = least + ends[n][0] - own[0], most + ends[n][1] - own[1], True
    return ends


def stay_open(bounds: Iterable[Interval], sums: Sequence[Sum], places: Sequence[int], width: float) -> bool:
    """Return whether numbers in some places are each known no better than within a width.

    Parameters
    ----------
    bounds : iterable of (float, float)
        The interval of every number, whole at both ends.
    sums : sequence of (sequence of int, float, float)
        The places of numbers, and the interval of their sum.

    Examples
    --------
    >>> cells = [(1, 9), (15, 24), (15, 24), (35, 44)]
    >>> rows, columns = [((0, 1), 25, 25), ((2, 3), 60, 60)], [((0, 2), 25, 25), ((1, 3), 60, 60)]
    >>> stay_open(cells, rows + columns, [0], 3), stay_open(cells, [*rows, *columns, ((0, 3), 48, 49)], [0], 3)
    (True, False)
    """
    ends = propagated(bounds, sums)
    if any(ends[n][1] - ends[n][0] < width for n in places):
        return False
    return _are_apart(sums) or all(_range(ends, sums, n) >= width - 1e-6 for n in places)


def _are_apart(sums: Sequence[Sum]) -> bool:
    """Return whether no number is in two sums."""
    parts = [place for places, _, _ in sums for place in places]
    return len(parts) == len(set(parts))


def _range(ends: Sequence[Interval], sums: Sequence[Sum], place: int) -> float:
    """Compute how far apart the least and the largest value of a number are."""
    from scipy.optimize import linprog  # slow to import, and few tables need it

    cost, weights = np.zeros(len(ends)), np.zeros((len(sums), len(ends)))
    cost[place] = 1.0
    for row, (places, _, _) in enumerate(sums):
        weights[row, list(places)] = 1.0
    above, below = np.array([high for _, _, high in sums]), np.array([-low for _, low, _ in sums])
    matrix, limits = np.vstack([weights, -weights]), np.concatenate([above, below])
    least, most = (linprog(sign * cost, A_ub=matrix, b_ub=limits, bounds=list(ends)) for sign in (1, -1))
    return -float(most.fun or 0.0) - float(least.fun or 0.0)


def decimal_step(least: float) -> float:
    """Choose the smallest of 1, 2, 5, 10, ... in every decimal place that is not below a size.

    Examples
    --------
    >>> decimal_step(24.0), decimal_step(0.11)
    (50.0, 0.2)
    """
    place = 10.0 ** math.floor(math.log10(least))
    return next(n * place for n in (1, 2, 5, 10) if n * place >= least)


def rounded_sums(sums: Sequence[float], is_hidden: Sequence[bool], *, band: float) -> list[float]:
    """Round running sums so that no hidden amount can be derived from the sums before and after it.

    Parameters
    ----------
    sums : sequence of float
        Sums up to each amount.
    is_hidden : sequence of bool
        Which of the amounts are hidden.
    band : float
        Part of the largest hidden amount that the rounding of each sum leaves open at least.

    Examples
    --------
    >>> rounded_sums([500.0, 560.0, 900.0], [False, True, False], band=0.4)
    [500.0, 550.0, 900.0]
    """
    added = [after - before for before, after in pairwise([0.0, *sums])]
    hidden = [abs(amount) for amount, own in zip(added, is_hidden, strict=True) if own]
    if not any(hidden):
        return list(sums)
    step = decimal_step(band * max(hidden))
    return [round(value / step) * step for value in sums]
