"""Which models are behind a forecast, with which weights, and how regular purchases are."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from custlib.models import bgnbd, mbgnbd
from custlib.models.bgnbd import repeat_times
from custlib.models.forecasting import GapRegularity, ModelAverage
from custlib.project import build
from custlib.value import lifetime, model_selection
from custlib.value.model_selection import RANDOM, Procedure
from tests.bases import open_base

END = dt.date(2025, 12, 31)
FEW = pd.DataFrame({"frequency": [0, 0, 1, 2, 0, 5], "recency": [0, 0, 4, 30, 0, 35], "T": [39, 38, 38, 37, 36, 36]})
FEW = FEW.assign(customers=1)
STEADY = GapRegularity(3, 3.1, 20.0, 100.0)


def project_of(**changes):
    return build({"id": "x", "name": "x", "as_of": "2025-12-31", "source": {"path": "x.csv"}} | changes)


@pytest.mark.parametrize(
    ("changes", "reason", "labels"),
    [
        ({}, "averaged", ["BG/NBD", "MBG/NBD", "Pareto/NBD"]),
        ({"intervals": "fast"}, "likeliest", ["BG/NBD", "MBG/NBD"]),
        ({"model": "mbgnbd"}, "given", ["MBG/NBD"]),
        ({"model": "paretonbd"}, "given", ["Pareto/NBD"]),
        ({"model": "bgnbd", "intervals": "fast"}, "given", ["BG/NBD"]),
    ],
)
def test_the_project_says_which_models(changes, reason, labels):
    found = model_selection.choose(FEW, model_selection.procedure(project_of(**changes)), RANDOM, END)
    assert (found["reason"], [row["model"] for row in found["candidates"]]) == (reason, labels)
    assert sum(row["weight"] for row in found["candidates"]) == pytest.approx(1)
    assert (found["model"]["model"] == "average") == (reason == "averaged")


def test_weights_by_hand():
    found = model_selection.choose(FEW, Procedure(), RANDOM, END)
    aic = np.array([row["aic"] for row in found["candidates"]])
    assert aic[0] == pytest.approx(8 - 2 * found["candidates"][0]["log_likelihood"])
    wanted = np.exp(-(aic - aic.min()) / 20)
    assert [row["weight"] for row in found["candidates"]] == pytest.approx(list(wanted / wanted.sum()))
    model = lifetime.read_model(found["model"])
    assert isinstance(model, ModelAverage) and [w for w, _ in model.members] == pytest.approx(wanted / wanted.sum())


def test_steady_gaps_make_models_of_regular_buyers_and_the_printed_one_stays():
    found = model_selection.choose(FEW, Procedure(), STEADY, END)
    assert [row["model"] for row in found["candidates"]] == ["BG/CNBD-3", "MBG/CNBD-3"]
    assert lifetime.read_beta_geometric(found["beta_geometric"]) == bgnbd.fit(*lifetime.columns_of(FEW))
    # one model alone does not ask how regular purchases are
    alone = model_selection.choose(FEW, Procedure(("bgnbd",), is_averaged=False), STEADY, END)
    assert [row["model"] for row in alone["candidates"]] == ["BG/NBD"]


def test_what_is_printed_of_cdnow_is_the_better_known_as_both_fit_alike(cdnow):
    found = model_selection.choose(cdnow.get("outcomes"), Procedure(), RANDOM, END)
    bg, mbg, pareto = found["candidates"]
    # in days the log-likelihood is that in weeks less 2,457 ln 7
    weeks = 2457 * np.log(7)
    assert bg["log_likelihood"] + weeks == pytest.approx(-9582.4292, abs=1e-3)
    assert mbg["log_likelihood"] + weeks == pytest.approx(-9582.1357, abs=1e-3)
    assert pareto["log_likelihood"] + weeks == pytest.approx(-9594.976, abs=1e-2)
    assert (found["kind"], found["beta_geometric"]["model"]) == ("bgnbd", "BG/NBD")
    # .2935 of likelihood apart: half and half, and 12.5 of it .12 to one
    assert [row["weight"] for row in found["candidates"]] == pytest.approx([0.432, 0.445, 0.123], abs=1e-3)


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
def test_the_truth_has_the_most_weight_and_the_likelier_is_printed(truth):
    found = model_selection.choose(outcomes_of(truth), Procedure(), RANDOM, END)
    assert max(found["candidates"], key=lambda row: row["weight"])["model"] == truth.label
    assert found["beta_geometric"]["model"] == truth.label
    fast = model_selection.choose(outcomes_of(truth), Procedure(("bgnbd", "mbgnbd"), is_averaged=False), RANDOM, END)
    assert fast["model"]["model"] == truth.label and sorted(row["weight"] for row in fast["candidates"]) == [0, 1]


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
    # at day 21 one pair is complete, at day 52 the last is not
    ends = [first + dt.timedelta(days=day) for day in (21, 52, 365)]
    found = engine.fetch(query(dialect, ends), end=ends[-1], fewest_days=20)
    names = ["first_gap", "second_gap", "known", "pairs"]
    assert found[names].to_numpy().tolist() == [[3, 17, 0, 1], [3, 17, 1, 1], [30, 2, 2, 1]]
    regular = model_selection.pair_regularities(engine, ends[::-1])
    assert [regular[end].pairs for end in ends] == [1, 2, 3]
    assert model_selection.pair_regularity(engine, dt.date(2025, 12, 31)).pairs == 3


def test_no_pairs_are_purchases_at_random(base):
    engine = base([("a", "2025-01-01", 1)])
    assert model_selection.pair_regularity(engine, dt.date(2025, 1, 31)).ticks == 1


def test_cdnow_buys_at_random_by_long_pairs(cdnow):
    found = model_selection.pair_regularity(cdnow.engine, cdnow.get("holdout_period").calibration_end)
    assert (found.ticks, found.pairs) == (1, 753)
    assert found.estimate == pytest.approx(1, abs=0.2)


def test_steady_buyers_are_told(tmp_path):
    random, rows = np.random.default_rng(0), []
    for n in range(400):
        day, pace = random.uniform(0, 40), random.uniform(15, 40)
        while day < 500:
            rows.append((f"c{n}", dt.date(2024, 1, 1) + dt.timedelta(days=int(day)), 1))
            day = random.gamma(4, pace / 4) + day if random.random() > 0.05 else 1e9
    engine = open_base(tmp_path, rows)
    ends = [dt.date(2024, 11, 30), dt.date(2024, 3, 31)]
    late, early = (model_selection.pair_regularities(engine, ends)[end] for end in ends)
    assert (late.ticks, late.estimate) == (4, pytest.approx(4, rel=0.25)) and late.gain > early.gain
    for end, found in zip(ends, (late, early), strict=True):  # one pass gives what each day alone gives
        alone = model_selection.pair_regularity(engine, end)
        assert (found.ticks, found.pairs) == (alone.ticks, alone.pairs)
        assert found.estimate == pytest.approx(alone.estimate, rel=1e-9)
