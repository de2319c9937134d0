"""Measures the drift of customers from a frozen segmentation, and proposes a new fit.

A shadow definition is fitted on current customers and compared with the frozen one; it assigns nobody. A new fit is
proposed when agreement is low in several runs, or when a segment has lost its customers to another
(``rules/drift.toml``). Only ``refit = true`` accepts it.
"""

from typing import Any

from custlib import rules
from custlib.engine.base import Engine
from custlib.graph import value
from custlib.project import Project
from custlib.segment.customer_segments import assigned
from custlib.segment.customer_segments import shadow as shadow_of
from custlib.segment.definitions import Definition, Keeper
from custlib.segment.plan import open_snapshots
from custlib.segment.profiles import agree, cross_table
from custlib.segment.snapshots import at


def measure(engine: Engine, frozen: Definition, shadow: Definition, activity: str) -> dict[str, Any]:
    """Compare a frozen definition with its shadow on current customers."""
    sql, limits = engine.dialect, rules.load("drift")["propose"]
    frame = cross_table(engine, assigned(sql, frozen, activity), assigned(sql, shadow, activity), worth="")
    agreement = agree(frame)
    before, now = (
        {str(name): int(n) for name, n in frame.groupby(side)["customers"].sum().items()}
        for side in ("first", "second")
    )
    fewest = limits["fewest_customers"]
    large = [
        name for name in sorted(before) if max(before[name], now.get(agreement.matched.get(name, ""), 0)) >= fewest
    ]
    lost = {name: round(agreement.jaccards.get(name, 0.0), 4) for name in large}
    return {
        "as_of": shadow.fitted,
        "version": frozen.version,
        "adjusted_rand_index": round(agreement.adjusted_rand_index, 6),
        "relabelled": round(agreement.apart_customers / max(float(frame["customers"].sum()), 1.0), 6),
        "lost": {name: overlap for name, overlap in lost.items() if overlap < limits["jaccard"]},
    }


def is_proposed(log: list[dict[str, Any]]) -> bool:
    """Return whether a new fit is proposed.

    Examples
    --------
    >>> good = {"as_of": "2025-01-31", "adjusted_rand_index": 0.9, "relabelled": 0.1, "lost": {}}
    >>> bad = {"as_of": "2025-02-28", "adjusted_rand_index": 0.6, "relabelled": 0.1, "lost": {}}
    >>> is_proposed([good, bad]), is_proposed([bad, bad | {"as_of": "2025-03-31"}])
    (False, True)
    """
    limits = rules.load("drift")["propose"]
    ordered = sorted(log, key=lambda entry: str(entry["as_of"]))
    last = ordered[-limits["runs"] :]
    badly = [
        entry["adjusted_rand_index"] < limits["adjusted_rand_index"] and entry["relabelled"] >= limits["relabelled"]
        for entry in last
    ]
    return (len(last) == limits["runs"] and all(badly)) or bool(ordered and ordered[-1]["lost"])


@value
def drifts(
    engine: Engine, project: Project, segment_history: str, definition_store: Keeper, definitions: dict[str, Definition]
) -> dict[str, dict[str, Any] | None]:
    """Drift of customers from each definition; None for a definition fitted today."""
    del segment_history
    return {name: _drift(engine, project, definition_store, one) for name, one in definitions.items()}


def _drift(engine: Engine, project: Project, store: Keeper, frozen: Definition) -> dict[str, Any] | None:
    """Compare a frozen definition with one fitted on current customers, and log the result."""
    today = at(project.as_of)
    if frozen.fitted == today.as_of.isoformat():
        return None
    open_snapshots(engine, [today], [frozen.frozen])
    shadow = shadow_of(engine, frozen, today.table, as_of=today.as_of)
    measured = measure(engine, frozen, shadow, today.table)
    return measured | {"is_proposed": is_proposed(store.log_drift(frozen.segmentation, measured))}
