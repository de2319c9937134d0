import numpy as np
import pandas as pd
import pytest

from custlib.errors import ModelError
from custlib.models import bgnbd
from custlib.models.bgnbd import BGNBD
from custlib.models.mbgnbd import MBGNBD
from custlib.value import activity, lifetime
from tests.bases import AS_OF, MODEL

UNEASY = [MODEL, BGNBD(20.0, 0.01, 30.0, 1e-8), BGNBD(0.5, 5.0, 1e-12, 1e5), MBGNBD(0.5, 40.0, 0.9, 1.6)]


def alive_in_sql(engine, model, rows):
    engine.attach_frame("histories", pd.DataFrame(rows, columns=["frequency", "recency", "T"]))
    column = lifetime.probability_alive(engine.dialect)
    select = f"select frequency, recency, T, {column} as alive from histories"
    return engine.fetch(select, **lifetime.parameters(model))


# --- worked by hand ---


def test_probability_alive_by_hand(base):
    # r = alpha = a = b = 1: one purchase again on day 1, T = 3: odds (1 / 1) * (2 / 4) ** 2 = 1 / 4
    engine = base([("a", "2025-12-01", 1)])
    found = alive_in_sql(engine, BGNBD(1, 1, 1, 1), [[0, 0, 3], [1, 1, 3]])
    assert found["alive"].tolist() == pytest.approx([1, 1 / 5], rel=1e-14)


def test_after_the_first_purchase_too_by_hand(base):
    # MBG, all parameters 1: a one-time buyer, T = 1, had one occasion: odds (1 / 1) (1 / 2); x = 1: (2 / 1) (2 / 4)^2
    engine = base([("a", "2025-12-01", 1)])
    found = alive_in_sql(engine, MBGNBD(1, 1, 1, 1), [[0, 0, 1], [1, 1, 3]])
    assert found["alive"].tolist() == pytest.approx([1 / 3, 1 / 3], rel=1e-14)


def test_a_tiny_b_is_not_lost_beside_the_frequency(base):
    # one purchase again, on the last day: odds b / a = 1
    engine = base([("a", "2025-12-01", 1)])
    assert alive_in_sql(engine, BGNBD(1, 1, 1e-17, 1e-17), [[1, 3, 3]])["alive"].item() == 0.5


def test_probability_of_purchase_by_hand(base):
    # a one-time buyer with r = 1, alpha = 1, T = 1 buys within 2 days with chance 1 - 2 / 4
    engine = base([("a", "2025-12-01", 1)])
    engine.attach_frame("histories", pd.DataFrame({"frequency": [0, 1], "recency": [0, 1], "T": [1, 3]}))
    column = lifetime.probability_of_purchase(engine.dialect)
    found = engine.fetch(
        f"select {column} as bought from histories order by T",
        window_days=2.0, **lifetime.parameters(BGNBD(1, 1, 1, 1)),
    )  # fmt: skip
    # the other: alive 1 / 5, and 1 - (4 / 6) ** 2 when alive
    assert found["bought"].tolist() == pytest.approx([1 / 2, 1 / 5 * 5 / 9], rel=1e-14)


# --- published figures ---


def test_cdnow_parameters_in_weeks(cdnow):
    weekly = lifetime.in_unit(cdnow.get("calibration_model"), 7, repeats=2457)
    np.testing.assert_allclose(
        [weekly.r, weekly.alpha, weekly.a, weekly.b],
        [0.24259452, 4.41360202, 0.79292202, 2.42590677], rtol=0, atol=1e-8,
    )  # fmt: skip
    assert weekly.log_likelihood == pytest.approx(-9582.429207, abs=1e-6)
    np.testing.assert_allclose(weekly.standard_errors, [0.012557, 0.378224, 0.185734, 0.705414], rtol=1e-4)
    np.testing.assert_allclose(np.sqrt(np.diag(weekly.covariance)), weekly.standard_errors, rtol=1e-12)


def test_a_model_without_evidence_changes_only_its_unit():
    assert lifetime.in_unit(BGNBD(0.25, 31.0, 0.8, 2.4), 7) == BGNBD(0.25, 31.0 / 7, 0.8, 2.4)


# --- the engine agrees with the models ---


@pytest.mark.parametrize("model", UNEASY, ids=["usual", "tiny alpha", "no drop-out", "MBG"])
def test_probability_alive_is_that_of_the_models(base, model):
    engine = base([("a", "2025-12-01", 1)])
    rows = [[x, t, age] for x in (1, 2, 9, 80) for age in (2, 30, 5000) for t in (1, age // 2, age)]
    found = alive_in_sql(engine, model, [[0, 0, 0], [0, 0, 5000], *rows])
    wanted = bgnbd.probability_alive(model, found["frequency"], found["recency"], found["T"])
    np.testing.assert_allclose(found["alive"], wanted, rtol=1e-10, atol=1e-12)


def test_probability_alive_of_every_cdnow_customer(cdnow):
    found = cdnow.engine.fetch("select frequency, recency, T, probability_alive from customer_value")
    wanted = bgnbd.probability_alive(cdnow.get("lifetime_model"), found["frequency"], found["recency"], found["T"])
    once = (found["frequency"] == 0).to_numpy()
    np.testing.assert_allclose(found.loc[~once, "probability_alive"], wanted[~once], rtol=0, atol=1e-12)
    assert once.any() and (wanted[once] == 1).all()
    assert found.loc[once, "probability_alive"].isna().all(), "1 of everybody is no measurement"


def test_alive_scores_are_those_of_the_models(cdnow):
    rate = cdnow.project.daily_discount_rate
    found = cdnow.engine.fetch("select * from alive_scores order by frequency, T")
    pair = found["frequency"].to_numpy(dtype=float), found["T"].to_numpy(dtype=float)
    wanted = {
        "purchases_if_alive": bgnbd.expected_purchases_if_alive(cdnow.get("lifetime_model"), 365, *pair),
        "any_purchase_if_alive": bgnbd.probability_of_purchase(cdnow.get("lifetime_model"), 365, *pair),
        "discounted_if_alive": bgnbd.discounted_purchases_if_alive(cdnow.get("lifetime_model"), 365, rate, *pair),
        "residual_if_alive": bgnbd.residual_transactions_if_alive(cdnow.get("lifetime_model"), rate, *pair),
    }
    for name, column in wanted.items():
        np.testing.assert_allclose(found[name], column, rtol=1e-12, err_msg=name)
    pairs = cdnow.engine.fetch("select count(*) as n from (select distinct frequency, T from customer_activity)")
    assert len(found) == pairs["n"].item()


def test_without_a_discount_all_coming_purchases_are_counted_by_hand():
    # a customer alive after k occasions leaves with p ~ Beta(a, b + k), so 1 / p purchases: (a + b + k - 1) / (a - 1)
    x, age = np.array([0.0, 2.0]), np.array([50.0, 50.0])
    assert lifetime.residual_if_alive(BGNBD(0.3, 30.0, 1.5, 2.0), 0.0, x, age).tolist() == [5, 9]
    mbgnbd = MBGNBD(0.3, 30.0, 1.5, 2.0)  # one occasion more
    assert lifetime.residual_if_alive(mbgnbd, 0.0, x, age).tolist() == [7, 11]
    # the limit of ever smaller rates
    many = BGNBD(3.0, 30.0, 2.5, 2.0)
    small, none = (lifetime.residual_if_alive(many, rate, x, age) for rate in (1e-7, 0.0))
    np.testing.assert_allclose(small, none, rtol=1e-4)


def test_without_a_discount_too_many_may_stay_for_ever(base):
    assert np.isnan(lifetime.residual_if_alive(MODEL, 0.0, np.ones(3), np.ones(3))).all()
    engine = base([("a", "2025-06-01", 30), ("a", "2025-09-01", 35)])
    activity.make_activity(engine, "customer_activity", as_of=AS_OF)
    lifetime.make_alive_scores(engine, "alive_scores", "customer_activity", MODEL, horizon_days=365, daily_rate=0.0)
    found = engine.fetch("select * from alive_scores")
    assert found["residual_if_alive"].isna().all()
    assert engine.fetch("select count(*) as n from alive_scores where residual_if_alive is null")["n"].item() == 1
    np.testing.assert_allclose(found["discounted_if_alive"], found["purchases_if_alive"], rtol=1e-12)


def test_discounting_lowers_and_time_raises_a_score(cdnow):
    found = cdnow.engine.fetch("select * from alive_scores")
    assert (found["discounted_if_alive"] < found["purchases_if_alive"]).all()
    assert (found["discounted_if_alive"] < found["residual_if_alive"]).all()
    assert found["any_purchase_if_alive"].between(0, 1).all()
    assert (found["any_purchase_if_alive"] <= found["purchases_if_alive"]).all()


# --- the grid ---


def test_the_grid_of_probability_alive(small_shop):
    age = float(small_shop.fetch("select median(T) as T from customer_activity")["T"].item())
    found = lifetime.alive_grid(small_shop, "customer_activity", MODEL, most=3, steps=4)
    assert sorted(found["frequency"].unique()) == [1, 2, 3]
    row = found.iloc[7]
    silent = row["days_since_last"]
    assert row["probability_alive"] == bgnbd.probability_alive(MODEL, row["frequency"], age - silent, age)
    falls = found.sort_values("days_since_last").groupby("frequency")["probability_alive"].diff().dropna()
    assert (falls < 0).all()


def test_a_base_as_new_as_the_data_has_an_empty_grid(base):
    engine = base([("a", AS_OF, 1)])
    activity.make_activity(engine, "customer_activity", as_of=AS_OF)
    assert lifetime.alive_grid(engine, "customer_activity", MODEL).empty


# --- errors ---


def test_nobody_bought_twice(base):
    engine = base([("a", "2025-12-01", 1), ("b", "2025-12-02", 1)])
    activity.make_activity(engine, "customer_activity", as_of=AS_OF)
    activity.make_cells(engine, "cells", "customer_activity")
    with pytest.raises(ModelError, match="no repeat purchases: all 2 customers bought one time"):
        lifetime.fit_lifetime(engine, "cells")
