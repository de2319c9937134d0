"""When the next purchase comes, and how many come by period: by hand, against published forms and simulated buyers."""

import numpy as np
import pytest

from custlib.errors import UsageError
from custlib.models.bgnbd import BGNBD
from custlib.models.forecasting import (
    Histories,
    ModelAverage,
    as_lifetime_model,
    next_purchase_periods,
    next_purchase_quantile,
    purchases_by_period,
)
from custlib.models.mbgnbd import MBGNBD
from custlib.models.paretonbd import ParetoNBD
from custlib.models.regularnbd import RegularNBD
from tests.buyers import buyers_of

CDNOW = as_lifetime_model(BGNBD(0.243, 4.414, 0.793, 2.426))  # weeks
AVERAGE = ModelAverage(
    ((0.5, CDNOW), (0.3, as_lifetime_model(MBGNBD(0.525, 6.183, 0.891, 1.614))),
     (0.2, as_lifetime_model(ParetoNBD(0.553, 10.578, 0.606, 11.669))))
)  # fmt: skip
THREE = Histories.of([0, 2, 7], [0, 20, 80], [30, 60, 100])


# --- the next purchase ---


def test_the_median_of_bgnbd_by_hand():
    # given that a customer is active the wait has the survival function ((alpha + T) / (alpha + T + t))^(r + x), Fader,
    # Hardie and Lee (2005); it falls to 1 - share at t = (alpha + T) ((1 - share)^(-1 / (r + x)) - 1)
    for share in (0.1, 0.5, 0.9):
        wanted = (4.414 + THREE.T) * ((1 - share) ** (-1 / (0.243 + THREE.frequency)) - 1)
        np.testing.assert_allclose(next_purchase_quantile(CDNOW, THREE, share), wanted, rtol=1e-9)


def test_whole_time_units_are_the_quantile_rounded_up():
    for model in (CDNOW, AVERAGE, as_lifetime_model(RegularNBD(3, BGNBD, 1.5, 15.0, 0.8, 3.0))):
        for share in (0.1, 0.5, 0.9):
            wait = np.maximum(np.ceil(next_purchase_quantile(model, THREE, share)), 1.0)
            wanted = np.where(wait <= 60, wait, np.inf)
            assert next_purchase_periods(model, THREE, share, most=60).tolist() == wanted.tolist()


def test_a_purchase_at_once_is_a_purchase_tomorrow():
    eager = as_lifetime_model(BGNBD(1e4, 1e-2, 0.8, 2.4))
    assert next_purchase_periods(eager, Histories.of([0, 2], [0, 60], 60), 0.5, most=1).tolist() == [1, 1]


def test_who_has_surely_left_has_no_next_purchase():
    gone = as_lifetime_model(BGNBD(1e4, 1e-2, 0.8, 2.4))
    assert next_purchase_periods(gone, Histories.of(2, 20, 60), 0.5, most=3650).tolist() == [np.inf]
    assert next_purchase_quantile(gone, Histories.of(2, 20, 60), 0.5).tolist() == [np.inf]


def test_shares_are_those_of_buyers_who_come_back():
    truth, random = ParetoNBD(1.2, 30.0, 1.5, 150.0), np.random.default_rng(11)
    T = np.full(20_000, 90.0)
    buyers = buyers_of(truth, T.size, 20_000.0, random)
    known, first = buyers.histories(T), buyers.first_after(T)
    back = np.isfinite(first)
    some = Histories(*known.rows[:, back])
    ever = as_lifetime_model(truth).probability_of_return(known)
    assert abs((back - ever).mean()) <= 4 * (back - ever).std() / np.sqrt(T.size)
    for share in (0.1, 0.5, 0.9):
        # an exact quantile is no whole day: between the days around it
        days = next_purchase_periods(as_lifetime_model(truth), some, share, most=3650)
        error = 4 * np.sqrt(share * (1 - share) / back.sum())
        assert (first[back] <= days - 1).mean() - error <= share <= (first[back] <= days).mean() + error


def test_a_share_is_refused_that_is_none():
    for share in (0.0, 1.0):
        with pytest.raises(UsageError, match="between 0 and 1"):
            next_purchase_quantile(CDNOW, THREE, share)


# --- by period ---


def test_periods_of_customers_who_never_leave_by_hand():
    # a -> 0: the rate (r + x) / (alpha + T) = 4 / 40 for every day
    lasting = as_lifetime_model(BGNBD(1.0, 10.0, 1e-9, 1.0))
    found = purchases_by_period(lasting, Histories.of(3, 20.0, 30.0), [10, 15, 40])
    np.testing.assert_allclose(found, [[1.0, 0.5, 2.5]], rtol=1e-7)
    # discounted: (1 - e^(-rate t)) / rate in place of t
    worth = purchases_by_period(lasting, Histories.of(3, 20.0, 30.0), [10, 40], rate=0.01)
    cumulated = 0.1 * -np.expm1(-0.01 * np.array([10, 40])) / 0.01
    np.testing.assert_allclose(worth, [[cumulated[0], cumulated[1] - cumulated[0]]], rtol=1e-7)


@pytest.mark.parametrize("model", [CDNOW, AVERAGE, as_lifetime_model(RegularNBD(2, MBGNBD, 1.5, 20.0, 0.9, 3.0))])
def test_periods_sum_to_the_horizon(model):
    ends = [4.3, 8.7, 13.0, 30.0, 52.1]
    for rate in (0.0, 2e-3):
        each = purchases_by_period(model, THREE, ends, rate=rate)
        assert each.shape == (3, 5) and (each > 0).all()
        np.testing.assert_allclose(each.sum(axis=1), model.discounted_purchases(THREE, 52.1, rate), rtol=1e-13)


def test_periods_are_those_of_simulated_buyers():
    truth, random, ends = MBGNBD(1.5, 40.0, 0.9, 3.0), np.random.default_rng(2), [15.0, 60.0, 200.0]
    T = random.choice([40.0, 150.0], 20_000)
    buyers = buyers_of(truth, T.size, 400.0, random)
    expected = purchases_by_period(as_lifetime_model(truth), buyers.histories(T), ends)
    for place, (start, end) in enumerate(zip([0.0, *ends], ends, strict=False)):
        came = buyers.later(T, lambda wait, start=start, end=end: (wait > start) & (wait <= end))
        error = came - expected[:, place]
        assert abs(error.mean()) <= 4 * error.std() / np.sqrt(T.size)


def test_nobody_has_no_periods():
    assert purchases_by_period(CDNOW, Histories.of([], [], []), [1.0, 2.0]).shape == (0, 2)
