"""Makes indicators of different units comparable: z-scores, or marks from 0 to 100.

Reads one column of numbers, or what is known of it; makes a `Standard`, which is kept and used for values to come.
An indicator that is the same for all tells nobody apart: 0 or 50 throughout, and ``constant`` says so.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from custlib.errors import UsageError, hint
from custlib.models.inputs import number_faults, read_columns, refuse_faults

Array = NDArray[np.float64]
How = Literal["z", "percent"]
Better = Literal["more", "less"]


@dataclass(frozen=True)
class Standard:
    """How an indicator is made comparable: (value - origin) * factor + level.

    ``factor`` is 0 where all values are the same: then every value becomes ``level``, which is said by ``constant``.
    """

    origin: float
    factor: float
    level: float = 0.0

    @property
    def constant(self) -> bool:
        """Whether all values were the same, so that the indicator tells nobody apart."""
        return self.factor == 0

    def __call__(self, values: ArrayLike) -> Array:
        """Standardise values."""
        found: Array = (np.asarray(values, dtype=np.float64) - self.origin) * self.factor + self.level
        return found


def z_score(mean: float, deviation: float, *, better: Better = "more") -> Standard:
    """Standardise to mean 0 and deviation 1; a constant becomes 0.

    Parameters
    ----------
    mean, deviation : float
        Of all values.
    better : {"more", "less"}
        Whether large values are good; where they are not, the sign is turned.

    Returns
    -------
    Standard

    Examples
    --------
    >>> z_score(10, 2)([8, 10, 14]).tolist()
    [-1.0, 0.0, 2.0]
    """
    sign = 1.0 if better == "more" else -1.0
    return Standard(float(mean), sign / deviation if deviation > 0 else 0.0)


def percent(least: float, most: float, *, better: Better = "more") -> Standard:
    """Standardise to 0 for the worst and 100 for the best; a constant becomes 50.

    Parameters
    ----------
    least, most : float
        Of all values.
    better : {"more", "less"}
        Whether large values are good.

    Returns
    -------
    Standard

    Examples
    --------
    >>> percent(0, 40, better="less")([0, 10, 40]).tolist()
    [100.0, 75.0, 0.0]
    """
    if not most > least:
        return Standard(float(least), 0.0, 50.0)
    worst, best = (least, most) if better == "more" else (most, least)
    return Standard(float(worst), 100.0 / (best - worst))


def standardise(values: ArrayLike, how: How = "z", *, better: Better = "more") -> tuple[Array, Standard]:
    """Standardise an indicator over the values themselves.

    Parameters
    ----------
    values : array_like, shape (n,)
        Finite numbers.
    how : {"z", "percent"}
        To mean 0 and deviation 1 (of the population), or from 0 to 100.
    better : {"more", "less"}
        Whether large values are good.

    Returns
    -------
    values : ndarray, shape (n,)
        Standardised: 0 (or 50) throughout where all are the same.
    standard : Standard
        What was done, for values to come; ``constant`` says that all were the same.

    Raises
    ------
    TableError
        If a value is no finite number.
    UsageError
        If there is no such way.

    Examples
    --------
    >>> standardise([1, 2, 3], "percent")[0].tolist()
    [0.0, 50.0, 100.0]
    >>> found, standard = standardise([7, 7])
    >>> found.tolist(), standard.constant
    ([0.0, 0.0], True)
    """
    if how not in ("z", "percent"):
        raise UsageError(f"standardise: {how} is unknown. {hint(how, ['z', 'percent'])}")
    (column,) = read_columns(values=values)
    refuse_faults(number_faults("value", column)[:1])
    least, most = (float(column.min()), float(column.max())) if column.size else (0.0, 0.0)
    if how == "percent":
        standard = percent(least, most, better=better)
    else:
        deviation = float(column.std()) if most > least else 0.0
        standard = z_score(float(column.mean()) if most > least else least, deviation, better=better)
    return standard(column), standard
