import datetime as dt

import pytest

from custlib.differentiate import activity, migration, segments
from tests.differentiate.bases import AS_OF, make_value

BEFORE = dt.date(2025, 10, 31)
FIXED = {"mode": "fixed"}


def moves_of(engine, *, before=BEFORE):
    """Moves of the fixed RFM between two dates."""
    make_value(engine)
    for point, as_of, until in (("before", before, before), ("aged", AS_OF, before), ("now", AS_OF, AS_OF)):
        activity.make_activity(engine, f"activity_{point}", as_of=as_of, until=until)
    definition = segments.define(engine, "rfm", "customer_activity", as_of=AS_OF, options=FIXED)
    migration.make_segment_moves(engine, [definition])
    found = engine.fetch("select * from segment_moves order by cause, from_segment")
    return definition, [tuple(row) for row in found[["from_segment", "to_segment", "cause", "customers"]].to_numpy()]


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


def test_four_customers_by_hand(base):
    engine = base(ROWS)
    definition, moves = moves_of(engine)
    assert moves == [
        ("new", "one_time", "ageing", 2),
        ("none", "new", "purchases", 1),
        ("one_time", "promising", "purchases", 1),
    ]
    flows = migration.flows(engine, "rfm").set_index(["segment", "cause"])
    assert flows.loc[("one_time", "ageing")].tolist() == [2, 0]
    assert flows.loc[("one_time", "purchases")].tolist() == [0, 1]
    assert flows.loc[("new", "purchases")].tolist() == [1, 0]
    assert migration.net(flows.reset_index()) == {"new": -1, "one_time": 1, "promising": 1}
    # of the three customers of before, two are elsewhere now
    assert migration.changed_share(engine, definition) == pytest.approx(2 / 3)


def test_moved_money_is_the_value_of_who_moved(base):
    engine = base(ROWS)
    moves_of(engine)
    value = engine.fetch("select customer_id, value from customer_value").set_index("customer_id")["value"]
    money = engine.fetch("select from_segment, value from segment_moves").set_index("from_segment")["value"]
    assert money["new"] == pytest.approx(value["aged"] + value["back"])
    assert money["one_time"] == pytest.approx(value["back"])
    assert money["none"] == pytest.approx(value["came"])


def test_between_a_day_and_itself_nobody_moves(base):
    engine = base(ROWS)
    definition, moves = moves_of(engine, before=AS_OF)
    assert moves == []
    assert migration.flows(engine, "rfm").empty
    assert migration.changed_share(engine, definition) == 0


def test_a_share_of_no_customer_is_nothing(base):
    engine = base(ROWS)
    definition, _ = moves_of(engine)
    engine.make("activity_before", "select * from activity_now where false")
    assert migration.changed_share(engine, definition) == 0


@pytest.mark.parametrize("name", sorted(segments.FAMILIES))
def test_on_cdnow_ageing_and_purchases_add_up_in_every_segment(cdnow, name):
    engine, definition = cdnow.engine, cdnow.definitions[name]
    assign = segments.family(name).assign(engine.dialect, definition.rule)

    def counted(point):
        select = assign.format(activity=f"activity_{point}")
        found = engine.fetch(f"select segment, count(*) as n from ({select}) group by 1")
        return found.set_index("segment")["n"].reindex(list(definition.ids), fill_value=0)

    before, aged, now = (counted(point) for point in migration.POINTS)
    net = migration.net(migration.flows(engine, name))
    for segment in definition.ids:
        assert now[segment] - before[segment] == net.get(segment, 0)
    ageing = migration.flows(engine, name).query("cause == 'ageing'").set_index("segment")
    for segment, row in ageing.iterrows():
        assert aged[segment] - before[segment] == row["customers_in"] - row["customers_out"]
    # ageing moves customers, and neither makes nor loses one
    assert aged.sum() == before.sum()
    assert ageing["customers_in"].sum() == ageing["customers_out"].sum()


def test_what_only_time_moves_never_rises(cdnow):
    """Without purchases R can only fall and F cannot change."""
    found = cdnow.engine.fetch("select * from segment_moves where segmentation = 'rfm' and cause = 'ageing'")
    assert not found.empty
    cells = cdnow.definitions["rfm"].rule["cells"]
    worst = {segment: min(r for r, _ in own) for segment, own in cells.items()}
    assert (found["to_segment"].map(worst) < found["from_segment"].map(worst)).all()
