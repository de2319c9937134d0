"""One shop of 1,389 purchases, 400 customers and 53,883.28, exported in the ways that are read wrongly elsewhere."""

import datetime as dt
from pathlib import Path

import pandas as pd
import pytest

from custlib.errors import TableError
from custlib.quick import value_file
from custlib.segment.rule_files import rule_file
from tests.identify.conftest import Check, Checked

HEADER = "customer_id,timestamp,amount"
SALES = [
    line.rsplit(",", 1)[0]
    for line in (Path(__file__).parent / "cases" / "order-status.csv").read_text().splitlines()[1:]
]
MONEY = 53_883.28
P1 = ["p1,2025-01-10,10.0", "p1,2025-03-10,30.0"]
OVERLAPPING = """
source = "mine"
as_of = 2026-01-01
[map]
id = "mine"
axes = { R = [1, 5], F = [1, 5], M = [1, 5] }
[[segment]]
id = "loyal"
where = [{ R = [2, 5], F = [3, 5], M = [3, 5] }]
name = { en = "Loyal", zh = "b" }
strategy = { en = "x", zh = "a" }
[[segment]]
id = "champions"
where = [{ R = [4, 5], F = [4, 5], M = [4, 5] }]
name = { en = "Champions", zh = "a" }
strategy = { en = "x", zh = "a" }
"""


def csv(header: str, rows: list[str]) -> str:
    return "\n".join([header, *rows]) + "\n"


def lines_of_orders() -> list[tuple[int, str, int]]:
    """Number, purchase and lines of every order: one to five lines, by its place."""
    return [(1000 + place, line, 1 + place % 5) for place, line in enumerate(SALES)]


def test_the_shop_itself(check: Check) -> None:
    quality = check(csv(HEADER, SALES)).quality
    assert (quality["rows_used"], quality["money_used"]) == (1_389, MONEY)


def test_the_first_line_of_excel_names_the_delimiter(check: Check) -> None:
    content = "\ufeffsep=;\n" + csv(HEADER, SALES + P1).replace(",", ";")
    shop = check(content, delimiter="auto")
    assert shop.quality["money_used"] == MONEY + 40
    assert "delimiter ';' was taken, as the first line names it" in shop.said
    p1 = days_of(shop)["p1"]
    assert (p1.min(), p1.max()) == (pd.Timestamp("2025-01-10"), pd.Timestamp("2025-03-10"))


def days_of(shop: Checked) -> "pd.Series[pd.Timestamp]":
    """The days of purchases by customer."""
    frame = shop.table("transactions", "customer_id, day")
    return pd.to_datetime(frame["day"]).set_axis(frame["customer_id"])


def test_titles_above_the_header_are_named_and_skipped(check: Check) -> None:
    content = "Sales report;;\nPeriod: 2024-01-01 - 2025-06-30;;\n\n" + csv(HEADER, SALES).replace(",", ";")
    with pytest.raises(TableError, match=r"line 4 looks like the header.*skip_rows = 3"):
        check(content, delimiter=";")
    assert check(content, delimiter=";", skip_rows=3).quality["money_used"] == MONEY


@pytest.mark.slow
def test_a_lonely_date_is_said_and_the_backtest_is_kept(tmp_path: Path) -> None:
    (tmp_path / "plain.csv").write_text(csv(HEADER, SALES))
    (tmp_path / "lonely.csv").write_text(csv(HEADER, [*SALES, "p9,1971-05-05,5.0"]))
    plain, lonely = (value_file(tmp_path / f"{name}.csv", as_of=dt.date(2025, 6, 30)) for name in ("plain", "lonely"))
    assert "1971-05-05" in lonely["cautions"]["lonely_date"] and "lonely_date" not in plain["cautions"]
    assert lonely["backtest"]["covered_days"] == plain["backtest"]["covered_days"] == 544
    assert lonely["backtest"]["bias"] == pytest.approx(plain["backtest"]["bias"], abs=0.03)
    for name, half in plain["backtest"]["half_widths"].items():
        assert lonely["backtest"]["half_widths"][name] == pytest.approx(half, rel=0.15)


def test_a_name_with_a_blank_never_moves_the_amount(check: Check) -> None:
    rows = [" ".join([who, day, "1", "tea", amount]) for who, day, amount in (line.split(",") for line in SALES)]
    content = "\n".join(["customer_id timestamp qty product amount", *rows, "p1 2025-03-10 1 tea 7 30"]) + "\n"
    with pytest.raises(TableError, match=r"line 1,391 has 6 parts, the header 5"):
        check(content, delimiter="whitespace", name="sales.txt")


def test_totals_on_the_first_line_of_an_order(check: Check) -> None:
    rows = []
    for number, line, lines in lines_of_orders():
        who, day, amount = line.split(",")
        rows += [f"#{number},{who},{day},paid,{amount},item 1"]
        rows += [f"#{number},{who},,,,item {place}" for place in range(2, lines + 1)]
    content = csv("Name,Email,Paid at,Financial Status,Total,Lineitem name", rows)
    columns = {"customer_id": "Email", "timestamp": "Paid at", "amount": "Total", "order_id": "Name"}
    columns |= {"product": "Lineitem name"}
    with pytest.raises(TableError, match='order_totals = "first_line"'):
        check(content, columns=columns, max_unreadable=0.01)
    quality = check(content, columns=columns, order_totals="first_line").quality
    assert (quality["rows_used"], quality["money_used"], quality["rows_quarantined"]) == (len(rows), MONEY, 0)


def test_totals_that_repeat_on_every_line(check: Check) -> None:
    rows = [f"{number},{line},item {place}" for number, line, lines in lines_of_orders() for place in range(lines)]
    content = csv(f"order_id,{HEADER},product", rows)
    shop = check(content)
    read = shop.quality["money_used"]
    assert read > 2.5 * MONEY
    assert f"the money is {read:,.2f}; with one amount per order it is 53,883.28" in shop.said
    quality = check(content, order_totals="repeated").quality
    assert (quality["money_used"], quality["money_removed"]) == (MONEY, pytest.approx(read - MONEY))


def test_an_export_that_stands_twice_in_part(check: Check) -> None:
    rows = [f"{line},o{place}" for place, line in enumerate(SALES)]
    content = csv(f"{HEADER},order_id", rows + rows[:402])
    assert "402 lines are equal to another line of the same order" in check(content).said
    quality = check(content, order_lines=False).quality
    assert (quality["rows_removed"], quality["money_used"]) == (402, MONEY)


def test_dates_texts_and_day_numbers_in_one_column_of_a_workbook(check: Check, tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.append(HEADER.split(","))
    for who, day, amount in (line.split(",") for line in SALES[:200]):
        book.active.append([who, dt.datetime.fromisoformat(day), float(amount)])
    book.active.append(["p1", "2025-03-11", 20.0])
    book.active.append(["p2", 45726, 30.0])
    book.save(tmp_path / "sales.xlsx")
    shop = check(tmp_path / "sales.xlsx")
    days = days_of(shop)
    assert (days["p1"], days["p2"]) == (pd.Timestamp("2025-03-11"), pd.Timestamp("2025-03-10"))
    assert "day numbers beside dates" in shop.said


def test_a_map_whose_names_overlap_is_said(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(OVERLAPPING)
    lines, faults = rule_file.check(str(tmp_path / "mine.toml"))
    assert any("loyal and champions in 8 of 125 cells" in line for line in lines)
    assert all(words in "\n".join(faults) for words in ("89 of 125 cells", "without a name", "no cell has this name"))
