"""Fits the Gamma-Gamma model by maximum likelihood.

Reads frequency and monetary_value of repeat buyers, or of cells of equal buyers with weights; makes a
`GammaGamma`. Fader and Hardie (2013), "The Gamma-Gamma model of monetary value", equation 1a.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from custlib.errors import ModelError
from custlib.models.cells import merge_rows
from custlib.models.gammagamma_model import GammaGamma
from custlib.models.inputs import number_faults, read_columns, refuse_faults
from custlib.models.newton import Optimum, condition_number, identified_covariance, maximise

Array = NDArray[np.float64]

_START = np.array([2.0, 3.0, 1.0])
_CONDITION_LIMIT = 1e10


def fit(frequency: ArrayLike, monetary_value: ArrayLike, weights: ArrayLike | None = None) -> GammaGamma:
    """Fit the model to repeat buyers.

    Parameters
    ----------
    frequency : array_like, shape (n,)
        Repeat purchase days, >= 1: leave one-time buyers out.
    monetary_value : array_like, shape (n,)
        Mean money of those days, > 0.
    weights : array_like, shape (n,), optional
        How many customers each row stands for, >= 0; 1 by default.

    Returns
    -------
    GammaGamma
        With these flags where they apply:

        - ``no_finite_mean``: q <= 1, expected spend is infinite; use a median instead.
        - ``spend_homogeneous``: q and v grow without end; customers hardly differ in what they spend.
        - ``days_constant``: p grows without end; a customer spends the same every day.
        - ``ill_conditioned``: some combination of parameters is hardly determined.
        - ``not_converged``: the search ended without a maximum.

    Raises
    ------
    TableError
        When a frequency is below 1, a value is not above 0, or a number is missing.
    ModelError
        When there is no customer, or all spend exactly the same.

    Examples
    --------
    >>> fit([2, 1, 1, 4, 3, 2], [22.35, 11.77, 60.1, 35.2, 14.0, 90.5]).converged
    True
    """
    x, spend = read_columns(frequency=frequency, monetary_value=monetary_value)
    weights, _ = read_columns(weights=1.0 if weights is None else weights, frequency=x)
    refuse_faults(
        [
            *number_faults("frequency", x, least="below 1"),
            *number_faults("monetary_value", spend, least="not positive"),
            *number_faults("weights", weights),
        ]
    )
    rows, weights = merge_rows(np.stack([x.ravel(), spend.ravel()]), weights.ravel())
    _refuse_unidentified(rows[1])
    return _fit(_Cells.make(rows, weights))


def _refuse_unidentified(spend: Array) -> None:
    """Raise where the likelihood has no maximum at all."""
    if spend.size == 0:
        raise ModelError("Gamma-Gamma: no repeat buyers. Give at least two with a weight above 0.")
    if spend.min() == spend.max():
        raise ModelError(
            f"Gamma-Gamma: every buyer spends exactly {spend[0]:g} a day, so nothing can be fitted. "
            "Use that value as it is."
        )


@dataclass(frozen=True)
class _Cells:
    """Merged buyers, money scaled to mean 1: distinct frequencies, then one row for each cell."""

    x: Array  # distinct frequencies
    x_weights: Array
    which: NDArray[np.intp]  # place of each cell's frequency in x
    spend: Array
    weights: Array
    scale: float

    @classmethod
    def make(cls, rows: Array, weights: Array) -> "_Cells":
        """Scale the money."""
        x, spend = rows
        scale = float(spend @ weights / weights.sum())
        distinct, which = np.unique(x, return_inverse=True)
        x_weights = np.bincount(which, weights).astype(np.float64)
        return cls(distinct, x_weights, which, spend / scale, weights, scale)


def _fit(cells: _Cells) -> GammaGamma:
    """Maximise, and return to the caller's unit of money."""
    customers = float(cells.weights.sum())
    optimum = maximise(lambda p: _likelihood(p, cells), _START, customers=customers)
    unit = np.array([1.0, 1.0, cells.scale])
    covariance = identified_covariance(optimum) * np.outer(unit, unit)
    p, q, v = (float(value) for value in optimum.parameters * unit)
    return GammaGamma(
        p,
        q,
        v,
        log_likelihood=optimum.value - customers * math.log(cells.scale),
        covariance=covariance,
        standard_errors=np.sqrt(np.diag(covariance)),
        converged=optimum.converged,
        flags=_describe(optimum),
        customers=customers,
        gradient_norm=float(np.abs(optimum.gradient).max()) / customers,
        condition_number=condition_number(optimum),
        evaluations=optimum.evaluations,
    )


def _describe(optimum: Optimum) -> tuple[str, ...]:
    """List the flags."""
    p, q, _ = optimum.parameters
    constant, homogeneous = optimum.ridge and p > 100, optimum.ridge and q > 100
    weak = optimum.ridge or condition_number(optimum) > _CONDITION_LIMIT
    found = {
        "no_finite_mean": q <= 1,
        "spend_homogeneous": homogeneous,
        "days_constant": constant,
        "ill_conditioned": weak and not (constant or homogeneous),
        "not_converged": not optimum.converged,
    }
    return tuple(name for name, holds in found.items() if holds)


def _likelihood(parameters: Array, cells: _Cells) -> tuple[float, Array, Array]:
    """Value, gradient and Hessian by (p, q, v)."""
    p, q, v = parameters
    value, gradient, hessian = _gamma_terms(p, q, cells)
    x, weights = cells.x[cells.which], cells.weights
    total, shape = x * cells.spend, p * x + q
    both = total + v
    own, rest = np.log(total / both), np.log(v / both)  # shares of the customer and of the population
    value += float(weights @ (p * x * own + q * rest - np.log(cells.spend)))
    gradient += np.array([weights @ (x * own), weights @ rest, weights @ (q / v - shape / both)])
    hessian[:2, 2] = hessian[2, :2] = -(weights @ (x / both)), weights @ (total / both) / v
    hessian[2, 2] = weights @ (shape / both**2 - q / v**2)
    return value, gradient, hessian


def _gamma_terms(p: float, q: float, cells: _Cells) -> tuple[float, Array, Array]:
    """Terms in gamma functions, which depend on the frequency only: -ln B(p x, q)."""
    x, count = cells.x, cells.x_weights
    days, both = p * x, p * x + q
    value = -float(count @ special.betaln(days, q))
    slope, bend = special.digamma(both), special.zeta(2, both)
    gradient = np.array([count @ (x * (slope - special.digamma(days))), count @ (slope - special.digamma(q)), 0.0])
    hessian = np.zeros((3, 3))
    hessian[0, 0] = count @ (x**2 * (bend - special.zeta(2, days)))
    hessian[0, 1] = hessian[1, 0] = count @ (x * bend)
    hessian[1, 1] = count @ (bend - special.zeta(2, q))
    return value, gradient, hessian
