"""Makes ``activity_<snapshot>``: customers as segmentations see them, at any date, with the measures they need.

Reads ``transactions``, once, into ``segment_history``: every customer at the end of each day that a snapshot or a
window ends on. A snapshot has two dates, the day customers are looked at and the last day of the purchases that are
known; they differ only in the counterfactual "time passes and nobody buys". So segments at all dates come from one
source. Beside a snapshot stand the potential of its customers, by chances that were learned once and frozen, and the
segments that a plain function of a frame gives them.
"""

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from custlib.engine.base import Engine
from custlib.errors import UsageError
from custlib.models.adoption import Adoption
from custlib.models.forecasting.business_time import seen_on
from custlib.segment import measures, registry
from custlib.value import history_scores, lifetime
from custlib.value.activity import activity_at
from custlib.value.history import History, Money, write_history
from custlib.value.holdings import KEY, customers_at, products_table
from custlib.value.holdings import Window as Holdings
from custlib.value.potential import Chances, Learned, scores

HISTORY = "segment_history"


@dataclass(frozen=True)
class Snapshot:
    """Customers at a date, as far as purchases are known."""

    as_of: dt.date  # the day the customers are looked at
    until: dt.date  # last day of the purchases that are known; not after as_of

    @property
    def name(self) -> str:
        """Name of the snapshot: its day, and the day of what is known where that is another."""
        known = "" if self.as_of == self.until else f"_knowing_{self.until:%Y%m%d}"
        return f"{self.as_of:%Y%m%d}{known}"

    @property
    def table(self) -> str:
        """Name of the table of its customers."""
        return f"activity_{self.name}"


def at(day: dt.date) -> Snapshot:
    """Take the snapshot at which all purchases up to a day are known on that day."""
    return Snapshot(day, day)


def between(before: dt.date, now: dt.date) -> tuple[Snapshot, Snapshot, Snapshot]:
    """List the snapshots that moves between two dates go through: before, aged, now.

    Examples
    --------
    >>> [snapshot.name for snapshot in between(dt.date(2025, 3, 31), dt.date(2025, 6, 30))]
    ['20250331', '20250630_knowing_20250331', '20250630']
    """
    return at(before), Snapshot(now, before), at(now)


def ends(snapshots: Iterable[Snapshot], windows: Iterable[int]) -> dict[str, dt.date]:
    """List the days that a history must end on, the latest first.

    Examples
    --------
    >>> list(ends([at(dt.date(2025, 1, 31))], [30]))
    ['e20250131', 'e20250101']
    """
    wanted, lengths = list(snapshots), list(windows)
    days = {snapshot.until for snapshot in wanted}
    days |= {snapshot.as_of - dt.timedelta(days=length) for snapshot in wanted for length in lengths}
    return {measures.end_name(day): day for day in sorted(days, reverse=True)}


def make_history(
    engine: Engine, snapshots: Iterable[Snapshot], needs: Iterable[str], money: Money, *, name: str = HISTORY
) -> None:
    """Make ``segment_history``: every customer at the end of each day that is wanted, in one pass."""
    days = ends(snapshots, measures.windows(needs))
    write_history(engine, name, History(days, min(days.values()), money))


def make_snapshot(
    engine: Engine,
    snapshot: Snapshot,
    needs: Iterable[str],
    *,
    last: dt.date,
    daily_rate: float,
    history: str = HISTORY,
) -> None:
    """Make the table of the customers of a snapshot, with the measures that are needed."""
    names = list(needs)
    sums = measures.summed(names, as_of=snapshot.as_of, until=snapshot.until)
    also = "".join(f", {expression} as {name}" for name, expression in sums.items())
    carry = daily_rate * (snapshot.as_of - last).days
    end = measures.end_name(snapshot.until)
    select = activity_at(engine.dialect, end, history=history, carry=carry, also=also)
    reads = [history]
    for table, columns in _joined(engine, snapshot, names).items():
        own = ", ".join(measures.joined(engine.dialect, name, there=engine.columns(table)) for name in columns)
        select = f"select a.*, {own} from ({select}) a left join {table} j using (customer_id)"
        reads.append(table)
    engine.define(snapshot.table, select, of=tuple(reads), as_of=snapshot.as_of)


def _joined(engine: Engine, snapshot: Snapshot, names: list[str]) -> dict[str, list[str]]:
    """Make the tables of measures that no history holds; give their columns."""
    tables = {}
    lines = measures.counted(engine.dialect, names, as_of=snapshot.as_of, until=snapshot.until)
    if lines:
        table = f"measures_{snapshot.name}"
        engine.make(table, lines)
        tables[table] = [name for name in names if name == "products" or name.startswith("quantity_")]
    billed = measures.invoiced(engine.dialect, names, as_of=snapshot.as_of, until=snapshot.until)
    if billed:
        engine.make(f"invoices_{snapshot.name}", billed)
        tables[f"invoices_{snapshot.name}"] = [name for name in names if name in measures.INVOICED]
    if attributes := [name for name in names if name.startswith(measures.ATTRIBUTE)]:
        tables["customer_attributes"] = attributes
    return tables


def seen_by(table: str, frozen: Mapping[str, Any]) -> str:
    """Write the table of a snapshot as one definition sees it: with what stands beside it for that definition."""
    columns, joined = [], ""
    if "probability_alive" in frozen:
        columns.append("l.probability_alive")
        joined += (
            f" left join {alive_table(table, frozen['probability_alive'])} l using ({', '.join(history_scores.KEY)})"
        )
    if "potential" in frozen:
        columns.append("coalesce(p.potential_value, 0) as potential")
        joined += f" left join {table_of(table, frozen['potential'])} p using (customer_id)"
    if "function" in frozen:
        columns.append("f.segment as function_segment")
        joined += f" left join {function_table(table, frozen['function'])} f using (customer_id)"
    return f"(select a.*, {', '.join(columns)} from {table} a{joined})" if columns else table


def make_seen(engine: Engine, snapshot: Snapshot, frozen: Mapping[str, Any]) -> tuple[str, ...]:
    """Make what a definition sees of a snapshot beside its table, where that is not there yet."""
    tables = [snapshot.table]
    if "probability_alive" in frozen:
        tables.append(make_alive(engine, snapshot, frozen["probability_alive"]))
    if "potential" in frozen:
        tables.append(table_of(snapshot.table, frozen["potential"]))
        if not engine.has(tables[-1]):
            days = {"as_of": snapshot.as_of, "until": snapshot.until}
            make_potential_at(engine, tables[-1], frozen["potential"], **days)
        engine.open(tables[-1])
    if "function" in frozen:
        tables.append(make_function_segments(engine, snapshot.table, frozen))
    return tuple(tables)


def alive_table(activity: str, frozen: Mapping[str, Any]) -> str:
    """Name the table of P(alive) beside a table of customers: one for each frozen model."""
    return f"{activity}_alive_{_mark(frozen)}"


def make_alive(engine: Engine, snapshot: Snapshot, frozen: Mapping[str, Any]) -> str:
    """Make P(alive) of each distinct history of a snapshot, by a frozen model, unless it is there."""
    table, model = alive_table(snapshot.table, frozen), seen_on(lifetime.read_model(frozen), snapshot.as_of)
    if engine.has(table):
        engine.open(table)
    else:
        history_scores.make_scores(
            engine, table, snapshot.table, lambda known: {"probability_alive": model.probability_alive(known)}
        )
    return table


def function_table(activity: str, function: Mapping[str, str]) -> str:
    """Name the table of the segments that a registered function gives the customers of a table."""
    return f"{activity}_by_{function['name']}"


def make_function_segments(engine: Engine, activity: str, frozen: Mapping[str, Any]) -> str:
    """Run the registered function of a definition on the customers of a table; nothing where it has none."""
    function = frozen.get("function")
    if not function:
        return ""
    registered = registry.REGISTERED.get(function["name"])
    if not isinstance(registered, registry.PlainFunction) or registered.code != function["code"]:
        raise UsageError(
            f"segmentation {function['name']}: is a function, and not the one it was defined by. Register that one, "
            "or set refit = true."
        )
    models = {name: model for name, model in frozen.items() if name != "function"}
    segments = registered.segments(engine, seen_by(activity, models))
    table = function_table(activity, function)
    engine.attach_frame(table, segments[["customer_id", "segment"]].astype("string"))
    return table


def table_of(activity: str, frozen: dict[str, Any]) -> str:
    """Name the table of potential beside a table of customers: one for each set of frozen chances."""
    return f"{activity}_potential_{_mark(frozen)}"


def _mark(frozen: Mapping[str, Any]) -> str:
    """Mark what is frozen with a short code of its content."""
    return hashlib.sha256(json.dumps(frozen, sort_keys=True).encode()).hexdigest()[:8]


def frozen_chances(record: dict[str, Any]) -> dict[str, Any]:
    """Take what is frozen from the record of ``make_customer_potential``."""
    return {"window_days": record["window_days"], "chances": record["chances"]}


def make_potential_at(engine: Engine, name: str, frozen: dict[str, Any], *, as_of: dt.date, until: dt.date) -> None:
    """Make the potential of every customer at a date."""
    names = [entry["product"] for entry in frozen["chances"]]
    learned = [_learned(place, entry) for place, entry in enumerate(frozen["chances"])]
    products, scored = f"{name}_products", f"{name}_scores"
    engine.attach_frame(products, products_table(names))
    days: dict[str, Any] = {"since": as_of, "window_days": float(frozen["window_days"])}
    customers = customers_at(engine.dialect, known=f"date '{until.isoformat()}'", products=products)
    key = ", ".join(KEY)
    counted = engine.fetch(f"select {key}, count(*) as customers from ({customers}) group by {key}", **days)
    nothing = np.zeros((len(counted), len(names)))
    holdings = Holdings(counted.sort_values(KEY, ignore_index=True), nothing, nothing)
    engine.attach_frame(scored, scores(holdings, learned, names)[[*KEY, "potential_value"]])
    engine.make(name, f"select customer_id, potential_value from ({customers}) join {scored} using ({key})", **days)


def _learned(place: int, entry: dict[str, Any]) -> Learned:
    model = entry["model"]
    fitted = Adoption(model["intercept"], tuple(model["coefficients"])) if model else None
    return Learned(Chances(place, entry["rate"], fitted), entry["profit"])
