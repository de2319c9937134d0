import numpy as np
import pytest

from custlib.models import bgnbd, bgnbd_likelihood, mbgnbd
from custlib.models.bgnbd_likelihood import Cells, likelihood, likelihood_without_dropout

HISTORIES = np.array([[0, 1, 2, 9, 0], [0, 4, 30, 36, 0], [39, 38, 38, 37, 20]], dtype=float)
WEIGHTS = np.array([5.0, 2.0, 1.0, 1.0, 3.0])
POINT = np.array([0.4, 0.6, 0.8, 2.4])


def differences(function, point, step=1e-5):
    """Central differences of a function of the parameters, one row for each parameter."""
    return np.array([(function(point + move) - function(point - move)) / (2 * step) for move in np.eye(4) * step])


@pytest.mark.parametrize("model", [bgnbd.BGNBD, mbgnbd.MBGNBD])
def test_value_is_the_sum_of_the_customers(model):
    cells = Cells.make(model, HISTORIES, WEIGHTS)
    r, alpha, a, b = POINT
    alone = bgnbd.log_likelihood(model(r, alpha * cells.scale, a, b), *HISTORIES)
    rescaled = float(HISTORIES[0] @ WEIGHTS) * np.log(cells.scale)  # x densities of time each
    assert likelihood(POINT, cells)[0] - rescaled == pytest.approx(alone @ WEIGHTS, rel=1e-13)


@pytest.mark.parametrize("model", [bgnbd.BGNBD, mbgnbd.MBGNBD])
@pytest.mark.parametrize("block", [8192, 2])
def test_derivatives_are_those_of_the_value(model, block, monkeypatch):
    monkeypatch.setattr(bgnbd_likelihood, "_BLOCK", block)
    cells = Cells.make(model, HISTORIES, WEIGHTS)
    _, gradient, hessian = likelihood(POINT, cells)
    np.testing.assert_allclose(gradient, differences(lambda p: likelihood(p, cells)[0], POINT), rtol=1e-7)
    np.testing.assert_allclose(hessian, differences(lambda p: likelihood(p, cells)[1], POINT), rtol=1e-6, atol=1e-8)


def test_without_dropout_is_the_limit_of_a_dropout_that_never_comes():
    cells = Cells.make(bgnbd.BGNBD, HISTORIES, WEIGHTS)
    value, gradient, hessian = likelihood_without_dropout(POINT[:2], cells)
    limit = likelihood(np.array([*POINT[:2], 1e-14, 1.0]), cells)
    assert value == pytest.approx(limit[0], abs=1e-9)
    np.testing.assert_allclose(gradient, limit[1][:2], rtol=1e-9)
    np.testing.assert_allclose(hessian, limit[2][:2, :2], rtol=1e-9)
