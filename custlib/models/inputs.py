"""Reads the columns a model is given: arrays of numbers, broadcast, with every fault named.

The models take columns, not tables: one number per customer, or per cell of equal customers.
Rows are counted from 0.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from custlib.errors import TableError
from custlib.models.cells import merge_rows

Array = NDArray[np.float64]
Fault = tuple[str, NDArray[np.bool_]]


def read_columns(**columns: ArrayLike) -> tuple[Array, ...]:
    """Turn columns into arrays of floats of one shape.

    Parameters
    ----------
    **columns : array_like
        The columns by name; scalars fit any shape.

    Returns
    -------
    tuple of ndarray
        In the order given; read-only views where a column was stretched.

    Raises
    ------
    TableError
        When a column holds something else than numbers, or the shapes do not fit.

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
    """Raise one error that names every fault of a table.

    Parameters
    ----------
    faults : iterable of (str, ndarray of bool)
        What is wrong, in words, and in which rows.

    Raises
    ------
    TableError
        When any row is marked: what, in how many rows, the first of them.

    Examples
    --------
    >>> refuse_faults([("T is negative", np.array([False, True]))])
    Traceback (most recent call last):
        ...
    custlib.errors.TableError: customers: T is negative in 1 of 2 rows (first: row 1). ...
    """
    found = [
        f"{text} in {np.count_nonzero(rows):,} of {rows.size:,} rows (first: row {np.argmax(rows)})"
        for text, rows in faults
        if rows.any()
    ]
    if found:
        raise TableError(f"customers: {'; '.join(found)}. Correct or drop these rows.")


def number_faults(name: str, values: Array, *, least: str = "negative") -> list[Fault]:
    """List the faults of a column of finite numbers.

    Parameters
    ----------
    name : str
        The column.
    values : ndarray
        Its values.
    least : {"negative", "not positive", "below 1"}
        Which numbers are refused.

    Returns
    -------
    list of (str, ndarray of bool)

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
    """Read the columns of a purchase history and refuse what cannot be one.

    Parameters
    ----------
    frequency : array_like
        Repeat purchase days, whole numbers >= 0.
    T : array_like
        First purchase to the end of observation, >= 0.
    recency : array_like, optional
        First to last purchase, 0 to T.
    **horizon : array_like
        Further columns of numbers >= 0, for example ``t``.

    Returns
    -------
    tuple of ndarray
        frequency, T, then recency if given, then the others, all of one shape.

    Raises
    ------
    TableError
        Every fault of the columns in one message.

    Examples
    --------
    >>> [column.tolist() for column in read_customers([0, 2], 39)]
    [[0.0, 2.0], [39.0, 39.0]]
    """
    given = {"frequency": frequency, "T": T, **({} if recency is None else {"recency": recency}), **horizon}
    columns = dict(zip(given, read_columns(**given), strict=True))
    faults = [fault for name, values in columns.items() for fault in number_faults(name, values)]
    x = columns["frequency"]
    faults.append(("frequency is not whole", np.isfinite(x) & (x != np.floor(x))))
    if recency is not None:
        faults.append(("recency is above T", columns["recency"] > columns["T"]))
        faults.append(("recency is above 0 with frequency 0", (columns["recency"] > 0) & (x == 0)))
    refuse_faults(faults)
    return tuple(columns.values())


def read_cells(
    frequency: ArrayLike, recency: ArrayLike, T: ArrayLike, weights: ArrayLike | None = None
) -> tuple[Array, Array]:
    """Read purchase histories and merge equal ones, as every fit of a lifetime model begins.

    Parameters
    ----------
    frequency, recency, T : array_like, shape (n,)
        Purchase histories.
    weights : array_like, shape (n,), optional
        How many customers each row stands for, >= 0; 1 by default.

    Returns
    -------
    rows : ndarray, shape (3, m)
        Distinct frequency, recency and T.
    weights : ndarray, shape (m,)
        Their weights, > 0.

    Raises
    ------
    TableError
        When rows cannot be purchase histories, or a weight is negative or not finite.

    Examples
    --------
    >>> read_cells([1, 1], [2, 2], [5, 5])[1]
    array([2.])
    """
    x, T, recency = read_customers(frequency, T, recency)
    weights, _ = read_columns(weights=1.0 if weights is None else weights, frequency=x)
    refuse_faults(number_faults("weights", weights))
    return merge_rows(np.stack([x.ravel(), recency.ravel(), T.ravel()]), weights.ravel())
