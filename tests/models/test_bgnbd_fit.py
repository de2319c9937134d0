"""The likelihood against differences; bases that identify little: the fit ends, says why, and keeps totals finite."""

import json

import numpy as np
import pytest

from custlib.models import bgnbd, bgnbd_fit, mbgnbd
from custlib.models.bgnbd_fit import Cells, likelihood, likelihood_without_dropout


@pytest.fixture(params=[bgnbd, mbgnbd], ids=["bg", "mbg"])
def kind(request):
    return request.param


def simulate(kind, customers, seed, *, dropout, rate=(0.5, 10.0)):
    """Draw purchase histories; dropout gives each customer's probability of leaving at an occasion."""
    rng = np.random.default_rng(seed)
    rows = []
    for _ in range(customers):
        T, scale, p = np.floor(rng.uniform(10, 100)), rng.gamma(rate[0], 1 / rate[1]), dropout(rng)
        x, last, now = 0, 0.0, rng.exponential(1 / scale)
        if kind is mbgnbd and rng.random() < p:
            now = np.inf
        while now <= T:
            x, last = x + 1, now
            if rng.random() < p:
                break
            now += rng.exponential(1 / scale)
        rows.append((x, last, T))
    return np.array(rows, dtype=float).T


def total_is_finite(model, history):
    totals = [
        bgnbd.expected_purchases(model, 52, *history).sum(),
        bgnbd.residual_transactions(model, 0.002, *history).sum(),
    ]
    return bool(np.isfinite(totals).all())


def test_nobody_drops_out(kind):
    history = simulate(kind, 500, 0, dropout=lambda rng: 0.0)
    model = kind.fit(*history)
    assert model.flags == ("no_measurable_dropout",)
    assert model.converged
    assert bgnbd.probability_alive(model, *history).min() > 0.999999
    assert np.isfinite(model.standard_errors[:2]).all()
    assert np.isnan(model.standard_errors[2:]).all()
    assert total_is_finite(model, history)
    flat = model.r + history[0]
    np.testing.assert_allclose(
        bgnbd.expected_purchases(model, 52, *history), flat * 52 / (model.alpha + history[2]), rtol=1e-6
    )
    assert json.dumps(kind.to_dict(model, time_unit="week"), allow_nan=False)


def test_without_dropout_most_samples_say_that_the_evidence_is_missing(kind):
    # a sample can show dropout by chance: a gain above 2 is a false alarm in a few of a hundred, BG and MBG alike
    missing = {"no_measurable_dropout", "weak_dropout"}
    histories = (simulate(kind, 300, seed, dropout=lambda rng: 0.0) for seed in range(40))
    flagged = sum(bool(missing & set(kind.fit(*history).flags)) for history in histories)
    assert flagged >= (36 if kind is bgnbd else 34)


def test_everybody_drops_out_alike(kind):
    history = simulate(kind, 1500, 2, dropout=lambda rng: 0.2, rate=(0.5, 5.0))
    model = kind.fit(*history)
    assert model.flags == ("dropout_homogeneous",)
    assert model.a / (model.a + model.b) == pytest.approx(0.2, abs=0.01)
    assert np.isfinite(model.standard_errors).tolist() == [True, True, False, False]
    assert total_is_finite(model, history)


def test_customers_leave_at_once_or_never(kind):
    history = simulate(kind, 1500, 0, dropout=lambda rng: float(rng.random() < 0.3), rate=(0.5, 5.0))
    model = kind.fit(*history)
    assert model.a < 0.01
    assert model.b < 0.01
    assert model.a / (model.a + model.b) == pytest.approx(0.3, abs=0.04)
    assert np.isfinite(model.standard_errors[:2]).all()
    assert total_is_finite(model, history)


def test_everybody_buys_at_the_same_rate(kind):
    history = simulate(kind, 500, 3, dropout=lambda rng: rng.beta(0.8, 2.4), rate=(1e6, 1e7))
    model = kind.fit(*history)
    assert model.r / model.alpha == pytest.approx(0.1, rel=0.1)
    assert model.r > 10
    assert "not_converged" not in model.flags
    assert total_is_finite(model, history)


def test_repeaters_only(kind):
    history = simulate(kind, 300, 3, dropout=lambda rng: rng.beta(0.8, 2.4))
    model = kind.fit(*history[:, history[0] > 0])
    assert "repeaters_only" in model.flags
    assert model.converged


def test_many_were_not_observed(kind):
    history = np.concatenate([simulate(kind, 300, 3, dropout=lambda rng: 0.2), np.zeros((3, 100))], axis=1)
    assert "zero_observation_share" in kind.fit(*history).flags


@pytest.mark.parametrize("recency", [3.0, 30.0])
def test_one_customer(kind, recency):
    model = kind.fit([5], [recency], [39])
    assert "one_customer" in model.flags
    assert total_is_finite(model, (5, recency, 39))


def test_one_heavy_customer_among_sixty(kind):
    history = simulate(kind, 60, 1, dropout=lambda rng: rng.beta(0.8, 2.4), rate=(0.05, 5.0))
    history[:, 0] = 400, 95, 100
    model = kind.fit(*history)
    assert model.converged
    assert total_is_finite(model, history)


def test_a_single_repeat_purchase(kind):
    history = np.zeros((3, 60))
    history[2] = 50
    history[:, 0] = 1, 49, 50
    model = kind.fit(*history)
    assert model.flags
    assert total_is_finite(model, history)


def test_repeats_on_the_first_day_have_no_maximum_and_say_so(kind):
    model = kind.fit([3, 0, 1], [0, 0, 2], [39, 39, 20])
    assert "not_converged" in model.flags
    assert not model.converged
    assert total_is_finite(model, (np.array([3, 0, 1]), np.array([0, 0, 2]), np.array([39, 39, 20])))


@pytest.mark.slow
def test_small_bases_of_any_kind_end_with_finite_totals(kind):
    for seed in range(300):
        rng = np.random.default_rng(seed)
        size = rng.integers(1, 12)
        T = rng.integers(1, 50, size).astype(float)
        x = rng.geometric(rng.uniform(0.05, 0.9), size) - 1.0
        recency = np.where(x > 0, np.maximum(1, np.floor(T * rng.random(size))), 0.0)
        if x.any():
            model = kind.fit(x, recency, T)
            assert total_is_finite(model, (x, recency, T))
            assert model.flags or np.isfinite(model.standard_errors).all()


HISTORIES = np.array([[0, 1, 2, 9, 0], [0, 4, 30, 36, 0], [39, 38, 38, 37, 20]], dtype=float)
WEIGHTS = np.array([5.0, 2.0, 1.0, 1.0, 3.0])
POINT = np.array([0.4, 0.6, 0.8, 2.4])


def differences(function, point, step=1e-5):
    """Central differences of a function of the parameters, one row for each parameter."""
    return np.array([(function(point + move) - function(point - move)) / (2 * step) for move in np.eye(4) * step])


@pytest.mark.parametrize("model", [bgnbd.BGNBD, mbgnbd.MBGNBD])
def test_value_is_the_sum_of_the_customers(model):
    cells = Cells.of(model, HISTORIES, WEIGHTS)
    r, alpha, a, b = POINT
    alone = bgnbd.log_likelihood(model(r, alpha * cells.scale, a, b), *HISTORIES)
    rescaled = float(HISTORIES[0] @ WEIGHTS) * np.log(cells.scale)  # x densities of time each
    assert likelihood(POINT, cells)[0] - rescaled == pytest.approx(alone @ WEIGHTS, rel=1e-13)


@pytest.mark.parametrize("model", [bgnbd.BGNBD, mbgnbd.MBGNBD])
@pytest.mark.parametrize("block", [8192, 2])
def test_derivatives_are_those_of_the_value(model, block, monkeypatch):
    monkeypatch.setattr(bgnbd_fit, "_BLOCK", block)
    cells = Cells.of(model, HISTORIES, WEIGHTS)
    _, gradient, hessian = likelihood(POINT, cells)
    np.testing.assert_allclose(gradient, differences(lambda p: likelihood(p, cells)[0], POINT), rtol=1e-7)
    np.testing.assert_allclose(hessian, differences(lambda p: likelihood(p, cells)[1], POINT), rtol=1e-6, atol=1e-8)


def test_without_dropout_is_the_limit_of_a_dropout_that_never_comes():
    cells = Cells.of(bgnbd.BGNBD, HISTORIES, WEIGHTS)
    value, gradient, hessian = likelihood_without_dropout(POINT[:2], cells)
    limit = likelihood(np.array([*POINT[:2], 1e-14, 1.0]), cells)
    assert value == pytest.approx(limit[0], abs=1e-9)
    np.testing.assert_allclose(gradient, limit[1][:2], rtol=1e-9)
    np.testing.assert_allclose(hessian, limit[2][:2, :2], rtol=1e-9)
