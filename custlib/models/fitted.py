"""What every fitted model carries beside its parameters, and the way to JSON and back.

A number that is not known or not identified (NaN, infinite) is None in the mapping.
"""

import math
from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields
from typing import Any, ClassVar, TypeVar

import numpy as np
from numpy.typing import NDArray

from custlib.errors import ModelError
from custlib.models.display import MISSING, html_table
from custlib.models.newton import Optimum, condition_number, identified_covariance

Array = NDArray[np.float64]

_ARRAYS = ("covariance", "standard_errors", "log_covariance")


@dataclass(frozen=True, repr=False)
class FittedModel:
    """The evidence of a fit; the parameters are fields of the models that inherit from this one.

    Two models are equal when they are of one kind and their parameters are equal. A model that was not fitted has
    None for evidence.
    """

    label: ClassVar[str]
    parameters: ClassVar[tuple[str, ...]]

    log_likelihood: float | None = field(default=None, compare=False, kw_only=True)
    covariance: Array | None = field(default=None, compare=False, repr=False, kw_only=True)
    standard_errors: Array | None = field(default=None, compare=False, kw_only=True)
    converged: bool | None = field(default=None, compare=False, kw_only=True)
    flags: tuple[str, ...] = field(default=(), compare=False, kw_only=True)
    customers: float | None = field(default=None, compare=False, kw_only=True)
    gradient_norm: float | None = field(default=None, compare=False, kw_only=True)
    condition_number: float | None = field(default=None, compare=False, kw_only=True)
    evaluations: int | None = field(default=None, compare=False, kw_only=True)

    def __post_init__(self) -> None:
        """Refuse parameters that are not finite and above 0."""
        refuse_parameters(self, self.parameters, self.label)

    def __repr__(self) -> str:
        """Show the parameters first, then the evidence."""
        shown = ", ".join(f"{item.name}={getattr(self, item.name)!r}" for item in _fields(type(self)) if item.repr)
        return f"{type(self).__qualname__}({shown})"

    def _repr_html_(self) -> str:
        """Show the parameters with their standard errors in a notebook."""
        errors = [math.nan] * len(self.parameters) if self.standard_errors is None else self.standard_errors
        rows = [
            (name, f"{getattr(self, name):.4f}", f"{error:.4f}" if math.isfinite(error) else MISSING)
            for name, error in zip(self.parameters, errors, strict=True)
        ]
        title = self.label
        if self.customers is not None:
            title += f", fitted to {self.customers:,.0f} customers"
        if self.log_likelihood is not None:
            title += f", log-likelihood {self.log_likelihood:,.3f}"
        if self.flags:
            title += f"; flags: {', '.join(self.flags)}"
        return html_table(title, rows, header=("parameter", "estimate", "standard error"))


Model = TypeVar("Model", bound=FittedModel)


def refuse_parameters(model: object, names: tuple[str, ...], label: str) -> None:
    """Raise where a parameter of a model is not finite and above 0."""
    for name in names:
        value = getattr(model, name)
        if not (math.isfinite(value) and value > 0):
            raise ModelError(f"{label}: {name} must be finite and above 0, got {value}.")


def evidence(optimum: Optimum, units: Array, *, customers: float, log_likelihood: float) -> dict[str, Any]:
    """Describe a maximum by fields of `FittedModel`; the units turn the parameters into those of the caller."""
    covariance = identified_covariance(optimum) * np.outer(units, units)
    return {
        "log_likelihood": log_likelihood,
        "covariance": covariance,
        "standard_errors": np.sqrt(np.diag(covariance)),
        "converged": optimum.converged,
        "customers": customers,
        "gradient_norm": float(np.abs(optimum.gradient).max()) / customers,
        "condition_number": condition_number(optimum),
        "evaluations": optimum.evaluations,
    }


def names_that_hold(conditions: Mapping[str, object]) -> tuple[str, ...]:
    """List the names of the conditions that are true.

    Examples
    --------
    >>> names_that_hold({"ill_conditioned": False, "not_converged": True})
    ('not_converged',)
    """
    return tuple(name for name, holds in conditions.items() if holds)


def write_model(model: FittedModel) -> dict[str, Any]:
    """Write the fields of a model as numbers, strings and nested lists."""
    return {item.name: _plain(getattr(model, item.name)) for item in _fields(type(model))}


def read_model(kind: type[Model], mapping: Mapping[str, Any]) -> Model:
    """Read a model of one kind from what `write_model` makes; only the parameters are required."""
    label = mapping.get("model", kind.label)
    if label != kind.label:
        raise ModelError(f"{kind.label}: the mapping is of the model {label}. Read it with from_dict of that model.")
    missing = [name for name in kind.parameters if mapping.get(name) is None]
    if missing:
        available = ", ".join(sorted(mapping)) or "none"
        raise ModelError(f"{kind.label}: parameters missing: {', '.join(missing)}. Available: {available}.")
    wrong = [name for name in kind.parameters if not _is_number(mapping[name])]
    if wrong:
        raise ModelError(f"{kind.label}: parameters that are no numbers: {', '.join(wrong)}.")
    return kind(**{item.name: _read(item.name, mapping, kind) for item in _fields(kind) if item.name in mapping})


def _fields(kind: type[FittedModel]) -> list[Field[Any]]:
    """List the fields of a model, the parameters first."""
    return sorted(fields(kind), key=lambda item: item.name not in kind.parameters)


def _read(name: str, mapping: Mapping[str, Any], kind: type[FittedModel]) -> Any:
    """Turn one entry of a mapping into the value of a field."""
    value = mapping[name]
    if name in kind.parameters:
        return float(value)
    if name in _ARRAYS:
        return np.array(value, dtype=np.float64) if value else None
    return tuple(value) if name == "flags" else value


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
