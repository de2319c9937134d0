"""The Gamma-Gamma model as a value: three parameters and what is known about them.

Makes a `GammaGamma`, and a JSON-safe mapping from it and back. Fader and Hardie (2013), "The Gamma-Gamma
model of monetary value".
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from custlib.errors import ModelError
from custlib.models.record import read_record, write_record

Array = NDArray[np.float64]

PARAMETERS = ("p", "q", "v")


@dataclass(frozen=True)
class GammaGamma:
    """The three parameters, with the evidence where they were fitted.

    The money of a day is ~ Gamma(p, rate nu), and nu ~ Gamma(q, rate v) differs between customers. Two
    models are equal when their parameters are. p and v are strongly correlated: report `mean_spend`.

    Attributes
    ----------
    p, q, v : float
        Shape within customers, shape between customers, and rate in the unit of money.
    log_likelihood, covariance, standard_errors, converged, flags, customers : optional
        As in `custlib.models.bgnbd.BGNBD`; the covariance is that of p, q, v.
    gradient_norm, condition_number, evaluations : optional
        As there.

    Raises
    ------
    ModelError
        When a parameter is not finite and above 0.

    Examples
    --------
    >>> GammaGamma(6.25, 3.74, 15.44).p
    6.25
    """

    p: float
    q: float
    v: float
    log_likelihood: float | None = field(default=None, compare=False)
    covariance: Array | None = field(default=None, compare=False, repr=False)
    standard_errors: Array | None = field(default=None, compare=False)
    converged: bool | None = field(default=None, compare=False)
    flags: tuple[str, ...] = field(default=(), compare=False)
    customers: float | None = field(default=None, compare=False)
    gradient_norm: float | None = field(default=None, compare=False)
    condition_number: float | None = field(default=None, compare=False)
    evaluations: int | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        """Refuse parameters that are none."""
        for name in PARAMETERS:
            value = getattr(self, name)
            if not (math.isfinite(value) and value > 0):
                raise ModelError(f"Gamma-Gamma: {name} must be finite and above 0, got {value}.")


def to_dict(model: GammaGamma, *, money_unit: str) -> dict[str, Any]:
    """Write a model as a mapping that JSON can hold.

    Parameters
    ----------
    model : GammaGamma
        A model.
    money_unit : str
        The unit that v is in, for example ``"USD"``.

    Returns
    -------
    dict
        Floats, strings and lists; None for what is not known or not identified.

    Examples
    --------
    >>> to_dict(GammaGamma(6.25, 3.74, 15.44), money_unit="USD")["v"]
    15.44
    """
    return {"model": "Gamma-Gamma", "money_unit": money_unit, **write_record(model)}


def from_dict(mapping: Mapping[str, Any]) -> GammaGamma:
    """Read a model from a mapping.

    Parameters
    ----------
    mapping : mapping
        As made by `to_dict`; only p, q and v are required.

    Returns
    -------
    GammaGamma

    Raises
    ------
    ModelError
        When a parameter is missing, no number, not finite or not above 0.

    Examples
    --------
    >>> from_dict({"p": 6.25, "q": 3.74, "v": 15.44}).q
    3.74
    """
    return GammaGamma(**read_record(mapping, model="Gamma-Gamma", required=PARAMETERS))
