"""sBG: customers renew or leave at each renewal, with a chance that is their own and does not change.

The shifted beta geometric model of Fader and Hardie (2007), "How to project customer retention", Journal of
Interactive Marketing 21. Retention rises with time because those who are likely to leave do so first.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from custlib.models.retention.renewals import (
    RenewalModel,
    discounted_payments,
    fit_renewals,
    read_counts,
    retention_rate,
    survival,
)

__all__ = ["SBG", "discounted_payments", "fit", "leaving_probability", "retention_rate", "survival"]


@dataclass(frozen=True, repr=False)
class SBG(RenewalModel):
    """The shifted beta geometric model.

    Parameters, attributes and errors are those of `custlib.models.retention.renewals.RenewalModel`.

    Examples
    --------
    >>> SBG(0.668, 3.806).alpha
    0.668
    """

    label: ClassVar[str] = "sBG"
    parameters: ClassVar[tuple[str, ...]] = ("alpha", "beta")


def leaving_probability(model: SBG, renewal: ArrayLike) -> NDArray[np.float64]:
    """Compute the probability that a new customer leaves at a renewal.

    Parameters
    ----------
    model : SBG
        A model.
    renewal : array_like
        Which renewal, t >= 1.

    Returns
    -------
    ndarray
        P(T = t) = B(alpha + 1, beta + t - 1) / B(alpha, beta), equation 5 of Fader and Hardie (2007).

    Examples
    --------
    >>> leaving_probability(SBG(1.0, 3.0), [1, 2]).round(2).tolist()
    [0.25, 0.15]
    """
    renewal = np.asarray(renewal, dtype=float)
    return np.asarray(survival(model, renewal - 1) * model.alpha / (model.alpha + model.beta + renewal - 1))


def fit(renewals: ArrayLike, lost: ArrayLike, remaining: ArrayLike) -> SBG:
    """Fit the model to counts of customers by maximum likelihood.

    Parameters
    ----------
    renewals : array_like, shape (n,)
        Renewals t, whole numbers >= 0.
    lost : array_like, shape (n,)
        Customers who left at renewal t.
    remaining : array_like, shape (n,)
        Customers who have made t renewals and whose next is not known yet.

    Returns
    -------
    SBG
        With log-likelihood and covariance, and the flags ``dropout_homogeneous`` (one chance to leave for all),
        ``ill_conditioned`` and ``not_converged`` where they apply.

    Raises
    ------
    TableError
        When a count is negative or missing, or someone is lost at renewal 0.
    ModelError
        When nobody has left.

    Examples
    --------
    >>> model = fit([1, 2, 3, 4], [369, 163, 86, 56], [0, 0, 0, 326])
    >>> round(model.alpha, 2), round(model.beta, 2)
    (0.76, 1.3)
    """
    counts = read_counts(renewals, lost, remaining, SBG.label)
    return fit_renewals(SBG, [1.0, float(max(counts[2].sum() / counts[1].sum(), 0.5))], counts)
