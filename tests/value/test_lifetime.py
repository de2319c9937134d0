import numpy as np
import pytest

from custlib.errors import ModelError
from custlib.models import bgnbd
from custlib.models.bgnbd import BGNBD
from custlib.value import activity, lifetime
from tests.bases import AS_OF, FORECAST, MODEL

# --- published figures ---


def test_cdnow_parameters_in_weeks(cdnow):
    weekly = lifetime.in_unit(cdnow.get("calibration_beta_geometric"), 7, repeats=2457)
    np.testing.assert_allclose(
        [weekly.r, weekly.alpha, weekly.a, weekly.b],
        [0.24259452, 4.41360202, 0.79292202, 2.42590677], rtol=0, atol=1e-8,
    )  # fmt: skip
    assert weekly.log_likelihood == pytest.approx(-9582.429207, abs=1e-6)
    np.testing.assert_allclose(weekly.standard_errors, [0.012557, 0.378224, 0.185734, 0.705414], rtol=1e-4)
    np.testing.assert_allclose(np.sqrt(np.diag(weekly.covariance)), weekly.standard_errors, rtol=1e-12)


def test_a_model_without_evidence_changes_only_its_unit():
    assert lifetime.in_unit(BGNBD(0.25, 31.0, 0.8, 2.4), 7) == BGNBD(0.25, 31.0 / 7, 0.8, 2.4)


# --- the grid ---


def test_the_grid_of_probability_alive(small_shop):
    age = float(small_shop.fetch("select median(T) as T from customer_activity")["T"].item())
    found = lifetime.alive_grid(small_shop, "customer_activity", FORECAST, most=3, steps=4)
    assert sorted(found["frequency"].unique()) == [1, 2, 3]
    row = found.iloc[7]
    silent = row["days_since_last"]
    assert row["probability_alive"] == bgnbd.probability_alive(MODEL, row["frequency"], age - silent, age)
    falls = found.sort_values("days_since_last").groupby("frequency")["probability_alive"].diff().dropna()
    assert (falls < 0).all()


def test_a_base_as_new_as_the_data_has_an_empty_grid(base):
    engine = base([("a", AS_OF, 1)])
    activity.make_activity(engine, "customer_activity", as_of=AS_OF)
    assert lifetime.alive_grid(engine, "customer_activity", FORECAST).empty


# --- errors ---


def test_nobody_bought_twice(base):
    engine = base([("a", "2025-12-01", 1), ("b", "2025-12-02", 1)])
    activity.make_activity(engine, "customer_activity", as_of=AS_OF)
    activity.make_cells(engine, "cells", "customer_activity")
    with pytest.raises(ModelError, match="no repeat purchases: all 2 customers bought one time"):
        lifetime.fit_lifetime(engine, "cells")
