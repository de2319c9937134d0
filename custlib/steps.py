"""The steps of a run: which table each makes, and which tables it needs first.

A step is a function of a workspace; ``STEPS`` is their registry, one line per table.
"""

import datetime as dt
from collections.abc import Callable
from math import exp

from custlib import recorded, structures
from custlib.asked import Tables
from custlib.differentiate import (
    activity,
    audit_periods,
    backtest,
    customer_intervals,
    history,
    lifetime,
    methods,
    migration,
    points,
    potential,
    segments,
    value,
)
from custlib.engine.base import Engine
from custlib.identify import side_tables
from custlib.identify.contract import make_transactions
from custlib.identify.sources import Gathered

_MOST_NARROW = 1e11  # currency: with six decimals it keeps well within 18 digits

Step = Callable[[Tables], None]


def take_up(engine: Engine, gathered: Gathered) -> None:
    """Take up what an earlier run left: transactions without a record were cut short, and are made anew.

    Parameters
    ----------
    engine : Engine
        Over the folder of tables.
    gathered : Gathered
        The inputs; copies of databases go where the tables made of them are there.
    """
    if not (engine.folder / "quality.json").is_file():
        engine.drop("transactions")
    elif engine.has("transactions"):
        gathered.release()


def _transactions(ws: Tables) -> None:
    listed = side_tables.read_side_tables(ws.engine, ws.gathered)
    made = make_transactions(ws.engine, ws.project, ws.gathered)
    made["registers"] = side_tables.make_side_tables(ws.engine, listed)
    made["warnings"] += side_tables.said_of_all(made["registers"])
    ws.record("source_hash", lambda: ws.gathered.hash)
    ws.gathered.release()
    increment = made.pop("increment")
    ws.record("increment", lambda: increment)
    ws.record("quality", lambda: made)


def _history(ws: Tables) -> None:
    money, as_of, end = _money(ws), ws.project.as_of, ws.project.calibration_end
    history.make_history(ws.engine, as_of=as_of, calibration_end=end, money=money)


def _activity(name: str, end: str) -> Step:
    def make(ws: Tables) -> None:
        ws.need("customer_history")
        project = ws.project
        as_of = project.as_of if end == "now" else project.calibration_end
        rate = project.daily_discount_rate
        activity.define_activity(ws.engine, name, end, as_of=as_of, until=project.as_of, daily_rate=rate)

    return make


def _money(ws: Tables) -> history.Money:
    quality, project = ws.quality, ws.project
    has_margins = bool(quality["has_cost"] or project.product_margins) or project.margin < 1
    has_returns = quality["purchase_rows"] < quality["rows_used"]
    rate, served = project.daily_discount_rate, project.cost_to_serve
    first = quality["first_day"] or project.as_of.isoformat()
    carried = quality["gross_money"] * exp(min(rate * (project.as_of - dt.date.fromisoformat(first)).days, 40))
    fits = carried < _MOST_NARROW and not (has_margins or served)
    return history.Money(rate, served, has_margins, has_returns, quality["has_amount"], fits)


def _segment_history(ws: Tables) -> None:
    group, money = ws.grouping, _money(ws)
    engine, wanted = ws.need("transactions", "customer_attributes", "invoices"), group.points
    points.make_history(engine, wanted, group.needs, money)
    last = max(point.until for point in wanted)
    for point in wanted:
        points.make_point(engine, point, group.needs, last=last, daily_rate=money.daily_rate)


def _cells(ws: Tables) -> None:
    activity.make_cells(ws.need("customer_activity"), "cells", "customer_activity")


def _spend_cells(name: str, source: str) -> Step:
    def make(ws: Tables) -> None:
        ws.need(source)
        activity.make_spend_cells(ws.engine, name, source)

    return make


def _alive_scores(ws: Tables) -> None:
    horizon, rate = ws.project.horizon_days, ws.project.daily_discount_rate
    ws.need("customer_activity")
    lifetime.make_alive_scores(
        ws.engine, "alive_scores", "customer_activity", ws.model, horizon_days=horizon, daily_rate=rate
    )


def _calibration_scores(name: str, *, discounted: bool) -> Step:
    def make(ws: Tables) -> None:
        horizon, rate = ws.project.holdout_days, ws.project.daily_discount_rate if discounted else None
        ws.need("calibration_activity")
        model = ws.calibration_model
        lifetime.make_alive_scores(
            ws.engine, name, "calibration_activity", model, horizon_days=horizon, daily_rate=rate
        )

    return make


def _customer_value(ws: Tables) -> None:
    if ws.refused("forecast"):
        value.make_past_value(ws.need("customer_activity"), "customer_value", "customer_activity")
        return
    engine = ws.need("customer_activity", "alive_scores")
    cost, sold = ws.project.cost_to_serve, "product" in ws.quality["columns"]
    if sold:
        ws.need("customer_potential")
    margin = value.margin_rate(engine, "customer_activity", cost_to_serve=cost)
    value.make_customer_value(
        engine, "customer_value", "customer_activity", "alive_scores",
        model=ws.model, money=ws.spend[0], margin=margin, cost_to_serve=cost,
        potential="customer_potential" if sold else None,
    )  # fmt: skip


def _customer_intervals(ws: Tables) -> None:
    engine, horizon = ws.need("customer_value"), ws.project.horizon_days
    customer_intervals.make_customer_intervals(
        engine, "customer_intervals", ws.model, ws.spend[1], horizon_days=horizon
    )


def _customer_potential(ws: Tables) -> None:
    ws.need("transactions")
    project = ws.project
    made = potential.make_customer_potential(
        ws.engine, as_of=project.as_of, window_days=project.holdout_days, daily_rate=project.daily_discount_rate,
        has_money=ws.quality["has_amount"],
    )  # fmt: skip
    ws.record("potential", lambda: made)


def _holdout(ws: Tables) -> None:
    engine = ws.need("customer_history", "calibration_scores")
    end, as_of = ws.project.calibration_end, ws.project.as_of
    backtest.define_holdout(engine, "calibration_scores", ws.calibration_model, calibration_end=end, as_of=as_of)


def _customer_segments(ws: Tables) -> None:
    group = ws.grouping
    made = list(group.definitions.values())
    frozen = [definition.frozen for pair in group.pairs.values() for definition in pair]
    memories = group.memories
    read = group.open([points.at(day) for day in group.dates] if memories else [group.now], frozen)
    segments.make_customer_segments(ws.engine, "customer_segments", group.now.table, made, of=read, memories=memories)
    recorded.note(ws.engine.folder, ws.project.id, ws.project.as_of)


def _identity_changes(ws: Tables) -> None:
    # Nobody is merged or split as long as every source names its customers by one id.
    ws.need("customer_activity")
    ws.engine.make("identity_changes", "select customer_id, true as change from customer_activity where false")


def _segment_paths(ws: Tables) -> None:
    group = ws.grouping
    pairs = list(group.pairs.values())
    group.open(group.points, [definition.frozen for pair in pairs for definition in pair])
    then = group.recorded()
    engine = ws.need("customer_value", "segment_history", *(["identity_changes"] if then else []))
    margin, made = ws.project.segments.hysteresis, []
    for pair in pairs:  # one table each: the engine takes far longer to plan them together
        made.append(f"segment_paths_{pair[1].segmentation}")
        select = migration.plan(engine.dialect, group.dates, [pair], recorded=then, margin=margin)
        engine.make(made[-1], select)
    engine.define("segment_paths", " union all ".join(f"select * from {name}" for name in made), of=tuple(made))


def _segment_moves(ws: Tables) -> None:
    engine = ws.need("segment_paths")
    engine.make("segment_moves", migration.segment_moves(engine.dialect))


def _customer_months(ws: Tables) -> None:
    audit_periods.make_customer_months(ws.need("transactions", "customer_activity"), ws.project.as_of)


def _customer_methods(ws: Tables) -> None:
    engine = ws.need("customer_activity", "customer_value")
    methods.make_customer_methods(engine, "customer_methods", "customer_activity", "customer_value", ws.definitions)


def _calibration_value(ws: Tables) -> None:
    engine = ws.need("calibration_activity", "calibration_money_scores")
    cost = ws.project.cost_to_serve
    margin = value.margin_rate(engine, "calibration_activity", cost_to_serve=cost)
    value.make_customer_value(
        engine, "calibration_value", "calibration_activity", "calibration_money_scores",
        model=ws.calibration_model, money=ws.calibration_spend[0], margin=margin, cost_to_serve=cost,
    )  # fmt: skip


def _calibration_methods(ws: Tables) -> None:
    engine = ws.need("calibration_activity", "calibration_value")
    methods.make_customer_methods(
        engine, "calibration_methods", "calibration_activity", "calibration_value", ws.definitions
    )


STEPS: dict[str, Step] = {
    "transactions": _transactions,
    "customer_attributes": lambda ws: side_tables.make_none(ws.need("transactions"), "customer_attributes"),
    "invoices": lambda ws: side_tables.make_none(ws.need("transactions"), "invoices"),
    "customer_history": _history,
    "customer_activity": _activity("customer_activity", "now"),
    "cells": _cells,
    "spend_cells": _spend_cells("spend_cells", "customer_activity"),
    "alive_scores": _alive_scores,
    "customer_potential": _customer_potential,
    "customer_value": _customer_value,
    "customer_intervals": _customer_intervals,
    "calibration_activity": _activity("calibration_activity", "calibration"),
    "calibration_spend_cells": _spend_cells("calibration_spend_cells", "calibration_activity"),
    "calibration_scores": _calibration_scores("calibration_scores", discounted=False),
    "calibration_money_scores": _calibration_scores("calibration_money_scores", discounted=True),
    "holdout": _holdout,
    "customer_segments": _customer_segments,
    "segment_history": _segment_history,
    "identity_changes": _identity_changes,
    "segment_paths": _segment_paths,
    "segment_moves": _segment_moves,
    "customer_structure": structures.make_structure,
    "customer_months": _customer_months,
    "customer_methods": _customer_methods,
    "calibration_value": _calibration_value,
    "calibration_methods": _calibration_methods,
}
