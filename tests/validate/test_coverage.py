"""Do 95 % intervals hold the truth 95 times in 100? Hundreds of bases of customers with known parameters."""

import numpy as np
import pandas as pd
import pytest

from custlib.engine.duckdb import DuckDB
from custlib.models import bgnbd, gammagamma, mbgnbd
from custlib.models.bgnbd import repeat_times
from custlib.models.forecasting import as_lifetime_model
from custlib.models.gammagamma import GammaGamma
from custlib.value import forecast_intervals
from custlib.value.spend import from_gamma_gamma

BASES, CUSTOMERS, HORIZON = 400, 1500, 180.0
TRUTHS = {"BG": bgnbd.BGNBD(0.6, 60.0, 0.9, 3.0), "MBG": mbgnbd.MBGNBD(0.9, 60.0, 0.9, 3.0)}
MONEY = GammaGamma(6.0, 5.0, 60.0)
PARAMETERS = ("r", "alpha", "a", "b")
TAIL = 1.959963984540054


def simulated(random, truth):
    """One base: each customer's history, the mean money of the repeat days, and what came in the horizon."""
    age = random.uniform(30, 400, CUSTOMERS)
    who, when = repeat_times(truth, age + HORIZON, random)
    level = random.gamma(MONEY.q, 1 / MONEY.v, CUSTOMERS)
    money = random.gamma(MONEY.p, 1 / level[who])
    past = when <= age[who]
    frame = pd.DataFrame({"frequency": np.bincount(who[past], minlength=CUSTOMERS), "recency": 0.0, "T": age})
    np.maximum.at(frame["recency"].to_numpy(), who[past], when[past])
    spent = np.bincount(who[past], money[past], CUSTOMERS)
    frame["mean"] = np.where(frame["frequency"] > 0, spent / np.maximum(frame["frequency"], 1), 0.0)
    frame["bought"] = np.bincount(who[~past], minlength=CUSTOMERS)
    frame["earned"] = np.bincount(who[~past], money[~past], CUSTOMERS)
    return frame


def fitted(frame, truth):
    again = frame[frame["frequency"] > 0]
    model = {"BG/NBD": bgnbd, "MBG/NBD": mbgnbd}[truth.label].fit(frame["frequency"], frame["recency"], frame["T"])
    return model, gammagamma.fit(again["frequency"], again["mean"])


def intervals(engine, frame, model, money):
    """The intervals of the package, of three segments by frequency and of all."""
    bought = bgnbd.expected_purchases(model, HORIZON, frame["frequency"], frame["recency"], frame["T"])
    spend = np.where(
        frame["frequency"] > 0,
        gammagamma.expected_spend(money, frame["frequency"], np.maximum(frame["mean"], 0.01)),
        gammagamma.mean_spend(money),
    )
    value = frame.assign(
        customer_id=np.arange(CUSTOMERS), expected_purchases=bought, expected_spend=spend, value=bought * spend,
        service_cost=0.0, residual_lifetime_value=bought * spend, expected_margin=spend,
    )  # fmt: skip
    segment = np.select([frame["frequency"] == 0, frame["frequency"] <= 2], ["once", "few"], "many")
    value["segment"] = segment
    engine.attach_frame("valued", value)
    for name, columns in (("customer_value", "*"), ("customer_segments", "customer_id, 's' as segmentation, segment")):
        engine._execute(f"create or replace view {name} as select {columns} from valued")
    bounds = forecast_intervals.intervals(
        engine, "s", as_lifetime_model(model), (from_gamma_gamma(money), money), horizon_days=int(HORIZON),
        daily_rate=1e-3,
    ).set_index("segment")  # fmt: skip
    came = frame.groupby(segment)[["bought", "earned"]].sum()
    came.loc["all"] = frame[["bought", "earned"]].sum()
    return bounds, came


def held(bounds, came, segments):
    """How many of the intervals of these segments hold what came: purchases, money."""
    rows, truth = bounds.loc[segments], came.loc[segments]
    purchases = truth["bought"].between(rows["purchases_low"], rows["purchases_high"])
    money = truth["earned"].between(rows["value_low"], rows["value_high"])
    return purchases.to_numpy(), money.to_numpy()


@pytest.mark.slow
@pytest.mark.parametrize("kind", TRUTHS)
def test_intervals_hold_the_truth_95_times_in_100(tmp_path, kind):
    truth, random, engine = TRUTHS[kind], np.random.default_rng(7), DuckDB(tmp_path, threads=1)
    right = {name: [] for name in ("parameters", "segment purchases", "segment money", "purchases", "money")}
    for _ in range(BASES):
        frame = simulated(random, truth)
        model, money = fitted(frame, truth)
        logs = np.log([getattr(model, name) / getattr(truth, name) for name in PARAMETERS])
        errors = model.standard_errors / [getattr(model, name) for name in PARAMETERS]
        right["parameters"] += list(np.abs(logs) <= TAIL * errors)
        bounds, came = intervals(engine, frame, model, money)
        for names, segments in ((("segment purchases", "segment money"), ["once", "few", "many"]),
                                (("purchases", "money"), ["all"])):  # fmt: skip
            for name, holds in zip(names, held(bounds, came, segments), strict=True):
                right[name] += list(holds)
    coverage = {name: float(np.mean(holds)) for name, holds in right.items()}
    print(kind, coverage)
    assert all(0.93 <= share <= 0.97 for share in coverage.values()), coverage
