import datetime as dt

import numpy as np
import pandas as pd
import pytest

from custlib.models import bgnbd
from custlib.models.bgnbd import repeat_times
from custlib.validate import goodness

ONE = bgnbd.BGNBD(1, 1, 1, 1)


def simulated(model, customers, ages, seed=0):
    """Cells of customers of the given ages, one a customer."""
    age = np.resize(np.asarray(ages, dtype=float), customers)
    who, when = repeat_times(model, age, np.random.default_rng(seed))
    recency = np.zeros(customers)
    np.maximum.at(recency, who, when)
    columns = {"frequency": np.bincount(who, minlength=customers), "recency": recency, "T": age}
    return pd.DataFrame(columns).assign(customers=1)


def fit(cells):
    return bgnbd.fit(cells["frequency"], cells["recency"], cells["T"], cells["customers"])


# --- worked by hand ---


def test_counts_by_hand():
    # r = alpha = a = b = 1, T = 1: none 1/2; one 1/8 + 1/4 (see test_bgnbd_counts)
    cells = pd.DataFrame({"frequency": [0, 1, 9], "T": 1.0, "customers": [5, 2, 1]})
    found, test = goodness.calibration_counts(cells, ONE)
    assert found["group"].tolist() == ["0", "1", "2", "3", "4", "5", "6", "7+"]
    assert found["actual"].tolist() == [5, 2, 0, 0, 0, 0, 0, 1]
    assert found["expected"].tolist()[:2] == pytest.approx([4, 3])
    assert found["expected"].sum() == pytest.approx(8)
    assert test is None  # too few groups of five expected customers


def test_a_test_by_hand():
    # 20 and 30 where 25 and 25 are expected: 1 + 1; the last group of 4 joins the one before: (13 - 14)^2 / 14
    found = goodness._pearson(np.array([20.0, 30, 10, 3]), np.array([25.0, 25, 10, 4]))
    assert found is None  # three groups, four parameters
    seven = np.full(7, 10.0)
    found = goodness._pearson(seven + np.array([1.0, -1, 1, -1, 1, -1, 0]), seven)
    assert (found.statistic, found.degrees) == (pytest.approx(0.6), 2)


# --- published figures ---


def test_cdnow(cdnow):
    found, test = goodness.calibration_counts(cdnow.get("outcomes"), cdnow.get("calibration_beta_geometric"))
    assert found["actual"].tolist() == [1411, 439, 214, 100, 62, 38, 29, 64]
    # Fader, Hardie and Lee (2005), section 4: 4.82 with 3 degrees of freedom, p = .19
    assert (test.statistic, test.degrees) == (pytest.approx(4.82, abs=0.01), 3)
    assert test.p_value == pytest.approx(0.19, abs=0.01)


def test_cdnow_cohorts_are_alike(cdnow):
    found, test = goodness.by_cohort(
        cdnow.get("outcomes"), cdnow.get("calibration_beta_geometric"), end=cdnow.get("holdout_period").calibration_end
    )
    assert found["cohort"].tolist() == [dt.date(1997, 1, 1), dt.date(1997, 2, 1), dt.date(1997, 3, 1)]
    assert found["customers"].sum() == 2357
    assert test.degrees == 8
    assert test.p_value > 0.5


# --- simulated truth ---


@pytest.mark.slow
def test_the_statistics_are_those_of_chance_when_the_model_is_right():
    truth, end = bgnbd.BGNBD(0.6, 20.0, 0.8, 2.5), dt.date(2025, 6, 30)
    counts, cohorts = [], []
    for seed in range(40):
        cells = simulated(truth, 3000, [150, 181, 120], seed)
        model = fit(cells)
        counts.append(goodness.calibration_counts(cells, model)[1].p_value)
        cohorts.append(goodness.by_cohort(cells, model, end=end)[1].p_value)
    # p-values are even: 40 of them fall under .05 about twice, hardly more often than seven times (p < .005)
    assert sum(p < 0.05 for p in counts) <= 7
    assert sum(p < 0.05 for p in cohorts) <= 7
    assert 0.2 < np.mean(cohorts) < 0.8


def test_cohorts_that_differ_are_told():
    fast, slow = bgnbd.BGNBD(2.0, 20.0, 0.8, 2.5), bgnbd.BGNBD(0.5, 30.0, 0.8, 2.5)
    cells = pd.concat([simulated(fast, 1500, [170]), simulated(slow, 1500, [140])])
    found, test = goodness.by_cohort(cells, fit(cells), end=dt.date(2025, 6, 30))
    assert test.p_value < 1e-6
    assert found["yearly_rate"].iloc[0] > 2 * found["yearly_rate"].iloc[1]


def test_small_cohorts_join_the_one_before():
    truth = bgnbd.BGNBD(0.8, 20.0, 0.8, 2.5)
    cells = pd.concat([simulated(truth, 600, [180]), simulated(truth, 30, [140], 1), simulated(truth, 20, [110], 2)])
    found, test = goodness.by_cohort(cells, fit(cells), end=dt.date(2025, 6, 30))
    assert found["customers"].tolist() == [650]
    assert test is None


def test_cohorts_of_many_years_are_told_by_the_year():
    truth = bgnbd.BGNBD(0.8, 60.0, 0.8, 2.5)
    cells = simulated(truth, 6000, np.arange(40, 365 * 5, 7))
    found, _ = goodness.by_cohort(cells, fit(cells), end=dt.date(2025, 6, 30))
    assert len(found) <= 12
    assert all(day.month == 1 for day in found["cohort"])
