import numpy as np
import pytest

from custlib.models import bgnbd, mbgnbd
from custlib.models.bgnbd_simulate import repeat_times

MODELS = [bgnbd.BGNBD(0.8, 20.0, 0.9, 2.5), mbgnbd.MBGNBD(0.8, 20.0, 0.9, 2.5)]


@pytest.mark.parametrize("model", MODELS, ids=["BG", "MBG"])
def test_the_mean_is_that_of_the_model(model):
    who, when = repeat_times(model, np.full(200_000, 90.0), np.random.default_rng(0))
    counts = np.bincount(who, minlength=200_000)
    wanted = float(bgnbd.new_customer_purchases(model, 90))
    assert counts.mean() == pytest.approx(wanted, abs=5 * counts.std() / 200_000**0.5)
    assert (when > 0).all()
    assert when.max() <= 90


@pytest.mark.parametrize("model", MODELS, ids=["BG", "MBG"])
def test_the_fit_finds_the_truth(model):
    span = np.linspace(50, 400, 20_000)
    who, when = repeat_times(model, span, np.random.default_rng(1))
    frequency = np.bincount(who, minlength=span.size)
    recency = np.zeros(span.size)
    np.maximum.at(recency, who, when)
    fitted = (bgnbd if model.first_occasions == 0 else mbgnbd).fit(frequency, recency, span)
    found, truth = (np.array([m.r, m.alpha, m.a, m.b]) for m in (fitted, model))
    assert (np.abs(found - truth) < 4 * fitted.standard_errors).all()


def test_nobody_watched_buys_nothing():
    who, when = repeat_times(MODELS[0], np.zeros(5), np.random.default_rng(0))
    assert who.size == when.size == 0
