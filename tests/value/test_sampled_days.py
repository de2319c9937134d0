import datetime as dt

import pandas as pd
import pytest

from custlib.value import sampled_days
from custlib.value.history import make_history

AS_OF, CALIBRATION_END = dt.date(2025, 12, 31), dt.date(2025, 6, 30)
ROWS = [
    ("a", "2025-01-10", 30), ("a", "2025-02-09", 20), ("a", "2025-02-09", 4), ("a", "2025-03-01", -5),
    ("a", "2025-08-01", 50), ("a", "2025-08-02", -10),
    ("b", "2025-05-01", 12),
    ("c", "2025-09-01", 7),
    ("d", "2025-04-01", -3),
]  # fmt: skip


def sampled(base, *, margin=0.5):
    engine = base(ROWS, margin=margin)
    make_history(engine, as_of=AS_OF, calibration_end=CALIBRATION_END)
    select = sampled_days.sampled_days_sql(sampled_days.sample_sql(known=4, known_before=2, most=100), AS_OF)
    engine.make("sampled_days", select)
    return engine


def test_customers_on_a_day_by_hand(base):
    found = sampled_days.customers_at(sampled(base), CALIBRATION_END, later=AS_OF)
    assert len(found) == 2  # c came later, d never bought
    a, b = (row for _, row in found.iterrows())
    # a: 24 on the second day, 5 of it given back before the third; 30 + 24 - 5 so far
    assert a[["age", "gap", "purchases", "first_amount", "second_amount", "amount"]].tolist() == [
        171,
        30,
        2,
        30,
        19,
        49,
    ]
    assert a[["profit", "later_purchases", "later_amount", "later_profit"]].tolist() == [24.5, 1, 40, 20]
    # days with revenue: 30 and 24, at half of it, so the squares are 15^2 / 30 + 12^2 / 24
    assert a[["days_sold", "sold", "earned", "earned_squares"]].tolist() == [2, 54, 27, 13.5]
    assert b[["age", "purchases", "second_amount", "later_purchases"]].tolist() == [60, 1, 0, 0]
    assert pd.isna(b["gap"])


def test_nothing_of_later_days_is_known(base):
    engine = sampled(base)
    early = sampled_days.customers_at(engine, CALIBRATION_END)
    assert early[["later_purchases", "later_amount", "later_profit"]].to_numpy().sum() == 0
    late = sampled_days.customers_at(engine, AS_OF)
    assert late["purchases"].tolist() == [3, 1, 1]
    # the refund after the third purchase day is no part of the second
    assert late["second_amount"].tolist() == [19, 0, 0]


def test_a_sample_of_those_known_before_does_not_hang_on_those_who_came_later(base):
    rows = [(f"c{n}", "2025-01-10" if n < 400 else "2025-09-10", 5) for n in range(1000)]
    found = []
    for engine, known in ((base(rows[:400]), 400), (base(rows), 1000)):
        make_history(engine, as_of=AS_OF, calibration_end=CALIBRATION_END)
        sample = sampled_days.sample_sql(known=known, known_before=400, most=100)
        engine.make("sampled_days", sampled_days.sampled_days_sql(sample, AS_OF))
        known_before = engine.fetch("select customer_id from sampled_days where day <= date '2025-06-30'")
        found.append(set(known_before["customer_id"]))
    assert found[0] == found[1]
    assert len(found[0]) == pytest.approx(100, abs=25)
    now = engine.fetch("select count(distinct customer_id) as n from sampled_days")["n"].item()
    assert now == pytest.approx(100 + 60, abs=30)  # a tenth of all is among the quarter of those before
