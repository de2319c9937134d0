"""BdW: an sBG model in which the chance to leave also changes as a customer stays.

The beta discrete Weibull model of Fader, Hardie, Liu, Davin and Steenburgh (2018), "How to project customer retention
revisited: the role of duration dependence", Journal of Interactive Marketing 43. With c above 1 a customer becomes
likelier to leave with time, with c below 1 less likely; with c = 1 it is sBG.
"""

from dataclasses import dataclass
from typing import ClassVar

from numpy.typing import ArrayLike

from custlib.models.retention import sbg
from custlib.models.retention.renewals import (
    RenewalModel,
    discounted_payments,
    fit_renewals,
    read_counts,
    retention_rate,
    survival,
)

__all__ = ["BDW", "discounted_payments", "fit", "retention_rate", "survival"]


@dataclass(frozen=True, repr=False)
class BDW(RenewalModel):
    """The beta discrete Weibull model.

    Attributes
    ----------
    c : float
        Exponent of time. The others are those of `custlib.models.retention.renewals.RenewalModel`.

    Examples
    --------
    >>> BDW(0.668, 3.806, 1.0).power
    1.0
    """

    label: ClassVar[str] = "BdW"
    parameters: ClassVar[tuple[str, ...]] = ("alpha", "beta", "c")

    c: float

    @property
    def power(self) -> float:
        """The exponent c of time."""
        return self.c


def fit(renewals: ArrayLike, lost: ArrayLike, remaining: ArrayLike) -> BDW:
    """Fit the model to counts of customers by maximum likelihood, from the sBG model of the same counts.

    Parameters
    ----------
    renewals, lost, remaining : array_like, shape (n,)
        As in `custlib.models.retention.sbg.fit`.

    Returns
    -------
    BDW
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
    >>> model = fit([1, 2, 3, 4, 5, 6, 7], [131, 126, 90, 60, 42, 34, 26], [0, 0, 0, 0, 0, 0, 491])
    >>> model.c > 1
    True
    """
    first = sbg.fit(renewals, lost, remaining)
    return fit_renewals(BDW, [first.alpha, first.beta, 1.0], read_counts(renewals, lost, remaining, BDW.label))
