"""Adds up what the segments of a segmentation are: customers, money so far and to come, and how they buy.

Reads ``customer_segments`` and ``customer_value``.
"""

from collections.abc import Iterable

import pandas as pd

from custlib.engine.base import Engine
from custlib.segment.definitions import Definition

_ADDED = ("customers", "profit", "historic_value", "value", "residual_lifetime_value")


def summary(engine: Engine, definition: Definition, *, language: str) -> pd.DataFrame:
    """Add up customers and money of each segment, the most valuable first."""
    found = engine.fetch(
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
    frame = pd.DataFrame({"segment": definition.ids}).merge(found, how="left", on="segment")
    counted = (
        "customers",
        "revenue",
        "profit",
        "historic_value",
        "value",
        "residual_lifetime_value",
        "expected_purchases",
        "value_at_risk",
    )
    known = [name for name in counted if found[name].notna().any()]  # what nobody forecast is not nothing
    frame[known] = frame[known].astype(float).fillna(0.0)
    frame["customers"] = frame["customers"].astype(int)
    frame.insert(1, "name", [definition.name(s, language) for s in frame["segment"]])
    for name, share in (
        ("customers", "customer_share"),
        ("revenue", "revenue_share"),
        ("value", "value_share"),
    ):
        total = frame[name].sum()
        frame[share] = frame[name] / total if total > 0 else frame[name] * 0.0
    return frame


def brief(engine: Engine, definitions: Iterable[Definition], *, language: str) -> pd.DataFrame:
    """Add up customers and money of each segment of many segmentations, in one query."""
    found = engine.fetch(
        "select s.segmentation, s.segment, count(*) as customers, sum(v.profit) as profit,"
        " sum(v.historic_value) as historic_value, sum(v.value) as value,"
        " sum(v.residual_lifetime_value) as residual_lifetime_value"
        " from customer_segments s join customer_value v using (customer_id) group by s.segmentation, s.segment"
    )
    rows = [(d.segmentation, s, d.name(s, language)) for d in definitions for s in d.ids]
    frame = pd.DataFrame(rows, columns=["segmentation", "segment", "name"])
    frame = frame.merge(found, how="left", on=["segmentation", "segment"])
    known = [name for name in _ADDED if found[name].notna().any()]
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
