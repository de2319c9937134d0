"""The likelihood of BG/NBD and MBG/NBD models, and its maximum.

Reads frequency, recency and T of customers, or of cells of equal customers with weights; makes a `BGNBD` or `MBGNBD`.
Fader, Hardie and Lee (2005), "Counting your customers the easy way", equation (6). With occasions to drop out in place
of repeat purchases wherever drop-out is meant, it is the likelihood of Batislam, Denizel and Filiztekin (2007) too.
Equal rows are merged first: rows with weights and rows repeated, in any order, give the same result to the last digit.

Equation (6) is the term of customers who are alive times 1 + odds of having dropped out. What depends on one of
frequency, recency and T alone is computed for its distinct values; the odds go through the cells block by block.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from custlib.errors import ModelError
from custlib.models.bgnbd_model import BGNBD, BetaGeometricNBD, Kind
from custlib.models.cells import rank_values, read_cells, read_customers
from custlib.models.fitted import evidence, names_that_hold
from custlib.models.newton import Optimum, condition_number, log_covariance, maximise, maximise_from

Array = NDArray[np.float64]
Places = NDArray[np.int64]
Terms = tuple[float, Array, Array]  # value, gradient and Hessian

_NO_DROPOUT = (1e-12, 1.0)  # a and b that stand for "never": P(alive) is 1 to nine digits
_NO_EVIDENCE = 0.1  # log-likelihood that drop-out must win to be measurable, when on a ridge
_WEAK_EVIDENCE = 2.0  # two more parameters must win as much (Akaike)
_CONDITION_LIMIT = 1e10
_ZERO_SHARE = 0.1
_BLOCK = 8192  # cells at a time: they stay in the cache


def fit(frequency: ArrayLike, recency: ArrayLike, T: ArrayLike, weights: ArrayLike | None = None) -> BGNBD:
    """Fit the model to customers by maximum likelihood.

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
    """Fit a model of either kind."""
    rows, weights = read_cells(frequency, recency, T, weights)
    _refuse_unidentified(kind.label, rows, weights)
    return _fit(kind, Cells.of(kind, rows, weights))


def log_likelihood(model: BetaGeometricNBD, frequency: ArrayLike, recency: ArrayLike, T: ArrayLike) -> Array:
    """Compute the log-likelihood of each customer, equation (6) of Fader, Hardie and Lee (2005).

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
    # alive: B(a, b + x) / B(a, b) Gamma(r + x) alpha**r / (Gamma(r) (alpha + T)**(r + x))
    alive = _rising(r, x)[0] + _rising(b, occasions)[0] - _rising(a + b, occasions)[0]
    alive = alive - r * np.log1p(T / alpha) - x * np.log(alpha + T)
    # dropped out, over alive: a / (b + x - 1) ((alpha + T) / (alpha + recency))**(r + x), for x > 0
    odds = np.where(occasions > 0, np.log(a) - np.log(b + np.maximum(occasions, 1) - 1), -np.inf)
    odds = odds + (r + x) * (np.log1p(T / alpha) - np.log1p(recency / alpha))
    result: Array = alive - special.log_expit(-odds)
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


@dataclass(frozen=True)
class Cells:
    """Merged customers, time scaled to mean T = 1: distinct values of each column, then the exposed cells.

    Exposed are the customers with an occasion to drop out; the others are safe.
    """

    x: Array  # distinct frequencies
    occasions: Array  # to drop out, one for each distinct frequency
    x_weights: Array
    ages: Array  # distinct T
    age_weights: Array
    age_purchases: Array  # weights times frequency
    moments: Array  # distinct recencies
    which: Places  # place in x of each exposed cell
    recency: Places  # place in moments
    T: Places  # place in ages
    weights: Array
    unobserved: float  # customers with T = 0
    customers: float
    scale: float

    @classmethod
    def of(cls, kind: type[BetaGeometricNBD], rows: Array, weights: Array) -> "Cells":
        """Rank the columns of customers (frequency, recency, T)."""
        x, which = rank_values(rows[0])
        moments, recency = rank_values(rows[1])
        ages, T = rank_values(rows[2])
        scale = float(rows[2] @ weights / weights.sum())
        exposed = (kind.occasions(x) > 0)[which]
        return cls(
            x=x,
            occasions=kind.occasions(x),
            x_weights=_sum_by(which, weights),
            ages=ages / scale,
            age_weights=_sum_by(T, weights),
            age_purchases=_sum_by(T, weights * rows[0]),
            moments=moments / scale,
            which=which[exposed],
            recency=recency[exposed],
            T=T[exposed],
            weights=weights[exposed],
            unobserved=float(weights[rows[2] == 0].sum()),
            customers=float(_sum_by(which, weights).sum()),
            scale=scale,
        )


def _sum_by(places: Places, values: Array) -> Array:
    """Add values place by place."""
    return np.bincount(places, values).astype(np.float64)


def _fit(kind: type[Kind], cells: Cells) -> Kind:
    """Maximise, and describe the maximum."""
    optimum = maximise_from(lambda p: likelihood(p, cells), kind.starts, customers=cells.customers)
    start = np.array(kind.starts[0][:2])
    without = maximise(lambda p: likelihood_without_dropout(p, cells), start, customers=cells.customers)
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
    """Name the pair of parameters that ran away, and where to."""
    r, alpha, a, b = parameters
    ridges = {
        "rate_homogeneous": min(r, alpha) > 100,
        "dropout_homogeneous": min(a, b) > 50 or max(a, b) > 1e3,
        "dropout_polarised": max(a, b) < 0.01,
    }
    return names_that_hold(ridges) or ("ill_conditioned",)


def _describe(cells: Cells, optimum: Optimum) -> tuple[str, ...]:
    """List the flags besides the names of a ridge."""
    conditions = {
        "repeaters_only": cells.x[0] > 0,
        "zero_observation_share": cells.unobserved > _ZERO_SHARE * cells.customers,
        "one_customer": cells.customers <= 1,
        "ill_conditioned": not optimum.ridge and condition_number(optimum) > _CONDITION_LIMIT,
        "not_converged": not optimum.converged,
    }
    return names_that_hold(conditions)


def _to_model(kind: type[Kind], optimum: Optimum, cells: Cells, flags: tuple[str, ...]) -> Kind:
    """Return to the caller's unit of time."""
    units = np.array([1.0, cells.scale, 1.0, 1.0])
    value = optimum.value - float(cells.x @ cells.x_weights) * float(np.log(cells.scale))
    fields = evidence(optimum, units, customers=cells.customers, log_likelihood=value)
    r, alpha, a, b = (float(parameter) for parameter in optimum.parameters * units)
    return kind(r, alpha, a, b, **fields, flags=flags, log_covariance=log_covariance(optimum))


def likelihood(parameters: Array, cells: Cells) -> Terms:
    """Compute value, gradient and Hessian of the log-likelihood by (r, alpha, a, b)."""
    value, gradient, hessian = _frequency_terms(parameters, cells)
    for more in (_rate_terms(parameters[:2], cells), _dropout_terms(parameters, cells)):
        size = more[1].size
        value += more[0]
        gradient[:size] += more[1]
        hessian[:size, :size] += more[2]
    return value, gradient, hessian


def likelihood_without_dropout(parameters: Array, cells: Cells) -> Terms:
    """Compute the same by (r, alpha) when nobody ever drops out (the NBD model)."""
    value, gradient, hessian = _rate_terms(parameters, cells)
    terms = [cells.x_weights @ term for term in _rising(parameters[0], cells.x)]
    gradient[0] += terms[1]
    hessian[0, 0] += terms[2]
    return value + float(terms[0]), gradient, hessian


def _rising(z: float, x: Array) -> tuple[Array, Array, Array]:
    """Compute ln Gamma(z + x) - ln Gamma(z) and its first two derivatives by z."""
    return (
        special.gammaln(z + x) - special.gammaln(z),
        special.digamma(z + x) - special.digamma(z),
        special.zeta(2, z + x) - special.zeta(2, z),
    )


def _frequency_terms(parameters: Array, cells: Cells) -> Terms:
    """Terms in gamma functions, which depend on x only: Gamma(r + x) / Gamma(r) and B(a, b + x) / B(a, b)."""
    r, _, a, b = parameters
    counts = ((r, cells.x), (b, cells.occasions), (a + b, cells.occasions))
    rate, stay, either = ([float(cells.x_weights @ term) for term in _rising(z, count)] for z, count in counts)
    gradient = np.array([rate[1], 0, -either[1], stay[1] - either[1]])
    hessian = np.zeros((4, 4))
    hessian[0, 0] = rate[2]
    hessian[2:, 2:] = -either[2]
    hessian[3, 3] += stay[2]
    return rate[0] + stay[0] - either[0], gradient, hessian


def _rate_terms(parameters: Array, cells: Cells) -> Terms:
    """Terms of the purchase rate up to T of customers who are alive: r ln alpha - (r + x) ln(alpha + T)."""
    r, alpha = parameters
    T, weights, purchases = cells.ages, cells.age_weights, cells.age_purchases
    age, inverse = np.log1p(T / alpha), 1 / (alpha + T)
    total = r * weights + purchases
    value = -float(total @ age) - float(purchases.sum()) * float(np.log(alpha))
    gradient = np.array([-weights @ age, (r * T / alpha * weights - purchases) @ inverse])
    mixed = float((weights * T) @ inverse) / alpha
    bend = float(total @ inverse**2) - float(weights.sum()) * r / alpha**2
    return value, gradient, np.array([[0.0, mixed], [mixed, bend]])


def _dropout_terms(parameters: Array, cells: Cells) -> Terms:
    """Terms of customers who may have dropped out: ln(1 + odds)."""
    a = parameters[2]
    value, gradient, hessian = 0.0, np.zeros(4), np.zeros((4, 4))
    for weights, log_odds, slopes, (turn, bend, past) in _blocks(parameters, cells):
        ratio = np.exp(-np.abs(log_odds))
        value += float(weights @ (np.maximum(log_odds, 0.0) + np.log1p(ratio)))
        either = weights / (1 + ratio)
        expected = np.where(log_odds > 0, either, either * ratio)
        gradient += slopes @ expected
        hessian += (slopes * (either * ratio / (1 + ratio))) @ slopes.T
        hessian[0, 1] += expected @ turn
        hessian[1, 1] += expected @ bend
        hessian[2, 2] -= expected.sum() / a**2
        hessian[3, 3] += expected @ past
    hessian[1, 0] = hessian[0, 1]
    return value, gradient, hessian


def _blocks(parameters: Array, cells: Cells) -> Iterator[tuple[Array, Array, Array, tuple[Array, Array, Array]]]:
    """Yield weights, log odds, their slopes and second derivatives, a block of cells at a time."""
    r, alpha, a, b = parameters
    total, before = r + cells.x, b + cells.occasions - 1
    # odds = a / (b + x - 1) ((alpha + T) / (alpha + recency))**(r + x)
    log_prior = np.log(a) - np.log(np.where(cells.occasions > 0, before, 1.0))
    silence_T, silence_recency = np.log1p(cells.ages / alpha), np.log1p(cells.moments / alpha)
    last_T, last_recency = 1 / (alpha + cells.ages), 1 / (alpha + cells.moments)
    for start in range(0, cells.weights.size, _BLOCK):
        block = slice(start, start + _BLOCK)
        x, recency, T = cells.which[block], cells.recency[block], cells.T[block]
        rho, past, last, recent = total[x], 1 / before[x], last_T[T], last_recency[recency]
        slopes = np.empty((4, x.size))
        silence = np.subtract(silence_T[T], silence_recency[recency], out=slopes[0])
        turn = last - recent
        slopes[1] = rho * turn
        slopes[2] = 1 / a
        slopes[3] = -past
        bend = -slopes[1] * (last + recent)
        yield cells.weights[block], log_prior[x] + rho * silence, slopes, (turn, bend, past**2)
