"""Histories by hand, and by sorting against by grouping on random lines of every kind of money."""

import datetime as dt
from itertools import product

import numpy as np
import pandas as pd
import pytest

from custlib.engine import sorting
from custlib.engine.duckdb import DuckDB
from custlib.value.history import History, Money, history_reduction, write_history

END, CALIBRATION, BEFORE = dt.date(2025, 6, 30), dt.date(2025, 3, 31), dt.date(2024, 12, 31)
ENDS = {"now": END, "calibration": CALIBRATION}
TRANSACTIONS = """
    select customer_id, cast(day as date) as day, cast(amount as decimal(18, 4)) as amount,
           cast(profit as decimal(18, 4)) as profit, is_purchase, is_refund from given"""


def holding(folder, lines):
    """An engine with transactions of (customer, day, amount, profit); below zero is a refund."""
    given = pd.DataFrame(lines, columns=["customer_id", "day", "amount", "profit"])
    given = given.assign(is_purchase=given["amount"] > 0, is_refund=given["amount"] < 0)
    engine = DuckDB(folder)
    engine.attach_frame("given", given)
    engine.make("kept", TRANSACTIONS)
    engine.attach_select("transactions", "select * from kept")
    return engine


def rows(engine, table="history"):
    return engine.fetch(f"select * from {table}").sort_values("customer_id", ignore_index=True)


LINES = [
    ("ann", "2025-01-10", 10, 4), ("ann", "2025-01-10", 5, 2), ("ann", "2025-04-01", 20, 8),
    ("ann", "2025-05-01", -6, -6), ("bob", "2025-06-30", 7, 7), ("cem", "2025-02-01", -3, -3),
    ("ann", "2025-07-01", 99, 99),
]  # fmt: skip


@pytest.mark.parametrize("how", ["sorted", "grouped"])
def test_three_customers_by_hand(how, tmp_path):
    history, engine = History(ENDS, BEFORE, Money(cost_to_serve=1.0)), holding(tmp_path, LINES)
    if how == "sorted":
        write_history(engine, "history", history)
    else:
        engine.make("history", history_reduction(history).select(engine.dialect))
    found = rows(engine).astype(object).where(rows(engine).notna(), None).set_index("customer_id")
    at = {text: pd.Timestamp(text) for text in ("2025-01-10", "2025-04-01", "2025-06-30")}.get
    assert found["first_day"].tolist() == [at("2025-01-10"), at("2025-06-30"), None]
    assert found["first_amount"].tolist() == [15, 7, None]
    assert found["purchase_days_before"].tolist() == [0, 0, 0]
    assert found["purchase_days_now"].tolist() == [2, 1, 0]
    assert found["last_day_now"].tolist() == [at("2025-04-01"), at("2025-06-30"), None]
    assert found["amount_now"].tolist() == [29, 7, -3]
    assert found["profit_now"].tolist() == found["carried_now"].tolist() == [6, 6, -3]
    assert found["refunded_now"].tolist() == [6, 0, 3]
    assert found["purchase_days_calibration"].tolist() == [1, 0, 0]
    assert found["last_day_calibration"].tolist() == [at("2025-01-10"), None, None]
    assert found["amount_calibration"].tolist() == [15, None, -3]
    assert found["profit_calibration"].tolist() == found["carried_calibration"].tolist() == [5, None, -3]
    assert found["refunded_calibration"].tolist() == [0, None, 3]


def test_a_profit_doubles_in_the_time_that_the_rate_says(tmp_path):
    rate = np.log(2) / (END - dt.date(2025, 1, 10)).days
    engine = holding(tmp_path, [("ann", "2025-01-10", 10, 4), ("ann", "2025-06-30", 5, 5)])
    write_history(engine, "history", History(ENDS, BEFORE, Money(rate)))
    assert rows(engine)["carried_now"].item() == pytest.approx(4 * 2 + 5, abs=1e-6)


KINDS = [Money(*given) for given in product((0.0, 0.0003), (0.0, 0.12345), (True, False), (True, False))]


@pytest.mark.parametrize("money", KINDS, ids=str)
@pytest.mark.sampled
def test_sorting_gives_what_grouping_gives(money, tmp_path, monkeypatch):
    monkeypatch.setattr(sorting, "_FEWEST", 256)
    monkeypatch.setattr(sorting, "_MOST", 256)
    random = np.random.default_rng(5)
    amount = random.integers(-2000 if money.has_returns else 1, 90_000, 3000) / 100
    day = pd.to_datetime("2024-06-01") + pd.to_timedelta(random.integers(0, 420, 3000), "D")
    profit = amount * 0.4 if money.has_margins else amount
    lines = zip([f"c{i}" for i in random.integers(0, 500, 3000)], day, amount, profit, strict=True)
    engine = holding(tmp_path, list(lines))
    history = History(ENDS | {"early": dt.date(2024, 8, 1)}, BEFORE, money)
    seen = []
    written = sorting.Sorting.write
    monkeypatch.setattr(sorting.Sorting, "write", lambda self, path: seen.append(written(self, path)) or seen[-1])
    write_history(engine, "history", history)
    engine.make("grouped", history_reduction(history).select(engine.dialect))
    assert seen == [True]
    found = rows(engine)
    pd.testing.assert_frame_equal(found, rows(engine, "grouped")[list(found)], check_dtype=False, rtol=1e-12)
    assert found["amount_early"].isna().any()
