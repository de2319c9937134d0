import numpy as np
import pandas as pd
import pytest

from custlib.models import bgnbd
from custlib.models.bgnbd import BGNBD, repeat_times
from custlib.models.forecasting import as_lifetime_model
from custlib.models.gammagamma import GammaGamma
from custlib.models.mbgnbd import MBGNBD
from custlib.value import customer_intervals as single
from tests.bases import FORECAST, make_value

SPEND = GammaGamma(6.25, 3.74, 15.44)


def test_one_customer_by_another_simulation():
    """A customer seen once, 100 days ago: follow new customers who did just that."""
    model, horizon = BGNBD(1.2, 40.0, 0.8, 3.0), 200.0
    random = np.random.default_rng(3)
    who, when = repeat_times(model, np.full(200_000, 100 + horizon), random)
    silent = np.bincount(who[when <= 100], minlength=200_000) == 0
    later = np.bincount(who[when > 100], minlength=200_000)[silent]
    one = pd.DataFrame({"frequency": [0], "recency": [0.0], "T": [100.0]})
    found = single.futures(one, as_lifetime_model(model), None, horizon).iloc[0]
    low, high = np.quantile(later, [0.025, 0.975], method="inverted_cdf")
    assert found["purchases_low"] == low
    assert abs(found["purchases_high"] - high) <= 1
    assert found["money_high"] == pytest.approx(high / later.mean(), rel=0.25)


@pytest.mark.slow
@pytest.mark.parametrize("truth", [BGNBD(0.6, 60.0, 0.9, 3.0), MBGNBD(0.9, 60.0, 0.9, 3.0)], ids=["BG", "MBG"])
def test_intervals_of_customers_hold_at_least_95_of_100(truth):
    random, many = np.random.default_rng(0), 4000
    age = random.integers(30, 400, many).astype(float)
    who, when = repeat_times(truth, age + 180, random)
    level = random.gamma(SPEND.q, 1 / SPEND.v, many)
    money = random.gamma(SPEND.p, 1 / level[who])
    past = when <= age[who]
    frame = pd.DataFrame({"frequency": np.bincount(who[past], minlength=many), "recency": 0.0, "T": age})
    np.maximum.at(frame["recency"].to_numpy(), who[past], when[past])
    bought, earned = np.bincount(who[~past], minlength=many), np.bincount(who[~past], money[~past], many)
    x, spent = frame["frequency"].to_numpy(float), np.bincount(who[past], money[past], many)
    spend = SPEND.p * (SPEND.v + spent) / (SPEND.p * x + SPEND.q - 1)
    value = spend * bgnbd.expected_purchases(truth, 180, x, frame["recency"], frame["T"])
    found = single.futures(frame, as_lifetime_model(truth), SPEND, 180.0)
    purchases = (bought >= found["purchases_low"]) & (bought <= found["purchases_high"])
    worth = (earned >= found["money_low"] * value - 1e-9) & (earned <= found["money_high"] * value + 1e-9)
    # counts are whole, so a little more than 95 of 100 fall between their limits
    assert 0.945 <= purchases.mean() <= 0.99
    assert 0.94 <= worth.mean() <= 0.985


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
    two = pd.DataFrame({"frequency": [3, 0], "recency": [90.0, 0.0], "T": [100.0, 20.0]})
    pd.testing.assert_frame_equal(
        single.futures(two, FORECAST, SPEND, 90.0), single.futures(two, FORECAST, SPEND, 90.0)
    )


def test_the_table_is_made_on_request(cdnow):
    found = cdnow.make("customer_intervals").fetch("select * from customer_intervals")
    assert len(found) == 2357
    assert (found["value_low"] <= found["value_high"]).all()
