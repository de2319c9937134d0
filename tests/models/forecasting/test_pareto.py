"""Pareto/NBD forecasts: published figures, by hand, and the integrals by another quadrature."""

from itertools import pairwise

import numpy as np
import pytest
from scipy import integrate

from custlib.models import paretonbd
from custlib.models.forecasting import Histories, as_lifetime_model, next_purchase_quantile
from custlib.models.paretonbd import ParetoNBD

CDNOW = ParetoNBD(0.553, 10.578, 0.606, 11.669)  # weeks; Fader, Hardie and Lee (2005), published
HARD = [CDNOW, ParetoNBD(0.05, 0.5, 8.0, 2.0), ParetoNBD(6.0, 200.0, 0.1, 0.01), ParetoNBD(1.0, 10.0, 1.0, 10.0)]


def test_by_hand():
    # r = s = alpha = beta = 1, T = 1: P(alive) 2/5; within t = 2 ln 2 purchases, pairs 2/4 2 int u / (1 + u/2)
    model, one = as_lifetime_model(ParetoNBD(1, 1, 1, 1)), Histories.of(0, 0, 1)
    assert model.expected_purchases(one, 2.0).item() == pytest.approx(2 / 5 * np.log(2), rel=1e-13)
    square = 2 / 5 * (np.log(2) + 4 - 4 * np.log(2))
    assert model.squared_purchases(one, 2.0).item() == pytest.approx(square, rel=1e-13)
    # any purchase: 1/2 int (1 + u/2)^-2 (1 + u/2)^-1 = 1/2 (1 - 1/4)
    assert model.probability_of_purchase(one, 2.0).item() == pytest.approx(2 / 5 * 3 / 8, rel=1e-13)
    assert model.probability_alive(one, 2.0).item() == pytest.approx(2 / 5 / 2, rel=1e-13)
    # even in all time to come an active customer buys again in half of the cases only: 3/4 of those within 2
    assert model.probability_of_return(one).item() == pytest.approx(2 / 5 / 2, rel=1e-13)
    assert next_purchase_quantile(model, one, 3 / 4).item() == pytest.approx(2.0, rel=1e-9)


@pytest.mark.parametrize("fitted", HARD)
def test_who_ever_buys_again_is_the_limit_of_who_does_within_a_time(fitted):
    model, some = as_lifetime_model(fitted), Histories.of([0, 3, 9], [0, 20, 29], 30.0)
    np.testing.assert_allclose(model.probability_of_return(some), model.probability_of_purchase(some, 1e14), rtol=1e-6)


def test_cdnow(cdnow):
    model = as_lifetime_model(CDNOW)
    histories = Histories.of(*cdnow.history)
    assert model.expected_purchases(histories, 39).sum() == pytest.approx(1665.6, rel=1e-3)
    np.testing.assert_allclose(
        model.expected_purchases(histories, 39), paretonbd.expected_purchases(CDNOW, 39, *cdnow.history), rtol=1e-13
    )


@pytest.mark.parametrize("fitted", HARD)
def test_the_integrals_by_another_quadrature(fitted):
    x, recency, T, t, rate = 3.0, 20.0, 30.0, 200.0, 2e-3
    model, one = as_lifetime_model(fitted), Histories.of(x, recency, T)
    alive = model.probability_alive(one).item()
    pace, pairs = (fitted.r + x) / (fitted.alpha + T), (fitted.r + x) * (fitted.r + x + 1) / (fitted.alpha + T) ** 2

    def staying(u):
        return (1 + u / (fitted.beta + T)) ** -fitted.s

    def area(weigh, end):
        steps = np.append(0, np.geomspace(1e-3, end, 40))
        return sum(integrate.quad(lambda u: weigh(u) * staying(u), *ends, epsrel=1e-13)[0] for ends in pairwise(steps))

    silent = area(lambda u: (1 + u / (fitted.alpha + T)) ** (-fitted.r - x - 1), t)
    wanted = {
        "expected_purchases": pace * area(lambda u: 1.0, t),
        "squared_purchases": pace * area(lambda u: 1.0, t) + pairs * 2 * area(lambda u: u, t),
        "probability_of_purchase": pace * silent,
    }
    for name, value in wanted.items():
        assert getattr(model, name)(one, t).item() == pytest.approx(alive * value, rel=1e-11), name
    within = pace * area(lambda u: np.exp(-rate * u), t)
    assert model.discounted_purchases(one, t, rate).item() == pytest.approx(alive * within, rel=1e-11)
    ever = pace * area(lambda u: np.exp(-rate * u), 45 / rate)
    assert model.residual_transactions(one, rate).item() == pytest.approx(alive * ever, rel=1e-11)
    both = pairs * 2 * area(lambda u: np.exp(-rate * u) * -np.expm1(-rate * u) / rate, 45 / rate)
    assert model.residual_pairs(one, rate).item() == pytest.approx(alive * both, rel=1e-11)
