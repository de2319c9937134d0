"""Pareto/NBD against hand, published figures, and its likelihood by another quadrature."""

from itertools import pairwise

import numpy as np
import pytest
from scipy import integrate, special

from custlib.errors import ModelError, TableError
from custlib.models import mbgnbd, paretonbd
from custlib.models.paretonbd import ParetoNBD

MODEL = ParetoNBD(0.553, 10.578, 0.606, 11.669)
HARD = [
    (0, 0, 38.86), (2, 30.43, 38.86), (29, 3, 38), (300, 10, 38), (1, 0.1, 1000), (0, 0, 5000), (5, 0.001, 2000),
    (1000, 0.5, 3000), (3, 5, 5), (0, 0, 0),
]  # fmt: skip


def parameters(model):
    return [model.r, model.alpha, model.s, model.beta]


# --- worked by hand ---


def test_a_one_time_buyer_by_hand():
    # r = s = alpha = beta = 1, T = 1: here and silent 1/2 1/2; left at u and silent till then: int du / (1 + u)^3
    model = ParetoNBD(1, 1, 1, 1)
    assert np.exp(paretonbd.log_likelihood(model, 0, 0, 1)) == pytest.approx(1 / 4 + 3 / 8, rel=1e-13)
    assert paretonbd.probability_alive(model, 0, 0, 1) == pytest.approx(2 / 5, rel=1e-13)
    # rho (beta + T) / (alpha + T) ln((beta + T + t) / (beta + T)), times P(alive): 2/5 ln 2
    assert paretonbd.expected_purchases(model, 2, 0, 0, 1) == pytest.approx(2 / 5 * np.log(2), rel=1e-13)


# --- published figures ---


def test_cdnow(cdnow):
    model = paretonbd.fit(*cdnow.history)
    # the published maximum (.55315 10.57633 .60625 11.67150) is 5e-6 below this one
    np.testing.assert_allclose(parameters(model), [0.55315, 10.57633, 0.60625, 11.67150], rtol=3e-4)
    assert model.log_likelihood == pytest.approx(-9594.976, abs=5e-4)
    published = ParetoNBD(0.55315, 10.57633, 0.60625, 11.67150)
    assert paretonbd.log_likelihood(published, *cdnow.history).sum() < model.log_likelihood
    np.testing.assert_allclose(model.standard_errors, [0.0476, 0.8427, 0.1873, 6.2105], rtol=1e-3)
    assert model.converged
    assert model.flags == ()
    assert model.gradient_norm < 1e-12
    total = paretonbd.expected_purchases(model, 39, *cdnow.history).sum()
    assert total == pytest.approx(1665.6, abs=0.15)


# --- the definition ---


def likelihood_by_definition(model, x, recency, T):
    """The textbook integral over the moment of leaving, piece by piece."""

    def left(u):
        fading = np.log(model.s / model.beta) - (model.s + 1) * np.log1p(u / model.beta)
        return np.exp(fading - (model.r + x) * np.log((model.alpha + u) / (model.alpha + recency)))

    steps = recency + np.append(0, np.geomspace((T - recency) * 1e-7, T - recency, 30)) if recency < T else [T]
    gone = sum(integrate.quad(left, *ends, epsabs=0, epsrel=1e-13, limit=200)[0] for ends in pairwise(steps))
    here = -(model.r + x) * np.log((model.alpha + T) / (model.alpha + recency)) - model.s * np.log1p(T / model.beta)
    base = special.gammaln(model.r + x) - special.gammaln(model.r) + model.r * np.log(model.alpha)
    return base - (model.r + x) * np.log(model.alpha + recency) + np.log(gone + np.exp(here))


@pytest.mark.parametrize("model", [MODEL, ParetoNBD(0.55, 0.01, 0.6, 0.01), ParetoNBD(3, 200, 2, 50),
                                   ParetoNBD(0.55, 10, 0.6, 1e-3)])  # fmt: skip
def test_the_likelihood_by_definition(model):
    for x, recency, T in HARD:
        wanted = likelihood_by_definition(model, x, recency, T)
        assert float(paretonbd.log_likelihood(model, x, recency, T)) == pytest.approx(wanted, abs=1e-10)


def test_the_expectation_by_simulation():
    random = np.random.default_rng(0)
    model, age, horizon, n = ParetoNBD(2.0, 10.0, 1.5, 20.0), 12.0, 10.0, 400_000
    rate, gone = (
        random.gamma(model.r, 1 / model.alpha, n),
        random.exponential(1, n) / random.gamma(model.s, 1 / model.beta, n),
    )
    bought = random.poisson(rate * np.minimum(gone, age))
    silent = bought == 0  # their whole history is known: no purchase, recency 0
    later = random.poisson(rate * np.clip(gone - age, 0, horizon))[silent]
    result = paretonbd.expected_purchases(model, horizon, 0, 0, age)
    assert result == pytest.approx(later.mean(), abs=5 * later.std() / np.sqrt(later.size))
    assert paretonbd.probability_alive(model, 0, 0, age) == pytest.approx((gone[silent] > age).mean(), abs=0.01)


# --- properties ---


def test_the_unit_of_time_changes_only_alpha_and_beta(cdnow):
    weeks, days = paretonbd.fit(*cdnow.history), paretonbd.fit(cdnow.frequency, cdnow.recency * 7, cdnow.T * 7)
    np.testing.assert_allclose(parameters(days), np.array(parameters(weeks)) * [1, 7, 1, 7], rtol=1e-8)
    np.testing.assert_allclose(days.standard_errors, weeks.standard_errors * [1, 7, 1, 7], rtol=1e-6)
    repeats = cdnow.frequency.sum()
    assert days.log_likelihood == pytest.approx(weeks.log_likelihood - repeats * np.log(7), abs=1e-6)


def test_rows_with_weights_are_rows_repeated(cdnow):
    part = [column[:300] for column in cdnow.history]
    once = paretonbd.fit(*[np.repeat(column, 2) for column in part])
    assert parameters(once) == parameters(paretonbd.fit(*part, np.full(300, 2.0)))


# --- the search ---


def test_the_higher_of_two_summits_is_found():
    # half of the customers leave at once: a beta near 0, 3.4 above the summit of customers who leave at like rates
    random, n = np.random.default_rng(3), 1000
    T = random.uniform(140, 540, n)
    who, when = mbgnbd.repeat_times(mbgnbd.MBGNBD(0.5, 60.0, 0.1, 0.1), T, random)
    frequency, recency = np.bincount(who, minlength=n).astype(float), np.zeros(n)
    np.maximum.at(recency, who, np.ceil(when))
    history = frequency, recency, np.ceil(T)
    model = paretonbd.fit(*history)
    higher = ParetoNBD(0.6212, 79.695, 0.04353, 2.37e-7)
    assert model.log_likelihood > paretonbd.log_likelihood(higher, *history).sum() - 1e-3


def test_a_model_that_is_near_saves_time(cdnow):
    cold = paretonbd.fit(*cdnow.history)
    warm = paretonbd.fit(*cdnow.history, start=ParetoNBD(0.6, 11.0, 0.55, 10.0))
    np.testing.assert_allclose(parameters(warm), parameters(cold), rtol=1e-8)
    assert warm.evaluations < cold.evaluations
    # in another unit of time the start is restated with the customers
    days = paretonbd.fit(cdnow.frequency, cdnow.recency * 7, cdnow.T * 7, start=ParetoNBD(0.6, 77.0, 0.55, 70.0))
    assert days.evaluations == warm.evaluations


def test_the_derivatives_by_differences(cdnow):
    rows = np.stack([column[:200] for column in cdnow.history])
    point, weights = np.array([0.6, 9.0, 0.8, 12.0]), np.linspace(1, 3, 200)
    value, gradient, hessian = paretonbd._likelihood(point, rows, weights)
    assert value == pytest.approx(paretonbd.log_likelihood(ParetoNBD(*point), *rows) @ weights, rel=1e-12)
    for place, step in enumerate(np.diag(point * 1e-5)):
        up, down = (paretonbd._likelihood(point + sign * step, rows, weights) for sign in (1, -1))
        size = 2 * step[place]
        assert (up[0] - down[0]) / size == pytest.approx(gradient[place], rel=1e-5)
        np.testing.assert_allclose((up[1] - down[1]) / size, hessian[place], rtol=1e-5, atol=1e-6)


# --- errors ---


def test_a_base_without_repeat_purchases_is_refused():
    with pytest.raises(ModelError, match="no repeat purchases"):
        paretonbd.fit([0, 0], [0, 0], [3, 4])


def test_parameters_that_are_none_are_refused():
    with pytest.raises(ModelError, match="beta must be finite and above 0, got -1"):
        ParetoNBD(1, 1, 1, -1)


def test_histories_that_are_none_are_refused():
    with pytest.raises(TableError, match="recency is above T"):
        paretonbd.log_likelihood(MODEL, 1, 5, 4)
