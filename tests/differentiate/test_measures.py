"""Measures: their names, and their values at a date worked by hand."""

import datetime as dt

import pytest

from custlib.differentiate import measures, points
from custlib.differentiate.activity import Money
from custlib.errors import UsageError
from tests.differentiate.bases import AS_OF

ROWS = [
    ("a", "2024-12-31", 100, "tea"),  # 365 days before as_of: just outside the year that ends on it
    ("a", "2025-01-01", 10, "tea"), ("a", "2025-12-31", 20, "cake"), ("a", "2025-12-31", 5, "tea"),
    ("b", "2025-06-30", 40, None), ("b", "2025-07-10", -15, None),
]  # fmt: skip
NEEDS = ("products", "profit_last_365d", "purchases_last_365d", "revenue_last_180d")


def customers_at(engine, point, needs=NEEDS):
    points.make_history(engine, [point], needs, Money())
    points.make_point(engine, point, needs, last=point.until, daily_rate=0.0)
    columns = ", ".join(needs)
    found = engine.fetch(f"select customer_id, {columns} from {point.table} order by customer_id")
    return found.set_index("customer_id").astype(float).to_dict("index")


def test_two_customers_by_hand(base):
    found = customers_at(base(ROWS), points.at(AS_OF))
    assert found == {
        "a": {"products": 2, "profit_last_365d": 35, "purchases_last_365d": 2, "revenue_last_180d": 25},
        # the return of 10 July is within 180 days and the purchase of 30 June is not: 184 days
        "b": {"products": 0, "profit_last_365d": 25, "purchases_last_365d": 1, "revenue_last_180d": -15},
    }


def test_had_only_time_passed_the_window_moves_on(base):
    """Known to 30 June, looked at on 31 December: nothing that came later counts, and what is old drops out."""
    found = customers_at(base(ROWS), points.Point(AS_OF, dt.date(2025, 6, 30)))
    assert found == {
        "a": {"products": 1, "profit_last_365d": 10, "purchases_last_365d": 1, "revenue_last_180d": 0},
        "b": {"products": 0, "profit_last_365d": 40, "purchases_last_365d": 1, "revenue_last_180d": 0},
    }


def test_quantities_are_summed_over_their_window(base):
    engine = base(ROWS)
    engine.make("transactions", "select *, cast(2 as double) as quantity from transactions")
    found = customers_at(engine, points.at(AS_OF), ("quantity_last_365d",))
    assert found == {"a": {"quantity_last_365d": 6}, "b": {"quantity_last_365d": 4}}


def test_a_name_that_no_measure_has_is_refused():
    with pytest.raises(UsageError, match="measure: profit_last_0d is unknown. Did you mean 'profit_last_365d'"):
        measures.check(["profit_last_0d"])


def test_what_a_measure_needs_of_the_data():
    needed = {name: measures.source_of(name) for name in ("potential", "invoices_due", "attribute_age", "products")}
    assert needed == {
        "potential": "potential", "invoices_due": "invoices", "attribute_age": "attributes", "products": "products"
    }  # fmt: skip
    assert set(needed.values()) <= set(measures.SOURCES)
