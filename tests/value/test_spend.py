import json

import numpy as np
import pandas as pd
import pytest

from custlib.errors import ModelError
from custlib.models import gammagamma
from custlib.models.gammagamma import GammaGamma
from custlib.value import spend, spend_dependence
from custlib.value.spend import Spend


def cells(engine, rows):
    engine.attach_frame("spend_cells", pd.DataFrame(rows, columns=["frequency", "monetary_value", "customers"]))
    return engine


def scored(engine, money, rows):
    engine.attach_frame("histories", pd.DataFrame(rows, columns=["frequency", "monetary_value"]))
    column = spend.expected_spend(engine.dialect, money)
    found = engine.fetch(f"select {column} as spend from histories", **spend.parameters(money))
    return found["spend"].tolist()


@pytest.fixture(scope="module")
def engine(one_purchase):
    return one_purchase


# --- worked by hand ---


def test_expected_spend_by_hand(engine):
    # (30 + 2 * 50) / (0.5 + 2) = 52; no repeat purchase: the mean; money below zero counts as nothing
    money = spend.Spend("gamma_gamma", 30.0, 0.5, 60.0)
    rows = [(2, 50.0), (0, None), (0, 99.0), (3, None), (2, -50.0)]
    assert scored(engine, money, rows) == [52, 60, 60, 60, 12]


def test_expected_spend_from_all_purchase_days_by_hand(engine):
    # (30 + 2 x 50 + 70) / (.5 + 3); more given back than ever bought counts as nothing
    engine.attach_frame(
        "histories",
        pd.DataFrame({"frequency": [2, 2, 0], "monetary_value": [50.0, -90.0, None], "first_amount": [70.0] * 3}),
    )
    money = Spend("gamma_gamma", 30.0, 0.5, 60.0, days="all")
    column = spend.expected_spend(engine.dialect, money)
    found = engine.fetch(f"select {column} as spend from histories", **spend.parameters(money))
    assert found["spend"].tolist() == pytest.approx([200 / 3.5, 30 / 3.5, 60])


def test_a_shrinkage_pulls_towards_the_median(engine):
    few = [(1, 10.0, 2), (1, 20.0, 4), (2, 100.0, 3)]
    money, model = spend.fit_spend(cells(engine, few), "spend_cells")
    assert model is None
    assert money == spend.Spend("shrinkage", 20.0, 1.0, 20.0, "few_repeat_customers")
    assert scored(engine, money, [(1, 10.0), (4, 10.0)]) == [15, 12]


# --- published figures ---


def test_cdnow_parameters(cdnow):
    money, model = cdnow.get("calibration_spend")
    np.testing.assert_allclose([model.p, model.q, model.v], [6.24880, 3.74459, 15.44775], rtol=0, atol=5e-6)
    assert model.log_likelihood == pytest.approx(-4055.9232, abs=1e-4)
    np.testing.assert_allclose(model.standard_errors, [1.190, 0.290, 4.160], atol=5e-4)
    assert model.customers == 946
    assert money.population_mean == pytest.approx(35.171, abs=5e-4)
    assert money.kind == "gamma_gamma"


def test_the_first_ten_customers_as_published(engine):
    money = spend.from_gamma_gamma(GammaGamma(6.25, 3.74, 15.44))
    rows = [(2, 22.35), (1, 11.77), (0, None), (0, None), (0, None), (7, 73.74), (1, 11.77), (0, None), (2, 25.5)]
    found = scored(engine, money, rows)
    assert found[:2] == pytest.approx([24.66, 18.91], abs=0.01)
    # the published 35.17 is the mean of the unrounded parameters
    assert found[2] == pytest.approx(35.17, abs=0.06)
    assert found[5] == pytest.approx(71.46, abs=0.02)


def test_the_engine_agrees_with_the_model(cdnow):
    money, model = cdnow.get("spend_model")
    assert money.days == "all"  # in CDNOW the first purchase day tells more
    found = cdnow.engine.fetch(
        "select frequency, T, revenue, first_amount, expected_spend from customer_value join customer_activity"
        " using (customer_id, frequency, T, revenue)"
    ).astype(float)
    once = found["frequency"] == 0
    repeat = found[~once]
    days = repeat["frequency"] + 1
    wanted = gammagamma.expected_spend(model, days, (repeat["revenue"] / days).clip(lower=1e-9))
    np.testing.assert_allclose(repeat["expected_spend"], wanted, rtol=1e-9)
    assert money.remark == ""
    level = np.array([money.one_time.at(days) for days in found["T"][once]])
    assert found["expected_spend"][once].sum() == pytest.approx(level.sum(), rel=1e-9)


# --- fallbacks, by their code ---


def test_everybody_spends_the_same(engine):
    money, model = spend.fit_spend(cells(engine, [(1, 12.5, 40), (2, 12.5, 10)]), "spend_cells")
    assert (money.kind, money.population_mean, money.remark) == ("shrinkage", 12.5, "spend_equal")
    assert model is None


def test_spend_without_a_finite_mean(engine):
    heavy = [(5, float(10**k), 1 + 1000 // 3**k) for k in range(7)]
    money, model = spend.fit_spend(cells(engine, heavy), "spend_cells")
    assert money.remark == "no_finite_mean"
    assert money.population_mean == 1
    assert model is None


def test_the_median_counts_customers_not_cells(engine):
    money, _ = spend.fit_spend(cells(engine, [(1, 10.0, 1), (1, 20.0, 1), (1, 30.0, 7)]), "spend_cells")
    assert money.population_mean == 30


def test_no_money_in_the_source(engine):
    money = spend.Spend("none")
    assert spend.parameters(money) == {}
    assert np.isnan(scored(engine, money, [(1, 5.0)])[0])


def test_all_amounts_are_zero(engine):
    with pytest.raises(ModelError, match="no repeat customer has an amount above zero: every amount is zero"):
        spend.fit_spend(cells(engine, []), "spend_cells")


# --- spend that hangs on frequency ---


def dependent(customers, *, seed=0):
    """Cells of customers who spend the more on a day the more often they buy, one a customer."""
    random = np.random.default_rng(seed)
    frequency = random.integers(1, 12, customers).astype(float)
    level = (10 + 6 * frequency) / 2.0 * random.gamma(8, 1 / 8, customers) * 2
    money = random.gamma(6 * frequency, level / (6 * frequency))
    return pd.DataFrame({"frequency": frequency, "monetary_value": money.round(2), "customers": 1})


def test_the_measures_by_hand():
    # two frequencies, 3 customers each: means 10 and 20, within each 9, 10, 11 and 19, 20, 21
    frequency, money = np.repeat([1.0, 2.0], 3), np.array([9.0, 10, 11, 19, 20, 21])
    pearson, spearman, ratio = spend_dependence.dependence(frequency, money, np.ones(6))
    eta = 150 / 154
    assert pearson == pytest.approx(np.sqrt(eta))
    assert spearman == pytest.approx(np.corrcoef([2, 2, 2, 5, 5, 5], [1, 2, 3, 4, 5, 6])[0, 1])
    assert ratio == pytest.approx(1 - (1 - eta) * 5 / 4)


def test_chance_alone_is_no_dependence():
    """Sixty customers with nearly as many frequencies: the plain correlation ratio is .9 without any meaning."""
    random = np.random.default_rng(1)
    measured = spend_dependence.dependence(np.arange(1.0, 61), random.gamma(4, 10, 60).round(2), np.ones(60))
    assert not spend_dependence.is_dependent(measured)


def test_cdnow_is_independent(cdnow):
    found, _ = cdnow.get("calibration_spend")
    assert found.bands == ()
    assert found.remark == ""
    pearson, spearman, ratio = found.dependence
    assert abs(pearson) < 0.2
    assert abs(spearman) < 0.25
    assert ratio < 0.1


def test_spend_that_rises_with_frequency_is_fitted_in_bands(engine):
    cells = dependent(2000)
    engine.attach_frame("rising", cells)
    found, pooled = spend.fit_spend(engine, "rising")
    assert found.remark == "spend_dependent"
    assert [band[0] for band in found.bands] == [3, 6]
    assert pooled.q > 1
    histories = cells.assign(customer_id=range(len(cells)))
    engine.attach_frame("histories", histories)
    column = spend.expected_spend(engine.dialect, found)
    expected = engine.fetch(
        f"select frequency, {column} as expected from histories order by customer_id", **spend.parameters(found)
    )
    one = engine.fetch(
        f"select {spend.expected_spend(engine.dialect, spend.from_gamma_gamma(pooled))} as expected from histories"
        " order by customer_id", **spend.parameters(spend.from_gamma_gamma(pooled)),
    )  # fmt: skip
    truth = 10 + 6 * cells["frequency"]
    rare = cells["frequency"] < 3
    assert expected["expected"][rare].mean() == pytest.approx(cells["monetary_value"][rare].mean(), rel=0.05)
    errors = [np.sqrt(((frame["expected"] - truth) ** 2).mean()) for frame in (expected, one)]
    assert errors[0] < errors[1]  # one model draws the rare buyers up to the mean of all


def test_few_customers_are_told_and_stay_in_one_model(engine):
    engine.attach_frame("few", dependent(60))
    found, _ = spend.fit_spend(engine, "few")
    assert found.remark == "spend_dependent_few"
    assert found.bands == ()


def test_a_spend_is_the_same_after_json():
    given = Spend("gamma_gamma", 1.0, 2.0, 3.0, "spend_dependent", ((2, 4.0, 5.0),), (0.1, 0.2, 0.3))
    assert Spend(**json.loads(json.dumps(vars(given)))) == given
