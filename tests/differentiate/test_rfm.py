import datetime as dt

import pandas as pd
import pytest

from custlib import rules
from custlib.differentiate import activity, profiles, rfm
from custlib.errors import UsageError
from tests.differentiate.bases import AS_OF, make_value

FIXED = {"segmentation": "rfm", "mode": "fixed", "scores": "days", "map": "rf25"}


def scored(engine, rule, rows):
    """Scores in SQL of (days_since_last, purchase days, money)."""
    frame = pd.DataFrame(rows, columns=["days_since_last", "frequency", "profit"])
    frame["frequency"] -= 1
    frame.insert(0, "customer_id", [f"c{n:03}" for n in range(len(frame))])
    engine.attach_frame("given", frame)
    select = rfm.scores(rule).format(activity="given")
    return engine.fetch(f"select * from ({select}) order by customer_id")[["R", "F", "M"]].to_numpy().tolist()


@pytest.fixture
def engine(base):
    return base([("a", "2025-12-01", 1)])


@pytest.fixture
def days(engine):
    return rfm.define(engine, "unused", FIXED)


# --- worked by hand ---


def test_five_customers_by_hand(base):
    """Days since last 1 10 20 40 80, purchases 5 3 2 1 1, money 50 42 30 20 10."""
    rows = [("e", AS_OF - dt.timedelta(80), 10)]
    for name, silent, purchases, money in (("d", 40, 1, 20), ("c", 20, 2, 30), ("b", 10, 3, 42), ("a", 1, 5, 50)):
        rows += [(name, AS_OF - dt.timedelta(silent + n), money / purchases) for n in range(purchases)]
    engine = base(rows)
    activity.make_activity(engine, "customer_activity", as_of=AS_OF)
    rule = rfm.define(engine, "customer_activity", {"segmentation": "rfm"})
    # among 2, 3, 5 purchase days the quarters are cut at 3 and 5; no value has three quarters below it
    assert rule["cuts"] == {
        "recency": [10, 20, 40, 80],
        "frequency": [2, 3, 5],
        "monetary": [20, 30, 42, 50],
    }
    found = engine.fetch(f"select * from ({rfm.assign(engine.dialect, rule).format(activity='customer_activity')})")
    found = found.set_index("customer_id").sort_index()
    assert found["reason"].tolist() == ["R5 F4 M5", "R4 F3 M4", "R3 F2 M3", "R2 F1 M2", "R1 F1 M1"]
    assert found["segment"].tolist() == ["champions", "promising", "attention", "one_time", "one_time"]


# --- the published table of days, and F and M after the airline table ---


@pytest.mark.parametrize(
    ("silent", "score"), [(0, 5), (7, 5), (8, 4), (30, 4), (31, 3), (60, 3), (61, 2), (120, 2), (121, 1), (9999, 1)]
)
def test_days_since_the_last_purchase(engine, days, silent, score):
    assert scored(engine, days, [(silent, 1, 0.0)])[0][0] == score
    assert rfm.score(days["cuts"]["recency"], silent, falling=True) == score


@pytest.mark.parametrize(
    ("purchases", "score"), [(1, 1), (2, 2), (5, 2), (6, 3), (10, 3), (11, 4), (23, 4), (24, 5), (500, 5)]
)
def test_purchases(engine, days, purchases, score):
    assert scored(engine, days, [(0, purchases, 0.0)])[0][1] == score
    assert rfm.score(days["cuts"]["frequency"], purchases) == score


@pytest.mark.parametrize(
    ("money", "score"),
    [
        (-20, 1),
        (0, 1),
        (500, 1),
        (500.01, 2),
        (501, 2),
        (1000, 2),
        (1001, 3),
        (3000, 3),
        (3001, 4),
        (5000, 4),
        (5001, 5),
    ],
)
def test_money(engine, days, money, score):
    assert scored(engine, days, [(0, 1, float(money))])[0][2] == score
    assert rfm.score(days["cuts"]["monetary"], money) == score


def test_without_money_everybody_has_the_lowest_score(engine, days):
    assert scored(engine, days, [(0, 1, None)]) == [[5, 1, 1]]


# --- ties, one-time buyers, CDNOW ---


def test_one_time_buyers_are_a_class_of_their_own(cdnow):
    rule = cdnow.definitions["rfm"].rule
    select = rfm.scores(rule).format(activity="customer_activity")
    found = cdnow.engine.fetch(
        f"select a.frequency = 0 as once, s.F, count(*) as n from ({select}) s"
        " join customer_activity a using (customer_id) group by 1, 2"
    )
    assert set(found.loc[found["once"], "F"]) == {1}
    assert 1 not in set(found.loc[~found["once"], "F"])


def test_nobody_bought_twice(base):
    engine = base([("a", "2025-12-01", 1), ("b", "2025-12-05", 2)])
    activity.make_activity(engine, "customer_activity", as_of=AS_OF)
    assert rfm.measured_cuts(engine, "customer_activity")["frequency"] == [2.0]


def test_sql_and_python_score_alike(cdnow):
    rule = cdnow.definitions["rfm"].rule
    select = rfm.scores(rule).format(activity="customer_activity")
    found = cdnow.engine.fetch(
        f"select s.*, a.days_since_last, a.frequency + 1 as purchases, cast(a.profit as double) as profit"
        f" from ({select}) s join customer_activity a using (customer_id)"
    )
    cuts = rule["cuts"]
    assert [rfm.score(cuts["recency"], d, falling=True) for d in found["days_since_last"]] == found["R"].tolist()
    assert [rfm.score(cuts["frequency"], x) for x in found["purchases"]] == found["F"].tolist()
    assert [rfm.score(cuts["monetary"], m) for m in found["profit"]] == found["M"].tolist()


def test_the_tiles_add_up(cdnow):
    tiles = rfm.tile_map(cdnow.engine, cdnow.definitions["rfm"].rule, "customer_activity")
    assert tiles["customers"].sum() == 2357
    whole = profiles.summary(cdnow.engine, cdnow.definitions["rfm"], language="en")
    assert tiles["value"].sum() == pytest.approx(whole["value"].sum())
    for segment, cells in cdnow.definitions["rfm"].rule["cells"].items():
        inside = [[r, f] in cells for r, f in zip(tiles["R"], tiles["F"], strict=True)]
        assert tiles["customers"][inside].sum() == whole.set_index("segment").loc[segment, "customers"]


# --- maps and tables of scores ---


def test_a_map_of_other_axes_is_refused():
    with pytest.raises(UsageError, match="map value8: has the axes ccv, cpv, loyalty. Scores are R, F and M from 1 to"):
        rfm.read_map("value8")


@pytest.mark.parametrize("name", rules.names("scores"))
def test_every_table_of_scores_has_four_rising_cuts(name):
    for cuts in rfm.fixed_cuts(name).values():
        assert len(cuts) == 4
        assert cuts == sorted(set(cuts))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mod": "fixed"}, "segments.options.rfm: mod: unknown key. Did you mean 'mode'"),
        ({"mode": "exact"}, "segments.options.rfm: mode: .*'quantile' or 'fixed'"),
        ({"map": "rf52"}, "rules: no file named maps/rf52. Did you mean 'rf25'"),
        ({"mode": "fixed", "scores": "day"}, "no file named scores/day. Did you mean 'days'"),
    ],
)
def test_wrong_options_are_refused(small_shop, options, message):
    with pytest.raises(UsageError, match=message):
        rfm.define(small_shop, "customer_activity", {"segmentation": "rfm"} | options)


def test_frozen_cuts_do_not_move_with_the_others(base):
    """A customer's scores depend on the customer alone once the cuts are frozen."""
    engine = base([(f"c{n}", "2025-12-01", n + 1) for n in range(10)])
    make_value(engine)
    rule = rfm.define(engine, "customer_activity", {"segmentation": "rfm"})
    alone = base([("c4", "2025-12-01", 5)])
    make_value(alone)
    select = rfm.scores(rule).format(activity="customer_activity")
    found = engine.fetch(f"select * from ({select}) where customer_id = 'c4'")
    pd.testing.assert_frame_equal(found, alone.fetch(select))
