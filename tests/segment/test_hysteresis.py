"""Hysteresis: a customer near a cut keeps its segment, worked by hand; who passes it clearly does not."""

import datetime as dt
from itertools import pairwise

import pytest

from custlib.move import ledger, paths
from custlib.segment import customer_segments, snapshots
from custlib.segment.definitions import Definition
from custlib.value.history import Money
from tests.bases import AS_OF, make_value

BEFORE = dt.date(2025, 10, 31)
NAMES = tuple({"id": one, "name": {"en": one, "zh": one}, "strategy": {"en": "-", "zh": "-"}} for one in ("A", "B"))
# Profit of 100 and more is A.
RULE = Definition("abc", "2025-01-31", {"classes": ["A", "B"], "cuts": [100.0], "floor": 0.0, "options": {}}, NAMES)
ROWS = [
    ("near", "2025-01-01", 95), ("near", "2025-12-01", 10),       # 95 to 105: passes the cut by 5 %
    ("clear", "2025-01-01", 95), ("clear", "2025-12-01", 30),     # 95 to 125: by 25 %
    ("back", "2025-01-01", 104), ("back", "2025-12-01", -8),      # 104 to 96: falls below it by 4 %
    ("new", "2025-12-01", 101),                                   # was nowhere before
]  # fmt: skip


@pytest.fixture
def engine(base):
    engine = base(ROWS)
    make_value(engine)
    wanted = snapshots.between(BEFORE, AS_OF)
    snapshots.make_history(engine, wanted, [], Money())
    for point in wanted:
        snapshots.make_snapshot(engine, point, [], last=AS_OF, daily_rate=0.0)
    return engine


def segments_of(engine, margin):
    memory = customer_segments.remember(RULE, [snapshots.at(BEFORE).table], margin)
    select = customer_segments.assigned(engine.dialect, RULE, snapshots.at(AS_OF).table, memory=memory)
    found = engine.fetch(f"select * from ({select}) order by customer_id").set_index("customer_id")
    return found["segment"].to_dict(), found["reason"].to_dict()


def test_without_a_margin_the_cut_decides(engine):
    assert segments_of(engine, 0.0)[0] == {"back": "B", "clear": "A", "near": "A", "new": "A"}


def test_within_the_margin_customers_stay(engine):
    found, reasons = segments_of(engine, 0.10)
    assert found == {"back": "A", "clear": "A", "near": "B", "new": "A"}
    assert [name for name, reason in reasons.items() if reason.endswith(", held")] == ["back", "near"]


def test_a_narrow_margin_holds_only_who_is_that_near(engine):
    assert segments_of(engine, 0.04)[0] == {"back": "B", "clear": "A", "near": "A", "new": "A"}


def test_moves_are_of_those_who_were_not_held(engine):
    select = paths.plan(engine.dialect, [BEFORE, AS_OF], [(RULE, RULE)], margin=0.10)
    engine.make("segment_paths", select)
    engine.make("segment_moves", paths.segment_moves_sql(engine.dialect))
    moves = ledger.moves(engine, "abc")
    moved = moves[(moves["cause"] == "purchases") & (moves["from_segment"] != moves["to_segment"])]
    assert moved[["from_segment", "to_segment", "customers"]].to_numpy().tolist() == [["B", "A", 1], ["none", "A", 1]]
    book = ledger.ledger(moves, RULE.ids)
    assert book["customers_after"].to_dict() == {"A": 3, "B": 1}


def test_who_is_held_stays_held_and_books_close_where_the_next_open(base):
    """104 in August, 96 since September, nothing after: A by the margin, in October and in December."""
    engine = base([("old", "2025-01-01", 104), ("old", "2025-09-10", -8)])
    make_value(engine)
    dates = [dt.date(2025, 8, 31), BEFORE, AS_OF]
    wanted = [point for pair in pairwise(dates) for point in snapshots.between(*pair)]
    snapshots.make_history(engine, wanted, [], Money())
    for point in wanted:
        snapshots.make_snapshot(engine, point, [], last=AS_OF, daily_rate=0.0)
    memory = customer_segments.remember(RULE, [snapshots.at(day).table for day in dates[:-1]], 0.10)
    select = customer_segments.assigned(engine.dialect, RULE, snapshots.at(AS_OF).table, memory=memory)
    assert engine.fetch(select)["segment"].tolist() == ["A"]
    engine.make("segment_paths", paths.plan(engine.dialect, dates, [(RULE, RULE)], margin=0.10))
    engine.make("segment_moves", paths.segment_moves_sql(engine.dialect))
    first, last = (ledger.ledger(ledger.moves(engine, "abc", since=day), RULE.ids) for day in dates[:2])
    assert first["customers_after"].tolist() == last["customers_before"].tolist() == [1, 0]


def test_without_a_margin_nothing_is_remembered():
    assert customer_segments.remember(RULE, ["customers"], 0.0) is None
