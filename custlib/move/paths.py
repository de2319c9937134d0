"""Makes ``segment_paths`` and ``segment_moves``: customers who changed segment between two dates, by cause.

A customer is assigned in five states that change one thing at a time: as recorded by an earlier run; the same day with
current data (``identity`` where customers were merged or split, else ``data``: late or corrected lines); the later day
without new purchases (``ageing``); with them (``purchases``); and under the current definition (``definition``). The
segments of these states are the customer's path. Each step starts where the previous one ends, so the causes add up to
the whole move, in customers and in money. Money is profit to date and moves with the customer; gains of customers who
stay are a row of their own segment.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from itertools import pairwise

from custlib.engine.base import Engine
from custlib.engine.dialect import Dialect
from custlib.graph import table
from custlib.move import recorded
from custlib.project import Project
from custlib.segment.customer_segments import Memory, assigned, remember
from custlib.segment.definitions import Definition
from custlib.segment.measures import end_name
from custlib.segment.plan import open_snapshots
from custlib.segment.snapshots import HISTORY, Snapshot, at, between

CAUSES = ("ageing", "purchases", "definition", "data", "identity")
WHOLE = "whole"
NOBODY = "none"
STATES = ("recorded", "before", "aged", "bought", "now")
_MONEY = {"recorded": "recorded", "before": "before", "aged": "before", "bought": "now", "now": "now"}
_KEY = "segmentation, from_date, to_date"


def segment_paths_sql(
    sql: Dialect,
    then: Definition,
    now: Definition,
    points: Sequence[Snapshot],
    *,
    recorded: str = "",
    memory: Memory | None = None,
) -> str:
    """Write the select of the paths of one segmentation between two dates."""
    before, aged, last = points
    earlier = memory.earlier if memory else None
    selects = {
        "recorded": assigned(sql, then, recorded, memory=earlier) if recorded else None,
        "before": assigned(sql, then, before.table, memory=earlier),
        "aged": assigned(sql, then, aged.table, memory=memory),
        "bought": assigned(sql, then, last.table, memory=memory),
        "now": assigned(sql, now, last.table, memory=memory) if now != then else None,
    }
    same = {"recorded": "before", "now": "bought"}
    tables = [f"(select customer_id, segment as {name} from ({select})) {name}" for name, select in selects.items()
              if select]  # fmt: skip
    columns = [name if selects[name] else f"{same[name]} as {name}" for name in STATES]
    joins = f" left join {HISTORY} h using (customer_id) left join customer_value v using (customer_id)"
    changed = "false"
    if recorded:
        joins += f" left join {recorded} r using (customer_id) left join identity_changes i using (customer_id)"
        changed = "i.change is not null"
    key = [name for name, select in selects.items() if select]
    return f"""
        select {sql.literal(now.segmentation)} as segmentation, date '{before.as_of.isoformat()}' as from_date,
               date '{last.as_of.isoformat()}' as to_date, {", ".join(columns)}, {changed} as is_changed,
               count(*) as customers, {_sums(before, last, recorded)}, sum(coalesce(v.value, 0)) as value
        from {" full outer join ".join([tables[0], *(f"{table} using (customer_id)" for table in tables[1:])])}{joins}
        group by {", ".join([*key, *([changed] if recorded else [])])}"""


def _sums(before: Snapshot, last: Snapshot, recorded: str) -> str:
    """Write the sums of profit to date in the recorded, the earlier and the later state."""
    earlier = f"h.profit_{end_name(before.until)}"
    money = {
        "recorded": "r.profit" if recorded else earlier,
        "before": earlier,
        "now": f"h.profit_{end_name(last.until)}",
    }
    return ", ".join(
        f"sum(cast(coalesce({column}, 0) as decimal(38, 4))) as money_{name}" for name, column in money.items()
    )


def plan(
    sql: Dialect,
    dates: Sequence[dt.date],
    definitions: Iterable[tuple[Definition, Definition]],
    *,
    recorded: str = "",
    margin: float = 0.0,
) -> str:
    """Write the paths of every segmentation between each date and the next."""
    pairs = list(pairwise(dates))
    parts = []
    for then, now in definitions:
        for place, (before, after) in enumerate(pairs, start=1):
            is_last = place == len(pairs)
            points = between(before, after)
            by, known = (now, recorded) if is_last else (then, "")
            memory = remember(then, [at(day).table for day in dates[:place]], margin)
            parts.append(segment_paths_sql(sql, then, by, points, recorded=known, memory=memory))
    return " union all ".join(parts)


def segment_moves_sql(sql: Dialect) -> str:
    """Write the select of moves by cause and in total from ``segment_paths``, including customers who stay."""
    del sql
    steps = [
        ("case when is_changed then 'identity' else 'data' end", "recorded", "before"),
        ("'ageing'", "before", "aged"),
        ("'purchases'", "aged", "bought"),
        ("'definition'", "bought", "now"),
        (f"'{WHOLE}'", "recorded", "now"),
    ]
    return " union all ".join(_step(*step) for step in steps)


def _step(cause: str, first: str, last: str) -> str:
    def summed(state: str) -> str:
        return f"sum(case when {state} is null then 0 else money_{_MONEY[state]} end)"

    return f"""
        select {_KEY}, cause, coalesce({first}, '{NOBODY}') as from_segment, coalesce({last}, '{NOBODY}') as to_segment,
               sum(customers) as customers, {summed(first)} as money_before, {summed(last)} as money_after,
               sum(value) as value
        from (select *, {cause} as cause from segment_paths)
        where {first} is not null or {last} is not null
        group by {_KEY}, cause, {first}, {last}"""


@table
def identity_changes(engine: Engine, customer_activity: str) -> None:
    """Customers merged or split since an earlier run; empty while each source has a single id."""
    engine.make("identity_changes", f"select customer_id, true as change from {customer_activity} where false")


@table
def segment_paths(
    engine: Engine,
    project: Project,
    dates: list[dt.date],
    snapshots: list[Snapshot],
    segment_history: str,
    customer_value: str,
    identity_changes: str,
    definition_pairs: dict[str, tuple[Definition, Definition]],
) -> None:
    """Segments of every customer by state between successive dates."""
    del segment_history, customer_value, identity_changes
    pairs = list(definition_pairs.values())
    open_snapshots(engine, snapshots, [definition.frozen for pair in pairs for definition in pair])
    earlier = recorded.open_recorded(engine, project.id, dates[-2], [before.frozen for before, _ in pairs])
    names = []
    for pair in pairs:  # one table each: the engine takes far longer to plan them together
        names.append(f"segment_paths_{pair[1].segmentation}")
        select = plan(engine.dialect, dates, [pair], recorded=earlier, margin=project.segments.hysteresis)
        engine.make(names[-1], select)
    engine.define("segment_paths", " union all ".join(f"select * from {name}" for name in names), of=tuple(names))


@table
def segment_moves(engine: Engine, segment_paths: str) -> None:
    """Moves by cause and in total."""
    del segment_paths
    engine.make("segment_moves", segment_moves_sql(engine.dialect))
