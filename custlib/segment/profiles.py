"""Adds up what segments are, and where two segmentations of the same customers agree.

Reads ``customer_segments`` and ``customer_value``: customers, money so far and to come, and how they buy. Two
segmentations that put customers together in the same way agree, whatever their segments are called: the adjusted Rand
index (Hubert and Arabie 1985) is 1 then, and 0 on average by chance.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

import pandas as pd

from custlib.engine.base import Engine
from custlib.engine.dialect import Dialect
from custlib.graph import table
from custlib.models.clustering.alignment import adjusted_rand_index, align
from custlib.segment.definitions import Definition

_ADDED = ("customers", "profit", "historic_value", "value", "residual_lifetime_value")


def summary(engine: Engine, definition: Definition, *, language: str) -> pd.DataFrame:
    """Add up customers and money of each segment, the most valuable first."""
    sums = engine.fetch(
        "select s.segment, count(*) as customers, sum(v.revenue) as revenue,"
        " sum(v.profit) as profit, sum(v.historic_value) as historic_value, sum(v.value) as value,"
        " sum(v.residual_lifetime_value) as residual_lifetime_value,"
        " avg(v.probability_alive) as probability_alive,"
        " avg(v.probability_of_purchase) as probability_of_purchase, sum(v.expected_purchases) as expected_purchases,"
        " sum(greatest(v.residual_lifetime_value, 0) * (1 - v.probability_alive)) as value_at_risk,"
        " median(v.frequency) as frequency, median(v.days_since_last) as days_since_last,"
        " median(v.revenue / (v.frequency + 1)) as spend, avg(v.value) as value_per_customer,"
        " avg(v.revenue) as revenue_per_customer, avg(v.frequency + 1) as purchases_per_customer"
        " from customer_segments s join customer_value v using (customer_id)"
        " where s.segmentation = :segmentation group by s.segment",
        segmentation=definition.segmentation,
    )
    frame = pd.DataFrame({"segment": definition.ids}).merge(sums, how="left", on="segment")
    added = (*_ADDED, "revenue", "expected_purchases", "value_at_risk")
    known = [name for name in added if sums[name].notna().any()]  # what nobody forecast is not nothing
    frame[known] = frame[known].astype(float).fillna(0.0)
    frame["customers"] = frame["customers"].astype(int)
    frame.insert(1, "name", [definition.name(s, language) for s in frame["segment"]])
    for name, share in (("customers", "customer_share"), ("revenue", "revenue_share"), ("value", "value_share")):
        total = frame[name].sum()
        frame[share] = frame[name] / total if total > 0 else frame[name] * 0.0
    return frame


def brief(engine: Engine, definitions: Iterable[Definition], *, language: str) -> pd.DataFrame:
    """Add up customers and money of each segment of many segmentations, in one query."""
    sums = engine.fetch(
        "select s.segmentation, s.segment, count(*) as customers, sum(v.profit) as profit,"
        " sum(v.historic_value) as historic_value, sum(v.value) as value,"
        " sum(v.residual_lifetime_value) as residual_lifetime_value"
        " from customer_segments s join customer_value v using (customer_id) group by s.segmentation, s.segment"
    )
    rows = [(d.segmentation, s, d.name(s, language)) for d in definitions for s in d.ids]
    frame = pd.DataFrame(rows, columns=["segmentation", "segment", "name"])
    frame = frame.merge(sums, how="left", on=["segmentation", "segment"])
    known = [name for name in _ADDED if sums[name].notna().any()]
    frame[known] = frame[known].astype(float).fillna(0.0)
    frame["customers"] = frame["customers"].astype(int)
    for name, share in (("customers", "customer_share"), ("profit", "profit_share"), ("value", "value_share")):
        total = frame.groupby("segmentation")[name].transform("sum")
        frame[share] = (frame[name] / total.where(total > 0)).fillna(0.0)
    return frame


def base(engine: Engine) -> pd.Series:
    """Average what the segments are compared with, over all customers."""
    return engine.fetch(
        "select avg(value) as value_per_customer, avg(revenue) as revenue_per_customer,"
        " avg(frequency + 1) as purchases_per_customer,"
        " avg(probability_of_purchase) as probability_of_purchase"
        " from customer_value"
    ).iloc[0]


@dataclass(frozen=True)
class Agreement:
    """How two segmentations agree."""

    adjusted_rand_index: float  # 1 for the same groups, about 0 by chance
    matched: dict[str, str]  # segments of the first to those of the second, one to one
    jaccards: dict[str, float]  # overlap of each match: customers in both by customers in either
    apart_customers: float  # outside the matches
    apart_value: float  # what they are worth


def cross_table(engine: Engine, first: str, second: str, *, worth: str = "customer_value") -> pd.DataFrame:
    """Count customers and their value by the segments of two assignments."""
    joined = f"left join {worth} v using (customer_id)" if worth else ""
    value = "sum(coalesce(v.value, 0))" if worth else "0e0"
    return engine.fetch(
        f"select a.segment as first, b.segment as second, count(*) as customers, {value} as value"
        f" from ({first}) a join ({second}) b using (customer_id) {joined}"
        " group by a.segment, b.segment order by 1, 2"
    ).astype({"value": float})


def cross_tables(engine: Engine, names: Sequence[str]) -> dict[tuple[str, str], pd.DataFrame]:
    """Count customers and their value by the segments of any two of several segmentations, in one query."""
    pairs = list(combinations(range(len(names)), 2))
    if not pairs:
        return {}
    sides = ", ".join(
        f"max(case when segmentation = {engine.dialect.literal(name)} then segment end) as s{n}"
        for n, name in enumerate(names)
    )
    sets = ", ".join(f"(s{one}, s{other})" for one, other in pairs)
    counts = engine.fetch(
        f"select {', '.join(f's{n}' for n in range(len(names)))}, count(*) as customers,"
        f" sum(coalesce(v.value, 0)) as value from (select customer_id, {sides} from customer_segments"
        f" group by customer_id) join customer_value v using (customer_id) group by grouping sets ({sets})"
    ).astype({"value": float})
    known = counts[[f"s{n}" for n in range(len(names))]].notna()
    tables = {}
    for one, other in pairs:
        rows = counts[known[f"s{one}"] & known[f"s{other}"]].rename(columns={f"s{one}": "first", f"s{other}": "second"})
        columns = ["first", "second", "customers", "value"]
        tables[names[one], names[other]] = rows[columns].sort_values(["first", "second"], ignore_index=True)
    return tables


def agree(frame: pd.DataFrame) -> Agreement:
    """Measure how two segmentations agree."""
    table = frame.groupby(["first", "second"])["customers"].sum().unstack().fillna(0.0)
    if table.empty:
        return Agreement(1.0, {}, {}, 0.0, 0.0)
    matching = align(table.to_numpy())
    matched, jaccards = {}, {}
    for name, place, overlap in zip(table.index, matching.mapping, matching.jaccards, strict=True):
        if place >= 0:
            matched[str(name)], jaccards[str(name)] = str(table.columns[place]), float(overlap)
    apart = frame[frame["first"].map(matched) != frame["second"]]
    index = adjusted_rand_index(table.to_numpy())
    return Agreement(index, matched, jaccards, float(apart["customers"].sum()), float(apart["value"].sum()))


def disagreements(frame: pd.DataFrame, matched: dict[str, str], *, count: int = 5) -> pd.DataFrame:
    """Pick the largest groups of customers that two segmentations put apart."""
    apart = frame[frame["first"].map(matched) != frame["second"]]
    ordered = apart.sort_values(["customers", "first", "second"], ascending=[False, True, True])
    return ordered.head(count).reset_index(drop=True)


def customer_overview_sql(sql: Dialect, segmentations: Iterable[str]) -> str:
    """Write the select of ``customer_value`` with a column of segments for every segmentation."""
    names = list(segmentations)
    segments = "".join(
        f", max(case when segmentation = {sql.literal(name)} then segment end) as segment_{name}" for name in names
    )
    columns = "".join(f", s.segment_{name}" for name in names)
    return f"""
        select v.*{columns} from customer_value v
        join (select customer_id as segmented_id{segments} from customer_segments group by customer_id) s
          on s.segmented_id = v.customer_id"""


@table
def customer_overview(
    engine: Engine, segmentation_names: tuple[str, ...], customer_value: str, customer_segments: str
) -> None:
    """Every customer once, with all that is known of them; rows are joined where they are read."""
    sources = (customer_value, customer_segments)
    engine.define("customer_overview", customer_overview_sql(engine.dialect, segmentation_names), of=sources)
