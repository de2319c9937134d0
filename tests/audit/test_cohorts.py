import datetime as dt

import numpy as np
import pandas as pd
import pytest

from custlib.audit import cohorts, periods
from custlib.audit.cohorts import cohort_ages, cohort_bands, cohort_periods, hidden, stack
from custlib.audit.months import clock
from tests.audit.test_periods import FOUR, opened
from tests.bases import shop


@pytest.fixture
def four(base):
    return opened(base(FOUR))


# --- worked by hand ---


def test_ages_of_two_cohorts(base):
    # Anna and Bert come in October, Carl in December.
    rows = [
        ("anna", "2025-10-01", 10), ("anna", "2025-12-01", 30), ("anna", "2025-12-02", 10),
        ("bert", "2025-10-20", 20), ("carl", "2025-12-05", 7),
    ]  # fmt: skip
    found = cohort_ages(*opened(base(rows), asked="month"))
    assert found[["cohort", "age", "customers", "active"]].to_numpy().tolist() == [
        [2, 0, 2, 2], [2, 1, 2, 0], [2, 2, 2, 1], [0, 0, 1, 1],
    ]  # fmt: skip
    assert found["active_share"].tolist() == [1, 0, 0.5, 1]
    assert found["cumulated_revenue"].tolist() == [15, 15, 35, 7]
    np.testing.assert_array_equal(found["purchases_per_active"], [1, np.nan, 2, 1])
    np.testing.assert_array_equal(found["spend_per_purchase"], [15, np.nan, 20, 7])


def test_revenue_is_customers_times_share_times_purchases_times_spend(four):
    found = cohort_ages(*four)
    product = found["customers"] * found["active_share"] * found["purchases_per_active"] * found["spend_per_purchase"]
    busy = found["active"] > 0
    np.testing.assert_allclose(product[busy], found["revenue"][busy])


def test_cohorts_of_the_four(four):
    engine, when = four
    assert when.cohort.name == "month"  # two quarters would make two cohorts only
    found = cohort_periods(engine, when)
    assert found.groupby("cohort")["revenue"].sum().to_dict() == {11: 110, 10: 80, 9: 0, 0: 50}


def test_what_few_did_is_counted_with_the_band_beside():
    cells = pd.DataFrame(
        {"cohort": [3, 2, 1, 0], "period": 0, "customers": [50, 4, 20, 3], "revenue": [500.0, 40.0, 200.0, 30.0]}
    )
    found = stack(cells, {3: 0, 2: 1, 1: 2, 0: 3})
    assert found[["band", "customers", "value"]].to_numpy().tolist() == [[0, 50, 500], [2, 27, 270]]


def test_a_period_of_few_is_left_out():
    cells = pd.DataFrame({"cohort": [1, 0], "period": [0, 0], "customers": [4, 5], "revenue": [40.0, 50.0]})
    assert stack(cells, {1: 0, 0: 1}).empty


def test_ages_of_few_are_hidden_and_small_cohorts_left_out():
    ages = pd.DataFrame({
        "cohort": [1, 1, 1, 0], "age": [0, 1, 2, 0], "customers": [50, 50, 50, 9], "active": [50, 9, 0, 9],
        "purchase_days": [60, 9, 0, 9], "revenue": [600.0, 90.0, 0.0, 9.0], "profit": [600.0, 90.0, 0.0, 9.0],
        "active_share": [1, 0.18, 0, 1], "purchases_per_active": [1.2, 1, np.nan, 1],
        "spend_per_purchase": [10, 10, np.nan, 1], "cumulated_revenue": [12.0, 13.8, 13.8, 1.0],
    })  # fmt: skip
    found = hidden(ages)
    assert found["cohort"].tolist() == [1, 1, 1]
    np.testing.assert_array_equal(found["active_share"], [1, np.nan, 0])
    np.testing.assert_array_equal(found["revenue"], [600, np.nan, 0])


def test_bands_are_of_equal_length_and_few():
    assert cohort_bands([4, 3, 2]) == {4: 0, 3: 1, 2: 2}
    made = cohort_bands(list(range(60)))
    assert set(made.values()) == set(range(6))
    assert made[59] == made[50] == 0 and made[49] == 1


def test_one_customer_is_one_cohort_that_is_not_shown(base):
    engine, when = opened(base([("a", "2025-12-31", 10)]), asked="")
    assert len(cohort_ages(engine, when)) == 1
    assert cohorts.example_cohort(hidden(cohort_ages(engine, when))) is None
    assert cohorts.common_age(hidden(cohort_ages(engine, when))) is None


# --- what must hold ---


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    from tests.bases import open_base

    rows = shop(400, seed=9)
    rows += [(customer, day + dt.timedelta(days=2), -amount / 3) for customer, day, amount in rows[::13]]
    return opened(open_base(tmp_path_factory.mktemp("large"), rows), asked="quarter")


def test_cohorts_add_up_to_the_whole_to_the_cent(large):
    engine, when = large
    totals = periods.period_totals(engine, when)
    ages, cells = cohort_ages(engine, when), cohort_periods(engine, when)
    assert ages["revenue"].sum() == pytest.approx(totals["revenue"].sum(), abs=0.005)
    assert cells["revenue"].sum() == pytest.approx(totals["revenue"].sum(), abs=0.005)
    assert ages.drop_duplicates("cohort")["customers"].sum() == totals["new_customers"].sum()
    by_period = cells.groupby("period")[["customers", "revenue"]].sum().sort_index(ascending=False)
    np.testing.assert_allclose(by_period["revenue"], totals["revenue"], atol=0.005)
    assert by_period["customers"].tolist() == totals["customers"].tolist()
    last = ages.groupby("cohort").last()
    assert (last["cumulated_revenue"] * last["customers"]).sum() == pytest.approx(totals["revenue"].sum(), abs=0.005)


@pytest.mark.parametrize("measure", ["revenue", "customers"])
def test_the_stack_keeps_the_sums_of_its_periods(large, measure):
    engine, when = large
    cells = cohort_periods(engine, when)
    found = stack(cells, cohort_bands(sorted(set(cells["cohort"]))), measure=measure)
    assert (found["customers"] >= 10).all()
    sums = cells.groupby("period")[measure].sum()
    for period, value in found.groupby("period")["value"].sum().items():
        assert value == pytest.approx(sums[period], abs=0.005)


def test_the_order_of_rows_changes_nothing(base):
    rows = shop(80, seed=2)
    shuffled = [rows[n] for n in np.random.default_rng(1).permutation(len(rows))]
    one, two = opened(base(rows)), opened(base(shuffled))
    pd.testing.assert_frame_equal(cohort_ages(*one), cohort_ages(*two))
    pd.testing.assert_frame_equal(cohort_periods(*one), cohort_periods(*two))


# --- CDNOW, counted independently ---


def test_cdnow_by_cohort_and_age(cdnow, datasets):
    frame = pd.read_csv(
        datasets / "CDNOW_sample.txt", sep=r"\s+", header=None, dtype=str, names=["m", "id", "day", "cds", "amount"]
    )
    month = pd.to_datetime(frame["day"], format="%Y%m%d").dt.to_period("M").map(lambda p: p.ordinal)
    frame = frame.assign(month=month, amount=frame["amount"].astype(float))
    frame["first"] = frame.groupby("id")["month"].transform("min")
    wanted = frame.groupby(["first", frame["month"] - frame["first"]]).agg(n=("id", "nunique"), money=("amount", "sum"))
    engine = cdnow.make("customer_months")
    when = clock(engine, cdnow.project.as_of)
    assert (when.period.name, when.cohort.name) == ("quarter", "month")
    found = cohort_ages(engine, when)
    assert found.drop_duplicates("cohort")["customers"].tolist() == [781, 857, 719]
    assert found["active"].tolist() == wanted["n"].tolist()
    np.testing.assert_allclose(found["revenue"], wanted["money"], atol=0.005)
    assert cohorts.common_age(found) == 8
