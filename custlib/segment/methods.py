"""Makes ``customer_methods``: the best customers by three methods, ABC, RFM and CLV, and where they disagree.

ABC ranks by profit so far and looks back only. RFM ranks by the product of its three scores: behaviour, whatever
it costs to serve. CLV ranks by the value to come and depends on the assumptions of its model. Reads activity and
customer value, at any one date; the test asks which of the three found the money that came later.
"""

import datetime as dt
from collections.abc import Mapping
from itertools import combinations
from typing import Any

import pandas as pd

from custlib import rules
from custlib.engine.base import Engine
from custlib.engine.dialect import Dialect
from custlib.errors import ModelError
from custlib.graph import table, value
from custlib.project import Project
from custlib.segment import rfm
from custlib.segment.customer_segments import define
from custlib.segment.definitions import Definition
from custlib.segment.plan import open_snapshots
from custlib.segment.registry import needs, segmentation
from custlib.segment.snapshots import at, seen_by
from custlib.segment.thresholds import histogram, share_thresholds
from custlib.value.holdout_period import HoldoutPeriod

METHODS = ("abc", "rfm", "clv")
_LATER = (
    "select customer_id, sum(profit) as actual from ("
    " select customer_id, day, sum(profit)"
    " - case when bool_or(is_purchase) then cast(:cost_to_serve as decimal(18, 4)) else 0 end as profit"
    " from transactions where day > :since group by customer_id, day) group by customer_id"
)


def customer_methods_sql(
    sql: Dialect, abc: str, scores: str, named: str, worth: str, thresholds: dict[str, list[float]]
) -> str:
    """Write the select of one row per customer: class, group, tier, and whether each method has it at the top."""
    del sql
    tiers = " ".join(f"when value >= {cut!r} then {n}" for n, cut in enumerate(thresholds["tier"], start=1))
    return f"""
        select v.customer_id, a.segment as abc, n.segment as rfm,
               case {tiers} else {len(thresholds["tier"]) + 1} end as tier,
               v.profit > 0 and v.profit >= {thresholds["abc"][0]!r} as top_abc,
               s.R * s.F * s.M >= {thresholds["rfm"][0]!r} as top_rfm,
               v.value > 0 and v.value >= {thresholds["clv"][0]!r} as top_clv,
               v.profit, v.value
        from {worth} v
        join ({abc}) a on a.customer_id = v.customer_id
        join ({named}) n on n.customer_id = v.customer_id
        join ({scores}) s on s.customer_id = v.customer_id"""


def make_customer_methods(
    engine: Engine, name: str, activity: str, worth: str, definitions: Mapping[str, Definition]
) -> None:
    """Make the table of the three methods at one date."""
    sql, of_rfm = engine.dialect, definitions["rfm"]
    abc, named = (
        segmentation(d.segmentation).assign(sql, d.rule).format(activity=seen_by(activity, d.frozen))
        for d in (definitions["abc"], of_rfm)
    )
    scores = rfm.scores(of_rfm.rule).format(activity=seen_by(activity, of_rfm.frozen))
    share = rules.load("methods")["top"]["share"]
    values = histogram(engine, worth, "value")
    thresholds = {
        "abc": share_thresholds(*histogram(engine, worth, "profit"), [share]),
        "rfm": share_thresholds(
            *histogram(engine, f"(select R * F * M as product from ({scores}))", "product"), [share]
        ),
        "clv": share_thresholds(*values, [share]),
        "tier": share_thresholds(*values, rules.load("methods")["tiers"]["shares"][:-1]),
    }
    if not all(thresholds[method] for method in ("abc", "rfm", "clv")):
        raise ModelError("methods: nobody brought money, so no method has a best fifth.", reason="no_money")
    engine.make(name, customer_methods_sql(sql, abc, scores, named, worth, thresholds))


def tops(engine: Engine, table: str = "customer_methods") -> pd.DataFrame:
    """Add up the best customers of each method."""
    counts = engine.fetch(
        " union all ".join(
            f"select {n} as place, count(*) filter (where top_{method}) as customers,"
            f" coalesce(sum(profit) filter (where top_{method}), 0) as profit,"
            f" coalesce(sum(value) filter (where top_{method}), 0) as value, count(*) as all_customers,"
            f" sum(profit) as all_profit, sum(value) as all_value from {table}"
            for n, method in enumerate(METHODS)
        )
        + " order by place"
    ).astype(float)
    counts.insert(0, "method", METHODS)
    for name, share in (("customers", "customer"), ("profit", "historic"), ("value", "value")):
        counts[f"{share}_share"] = counts[name] / counts[f"all_{name}"].where(counts[f"all_{name}"] > 0)
    return counts.drop(columns=["place", *(name for name in counts.columns if name.startswith("all_"))])


def overlaps(engine: Engine, table: str = "customer_methods") -> pd.DataFrame:
    """Count the customers by which methods have them at the top."""
    counts = engine.fetch(
        "select top_abc, top_rfm, top_clv, count(*) as customers, sum(profit) as profit,"
        f" sum(value) as value from {table} group by top_abc, top_rfm, top_clv"
    )
    tops_ = counts[[f"top_{m}" for m in METHODS]].itertuples(index=False, name=None)
    counts["methods"] = ["+".join(m for m, top in zip(METHODS, row, strict=True) if top) for row in tops_]
    order = ["abc+rfm+clv", "abc+rfm", "abc+clv", "rfm+clv", "abc", "rfm", "clv", ""]
    whole = pd.DataFrame({"methods": order}).merge(counts, how="left", on="methods")
    sums = ["customers", "profit", "value"]
    return whole[["methods"]].join(whole[sums].astype(float).fillna(0.0))


def pairs(frame: pd.DataFrame) -> pd.DataFrame:
    """Hold each two methods against each other: whom both have at the top, and whom only one has, with their money.

    Examples
    --------
    >>> frame = pd.DataFrame({"methods": ["abc+rfm", "abc", "clv"], "customers": [3.0, 1.0, 2.0],
    ...     "profit": [90.0, 20.0, 4.0], "value": [8.0, 0.0, 9.0]})
    >>> pairs(frame)[["first", "second", "both", "first_only", "second_only_value", "agreement"]].values.tolist()
    [['abc', 'rfm', 3.0, 1.0, 0.0, 0.75], ['abc', 'clv', 0.0, 4.0, 9.0, 0.0], ['rfm', 'clv', 0.0, 3.0, 9.0, 0.0]]
    """
    has = {method: frame["methods"].str.split("+").map(lambda names, m=method: m in names) for method in METHODS}
    rows = []
    for first, second in combinations(METHODS, 2):
        row = {"first": first, "second": second, "both": frame.loc[has[first] & has[second], "customers"].sum()}
        for name, only in (("first_only", has[first] & ~has[second]), ("second_only", has[second] & ~has[first])):
            own = frame[only]
            row |= {name: own["customers"].sum()} | {f"{name}_{of}": own[of].sum() for of in ("profit", "value")}
        rows.append(row)
    frame = pd.DataFrame(rows)
    either = frame["both"] + frame["first_only"] + frame["second_only"]
    return frame.assign(agreement=frame["both"] / either.where(either > 0))


def cross_table(engine: Engine, table: str = "customer_methods") -> pd.DataFrame:
    """Cross the classes of ABC with the tiers of value to come and the groups of RFM."""
    return engine.fetch(
        "select abc, tier, rfm, count(*) as customers, sum(profit) as profit, sum(value) as value"
        f" from {table} group by abc, tier, rfm order by abc, tier, rfm"
    )


def disagreements(engine: Engine, table: str = "customer_methods") -> pd.DataFrame:
    """Add up, by group of RFM, the customers whom looking back and looking forward judge most unlike."""
    return engine.fetch(
        f"select {_kind()} as kind, rfm, count(*) as customers, sum(profit) as profit,"
        f" sum(value) as value from {table} where {_kind()} is not null group by 1, 2"
        " order by kind, customers desc, rfm"
    )


def _kind() -> str:
    low = int(rules.load("methods")["tiers"]["low"])
    return f"case when top_abc and tier >= {low} then 'fading' when not top_abc and top_clv then 'rising' end"


def disagreements_tested(
    engine: Engine, *, since: dt.date, cost_to_serve: float = 0.0, table: str = "calibration_methods"
) -> pd.DataFrame:
    """Ask who was right about them: what the customers of :func:`disagreements` of that day brought since."""
    counts = engine.fetch(
        f"select {_kind()} as kind, count(*) as customers, sum(profit) as profit, sum(value) as value,"
        f" coalesce(sum(l.actual), 0) as actual from {table} m left join ({_LATER}) l"
        f" on l.customer_id = m.customer_id where {_kind()} is not null group by 1",
        since=since,
        cost_to_serve=cost_to_serve,
    )
    whole = pd.DataFrame({"kind": ["fading", "rising"]}).merge(counts, how="left", on="kind")
    return whole[["kind"]].join(whole.drop(columns="kind").astype(float).fillna(0.0))


def tested(
    engine: Engine, *, since: dt.date, cost_to_serve: float = 0.0, table: str = "calibration_methods"
) -> pd.DataFrame:
    """Ask which method found the money that came: the best customers of each by then, and what they brought since."""
    counts = engine.fetch(
        " union all ".join(
            f"select {n} as place, count(*) filter (where top_{method}) as customers, count(*) as all_customers,"
            f" coalesce(sum(l.actual) filter (where top_{method}), 0) as actual, sum(l.actual) as all_actual"
            f" from {table} m left join ({_LATER}) l on l.customer_id = m.customer_id"
            for n, method in enumerate(METHODS)
        )
        + " order by place",
        since=since,
        cost_to_serve=cost_to_serve,
    ).astype(float)
    whole = counts["all_actual"].where(counts["all_actual"] > 0)
    shares = {"customer_share": counts["customers"] / counts["all_customers"], "actual_share": counts["actual"] / whole}
    return pd.DataFrame({"method": METHODS}).join(counts[["customers", "actual"]]).assign(**shares)


def define_at(engine: Engine, activity: str, *, as_of: dt.date, options: Mapping[str, Any]) -> dict[str, Definition]:
    """Define ABC and RFM on the customers of a past date, by what was known of them then.

    A definition that was made later has thresholds that its own future measured. Raises ModelError where RFM reads
    measures beside the activity, which are made only for the dates that segments are compared at.
    """
    own = {name: dict(options.get(name, {})) for name in ("abc", "rfm")}
    if read := [measure for name in own for measure in needs(name, own[name])]:
        raise ModelError(
            f"methods: RFM reads {', '.join(read)}, which are not made at {as_of}. "
            "Take a table of scores that reads the activity alone.",
            reason="measures_of_the_past",
        )
    return {name: define(engine, name, activity, as_of=as_of, options=own[name]) for name in own}


@table
def customer_methods(
    engine: Engine,
    project: Project,
    segment_history: str,
    customer_value: str,
    definitions: Mapping[str, Definition],
) -> None:
    """The best customers by three methods, ABC, RFM and CLV."""
    del segment_history
    today = at(project.as_of)
    open_snapshots(engine, [today], [definitions[name].frozen for name in ("abc", "rfm")])
    make_customer_methods(engine, "customer_methods", today.table, customer_value, definitions)


@table
def calibration_methods(
    engine: Engine, project: Project, holdout_period: HoldoutPeriod, calibration_activity: str, calibration_value: str
) -> None:
    """The same as chosen at the end of calibration, by classes defined on that day."""
    end, options = holdout_period.calibration_end, project.segments.options
    definitions = define_at(engine, calibration_activity, as_of=end, options=options)
    make_customer_methods(engine, "calibration_methods", calibration_activity, calibration_value, definitions)


@value
def methods_tested(
    engine: Engine, project: Project, holdout_period: HoldoutPeriod, transactions: str, calibration_methods: str
) -> pd.DataFrame:
    """What the best fifth of each method brought in the holdout."""
    del transactions, calibration_methods
    return tested(engine, since=holdout_period.calibration_end, cost_to_serve=project.cost_to_serve)


@value
def disagreements_in_holdout(
    engine: Engine, project: Project, holdout_period: HoldoutPeriod, transactions: str, calibration_methods: str
) -> pd.DataFrame:
    """What those brought in the holdout whom the methods judge most unlike."""
    del transactions, calibration_methods
    return disagreements_tested(engine, since=holdout_period.calibration_end, cost_to_serve=project.cost_to_serve)
