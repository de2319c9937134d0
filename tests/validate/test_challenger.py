"""Boosting beside the forecast: by hand, what it may know, what it cannot change, and when it counts as better."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from benchmarks.simulated_bases import TRUTHS, purchases
from custlib import project as projects
from custlib.graph import REFUSED
from custlib.run import Run
from custlib.validate import challenger
from custlib.validate.challenger import FEATURES, boosted, bouts, changes, judge, tried, window_days
from custlib.validate.rolling_origins import Origin
from custlib.value.spend import Spend

DAY, BEFORE = Origin(dt.date(2025, 5, 1), 90), Origin(dt.date(2025, 1, 1), 90)


def people(count: int, seed: int = 0) -> pd.DataFrame:
    """Customers who bring the forecast, and three times of it where they first spent more than 50."""
    random = np.random.default_rng(seed)
    frame = pd.DataFrame({name: random.integers(0, 60, count).astype(float) for name in FEATURES})
    frame = frame.assign(first_amount=random.uniform(0, 100, count), forecast=random.gamma(2.0, 10.0, count))
    came = frame["forecast"] * np.where(frame["first_amount"] > 50, 3.0, 1.0)
    return frame.assign(actual=came * random.gamma(4.0, 0.25, count))


# --- worked by hand ---


def test_too_few_customers_to_tell_apart_are_forecast_as_before():
    """Fewer than two leaves: one factor for all, which the scaling to the total takes back."""
    few = people(150)
    np.testing.assert_allclose(boosted(few, few), few["forecast"])


def test_better_is_better_in_each_test_and_by_enough():
    def tests(*gains: float) -> list[dict[str, float]]:
        return [{"gini_forecast": 0.5, "gini_boosted": 0.5 + gain} for gain in gains]

    assert judge(tests(0.01, 0.02, 0.03)) == {"gain": pytest.approx(0.02), "is_better": True}
    assert not judge(tests(0.05, 0.05, -0.001))["is_better"]  # not in each
    assert not judge(tests(0.004, 0.004, 0.004))["is_better"]  # too little
    assert not judge(tests(0.05, 0.05))["is_better"]  # too few tests
    assert judge([]) == {"gain": None, "is_better": False}


def test_who_moves_is_counted_by_hand():
    """Of 20 customers two are the best tenth: the 1st stays, the 2nd, who bought once, leaves for the 3rd."""
    now = pd.Series([9.0, 8.0, 7.0, *[1.0] * 17])
    then = pd.Series([9.0, 1.0, 7.0, *[1.0] * 17])
    found = changes(now, then, pd.Series([5.0, 0.0, 2.0, *[0.0] * 17]))
    assert found["best"] == 2 and found["overlap"] == 0.5
    assert found["moves"] == {
        "bought once": {"into": 0, "out": 1}, "bought few times": {"into": 1, "out": 0},
        "bought many times": {"into": 0, "out": 0},
    }  # fmt: skip


# --- what it learns, and what it cannot change ---


def test_boosting_finds_what_the_forecast_leaves_unexplained():
    trained, known = people(4_000), people(4_000, seed=1)
    found = tried(challenger.Bout(DAY, BEFORE), {DAY.day: known, BEFORE.day: trained})
    assert found is not None and found["gini_boosted"] > found["gini_forecast"] + 0.02
    factor = boosted(trained, known) / known["forecast"]
    high = known["first_amount"] > 50
    assert factor[high].mean() / factor[~high].mean() == pytest.approx(3.0, rel=0.15)


def test_the_total_stays_that_of_the_forecast():
    trained, known = people(1_000), people(1_000, seed=1)
    trained = trained.assign(actual=trained["actual"] * 5)  # whatever it was trained on
    assert boosted(trained, known).sum() == pytest.approx(known["forecast"].sum())


def test_what_came_on_the_day_of_a_test_is_not_seen():
    trained, known = people(1_000), people(1_000, seed=1)
    pd.testing.assert_series_equal(boosted(trained, known), boosted(trained, known.assign(actual=0.0)))


def test_customers_without_a_forecast_weigh_nothing():
    trained, known = people(1_000), people(1_000, seed=1)
    none = trained.assign(forecast=0.0, actual=1e6).head(200)
    more = pd.concat([trained, none], ignore_index=True)
    assert np.isfinite(boosted(more, known)).all()
    assert boosted(more, known).corr(boosted(trained, known)) > 0.95


@pytest.mark.parametrize("covered", [150, 545, 800, 1_500])
def test_every_window_of_training_has_ended_when_its_test_begins(covered):
    days = window_days(covered=covered, horizon_days=365)
    first = dt.date(2020, 1, 1)
    for bout in bouts(first_day=first, as_of=first + dt.timedelta(days=covered), days=days):
        assert bout.trained.until <= bout.day.day
        assert (bout.trained.day - first).days >= 0 and bout.day.days == bout.trained.days


def test_a_long_history_is_trained_on_the_same_season():
    as_of = dt.date(2025, 6, 30)
    plan = bouts(first_day=dt.date(2022, 1, 1), as_of=as_of, days=180)
    assert plan[0].trained.day == dt.date(2024, 6, 30)


# --- when it is not tried ---


def test_the_reasons_not_to_try_it():
    project = projects.build({"id": "shop", "name": "Shop", "as_of": "2025-06-30", "source": {"path": "x.csv"}})
    asked = project.replace(challenger=True)
    assert challenger._reason(project, 5_000, 90, Spend("gamma_gamma")) == "off"
    assert challenger._reason(asked, 1_999, 90, Spend("gamma_gamma")) == "few"
    assert challenger._reason(asked, 2_000, 90, REFUSED) == "no_money"
    assert challenger._reason(asked, 2_000, 0, Spend("gamma_gamma")) == "short"
    assert challenger._reason(asked, 2_000, 90, Spend("gamma_gamma")) == ""


@pytest.mark.slow
def test_a_base_that_the_model_describes_has_no_need_of_it(tmp_path):
    lines = purchases(TRUTHS["BG"], 2_200, np.random.default_rng(5))
    frame = pd.DataFrame(lines, columns=["customer_id", "timestamp", "amount"])
    frame.assign(timestamp=pd.to_datetime(frame["timestamp"])).to_parquet(tmp_path / "sales.parquet")
    shop = {"id": "shop", "name": "Shop", "as_of": frame["timestamp"].max(), "challenger": True}
    run = Run(projects.build(shop | {"source": {"path": str(tmp_path / "sales.parquet")}}), tmp_path / "work")
    found = run.get("challenger")
    run.engine.close()
    assert len(found["tests"]) == 3 and not found["is_better"]
    assert 0.5 < found["overlap"] <= 1
    came, left = (sum(moves[side] for moves in found["moves"].values()) for side in ("into", "out"))
    assert came == left == round((1 - found["overlap"]) * found["best"])
