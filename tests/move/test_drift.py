"""Drift of frozen definitions: measured by hand, proposed by the rules, accepted by refit alone."""

import datetime as dt

import pytest

from custlib import project
from custlib.move import drift
from custlib.run import HOME, Run
from custlib.segment.definitions import Definition, Keeper


def by_profit(fitted, cut):
    """A definition with two classes of profit."""
    names = [{"id": one, "name": {"en": one, "zh": one}, "strategy": {"en": "-", "zh": "-"}} for one in ("A", "B")]
    return Definition("abc", fitted, {"classes": ["A", "B"], "cuts": [cut], "floor": 0.0}, tuple(names))


@pytest.fixture(scope="module")
def engine(one_purchase):
    engine = one_purchase
    engine.make("customers", "select n as customer_id, cast(n as double) as profit from range(1, 201) t(n)")
    return engine


def test_a_shadow_with_another_cut_by_hand(engine):
    """200 customers with profits 1 to 200; the frozen cut is 101, that of today 181."""
    found = drift.measure(engine, by_profit("2025-01-31", 101.0), by_profit("2025-12-31", 181.0), "customers")
    # A is 101..200 against 181..200: 20 of 100 overlap; B is 1..100 against 1..180: 100 of 180 overlap
    assert found["lost"] == {"A": 0.2}
    assert found["relabelled"] == 0.4
    assert found["adjusted_rand_index"] < 0.7
    assert drift.is_proposed([found])


def test_the_same_cut_is_no_drift(engine):
    found = drift.measure(engine, by_profit("2025-01-31", 101.0), by_profit("2025-12-31", 101.0), "customers")
    assert (found["adjusted_rand_index"], found["relabelled"], found["lost"]) == (1, 0, {})
    assert not drift.is_proposed([found])


def test_segments_of_a_few_customers_propose_nothing(engine):
    found = drift.measure(engine, by_profit("2025-01-31", 191.0), by_profit("2025-12-31", 199.0), "customers")
    assert found["lost"] == {}


def test_a_log_has_one_entry_for_each_date_and_version(tmp_path):
    keeper, entry = Keeper(tmp_path), {"as_of": "2025-01-31", "version": "a", "adjusted_rand_index": 0.9, "lost": {}}
    keeper.log_drift("abc", entry)
    keeper.log_drift("abc", entry | {"as_of": "2025-03-31"})
    keeper.log_drift("abc", entry | {"version": "b"})
    log = keeper.log_drift("abc", entry | {"adjusted_rand_index": 0.5})
    assert [(one["as_of"], one["adjusted_rand_index"]) for one in log] == [("2025-01-31", 0.5)]
    assert keeper.texts() == []  # a log is no definition: tables do not depend on it


@pytest.mark.slow
def test_on_cdnow_a_definition_of_the_year_before_has_drifted(tmp_path):
    """Classes of profit cut when the customers were new are too low for those of three quarters later."""
    base = project.load(HOME / "data" / "cdnow.toml")
    first = Run(base.replace(as_of=dt.date(1997, 9, 30), holdout_days=91), tmp_path)
    assert first.get("drifts")["abc"] is None
    later = Run(base, tmp_path)
    found = later.get("drifts")["abc"]
    assert found["version"] == first.get("definitions")["abc"].version == later.get("definitions")["abc"].version
    assert 0 < found["relabelled"] < 1
    assert found["is_proposed"] == bool(found["lost"])
    accepted = base.replace(segments=base.segments.model_copy(update={"refit": True}))
    again = Run(accepted, tmp_path)
    assert again.get("definitions")["abc"].fitted == "1998-06-30"
    assert again.get("drifts")["abc"] is None
    then, now = again.get("definition_pairs")["abc"]
    assert (then.fitted, now.fitted) == ("1997-09-30", "1998-06-30")


def test_one_segment_of_nearly_everybody_proposes_nothing():
    """Of 1,000 customers one is put elsewhere: the index is 0, and nothing has changed."""
    found = {"as_of": "2025-01-31", "adjusted_rand_index": 0.0, "relabelled": 0.001, "lost": {}}
    assert not drift.is_proposed([found, found | {"as_of": "2025-02-28"}])
