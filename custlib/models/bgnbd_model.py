"""The BG/NBD model: its parameters, and the expectations that follow from them.

Makes a `BGNBD`, and the integrals behind `custlib.models.bgnbd` for columns that are already checked. Fader, Hardie
and Lee (2005), "Counting your customers the easy way: an alternative to the Pareto/NBD model", Marketing Science 24.
MBG/NBD (`custlib.models.mbgnbd`) has one more occasion to drop out, the first purchase. That number is all that sets
the two apart: `BetaGeometricNBD` holds what they share, and every function takes either.

Given the purchase rate lambda and the drop-out probability p of a customer who is alive, the paper expects
``(1 - exp(-lambda p t)) / p`` purchases within t. After x repeat purchases and k occasions to drop out,
lambda ~ Gamma(rho = r + x, alpha + T) and p ~ Beta(a, b + k). The average over lambda is elementary; the average over p
is a sum of positive terms here, where the hypergeometric function of equations (9) and (10) overflows or cancels.
With u = t / (alpha + T), and over p and 0 < s < 1:

- purchases N: the mean of ``(1 - (1 + p u)**(-rho)) / p``;
- their pairs, E N (N - 1): the mean of ``2 (1 - p) / p**2 (1 - (1 + p u)**(-rho) (1 + rho p u / (1 + p u)))``;
- discounted purchases: the mean of ``rho u (1 + p u s)**(-rho - 1) exp(-delta t s)``;
- their pairs: the mean of ``2 (1 - p) rho (rho + 1) u**2 (1 + p u s)**(-rho - 2) exp(-delta t s)
  (1 - exp(-delta t s)) / (delta t)``.

They depend on x, u and delta t only: each distinct combination is computed once.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from custlib.models.cells import rank_rows, read_customers
from custlib.models.fitted import FittedModel, read_model, write_model
from custlib.models.quadrature import REACHES, beta_nodes, horizon_nodes, interpolate_positive

Array = NDArray[np.float64]
_Kernel = Callable[[Array, Array, Array, Array, Array], tuple[Array, Array, Array]]

PARAMETERS = ("r", "alpha", "a", "b")

_BLOCK = 131_072  # numbers per block: it stays in the cache, and memory stays small
_NEARLY_NONE = 1e-3  # p u (rho + 3) below which so few drop out that their number cancels
_FOREVER = 41.0  # in units of 1 / delta: exp(-41) = 2e-18 of the value lies beyond


@dataclass(frozen=True, repr=False)
class BetaGeometricNBD(FittedModel):
    """The parameters, with the evidence where they were fitted: what `BGNBD` and `MBGNBD` share.

    Purchases come at a rate ~ Gamma(r, rate alpha); at each occasion the customer drops out with a probability
    ~ Beta(a, b). Two models are equal when they are of one kind and their parameters are equal.

    Attributes
    ----------
    r, alpha : float
        Shape and rate of the purchase rates; alpha in the unit of time of the customers.
    a, b : float
        The two parameters of the drop-out probability.
    log_likelihood, covariance, standard_errors, converged, flags, customers, ... : optional
        See `custlib.models.fitted.FittedModel`; the flags are those of `custlib.models.bgnbd.fit`.
    log_covariance : ndarray, shape (4, 4), or None
        Of the logarithms of r, alpha, a, b, in any unit of time; 0 in directions that are not identified.
    label : str
        Name of the kind.
    first_occasions : int
        How many occasions to drop out come with the first purchase; each repeat purchase is one more.

    Raises
    ------
    ModelError
        When a parameter is not finite and above 0.
    """

    parameters: ClassVar[tuple[str, ...]] = PARAMETERS
    first_occasions: ClassVar[int]
    starts: ClassVar[tuple[tuple[float, ...], ...]] = ((0.5, 0.5, 0.7, 1.5),)  # of a fit, at a mean T of 1

    r: float
    alpha: float
    a: float
    b: float
    log_covariance: Array | None = field(default=None, compare=False, repr=False, kw_only=True)

    @classmethod
    def occasions(cls, frequency: Array) -> Array:
        """Count the occasions to drop out behind a customer with so many repeat purchases."""
        return frequency + cls.first_occasions


Kind = TypeVar("Kind", bound=BetaGeometricNBD)


class BGNBD(BetaGeometricNBD):
    """The BG/NBD model: a customer may drop out after each repeat purchase, not after the first.

    Parameters, attributes and errors are those of `custlib.models.bgnbd_model.BetaGeometricNBD`.

    Examples
    --------
    >>> BGNBD(0.243, 4.414, 0.793, 2.426).alpha
    4.414
    """

    label = "BG/NBD"
    first_occasions = 0


def to_dict(model: BetaGeometricNBD, *, time_unit: str) -> dict[str, Any]:
    """Write a model as a mapping that JSON can hold.

    Parameters
    ----------
    model : BGNBD or MBGNBD
        A model.
    time_unit : str
        The unit that alpha is in, for example ``"week"``.

    Returns
    -------
    dict
        Floats, strings and lists; None for what is not known or not identified.

    Examples
    --------
    >>> to_dict(BGNBD(0.243, 4.414, 0.793, 2.426), time_unit="week")["time_unit"]
    'week'
    """
    return {"model": model.label, "time_unit": time_unit, **write_model(model)}


def from_dict(mapping: Mapping[str, Any]) -> BGNBD:
    """Read a model from a mapping.

    Parameters
    ----------
    mapping : mapping
        As `to_dict` makes it; only the four parameters are required.

    Returns
    -------
    BGNBD

    Raises
    ------
    ModelError
        When a parameter is missing, no number, not finite or not above 0, or the mapping is of another model.

    Examples
    --------
    >>> from_dict({"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}).r
    0.243
    """
    return read_model(BGNBD, mapping)


def purchase_count_probability(model: BetaGeometricNBD, frequency: ArrayLike, T: ArrayLike) -> Array:
    """Compute the probability that a new customer makes just so many repeat purchases up to age T.

    Parameters
    ----------
    model : BGNBD or MBGNBD
        A model.
    frequency : array_like
        Repeat purchases, whole numbers >= 0.
    T : array_like
        First purchase to the end of observation, >= 0, in the model's unit of time; both broadcast.

    Returns
    -------
    ndarray
        0 to 1; over all frequencies they sum to 1.

    Raises
    ------
    TableError
        When a frequency is not whole, or a number is negative or not finite.

    Examples
    --------
    >>> round(float(purchase_count_probability(BGNBD(0.243, 4.414, 0.793, 2.426), 0, 39)), 4)
    0.5738
    """
    x, T = read_customers(frequency, T)
    n = model.occasions(x)
    reach = T / (model.alpha + T)
    # equation (8): x purchases and still alive, or at least x and dropped out at the last
    at_least = np.where(x > 0, special.betainc(np.maximum(x, 1), model.r, reach), 1.0)
    exactly = at_least - special.betainc(x + 1, model.r, reach)
    stayed = np.exp(special.betaln(model.a, model.b + n) - special.betaln(model.a, model.b))
    left = np.exp(special.betaln(model.a + 1, model.b + np.maximum(n, 1) - 1) - special.betaln(model.a, model.b))
    result: Array = stayed * exactly + np.where(n > 0, left * at_least, 0.0)
    return result[()]


def repeat_times(model: BetaGeometricNBD, span: Array, random: np.random.Generator) -> tuple[NDArray[np.intp], Array]:
    """Simulate the repeat purchases of new customers who follow the model exactly.

    Parameters
    ----------
    model : BGNBD or MBGNBD
        The truth.
    span : ndarray, shape (n,)
        How long each customer is watched from the first purchase on, in the model's unit of time.
    random : numpy.random.Generator
        Source of chance.

    Returns
    -------
    who : ndarray of int, shape (m,)
        The customer of each repeat purchase.
    when : ndarray, shape (m,)
        Its time since that customer's first purchase, at most the span.

    Examples
    --------
    >>> who, when = repeat_times(BGNBD(0.5, 20.0, 0.8, 2.4), np.full(3, 200.0), np.random.default_rng(0))
    >>> bool((when <= 200).all() and (who < 3).all())
    True
    """
    rate = np.maximum(random.gamma(model.r, 1 / model.alpha, span.size), 1e-300)
    leaving = random.beta(model.a, model.b, span.size)
    who, clock = np.arange(span.size), np.zeros(span.size)
    if model.first_occasions:
        who = who[random.random(span.size) >= leaving]
    purchases = [(who[:0], clock[:0])]
    while who.size:
        clock[who] += random.exponential(1.0, who.size) / rate[who]
        who = who[clock[who] <= span[who]]
        purchases.append((who, clock[who]))
        who = who[random.random(who.size) >= leaving[who]]
    customers, times = (np.concatenate(part) for part in zip(*purchases, strict=True))
    return customers, times


def expected_if_alive(model: BetaGeometricNBD, x: Array, u: Array) -> Array:
    """Expect the purchases within t; u = t / (alpha + T)."""
    return over_dropout(_purchases, model, x, u)


def pairs_if_alive(model: BetaGeometricNBD, x: Array, u: Array) -> Array:
    """Expect N (N - 1) of the purchases N within t; u = t / (alpha + T)."""
    return over_dropout(_pairs, model, x, u)


def discounted_if_alive(model: BetaGeometricNBD, x: Array, u: Array, discount: Array) -> Array:
    """Expect the discounted purchases within t; u = t / (alpha + T), discount = delta t."""
    return _discounted(_once, model, x, u, discount)


def residual_if_alive(model: BetaGeometricNBD, delta: Array, x: Array, T: Array) -> Array:
    """Expect the discounted purchases in all time to come."""
    return _residual(_once, model, delta, x, T)


def residual_pairs_if_alive(model: BetaGeometricNBD, delta: Array, x: Array, T: Array) -> Array:
    """Expect the product of the discounts, over all pairs of different purchases in all time to come."""
    return _residual(_both, model, delta, x, T)


def _residual(kernel: _Kernel, model: BetaGeometricNBD, delta: Array, x: Array, T: Array) -> Array:
    """Evaluate with a horizon so long that nothing is left beyond."""
    u = _FOREVER / delta / (model.alpha + T)
    return _discounted(kernel, model, x, u, np.full(u.shape, _FOREVER))


def _discounted(kernel: _Kernel, model: BetaGeometricNBD, x: Array, u: Array, discount: Array) -> Array:
    """Evaluate for each (x, discount) through a table, since the function is smooth in log u."""

    def evaluate(x: Array, u: Array, discount: Array) -> Array:
        result, some = np.zeros_like(u), np.flatnonzero(u > 0)
        groups, which = rank_rows([x[some], discount[some]])
        result[some] = interpolate_positive(
            lambda at, group: _over_time(kernel, model, groups[0][group], at, groups[1][group]), u[some], which
        )
        return result

    return _by_distinct(evaluate, x, u, discount)


def _by_distinct(function: Callable[..., Array], *columns: Array) -> Array:
    """Evaluate on distinct rows only; near and far horizons (u, the second column) need different nodes."""
    rows, back = rank_rows([column.ravel() for column in columns])
    result = np.empty(rows[1].size)
    reach = np.searchsorted([limit for limit, _ in REACHES], rows[1])
    for part in (reach == place for place in range(len(REACHES))):
        if part.any():
            result[part] = function(*(row[part] for row in rows))
    return result[back].reshape(columns[0].shape)


def _nodes_for(model: BetaGeometricNBD, x: Array, u: Array) -> tuple[Array, Array, NDArray[np.intp]]:
    """Make nodes and weights over p ~ Beta(a, b + k) for each distinct frequency, and find the row of each customer."""
    distinct, which = np.unique(x, return_inverse=True)
    count = next(nodes for limit, nodes in REACHES if u.max(initial=0.0) <= limit)
    return *beta_nodes(model.a, model.b + model.occasions(distinct), count=count), which


def over_dropout(count: Callable[..., Array], model: BetaGeometricNBD, x: Array, u: Array) -> Array:
    """Average over p what ``count(p, r + x, u)`` says of a customer who is alive and has that p."""
    return _by_distinct(lambda x, u: _over_dropout(count, model, x, u), x, u)


def _over_dropout(count: Callable[..., Array], model: BetaGeometricNBD, x: Array, u: Array) -> Array:
    """Average over p for distinct rows, block by block."""
    result, (p, weights, which) = np.empty_like(u), _nodes_for(model, x, u)
    for rows in np.array_split(np.arange(u.size), u.size * p.shape[1] // _BLOCK + 1):
        counts = count(p[which[rows]], model.r + x[rows, None], u[rows, None])
        result[rows] = (counts * weights[which[rows]]).sum(axis=1)
    return result


def _purchases(p: Array, rho: Array, u: Array) -> Array:
    """Expect N given p; its mean over p is equation (9) for new customers, and in (10) that of those who are alive."""
    reach = p * u
    limit = reach * (rho + 1) < 1e-18  # rho u is the limit for p to 0, also where p has underflown to 0
    return np.where(limit, rho * u, -np.expm1(-rho * np.log1p(reach)) / np.where(limit, 1.0, p))


def _pairs(p: Array, rho: Array, u: Array) -> Array:
    """Expect N (N - 1) given p; where nearly nobody drops out, by its series, which is good to 1e-8 there."""
    reach = p * u
    limit = reach * (rho + 3) < _NEARLY_NONE
    series = rho * (rho + 1) * u**2 * (1 - (rho + 2) * reach * (2 / 3 - (rho + 3) * reach / 4))
    missed = 1 - np.exp(-rho * np.log1p(reach)) * (1 + rho * reach / (1 + reach))
    return (1 - p) * np.where(limit, series, 2 * missed / np.where(limit, 1.0, p) ** 2)


def _over_time(kernel: _Kernel, model: BetaGeometricNBD, x: Array, u: Array, discount: Array) -> Array:
    """Integrate over time and average over p, block by block."""
    result = np.empty_like(u)
    p, weights, which = _nodes_for(model, x, u)
    rho = model.r + x
    s, ds = horizon_nodes(discount + u * (1 + (rho + 1) * (p * weights).sum(axis=1)[which]))
    for rows in np.array_split(np.arange(u.size), u.size * p.shape[1] * s.shape[1] // _BLOCK // 4 + 1):
        own = which[rows]
        power, weigh, times = kernel(p[own], rho[rows, None], u[rows, None], discount[rows, None], s[rows])
        reach = (s[rows] * u[rows, None])[:, :, None] * p[own][:, None, :]
        still = np.exp(-power[:, :, None] * np.log1p(reach))
        over_p = (still @ (weights[own] * weigh)[:, :, None])[:, :, 0]
        result[rows] = (over_p * ds[rows] * times * np.exp(-discount[rows, None] * s[rows])).sum(axis=1)
    return result


def _once(p: Array, rho: Array, u: Array, discount: Array, s: Array) -> tuple[Array, Array, Array]:
    """Weigh each purchase: a power of (1 + p u s), a weight by p, and a factor by time."""
    return rho + 1, np.ones_like(p), rho * u


def _both(p: Array, rho: Array, u: Array, discount: Array, s: Array) -> tuple[Array, Array, Array]:
    """Weigh each purchase together with all before it, whose time is integrated already."""
    return rho + 2, 1 - p, 2 * rho * (rho + 1) * u**2 * -np.expm1(-discount * s) / discount
