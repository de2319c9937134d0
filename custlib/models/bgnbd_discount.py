"""Discounted purchases of a BG/NBD or MBG/NBD model: the number that turns into money.

Reads a model and columns of purchase histories; makes columns. The residual transactions follow Fader,
Hardie and Lee (2005), "RFM and CLV", Journal of Marketing Research 42, for these models.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from custlib.errors import UsageError
from custlib.models.bgnbd_integrals import (
    alive_probability,
    discounted_if_alive,
    residual_if_alive,
    residual_pairs_if_alive,
)
from custlib.models.bgnbd_model import BetaGeometricNBD
from custlib.models.inputs import read_customers

Array = NDArray[np.float64]


def discounted_purchases_if_alive(
    model: BetaGeometricNBD, t: ArrayLike, delta: ArrayLike, frequency: ArrayLike, T: ArrayLike
) -> Array:
    """Give the discounted purchases in (T, T + t] of customers known to be alive at T.

    Parameters
    ----------
    model : BGNBD or MBGNBD
        A model.
    t : array_like
        Horizon, >= 0.
    delta : array_like
        Continuous discount rate per unit of time, ``ln(1 + annual) / units per year``, >= 0.
    frequency, T : array_like
        Purchase histories; all broadcast.

    Returns
    -------
    ndarray
        Purchase days, each worth ``exp(-delta * s)`` at T + s.

    Raises
    ------
    TableError
        When rows cannot be purchase histories, or t or delta is negative or not finite.

    Notes
    -----
    With E(s) the expected purchases, ``delta * int_0^t exp(-delta s) E(s) ds + exp(-delta t) E(t)``,
    integrated by parts: ``int_0^t exp(-delta s) E'(s) ds``.

    Examples
    --------
    >>> from custlib.models import bgnbd
    >>> model = bgnbd.BGNBD(0.243, 4.414, 0.793, 2.426)
    >>> round(float(discounted_purchases_if_alive(model, 39, 0.0027, 2, 38.86)), 4)
    1.6064
    """
    x, T, t, delta = read_customers(frequency, T, t=t, delta=delta)
    return discounted_if_alive(model, x, t / (model.alpha + T), delta * t)[()]


def residual_transactions_if_alive(
    model: BetaGeometricNBD, delta: ArrayLike, frequency: ArrayLike, T: ArrayLike
) -> Array:
    """Give the discounted purchases in all time to come (DERT) of customers known to be alive at T.

    Parameters
    ----------
    model : BGNBD or MBGNBD
        A model.
    delta : array_like
        Continuous discount rate per unit of time, ``ln(1 + annual) / units per year``, > 0.
    frequency, T : array_like
        Purchase histories; all broadcast.

    Returns
    -------
    ndarray
        Purchase days, each worth ``exp(-delta * s)`` at T + s.

    Raises
    ------
    TableError
        When rows cannot be purchase histories.
    UsageError
        When delta is not above 0: the undiscounted value is infinite for a <= 1.

    Notes
    -----
    Fader, Hardie and Lee (2005), "RFM and CLV", Journal of Marketing Research 42, define the quantity.

    Examples
    --------
    >>> from custlib.models import bgnbd
    >>> model = bgnbd.BGNBD(0.243, 4.414, 0.793, 2.426)
    >>> round(float(residual_transactions_if_alive(model, 0.0027, 2, 38.86)), 4)
    7.0968
    """
    _refuse_undiscounted(delta)
    x, T, delta = read_customers(frequency, T, delta=delta)
    return residual_if_alive(model, delta, x, T)[()]


def residual_transactions(
    model: BetaGeometricNBD, delta: ArrayLike, frequency: ArrayLike, recency: ArrayLike, T: ArrayLike
) -> Array:
    """Give the discounted purchases in all time to come of customers who may have dropped out.

    Parameters
    ----------
    model : BGNBD or MBGNBD
        A model.
    delta : array_like
        Continuous discount rate per unit of time, ``ln(1 + annual) / units per year``, > 0.
    frequency, recency, T : array_like
        Purchase histories; all broadcast.

    Returns
    -------
    ndarray
        Purchase days, each worth ``exp(-delta * s)`` at T + s.

    Raises
    ------
    TableError
        When rows cannot be purchase histories.
    UsageError
        When delta is not above 0: the undiscounted value is infinite for a <= 1.

    Examples
    --------
    >>> from custlib.models import bgnbd
    >>> model = bgnbd.BGNBD(0.243, 4.414, 0.793, 2.426)
    >>> round(float(residual_transactions(model, 0.0027, 2, 30.43, 38.86)), 4)
    5.1564
    """
    _refuse_undiscounted(delta)
    x, T, recency, delta = read_customers(frequency, T, recency, delta=delta)
    return (alive_probability(model, x, recency, T) * residual_if_alive(model, delta, x, T))[()]


def residual_pairs(
    model: BetaGeometricNBD, delta: ArrayLike, frequency: ArrayLike, recency: ArrayLike, T: ArrayLike
) -> Array:
    """Give what the square of the discounted purchases in all time to come has of pairs of different purchases.

    Parameters
    ----------
    model : BGNBD or MBGNBD
        A model.
    delta : array_like
        Continuous discount rate per unit of time, > 0.
    frequency, recency, T : array_like
        Purchase histories; all broadcast.

    Returns
    -------
    ndarray
        With D, the sum of ``exp(-delta s)`` over the purchases of a customer at T + s, who may have dropped out: E D^2
        less the sum of squares, which is `residual_transactions` at twice delta.

    Raises
    ------
    TableError
        When rows cannot be purchase histories.
    UsageError
        When delta is not above 0.

    Notes
    -----
    A customer who buys at a rate l and drops out with p after each purchase has bought at s and at a later s' with the
    density l**2 (1 - p) exp(-l p s'); the earlier time is integrated by hand, l and p are averaged.

    Examples
    --------
    >>> from custlib.models import bgnbd
    >>> model = bgnbd.BGNBD(0.243, 4.414, 0.793, 2.426)
    >>> round(float(residual_pairs(model, 0.0027, 2, 30.43, 38.86)), 3)
    76.18
    """
    _refuse_undiscounted(delta)
    x, T, recency, delta = read_customers(frequency, T, recency, delta=delta)
    return (alive_probability(model, x, recency, T) * residual_pairs_if_alive(model, delta, x, T))[()]


def _refuse_undiscounted(delta: ArrayLike) -> None:
    """Raise where a value without end would not be discounted."""
    low = float(np.min(np.asarray(delta, dtype=np.float64), initial=np.inf))
    if not low > 0:
        raise UsageError(
            f"delta must be above 0, got {low}: purchases in all time to come have no finite value "
            "undiscounted. Give a discount rate, or a horizon to discounted_purchases_if_alive."
        )
