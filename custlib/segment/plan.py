"""What segmentations a project makes, by which definitions, and the customers at the dates they need.

The nodes of ``segment_history`` and ``customer_segments``, and of the definitions in force.
"""

import datetime as dt
import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from custlib.audit import attributes
from custlib.audit.attributes import Attribute, Periods
from custlib.engine.base import Engine
from custlib.engine.shelf import write_text
from custlib.errors import ByName, ModelError, UsageError, hint
from custlib.graph import REFUSED, Refusal, record, table, value
from custlib.models.forecasting import LifetimeModel, to_dict
from custlib.project import Project
from custlib.segment import customer_segments as segmentations
from custlib.segment import measures, registry
from custlib.segment.customer_segments import Memory, remember
from custlib.segment.definitions import Definition, Keeper, from_json
from custlib.segment.snapshots import (
    Snapshot,
    at,
    between,
    frozen_chances,
    make_history,
    make_seen,
    make_snapshot,
)
from custlib.value.history import Money

STATE = "state.json"
log = logging.getLogger("custlib")
Pairs = dict[str, tuple[Definition, Definition]]


@value
def available_sources(
    project: Project,
    quality: dict[str, Any],
    lifetime_model: LifetimeModel | Refusal = REFUSED,
    potential: dict[str, Any] | Refusal = REFUSED,
) -> frozenset[str]:
    """What there is beside purchases: keys of ``measures.SOURCES``, and every attribute."""
    columns = quality["columns"]
    there = {"amounts": quality["has_amount"], "quantity": "quantity" in columns, "products": "product" in columns}
    there["potential"] = bool((potential or {}).get("chances"))  # type: ignore[union-attr]
    there["probability_alive"] = not isinstance(lifetime_model, Refusal)
    there |= dict.fromkeys(measures.of_registers(project.registers), True)
    return frozenset(name for name, is_there in there.items() if is_there)


@value
def missing_segmentations(project: Project, available_sources: frozenset[str]) -> dict[str, list[str]]:
    """What the data lack, by the segmentation that is not made for it."""
    missing = {
        name: registry.lacking(name, project.segments.options.get(name, {}), available_sources)
        for name in registry.names()
    }
    return {name: sources for name, sources in missing.items() if sources}


@value
def segmentation_names(project: Project, missing_segmentations: dict[str, list[str]]) -> tuple[str, ...]:
    """Segmentations that are made: those the project names, else every default that the data allow."""
    wanted = project.segments.segmentations
    if faults := [
        f"segments.segmentations: {name} needs {', '.join(measures.SOURCES[s] for s in missing_segmentations[name])}."
        for name in wanted
        if name in missing_segmentations
    ]:
        raise UsageError("\n".join(faults))
    return tuple(name for name in wanted or registry.defaults() if name not in missing_segmentations)


@value
def segmentations_on_request(
    segmentation_names: tuple[str, ...], missing_segmentations: dict[str, list[str]]
) -> tuple[str, ...]:
    """Segmentations that the data allow and that are made only for a project that names them, as this one does not."""
    return tuple(one for one in registry.ON_REQUEST if one not in {*segmentation_names, *missing_segmentations})


@value
def compared_with(project: Project) -> dt.date:
    """The earlier date that segments are compared with."""
    return project.compare_with or project.as_of - dt.timedelta(days=project.compare_days)


@value
def dates(project: Project, quality: dict[str, Any], compared_with: dt.date) -> list[dt.date]:
    """Dates that customers are looked at, rising: as_of, and as many before as the project replays."""
    first, step = quality["first_day"], project.as_of - compared_with
    earliest = dt.date.fromisoformat(first) if first else project.as_of
    room = (project.as_of - dt.date.min) // step  # the calendar ends there
    days = [project.as_of - number * step for number in range(min(project.segments.replay, room) + 1)]
    return sorted(day for number, day in enumerate(days) if number < 2 or day >= earliest)


@value
def snapshots(dates: list[dt.date]) -> list[Snapshot]:
    """Snapshots that moves between these dates go through."""
    return list(dict.fromkeys(snapshot for pair in pairwise(dates) for snapshot in between(*pair)))


@value
def snapshot_measures(
    project: Project, definition_store: Keeper, segmentation_names: tuple[str, ...]
) -> tuple[str, ...]:
    """Measures that the segmentations read beside the activity, but those of frozen models."""
    in_force = [definition_store.in_force(name) for name in segmentation_names]
    options = project.segments.options
    needs = {need for name in segmentation_names for need in registry.needs(name, options.get(name, {}))}
    needs |= {need for definition in in_force if definition for need in definition.needs}
    return tuple(sorted(needs - {"probability_alive", "potential"}))


@table
def segment_history(
    engine: Engine,
    history_money: Money,
    snapshots: list[Snapshot],
    snapshot_measures: tuple[str, ...],
    transactions: str,
    customer_attributes: str,
    invoices: str,
) -> None:
    """The customers at every snapshot, from one pass of the purchases."""
    del transactions, customer_attributes, invoices
    make_history(engine, snapshots, snapshot_measures, history_money)
    last = max(snapshot.until for snapshot in snapshots)
    for snapshot in snapshots:
        make_snapshot(engine, snapshot, snapshot_measures, last=last, daily_rate=history_money.daily_rate)


def open_snapshots(engine: Engine, wanted: Iterable[Snapshot], frozen: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """Open the tables of snapshots, and make what definitions see of them beside; give the names of all."""
    models, names = list(frozen), []
    for snapshot in wanted:
        engine.open(snapshot.table)
        names += [name for one in models for name in make_seen(engine, snapshot, one)]
    return tuple(dict.fromkeys(names))


@value
def frozen_models(
    available_sources: frozenset[str],
    lifetime_model: LifetimeModel | Refusal = REFUSED,
    potential: dict[str, Any] | Refusal = REFUSED,
) -> dict[str, Any]:
    """Models that a definition made today freezes, by the measure they make."""
    models: dict[str, Any] = {}
    if not isinstance(lifetime_model, Refusal):
        models["probability_alive"] = to_dict(lifetime_model, time_unit="day")
    if not isinstance(potential, Refusal) and "potential" in available_sources:
        models["potential"] = frozen_chances(potential)
    return models


@dataclass(frozen=True)
class Definer:
    """Defines segmentations on the customers of today."""

    engine: Engine
    project: Project
    models: dict[str, Any]

    def define(self, name: str, snapshot: Snapshot, *, like: Definition | None = None) -> Definition:
        """Define a segmentation on a snapshot, without putting it in force; ``like`` gives names to carry over."""
        options = self.project.segments.options.get(name, {})
        read = registry.needs(name, options)
        models = {measure: model for measure, model in self.models.items() if measure in read}
        open_snapshots(self.engine, [snapshot], [models])
        return segmentations.define(
            self.engine, name, snapshot.table, as_of=snapshot.as_of, options=options, models=models, like=like
        )

    def resolve(self, store: Keeper, name: str) -> Definition:
        """Take the definition in force, or define one and put it in force."""
        segments = self.project.segments
        options, in_force = segments.options.get(name, {}), store.in_force(name)
        like = in_force if in_force and in_force.rule.get("options") == options else None
        today = at(self.project.as_of)
        definition, reason = store.resolve(
            name, options, lambda: self.define(name, today, like=like), refit=segments.refit
        )
        if reason != "kept":
            why = {"options": ": its options in the project file changed", "refit": ": refit = true"}.get(reason, "")
            log.info("define %s as of %s%s; later runs keep this definition", name, definition.fitted, why)
        return definition


@value
def definer(engine: Engine, project: Project, segment_history: str, frozen_models: dict[str, Any]) -> Definer:
    """Defines segmentations of this project."""
    del segment_history
    return Definer(engine, project, frozen_models)


def _read_pairs(content: dict[str, Any]) -> Pairs:
    pairs = {name: [from_json(json.dumps(entry)) for entry in pair] for name, pair in content.items()}
    return {name: (before, now) for name, (before, now) in pairs.items()}


@record(load=_read_pairs)
def definition_pairs(
    definition_store: Keeper, segmentation_names: tuple[str, ...], compared_with: dt.date, definer: Definer
) -> dict[str, Any]:
    """For each segmentation the definition that was in force on the date compared with, and the one now."""
    pairs = {}
    for name in segmentation_names:
        now = definer.resolve(definition_store, name)
        before = definition_store.before(now, compared_with.isoformat())
        pairs[name] = [json.loads(one.to_json()) for one in (before, now)]
    return pairs


@value
def definitions(definition_pairs: Pairs) -> dict[str, Definition]:
    """The definitions in force."""
    return ByName("segmentation", {name: pair[1] for name, pair in definition_pairs.items()})


@value
def memories(project: Project, dates: list[dt.date], definition_pairs: Pairs) -> dict[str, Memory]:
    """Where customers were on the dates before, by segmentation; none without hysteresis."""
    margin, tables = project.segments.hysteresis, [at(day).table for day in dates[:-1]]
    pairs = definition_pairs.items()
    remembered = {name: remember(before, tables, margin) for name, (before, _) in pairs}
    return {name: memory for name, memory in remembered.items() if memory}


@table
def customer_segments(
    engine: Engine,
    project: Project,
    dates: list[dt.date],
    segment_history: str,
    definition_pairs: Pairs,
    memories: dict[str, Memory],
) -> None:
    """Every customer exactly once in every segmentation."""
    del segment_history
    used = [one for name, pair in definition_pairs.items() for one in (pair if name in memories else pair[1:])]
    frozen = [definition.frozen for definition in used]
    today, now = at(project.as_of), [pair[1] for pair in definition_pairs.values()]
    wanted = [at(day) for day in dates] if memories else [today]
    sources = open_snapshots(engine, wanted, frozen)
    segmentations.make_customer_segments(engine, "customer_segments", today.table, now, of=sources, memories=memories)
    note_state(engine.folder, project)


def note_state(folder: Path, project: Project) -> None:
    """Record of which project and date a folder of tables is, for later runs that compare with it."""
    state = {"project": project.id, "as_of": project.as_of.isoformat()}
    write_text(folder / STATE, json.dumps(state) + "\n")


@value
def segment_attribute(
    engine: Engine,
    project: Project,
    dates: list[dt.date],
    segment_history: str,
    definition_pairs: Pairs,
    memories: dict[str, Memory],
    structure_periods: Periods,
) -> Attribute:
    """The segments that playbooks follow, as an attribute of structure tables."""
    del segment_history
    name = project.segments.leading
    if name not in definition_pairs:
        raise ModelError(f"segments: {name} is not made.", reason="not_made")
    before, now = definition_pairs[name]
    last, first = (at(day).table for day in (structure_periods.as_of, structure_periods.middle))
    open_snapshots(engine, [at(day) for day in dates], [now.frozen, before.frozen])
    memory, sql = memories.get(name), engine.dialect
    earlier = segmentations.assigned(sql, before, first, memory=memory.earlier if memory else None)
    return attributes.of_segments(name, segmentations.assigned(sql, now, last, memory=memory), earlier)


def remedy(name: str, names: Sequence[str]) -> str:
    """Say how to have a segmentation that is not made.

    Examples
    --------
    >>> remedy("bank5", ["rfm", "abc"]), remedy("rfmm", ["rfm", "abc"])
    ('Name it in segments.segmentations (rfm, abc, bank5).', "Did you mean 'rfm'? Available: abc, rfm.")
    """
    if name in registry.names():
        return f"Name it in segments.segmentations ({', '.join([*names, name])})."
    return hint(name, names)


def check(names: Iterable[str], options: dict[str, dict[str, Any]]) -> None:
    """Check names and options of segmentations before anything is computed.

    Examples
    --------
    >>> check(["rfm"], {"rfmm": {}})
    Traceback (most recent call last):
    custlib.errors.UsageError: segments.options: rfmm is not made. Did you mean 'rfm'? Available: rfm.
    """
    wanted = list(names)
    for name in options:
        if name not in wanted:
            raise UsageError(f"segments.options: {name} is not made. {remedy(name, wanted)}")
    for name in wanted:
        if "segmentation" in options.get(name, {}):
            raise UsageError(
                f"segments.options.{name}.segmentation: is no option. Options of {name} stand under its name."
            )
        registry.check_options(name, options.get(name, {}))
