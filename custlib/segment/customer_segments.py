"""Makes ``customer_segments``: every customer exactly once in every segmentation.

Reads the table of customers of a snapshot (``activity_<date>``). What a segmentation is stands in ``registry``. Its
rule is frozen as JSON with its date and a version, so that a later run assigns and does not fit again; a model behind
a measure (P(alive), potential) is frozen with it. Where customers were before is remembered (hysteresis): one near a
threshold stays where it was until the threshold is passed clearly.
"""

import datetime as dt
import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from custlib.engine.base import Engine
from custlib.engine.dialect import Dialect
from custlib.errors import TableError
from custlib.segment.definitions import Definition
from custlib.segment.registry import needs, segmentation
from custlib.segment.snapshots import make_function_segments, seen_by

log = logging.getLogger("custlib")
_WRITTEN_AT_MOST = 5_000_000  # rows


@dataclass(frozen=True)
class Memory:
    """Where customers were before, so that one near a threshold stays there (hysteresis).

    A customer keeps the segment of before while that is what the thresholds would give, were they all higher or all
    lower by the margin: a threshold must be passed clearly before a customer is called another.
    """

    definition: Definition  # what assigned before
    table: str  # the customers of before
    margin: float  # share by which a threshold must be passed; 0 leaves nobody where they were
    earlier: "Memory | None" = None  # where they were before that


def remember(definition: Definition, tables: Iterable[str], margin: float) -> Memory | None:
    """Remember where customers were at several dates, the earliest first."""
    memory = None
    for table in tables if margin else ():
        memory = Memory(definition, table, margin, memory)
    return memory


def define(
    engine: Engine,
    name: str,
    activity: str,
    *,
    as_of: dt.date,
    options: dict[str, Any],
    models: dict[str, Any] | None = None,
    like: Definition | None = None,
) -> Definition:
    """Define a segmentation on the customers of one date."""
    read, own = needs(name, options), segmentation(name)
    models = {measure: model for measure, model in (models or {}).items() if measure in read}
    seen = seen_by(activity, models)
    rule = own.define(engine, seen, {"segmentation": name} | options)
    if like is not None and hasattr(own, "carry"):
        rule = own.carry(engine, seen, _with_segments(like), rule)
    for finding in rule.get("findings", ()):
        log.info("%s: %s", name, finding)
    frozen = rule.pop("frozen", {}) | models
    rule |= {"options": options} | ({"needs": read} if read else {}) | ({"frozen": frozen} if frozen else {})
    return _frozen(name, as_of, rule)


def shadow(engine: Engine, frozen: Definition, activity: str, *, as_of: dt.date) -> Definition:
    """Fit a definition on the customers of another date, as near to the frozen one as its segmentation can."""
    own, name = segmentation(frozen.segmentation), frozen.segmentation
    seen = seen_by(activity, frozen.frozen)
    if hasattr(own, "refit"):
        rule = own.refit(engine, seen, _with_segments(frozen))
    else:
        rule = own.define(engine, seen, {"segmentation": name} | frozen.rule["options"])
    same = {key: frozen.rule[key] for key in ("options", "needs", "frozen") if key in frozen.rule}
    return _frozen(name, as_of, rule | same)


def _with_segments(definition: Definition) -> dict[str, Any]:
    return definition.rule | {"segments": [dict(segment) for segment in definition.segments]}


def _frozen(name: str, as_of: dt.date, rule: dict[str, Any]) -> Definition:
    segments = tuple(rule.pop("segments"))
    # Through JSON and back: what is frozen is exactly what a later run reads.
    return Definition(name, as_of.isoformat(), json.loads(json.dumps(rule)), segments)


def assigned(sql: Dialect, definition: Definition, activity: str, *, memory: Memory | None = None) -> str:
    """Write the select that puts every customer of a snapshot into a segment: customer_id, segment, reason."""
    own = segmentation(definition.segmentation)

    def select(rule: dict[str, Any]) -> str:
        return own.assign(sql, rule).replace("{activity}", seen_by(activity, definition.frozen))

    if memory is None or not hasattr(own, "moved"):
        return select(definition.rule)
    high, low = (select(own.moved(definition.rule, by)) for by in (1 + memory.margin, 1 / (1 + memory.margin)))
    before = assigned(sql, memory.definition, memory.table, memory=memory.earlier)
    stays = "b.segment <> n.segment and b.segment in (h.segment, l.segment)"
    return f"""
        select n.customer_id, case when {stays} then b.segment else n.segment end as segment,
               case when {stays} then concat(n.reason, ', held') else n.reason end as reason
        from ({select(definition.rule)}) n
        join ({high}) h on h.customer_id = n.customer_id
        join ({low}) l on l.customer_id = n.customer_id
        left join ({before}) b on b.customer_id = n.customer_id"""


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
    for definition in definitions:
        make_function_segments(engine, activity, definition.frozen)
    select = customer_segments_sql(engine.dialect, activity, definitions, memories=memories)
    customers = engine.fetch(f"select count(*) as n from {activity}")["n"].item()
    if customers * len(definitions) <= _WRITTEN_AT_MOST:
        engine.make(name, select)
    else:
        engine.define(name, select, of=of or (activity,))
    _check(engine, name, activity, definitions)


def _check(engine: Engine, name: str, activity: str, definitions: list[Definition]) -> None:
    # A sum over hashes beside the count: one customer doubled and another missing would be seen.
    marked = "count(*) as n, coalesce(sum(cast(hash(customer_id) % 1000003 as bigint)), 0) as marks"
    wanted = engine.fetch(f"select {marked} from {activity}").iloc[0]
    counted = engine.fetch(f"select segmentation, segment, {marked} from {name} group by segmentation, segment")
    for definition in definitions:
        own = counted[counted["segmentation"] == definition.segmentation]
        strange = sorted(set(own["segment"].fillna("null")) - set(definition.ids))
        if own["n"].sum() != wanted["n"] or own["marks"].sum() != wanted["marks"] or strange:
            raise TableError(
                f"{name}: {definition.segmentation} assigns {own['n'].sum():,} of {int(wanted['n']):,} customers"
                f"{' to unknown segments ' + ', '.join(strange) if strange else ''}. Define it anew."
            )
