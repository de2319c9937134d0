"""Conditions of ordered rules: the same in SQL, in Python and in words."""

import pytest

from custlib.engine.dialect import DUCKDB, SPARK
from custlib.segment.rule_files import conditions


@pytest.mark.parametrize(
    ("bounds", "holding"),
    [
        ({"at_least": 2.0}, [2.0, 3.0]),
        ({"above": 2.0}, [3.0]),
        ({"at_most": 2.0}, [-1.0, 2.0]),
        ({"below": 2.0}, [-1.0]),
        ({"above": -1.0, "below": 3.0}, [2.0]),
        ({"at_least": None}, []),
        ({"is_missing": True}, [None]),
        ({"is_missing": False}, [-1.0, 2.0, 3.0]),
        ({"is_missing": False, "below": 2.0}, [-1.0]),
    ],
)
def test_a_condition_holds_in_python_and_in_sql(base, bounds, holding):
    condition = {"measure": "profit"} | bounds
    values = [-1.0, 2.0, 3.0, None]
    assert [value for value in values if conditions.holds(condition, value)] == holding
    engine = base([("a", "2025-12-01", 1)])
    rows = " union all ".join(f"select {'null' if v is None else v} as profit" for v in values)
    where = conditions.predicate(engine.dialect, condition)
    found = engine.fetch(f"select profit from ({rows}) where {where}")["profit"]
    assert [None if v != v else float(v) for v in found] == holding


def test_a_ratio_is_missing_where_there_is_nothing_to_divide_by(base):
    engine = base([("a", "2025-12-01", 1)])
    condition = {"measure": "profit", "per": "revenue", "is_missing": True}
    rows = "(values (1, 2), (1, 0), (1, null), (null, 2)) as given(profit, revenue)"
    found = engine.fetch(f"select {conditions.predicate(engine.dialect, condition)} as missing from {rows}")
    assert found["missing"].tolist() == [False, True, True, True]


def test_an_attribute_is_a_text_or_a_number():
    assert conditions.predicate(DUCKDB, {"measure": "attribute_fees", "above": 5}) == (
        "try_cast(\"attribute_fees\" as double) > cast('5.0' as double)"
    )
    assert conditions.predicate(DUCKDB, {"measure": "attribute_fees", "is_missing": False}) == (
        '("attribute_fees") is not null'
    )
    assert conditions.predicate(SPARK, {"measure": "attribute_省", "is": "a{b}'c"}) == (
        "cast(`attribute_省` as string) = concat('a', chr(123), 'b', chr(125), '''c')"
    )


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("profit_last_30d", True),
        ("purchases_last_1d", True),
        ("profit_last_0d", False),
        ("profit_last_d", False),
        ("margin_last_30d", False),
        ("days_since_last", True),
        ("customer_id", False),
        ("first_day", False),
        ("invoices_paid", False),
        ("attribute_", False),
        ("attribute_a b", False),
        ("attribute_x; drop table y", False),
    ],
)
def test_names_of_measures(name, known):
    assert conditions.is_known(name) == known


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ({"measure": "T", "at_least": 1234.5}, "T at least 1,234.5"),
        (
            {"measure": "days_since_last", "above": 1e6, "at_most": 2e6},
            "days since last above 1,000,000 and at most 2,000,000",
        ),
        ({"measure": "potential", "at_least": None}, "potential at least unknown"),
        ({"measure": "frequency", "is_missing": True}, "frequency missing"),
        ({"measure": "frequency", "is_missing": False}, "frequency given"),
    ],
)
def test_a_condition_in_words(condition, said):
    assert conditions.words(condition) == said


def test_one_value_of_every_cell():
    between = conditions.sample([{"measure": "profit", "at_least": 0.0}, {"measure": "profit", "below": 10.0}])
    assert between == {("profit",): [-1.0, 0.0, 5.0, 10.0, 21.0, None]}
    chances = conditions.sample([{"measure": "probability_alive", "at_least": 0.5}])
    assert chances == {("probability_alive",): [0.25, 0.5, 0.75, None]}
    counts = conditions.sample([{"measure": "frequency", "at_least": 1.0}, {"measure": "frequency", "below": 2.0}])
    assert counts == {("frequency",): [0.0, 1.0, 2.0, 3.0, None]}
    assert conditions.sample([{"measure": "attribute_x", "is": "a"}])[("attribute_x",)][-3:] == ["a", "a*", None]
