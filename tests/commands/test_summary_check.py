"""A summary of customers is held against the rules of ``custlib.fit``."""

from pathlib import Path

from custlib.commands.file_check import check_file
from custlib.commands.verdict import ACCEPTED, CAUTIONED, REFUSED

HEADER = "customer_id,frequency,recency,T\n"


def status_of(folder: Path, rows: str) -> tuple[str, str]:
    (folder / "summary.csv").write_text(HEADER + rows)
    verdict, text = check_file(folder / "summary.csv")
    return verdict.status, text


def test_a_good_summary_is_accepted(tmp_path: Path) -> None:
    status, text = status_of(tmp_path, "a,0,0,40\nb,2,13,41\n")
    assert status == ACCEPTED
    assert "recency and T are in days" in text


def test_a_row_that_cannot_be_is_counted_and_placed(tmp_path: Path) -> None:
    status, text = status_of(tmp_path, "a,0,0,40\nb,2,99,41\n")
    assert status == REFUSED
    assert "2 read, 1 row cannot be a purchase history" in text
    assert "recency is above T in 1 of 2 rows (first: row 1)" in text


def test_a_first_purchase_on_the_last_day_is_said(tmp_path: Path) -> None:
    status, text = status_of(tmp_path, "a,0,0,0\n" + "b,2,13,41\n" * 20)
    assert status == CAUTIONED
    assert "T is 0 for 1 row: a first purchase on the last day" in text


def test_text_in_a_column_is_refused(tmp_path: Path) -> None:
    status, text = status_of(tmp_path, "a,x,0,40\n")
    assert status == REFUSED and "no number" in text
