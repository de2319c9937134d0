"""Many segmentations added up in one query: by hand, and as one at a time."""

import pytest

from custlib.move import ledger
from custlib.segment import profiles
from custlib.segment.customer_segments import assigned
from custlib.segment.snapshots import at


def test_one_query_adds_up_what_each_summary_does(cdnow):
    brief = profiles.brief(cdnow.engine, cdnow.get("definitions").values(), language="en")
    for name in ("rfm", "pyramid", "clusters"):
        own = brief[brief["segmentation"] == name].reset_index(drop=True)
        alone = profiles.summary(cdnow.engine, cdnow.get("definitions")[name], language="en")
        for column in ("segment", "name", "customers"):
            assert own[column].tolist() == alone[column].tolist()
        for column in ("profit", "historic_value", "value", "residual_lifetime_value", "customer_share", "value_share"):
            assert own[column].tolist() == pytest.approx(alone[column].tolist())


def test_empty_segments_are_there_with_nothing(cdnow):
    brief = profiles.brief(cdnow.engine, cdnow.get("definitions").values(), language="zh")
    assert sorted(set(brief["segmentation"])) == sorted(cdnow.get("definitions"))
    empty = brief[brief["customers"] == 0]
    assert len(empty) and (empty[["profit", "value", "customer_share"]] == 0).all(axis=None)
    assert brief.groupby("segmentation")["customers"].sum().eq(2357).all()


def test_any_two_segmentations_are_crossed_in_one_query(cdnow):
    tables = profiles.cross_tables(cdnow.engine, ["rfm", "abc", "pyramid"])
    assert list(tables) == [("rfm", "abc"), ("rfm", "pyramid"), ("abc", "pyramid")]
    sql, table = cdnow.engine.dialect, at(cdnow.project.as_of).table
    sides = [assigned(sql, cdnow.get("definitions")[name], table) for name in ("rfm", "pyramid")]
    alone, found = profiles.cross_table(cdnow.engine, *sides), tables["rfm", "pyramid"]
    assert found[["first", "second", "customers"]].to_numpy().tolist() == (
        alone[["first", "second", "customers"]].to_numpy().tolist()
    )
    assert found["value"].tolist() == pytest.approx(alone["value"].tolist())


def test_one_segmentation_has_nothing_to_be_crossed_with(cdnow):
    assert profiles.cross_tables(cdnow.engine, ["rfm"]) == {}


def test_who_moved_is_counted_for_every_segmentation_and_interval(cdnow):
    moved = ledger.moved(cdnow.engine)
    last = moved["from_date"].max()
    assert last == cdnow.get("compared_with") and moved["known"].eq(2357).all()
    for name in cdnow.get("definitions"):
        own = moved[(moved["segmentation"] == name) & (moved["from_date"] == last)].set_index("cause")
        alone = ledger.moves(cdnow.engine, name)
        assert own.loc["whole", "share"] == pytest.approx(ledger.changed_share(alone))
        steps = alone[(alone["cause"] == "ageing") & (alone["from_segment"] != alone["to_segment"])]
        assert own.loc["ageing", "customers"] == steps["customers"].sum()
        assert own.loc["ageing", "money"] == pytest.approx(steps["money_before"].sum())
