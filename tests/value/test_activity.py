import datetime as dt
import random

import numpy as np
import pytest

from custlib.errors import TableError
from custlib.models import bgnbd
from custlib.value import activity, lifetime
from tests.bases import AS_OF, shop

HISTORY = ["frequency", "recency", "T", "days_since_last"]


def customers_of(engine, *, as_of=AS_OF, until=None):
    activity.make_activity(engine, "customer_activity", as_of=as_of, until=until)
    return engine.fetch("select * from customer_activity").set_index("customer_id").sort_index()


# --- worked by hand ---


def test_three_customers_by_hand(base):
    found = customers_of(
        base(
            [
                ("a", "2025-12-01", 10), ("a", "2025-12-11", 20), ("a", "2025-12-21", 40),
                ("b", "2025-12-31", 5),
                ("c", "2025-12-01", 7), ("c", "2025-12-02", 9),
            ]
        )
    )  # fmt: skip
    assert found[HISTORY].to_numpy().tolist() == [[2, 20, 30, 10], [0, 0, 0, 0], [1, 1, 30, 29]]
    assert found.loc["a", "monetary_value"] == 30
    assert np.isnan(found.loc["b", "monetary_value"])
    assert found["revenue"].astype(float).tolist() == [70, 5, 16]
    assert found["first_amount"].astype(float).tolist() == [10, 5, 7]
    assert found.loc["c", "first_day"].date() == dt.date(2025, 12, 1)


def test_orders_of_one_day_are_one_purchase(base):
    found = customers_of(base([("a", "2025-12-01", 10), ("a", "2025-12-11", 20), ("a", "2025-12-11", 5)]))
    assert found.loc["a", "frequency"] == 1
    assert found.loc["a", "monetary_value"] == 25


@pytest.mark.parametrize(
    ("day", "first_amount", "monetary_value"),
    [
        ("2025-11-15", 10, 14),  # before any purchase: from the repeat purchases
        ("2025-12-01", 4, 20),  # on the first day: from the first amount
        ("2025-12-11", 10, 14),  # on a repeat day
        ("2025-12-25", 10, 14),  # later
    ],
)
def test_a_refund_is_netted_and_never_a_purchase(base, day, first_amount, monetary_value):
    rows = [("a", "2025-12-01", 10), ("a", "2025-12-11", 20), ("a", day, -6)]
    row = customers_of(base(rows)).loc["a"]
    assert row[HISTORY].tolist() == [1, 10, 30, 20]
    assert float(row["first_amount"]) == first_amount
    assert row["monetary_value"] == monetary_value
    assert (float(row["revenue"]), float(row["refunds"])) == (24, 6)


def test_who_only_gave_back_is_no_customer(base):
    found = customers_of(base([("a", "2025-12-01", -10), ("b", "2025-12-01", 10)]))
    assert found.index.tolist() == ["b"]


def test_a_free_order_is_a_purchase_day(base):
    row = customers_of(base([("a", "2025-12-01", 10), ("a", "2025-12-11", 0)])).loc["a"]
    assert row["frequency"] == 1
    assert row["monetary_value"] == 0


def test_purchases_after_as_of_do_not_count(base):
    engine = base([("a", "2025-12-01", 10), ("a", "2025-12-31", 20), ("b", "2026-01-01", 5)])
    assert customers_of(engine)[HISTORY].to_numpy().tolist() == [[1, 30, 30, 0]]
    assert customers_of(engine, as_of=dt.date(2025, 12, 30))[HISTORY].to_numpy().tolist() == [[0, 0, 29, 29]]


def test_time_passes_and_nobody_buys(base):
    engine = base([("a", "2025-12-01", 10), ("a", "2025-12-11", 20), ("b", "2025-12-20", 5)])
    found = customers_of(engine, until=dt.date(2025, 12, 10))
    assert found[HISTORY].to_numpy().tolist() == [[0, 0, 30, 30]]


def test_profit_is_summed_beside_revenue(base):
    row = customers_of(base([("a", "2025-12-01", 10), ("a", "2025-12-11", -4)], margin=0.25)).loc["a"]
    assert (float(row["revenue"]), float(row["profit"])) == (6, 1.5)


def test_the_base_in_words(base):
    engine = base([("a", "2025-12-01", 10), ("a", "2025-12-11", 20), ("b", "2025-12-20", 5)])
    customers_of(engine)
    found = activity.base(engine, "customer_activity")
    assert (found["customers"], found["one_time_share"], found["purchase_days"], found["repeats"]) == (2, 0.5, 3, 1)
    assert (found["first_day"].date(), found["last_day"].date()) == (dt.date(2025, 12, 1), dt.date(2025, 12, 20))


# --- cells ---


def test_cells_by_hand(base):
    rows = [(name, day, 10) for name in "ab" for day in ("2025-12-01", "2025-12-11")]
    engine = base([*rows, ("c", "2025-12-02", 10), ("c", "2025-12-12", 10), ("d", "2025-12-31", 1)])
    customers_of(engine)
    assert activity.make_cells(engine, "cells", "customer_activity") == 1
    found = engine.fetch("select frequency, recency, T, customers from cells order by frequency, T")
    assert found.to_numpy().tolist() == [[0, 0, 0, 1], [1, 10, 29, 1], [1, 10, 30, 2]]


@pytest.mark.parametrize("days", [1, 2, 7, 14])
def test_cells_count_every_customer_and_keep_the_means(small_shop, days):
    select = activity.cells_sql(small_shop.dialect, "customer_activity", days)
    sums = "sum(frequency * {n}) as x, sum(recency * {n}) as recency, sum(T * {n}) as T, sum({n}) as customers"
    found = small_shop.fetch(f"select {sums.format(n='customers')} from ({select})")
    wanted = small_shop.fetch(f"select {sums.format(n='1')} from customer_activity")
    np.testing.assert_allclose(found.to_numpy(dtype=float), wanted.to_numpy(dtype=float), rtol=1e-12)


def test_bins_widen_until_the_cells_are_few(cdnow, monkeypatch):
    engine = cdnow.engine
    selects = [activity.cells_sql(engine.dialect, "calibration_activity", days) for days in (1, 2, 7, 14)]
    counts = [int(engine.fetch(f"select count(*) as n from ({select})")["n"].item()) for select in selects]
    assert counts == sorted(set(counts), reverse=True)
    monkeypatch.setattr(activity, "CELL_LIMIT", counts[2])
    assert activity.make_cells(engine, "few_cells", "calibration_activity") == 7
    monkeypatch.setattr(activity, "CELL_LIMIT", counts[3] - 1)
    with pytest.raises(TableError, match="few_cells: more than .* cells even in bins of 14 days"):
        activity.make_cells(engine, "few_cells", "calibration_activity")


def test_bins_of_a_week_hardly_move_the_parameters_of_cdnow(cdnow):
    engine = cdnow.engine
    engine.make("weekly_cells", activity.cells_sql(engine.dialect, "calibration_activity", 7))
    daily, weekly = cdnow.get("calibration_beta_geometric"), lifetime.fit_lifetime(engine, "weekly_cells")
    np.testing.assert_allclose(
        [weekly.r, weekly.alpha, weekly.a, weekly.b], [daily.r, daily.alpha, daily.a, daily.b], rtol=0.002
    )  # alpha moves most: by 0.14 %, a sixtieth of its standard error


def test_cdnow_has_the_published_counts(cdnow):
    found = activity.base(cdnow.engine, "calibration_activity")
    assert (found["customers"], found["repeats"]) == (2357, 2457)
    cells = cdnow.get("outcomes")
    assert (len(cells), cells["customers"].sum()) == (1016, 2357)
    assert cells.loc[cells["frequency"] > 0, "customers"].sum() == 946


# --- spend cells ---


def spend_rows(amounts):
    """One repeat customer per amount."""
    return [
        (f"c{n}", day, spend)
        for n, amount in enumerate(amounts)
        for day, spend in (("2025-12-01", 1), ("2025-12-11", amount))
    ]


def test_spend_is_taken_to_the_cent_half_a_cent_up(base):
    engine = base(spend_rows([0.125, 0.13, 1.005, 2.675, 3.0049]))
    customers_of(engine)
    activity.make_spend_cells(engine, "spend_cells", "customer_activity")
    found = engine.fetch("select monetary_value, customers from spend_cells order by 1")
    assert found.to_numpy().tolist() == [[0.13, 2], [1.01, 1], [2.68, 1], [3.0, 1]]


def test_spend_of_nothing_is_in_no_cell(base):
    engine = base([*spend_rows([0, 5]), ("x", "2025-12-01", 1), ("y", "2025-12-01", 1), ("y", "2025-12-20", 3),
                   ("y", "2025-12-21", -9)])  # fmt: skip
    customers_of(engine)
    activity.make_spend_cells(engine, "spend_cells", "customer_activity")
    assert engine.fetch("select frequency, monetary_value, customers from spend_cells").to_numpy().tolist() == [
        [1, 5, 1]
    ]


@pytest.mark.parametrize("steps", [1000, 200, 50])
def test_spend_bins_count_every_repeat_customer(small_shop, steps):
    fine, coarse = (
        small_shop.fetch(
            "select sum(customers) as n, sum(customers * monetary_value) as money from"
            f" ({activity.spend_cells_sql(small_shop.dialect, 'customer_activity', s)})"
        )
        for s in (None, steps)
    )
    np.testing.assert_allclose(coarse.to_numpy(dtype=float), fine.to_numpy(dtype=float), rtol=1e-12)


def test_spend_bins_widen_until_the_cells_are_few(small_shop, monkeypatch):
    monkeypatch.setattr(activity, "CELL_LIMIT", 1)
    with pytest.raises(TableError, match="few_spend_cells: more than 1 cells"):
        activity.make_spend_cells(small_shop, "few_spend_cells", "customer_activity")


# --- errors and properties ---


def test_nobody_bought_yet(base):
    with pytest.raises(TableError, match="early: no purchase day up to 2024-01-01; returns"):
        activity.make_activity(base([("a", "2025-12-01", 1)]), "early", as_of=dt.date(2024, 1, 1))


def test_the_order_of_rows_changes_nothing(base):
    rows = shop(20)
    mixed = random.Random(1).sample(rows, len(rows))
    assert customers_of(base(rows)).equals(customers_of(base(mixed)))


def test_the_models_see_the_same_customers_and_cells(small_shop):
    activity.make_cells(small_shop, "cells", "customer_activity")
    model = bgnbd.BGNBD(0.25, 31.0, 0.8, 2.4)
    people = small_shop.fetch("select frequency, recency, T from customer_activity")
    cells = small_shop.fetch("select * from cells")
    one_by_one = bgnbd.log_likelihood(model, people["frequency"], people["recency"], people["T"]).sum()
    in_cells = bgnbd.log_likelihood(model, cells["frequency"], cells["recency"], cells["T"]) @ cells["customers"]
    assert in_cells == pytest.approx(one_by_one, rel=1e-12)
