"""Merges equal customers into cells with weights.

Makes the sorted table of distinct rows; reads columns and weights. The result does not depend on the
order of the rows, nor on whether equal customers come as rows or as weights.
"""

from math import prod
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Places = NDArray[np.int64]
Column = TypeVar("Column", Array, Places)

_LARGEST_CODE = 2**62
_EXACT_SUM = 2.0**53  # whole numbers below add up without rounding, in any order


def merge_rows(columns: Array, weights: Array) -> tuple[Array, Array]:
    """Merge equal rows and add their weights; rows of weight 0 are dropped.

    Parameters
    ----------
    columns : ndarray, shape (k, n)
        One row of the table in each column of the array.
    weights : ndarray, shape (n,)
        Weights, >= 0.

    Returns
    -------
    columns : ndarray, shape (k, m)
        The distinct rows, sorted.
    weights : ndarray, shape (m,)
        Their weights, > 0.

    Examples
    --------
    >>> merge_rows(np.array([[2.0, 0.0, 2.0]]), np.array([1.0, 1.0, 3.0]))
    (array([[0., 2.]]), array([1., 4.]))
    """
    if (weights == 0).any():
        columns, weights = columns[:, weights > 0], weights[weights > 0]
    if weights.size == 0:
        return columns, weights
    ranked = [rank_values(column) for column in columns]
    sizes = tuple(values.size for values, _ in ranked)
    if prod(sizes) >= _LARGEST_CODE:
        return _merge_sorted(columns, weights)
    codes, weights = _merge_codes(_row_codes([places for _, places in ranked], sizes), weights)
    return np.stack(_decode(codes, ranked, sizes)), weights


def rank_values(column: Column) -> tuple[Column, Places]:
    """List the distinct values of a column, and the place of each entry in that list.

    Parameters
    ----------
    column : ndarray, shape (n,)
        Numbers, finite.

    Returns
    -------
    values : ndarray, shape (m,)
        Sorted.
    places : ndarray of int, shape (n,)
        ``values[places]`` is the column.

    Notes
    -----
    As ``np.unique``, without sorting where a table of the whole numbers between the extremes is small: most
    columns are days or counts.

    Examples
    --------
    >>> rank_values(np.array([7.0, 0.0, 7.0]))
    (array([0., 7.]), array([1, 0, 1]))
    """
    if not _is_dense(column):
        values, places = np.unique(column, return_inverse=True)
        return values, places.astype(np.int64, copy=False)
    low = column.min()
    places = (column - low).astype(np.int64)
    present = np.bincount(places) > 0
    return low + np.flatnonzero(present), (np.cumsum(present) - 1)[places]


def _is_dense(column: Array | Places) -> bool:
    """Whether a table of all whole numbers between the extremes is about as long as the column, or short."""
    if not column.size or not column.max() - column.min() < column.size + 1000:
        return False
    return not (column != np.floor(column)).any()


def rank_rows(columns: list[Array]) -> tuple[list[Array], Places]:
    """List the distinct rows of a table, and the place of each row in that list.

    Parameters
    ----------
    columns : list of ndarray, shape (n,)
        The table, column by column.

    Returns
    -------
    columns : list of ndarray, shape (m,)
        The distinct rows, sorted.
    places : ndarray of int, shape (n,)
        Each row's place among them.

    Examples
    --------
    >>> rank_rows([np.array([1.0, 0.0, 1.0]), np.array([4.0, 4.0, 4.0])])
    ([array([0., 1.]), array([4., 4.])], array([1, 0, 1]))
    """
    ranked = [rank_values(column) for column in columns]
    sizes = tuple(values.size for values, _ in ranked)
    if prod(sizes) >= _LARGEST_CODE:
        rows, places = np.unique(np.stack(columns), axis=1, return_inverse=True)
        return list(rows), places.ravel()
    codes, places = rank_values(_row_codes([place for _, place in ranked], sizes))
    return _decode(codes, ranked, sizes), places


def _row_codes(places: list[Places], sizes: tuple[int, ...]) -> Places:
    """Number the rows of a table whose columns are places, in the order of the rows."""
    codes = places[0]
    for column, size in zip(places[1:], sizes[1:], strict=True):
        codes = codes * size + column
    return codes


def _decode(codes: Places, ranked: list[tuple[Array, Places]], sizes: tuple[int, ...]) -> list[Array]:
    """Give the columns of rows by their numbers."""
    return [values[place] for (values, _), place in zip(ranked, np.unravel_index(codes, sizes), strict=True)]


def _merge_codes(codes: Places, weights: Array) -> tuple[Places, Array]:
    """Merge rows given as numbers; whole weights may be added in any order."""
    exact = weights.sum() < _EXACT_SUM and not (weights != np.floor(weights)).any()
    if exact and (weights == weights[0]).all():
        codes = np.sort(codes)
        first = np.flatnonzero(np.append(True, codes[1:] != codes[:-1]))
        return codes[first], np.diff(first, append=codes.size) * weights[0]
    order = np.argsort(codes) if exact else np.lexsort((weights, codes))
    codes = codes[order]
    first = np.flatnonzero(np.append(True, codes[1:] != codes[:-1]))
    return codes[first], np.add.reduceat(weights[order], first)


def _merge_sorted(columns: Array, weights: Array) -> tuple[Array, Array]:
    """Merge rows of too many values to be numbered."""
    # equal rows are added from the lightest to the heaviest: sums do not depend on the order given
    order = np.lexsort((weights, *columns[::-1]))
    columns, weights = columns[:, order], weights[order]
    new = np.append(True, (columns[:, 1:] != columns[:, :-1]).any(axis=0))
    return columns[:, new], np.add.reduceat(weights, np.flatnonzero(new))
