import numpy as np
import pytest
from scipy import special

from custlib.models.cells import merge_rows
from custlib.models.newton import identified_covariance, maximise
from custlib.models.quadrature import beta_nodes, horizon_nodes, interpolate_positive


@pytest.mark.parametrize("a", [1e-12, 1e-6, 0.01, 0.8, 1.0, 2.0, 50.0, 1e6])
@pytest.mark.parametrize("b", [0.05, 1.0, 30.0, 1000.0, 2e4])
def test_moments_of_the_beta_distribution(a, b):
    p, weights = beta_nodes(a, [b])
    assert weights.sum() == pytest.approx(1, rel=1e-14)
    assert (p * weights).sum() == pytest.approx(a / (a + b), rel=1e-10)
    second = a * (a + 1) / ((a + b) * (a + b + 1))
    assert (p**2 * weights).sum() == pytest.approx(second, rel=1e-10)


@pytest.mark.parametrize("rate", [0.0, 1.0, 40.0, 1e4])
def test_exponentials_over_a_horizon(rate):
    s, weights = horizon_nodes([1 + rate])
    exact = -np.expm1(-rate) / rate if rate else 1.0
    assert (np.exp(-rate * s) * weights).sum() == pytest.approx(exact, rel=1e-12)


def test_interpolation_of_a_function_smooth_in_the_logarithm():
    def function(u):
        return special.exp1(1 / (1 + u)) + u

    def interpolated(at):
        return interpolate_positive(lambda x, _: function(x), at, np.zeros(at.size, dtype=int))

    at = np.geomspace(1e-3, 1e4, 4000)
    np.testing.assert_allclose(interpolated(at), function(at), rtol=1e-12)
    np.testing.assert_array_equal(interpolated(at[:5]), function(at[:5]))
    np.testing.assert_array_equal(interpolated(np.full(9, 2.0)), function(np.full(9, 2.0)))
    assert interpolated(at[:0]).shape == (0,)


def test_several_functions_are_interpolated_in_one_call():
    calls = []

    def power(x, which):
        calls.append(x.size)
        return x ** np.array([0.5, 1.5, -1.0])[which]

    at, which = np.geomspace(1e-2, 1e2, 3001), np.arange(3001) % 3
    np.testing.assert_allclose(interpolate_positive(power, at, which), power(at, which), rtol=1e-12)
    assert len(calls) == 2
    assert calls[0] < 400


def test_merging_adds_weights_and_drops_what_weighs_nothing():
    rows, weights = merge_rows(np.array([[1.0, 0, 1, 5], [2, 0, 2, 5]]), np.array([1.0, 2, 3, 0]))
    np.testing.assert_array_equal(rows, [[0, 1], [0, 2]])
    np.testing.assert_array_equal(weights, [2, 4])


def test_newton_stops_on_a_ridge_and_says_what_is_identified():
    def objective(p):  # the first parameter has its maximum at 2, the second grows for ever smaller gains
        value = -((np.log(p[0] / 2)) ** 2) * 50 - 1 / p[1]
        gradient = np.array([-100 * np.log(p[0] / 2) / p[0], p[1] ** -2])
        hessian = np.diag([-100 * (1 - np.log(p[0] / 2)) / p[0] ** 2, -2 * p[1] ** -3])
        return value, gradient, hessian

    optimum = maximise(objective, np.array([1.0, 1.0]), customers=100)
    assert optimum.ridge
    assert optimum.converged
    covariance = identified_covariance(optimum)
    assert covariance[0, 0] == pytest.approx(4 / 100, rel=1e-3)
    assert np.isnan(covariance[1, 1])
