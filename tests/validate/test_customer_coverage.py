"""How many customers lie inside their 90 % intervals: by hand, and where the model is true, by tenth of value."""

import numpy as np
import pandas as pd
import pytest

import custlib
from custlib.engine import open_engine
from custlib.models import gammagamma
from custlib.models.bgnbd import BGNBD
from custlib.models.forecasting import as_lifetime_model, average, candidates
from custlib.models.gammagamma import GammaGamma
from custlib.models.mbgnbd import MBGNBD
from custlib.models.paretonbd import ParetoNBD
from custlib.models.regularnbd import RegularNBD
from custlib.validate import customer_coverage as coverage
from custlib.value.spend import Spend, from_gamma_gamma
from tests.buyers import buyers_of
from tests.notebooks.shops import make_shop

CUSTOMERS, HORIZON = 20_000, 180
MONEY = GammaGamma(6.0, 4.0, 45.0)
TRUTHS = {
    "BG": (BGNBD(0.9, 50.0, 0.9, 3.0), 1),
    "MBG": (MBGNBD(1.2, 50.0, 0.9, 3.0), 1),
    "Pareto": (ParetoNBD(0.9, 45.0, 0.8, 150.0), 1),
    "Erlang 3": (RegularNBD(3, BGNBD, 1.2, 16.0, 0.9, 3.0), 3),
}


def simulated(truth, random):
    """Customers of a truth as a table of an origin: what was known of each, and what came in the window after it."""
    T = random.integers(30, 400, CUSTOMERS).astype(float)
    buyers = buyers_of(truth, CUSTOMERS, 400.0 + HORIZON, random)
    known, wait = buyers.histories(T), buyers.when - T[buyers.who]
    level = random.gamma(MONEY.q, 1 / MONEY.v, CUSTOMERS)
    amount = random.gamma(MONEY.p, 1 / level[buyers.who])
    past, later = wait <= 0, (wait > 0) & (wait <= HORIZON)
    spent = np.bincount(buyers.who[past], amount[past], CUSTOMERS)
    return pd.DataFrame(
        {
            "frequency": known.frequency, "recency": np.floor(known.recency), "T": T,
            "monetary_value": np.where(known.frequency > 0, spent / np.maximum(known.frequency, 1), np.nan),
            "first_amount": random.gamma(MONEY.p, 1 / level),
            "actual": np.bincount(buyers.who[later], minlength=CUSTOMERS).astype(float),
            "actual_revenue": np.bincount(buyers.who[later], amount[later], CUSTOMERS),
        }
    )  # fmt: skip


def counted(folder, frame, model, money, days=HORIZON):
    engine = open_engine("duckdb", folder)
    engine.attach_frame("origin", frame)
    found = coverage.count_inside(engine, "origin", model, money, days=days)
    engine.close()
    return found


@pytest.mark.slow
@pytest.mark.parametrize("name", TRUTHS)
def test_where_the_model_is_true_90_of_100_lie_inside_in_each_tenth(tmp_path, name):
    truth, ticks = TRUTHS[name]
    frame = simulated(truth, np.random.default_rng(7))
    model = average(candidates(frame["frequency"], frame["recency"], frame["T"], ticks=ticks))
    again = frame[frame["frequency"] > 0]
    fitted = gammagamma.fit(again["frequency"], again["monetary_value"])
    found = counted(tmp_path, frame, model, (from_gamma_gamma(fitted), fitted))
    share = found[["purchases", "revenue"]].div(found["customers"], axis=0)
    assert (share >= 0.87).all().all(), share
    # of the last fifth nearly nobody buys, and what is all in one point cannot be divided: 0 holds more than 90 of 100
    assert (share["revenue"][:8] <= 0.93).all(), share
    assert (share["purchases"][:8] <= 0.955).all(), "purchases are whole numbers, so that somewhat more lie inside"


# --- worked by hand ---

ONE_BY_ONE = pd.DataFrame(
    {
        "frequency": 1.0, "recency": 10.0, "T": np.arange(20.0, 40.0), "monetary_value": 10.0, "first_amount": 10.0,
        "actual": [0.0] * 10 + [2.0] * 10, "actual_revenue": [0.0] * 10 + [25.0] * 10,
    }
)  # fmt: skip


@pytest.fixture
def intervals_by_hand(monkeypatch):
    """From 0 to 1 purchase, and from 0 to 3 spends, of each customer; the youngest is worth most."""

    def futures(known, model, money, horizon):
        ends = {"purchases_low": 0.0, "purchases_high": 1.0, "money_low": 0.0, "money_high": 3.0}
        return {name: np.full(known.size, end) for name, end in ends.items()} | {"expected": 1 / known.T}

    monkeypatch.setattr(coverage, "futures", futures)


def test_tenths_by_hand(tmp_path, intervals_by_hand):
    # a spend of (10 + 1 x 10) / (1 + 1) = 10, so that 25 lies below 3 x 10; with a prior of 4 below 3 x 7 it does not
    model = as_lifetime_model(BGNBD(0.25, 31.0, 0.8, 2.4))
    found = counted(tmp_path / "wide", ONE_BY_ONE, model, (Spend("shrinkage", 10.0, 1.0, 10.0), None))
    assert found["tenth"].tolist() == [*range(1, 11)] and (found["customers"] == 2).all()
    assert found["purchases"].tolist() == [2] * 5 + [0] * 5
    assert found["revenue"].tolist() == [2] * 10
    found = counted(tmp_path / "narrow", ONE_BY_ONE, model, (Spend("shrinkage", 4.0, 1.0, 4.0), None))
    assert found["revenue"].tolist() == [2] * 5 + [0] * 5


def test_equal_customers_stay_together_and_without_money_purchases_rank(tmp_path, intervals_by_hand):
    model = as_lifetime_model(BGNBD(0.25, 31.0, 0.8, 2.4))
    found = counted(tmp_path, ONE_BY_ONE.assign(T=[20.0] * 13 + [30.0] * 7), model, (Spend("none"), None))
    assert found[["tenth", "customers"]].to_numpy().tolist() == [[7, 13], [10, 7]]
    assert found["purchases"].tolist() == [10, 0] and found["revenue"].isna().all()


# --- of a run ---


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    return custlib.open(make_shop(tmp_path_factory.mktemp("shop")), horizon_days=60, holdout_days=90)


def test_a_run_tells_of_the_holdout_and_of_earlier_days(shop):
    requested = shop.with_(value={"columns": ["customer_intervals"]})
    found = requested.get("customer_interval_coverage")
    assert found["window"].unique().tolist() == ["holdout", "origins"]
    for measure in coverage.MEASURES:
        assert (found[measure] <= found["customers"]).all()
    known = found.groupby("window")["customers"].sum()
    base = requested.engine.fetch("select count(*) as n from calibration_activity")["n"].item()
    origins = [f"select count(*) as n from {one.origin.name}" for one in requested.get("past_forecasts")]
    assert known["holdout"] == base
    assert known["origins"] == sum(requested.engine.fetch(select)["n"].item() for select in origins)
    # what came in the holdout is what the test of the forecast counts
    last = f"origin_{requested.get('holdout_period').calibration_end:%Y%m%d}_90"
    actual = requested.engine.fetch(f"select sum(actual) as n, sum(actual_revenue) as money from {last}").iloc[0]
    assert actual["n"] == requested.get("holdout_summary")["actual"]
    assert float(actual["money"]) == pytest.approx(requested.get("holdout_money")["actual"])


def test_nothing_is_measured_that_nobody_asked_for(shop):
    assert shop.reason("customer_interval_coverage") == "not_requested"
