"""The BG/NBD model as a value: four parameters and what is known about them.

Makes a `BGNBD`, and a JSON-safe mapping from it and back. Follows Fader, Hardie and Lee (2005),
"Counting your customers the easy way: an alternative to the Pareto/NBD model", Marketing Science 24.

Its relative MBG/NBD (`custlib.models.mbgnbd`) counts one more occasion to drop out, the first purchase.
That number is all that sets the two apart: `BetaGeometricNBD` holds what they share, and the functions
of `bgnbd_fit`, `bgnbd_forecast` and `bgnbd_discount` take either.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeVar

import numpy as np
from numpy.typing import NDArray

from custlib.errors import ModelError
from custlib.models.record import read_record, write_record

Array = NDArray[np.float64]


PARAMETERS = ("r", "alpha", "a", "b")


@dataclass(frozen=True)
class BetaGeometricNBD:
    """The four parameters, with the evidence where they were fitted: what `BGNBD` and `MBGNBD` share.

    Purchases come at a rate ~ Gamma(r, rate alpha); at each occasion the customer drops out with a
    probability ~ Beta(a, b). Two models are equal when they are of one kind and their parameters are equal.

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
    log_covariance : ndarray, shape (4, 4), or None
        Of the logarithms of r, alpha, a, b, in the directions that are identified, nought in the others; it holds in
        any unit of time.
    label : str
        Name of the kind.
    first_occasions : int
        How many occasions to drop out come with the first purchase; each repeat purchase is one more.

    Raises
    ------
    ModelError
        When a parameter is not finite and above 0.
    """

    label: ClassVar[str]
    first_occasions: ClassVar[int]

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
    log_covariance: Array | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Refuse parameters that are none."""
        for name in PARAMETERS:
            value = getattr(self, name)
            if not (math.isfinite(value) and value > 0):
                raise ModelError(f"{self.label}: {name} must be finite and above 0, got {value}.")

    @classmethod
    def occasions(cls, frequency: Array) -> Array:
        """Count the occasions to drop out behind a customer with so many repeat purchases."""
        return frequency + cls.first_occasions


Kind = TypeVar("Kind", bound=BetaGeometricNBD)


class BGNBD(BetaGeometricNBD):
    """The BG/NBD model: a customer may drop out after each repeat purchase, not after the first.

    Parameters, attributes and errors are those of `BetaGeometricNBD`.

    Examples
    --------
    >>> BGNBD(0.243, 4.414, 0.793, 2.426).alpha
    4.414
    """

    label = "BG/NBD"
    first_occasions = 0


def to_dict(model: BetaGeometricNBD, *, time_unit: str) -> dict[str, Any]:
    """Write a model as a mapping that JSON can hold.

    Parameters
    ----------
    model : BGNBD or MBGNBD
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
    return {"model": model.label, "time_unit": time_unit, **write_record(model)}


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
        When a parameter is missing, no number, not finite or not above 0, or the mapping is of another model.

    Examples
    --------
    >>> from_dict({"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}).r
    0.243
    """
    return read_kind(BGNBD, mapping)


def read_kind(kind: type[Kind], mapping: Mapping[str, Any]) -> Kind:
    """Read a model of one kind from a mapping: the twin of `from_dict` for both."""
    written = mapping.get("model", kind.label)
    if written != kind.label:
        raise ModelError(f"{kind.label}: the mapping is of the model {written}. Read it with from_dict of that model.")
    return kind(**read_record(mapping, model=kind.label, required=PARAMETERS))
