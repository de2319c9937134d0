"""Makes ``segment_excess_error``: the excess error of the segments that playbooks follow, beside that of the whole.

Reads ``past_forecasts`` and ``transactions``. Customers are put in the segments that they would have been in at each
origin by today's definition, from what was known then, and their forecast of that day is compared with what came.
"""

import math
from dataclasses import dataclass, replace
from typing import Any

from custlib.engine.base import Engine
from custlib.graph import value
from custlib.project import Project
from custlib.segment import registry
from custlib.segment.customer_segments import assigned
from custlib.segment.definitions import Definition
from custlib.segment.plan import open_snapshots
from custlib.segment.snapshots import Snapshot, make_history, make_snapshot
from custlib.validate.past_forecasts import PastForecast, count_origin, past_totals, totals_of
from custlib.value import excess_error as excess
from custlib.value.excess_error import ExcessError
from custlib.value.forecast_intervals import age_bin
from custlib.value.history import Money

_HISTORY = "origin_segment_history"


@dataclass(frozen=True)
class OriginSnapshot(Snapshot):
    """Customers at an origin, in tables of their own: those of other snapshots may lack a measure."""

    @property
    def name(self) -> str:
        """Name of the snapshot."""
        return f"origin_{self.as_of:%Y%m%d}"


def segment_totals(engine: Engine, past: PastForecast, definition: Definition) -> PastForecast:
    """Forecast purchases and revenue of every segment at an origin, beside what came."""
    snapshot = OriginSnapshot(past.origin.day, past.origin.day)
    segments = assigned(engine.dialect, definition, snapshot.table)
    cells = count_origin(
        engine, past.origin, past.spend[0], days=math.ceil(age_bin(engine, past.origin.name)), segments=segments
    )
    groups = {name: lambda frame, own=name: frame["segment"] == own for name in sorted(cells["segment"].unique())}
    totals = past_totals(cells, past.model, past.spend, past.origin.days, groups)
    return replace(past, totals=tuple(totals))


@value
def segment_excess_error(
    engine: Engine,
    project: Project,
    transactions: str,
    customer_attributes: str,
    invoices: str,
    customer_base: dict[str, Any],
    definitions: dict[str, Definition],
    excess_error: ExcessError,
    history_money: Money,
    past_forecasts: list[PastForecast],
) -> ExcessError:
    """Excess error of the forecast, of the whole and of each segment that playbooks follow."""
    del transactions, customer_attributes, invoices
    leading = project.segments.leading
    if not past_forecasts or leading not in definitions or not excess_error.taus:
        return excess_error
    definition, past = definitions[leading], past_forecasts
    _make_snapshots(engine, past, definition, registry.needs(leading, project.segments.options.get(leading, {})),
                    history_money)  # fmt: skip
    totals = totals_of([*past, *(segment_totals(engine, one, definition) for one in past)])
    return excess.excess_error(
        totals, horizon_days=project.horizon_days, tested_days=excess_error.tested_days,
        customers=float(customer_base["customers"]),
    )  # fmt: skip


def _make_snapshots(
    engine: Engine, past: list[PastForecast], definition: Definition, needs: tuple[str, ...], money: Money
) -> None:
    """Make the customers at each origin as the segmentation sees them, in one pass of the purchases."""
    names = sorted({*needs, *definition.needs} - {"probability_alive", "potential"})
    snapshots = [OriginSnapshot(one.origin.day, one.origin.day) for one in past]
    make_history(engine, snapshots, names, money, name=_HISTORY)
    last = max(snapshot.until for snapshot in snapshots)
    for snapshot in snapshots:
        make_snapshot(engine, snapshot, names, last=last, daily_rate=money.daily_rate, history=_HISTORY)
    for one in past:
        engine.open(one.origin.name)
    open_snapshots(engine, snapshots, [definition.frozen])
