"""Turns pairwise judgements into weights, by the analytic hierarchy process, and measures how far they contradict.

Reads a matrix whose cell (i, j) says how many times as much criterion i matters as criterion j. Saaty (1980), "The
Analytic Hierarchy Process"; weights by geometric means after Crawford and Williams (1985). The random indices that
the consistency ratio divides by are published in several versions (``rules/ahp.toml``).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from custlib import rules
from custlib.errors import TableError, UsageError, hint

__all__ = ["Judgement", "Priorities", "from_upper", "global_weights", "weights"]

Array = NDArray[np.float64]
_RECIPROCAL = 1e-6
_CLASH = 1e-9
_SUM = 1e-3


@dataclass(frozen=True)
class Judgement:
    """One judgement beside the others.

    Attributes
    ----------
    row, column : str
        The criteria compared.
    value : float
        How many times as much the first matters, as judged.
    implied : float
        The same, as the other judgements imply.
    """

    row: str
    column: str
    value: float
    implied: float


@dataclass(frozen=True)
class Priorities:
    """Weights of criteria.

    Attributes
    ----------
    names : tuple of str
        The criteria; their numbers from 1 where they have no names.
    weights : tuple of float
        In the same order, adding up to 1.
    lambda_max : float
        Principal eigenvalue of the matrix, at least the number of criteria.
    consistency_ratio : float
        (lambda_max - n) / (n - 1) over the random index of n; 0 where no judgement contradicts another.
    worst : Judgement or None
        The judgement that clashes most with the value the rest implies; None where none does. Of three criteria
        all three judgements clash alike, and it is the first.
    other_ratio : float or None
        The ratio by the other published random index, where the two disagree on whether it is accepted.

    Examples
    --------
    >>> weights([[1, 3], [1/3, 1]]).weights, weights([[1, 3], [1/3, 1]]).accepted
    ((0.75, 0.25), True)
    """

    names: tuple[str, ...]
    weights: tuple[float, ...]
    lambda_max: float
    consistency_ratio: float
    worst: Judgement | None
    other_ratio: float | None

    @property
    def accepted(self) -> bool:
        """Whether the consistency ratio is below the accepted one."""
        return bool(self.consistency_ratio < rules.load("ahp")["accepted_below"])


def weights(
    matrix: ArrayLike | Sequence[Sequence[float]],
    random_index: str = "saaty1980",
    *,
    names: Sequence[str] | None = None,
    method: str = "eigenvector",
) -> Priorities:
    """Weigh criteria by pairwise judgements.

    Parameters
    ----------
    matrix : array_like, shape (n, n)
        Judgements > 0: cell (i, j) is how many times as much i matters as j, and cell (j, i) its reciprocal.
    random_index : {"saaty1980", "saaty2005"}
        The published table to divide by.
    names : sequence of str, optional
        The criteria; by default they are counted from 1.
    method : {"eigenvector", "geometric_mean"}
        How weights are computed. Up to three criteria both give the same.

    Returns
    -------
    Priorities
        Weights, consistency, and the worst judgement.

    Raises
    ------
    TableError
        If the matrix is no square of judgements, naming the cell; or larger than the table of random indices.
    UsageError
        If the table or the method is unknown.

    Examples
    --------
    >>> priorities = weights([[1, 1/4, 4], [4, 1, 9], [1/4, 1/9, 1]])
    >>> [round(weight, 4) for weight in priorities.weights], round(priorities.consistency_ratio, 4)
    ([0.2172, 0.7171, 0.0658], 0.0318)
    """
    judged = _read(matrix)
    criteria = _named(names, len(judged))
    _refuse_cells(judged, criteria)
    ratios = _ratios(random_index, len(judged))
    if method not in _METHODS:
        raise UsageError(f"method: {method} is unknown. {hint(method, list(_METHODS))}")
    shares, largest = _METHODS[method](judged)
    worst = _worst(judged, criteria)
    # Saaty (1980): consistency index (lambda_max - n) / (n - 1), over the random index
    index = max(largest - len(judged), 0.0) / (len(judged) - 1) if worst else 0.0
    ratio, other = (index / one if index else 0.0 for one in ratios)
    limit = rules.load("ahp")["accepted_below"]
    apart = (ratio < limit) != (other < limit)
    return Priorities(criteria, tuple(shares.tolist()), largest, ratio, worst, other if apart else None)


def _read(matrix: Any) -> Array:
    """Read a square of numbers."""
    try:
        rows = [list(row) for row in matrix]
    except TypeError:
        raise TableError("judgements: no matrix. Give one row of judgements per criterion.") from None
    wrong = [f"row {i} has {len(row)}" for i, row in enumerate(rows, 1) if len(row) != len(rows)]
    if wrong or not rows:
        fault = f"{wrong[0]} of {len(rows)} values" if wrong else "no row"
        raise TableError(f"judgements: {fault}. The matrix must be square: a row and a column per criterion.")
    return np.array(
        [[_number(x, f"row {i}, column {j}") for j, x in enumerate(row, 1)] for i, row in enumerate(rows, 1)]
    )


def _number(value: Any, cell: str) -> float:
    """Read a judgement: a number, or a text such as 1/3."""
    try:
        return float(Fraction(value)) if isinstance(value, str) else float(value)
    except (TypeError, ValueError, ZeroDivisionError):
        raise TableError(f'judgements: {cell} is {value!r}, no number. Give one such as 3 or "1/3".') from None


def _named(names: Sequence[str] | None, size: int) -> tuple[str, ...]:
    """Name the criteria, by default from 1."""
    criteria = tuple(str(i) for i in range(1, size + 1)) if names is None else tuple(names)
    if len(criteria) != size:
        raise TableError(f"judgements: {len(criteria)} names for {size} criteria ({', '.join(criteria)}).")
    if doubled := sorted({name for name in criteria if criteria.count(name) > 1}):
        raise TableError(f"judgements: {', '.join(doubled)} named more than once.")
    return criteria


def _refuse_cells(judged: Array, names: tuple[str, ...]) -> None:
    """Name every kind of cell that is no judgement, with the first of its kind."""
    positive = np.isfinite(judged) & (judged > 0)
    safe = np.where(positive & positive.T, judged, 1.0)
    diagonal = np.eye(len(judged), dtype=bool)
    faults = {
        "no finite number": ~np.isfinite(judged),
        "not above 0": np.isfinite(judged) & (judged <= 0),
        "not 1 on the diagonal": diagonal & positive & (judged != 1),
        "not the reciprocal of its mirror": np.tril(abs(safe * safe.T - 1) > _RECIPROCAL) & ~diagonal,
    }
    messages = [
        f"{what} in {np.count_nonzero(cells)} of {cells.size} cells (first: {_cell(judged, cells, names)})"
        for what, cells in faults.items()
        if cells.any()
    ]
    if messages:
        raise TableError(f"judgements: {'; '.join(messages)}. Correct these judgements.")


def _cell(judged: Array, cells: NDArray[np.bool_], names: tuple[str, ...]) -> str:
    """Describe the first of some cells."""
    i, j = np.argwhere(cells)[0]
    mirror = "" if i == j else f", its mirror {judged[j, i]:.6g}"
    return f"row {names[i]}, column {names[j]}: {judged[i, j]:.6g}{mirror}"


def _ratios(random_index: str, size: int) -> tuple[float, float]:
    """Look up a published random index of this size, and the other one."""
    tables = rules.load("ahp")["random_index"]
    if random_index not in tables:
        raise UsageError(f"random_index: {random_index} is unknown. {hint(random_index, list(tables))}")
    most = len(tables[random_index]["values"])
    if size > most:
        raise TableError(
            f"judgements: {size} criteria; random indices are published for {most} at most. Group them in levels."
        )
    other = next(name for name in tables if name != random_index)
    return tables[random_index]["values"][size - 1], tables[other]["values"][size - 1]


def _geometric_mean(judged: Array) -> tuple[Array, float]:
    """Weigh by geometric means of the rows (Crawford and Williams 1985), with an estimate of the eigenvalue."""
    means = np.exp(np.log(judged).mean(axis=1))
    shares = means / means.sum()
    return shares, float((judged @ shares / shares).mean())


def _eigenvector(judged: Array) -> tuple[Array, float]:
    """Weigh by the principal eigenvector (Saaty 1980), with its eigenvalue."""
    # divided by geometric means first, the matrix is nearly all ones and well conditioned
    rough, _ = _geometric_mean(judged)
    values, vectors = np.linalg.eig(judged * rough / rough[:, None])
    first = int(np.argmax(values.real))
    shares = rough * abs(vectors[:, first].real)
    return shares / shares.sum(), float(values[first].real)


_METHODS: dict[str, Callable[[Array], tuple[Array, float]]] = {
    "eigenvector": _eigenvector,
    "geometric_mean": _geometric_mean,
}


def _worst(judged: Array, names: tuple[str, ...]) -> Judgement | None:
    """Find the judgement farthest from what the others imply, which is the geometric mean of a_ik * a_kj over k.

    That mean is also what least squares of logarithms put in the cell when it is left out.
    """
    size = len(judged)
    if size < 3:
        return None
    logs = np.log(judged)
    rows = logs.sum(axis=1)
    implied = (rows[:, None] - rows[None, :] - 2 * logs) / (size - 2)
    clash = np.round(np.triu(abs(logs - implied), 1), 9)
    i, j = np.unravel_index(int(np.argmax(clash)), clash.shape)
    if clash[i, j] <= _CLASH:
        return None
    return Judgement(names[i], names[j], float(judged[i, j]), float(np.exp(implied[i, j])))


def from_upper(upper: Sequence[Sequence[float | str]]) -> Array:
    """Complete a matrix from the judgements above its diagonal.

    Parameters
    ----------
    upper : sequence of sequences of float or str
        Row by row, without the diagonal: n - 1 judgements, then n - 2, down to one; ``"1/3"`` is a third.

    Returns
    -------
    ndarray, shape (n, n)
        The whole matrix.

    Raises
    ------
    TableError
        If a row has another length or a cell is no number above 0.

    Examples
    --------
    >>> from_upper([[4, "1/2"], [3]])[0].tolist()
    [1.0, 4.0, 0.5]
    """
    size = len(upper) + 1
    matrix = np.eye(size)
    for i, row in enumerate(upper):
        if len(row) != size - 1 - i:
            raise TableError(
                f"judgements: row {i + 1} has {len(row)} values above the diagonal, {size - 1 - i} wanted"
                f" with {size} criteria."
            )
        for j, judgement in enumerate(row, i + 1):
            cell = f"row {i + 1}, column {j + 1}"
            value = _number(judgement, cell)
            if not (np.isfinite(value) and value > 0):
                raise TableError(f"judgements: {cell} is {judgement}. A judgement is a finite number above 0.")
            matrix[i, j], matrix[j, i] = value, 1 / value
    return matrix


def global_weights(hierarchy: Mapping[str, Any]) -> dict[str, float]:
    """Multiply weights down a hierarchy.

    Parameters
    ----------
    hierarchy : mapping of str to float or (float, mapping)
        Each part of the goal with its weight among its sisters, and its own parts where it has some.

    Returns
    -------
    dict of str to float
        Weight of every leaf in the whole; they add up to 1.

    Raises
    ------
    TableError
        If the weights of sisters do not add up to 1 (to .001, for published ones are rounded), or two leaves have
        one name.

    Examples
    --------
    >>> leaves = global_weights({"current": (0.6, {"profit": 0.75, "sales": 0.25}), "loyalty": 0.4})
    >>> {name: round(weight, 4) for name, weight in leaves.items()}
    {'profit': 0.45, 'sales': 0.15, 'loyalty': 0.4}
    """
    leaves: dict[str, float] = {}
    for name, weight in _leaves(hierarchy, 1.0, "the goal"):
        if name in leaves:
            raise TableError(f"hierarchy: {name} is a leaf twice. Give every leaf a name of its own.")
        leaves[name] = weight
    return leaves


def _leaves(hierarchy: Mapping[str, Any], above: float, parent: str) -> Iterator[tuple[str, float]]:
    """Yield the leaves below one part with their weights in the whole."""
    parts = {name: part if isinstance(part, tuple) else (part, None) for name, part in hierarchy.items()}
    total = sum(weight for weight, _ in parts.values())
    if not abs(total - 1) <= _SUM or min(weight for weight, _ in parts.values()) < 0:
        raise TableError(f"hierarchy: the parts of {parent} weigh {total:.4g} together. They must add up to 1.")
    for name, (weight, below) in parts.items():
        if below is None:
            yield name, above * weight
        else:
            yield from _leaves(below, above * weight, name)
