"""Writes fitted models as mappings that JSON can hold, and reads them back.

A number that is not known or not identified (NaN, infinite) is None in the mapping.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

import numpy as np

from custlib.errors import ModelError

_ARRAYS = ("covariance", "standard_errors", "log_covariance")
_REPORT = ("log_likelihood", "customers", "gradient_norm", "condition_number", "evaluations", "converged")


def write_record(model: Any) -> dict[str, Any]:
    """Write the fields of a model as plain values.

    Parameters
    ----------
    model : dataclass
        A fitted model.

    Returns
    -------
    dict
        Its fields; arrays as nested lists.

    Examples
    --------
    >>> from custlib.models.bgnbd_model import BGNBD
    >>> write_record(BGNBD(0.243, 4.414, 0.793, 2.426))["flags"]
    []
    """
    return {item.name: _plain(getattr(model, item.name)) for item in fields(model)}


def read_record(mapping: Mapping[str, Any], *, model: str, required: Sequence[str]) -> dict[str, Any]:
    """Read the fields of a model.

    Parameters
    ----------
    mapping : mapping
        Plain values, as made by `write_record`; unknown names are passed over.
    model : str
        Name of the model, for the message.
    required : sequence of str
        The parameters.

    Returns
    -------
    dict
        Arguments for the model.

    Raises
    ------
    ModelError
        When parameters are missing or no numbers.

    Examples
    --------
    >>> read_record({"p": 6}, model="Gamma-Gamma", required=["p"])["p"]
    6.0
    """
    missing = [name for name in required if mapping.get(name) is None]
    if missing:
        available = ", ".join(sorted(mapping)) or "none"
        raise ModelError(f"{model}: parameters missing: {', '.join(missing)}. Available: {available}.")
    wrong = [name for name in required if not _is_number(mapping[name])]
    if wrong:
        raise ModelError(f"{model}: parameters that are no numbers: {', '.join(wrong)}.")
    found: dict[str, Any] = {name: float(mapping[name]) for name in required}
    found |= {name: mapping[name] for name in _REPORT if name in mapping}
    found |= {name: np.array(mapping[name], dtype=np.float64) for name in _ARRAYS if mapping.get(name)}
    return found | {"flags": tuple(mapping.get("flags", ()))}


def _plain(value: Any) -> Any:
    """Turn arrays and tuples into lists, and what is no finite number into None."""
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _is_number(value: Any) -> bool:
    """Whether a plain value is a number (true and false are none)."""
    return isinstance(value, int | float) and not isinstance(value, bool)
