"""Compares two partitions of the same customers, from a table of counts.

Makes the matching of their parts and the adjusted Rand index (Hubert and Arabie 1985); reads the contingency table
alone, so a customer may come as a row or as a weight. Any two segmentations, and any two dates of one, can be compared.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from custlib.models.cells import Array, Ints

UNMATCHED = -1


class Alignment(NamedTuple):
    """Which column of a table belongs to which row."""

    mapping: Ints  # the column matched to each row, -1 where none is
    jaccards: Array  # of each match: customers in both, by those in either; 0 where none is


def jaccard_table(overlap: ArrayLike) -> Array:
    """Compute the Jaccard index of every row with every column; 0 where both are empty.

    Examples
    --------
    >>> jaccard_table([[6, 2], [0, 4]])
    array([[0.75      , 0.16666667],
           [0.        , 0.66666667]])
    """
    table = _checked(overlap)
    either = table.sum(axis=1, keepdims=True) + table.sum(axis=0, keepdims=True) - table
    return table / np.where(either > 0, either, 1.0)


def align(overlap: ArrayLike) -> Alignment:
    """Match the parts of two partitions one to one, so that most customers stay where they were (Kuhn 1955).

    Rows are the parts before, columns the parts after. Parts without a common customer are not matched.

    Examples
    --------
    >>> align([[1, 6], [4, 0], [1, 1]])
    Alignment(mapping=array([ 1,  0, -1]), jaccards=array([0.75      , 0.66666667, 0.        ]))
    """
    from scipy.optimize import linear_sum_assignment

    table = _checked(overlap)
    mapping, jaccards = np.full(len(table), UNMATCHED, dtype=np.int64), np.zeros(len(table))
    rows, columns = linear_sum_assignment(table, maximize=True)
    met = table[rows, columns] > 0
    mapping[rows[met]] = columns[met]
    jaccards[rows[met]] = jaccard_table(table)[rows[met], columns[met]]
    return Alignment(mapping, jaccards)


def moved_share(overlap: ArrayLike) -> float:
    """Compute the share of customers that leave their part when the parts are matched.

    Examples
    --------
    >>> moved_share([[1, 6], [4, 1]])
    0.16666666666666666
    """
    table = _checked(overlap)
    total = float(table.sum())
    mapping = align(table).mapping
    stayed = float(table[mapping != UNMATCHED, mapping[mapping != UNMATCHED]].sum())
    return (total - stayed) / total if total > 0 else 0.0


def adjusted_rand_index(table: ArrayLike) -> float:
    """Compute the adjusted Rand index of two partitions from their contingency table.

    It is 1 where the partitions are equal whatever their labels, also where neither splits anybody from anybody; about
    0 where they are unrelated, and below 0 where they agree less than by chance.

    Examples
    --------
    >>> adjusted_rand_index([[0, 5], [7, 0]])
    1.0
    >>> round(adjusted_rand_index([[2, 1], [0, 3]]), 4)
    0.3243
    """
    counts = _checked(table)
    both, rows, columns = (float(_pairs(n).sum()) for n in (counts, counts.sum(axis=1), counts.sum(axis=0)))
    everybody = float(_pairs(counts.sum()))
    expected = rows * columns / everybody if everybody > 0 else 0.0
    most = (rows + columns) / 2
    return (both - expected) / (most - expected) if most > expected else 1.0


def _pairs(counts: Array) -> Array:
    """Count the pairs within groups of so many."""
    return np.asarray(counts * (counts - 1) / 2)


def _checked(overlap: ArrayLike) -> Array:
    """Read a table of counts, or raise ValueError."""
    table = np.asarray(overlap, dtype=float)
    if table.ndim != 2:
        raise ValueError(f"overlap: has {table.ndim} dimensions. Give a table, rows by columns.")
    wrong = np.argwhere(~(np.isfinite(table) & (table >= 0)))
    if len(wrong):
        row, column = wrong[0]
        raise ValueError(
            f"overlap: {len(wrong):,} of {table.size:,} entries are negative or not finite "
            f"(first: row {row}, column {column}, {table[row, column]:g}). Give counts."
        )
    return table
