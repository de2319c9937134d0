"""Nodes and weights of the integrals behind the lifetime models.

- `beta_nodes`: expectations over a Beta distribution, also one with a tiny first parameter. A trapezoid
  sum after a substitution that makes the integrand die off at both ends converges exponentially
  (Takahasi and Mori 1974, "Double exponential formulas for numerical integration"). `gamma_nodes`: over a Gamma
  distribution, in the same way.
- `horizon_nodes`: integrals over time of a function that falls fast at first (Gauss-Legendre).

`interpolate_positive` tabulates smooth positive functions once and reads them off many times.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from math import inf

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

Array = NDArray[np.float64]

# Nodes by how far t / (alpha + T) reaches, up to 1e12: relative errors of expectations are mostly below 1e-13, and
# below 1e-10 wherever b > 0.3.
REACHES = ((1e3, 128), (2e4, 200), (inf, 400))
_TAIL = 60.0  # nodes reach until the density is exp(-60) = 9e-27 of its peak


def beta_nodes(a: float, b: ArrayLike, *, count: int = REACHES[0][1]) -> tuple[Array, Array]:
    """Make nodes and weights for expectations over p ~ Beta(a, b), one row for each b; the weights sum to 1.

    The nodes are ``p = expit(centre + spread * sinh(v))`` with v equally spaced; those below 1e-308 are 0.

    Examples
    --------
    >>> nodes, weights = beta_nodes(2.0, [3.0])
    >>> round(float((nodes * weights).sum()), 12)
    0.4
    """
    b = np.asarray(b, dtype=np.float64).reshape(-1, 1)
    centre = np.log((a + 0.5) / (b + 0.5))
    spread = np.minimum(1.2 * np.sqrt(1 / (a + 0.5) + 1 / (b + 0.5)), 1.0)
    start, end = (np.arcsinh((eta - centre) / spread) for eta in _beta_limits(a, b))
    v = start + (end - start) * np.linspace(0, 1, count)
    eta = centre + spread * np.sinh(v)
    log_weight = _log_beta_density(a, b, eta) + np.log(np.cosh(v))
    weights = np.exp(log_weight - log_weight.max(axis=1, keepdims=True))
    return np.exp(-np.logaddexp(0, -eta)), weights / weights.sum(axis=1, keepdims=True)


def _log_beta_density(a: float, b: Array, eta: Array) -> Array:
    """Compute the log density of the logit of p ~ Beta(a, b), up to a constant."""
    return -a * np.logaddexp(0, -eta) - b * np.logaddexp(0, eta)


def _beta_limits(a: float, b: Array) -> tuple[Array, Array]:
    """Find the logits left and right of the mode where the density is exp(-_TAIL) of its peak."""
    mode = np.log(a / b)
    floor = _log_beta_density(a, b, mode) - _TAIL
    # p**a and (1 - p)**b alone give limits that are too wide; Newton closes in from outside (concave)
    left, right = floor / a, -floor / b
    limits = [_logit_of_log(left), -_logit_of_log(-right)]
    for _ in range(8):
        for side, eta in enumerate(limits):
            slope = a * np.exp(-np.logaddexp(0, eta)) - b * np.exp(-np.logaddexp(0, -eta))
            limits[side] = eta - (_log_beta_density(a, b, eta) - floor) / slope
    return limits[0], limits[1]


def _logit_of_log(log_p: Array) -> Array:
    """Compute the logit of a probability from its logarithm, < 0."""
    return log_p - np.log(-np.expm1(log_p))


def gamma_nodes(shape: ArrayLike, *, count: int = 96) -> tuple[Array, Array]:
    """Make nodes and weights for expectations over g ~ Gamma(shape), one row for each shape; the weights sum to 1.

    The nodes are ``g = exp(centre + spread * sinh(v))`` with v equally spaced.

    Examples
    --------
    >>> nodes, weights = gamma_nodes([3.0])
    >>> round(float((nodes * weights).sum()), 12)
    3.0
    """
    shape = np.asarray(shape, dtype=np.float64).reshape(-1, 1)
    centre, spread = np.log(shape + 0.5), np.minimum(1.2 / np.sqrt(shape + 0.5), 1.0)
    start, end = (np.arcsinh((eta - centre) / spread) for eta in _gamma_limits(shape))
    v = start + (end - start) * np.linspace(0, 1, count)
    eta = centre + spread * np.sinh(v)
    log_weight = shape * eta - np.exp(eta) + np.log(np.cosh(v))
    weights = np.exp(log_weight - log_weight.max(axis=1, keepdims=True))
    return np.exp(eta), weights / weights.sum(axis=1, keepdims=True)


def _gamma_limits(shape: Array) -> tuple[Array, Array]:
    """Find the logarithms left and right of the mode where the density of ln g is exp(-_TAIL) of its peak."""
    mode = np.log(shape)
    floor = shape * mode - shape - _TAIL
    left, right = floor / shape, np.log(2 * (shape + _TAIL))
    for _ in range(12):  # Newton closes in from outside (concave)
        left = left - (shape * left - np.exp(left) - floor) / (shape - np.exp(left))
        right = right - (shape * right - np.exp(right) - floor) / (shape - np.exp(right))
    return left, right


@cache
def _legendre(count: int) -> tuple[Array, Array]:
    """Make Gauss-Legendre nodes and weights on 0 to 1."""
    nodes, weights = special.roots_legendre(count)
    return (nodes + 1) / 2, weights / 2


def horizon_nodes(crowding: ArrayLike, *, count: int = 48) -> tuple[Array, Array]:
    """Make nodes and weights for integrals over 0 < s < 1 of functions that fall fast at first, a row for each.

    Gauss-Legendre in ``log1p(crowding * s)``, where crowding is about minus the logarithmic slope at 0.

    Examples
    --------
    >>> nodes, weights = horizon_nodes([2.0])
    >>> round(float((nodes**3 * weights).sum()), 12)
    0.25
    """
    crowding = np.asarray(crowding, dtype=np.float64).reshape(-1, 1)
    z, weights = _legendre(count)
    length = np.log1p(crowding)
    nodes = np.expm1(z * length) / crowding
    return nodes, weights * length * (nodes + 1 / crowding)


def interpolate_positive(
    function: Callable[[Array, NDArray[np.intp]], Array], at: Array, group: NDArray[np.intp]
) -> Array:
    """Evaluate positive functions of a positive argument at many points through a Chebyshev table each.

    Made for functions that are smooth in the logarithm of the argument, analytic within half pi of the real axis there:
    then the number of table points follows from the range of the arguments, and the relative error is about 1e-13. A
    list of arguments shorter than the table is evaluated directly. Trefethen, "Approximation Theory and Approximation
    Practice" (2013), chapters 5 and 8.

    `function` takes arguments and which function each is for, and is called once.

    Examples
    --------
    >>> power = np.array([0.5, 2.0])
    >>> values = interpolate_positive(lambda x, one: x ** power[one], np.full(4, 3.0), np.array([0, 1, 0, 1]))
    >>> values.round(10)
    array([1.73205081, 9.        , 1.73205081, 9.        ])
    """
    order = np.argsort(group, kind="stable")
    parts = np.split(order, np.flatnonzero(np.diff(group[order])) + 1) if at.size else []
    tables = [_Table.of(np.log(at[rows])) for rows in parts]
    arguments = [at[rows] if table is None else table.arguments for rows, table in zip(parts, tables, strict=True)]
    sizes = [own.size for own in arguments]
    whose = np.repeat([group[rows[0]] for rows in parts], sizes).astype(np.intp)
    values_of = np.split(function(np.concatenate([*arguments, np.empty(0)]), whose), np.cumsum(sizes))
    result = np.empty_like(at)
    for rows, table, values in zip(parts, tables, values_of[: len(parts)], strict=True):
        result[rows] = values if table is None else table.read(values, np.log(at[rows]))
    return result


@dataclass(frozen=True)
class _Table:
    """Chebyshev points on an interval of logarithms."""

    middle: float
    half: float
    points: Array

    @classmethod
    def of(cls, place: Array) -> "_Table | None":
        """Make a table over logarithms of arguments, or None where it would be longer than they are many."""
        low, high = float(place.min()), float(place.max())
        half = (high - low) / 2
        if half == 0 or (count := _table_size(half)) >= place.size:
            return None
        return cls((low + high) / 2, half, np.cos(np.pi * np.arange(count) / (count - 1)))

    @property
    def arguments(self) -> Array:
        """Arguments at which the function is to be evaluated."""
        return np.exp(self.middle + self.half * self.points)

    def read(self, values: Array, place: Array) -> Array:
        """Interpolate between the points, at logarithms of arguments."""
        return np.exp(_barycentric(self.points, np.log(values), (place - self.middle) / self.half))


def _table_size(half: float) -> int:
    """Count the Chebyshev points for 1e-16 on an interval of this half width (Bernstein ellipse)."""
    axis = np.pi / 2 / half
    return int(np.ceil(37 / np.arcsinh(axis))) + 2


def _barycentric(points: Array, values: Array, at: Array) -> Array:
    """Evaluate the polynomial through Chebyshev points (second kind) at places between -1 and 1."""
    sign = (-1.0) ** np.arange(points.size)
    sign[[0, -1]] /= 2
    result = np.empty_like(at)
    for part in np.array_split(np.arange(at.size), at.size * points.size // 500_000 + 1):
        gap = at[part, None] - points
        exact = np.abs(gap) < 1e-15
        pull = sign / np.where(exact, 1.0, gap)
        hit = exact.any(axis=1)
        pull[hit] = exact[hit]
        result[part] = pull @ values / pull.sum(axis=1)
    return result
