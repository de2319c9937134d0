"""Moves between two dates by cause: worked by hand, then adding up on CDNOW for every segmentation."""

import datetime as dt
import itertools

import pytest

from custlib.move import ledger, paths
from custlib.segment import customer_segments, registry, snapshots
from custlib.segment.plan import open_snapshots
from custlib.value import activity
from custlib.value.history import Money
from tests.bases import AS_OF, make_value

BEFORE = dt.date(2025, 10, 31)
FIXED = {"mode": "fixed"}
ROWS = [
    # aged: bought once, 1 day before; 62 days later R falls from 5 to 2
    ("aged", "2025-10-30", 10),
    # back: would have aged to R 2, bought again: F 2, R 5
    ("back", "2025-10-30", 10), ("back", "2025-12-30", 10),
    # still: long away then and now
    ("still", "2024-01-01", 10),
    # came: first purchase after the earlier date
    ("came", "2025-12-25", 10),
]  # fmt: skip


def make_points(engine, *dates):
    wanted = [point for pair in itertools.pairwise(dates) for point in snapshots.between(*pair)]
    snapshots.make_history(engine, wanted, [], Money())
    for point in wanted:
        snapshots.make_snapshot(engine, point, [], last=dates[-1], daily_rate=0.0)


def moves_of(engine, *, before=BEFORE, now_by=None, recorded="", changes=None):
    """Moves of the fixed RFM between two dates."""
    make_value(engine)
    make_points(engine, before, AS_OF)
    definition = customer_segments.define(engine, "rfm", "customer_activity", as_of=AS_OF, options=FIXED)
    if recorded:
        names = ", ".join(f"('{name}', true)" for name in changes or ["nobody"])
        engine.make("identity_changes", f"select * from (values {names}) t(customer_id, change)")
    pairs = [(definition, now_by(engine) if now_by else definition)]
    engine.make("segment_paths", paths.plan(engine.dialect, [before, AS_OF], pairs, recorded=recorded))
    engine.make("segment_moves", paths.segment_moves_sql(engine.dialect))
    return definition, ledger.moves(engine, "rfm")


def told(frame):
    moved = frame[frame["from_segment"] != frame["to_segment"]]
    return [tuple(row) for row in moved[["from_segment", "to_segment", "cause", "customers"]].to_numpy()]


def test_four_customers_by_hand(base):
    definition, moves = moves_of(base(ROWS))
    assert told(moves) == [
        ("new", "one_time", "ageing", 2),
        ("none", "new", "purchases", 1),
        ("one_time", "promising", "purchases", 1),
        ("new", "one_time", "whole", 1),
        ("new", "promising", "whole", 1),
        ("none", "new", "whole", 1),
    ]
    flows = ledger.flows(moves).set_index(["segment", "cause"])
    assert flows.loc[("one_time", "ageing"), ["customers_in", "customers_out"]].tolist() == [2, 0]
    assert flows.loc[("one_time", "purchases"), ["customers_in", "customers_out"]].tolist() == [0, 1]
    assert flows.loc[("new", "purchases"), ["customers_in", "customers_out"]].tolist() == [1, 0]
    # of the three customers of before, two are elsewhere now
    assert ledger.changed_share(moves) == pytest.approx(2 / 3)
    book = ledger.ledger(moves, definition.ids)
    one_time = book.loc["one_time"]
    # still (10) stays; aged and back bring 10 each by ageing; back leaves again with its 10 by purchases
    assert one_time[["money_before", "money_ageing", "money_purchases", "money_after"]].tolist() == [10, 20, -10, 20]
    # back comes with the 20 it has now
    assert book.loc["promising", ["money_before", "money_purchases", "money_after"]].tolist() == [0, 20, 20]


def test_moved_money_is_the_value_of_who_moved(base):
    engine = base(ROWS)
    _, moves = moves_of(engine)
    value = engine.fetch("select customer_id, value from customer_value").set_index("customer_id")["value"]
    causes = moves[moves["cause"] != "whole"]
    money = causes[causes["from_segment"] != causes["to_segment"]].set_index("from_segment")["value"]
    assert money["new"] == pytest.approx(value["aged"] + value["back"])
    assert money["one_time"] == pytest.approx(value["back"])
    assert money["none"] == pytest.approx(value["came"])


def test_between_a_day_and_itself_nobody_moves(base):
    definition, moves = moves_of(base(ROWS), before=AS_OF)
    assert told(moves) == []
    assert ledger.changed_share(moves) == 0
    assert (ledger.directions(moves, definition.ids)["customers"] == [0, 4, 0, 0, 0]).all()


def test_a_new_definition_is_a_cause_of_its_own(base):
    """The same customers by other cuts: `aged` at 62 days is R 2 by days, and R 4 where 90 days are still good."""

    def shops(engine):
        return customer_segments.define(
            engine, "rfm", "customer_activity", as_of=AS_OF, options={"mode": "fixed", "scores": "shop"}
        )

    definition, moves = moves_of(base(ROWS), now_by=shops)
    by_definition = [row for row in told(moves) if row[2] == "definition"]
    assert by_definition
    assert {row[2] for row in told(moves)} == {"ageing", "purchases", "definition", "whole"}
    assert adds_up(ledger.ledger(moves, definition.ids))


def test_what_was_corrected_and_who_was_merged_are_told_apart(base):
    """An earlier run had no line of `still` (it came late), and knew `back` as two people (`back`, `twin`)."""
    engine = base(ROWS)
    engine.make(
        "recorded",
        "select * from (values ('aged', 0, 1, 10.0), ('back', 0, 1, 10.0), ('twin', 0, 1, 7.0))"
        " t(customer_id, frequency, days_since_last, profit)",
    )
    definition, moves = moves_of(engine, recorded="recorded", changes=["twin"])
    assert [row for row in told(moves) if row[2] in ("data", "identity")] == [
        ("none", "one_time", "data", 1),
        ("new", "none", "identity", 1),
    ]
    book = ledger.ledger(moves, definition.ids)
    assert adds_up(book)
    new = book.loc["new"]
    assert new[["customers_before", "customers_identity", "customers_ageing"]].tolist() == [3, -1, -2]
    assert new[["money_before", "money_identity", "money_ageing", "money_purchases"]].tolist() == [27, -7, -20, 10]


def test_the_matrix_and_who_went_up(base):
    definition, moves = moves_of(base(ROWS))
    table = ledger.matrix(moves, definition.ids)
    assert table.to_numpy().sum() == 4
    assert table.loc["new", "one_time"] == 1
    assert table.loc["none", "new"] == 1
    counted = ledger.directions(moves, definition.ids)["customers"]
    # new to promising is up, new to one-time is down in the order of the map
    assert counted.to_dict() == {"up": 1, "stay": 1, "down": 1, "new": 1, "gone": 0}


def test_a_segment_that_the_definition_now_no_longer_has_keeps_its_customers(base):
    """Its customers did not come as new ones: they are in the books, and moved neither up nor down."""
    definition, moves = moves_of(base(ROWS))
    ids = [one for one in definition.ids if one != "new"]
    assert ledger.matrix(moves, ids).to_numpy().sum() == 4
    assert ledger.matrix(moves, ids).loc["new", "one_time"] == 1
    book = ledger.ledger(moves, ids)
    assert adds_up(book)
    assert (book["customers_before"].sum(), book["customers_after"].sum()) == (3, 4)
    counted = ledger.directions(moves, ids)["customers"]
    assert counted.to_dict() == {"up": 0, "stay": 1, "down": 0, "new": 1, "gone": 0, "unranked": 2}


def test_moves_at_several_dates_join_end_to_end(base):
    engine = base(ROWS)
    make_value(engine)
    dates = [dt.date(2025, 8, 31), BEFORE, AS_OF]
    make_points(engine, *dates)
    definition = customer_segments.define(engine, "rfm", "customer_activity", as_of=AS_OF, options=FIXED)
    engine.make("segment_paths", paths.plan(engine.dialect, dates, [(definition, definition)]))
    engine.make("segment_moves", paths.segment_moves_sql(engine.dialect))
    first, last = (ledger.ledger(ledger.moves(engine, "rfm", since=day), definition.ids) for day in dates[:2])
    assert first["customers_after"].tolist() == last["customers_before"].tolist()
    assert first["money_after"].tolist() == last["money_before"].tolist()


def test_a_point_of_the_history_is_the_activity_of_that_day(small_shop):
    """What one pass knows of several days is what each day by itself gives."""
    make_points(small_shop, BEFORE, AS_OF)
    for point in snapshots.between(BEFORE, AS_OF):
        activity.make_activity(small_shop, "alone", as_of=point.as_of, until=point.until)
        columns = ", ".join(small_shop.columns("alone"))
        apart = small_shop.fetch(f"select {columns} from {point.table} except select {columns} from alone")
        counted = small_shop.fetch(f"select count(*) as n from {point.table} union all select count(*) from alone")
        assert apart.empty
        assert counted["n"].nunique() == 1


def adds_up(book):
    """Whether every segment comes from what it was to what it is by its causes."""
    for kind, close in (("customers", 0), ("money", 1e-6)):
        gained = sum(book[f"{kind}_{cause}"] for cause in paths.CAUSES)
        if (abs(book[f"{kind}_before"] + gained - book[f"{kind}_after"]) > close).any():
            return False
    return True


@pytest.mark.parametrize("name", sorted(registry.names()))
@pytest.mark.sampled
def test_on_cdnow_the_causes_add_up_in_every_segment(cdnow, name):
    engine, dates, definitions = cdnow.engine, cdnow.get("dates"), cdnow.get("definitions")
    if name not in cdnow.get("segmentation_names"):
        assert name not in definitions
        return
    definition = definitions[name]
    for before, after in zip(dates[-2:], dates[-1:], strict=False):  # every month is in test_replay
        moves = ledger.moves(engine, name, since=before)
        book = ledger.ledger(moves, definition.ids)
        assert adds_up(book)
        for column, point in (("before", snapshots.at(before)), ("after", snapshots.at(after))):
            open_snapshots(engine, [point], [definition.frozen])
            select = customer_segments.assigned(engine.dialect, definition, point.table)
            found = engine.fetch(
                f"select s.segment, count(*) as n, sum(a.profit) as money from ({select}) s"
                f" join {point.table} a using (customer_id) group by 1"
            ).set_index("segment")
            wanted = found.reindex(list(definition.ids)).astype(float).fillna(0.0)
            assert book[f"customers_{column}"].tolist() == wanted["n"].tolist()
            assert book[f"money_{column}"].tolist() == pytest.approx(wanted["money"].tolist(), abs=1e-6)
        aged = ledger.flows(moves).query("cause == 'ageing'")
        # ageing moves customers, and neither makes nor loses one
        assert aged["customers_in"].sum() == aged["customers_out"].sum()


def test_what_only_time_moves_never_rises(cdnow):
    """Without purchases R can only fall and F cannot change."""
    found = cdnow.engine.fetch("select * from segment_moves where segmentation = 'rfm' and cause = 'ageing'")
    found = found[found["from_segment"] != found["to_segment"]]
    assert not found.empty
    cells = cdnow.get("definitions")["rfm"].rule["cells"]
    worst = {segment: min(r for r, _ in own) for segment, own in cells.items()}
    assert (found["to_segment"].map(worst) < found["from_segment"].map(worst)).all()
