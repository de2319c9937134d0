"""Moves that happened, each with the cause that made it, from paths of three segments worked by hand."""

import pandas as pd
import pytest

from custlib.engine.duckdb import DuckDB
from custlib.move import ledger, observed, paths

# A is best, C is last. Recorded, before, aged, bought, now; customers.
PATHS = [
    ("A", "A", "A", "A", "A", 50),  # stayed
    ("A", "A", "B", "A", "A", 30),  # would have slipped, bought, and stayed: nobody moved
    ("A", "A", "B", "B", "B", 20),  # slipped
    ("A", "A", "C", "B", "B", 5),   # slipped far, bought, came half the way back: a fall is not made by a purchase
    ("C", "C", "C", "A", "A", 40),  # bought
    ("B", "B", "C", "A", "A", 12),  # would have slipped, bought, and rose
    ("B", "B", "B", "B", "C", 11),  # called otherwise
    ("C", "C", "C", "C", "C", 32),
    (None, None, None, "A", "A", 12),  # new
    ("C", None, None, None, None, 3),  # no longer there, with corrected data
]  # fmt: skip


@pytest.fixture
def engine(tmp_path):
    opened = DuckDB(tmp_path, threads=1)
    frame = pd.DataFrame(PATHS, columns=[*paths.STATES, "customers"])
    frame = frame.assign(segmentation="rfm", from_date=pd.Timestamp("2025-10-01").date(),
                         to_date=pd.Timestamp("2025-12-31").date(), is_changed=False,
                         money_recorded=frame["customers"] * 10.0, money_before=frame["customers"] * 10.0,
                         money_now=frame["customers"] * 12.0, value=0.0)  # fmt: skip
    opened.attach_frame("segment_paths", frame)
    opened.make("segment_moves", paths.segment_moves_sql(opened.dialect))
    return opened


def test_every_customer_moves_once_with_one_cause(engine):
    found = observed.observed(engine, "rfm", "ABC")
    assert [tuple(row) for row in found[["from_segment", "to_segment", "cause", "customers"]].to_numpy()] == [
        ("A", "A", "stay", 80),
        ("A", "B", "ageing", 25),
        ("B", "A", "purchases", 12),
        ("B", "C", "definition", 11),
        ("C", "A", "purchases", 40),
        ("C", "C", "stay", 32),
        ("C", "none", "data", 3),
        ("none", "A", "purchases", 12),
    ]
    slipped, new = found[found["to_segment"] == "B"].iloc[0], found[found["from_segment"] == "none"].iloc[0]
    assert (slipped["money_before"], slipped["money_after"]) == (250, 300)
    assert (new["money_before"], new["money_after"]) == (0, 144)


def test_moves_that_happened_are_the_whole_of_the_ledger(engine):
    found, whole = observed.observed(engine, "rfm", "ABC"), ledger.moves(engine, "rfm")
    kept = ledger.matrix(whole, "ABC")
    assert ledger.matrix(found.assign(cause=paths.WHOLE), "ABC").equals(kept)
    # the steps that did not come to pass are none of them: of A 55 would have left and 30 of these came back
    flows = ledger.flows(whole).set_index(["segment", "cause"])
    assert flows.loc[("A", "ageing"), "customers_out"] == 55
    assert found[(found["from_segment"] == "A") & (found["to_segment"] != "A")]["customers"].sum() == 25


def test_who_changed_segment_is_a_share_of_those_known_at_both_dates(engine):
    """25 + 12 + 11 + 40 of 200; neither the 12 new nor the 3 gone are among them."""
    assert ledger.changed_share(ledger.moves(engine, "rfm")) == pytest.approx(88 / 200)
    moved = ledger.moved(engine)
    assert set(moved["known"]) == {200}  # in every cause, though purchases and definition hold the new ones too
    assert moved.set_index("cause").loc["whole", "share"] == pytest.approx(88 / 200)


def test_a_segment_without_a_place_takes_the_last_step(engine):
    """Of an earlier definition: neither a rise nor a fall."""
    found = observed.observed(engine, "rfm", "AC")
    assert set(found[(found["from_segment"] == "B") & (found["to_segment"] == "A")]["cause"]) == {"purchases"}
    assert set(found[(found["from_segment"] == "A") & (found["to_segment"] == "B")]["cause"]) == {
        "ageing",
        "purchases",
    }
