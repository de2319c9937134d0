"""Totals and where their variance comes from, by hand and by adding up customers."""

import numpy as np
import pytest

from custlib.models import bgnbd
from custlib.models.forecasting import (
    CellForecast,
    Histories,
    ModelAverage,
    as_lifetime_model,
    average,
    candidates,
    purchases_ahead,
    residual_ahead,
)
from custlib.models.mbgnbd import MBGNBD

BY_HAND = CellForecast(
    weights=np.array([0.25, 0.75]),
    means=np.array([[1.0, 2.0], [3.0, 2.0]]),
    chance=np.array([0.5, 1.0]),
    slopes=np.array([[1.0, -1.0]]),
    covariance=np.array([[4.0]]),
)


def test_a_total_by_hand():
    # ten customers of the first cell, five of the second: models say 20 and 40, the mean is 35
    total = BY_HAND.total([10, 5])
    assert total.mean == pytest.approx(35.0)
    assert total.chance == pytest.approx(10.0)
    assert total.parameters == pytest.approx(4 * 5.0**2)
    assert total.models == pytest.approx(0.25 * 15**2 + 0.75 * 5**2)
    assert total.variance == pytest.approx(10 + 100 + 75)


def test_the_spread_between_models_does_not_average_out():
    # of n customers chance grows as n, what is common to them as n squared
    one, many = BY_HAND.total([1, 0]), BY_HAND.total([100, 0])
    assert many.chance == pytest.approx(100 * one.chance)
    assert many.models == pytest.approx(100**2 * one.models)


def test_models_that_differ_in_cells_may_agree_on_the_whole():
    opposed = CellForecast(np.array([0.5, 0.5]), np.array([[1.0, 3.0], [3.0, 1.0]]), np.zeros(2), np.zeros((1, 2)),
                           np.zeros((1, 1)))  # fmt: skip
    assert opposed.total([1, 1]).models == 0
    assert opposed.total([1, 0]).models == pytest.approx(1.0)


def test_another_unit():
    total, money = BY_HAND.total([10, 5]), BY_HAND.scaled(20.0).total([10, 5])
    assert money.mean == pytest.approx(20 * total.mean)
    assert money.variance == pytest.approx(400 * total.variance)


def test_an_average_mixes_the_variances(cdnow):
    part = [column[::4] for column in cdnow.history]
    histories, customers = Histories.of(*part), np.ones(part[0].size)
    model = average(candidates(*part))
    whole = purchases_ahead(model, histories, 39.0).total(customers)
    alone = [(weight, purchases_ahead(member, histories, 39.0).total(customers)) for weight, member in model.members]
    assert len(alone) == 3
    for name in ("mean", "chance", "parameters"):
        assert getattr(whole, name) == pytest.approx(sum(w * getattr(total, name) for w, total in alone), rel=1e-10)
    assert whole.models == pytest.approx(sum(w * (total.mean - whole.mean) ** 2 for w, total in alone))
    assert whole.models > 0
    assert all(total.models == 0 for _, total in alone)
    assert whole.mean == pytest.approx(model.expected_purchases(histories, 39.0).sum())


def test_one_model_is_that_model(cdnow):
    fitted = bgnbd.fit(*cdnow.history)
    ahead = purchases_ahead(as_lifetime_model(fitted), Histories.of(*cdnow.history), 39.0)
    mean, square = (
        function(fitted, 39.0, *cdnow.history)
        for function in (bgnbd.expected_purchases, bgnbd.expected_squared_purchases)
    )
    np.testing.assert_allclose(ahead.mean, mean, rtol=1e-12)
    np.testing.assert_allclose(ahead.chance, square - mean**2, rtol=1e-9, atol=1e-12)
    total = ahead.total(np.ones(mean.size))
    assert total.mean == pytest.approx(1653.4, abs=0.1)
    # published: 1,882 purchases came, 12 % more, of which chance and parameters explain a good part
    assert np.sqrt(total.variance) == pytest.approx(107, rel=0.05)


def test_residual_totals():
    one, other = bgnbd.BGNBD(0.243, 4.414, 0.793, 2.426), MBGNBD(0.525, 6.183, 0.891, 1.614)
    model = ModelAverage(((0.5, as_lifetime_model(one)), (0.5, as_lifetime_model(other))))
    history = Histories.of(2, 30.43, 38.86)
    total = residual_ahead(model, history, 0.0027).total([1.0])
    assert total.mean == pytest.approx(model.residual_transactions(history, 0.0027).item())
    each = [part.residual_moments(history, 0.0027) for _, part in model.members]
    assert total.chance == pytest.approx(0.5 * sum(moments.variance.item() for moments in each))
