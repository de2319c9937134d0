"""Discounted purchases against their definition, another quadrature, and the finite horizon."""

import numpy as np
import pytest
from scipy import integrate, special

from custlib.models import bgnbd, mbgnbd


@pytest.fixture(params=[bgnbd.BGNBD, mbgnbd.MBGNBD], ids=["bg", "mbg"])
def model(request):
    return request.param(0.243, 4.414, 0.793, 2.426)


@pytest.mark.parametrize("x", [0, 2, 30])
def test_residual_transactions_are_discounted_expected_purchases(model, x):
    delta = 0.0027

    def value(y):  # s = exp(y)
        s = np.exp(y)
        return delta * s * np.exp(-delta * s) * bgnbd.expected_purchases_if_alive(model, s, x, 38.86)

    identity, _ = integrate.quad(value, -20, np.log(45 / delta), epsabs=0, epsrel=1e-11, limit=200)
    found = bgnbd.residual_transactions_if_alive(model, delta, x, 38.86)
    assert found == pytest.approx(identity, rel=1e-9)


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
    found = bgnbd.residual_transactions(model, 2 * d, *at) + bgnbd.residual_pairs(model, d, *at)
    assert found == pytest.approx(alive * (square * weights).sum(), rel=1e-9)


def test_a_finite_horizon_lies_between_nothing_and_the_residual(model):
    t = np.array([0.0, 1, 52, 520, 5200, 52000])
    found = bgnbd.discounted_purchases_if_alive(model, t, 0.002, 3, 39)
    assert found[0] == 0
    assert (np.diff(found) > 0).all()
    assert found[-1] == pytest.approx(bgnbd.residual_transactions_if_alive(model, 0.002, 3, 39), rel=1e-12)
    plain = bgnbd.expected_purchases_if_alive(model, t, 3, 39)
    assert (found <= plain).all()
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
