"""Invoices: days read as those of purchases, bad rows set aside with a reason, what belongs together made one."""

from pathlib import Path

import pandas as pd
import pytest

from custlib.errors import TableError
from tests.identify.listed_shops import open_shop, rows_of

COLUMNS = {"due": "faellig", "paid": "bezahlt"}
HEADER = "customer_id,faellig,bezahlt,amount,invoice_id\n"


def bills(lines: str = "", header: str = HEADER, **keys: object) -> dict[str, object]:
    """Invoices of these lines."""
    return {"text": header + lines, "columns": COLUMNS} | keys


def test_three_invoices_by_hand(tmp_path: Path) -> None:
    shop = open_shop(
        tmp_path, invoices=bills("ann,2025-01-31,2025-01-30,10.5,1\nann,2025-03-31,,10,2\n007,2025-03-01,,,3\n")
    )
    assert rows_of(shop, "invoices") == [
        ("007", "2025-03-01", None, None), ("ann", "2025-01-31", "2025-01-30", "10.5000"),
        ("ann", "2025-03-31", None, "10.0000"),
    ]  # fmt: skip
    quality = shop.get("quality")["registers"]["invoices"]
    assert (quality["rows_read"], quality["rows_used"], quality["invoices"]) == (3, 3, 3)
    assert (quality["invoices_unpaid"], quality["customers"], quality["warnings"]) == (2, 2, [])


def test_bad_rows_are_set_aside_each_with_its_reason(tmp_path: Path) -> None:
    bad = [
        (",2025-01-31,,1,11", "missing_customer_id"),
        ("ann,,,1,12", "missing_due"),
        ("ann,soon,,1,13", "unreadable_due"),
        ("ann,1900-01-01,,1,14", "due_out_of_range"),
        ("ann,2025-01-31,open,1,15", "unreadable_paid"),
        ("ann,2025-01-31,1970-01-01,1,16", "paid_out_of_range"),
        ("ann,2025-01-31,,-5,17", "nothing_due"),
    ]
    good = [f"ann,2025-01-{day:02},,1,{day}" for day in range(1, 9)]
    shop = open_shop(tmp_path, invoices=bills("\n".join([*(row for row, _ in bad), *good]) + "\n"))
    quality = shop.get("quality")["registers"]["invoices"]
    assert quality["reasons"] == dict.fromkeys(sorted(code for _, code in bad), 1)
    assert (quality["rows_read"], quality["rows_used"], quality["rows_quarantined"]) == (15, 8, 7)
    said = [line for line in shop.get("quality")["warnings"] if line.startswith("invoices: 1 row set aside: ")]
    assert len(said) == 7


def test_days_and_money_are_read_as_the_project_says(tmp_path: Path) -> None:
    text = "customer_id;faellig;bezahlt;amount\nann;31.01.2025; 02.02.2025 ;1.234,50 €\nann;28.02.2025;;abc\n"
    keys = {"text": text.encode("cp1252"), "encoding": "cp1252", "delimiter": ";", "decimal": ",", "thousands": "."}
    shop = open_shop(tmp_path, invoices=bills() | keys | {"date_format": "%d.%m.%Y"})
    assert rows_of(shop, "invoices") == [
        ("ann", "2025-01-31", "2025-02-02", "1234.5000"), ("ann", "2025-02-28", None, None)
    ]  # fmt: skip
    assert shop.get("quality")["registers"]["invoices"]["amounts_unreadable"] == 1
    assert "invoices: 1 amount no number: the invoices count, their money is unknown" in shop.get("quality")["warnings"]


def test_rows_of_one_invoice_and_due_day_are_one_paid_when_all_are(tmp_path: Path) -> None:
    lines = (
        "ann,2025-01-31,2025-01-15,4,A\nann,2025-01-31,2025-02-10,6,A\n"  # paid in two parts: on the last day
        "ann,2025-01-31,2025-01-15,4,B\nann,2025-01-31,,6,B\n"  # one part open: unpaid
        "ann,2025-01-31,,5,C\nann,2025-01-31,,5,C\n"  # the same row twice
        "ann,2025-01-31,2025-01-31,5,D\nann,2025-02-28,2025-02-28,5,D\n"  # two instalments, each in time
        "bob,2025-01-31,,5,A\nann,2025-01-31,,5,\nann,2025-01-31,,5,\n"  # another customer's; no id: each its own
    )
    shop = open_shop(tmp_path, invoices=bills(lines))
    assert rows_of(shop, "invoices") == [
        ("ann", "2025-01-31", None, "10.0000"), ("ann", "2025-01-31", None, "5.0000"),
        ("ann", "2025-01-31", None, "5.0000"), ("ann", "2025-01-31", None, "5.0000"),
        ("ann", "2025-01-31", "2025-01-31", "5.0000"), ("ann", "2025-01-31", "2025-02-10", "10.0000"),
        ("ann", "2025-02-28", "2025-02-28", "5.0000"), ("bob", "2025-01-31", None, "5.0000"),
    ]  # fmt: skip
    quality = shop.get("quality")["registers"]["invoices"]
    assert (quality["rows_read"], quality["rows_used"], quality["rows_removed"]) == (11, 8, 3)
    assert "3 further rows of invoices that have one with this due day" in "\n".join(quality["warnings"])


def test_without_invoice_ids_equal_rows_count_and_are_said(tmp_path: Path) -> None:
    text = "customer_id,due,paid\nann,2025-01-31,\nann,2025-01-31,\nbob,2025-01-31,\n"
    shop = open_shop(tmp_path, invoices={"text": text})
    assert shop.get("quality")["registers"]["invoices"]["rows_used"] == 3
    assert "invoices: 1 row equal to another, counted as invoices of their own: map invoice_id" in "\n".join(
        shop.get("quality")["warnings"]
    )


def test_invoices_of_customers_who_never_bought_are_kept_and_counted(tmp_path: Path) -> None:
    shop = open_shop(tmp_path, invoices={"text": "customer_id,due,paid\nzoe,2025-01-31,\nann,2025-01-31,\n"})
    assert shop.get("quality")["registers"]["invoices"]["customers_without_purchase"] == 1
    assert [row[0] for row in rows_of(shop, "invoices")] == ["ann", "zoe"]


def test_ids_and_days_may_be_typed(tmp_path: Path) -> None:
    sales = pd.DataFrame({"customer_id": [7], "timestamp": ["2025-01-01"], "amount": [1.0]})
    days = pd.to_datetime(["2025-01-31", "2025-02-28"])
    frame = pd.DataFrame({"customer_id": [7, 7], "due": days, "paid": [days[0], None], "amount": [2.5, float("nan")]})
    frame.to_parquet(tmp_path / "bills.parquet")
    shop = open_shop(tmp_path, sales=sales, invoices={"path": "bills.parquet"})
    assert shop.make("invoices").columns("invoices")["customer_id"] == "BIGINT"
    assert rows_of(shop, "invoices") == [("7", "2025-01-31", "2025-01-31", "2.5000"), ("7", "2025-02-28", None, None)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEADER, r"invoices.csv: no rows under the header \(0 rows\)"),
        ("customer_id,faellig\nann,2025-01-31\n", "'bezahlt' .mapped from paid. is missing. Available: customer_id"),
        (HEADER + "ann,31.01.2025,,1,1\nann,28.02.2025,,1,2\nann,2025-01-31,,1,3\n",
         r"due is not a date \(column 'faellig'\) in 2 of 3 rows \(first: rows 1, 2\). They look like day, "
         r'month and year with points: set date_format = "%d.%m.%Y". Set date_format, for instance'),
        (HEADER + "ann,20250131,,1,1\nann,20250228,,1,2\n",
         r'They look like days without separators: set date_format = "%Y%m%d". Set date_format'),
        (HEADER + "ann,,,1,1\n,2025-01-31,,1,2\nann,2025-01-31,,1,3\nann,2025-01-31,,1,4\n",
         r"(?s)customer_id is missing in 1 of 4 rows \(first: rows 2\).*due is missing .column 'faellig'. in 1 of"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_refused_on_one_screen(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(TableError, match=said) as fault:
        open_shop(tmp_path, invoices={"text": text, "columns": COLUMNS}).make("transactions")
    assert len(str(fault.value).splitlines()) <= 3


def test_without_invoices_the_table_is_empty(tmp_path: Path) -> None:
    assert rows_of(open_shop(tmp_path), "invoices") == []
