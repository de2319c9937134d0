"""How regular purchases are, from pairs of successive gaps between them.

A customer with gaps of k ticks each (Erlang-k waiting times) has gaps g1 and g2 of which the first takes a share
u = g1 / (g1 + g2) ~ Beta(k, k), whatever the customer's pace: k follows from the shares of many customers by maximum
likelihood. k = 1 is purchasing at random, more is steadier; below 1 purchases come in bunches, for which there is no
lifetime model here. Only pairs that last some weeks count: days cannot tell shorter gaps apart, and purchases of one
day are merged, so that short gaps look more regular than they are.

Wheat and Morrison (1990), "Estimating purchase regularity with two interpurchase times", Journal of Marketing
Research 27, have the idea, and an estimate by the variance of u.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from custlib.models.cells import Array, number_faults, read_columns, refuse_faults

FEWEST_DAYS = 20  # that the two gaps of a pair must last together
_FEWEST_PAIRS = 30
_MOST_TICKS = 6
_EVIDENCE = 5.0  # log-likelihood by which more than one tick must fit better
_BUNCHED = 0.8
_CLIP = 1e-3


@dataclass(frozen=True)
class GapRegularity:
    """How regular purchases are.

    Attributes
    ----------
    ticks : int
        The k of the lifetime models, 1 to 6; 1 without clear evidence for more.
    estimate : float or None
        The likeliest k, a real number above 0; None with fewer than 30 pairs.
    gain : float
        Log-likelihood of the best whole k less that of 1.
    pairs : float
        How many pairs there are.
    """

    ticks: int
    estimate: float | None
    gain: float
    pairs: float

    @property
    def is_bunched(self) -> bool:
        """Whether purchases come in bunches, which no model here describes: the estimate is below .8."""
        return self.estimate is not None and self.estimate < _BUNCHED


def gap_regularity(first_gaps: ArrayLike, second_gaps: ArrayLike, weights: ArrayLike | None = None) -> GapRegularity:
    """Estimate how regular purchases are from pairs of successive gaps.

    Parameters
    ----------
    first_gaps, second_gaps : array_like, shape (n,)
        Gaps between purchases: the first and second, third and fourth, ... of each customer, in any unit of time.
    weights : array_like, shape (n,), optional
        How many pairs each row stands for; 1 by default.

    Returns
    -------
    GapRegularity

    Raises
    ------
    TableError
        When a gap is not above 0, or a weight is negative.

    Examples
    --------
    >>> gap_regularity([10.0, 30.0] * 20, [30.0, 10.0] * 20).ticks
    1
    >>> gap_regularity([19.0, 21.0] * 20, [21.0, 19.0] * 20).ticks
    6
    """
    first, second, weights = read_columns(
        first_gaps=first_gaps, second_gaps=second_gaps, weights=1.0 if weights is None else weights
    )
    refuse_faults([*number_faults("first_gaps", first, least="not positive"),
                   *number_faults("second_gaps", second, least="not positive"),
                   *number_faults("weights", weights)])  # fmt: skip
    pairs = float(weights.sum())
    if pairs < _FEWEST_PAIRS:
        return GapRegularity(1, None, 0.0, pairs)
    share = np.clip(first / (first + second), _CLIP, 1 - _CLIP)
    level = float(weights @ np.log(share * (1 - share))) / pairs
    ticks = np.arange(1, _MOST_TICKS + 1)
    values = pairs * (_log_density(ticks, level) - _log_density(np.ones(1), level))
    best = int(values.argmax())
    gain = float(values[best])
    return GapRegularity(int(ticks[best]) if gain > _EVIDENCE else 1, _likeliest(level), gain, pairs)


def _log_density(k: Array | np.ndarray, level: float) -> Array:
    """Compute the mean log density of the shares, ~ Beta(k, k); the level is the mean of ln u (1 - u)."""
    result: Array = (k - 1) * level - special.betaln(k, k)
    return result


def _likeliest(level: float) -> float:
    """Find the real k of the greatest likelihood; it is concave in k."""
    from scipy.optimize import brentq  # slow to import, and few ask how regular purchases are

    def slope(log_k: float) -> float:
        k = np.exp(log_k)
        return float(level - 2 * (special.digamma(k) - special.digamma(2 * k)))

    # ln u (1 - u) is at most - ln 4, which an endless k would give; at its least it is that of a k below .15
    return float(np.exp(brentq(slope, np.log(0.05), np.log(1e6)))) if slope(np.log(1e6)) < 0 else 1e6
