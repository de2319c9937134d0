import importlib.util
import json
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import custlib
from custlib.errors import ModelError, TableError, UsageError
from custlib.lifetimes import adapters
from custlib.lifetimes.adapters import SummaryModels, fit_summary, from_lifetimes, score_summary, to_lifetimes
from custlib.lifetimes.crosscheck import restored_settings
from custlib.models import bgnbd, gammagamma, paretonbd
from custlib.models.bgnbd import BGNBD
from custlib.models.forecasting import from_dict, to_dict
from custlib.models.gammagamma import GammaGamma
from custlib.models.mbgnbd import MBGNBD
from custlib.models.paretonbd import ParetoNBD

MODELS = [
    BGNBD(0.243, 4.414, 0.793, 2.426),
    MBGNBD(0.525, 6.183, 0.891, 1.614),
    ParetoNBD(0.55, 10.58, 0.61, 11.67),
    GammaGamma(6.25, 3.74, 15.44),
]


@pytest.fixture(scope="module")
def frame():
    """The summary of CDNOW that lifetimes ships: weeks, rounded to .01."""
    folder = Path(importlib.util.find_spec("lifetimes").submodule_search_locations[0]) / "datasets"
    table = pd.read_csv(folder / "cdnow_customers_summary_with_transactions.csv", index_col=0)
    return table.rename(columns={"x": "frequency", "t_x": "recency", "zbar": "monetary_value"})


@pytest.fixture(scope="module")
def models(frame):
    return fit_summary(frame, unit="week")


def fitted(name, frame, **options):
    """A fitter of lifetimes, fitted to the frame."""
    with restored_settings():
        import lifetimes

        fitter = getattr(lifetimes, name)(**options)
        if name == "GammaGammaFitter":
            back = frame[frame["frequency"] > 0]
            return fitter.fit(back["frequency"], back["monetary_value"])
        return fitter.fit(frame["frequency"], frame["recency"], frame["T"])


@pytest.mark.parametrize("model", MODELS, ids=lambda model: type(model).__name__)
def test_a_model_comes_back_from_lifetimes_to_the_digit(model):
    back = from_lifetimes(to_lifetimes(model))
    assert type(back) is type(model)
    assert back == model


@pytest.mark.parametrize("name", adapters.FITTERS)
def test_a_fitter_comes_back_from_custlib_to_the_digit(name, frame):
    fitter = fitted(name, frame)
    back = to_lifetimes(from_lifetimes(fitter))
    assert type(back) is type(fitter)
    assert back.params_.to_dict() == fitter.params_.to_dict()
    assert repr(back).startswith(f"<lifetimes.{name}")


def test_scores_are_those_of_lifetimes(frame, models):
    purchases, spend = to_lifetimes(models.lifetime), to_lifetimes(models.spend)
    ours = score_summary(frame, models, horizon=39, annual_discount_rate=0.15)
    history = frame["frequency"], frame["recency"], frame["T"]
    theirs = {
        "probability_alive": purchases.conditional_probability_alive(*history),
        "expected_purchases": purchases.predict(39, *history),
        "expected_spend": spend.conditional_expected_average_profit(frame["frequency"], frame["monetary_value"]),
    }
    assert ours.index.equals(frame.index)
    for name, values in theirs.items():
        np.testing.assert_allclose(ours[name], values, rtol=1e-8, err_msg=name)
    np.testing.assert_allclose(ours["residual_lifetime_value"], ours["residual_transactions"] * ours["expected_spend"])


def test_scores_of_the_modified_model_are_those_of_lifetimes(frame):
    model = fit_summary(frame, unit="week", model="mbgnbd").lifetime
    history = frame["frequency"], frame["recency"], frame["T"]
    fitter = to_lifetimes(model)
    ours = score_summary(frame, SummaryModels(model, None, "week"), horizon=39, annual_discount_rate=0.15)
    np.testing.assert_allclose(ours["probability_alive"], fitter.conditional_probability_alive(*history), rtol=1e-8)
    np.testing.assert_allclose(ours["expected_purchases"], fitter.predict(39, *history), rtol=1e-8)


def test_the_pareto_model_says_what_lifetimes_says(frame):
    history = frame["frequency"], frame["recency"], frame["T"]
    model = ParetoNBD(0.55, 10.58, 0.61, 11.67)
    fitter = to_lifetimes(model)
    alive = paretonbd.probability_alive(model, *history)
    np.testing.assert_allclose(alive, fitter.conditional_probability_alive(*history), rtol=1e-8)
    expected = paretonbd.expected_purchases(model, 39, *history)
    np.testing.assert_allclose(expected, fitter.predict(39, *history), rtol=1e-8)


def test_a_frame_is_fitted_as_the_models_are(frame, models):
    history = frame["frequency"], frame["recency"], frame["T"]
    back = frame[frame["frequency"] > 0]
    assert models.lifetime == bgnbd.fit(*history)
    assert models.spend == gammagamma.fit(back["frequency"], back["monetary_value"])
    assert models.lifetime.r == pytest.approx(0.24259291, abs=1e-8)


def test_scores_of_an_average_are_the_means_of_its_models(frame):
    whole = fit_summary(frame, unit="week", model="auto")
    found = score_summary(frame, whole, horizon=39, annual_discount_rate=0.15)
    names = {"bgnbd": "BG/NBD", "mbgnbd": "MBG/NBD", "paretonbd": "Pareto/NBD"}
    single = {names[name]: fit_summary(frame, unit="week", model=name) for name in names}
    each = [
        weight * score_summary(frame, replace(single[model.label], spend=whole.spend), horizon=39,
                               annual_discount_rate=0.15)
        for weight, model in whole.lifetime.members
    ]  # fmt: skip
    assert len(each) == 3
    pd.testing.assert_frame_equal(found, sum(each[1:], each[0]), rtol=1e-7)
    assert found["expected_purchases"].sum() == pytest.approx(
        1_621, rel=2e-3
    )  # .432 1653.4 + .445 1576.7 + .123 1665.6


def test_a_saved_average_scores_as_before(frame, tmp_path):
    whole = fit_summary(frame, unit="week", model="auto")
    (tmp_path / "model.json").write_text(json.dumps(to_dict(whole.lifetime, time_unit="week")))
    again = replace(whole, lifetime=from_dict(json.loads((tmp_path / "model.json").read_text())))
    before, after = (score_summary(frame, models, horizon=39, annual_discount_rate=0.15) for models in (whole, again))
    pd.testing.assert_frame_equal(before, after, check_exact=True)
    assert repr(again) == repr(whole)
    assert "weight of Pareto/NBD  0.123" in repr(whole) and "BG/NBD alpha" in repr(whole)


def test_weights_stand_for_equal_customers(frame):
    cells = frame.groupby(["frequency", "recency", "T"]).size().rename("weights").reset_index()
    whole = fit_summary(frame.drop(columns="monetary_value"), unit="week")
    assert fit_summary(cells, unit="week") == whole
    assert whole.spend is None


def test_our_errors_go_with_the_model(models):
    fitter = to_lifetimes(models.lifetime)
    assert fitter.variance_matrix_.loc["r", "alpha"] == pytest.approx(0.003706, abs=5e-7)
    np.testing.assert_array_equal(fitter.summary["se(coef)"], models.lifetime.standard_errors)


def test_a_penalty_is_said(frame):
    with pytest.warns(UserWarning, match="penalizer_coef = 0.1, which pulls every parameter towards 0"):
        from_lifetimes(fitted("BetaGeoFitter", frame, penalizer_coef=0.1))


def test_what_cannot_be_taken_over_is_refused():
    with restored_settings():
        from lifetimes import BetaGeoBetaBinomFitter, BetaGeoFitter
    with pytest.raises(UsageError, match="the BetaGeoFitter is not fitted"):
        from_lifetimes(BetaGeoFitter())
    with pytest.raises(UsageError, match="BetaGeoBetaBinomFitter is no fitter that custlib knows"):
        from_lifetimes(BetaGeoBetaBinomFitter())
    with pytest.raises(
        UsageError, match="str is no model that lifetimes has. Available: BGNBD, GammaGamma, MBGNBD, ParetoNBD."
    ):
        to_lifetimes("BGNBD")


def test_settings_survive_the_way_to_lifetimes(monkeypatch):
    import sys

    for name in [name for name in sys.modules if name.split(".")[0] == "lifetimes"]:
        monkeypatch.delitem(sys.modules, name)  # as if imported for the first time
    before = np.geterr(), list(warnings.filters)
    to_lifetimes(MODELS[0])
    assert (np.geterr(), list(warnings.filters)) == before


def test_both_ways_open_from_the_package():
    assert custlib.from_lifetimes is from_lifetimes
    assert custlib.to_lifetimes is to_lifetimes


def test_remarks_on_a_frame_are_warnings(frame):
    merged = frame.assign(recency=np.ceil(frame["recency"]), T=np.ceil(frame["T"]))
    with pytest.warns(UserWarning, match="purchases seem merged by week"):
        fit_summary(merged, unit="week")


def test_wrong_questions_are_refused(frame, models):
    with pytest.raises(UsageError, match="model: 'pareto' is unknown. Did you mean 'paretonbd'"):
        fit_summary(frame, unit="week", model="pareto")
    with pytest.raises(UsageError, match="annual_discount_rate must be above 0, got 0"):
        score_summary(frame, models, horizon=39, annual_discount_rate=0)
    with pytest.raises(UsageError, match="GammaGamma is no lifetime model"):
        score_summary(frame, SummaryModels(models.spend, None, "week"), horizon=39, annual_discount_rate=0.1)
    with pytest.raises(TableError, match="T is no finite number in 1 of"):
        score_summary(frame.assign(T=frame["T"].where(frame.index != 1)), models, horizon=39, annual_discount_rate=0.1)
    with pytest.raises(ModelError, match="no repeat purchases"):
        fit_summary(pd.DataFrame({"frequency": [0], "recency": [0], "T": [9]}), unit="day")
