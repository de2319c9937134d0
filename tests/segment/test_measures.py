"""Measures: their names, and their values at a date worked by hand."""

import datetime as dt

import pandas as pd
import pytest

from custlib.errors import UsageError
from custlib.segment import measures, snapshots
from custlib.side_source import Customers, Invoices
from custlib.value.history import Money
from tests.bases import AS_OF

ROWS = [
    ("a", "2024-12-31", 100, "tea"),  # 365 days before as_of: just outside the year that ends on it
    ("a", "2025-01-01", 10, "tea"), ("a", "2025-12-31", 20, "cake"), ("a", "2025-12-31", 5, "tea"),
    ("b", "2025-06-30", 40, None), ("b", "2025-07-10", -15, None),
]  # fmt: skip
NEEDS = ("products", "profit_last_365d", "purchases_last_365d", "revenue_last_180d")


def customers_at(engine, point, needs=NEEDS):
    snapshots.make_history(engine, [point], needs, Money())
    snapshots.make_snapshot(engine, point, needs, last=point.until, daily_rate=0.0)
    columns = ", ".join(needs)
    found = engine.fetch(f"select customer_id, {columns} from {point.table} order by customer_id")
    return found.set_index("customer_id").astype(float).to_dict("index")


def test_two_customers_by_hand(base):
    found = customers_at(base(ROWS), snapshots.at(AS_OF))
    assert found == {
        "a": {"products": 2, "profit_last_365d": 35, "purchases_last_365d": 2, "revenue_last_180d": 25},
        # the return of 10 July is within 180 days and the purchase of 30 June is not: 184 days
        "b": {"products": 0, "profit_last_365d": 25, "purchases_last_365d": 1, "revenue_last_180d": -15},
    }


def test_had_only_time_passed_the_window_moves_on(base):
    """Known to 30 June, looked at on 31 December: nothing that came later counts, and what is old drops out."""
    found = customers_at(base(ROWS), snapshots.Snapshot(AS_OF, dt.date(2025, 6, 30)))
    assert found == {
        "a": {"products": 1, "profit_last_365d": 10, "purchases_last_365d": 1, "revenue_last_180d": 0},
        "b": {"products": 0, "profit_last_365d": 40, "purchases_last_365d": 1, "revenue_last_180d": 0},
    }


def test_quantities_are_summed_over_their_window(base):
    engine = base(ROWS)
    engine.make("transactions", "select *, cast(2 as double) as quantity from transactions")
    found = customers_at(engine, snapshots.at(AS_OF), ("quantity_last_365d",))
    assert found == {"a": {"quantity_last_365d": 6}, "b": {"quantity_last_365d": 4}}


INVOICES = [
    ("a", "2025-01-31", "2025-01-20"),  # in time
    ("a", "2025-03-31", "2025-04-10"),  # ten days late
    ("a", "2025-06-30", None),  # due on the earlier date
    ("a", "2025-09-30", "2025-09-30"),  # on the day
    ("b", "2025-12-31", None),  # due on as_of: not late
    ("b", "2026-01-31", "2025-12-01"),  # paid before it is due
    ("b", "2026-02-28", None),  # due later: not known yet
    ("c", "2026-03-31", None),
]  # fmt: skip


def with_invoices(engine):
    days = [(c, f"date '{due}'", f"date '{paid}'" if paid else "cast(null as date)") for c, due, paid in INVOICES]
    rows = [f"select '{c}' as customer_id, {due} as due, {paid} as paid, 1 as amount" for c, due, paid in days]
    engine.make("invoices", " union all ".join(rows))
    return engine


def invoices_at(engine, point):
    snapshots.make_history(engine, [point], measures.INVOICED, Money())
    snapshots.make_snapshot(engine, point, measures.INVOICED, last=point.until, daily_rate=0.0)
    columns = ", ".join(measures.INVOICED)
    found = engine.fetch(f"select customer_id, {columns} from {point.table} order by customer_id").astype(object)
    return {row[0]: [None if pd.isna(value) else value for value in row[1:]] for row in found.itertuples(index=False)}


def test_invoices_at_two_dates_by_hand(base):
    """Due, late, overdue, worst delay, longest overdue, amount overdue; b has a known invoice, c none."""
    engine = with_invoices(base([*ROWS, ("c", "2025-01-01", 1, None)]))
    assert invoices_at(engine, snapshots.at(AS_OF)) == {
        "a": [4, 2, 1, 184, 184, 1],
        "b": [1, 0, 0, 0, 0, 0],
        "c": [None] * 6,
    }
    then = dt.date(2025, 6, 30)
    assert invoices_at(engine, snapshots.at(then)) == {"a": [3, 1, 0, 10, 0, 0], "b": [None] * 6, "c": [None] * 6}
    # between due and paid: the payment of 10 April is not known yet, so it is overdue by five days
    assert invoices_at(engine, snapshots.at(dt.date(2025, 4, 5)))["a"] == [2, 1, 1, 5, 5, 1]


def test_had_only_time_passed_what_was_open_grows_older(base):
    """Known to 5 April, looked at on 31 December: what was paid later is open, what was due later is not known."""
    engine = with_invoices(base(ROWS))
    found = invoices_at(engine, snapshots.Snapshot(AS_OF, dt.date(2025, 4, 5)))
    assert found == {"a": [2, 1, 1, 275, 275, 1]}  # 31 March to 31 December; b had not bought by then


def test_an_invoice_paid_early_is_known_but_not_yet_due(base):
    found = invoices_at(with_invoices(base(ROWS)), snapshots.at(dt.date(2025, 12, 15)))
    assert found["b"] == [0, 0, 0, 0, 0, 0]


def test_what_is_overdue_is_unknown_where_one_of_these_invoices_has_no_amount(base):
    """a owes 30 and 12.5; b owes 30 and an unknown amount; what is due later is not owed yet."""
    engine = base(ROWS)
    owed = [("a", "2025-06-30", 30), ("a", "2025-12-01", 12.5), ("a", "2026-06-30", 99), ("b", "2025-06-30", 30),
            ("b", "2025-07-01", None)]  # fmt: skip
    rows = [f"select '{c}' as customer_id, date '{due}' as due, cast(null as date) as paid,"
            f" cast({'null' if n is None else n} as decimal(18, 4)) as amount" for c, due, n in owed]  # fmt: skip
    engine.make("invoices", " union all ".join(rows))
    found = invoices_at(engine, snapshots.at(AS_OF))
    assert float(found["a"][-1]) == 42.5 and found["b"][-1] is None


def test_attributes_are_joined_as_text_and_unknown_where_there_are_none(base):
    engine = base(ROWS)
    engine.make("customer_attributes", "select 'a' as customer_id, '3' as attribute_size union all select 'z', '4'")
    point, needs = snapshots.at(AS_OF), ("attribute_size", "attribute_gone", "products")
    snapshots.make_history(engine, [point], needs, Money())
    snapshots.make_snapshot(engine, point, needs, last=point.until, daily_rate=0.0)
    found = engine.fetch(f"select customer_id, {', '.join(needs)} from {point.table} order by customer_id")
    assert found["customer_id"].tolist() == ["a", "b"]
    assert found["attribute_size"].tolist()[0] == "3"
    assert found["attribute_size"].isna().tolist() == [False, True]
    assert found["attribute_gone"].isna().all()
    assert found["products"].tolist() == [2, 0]


def test_what_registers_give_measures():
    crm = Customers(path="crm.csv", attributes={"region": "r", "size": "s"})
    assert measures.of_registers({"customers": crm}) == ["attribute_region", "attribute_size"]
    assert measures.of_registers({"invoices": Invoices(path="i.csv")}) == ["invoices"]
    assert measures.of_registers({}) == []


def test_a_name_that_no_measure_has_is_refused():
    with pytest.raises(UsageError, match="measure: profit_last_0d is unknown. Did you mean 'profit_last_365d'"):
        measures.check(["profit_last_0d"])


def test_what_a_measure_needs_of_the_data():
    needed = {name: measures.source_of(name) for name in ("potential", "invoices_due", "attribute_age", "products")}
    assert needed == {
        "potential": "potential", "invoices_due": "invoices", "attribute_age": "attributes", "products": "products"
    }  # fmt: skip
    assert set(needed.values()) <= set(measures.SOURCES)
