"""Forecasts of regular buyers: with one tick those of BG/NBD and MBG/NBD, with more by hand and by definition."""

import numpy as np
import pytest
from scipy import stats

from custlib.models.bgnbd import BGNBD
from custlib.models.forecasting import Histories, as_lifetime_model
from custlib.models.mbgnbd import MBGNBD
from custlib.models.regularnbd import RegularNBD

PARAMETERS = (0.6, 60.0, 0.9, 3.0)


@pytest.fixture(scope="module")
def histories():
    random = np.random.default_rng(0)
    x, T = random.integers(0, 30, 200).astype(float), random.integers(1, 500, 200).astype(float)
    return Histories.of(x, np.where(x > 0, np.floor(T * random.beta(1, 0.5, 200)), 0.0), T)


@pytest.mark.parametrize("kind", [BGNBD, MBGNBD])
def test_one_tick_is_purchasing_at_random(kind, histories):
    plain, result = as_lifetime_model(kind(*PARAMETERS)), as_lifetime_model(RegularNBD(1, kind, *PARAMETERS))
    for name, options in (
        ("probability_alive", ()), ("probability_alive", (50.0,)), ("expected_purchases", (180.0,)),
        ("squared_purchases", (180.0,)), ("probability_of_purchase", (90.0,)),
        ("discounted_purchases", (365.0, 3e-4)), ("residual_transactions", (3e-4,)), ("residual_pairs", (3e-4,)),
        ("probability_of_return", ()),
    ):  # fmt: skip
        wanted = getattr(plain, name)(histories, *options)
        np.testing.assert_allclose(getattr(result, name)(histories, *options), wanted, rtol=1e-10, err_msg=name)


def test_two_ticks_by_hand():
    # two ticks, r = alpha = a = b = 1, one-time buyer, T = 1: tick 0 has 2/3, tick 1 has 1/3
    model, one = as_lifetime_model(RegularNBD(2, BGNBD, 1, 1, 1, 1)), Histories.of(0, 0, 1)
    # in t = 2 two ticks of rate ~ Gamma(1, 2): (2/4)^2; or one of rate ~ Gamma(2, 2): 1 - (2/4)^2
    assert model.probability_of_purchase(one, 2.0).item() == pytest.approx(2 / 3 / 4 + 1 / 3 * 3 / 4, rel=1e-14)


def test_the_moments_by_definition():
    # given lambda, with nobody leaving, two purchases from tick 1 of 3 need 2 and 5 ticks: Poisson tails
    model, one = as_lifetime_model(RegularNBD(3, BGNBD, 400.0, 4000.0, 1e-9, 1.0)), Histories.of(0, 0, 5.0)
    ticks = np.arange(200)
    states = stats.nbinom.pmf(np.arange(3), 400, 4000 / 4005)
    wanted = 0.0
    for tick, share in enumerate(states / states.sum()):
        came = stats.nbinom.pmf(ticks, 400 + tick, 4005 / (4005 + 40.0))
        wanted += share * came @ ((ticks + tick) // 3) ** 2
    assert model.squared_purchases(one, 40.0).item() == pytest.approx(wanted, rel=1e-7)


def test_the_label_has_the_ticks():
    assert as_lifetime_model(RegularNBD(3, MBGNBD, *PARAMETERS)).label == "MBG/CNBD-3"
