"""The segmentations of a project: which are made, by which definitions, and the customers at the dates they need.

Made when asked for, each from the tables of a workspace, as the evidence of a forecast is.
"""

import datetime as dt
import json
import logging
from collections.abc import Iterable
from functools import cached_property
from typing import Any, Protocol

from custlib.asked import Tables
from custlib.errors import UsageError, hint
from custlib.models import bgnbd
from custlib.move import drift, recorded
from custlib.project import validated
from custlib.segment import customer_segments, hysteresis, measures, points
from custlib.segment.definitions import Definition, Keeper, from_json
from custlib.segment.points import Point
from custlib.segment.potential_at import frozen_chances

log = logging.getLogger("custlib")


class Opened(Tables, Protocol):
    """What segmentations ask of a workspace, besides tables."""

    @property
    def potential(self) -> dict[str, Any] | None:
        """What is known of products not used yet."""


class Grouping:
    """The segmentations of one project at one date."""

    def __init__(self, opened: Opened, keeper: Keeper) -> None:
        self._opened, self._keeper = opened, keeper
        self._project = opened.project

    @cached_property
    def available(self) -> frozenset[str]:
        """What there is beside purchases: keys of ``measures.SOURCES``, and every attribute."""
        opened, columns = self._opened, self._opened.quality["columns"]
        there = {"amounts": opened.quality["has_amount"]}
        there |= {"quantity": "quantity" in columns, "products": "product" in columns}
        there["potential"] = bool((opened.potential or {}).get("chances"))  # none where there was too little time
        there["probability_alive"] = not opened.refused("forecast")
        there |= dict.fromkeys(measures.of_registers(self._project.registers), True)
        return frozenset(name for name, is_there in there.items() if is_there)

    def lacking(self, segmentation: str) -> list[str]:
        """What the data lack for a segmentation; empty where it can be made."""
        return customer_segments.lacking(segmentation, self._options(segmentation), self.available)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Segmentations that are made: those the project names, else every one the data allow."""
        asked = self._project.segments.segmentations
        lacks = {name: self.lacking(name) for name in asked or customer_segments.FAMILIES}
        refused = [
            f"segments.segmentations: {name} needs {', '.join(measures.SOURCES[s] for s in lacks[name])}."
            for name in asked
            if lacks[name]
        ]
        if refused:
            raise UsageError("\n".join(refused))
        return tuple(name for name, lack in lacks.items() if not lack)

    @cached_property
    def missing(self) -> dict[str, list[str]]:
        """What the data lack, by the segmentation that is not made for it."""
        return {name: self.lacking(name) for name in customer_segments.FAMILIES if self.lacking(name)}

    @cached_property
    def needs(self) -> tuple[str, ...]:
        """Measures that the segmentations read beside the activity, but those of frozen models."""
        kept = [self._keeper.in_force(name) for name in self.names]
        wanted = {need for name in self.names for need in customer_segments.needs(name, self._options(name))}
        wanted |= {need for definition in kept if definition for need in definition.needs}
        return tuple(sorted(wanted - {"probability_alive", "potential"}))

    @property
    def dates(self) -> list[dt.date]:
        """Dates that customers are looked at, rising: as_of, and as many before as the project replays."""
        project, first = self._project, self._opened.quality["first_day"]
        step = project.as_of - self._opened.compared_with
        earliest = dt.date.fromisoformat(first) if first else project.as_of
        room = (project.as_of - dt.date.min) // step  # the calendar ends there
        found = [project.as_of - number * step for number in range(min(project.segments.replay, room) + 1)]
        return sorted(day for number, day in enumerate(found) if number < 2 or day >= earliest)

    @property
    def points(self) -> list[Point]:
        """Points that moves between these dates go through."""
        pairs = zip(self.dates[:-1], self.dates[1:], strict=True)
        return list(dict.fromkeys(point for pair in pairs for point in points.between(*pair)))

    @property
    def now(self) -> Point:
        """The customers today."""
        return points.at(self._project.as_of)

    @property
    def memories(self) -> dict[str, hysteresis.Memory]:
        """Where customers were on the dates before, by segmentation; none where nobody is held."""
        margin, tables = self._project.segments.hysteresis, [points.at(day).table for day in self.dates[:-1]]
        found = {name: hysteresis.remember(then, tables, margin) for name, (then, _) in self.pairs.items()}
        return {name: memory for name, memory in found.items() if memory}

    @property
    def definitions(self) -> dict[str, Definition]:
        """The definitions in force, made now where they are not there yet."""
        return {name: pair[1] for name, pair in self.pairs.items()}

    @property
    def pairs(self) -> dict[str, tuple[Definition, Definition]]:
        """For each segmentation the definition that was in force on the date compared with, and the one now."""
        kept = self._opened.record("definitions", self._define)
        read = {name: tuple(from_json(json.dumps(entry)) for entry in pair) for name, pair in kept.items()}
        return {name: (pair[0], pair[1]) for name, pair in read.items()}

    def _define(self) -> dict[str, Any]:
        then = self._opened.compared_with.isoformat()
        made = {name: self._resolve(name) for name in self.names}
        return {
            name: [json.loads(one.to_json()) for one in (self._keeper.before(definition, then), definition)]
            for name, definition in made.items()
        }

    def _resolve(self, name: str) -> Definition:
        refit = self._project.segments.refit
        definition, reason = self._keeper.resolve(
            name, self._options(name), lambda: self.define(name, self.now, like=self._like(name)), refit=refit
        )
        if reason != "kept":
            why = {"options": ": its options in the project file changed", "refit": ": refit = true"}.get(reason, "")
            log.info("define %s as of %s%s; later runs keep this definition", name, definition.fitted, why)
        return definition

    def define(self, name: str, point: Point, *, like: Definition | None = None) -> Definition:
        """Define a segmentation on the customers of a point, without putting it in force."""
        engine, options = self._opened.need("segment_history"), self._options(name)
        models = self._models(customer_segments.needs(name, options))
        self.open([point], [models])
        return customer_segments.define(
            engine, name, point.table, as_of=point.as_of, options=options, models=models, like=like
        )

    def drift(self, name: str) -> dict[str, Any] | None:
        """Hold a frozen definition against one fitted on the customers of today."""
        frozen = self.definitions[name]
        if frozen.fitted == self.now.as_of.isoformat():
            return None
        found = self._opened.record(f"drift_{name}", lambda: self._measure(frozen))
        return found | {"is_proposed": drift.is_proposed(self._keeper.log_drift(name, found))}

    def _measure(self, frozen: Definition) -> dict[str, Any]:
        engine, now = self._opened.need("segment_history"), self.now
        self.open([now], [frozen.frozen])
        shadow = customer_segments.shadow(engine, frozen, now.table, as_of=now.as_of)
        return drift.measure(engine, frozen, shadow, now.table)

    def open(self, wanted: Iterable[Point], frozen: Iterable[dict[str, Any]]) -> tuple[str, ...]:
        """Open the tables of points, and make what definitions see of them beside."""
        engine, models = self._opened.need("segment_history"), list(frozen)
        read = []
        for point in wanted:
            engine.open(point.table)
            read += [name for one in models for name in points.make_seen(engine, point, one)]
        return tuple(dict.fromkeys(read))

    def recorded(self) -> str:
        """Open the customers as an earlier run had them on the date compared with."""
        day, engine = self._opened.compared_with, self._opened.engine
        folder = recorded.find(engine.folder, self._project.id, day)
        if folder is None:
            return ""
        return recorded.take_up(engine, folder, day, [pair[0].frozen for pair in self.pairs.values()])

    def _like(self, name: str) -> Definition | None:
        kept = self._keeper.in_force(name)
        return kept if kept and kept.rule.get("options") == self._options(name) else None

    def _models(self, needs: Iterable[str]) -> dict[str, Any]:
        wanted, found = set(needs), {}
        if "probability_alive" in wanted:
            found["probability_alive"] = bgnbd.to_dict(self._opened.model, time_unit="day")
        if "potential" in wanted and self._opened.potential and "potential" in self.available:
            found["potential"] = frozen_chances(self._opened.potential)
        return found

    def _options(self, name: str) -> dict[str, Any]:
        return self._project.segments.options.get(name, {})


def check(segmentations: Iterable[str], options: dict[str, dict[str, Any]]) -> None:
    """Check names and options of segmentations before anything is computed.

    Examples
    --------
    >>> check(["rfm"], {"rfmm": {}})
    Traceback (most recent call last):
    custlib.errors.UsageError: segments.options: rfmm is not made. Did you mean 'rfm'? Available: rfm.
    """
    names = list(segmentations)
    for name in options:
        if name not in names:
            raise UsageError(f"segments.options: {name} is not made. {hint(name, names)}")
    for name in names:
        if "segmentation" in options.get(name, {}):
            raise UsageError(
                f"segments.options.{name}.segmentation: is no option. Options of {name} stand under its name."
            )
        given = {"segmentation": name} | options.get(name, {})
        validated(customer_segments.family(name).Options, given, f"segments.options.{name}")
