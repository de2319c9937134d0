"""Customer value by a hierarchy of judgements: weights, three customers by hand, and files that are refused."""

import json
import math
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from custlib import rules
from custlib.errors import UsageError
from custlib.segment import ahp_value, plan, registry
from custlib.segment.rule_files import ahp_file
from custlib.value import activity
from tests.bases import AS_OF, open_base

LUBRICANTS = Path(__file__).with_name("ahp_lubricants.toml")
OWN = """
source = "a test"
as_of = 2025-12-31
[hierarchy]
id = "own"
goal = "value"
[[criterion]]
id = "value"
name = { en = "Value", zh = "价值" }
parts = ["profit", "seen"]
judgements = [[3]]
[[indicator]]
id = "profit"
name = { en = "Profit", zh = "利润" }
measure = "profit"
better = "more"
[[indicator]]
id = "seen"
name = { en = "Seen", zh = "近期" }
measure = "days_since_last"
better = "less"
[[class]]
id = "top"
share = 0.3333333333
name = { en = "Top", zh = "高" }
strategy = { en = "Keep.", zh = "保持。" }
[[class]]
id = "rest"
share = 0.6666666667
name = { en = "Rest", zh = "其余" }
strategy = { en = "Serve.", zh = "服务。" }
"""
THIRD = (
    ('["profit", "seen"]', '["profit", "seen", "often"]'),
    (
        'better = "less"\n',
        'better = "less"\n[[indicator]]\nid = "often"\nname = { en = "Often", zh = "频次" }\n'
        'measure = "frequency"\nbetter = "more"\n',
    ),
)
PARTS, JUDGED, MEASURE = 'parts = ["profit", "seen"]', "judgements = [[3]]", 'measure = "profit"'
PLAIN = {"profit": 0.0, "days_since_last": 0, "T": 0, "frequency": 0, "recency": 0}


@pytest.fixture
def own(tmp_path):
    """Writes a hierarchy of one's own, with parts replaced; gives the options that name it."""

    def write(*changes, **options):
        text = OWN
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        path = tmp_path / "own.toml"
        path.write_text(text, encoding="utf-8")
        return {"hierarchy": str(path)} | options

    return write


@pytest.fixture
def customers(base):
    """Makes an engine with a table of customers, named a, b, c ... and given by their columns."""

    def make(rows, columns=()):
        engine = base([("x", "2025-12-01", 1)])
        frame = pd.DataFrame([PLAIN | row for row in rows], columns=[*PLAIN, *columns])
        frame.insert(0, "customer_id", [chr(ord("a") + n) for n in range(len(frame))])
        engine.attach_frame("customers", frame.astype({"profit": float}))
        return engine

    return make


def valued(engine, rule, table="customers"):
    """Class, reason and Y of each customer."""
    select = ahp_value.assign(engine.dialect, rule).format(activity=table)
    y = f"select customer_id, {ahp_value.score(engine.dialect, rule)} as y from {table}"
    found = engine.fetch(f"select * from ({select}) s join ({y}) v using (customer_id) order by customer_id")
    return found.set_index("customer_id")


# --- worked by hand ---


def test_three_customers_by_hand(customers, own):
    # weights 3/4 and 1/4; profit 10, 20, 30 has mean 20 and deviation sqrt(200/3);
    # days 30, 0, 60 have mean 30 and deviation sqrt(600), and less is better
    engine = customers([
        {"profit": 10, "days_since_last": 30},
        {"profit": 20, "days_since_last": 0},
        {"profit": 30, "days_since_last": 60},
    ])  # fmt: skip
    found = valued(engine, ahp_value.define(engine, "customers", own()))
    step = math.sqrt(1.5)
    assert found["y"].tolist() == pytest.approx([-0.75 * step, 0.25 * step, (0.75 - 0.25) * step], abs=1e-8)
    assert found["segment"].tolist() == ["rest", "rest", "top"]
    assert found["reason"].tolist() == [
        "Y -0.92, below the other classes", "Y 0.31, below the other classes", "Y 0.61, at least 0.61",
    ]  # fmt: skip


def test_three_customers_in_marks_by_hand(customers, own):
    # profit 0, 50, 100 of 100; days 50, 100, 0
    engine = customers([
        {"profit": 10, "days_since_last": 30},
        {"profit": 20, "days_since_last": 0},
        {"profit": 30, "days_since_last": 60},
    ])  # fmt: skip
    found = valued(engine, ahp_value.define(engine, "customers", own(standardise="percent")))
    assert found["y"].tolist() == [12.5, 62.5, 75.0]
    assert found["reason"].tolist()[2] == "Y 75.0, at least 75.00"


def test_a_ratio_by_hand(customers, own):
    # 400 in a whole year is 400 / 365; 400 in 800 days is .5; nothing by no time is nothing
    change = ('measure = "profit"\n', 'measure = "profit"\nper = "T"\nper_at_least = 365\n')
    rows = [{"profit": 400, "T": 10}, {"profit": 400, "T": 800}, {"profit": 0, "T": 0}]
    engine = customers(rows)
    options = own(change, ("[[3]]", "[[9]]"), standardise="percent")
    found = valued(engine, ahp_value.define(engine, "customers", options))
    # days_since_last is the same for all: 50 marks of a weight of .1
    assert found["y"].tolist() == pytest.approx([0.9 * 100 + 5, 0.9 * 100 * 0.5 / (400 / 365) + 5, 5])
    plain = own((change[0], 'measure = "profit"\nper = "T"\n'), ("[[3]]", "[[9]]"), standardise="percent")
    found = valued(engine, ahp_value.define(engine, "customers", plain))
    assert found["y"].tolist() == pytest.approx([95, 0.9 * 100 * 0.5 / 40 + 5, 5])


def test_an_attribute_that_is_missing_or_no_number_counts_as_the_mean(customers, own):
    change = (MEASURE, 'measure = "attribute_staff"')
    rows = [{"attribute_staff": text} for text in ("10", "30", None, "many", "nan")]
    engine = customers(rows, ["attribute_staff"])
    assert ahp_value.needs(own(change)) == ("attribute_staff",)
    found = valued(engine, ahp_value.define(engine, "customers", own(change)))
    assert found["y"].tolist() == pytest.approx([-0.75, 0.75, 0, 0, 0])


def test_money_that_is_missing_counts_as_nothing(customers, own):
    engine = customers([{"profit": 10}, {"profit": 0}, {"profit": None}])
    found = valued(engine, ahp_value.define(engine, "customers", own()))
    assert found["y"].iloc[1] == found["y"].iloc[2]


def test_a_definition_is_kept_for_customers_to_come(customers, own):
    rule = ahp_value.define(customers([{"profit": 0}, {"profit": 2}]), "customers", own())
    later = valued(customers([{"profit": 0}, {"profit": 2}, {"profit": 9}]), rule)
    # mean 1, deviation 1, whoever else comes
    assert later["y"].tolist() == pytest.approx([-0.75, 0.75, 6.0])
    assert json.loads(json.dumps(rule)) == rule


# --- the lubricants firm ---


def test_the_twelve_weights_of_the_lubricants_firm():
    found, weights = ahp_value.weigh(ahp_file.read(str(LUBRICANTS)))
    published = [0.3251, 0.0982, 0.0657, 0.0444, 0.0218, 0.0396, 0.0719, 0.2000, 0.0500, 0.0440, 0.0116, 0.0277]
    assert [round(weight, 4) for weight in weights.values()] == published
    parts = {
        "value": [0.6667, 0.3333], "current": [0.8, 0.2], "potential": [0.75, 0.25],
        "total_profit": [0.6095, 0.1842, 0.1231, 0.0832], "sales_volume": [0.1634, 0.2970, 0.5396],
        "loyalty": [0.8, 0.2], "credit": [0.5278, 0.1396, 0.3325],
    }  # fmt: skip
    for name, wanted in parts.items():
        np.testing.assert_allclose(found[name].weights, wanted, atol=5.1e-5)
    assert sum(weights.values()) == pytest.approx(1)


def test_customers_of_the_lubricants_firm(customers):
    file = ahp_file.read(str(LUBRICANTS))
    columns = [name for name in file.reads if name.startswith("attribute_")]
    rows = [dict.fromkeys(columns, text) for text in ("1", "3", "5")]
    rows[1]["attribute_profit_1"] = "5"
    rule = ahp_value.define(customers(rows, columns), "customers", {"hierarchy": str(LUBRICANTS)})
    found = valued(customers(rows, columns), rule)
    # b is half way in all but the first of profit, where it is at the top: .3251 of 50 marks more
    assert found["y"].tolist() == pytest.approx([0, 50 + 50 * 0.3251, 100], abs=0.01)
    assert found["segment"].tolist() == ["common", "common", "key"]


# --- shipped hierarchies ---


@pytest.mark.parametrize("name", rules.names("ahp"))
def test_every_shipped_hierarchy_is_consistent_and_needs_purchases_only(name):
    found, weights = ahp_value.weigh(ahp_file.read(name))
    assert all(one.accepted for one in found.values())
    assert sum(weights.values()) == pytest.approx(1)
    assert registry.lacking("ahp", {"hierarchy": name}, ["amounts"]) == []
    assert registry.lacking("ahp", {"hierarchy": name}, []) == ["amounts"], "profit a day without amounts is nought"


def test_by_purchases_nobody_gains_by_time_alone(base):
    """Who does not buy falls behind: with purchases equal, seen lately is better."""
    rows = [(c, day, 10) for c, day in (("a", "2025-01-01"), ("b", "2025-06-01"), ("c", "2025-12-01"))]
    engine = base(rows)
    activity.make_activity(engine, "customer_activity", as_of=AS_OF)
    y = valued(engine, ahp_value.define(engine, "customer_activity", {}), "customer_activity")["y"]
    assert y["a"] < y["b"] < y["c"]


def test_the_last_year_reads_measures(customers):
    columns = ["profit_last_365d", "purchases_last_365d"]
    rows = [{"profit_last_365d": 10 * n, "purchases_last_365d": n} for n in range(3)]
    rule = ahp_value.define(customers(rows, columns), "customers", {"hierarchy": "last_year"})
    assert ahp_value.needs({"hierarchy": "last_year"}) == tuple(columns)
    assert valued(customers(rows, columns), rule)["segment"].tolist() == ["D", "C", "A"]


# --- properties ---


def test_equal_values_are_in_one_class_and_all_alike_are_in_the_first(customers, own):
    engine = customers([{"profit": 5}] * 4 + [{"profit": 1}])
    found = valued(engine, ahp_value.define(engine, "customers", own()))
    assert found["segment"].tolist() == ["top"] * 4 + ["rest"]
    engine = customers([{"profit": 5}] * 3)
    rule = ahp_value.define(engine, "customers", own())
    assert valued(engine, rule)["segment"].tolist() == ["top"] * 3
    assert ahp_value.notes(rule) == [
        f"{name} is the same for all customers and tells nobody apart." for name in ("profit", "seen")
    ]


def test_nobody_defines_a_rule_that_puts_everybody_last(customers, own):
    engine = customers([])
    rule = ahp_value.define(engine, "customers", own())
    assert rule["cuts"] == []
    found = valued(customers([{"profit": 5}]), rule)
    assert found["segment"].tolist() == ["rest"]
    assert found["reason"].tolist() == ["Y 0.0, below the other classes"]


def test_y_is_that_of_numpy_on_cdnow(cdnow):
    rule = ahp_value.define(cdnow.engine, "customer_activity", {})
    frame = cdnow.engine.fetch("select * from customer_activity order by customer_id")
    years = np.maximum(frame["T"], 365)
    columns = [frame["profit"].astype(float) / years, frame["frequency"] / years, -frame["days_since_last"],
               frame["recency"]]  # fmt: skip
    wanted = sum(
        w * (x - x.mean()) / x.std(ddof=0) for w, x in zip((1 / 2, 1 / 6, 1 / 4, 1 / 12), columns, strict=True)
    )
    found = valued(cdnow.engine, rule, "customer_activity")
    np.testing.assert_allclose(found["y"], wanted, atol=1e-8)
    shares = found["segment"].value_counts(normalize=True)[["A", "B", "C", "D"]]
    np.testing.assert_allclose(shares, [0.1, 0.2, 0.3, 0.4], atol=0.01)


# --- refused ---


def test_judgements_that_contradict_each_other_are_refused_with_the_worst(own):
    with pytest.raises(
        UsageError,
        match=re.escape("own.toml: criterion value: the judgements contradict each other (consistency ratio ")
        + ".*must be below 0.1.* profit over seen is given as 3; the others imply 0.0833. Of three judgements any one",
    ):
        plan.check(["ahp"], {"ahp": own(*THIRD, ("[[3]]", '[[3, "1/3"], [4]]'))})


def test_where_the_published_tables_disagree_it_is_said(customers, own):
    # 2 x 4 beside 3: t = (8 / 3) ** (1 / 3), index (t + 1 / t - 2) / 2 = .0540; over .58 it is .0930, over .52 .1037
    judged = own(*THIRD, ("[[3]]", "[[2, 3], [4]]"))
    engine = customers([{"profit": 5, "days_since_last": 2, "frequency": 1}, {"profit": 6}])
    rule = ahp_value.define(engine, "customers", judged)
    assert ahp_value.notes(rule) == [
        "value: the consistency ratio is 0.093, but 0.104 by the other published random index, which is not below 0.1."
    ]
    with pytest.raises(
        UsageError, match="ratio 0.104, must be below 0.1, though by the other .* random index it is 0.093"
    ):
        ahp_value.define(engine, "customers", judged | {"random_index": "saaty2005"})


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (PARTS, 'parts = ["profit", "sen"]', "criterion value: sen is unknown. Did you mean 'seen'"),
        (PARTS, 'parts = ["profit", "profit"]', "profit is a part 2 times"),
        (PARTS, 'parts = ["profit", "value"]', "value is the goal and a part of itself|seen not below"),
        ('id = "seen"', 'id = "profit"', "profit is there 2 times"),
        ('goal = "value"', 'goal = "worth"', "goal worth is no criterion. .*Available: value"),
        ('parts = ["profit", "seen"]\njudgements = [[3]]', 'parts = ["profit"]', "seen not below value"),
        (JUDGED, "judgements = [[3, 2], [1]]", "criterion value: 2 rows of judgements, 1 wanted for 2 parts"),
        (JUDGED, "judgements = [[3, 2]]", "criterion value: judgements: row 1 has 2 values above"),
        (JUDGED, 'judgements = [["a"]]', "criterion value: judgements: row 1, column 2 is 'a', no number"),
        (JUDGED, "judgements = [[-3]]", "row 1, column 2 is -3.0. A judgement is a finite number above 0"),
        (JUDGED, "judgements = [[10]]", "profit over seen is 10; the scale ends at 9"),
        (JUDGED, 'judgements = [["1/12"]]', "seen over profit is 12; the scale ends at 9"),
        (MEASURE, 'measure = "profits"', "indicator profit: measure profits is unknown. Did you mean 'profit'"),
        (MEASURE, 'measure = "first_day"', "indicator profit: measure first_day is unknown"),
        (MEASURE, 'measure = "attribute_x) or (1"', "indicator profit: measure attribute_x.* is unknown"),
        (MEASURE, 'measure = "profit"\nper_at_least = 3', "indicator profit: per_at_least without per"),
        ('better = "more"', 'better = "most"', "indicator.*better"),
        ('id = "rest"', 'id = "top"', "class: top, top: each id must be there once"),
        ("share = 0.6666666667", "share = 0.7", "class: the shares add up to 1.033"),
        ('id = "own"', 'id = "own"\nrandom_index = "saaty"', "random_index: saaty is unknown"),
        ('id = "own"', 'id = "own"\ncolour = "red"', "hierarchy.colour: unknown key|colour"),
    ],
)  # fmt: skip
def test_a_hierarchy_at_fault_is_refused(own, old, new, message):
    with pytest.raises(UsageError, match=message):
        plan.check(["ahp"], {"ahp": own((old, new))})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"hierarchy": "purchase"}, "no file named ahp/purchase. Did you mean 'purchases'"),
        ({"hierarchy": "none.toml"}, "none.toml: no such file"),
        ({"shares": [0.5, 0.5]}, "segments.options.ahp.shares: .* must be 4 shares that add up to 1"),
        ({"shares": [0.5, 0.4, 0.2, 0.2]}, "must be 4 shares that add up to 1"),
        ({"standardise": "percents"}, "segments.options.ahp: standardise"),
        ({"random_index": "saaty1981"}, "random_index: saaty1981 is unknown. Did you mean 'saaty1980'"),
        ({"hierachy": "x"}, "hierachy: unknown key. Did you mean 'hierarchy'"),
    ],
)
def test_wrong_options_are_refused(options, message):
    with pytest.raises(UsageError, match=message):
        plan.check(["ahp"], {"ahp": options})


def test_the_activity_of_a_shop_is_enough(tmp_path):
    engine = open_base(tmp_path, [("a", "2025-12-01", 5), ("b", "2025-12-03", 50)])
    activity.make_activity(engine, "customer_activity", as_of=AS_OF)
    rule = ahp_value.define(engine, "customer_activity", {})
    assert valued(engine, rule, "customer_activity")["segment"].tolist() == ["D", "A"]
