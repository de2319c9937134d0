"""The quality record: what was done to the rows and what is odd about them, counted and said."""

from custlib.engine.duckdb import DuckDB
from tests.identify.conftest import Check

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


def test_the_record_is_that_of_a_sealed_engine(check: Check) -> None:
    shop = check(HEADER + "ann,2025-01-01,1\n")
    assert isinstance(shop.engine, DuckDB)
    shop.engine.seal()
    shop.engine.make("again", "select * from transactions")
    assert len(shop.table("again")) == 1
