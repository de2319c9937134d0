"""Measures how steady k clusters of weighted points are.

Makes the prediction strength (Tibshirani and Walther 2005) and the clusterwise bootstrap Jaccard index (Hennig 2007);
reads points and whole weights. A customer is a unit of weight: splits thin the weights binomially, draws are
multinomial, so cells of equal customers need not be taken apart.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from custlib.models import kmeans
from custlib.models.alignment import jaccard_table
from custlib.models.inputs import Array


@dataclass(frozen=True)
class Search:
    """How much is computed.

    Attributes
    ----------
    splits : int
        Halvings of the customers.
    draws : int
        Bootstrap samples.
    starts : int
        Random starts of every fit.
    seed : int
        Of halvings, samples and starts.
    """

    splits: int = 15
    draws: int = 30
    starts: int = 5
    seed: int = 0


def prediction_strength(points: Array, weights: Array, k: int, search: Search) -> float:
    """Compute how well clusters of one half of the customers predict those of the other half.

    Parameters
    ----------
    points : ndarray, shape (n, features)
        Where the customers are.
    weights : ndarray, shape (n,)
        How many there are, whole numbers >= 0.
    k : int
        Number of clusters.
    search : Search
        How many splits, and their seed.

    Returns
    -------
    float
        For each half, the share of pairs of customers in one cluster that the centres of the other half keep
        together, in the worst cluster; the mean of the halves of all splits, 0 to 1.

    Examples
    --------
    >>> points, weights = np.array([[0.0], [1.0], [9.0], [10.0]]), np.full(4, 25)
    >>> prediction_strength(points, weights, 2, Search(splits=2))
    1.0
    """
    found = [
        _kept_together(points, own, *(kmeans.fit(points, w, k, starts=search.starts, seed=n) for w in (own, other)))
        for n, halves in enumerate(_halves(weights, search))
        for own, other in (halves, halves[::-1])
    ]
    return float(np.mean(found))


def _halves(weights: Array, search: Search) -> Iterator[tuple[Array, Array]]:
    random = np.random.default_rng([search.seed, 1])
    counts = np.rint(weights).astype(np.int64)
    for _ in range(search.splits):
        half = random.binomial(counts, 0.5)
        yield half.astype(float), (counts - half).astype(float)


def _kept_together(points: Array, weights: Array, own: Array, other: Array) -> float:
    """Share of pairs within a cluster of ``own`` that ``other`` keeps together, in the worst cluster."""
    if not len(own) or not len(other):
        return 0.0
    labels = kmeans.nearest(points, own), kmeans.nearest(points, other)
    table = kmeans.count_pairs(*labels, weights, (len(own), len(other)))
    size = table.sum(axis=1)
    pairs = size * (size - 1)
    kept = (table * (table - 1)).sum(axis=1)
    return float(np.where(pairs > 0, kept / np.where(pairs > 0, pairs, 1), 1.0).min())


def bootstrap_jaccards(points: Array, weights: Array, centres: Array, search: Search) -> Array:
    """Compute how much of every cluster is found again in samples of the customers drawn with replacement.

    Parameters
    ----------
    points : ndarray, shape (n, features)
        Where the customers are.
    weights : ndarray, shape (n,)
        How many there are, whole numbers >= 0, not all 0.
    centres : ndarray, shape (k, features)
        The clusters.
    search : Search
        How many draws, and their seed.

    Returns
    -------
    ndarray, shape (k,)
        For every cluster the mean over the draws of its greatest Jaccard index with a cluster of the draw, 0 to 1.

    Examples
    --------
    >>> points, weights = np.array([[0.0], [1.0], [9.0], [10.0]]), np.full(4, 25)
    >>> bootstrap_jaccards(points, weights, np.array([[0.5], [9.5]]), Search(draws=2)).tolist()
    [1.0, 1.0]
    """
    random = np.random.default_rng([search.seed, 2])
    total = int(np.rint(weights).sum())
    labels, k = kmeans.nearest(points, centres), len(centres)
    found = []
    for n in range(search.draws):
        drawn = random.multinomial(total, weights / weights.sum()).astype(float)
        again = kmeans.fit(points, drawn, k, starts=search.starts, seed=n)
        table = kmeans.count_pairs(labels, kmeans.nearest(points, again), drawn, (k, len(again)))
        found.append(jaccard_table(table).max(axis=1))
    return np.asarray(np.mean(found, axis=0))
