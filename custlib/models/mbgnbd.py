"""MBG/NBD: the BG/NBD model for bases where many never come back after the first purchase.

A customer may drop out after every purchase, the first included; so P(alive) of a one-time buyer is below 1 and falls
with time. The functions of `custlib.models.bgnbd` take an `MBGNBD` and are at hand here too. Batislam, Denizel and
Filiztekin (2007), "Empirical validation and comparison of models for customer base analysis", International Journal of
Research in Marketing 24; Hoppe and Wagner (2007), "Customer base analysis: the case for a central variant of the
Betageometric/NBD model", Marketing: Journal of Research and Management 3.
"""

from collections.abc import Mapping
from typing import Any

from numpy.typing import ArrayLike

from custlib.models.bgnbd import (
    discounted_purchases_if_alive,
    expected_purchases,
    expected_purchases_if_alive,
    log_likelihood,
    new_customer_purchases,
    probability_alive,
    probability_of_purchase,
    purchase_count_probability,
    repeat_times,
    residual_transactions,
    residual_transactions_if_alive,
    to_dict,
)
from custlib.models.bgnbd_fit import fit_kind
from custlib.models.bgnbd_model import BetaGeometricNBD
from custlib.models.fitted import read_model

__all__ = [
    "MBGNBD", "discounted_purchases_if_alive", "expected_purchases", "expected_purchases_if_alive", "fit", "from_dict",
    "log_likelihood", "new_customer_purchases", "probability_alive", "probability_of_purchase",
    "purchase_count_probability", "repeat_times", "residual_transactions", "residual_transactions_if_alive", "to_dict",
]  # fmt: skip


class MBGNBD(BetaGeometricNBD):
    """The MBG/NBD model: a customer may drop out after each purchase, the first included.

    Parameters, attributes and errors are those of `custlib.models.bgnbd_model.BetaGeometricNBD`.

    Examples
    --------
    >>> model = MBGNBD(0.525, 6.183, 0.891, 1.614)
    >>> round(float(probability_alive(model, 0, 0, 38.86)), 4)
    0.3897
    """

    label = "MBG/NBD"
    first_occasions = 1
    # the likelihood may have two summits, also with thousands of customers: few rates and drop-out that is much alike,
    # or rates alike and customers who leave at once or hardly ever
    starts = (*BetaGeometricNBD.starts, (0.5, 0.5, 0.1, 0.1), (0.2, 0.2, 0.7, 15.0))


def fit(frequency: ArrayLike, recency: ArrayLike, T: ArrayLike, weights: ArrayLike | None = None) -> MBGNBD:
    """Fit the model to customers by maximum likelihood.

    Parameters
    ----------
    frequency : array_like, shape (n,)
        Repeat purchase days, whole numbers.
    recency : array_like, shape (n,)
        First to last purchase, in any unit of time.
    T : array_like, shape (n,)
        First purchase to the end of observation, same unit.
    weights : array_like, shape (n,), optional
        How many customers each row stands for, >= 0; 1 by default.

    Returns
    -------
    MBGNBD
        With log-likelihood, covariance and the flags of `custlib.models.bgnbd.fit` where they apply.

    Raises
    ------
    TableError
        When rows cannot be purchase histories; every fault in one message.
    ModelError
        When there is no customer, no repeat purchase, or nobody was observed (all T = 0).

    Examples
    --------
    >>> model = fit([0, 0, 1, 2, 0, 5], [0, 0, 4, 30, 0, 35], [39, 38, 38, 37, 36, 36])
    >>> model.converged
    True
    """
    return fit_kind(MBGNBD, frequency, recency, T, weights)


def from_dict(mapping: Mapping[str, Any]) -> MBGNBD:
    """Read a model from a mapping.

    Parameters
    ----------
    mapping : mapping
        As `to_dict` makes it; only the four parameters are required.

    Returns
    -------
    MBGNBD

    Raises
    ------
    ModelError
        When a parameter is missing, no number, not finite or not above 0, or the mapping is of another model.

    Examples
    --------
    >>> from_dict({"r": 0.525, "alpha": 6.183, "a": 0.891, "b": 1.614}).b
    1.614
    """
    return read_model(MBGNBD, mapping)
