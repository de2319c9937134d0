"""Repeat purchases of customers who join on given days: expected under a model, and simulated."""

import numpy as np
from numpy.typing import NDArray

from custlib.models import bgnbd
from custlib.models.bgnbd_model import BetaGeometricNBD

Floats = NDArray[np.float64]
_RARELY, _MOST_A_STEP = 1e-15, 1e9  # what can be drawn: chances to leave, and purchases in a step


def expected_repeats(model: BetaGeometricNBD, joined: Floats, customers: Floats, reached: Floats) -> Floats:
    """Sum the expected repeat purchases of new customers up to each of several days.

    Examples
    --------
    >>> model = bgnbd.BGNBD(0.25, 31.0, 0.8, 2.4)
    >>> expected_repeats(model, np.array([0.0, 5.0]), np.array([1.0, 1.0]), np.array([0.0])).tolist()
    [0.0]
    """
    ages = np.maximum(reached[:, None] - joined, 0.0)
    distinct, places = np.unique(ages, return_inverse=True)
    purchases = np.where(distinct > 0, bgnbd.new_customer_purchases(model, distinct), 0.0)
    total: Floats = purchases[places.reshape(ages.shape)] @ customers
    return total


def repeat_counts(model: BetaGeometricNBD, joining: Floats, reached: Floats, random: np.random.Generator) -> Floats:
    """Simulate the repeat purchases of new customers up to each of several days, shape (customers, days).

    They are those of a Poisson process until a geometric number of purchases, after which the customer leaves. So the
    cost does not depend on the rate, which a degenerate fit may put at any number of purchases a day.

    Examples
    --------
    >>> counts = repeat_counts(
    ...     bgnbd.BGNBD(0.25, 31.0, 0.8, 2.4), np.array([0.0, 40.0]), np.array([30.0, 60.0]), np.random.default_rng(0)
    ... )
    >>> counts.shape, counts[1, 0]
    ((2, 2), np.float64(0.0))
    """
    n = joining.size
    rate = random.gamma(model.r, 1 / model.alpha, n)[:, None]
    leaving = np.clip(random.beta(model.a, model.b, n), _RARELY, 1.0)
    most = random.geometric(leaving) - model.first_occasions  # the first purchase is an occasion to leave in MBG/NBD
    watched = np.diff(np.maximum(reached - joining[:, None], 0.0), axis=1, prepend=0.0)
    bought = random.poisson(np.minimum(rate * watched, _MOST_A_STEP)).cumsum(axis=1)
    return np.minimum(bought, most[:, None]).astype(np.float64)
