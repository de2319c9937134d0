"""What a fitted BG/NBD or MBG/NBD model says of customers: alive or not, and how much they will buy.

Reads a model and columns of purchase histories; makes columns. Fader, Hardie and Lee (2005), "Counting
your customers the easy way", Marketing Science 24; the integrals are in `bgnbd_integrals`.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from custlib.models.bgnbd_integrals import alive_probability, expected_if_alive, pairs_if_alive
from custlib.models.bgnbd_model import BetaGeometricNBD
from custlib.models.inputs import read_customers

Array = NDArray[np.float64]


def probability_alive(model: BetaGeometricNBD, frequency: ArrayLike, recency: ArrayLike, T: ArrayLike) -> Array:
    """Give the probability that a customer has not dropped out at T.

    Parameters
    ----------
    model : BGNBD or MBGNBD
        A model.
    frequency, recency, T : array_like
        Purchase histories, in the model's unit of time; they broadcast.

    Returns
    -------
    ndarray
        0 to 1; with BG/NBD 1 for one-time buyers, who had no occasion to drop out in that model.

    Raises
    ------
    TableError
        When rows cannot be purchase histories.

    Examples
    --------
    >>> from custlib.models import bgnbd
    >>> model = bgnbd.BGNBD(0.243, 4.414, 0.793, 2.426)
    >>> round(float(probability_alive(model, 2, 30.43, 38.86)), 4)
    0.7266
    """
    x, T, recency = read_customers(frequency, T, recency)
    return alive_probability(model, x, recency, T)[()]


def expected_purchases_if_alive(model: BetaGeometricNBD, t: ArrayLike, frequency: ArrayLike, T: ArrayLike) -> Array:
    """Give the expected purchases in (T, T + t] of customers known to be alive at T.

    Parameters
    ----------
    model : BGNBD or MBGNBD
        A model.
    t : array_like
        Horizon, >= 0, in the model's unit of time.
    frequency, T : array_like
        Purchase histories; all broadcast.

    Returns
    -------
    ndarray
        Purchase days.

    Raises
    ------
    TableError
        When rows cannot be purchase histories, or t is negative or not finite.

    Examples
    --------
    >>> from custlib.models import bgnbd
    >>> model = bgnbd.BGNBD(0.243, 4.414, 0.793, 2.426)
    >>> round(float(expected_purchases_if_alive(model, 39, 2, 38.86)), 4)
    1.6874
    """
    x, T, t = read_customers(frequency, T, t=t)
    return expected_if_alive(model, x, t / (model.alpha + T))[()]


def expected_purchases(
    model: BetaGeometricNBD, t: ArrayLike, frequency: ArrayLike, recency: ArrayLike, T: ArrayLike
) -> Array:
    """Give the expected purchases in (T, T + t] of customers who may have dropped out.

    Parameters
    ----------
    model : BGNBD or MBGNBD
        A model.
    t : array_like
        Horizon, >= 0, in the model's unit of time.
    frequency, recency, T : array_like
        Purchase histories; all broadcast.

    Returns
    -------
    ndarray
        Purchase days.

    Raises
    ------
    TableError
        When rows cannot be purchase histories, or t is negative or not finite.

    Examples
    --------
    >>> from custlib.models import bgnbd
    >>> model = bgnbd.BGNBD(0.243, 4.414, 0.793, 2.426)
    >>> round(float(expected_purchases(model, 39, 2, 30.43, 38.86)), 3)
    1.226
    """
    x, T, recency, t = read_customers(frequency, T, recency, t=t)
    alive = alive_probability(model, x, recency, T)
    return (alive * expected_if_alive(model, x, t / (model.alpha + T)))[()]


def expected_squared_purchases(
    model: BetaGeometricNBD, t: ArrayLike, frequency: ArrayLike, recency: ArrayLike, T: ArrayLike
) -> Array:
    """Give the expected square of the purchases in (T, T + t], of customers who may have dropped out.

    Parameters
    ----------
    model : BGNBD or MBGNBD
        A model.
    t : array_like
        Horizon, >= 0.
    frequency, recency, T : array_like
        Purchase histories; all broadcast.

    Returns
    -------
    ndarray
        Squares of purchase days; less the square of the expected purchases they are the variance. The relative
        error is below 1e-9.

    Raises
    ------
    TableError
        When rows cannot be purchase histories, or t is negative or not finite.

    Notes
    -----
    A customer who buys at a rate l and drops out with p after each purchase has bought at s and at a later s' with
    the density l**2 (1 - p) exp(-l p s'): E N (N - 1) is twice its integral, averaged over l ~ Gamma and p ~ Beta.

    Examples
    --------
    >>> from custlib.models import bgnbd
    >>> model = bgnbd.BGNBD(0.243, 4.414, 0.793, 2.426)
    >>> round(float(expected_squared_purchases(model, 39, 2, 30.43, 38.86)), 3)
    4.032
    """
    x, T, recency, t = read_customers(frequency, T, recency, t=t)
    alive, u = alive_probability(model, x, recency, T), t / (model.alpha + T)
    return (alive * (expected_if_alive(model, x, u) + pairs_if_alive(model, x, u)))[()]


def new_customer_purchases(model: BetaGeometricNBD, t: ArrayLike) -> Array:
    """Give the expected repeat purchases of a new customer in the first t.

    Parameters
    ----------
    model : BGNBD or MBGNBD
        A model.
    t : array_like
        Time since the first purchase, >= 0.

    Returns
    -------
    ndarray
        Repeat purchase days.

    Raises
    ------
    TableError
        When t is negative or not finite.

    Examples
    --------
    >>> from custlib.models import bgnbd
    >>> model = bgnbd.BGNBD(0.243, 4.414, 0.793, 2.426)
    >>> round(float(new_customer_purchases(model, 32)), 3)
    1.045
    """
    return expected_purchases(model, t, 0, 0, 0)


def probability_of_purchase(model: BetaGeometricNBD, t: ArrayLike, frequency: ArrayLike, T: ArrayLike) -> Array:
    """Give the probability of at least one purchase in (T, T + t], known to be alive at T.

    Parameters
    ----------
    model : BGNBD or MBGNBD
        A model.
    t : array_like
        Horizon, >= 0.
    frequency, T : array_like
        Purchase histories; all broadcast.

    Returns
    -------
    ndarray
        0 to 1.

    Raises
    ------
    TableError
        When rows cannot be purchase histories, or t is negative or not finite.

    Examples
    --------
    >>> from custlib.models import bgnbd
    >>> model = bgnbd.BGNBD(0.243, 4.414, 0.793, 2.426)
    >>> round(float(probability_of_purchase(model, 39, 0, 0)), 4)
    0.4262
    """
    x, T, t = read_customers(frequency, T, t=t)
    chance: Array = -np.expm1(-(model.r + x) * np.log1p(t / (model.alpha + T)))
    return chance[()]
