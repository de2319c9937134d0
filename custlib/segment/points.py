"""Makes ``activity_<point>``: the customers as a segmentation sees them, at any date, with the measures it needs.

Reads ``transactions``, once, into ``segment_history``: every customer at the end of each day that a point or a window
ends on. A point has two dates, the day it is looked at and the last day of the purchases that are known; they differ
only in the counterfactual "time passes and nobody buys". So segments at several dates come from one source.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from custlib.engine.base import Engine
from custlib.engine.dialect import Dialect
from custlib.segment import measures
from custlib.segment.potential_at import make_potential_at, table_of
from custlib.value.activity import activity_at
from custlib.value.history import History, Money, write_history

HISTORY = "segment_history"


@dataclass(frozen=True)
class Point:
    """Customers at a date, as far as purchases are known.

    Attributes
    ----------
    as_of : datetime.date
        The day the customers are looked at.
    until : datetime.date
        Last day of the purchases that are known; not after ``as_of``.
    """

    as_of: dt.date
    until: dt.date

    @property
    def name(self) -> str:
        """Name of the point: its day, and the day of what is known where that is another."""
        known = "" if self.as_of == self.until else f"_knowing_{self.until:%Y%m%d}"
        return f"{self.as_of:%Y%m%d}{known}"

    @property
    def table(self) -> str:
        """Name of the table of its customers."""
        return f"activity_{self.name}"


def at(day: dt.date) -> Point:
    """Take the point at which all purchases up to a day are known on that day."""
    return Point(day, day)


def between(before: dt.date, now: dt.date) -> tuple[Point, Point, Point]:
    """List the points that moves between two dates go through: before, aged, now.

    Examples
    --------
    >>> [point.name for point in between(dt.date(2025, 3, 31), dt.date(2025, 6, 30))]
    ['20250331', '20250630_knowing_20250331', '20250630']
    """
    return at(before), Point(now, before), at(now)


def ends(points: Iterable[Point], windows: Iterable[int]) -> dict[str, dt.date]:
    """List the days that a history must end on, the latest first.

    Examples
    --------
    >>> list(ends([at(dt.date(2025, 1, 31))], [30]))
    ['e20250131', 'e20250101']
    """
    wanted, lengths = list(points), list(windows)
    days = {point.until for point in wanted}
    days |= {point.as_of - dt.timedelta(days=length) for point in wanted for length in lengths}
    return {measures.end_name(day): day for day in sorted(days, reverse=True)}


def make_history(engine: Engine, points: Iterable[Point], needs: Iterable[str], money: Money) -> None:
    """Make ``segment_history``: every customer at the end of each day that is wanted, in one pass."""
    days = ends(points, measures.windows(needs))
    write_history(engine, HISTORY, History(days, min(days.values()), money))


def make_point(
    engine: Engine, point: Point, needs: Iterable[str], *, last: dt.date, daily_rate: float, history: str = HISTORY
) -> None:
    """Make the table of the customers of a point, with the measures that are needed."""
    names = list(needs)
    found = measures.summed(names, as_of=point.as_of, until=point.until)
    also = "".join(f", {expression} as {name}" for name, expression in found.items())
    carry = daily_rate * (point.as_of - last).days
    end = measures.end_name(point.until)
    select = activity_at(engine.dialect, end, history=history, carry=carry, also=also)
    reads = [history]
    for table, columns in _joined(engine, point, names).items():
        kept = ", ".join(measures.joined(engine.dialect, name, there=engine.columns(table)) for name in columns)
        select = f"select a.*, {kept} from ({select}) a left join {table} j using (customer_id)"
        reads.append(table)
    engine.define(point.table, select, of=tuple(reads), as_of=point.as_of)


def _joined(engine: Engine, point: Point, names: list[str]) -> dict[str, list[str]]:
    """Make the tables of measures that no history holds; give their columns."""
    found = {}
    lines = measures.counted(engine.dialect, names, as_of=point.as_of, until=point.until)
    if lines:
        table = f"measures_{point.name}"
        engine.make(table, lines)
        found[table] = [name for name in names if name == "products" or name.startswith("quantity_")]
    billed = measures.invoiced(engine.dialect, names, as_of=point.as_of, until=point.until)
    if billed:
        engine.make(f"invoices_{point.name}", billed)
        found[f"invoices_{point.name}"] = [name for name in names if name in measures.INVOICED]
    if attributes := [name for name in names if name.startswith(measures.ATTRIBUTE)]:
        found["customer_attributes"] = attributes
    return found


def seen_by(sql: Dialect, table: str, frozen: Mapping[str, Any]) -> str:
    """Write the table of a point as one definition sees it: with the measures of the models that it froze.

    Examples
    --------
    >>> from custlib.engine.dialect import DUCKDB
    >>> seen_by(DUCKDB, "activity_20250630", {})
    'activity_20250630'
    """
    columns, joined = [], ""
    if "probability_alive" in frozen:
        columns.append(f"{measures.alive(sql, frozen['probability_alive'])} as probability_alive")
    if "potential" in frozen:
        columns.append("coalesce(p.potential_value, 0) as potential")
        joined = f" left join {table_of(table, frozen['potential'])} p using (customer_id)"
    return f"(select a.*, {', '.join(columns)} from {table} a{joined})" if columns else table


def make_seen(engine: Engine, point: Point, frozen: Mapping[str, Any]) -> tuple[str, ...]:
    """Make what a definition sees of a point beside its table, where that is not there yet."""
    if "potential" not in frozen:
        return (point.table,)
    name = table_of(point.table, frozen["potential"])
    if not engine.has(name):
        make_potential_at(engine, name, frozen["potential"], as_of=point.as_of, until=point.until)
    engine.open(name)
    return point.table, name
