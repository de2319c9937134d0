"""Segmentations of RFM: days since the last purchase, purchases and money (or goods), each scored 1 to 5.

Reads customer activity, and the measures that the table of scores names. One module serves ``rfm`` (a map names the
cells), ``rfm125`` (each of the 125 cells is a segment, named like 532), ``rfa`` (amount of goods instead of money),
``rfm_airline`` (the airline table) and ``rfm_product`` (R x F x M ranked, the best 20 % kept, the next 60 % moved up,
the last 20 % not spent on); ``rules/rfm.toml`` holds how they differ.

Score = 1 + number of thresholds <= value, reversed for days since last purchase; equal values get equal scores. Money
is profit so far where cost is known, else net revenue. The R package ``rfm`` parts at quantile + 1 instead, which
moves customers when money is not whole. One-time buyers are a class of their own (F = 1). Who never bought (frequency
is null) scores 0 and is a prospect, outside the cells; the segment is there where such customers are. A net profit of
zero or below stands beside the scores.

A table of scores (``rules/scores``, or a user's own file) says which measure each score parts (a column of customer
activity or a measure made at a date, plus a number, or per another) and at which thresholds. Those of ``[cuts]`` are
reached (value >= threshold), those of ``[above]`` exceeded. A table without thresholds has them measured.

Thirds or tenths in place of fifths are ``scores = 3`` and ``scores = 10``. A map of five levels is spread over them;
one of as many levels as there are scores is taken as it is.
"""

from dataclasses import replace
from itertools import product
from typing import Annotated, Any, Literal

import pandas as pd
from pydantic import BeforeValidator, Field, model_validator

from custlib import rules
from custlib.engine.base import Engine
from custlib.errors import UsageError
from custlib.project import validated
from custlib.segment import grid
from custlib.segment.definitions import Strict
from custlib.segment.grid import LETTERS, PROSPECT, SCORES
from custlib.segment.rule_files import grid_file
from custlib.segment.thresholds import fresh_thresholds, histogram, quantile_thresholds, share_thresholds

_COLUMN = r"^[A-Za-z_]\w*$"
_ONE_TIME = 2.0  # purchases from which on a customer has come back

assign, moved, scores = grid.assign, grid.moved, grid.places


class Measure(Strict):
    """A measure, with a number added or per another one.

    Attributes
    ----------
    of : str
        A column of customer activity, or a measure such as ``profit_last_365d``.
    plus : int
        What is added to it.
    per : str, optional
        The measure it is divided by; the result is missing where that is 0.
    """

    of: str = Field(pattern=_COLUMN)
    plus: int = 0
    per: str | None = Field(None, pattern=_COLUMN)

    @property
    def expression(self) -> str:
        """The measure in SQL, null where it is missing or per nothing."""
        return grid.expression(self.of, self.plus, self.per)


class ScoreTable(Strict):
    """A whole table of scores.

    Attributes
    ----------
    source : str, optional
        Where the table comes from.
    as_of : datetime.date, optional
        The day it was written down.
    measure : dict of str to Measure
        What ``recency``, ``frequency`` and ``monetary`` (or ``quantity``) are: the name of a measure, or a table.
    cuts : dict of str to list of float
        Four rising thresholds by measure: a score is 1 and the cuts that are reached; of recency 5 less those.
    above : dict of str to list of float
        The same, where a threshold must be passed and not only reached.
    """

    source: str | None = None
    as_of: Any = None
    measure: dict[str, Annotated[Measure, BeforeValidator(lambda of: {"of": of} if isinstance(of, str) else of)]]
    cuts: dict[str, list[float]] = Field(default_factory=dict)
    above: dict[str, list[float]] = Field(default_factory=dict)

    @property
    def fixed(self) -> dict[str, list[float]]:
        """Fixed thresholds of each measure; empty where they are to be measured."""
        thresholds = self.cuts | self.above
        return {measure: thresholds[measure] for measure in self.measure if measure in thresholds}


class Options(Strict):
    """Options: how to part, into how many scores, and how cells are named; ``rules/rfm.toml`` has the defaults.

    Attributes
    ----------
    segmentation : str
        Its name; set by the table it stands in.
    mode : {"quantile", "fixed"}
        Whether thresholds are measured over all customers and frozen, or taken from the cuts of ``scores``.
    scores : str or {3, 5, 10}
        The table of scores: the name of a shipped one, or the path of a file. A number is how many classes each measure
        is parted into by quantiles, 5 if a table is named.
    names : {"map", "cells", "product"}
        Whether a map names the cells, each cell is a segment of its own, or cells are ranked by R x F x M.
    map : str
        The map: the name of a shipped one, or the path of a file. With ``cells`` it gives the strategies.
    """

    segmentation: str = "rfm"
    mode: Literal["quantile", "fixed"]
    scores: Annotated[str, Field(pattern=grid_file.NAME)] | Literal[3, 5, 10]
    names: Literal["map", "cells", "product"]
    map: str = Field(pattern=grid_file.NAME)

    @model_validator(mode="before")
    @classmethod
    def _take_defaults(cls, options: Any) -> Any:
        if not isinstance(options, dict):
            return options
        return rules.load("rfm")["default"].get(options.get("segmentation", "rfm"), {}) | options

    @model_validator(mode="after")
    def _fit(self) -> "Options":
        if self.names == "map":
            read_map(self.map, self.table, self.count)
        elif self.names == "cells":
            cell_segments(self.map, self.count)
        if self.mode == "fixed" and (isinstance(self.scores, int) or not self.table.fixed):
            raise UsageError(f'scores {self.scores}: has no cuts. Write them under [cuts], or set mode = "quantile".')
        return self

    @property
    def count(self) -> int:
        """How many classes each measure is parted into."""
        return self.scores if isinstance(self.scores, int) else SCORES

    @property
    def table(self) -> ScoreTable:
        """The table of scores, that of the defaults where only their number is given."""
        default = rules.load("rfm")["default"].get(self.segmentation, {}).get("scores", "days")
        return read_scores(default if isinstance(self.scores, int) else self.scores)


def read_scores(name: str) -> ScoreTable:
    """Read a table of scores.

    Examples
    --------
    >>> read_scores("days").fixed["recency"]
    [8.0, 31.0, 61.0, 121.0]
    >>> read_scores("airline").measure["monetary"].expression
    'case when purchases_last_730d > 0 then cast(revenue_last_730d as double) / purchases_last_730d end'
    """
    return rules.checked(name, "scores", _checked_scores)


def _checked_scores(content: dict[str, Any], name: str) -> ScoreTable:
    table = validated(ScoreTable, content, f"scores {name}")
    if set(table.measure) not in ({"recency", "frequency", "monetary"}, {"recency", "frequency", "quantity"}):
        raise UsageError(
            f"scores {name}: measure: has {', '.join(sorted(table.measure)) or 'nothing'}. "
            "Name recency, frequency, and monetary or quantity."
        )
    thresholds = [*table.cuts, *table.above]
    if thresholds and sorted(thresholds) != sorted(table.measure):
        raise UsageError(f"scores {name}: [cuts] and [above] must give the cuts of each measure once, or none at all.")
    for measure, cuts in table.fixed.items():
        if len(cuts) != SCORES - 1 or cuts != sorted(set(cuts)):
            raise UsageError(f"scores {name}: {measure}: {cuts} must be {SCORES - 1} rising cuts.")
    return table


def read_map(name: str, table: ScoreTable, count: int = SCORES) -> grid_file.GridMap:
    """Read a map whose axes are scores: of as many levels, or of five, which are spread over the scores."""
    named = grid_file.read(name)
    letters = [LETTERS[measure] for measure in table.measure]
    for size in (count, SCORES):
        if set(named.axes) <= set(letters) and all(own == list(range(1, size + 1)) for own in named.axes.values()):
            return named if size == count else _spread(named, count)
    raise UsageError(
        f"map {name}: has the axes {', '.join(named.axes)}. Scores are {', '.join(letters)} from 1 to {count}: "
        "take a map of these."
    )


def _spread(named: grid_file.GridMap, count: int) -> grid_file.GridMap:
    """Take a map of five levels for another number of scores: each cell has the name of the one at its place."""
    levels = {axis: {n: _level(axis, n, count) for n in range(1, count + 1)} for axis in named.axes}
    segment_of = {tuple(cell): segment for segment, own in named.cells.items() for cell in own}
    cells: dict[str, list[list[grid.Level]]] = {segment: [] for segment in named.cells}
    for cell in product(*levels.values()):
        place = tuple(levels[axis][n] for axis, n in zip(levels, cell, strict=True))
        cells[segment_of[place]].append(list(cell))
    return replace(named, axes={axis: list(own) for axis, own in levels.items()}, cells=cells)


def _level(axis: str, score: int, count: int) -> int:
    """Find the level of five at the place of a score; one-time buyers (F = 1) stay by themselves.

    Examples
    --------
    >>> [_level("R", score, 10) for score in range(1, 11)], [_level("F", score, 3) for score in (1, 2, 3)]
    ([1, 1, 2, 2, 3, 3, 4, 4, 5, 5], [1, 2, 5])
    """
    first = 2 if axis == "F" else 1
    if score < first:
        return score
    return first + round((score - first) * (SCORES - first) / (count - first))


def needs(options: dict[str, Any]) -> tuple[str, ...]:
    """List the measures that are read beside the columns of customer activity."""
    measures = _chosen(options).table.measure.values()
    columns = rules.load("tables")["table"]["customer_activity"]["columns"]
    return tuple(sorted({name for one in measures for name in (one.of, one.per) if name} - set(columns)))


def classes(options: dict[str, Any]) -> tuple[str, tuple[str, ...]]:
    """Give the map, and the ids of its segments; of the ranked product its own; those of single cells have no map."""
    chosen = _chosen(options)
    if chosen.names == "product":
        return "rfm_product", tuple(entry["id"] for entry in rules.load("rfm")["product"])
    if chosen.names == "cells":
        return "", tuple(segment["id"] for segment in cell_segments(chosen.map, chosen.count))
    return chosen.map, tuple(grid_file.read(chosen.map).cells)


def _chosen(options: dict[str, Any]) -> Options:
    return validated(Options, options, f"segments.options.{options.get('segmentation', 'rfm')}")


def define(engine: Engine, activity: str, options: dict[str, Any]) -> dict[str, Any]:
    """Take the thresholds and the names."""
    chosen = _chosen(options)
    table, fixed = chosen.table, chosen.mode == "fixed"
    rule: dict[str, Any] = {
        "mode": chosen.mode,
        "names": chosen.names,
        "measures": {name: measure.model_dump(exclude_defaults=True) for name, measure in table.measure.items()},
        "cuts": table.fixed if fixed else measured_thresholds(engine, activity, table.measure, chosen.count),
        "above": sorted(table.above) if fixed else [],
    } | ({"scores": chosen.count} if chosen.count != SCORES else {})
    rule |= _by_product(engine, activity, rule) if chosen.names == "product" else _by_map(chosen, table)
    prospects = engine.fetch(f"select count(*) as n from {activity} where frequency is null")["n"].item()
    if prospects:
        rule["segments"] = [*rule["segments"], {"id": PROSPECT} | rules.load("rfm")["prospect"]]
    return rule


def measured_thresholds(
    engine: Engine, activity: str, measures: dict[str, Measure], count: int = SCORES
) -> dict[str, list[float]]:
    """Take quantiles of the three measures from their histograms."""
    cuts = {}
    for name, measure in measures.items():
        column = measure.expression
        if name == "frequency":
            again = histogram(engine, activity, column, where=f"{column} >= {_ONE_TIME}")
            cuts[name] = [_ONE_TIME, *quantile_thresholds(*again, count - 1)]
        else:
            counts = histogram(engine, activity, column, where="frequency is not null")
            cuts[name] = (fresh_thresholds if name == "recency" else quantile_thresholds)(*counts, count)
    return cuts


def _by_map(chosen: Options, table: ScoreTable) -> dict[str, Any]:
    if chosen.names == "cells":
        one_language = grid_file.read(chosen.map).one_language
        return {"segments": cell_segments(chosen.map, chosen.count)} | (
            {"findings": [one_language]} if one_language else {}
        )
    named = read_map(chosen.map, table, chosen.count)
    rule = {"map": named.id, "axes": list(named.axes), "cells": named.cells, "segments": named.segments}
    return rule | ({"findings": list(named.findings)} if named.findings else {})


def _by_product(engine: Engine, activity: str, rule: dict[str, Any]) -> dict[str, Any]:
    classes = rules.load("rfm")["product"]
    ranked = f"(select {grid.product_of(rule)} as product from ({scores(rule).format(activity=activity)}) where R > 0)"
    return {
        "product_cuts": share_thresholds(
            *histogram(engine, ranked, "product"), [entry["share"] for entry in classes[:-1]]
        ),
        "classes": [entry["id"] for entry in classes],
        "segments": [{key: entry[key] for key in ("id", "name", "strategy")} for entry in classes],
    }


def cell_segments(name: str, count: int = SCORES) -> list[dict[str, Any]]:
    """Make a segment of each cell (125 of five scores), named like 532, with the strategy of its class in a map.

    Examples
    --------
    >>> [segment["id"] for segment in cell_segments("rfm11")][:4]
    ['555', '554', '545', '455']
    """
    named = read_map(name, read_scores("days"), count)
    places = ["RFM".index(axis) for axis in named.axes]
    strategies = {entry["id"]: entry["strategy"] for entry in named.segments}
    strategy = {tuple(cell): strategies[segment] for segment, own in named.cells.items() for cell in own}
    cells = product(range(count, 0, -1), repeat=3)
    ranked = sorted(cells, key=lambda cell: (-cell[0] * cell[1] * cell[2], *(-score for score in cell)))
    digits = [grid.separator(count).join(map(str, cell)) for cell in ranked]
    return [
        {"id": word, "name": {"en": word, "zh": word}, "strategy": strategy[tuple(cell[place] for place in places)]}
        for word, cell in zip(digits, ranked, strict=True)
    ]


def tile_map(engine: Engine, rule: dict[str, Any], activity: str) -> pd.DataFrame:
    """Count customers and money in each of the 25 R x F cells."""
    named = f"({scores(rule).format(activity=activity)})"
    return engine.fetch(
        f"select s.R, s.F, count(*) as customers, sum(v.revenue) as revenue, sum(v.value) as value"
        f" from {named} s join customer_value v using (customer_id) group by s.R, s.F order by s.R, s.F"
    )
