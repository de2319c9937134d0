"""Fits the BG/NBD or MBG/NBD model by maximum likelihood, and gives the likelihood of each customer.

Reads frequency, recency and T of customers, or of cells of equal customers with weights; makes a `BGNBD`
or `MBGNBD`. Fader, Hardie and Lee (2005), equation 6; with occasions to drop out in place of repeat
purchases wherever drop-out is meant, it is the likelihood of Batislam, Denizel and Filiztekin (2007) too.
Equal rows are merged first, so rows with weights and rows repeated give the same result to the last digit,
in any order.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from custlib.errors import ModelError
from custlib.models.bgnbd_likelihood import Cells, likelihood, likelihood_without_dropout, rising
from custlib.models.bgnbd_model import BGNBD, BetaGeometricNBD, Kind
from custlib.models.inputs import read_cells, read_customers
from custlib.models.newton import Optimum, condition_number, identified_covariance, log_covariance, maximise

Array = NDArray[np.float64]

_START = np.array([0.5, 0.5, 0.7, 1.5])
_NO_DROPOUT = (1e-12, 1.0)  # a and b that stand for "never": P(alive) is 1 to nine digits
_NO_EVIDENCE = 0.1  # log-likelihood a drop-out must win to be measurable, when on a ridge
_WEAK_EVIDENCE = 2.0  # two more parameters must win as much (Akaike)
_CONDITION_LIMIT = 1e10
_ZERO_SHARE = 0.1


def fit(frequency: ArrayLike, recency: ArrayLike, T: ArrayLike, weights: ArrayLike | None = None) -> BGNBD:
    """Fit the model to customers.

    Parameters
    ----------
    frequency : array_like, shape (n,)
        Repeat purchase days, whole numbers.
    recency : array_like, shape (n,)
        First to last purchase, in any unit of time.
    T : array_like, shape (n,)
        First purchase to the end of observation, same unit.
    weights : array_like, shape (n,), optional
        How many customers each row stands for, >= 0; 1 by default.

    Returns
    -------
    BGNBD
        With log-likelihood, covariance and these flags where they apply:

        - ``repeaters_only``: nobody bought only once; forecasts of one-time buyers are extrapolated.
        - ``zero_observation_share``: over a tenth of the customers were not observed at all (T = 0).
        - ``one_customer``: the parameters describe a single history.
        - ``no_measurable_dropout``: the best fit has nobody drop out; P(alive) is 1, a and b are
          stand-ins without meaning, r and alpha those of the model without drop-out.
        - ``weak_dropout``: the model without drop-out fits about as well (log-likelihood less than 2
          lower); P(alive) rests on little evidence.
        - ``dropout_homogeneous``: a and b grow without end; only the mean drop-out a / (a + b) counts.
        - ``dropout_polarised``: a and b shrink without end; customers leave at once or never.
        - ``rate_homogeneous``: r and alpha grow without end; only the mean rate r / alpha counts.
        - ``ill_conditioned``: some other combination of parameters is hardly determined.
        - ``not_converged``: the search ended without a maximum.

        A standard error is NaN only where a flag says that the parameter is not identified.

    Raises
    ------
    TableError
        When rows cannot be purchase histories; every fault in one message.
    ModelError
        When there is no customer, no repeat purchase, or nobody was observed (all T = 0).

    Examples
    --------
    >>> model = fit([0, 0, 1, 2, 0, 5], [0, 0, 4, 30, 0, 35], [39, 38, 38, 37, 36, 36])
    >>> model.converged
    True
    """
    return fit_kind(BGNBD, frequency, recency, T, weights)


def fit_kind(
    kind: type[Kind], frequency: ArrayLike, recency: ArrayLike, T: ArrayLike, weights: ArrayLike | None
) -> Kind:
    """Fit a model of one kind: the twin of `fit` for both."""
    rows, weights = read_cells(frequency, recency, T, weights)
    _refuse_unidentified(kind.label, rows, weights)
    return _fit(kind, Cells.make(kind, rows, weights))


def log_likelihood(model: BetaGeometricNBD, frequency: ArrayLike, recency: ArrayLike, T: ArrayLike) -> Array:
    """Give the log-likelihood of each customer.

    Parameters
    ----------
    model : BGNBD or MBGNBD
        A model.
    frequency, recency, T : array_like
        Purchase histories, in the model's unit of time; they broadcast.

    Returns
    -------
    ndarray
        Natural logarithm of the likelihood, one for each customer.

    Raises
    ------
    TableError
        When rows cannot be purchase histories.

    Examples
    --------
    >>> round(float(log_likelihood(BGNBD(0.243, 4.414, 0.793, 2.426), 2, 30.43, 38.86)), 4)
    -9.4586
    """
    x, T, recency = read_customers(frequency, T, recency)
    r, alpha, a, b = model.r, model.alpha, model.a, model.b
    occasions = model.occasions(x)
    gone = np.where(occasions > 0, np.log(a) - np.log(b + np.maximum(occasions, 1) - 1), -np.inf)
    gone = gone + (r + x) * (np.log1p(T / alpha) - np.log1p(recency / alpha))
    base = rising(r, x)[0] + rising(b, occasions)[0] - rising(a + b, occasions)[0]
    base = base - r * np.log1p(T / alpha) - x * np.log(alpha + T)
    result: Array = base - special.log_expit(-gone)
    return result[()]


def _refuse_unidentified(label: str, rows: Array, weights: Array) -> None:
    """Raise where the likelihood has no maximum at all."""
    if weights.size == 0:
        raise ModelError(f"{label}: no customers. Give at least one row with a weight above 0.")
    if not rows[0].any():
        raise ModelError(
            f"{label}: no repeat purchases among {weights.sum():,.0f} customers, so no rate can be fitted. "
            "Report what was bought; forecast nothing, or take the parameters of an earlier run."
        )
    if not rows[2].any():
        raise ModelError(f"{label}: nobody was observed: T is 0 for all customers. Check the end date.")


def _fit(kind: type[Kind], cells: Cells) -> Kind:
    """Maximise, and describe the maximum."""
    customers = float(cells.x_weights.sum())
    optimum = maximise(lambda p: likelihood(p, cells), _START, customers=customers)
    without = maximise(lambda p: likelihood_without_dropout(p, cells), _START[:2], customers=customers)
    gain = optimum.value - without.value
    ridge = _name_ridge(optimum.parameters) if optimum.ridge else ()
    if gain < _NO_EVIDENCE and (optimum.ridge or not optimum.converged):
        rate = _name_ridge(np.append(without.parameters, (1.0, 1.0))) if without.ridge else ()
        optimum, ridge = _add_no_dropout(without, cells), ("no_measurable_dropout", *rate)
    elif gain < _WEAK_EVIDENCE:
        ridge = ("weak_dropout", *ridge)
    return _to_model(kind, optimum, cells, (*_describe(cells, optimum), *ridge))


def _add_no_dropout(without: Optimum, cells: Cells) -> Optimum:
    """Complete the optimum without drop-out by stand-ins for a and b, flat in both."""
    parameters = np.append(without.parameters, _NO_DROPOUT)
    hessian = np.zeros((4, 4))
    hessian[:2, :2] = without.hessian
    value = likelihood(parameters, cells)[0]
    gradient = np.append(without.gradient, (0.0, 0.0))
    return Optimum(parameters, value, gradient, hessian, without.evaluations, without.converged, True)


def _name_ridge(parameters: Array) -> tuple[str, ...]:
    """Say which pair of parameters ran away, and where to."""
    r, alpha, a, b = parameters
    found = {
        "rate_homogeneous": min(r, alpha) > 100,
        "dropout_homogeneous": min(a, b) > 50 or max(a, b) > 1e3,
        "dropout_polarised": max(a, b) < 0.01,
    }
    return tuple(name for name, holds in found.items() if holds) or ("ill_conditioned",)


def _describe(cells: Cells, optimum: Optimum) -> tuple[str, ...]:
    """List the flags besides the names of a ridge."""
    customers = cells.x_weights.sum()
    found = {
        "repeaters_only": cells.x[0] > 0,
        "zero_observation_share": cells.unobserved > _ZERO_SHARE * customers,
        "one_customer": customers <= 1,
        "ill_conditioned": not optimum.ridge and condition_number(optimum) > _CONDITION_LIMIT,
        "not_converged": not optimum.converged,
    }
    return tuple(name for name, holds in found.items() if holds)


def _to_model(kind: type[Kind], optimum: Optimum, cells: Cells, flags: tuple[str, ...]) -> Kind:
    """Return to the caller's unit of time."""
    unit = np.array([1.0, cells.scale, 1.0, 1.0])
    covariance = identified_covariance(optimum) * np.outer(unit, unit)
    customers = float(cells.x_weights.sum())
    r, alpha, a, b = (float(value) for value in optimum.parameters * unit)
    return kind(
        r,
        alpha,
        a,
        b,
        log_likelihood=optimum.value - float(cells.x @ cells.x_weights) * float(np.log(cells.scale)),
        covariance=covariance,
        standard_errors=np.sqrt(np.diag(covariance)),
        converged=optimum.converged,
        flags=flags,
        customers=customers,
        gradient_norm=float(np.abs(optimum.gradient).max()) / customers,
        condition_number=condition_number(optimum),
        evaluations=optimum.evaluations,
        log_covariance=log_covariance(optimum),
    )
