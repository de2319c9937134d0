"""Segmentation ``value_matrix``: current and potential value, each low or high against its mean, in four classes.

Reads customer activity with ``profit_last_{N}d`` (current value) and ``potential``. Defaults:
``rules/value_matrix.toml``.
"""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from custlib import rules
from custlib.engine.base import Engine
from custlib.project import validated
from custlib.segment import value_axes
from custlib.segment.value_axes import Threshold

_RULES = rules.load("value_matrix")
AXES = ["current", "potential"]


class Options(BaseModel):
    """Options: period in days, thresholds of the two axes, and the map."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
    segmentation: str = "value_matrix"
    days: int = Field(_RULES["days"], ge=1)
    current: Threshold = _RULES["threshold"]["current"]
    potential: Threshold = _RULES["threshold"]["potential"]
    map: str = _RULES["map"]

    @model_validator(mode="after")
    def _fit(self) -> "Options":
        value_axes.read_map(self.map, AXES)
        return self


def needs(options: dict[str, Any]) -> tuple[str, ...]:
    """Name the measures of the two axes.

    Examples
    --------
    >>> needs({})
    ('potential', 'profit_last_365d')
    """
    return tuple(sorted(axis["measure"] for axis in _axes(_chosen(options)).values()))


def _chosen(options: dict[str, Any]) -> Options:
    return validated(Options, options, "segments.options.value_matrix")


def _axes(chosen: Options) -> dict[str, dict[str, Any]]:
    return {
        "current": {
            "measure": f"profit_last_{chosen.days}d",
            "words": "current value",
            "factor": 1.0,
            "threshold": chosen.current,
        },
        "potential": {"measure": "potential", "words": "potential value", "factor": 1.0, "threshold": chosen.potential},
    }


def define(engine: Engine, activity: str, options: dict[str, Any]) -> dict[str, Any]:
    """Freeze the thresholds of the two axes and the map."""
    chosen = _chosen(options)
    named = value_axes.read_map(chosen.map, AXES)
    return value_axes.define(engine, activity, "value_matrix", named, _axes(chosen))


assign, moved = value_axes.assign, value_axes.moved
