"""Segmentation ``value_cube``: current value, potential value and loyalty, each low or high, in eight named classes.

Reads customer activity with ``profit_last_{N}d``, ``potential`` and ``probability_alive``. Current value CCV =
sum over t = 1..n of profit / (1 + d)^t: the profit of the latest period carried over the expected lifetime. Potential
value CPV is the expected profit of products not used yet. Loyalty = 1 - P(churn). Defaults: ``rules/value_cube.toml``.
"""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from custlib import rules
from custlib.engine.base import Engine
from custlib.project import validated
from custlib.segment import value_axes
from custlib.segment.value_axes import Threshold

_RULES = rules.load("value_cube")
AXES = ["ccv", "cpv", "loyalty"]


class Options(BaseModel):
    """Options: period in days, lifetime in periods, discount per period, thresholds of the axes, and the map."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
    segmentation: str = "value_cube"
    days: int = Field(_RULES["days"], ge=1)
    periods: int = Field(_RULES["periods"], ge=1)
    rate: float = Field(_RULES["rate"], ge=0)
    ccv: Threshold = _RULES["threshold"]["ccv"]
    cpv: Threshold = _RULES["threshold"]["cpv"]
    loyalty: Threshold = _RULES["threshold"]["loyalty"]
    map: str = _RULES["map"]

    @model_validator(mode="after")
    def _fit(self) -> "Options":
        value_axes.read_map(self.map, AXES)
        return self


def carried_value(profit: float, periods: int, rate: float) -> float:
    """Carry the profit of a period over the periods to come, discounted to now.

    Examples
    --------
    100 / 1.1 + 100 / 1.21:

    >>> round(carried_value(100, 2, 0.1), 4)
    173.5537
    """
    return sum(profit / (1 + rate) ** t for t in range(1, periods + 1))


def needs(options: dict[str, Any]) -> tuple[str, ...]:
    """Name the measures of the three axes.

    Examples
    --------
    >>> needs({"days": 30})
    ('potential', 'probability_alive', 'profit_last_30d')
    """
    return tuple(sorted(axis["measure"] for axis in _axes(_chosen(options)).values()))


def _chosen(options: dict[str, Any]) -> Options:
    return validated(Options, options, "segments.options.value_cube")


def _axes(chosen: Options) -> dict[str, dict[str, Any]]:
    return {
        "ccv": {
            "measure": f"profit_last_{chosen.days}d",
            "words": "current value",
            "factor": carried_value(1.0, chosen.periods, chosen.rate),
            "threshold": chosen.ccv,
        },
        "cpv": {"measure": "potential", "words": "potential value", "factor": 1.0, "threshold": chosen.cpv},
        "loyalty": {"measure": "probability_alive", "words": "loyalty", "factor": 1.0, "threshold": chosen.loyalty},
    }


def define(engine: Engine, activity: str, options: dict[str, Any]) -> dict[str, Any]:
    """Freeze the thresholds of the three axes and the map."""
    chosen = _chosen(options)
    named = value_axes.read_map(chosen.map, AXES)
    return value_axes.define(engine, activity, "value_cube", named, _axes(chosen))


assign, moved = value_axes.assign, value_axes.moved
