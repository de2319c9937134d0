"""What payments to come are worth: by hand, by simulation, and in the table of customer value."""

import math

import numpy as np
import pandas as pd
import pytest

from custlib import tables
from custlib.models.retention.sbg import SBG
from custlib.project import build
from custlib.subscription import subscription_value
from custlib.subscription.signs import Terms
from tests.subscription.subscribers import open_run, subscribers

EVEN = SBG(1.0, 1.0)  # the next renewal of one who has made m comes with the probability (m + 1) / (m + 2)
ALWAYS = pd.DataFrame({"gap": [30], "n": [1]})


def test_by_hand_without_a_discount():
    there = pd.DataFrame({"renewals": [0, 1], "days_since_last": [10, 30]})
    found = subscription_value.scores(there, EVEN, ALWAYS.assign(gap=31), period_days=30.0, horizon_days=50,
                                      daily_rate=0.0)  # fmt: skip
    # the first pays in 20 and in 50 days: 1/2 + 1/3; the second today and in 30 days: 2/3 + 2/4
    assert found["expected_payments"].tolist() == pytest.approx([5 / 6, 7 / 6])
    assert found["next_payment"].tolist() == pytest.approx([1 / 2, 2 / 3])
    assert found["residual_payments"].isna().all()


def test_by_hand_with_a_discount():
    rate = math.log(2) / 30  # a payment a period later is worth half
    there = pd.DataFrame({"renewals": [0], "days_since_last": [15]})
    found = subscription_value.scores(there, EVEN, ALWAYS, period_days=30.0, horizon_days=50, daily_rate=rate).iloc[0]
    assert found["discounted_payments"] == pytest.approx((1 / 2 + 1 / 3 / 2) / math.sqrt(2))
    # all time to come: sum of 1 / (j + 2) / 2^j = 4 (ln 2 - 1/2)
    assert found["residual_payments"] == pytest.approx(4 * (math.log(2) - 1 / 2) / math.sqrt(2))


def test_months_by_hand(base):
    # after 1 renewal 2/3 pay 20 days after as_of, and 3/4 of these 30 days later; a payment of 12 leaves 6 less 2
    engine = base([("a", "2025-12-21", 12)])
    columns = "1 as renewals, 10 as days_since_last, false as is_lost, 12e0 as amount"
    engine.make("known", f"select 'a' as customer_id, {columns} union all select 'b', 1, 300, true, 12e0")
    stated = {"id": "s", "name": "S", "as_of": "2025-12-31", "horizon_days": 59, "annual_discount_rate": 0.0,
              "cost_to_serve": 2.0, "source": {"path": "p.csv"}}  # fmt: skip
    terms = Terms("month", 30.0, 5, "purchases", is_stated=True)
    subscription_value.make_months(engine, "months", "known", EVEN, terms=terms, project=build(stated), margin=0.5)
    found = engine.fetch("select * from months order by customer_id").set_index("customer_id")
    assert list(found.columns) == [
        "expected_purchases_2026_01", "expected_purchases_2026_02", "value_2026_01", "value_2026_02",
    ]  # fmt: skip
    assert found.loc["a"].tolist() == pytest.approx([2 / 3, 1 / 2, 8 / 3, 2])
    assert found.loc["b"].tolist() == [0, 0, 0, 0], "who has left pays no more"


def test_who_is_overdue_has_left_the_more_likely_the_later_it_is():
    seen = pd.DataFrame({"gap": [30, 34], "n": [3, 1]})
    there = pd.DataFrame({"renewals": [0, 0, 0], "days_since_last": [29, 32, 40]})
    found = subscription_value.scores(there, EVEN, seen, period_days=30.0, horizon_days=29, daily_rate=0.0)
    # of 2 customers one would have renewed, and a quarter of renewals come after day 32: (1/2 1/4) / (1/2 1/4 + 1/2)
    assert found["next_payment"].tolist() == pytest.approx([1 / 2, 1 / 5, 0])
    assert found["probability_alive"].tolist() == pytest.approx([1, 1 / 5, 0])


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder, rows = tmp_path_factory.mktemp("value"), subscribers(300)
    rest = {"cost_to_serve": 2.0, "margin": 0.5}
    return {key: open_run(folder / key, rows, subscription=key, **rest) for key in ("none", "month")}


@pytest.mark.parametrize("name", ["subscription_lifetimes", "subscription_value", "subscription_months"])
def test_the_tables_are_as_the_dictionary_says(runs, name):
    engine = runs["month"].make(name)
    tables.check(name, engine.columns(name))
    counts = engine.fetch(f"select count(*) as n, count(distinct customer_id) as customers from {name}").iloc[0]
    assert counts["n"] == counts["customers"] == 300


def test_values_add_up(runs):
    engine = runs["month"].make("subscription_value", "customer_value")
    rows = engine.fetch("select * from subscription_value")
    np.testing.assert_allclose(rows["margin_per_payment"], rows["amount"] * 0.5 - 2)
    np.testing.assert_allclose(rows["value"], rows["discounted_payments"] * rows["margin_per_payment"])
    assert (rows.loc[rows["is_lost"], ["expected_payments", "value", "residual_lifetime_value"]] == 0).all(axis=None)
    there = rows[~rows["is_lost"]]
    assert (there["residual_payments"] >= there["discounted_payments"]).all()
    assert runs["month"].get("subscription_totals")["value"] == pytest.approx(rows["value"].sum())


def test_values_enter_the_table_of_customers_only_where_the_project_states_it(runs):
    query = "select v.value as value, s.value as by_contract, v.expected_purchases, s.expected_payments from"
    query += " customer_value v join subscription_value s on v.customer_id = s.customer_id"
    stated, told = (runs[key].make("customer_value", "subscription_value").fetch(query) for key in ("month", "none"))
    np.testing.assert_array_equal(stated["value"], stated["by_contract"])
    np.testing.assert_array_equal(stated["expected_purchases"], stated["expected_payments"])
    np.testing.assert_array_equal(told["by_contract"], stated["by_contract"])
    assert not np.allclose(told["value"], told["by_contract"])
    columns = [runs[key].engine.columns("customer_value") for key in ("month", "none")]
    assert columns[0] == columns[1]


def test_what_is_expected_of_the_holdout_does_not_know_it(tmp_path, runs):
    end = runs["month"].get("holdout_period").calibration_end
    later = np.random.default_rng(4)
    rows = [
        (who, day, amount if day <= end else 10 * amount)
        for who, day, amount in subscribers(300)
        if day <= end or later.random() < 0.5
    ]
    tampered = open_run(tmp_path, rows, subscription="month")
    before, after = (run.get("subscription_test") for run in (runs["month"], tampered))
    assert after["actual"] < before["actual"]
    assert (after["expected"], after["customers"]) == (before["expected"], before["customers"])
    assert tampered.get("calibration_retention") == runs["month"].get("calibration_retention")


@pytest.mark.slow
def test_payments_of_a_year_are_foretold(tmp_path):
    found = open_run(tmp_path, subscribers(4000, seed=11)).get("subscription_test")
    assert found["expected"] == pytest.approx(found["actual"], rel=0.03)
