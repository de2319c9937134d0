"""Weights by hand; an average of one is that one; an average is the mean of its parts."""

import numpy as np
import pytest

from custlib.errors import ModelError, UsageError
from custlib.models.bgnbd import BGNBD
from custlib.models.forecasting import (
    Histories,
    ModelAverage,
    as_lifetime_model,
    average,
    next_purchase_quantile,
    slopes,
    weights,
)
from custlib.models.mbgnbd import MBGNBD
from custlib.models.paretonbd import ParetoNBD

THREE = Histories.of([0, 2, 7], [0, 20, 80], [30, 60, 100])
CALLS = [
    ("probability_alive", ()), ("probability_alive", (30.0,)), ("expected_purchases", (60.0,)),
    ("squared_purchases", (60.0,)), ("probability_of_purchase", (60.0,)), ("discounted_purchases", (60.0, 1e-3)),
    ("residual_transactions", (1e-3,)), ("residual_pairs", (1e-3,)), ("probability_of_return", ()),
]  # fmt: skip


def model_of(value, kind=BGNBD, customers=None):
    fit = {"log_likelihood": value, "log_covariance": np.eye(4) / 100, "customers": customers}
    return as_lifetime_model(kind(1.2, 30.0, 0.8, 3.0, **fit))


# --- worked by hand ---


def test_the_weights_by_hand():
    # AIC 10 apart: exp(-1/2) to 1; equal: the same
    np.testing.assert_allclose(weights([model_of(-100.0), model_of(-105.0)]), np.array([1, np.exp(-0.5)]) / 1.60653066)
    np.testing.assert_allclose(weights([model_of(-7e5), model_of(-7e5)]), [0.5, 0.5])


def test_more_customers_than_2500_decide_no_more_than_2500():
    """AIC 100 apart by 25,000 customers is 10 apart by 2,500."""
    by_number = {
        customers: weights([model_of(-100.0, customers=customers), model_of(-150.0, customers=customers)])
        for customers in (300.0, 2_500.0, 25_000.0)
    }
    np.testing.assert_allclose(by_number[300.0], np.array([1, np.exp(-5)]) / (1 + np.exp(-5)))
    np.testing.assert_allclose(by_number[2_500.0], by_number[300.0])
    np.testing.assert_allclose(by_number[25_000.0], np.array([1, np.exp(-0.5)]) / 1.60653066)


def test_an_average_is_of_as_many_customers_as_its_models():
    both = average([model_of(-100.0, customers=400.0), model_of(-101.0, MBGNBD, customers=400.0)])
    assert both.customers == 400.0


def test_the_parts_by_hand():
    one, other = model_of(-100.0), model_of(-104.0, MBGNBD)
    both = ModelAverage(((0.25, one), (0.75, other)))
    for name, options in CALLS:
        wanted = 0.25 * getattr(one, name)(THREE, *options) + 0.75 * getattr(other, name)(THREE, *options)
        np.testing.assert_allclose(getattr(both, name)(THREE, *options), wanted, rtol=1e-14, err_msg=name)
    moments = both.purchase_moments(THREE, 60.0)
    within = 0.25 * one.purchase_moments(THREE, 60.0).variance + 0.75 * other.purchase_moments(THREE, 60.0).variance
    np.testing.assert_allclose(moments.variance, within)
    # what the models disagree about is in the square of the mixture, not in the variance within models
    assert (moments.square - moments.mean**2 > moments.variance).all()
    assert both.log_likelihood == pytest.approx(np.log(0.25 * np.exp(-100) + 0.75 * np.exp(-104)))
    assert both.label == "average of MBG/NBD and BG/NBD"


def test_the_next_purchase_of_an_average():
    one, other = model_of(-100.0), as_lifetime_model(ParetoNBD(1.2, 30.0, 1.5, 150.0))
    both = ModelAverage(((0.5, one), (0.5, other)))
    found = next_purchase_quantile(both, THREE, 0.5)
    np.testing.assert_allclose(
        both.probability_of_purchase(THREE, found), 0.5 * both.probability_of_return(THREE), rtol=1e-9
    )
    lower, upper = np.sort([next_purchase_quantile(model, THREE, 0.5) for model in (one, other)], axis=0)
    assert (lower <= found).all()
    assert (found <= upper).all()


# --- limits ---


def test_an_average_of_one_is_that_one():
    one = model_of(-100.0)
    alone = average([one])
    for name, options in CALLS:
        np.testing.assert_array_equal(getattr(alone, name)(THREE, *options), getattr(one, name)(THREE, *options))
    np.testing.assert_array_equal(alone.log_covariance, one.log_covariance)
    assert alone.log_likelihood == one.log_likelihood
    assert alone.label == one.label
    assert alone.members == ((1.0, one),)


def test_slopes_and_covariance_give_the_mean_of_the_variances():
    one, other = model_of(-100.0), model_of(-104.0, MBGNBD)
    both = ModelAverage(((0.25, one), (0.75, other)))

    def variance(model):
        slope = slopes(model, lambda at: at.expected_purchases(THREE, 60.0))
        return (slope * (model.log_covariance @ slope)).sum(axis=0)

    np.testing.assert_allclose(variance(both), 0.25 * variance(one) + 0.75 * variance(other), rtol=1e-10)
    # the slopes are those of the average itself
    up = both.values * np.exp(1e-5 * (np.arange(8) == 5))
    rise = (both.restated(up).expected_purchases(THREE, 60.0) - both.expected_purchases(THREE, 60.0)) / 1e-5
    np.testing.assert_allclose(slopes(both, lambda at: at.expected_purchases(THREE, 60.0))[5], rise, atol=1e-9)


def test_averages_of_averages():
    one, other = model_of(-100.0), model_of(-104.0, MBGNBD)
    nested = ModelAverage(((0.5, average([one])), (0.5, ModelAverage(((0.5, one), (0.5, other))))))
    assert nested.members == ((0.5, one), (0.25, one), (0.25, other))
    assert nested.log_covariance.shape == (12, 12)
    assert nested.restated(nested.values).expected_purchases(THREE, 60.0) == pytest.approx(
        nested.expected_purchases(THREE, 60.0)
    )


def test_hopeless_models_are_left_out():
    assert [weight for weight, _ in average([model_of(-100.0), model_of(-200.0)]).members] == [1.0]
    assert len(average([model_of(-100.0), model_of(-120.0)]).members) == 2


# --- errors ---


def test_faults_are_refused():
    with pytest.raises(UsageError, match=r"sum to 1, got \[0.5\]"):
        ModelAverage(((0.5, model_of(-100.0)),))
    with pytest.raises(ModelError, match="no fitted model"):
        average([])
    with pytest.raises(ModelError, match="no log-likelihood: the model was not fitted"):
        weights([as_lifetime_model(BGNBD(1, 1, 1, 1))])
