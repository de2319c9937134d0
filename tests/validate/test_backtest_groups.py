import numpy as np
import pandas as pd
import pytest

from custlib.models import bgnbd
from custlib.validate import backtest_groups as groups
from tests.bases import FORECAST, MODEL

CELLS = pd.DataFrame(
    {
        "frequency": [0, 1, 1, 9], "recency": [0.0, 10.0, 60.0, 70.0], "T": [80.0, 80.0, 80.0, 80.0],
        "customers": [6, 2, 1, 1], "actual": [3.0, 0.0, 2.0, 7.0], "expected": [1.2, 0.4, 1.0, 8.0],
        "naive": [0.0, 2.0, 1.0, 9.0],
    }
)  # fmt: skip


@pytest.fixture(scope="module")
def forecast(cdnow):
    return groups.forecast(cdnow.get("outcomes"), cdnow.get("calibration_model"), cdnow.project.holdout_days)


# --- worked by hand ---


def test_the_forecast_of_cells():
    found = groups.forecast(CELLS, FORECAST, 40)
    wanted = bgnbd.expected_purchases(MODEL, 40, CELLS["frequency"], CELLS["recency"], CELLS["T"]) * CELLS["customers"]
    np.testing.assert_allclose(found["expected"], wanted, rtol=1e-14)
    assert found["naive"].tolist() == [0, 1, 0.5, 4.5]


def test_by_frequency_by_hand():
    found = groups.by_frequency(CELLS)
    assert found["group"].tolist() == ["0", "1", "7+"]
    assert found["customers"].tolist() == [6, 3, 1]
    assert found["actual"].tolist() == pytest.approx([0.5, 2 / 3, 7])
    assert found["expected"].tolist() == pytest.approx([0.2, 1.4 / 3, 8])


def test_by_silence_by_hand():
    found = groups.by_silence(CELLS)  # repeat buyers only, silent for 70, 20 and 10 days
    assert found["group"].tolist() == ["10", "20", "70"]
    assert found["actual"].tolist() == [7, 2, 0]
    assert groups.by_silence(CELLS[CELLS["frequency"] == 0]).empty


def test_a_tenth_that_ends_in_a_cell_takes_its_part():
    found = groups.by_decile(CELLS)
    assert found["group"].tolist() == [str(n) for n in range(1, 11)]
    # ranked by expected per customer: 8, 1, then .2 for two cells of 6 and 2 customers, who bought 3 times together
    assert found["actual"].tolist() == pytest.approx([7, 2, *[3 / 8] * 8], abs=1e-12)
    assert found["actual"].sum() * found["customers"].iloc[0] == pytest.approx(CELLS["actual"].sum())


def test_what_the_best_tenth_holds_by_hand():
    assert groups.captured(CELLS, "expected") == pytest.approx(7 / 12)
    assert groups.captured(CELLS, "frequency", share=0.2) == pytest.approx((7 + 1 * 2 / 3) / 12)  # one of three alike
    assert groups.captured(CELLS, "actual", share=1.0) == pytest.approx(1)
    assert np.isnan(groups.captured(CELLS.assign(actual=0.0), "expected"))


# --- published figures ---


def test_cdnow_by_frequency(forecast):
    found = groups.by_frequency(forecast)
    assert found["group"].tolist() == ["0", "1", "2", "3", "4", "5", "6", "7+"]
    assert found["customers"].sum() == 2357
    actual = [0.237, 0.697, 1.393, 1.560, 2.532, 2.947, 3.862, 6.359]
    expected = [0.225, 0.523, 1.044, 1.520, 2.164, 2.654, 3.504, 6.157]
    np.testing.assert_allclose(found["actual"], actual, atol=5e-4)
    np.testing.assert_allclose(found["expected"], expected, atol=5.1e-4)


@pytest.mark.parametrize("make", [groups.by_frequency, groups.by_decile])
def test_groups_add_up_to_the_whole(forecast, make):
    found = make(forecast)
    for name in ("actual", "expected", "naive"):
        assert found[name] @ found["customers"] == pytest.approx(forecast[name].sum(), rel=1e-12)


def test_the_order_of_the_cells_does_not_matter(forecast):
    shuffled = forecast.sample(frac=1, random_state=1)
    pd.testing.assert_frame_equal(groups.by_frequency(shuffled), groups.by_frequency(forecast))
    pd.testing.assert_frame_equal(groups.by_silence(shuffled), groups.by_silence(forecast))
    assert groups.captured(shuffled, "expected") == pytest.approx(groups.captured(forecast, "expected"), rel=1e-12)


def test_the_model_ranks_better_than_the_past_rate(forecast):
    model, rate, best = (groups.captured(forecast, by) for by in ("expected", "naive", "actual"))
    assert (model, rate) == pytest.approx((0.469, 0.459), abs=5e-4)
    assert best > model
