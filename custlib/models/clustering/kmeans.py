"""Fits k-means to weighted points, gathers points into fewer, and measures how steady the clusters are.

Makes centres (Lloyd 1982, Arthur and Vassilvitskii 2007), the prediction strength (Tibshirani and Walther 2005) and the
clusterwise bootstrap Jaccard index (Hennig 2007); reads arrays. A customer is a unit of weight: splits thin the weights
binomially and draws are multinomial, so cells of equal customers stay together.

Inside :func:`one_thread` neither sums, and with them centres, nor times depend on how many processors there are and who
else uses them: threads that waited for each other made a search 75 times slower.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from custlib.errors import require
from custlib.models.cells import Array, Ints
from custlib.models.clustering.alignment import jaccard_table

_FIRST_WIDTH = 1.0  # of the range of a feature, by the cells that would fill the limit
_WIDER = 1.4


@contextmanager
def one_thread() -> Iterator[None]:
    """Limit numerical libraries to one thread within the context.

    Examples
    --------
    >>> with one_thread():
    ...     fit(np.array([[0.0], [4.0]]), np.ones(2), 1).tolist()
    [[2.0]]
    """
    require("sklearn.cluster", extra="reports", purpose="clusters")  # only libraries that are loaded can be limited
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped,unused-ignore]

    with threadpool_limits(1):
        yield


def fit(points: Array, weights: Array, k: int, *, starts: int = 10, seed: int = 0) -> Array:
    """Find the k centres with the least weighted sum of squared distances, the best of several random starts.

    There are fewer centres where there are fewer points with a weight above 0.

    Examples
    --------
    >>> fit(np.array([[0.0], [2.0], [9.0]]), np.array([3.0, 1.0, 1.0]), 2).tolist()
    [[0.5], [9.0]]
    """
    present = weights > 0
    points, weights = points[present], weights[present]
    if len(points) <= k:
        return points.copy()
    centres = _lloyd(points, weights, "k-means++", k, starts, seed)
    return centres[np.lexsort(centres.T[::-1])]


def follow(points: Array, weights: Array, centres: Array) -> Array:
    """Move centres until none moves any more (a warm start); their order stays.

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
    """Run Lloyd's algorithm of scikit-learn."""
    cluster = require("sklearn.cluster", extra="reports", purpose="clusters")
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # points may be equal but for the last digits
        fitted = cluster.KMeans(k, init=init, n_init=starts, random_state=seed).fit(points, sample_weight=weights)
    return np.asarray(fitted.cluster_centers_)


def nearest(points: Array, centres: Array) -> Ints:
    """Find the nearest centre of every point, the first of several.

    Examples
    --------
    >>> nearest(np.array([[0.0], [1.0], [1.1]]), np.array([[0.0], [2.0]]))
    array([0, 0, 1])
    """
    distances = np.stack([((points - centre) ** 2).sum(axis=1) for centre in centres])
    labels: Ints = distances.argmin(axis=0)
    return labels


def count_pairs(first: Ints, second: Ints, weights: Array, shape: tuple[int, int]) -> Array:
    """Add up the weights of every pair of labels, as a contingency table.

    Examples
    --------
    >>> count_pairs(np.array([0, 1, 1]), np.array([1, 0, 0]), np.array([2.0, 3.0, 4.0]), (2, 2))
    array([[0., 2.],
           [7., 0.]])
    """
    table = np.bincount(first * shape[1] + second, weights, shape[0] * shape[1])
    return table.astype(float).reshape(shape)


def gather(points: Array, limit: int) -> Ints:
    """Number the cells of an even grid that points lie in, as fine as a limit of cells allows.

    Every point is a cell of its own where there are no more than the limit.

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
    """Number the cells of a grid of one width, without gaps."""
    cells = np.zeros(len(points), dtype=np.int64)
    for column in np.floor((points - points.min(axis=0)) / width).astype(np.int64).T:
        cells = np.unique(cells * (int(column.max()) + 1) + column, return_inverse=True)[1]
    return cells


def cell_means(columns: Array, weights: Array, cells: Ints) -> Array:
    """Average columns over the points of every cell, with weights.

    Examples
    --------
    >>> cell_means(np.array([[1.0], [4.0], [7.0]]), np.array([2.0, 1.0, 1.0]), np.array([0, 0, 1])).tolist()
    [[2.0], [7.0]]
    """
    total = cell_weights(weights, cells)
    return np.column_stack([np.bincount(cells, column * weights) / total for column in columns.T])


def cell_weights(weights: Array, cells: Ints) -> Array:
    """Add up the weights of every cell.

    Examples
    --------
    >>> cell_weights(np.array([2.0, 1.0, 1.0]), np.array([0, 0, 1]))
    array([3., 1.])
    """
    return np.bincount(cells, weights).astype(float)


@dataclass(frozen=True)
class Search:
    """How much is computed to measure how steady clusters are."""

    splits: int = 15  # halvings of the customers
    draws: int = 30  # bootstrap samples
    starts: int = 5  # random starts of every fit
    seed: int = 0  # of halvings, samples and starts


def prediction_strength(points: Array, weights: Array, k: int, search: Search) -> float:
    """Compute how well clusters of one half of the customers predict those of the other half, 0 to 1.

    For each half it is the share of pairs of customers in one cluster that the centres of the other half keep together,
    in the worst cluster; the result is the mean over the halves of all splits. Weights are whole numbers.

    Examples
    --------
    >>> points, weights = np.array([[0.0], [1.0], [9.0], [10.0]]), np.full(4, 25)
    >>> prediction_strength(points, weights, 2, Search(splits=2))
    1.0
    """
    shares = [
        _share_together(points, own, *(fit(points, w, k, starts=search.starts, seed=n) for w in (own, other)))
        for n, halves in enumerate(_halves(weights, search))
        for own, other in (halves, halves[::-1])
    ]
    return float(np.mean(shares))


def _halves(weights: Array, search: Search) -> Iterator[tuple[Array, Array]]:
    """Split the customers at random, once per split."""
    random = np.random.default_rng([search.seed, 1])
    counts = np.rint(weights).astype(np.int64)
    for _ in range(search.splits):
        half = random.binomial(counts, 0.5)
        yield half.astype(float), (counts - half).astype(float)


def _share_together(points: Array, weights: Array, own: Array, other: Array) -> float:
    """Compute the share of pairs within a cluster of ``own`` that ``other`` keeps together, in the worst cluster."""
    if not len(own) or not len(other):
        return 0.0
    labels = nearest(points, own), nearest(points, other)
    table = count_pairs(*labels, weights, (len(own), len(other)))
    size = table.sum(axis=1)
    pairs = size * (size - 1)
    together = (table * (table - 1)).sum(axis=1)
    return float(np.where(pairs > 0, together / np.where(pairs > 0, pairs, 1), 1.0).min())


def bootstrap_jaccards(points: Array, weights: Array, centres: Array, search: Search) -> Array:
    """Compute how much of every cluster reappears in samples of the customers drawn with replacement, 0 to 1.

    It is the mean over the draws of the greatest Jaccard index of the cluster with a cluster of the draw. Weights are
    whole numbers, not all 0.

    Examples
    --------
    >>> points, weights = np.array([[0.0], [1.0], [9.0], [10.0]]), np.full(4, 25)
    >>> bootstrap_jaccards(points, weights, np.array([[0.5], [9.5]]), Search(draws=2)).tolist()
    [1.0, 1.0]
    """
    random = np.random.default_rng([search.seed, 2])
    total = int(np.rint(weights).sum())
    labels, k = nearest(points, centres), len(centres)
    jaccards = []
    for n in range(search.draws):
        drawn = random.multinomial(total, weights / weights.sum()).astype(float)
        again = fit(points, drawn, k, starts=search.starts, seed=n)
        table = count_pairs(labels, nearest(points, again), drawn, (k, len(again)))
        jaccards.append(jaccard_table(table).max(axis=1))
    return np.asarray(np.mean(jaccards, axis=0))
