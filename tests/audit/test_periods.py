import datetime as dt

import numpy as np
import pandas as pd
import pytest

from custlib.audit import changes, periods
from custlib.audit.months import clock, make_customer_months
from custlib.value import activity
from tests.bases import shop

AS_OF = dt.date(2025, 12, 31)

# Quarters of 2025. Anna stays and buys more, Bert leaves, Carl returns after a pause, Dora is new, Emil brings back.
FOUR = [
    ("anna", "2025-01-10", 10), ("anna", "2025-08-01", 20), ("anna", "2025-10-01", 20), ("anna", "2025-12-01", 40),
    ("bert", "2025-02-01", 30), ("bert", "2025-09-30", 50),
    ("carl", "2025-01-31", 5), ("carl", "2025-11-11", 15),
    ("dora", "2025-12-31", 25), ("dora", "2025-12-31", 25),
    ("emil", "2025-03-01", 8), ("emil", "2025-10-10", -8),
]  # fmt: skip


def opened(engine, asked="quarter", as_of=AS_OF):
    activity.make_activity(engine, "customer_activity", as_of=as_of)
    make_customer_months(engine, as_of)
    return engine, clock(engine, as_of, asked)


@pytest.fixture
def four(base):
    return opened(base(FOUR))


# --- worked by hand ---


def test_totals_of_four_quarters(four):
    found = periods.period_totals(*four).set_index("period")
    assert found["customers"].to_dict() == {3: 4, 2: 0, 1: 2, 0: 3}
    assert found["new_customers"].to_dict() == {3: 4, 2: 0, 1: 0, 0: 1}
    assert found["purchase_days"].to_dict() == {3: 4, 2: 0, 1: 2, 0: 4}
    assert found["revenue"].to_dict() == {3: 53, 2: 0, 1: 70, 0: 117}
    assert found["new_revenue"].to_dict() == {3: 53, 2: 0, 1: 0, 0: 50}


def test_one_and_done_are_counted_of_all_and_of_those_who_had_the_time(four):
    assert periods.once(*four) == {"customers": 5, "once": 2, "old_customers": 4, "old_once": 1}


def test_lens_one_counts_purchase_days_and_spend(four):
    days = periods.purchase_days(*four, fewest=1)
    assert days[["low", "customers", "revenue"]].to_numpy().tolist() == [[1, 2, 65], [2, 1, 60]]
    spend = periods.spend_bins(*four, fewest=1)
    assert spend[["low", "high", "customers", "revenue"]].to_numpy().tolist() == [
        [10, 20, 1, 15], [20, 50, 1, 60], [50, 100, 1, 50],
    ]  # fmt: skip


def test_groups_of_few_are_put_together(four):
    assert periods.purchase_days(*four, fewest=2)[["low", "high", "customers"]].to_numpy().tolist() == [[1, 2, 3]]


def test_ten_customers_make_ten_tenths(base):
    engine, when = opened(base([(f"c{n}", "2025-12-01", 10 * n) for n in range(1, 11)]))
    found = periods.parts(engine, when, fewest=1)
    assert found["profit"].tolist() == pytest.approx(range(100, 0, -10))
    assert found["share"].iloc[0] == pytest.approx(100 / 550)
    assert len(periods.parts(engine, when, fewest=2)) == 5
    assert len(periods.parts(engine, when, fewest=5)) == 2
    assert periods.parts(engine, when).empty


def test_equal_profits_are_parted_in_proportion(base):
    engine, when = opened(base([("a", "2025-12-01", 60), ("b", "2025-12-01", 20), ("c", "2025-12-01", 20)]))
    # half of three customers: the 60 and half of a 20
    assert periods.parts(engine, when, fewest=1.5)["profit"].tolist() == pytest.approx([70, 30])


def test_a_loss_has_no_shares(base):
    engine, when = opened(base([("a", "2025-12-01", 10), ("a", "2025-12-02", -15)]))
    found = periods.parts(engine, when, fewest=0.1)
    assert found["profit"].sum() == pytest.approx(-5)
    assert found["share"].isna().all()


# --- small bases ---


def test_one_customer_on_one_day(base):
    engine, when = opened(base([("a", "2025-12-31", 10)]), asked="")
    assert periods.period_totals(engine, when).iloc[0].to_dict() == {
        "period": 0, "customers": 1, "new_customers": 1, "purchase_days": 1, "revenue": 10, "profit": 10,
        "new_revenue": 10,
    }  # fmt: skip
    assert changes.moves(engine, when)["customers"].tolist() == [1, 0, 0, 0, 0, 0, 0]
    assert periods.purchase_days(engine, when)["customers"].tolist() == [1]
    assert periods.spend_bins(engine, when)["customers"].tolist() == [1]
    assert periods.parts(engine, when).empty


def test_a_period_in_which_nobody_bought_is_empty(base):
    engine, when = opened(base([("a", "2025-01-01", 10)]))
    assert periods.purchase_days(engine, when).empty
    assert periods.spend_bins(engine, when).empty
    assert periods.parts(engine, when).empty


def test_without_amounts_money_is_nought(base):
    engine = base(FOUR)
    engine.make("transactions", "select * replace (cast(null as decimal(18, 4)) as amount,"
                " cast(null as decimal(18, 4)) as profit) from transactions")  # fmt: skip
    engine, when = opened(engine)
    assert periods.period_totals(engine, when)["revenue"].sum() == 0
    assert periods.purchase_days(engine, when, fewest=1)["customers"].tolist() == [2, 1]


# --- what must hold ---


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    from tests.bases import open_base

    rows = shop(300, seed=5)
    rows += [(customer, day + dt.timedelta(days=3), -amount / 2) for customer, day, amount in rows[::17]]
    return opened(open_base(tmp_path_factory.mktemp("large"), rows), asked="month"), rows


def test_parts_add_up_to_the_whole_to_the_cent(large):
    (engine, when), _ = large
    whole = engine.fetch("select cast(sum(revenue) as double) as r, count(*) as n from customer_activity").iloc[0]
    totals = periods.period_totals(engine, when).set_index("period")
    assert totals["revenue"].sum() == pytest.approx(whole["r"], abs=0.005)
    assert totals["new_customers"].sum() == whole["n"]
    for period, row in totals.iterrows():
        days = periods.purchase_days(engine, when, period=period)
        spend = periods.spend_bins(engine, when, period=period)
        assert days["customers"].sum() == spend["customers"].sum() == row["customers"]
        assert days["revenue"].sum() == pytest.approx(spend["revenue"].sum(), abs=0.005)
        assert periods.parts(engine, when, period=period)["profit"].sum() == pytest.approx(
            days["profit"].sum(), abs=0.005
        )


def test_the_order_of_rows_changes_nothing(large, base):
    (engine, when), rows = large
    shuffled = [rows[n] for n in np.random.default_rng(1).permutation(len(rows))]
    again, same = opened(base(shuffled), asked="month")
    assert when == same
    for verb in (periods.period_totals, periods.purchase_days, periods.spend_bins, periods.parts, changes.moves):
        pd.testing.assert_frame_equal(verb(engine, when), verb(again, same))


def test_shown_groups_have_ten_customers(large):
    (engine, when), _ = large
    for period in range(when.periods):
        total = periods.period_totals(engine, when).set_index("period").loc[period, "customers"]
        for frame in (
            periods.purchase_days(engine, when, period=period),
            periods.spend_bins(engine, when, period=period),
        ):
            assert (frame["customers"] >= min(10, total)).all()


# --- CDNOW, counted independently ---


@pytest.fixture(scope="module")
def purchases(datasets):
    frame = pd.read_csv(
        datasets / "CDNOW_sample.txt", sep=r"\s+", header=None, dtype=str, names=["m", "id", "day", "cds", "amount"]
    )
    frame["day"] = pd.to_datetime(frame["day"], format="%Y%m%d")
    frame["amount"] = frame["amount"].astype(float)
    days = frame.groupby(["id", "day"], as_index=False)["amount"].sum()
    return days.assign(quarter=days["day"].dt.to_period("Q"))


@pytest.fixture(scope="module")
def music(cdnow):
    engine = cdnow.make("customer_months")
    return engine, clock(engine, cdnow.project.as_of)


def test_cdnow_by_quarter(music, purchases):
    found = periods.period_totals(*music)
    wanted = purchases.groupby("quarter").agg(n=("id", "nunique"), days=("id", "size"), money=("amount", "sum"))
    assert found["customers"].tolist() == wanted["n"].tolist() == [2357, 524, 418, 404, 384, 300]
    assert found["purchase_days"].tolist() == wanted["days"].tolist()
    np.testing.assert_allclose(found["revenue"], wanted["money"], atol=0.005)
    assert found["revenue"].iloc[-1] == pytest.approx(17980.54, abs=0.005)


def test_cdnow_tenths(music, purchases):
    last = purchases[purchases["quarter"] == "1998Q2"].groupby("id")["amount"].sum().sort_values(ascending=False)
    found = periods.parts(*music)
    assert found["profit"].iloc[0] == pytest.approx(last.iloc[:30].sum(), abs=0.005)
    assert found["customers"].eq(30).all()


def test_cdnow_one_and_done(music, purchases):
    days = purchases.groupby("id").size()
    assert periods.once(*music) == {"customers": 2357, "once": (days == 1).sum(), "old_customers": 2357,
                                  "old_once": (days == 1).sum()}  # fmt: skip
