"""Regular buyers: the BG/NBD and MBG/NBD models with waiting times that are steadier than chance.

Makes a `RegularNBD`; reads frequency, recency and T of customers or cells, and the sum of the logarithms of the
gaps between purchases. A purchase comes with every k-th tick of a customer's clock (Erlang-k waiting times); with
k = 1 these are the models of `custlib.models.bgnbd` and `custlib.models.mbgnbd`. Platzer and Reutterer (2016),
"Ticking away the moments: timing regularity helps to better predict customer activity", Marketing Science 35. Their
names are BG/CNBD-k and MBG/CNBD-k. How k is estimated: `custlib.models.forecasting.gap_regularity`.

At T the clock stands at one of k ticks: the likelihood is a sum over these and over having dropped out.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from custlib.errors import ModelError, UsageError
from custlib.models.bgnbd_model import PARAMETERS, BetaGeometricNBD
from custlib.models.cells import rank_values, read_cells, read_customers
from custlib.models.fitted import FittedModel, evidence, names_that_hold, refuse_parameters
from custlib.models.newton import Optimum, add_terms, condition_number, log_covariance, maximise_from

Array = NDArray[np.float64]
Places = NDArray[np.int64]
Terms = tuple[float, Array, Array]

_NEGLIGIBLE = 1e-13


@dataclass(frozen=True, repr=False)
class RegularNBD(FittedModel):
    """The four parameters and the number of ticks, with the evidence where they were fitted.

    Log-likelihoods of different k compare only when the fit knows the gaps.
    """

    label: ClassVar[str] = "(M)BG/CNBD-k"
    parameters: ClassVar[tuple[str, ...]] = PARAMETERS

    k: int  # ticks of the clock for one purchase; 1 is purchasing at random
    kind: type[BetaGeometricNBD]  # BGNBD or MBGNBD: whether customers may leave after the first purchase
    r: float
    alpha: float
    a: float
    b: float
    log_covariance: Array | None = field(default=None, compare=False, repr=False, kw_only=True)

    def __post_init__(self) -> None:
        """Refuse parameters that are not finite and above 0."""
        refuse_parameters(self, ("k", *PARAMETERS), f"regular {self.kind.label}")

    @property
    def name(self) -> str:
        """The name of the model with this k, as Platzer and Reutterer write it."""
        return f"{self.kind.label.removesuffix('NBD')}CNBD-{self.k}"


def fit(
    kind: type[BetaGeometricNBD], k: int, frequency: ArrayLike, recency: ArrayLike, T: ArrayLike,
    weights: ArrayLike | None = None, *, gap_log_sum: float = 0.0, start: RegularNBD | None = None,
) -> RegularNBD:  # fmt: skip
    """Fit the model to customers for one k, with the sum over all gaps of the logarithm of the gap.

    Without that sum log-likelihoods of different k do not compare. The search may start at a model that is likely to be
    near, in the same unit of time.

    Examples
    --------
    >>> from custlib.models.bgnbd import BGNBD
    >>> fit(BGNBD, 2, [0, 0, 1, 2, 0, 5], [0, 0, 4, 30, 0, 35], [39, 38, 38, 37, 36, 36]).name
    'BG/CNBD-2'
    """
    if k != int(k) or k < 1:
        raise UsageError(f"k must be a whole number from 1, got {k}.")
    rows, weights = read_cells(frequency, recency, T, weights)
    if weights.size == 0 or not rows[0].any() or not rows[2].any():
        raise ModelError(f"regular {kind.label}: no repeat purchases, or nobody was observed: no rate can be fitted.")
    scale = float(rows[2] @ weights / weights.sum())
    rows = rows / np.array([[1.0], [scale], [scale]])
    starts = [np.array(one) * (1, k, 1, 1) for one in kind.starts]
    if start is not None:
        starts = [np.array([start.r, start.alpha / scale, start.a, start.b])]
    optimum = maximise_from(lambda p: _likelihood(kind, k, p, rows, weights), starts, customers=float(weights.sum()))
    repeats = float(rows[0] @ weights)
    constant = (k - 1) * (gap_log_sum - repeats * math.log(scale)) - repeats * (math.lgamma(k) + math.log(scale))
    return _to_model(kind, k, optimum, scale=scale, customers=float(weights.sum()), value=optimum.value + constant)


def _to_model(
    kind: type[BetaGeometricNBD], k: int, optimum: Optimum, *, scale: float, customers: float, value: float
) -> RegularNBD:
    """Describe the maximum, in the caller's unit of time."""
    units = np.array([1.0, scale, 1.0, 1.0])
    weak = optimum.ridge or condition_number(optimum) > 1e10
    flags = names_that_hold({"ill_conditioned": weak, "not_converged": not optimum.converged})
    fields = evidence(optimum, units, customers=customers, log_likelihood=value)
    r, alpha, a, b = (float(parameter) for parameter in optimum.parameters * units)
    return RegularNBD(k, kind, r, alpha, a, b, **fields, flags=flags, log_covariance=log_covariance(optimum))


def probability_alive(model: RegularNBD, frequency: ArrayLike, recency: ArrayLike, T: ArrayLike) -> Array:
    """Compute the probability that a customer has not dropped out at T.

    Examples
    --------
    >>> from custlib.models.bgnbd import BGNBD
    >>> model = RegularNBD(1, BGNBD, 0.243, 4.414, 0.793, 2.426)
    >>> round(float(probability_alive(model, 2, 30.43, 38.86)), 4)
    0.7266
    """
    x, T, recency = read_customers(frequency, T, recency)
    alive: Array = tick_shares(model, np.stack([x.ravel(), recency.ravel(), T.ravel()])).sum(axis=0).reshape(x.shape)
    return alive[()]


def expected_purchases(model: RegularNBD, t: float, frequency: ArrayLike, recency: ArrayLike, T: ArrayLike) -> Array:
    """Compute the expected purchases in (T, T + t].

    Over the ticks j at which the clock may stand, it is the sum over n of the chance that n k - j ticks come in time
    and that the customer is still there for the n-th purchase.

    Examples
    --------
    >>> from custlib.models.bgnbd import BGNBD
    >>> model = RegularNBD(1, BGNBD, 0.243, 4.414, 0.793, 2.426)
    >>> round(float(expected_purchases(model, 39, 2, 30.43, 38.86)), 4)
    1.226
    """
    x, T, recency = read_customers(frequency, T, recency)
    rows = np.stack([x.ravel(), recency.ravel(), T.ravel()])
    u = t / (model.alpha + rows[2])
    result = np.zeros(x.size)
    for tick, share in enumerate(tick_shares(model, rows)):
        result += share * sum_over_purchases(model, rows[0], u, tick, lambda n, stays: np.ones_like(stays))
    return result.reshape(x.shape)[()]


def tick_shares(model: RegularNBD, rows: Array) -> Array:
    """Compute the chances that a customer is still there and the clock stands at tick 0 to k - 1, shape (k, n).

    The rows are frequency, recency and T.

    Examples
    --------
    >>> from custlib.models.bgnbd import BGNBD
    >>> tick_shares(RegularNBD(2, BGNBD, 1, 1, 1, 1), np.array([[0.0], [0.0], [1.0]])).ravel().round(4)
    array([0.6667, 0.3333])
    """
    terms = _terms(model.kind, model.k, np.array([model.r, model.alpha, model.a, model.b]), rows)
    most = terms.max(axis=0)
    shares = np.exp(terms - most)
    result: Array = shares[:-1] / shares.sum(axis=0)
    return result


def sum_over_purchases(model: RegularNBD, x: Array, u: Array, tick: int, weigh: Callable[[int, Array], Array]) -> Array:
    """Add up a weight for each purchase within t = u (alpha + T) of customers who are still there, at one tick.

    The weight of the n-th purchase may depend on the second parameter of the drop-out probability before it, b + k. A
    weight of 1 gives the expected purchases, 2 n - 1 their expected square.

    Examples
    --------
    >>> from custlib.models.bgnbd import BGNBD
    >>> model = RegularNBD(1, BGNBD, 1.0, 1.0, 1.0, 1.0)
    >>> sum_over_purchases(model, np.zeros(1), np.ones(1), 0, lambda n, b: np.full(b.shape, float(n == 1)))
    array([0.5])
    """
    shape, reach = model.r + model.k * x + tick, u / (1 + u)
    stays = model.b + model.kind.occasions(x)
    total, there, n = np.zeros(x.size), np.ones(x.size), 1
    open_ = np.flatnonzero(reach > 0)  # customers for whom a further purchase still counts
    while open_.size:
        before = stays[open_] + n - 1
        more = there[open_] * special.betainc(n * model.k - tick, shape[open_], reach[open_]) * weigh(n, before)
        total[open_] += more
        # E[(1 - p)^n] over E[(1 - p)^(n - 1)], for p ~ Beta(a, stays)
        there[open_] *= before / (model.a + before)
        open_ = open_[(more > _NEGLIGIBLE * total[open_]) & (total[open_] > 0)]
        n += 1
    return total


def _terms(kind: type[BetaGeometricNBD], k: int, parameters: Array, rows: Array) -> Array:
    """Compute the logarithms of the likelihood's terms: the clock at tick 0 to k - 1, then having dropped out."""
    r, alpha, a, b = parameters
    x, recency, T = rows
    counts, which = rank_values(x)
    n, shape, ticks = kind.occasions(counts), r + k * counts, np.arange(k)[:, None]
    prior = r * np.log(alpha) - special.gammaln(r) - special.betaln(a, b)
    # what depends on the frequency alone, for each distinct one
    here = prior + special.gammaln(shape + ticks) - special.gammaln(ticks + 1) + special.betaln(a, b + n)
    left = np.where(n > 0, prior + special.gammaln(shape) + special.betaln(a + 1, b + np.maximum(n, 1) - 1), -np.inf)
    age, silent = np.log(alpha + T), recency < T
    silence = np.log(np.where(silent, T - recency, 1.0))
    terms = np.empty((k + 1, x.size))
    for tick in range(k):
        waited = np.where(silent, tick * silence, -np.inf) if tick else 0.0
        terms[tick] = here[tick][which] - (shape[which] + tick) * age + waited
    terms[k] = left[which] - shape[which] * np.log(alpha + recency)
    return terms


def _likelihood(kind: type[BetaGeometricNBD], k: int, parameters: Array, rows: Array, weights: Array) -> Terms:
    """Compute value, gradient and Hessian of the log-likelihood by (r, alpha, a, b)."""
    terms = _terms(kind, k, parameters, rows)
    ranked = rank_values(rows[0])
    return add_terms(terms, lambda term: _derivatives(kind, k, parameters, rows, ranked, term), weights)


def _derivatives(
    kind: type[BetaGeometricNBD], k: int, parameters: Array, rows: Array, ranked: tuple[Array, Places], term: int
) -> tuple[Array, Array]:
    """Compute the first and second derivatives of one of the `_terms` by (r, alpha, a, b)."""
    r, alpha = parameters[:2]
    counts, which = ranked
    here = term < k
    shape, at = (r + k * counts + term, rows[2]) if here else (r + k * counts, rows[1])
    rate, total = 1 / (alpha + at), shape[which]
    by_count = _count_derivatives(kind, parameters, counts, shape, here=here)
    slope, bend = (part[..., which] for part in by_count)
    slope[0] -= np.log(alpha + at)
    slope[1] = r / alpha - total * rate
    bend[0, 1] = bend[1, 0] = 1 / alpha - rate
    bend[1, 1] = total * rate**2 - r / alpha**2
    return slope, bend


def _count_derivatives(
    kind: type[BetaGeometricNBD], parameters: Array, counts: Array, shape: Array, *, here: bool
) -> tuple[Array, Array]:
    """Compute what of the derivatives depends on the frequency alone, for each distinct one."""
    r, alpha, a, b = parameters
    n = kind.occasions(counts)
    stay, leave = (b + n, a) if here else (b + np.maximum(n, 1) - 1, a + 1)
    either, digamma, zeta = leave + stay, special.digamma, special.zeta
    slope, bend = np.zeros((4, counts.size)), np.zeros((4, 4, counts.size))
    slope[0] = digamma(shape) + math.log(alpha) - digamma(r)
    slope[2] = digamma(leave) - digamma(either) - digamma(a) + digamma(a + b)
    slope[3] = digamma(stay) - digamma(either) - digamma(b) + digamma(a + b)
    bend[0, 0] = zeta(2, shape) - zeta(2, r)
    bend[2, 2] = zeta(2, leave) - zeta(2, either) - zeta(2, a) + zeta(2, a + b)
    bend[2, 3] = bend[3, 2] = zeta(2, a + b) - zeta(2, either)
    bend[3, 3] = zeta(2, stay) - zeta(2, either) - zeta(2, b) + zeta(2, a + b)
    return slope, bend
