import datetime as dt

import numpy as np
import pytest

from custlib.demo.purchases import purchases
from custlib.models.bgnbd import BGNBD
from custlib.models.chi_squared import ChiSquared
from custlib.models.gammagamma import GammaGamma
from custlib.validate import backtest, rolling_origins, seasons
from custlib.value import activity
from custlib.value.seasonal.season_index import _DAYS as DAYS
from custlib.value.seasonal.season_index import Season, estimate
from custlib.value.seasonal.seasons_found import count_days
from tests.bases import open_base

TEST = ChiSquared(0.0, 11, 1.0)
FLAT = Season((1.0,) * 12, TEST)
TRUTH = BGNBD(1.2, 40.0, 0.7, 5.0)
SPEND = GammaGamma(6.0, 4.0, 15.0)
CHRISTMAS = (0.7, 0.7, 0.8, 0.8, 0.8, 0.8, 0.8, 0.8, 0.8, 1.0, 2.0, 3.0)
END = dt.date(2026, 12, 31)


def shop_with(folder, season, *, customers=3000, days=1096):
    made = purchases(customers, TRUTH, SPEND, days=days, joining_days=500, season=season, seed=1)
    rows = made.assign(day=made["timestamp"].dt.date)[["customer_id", "day", "amount"]]
    engine = open_base(folder, rows.values.tolist())
    activity.make_activity(engine, "customer_activity", as_of=END)
    return engine


@pytest.fixture(scope="module")
def christmas(tmp_path_factory):
    return shop_with(tmp_path_factory.mktemp("christmas"), CHRISTMAS)


@pytest.fixture(scope="module")
def even(tmp_path_factory):
    return shop_with(tmp_path_factory.mktemp("even"), ())


def daily(engine):
    return count_days(engine, "customer_activity", first=dt.date(2024, 1, 1), until=END)


def found_in(engine, until):
    return estimate(daily(engine), backtest.count_outcomes(engine, end=until, until=until), until)


# --- worked by hand ---


@pytest.mark.parametrize(("months", "agreement", "is_followed", "state"), [
    (24, 3.0, True, "followed"), (24, 3.0, False, "ignored"), (24, 1.0, False, "changing"), (23, 3.0, False, "unsure"),
])  # fmt: skip
def test_what_a_forecast_makes_of_months_that_differ(months, agreement, is_followed, state):
    found = Season((0.5,) * 11 + (2.0,), ChiSquared(90.0, 11, 1e-9), months, agreement)
    caution = seasons.season_caution(found, {"is_seasonal": is_followed})
    assert caution == {"best": 12, "worst": 1, "times": 4.0, "months": months, "state": state}


def test_months_that_do_not_differ_are_no_caution():
    assert seasons.season_caution(FLAT, {"is_seasonal": False}) == {}
    assert seasons.season_caution(None, {"is_seasonal": False}) == {}


# --- simulated truth ---


def test_a_strong_season_is_found(christmas):
    found = found_in(christmas, END)
    assert found.is_there
    truth = np.array(CHRISTMAS) / (np.array(CHRISTMAS) * DAYS).sum() * DAYS.sum()
    np.testing.assert_allclose(found.index, truth, rtol=0.15)


@pytest.mark.slow
def test_no_season_is_found_where_there_is_none(even):
    found = found_in(even, END)
    assert not found.is_there
    np.testing.assert_allclose(found.index, 1.0, atol=0.12)


def test_a_season_cannot_be_told_from_growth_in_less_than_a_year(even):
    assert found_in(even, dt.date(2024, 12, 15)) is None


@pytest.mark.slow
def test_business_time_brings_the_forecasts_nearer(christmas):
    ends, days = rolling_origins.windows(first_day=dt.date(2024, 1, 1), as_of=END, holdout_days=182)
    histories = rolling_origins.histories(christmas, ends=ends[-4:], days=days)
    plain = rolling_origins.rolling_origins(histories, "bgnbd", days=days)
    restated = [
        seasons.expected_in_business_time(
            cells, daily(christmas), "bgnbd", end=end, until=end + dt.timedelta(days=days)
        )
        for end, cells in histories.items()
    ]
    bias = np.array(restated) / plain["actual"].to_numpy() - 1
    assert np.abs(bias).mean() < 0.12
    assert np.abs(plain["bias"]).mean() > 0.25


def test_a_christmas_the_model_knows_nothing_of_is_missed(christmas):
    """The last two months bring more than twice what the months before did: the forecast is far too low."""
    end = dt.date(2026, 10, 31)
    cells = backtest.count_outcomes(christmas, end=end, until=END)
    found = rolling_origins.rolling_origins({end: cells}, "bgnbd", days=(END - end).days)
    assert found["bias"].item() < -0.5


@pytest.mark.slow
def test_the_test_has_its_size_and_its_power(tmp_path):
    """Bases without a season are hardly ever told to have one; a season of a quarter up and down is found."""
    mild = (0.85, 0.85, 0.9, 0.95, 1.0, 1.0, 1.0, 1.0, 1.0, 1.1, 1.2, 1.3)
    p_values = {}
    for name, season, bases in (("none", (), 12), ("mild", mild, 4)):
        for seed in range(bases):
            made = purchases(
                300, BGNBD(1.5, 25.0, 0.4, 8.0), SPEND, days=790, joining_days=200, season=season, seed=seed
            )
            rows = made.assign(day=made["timestamp"].dt.date)[["customer_id", "day", "amount"]]
            engine = open_base(tmp_path / f"{name}{seed}", rows.values.tolist())
            until = dt.date(2026, 2, 28)
            activity.make_activity(engine, "customer_activity", as_of=until)
            found = found_in(engine, until)
            p_values.setdefault(name, []).append(found.test.p_value)
            engine.close()
    assert sum(p < 0.05 for p in p_values["none"]) <= 3
    assert sum(p < 0.001 for p in p_values["none"]) == 0
    assert sum(p < 0.001 for p in p_values["mild"]) >= 3
