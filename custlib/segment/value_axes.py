"""Axes of value, each low or high against a frozen threshold, and the map that names their cells.

Serves ``value_cube`` and ``value_matrix``. An axis is a measure times a factor; high is at least the threshold, which
is the mean or the median over all customers when the segmentation is defined, or a given number. Nothing, a loss, or
a measure that is missing is never high, also where most bring no more.
"""

from collections.abc import Mapping
from typing import Any, Literal

from custlib.engine.base import Engine
from custlib.engine.dialect import Dialect
from custlib.errors import UsageError
from custlib.segment import maps
from custlib.segment.conditions import figure
from custlib.segment.levels import level, require

Threshold = float | Literal["mean", "median"]
LEVELS = ["low", "high"]


def read_map(name: str, axes: list[str]) -> maps.GridMap:
    """Read a map whose axes are those of the segmentation, each low or high.

    Examples
    --------
    >>> read_map("value4", ["current", "potential"]).cells["low_low"]
    [['low', 'low']]
    """
    found = maps.read(name)
    if sorted(found.axes) != sorted(axes) or any(levels != LEVELS for levels in found.axes.values()):
        raise UsageError(f"map {name}: its axes must be {', '.join(axes)}, each low or high, and are {found.axes}.")
    return found


def define(
    engine: Engine, activity: str, segmentation: str, named: maps.GridMap, axes: Mapping[str, dict[str, Any]]
) -> dict[str, Any]:
    """Freeze the threshold of every axis, and the map."""
    measures = [axes[name]["measure"] for name in named.axes]
    require(engine, activity, segmentation, measures, known=measures)
    frozen = {}
    for name in named.axes:
        axis, threshold = axes[name], axes[name]["threshold"]
        if isinstance(threshold, str):
            found = level(engine, activity, axis["measure"], of=threshold)
            threshold = None if found is None else found * axis["factor"]  # as SQL has it: to the last digit
        frozen[name] = axis | {"threshold": threshold}
    return {"map": named.id, "axes": frozen, "cells": named.cells, "segments": named.segments}


def assign(sql: Dialect, rule: dict[str, Any]) -> str:
    """Write the select of the cell of every customer of ``{activity}``, and of its name."""
    levels = ", ".join(f"case when {_is_high(axis)} then 'high' else 'low' end as {name}"
                       for name, axis in rule["axes"].items())  # fmt: skip
    reason = ", '; ', ".join(_reason(sql, name, axis) for name, axis in rule["axes"].items())
    return f"""
        select customer_id, {maps.case(sql, rule["cells"], rule["axes"])} as segment, concat({reason}) as reason
        from (select customer_id, {levels} from {{activity}})"""


def moved(rule: dict[str, Any], factor: float) -> dict[str, Any]:
    """Move the thresholds of the axes, for hysteresis.

    Examples
    --------
    >>> moved({"axes": {"loyalty": {"threshold": 0.5}, "cpv": {"threshold": None}}}, 1.5)["axes"]
    {'loyalty': {'threshold': 0.75}, 'cpv': {'threshold': None}}
    """
    axes = {
        name: axis | {"threshold": None if axis["threshold"] is None else axis["threshold"] * factor}
        for name, axis in rule["axes"].items()
    }
    return rule | {"axes": axes}


def _is_high(axis: dict[str, Any]) -> str:
    if axis["threshold"] is None:
        return "false"
    value = f"coalesce(cast({axis['measure']} as double), 0) * {_double(axis['factor'])}"
    return f"{value} >= {_double(axis['threshold'])} and {value} > 0"


def _double(number: float) -> str:
    return f"cast('{float(number)!r}' as double)"


def _reason(sql: Dialect, name: str, axis: dict[str, Any]) -> str:
    cut = "an unknown level" if axis["threshold"] is None else figure(axis["threshold"])
    bounds = f"at least {cut}", f"below {cut}" if axis["threshold"] is None or axis["threshold"] > 0 else "not above 0"
    high, low = (sql.literal(f"{axis['words']} {bound}") for bound in bounds)
    return f"case when {name} = 'high' then {high} else {low} end"
