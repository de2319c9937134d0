"""Merges equal customers into cells with weights.

Makes the sorted table of distinct rows; reads columns and weights. The result does not depend on the
order of the rows, nor on whether equal customers come as rows or as weights.
"""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


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
    kept = weights > 0
    columns, weights = columns[:, kept], weights[kept]
    if weights.size == 0:
        return columns, weights
    # equal rows are added from the lightest to the heaviest: sums do not depend on the order given
    order = np.lexsort((weights, *columns[::-1]))
    columns, weights = columns[:, order], weights[order]
    new = np.append(True, (columns[:, 1:] != columns[:, :-1]).any(axis=0))
    return columns[:, new], np.add.reduceat(weights, np.flatnonzero(new))
