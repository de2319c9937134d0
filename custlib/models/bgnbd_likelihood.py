"""The likelihood of the BG/NBD and MBG/NBD models on merged customers, with first and second derivatives.

Makes value, gradient and Hessian for `bgnbd_fit`; reads cells of equal customers. What depends on one of
frequency, recency and T alone is computed for its distinct values only; what is left, the odds that a customer has
dropped out, goes through the cells block by block.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from custlib.models.bgnbd_model import BetaGeometricNBD
from custlib.models.cells import rank_values

Array = NDArray[np.float64]
Places = NDArray[np.int64]
Terms = tuple[float, Array, Array]  # value, gradient and Hessian

_BLOCK = 8192  # cells at a time: they stay in the cache


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
    scale: float

    @classmethod
    def make(cls, kind: type[BetaGeometricNBD], rows: Array, weights: Array) -> "Cells":
        """Rank the columns of customers (frequency, recency, T)."""
        x, which = rank_values(rows[0])
        moments, recency = rank_values(rows[1])
        ages, T = rank_values(rows[2])
        scale = float(rows[2] @ weights / weights.sum())
        exposed = (kind.occasions(x) > 0)[which]
        return cls(
            x,
            kind.occasions(x),
            _sum_by(which, weights),
            ages / scale,
            _sum_by(T, weights),
            _sum_by(T, weights * rows[0]),
            moments / scale,
            which[exposed],
            recency[exposed],
            T[exposed],
            weights[exposed],
            float(weights[rows[2] == 0].sum()),
            scale,
        )


def _sum_by(places: Places, values: Array) -> Array:
    """Add values place by place."""
    return np.bincount(places, values).astype(np.float64)


def likelihood(parameters: Array, cells: Cells) -> Terms:
    """Give value, gradient and Hessian by (r, alpha, a, b)."""
    value, gradient, hessian = _frequency_terms(parameters, cells)
    for more in (_rate_terms(parameters[:2], cells), _dropout_terms(parameters, cells)):
        size = more[1].size
        value += more[0]
        gradient[:size] += more[1]
        hessian[:size, :size] += more[2]
    return value, gradient, hessian


def likelihood_without_dropout(parameters: Array, cells: Cells) -> Terms:
    """Give the same for (r, alpha) when nobody ever drops out (the NBD model)."""
    value, gradient, hessian = _rate_terms(parameters, cells)
    terms = [cells.x_weights @ term for term in rising(parameters[0], cells.x)]
    gradient[0] += terms[1]
    hessian[0, 0] += terms[2]
    return value + float(terms[0]), gradient, hessian


def rising(z: float, x: Array) -> tuple[Array, Array, Array]:
    """Give ln Gamma(z + x) - ln Gamma(z) and its first two derivatives by z."""
    return (
        special.gammaln(z + x) - special.gammaln(z),
        special.digamma(z + x) - special.digamma(z),
        special.zeta(2, z + x) - special.zeta(2, z),
    )


def _frequency_terms(parameters: Array, cells: Cells) -> Terms:
    """Terms in gamma functions, which depend on the frequency only."""
    r, _, a, b = parameters
    counts = ((r, cells.x), (b, cells.occasions), (a + b, cells.occasions))
    rate, stay, either = ([float(cells.x_weights @ term) for term in rising(z, count)] for z, count in counts)
    gradient = np.array([rate[1], 0, -either[1], stay[1] - either[1]])
    hessian = np.zeros((4, 4))
    hessian[0, 0] = rate[2]
    hessian[2:, 2:] = -either[2]
    hessian[3, 3] += stay[2]
    return rate[0] + stay[0] - either[0], gradient, hessian


def _rate_terms(parameters: Array, cells: Cells) -> Terms:
    """Terms of the purchase rate up to T for customers still there: r ln alpha - (r + x) ln(alpha + T)."""
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
    """Terms that a customer may have left: ln(1 + odds of being gone)."""
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
    """Give weights, log odds of being gone, their slopes and what bends them, some cells at a time."""
    r, alpha, a, b = parameters
    total, before = r + cells.x, b + cells.occasions - 1
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
