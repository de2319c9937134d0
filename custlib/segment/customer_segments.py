"""Makes ``customer_segments``: every customer exactly once in every segmentation.

Reads the table of customers at a point (``activity_<point>``). A segmentation is one module, with one line in
``FAMILIES``, that holds::

    Options                                        a pydantic model of its options in the project file
    define(engine, activity, options) -> dict      the rule: cuts, centres, classes; numbers and names only
    assign(sql, rule) -> str                       one select from {activity}: customer_id, segment, reason
    needs(options) -> tuple                        optional: the measures it reads beside the activity
    refit(engine, activity, rule) -> dict          optional: the shadow of a frozen rule at another date
    carry(engine, activity, old, new) -> dict      optional: the new rule with the names of groups that stayed
    moved(rule, factor) -> dict                    optional: the rule with its cuts times a factor, for hysteresis

The rule is frozen as JSON with its date and a version, so that a later run assigns and does not fit again. A model
behind a measure (P(alive), potential) is frozen with it.
"""

import datetime as dt
import json
from collections.abc import Iterable, Mapping
from importlib import import_module
from types import ModuleType
from typing import Any

from custlib.engine.base import Engine
from custlib.engine.dialect import Dialect
from custlib.errors import TableError, UsageError, hint
from custlib.segment import measures
from custlib.segment.definitions import Definition
from custlib.segment.hysteresis import Memory
from custlib.segment.points import seen_by

_WRITTEN_AT_MOST = 5_000_000  # rows
FAMILIES = {
    "rfm": "custlib.segment.rfm",
    "rfm125": "custlib.segment.rfm",
    "rfa": "custlib.segment.rfm",
    "rfm_airline": "custlib.segment.rfm",
    "rfm_product": "custlib.segment.rfm",
    "abc": "custlib.segment.pyramid",
    "pyramid": "custlib.segment.pyramid",
    "clusters": "custlib.segment.clusters",
    "value_cube": "custlib.segment.value_cube",
    "value_matrix": "custlib.segment.value_matrix",
    "loyalty_value7": "custlib.segment.tiers",
    "bank5": "custlib.segment.tiers",
    "value_types": "custlib.segment.tiers",
    "credit": "custlib.segment.tiers",
    "lifecycle": "custlib.segment.tiers",
    "need_level": "custlib.segment.tiers",
    "ahp": "custlib.segment.ahp_value",
}


def family(segmentation: str) -> ModuleType:
    """Load the module of a segmentation.

    Examples
    --------
    >>> family("rfm").__name__
    'custlib.segment.rfm'
    """
    if segmentation not in FAMILIES:
        raise UsageError(f"segmentation: {segmentation} is unknown. {hint(segmentation, list(FAMILIES))}")
    return import_module(FAMILIES[segmentation])


def needs(segmentation: str, options: dict[str, Any]) -> tuple[str, ...]:
    """List the measures that a segmentation reads beside the activity.

    Examples
    --------
    >>> needs("abc", {})
    ()
    """
    asked = getattr(family(segmentation), "needs", None)
    names = tuple(asked({"segmentation": segmentation} | options)) if asked else ()
    measures.check(names)
    return names


def lacking(segmentation: str, options: dict[str, Any], available: Iterable[str]) -> list[str]:
    """List what the data lack for a segmentation.

    Examples
    --------
    >>> lacking("rfm", {}, [])
    []
    """
    there = set(available)
    asked = [(name, measures.source_of(name)) for name in needs(segmentation, options)]
    return sorted({source for name, source in asked if source and not {name, source} & there})


def define(
    engine: Engine,
    segmentation: str,
    activity: str,
    *,
    as_of: dt.date,
    options: dict[str, Any],
    models: dict[str, Any] | None = None,
    like: Definition | None = None,
) -> Definition:
    """Define a segmentation on the customers of one date."""
    read = needs(segmentation, options)
    frozen = {name: model for name, model in (models or {}).items() if name in read}
    seen, module = seen_by(engine.dialect, activity, frozen), family(segmentation)
    rule = module.define(engine, seen, {"segmentation": segmentation} | options)
    if like is not None and hasattr(module, "carry"):
        rule = module.carry(engine, seen, _with_segments(like), rule)
    kept = {"options": options} | ({"needs": read} if read else {}) | ({"frozen": frozen} if frozen else {})
    return _frozen(segmentation, as_of, rule | kept)


def shadow(engine: Engine, frozen: Definition, activity: str, *, as_of: dt.date) -> Definition:
    """Fit a definition on the customers of another date, as near to the frozen one as its module can."""
    seen, module = seen_by(engine.dialect, activity, frozen.frozen), family(frozen.segmentation)
    if hasattr(module, "refit"):
        rule = module.refit(engine, seen, _with_segments(frozen))
    else:
        rule = module.define(engine, seen, {"segmentation": frozen.segmentation} | frozen.rule["options"])
    kept = {name: frozen.rule[name] for name in ("options", "needs", "frozen") if name in frozen.rule}
    return _frozen(frozen.segmentation, as_of, rule | kept)


def _with_segments(definition: Definition) -> dict[str, Any]:
    return definition.rule | {"segments": [dict(segment) for segment in definition.segments]}


def _frozen(segmentation: str, as_of: dt.date, rule: dict[str, Any]) -> Definition:
    segments = tuple(rule.pop("segments"))
    # Through JSON and back: what is frozen is exactly what a later run reads.
    return Definition(segmentation, as_of.isoformat(), json.loads(json.dumps(rule)), segments)


def assigned(sql: Dialect, definition: Definition, activity: str, *, memory: Memory | None = None) -> str:
    """Write the select that puts every customer of a point into a segment: customer_id, segment, reason."""
    module = family(definition.segmentation)
    plain = _select(sql, module, definition, definition.rule, activity)
    if memory is None or not hasattr(module, "moved"):
        return plain
    factors = 1 + memory.margin, 1 / (1 + memory.margin)
    high, low = (_select(sql, module, definition, module.moved(definition.rule, by), activity) for by in factors)
    before = assigned(sql, memory.definition, memory.table, memory=memory.earlier)
    stays = "b.segment <> n.segment and b.segment in (h.segment, l.segment)"
    return f"""
        select n.customer_id, case when {stays} then b.segment else n.segment end as segment,
               case when {stays} then concat(n.reason, ', held') else n.reason end as reason
        from ({plain}) n
        join ({high}) h on h.customer_id = n.customer_id
        join ({low}) l on l.customer_id = n.customer_id
        left join ({before}) b on b.customer_id = n.customer_id"""


def _select(sql: Dialect, module: ModuleType, definition: Definition, rule: dict[str, Any], activity: str) -> str:
    return str(module.assign(sql, rule)).replace("{activity}", seen_by(sql, activity, definition.frozen))


def customer_segments_sql(
    sql: Dialect, activity: str, definitions: Iterable[Definition], *, memories: Mapping[str, Memory] | None = None
) -> str:
    """Write the select that puts every customer into a segment of each definition."""
    known = memories or {}
    parts = [
        f"select customer_id, {sql.literal(d.segmentation)} as segmentation, segment, reason"
        f" from ({assigned(sql, d, activity, memory=known.get(d.segmentation))})"
        for d in definitions
    ]
    return " union all ".join(parts)


def make_customer_segments(
    engine: Engine,
    name: str,
    activity: str,
    definitions: list[Definition],
    *,
    of: tuple[str, ...] = (),
    memories: Mapping[str, Memory] | None = None,
) -> None:
    """Make the table of segments and prove that every customer is in each segmentation exactly once.

    A segment is an expression of the customer's row: beyond a few million rows it is computed where it is read, and
    nothing is written.
    """
    select = customer_segments_sql(engine.dialect, activity, definitions, memories=memories)
    marked = "count(*) as n, coalesce(sum(cast(hash(customer_id) % 1000003 as bigint)), 0) as marks"
    wanted = engine.fetch(f"select {marked} from {activity}").iloc[0]
    if wanted["n"] * len(definitions) <= _WRITTEN_AT_MOST:
        engine.make(name, select)
    else:
        engine.define(name, select, of=of or (activity,))
    # A sum over hashes beside the count: one customer doubled and another missing would be seen.
    counted = engine.fetch(f"select segmentation, segment, {marked} from {name} group by segmentation, segment")
    for definition in definitions:
        own = counted[counted["segmentation"] == definition.segmentation]
        strange = sorted(set(own["segment"].fillna("null")) - set(definition.ids))
        if own["n"].sum() != wanted["n"] or own["marks"].sum() != wanted["marks"] or strange:
            raise TableError(
                f"{name}: {definition.segmentation} assigns {own['n'].sum():,} of {int(wanted['n']):,} customers"
                f"{' to unknown segments ' + ', '.join(strange) if strange else ''}. Define it anew."
            )
