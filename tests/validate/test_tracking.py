import datetime as dt

import numpy as np
import pandas as pd
import pytest

from custlib.models import bgnbd
from custlib.models.bgnbd import BGNBD, repeat_times
from custlib.models.mbgnbd import MBGNBD
from custlib.report.formats import change
from custlib.report.pages import validation_page
from custlib.report.texts import texts
from custlib.validate import tracking
from custlib.validate.backtest import count_outcomes
from custlib.value import activity
from custlib.value.seasonal.repeat_purchases import expected_repeats, repeat_counts
from custlib.value.uncertainty import histories
from tests.bases import FORECAST, MODEL

FAR = dt.date(2026, 12, 31)


def test_expected_repeats_add_up_the_cohorts():
    joined, customers = np.array([0.0, 31.0]), np.array([10.0, 5.0])
    found = expected_repeats(MODEL, joined, customers, np.array([59.0, 31.0, -5.0]))
    ten, five = bgnbd.new_customer_purchases(MODEL, [59, 28])
    assert found[0] == pytest.approx(10 * ten + 5 * five, rel=1e-12)
    # who comes later than the day, or on it, has not repeated
    assert found[1] == pytest.approx(10 * bgnbd.new_customer_purchases(MODEL, 31), rel=1e-12)
    assert found[2] == 0


def test_the_purchases_of_known_customers_by_hand(base):
    engine = base(
        [("a", "2025-01-01", 1), ("a", "2025-01-03", 1), ("a", "2025-01-03", 1), ("a", "2025-01-20", 1),
         ("b", "2025-01-10", 1), ("b", "2025-01-12", -1), ("b", "2025-01-19", 1), ("c", "2025-01-15", 1),
         ("c", "2025-01-16", 1)]
    )  # fmt: skip
    activity.make_activity(engine, "customer_activity", as_of=FAR)
    ends = pd.DatetimeIndex(["2025-01-02", "2025-01-11", "2025-01-20"])
    known = dt.date(2025, 1, 10)
    total, steps = tracking.tracking(engine, "customer_activity", MODEL, ends=ends, known=known)
    assert [day.day for day in total["period"]] == [2, 10, 11, 20]  # the day itself, between two steps
    assert total["actual"].tolist() == [0, 1, 1, 3]  # c came too late to be known
    assert steps["actual"].tolist() == [1, 2]
    assert steps["period"].tolist() == [dt.date(2025, 1, 11), dt.date(2025, 1, 20)]
    assert steps["expected"].tolist() == pytest.approx(np.diff(total["expected"].iloc[[0, 2, 3]]))
    assert (steps["low"] <= steps["expected"]).all()
    assert (steps["expected"] <= steps["high"]).all()


def test_cdnow_week_by_week(cdnow):
    project, cut = cdnow.project, cdnow.get("holdout_period").calibration_end
    ends = tracking.every(7, begin=dt.date(1997, 1, 1), until=project.as_of)
    total, steps = tracking.tracking(
        cdnow.engine, "customer_activity", cdnow.get("calibration_beta_geometric"), ends=ends, known=cut
    )
    assert total["period"].iloc[-1] == project.as_of
    assert total["actual"].iloc[-1] == 2457 + 1882
    assert total["actual"].is_monotonic_increasing
    assert total["expected"].is_monotonic_increasing
    # Fader, Hardie and Lee (2005), figure 2: within a few per cent at the end of calibration and of the holdout
    at_end = total[total["period"] <= cut].iloc[-1]
    assert at_end["expected"] == pytest.approx(at_end["actual"], rel=0.05)
    assert total["expected"].iloc[-1] == pytest.approx(total["actual"].iloc[-1], rel=0.05)
    # from the cut on the forecast of these customers: 2,457 that came and 1,653.4 to come, 12 % under what came
    forecast = tracking.with_forecast(total, cdnow.get("outcomes"), cdnow.get("calibration_model"), cut=cut)
    last = forecast.iloc[-1]
    assert last["expected"] == pytest.approx(2457 + 1653.4, abs=0.1)
    # the spread of such a miss was simulated as 119 purchases (60 bases like CDNOW, the model true)
    assert (last["high"] - last["low"]) / 2 / 1.96 == pytest.approx(119, rel=0.15)
    before = forecast["period"] <= cut
    assert forecast["expected"][before].tolist() == total["expected"][before].tolist()
    assert (forecast["low"] <= forecast["expected"]).all() and (forecast["expected"] <= forecast["high"]).all()
    inside = steps["actual"].between(steps["low"], steps["high"])
    assert inside.mean() == pytest.approx(0.81, abs=0.1)


def test_the_forecast_begins_on_the_last_day_of_calibration(base):
    """Between two steps: what came since the last step is known, and no part of what the forecast is held against."""
    days = [(f"c{n}", f"2025-0{1 + n % 3}-{1 + n % 28:02d}", 1) for n in range(60)]
    engine = base([*days, *((name, "2025-05-10", 1) for name, _, _ in days), ("c0", "2025-06-20", 1)])
    cut = dt.date(2025, 5, 15)
    activity.make_activity(engine, "customer_activity", as_of=cut)
    ends = tracking.every(21, begin=dt.date(2025, 1, 1), until=dt.date(2025, 6, 30))
    assert pd.Timestamp("2025-05-10") not in ends and pd.Timestamp(cut) not in ends
    total, _ = tracking.tracking(engine, "customer_activity", MODEL, ends=ends, known=cut)
    cells = count_outcomes(engine, end=cut, until=dt.date(2025, 6, 30))
    frame = tracking.with_forecast(total, cells, FORECAST, cut=cut)
    ahead = float(FORECAST.expected_purchases(histories(cells), 46.0) @ cells["customers"].to_numpy())
    assert frame["expected"].iloc[-1] == pytest.approx(60 + ahead, rel=0.01)
    title = validation_page.tracking(texts("en"), frame, cut).title
    assert title.endswith(f"by {change(ahead / 1 - 1)}")


@pytest.mark.parametrize("model", [MODEL, MBGNBD(0.5, 40.0, 0.9, 1.6)], ids=["BG", "MBG"])
def test_the_band_of_chance_by_brute_force(model):
    joined, reached = np.zeros(1), np.array([0.0, 100.0, 300.0])
    total, steps = tracking._chance(model, joined, np.array([50.0]), reached, np.arange(3))
    random = np.random.default_rng(5)
    who, when = repeat_times(model, np.full(50 * 2000, 300.0), random)
    bought = np.zeros((2000, 2))
    np.add.at(bought, (who // 50, (when > 100).astype(int)), 1)
    np.testing.assert_allclose(total[1:], bought.cumsum(axis=1).var(axis=0), rtol=0.15)
    np.testing.assert_allclose(steps, bought.var(axis=0), rtol=0.15)


def test_equal_calls_give_equal_bands(cdnow):
    ends = tracking.every(91, begin=dt.date(1997, 1, 1), until=dt.date(1998, 6, 30))
    calls = [
        tracking.tracking(cdnow.engine, "customer_activity", model, ends=ends, known=FAR)[0]
        for model in [cdnow.get("calibration_beta_geometric")] * 2
    ]
    pd.testing.assert_frame_equal(*calls)


def test_a_rate_of_a_million_purchases_a_day_costs_no_more() -> None:
    """A degenerate fit may say so; every purchase simulated by itself would take gigabytes."""
    model = BGNBD(0.05, 1e-9, 0.001, 5.0)
    counts = repeat_counts(model, np.zeros(500), np.array([50.0, 100.0]), np.random.default_rng(0))
    assert counts.shape == (500, 2) and counts.max() > 1e6 and np.isfinite(counts).all()
    assert (np.diff(counts, axis=1) >= 0).all()
