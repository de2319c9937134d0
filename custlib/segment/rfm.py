"""Segmentations of RFM: days since the last purchase, purchases and money (or goods), each scored 1 to 5.

Reads customer activity, and the measures that the table of scores names. One module serves ``rfm`` (a map names the
cells), ``rfm125`` (each of the 125 cells is a segment, named like 532), ``rfa`` (amount of goods instead of money),
``rfm_airline`` (the airline table) and ``rfm_product`` (R x F x M ranked, the best 20 % kept, the next 60 % moved up,
the last 20 % not spent on); ``rules/rfm.toml`` holds how they differ.

Score = 1 + number of cuts <= value, reversed for days since last purchase; equal values get equal scores. Money is
profit so far where cost is known, else net revenue. The R package ``rfm`` cuts at quantile + 1 instead, which moves
customers when money is not whole. One-time buyers are a class of their own (F = 1). Cuts come from quantiles or from
a table of business cuts. Who never bought (frequency is null) scores 0 and is a prospect, outside the cells; the
segment is there where such customers are. A net profit of zero or below is said beside the scores.
"""

from itertools import product
from typing import Any, Literal

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, model_validator

from custlib import rules
from custlib.engine.base import Engine
from custlib.engine.dialect import Dialect
from custlib.errors import UsageError
from custlib.project import validated
from custlib.segment import mapfile, maps, scoring
from custlib.segment.histogram import histogram, share_cuts
from custlib.segment.maps import GridMap
from custlib.segment.scoring import AXES, SCORES, Measure, ScoreTable

PROSPECT = "prospect"
BELOW_ZERO = " below zero"
# Of a definition that was frozen before tables of scores said what they cut.
_EARLIER = {"recency": {"of": "days_since_last"}, "frequency": {"of": "frequency", "plus": 1}, "monetary": {"of": "profit"}}  # fmt: skip  # noqa: E501


class Options(BaseModel):
    """Options: how to cut, which table of scores, and how cells are named; ``rules/rfm.toml`` has the defaults."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    segmentation: str = "rfm"
    mode: Literal["quantile", "fixed"]
    scores: str = Field(pattern=scoring.FILE)
    names: Literal["map", "cells", "product"]
    map: str = Field(pattern=mapfile.NAME)

    @model_validator(mode="before")
    @classmethod
    def _take_defaults(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        return rules.load("rfm")["default"].get(given.get("segmentation", "rfm"), {}) | given

    @model_validator(mode="after")
    def _fit(self) -> "Options":
        table = scoring.read(self.scores)
        if self.names == "map":
            read_map(self.map, table)
        elif self.names == "cells":
            cell_segments(self.map)
        if self.mode == "fixed":
            scoring.fixed_cuts(self.scores)
        return self


def needs(options: dict[str, Any]) -> tuple[str, ...]:
    """List the measures that are read beside the activity.

    Examples
    --------
    >>> needs({"segmentation": "rfm"}), needs({"segmentation": "rfa"})
    ((), ('quantity_last_36500d',))
    """
    return scoring.needs(scoring.read(_chosen(options).scores))


def _chosen(options: dict[str, Any]) -> Options:
    return validated(Options, options, f"segments.options.{options.get('segmentation', 'rfm')}")


def define(engine: Engine, activity: str, options: dict[str, Any]) -> dict[str, Any]:
    """Take the cuts and the names."""
    chosen = _chosen(options)
    table = scoring.read(chosen.scores)
    fixed = chosen.mode == "fixed"
    rule = {
        "mode": chosen.mode,
        "names": chosen.names,
        "measures": {name: measure.model_dump(exclude_defaults=True) for name, measure in table.measure.items()},
        "cuts": table.fixed if fixed else scoring.measured_cuts(engine, activity, table.measure),
        "above": sorted(table.above) if fixed else [],
    }
    named = _NAMED[chosen.names](engine, activity, chosen, rule)
    prospects = engine.fetch(f"select count(*) as n from {activity} where frequency is null")["n"].item()
    if prospects:
        named["segments"] = [*named["segments"], {"id": PROSPECT} | rules.load("rfm")["prospect"]]
    return rule | named


def _by_map(engine: Engine, activity: str, chosen: Options, rule: dict[str, Any]) -> dict[str, Any]:
    del engine, activity, rule
    found = read_map(chosen.map, scoring.read(chosen.scores))
    named = {"map": found.id, "axes": list(found.axes), "cells": found.cells, "segments": found.segments}
    return named | ({"findings": list(found.findings)} if found.findings else {})


def _by_cell(engine: Engine, activity: str, chosen: Options, rule: dict[str, Any]) -> dict[str, Any]:
    del engine, activity, rule
    return {"segments": cell_segments(chosen.map)}


def _by_product(engine: Engine, activity: str, chosen: Options, rule: dict[str, Any]) -> dict[str, Any]:
    del chosen
    classes = rules.load("rfm")["product"]
    ranked = f"(select {_product(rule)} as product from ({scores(rule).format(activity=activity)}) where R > 0)"
    return {
        "product_cuts": share_cuts(*histogram(engine, ranked, "product"), [entry["share"] for entry in classes[:-1]]),
        "classes": [entry["id"] for entry in classes],
        "segments": [{key: entry[key] for key in ("id", "name", "strategy")} for entry in classes],
    }


_NAMED = {"map": _by_map, "cells": _by_cell, "product": _by_product}


def cell_segments(name: str) -> list[dict[str, Any]]:
    """Make a segment of each of the 125 cells, named like 532, with the strategy of its class in a map.

    Examples
    --------
    >>> [segment["id"] for segment in cell_segments("rfm11")][:4]
    ['555', '554', '545', '455']
    """
    found = read_map(name, scoring.read("days"))
    places = ["RFM".index(axis) for axis in found.axes]
    strategies = {entry["id"]: entry["strategy"] for entry in found.segments}
    strategy = {tuple(cell): strategies[segment] for segment, own in found.cells.items() for cell in own}
    levels = range(SCORES, 0, -1)
    cells = sorted(
        product(levels, levels, levels), key=lambda cell: (-cell[0] * cell[1] * cell[2], *(-s for s in cell))
    )
    return [
        {
            "id": "".join(map(str, cell)),
            "name": {language: "".join(map(str, cell)) for language in ("en", "zh")},
            "strategy": strategy[tuple(cell[place] for place in places)],
        }
        for cell in cells
    ]


def read_map(name: str, table: ScoreTable) -> GridMap:
    """Read a map whose axes are scores, with levels from 1 to 5.

    Examples
    --------
    >>> read_map("rf25", scoring.read("days")).axes
    {'R': [1, 2, 3, 4, 5], 'F': [1, 2, 3, 4, 5]}
    """
    found = maps.read(name)
    letters = [AXES[measure] for measure in table.measure]
    if any(axis not in letters or levels != list(range(1, SCORES + 1)) for axis, levels in found.axes.items()):
        raise UsageError(
            f"map {name}: has the axes {', '.join(found.axes)}. Scores are {', '.join(letters)} from 1 to {SCORES}: "
            "take a map of these."
        )
    return found


def assign(sql: Dialect, rule: dict[str, Any]) -> str:
    """Write the select of the scores and the name of their cell."""
    letters, text = _letters(rule), sql.text_type
    said = [f"'{' ' if n else ''}{letter}', cast({letter} as {text})" for n, letter in enumerate(letters)]
    if "product_cuts" in rule:
        cuts = zip(rule["classes"], rule["product_cuts"], strict=False)
        cases = " ".join(f"when {_product(rule)} >= {cut!r} then {sql.literal(one)}" for one, cut in cuts)
        segment = (
            f"case {cases} else {sql.literal(rule['classes'][-1])} end" if cases else sql.literal(rule["classes"][-1])
        )
        said += [f"', product ', cast({_product(rule)} as {text})"]
    elif "cells" in rule:
        segment = maps.case(sql, rule["cells"], rule.get("axes", ["R", "F"]))
    else:
        segment = f"concat({', '.join(f'cast({letter} as {text})' for letter in letters)})"
    return f"""
        select customer_id, case when R = 0 then '{PROSPECT}' else {segment} end as segment,
               concat({", ".join(said)}, below_zero) as reason
        from ({scores(rule)})"""


def moved(rule: dict[str, Any], factor: float) -> dict[str, Any]:
    """Move the cuts of recency and money, for hysteresis; purchases are whole numbers and keep their cuts.

    Examples
    --------
    >>> moved({"cuts": {"recency": [10.0], "frequency": [2.0], "monetary": [500.0]}}, 1.5)["cuts"]
    {'recency': [15.0], 'frequency': [2.0], 'monetary': [750.0]}
    """
    cuts = {name: [cut * (1 if name == "frequency" else factor) for cut in own] for name, own in rule["cuts"].items()}
    return rule | {"cuts": cuts}


def _letters(rule: dict[str, Any]) -> list[str]:
    return [letter for measure, letter in AXES.items() if measure in rule["cuts"]]


def _product(rule: dict[str, Any]) -> str:
    return " * ".join(_letters(rule))


def scores(rule: dict[str, Any]) -> str:
    """Write the select of the scores (``R``, ``F``, and ``M`` or ``A``) of every customer of ``{activity}``."""
    measures = rule.get("measures", _EARLIER)

    def score(measure: str) -> str:
        column, sign = f"coalesce({Measure(**measures[measure]).expression}, 0)", ">=" if measure not in above else ">"
        reached = [f"(case when {column} {sign} {cut!r} then 1 else 0 end)" for cut in rule["cuts"][measure]] or ["0"]
        whole = f"{SCORES} - ({' + '.join(reached)})" if measure == "recency" else f"1 + {' + '.join(reached)}"
        return f"case when frequency is null then 0 else {whole} end as {AXES[measure]}"

    above = rule.get("above", [])
    columns = [score(measure) for measure in AXES if measure in rule["cuts"]]
    return f"""
        select customer_id, {", ".join(columns)},
               case when profit <= 0 then '{BELOW_ZERO}' else '' end as below_zero
        from {{activity}}"""


def tile_map(engine: Engine, rule: dict[str, Any], activity: str) -> pd.DataFrame:
    """Count customers and money in each of the 25 R x F cells."""
    named = f"({scores(rule).format(activity=activity)})"
    return engine.fetch(
        f"select s.R, s.F, count(*) as customers, sum(v.revenue) as revenue, sum(v.value) as value"
        f" from {named} s join customer_value v using (customer_id) group by s.R, s.F order by s.R, s.F"
    )
