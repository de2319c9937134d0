import datetime as dt

import numpy as np
import pandas as pd
import pytest

from custlib import project
from custlib.errors import ModelError
from custlib.run import Run
from custlib.segment import methods
from custlib.segment.customer_segments import define
from custlib.value import activity
from tests.bases import AS_OF

# Customers of the value table below: so far, to come, last bought (days ago), times bought.
FIVE = [
    ("fading", 500.0, 1.0, 340, 3),
    ("steady", 300.0, 200.0, 20, 6),
    ("rising", 40.0, 90.0, 5, 2),
    ("small", 20.0, 10.0, 200, 1),
    ("gone", 10.0, 0.0, 330, 1),
]


def make_five(engine):
    """Activity from purchases, value by hand."""
    activity.make_activity(engine, "customer_activity", as_of=AS_OF)
    worth = pd.DataFrame([row[:3] for row in FIVE], columns=["customer_id", "profit", "value"])
    engine.attach_frame("worth", worth)
    definitions = {
        name: define(engine, name, "customer_activity", as_of=AS_OF, options=options)
        for name, options in (("abc", {}), ("rfm", {"mode": "fixed", "scores": "shop"}))
    }
    methods.make_customer_methods(engine, "customer_methods", "customer_activity", "worth", definitions)
    return engine


def purchases():
    rows = []
    for name, so_far, _, ago, times in FIVE:
        days = [AS_OF - dt.timedelta(days=ago + n) for n in range(times)]
        rows += [(name, day, so_far / times) for day in days]
    return rows


@pytest.fixture
def five(base):
    return make_five(base(purchases()))


# --- worked by hand ---


def test_each_method_has_a_best_of_five_of_its_own(five):
    found = five.fetch("select * from customer_methods order by profit desc").set_index("customer_id")
    assert found["top_abc"].tolist() == [True, False, False, False, False]  # fading brought most
    assert found["top_rfm"].tolist() == [False, True, False, False, False]  # steady: R 5, F 4, M 5
    assert found["top_clv"].tolist() == [False, True, False, False, False]
    assert found["tier"].tolist() == [4, 1, 2, 3, 5]
    assert found["abc"].tolist() == ["A", "B", "B", "B", "C"]


def test_tops_add_up_their_money(five):
    found = methods.tops(five).set_index("method")
    assert found["customers"].tolist() == [1, 1, 1]
    assert found["profit"].tolist() == [500, 300, 300]
    assert found.loc["abc", "value_share"] == pytest.approx(1 / 301)
    assert found.loc["clv", "historic_share"] == pytest.approx(300 / 870)


def test_overlaps_by_hand(five):
    found = methods.overlaps(five).set_index("methods")
    assert found["customers"].to_dict() == {
        "abc+rfm+clv": 0, "abc+rfm": 0, "abc+clv": 0, "rfm+clv": 1, "abc": 1, "rfm": 0, "clv": 0, "": 3,
    }  # fmt: skip
    assert found.loc["rfm+clv", "value"] == 200


def test_each_two_methods_by_hand(five):
    found = methods.pairs(methods.overlaps(five)).set_index(["first", "second"])
    # ABC has fading (500 so far, 1 to come) alone; RFM and CLV both have steady (300, 200)
    assert found["both"].tolist() == [0, 0, 1]
    assert found["agreement"].tolist() == [0, 0, 1]
    assert found.loc[("abc", "clv"), ["first_only", "first_only_profit", "first_only_value"]].tolist() == [1, 500, 1]
    assert found.loc[("abc", "clv"), ["second_only", "second_only_profit", "second_only_value"]].tolist() == [
        1, 300, 200,
    ]  # fmt: skip
    assert found.loc[("rfm", "clv"), ["first_only", "second_only", "second_only_value"]].tolist() == [0, 0, 0]


def test_who_looks_best_backward_and_has_no_future(five):
    found = methods.cross_table(five)
    lost = found[(found["abc"] == "A") & (found["tier"] >= 4)]
    assert lost[["customers", "profit", "value"]].to_numpy().tolist() == [[1, 500, 1]]
    assert found["customers"].sum() == 5
    unlike = methods.disagreements(five).drop(columns="rfm").to_numpy().tolist()
    assert unlike == [["fading", 1, 500, 1], ["rising", 1, 300, 200]]


def test_the_money_that_came_decides(base):
    rows = purchases()
    later = AS_OF + dt.timedelta(days=10)
    engine = make_five(base([*rows, ("steady", later, 60), ("rising", later, 40), ("stranger", later, 999)]))
    found = methods.tested(engine, since=AS_OF, table="customer_methods").set_index("method")
    # the stranger was no customer by then
    assert found["actual"].to_dict() == {"abc": 0, "rfm": 60, "clv": 60}
    assert found["actual_share"].to_dict() == {"abc": 0, "rfm": 0.6, "clv": 0.6}
    right = methods.disagreements_tested(engine, since=AS_OF, table="customer_methods").set_index("kind")
    assert right.loc["fading"].tolist() == [1, 500, 1, 0]
    assert right.loc["rising"].tolist() == [1, 300, 200, 60]


def test_classes_of_a_past_date_do_not_know_what_came_later(base):
    # by as_of steady has bought for thousands, which moves the thresholds of all others
    rows, later = purchases(), [("steady", AS_OF + dt.timedelta(days=n), 900) for n in range(1, 9)]
    found = []
    for lines in (rows, [*rows, *later]):
        engine = base(lines)
        activity.make_activity(engine, "earlier", as_of=AS_OF)
        found.append(methods.define_at(engine, "earlier", as_of=AS_OF, options={}))
    assert found[0] == found[1]
    assert {one.fitted for one in found[0].values()} == {AS_OF.isoformat()}


def test_measures_that_a_past_date_lacks_are_refused(five):
    options = {"rfm": {"scores": "airline", "mode": "fixed"}}
    with pytest.raises(ModelError, match="purchases_last_730d, revenue_last_730d, which are not made at 2025-12-31"):
        methods.define_at(five, "customer_activity", as_of=AS_OF, options=options)


def test_where_nobody_bought_later_there_is_no_share(five):
    assert methods.tested(five, since=AS_OF, table="customer_methods")["actual_share"].isna().all()


def test_equal_values_are_all_at_the_top_or_none(base):
    engine = base([(f"c{n}", "2025-12-01", 10) for n in range(10)])
    activity.make_activity(engine, "customer_activity", as_of=AS_OF)
    engine.attach_frame("worth", pd.DataFrame({"customer_id": [f"c{n}" for n in range(10)], "profit": 10.0,
                                               "value": 0.0}))  # fmt: skip
    definitions = {name: define(engine, name, "customer_activity", as_of=AS_OF, options={}) for name in ("abc", "rfm")}
    methods.make_customer_methods(engine, "customer_methods", "customer_activity", "worth", definitions)
    found = methods.tops(engine)
    assert found["customers"].tolist() == [10, 10, 0]  # no value to come is never the best
    assert found["value_share"].isna().all()


def opened(folder, **options):
    """A run on the purchases of the five."""
    lines = pd.DataFrame(purchases(), columns=["customer_id", "timestamp", "amount"])
    lines.to_csv(folder / "purchases.csv", index=False)
    source = {"path": str(folder / "purchases.csv"), "columns": {name: name for name in lines.columns}}
    stated = {"id": "five", "name": "Five", "as_of": AS_OF, "holdout_days": 100, "source": source}
    return Run(
        project.build(stated | {"segments": {"segmentations": ["abc", "rfm"], "options": options}}), folder / "work"
    )


def test_scores_by_measures_beside_the_activity_are_read_today_and_refused_for_the_past(tmp_path):
    run = opened(tmp_path, rfm={"scores": "airline", "mode": "fixed"})
    assert run.reason("customer_methods") == ""
    assert run.reason("calibration_methods") == "measures_of_the_past"


# --- CDNOW ---


@pytest.fixture(scope="module")
def music(cdnow):
    return cdnow.make("customer_methods", "calibration_methods", "transactions")


def test_parts_add_up_to_the_whole_to_the_cent(music):
    whole = music.fetch(
        "select count(*) as customers, sum(profit) as profit, sum(value) as value from customer_value"
    ).iloc[0]
    for frame in (methods.overlaps(music), methods.cross_table(music)):
        np.testing.assert_allclose(frame[list(whole.index)].sum(), whole, atol=0.005)
    cells, best = methods.overlaps(music), methods.tops(music).set_index("method")
    for method in methods.METHODS:
        own = cells[cells["methods"].str.split("+").map(lambda names, m=method: m in names)]
        np.testing.assert_allclose(own["value"].sum(), best.loc[method, "value"], atol=0.005)
        assert own["customers"].sum() == best.loc[method, "customers"]


def test_each_two_methods_disagree_on_the_same_customers(music):
    rows = music.fetch("select * from customer_methods")
    found = methods.pairs(methods.overlaps(music)).set_index(["first", "second"])
    for first, second in found.index:
        only = rows[rows[f"top_{first}"] & ~rows[f"top_{second}"]]
        row = found.loc[(first, second)]
        assert row["first_only"] == len(only) > 0
        np.testing.assert_allclose(
            row[["first_only_profit", "first_only_value"]].astype(float), only[["profit", "value"]].sum(), atol=0.005
        )


def test_cdnow_agrees_with_pandas(music):
    frame = music.fetch("select * from customer_value")
    best = methods.tops(music).set_index("method")
    for method, column in (("abc", "profit"), ("clv", "value")):
        found = music.fetch(f"select min({column}) as cut from customer_methods where top_{method}")["cut"].item()
        own = frame[frame[column] >= found]
        assert len(own) == best.loc[method, "customers"] == pytest.approx(0.2 * len(frame), abs=3)
        assert own["value"].sum() == pytest.approx(best.loc[method, "value"], abs=0.005)


def test_the_best_by_money_so_far_are_class_a(music):
    found = music.fetch("select abc, top_abc, count(*) as n from customer_methods group by 1, 2")
    assert set(zip(found["abc"], found["top_abc"], strict=True)) == {("A", True), ("B", False), ("C", False)}


def test_the_value_to_come_is_held_best_by_clv(music):
    best = methods.tops(music).set_index("method")
    assert best["value_share"].idxmax() == "clv"
    assert best["historic_share"].idxmax() == "abc"


def test_the_money_that_came_agrees_with_pandas(cdnow, music):
    end = cdnow.get("holdout_period").calibration_end
    lines = music.fetch("select customer_id, day, cast(profit as double) as profit from transactions")
    later = lines[lines["day"] > pd.Timestamp(end)].groupby("customer_id")["profit"].sum()
    best = music.fetch("select customer_id from calibration_methods where top_clv")["customer_id"]
    found = methods.tested(music, since=end).set_index("method")
    assert found.loc["clv", "actual"] == pytest.approx(later.reindex(best).sum(), abs=0.005)
    assert found.loc["clv", "actual_share"] == pytest.approx(later.reindex(best).sum() / later.sum(), abs=1e-9)
