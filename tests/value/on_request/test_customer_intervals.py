from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from custlib.models.bgnbd import BGNBD, repeat_times
from custlib.models.forecasting import as_lifetime_model
from custlib.models.gammagamma import GammaGamma
from custlib.value.on_request import customer_intervals as single
from custlib.value.spend import Spend, from_gamma_gamma
from tests.bases import FORECAST, make_value

GAMMA = GammaGamma(6.25, 3.74, 15.44)
SPEND = (from_gamma_gamma(GAMMA), GAMMA)
NO_SPEND = (Spend("none"), None)


def test_one_customer_by_another_simulation():
    """A customer seen once, 100 days ago: follow new customers who did just that."""
    model, horizon = BGNBD(1.2, 40.0, 0.8, 3.0), 200.0
    random = np.random.default_rng(3)
    who, when = repeat_times(model, np.full(200_000, 100 + horizon), random)
    silent = np.bincount(who[when <= 100], minlength=200_000) == 0
    later = np.bincount(who[when > 100], minlength=200_000)[silent]
    one = single.Histories.of(0, 0, 100)
    found = single.futures(one, as_lifetime_model(model), NO_SPEND, horizon)
    # over 5 % buy nothing, so that nothing is left out below and 10 % above
    assert (later == 0).mean() > 0.05
    assert found["purchases_low"] == 0
    assert abs(found["purchases_high"] - np.quantile(later, 0.90, method="inverted_cdf")) <= 1
    assert found["expected"] == pytest.approx(later.mean(), rel=0.02)


def test_the_money_of_one_purchase_day_by_its_published_distribution():
    """Given its level a day's money is Gamma(p), and the level of a new customer InvGamma(q): a scaled F(2p, 2q)."""
    bought, none = np.ones((1, 40_000)), single.Histories.of(0, 0, 100)
    money = single._money(bought, SPEND, none, np.random.default_rng(0))
    wanted = stats.f.ppf([0.05, 0.5, 0.95], 2 * GAMMA.p, 2 * GAMMA.q) * (GAMMA.q - 1) / GAMMA.q
    np.testing.assert_allclose(np.quantile(money, [0.05, 0.5, 0.95]), wanted, rtol=0.03)
    # a purchase day of the past that expected spend is computed from makes the level surer
    again = replace(SPEND[0], days="all"), GAMMA
    known = single.Histories.of(1, 50, 100)
    spread = [single._money(bought, own, known, np.random.default_rng(0)).std() for own in (SPEND, again)]
    assert spread[1] < 0.95 * spread[0]


def test_an_interval_by_hand():
    # 100 outcomes: 5 are left out on either side; where nothing is left out below, 10 above
    low, high = single.interval(np.array([np.arange(100.0), np.repeat([0.0, 1.0, 2.0, 9.0], [40, 45, 5, 10])]))
    assert low.tolist() == [5, 0] and high.tolist() == [94, 2]
    assert single.interval(np.zeros((1, 100))) == (0, 0)


def test_every_customer_has_a_row(small_shop):
    make_value(small_shop)
    single.make_customer_intervals(small_shop, "customer_intervals", FORECAST, SPEND, horizon_days=365)
    found = small_shop.fetch("select * from customer_intervals join customer_value using (customer_id)")
    assert len(found) == small_shop.fetch("select count(*) as n from customer_value")["n"].item()
    assert (found["purchases_low"] <= found["expected_purchases"] + 1).all()
    assert (found["value_low"] <= found["value_high"]).all()
    assert (found["purchases_high"] >= found["purchases_low"]).all()
    assert np.isfinite(found[["value_low", "value_high"]]).all().all()


def test_equal_histories_have_equal_chances_and_calls_are_equal():
    two = single.Histories.of([3, 0], [90, 0], [100, 20])
    once, again = (single.futures(two, FORECAST, SPEND, 90.0) for _ in range(2))
    for name, ends in once.items():
        np.testing.assert_array_equal(ends, again[name])
    assert not any(ends.size for ends in single.futures(single.Histories.of([], [], []), FORECAST, SPEND, 9.0).values())


def test_the_table_is_made_on_request(cdnow):
    found = cdnow.make("customer_intervals").fetch("select * from customer_intervals")
    assert len(found) == 2357
    assert (found["value_low"] <= found["value_high"]).all()


def test_a_margin_below_zero_turns_the_ends_round(base):
    engine = base([(who, day, 30) for who in "ab" for day in ("2025-03-01", "2025-09-01", "2025-11-01")])
    make_value(engine, margin=-0.5)
    single.make_customer_intervals(engine, "customer_intervals", FORECAST, SPEND, horizon_days=365)
    found = engine.fetch("select * from customer_intervals join customer_value using (customer_id)")
    assert (found["value"] < 0).all()
    assert (found["value_low"] < found["value"]).all() and (found["value"] < found["value_high"]).all()


def test_with_a_cost_to_serve_only_purchases_have_an_interval(base):
    engine = base([("a", "2025-09-01", 30), ("a", "2025-11-01", 30)])
    make_value(engine, cost_to_serve=2.0)
    single.make_customer_intervals(engine, "customer_intervals", FORECAST, SPEND, horizon_days=365)
    found = engine.fetch("select * from customer_intervals")
    assert found[["value_low", "value_high"]].isna().all().all() and found["purchases_high"].item() > 0
