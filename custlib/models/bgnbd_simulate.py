"""Simulates the purchases of customers who follow the BG/NBD or MBG/NBD model exactly.

Makes arrays of purchase times; reads a model. Step by step as the model tells it: an own rate and an own chance
of leaving for each customer, after each occasion perhaps gone, until then waiting times at the own rate.
"""

import numpy as np
from numpy.typing import NDArray

from custlib.models.bgnbd_model import BetaGeometricNBD

Array = NDArray[np.float64]


def repeat_times(model: BetaGeometricNBD, span: Array, random: np.random.Generator) -> tuple[NDArray[np.intp], Array]:
    """Draw the repeat purchases of new customers.

    Parameters
    ----------
    model : BGNBD or MBGNBD
        The truth.
    span : ndarray, shape (n,)
        How long each customer is watched from the first purchase on.
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
    >>> from custlib.models.bgnbd import BGNBD
    >>> who, when = repeat_times(BGNBD(0.5, 20.0, 0.8, 2.4), np.full(3, 200.0), np.random.default_rng(0))
    >>> bool((when <= 200).all() and (who < 3).all())
    True
    """
    size = span.size
    rate = np.maximum(random.gamma(model.r, 1 / model.alpha, size), 1e-300)
    leaving = random.beta(model.a, model.b, size)
    who, clock = np.arange(size), np.zeros(size)
    if model.first_occasions:
        who = who[random.random(size) >= leaving]
    found = [(who[:0], clock[:0])]
    while who.size:
        clock[who] += random.exponential(1.0, who.size) / rate[who]
        who = who[clock[who] <= span[who]]
        found.append((who, clock[who]))
        who = who[random.random(who.size) >= leaving[who]]
    customers, times = (np.concatenate(part) for part in zip(*found, strict=True))
    return customers, times
