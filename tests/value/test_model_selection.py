import datetime as dt

import numpy as np
import pandas as pd
import pytest

from custlib.models import bgnbd, mbgnbd
from custlib.models.bgnbd import repeat_times
from custlib.validate import model_selection
from tests.bases import open_base


def candidates(*rows):
    kinds = ("bgnbd", "mbgnbd")
    return [
        {"kind": kind, "bias": bias, "aic": aic, "chance": None if bias is None else 0.015}
        for kind, (bias, aic) in zip(kinds, rows, strict=False)
    ]


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (candidates((-0.12, 10.0), (-0.16, 0.0)), ("bgnbd", "holdout")),  # nearer by more than twice the chance
        (candidates((-0.30, 10.0), (0.10, 20.0)), ("mbgnbd", "holdout")),
        (candidates((-0.12, 10.0), (-0.13, 5.0)), ("mbgnbd", "criterion")),  # as near: the likelier
        (candidates((-0.12, 10.0), (-0.13, 9.0)), ("bgnbd", "tie")),
        (candidates((None, 10.0), (None, 5.0)), ("mbgnbd", "criterion")),  # nothing was bought
        (candidates((-0.12, 10.0)), ("bgnbd", "only")),
        ([], ("bgnbd", "only")),
    ],
)
def test_the_rule_by_hand(given, wanted):
    assert model_selection.choose(given) == wanted


def test_cdnow_tells_both_models_apart_by_chance_only(cdnow):
    found = cdnow.get("model_choice")
    assert (found["kind"], found["reason"]) == ("bgnbd", "tie")
    bg, mbg = found["candidates"]
    assert (bg["predicted"], mbg["predicted"]) == pytest.approx((1653.4, 1576.7), abs=0.1)
    # in days the log-likelihood is that in weeks less 2,457 ln 7
    weeks = 2457 * np.log(7)
    assert bg["log_likelihood"] + weeks == pytest.approx(-9582.4292, abs=1e-3)
    assert mbg["log_likelihood"] + weeks == pytest.approx(-9582.1357, abs=1e-3)
    assert bg["chance"] == pytest.approx(0.043, abs=0.01)
    assert bg["aic"] == pytest.approx(2 * (4 - bg["log_likelihood"]))


def outcomes_of(model, customers=8000, age=200.0, days=180.0):
    """Cells of simulated customers with what they buy afterwards, one a customer."""
    span = np.full(customers, age + days)
    who, when = repeat_times(model, span, np.random.default_rng(0))
    past = when <= age
    frequency = np.bincount(who[past], minlength=customers)
    recency = np.zeros(customers)
    np.maximum.at(recency, who[past], when[past])
    later = np.bincount(who[~past], minlength=customers)
    frame = pd.DataFrame({"frequency": frequency, "recency": recency, "T": age, "customers": 1})
    return frame.assign(actual=later.astype(float), buyers=(later > 0).astype(float))


@pytest.mark.parametrize("truth", [bgnbd.BGNBD(1.2, 30.0, 0.8, 6.0), mbgnbd.MBGNBD(1.2, 30.0, 1.5, 2.0)])
def test_the_truth_is_chosen(truth):
    found = model_selection.compare(outcomes_of(truth), days=180)
    kind, reason = model_selection.choose(found)
    assert kind == truth.label.split("/")[0].lower() + "nbd"
    assert reason in ("holdout", "criterion")


# --- regular buyers ---


def test_gaps_by_hand(base):
    engine = base(
        [("a", "2025-01-01", 1), ("a", "2025-01-04", 1), ("a", "2025-01-04", 2), ("a", "2025-01-05", -1),
         ("a", "2025-01-10", 1), ("b", "2025-01-02", 1), ("a", "2025-03-01", 1)]
    )  # fmt: skip
    found = engine.fetch(model_selection.gaps(engine.dialect) + " order by number", end=dt.date(2025, 1, 31))
    assert found["gap"].tolist() == [3, 6]
    assert found["number"].tolist() == [1, 2]


def test_long_pairs_by_hand(base):
    # a: gaps 3 and 17, 30 and 2, 9 without a second; b: 4 and 15 last 19 days; c: as a's first
    days = {"a": [1, 4, 21, 51, 53, 62], "b": [1, 5, 20], "c": [2, 5, 22]}
    first = dt.date(2024, 12, 31)
    engine = base([(name, str(first + dt.timedelta(days=day)), 1) for name, own in days.items() for day in own])
    query, dialect = model_selection.long_pairs, engine.dialect
    found = engine.fetch(query(dialect), end=dt.date(2025, 12, 31), fewest_days=20)
    assert found[["first_gap", "second_gap", "pairs"]].to_numpy().tolist() == [[3, 17, 2], [30, 2, 1]]
    # at day 52 the last pair is not complete
    found = engine.fetch(query(dialect), end=first + dt.timedelta(days=52), fewest_days=20)
    assert found["pairs"].tolist() == [2]
    assert model_selection.pair_regularity(engine, dt.date(2025, 12, 31)).pairs == 3


def test_no_pairs_are_purchases_at_random(base):
    engine = base([("a", "2025-01-01", 1)])
    assert model_selection.pair_regularity(engine, dt.date(2025, 1, 31)).ticks == 1


def test_cdnow_buys_at_random_by_long_pairs(cdnow):
    found = model_selection.pair_regularity(cdnow.engine, cdnow.get("holdout_period").calibration_end)
    assert (found.ticks, found.pairs) == (1, 753)
    assert found.estimate == pytest.approx(1, abs=0.2)


def test_cdnow_buys_at_random(cdnow):
    found = model_selection.regularity(
        cdnow.engine,
        cdnow.get("outcomes"),
        "bgnbd",
        end=cdnow.get("holdout_period").calibration_end,
        days=cdnow.project.holdout_days,
    )
    assert found["estimate"] == pytest.approx(0.990, abs=1e-3)  # 507 customers with two gaps
    ticks = pd.DataFrame(found["ticks"])
    assert ticks["k"].tolist() == [1, 2, 3, 4, 5, 6]
    assert ticks["aic"].idxmin() == 0
    assert ticks["bias"].abs().idxmin() == 0
    assert ticks["predicted"].iloc[0] == pytest.approx(1653.4, abs=0.1)


def test_steady_buyers_are_told(tmp_path):
    random, rows = np.random.default_rng(0), []
    for n in range(400):
        day, pace = random.uniform(0, 40), random.uniform(15, 40)
        while day < 500:
            rows.append((f"c{n}", dt.date(2024, 1, 1) + dt.timedelta(days=int(day)), 1))
            day = random.gamma(4, pace / 4) + day if random.random() > 0.05 else 1e9
    from custlib.validate.backtest import count_outcomes

    engine = open_base(tmp_path, rows)
    end = dt.date(2024, 11, 30)
    cells = count_outcomes(engine, end=end, until=end + dt.timedelta(days=120))
    found = model_selection.regularity(engine, cells, "bgnbd", end=end, days=120)
    assert found["estimate"] == pytest.approx(4, rel=0.25)
    ticks = pd.DataFrame(found["ticks"])
    assert ticks["k"].iloc[ticks["aic"].idxmin()] in (3, 4, 5)
    assert model_selection.pair_regularity(engine, end).ticks in (3, 4, 5)
