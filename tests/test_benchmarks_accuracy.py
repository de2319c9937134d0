"""The measures of the benchmark of accuracy by hand, its verdict, and a run on a tiny base."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from benchmarks import accuracy, accuracy_bases, accuracy_forecasts
from benchmarks.accuracy_forecasts import CONTENDERS, OURS
from benchmarks.accuracy_measures import measures
from benchmarks.simulated_bases import HORIZON, KNOWN, START, TRUTHS, purchases


def test_errors_are_those_worked_by_hand():
    forecast = pd.DataFrame({"purchases": [1.0, 0.5], "money": [13.0, 4.0]})
    actual = pd.DataFrame({"purchases": [2.0, 0.0], "money": [10.0, 0.0]})
    found = measures(forecast, actual)
    assert found["rmse"] == pytest.approx(np.sqrt((9 + 16) / 2)) and found["mae"] == pytest.approx(3.5)
    assert found["money"] == pytest.approx(0.7) and found["purchases"] == pytest.approx(-0.25)


DAYS = pd.DataFrame(
    [
        ("a", "2025-01-01", 10.0), ("a", "2025-03-01", 20.0), ("a", "2025-06-01", 40.0), ("b", "2025-01-11", 5.0),
        ("b", "2025-07-01", 7.0),
    ],
    columns=["customer_id", "day", "amount"],
).assign(day=lambda frame: pd.to_datetime(frame["day"]), is_purchase=True)  # fmt: skip


def test_features_know_nothing_after_their_day():
    found = accuracy_forecasts.features(DAYS, dt.date(2025, 4, 1))
    assert found.loc["a"].tolist() == [1, 59, 90, 31, 30, 15, 10]
    assert found.loc["b"].tolist() == [0, 0, 80, 80, 5, 5, 5]


def test_a_window_counts_purchases_and_money_of_every_customer():
    found = accuracy_forecasts._window(DAYS, pd.Series(["b", "a", "c"]), dt.date(2025, 3, 1), dt.date(2025, 7, 1))
    assert found.to_numpy().tolist() == [[1, 7], [1, 40], [0, 0]]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    folder = tmp_path_factory.mktemp("accuracy")
    split = next(iter(accuracy_bases.simulated(folder, bases=1, customers=150)))
    return folder, split, *accuracy_forecasts.forecasts(split, folder)


def test_every_contender_forecasts_the_same_customers_of_a_tiny_base(tiny):
    *_, made, came = tiny
    assert tuple(made) == CONTENDERS
    lines = purchases(TRUTHS["BG"], 150, np.random.default_rng([accuracy_bases.SEED, 0, 0]))
    start = START + dt.timedelta(days=KNOWN)
    known = {customer for customer, day, _ in lines if day <= start}
    later = [line for line in lines if start < line[1] <= start + dt.timedelta(days=HORIZON) and line[0] in known]
    assert came["money"].sum() == pytest.approx(sum(amount for *_, amount in later))
    assert came["purchases"].sum() == len({(customer, day) for customer, day, _ in later})
    for forecast in made.values():
        assert len(forecast) == len(known) and (forecast >= 0).all().all() and forecast["money"].sum() > 0


def test_what_came_after_the_start_changes_no_forecast(tiny):
    folder, split, before, came = tiny
    path = split.project.source_path
    lines = pd.read_parquet(path)
    late = lines["timestamp"] > pd.Timestamp(START + dt.timedelta(days=KNOWN))
    lines.assign(amount=lines["amount"].where(~late, lines["amount"] * 10)).to_parquet(path)
    after, tampered = accuracy_forecasts.forecasts(split, folder)
    assert tampered["money"].sum() == pytest.approx(10 * came["money"].sum())
    for name in CONTENDERS:
        pd.testing.assert_frame_equal(before[name], after[name])


def found(ours: float, best: float, total: float) -> pd.DataFrame:
    rows = [
        {"row": "shop", "contender": name, "gini": best if name == "Pareto" else ours, "rmse": 3.0, "mae": 2.0,
         "money": total, "purchases": 0.0, "start": "2025-01-01", "until": "2025-06-30", "customers": 3,
         "purchases_came": 4.0, "money_came": 5.0}
        for name in CONTENDERS
    ]  # fmt: skip
    return pd.DataFrame(rows)


@pytest.mark.parametrize(
    ("ours", "total", "gini_held", "total_held"),
    [(0.70, 0.05, True, True), (0.70, -0.11, True, False), (0.69, 0.05, False, True)],
)
def test_the_verdict_says_where_an_aim_is_missed(ours, total, gini_held, total_held):
    page = "\n".join(accuracy.page(found(ours, 0.70, total)))
    assert f"Gini: held in {int(gini_held)} of 1" in page and f"Total of money: held in {int(total_held)} of 1" in page
    assert ("not in shop" in page) == (not (gini_held and total_held))


def test_errors_of_totals_of_several_bases_do_not_cancel():
    several = pd.concat([found(0.7, 0.7, 0.2), found(0.7, 0.7, -0.2)])
    assert accuracy.summarise(several, "shop", "money")[OURS] == pytest.approx(0.2)
    assert "±20.0%" in "\n".join(accuracy.page(several))
