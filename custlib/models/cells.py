"""Reads columns of customers, names every fault in them, and merges equal rows into cells with weights.

The models take columns, not tables: one number per customer, or per cell of equal customers. Rows are counted from 0.
What is merged does not depend on the order of the rows, nor on whether equal customers come as rows or as weights.
"""

from collections.abc import Iterable
from math import prod
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from custlib.errors import TableError

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
Fault = tuple[str, NDArray[np.bool_]]
Column = TypeVar("Column", Array, Ints)

_LARGEST_CODE = 2**62
_EXACT_SUM = 2.0**53  # whole numbers below add up without rounding, in any order


def read_columns(**columns: ArrayLike) -> tuple[Array, ...]:
    """Turn columns into arrays of floats of one shape; read-only views where a column was broadcast.

    Examples
    --------
    >>> read_columns(frequency=[0, 2], T=39)[1]
    array([39., 39.])
    """
    arrays = []
    for name, values in columns.items():
        try:
            arrays.append(np.asarray(values, dtype=np.float64))
        except (TypeError, ValueError) as error:
            raise TableError(f"customers: {name} holds something that is no number ({error}).") from None
    try:
        return tuple(np.broadcast_arrays(*arrays))
    except ValueError:
        shapes = ", ".join(f"{name} {a.shape}" for name, a in zip(columns, arrays, strict=True))
        raise TableError(f"customers: the columns differ in shape: {shapes}.") from None


def refuse_faults(faults: Iterable[Fault]) -> None:
    """Raise one error that names every fault of a table: what, in how many rows, and the first of them.

    Examples
    --------
    >>> refuse_faults([("T is negative", np.array([False, True]))])
    Traceback (most recent call last):
        ...
    custlib.errors.TableError: customers: T is negative in 1 of 2 rows (first: row 1). ...
    """
    messages = [
        f"{text} in {np.count_nonzero(rows):,} of {rows.size:,} rows (first: row {np.argmax(rows)})"
        for text, rows in faults
        if rows.any()
    ]
    if messages:
        raise TableError(f"customers: {'; '.join(messages)}. Correct or drop these rows.")


def number_faults(name: str, values: Array, *, least: str = "negative") -> list[Fault]:
    """List the faults of a column of finite numbers; `least` says which numbers are refused as too low.

    Examples
    --------
    >>> [text for text, rows in number_faults("T", np.array([1.0, np.nan])) if rows.any()]
    ['T is no finite number']
    """
    low = {"negative": values < 0, "not positive": values <= 0, "below 1": values < 1}[least]
    return [(f"{name} is no finite number", ~np.isfinite(values)), (f"{name} is {least}", low)]


def read_customers(
    frequency: ArrayLike, T: ArrayLike, recency: ArrayLike | None = None, **horizon: ArrayLike
) -> tuple[Array, ...]:
    """Read the columns of a purchase history, in this order, and refuse what cannot be one.

    Frequency is whole and at least 0, recency lies between 0 and T, and the columns of the horizon are at least 0.

    Examples
    --------
    >>> [column.tolist() for column in read_customers([0, 2], 39)]
    [[0.0, 2.0], [39.0, 39.0]]
    """
    named = {"frequency": frequency, "T": T, **({} if recency is None else {"recency": recency}), **horizon}
    columns = dict(zip(named, read_columns(**named), strict=True))
    faults = [fault for name, values in columns.items() for fault in number_faults(name, values)]
    x = columns["frequency"]
    faults.append(("frequency is not whole", np.isfinite(x) & (x != np.floor(x))))
    if recency is not None:
        faults.append(("recency is above T", columns["recency"] > columns["T"]))
        faults.append(("recency is above 0 with frequency 0", (columns["recency"] > 0) & (x == 0)))
    refuse_faults(faults)
    return tuple(columns.values())


def read_weights(weights: ArrayLike | None, frequency: Array) -> Array:
    """Read how many customers each row stands for; 1 by default."""
    values, _ = read_columns(weights=1.0 if weights is None else weights, frequency=frequency)
    return values


def read_cells(
    frequency: ArrayLike, recency: ArrayLike, T: ArrayLike, weights: ArrayLike | None = None
) -> tuple[Array, Array]:
    """Read purchase histories and merge equal ones, as every fit of a lifetime model begins.

    Examples
    --------
    >>> read_cells([1, 1], [2, 2], [5, 5])[1]
    array([2.])
    """
    x, T, recency = read_customers(frequency, T, recency)
    weights = read_weights(weights, x)
    refuse_faults(number_faults("weights", weights))
    return merge_rows(np.stack([x.ravel(), recency.ravel(), T.ravel()]), weights.ravel())


def merge_rows(columns: Array, weights: Array) -> tuple[Array, Array]:
    """Merge equal rows and add their weights; rows of weight 0 are dropped.

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


def rank_values(column: Column) -> tuple[Column, Ints]:
    """List the distinct values of a column, sorted, and the place of each entry in that list.

    As ``np.unique``, but without sorting where the column holds days or counts, as most do.

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


def _is_dense(column: Array | Ints) -> bool:
    """Whether a column holds whole numbers within a range that is about as long as the column, or short."""
    if not column.size or not column.max() - column.min() < column.size + 1000:
        return False
    return not (column != np.floor(column)).any()


def rank_rows(columns: list[Array]) -> tuple[list[Array], Ints]:
    """List the distinct rows of a table, sorted, and the place of each row in that list.

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


def _row_codes(places: list[Ints], sizes: tuple[int, ...]) -> Ints:
    """Number the rows of a table whose columns are places, in the order of the rows."""
    codes = places[0]
    for column, size in zip(places[1:], sizes[1:], strict=True):
        codes = codes * size + column
    return codes


def _decode(codes: Ints, ranked: list[tuple[Array, Ints]], sizes: tuple[int, ...]) -> list[Array]:
    """Give the columns of rows by their numbers."""
    return [values[place] for (values, _), place in zip(ranked, np.unravel_index(codes, sizes), strict=True)]


def _merge_codes(codes: Ints, weights: Array) -> tuple[Ints, Array]:
    """Merge rows by their numbers; whole weights may be added in any order."""
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
    # equal rows are added from the lightest to the heaviest: sums do not depend on the order of the rows
    order = np.lexsort((weights, *columns[::-1]))
    columns, weights = columns[:, order], weights[order]
    new = np.append(True, (columns[:, 1:] != columns[:, :-1]).any(axis=0))
    return columns[:, new], np.add.reduceat(weights, np.flatnonzero(new))
