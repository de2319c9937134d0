"""Segmentation ``rfm``: days since the last purchase, purchases and money, each scored 1 to 5, then named by a map.

Reads customer activity. Score = 1 + number of cuts <= value, reversed for days since last purchase; equal values
get equal scores. Money is profit so far where cost is known, else net revenue. The R package ``rfm`` cuts at
quantile + 1 instead, which moves customers when money is not whole. One-time buyers are a class of their own
(F = 1). Cuts come from quantiles or from a table of business cuts.
"""

from typing import Any, Literal

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, model_validator

from custlib import rules
from custlib.differentiate import mapfile, maps
from custlib.differentiate.histogram import histogram, quantile_cuts
from custlib.differentiate.maps import GridMap
from custlib.engine.base import Engine
from custlib.engine.dialect import Dialect
from custlib.errors import UsageError
from custlib.project import validated

SCORES = 5
AXES = ("R", "F", "M")
MEASURES = {"recency": "days_since_last", "frequency": "frequency + 1", "monetary": "profit"}
RULE_NAME = r"^[a-z0-9_]+$"
_ONE_TIME_CUT = 2.0


class Options(BaseModel):
    """Options of the segmentation: how to cut (``scores`` names a table for fixed cuts) and which map names it."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    segmentation: str = "rfm"
    mode: Literal["quantile", "fixed"] = "quantile"
    scores: str = Field("days", pattern=RULE_NAME)
    map: str = Field("rf25", pattern=mapfile.NAME)

    @model_validator(mode="after")
    def _exist(self) -> "Options":
        read_map(self.map)
        if self.mode == "fixed":
            fixed_cuts(self.scores)
        return self


def define(engine: Engine, activity: str, options: dict[str, Any]) -> dict[str, Any]:
    """Take the cuts and the map.

    Parameters
    ----------
    engine : Engine
        Holds the activity.
    activity : str
        Name of the table of activity.
    options : dict
        ``mode`` (``"quantile"`` or ``"fixed"``), ``scores`` (table of fixed cuts), ``map``.

    Returns
    -------
    dict
        The rule: ``cuts`` per measure, ``axes`` and ``cells`` of the map ({segment: [[R, F], ...]}), ``segments``.

    Raises
    ------
    UsageError
        If an option is unknown or the map has holes or overlaps.
    """
    chosen = validated(Options, options, "segments.options.rfm")
    cuts = fixed_cuts(chosen.scores) if chosen.mode == "fixed" else measured_cuts(engine, activity)
    named = read_map(chosen.map)
    return {
        "mode": chosen.mode,
        "cuts": cuts,
        "map": named.id,
        "axes": list(named.axes),
        "cells": named.cells,
        "segments": named.segments,
    }


def read_map(name: str) -> GridMap:
    """Read a map whose axes are R, F or M, with levels from 1 to 5.

    Parameters
    ----------
    name : str
        Name of a file in ``rules/maps``, or path of a user's own.

    Returns
    -------
    GridMap
        The map.

    Raises
    ------
    UsageError
        If it has other axes or levels, or does not name each cell once.

    Examples
    --------
    >>> read_map("rf25").axes
    {'R': [1, 2, 3, 4, 5], 'F': [1, 2, 3, 4, 5]}
    """
    found = maps.read(name)
    if any(axis not in AXES or levels != list(range(1, SCORES + 1)) for axis, levels in found.axes.items()):
        raise UsageError(
            f"map {name}: has the axes {', '.join(found.axes)}. Scores are R, F and M from 1 to {SCORES}: "
            f"take a map of these."
        )
    return found


def measured_cuts(engine: Engine, activity: str) -> dict[str, list[float]]:
    """Take quantile cuts of the three measures from their histograms.

    Parameters
    ----------
    engine : Engine
        Holds the activity.
    activity : str
        Name of the table of activity.

    Returns
    -------
    dict of str to list of float
        Cuts of ``recency`` (days), ``frequency`` (purchase days; the first cut is 2, the others are quantiles
        of those who bought again) and ``monetary`` (currency; empty where there is no money).
    """
    recency = quantile_cuts(*histogram(engine, activity, MEASURES["recency"]), SCORES)
    again = quantile_cuts(*histogram(engine, activity, MEASURES["frequency"], where="frequency > 0"), SCORES - 1)
    monetary = quantile_cuts(*histogram(engine, activity, MEASURES["monetary"]), SCORES)
    return {"recency": recency, "frequency": [_ONE_TIME_CUT, *again], "monetary": monetary}


def fixed_cuts(scores: str) -> dict[str, list[float]]:
    """Read a table of business cuts.

    Parameters
    ----------
    scores : str
        Name of a file in ``rules/scores``.

    Returns
    -------
    dict of str to list of float
        Rising cuts per measure.

    Examples
    --------
    >>> fixed_cuts("days")["recency"]
    [8.0, 31.0, 61.0, 121.0]
    """
    table = rules.load(f"scores/{scores}")["cuts"]
    return {measure: [float(cut) for cut in table[measure]] for measure in MEASURES}


def score(cuts: list[float], value: float, *, falling: bool = False) -> int:
    """Score one value: the rule of this module, in Python.

    Parameters
    ----------
    cuts : list of float
        Rising cuts.
    value : float
        The value.
    falling : bool, default False
        Whether small values are good (days since the last purchase).

    Returns
    -------
    int
        1 to 5.

    Examples
    --------
    >>> [score([8, 31, 61, 121], d, falling=True) for d in (7, 8, 30, 31, 120, 121)]
    [5, 4, 4, 3, 2, 1]
    """
    reached = sum(cut <= value for cut in cuts)
    return SCORES - reached if falling else 1 + reached


def assign(sql: Dialect, rule: dict[str, Any]) -> str:
    """Write the select of the three scores and the name of their cell."""
    text = sql.text_type
    return f"""
        select customer_id, {maps.case(sql, rule["cells"], rule["axes"])} as segment,
               concat('R', cast(R as {text}), ' F', cast(F as {text}), ' M', cast(M as {text})) as reason
        from ({scores(rule)})"""


def scores(rule: dict[str, Any]) -> str:
    """Write the select of ``R``, ``F`` and ``M`` of every customer of ``{activity}``."""

    def reached(measure: str) -> str:
        column = f"coalesce({MEASURES[measure]}, 0)"
        return " + ".join(
            [f"(case when {column} >= {cut!r} then 1 else 0 end)" for cut in rule["cuts"][measure]] or ["0"]
        )

    return f"""
        select customer_id, {SCORES} - ({reached("recency")}) as R, 1 + {reached("frequency")} as F,
               1 + {reached("monetary")} as M
        from {{activity}}"""


def tile_map(engine: Engine, rule: dict[str, Any], activity: str) -> pd.DataFrame:
    """Count customers and money in each of the 25 R x F cells.

    Parameters
    ----------
    engine : Engine
        Holds the activity and ``customer_value``.
    rule : dict
        The frozen rule.
    activity : str
        Name of the table of activity.

    Returns
    -------
    pandas.DataFrame
        Columns ``R``, ``F``, ``customers``, ``revenue``, ``value``; cells without customers are absent.
    """
    named = f"({scores(rule).format(activity=activity)})"
    return engine.fetch(
        f"select s.R, s.F, count(*) as customers, sum(v.revenue) as revenue, sum(v.value) as value"
        f" from {named} s join customer_value v using (customer_id) group by s.R, s.F order by s.R, s.F"
    )
