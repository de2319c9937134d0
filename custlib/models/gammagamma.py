"""Gamma-Gamma: how much a customer spends on a purchase day.

Reads frequency and monetary_value of repeat buyers, or of cells with weights; makes a `GammaGamma`, and expected spend.
Fader and Hardie (2013), "The Gamma-Gamma model of monetary value". Spend must not depend on frequency: `independence`.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from custlib.errors import ModelError
from custlib.models.cells import Array, merge_rows, number_faults, read_columns, read_weights, refuse_faults
from custlib.models.fitted import FittedModel, evidence, names_that_hold, read_model, write_model
from custlib.models.newton import Optimum, condition_number, maximise
from custlib.models.spend_independence import Independence, independence

__all__ = [
    "GammaGamma", "Independence", "expected_spend", "fit", "from_dict", "independence", "mean_spend",
    "mean_spend_standard_error", "to_dict",
]  # fmt: skip

_START = np.array([2.0, 3.0, 1.0])
_CONDITION_LIMIT = 1e10


@dataclass(frozen=True, repr=False)
class GammaGamma(FittedModel):
    """The three parameters, with the evidence where they were fitted.

    The money of a day is ~ Gamma(p, rate nu), and nu ~ Gamma(q, rate v) differs between customers. Two models are
    equal when their parameters are. p and v are strongly correlated: report `mean_spend`.

    Attributes
    ----------
    p, q, v : float
        Shape within customers, shape between customers, and rate in the unit of money.
    log_likelihood, covariance, standard_errors, converged, flags, customers : optional
        See `custlib.models.fitted.FittedModel`; the covariance is that of p, q, v.
    gradient_norm, condition_number, evaluations : optional
        See there.

    Raises
    ------
    ModelError
        When a parameter is not finite and above 0.

    Examples
    --------
    >>> GammaGamma(6.25, 3.74, 15.44).p
    6.25
    """

    label: ClassVar[str] = "Gamma-Gamma"
    parameters: ClassVar[tuple[str, ...]] = ("p", "q", "v")

    p: float
    q: float
    v: float


def to_dict(model: GammaGamma, *, money_unit: str) -> dict[str, Any]:
    """Write a model as a mapping that JSON can hold.

    Parameters
    ----------
    model : GammaGamma
        A model.
    money_unit : str
        The unit that v is in, for example ``"USD"``.

    Returns
    -------
    dict
        Floats, strings and lists; None for what is not known or not identified.

    Examples
    --------
    >>> to_dict(GammaGamma(6.25, 3.74, 15.44), money_unit="USD")["v"]
    15.44
    """
    return {"model": model.label, "money_unit": money_unit, **write_model(model)}


def from_dict(mapping: Mapping[str, Any]) -> GammaGamma:
    """Read a model from a mapping.

    Parameters
    ----------
    mapping : mapping
        As `to_dict` makes it; only p, q and v are required.

    Returns
    -------
    GammaGamma

    Raises
    ------
    ModelError
        When a parameter is missing, no number, not finite or not above 0.

    Examples
    --------
    >>> from_dict({"p": 6.25, "q": 3.74, "v": 15.44}).q
    3.74
    """
    return read_model(GammaGamma, mapping)


def fit(frequency: ArrayLike, monetary_value: ArrayLike, weights: ArrayLike | None = None) -> GammaGamma:
    """Fit the model to repeat buyers by maximum likelihood.

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
        - ``no_finite_variance``: 1 < q <= 2, a few customers decide the mean; no variance follows from the model.
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
    weights = read_weights(weights, x)
    faults = number_faults("frequency", x, least="below 1") + number_faults(
        "monetary_value", spend, least="not positive"
    )
    refuse_faults(faults + number_faults("weights", weights))
    rows, weights = merge_rows(np.stack([x.ravel(), spend.ravel()]), weights.ravel())
    _refuse_unidentified(rows[1])
    return _fit(_Cells.of(rows, weights))


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
    def of(cls, rows: Array, weights: Array) -> "_Cells":
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
    units, value = np.array([1.0, 1.0, cells.scale]), optimum.value - customers * math.log(cells.scale)
    p, q, v = (float(parameter) for parameter in optimum.parameters * units)
    fields = evidence(optimum, units, customers=customers, log_likelihood=value)
    return GammaGamma(p, q, v, **fields, flags=_describe(optimum))


def _describe(optimum: Optimum) -> tuple[str, ...]:
    """List the flags."""
    p, q, _ = optimum.parameters
    constant, homogeneous = optimum.ridge and p > 100, optimum.ridge and q > 100
    weak = optimum.ridge or condition_number(optimum) > _CONDITION_LIMIT
    conditions = {
        "no_finite_mean": q <= 1,
        "no_finite_variance": 1 < q <= 2,
        "spend_homogeneous": homogeneous,
        "days_constant": constant,
        "ill_conditioned": weak and not (constant or homogeneous),
        "not_converged": not optimum.converged,
    }
    return names_that_hold(conditions)


def _likelihood(parameters: Array, cells: _Cells) -> tuple[float, Array, Array]:
    """Compute value, gradient and Hessian of the log of equation (1a) by (p, q, v)."""
    (p, q, v), x, weights = parameters, cells.x[cells.which], cells.weights
    value, gradient, hessian = _gamma_terms(p, q, cells)
    total, shape = x * cells.spend, p * x + q
    both = total + v
    own, rest = np.log(total / both), np.log(v / both)  # shares of the customer and of the population
    # equation (1a): Gamma(p x + q) / (Gamma(p x) Gamma(q)) v**q m**(p x - 1) x**(p x) / (v + x m)**(p x + q)
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


def mean_spend(model: GammaGamma) -> float:
    """Compute the mean spend of a purchase day over all customers, p v / (q - 1).

    Parameters
    ----------
    model : GammaGamma
        A model with q > 1.

    Returns
    -------
    float
        In the unit of money.

    Raises
    ------
    ModelError
        When q <= 1: the mean is infinite.

    Examples
    --------
    >>> round(mean_spend(GammaGamma(6.25, 3.74, 15.44)), 2)
    35.22
    """
    _refuse_infinite_mean(model)
    return model.p * model.v / (model.q - 1)


def mean_spend_standard_error(model: GammaGamma) -> float:
    """Compute the standard error of `mean_spend`, by the delta method.

    Parameters
    ----------
    model : GammaGamma
        A fitted model with q > 1.

    Returns
    -------
    float
        In the unit of money; NaN where a parameter is not identified.

    Raises
    ------
    ModelError
        When q <= 1, or the model has no covariance.

    Examples
    --------
    >>> model = fit([2, 1, 1, 4, 3, 2], [22.35, 11.77, 60.1, 35.2, 14.0, 90.5])
    >>> 0 < mean_spend_standard_error(model) < mean_spend(model)
    True
    """
    mean = mean_spend(model)
    if model.covariance is None:
        raise ModelError("Gamma-Gamma: no covariance, so no standard error. Use a fitted model.")
    slope = mean * np.array([1 / model.p, -1 / (model.q - 1), 1 / model.v])
    return float(np.sqrt(slope @ model.covariance @ slope))


def expected_spend(model: GammaGamma, frequency: ArrayLike, monetary_value: ArrayLike) -> Array:
    """Compute the expected spend of a customer's purchase days, (v + x m) p / (p x + q - 1).

    Fader and Hardie (2013): the mean of the population and that of the customer, weighted.

    Parameters
    ----------
    model : GammaGamma
        A model with q > 1.
    frequency : array_like
        Repeat purchase days x, >= 0.
    monetary_value : array_like
        Their mean money m, > 0; whatever it is, it does not count where the frequency is 0.

    Returns
    -------
    ndarray
        In the unit of money; the population mean where the frequency is 0.

    Raises
    ------
    TableError
        When a frequency is negative or no number, or a value that counts is not above 0.
    ModelError
        When q <= 1: the mean is infinite.

    Examples
    --------
    >>> expected_spend(GammaGamma(6.25, 3.74, 15.44), [2, 0], [22.35, 0]).round(2)
    array([24.66, 35.22])
    """
    _refuse_infinite_mean(model)
    x, spend = read_columns(frequency=frequency, monetary_value=monetary_value)
    spend = np.where(x == 0, 1.0, spend)
    refuse_faults([*number_faults("frequency", x), *number_faults("monetary_value", spend, least="not positive")])
    return np.asarray((model.v + x * spend) * model.p / (model.p * x + model.q - 1))[()]


def _refuse_infinite_mean(model: GammaGamma) -> None:
    """Raise where the expected spend is infinite."""
    if model.q <= 1:
        raise ModelError(
            f"Gamma-Gamma: q is {model.q:.4g}, so spend has no finite mean (q must be above 1). "
            "Shrink each customer's mean towards the median instead."
        )
