"""Likelihood, survival and discounted payments of customers who renew a contract period after period.

The chance theta to leave at a renewal differs between customers as a beta distribution. A customer of chance theta is
still there after t renewals with (1 - theta)^(t^c), so of all customers

    S(t) = B(alpha, beta + t^c) / B(alpha, beta).

With c = 1 this is the shifted beta geometric distribution (`custlib.models.retention.sbg`), else the beta discrete
Weibull (`custlib.models.retention.bdw`). Fader and Hardie (2007), "How to project customer retention", Journal of
Interactive Marketing 21; Fader, Hardie, Liu, Davin and Steenburgh (2018), "How to project customer retention
revisited: the role of duration dependence", same journal 43; Fader and Hardie (2010), "Customer-base valuation in a
contractual setting: the perils of ignoring heterogeneity", Marketing Science 29.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from custlib.errors import ModelError, TableError
from custlib.models.fitted import FittedModel, evidence, names_that_hold
from custlib.models.newton import condition_number, maximise

Array = NDArray[np.float64]
Model = TypeVar("Model", bound="RenewalModel")

_NEGLIGIBLE = 1e-12  # weight of a payment that is left out
_MOST_PERIODS = 400_000
_WEAK = 1e10
_PENALTY = 1e-6  # of log-likelihood by alpha + beta: where all customers are alike the fit stays finite
_OF_BETA = np.array([1.0, 1.0, 0.0])
_ALIKE = 1e3  # alpha + beta above which nobody differs by more than a point or two


@dataclass(frozen=True, repr=False)
class RenewalModel(FittedModel):
    """Chances to leave ~ Beta(alpha, beta); what the models of renewals share.

    Attributes
    ----------
    alpha, beta : float
        Parameters of the beta distribution of the chance to leave at a renewal.
    log_likelihood, covariance, standard_errors, converged, flags, customers : optional
        See `custlib.models.fitted.FittedModel`.
    """

    alpha: float
    beta: float

    @property
    def power(self) -> float:
        """The exponent c of time: 1 where the chance to leave of a customer does not change."""
        return 1.0


def survival(model: RenewalModel, renewals: ArrayLike) -> Array:
    """Compute the share of customers who are still there after a number of renewals.

    Parameters
    ----------
    model : RenewalModel
        A model.
    renewals : array_like
        Renewals t >= 0.

    Returns
    -------
    ndarray
        S(t), of the shape of ``renewals``: equation 6 of Fader and Hardie (2007) for c = 1.

    Examples
    --------
    >>> from custlib.models.retention.sbg import SBG
    >>> survival(SBG(0.668, 3.806), [0, 1, 7]).round(3).tolist()
    [1.0, 0.851, 0.489]
    """
    return np.exp(_log_survival(model.alpha, model.beta, np.asarray(renewals, dtype=float) ** model.power))


def _log_survival(alpha: float, beta: float, time: Array) -> Array:
    return np.asarray(special.betaln(alpha, beta + time) - special.betaln(alpha, beta), dtype=float)


def retention_rate(model: RenewalModel, renewal: ArrayLike) -> Array:
    """Compute the share of the customers before a renewal who make it.

    Parameters
    ----------
    model : RenewalModel
        A model.
    renewal : array_like
        Which renewal, t >= 1.

    Returns
    -------
    ndarray
        S(t) / S(t - 1): equation 8 of Fader and Hardie (2007) for c = 1, where it is
        (beta + t - 1) / (alpha + beta + t - 1).

    Examples
    --------
    >>> from custlib.models.retention.sbg import SBG
    >>> retention_rate(SBG(1.0, 3.0), [1, 2]).round(2).tolist()
    [0.75, 0.8]
    """
    renewal = np.asarray(renewal, dtype=float)
    return np.asarray(survival(model, renewal) / survival(model, renewal - 1))


def discounted_payments(
    model: RenewalModel, renewals: ArrayLike, discount: float, payments: int | None = None
) -> Array:
    """Compute the discounted expected residual lifetime (DERL): payments to come of customers who are there.

    Parameters
    ----------
    model : RenewalModel
        A model.
    renewals : array_like
        Renewals that each customer has made, whole numbers m >= 0.
    discount : float
        Rate per period, >= 0; above 0 where all payments to come are counted.
    payments : int, optional
        How many payments to come are counted; all by default.

    Returns
    -------
    ndarray
        Sum over j >= 0 of S(m + 1 + j) / S(m) / (1 + discount)^j: the next payment, which is due now, counts in full
        if it comes. Equation 6 of Fader and Hardie (2010) with n = m + 1; for c = 1 it equals
        (beta + m) / (alpha + beta + m) 2F1(1, beta + m + 1; alpha + beta + m + 1; 1 / (1 + discount)).

    Raises
    ------
    ModelError
        When all payments are to be counted without a discount: their number need not be finite.

    Examples
    --------
    >>> from custlib.models.retention.sbg import SBG
    >>> discounted_payments(SBG(1.0, 3.0), [0, 1], 0.0, payments=2).round(4).tolist()
    [1.35, 1.4667]
    """
    from scipy.signal import lfilter  # slow to import, and only customers under contract need it

    past = np.asarray(renewals, dtype=int)
    if payments is None and discount <= 0:
        raise ModelError(f"{model.label}: all payments to come have no finite number without a discount. Set a rate.")
    factor, last = 1 / (1 + discount), int(past.max(initial=0))
    length = payments if payments is not None else _periods_that_count(factor)
    surviving = survival(model, np.arange(last + length + 1))
    ahead = lfilter([1.0], [1.0, -factor], surviving[:0:-1])[::-1]  # sums of S(m + 1 + j) factor^j from m to the end
    ahead = np.append(ahead, 0.0)
    later = np.where(past + length < len(ahead), ahead[np.minimum(past + length, len(ahead) - 1)], 0.0)
    return np.asarray((ahead[past] - factor**length * later) / surviving[past])


def _periods_that_count(factor: float) -> int:
    return min(math.ceil(math.log(_NEGLIGIBLE) / math.log(factor)), _MOST_PERIODS)


def read_counts(renewals: ArrayLike, lost: ArrayLike, remaining: ArrayLike, label: str) -> tuple[Array, Array, Array]:
    """Check the counts of customers by renewal, and leave out rows without any.

    Raises
    ------
    TableError
        When the arrays differ in length, a count is negative or missing, or someone left before the first renewal.
    ModelError
        When nobody left, so that no chance to leave can be fitted.

    Examples
    --------
    >>> [column.tolist() for column in read_counts([1, 2], [3, 0], [0, 5], "sBG")]
    [[1.0, 2.0], [3.0, 0.0], [0.0, 5.0]]
    """
    t, left, there = (np.atleast_1d(np.asarray(column, dtype=float)) for column in (renewals, lost, remaining))
    if not (t.shape == left.shape == there.shape and t.ndim == 1):
        raise TableError(f"{label}: renewals, lost and remaining have {t.shape}, {left.shape} and {there.shape} rows.")
    bad = ~(np.isfinite(t + left + there) & (t >= 0) & (t == np.floor(t)) & (left >= 0) & (there >= 0))
    if bad.any() or left[t == 0].any():
        raise TableError(f"{label}: renewals must be whole and counts >= 0, with nobody lost at renewal 0.")
    if not left.any():
        raise ModelError(f"{label}: no customer has left, so no chance to leave can be fitted.", reason="nobody_left")
    used = (left > 0) | (there > 0)
    return t[used], left[used], there[used]


def fit_renewals(make: Callable[..., Model], start: list[float], counts: tuple[Array, Array, Array]) -> Model:
    """Maximise the likelihood over the first parameters of alpha, beta and c, as many as `start` has.

    Flags: ``dropout_homogeneous`` where all customers leave with the same chance, ``ill_conditioned`` and
    ``not_converged`` as in other models.

    Examples
    --------
    >>> from custlib.models.retention.sbg import SBG
    >>> counts = (np.array([1.0, 2.0, 3.0]), np.array([40.0, 20.0, 10.0]), np.array([0.0, 0.0, 30.0]))
    >>> fit_renewals(SBG, [1.0, 1.0], counts).customers
    100.0
    """
    size, customers = len(start), float(counts[1].sum() + counts[2].sum())

    def objective(parameters: Array) -> tuple[float, Array, Array]:
        value, gradient, hessian = _likelihood(parameters, *counts)
        return value - _PENALTY * float(parameters[:2].sum()), gradient - _PENALTY * _OF_BETA[:size], hessian

    optimum = maximise(objective, np.array(start), customers=customers)
    flags = names_that_hold({
        "dropout_homogeneous": optimum.parameters[:2].sum() > _ALIKE,
        "ill_conditioned": optimum.ridge or condition_number(optimum) > _WEAK,
        "not_converged": not optimum.converged,
    })  # fmt: skip
    value = _likelihood(optimum.parameters, *counts)[0]
    fields = evidence(optimum, np.ones(size), customers=customers, log_likelihood=value)
    return make(*(float(parameter) for parameter in optimum.parameters), **fields, flags=flags)


def _likelihood(parameters: Array, t: Array, lost: Array, remaining: Array) -> tuple[float, Array, Array]:
    """Log-likelihood with gradient and Hessian: ln S(t) of who is there, ln(S(t - 1) - S(t)) of who left at t."""
    there = _derivatives(parameters, t)
    before = _derivatives(parameters, np.maximum(t - 1, 0))
    left = _of_leaving(before, there)
    weigh = lost > 0
    parts = [
        remaining @ there_part + lost[weigh] @ left_part[weigh]
        for there_part, left_part in zip((there[0], *_flat(there)), (left[0], *_flat(left)), strict=True)
    ]
    size = parameters.size
    return float(parts[0]), np.array(parts[1 : 1 + size]), np.array(parts[1 + size :]).reshape(size, size)


Terms = tuple[Array, Array, Array]  # shapes (n,), (p, n) and (p, p, n)


def _flat(terms: Terms) -> list[Array]:
    return [*terms[1], *terms[2].reshape(-1, terms[0].size)]


def _of_leaving(before: Terms, after: Terms) -> Terms:
    """ln(S(t - 1) - S(t)) = ln S(t - 1) + ln(1 - r), with the retention rate r = exp(D), D = ln S(t) - ln S(t - 1)."""
    fall, slope, curve = (after[n] - before[n] for n in range(3))
    rate = np.exp(fall)
    with np.errstate(divide="ignore", invalid="ignore"):  # where t = 0 nobody can have left
        odds = rate / -np.expm1(fall)
        value = before[0] + np.log(-np.expm1(fall))
        gradient = before[1] - odds * slope
        hessian = before[2] - odds * curve - odds * (1 + odds) * slope[:, None] * slope[None, :]
    return value, gradient, hessian


def _derivatives(parameters: Array, t: Array) -> Terms:
    """Ln S(t) with its derivatives by alpha, beta and, of three parameters, c."""
    alpha, beta = parameters[:2]
    log_t = np.log(np.where(t > 0, t, 1.0))
    time = t if parameters.size == 2 else np.where(t > 0, t ** parameters[-1], 0.0)
    first = [special.digamma(x) for x in (beta + time, alpha + beta + time, alpha + beta, beta)]
    second = [special.polygamma(1, x) for x in (beta + time, alpha + beta + time, alpha + beta, beta)]
    gradient = [first[2] - first[1], first[0] - first[1] + first[2] - first[3]]
    mixed = second[2] - second[1]
    rows = [[mixed, mixed], [mixed, second[0] - second[1] + second[2] - second[3]]]
    if parameters.size == 3:
        speed = time * log_t
        gradient.append(speed * (first[0] - first[1]))
        across = [-speed * second[1], speed * (second[0] - second[1])]
        rows = [[*row, cross] for row, cross in zip(rows, across, strict=True)]
        own = speed * log_t * (first[0] - first[1]) + speed**2 * (second[0] - second[1])
        rows.append([*across, own])
    return _log_survival(alpha, beta, time), np.array(gradient), np.array(rows)
