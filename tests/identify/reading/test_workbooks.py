"""Workbooks: numbers stay numbers, days stay days, and what Excel shows as an error is no value."""

import datetime as dt
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from custlib.errors import TableError
from tests.identify.conftest import Check, ReadAll

HEADER = ("customer_id", "timestamp", "amount")
NOON = dt.datetime(2025, 1, 1, 12)


def book(path: Path, *rows: tuple[Any, ...], **sheets: list[tuple[Any, ...]]) -> Path:
    """Write a workbook: its first sheet, and others by name."""
    made = openpyxl.Workbook()
    for row in rows:
        made.active.append(row)
    for name, others in sheets.items():
        sheet = made.create_sheet(name)
        for row in others:
            sheet.append(row)
    made.save(path)
    made.close()
    return path


# --- by hand ----------------------------------------------------------------------------------------------------------


def test_cells_become_rows(read: ReadAll, tmp_path: Path) -> None:
    book(tmp_path / "s.xlsx", HEADER, ("ann", NOON, 10), ("bob", NOON, 2.5), ("zoe", None, None))
    (shop,) = read(path="s.xlsx")
    assert shop.opened.types == {"customer_id": "VARCHAR", "timestamp": "TIMESTAMP", "amount": "DOUBLE"}
    assert shop.rows["customer_id"].tolist() == ["ann", "bob", "zoe"]
    assert shop.rows["timestamp"].tolist()[:2] == [NOON, NOON]
    assert shop.rows["amount"].tolist()[:2] == [10, 2.5]


def test_it_goes_through_the_contract_as_a_csv_does(check: Check, tmp_path: Path) -> None:
    rows = [("ann", NOON, 10.5), ("bob", NOON, 20), ("bob", NOON, -1)]
    plain = "customer_id,timestamp,amount\n" + "".join(f"{c},{t},{a}\n" for c, t, a in rows)
    assert check(book(tmp_path / "s.xlsx", HEADER, *rows)).quality == check(plain).quality


def test_ids_that_are_numbers_keep_every_digit(read: ReadAll, tmp_path: Path) -> None:
    book(tmp_path / "s.xlsx", HEADER, (17850, NOON, 1), ("007", NOON, 1), (123456789012, NOON, 1))
    assert read(path="s.xlsx")[0].rows["customer_id"].tolist() == ["007", "123456789012", "17850"]


def test_ids_that_became_floats_are_treated_as_everywhere(check: Check, tmp_path: Path) -> None:
    whole = check(book(tmp_path / "a.xlsx", HEADER, ("17850.0", NOON, 1), ("17851.0", NOON, 1)))
    assert set(whole.table("transactions")["customer_id"]) == {"17850", "17851"}
    with pytest.raises(TableError, match="scientific notation"):
        check(book(tmp_path / "b.xlsx", HEADER, (6.22848e17, NOON, 1)))


def test_day_numbers_without_a_format_are_declared(check: Check, tmp_path: Path) -> None:
    path = book(tmp_path / "s.xlsx", HEADER, ("ann", 45658, 1), ("bob", 45658.5, 1))
    days = check(path, date_format="excel").table("transactions")["day"]
    assert {str(day.date()) for day in days} == {"2025-01-01"}


def test_a_column_that_mixes_days_and_texts_is_read_as_declared(check: Check, tmp_path: Path) -> None:
    path = book(tmp_path / "s.xlsx", HEADER, ("ann", NOON, 1), ("bob", "31/01/2025", 1))
    days = check(path, date_format="%d/%m/%Y").table("transactions")["day"]
    assert sorted(str(day.date()) for day in days) == ["2025-01-01", "2025-01-31"]


def test_the_sheet_that_is_named_is_read(read: ReadAll, tmp_path: Path) -> None:
    book(tmp_path / "s.xlsx", ("notes",), sales=[HEADER, ("ann", NOON, 1)])
    assert len(read(path="s.xlsx", sheet="sales")[0].rows) == 1


def test_blank_rows_and_columns_are_passed_over(read: ReadAll, tmp_path: Path) -> None:
    book(tmp_path / "s.xlsx", (None,), (None, *HEADER), (None, "ann", NOON, 1), (None,), (None, "bob", NOON, 2))
    (shop,) = read(path="s.xlsx")
    assert shop.rows["customer_id"].tolist() == ["ann", "bob"]
    assert shop.opened.ignored == ("column_1",)


def test_a_sheet_without_header_is_named_by_the_project(read: ReadAll, tmp_path: Path) -> None:
    book(tmp_path / "s.xlsx", ("ann", NOON, 1))
    assert len(read(path="s.xlsx", names=HEADER)[0].rows) == 1


def test_errors_of_excel_are_missing_values_and_are_counted(check: Check, tmp_path: Path) -> None:
    rows = [("ann", NOON, 1), ("#REF!", NOON, 1), ("bob", NOON, "#DIV/0!"), ("bob", NOON, 2), ("zoe", NOON, 3)]
    shop = check(book(tmp_path / "s.xlsx", HEADER, *rows))
    assert shop.quality["reasons"] == {"missing_amount": 1, "missing_customer_id": 1}
    assert "cells hold errors of Excel and count as missing: #DIV/0! in 1, #REF! in 1" in shop.said


def test_many_rows_are_streamed(read: ReadAll, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("custlib.identify.reading.workbooks.ROWS", 10)
    book(tmp_path / "s.xlsx", HEADER, *[(f"c{n}", NOON, n) for n in range(35)])
    assert sorted(read(path="s.xlsx")[0].rows["amount"]) == list(range(35))


# --- refused ----------------------------------------------------------------------------------------------------------


def test_several_sheets_are_named_and_asked_for(read: ReadAll, tmp_path: Path) -> None:
    book(tmp_path / "s.xlsx", HEADER, other=[HEADER])
    with pytest.raises(TableError, match=r"s.xlsx: has 2 sheets \(Sheet, other\). Name one, for instance sheet = "):
        read(path="s.xlsx")
    with pytest.raises(TableError, match="there is no sheet 'othr'. Did you mean 'other'"):
        read(path="s.xlsx", sheet="othr")


def test_a_formula_without_its_value_is_refused(read: ReadAll, tmp_path: Path) -> None:
    book(tmp_path / "s.xlsx", HEADER, ("ann", NOON, "=1+1"), ("bob", NOON, 2))
    with pytest.raises(TableError, match="s.xlsx: formulas without a stored value: amount in 1 row. Open the work"):
        read(path="s.xlsx")
    assert not list((tmp_path / "tables").glob("staged_*"))


def test_a_formula_that_nothing_reads_is_no_fault(read: ReadAll, tmp_path: Path) -> None:
    book(tmp_path / "s.xlsx", (*HEADER, "note"), ("ann", NOON, 1, "=1+1"))
    assert len(read(path="s.xlsx")[0].rows) == 1


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"PK", "s.xlsx: is no valid Excel workbook. Save the sheet as CSV"),
        (b"\xd0\xcf\x11\xe0" + b"x" * 600, r"old Excel workbook \(xls\) or one under a password"),
    ],
)
def test_what_is_no_workbook_is_refused(read: ReadAll, tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "s.xlsx").write_bytes(content)
    with pytest.raises(TableError, match=said):
        read(path="s.xlsx")


def test_a_packed_file_that_is_no_workbook_is_refused(read: ReadAll, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "s.xlsx", "w") as packed:
        packed.writestr("a.txt", "x")
    with pytest.raises(TableError, match="s.xlsx: is no valid Excel workbook"):
        read(path="s.xlsx")


def test_a_workbook_that_unpacks_to_far_too_much_is_refused(read: ReadAll, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "s.xlsx", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/worksheets/sheet1.xml", b" " * 20_000_000)
    with pytest.raises(TableError, match=r"unpacks to over 200 times its size.*\(size limit\)"):
        read(path="s.xlsx")


def test_an_empty_sheet_is_refused(read: ReadAll, tmp_path: Path) -> None:
    book(tmp_path / "s.xlsx")
    with pytest.raises(TableError, match="s.xlsx: the sheet is empty: no header and no rows"):
        read(path="s.xlsx")


# --- dates, texts and day numbers in one column -----------------------------------------------------------------------


def mixed_days(path: Path, *cells: Any, epoch: Any = None) -> Path:
    """A workbook with any cells as times, one purchase each."""
    book = openpyxl.Workbook()
    if epoch is not None:
        book.epoch = epoch
    book.active.append(["customer_id", "timestamp", "amount"])
    for n, cell in enumerate(cells):
        book.active.append([f"c{n}", cell, 1.0])
    book.save(path)
    return path


def test_a_day_number_beside_dates_is_the_day_that_excel_shows(check: Check, tmp_path: Path) -> None:
    days = [dt.datetime(2025, 3, 9)] * 100
    file = mixed_days(tmp_path / "s.xlsx", *days, 45726, "03/13/2025", "2025-03-11", 45727.75, True, 20250310)
    shop = check(file)
    read = dict(shop.table("transactions")[["customer_id", "day"]].itertuples(index=False))
    assert read["c100"].date() == dt.date(2025, 3, 10)
    assert read["c102"].date() == read["c103"].date() == dt.date(2025, 3, 11)
    assert shop.quality["reasons"] == {"unreadable_timestamp": 3}
    assert "2 day numbers beside dates were read as the days that Excel shows for them" in shop.said


def test_a_day_number_follows_the_epoch_of_its_workbook(check: Check, tmp_path: Path) -> None:
    from openpyxl.utils.datetime import CALENDAR_MAC_1904

    file = mixed_days(tmp_path / "s.xlsx", dt.datetime(2025, 3, 9), 45726 - 1462, epoch=CALENDAR_MAC_1904)
    days = check(file).table("transactions")["day"]
    assert [day.date() for day in days] == [dt.date(2025, 3, 9), dt.date(2025, 3, 10)]


def test_day_numbers_alone_are_asked_about(check: Check, tmp_path: Path) -> None:
    with pytest.raises(TableError, match='They look like Excel day numbers: set date_format = "excel"'):
        check(mixed_days(tmp_path / "s.xlsx", 45726, 45727))


def test_texts_beside_dates_are_read_where_their_form_is_set(check: Check, tmp_path: Path) -> None:
    file = mixed_days(tmp_path / "s.xlsx", dt.datetime(2025, 3, 9), "03/13/2025")
    days = check(file, date_format="%m/%d/%Y").table("transactions", "day")["day"]
    assert [day.date() for day in days] == [dt.date(2025, 3, 9), dt.date(2025, 3, 13)]
