"""Counts, simulation and discounted purchases against hand, published figures, and each other."""

import numpy as np
import pytest
from scipy import integrate, special

from custlib.errors import TableError
from custlib.models import bgnbd, mbgnbd
from custlib.models.bgnbd import purchase_count_probability, repeat_times

BG = bgnbd.BGNBD(0.243, 4.414, 0.793, 2.426)
MBG = mbgnbd.MBGNBD(0.525, 6.183, 0.891, 1.614)


def test_nobody_and_one_by_hand():
    # r = alpha = a = b = 1, T = 1: silent 1/2, at least one 1/2, at least two 1/4; the first repeat keeps half.
    # BG: one = here (1/2)(1/2 - 1/4) + left (1/2)(1/2)
    result = purchase_count_probability(bgnbd.BGNBD(1, 1, 1, 1), [0, 1], 1)
    np.testing.assert_allclose(result, [1 / 2, 1 / 8 + 1 / 4], rtol=1e-14)
    # MBG: nobody = left at once 1/2, or here 1/2 and silent 1/2
    assert purchase_count_probability(mbgnbd.MBGNBD(1, 1, 1, 1), 0, 1) == pytest.approx(3 / 4, rel=1e-14)


def test_the_published_chance_of_no_repeat_purchase():
    assert purchase_count_probability(BG, 0, 39) == pytest.approx(0.5737864, abs=5e-8)


@pytest.mark.parametrize("model", [BG, MBG], ids=["BG", "MBG"])
@pytest.mark.parametrize("age", [0, 0.5, 39, 400])
def test_they_sum_to_one_and_have_the_mean_of_the_forecast(model, age):
    n = np.arange(4000)
    chance = purchase_count_probability(model, n, age)
    assert (chance >= -1e-15).all()
    assert chance.sum() == pytest.approx(1, abs=1e-8)
    assert chance @ n == pytest.approx(float(bgnbd.new_customer_purchases(model, age)), rel=1e-4, abs=1e-12)


def test_the_published_fit_of_the_calibration_counts(cdnow):
    # Fader, Hardie and Lee (2005), section 4: chi-squared 4.82 with 3 degrees of freedom on the groups 0 to 6, 7+
    model = bgnbd.fit(*cdnow.history)
    chance = np.array([purchase_count_probability(model, n, cdnow.T).sum() for n in range(7)])
    expected = np.append(chance, cdnow.T.size - chance.sum())
    actual = np.array([(np.minimum(cdnow.frequency, 7) == n).sum() for n in range(8)])
    assert ((actual - expected) ** 2 / expected).sum() == pytest.approx(4.82, abs=0.02)


def test_part_of_a_purchase_is_refused():
    with pytest.raises(TableError, match="frequency is not whole"):
        purchase_count_probability(BG, 0.5, 39)


MODELS = [bgnbd.BGNBD(0.8, 20.0, 0.9, 2.5), mbgnbd.MBGNBD(0.8, 20.0, 0.9, 2.5)]


@pytest.mark.parametrize("model", MODELS, ids=["BG", "MBG"])
def test_the_mean_is_that_of_the_model(model):
    who, when = repeat_times(model, np.full(200_000, 90.0), np.random.default_rng(0))
    counts = np.bincount(who, minlength=200_000)
    wanted = float(bgnbd.new_customer_purchases(model, 90))
    assert counts.mean() == pytest.approx(wanted, abs=5 * counts.std() / 200_000**0.5)
    assert (when > 0).all()
    assert when.max() <= 90


@pytest.mark.parametrize("model", MODELS, ids=["BG", "MBG"])
def test_the_fit_finds_the_truth(model):
    span = np.linspace(50, 400, 20_000)
    who, when = repeat_times(model, span, np.random.default_rng(1))
    frequency = np.bincount(who, minlength=span.size)
    recency = np.zeros(span.size)
    np.maximum.at(recency, who, when)
    fitted = (bgnbd if model.first_occasions == 0 else mbgnbd).fit(frequency, recency, span)
    result, truth = (np.array([m.r, m.alpha, m.a, m.b]) for m in (fitted, model))
    assert (np.abs(result - truth) < 4 * fitted.standard_errors).all()


def test_nobody_watched_buys_nothing():
    who, when = repeat_times(MODELS[0], np.zeros(5), np.random.default_rng(0))
    assert who.size == when.size == 0


@pytest.fixture(params=[bgnbd.BGNBD, mbgnbd.MBGNBD], ids=["bg", "mbg"])
def model(request):
    return request.param(0.243, 4.414, 0.793, 2.426)


@pytest.mark.parametrize("x", [0, 2, 30])
@pytest.mark.sampled
def test_residual_transactions_are_discounted_expected_purchases(model, x):
    delta = 0.0027

    def value(y):  # s = exp(y)
        s = np.exp(y)
        return delta * s * np.exp(-delta * s) * bgnbd.expected_purchases_if_alive(model, s, x, 38.86)

    identity, _ = integrate.quad(value, -20, np.log(45 / delta), epsabs=0, epsrel=1e-11, limit=200)
    result = bgnbd.residual_transactions_if_alive(model, delta, x, 38.86)
    assert result == pytest.approx(identity, rel=1e-9)


def test_residual_transactions_agree_with_the_second_quadrature(model):
    # s = exp(y - exp(-y)) / delta over 72 nodes, another rule than the one in use
    from custlib.models.quadrature import beta_nodes

    y, step = np.linspace(-3.7, 3.75, 72, retstep=True)
    s = np.exp(y - np.exp(-y))
    p, weights = beta_nodes(model.a, [model.b + 5 + model.first_occasions], count=400)
    reach = 1 / (0.002 * (model.alpha + 50))
    inner = (1 + reach * np.outer(s, p[0])) ** -(model.r + 6) @ weights[0]
    second = (model.r + 5) * reach * (step * s * (1 + np.exp(-y)) * np.exp(-s) * inner).sum()
    assert bgnbd.residual_transactions_if_alive(model, 0.002, 5, 50) == pytest.approx(second, rel=1e-13)


@pytest.mark.parametrize("kind", [bgnbd.BGNBD, mbgnbd.MBGNBD])
def test_residual_pairs_are_the_mean_of_what_is_known_given_rate_and_drop_out(kind):
    # given a rate l and a chance p: E D = l / (d + l p), E D^2 = l (1 + 2 (1 - p) E D) / (2 d + l p)
    model, d, x, T = kind(3.0, 40.0, 2.0, 3.0), 0.01, 4, 100.0
    rate, of_rate = special.roots_genlaguerre(80, model.r + x - 1)
    drop, of_drop = special.roots_sh_jacobi(80, model.a + model.b + 4 + model.first_occasions - 1, model.a)
    rate, weights = rate[:, None] / (model.alpha + T), np.outer(of_rate / of_rate.sum(), of_drop / of_drop.sum())
    mean = rate / (d + rate * drop)
    square = rate * (1 + 2 * (1 - drop) * mean) / (2 * d + rate * drop)
    at = (x, T, T)  # bought on the last day
    alive = bgnbd.probability_alive(model, *at)
    assert bgnbd.residual_transactions(model, d, *at) == pytest.approx(alive * (mean * weights).sum(), rel=1e-9)
    result = bgnbd.residual_transactions(model, 2 * d, *at) + bgnbd.residual_pairs(model, d, *at)
    assert result == pytest.approx(alive * (square * weights).sum(), rel=1e-9)


def test_a_finite_horizon_lies_between_nothing_and_the_residual(model):
    t = np.array([0.0, 1, 52, 520, 5200, 52000])
    result = bgnbd.discounted_purchases_if_alive(model, t, 0.002, 3, 39)
    assert result[0] == 0
    assert (np.diff(result) > 0).all()
    assert result[-1] == pytest.approx(bgnbd.residual_transactions_if_alive(model, 0.002, 3, 39), rel=1e-12)
    plain = bgnbd.expected_purchases_if_alive(model, t, 3, 39)
    assert (result <= plain).all()
    np.testing.assert_allclose(bgnbd.discounted_purchases_if_alive(model, t, 0, 3, 39), plain, rtol=1e-12)


def test_the_finite_horizon_is_the_integral_of_its_definition(model):
    t, delta = 104.0, 0.01

    def value(s):
        return delta * np.exp(-delta * s) * bgnbd.expected_purchases_if_alive(model, s, 3, 39)

    whole = integrate.quad(value, 0, t, epsrel=1e-11)[0]
    whole += np.exp(-delta * t) * bgnbd.expected_purchases_if_alive(model, t, 3, 39)
    assert bgnbd.discounted_purchases_if_alive(model, t, delta, 3, 39) == pytest.approx(whole, rel=1e-10)


def test_a_long_table_equals_its_rows(model):
    rng = np.random.default_rng(7)
    x, T = rng.integers(0, 4, 3000).astype(float), rng.integers(0, 3000, 3000).astype(float)
    table = bgnbd.residual_transactions_if_alive(model, 0.0003, x, T)
    picked = rng.integers(0, 3000, 25)
    alone = [bgnbd.residual_transactions_if_alive(model, 0.0003, x[i], T[i]) for i in picked]
    np.testing.assert_allclose(table[picked], alone, rtol=1e-12)
