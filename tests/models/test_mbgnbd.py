"""MBG/NBD against hand, published figures, its definition simulated, and its relation to BG/NBD.

What holds for both models (errors, units, weights, bounds, weak bases) is in the tests of `bgnbd`, run for each.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special

from custlib.errors import ModelError
from custlib.models import bgnbd, mbgnbd

MODEL = mbgnbd.MBGNBD(0.525, 6.183, 0.891, 1.614)
FIXED = settings(derandomize=True, deadline=None, max_examples=60)


# --- worked by hand ---


def test_a_one_time_buyer_and_a_repeat_buyer_by_hand():
    # r = alpha = a = b = 1, so p is even on 0 to 1. One-time buyer, T = 1: gone 1/2, or here and silent 1/2 1/2.
    # Repeat buyer, x = 1, recency 1, T = 3: here E[(1-p)^2] = 1/3 times 1/4^2, or gone E[p (1-p)] = 1/6 times 1/2^2
    model = mbgnbd.MBGNBD(1, 1, 1, 1)
    likelihood = np.exp(mbgnbd.log_likelihood(model, [0, 1], [0, 1], [1, 3]))
    np.testing.assert_allclose(likelihood, [3 / 4, 1 / 16], rtol=1e-14)
    np.testing.assert_allclose(mbgnbd.probability_alive(model, [0, 1], [0, 1], [1, 3]), [1 / 3, 1 / 3], rtol=1e-14)


def test_expected_purchases_by_hand():
    # rho = 1, p ~ Beta(1, 2), u = 1: the mean of 1 / (1 + p) is int 2 (1 - p) / (1 + p) = 4 ln 2 - 2;
    # half of the new customers are still there after the first purchase
    model = mbgnbd.MBGNBD(1, 1, 1, 1)
    assert mbgnbd.expected_purchases_if_alive(model, 1, 0, 0) == pytest.approx(4 * np.log(2) - 2, rel=1e-13)
    assert mbgnbd.new_customer_purchases(model, 1) == pytest.approx(2 * np.log(2) - 1, rel=1e-13)
    assert mbgnbd.probability_of_purchase(model, 1, 0, 0) == pytest.approx(1 / 2, rel=1e-14)


# --- published and measured figures ---


def parameters(model):
    return [model.r, model.alpha, model.a, model.b]


def test_lifetimes_bundled_summary(bundled):
    model = mbgnbd.fit(*bundled.history)
    np.testing.assert_allclose(parameters(model), [0.52484, 6.18299, 0.89136, 1.61400], rtol=0, atol=5e-6)
    assert model.log_likelihood == pytest.approx(-9582.1327, abs=5e-5)
    np.testing.assert_allclose(model.standard_errors, [0.0833, 0.6956, 0.1548, 0.5375], rtol=0, atol=5e-5)
    assert mbgnbd.expected_purchases(model, 39, *bundled.history).sum() == pytest.approx(1576.7, abs=0.05)
    assert model.flags == ()
    assert model.converged
    assert model.evaluations <= 8


def test_cdnow_on_exact_days(cdnow):
    model = mbgnbd.fit(*cdnow.history)
    np.testing.assert_allclose(parameters(model), [0.5248432, 6.1830853, 0.8913594, 1.6140022], rtol=1e-7)
    assert model.log_likelihood == pytest.approx(-9582.135716, abs=1e-6)
    assert mbgnbd.expected_purchases(model, 39, *cdnow.history).sum() == pytest.approx(1576.7, abs=0.05)
    assert model.gradient_norm < 1e-14


def test_new_customers_agree_with_the_textbook_form():
    r, alpha, a, b = parameters(MODEL)
    t = np.array([1.0, 32.0, 78.0])
    series = special.hyp2f1(r, b + 1, a + b, t / (alpha + t))
    textbook = b / (a - 1) * (1 - (alpha / (alpha + t)) ** r * series)
    np.testing.assert_allclose(mbgnbd.new_customer_purchases(MODEL, t), textbook, rtol=1e-11)


# --- the definition, by another quadrature and by simulation ---


def likelihood_by_definition(model, x, recency, T):
    """Sum over purchase rates and drop-out probabilities, evenly spaced in their logarithm and logit."""
    y, eta = np.linspace(-140, 12, 6001), np.linspace(-120, 120, 6001)
    rate, p, stay = np.exp(y), special.expit(eta), special.expit(-eta)
    rates = np.exp(model.r * (np.log(model.alpha) + y) - model.alpha * rate) * (y[1] - y[0]) / special.gamma(model.r)
    dropout = p**model.a * stay**model.b * (eta[1] - eta[0]) / special.beta(model.a, model.b)
    still_here = (rates @ (rate**x * np.exp(-rate * T))) * (dropout @ stay ** (x + 1))
    gone = (rates @ (rate**x * np.exp(-rate * recency))) * (dropout @ (p * stay**x))
    return still_here + gone, still_here / (still_here + gone)


@pytest.mark.parametrize("shared", [(0.525, 6.183, 0.891, 1.614), (0.3, 20, 2.5, 0.6), (4, 50, 0.4, 9)])
@pytest.mark.parametrize("history", [(0, 0, 0), (0, 0, 40), (1, 3, 40), (1, 39, 40), (7, 10, 12), (12, 30, 90)])
def test_likelihood_and_aliveness_agree_with_the_definition(shared, history):
    model = mbgnbd.MBGNBD(*shared)
    likelihood, alive = likelihood_by_definition(model, *history)
    assert mbgnbd.log_likelihood(model, *history) == pytest.approx(np.log(likelihood), rel=1e-11, abs=1e-12)
    assert mbgnbd.probability_alive(model, *history) == pytest.approx(alive, rel=1e-11)


TRUTH, T, HORIZON, DELTA = mbgnbd.MBGNBD(0.8, 8.0, 0.9, 2.2), 30.0, 40.0, 0.02


@pytest.fixture(scope="module")
def lives():
    """Play lives through: repeats and recency up to T; then who is alive, purchases, and their discounted sum."""
    random, size = np.random.default_rng(20), 200_000
    rate, p = random.gamma(TRUTH.r, 1 / TRUTH.alpha, size), random.beta(TRUTH.a, TRUTH.b, size)
    result = {name: np.zeros(size) for name in ("frequency", "recency", "purchases", "discounted")}
    result["alive"] = np.ones(size)
    who, now = np.arange(size), np.zeros(size)
    while who.size:
        leaves = random.random(who.size) < p[who]
        result["alive"][who[leaves & (now <= T)]] = 0
        who, now = who[~leaves], now[~leaves] + random.exponential(size=np.sum(~leaves)) / rate[who[~leaves]]
        who, now = who[now <= T + HORIZON], now[now <= T + HORIZON]
        seen, later = now <= T, now > T
        result["frequency"][who[seen]] += 1
        result["recency"][who[seen]] = now[seen]
        result["purchases"][who[later]] += 1
        result["discounted"][who[later]] += np.exp(-DELTA * (now[later] - T))
    return result


def promised(quantity, x, recency):
    alive = mbgnbd.probability_alive(TRUTH, x, recency, T)
    return {
        "alive": lambda: alive,
        "purchases": lambda: mbgnbd.expected_purchases(TRUTH, HORIZON, x, recency, T),
        "discounted": lambda: alive * mbgnbd.discounted_purchases_if_alive(TRUTH, HORIZON, DELTA, x, T),
    }[quantity]()


@pytest.mark.parametrize("late", [False, True], ids=["silent_for_long", "seen_lately"])
@pytest.mark.parametrize("x", [0, 1, 2, 5])
@pytest.mark.parametrize("quantity", ["alive", "purchases", "discounted"])
def test_the_future_of_simulated_customers_is_the_one_promised(lives, quantity, x, late):
    chosen = (lives["frequency"] == x) & ((lives["recency"] > T / 2) == late)
    if x == 0 and late:
        chosen = lives["frequency"] >= 6
    gap = lives[quantity][chosen] - promised(quantity, lives["frequency"][chosen], lives["recency"][chosen])
    assert gap.size > 500
    assert abs(gap.mean()) < 4 * gap.std() / np.sqrt(gap.size)


def test_alive_customers_buy_as_promised(lives):
    for x in (0, 1, 3):
        chosen = (lives["frequency"] == x) & (lives["alive"] == 1)
        bought = lives["purchases"][chosen]
        error = bought.std() / np.sqrt(bought.size)
        assert abs(bought.mean() - mbgnbd.expected_purchases_if_alive(TRUTH, HORIZON, x, T)) < 4 * error
        chance = mbgnbd.probability_of_purchase(TRUTH, HORIZON, x, T)
        assert abs((bought > 0).mean() - chance) < 4 * np.sqrt(chance * (1 - chance) / bought.size)


def test_new_customers_buy_as_promised(lives):
    repeats = lives["frequency"]
    assert abs(repeats.mean() - mbgnbd.new_customer_purchases(TRUTH, T)) < 4 * repeats.std() / np.sqrt(repeats.size)


def test_the_fit_finds_the_truth_of_simulated_customers(lives):
    model = mbgnbd.fit(lives["frequency"][:20_000], lives["recency"][:20_000], T)
    away = (np.array(parameters(model)) - parameters(TRUTH)) / model.standard_errors
    assert (np.abs(away) < 4).all()


# --- relation to BG/NBD ---

sizes = st.floats(1e-3, 50)
shared = st.tuples(sizes, st.floats(1e-2, 1e3), sizes, sizes)


@FIXED
@given(shared=shared, x=st.integers(0, 300), T=st.floats(0, 1e3), share=st.floats(0, 1), t=st.floats(1e-3, 1e4))
def test_surviving_the_first_purchase_leaves_a_bg_customer_with_b_one_higher(shared, x, T, share, t):
    r, alpha, a, b = shared
    model, survivor = mbgnbd.MBGNBD(*shared), bgnbd.BGNBD(r, alpha, a, b + 1)
    recency = share * T if x else 0.0
    survives = b / (a + b)
    log_leaves = np.log(a / (a + b)) if x == 0 else -np.inf
    expected = np.logaddexp(np.log(survives) + bgnbd.log_likelihood(survivor, x, recency, T), log_leaves)
    np.testing.assert_allclose(mbgnbd.log_likelihood(model, x, recency, T), expected, rtol=1e-11, atol=1e-11)
    purchases = bgnbd.expected_purchases_if_alive(survivor, t, x, T)
    np.testing.assert_allclose(mbgnbd.expected_purchases_if_alive(model, t, x, T), purchases, rtol=1e-10)
    np.testing.assert_allclose(
        mbgnbd.new_customer_purchases(model, t), survives * bgnbd.new_customer_purchases(survivor, t), rtol=1e-10
    )


@FIXED
@given(shared=shared, T=st.floats(0, 1e3), more=st.floats(1, 1e3))
def test_a_one_time_buyer_fades_with_time(shared, T, more):
    model = mbgnbd.MBGNBD(*shared)
    now, later = mbgnbd.probability_alive(model, 0, 0, [T, T + more])
    assert 0 < later < now <= model.b / (model.a + model.b) * (1 + 1e-12)


def test_the_two_models_are_not_mistaken_for_each_other():
    assert bgnbd.BGNBD(*parameters(MODEL)) != MODEL
    written = mbgnbd.to_dict(MODEL, time_unit="week")
    assert written["model"] == "MBG/NBD"
    assert mbgnbd.from_dict(written) == MODEL
    with pytest.raises(ModelError, match="BG/NBD: the mapping is of the model MBG/NBD"):
        bgnbd.from_dict(written)
    with pytest.raises(ModelError, match="MBG/NBD: no repeat purchases among 2 customers"):
        mbgnbd.fit([0, 0], [0, 0], [39, 20])


# --- two summits ---


def small_base(seed):
    """Fifty-six customers of whom many leave at once and the others hardly ever."""
    random = np.random.default_rng(seed)
    T = random.uniform(140, 540, 56)
    who, when = mbgnbd.repeat_times(mbgnbd.MBGNBD(0.5, 60.0, 0.1, 0.1), T, random)
    frequency, recency = np.bincount(who, minlength=56).astype(float), np.zeros(56)
    np.maximum.at(recency, who, np.ceil(when))
    return frequency, recency, np.ceil(T)


@pytest.mark.parametrize(
    ("seed", "higher"),
    [
        (27, mbgnbd.MBGNBD(1.7359, 96.513, 0.2002, 0.1003)),  # .69 above the summit next to the first start
        (101, mbgnbd.MBGNBD(0.8185, 112.457, 1e-7, 1e-6)),  # .47 above, where drop-out was called not measurable
    ],
)
def test_the_higher_of_two_summits_is_found(seed, higher):
    history = small_base(seed)
    model = mbgnbd.fit(*history)
    assert model.converged
    assert model.log_likelihood > mbgnbd.log_likelihood(higher, *history).sum() - 0.05
    assert "no_measurable_dropout" not in model.flags
