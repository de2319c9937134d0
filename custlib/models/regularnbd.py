"""Regular buyers: the BG/NBD and MBG/NBD models with waiting times that are steadier than chance.

Makes a `RegularNBD`; reads frequency, recency and T of customers or cells, and the sum of the logarithms of the
gaps between purchases. A purchase comes with every k-th tick of a customer's clock (Erlang-k waiting times); with
k = 1 these are the models of `custlib.models.bgnbd` and `custlib.models.mbgnbd`. Platzer and Reutterer (2016),
"Ticking away the moments: timing regularity helps to better predict customer activity", Marketing Science 35;
the estimate of k is that of Wheat and Morrison (1990), "Estimating purchase regularity with two interpurchase
times", Journal of Marketing Research 27.

At T the clock stands at one of k ticks: the likelihood is a sum over these and over having dropped out.
"""

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from custlib.errors import ModelError, UsageError
from custlib.models.bgnbd_model import PARAMETERS, BetaGeometricNBD
from custlib.models.cells import number_faults, read_cells, read_columns, read_customers, refuse_faults
from custlib.models.fitted import refuse_parameters
from custlib.models.newton import add_terms, identified_covariance, maximise

Array = NDArray[np.float64]

_START = np.array([0.5, 0.5, 0.7, 1.5])
_NEGLIGIBLE = 1e-13
_FEWEST_PAIRS = 30


@dataclass(frozen=True)
class RegularNBD:
    """The four parameters and the number of ticks, with the evidence where they were fitted.

    Log-likelihoods of different k compare only when the fit knows the gaps.
    """

    k: int  # ticks of the clock for one purchase; 1 is purchasing at random
    kind: type[BetaGeometricNBD]  # BGNBD or MBGNBD: whether customers may leave after the first purchase
    r: float
    alpha: float
    a: float
    b: float
    log_likelihood: float | None = field(default=None, compare=False)
    standard_errors: Array | None = field(default=None, compare=False)
    converged: bool | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        """Refuse parameters that are not finite and above 0."""
        refuse_parameters(self, ("k", *PARAMETERS), f"regular {self.kind.label}")


def estimate(first_gaps: ArrayLike, second_gaps: ArrayLike, weights: ArrayLike | None = None) -> float | None:
    """Estimate k from two successive gaps between purchases of each customer; only their ratio counts.

    About 1 for purchasing at random, more for steadier buyers, less for bunched purchases; None for fewer than 30
    customers, or when all ratios are equal.

    Examples
    --------
    >>> round(estimate([1.0, 3.0] * 20, [1.0, 1.0] * 20), 3)
    3.5
    """
    first, second, weights = read_columns(
        first_gaps=first_gaps, second_gaps=second_gaps, weights=1.0 if weights is None else weights
    )
    refuse_faults([*number_faults("first_gaps", first, least="not positive"),
                   *number_faults("second_gaps", second, least="not positive")])  # fmt: skip
    total = float(weights.sum())
    if total < _FEWEST_PAIRS:
        return None
    part = first / (first + second)
    spread = float(weights @ (part - 0.5) ** 2) / total
    # Wheat and Morrison (1990): the share of the first gap is ~ Beta(k, k), of variance 1 / (4 (2 k + 1))
    return (1 - 4 * spread) / (8 * spread) if spread > 0 else None


def fit(
    kind: type[BetaGeometricNBD], k: int, frequency: ArrayLike, recency: ArrayLike, T: ArrayLike,
    weights: ArrayLike | None = None, *, gap_log_sum: float = 0.0,
) -> RegularNBD:  # fmt: skip
    """Fit the model to customers for one k, with the sum over all gaps of the logarithm of the gap.

    Without that sum log-likelihoods of different k do not compare.

    Examples
    --------
    >>> from custlib.models.bgnbd import BGNBD
    >>> fit(BGNBD, 2, [0, 0, 1, 2, 0, 5], [0, 0, 4, 30, 0, 35], [39, 38, 38, 37, 36, 36]).k
    2
    """
    if k != int(k) or k < 1:
        raise UsageError(f"k must be a whole number from 1, got {k}.")
    rows, weights = read_cells(frequency, recency, T, weights)
    if weights.size == 0 or not rows[0].any() or not rows[2].any():
        raise ModelError(f"regular {kind.label}: no repeat purchases, or nobody was observed: no rate can be fitted.")
    scale = float(rows[2] @ weights / weights.sum())
    rows = rows / np.array([[1.0], [scale], [scale]])
    optimum = maximise(
        lambda p: _likelihood(kind, k, p, rows, weights), _START * (1, k, 1, 1), customers=float(weights.sum())
    )
    repeats = float(rows[0] @ weights)
    constant = (k - 1) * (gap_log_sum - repeats * math.log(scale)) - repeats * (math.lgamma(k) + math.log(scale))
    unit = np.array([1.0, scale, 1.0, 1.0])
    errors = np.sqrt(np.diag(identified_covariance(optimum))) * unit
    r, alpha, a, b = (float(value) for value in optimum.parameters * unit)
    return RegularNBD(k, kind, r, alpha, a, b, optimum.value + constant, errors, optimum.converged)


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
    terms = _terms(model.kind, model.k, _vector(model), np.stack([x.ravel(), recency.ravel(), T.ravel()]))
    here = np.logaddexp.reduce(terms[:-1], axis=0) - np.logaddexp.reduce(terms, axis=0)
    result: Array = np.exp(here).reshape(x.shape)
    return result[()]


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
    terms = _terms(model.kind, model.k, _vector(model), rows)
    shares = np.exp(terms[:-1] - np.logaddexp.reduce(terms, axis=0))
    result = np.zeros(x.size)
    for j, share in enumerate(shares):
        result += share * _to_come(model, t, rows, j)
    return result.reshape(x.shape)[()]


def _to_come(model: RegularNBD, t: float, rows: Array, j: int) -> Array:
    """Expect the purchases to come of customers still there whose clock stands at tick j."""
    x, _, T = rows
    ticks, reach = model.r + model.k * x + j, t / (model.alpha + T + t)
    stays = model.b + model.kind.occasions(x)
    total, there, n = np.zeros(x.size), np.ones(x.size), 1
    open_ = np.arange(x.size)  # customers for whom a further purchase still counts
    while open_.size:
        chance = special.betainc(n * model.k - j, ticks[open_], reach[open_])
        more = there[open_] * chance
        total[open_] += more
        # E[(1 - p)^n] over E[(1 - p)^(n - 1)], for p ~ Beta(a, stays)
        there[open_] *= (stays[open_] + n - 1) / (model.a + stays[open_] + n - 1)
        open_ = open_[more > _NEGLIGIBLE * (1 + total[open_])]
        n += 1
    return total


def _vector(model: RegularNBD) -> Array:
    """List the parameters without k."""
    return np.array([model.r, model.alpha, model.a, model.b])


def _terms(kind: type[BetaGeometricNBD], k: int, parameters: Array, rows: Array) -> Array:
    """Compute the logarithms of the likelihood's terms: the clock at tick 0 to k - 1, then having dropped out."""
    r, alpha, a, b = parameters
    x, recency, T = rows
    n = kind.occasions(x)
    j = np.arange(k)[:, None]
    silence = np.where(recency < T, np.log(np.where(recency < T, T - recency, 1.0)), -np.inf)
    waited = np.where(j > 0, j * np.where(j > 0, silence, 0.0), 0.0) - special.gammaln(j + 1)
    shape = r + k * x
    here = waited + special.gammaln(shape + j) - (shape + j) * np.log(alpha + T)
    here += special.betaln(a, b + n) - special.betaln(a, b)
    left = special.gammaln(shape) - shape * np.log(alpha + recency)
    left = left + special.betaln(a + 1, b + np.maximum(n, 1) - 1) - special.betaln(a, b)
    base = r * np.log(alpha) - special.gammaln(r)
    terms: Array = base + np.vstack([here, np.where(n > 0, left, -np.inf)[None]])
    return terms


def _likelihood(
    kind: type[BetaGeometricNBD], k: int, parameters: Array, rows: Array, weights: Array
) -> tuple[float, Array, Array]:
    """Compute value, gradient and Hessian of the log-likelihood by (r, alpha, a, b)."""
    terms = _terms(kind, k, parameters, rows)
    return add_terms(terms, lambda term: _derivatives(kind, k, parameters, rows, term), weights)


def _derivatives(
    kind: type[BetaGeometricNBD], k: int, parameters: Array, rows: Array, term: int
) -> tuple[Array, Array]:
    """Compute the first and second derivatives of one of the `_terms` by (r, alpha, a, b)."""
    r, alpha, a, b = parameters
    x, recency, T = rows
    n = kind.occasions(x)
    here = term < k
    shape, at = (r + k * x + term, T) if here else (r + k * x, recency)
    stay, leave = (b + n, a) if here else (b + np.maximum(n, 1) - 1, a + 1)
    rate, either, zeta = 1 / (alpha + at), leave + stay, special.zeta
    slope = np.stack(
        [
            special.digamma(shape) - np.log(alpha + at) + math.log(alpha) - special.digamma(r),
            r / alpha - shape * rate,
            special.digamma(leave) - special.digamma(either) - special.digamma(a) + special.digamma(a + b),
            special.digamma(stay) - special.digamma(either) - special.digamma(b) + special.digamma(a + b),
        ]
    )
    bend = np.zeros((4, 4, x.size))
    bend[0, 0] = zeta(2, shape) - zeta(2, r)
    bend[0, 1] = bend[1, 0] = 1 / alpha - rate
    bend[1, 1] = shape * rate**2 - r / alpha**2
    bend[2, 2] = zeta(2, leave) - zeta(2, either) - zeta(2, a) + zeta(2, a + b)
    bend[2, 3] = bend[3, 2] = zeta(2, a + b) - zeta(2, either)
    bend[3, 3] = zeta(2, stay) - zeta(2, either) - zeta(2, b) + zeta(2, a + b)
    return slope, bend
