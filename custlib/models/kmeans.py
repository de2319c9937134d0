"""Fits k-means (Lloyd 1982, Arthur and Vassilvitskii 2007) to weighted points, and gathers points into fewer.

Makes centres; reads arrays. Inside :func:`one_thread` neither sums, and with them centres, nor times depend on how
many processors there are and who else uses them: threads that waited for each other made a search 75 times slower.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from custlib.models.inputs import Array

Ints = NDArray[np.int64]
_FIRST_WIDTH = 1.0  # of the range of a feature, by the cells that would fill the limit
_WIDER = 1.4


@contextmanager
def one_thread() -> Iterator[None]:
    """Let the libraries beneath compute in one thread meanwhile.

    Examples
    --------
    >>> with one_thread():
    ...     fit(np.array([[0.0], [4.0]]), np.ones(2), 1).tolist()
    [[2.0]]
    """
    import sklearn.cluster  # first, since only libraries that are loaded can be limited
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped,unused-ignore]

    assert sklearn.cluster
    with threadpool_limits(1):
        yield


def fit(points: Array, weights: Array, k: int, *, starts: int = 10, seed: int = 0) -> Array:
    """Find k centres with the least weighted sum of squared distances.

    Parameters
    ----------
    points : ndarray, shape (n, features)
        Where the customers are.
    weights : ndarray, shape (n,)
        How many there are, >= 0. Points of weight 0 are left out.
    k : int
        Number of centres; fewer are found where there are fewer points.
    starts : int
        Fits from that many random starts and keeps the best.
    seed : int
        Of the starts.

    Returns
    -------
    ndarray, shape (<= k, features)
        The centres.

    Examples
    --------
    >>> fit(np.array([[0.0], [2.0], [9.0]]), np.array([3.0, 1.0, 1.0]), 2).tolist()
    [[0.5], [9.0]]
    """
    present = weights > 0
    points, weights = points[present], weights[present]
    if len(points) <= k:
        return points.copy()
    found = _lloyd(points, weights, "k-means++", k, starts, seed)
    return found[np.lexsort(found.T[::-1])]


def follow(points: Array, weights: Array, centres: Array) -> Array:
    """Move given centres until none moves any more (a warm start); their order stays.

    Parameters
    ----------
    points : ndarray, shape (n, features)
        Where the customers are.
    weights : ndarray, shape (n,)
        How many there are, >= 0.
    centres : ndarray, shape (k, features)
        Where to start.

    Returns
    -------
    ndarray, shape (k, features)
        The centres; those given where there are fewer points than centres.

    Examples
    --------
    >>> follow(np.array([[0.0], [2.0], [9.0]]), np.ones(3), np.array([[8.0], [0.0]])).tolist()
    [[9.0], [1.0]]
    """
    present = weights > 0
    if present.sum() < len(centres):
        return centres.copy()
    return _lloyd(points[present], weights[present], centres, len(centres), 1, 0)


def _lloyd(points: Array, weights: Array, init: Array | str, k: int, starts: int, seed: int) -> Array:
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # points may be equal but for the last digits
        fitted = KMeans(k, init=init, n_init=starts, random_state=seed).fit(points, sample_weight=weights)
    return np.asarray(fitted.cluster_centers_)


def nearest(points: Array, centres: Array) -> Ints:
    """Find the nearest centre of every point, the first of several.

    Parameters
    ----------
    points : ndarray, shape (n, features)
        Points.
    centres : ndarray, shape (k, features)
        Centres.

    Returns
    -------
    ndarray of int, shape (n,)
        Places of the centres.

    Examples
    --------
    >>> nearest(np.array([[0.0], [1.0], [1.1]]), np.array([[0.0], [2.0]]))
    array([0, 0, 1])
    """
    distances = np.stack([((points - centre) ** 2).sum(axis=1) for centre in centres])
    return distances.argmin(axis=0)


def count_pairs(first: Ints, second: Ints, weights: Array, shape: tuple[int, int]) -> Array:
    """Add up the weights of every pair of labels.

    Parameters
    ----------
    first, second : ndarray of int, shape (n,)
        Labels from 0.
    weights : ndarray, shape (n,)
        Weights.
    shape : tuple of int
        How many labels there are of each.

    Returns
    -------
    ndarray, shape ``shape``
        The contingency table.

    Examples
    --------
    >>> count_pairs(np.array([0, 1, 1]), np.array([1, 0, 0]), np.array([2.0, 3.0, 4.0]), (2, 2))
    array([[0., 2.],
           [7., 0.]])
    """
    table = np.bincount(first * shape[1] + second, weights, shape[0] * shape[1])
    return table.astype(float).reshape(shape)


def gather(points: Array, limit: int) -> Ints:
    """Put near points into cells of an even grid, as fine as a limit of cells allows.

    Parameters
    ----------
    points : ndarray, shape (n, features)
        Points, of about the same spread in every feature.
    limit : int
        Most cells, >= 1.

    Returns
    -------
    ndarray of int, shape (n,)
        The cell of every point, from 0 and without gaps; every point its own where there are no more than the limit.

    Examples
    --------
    >>> gather(np.array([[0.0], [0.1], [5.0]]), 2)
    array([0, 0, 1])
    """
    if len(points) <= limit:
        return np.arange(len(points))
    width = float(np.ptp(points, axis=0).max()) * _FIRST_WIDTH / limit
    while True:
        cells = _grid(points, width)
        if cells.max() < limit:
            return cells
        width *= _WIDER * max((cells.max() / limit) ** (1 / points.shape[1]) / 2, 1.0)


def _grid(points: Array, width: float) -> Ints:
    cells = np.zeros(len(points), dtype=np.int64)
    for column in np.floor((points - points.min(axis=0)) / width).astype(np.int64).T:
        cells = np.unique(cells * (int(column.max()) + 1) + column, return_inverse=True)[1]
    return cells


def cell_means(columns: Array, weights: Array, cells: Ints) -> Array:
    """Average columns over the points of every cell.

    Parameters
    ----------
    columns : ndarray, shape (n, features)
        What to average.
    weights : ndarray, shape (n,)
        Weights, > 0.
    cells : ndarray of int, shape (n,)
        As :func:`gather` returns them.

    Returns
    -------
    ndarray, shape (cells, features)
        The weighted means.

    Examples
    --------
    >>> cell_means(np.array([[1.0], [4.0], [7.0]]), np.array([2.0, 1.0, 1.0]), np.array([0, 0, 1])).tolist()
    [[2.0], [7.0]]
    """
    total = cell_weights(weights, cells)
    return np.column_stack([np.bincount(cells, column * weights) / total for column in columns.T])


def cell_weights(weights: Array, cells: Ints) -> Array:
    """Add up the weights of every cell.

    Parameters
    ----------
    weights : ndarray, shape (n,)
        Weights.
    cells : ndarray of int, shape (n,)
        As :func:`gather` returns them.

    Returns
    -------
    ndarray, shape (cells,)
        The sums.

    Examples
    --------
    >>> cell_weights(np.array([2.0, 1.0, 1.0]), np.array([0, 0, 1]))
    array([3., 1.])
    """
    return np.bincount(cells, weights).astype(float)
