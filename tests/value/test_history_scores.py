"""What the lifetime model says of each distinct history, and the table of it."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from custlib.models import bgnbd
from custlib.models.bgnbd import BGNBD
from custlib.models.forecasting import Histories, ModelAverage, as_lifetime_model
from custlib.models.mbgnbd import MBGNBD
from custlib.models.paretonbd import ParetoNBD
from custlib.value import activity, history_scores
from tests.bases import AS_OF, DAILY_RATE, FORECAST

BOTH = ModelAverage(((0.75, FORECAST), (0.25, as_lifetime_model(MBGNBD(0.5, 40.0, 0.9, 1.6)))))
ROWS = [("a", "2025-06-01", 30), ("a", "2025-09-01", 35), ("b", "2025-06-01", 30), ("b", "2025-09-01", 5),
        ("c", "2025-11-01", 10)]  # fmt: skip


def scored(engine: Any, model: Any, *, rate: float = DAILY_RATE, days: int = 90) -> pd.DataFrame:
    activity.make_activity(engine, "customer_activity", as_of=AS_OF)
    history_scores.score_customers(
        engine, "history_scores", "customer_activity", model, horizon_days=days, daily_rate=rate, residual_rate=rate
    )
    return engine.fetch("select * from history_scores order by frequency desc").set_index("frequency")


# --- worked by hand ---


def test_two_customers_with_one_history_have_one_score_by_hand(base: Any) -> None:
    # r = alpha = a = b = 1, x = 1, 92 days, T = 213: odds of having left (1 / 1) (214 / 93) ** 2; within 2 days of one
    # who is active 1 - (214 / 216) ** 2
    found = scored(base(ROWS), as_lifetime_model(BGNBD(1, 1, 1, 1)), days=2)
    assert found[["recency", "T"]].to_numpy().tolist() == [[92, 213], [0, 60]]
    alive = 1 / (1 + (214 / 93) ** 2)
    assert found.loc[1, "probability_alive"] == pytest.approx(alive, rel=1e-14)
    assert found.loc[1, "probability_of_purchase"] == pytest.approx(alive * (1 - (214 / 216) ** 2), rel=1e-12)


def test_after_one_purchase_only_a_model_that_can_tell_says_so(base: Any) -> None:
    engine = base(ROWS)
    assert np.isnan(scored(engine, FORECAST).loc[0, "probability_alive"]), "1 of everybody is no measurement"
    # with MBG/NBD in the average: BG says 1, MBG b / (a + b) odds
    odds = 0.9 / 1.6 * (1 + 60 / 40) ** 0.5
    assert scored(engine, BOTH).loc[0, "probability_alive"] == pytest.approx(0.75 + 0.25 / (1 + odds), rel=1e-12)


def test_an_average_is_the_mean_of_its_models(base: Any) -> None:
    engine = base(ROWS)
    each = [scored(engine, model).drop(columns="probability_alive") for _, model in BOTH.parts]
    pd.testing.assert_frame_equal(
        scored(engine, BOTH).drop(columns="probability_alive"), 0.75 * each[0] + 0.25 * each[1], check_dtype=False
    )


# --- all parts ---


def test_many_histories_are_scored_in_parts(base: Any, monkeypatch: Any) -> None:
    engine = base([(f"c{n}", f"2025-0{1 + n % 9}-{1 + n % 28:02d}", 10) for n in range(150)])
    whole = scored(engine, FORECAST).reset_index().sort_values("T", ignore_index=True)
    monkeypatch.setattr(history_scores, "_PART", 7)
    parts = scored(engine, FORECAST).reset_index().sort_values("T", ignore_index=True)
    pd.testing.assert_frame_equal(whole, parts)
    assert not engine.has("history_scores_0"), "parts are dropped"


def test_nobody_has_no_scores(base: Any) -> None:
    engine = base(ROWS)
    activity.make_activity(engine, "customer_activity", as_of=AS_OF)
    history_scores.make_scores(
        engine,
        "nobody",
        "(select * from customer_activity where T < 0)",
        lambda known: {"alive": FORECAST.probability_alive(known)},
    )
    assert engine.fetch("select * from nobody").empty and "alive" in engine.columns("nobody")


# --- the models ---


def test_scores_of_every_cdnow_customer_are_those_of_the_model(cdnow: Any) -> None:
    rate, model = cdnow.project.daily_discount_rate, cdnow.get("beta_geometric")
    found = cdnow.engine.fetch("select * from history_scores")
    x, recency, age = (found[name].to_numpy(dtype=float) for name in history_scores.KEY)
    alive = bgnbd.probability_alive(model, x, recency, age)
    wanted = {
        "expected_purchases": bgnbd.expected_purchases_if_alive(model, 365, x, age),
        "probability_of_purchase": bgnbd.probability_of_purchase(model, 365, x, age),
        "discounted_purchases": bgnbd.discounted_purchases_if_alive(model, 365, rate, x, age),
        "residual_purchases": bgnbd.residual_transactions_if_alive(model, rate, x, age),
    }
    for name, column in wanted.items():
        np.testing.assert_allclose(found[name], alive * column, rtol=1e-10, err_msg=name)
    once = x == 0
    np.testing.assert_allclose(found.loc[~once, "probability_alive"], alive[~once], rtol=0, atol=1e-12)
    assert once.any() and (alive[once] == 1).all() and found.loc[once, "probability_alive"].isna().all()
    key = ", ".join(history_scores.KEY)
    distinct = cdnow.engine.fetch(f"select count(*) as n from (select distinct {key} from customer_activity)")
    assert len(found) == distinct["n"].item()


def test_discounting_lowers_and_time_raises_a_score(cdnow: Any) -> None:
    found = cdnow.engine.fetch("select * from history_scores")
    assert (found["discounted_purchases"] < found["expected_purchases"]).all()
    assert (found["discounted_purchases"] < found["residual_purchases"]).all()
    assert found["probability_of_purchase"].between(0, 1).all()
    assert (found["probability_of_purchase"] <= found["expected_purchases"]).all()


# --- without a discount ---


def test_without_a_discount_all_coming_purchases_are_counted_by_hand() -> None:
    # a customer alive after k occasions leaves with p ~ Beta(a, b + k), so 1 / p purchases: (a + b + k - 1) / (a - 1)
    def lasting(model: Any, rate: float = 0.0) -> Any:
        known = Histories.of([0.0, 2.0], [0.0, 50.0], 50.0)
        one = as_lifetime_model(model)
        return history_scores.residual_purchases(one, known, rate) / one.probability_alive(known)

    assert lasting(BGNBD(0.3, 30.0, 1.5, 2.0)).tolist() == pytest.approx([5, 9])
    assert lasting(MBGNBD(0.3, 30.0, 1.5, 2.0)).tolist() == pytest.approx([7, 11])  # one occasion more
    # Pareto/NBD: the rate (r + x) / (alpha + T) for the mean time (beta + T) / (s - 1)
    assert lasting(ParetoNBD(1.0, 50.0, 3.0, 70.0)).tolist() == pytest.approx([1 / 100 * 60, 3 / 100 * 60])
    # the limit of ever smaller rates
    for many in (BGNBD(3.0, 30.0, 2.5, 2.0), ParetoNBD(1.0, 50.0, 3.0, 70.0)):
        np.testing.assert_allclose(lasting(many, 1e-7), lasting(many), rtol=1e-3)


def test_without_a_discount_too_many_may_stay_for_ever(base: Any) -> None:
    engine = base(ROWS)
    for model in (FORECAST, as_lifetime_model(ParetoNBD(1.0, 50.0, 0.9, 70.0)), BOTH):
        found = scored(engine, model, rate=0.0)
        assert found["residual_purchases"].isna().all()
        np.testing.assert_allclose(found["discounted_purchases"], found["expected_purchases"], rtol=1e-12)
