import datetime as dt

import numpy as np
import pandas as pd
import pytest

from custlib import project
from custlib.models import bgnbd
from custlib.run import HOME, Run
from custlib.validate import backtest
from custlib.value import activity, history, history_scores, lifetime
from tests.bases import DAILY_RATE, FORECAST, MODEL

END, AS_OF = dt.date(2025, 9, 30), dt.date(2025, 12, 31)
DAYS = 92


def held_out(engine):
    """The table of forecast and truth of an engine, with the model of the tests."""
    history.make_history(engine, as_of=AS_OF, calibration_end=END)
    activity.define_activity(engine, "calibration_activity", "calibration", as_of=END, until=AS_OF)
    history_scores.score_customers(
        engine, "calibration_scores", "calibration_activity", FORECAST, horizon_days=DAYS, daily_rate=DAILY_RATE
    )
    backtest.define_holdout(engine, "calibration_scores", calibration_end=END, as_of=AS_OF)
    return engine.fetch("select * from holdout order by customer_id").set_index("customer_id")


ROWS = [
    ("a", "2025-07-22", 1), ("a", "2025-08-01", 1), ("a", "2025-10-01", 1), ("a", "2025-10-01", 5),
    ("a", "2025-12-31", 1), ("a", "2026-01-01", 1),
    ("b", "2025-09-30", 1), ("b", "2025-10-05", -1),
    ("c", "2025-11-01", 1),
]  # fmt: skip


def test_three_customers_by_hand(base):
    found = held_out(base(ROWS))
    assert found.index.tolist() == ["a", "b"]  # c was not known yet
    assert found["actual"].tolist() == [2, 0]  # one day counts once, a refund never, 2026 is too late
    assert found["naive"].tolist() == pytest.approx([1 * DAYS / 70, 0])
    assert found["again"].tolist() == [1, 0]  # a bought again once in the 92 days before; b began in them
    wanted = bgnbd.expected_purchases(MODEL, DAYS, [1, 0], [10, 0], [70, 0])
    assert found["predicted"].tolist() == pytest.approx(wanted, rel=1e-12)


def test_the_last_period_again_counts_repeat_purchases_of_that_period_only(base):
    rows = [("a", "2025-06-01", 1), ("a", "2025-06-20", 1), ("a", "2025-07-01", 1), ("a", "2025-09-30", 1),
            ("a", "2025-09-30", 2), ("b", "2025-07-01", 1), ("b", "2025-07-05", 1)]  # fmt: skip
    # the period before has 92 days as well: 1 July (the day after 30 June) to 30 September
    assert held_out(base(rows))["again"].tolist() == [2, 1]


def test_outcomes_by_hand(base):
    engine = base([*ROWS, ("d", "2025-09-30", 1), ("d", "2025-10-01", 1), ("d", "2025-10-02", 1)])
    found = backtest.count_outcomes(engine, end=END, until=AS_OF)
    assert found.to_dict("list") == {
        "frequency": [0, 1], "recency": [0, 10], "T": [0, 70], "customers": [2, 1], "actual": [2, 2], "buyers": [1, 1],
    }  # fmt: skip


def test_the_hiatus_rule_by_hand():
    silent = pd.DataFrame({"T": [10, 50, 90, 90], "recency": [5, 10, 80, 0], "customers": 1, "buyers": [1, 0, 1, 0]})
    assert backtest.hiatus(silent) == 10  # silences 5, 40, 10, 90: buyers up to 10, nobody after
    assert backtest.hiatus(silent.assign(buyers=0)) == 0


def test_the_summary_by_hand(base):
    engine = base(ROWS)
    rows = held_out(engine)
    found = backtest.summary(engine)
    assert (found["customers"], found["actual"]) == (2, 2)
    assert found["bias"] == pytest.approx(rows["predicted"].sum() / 2 - 1)
    assert found["naive_bias"] == pytest.approx(DAYS / 70 / 2 - 1)
    assert found["mean_absolute_error"] == pytest.approx((rows["predicted"] - rows["actual"]).abs().mean())
    assert abs(found["correlation"]) == pytest.approx(1)  # two points lie on a line


def test_nobody_buys_in_the_holdout(base):
    engine = base([("a", "2025-08-01", 1), ("a", "2025-09-01", 1)])
    held_out(engine)
    found = backtest.summary(engine)
    assert (found["actual"], found["bias"], found["naive_bias"]) == (0, None, None)
    assert found["correlation"] is None


# --- published figures ---


def test_cdnow_holdout(cdnow):
    found = cdnow.get("test_result")
    assert found["actual"] == 1882
    assert found["predicted"] == pytest.approx(1653.4, abs=0.1)
    assert found["naive"] == pytest.approx(2930.1, abs=0.1)
    assert found["bias"] == pytest.approx(-0.121, abs=5e-4)
    assert found["naive_bias"] == pytest.approx(0.557, abs=5e-4)
    assert found["light"] == "untested", "a year ahead cannot be tested in 18 months"


def test_cdnow_beside_what_people_do_without_a_model(cdnow):
    limit = backtest.hiatus(cdnow.get("outcomes"))
    found = backtest.baselines(cdnow.engine, hiatus_days=limit).set_index("forecast")
    assert found["purchases"].tolist() == pytest.approx([1653.4, 2930.1, 2457, 2447.8], abs=0.1)
    assert found["bias"].tolist() == pytest.approx([-0.121, 0.557, 0.306, 0.301], abs=5e-4)
    assert found["mean_absolute_error"].idxmin() == "model"
    assert found["correlation"].idxmax() == "model"
    # in telling who buys at all, the rule with the limit that is best in hindsight is as good, as is well known
    cells = cdnow.get("outcomes")
    expected_to_buy = cells["T"] - cells["recency"] <= limit
    right = cells["buyers"].where(expected_to_buy, cells["customers"] - cells["buyers"])
    assert limit == 163
    assert right.sum() / cells["customers"].sum() == pytest.approx(0.782, abs=5e-4)


@pytest.mark.slow
def test_cdnow_master(tmp_path):
    sample = project.load(HOME / "data" / "cdnow.toml")
    source = sample.source.model_dump() | {
        "path": "datasets/CDNOW_master.txt",
        "names": ("master_id", "date", "cds", "dollars"),
        "columns": {"customer_id": "master_id", "timestamp": "date", "amount": "dollars", "quantity": "cds"},
    }
    opened = Run(sample.replace(source=source, model="bgnbd"), tmp_path)
    found = opened.get("test_result")
    assert (found["customers"], found["actual"]) == (23_570, 19_684)
    assert found["predicted"] == pytest.approx(16_873.7, abs=0.1)
    repeats = activity.base(opened.engine, "calibration_activity")["repeats"]
    weekly = lifetime.in_unit(opened.get("calibration_beta_geometric"), 7, repeats=repeats)
    np.testing.assert_allclose([weekly.r, weekly.alpha, weekly.a, weekly.b], [0.2516, 4.789, 0.723, 2.161], atol=6e-4)
    assert weekly.log_likelihood == pytest.approx(-95_368.4, abs=0.1)


def test_cdnow_in_money(cdnow):
    found = cdnow.get("holdout_money")
    assert found["actual"] == pytest.approx(70_976, abs=1)  # booked after 30 September 1997
    assert found["bias"] == pytest.approx(-0.152, abs=0.002)
    assert 35 < found["mean_spend"] < 37
