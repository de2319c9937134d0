"""Segmentations ``value_cube`` and ``value_matrix``: axes of value, each low or high against a frozen threshold.

Reads customer activity with ``profit_last_{N}d``, ``potential`` and, for the cube, ``probability_alive``. Current value
CCV = sum over t = 1..n of profit / (1 + d)^t: the profit of the latest period carried over the expected lifetime; the
matrix takes it for one period, not discounted. Potential value CPV is the expected profit of products not used yet.
Loyalty = 1 - P(churn). High is at least the threshold: the mean or the median over all customers when the
segmentation is defined, or a given number. Nothing, a loss, or a missing measure is never high, also where most bring
no more. A map names the cells; defaults are in ``rules/value_cube.toml`` and ``rules/value_matrix.toml``.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import Field, model_validator

from custlib import rules
from custlib.engine.base import Engine
from custlib.errors import UsageError
from custlib.project import validated
from custlib.segment import grid
from custlib.segment.definitions import Strict
from custlib.segment.grid import HALVES
from custlib.segment.rule_files import grid_file
from custlib.segment.thresholds import require, threshold

Threshold = float | Literal["mean", "median"]


class _Options(Strict, ABC):
    """What both have: the period in days, and the map; a rule file has the defaults.

    Attributes
    ----------
    segmentation : str
        Its name; set by the table it stands in.
    days : int
        Length of a period: current value is the profit of the last one.
    map : str
        The map: the name of a shipped one, or the path of a file.
    """

    segmentation: str
    days: int = Field(ge=1)
    map: str

    @model_validator(mode="before")
    @classmethod
    def _take_defaults(cls, options: Any) -> Any:
        defaults = rules.load(cls.model_fields["segmentation"].default)
        plain = defaults | defaults["threshold"]
        own = {name: plain[name] for name in cls.model_fields if name in plain}
        return own | options if isinstance(options, dict) else options

    @model_validator(mode="after")
    def _fit(self) -> "_Options":
        read_map(self.map, list(self.axes))
        return self

    @property
    @abstractmethod
    def axes(self) -> dict[str, dict[str, Any]]:
        """The axes by name: measure, words, factor and threshold."""


class MatrixOptions(_Options):
    """Options of the matrix: period in days, thresholds of its two axes, and the map.

    Attributes
    ----------
    current : float or {"mean", "median"}
        From which current value on it is high.
    potential : float or {"mean", "median"}
        From which potential value on it is high.
    """

    segmentation: str = "value_matrix"
    current: Threshold
    potential: Threshold

    @property
    def axes(self) -> dict[str, dict[str, Any]]:
        """The axes by name: measure, words, factor and threshold."""
        return {
            "current": _axis(f"profit_last_{self.days}d", "current value", self.current),
            "potential": _axis("potential", "potential value", self.potential),
        }


class CubeOptions(_Options):
    """Options of the cube: period in days, lifetime in periods, discount per period, thresholds, and the map.

    Attributes
    ----------
    periods : int
        Lifetime that is expected, in periods.
    rate : float
        Discount per period.
    ccv : float or {"mean", "median"}
        From which current value, carried over the lifetime, on it is high.
    cpv : float or {"mean", "median"}
        From which potential value on it is high.
    loyalty : float or {"mean", "median"}
        From which probability of being alive on a customer is loyal.
    """

    segmentation: str = "value_cube"
    periods: int = Field(ge=1)
    rate: float = Field(ge=0)
    ccv: Threshold
    cpv: Threshold
    loyalty: Threshold

    @property
    def axes(self) -> dict[str, dict[str, Any]]:
        """The axes by name: measure, words, factor and threshold."""
        carried = carried_value(1.0, self.periods, self.rate)
        return {
            "ccv": _axis(f"profit_last_{self.days}d", "current value", self.ccv, carried),
            "cpv": _axis("potential", "potential value", self.cpv),
            "loyalty": _axis("probability_alive", "loyalty", self.loyalty),
        }


def _axis(measure: str, words: str, limit: Threshold, factor: float = 1.0) -> dict[str, Any]:
    return {"measure": measure, "words": words, "factor": factor, "threshold": limit}


def carried_value(profit: float, periods: int, rate: float) -> float:
    """Carry the profit of a period over the periods to come, discounted to now.

    Examples
    --------
    100 / 1.1 + 100 / 1.21:

    >>> round(carried_value(100, 2, 0.1), 4)
    173.5537
    """
    return sum(profit / (1 + rate) ** t for t in range(1, periods + 1))


def read_map(name: str, axes: list[str]) -> grid_file.GridMap:
    """Read a map whose axes are those of the segmentation, each low or high."""
    named = grid_file.read(name)
    if sorted(named.axes) != sorted(axes) or any(levels != list(HALVES) for levels in named.axes.values()):
        raise UsageError(f"map {name}: its axes must be {', '.join(axes)}, each low or high, and are {named.axes}.")
    return named


@dataclass(frozen=True)
class ValueGrid:
    """A segmentation whose axes are measures, each low or high."""

    name: str
    Options: type[_Options]
    assign = staticmethod(grid.assign)
    moved = staticmethod(grid.moved)

    def _chosen(self, options: dict[str, Any]) -> _Options:
        return validated(self.Options, options, f"segments.options.{self.name}")

    def needs(self, options: dict[str, Any]) -> tuple[str, ...]:
        """Name the measures of the axes."""
        return tuple(sorted(axis["measure"] for axis in self._chosen(options).axes.values()))

    def classes(self, options: dict[str, Any]) -> tuple[str, tuple[str, ...]]:
        """Give the map, and the ids of its segments."""
        chosen = self._chosen(options)
        return chosen.map, tuple(grid_file.read(chosen.map).cells)

    def define(self, engine: Engine, activity: str, options: dict[str, Any]) -> dict[str, Any]:
        """Freeze the threshold of every axis, and the map."""
        chosen = self._chosen(options)
        axes, named = chosen.axes, read_map(chosen.map, list(chosen.axes))
        measures = [axes[name]["measure"] for name in named.axes]
        require(engine, activity, self.name, measures, known=measures)
        order = sorted(named.axes)  # as a definition is written, so that cells fit their axes when it is read
        places = [list(named.axes).index(name) for name in order]
        rule = {
            "map": named.id,
            "axes": {name: _frozen(engine, activity, axes[name]) for name in order},
            "cells": {name: [[cell[n] for n in places] for cell in own] for name, own in named.cells.items()},
            "segments": named.segments,
        }
        return rule | ({"findings": list(named.findings)} if named.findings else {})


def _frozen(engine: Engine, activity: str, axis: dict[str, Any]) -> dict[str, Any]:
    if not isinstance(axis["threshold"], str):
        return axis
    measured = threshold(engine, activity, axis["measure"], of=axis["threshold"])
    return axis | {"threshold": None if measured is None else measured * axis["factor"]}  # as SQL has it


value_cube, value_matrix = ValueGrid("value_cube", CubeOptions), ValueGrid("value_matrix", MatrixOptions)
