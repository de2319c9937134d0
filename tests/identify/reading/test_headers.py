"""Line ends of two kinds, a line ``sep=``, titles above the header, lines with more or fewer parts than the header."""

import gzip
from pathlib import Path
from typing import Any

import pytest

from custlib.errors import TableError, UsageError
from custlib.identify.reading import encodings
from tests.identify.conftest import Check, ReadAll

HEADER = "customer_id,timestamp,amount"
ROWS = ["ann,2025-01-01,10", "bob,2025-02-01,20", "ann,2025-03-01,30"]
MONEY = 60.0


def shop(end: str, ends: str, lead: str = "") -> str:
    """Three purchases, the header with one line end and the rows with another."""
    return lead + HEADER + end + "".join(row + ends for row in ROWS)


def rows_of(read: ReadAll, folder: Path, content: bytes, **options: Any) -> list[str]:
    """The rows of a file as texts, and nothing else, as they were written in :data:`ROWS`."""
    (folder / "sales.csv").write_bytes(content)
    (one,) = read(path="sales.csv", **options)
    return sorted(",".join(map(str, row)) for row in one.rows[HEADER.split(",")].to_numpy())


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.sampled
def test_every_mix_of_line_ends_is_read(read: ReadAll, tmp_path: Path, end: str, ends: str, encoding: str) -> None:
    declared = "utf-16" if encoding == "utf-16" else "utf-8"
    assert rows_of(read, tmp_path, shop(end, ends).encode(encoding), encoding=declared) == sorted(ROWS)


def test_a_mix_of_line_ends_is_no_repair(check: Check) -> None:
    quality = check(shop("\r\n", "\n").encode("utf-8-sig")).quality
    assert (quality["rows_used"], quality["money_used"], quality["repairs"]) == (3, MONEY, {})


def test_lines_that_end_twice_are_read(check: Check) -> None:
    assert check(shop("\r\r\n", "\r\r\n")).quality["money_used"] == MONEY


def test_ends_that_differ_far_down_are_read(check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encodings, "_BLOCK", 7)  # an end may lie across two blocks
    text = HEADER + "\n" + "ann,2025-01-01,1\n" * 50 + "ann,2025-01-01,1\r\n" * 50
    assert check(text).quality["rows_used"] == 100
    assert check(gzip.compress(text.encode()), name="sales.csv.gz").quality["rows_used"] == 100


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_one_kind_of_line_ends_is_read_where_it_is(read: ReadAll, tmp_path: Path, end: str) -> None:
    (tmp_path / "sales.csv").write_bytes(shop(end, end).encode())
    assert read(path="sales.csv")[0].given.staged is None


def test_blank_lines_above_the_header_are_passed_over(check: Check) -> None:
    quality = check(shop("\n", "\n", lead="\n \n\n")).quality
    assert (quality["rows_read"], quality["money_used"]) == (3, MONEY)


def test_a_name_over_two_lines_is_one_name(check: Check) -> None:
    text = 'customer_id,timestamp,"net\namount"\nann,2025-01-01,10\n'
    assert check(text, columns={"amount": "net\namount"}).quality["money_used"] == 10


# --- sep= -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("line", ["sep=;", '"sep=;"', "SEP=;", "\ufeffsep=;"])
@pytest.mark.parametrize("delimiter", [";", "auto"])
@pytest.mark.sampled
def test_the_line_of_excel_is_no_header(read: ReadAll, tmp_path: Path, line: str, delimiter: str) -> None:
    text = shop("\r\n", "\r\n", lead=f"{line}\r\n").replace(",", ";")
    assert rows_of(read, tmp_path, text.encode(), delimiter=delimiter) == sorted(ROWS)
    said = "\n".join(read(path="sales.csv", delimiter=delimiter)[0].opened.remarks)
    assert ("delimiter ';' was taken, as the first line names it" in said) == (delimiter == "auto")


def test_the_line_of_excel_must_not_name_another_delimiter(check: Check) -> None:
    with pytest.raises(TableError, match="the first line names the delimiter ';', the project ','. Set delimiter"):
        check("sep=;\n" + shop("\n", "\n").replace(",", ";"))


# --- titles -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("delimiter", [",", "auto"])
@pytest.mark.parametrize(
    ("lead", "line"),
    [
        ("Sales 2025\n", 2),
        ("Sales, all shops\nby day\n\n", 4),
        ("Report,,\nall,,\n", 3),
        ("sales;2025\n", 2),
        ("\n\nSales\n", 4),
    ],
)
@pytest.mark.sampled
def test_titles_above_the_header_are_named_or_skipped(
    check: Check, read: ReadAll, tmp_path: Path, lead: str, line: int, delimiter: str
) -> None:
    text = shop("\n", "\n", lead=lead)
    said = rf"sales.csv: line {line} looks like the header \(customer_id, .*\), not line \d. Set skip_rows = {line - 1}"
    with pytest.raises(TableError, match=said):
        check(text, delimiter=delimiter)
    assert rows_of(read, tmp_path, text.encode(), delimiter=delimiter, skip_rows=line - 1) == sorted(ROWS)


def test_a_header_of_other_names_is_known_by_its_columns(check: Check) -> None:
    text = "Umsatz\nHaus A\n" + shop("\n", "\n").replace(HEADER, "Kunde,Tag,Umsatz")
    with pytest.raises(TableError, match=r"line 3 looks like the header \(Kunde, Tag, Umsatz\)"):
        check(text)
    columns = {"customer_id": "Kunde", "timestamp": "Tag", "amount": "Umsatz"}
    assert check(text, skip_rows=2, columns=columns).quality["money_used"] == MONEY


def test_a_missing_column_is_no_title(check: Check) -> None:
    with pytest.raises(TableError, match="column 'customer_id' is missing") as fault:
        check("client,timestamp,amount\n" + "\n".join(ROWS))
    assert "looks like the header" not in str(fault.value)


def test_lines_are_skipped_where_there_is_no_header(check: Check) -> None:
    names = ["customer_id", "timestamp", "amount"]
    assert check("Sales\n" + "\n".join(ROWS), names=names, skip_rows=1).quality["money_used"] == MONEY


def test_a_fault_below_skipped_lines_has_its_line(check: Check) -> None:
    with pytest.raises(TableError, match="a line at line 5 does not have the columns"):
        check(shop("\n", "\n", lead="a\nb\n").replace("bob,2025-02-01,20", "bob,20") + "\n", skip_rows=2)


def test_skipped_lines_are_of_texts_and_sheets(check: Check) -> None:
    with pytest.raises(UsageError, match="skip_rows is of text files and sheets"):
        check("", name="sales.parquet", skip_rows=1)


def test_more_lines_skipped_than_there_are_is_said(check: Check) -> None:
    with pytest.raises(TableError, match="the file is empty: no header and no rows"):
        check(shop("\n", "\n"), skip_rows=9)


@pytest.mark.parametrize("lead", [[["Sales 2025"]], [["Sales"], [], ["all", None, "shops"]]])
def test_titles_of_a_sheet_are_named_or_skipped(check: Check, tmp_path: Path, lead: list[list[str | None]]) -> None:
    book = pytest.importorskip("openpyxl").Workbook()
    for row in [*lead, HEADER.split(","), *([*row.split(",")[:2], float(row.split(",")[2])] for row in ROWS)]:
        book.active.append(row)
    book.save(tmp_path / "sales.xlsx")
    line = len(lead) + 1
    with pytest.raises(
        TableError, match=rf"row {line} looks like the header .*, not row 1. Set skip_rows = {line - 1}"
    ):
        check(tmp_path / "sales.xlsx")
    assert check(tmp_path / "sales.xlsx", skip_rows=line - 1).quality["money_used"] == MONEY


# --- lines with more or fewer parts -----------------------------------------------------------------------------------


@pytest.mark.parametrize("line", ["bob,2025-02-01", "bob,2025-02-01,2,0", "bob"])
@pytest.mark.parametrize("sign", [",", ";", "\t", "|"])
@pytest.mark.sampled
def test_a_line_of_other_columns_is_refused_with_its_number(check: Check, sign: str, line: str) -> None:
    text = shop("\n", "\n").replace("bob,2025-02-01,20", line).replace(",", sign)
    with pytest.raises(TableError, match="line 3 does not have the columns of the header"):
        check(text, delimiter=sign)


@pytest.mark.parametrize("sign", [",", ";", "\t", "|"])
def test_a_delimiter_in_quotes_parts_nothing(check: Check, sign: str) -> None:
    text = shop("\n", "\n").replace("bob", '"b,o"').replace(",", sign)
    assert check(text, delimiter=sign).quality["money_used"] == MONEY


@pytest.mark.parametrize(
    ("line", "parts"), [("bob 2025-02-01 7 20", 4), ("bob 2025-02-01", 2), ('"b b" 2025-02-01 2', 4)]
)
def test_blanks_never_move_a_value(check: Check, line: str, parts: int) -> None:
    text = shop("\n", "\n").replace("bob,2025-02-01,20", line).replace(",", " ")
    with pytest.raises(TableError, match=f"line 3 has {parts} parts, the header 3"):
        check(text, delimiter="whitespace")
    with pytest.raises(TableError, match=f"line 4 has {parts} parts, the header 3"):
        check(f"title\n{text}", delimiter="whitespace", skip_rows=1)


def test_blanks_and_tabs_around_a_line_are_no_parts(check: Check) -> None:
    text = f" {HEADER} \n\t" + "\t\n\n  ".join(ROWS) + " \t\n"
    assert check(text.replace(",", " \t "), delimiter="whitespace").quality["money_used"] == MONEY
