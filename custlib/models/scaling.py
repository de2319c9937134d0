"""Makes features of different units comparable: z-scores, marks from 0 to 100, or a power towards normality.

Reads one column of numbers, or what is known of it; makes a `Standard`, or a power with mean and deviation (Yeo and
Johnson 2000, for values that are not negative), which are used for values to come. A feature that is the same for all
tells nobody apart: it becomes 0 or 50 throughout, and ``constant`` says so.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from custlib.errors import UsageError, hint
from custlib.models.cells import number_faults, read_columns, refuse_faults

Array = NDArray[np.float64]
How = Literal["z", "percent"]
Better = Literal["more", "less"]

_DIGITS = 9


@dataclass(frozen=True)
class Standard:
    """A scale for an indicator: (value - origin) * factor + level.

    ``factor`` is 0 where all values are the same: then every value becomes ``level``, and ``constant`` is true.
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
        scaled: Array = (np.asarray(values, dtype=np.float64) - self.origin) * self.factor + self.level
        return scaled


def z_score(mean: float, deviation: float, *, better: Better = "more") -> Standard:
    """Standardise to mean 0 and deviation 1; a constant becomes 0. Where less is better, the sign is turned.

    Examples
    --------
    >>> z_score(10, 2)([8, 10, 14]).tolist()
    [-1.0, 0.0, 2.0]
    """
    sign = 1.0 if better == "more" else -1.0
    return Standard(float(mean), sign / deviation if deviation > 0 else 0.0)


def percent(least: float, most: float, *, better: Better = "more") -> Standard:
    """Standardise to 0 for the worst and 100 for the best; a constant becomes 50.

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
    """Standardise an indicator over its own values, and return the scale for values to come.

    ``"z"`` gives mean 0 and deviation 1 (of the population), ``"percent"`` 0 to 100.

    Examples
    --------
    >>> standardise([1, 2, 3], "percent")[0].tolist()
    [0.0, 50.0, 100.0]
    >>> values, standard = standardise([7, 7])
    >>> values.tolist(), standard.constant
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


def transform(values: Array, fitted: dict[str, float]) -> Array:
    """Transform and standardise one feature (values >= 0) by what `fit_power` returns.

    Examples
    --------
    With power 0 the transform is log(1 + x):

    >>> transform(np.array([0.0, np.e - 1]), {"power": 0.0, "mean": 0.0, "deviation": 1.0}).round(9).tolist()
    [0.0, 1.0]
    """
    return (_yeo_johnson(values, fitted["power"]) - fitted["mean"]) / fitted["deviation"]


def fit_power(values: Array, weights: Array, fixed: float | None = None) -> dict[str, float]:
    """Find the power of greatest likelihood under a normal distribution, with weights, or take a fixed one.

    Also mean and deviation of the transformed feature; the power is 0 where the feature does not vary.

    Examples
    --------
    >>> fit_power(np.array([0.0, 0.0]), np.ones(2))
    {'power': 0.0, 'mean': 0.0, 'deviation': 1.0}
    """
    from scipy.optimize import minimize_scalar

    share = weights / weights.sum()
    logs = float(share @ np.log1p(values))

    def loss(power: float) -> float:
        moved = _yeo_johnson(values, power)
        variance = float(share @ (moved - share @ moved) ** 2)
        return 0.5 * float(np.log(max(variance, 1e-300))) - (power - 1) * logs

    if np.ptp(values) == 0:
        fixed = 0.0
    best = fixed if fixed is not None else float(minimize_scalar(loss, bounds=(-3, 3), method="bounded").x)
    power = round(best, 4)
    moved = _yeo_johnson(values, power)
    mean = float(share @ moved)
    deviation = float(np.sqrt(share @ (moved - mean) ** 2)) or 1.0
    return {"power": power, "mean": round(mean, _DIGITS), "deviation": round(deviation, _DIGITS) or 1.0}


def _yeo_johnson(values: Array, power: float) -> Array:
    """Apply the transform of Yeo and Johnson to values that are not negative."""
    logs = np.log1p(values)
    return logs if power == 0 else np.expm1(power * logs) / power
