"""Segmentations that need more than purchases, from the files of a shop to the segment of every customer."""

from pathlib import Path
from typing import Any

import pytest

from custlib.errors import UsageError
from custlib.move import ledger
from custlib.run import Run, open_run
from custlib.segment.plan import open_snapshots
from custlib.segment.snapshots import at
from tests.identify.listed_shops import listed, open_shop
from tests.notebooks.shops import SHOP, make_shop

SALES = "customer_id,timestamp,amount\n" + "".join(
    f"{name},2025-0{month}-01,10\n" for name in "abcdn" for month in (1, 2)
)
# Credit grades by hand, as of 30 June; 91 days before is 31 March.
BILLS = """customer_id,due,paid
a,2025-02-28,2025-02-28
a,2025-05-31,2025-05-01
b,2025-02-28,2025-02-20
b,2025-04-30,2025-05-20
c,2025-02-28,2025-04-30
c,2025-04-30,2025-05-31
d,2025-02-28,
d,2025-05-31,2025-05-31
"""


def segments_of(shop: Run, segmentation: str) -> dict[str, str]:
    engine = shop.make("customer_segments")
    found = engine.fetch(f"select customer_id, segment from customer_segments where segmentation = '{segmentation}'")
    return dict(zip(found["customer_id"], found["segment"], strict=True))


def test_credit_grades_by_hand(tmp_path: Path) -> None:
    shop = open_shop(tmp_path, sales=SALES, invoices={"text": BILLS}, segments={"segmentations": ["credit"]})
    # a: never late; b: one of two late, by 20 days; c: both, by 61 and 31; d: one unpaid for 122 days; n: none
    assert segments_of(shop, "credit") == {"a": "A", "b": "B", "c": "C", "d": "D", "n": "unknown"}


def test_credit_grades_move_as_invoices_come_due_and_are_paid(tmp_path: Path) -> None:
    shop = open_shop(
        tmp_path, sales=SALES, invoices={"text": BILLS}, segments={"segmentations": ["credit"], "replay": 1}
    )
    paths = shop.make("segment_moves").fetch("select * from segment_moves where segmentation = 'credit'")
    assert int(paths["customers"].sum()) >= 5
    engine = shop.engine
    before = at(shop.get("compared_with"))
    open_snapshots(engine, [before], [{}])
    then = engine.fetch(f"select * from {before.table} order by customer_id").set_index("customer_id")
    assert then["invoices_overdue"].fillna(-1).tolist() == [0, 0, 1, 1, -1]  # c had not paid by 31 March
    assert then["worst_delay"].fillna(-1).tolist() == [0, 0, 31, 31, -1]


@pytest.mark.parametrize(
    ("bills", "moved"), [(BILLS, []), (BILLS.replace("d,2025-02-28,", "d,2025-02-28,2025-02-28"), [("D", "A")])]
)
@pytest.mark.sampled
def test_an_invoice_that_was_corrected_since_moves_by_the_cause_data(
    tmp_path: Path, bills: str, moved: list[tuple[str, str]]
) -> None:
    keys: dict[str, Any] = {"sales": SALES, "segments": {"segmentations": ["credit"], "replay": 1}}
    first = open_shop(tmp_path, invoices={"text": BILLS}, as_of="2025-03-31", **keys)
    first.make("customer_segments", "segment_moves")
    first.engine.close()
    second = open_shop(tmp_path, invoices={"text": bills}, **keys)
    moves = ledger.moves(second.make("segment_moves"), "credit")
    by_data = moves[(moves["cause"] == "data") & (moves["from_segment"] != moves["to_segment"])]
    assert list(zip(by_data["from_segment"], by_data["to_segment"], strict=True)) == moved


def test_without_invoices_credit_is_refused_where_it_is_asked_for(tmp_path: Path) -> None:
    shop = open_shop(tmp_path, sales=SALES, segments={"segmentations": ["credit"]})
    with pytest.raises(
        UsageError, match=r"credit needs invoices with due and paid dates \(\[invoices\] in the project"
    ):
        shop.make("customer_segments")


def test_an_attribute_that_the_list_has_not_is_refused(tmp_path: Path) -> None:
    options = {"segmentations": ["loyalty_value7"], "options": {"loyalty_value7": {"guarantor": "surety"}}}
    shop = open_shop(tmp_path, sales=SALES, customers=listed("customer_id,Region,geb\na,North,\n"), segments=options)
    with pytest.raises(
        UsageError, match=r"loyalty_value7 needs .*a table of customers with this column \(\[customers\]"
    ):
        shop.make("customer_segments")


def test_guarantors_are_told_by_an_attribute(tmp_path: Path) -> None:
    (tmp_path / "crm.csv").write_text("customer_id,Buerge\nC0000001,yes\nC0000002,no\nnobody,yes\n")
    text = SHOP + '[customers]\npath = "crm.csv"\nattributes = { guarantor = "Buerge" }\n'
    text += (
        '[segments]\nsegmentations = ["loyalty_value7"]\n[segments.options.loyalty_value7]\nguarantor = "guarantor"\n'
    )
    shop = open_run(str(make_shop(tmp_path, text=text)))
    found = segments_of(shop, "loyalty_value7")
    assert len(found) == shop.engine.fetch("select count(*) as n from customer_activity")["n"].item()
    seen = shop.engine.fetch(
        f"select attribute_guarantor as g from {at(shop.project.as_of).table}"
        " where customer_id in ('C0000001', 'C0000002')"
    )
    assert sorted(seen["g"]) == ["no", "yes"]


def test_systems_of_absolute_amounts_are_made_on_request_only(tmp_path: Path) -> None:
    """A shop with an amount column: the airline's thresholds are 500 to 5,000 a purchase, which nobody here reaches."""
    shop = open_shop(tmp_path, sales=SALES)
    assert not {"rfm_airline", "bank5"} & set(shop.get("segmentation_names"))
    assert "rfm125" in shop.get("segmentation_names")
    assert shop.get("segmentations_on_request") == ("rfm_airline",)
    assert "bank5" in shop.get("missing_segmentations"), "it would lack products as well"
    asked = shop.with_(segments={"segmentations": ["rfm", "rfm_airline"]})
    assert asked.get("segmentation_names") == ("rfm", "rfm_airline")
    assert asked.get("segmentations_on_request") == ()
