"""The BG/NBD model as a value: four parameters and what is known about them.

Makes a `BGNBD`, and a JSON-safe mapping from it and back. Follows Fader, Hardie and Lee (2005),
"Counting your customers the easy way: an alternative to the Pareto/NBD model", Marketing Science 24.
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


@dataclass(frozen=True)
class BGNBD:
    """The four parameters, with the evidence where they were fitted.

    Purchases come at a rate ~ Gamma(r, rate alpha); after each the customer drops out with a probability
    ~ Beta(a, b). Two models are equal when their parameters are.

    Attributes
    ----------
    r, alpha : float
        Shape and rate of the purchase rates; alpha in the unit of time of the customers.
    a, b : float
        The two parameters of the drop-out probability.
    log_likelihood : float or None
        At these parameters, all customers together.
    covariance, standard_errors : ndarray, shape (4, 4), (4,), or None
        Of r, alpha, a, b; NaN for what the customers do not identify.
    converged : bool or None
        Whether the search ended at a maximum (or on a ridge, see `flags`).
    flags : tuple of str
        What to know before using the model; see `custlib.models.bgnbd.fit`.
    customers : float or None
        Sum of the weights.
    gradient_norm, condition_number : float or None
        Largest slope by the logarithms, per customer, and ratio of the curvatures.
    evaluations : int or None
        How often the likelihood was evaluated.

    Raises
    ------
    ModelError
        When a parameter is not finite and above 0.

    Examples
    --------
    >>> BGNBD(0.243, 4.414, 0.793, 2.426).alpha
    4.414
    """

    r: float
    alpha: float
    a: float
    b: float
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
                raise ModelError(f"BG/NBD: {name} must be finite and above 0, got {value}.")


PARAMETERS = ("r", "alpha", "a", "b")


def to_dict(model: BGNBD, *, time_unit: str) -> dict[str, Any]:
    """Write a model as a mapping that JSON can hold.

    Parameters
    ----------
    model : BGNBD
        A model.
    time_unit : str
        The unit that alpha is in, for example ``"week"``.

    Returns
    -------
    dict
        Floats, strings and lists; None for what is not known or not identified.

    Examples
    --------
    >>> to_dict(BGNBD(0.243, 4.414, 0.793, 2.426), time_unit="week")["time_unit"]
    'week'
    """
    return {"model": "BG/NBD", "time_unit": time_unit, **write_record(model)}


def from_dict(mapping: Mapping[str, Any]) -> BGNBD:
    """Read a model from a mapping.

    Parameters
    ----------
    mapping : mapping
        As made by `to_dict`; only the four parameters are required.

    Returns
    -------
    BGNBD

    Raises
    ------
    ModelError
        When a parameter is missing, no number, not finite or not above 0.

    Examples
    --------
    >>> from_dict({"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}).r
    0.243
    """
    return BGNBD(**read_record(mapping, model="BG/NBD", required=PARAMETERS))
