"""Gamma-Gamma: how much a customer spends on a purchase day.

Makes a `GammaGamma`; reads frequency (repeat purchase days) and monetary_value (mean money of those days)
of repeat buyers, or of cells of equal buyers with weights. Fader and Hardie (2013), "The Gamma-Gamma
model of monetary value". The model takes spend to be independent of frequency: see `independence`.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from custlib.errors import ModelError
from custlib.models.cells import merge_rows
from custlib.models.inputs import number_faults, read_columns, refuse_faults
from custlib.models.newton import Optimum, condition_number, identified_covariance, maximise
from custlib.models.record import read_record, write_record
from custlib.models.spend_independence import Independence, independence

__all__ = [
    "GammaGamma",
    "Independence",
    "expected_spend",
    "fit",
    "from_dict",
    "independence",
    "mean_spend",
    "mean_spend_standard_error",
    "to_dict",
]

Array = NDArray[np.float64]

PARAMETERS = ("p", "q", "v")
_START = np.array([2.0, 3.0, 1.0])
_CONDITION_LIMIT = 1e10


@dataclass(frozen=True)
class GammaGamma:
    """The three parameters, with the evidence where they were fitted.

    The money of a day is ~ Gamma(p, rate nu), and nu ~ Gamma(q, rate v) differs between customers. Two
    models are equal when their parameters are. p and v are strongly correlated: report `mean_spend`.

    Attributes
    ----------
    p, q, v : float
        Shape within customers, shape between customers, and rate in the unit of money.
    log_likelihood, covariance, standard_errors, converged, flags, customers : optional
        As in `custlib.models.bgnbd.BGNBD`; the covariance is that of p, q, v.
    gradient_norm, condition_number, evaluations : optional
        As there.

    Raises
    ------
    ModelError
        When a parameter is not finite and above 0.

    Examples
    --------
    >>> GammaGamma(6.25, 3.74, 15.44).p
    6.25
    """

    p: float
    q: float
    v: float
    log_likelihood: float | None = field(default=None, compare=False)
    covariance: Array | None = field(default=None, compare=False, repr=False)
    standard_errors: Array | None = field(default=None, compare=False)
    converged: bool | None = field(default=None, compare=False)
    flags: tuple[str, ...] = field(default=(), compare=False)
    customers: float | None = field(default=None, compare=False)
    gradient_norm: float | None = field(default=None, compare=False)
    condition_number: float | None = field(default=None, compare=False)
    evaluations: int | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        """Refuse parameters that are none."""
        for name in PARAMETERS:
            value = getattr(self, name)
            if not (math.isfinite(value) and value > 0):
                raise ModelError(f"Gamma-Gamma: {name} must be finite and above 0, got {value}.")


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
    return _fit(*rows, weights)


def mean_spend(model: GammaGamma) -> float:
    """Give the mean spend of a purchase day over all customers, p v / (q - 1).

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
    """Give the standard error of `mean_spend`, by the delta method.

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
    """Give the expected spend of a customer's purchase days, (v + x m) p / (p x + q - 1).

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
    array([24.65, 35.22])
    """
    _refuse_infinite_mean(model)
    x, spend = read_columns(frequency=frequency, monetary_value=monetary_value)
    spend = np.where(x == 0, 1.0, spend)
    refuse_faults(
        [*number_faults("frequency", x), *number_faults("monetary_value", spend, least="not positive")]
    )
    result: Array = (model.v + x * spend) * model.p / (model.p * x + model.q - 1)
    return result[()]


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
    return {"model": "Gamma-Gamma", "money_unit": money_unit, **write_record(model)}


def from_dict(mapping: Mapping[str, Any]) -> GammaGamma:
    """Read a model from a mapping.

    Parameters
    ----------
    mapping : mapping
        As made by `to_dict`; only p, q and v are required.

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
    return GammaGamma(**read_record(mapping, model="Gamma-Gamma", required=PARAMETERS))


def _refuse_unidentified(spend: Array) -> None:
    """Raise where the likelihood has no maximum at all."""
    if spend.size == 0:
        raise ModelError("Gamma-Gamma: no repeat buyers. Give at least two with a weight above 0.")
    if spend.min() == spend.max():
        raise ModelError(
            f"Gamma-Gamma: every buyer spends exactly {spend[0]:g} a day, so nothing can be fitted. "
            "Use that value as it is."
        )


def _refuse_infinite_mean(model: GammaGamma) -> None:
    """Raise where the expected spend is infinite."""
    if model.q <= 1:
        raise ModelError(
            f"Gamma-Gamma: q is {model.q:.4g}, so spend has no finite mean (q must be above 1). "
            "Shrink each customer's mean towards the median instead."
        )


def _fit(x: Array, spend: Array, weights: Array) -> GammaGamma:
    """Scale the money to mean 1, maximise, and return to the caller's unit."""
    customers = float(weights.sum())
    scale = float(spend @ weights) / customers
    distinct, which = np.unique(x, return_inverse=True)
    count = np.bincount(which, weights)
    scaled = spend / scale
    optimum = maximise(
        lambda parameters: _likelihood(parameters, distinct, count, which, scaled, weights),
        _START,
        customers=customers,
    )
    unit = np.array([1.0, 1.0, scale])
    covariance = identified_covariance(optimum) * np.outer(unit, unit)
    p, q, v = (float(value) for value in optimum.parameters * unit)
    return GammaGamma(
        p,
        q,
        v,
        log_likelihood=optimum.value - customers * math.log(scale),
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
    p, q, v = optimum.parameters
    found = {
        "no_finite_mean": q <= 1,
        "spend_homogeneous": optimum.ridge and q > 100 and v > 0.1,
        "days_constant": optimum.ridge and p > 100,
        "ill_conditioned": condition_number(optimum) > _CONDITION_LIMIT,
        "not_converged": not optimum.converged,
    }
    return tuple(name for name, holds in found.items() if holds)


def _likelihood(
    parameters: Array, x: Array, count: Array, which: NDArray[np.intp], spend: Array, weights: Array
) -> tuple[float, Array, Array]:
    """Value, gradient and Hessian by (p, q, v); x and count are distinct frequencies and their weights."""
    p, q, v = parameters
    value, gradient, hessian = _gamma_terms(p, q, x, count)
    total, money = x[which] * spend, (p * x + q)[which]
    sum_ = total + v
    own, rest = np.log(total / sum_), np.log(v / sum_)  # shares of the customer and of the population
    frequency = x[which]
    value += float(weights @ (p * frequency * own + q * rest - np.log(spend)))
    gradient += np.array([weights @ (frequency * own), weights @ rest, weights @ (q / v - money / sum_)])
    mixed = -float(weights @ (frequency / sum_)), float(weights @ (total / sum_)) / v
    hessian[:2, 2] = hessian[2, :2] = mixed
    hessian[2, 2] = float(weights @ (money / sum_**2 - q / v**2))
    return value, gradient, hessian


def _gamma_terms(p: float, q: float, x: Array, count: Array) -> tuple[float, Array, Array]:
    """Terms in gamma functions, which depend on the frequency only: -ln B(p x, q)."""
    days, both = p * x, p * x + q
    value = -float(count @ special.betaln(days, q))
    slope, bend = special.digamma(both), special.zeta(2, both)
    gradient = np.array(
        [count @ (x * (slope - special.digamma(days))), count @ (slope - special.digamma(q)), 0.0]
    )
    hessian = np.zeros((3, 3))
    hessian[0, 0] = count @ (x**2 * (bend - special.zeta(2, days)))
    hessian[0, 1] = hessian[1, 0] = count @ (x * bend)
    hessian[1, 1] = count @ (bend - special.zeta(2, q))
    return value, gradient, hessian
