"""What one-time buyers will spend: by hand, then by designs in which the mean of repeat days is wrong."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from custlib.models import bgnbd, gammagamma
from custlib.value import one_time_spend, spend
from custlib.value.one_time_spend import OneTimeSpend, fit_one_time_spend
from custlib.value.spend import Spend
from tests.value.spend_designs import HORIZON, Design, known_and_later, purchases

LEVELS = OneTimeSpend(np.log(40.0), -0.5, 0.1, np.log(20.0), 10.0, 0.5, 4.0, 100.0, 1.0, 40)


def second_purchases(rows):
    """Customers from (gap, second amount, first amount)."""
    return pd.DataFrame(rows, columns=["gap", "second_amount", "first_amount"]).astype(float)


# --- by hand ---


def test_a_regression_on_two_gaps_by_hand():
    # after 10 days 10 or 30, after 40 days 20 or 60: means of 20 and 40, so the slope is ln 2 / ln 4 = 1/2
    rows = [(10, 10, 5), (10, 30, 5), (40, 20, 5), (40, 60, 5)] * 8
    found = fit_one_time_spend(second_purchases(rows), horizon_days=20)
    # ratios are 1/2 and 3/2: a mean of 16 has the relative variance 16 x 1/4 / 16^2 = 1/64
    variance = 2 / 64 / np.log(4) ** 2
    assert found.slope_error == pytest.approx(variance**0.5)
    assert found.slope == pytest.approx(0.5 * (1 - variance / 0.25))
    # the level is set anew for that slope: 32 purchases of 30 on average, at ln 2 below and above the mean of ln gap
    assert found.ln_gap == pytest.approx(np.log(20))
    assert found.level == pytest.approx(np.log(30 / np.cosh(found.slope * np.log(2))))
    # silent for 10 days, and the middle of the horizon 10 later: at the mean gap
    assert found.at(10) == pytest.approx(np.exp(found.level))
    assert found.power == pytest.approx(0, abs=1e-9)  # all first amounts are equal
    assert found.second_purchases == 32


def test_a_slope_within_its_error_is_none():
    rows = [(10, 10, 5), (10, 30, 5), (40, 11, 5), (40, 31, 5)] * 8
    found = fit_one_time_spend(second_purchases(rows), horizon_days=20)
    assert found.slope == 0
    assert found.at(5) == found.at(500) == pytest.approx(20.5)


def test_first_amounts_rank_by_their_slope_in_the_second():
    rows = [(gap, 3 * first**0.5, first) for gap in (10, 20, 40) for first in (4, 9, 16, 25)] * 3
    found = fit_one_time_spend(second_purchases(rows), horizon_days=20)
    assert found.power == pytest.approx(0.5)


def test_first_amounts_that_go_the_other_way_do_not_rank():
    rows = [(gap, 90 / first, first) for gap in (10, 20, 40) for first in (4, 9, 16, 25)] * 3
    assert fit_one_time_spend(second_purchases(rows), horizon_days=20).power == 0


def test_too_few_second_purchases_tell_nothing():
    rows = [(10, 20, 5)] * 29 + [(np.nan, 0, 5)] * 100
    assert fit_one_time_spend(second_purchases(rows), horizon_days=20) is None
    assert fit_one_time_spend(second_purchases([(10, 0, 5)] * 50), horizon_days=20) is None


def test_one_huge_amount_does_not_decide():
    rows = [(10, 20, 5), (40, 20, 5)] * 50
    plain = fit_one_time_spend(second_purchases(rows), horizon_days=20)
    wrong = fit_one_time_spend(second_purchases([*rows, (20, 1e6, 5)]), horizon_days=20)
    # it counts as at most 20 times its mean: 20 more among a hundred
    assert plain.at(10) == pytest.approx(20)
    assert wrong.at(10) < 20 * 1.4


# --- in the engine ---


@pytest.fixture
def engine(base):
    made = base([("a", "2025-12-01", 1)])
    rows = [(0, 10, 9.0, None), (0, 90, 64.0, None), (0, 40, 0.0, None), (0, 40, 4e4, None), (2, 50, 9.0, 30.0)]
    made.attach_frame("histories", pd.DataFrame(rows, columns=["frequency", "T", "first_amount", "monetary_value"]))
    return made


def expected(engine, money):
    column = spend.expected_spend(engine.dialect, money)
    found = engine.fetch(f"select {column} as spend from histories order by frequency, T, first_amount",
                         **spend.parameters(money))  # fmt: skip
    return found["spend"].to_numpy()


def test_the_column_by_hand(engine):
    money = Spend("gamma_gamma", 30.0, 0.5, 60.0, one_time=replace(LEVELS, scale=5.0))
    # 40 (20 / 20)^-.5 x sqrt(9) / 5; 50 days: 40 (50 / 20)^-.5, first amounts cut at 4 and at 100; 100 days: sqrt(64)
    middle = 40 * 2.5**-0.5
    assert expected(engine, money)[:4] == pytest.approx(
        [40 * 3 / 5, middle * 2 / 5, middle * 10 / 5, 40 * 5**-0.5 * 8 / 5]
    )
    # who came back is not touched
    assert expected(engine, money)[4] == expected(engine, replace(money, one_time=None))[4] == pytest.approx(36)


def test_own_amounts_rank_and_leave_the_sum(engine):
    scale = one_time_spend.mean_rank(engine, "histories", LEVELS)
    ranked = expected(engine, Spend("gamma_gamma", 30.0, 0.5, 60.0, one_time=replace(LEVELS, scale=scale)))[:4]
    flat = expected(engine, Spend("gamma_gamma", 30.0, 0.5, 60.0, one_time=replace(LEVELS, power=0.0)))[:4]
    assert ranked.sum() == pytest.approx(flat.sum(), rel=1e-12)
    assert ranked[2] / ranked[1] == pytest.approx((100 / 4) ** 0.5)


def test_nobody_who_bought_once_needs_no_scale(engine):
    engine.attach_frame("nobody", pd.DataFrame({"frequency": [1], "T": [9], "first_amount": [5.0]}))
    assert one_time_spend.mean_rank(engine, "nobody", LEVELS) == 1


def test_a_spend_with_one_time_buyers_is_the_same_after_json():
    money = Spend("gamma_gamma", 30.0, 0.5, 60.0, days="all", one_time=LEVELS)
    assert Spend(**spend.to_dict(money)) == money
    assert money.of_new_customer == pytest.approx(40 * 2**0.5)  # the middle of the horizon is at 10 days


# --- where the mean of repeat days is wrong ---


def bias(design, *, seed):
    """Expected money of a purchase of one-time buyers over the actual, by the mean of repeat days and by the level."""
    known = known_and_later(purchases(design, 5000, seed=seed))
    frequency, age = known["purchases"] - 1, known["age"]
    model = bgnbd.fit(frequency, known["last_day"] - known["first_day"], age)
    once, repeat = known[frequency == 0], known[frequency > 0]
    bought = np.asarray(bgnbd.expected_purchases(model, HORIZON, 0, 0, once["age"]))
    money = (repeat["amount"] - repeat["first_amount"]) / (repeat["purchases"] - 1)
    mean = gammagamma.mean_spend(gammagamma.fit(repeat["purchases"] - 1, money))
    found = fit_one_time_spend(known, horizon_days=HORIZON)
    rank = np.clip(once["first_amount"], found.least, found.most) ** found.power
    level = np.array([found.at(days) for days in once["age"]])
    expected = bought @ (level * rank) * level.sum() / (level @ rank) / bought.sum()
    actual = once["later_amount"].sum() / once["later_purchases"].sum()
    return mean / actual - 1, expected / actual - 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("design", "by_mean"), [(Design(0.2), 0.54), (Design(-0.25), -0.30), (Design(q=1.6, v=4.0), None)]
)
def test_the_money_of_one_time_buyers_is_right_to_a_fifth(design, by_mean):
    plain, found = np.mean([bias(design, seed=seed) for seed in range(8)], axis=0)
    assert abs(found) < 0.2
    if by_mean is not None:
        assert plain == pytest.approx(by_mean, abs=0.15)
