"""Which models are fitted, what becomes of those that do not converge, and the way to JSON and back."""

import json

import numpy as np
import pytest

from custlib.errors import ModelError, UsageError
from custlib.models import bgnbd, paretonbd
from custlib.models.bgnbd import BGNBD
from custlib.models.forecasting import (
    Histories,
    ModelAverage,
    as_lifetime_model,
    average,
    candidates,
    from_dict,
    to_dict,
    weights,
)
from custlib.models.mbgnbd import MBGNBD
from custlib.models.paretonbd import ParetoNBD
from custlib.models.regularnbd import RegularNBD
from tests.buyers import buyers_of

SMALL = [0, 0, 1, 2, 0, 5], [0, 0, 4, 30, 0, 35], [39, 38, 38, 37, 36, 36]


def of_a_base(truth, n=1500, seed=1):
    random = np.random.default_rng(seed)
    T = np.ceil(random.uniform(140, 540, n))
    return buyers_of(truth, n, 540.0, random).histories(T)


# --- published figures ---


def test_cdnow(cdnow):
    fits = candidates(*cdnow.history)
    assert [model.label for model in fits] == ["BG/NBD", "MBG/NBD", "Pareto/NBD"]
    assert [model.log_likelihood for model in fits] == pytest.approx([-9582.4292, -9582.1357, -9594.976], abs=1e-3)
    assert weights(fits) == pytest.approx([0.432, 0.445, 0.123], abs=1e-3)
    # of the 1,882 purchases of the holdout: BG 1,653, MBG 1,577, Pareto 1,666
    expected = average(fits).expected_purchases(Histories.of(*cdnow.history), 39).sum()
    assert expected == pytest.approx(0.432 * 1653.4 + 0.445 * 1576.7 + 0.123 * 1665.6, rel=1e-3)


# --- which is preferred ---


@pytest.mark.parametrize(
    "truth",
    [BGNBD(1.2, 30.0, 0.8, 6.0), MBGNBD(1.2, 30.0, 1.5, 2.0), ParetoNBD(1.2, 30.0, 0.6, 60.0)],
)
def test_the_truth_weighs_most(truth):
    histories = of_a_base(truth, n=4000)
    fits = candidates(*histories.rows)
    heaviest = fits[int(weights(fits).argmax())]
    assert heaviest.label == type(truth).label
    errors = np.abs(np.log(heaviest.values / [getattr(truth, name) for name in truth.parameters]))
    assert (errors < 4 * np.sqrt(np.diag(heaviest.log_covariance))).all()


def test_regular_buyers_have_models_of_their_own():
    histories = of_a_base(RegularNBD(3, BGNBD, 1.5, 15.0, 0.8, 3.0))
    fits = candidates(*histories.rows, ticks=3)
    assert [model.label for model in fits] == ["BG/CNBD-3", "MBG/CNBD-3"]
    assert weights(fits)[0] > 0.5


def test_weights_of_rows_and_names():
    plain = candidates(*SMALL, names=["mbgnbd"])
    twice = candidates(*SMALL, np.full(6, 2.0), names=["mbgnbd"])
    assert [model.label for model in twice] == ["MBG/NBD"]
    np.testing.assert_allclose(twice[0].values, plain[0].values, rtol=1e-6)
    assert twice[0].log_likelihood == pytest.approx(2 * plain[0].log_likelihood)


@pytest.mark.parametrize(("ticks", "quick"), [(1, [2]), (2, [0, 1])])
def test_a_fit_nearby_is_where_the_search_starts(ticks, quick):
    histories = of_a_base(ParetoNBD(1.2, 30.0, 0.6, 60.0))
    cold = candidates(*histories.rows, ticks=ticks)
    warm = candidates(*histories.rows, ticks=ticks, near=ModelAverage(tuple((1 / len(cold), model) for model in cold)))
    for place in quick:
        np.testing.assert_allclose(warm[place].values, cold[place].values, rtol=1e-6)
        assert warm[place].fitted.evaluations < min(4, cold[place].fitted.evaluations)
    # a model of another regularity is not near
    other = candidates(*histories.rows, ticks=3, near=warm[0], names=["bgnbd"])
    assert other[0].fitted.evaluations > 4


def test_fits_that_do_not_converge_are_dropped(monkeypatch):
    monkeypatch.setattr(
        paretonbd, "fit", lambda *columns, start: ParetoNBD(1, 1, 1, 1, converged=False, log_likelihood=0.0)
    )
    assert [model.label for model in candidates(*SMALL)] == ["BG/NBD", "MBG/NBD"]
    # unless there is no other
    assert [model.label for model in candidates(*SMALL, names=["paretonbd"])] == ["Pareto/NBD"]


# --- to JSON and back ---


@pytest.mark.parametrize("ticks", [1, 2])
def test_an_average_comes_back_from_json(ticks):
    model = average(candidates(*of_a_base(BGNBD(1.2, 30.0, 0.8, 6.0), n=300).rows, ticks=ticks))
    again = from_dict(json.loads(json.dumps(to_dict(model, time_unit="day"))))
    three = Histories.of([0, 2, 7], [0, 20, 80], [30, 60, 100])
    assert again.label == model.label
    assert again.log_likelihood == pytest.approx(model.log_likelihood)
    np.testing.assert_array_equal(again.log_covariance, model.log_covariance)
    np.testing.assert_array_equal(again.expected_purchases(three, 60), model.expected_purchases(three, 60))


def test_a_mapping_of_a_single_model():
    mapping = bgnbd.to_dict(BGNBD(0.25, 31.0, 0.8, 2.4), time_unit="day")
    assert from_dict(mapping) == as_lifetime_model(BGNBD(0.25, 31.0, 0.8, 2.4))
    assert from_dict(to_dict(as_lifetime_model(MBGNBD(1, 2, 3, 4)), time_unit="day")).label == "MBG/NBD"


# --- errors ---


def test_faults_are_refused():
    with pytest.raises(ModelError, match="no repeat purchases"):
        candidates([0, 0], [0, 0], [3, 4])
    with pytest.raises(UsageError, match="no model 'paretonbd' with 2 ticks"):
        candidates(*SMALL, ticks=2, names=["paretonbd"])
    with pytest.raises(ModelError, match="no model Gompertz"):
        from_dict({"model": "Gompertz"})
    with pytest.raises(ModelError, match="parameters missing: beta"):
        from_dict({"model": "Pareto/NBD", "r": 1, "alpha": 1, "s": 1})


ONE = {"model": "BG/NBD", "r": 0.25, "alpha": 31.0, "a": 0.8, "b": 2.4}
OTHERS = {
    "format 2, and this version of custlib reads format 1. Read it with the version that wrote it": {"format": 2},
    "members: a list of models with a weight each is missing": {"members": "BG/NBD"},
    "member 2: is no model with a number for its weight": {"members": [ONE | {"weight": 0.5}, ONE]},
    "member 1: is no model with a number for its weight": {"members": [ONE | {"weight": float("nan")}]},
    "member 1: lifetime: there is no model Gompertz": {"members": [{"model": "Gompertz", "weight": 1.0}]},
    "member 1: lifetime: there is no model average": {"members": [{"model": "average", "weight": 1.0}]},
    "member 1: BG/NBD: parameters missing: b": {"members": [{**ONE, "weight": 1.0, "b": None}]},
    r"member 1: \(M\)BG/CNBD-k: k must be a whole number from 1 to 100, got 1000000000.0": {
        "members": [ONE | {"model": "(M)BG/CNBD-k", "weight": 1.0, "k": 1e9}]
    },
    "the weights of an average must be above 0 and sum to 1, got": {"members": [ONE | {"weight": 0.5}]},
}


@pytest.mark.parametrize("message", OTHERS)
def test_an_average_that_another_version_wrote_says_what_is_the_matter(message):
    with pytest.raises(ModelError, match=f"average: .*{message}"):
        from_dict({"model": "average", "format": 1, "members": [ONE | {"weight": 1.0}]} | OTHERS[message])


def test_an_average_from_before_formats_is_read():
    assert from_dict({"model": "average", "members": [ONE | {"weight": 1.0}]}).members[0][1] == from_dict(ONE)
    assert to_dict(ModelAverage(((1.0, from_dict(ONE)),)), time_unit="day")["format"] == 1
