"""The quality record counts what was done, and the lines without a margin of their own."""

import re
from contextlib import closing
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from custlib import rules
from custlib.engine.duckdb import DuckDB
from custlib.errors import TableError, UsageError, counted
from custlib.identify.contract import make_transactions
from custlib.project import build
from tests.identify.conftest import Check

FINDINGS = [finding for finding in rules.load("contract")["finding"] if finding.get("says")]
SEVERAL = re.compile(r"\b(lines|returns|are|have|were|their|them|they)\b")
HEADER = "customer_id,timestamp,amount\n"


def test_a_record_by_hand(check: Check) -> None:
    lines = " ann,2025-01-01,10\nann,2025-02-01,(4)\nbob,2025-01-01,£3\n,2025-01-01,2\nbob,2025-07-01,1\n"
    quality = check(HEADER + lines).quality
    assert {name: quality[f"rows_{name}"] for name in ("read", "used", "quarantined", "removed", "repaired")} == {
        "read": 5, "used": 3, "quarantined": 2, "removed": 0, "repaired": 3,
    }  # fmt: skip
    assert {name: quality[f"money_{name}"] for name in ("read", "used", "quarantined", "removed")} == {
        "read": 12, "used": 9, "quarantined": 3, "removed": 0,
    }  # fmt: skip
    assert quality["reasons"] == {"after_as_of": 1, "missing_customer_id": 1}
    assert quality["repairs"] == {"customer_id_trimmed": 1, "amount_currency": 1, "amount_parentheses": 1}
    assert (quality["refund_rows"], quality["positive_amount_rows"], quality["customers_without_purchase"]) == (1, 2, 0)


def test_what_an_option_leaves_out_is_removed_with_its_money(check: Check) -> None:
    lines = "ann,2025-01-01,10\n guest ,2025-01-02,4.5\nguest,2025-07-01,1\nGuest,2025-01-03,2\nbob,2025-01-01,x\n"
    shop = check(HEADER + lines, guest_ids=["guest"])
    assert (shop.quality["rows_used"], shop.quality["rows_quarantined"], shop.quality["rows_removed"]) == (2, 1, 2)
    assert (shop.quality["money_used"], shop.quality["money_quarantined"], shop.quality["money_removed"]) == (
        12,
        0,
        5.5,
    )
    assert shop.quality["removed"] == {"guest": 2}
    assert shop.quality["reasons"] == {"guest": 2, "unreadable_amount": 1}
    assert shop.quality["money_by_reason"] == {"guest": 5.5, "unreadable_amount": 0}
    assert "2 rows removed: customer_id is one of guest_ids" in shop.said
    assert list(shop.table("quarantine")["reason"]) == ["unreadable_amount"]
    assert set(shop.table("transactions")["customer_id"]) == {"ann", "Guest"}


@pytest.mark.parametrize("ids", [[0, 5], [0.0, 5.0], ["0", "5"], ["0.0", "5.0"]])
@pytest.mark.sampled
def test_a_guest_may_be_a_number(check: Check, tmp_path: Path, ids: list[Any]) -> None:
    path = tmp_path / "sales.parquet"
    pd.DataFrame({"customer_id": ids, "timestamp": "2025-01-01", "amount": 1.0}).to_parquet(path)
    assert check(path, guest_ids=["0"]).quality["removed"] == {"guest": 1}


def test_a_row_repaired_twice_is_one_row(check: Check) -> None:
    quality = check(HEADER + " ann,2025-01-01,(£4)\n").quality
    assert quality["repairs"] == {"customer_id_trimmed": 1, "amount_currency": 1, "amount_parentheses": 1}
    assert quality["rows_repaired"] == 1


def test_a_row_set_aside_is_not_repaired(check: Check) -> None:
    quality = check(HEADER + "ann,2025-01-01,1\n bob,2026-01-01,£1\n").quality
    assert (quality["rows_repaired"], quality["repairs"], quality["currency_signs"]) == (0, {}, [])


def test_three_spellings_are_three_ids(check: Check) -> None:
    shop = check(HEADER + "".join(f"{who},2025-01-01,1\n" for who in ("ann", "Ann", "ANN", "bob", "007", "7")))
    assert "3 ids differ only by upper and lower case: each was left a customer of its own" in shop.said
    assert "2 ids differ only by leading zeros" in shop.said


def test_the_record_is_plain(check: Check) -> None:
    import json

    quality = check(HEADER + "ann,2025-01-01,1\n").quality
    assert json.loads(json.dumps(quality)) == quality


def test_the_record_is_that_of_a_sealed_engine(tmp_path: Path) -> None:
    (tmp_path / "sales.csv").write_text(HEADER + "ann,2025-01-01,1\n")
    shop = {"id": "shop", "name": "Shop", "as_of": "2025-06-30", "source": {"path": str(tmp_path / "sales.csv")}}
    with closing(DuckDB(tmp_path / "tables")) as engine:
        make_transactions(engine, build(shop))
        engine.seal()
        engine.make("again", "select * from transactions")
        assert len(engine.fetch("select * from again")) == 1


WITH_PRODUCT = "customer_id,timestamp,amount,product\n"
LINES = "ann,2025-01-01,10,tea\nann,2025-01-02,20,cake\nbob,2025-01-03,-10,tea\nbob,2025-01-04,60, tea \n"


def profits(shop: Any) -> list[float]:
    return shop.table("transactions", "day")["profit"].tolist()


def test_every_line_takes_the_margin_of_its_product_by_hand(check: Check) -> None:
    shop = check(WITH_PRODUCT + LINES, product_margins={"tea": 0.5, "cake": 0.25})
    assert profits(shop) == [5, 5, -5, 30]
    assert shop.table("transactions", "day")["product"].tolist() == ["tea", "cake", "tea", "tea"]
    assert (shop.quality["margin_unknown_rows"], shop.quality["margin_unknown_products"]) == (0, 0)
    assert "margin" not in shop.said


def test_a_product_without_a_margin_takes_that_of_the_project_and_is_counted(check: Check) -> None:
    shop = check(WITH_PRODUCT + LINES, product_margins={"tea": 0.5}, margin=0.1)
    assert profits(shop) == [5, 2, -5, 30]
    assert shop.quality["margin_unknown_rows"] == 1
    assert "1 line has no margin in [product_margins] (products: 1; 20.0% of the money)" in shop.said
    assert "margin 0.1 was taken" in shop.said


def test_a_line_without_a_product_takes_that_of_the_project_too(check: Check) -> None:
    shop = check(
        WITH_PRODUCT + "ann,2025-01-01,10,\nann,2025-01-02,20,\nann,2025-01-02,20,tea\n", product_margins={"tea": 0.5}
    )
    assert profits(shop) == [10, 20, 10]
    assert (shop.quality["margin_unknown_rows"], shop.quality["margin_unknown_products"]) == (2, 0)


def test_margins_that_no_line_needs_are_said(check: Check) -> None:
    shop = check(
        WITH_PRODUCT + LINES, product_margins={"tea": 0.5, "cake": 0.2, "milk": 0.1, "rye": 1, "oat": 0, "ale": 0}
    )
    assert "[product_margins] names products that no line has: ale, milk, oat and others" in shop.said


def test_a_product_may_lose_money(check: Check) -> None:
    assert profits(check(WITH_PRODUCT + "ann,2025-01-01,10,tea\n", product_margins={"tea": -0.2})) == [-2]


def test_no_line_is_lost_or_doubled(check: Check) -> None:
    plain = check(WITH_PRODUCT + LINES)
    shop = check(WITH_PRODUCT + LINES, product_margins={"tea": 0.5})
    columns = ["customer_id", "day", "amount", "is_purchase"]
    assert shop.table("transactions", "day")[columns].equals(plain.table("transactions", "day")[columns])
    assert shop.quality["rows_used"] == plain.quality["rows_used"] == 4


def test_a_cost_and_margins_by_product_are_refused(check: Check) -> None:
    content = "customer_id,timestamp,amount,product,price_paid\nann,2025-01-01,10,tea,4\n"
    with pytest.raises(
        UsageError, match="product_margins: sales.csv also has a cost .column 'price_paid'.*stated twice"
    ):
        check(content, columns={"cost": "price_paid"}, product_margins={"tea": 0.5})


def test_margins_by_product_need_a_product_column(check: Check) -> None:
    with pytest.raises(UsageError, match="product_margins: sales.csv has no product column. Map one"):
        check("customer_id,timestamp,amount\nann,2025-01-01,10\n", product_margins={"tea": 0.5})


def test_without_a_product_column_the_product_is_null(check: Check) -> None:
    shop = check("customer_id,timestamp,amount\nann,2025-01-01,10\n")
    assert shop.table("transactions")["product"].isna().all()


LEAST = {"id": "shop", "name": "Shop", "as_of": "2025-06-30", "source": {"path": "x.csv"}}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"product_margins": {"tea": 1.5}}, "product_margins.tea: Input should be less than or equal to 1"),
        ({"product_margins": {"tea": float("nan")}}, "product_margins.tea: Input should be"),
        ({"product_margins": {"tea": 0.5, " tea": 0.4}}, "a product is blank, or named twice"),
        ({"product_margins": {" ": 0.5}}, "a product is blank"),
        ({"cost_to_serve": -1}, "cost_to_serve: Input should be greater than or equal to 0"),
    ],
)
def test_impossible_margins_and_costs_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        build(LEAST | changes)


@pytest.mark.slow
def test_thousands_of_columns_are_named_in_one_short_line(check: Check) -> None:
    more = [f"x{n}" for n in range(10_000)]
    rows = "".join(f"ann,2025-01-0{n},{n},{','.join('0' for _ in more)}\n" for n in range(1, 4))
    shop = check(f"customer_id,timestamp,amount,{','.join(more)}\n{rows}")
    assert "columns ignored: x0, x1, x2 and 9,997 others\n" in shop.said + "\n"
    assert len(shop.quality["ignored_columns"]) == 10_000
    text = f"customer_id,timestamp,{','.join(more)}\nann,2025-01-01,{','.join('0' for _ in more)}\n"
    with pytest.raises(TableError, match="Available: customer_id, timestamp, x0 and 9,999 others") as fault:
        check(text, columns={"amount": "total"})
    assert len(str(fault.value)) < 300


@pytest.mark.parametrize("finding", FINDINGS, ids=lambda finding: str(finding["id"]))
def test_every_finding_has_words_of_one(finding: dict[str, str]) -> None:
    one, many = (counted(n, finding["says_of_one"], finding["says"]) for n in (1, 2))
    assert one.startswith("1 ") and many.startswith("2 ")
    assert not SEVERAL.search(finding["says_of_one"]) and SEVERAL.search(finding["says"])


def test_counts_are_followed_by_their_words() -> None:
    assert counted(1, "line is", "lines are") == "1 line is"
    assert counted(0, "line is", "lines are") == "0 lines are"
    assert counted(1204, "line is", "lines are") == "1,204 lines are"
