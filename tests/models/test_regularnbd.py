"""Regular buyers: k = 1 is BG/NBD, likelihood by hand, the expectation by simulation."""

import numpy as np
import pytest
from scipy import special

from custlib.errors import ModelError, UsageError
from custlib.models import bgnbd, mbgnbd, regularnbd
from custlib.models.regularnbd import RegularNBD

KINDS = [bgnbd.BGNBD, mbgnbd.MBGNBD]


# --- worked by hand ---


def test_two_ticks_by_hand():
    # k = 2, r = alpha = a = b = 1, one-time buyer, T = 1: no tick 1/2, one tick int l e^-l e^-l dl = 1/4.
    model = RegularNBD(2, bgnbd.BGNBD, 1, 1, 1, 1)
    assert regularnbd.probability_alive(model, 0, 0, 1) == 1
    terms = regularnbd._terms(bgnbd.BGNBD, 2, np.ones(4), np.array([[0.0], [0.0], [1.0]]))
    np.testing.assert_allclose(np.exp(terms[:, 0]), [1 / 2, 1 / 4, 0], rtol=1e-14)


# --- one tick is the model of `bgnbd` and `mbgnbd` ---


@pytest.mark.parametrize(("kind", "module"), [(bgnbd.BGNBD, bgnbd), (mbgnbd.MBGNBD, mbgnbd)])
def test_one_tick_is_purchasing_at_random(cdnow, kind, module):
    plain, result = module.fit(*cdnow.history), regularnbd.fit(kind, 1, *cdnow.history)
    names = ("r", "alpha", "a", "b")
    np.testing.assert_allclose([getattr(result, n) for n in names], [getattr(plain, n) for n in names], rtol=1e-8)
    assert result.log_likelihood == pytest.approx(plain.log_likelihood, abs=1e-6)
    np.testing.assert_allclose(result.standard_errors, plain.standard_errors, rtol=1e-6)
    np.testing.assert_allclose(
        regularnbd.expected_purchases(result, 39, *cdnow.history),
        module.expected_purchases(result.kind(*(getattr(result, n) for n in names)), 39, *cdnow.history), rtol=1e-9,
    )  # fmt: skip
    np.testing.assert_allclose(
        regularnbd.probability_alive(result, *cdnow.history), module.probability_alive(plain, *cdnow.history), rtol=1e-7
    )


def test_cdnow_buys_at_random(cdnow):
    fits = [regularnbd.fit(bgnbd.BGNBD, k, *cdnow.history) for k in (1, 2)]
    # two ticks forecast 1,466 of the 1,882 purchases, one tick 1,653
    totals = [regularnbd.expected_purchases(model, 39, *cdnow.history).sum() for model in fits]
    assert totals == pytest.approx([1653.4, 1466.1], abs=0.1)


# --- simulated customers ---


def histories(random, kind, k, parameters, age, horizon, n):
    """Customers step by step: a purchase with each k-th tick, then perhaps leaving. What was, and what came after."""
    r, alpha, a, b = parameters
    rate, leaving = random.gamma(r, 1 / alpha, n), random.beta(a, b, n)
    x, recency, logs, later, clock = np.zeros(n), np.zeros(n), np.zeros(n), np.zeros(n), np.zeros(n)
    there = random.random(n) >= leaving if kind.first_occasions else np.ones(n, bool)
    while there.any():
        who = np.flatnonzero(there)
        gap = random.gamma(k, 1 / rate[who])
        clock[who] += gap
        known = clock[who] <= age
        x[who] += known
        logs[who] += np.where(known, np.log(gap), 0)
        recency[who[known]] = clock[who[known]]
        later[who] += (clock[who] > age) & (clock[who] <= age + horizon)
        there[who] = (random.random(who.size) >= leaving[who]) & (clock[who] <= age + horizon)
    return x, recency, logs, later


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_the_expectation_and_the_fit_by_simulation(kind):
    random = np.random.default_rng(3)
    truth, age, horizon = (2.0, 3.0, 1.2, 3.0), 12.0, 10.0
    x, recency, logs, later = histories(random, kind, 3, truth, age, horizon, 60_000)
    model = RegularNBD(3, kind, *truth)
    expected = regularnbd.expected_purchases(model, horizon, x, recency, np.full(x.size, age))
    for group in (x == 0, x == 1, x == 2, x > 2):
        error = later[group].std() / np.sqrt(group.sum())
        assert expected[group].mean() == pytest.approx(later[group].mean(), abs=4.5 * error)
    part = [column[:6000] for column in (x, recency)]
    fits = [
        regularnbd.fit(kind, k, *part, np.full(6000, age), gap_log_sum=float(logs[:6000].sum())) for k in (1, 2, 3, 4)
    ]
    best = max(fits, key=lambda fitted: fitted.log_likelihood)
    assert best.k == 3
    result = np.array([best.r, best.alpha, best.a, best.b])
    assert (np.abs(result - truth) < 4 * best.standard_errors).all()


def test_the_gaps_make_likelihoods_of_different_ticks_compare():
    # one gap of 2 in T = 3, all parameters 1, nobody had another purchase: densities by hand for k = 1
    result = regularnbd.fit(bgnbd.BGNBD, 1, [1, 0, 2, 5], [2, 0, 3, 6], [3, 4, 5, 6])
    again = regularnbd.fit(bgnbd.BGNBD, 1, [1, 0, 2, 5], [2, 0, 3, 6], [3, 4, 5, 6], gap_log_sum=7.0)
    assert result.log_likelihood == again.log_likelihood
    two = [regularnbd.fit(bgnbd.BGNBD, 2, [1, 0, 2, 5], [2, 0, 3, 6], [3, 4, 5, 6], gap_log_sum=g) for g in (0.0, 7.0)]
    assert two[1].log_likelihood - two[0].log_likelihood == pytest.approx(7.0)


# --- errors ---


def test_faults_are_refused():
    with pytest.raises(UsageError, match="whole number from 1, got 0"):
        regularnbd.fit(bgnbd.BGNBD, 0, [1], [1], [2])
    with pytest.raises(ModelError, match="no repeat purchases"):
        regularnbd.fit(bgnbd.BGNBD, 2, [0], [0], [2])
    with pytest.raises(ModelError, match="alpha must be finite and above 0"):
        RegularNBD(2, bgnbd.BGNBD, 1, 0, 1, 1)


def test_the_terms_are_those_of_the_textbook():
    # BG with k = 2, x = 1: sum over ticks of Gamma(r + 2 + j) / (alpha + T)^(r + 2 + j) (T - t_x)^j, and having left
    r, alpha, a, b, recency, T = 0.7, 3.0, 0.9, 2.0, 4.0, 9.0
    here = [
        special.beta(a, b + 1) / special.beta(a, b) * special.gamma(r + 2 + j) * (T - recency) ** j
        / (alpha + T) ** (r + 2 + j) for j in (0, 1)
    ]  # fmt: skip
    left = special.beta(a + 1, b) / special.beta(a, b) * special.gamma(r + 2) / (alpha + recency) ** (r + 2)
    wanted = sum(here) / (sum(here) + left)
    model = RegularNBD(2, bgnbd.BGNBD, r, alpha, a, b)
    assert regularnbd.probability_alive(model, 1, recency, T) == pytest.approx(wanted, rel=1e-13)
