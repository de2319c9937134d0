"""BG/NBD: when customers come back, and whether they still will.

Equation numbers are of Fader, Hardie and Lee (2005), "Counting your customers the easy way", Marketing Science 24. The
model and its integrals are in `bgnbd_model`, likelihood and fit in `bgnbd_fit`. All functions take MBG/NBD models too.
"""

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from custlib.errors import UsageError
from custlib.models.bgnbd_fit import fit, log_likelihood
from custlib.models.bgnbd_model import (
    BGNBD,
    BetaGeometricNBD,
    discounted_if_alive,
    expected_if_alive,
    from_dict,
    pairs_if_alive,
    purchase_count_probability,
    repeat_times,
    residual_if_alive,
    residual_pairs_if_alive,
    to_dict,
)
from custlib.models.cells import Array, read_customers

__all__ = [
    "BGNBD", "discounted_purchases_if_alive", "expected_purchases", "expected_purchases_if_alive", "fit", "from_dict",
    "log_likelihood", "new_customer_purchases", "probability_alive", "probability_of_purchase",
    "purchase_count_probability", "repeat_times", "residual_transactions", "residual_transactions_if_alive", "to_dict",
]  # fmt: skip


def probability_alive(model: BetaGeometricNBD, frequency: ArrayLike, recency: ArrayLike, T: ArrayLike) -> Array:
    """Compute the probability that a customer has not dropped out at T.

    Fader and Hardie (2008), "Computing P(alive) using the BG/NBD model".

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
    >>> round(float(probability_alive(BGNBD(0.243, 4.414, 0.793, 2.426), 2, 30.43, 38.86)), 4)
    0.7266
    """
    x, T, recency = read_customers(frequency, T, recency)
    return _alive(model, x, recency, T)[()]


def _alive(model: BetaGeometricNBD, x: Array, recency: Array, T: Array) -> Array:
    """Compute P(alive) = 1 / (1 + a / (b + x - 1) ((alpha + T) / (alpha + recency))**(r + x)), 1 for x = 0."""
    occasions = model.occasions(x)
    silence = np.log1p((T - recency) / (model.alpha + recency))
    log_odds = np.log(model.b + (np.maximum(occasions, 1) - 1)) - np.log(model.a) - (model.r + x) * silence
    return np.where(occasions > 0, special.expit(log_odds), 1.0)


def expected_purchases(
    model: BetaGeometricNBD, t: ArrayLike, frequency: ArrayLike, recency: ArrayLike, T: ArrayLike
) -> Array:
    """Compute the expected purchases in (T, T + t] of customers who may have dropped out, equation (10).

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
    >>> round(float(expected_purchases(BGNBD(0.243, 4.414, 0.793, 2.426), 39, 2, 30.43, 38.86)), 3)
    1.226
    """
    x, T, recency, t = read_customers(frequency, T, recency, t=t)
    # equation (10): P(alive) times the expectation of those who are alive
    return (_alive(model, x, recency, T) * expected_if_alive(model, x, t / (model.alpha + T)))[()]


def expected_purchases_if_alive(model: BetaGeometricNBD, t: ArrayLike, frequency: ArrayLike, T: ArrayLike) -> Array:
    """Compute the expected purchases in (T, T + t] of customers known to be alive at T.

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
    >>> round(float(expected_purchases_if_alive(BGNBD(0.243, 4.414, 0.793, 2.426), 39, 2, 38.86)), 4)
    1.6874
    """
    x, T, t = read_customers(frequency, T, t=t)
    return expected_if_alive(model, x, t / (model.alpha + T))[()]


def expected_squared_purchases(
    model: BetaGeometricNBD, t: ArrayLike, frequency: ArrayLike, recency: ArrayLike, T: ArrayLike
) -> Array:
    """Compute the expected square of `expected_purchases`, for the variance; the relative error is below 1e-9.

    Examples
    --------
    >>> round(float(expected_squared_purchases(BGNBD(0.243, 4.414, 0.793, 2.426), 39, 2, 30.43, 38.86)), 3)
    4.032
    """
    x, T, recency, t = read_customers(frequency, T, recency, t=t)
    alive, u = _alive(model, x, recency, T), t / (model.alpha + T)
    return (alive * (expected_if_alive(model, x, u) + pairs_if_alive(model, x, u)))[()]


def new_customer_purchases(model: BetaGeometricNBD, t: ArrayLike) -> Array:
    """Compute the expected repeat purchases of a new customer in the first t, equation (9).

    Parameters
    ----------
    model : BGNBD or MBGNBD
        A model.
    t : array_like
        Time since the first purchase, >= 0, in the model's unit of time.

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
    >>> round(float(new_customer_purchases(BGNBD(0.243, 4.414, 0.793, 2.426), 32)), 3)
    1.045
    """
    return expected_purchases(model, t, 0, 0, 0)


def probability_of_purchase(model: BetaGeometricNBD, t: ArrayLike, frequency: ArrayLike, T: ArrayLike) -> Array:
    """Compute the probability of at least one purchase in (T, T + t] of customers known to be alive at T.

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
        0 to 1.

    Raises
    ------
    TableError
        When rows cannot be purchase histories, or t is negative or not finite.

    Examples
    --------
    >>> round(float(probability_of_purchase(BGNBD(0.243, 4.414, 0.793, 2.426), 39, 0, 0)), 4)
    0.4262
    """
    x, T, t = read_customers(frequency, T, t=t)
    # nobody drops out before a purchase: 1 - ((alpha + T) / (alpha + T + t))**(r + x)
    result: Array = -np.expm1(-(model.r + x) * np.log1p(t / (model.alpha + T)))
    return result[()]


def discounted_purchases_if_alive(
    model: BetaGeometricNBD, t: ArrayLike, delta: ArrayLike, frequency: ArrayLike, T: ArrayLike
) -> Array:
    """Compute the discounted purchases in (T, T + t] of customers known to be alive at T.

    ``int_0^t exp(-delta s) E'(s) ds``, with E(s) the expected purchases within s of customers who are alive.

    Parameters
    ----------
    model : BGNBD or MBGNBD
        A model.
    t : array_like
        Horizon, >= 0, in the model's unit of time.
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

    Examples
    --------
    >>> round(float(discounted_purchases_if_alive(BGNBD(0.243, 4.414, 0.793, 2.426), 39, 0.0027, 2, 38.86)), 4)
    1.6064
    """
    x, T, t, delta = read_customers(frequency, T, t=t, delta=delta)
    return discounted_if_alive(model, x, t / (model.alpha + T), delta * t)[()]


def residual_transactions(
    model: BetaGeometricNBD, delta: ArrayLike, frequency: ArrayLike, recency: ArrayLike, T: ArrayLike
) -> Array:
    """Compute the discounted purchases in all time to come (DERT) of customers who may have dropped out.

    Fader, Hardie and Lee (2005), "RFM and CLV", Journal of Marketing Research 42, define the quantity.

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
    >>> round(float(residual_transactions(BGNBD(0.243, 4.414, 0.793, 2.426), 0.0027, 2, 30.43, 38.86)), 4)
    5.1564
    """
    _refuse_undiscounted(delta)
    x, T, recency, delta = read_customers(frequency, T, recency, delta=delta)
    return (_alive(model, x, recency, T) * residual_if_alive(model, delta, x, T))[()]


def residual_transactions_if_alive(
    model: BetaGeometricNBD, delta: ArrayLike, frequency: ArrayLike, T: ArrayLike
) -> Array:
    """Compute the discounted purchases in all time to come of customers known to be alive at T.

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

    Examples
    --------
    >>> round(float(residual_transactions_if_alive(BGNBD(0.243, 4.414, 0.793, 2.426), 0.0027, 2, 38.86)), 4)
    7.0968
    """
    _refuse_undiscounted(delta)
    x, T, delta = read_customers(frequency, T, delta=delta)
    return residual_if_alive(model, delta, x, T)[()]


def residual_pairs(
    model: BetaGeometricNBD, delta: ArrayLike, frequency: ArrayLike, recency: ArrayLike, T: ArrayLike
) -> Array:
    """Compute what pairs of different purchases add to the expected square of the discounted purchases to come.

    The purchases themselves add `residual_transactions` at twice delta.

    Examples
    --------
    >>> round(float(residual_pairs(BGNBD(0.243, 4.414, 0.793, 2.426), 0.0027, 2, 30.43, 38.86)), 3)
    76.18
    """
    _refuse_undiscounted(delta)
    x, T, recency, delta = read_customers(frequency, T, recency, delta=delta)
    return (_alive(model, x, recency, T) * residual_pairs_if_alive(model, delta, x, T))[()]


def _refuse_undiscounted(delta: ArrayLike) -> None:
    """Raise where a value without end would not be discounted."""
    low = float(np.min(np.asarray(delta, dtype=np.float64), initial=np.inf))
    if not low > 0:
        raise UsageError(
            f"delta must be above 0, got {low}: purchases in all time to come have no finite value "
            "undiscounted. Give a discount rate, or a horizon to discounted_purchases_if_alive."
        )
