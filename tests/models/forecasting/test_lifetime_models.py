"""The protocol: each kind of model against simulated customers of its own, its limits, and its orders."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custlib.errors import TableError, UsageError
from custlib.models.bgnbd import BGNBD
from custlib.models.forecasting import Histories, as_lifetime_model, next_purchase_quantile, slopes
from custlib.models.mbgnbd import MBGNBD
from custlib.models.paretonbd import ParetoNBD
from custlib.models.regularnbd import RegularNBD
from tests.buyers import buyers_of

TRUTHS = [
    BGNBD(1.2, 30.0, 0.8, 3.0),
    MBGNBD(1.5, 40.0, 0.9, 3.0),
    ParetoNBD(1.2, 30.0, 1.5, 150.0),
    RegularNBD(3, BGNBD, 1.5, 15.0, 0.8, 3.0),
    RegularNBD(2, MBGNBD, 1.5, 20.0, 0.9, 3.0),
]
HORIZON, AFTER, RATE = 60.0, 45.0, 0.02


def name_of(fitted):
    return as_lifetime_model(fitted).label


# --- simulated customers ---


@pytest.fixture(scope="module", params=TRUTHS, ids=name_of)
def simulated(request):
    """The model, what was known of 20,000 of its customers at T, and the customers themselves."""
    random = np.random.default_rng(5)
    T = random.choice([40.0, 90.0, 150.0], 20_000)
    buyers = buyers_of(request.param, T.size, 1_000.0, random)  # at 2 % a day nothing is left of later purchases
    return as_lifetime_model(request.param), buyers.histories(T), buyers, T


def same_on_average(expected, came, histories):
    """Whether what came is what was expected in groups by frequency, within the error of chance."""
    for group in (histories.frequency == 0, histories.frequency == 1, histories.frequency > 1):
        error = (came - expected)[group]
        assert abs(error.mean()) <= 4.5 * error.std() / np.sqrt(error.size) + 1e-12, (error.mean(), error.size)


def test_who_is_still_there(simulated):
    model, histories, buyers, T = simulated
    same_on_average(model.probability_alive(histories), buyers.gone > T, histories)
    same_on_average(model.probability_alive(histories, AFTER), buyers.gone > T + AFTER, histories)


def test_what_comes_within_a_horizon(simulated):
    model, histories, buyers, T = simulated
    count = buyers.later(T, lambda wait: wait <= HORIZON)
    same_on_average(model.expected_purchases(histories, HORIZON), count, histories)
    same_on_average(model.squared_purchases(histories, HORIZON), count**2, histories)
    same_on_average(model.probability_of_purchase(histories, HORIZON), count > 0, histories)
    moments = model.purchase_moments(histories, HORIZON)
    np.testing.assert_array_equal(moments.mean, model.expected_purchases(histories, HORIZON))
    np.testing.assert_allclose(moments.variance, moments.square - moments.mean**2, atol=1e-12)


def test_what_is_discounted(simulated):
    model, histories, buyers, T = simulated
    within = buyers.later(T, lambda wait: np.exp(-RATE * wait) * (wait <= HORIZON))
    same_on_average(model.discounted_purchases(histories, HORIZON, RATE), within, histories)
    ever = buyers.later(T, lambda wait: np.exp(-RATE * wait))
    same_on_average(model.residual_transactions(histories, RATE), ever, histories)
    same_on_average(model.residual_moments(histories, RATE).square, ever**2, histories)
    own = buyers.later(T, lambda wait: np.exp(-2 * RATE * wait))
    same_on_average(model.residual_pairs(histories, RATE), ever**2 - own, histories)


def test_when_the_next_purchase_comes(simulated):
    model, histories, buyers, T = simulated
    some = Histories(*histories.rows[:, :4_000])
    ever, soon = model.probability_of_return(some), next_purchase_quantile(model, some, 0.25)
    bought = buyers.first_after(T)[:4_000]
    same_on_average(0.25 * ever, bought <= soon, some)


# --- limits and orders that hold for any model ---


@pytest.mark.parametrize("fitted", TRUTHS, ids=name_of)
def test_short_and_long_times(fitted):
    model, one = as_lifetime_model(fitted), Histories.of([0, 2, 7], [0, 20, 80], [30, 60, 100])
    zero = np.zeros(3)
    for function in (model.expected_purchases, model.squared_purchases, model.probability_of_purchase):
        np.testing.assert_array_equal(function(one, 0.0), zero)
    np.testing.assert_allclose(
        model.discounted_purchases(one, 50.0, 1e-9), model.expected_purchases(one, 50.0), rtol=1e-6
    )
    np.testing.assert_array_equal(model.discounted_purchases(one, 50.0, 0.0), model.expected_purchases(one, 50.0))
    np.testing.assert_allclose(
        model.discounted_purchases(one, 4_000.0, RATE), model.residual_transactions(one, RATE), rtol=1e-9
    )
    np.testing.assert_allclose(model.probability_alive(one, 1e-9), model.probability_alive(one), rtol=1e-6)
    # in a moment nobody buys twice
    square, mean = model.squared_purchases(one, 1e-6), model.expected_purchases(one, 1e-6)
    np.testing.assert_allclose(square, mean, rtol=1e-4)


@pytest.mark.parametrize("fitted", TRUTHS, ids=name_of)
def test_a_horizon_for_each_history(fitted):
    model, days = as_lifetime_model(fitted), np.array([10.0, 60.0, 10.0])
    all_three = Histories.of([0, 2, 7], [0, 20, 80], [30, 60, 100])
    single = [Histories.of(x, t, T) for x, t, T in all_three.rows.T]
    for function in ("expected_purchases", "squared_purchases", "probability_of_purchase"):
        wanted = [getattr(model, function)(one, day).item() for one, day in zip(single, days, strict=True)]
        np.testing.assert_allclose(getattr(model, function)(all_three, days), wanted, rtol=1e-12)
    wanted = [model.discounted_purchases(one, day, RATE).item() for one, day in zip(single, days, strict=True)]
    np.testing.assert_allclose(model.discounted_purchases(all_three, days, RATE), wanted, rtol=1e-10)


sizes = st.floats(0.05, 8)


@settings(max_examples=15)
@given(sizes, st.floats(20, 300), sizes, sizes, st.integers(0, 30), st.floats(0, 1), st.floats(0, 900))
def test_orders(first, scale, third, fourth, x, part, T):
    history = Histories.of(x if T else 0, part * T if x else 0.0, T)
    for fitted in (
        BGNBD(first, scale, third, fourth),
        ParetoNBD(first, scale, third, fourth * 50),
        RegularNBD(3, MBGNBD, first, scale, third, fourth),
    ):
        model = as_lifetime_model(fitted)
        alive, later = model.probability_alive(history), model.probability_alive(history, 90.0)
        mean, square, variance = model.purchase_moments(history, 90.0)
        some = model.probability_of_purchase(history, 90.0)
        discounted = model.discounted_purchases(history, 90.0, 1e-3)
        assert 0 <= later <= alive * (1 + 1e-12) <= 1 + 1e-9
        assert some <= min(alive, mean) * (1 + 1e-9)
        assert mean <= square * (1 + 1e-9)
        assert variance >= 0
        assert discounted <= min(mean, model.residual_transactions(history, 1e-3)) * (1 + 1e-9)
        assert next_purchase_quantile(model, history, 0.2) <= next_purchase_quantile(model, history, 0.8)


@pytest.mark.parametrize(
    "fitted",
    [BGNBD(0.01, 1e4, 1e-3, 1e4), ParetoNBD(0.01, 1e-3, 100.0, 1e6), ParetoNBD(50.0, 1e5, 1e-3, 1e-3),
     RegularNBD(6, MBGNBD, 0.05, 1e5, 1e3, 0.01)],
)  # fmt: skip
def test_extreme_points_are_finite(fitted):
    model, hard = as_lifetime_model(fitted), Histories.of([0, 0, 300, 5], [0, 0, 10, 0.001], [0, 5000, 38, 2000])
    values = [
        model.probability_alive(hard, 50.0), *model.purchase_moments(hard, 180.0),
        model.probability_of_purchase(hard, 180.0), model.discounted_purchases(hard, 365.0, 3e-4),
        *model.residual_moments(hard, 3e-4),
    ]  # fmt: skip
    assert np.isfinite(values).all()
    assert (np.array(values) >= 0).all()
    assert not np.isnan(next_purchase_quantile(model, hard, 0.9)).any()


# --- slopes and covariance ---


def test_slopes_by_hand():
    # with no customer leaving, E = (r + x) / (alpha + T) h: by ln r r / (r + x) E, by ln alpha -alpha / (alpha + T) E
    model, one = as_lifetime_model(BGNBD(1.0, 10.0, 1e-9, 1.0)), Histories.of(3, 20.0, 30.0)
    expected = model.expected_purchases(one, 20.0).item()
    assert expected == pytest.approx(2.0)
    found = slopes(model, lambda at: at.expected_purchases(one, 20.0)).ravel()
    np.testing.assert_allclose(found, [expected / 4, -expected / 4, 0, 0], atol=2e-5)


def test_the_covariance_of_logarithms():
    exact = np.diag([1.0, 2.0, 3.0, 4.0])
    assert as_lifetime_model(BGNBD(1, 2, 3, 4, log_covariance=exact)).log_covariance is exact
    plain = as_lifetime_model(ParetoNBD(1, 2, 3, 4, covariance=np.diag([1.0, 4.0, np.nan, 16.0])))
    np.testing.assert_array_equal(plain.log_covariance, np.diag([1.0, 1.0, 0.0, 1.0]))
    assert not as_lifetime_model(BGNBD(1, 2, 3, 4)).log_covariance.any()


# --- errors ---


def test_faults_are_refused():
    model, one = as_lifetime_model(TRUTHS[0]), Histories.of(2, 20, 60)
    with pytest.raises(TableError, match="recency is above T"):
        Histories.of(1, 5, 4)
    with pytest.raises(UsageError, match="horizon must be at least 0, got -1"):
        model.expected_purchases(one, -1.0)
    with pytest.raises(UsageError, match="rate must be above 0, got 0"):
        model.residual_transactions(one, 0.0)
    with pytest.raises(UsageError, match="between 0 and 1, got 1"):
        next_purchase_quantile(model, one, 1.0)
    with pytest.raises(UsageError, match="GammaGamma is no lifetime model"):
        from custlib.models.gammagamma import GammaGamma

        as_lifetime_model(GammaGamma(6.25, 3.74, 15.44))


def test_no_history_is_no_fault():
    for fitted in TRUTHS:
        model, none = as_lifetime_model(fitted), Histories.of([], [], [])
        assert model.expected_purchases(none, 30.0).size == 0
        assert model.residual_transactions(none, RATE).size == 0
        assert next_purchase_quantile(model, none).size == 0
