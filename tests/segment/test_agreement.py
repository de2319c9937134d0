"""Two segmentations held against each other: worked by hand."""

import pandas as pd
import pytest

from custlib.segment import profiles


@pytest.fixture(scope="module")
def engine(one_purchase):
    engine = one_purchase
    for name, given in (("one", "xxxyy"), ("two", "ppqqq")):
        rows = ", ".join(f"('{customer}', '{segment}')" for customer, segment in zip("abcde", given, strict=True))
        engine.make(name, f"select * from (values {rows}) t(customer_id, segment)")
    engine.make(
        "worth",
        "select * from (values ('a', 1e0), ('b', 2e0), ('c', 4e0), ('d', 8e0), ('e', null)) t(customer_id, value)",
    )
    return engine


def test_five_customers_by_hand(engine):
    frame = profiles.cross_table(engine, "select * from one", "select * from two", worth="worth")
    assert frame.to_dict("list") == {
        "first": ["x", "x", "y"], "second": ["p", "q", "q"], "customers": [2, 1, 2], "value": [3.0, 4.0, 8.0]
    }  # fmt: skip
    found = profiles.agree(frame)
    # pairs together in both: ab and de = 2; in the first 4, in the second 4, of 10: (2 - 1.6) / (4 - 1.6)
    assert found.adjusted_rand_index == pytest.approx(1 / 6)
    assert found.matched == {"x": "p", "y": "q"}
    assert found.jaccards == {"x": pytest.approx(2 / 3), "y": pytest.approx(2 / 3)}
    assert (found.apart_customers, found.apart_value) == (1, 4)
    assert profiles.disagreements(frame, found.matched)[["first", "second"]].to_numpy().tolist() == [["x", "q"]]


def test_the_same_groups_under_other_names_agree(engine):
    frame = profiles.cross_table(
        engine, "select * from one", "select customer_id, concat('new ', segment) as segment from one", worth=""
    )
    assert profiles.agree(frame).adjusted_rand_index == 1
    assert profiles.agree(frame).apart_customers == 0


def test_nobody_agrees_with_nobody(engine):
    frame = profiles.cross_table(engine, "select * from one where false", "select * from two", worth="")
    assert profiles.agree(frame) == profiles.Agreement(1.0, {}, {}, 0.0, 0.0)


def test_more_segments_than_the_other_has_leave_some_unmatched():
    frame = pd.DataFrame({"first": list("abc"), "second": ["p", "p", "p"], "customers": [5, 3, 2], "value": 0.0})
    found = profiles.agree(frame)
    assert found.matched == {"a": "p"}
    assert found.apart_customers == 5
