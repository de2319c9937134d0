import numpy as np
import pandas as pd
import pytest

from custlib.models import bgnbd
from custlib.project import build
from custlib.value import customer_value, margins
from custlib.value.spend import Spend
from tests.bases import DAILY_RATE, MODEL, MONEY, make_value, shop

ROWS = [
    ("a", "2025-06-14", 20), ("a", "2025-09-22", 30), ("a", "2025-12-01", 50),
    ("b", "2025-12-31", 10),
    ("c", "2025-03-06", 60), ("c", "2025-03-16", 40), ("c", "2025-03-20", -10),
]  # fmt: skip


def values(engine):
    return engine.fetch("select * from customer_value order by customer_id").set_index("customer_id")


def test_three_customers_by_hand(base):
    engine = base(ROWS, margin=0.5)
    make_value(engine, margin=0.5)
    found = values(engine)
    x, recency, T = np.array([2, 0, 1]), np.array([170, 0, 10]), np.array([200, 0, 300])
    assert found[["frequency", "recency", "T"]].to_numpy().T.tolist() == [x.tolist(), recency.tolist(), T.tolist()]
    # a: (.8 / (2.4 + 2 - 1)) * ((31 + 200) / (31 + 170)) ** 2.25
    odds = 0.8 / 3.4 * (231 / 201) ** 2.25
    assert found.loc["a", "probability_alive"] == pytest.approx(1 / (1 + odds), rel=1e-12)
    # b bought once: the model says 1 whatever came since, which is no measurement; the forecast takes it as 1
    assert pd.isna(found.loc["b", "probability_alive"]) and pd.isna(found.loc["b", "loyalty"])
    assert found.loc["b", "expected_purchases"] > 0
    # a: mean of the repeat days 40; c: 40 less the 10 given back
    w, v = MONEY.prior_weight, MONEY.prior_money
    spend = np.array([(v + 2 * 40) / (w + 2), MONEY.population_mean, (v + 30) / (w + 1)])
    np.testing.assert_allclose(found["expected_spend"], spend, rtol=1e-12)
    alive = bgnbd.probability_alive(MODEL, x, recency, T)
    year = bgnbd.discounted_purchases_if_alive(MODEL, 365, DAILY_RATE, x, T)
    life = bgnbd.residual_transactions_if_alive(MODEL, DAILY_RATE, x, T)
    np.testing.assert_allclose(found["value"], alive * year * spend * 0.5, rtol=1e-12)
    np.testing.assert_allclose(found["residual_lifetime_value"], alive * life * spend * 0.5, rtol=1e-12)
    np.testing.assert_allclose(found["profit"], [50, 5, 45])
    np.testing.assert_allclose(found["revenue"], [100, 10, 90])
    np.testing.assert_allclose(
        found["probability_of_purchase"], alive * bgnbd.probability_of_purchase(MODEL, 365, x, T), rtol=1e-12
    )


def test_the_discount_is_that_of_the_days_of_purchase(base):
    # the value of a year is the sum over its days of the expected purchases of the day, each discounted
    engine = base([("a", "2025-12-01", 10), ("a", "2025-12-31", 10)])
    make_value(engine)
    days = np.linspace(0, 365, 3651)
    bought = np.diff(bgnbd.expected_purchases(MODEL, days, 1, 30, 30))
    by_day = bought @ np.exp(-DAILY_RATE * (days[1:] + days[:-1]) / 2)
    row = values(engine).loc["a"]
    assert row["value"] / row["expected_spend"] == pytest.approx(by_day, rel=1e-6)
    assert np.exp(-365 * DAILY_RATE) == pytest.approx(1 / 1.10)


def test_a_margin_scales_the_forecast_only(base):
    rows = shop(15)
    whole, third = base(rows), base(rows)
    make_value(whole)
    make_value(third, margin=0.3)
    for name, factor in (("value", 0.3), ("residual_lifetime_value", 0.3), ("revenue", 1), ("expected_spend", 1)):
        np.testing.assert_allclose(values(third)[name], factor * values(whole)[name].astype(float), rtol=1e-12)


def test_the_margin_is_that_of_all_customers(base):
    engine = base([("a", "2025-12-01", 80), ("b", "2025-12-01", 20)], margin=0.4)
    make_value(engine)
    assert margins.margin_rate(engine, "customer_activity") == pytest.approx(0.4)
    empty = base([("a", "2025-12-01", 0)])
    make_value(empty)
    assert margins.margin_rate(empty, "customer_activity") == 1


def test_totals_add_up_the_customers(small_shop):
    found, rows = customer_value.totals(small_shop), values(small_shop)
    assert found["customers"] == len(rows) == 60
    assert found["repeat_customers"] == (rows["frequency"] > 0).sum()
    for name in ("expected_purchases", "value", "residual_lifetime_value", "historic_value", "profit", "revenue"):
        assert found[name] == pytest.approx(rows[name].sum(), rel=1e-12)
    assert found["active"] == pytest.approx(rows["probability_of_purchase"].sum(), rel=1e-12)


def test_without_money_purchases_are_forecast(base):
    engine = base(ROWS)
    make_value(engine, money=Spend("none"))
    found = values(engine)
    assert found["value"].isna().all()
    assert (found["expected_purchases"] > 0).all()


def test_cdnow_has_every_customer_once_and_no_hole(cdnow):
    found = cdnow.engine.fetch("select * from customer_value")
    assert len(found) == found["customer_id"].nunique() == 2357
    assert found["potential_value"].isna().all()
    once = found["frequency"] == 0
    for name in ("probability_alive", "loyalty"):  # under BG/NBD nothing tells whether who bought once has left
        assert (found[name].isna() == once).all()
    columns = found.drop(columns=["monetary_value", "potential_value", "probability_alive", "loyalty"])
    assert not columns.isna().any().any()
    assert (found["value"] <= found["residual_lifetime_value"]).all()
    assert (found["probability_of_purchase"] <= found["expected_purchases"] + 1e-12).all()


def test_the_profit_so_far_is_all_the_money_of_the_source(cdnow):
    money = cdnow.engine.fetch("select sum(amount) as money from transactions")["money"].item()
    found = customer_value.totals(cdnow.engine)
    assert found["revenue"] == found["profit"] == pytest.approx(float(money))
    assert found["historic_value"] > found["profit"]


def test_historic_value_is_every_profit_carried_to_the_day_by_hand(base):
    # 365 days ago 100 at a margin of half: 50 x 1.10; 73 days ago 20: 10 x 1.10 ** (73 / 365); today 10: 5
    engine = base([("a", "2024-12-31", 100), ("a", "2025-10-19", 20), ("a", "2025-12-31", 10)], margin=0.5)
    make_value(engine, margin=0.5)
    row = values(engine).loc["a"]
    assert row["historic_value"] == pytest.approx(55 + 10 * 1.1**0.2 + 5, abs=1e-6)
    assert row["profit"] == 65


def test_the_cost_to_serve_is_paid_on_every_purchase_day_by_hand(base):
    # b: 8 at a margin of half is 4, less 5 to serve; c: 10 given back on another day costs nothing to serve
    rows = [("b", "2025-12-31", 8), ("c", "2024-12-31", 60), ("c", "2025-12-31", -10)]
    engine = base(rows, margin=0.5)
    make_value(engine, margin=0.5, cost_to_serve=5)
    found = values(engine)
    assert found["profit"].tolist() == [-1, 20]
    np.testing.assert_allclose(found["historic_value"], [-1, (30 - 5) * 1.1 - 5], rtol=1e-6)
    # the margin is put back together: 29 of 58, and both bought once, at the mean spend of all
    assert margins.margin_rate(engine, "customer_activity", cost_to_serve=5) == pytest.approx(0.5)
    year = bgnbd.discounted_purchases_if_alive(MODEL, 365, DAILY_RATE, [0, 0], [0, 365])
    per_purchase = 0.5 * MONEY.population_mean - 5
    np.testing.assert_allclose(found["expected_margin"], per_purchase, rtol=1e-12)
    np.testing.assert_allclose(found["value"], year * per_purchase, rtol=1e-12)
    np.testing.assert_allclose(found["service_cost"], year * 5, rtol=1e-12)


def test_who_costs_more_than_he_brings_is_below_zero(base):
    engine = base([("a", "2025-12-01", 40), ("a", "2025-12-21", 1), ("a", "2025-12-31", 1), ("b", "2025-12-31", 40)])
    make_value(engine, cost_to_serve=20)
    found = values(engine)
    assert found.loc["a", "value"] < 0 < found.loc["b", "value"]
    assert found.loc["a", "residual_lifetime_value"] < found.loc["a", "value"]
    total = customer_value.totals(engine)
    assert (total["below_zero"], total["value_below_zero"]) == (1, pytest.approx(found.loc["a", "value"]))
    assert total["value"] == pytest.approx(found["value"].sum())


def test_money_is_profit_as_soon_as_a_cost_is_taken_off():
    project = build({"id": "shop", "name": "Shop", "as_of": "2025-12-31", "source": {"path": "x.csv"}})
    kinds = [
        customer_value.money_kind(one, customer_value.has_margin(one, {"has_cost": has_cost}))
        for one, has_cost in (
            (project, False), (project, True), (project.replace(margin=0.4), False),
            (project.replace(product_margins={"tea": 0.4}), False), (project.replace(cost_to_serve=4.0), False),
        )
    ]  # fmt: skip
    assert kinds == ["revenue", "profit", "profit", "profit", "profit"]
    assert not customer_value.has_margin(project.replace(cost_to_serve=4.0), {"has_cost": False})
