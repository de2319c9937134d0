import numpy as np
import pytest

from benchmarks import contenders, models
from benchmarks.histories import TRUTH, histories
from benchmarks.judge import judge
from custlib.models import bgnbd


@pytest.fixture(scope="module")
def customers():
    return histories(20_000, seed=1)


def test_simulated_customers_follow_the_truth(customers):
    model = bgnbd.fit(customers["frequency"], customers["recency"], customers["T"])
    assert model.r == pytest.approx(TRUTH["r"], rel=0.05)
    assert model.a / (model.a + model.b) == pytest.approx(TRUTH["a"] / (TRUTH["a"] + TRUTH["b"]), rel=0.05)
    assert (customers["recency"] <= customers["T"]).all()
    assert (customers["frequency"] <= customers["recency"]).all()
    assert ((customers["monetary_value"] > 0) == (customers["frequency"] > 0)).all()


@pytest.mark.parametrize("name", ["custlib", "lifetimes"])
def test_a_contender_goes_through_its_phases(name, customers):
    from custlib.lifetimes.crosscheck import restored_settings

    kept = []
    few = {column: values[:500] for column, values in customers.items()}
    with restored_settings():
        contenders.run(name, few, kept.append)
    assert [result.get("error") for result in kept] == ["fit: stopped", "spend: stopped", "score: stopped", None]
    assert {"fit", "spend", "score", "peak_bytes", "version"} <= set(kept[-1])
    assert judge(few, {name: kept[-1]["fit_found"]})[name] < 0


def test_a_contender_that_fails_says_how(customers, monkeypatch):
    class Stumbles(contenders.Custlib):
        def spend(self):
            raise ValueError("no money today")

    monkeypatch.setitem(contenders.CONTENDERS, "stumbles", Stumbles)
    kept = []
    contenders.run("stumbles", {name: values[:500] for name, values in customers.items()}, kept.append)
    assert kept[-1]["error"] == "spend: ValueError: no money today"
    assert "fit" in kept[-1]
    assert "score" not in kept[-1]


def test_a_contender_that_is_not_installed_is_reported(customers, monkeypatch):
    monkeypatch.setattr(contenders.Clvkit, "package", "no-such-package")
    kept = []
    contenders.run("clvkit", customers, kept.append)
    assert [result["error"].split(":")[:2] for result in kept] == [["import", " PackageNotFoundError"]]


def test_the_table_holds_ratios_and_dashes():
    ours = {"contender": "custlib", "fit": 2.0, "peak_bytes": 10, "log_likelihood": -5.0, "fit_found": [1.0, 2.0]}
    theirs = {"contender": "slow", "fit": 50.0, "error": "score: stopped"}
    row, remark = models._table(1000, [ours, theirs])[-2:]
    assert row == "| slow | 25 | – | – | – | – | – | – |"
    assert remark == "\nslow: score: stopped."


def test_aims_are_held_against_the_size_they_are_for():
    found = [{"contender": name, "fit": seconds, "score": seconds, "peak_bytes": seconds}
             for name, seconds in (("custlib", 2.0), ("lifetimes", 50.0), ("lifetimes, given cells", 9.0))]  # fmt: skip
    assert models._targets({1000: found}) == []
    assert (
        models._targets({1000: [], 1_000_000: found})[-1] == "| peak memory, share of lifetimes' | below 0.5 | 0.04 |"
    )


def test_every_contender_is_named_once():
    assert tuple(contenders.CONTENDERS) == models.CONTENDERS


def test_the_best_of_three_times_is_kept():
    seconds, found = contenders._best(lambda: np.float64(4.0))
    assert 0 <= seconds < 1
    assert found == 4
