"""What a line says by itself: prices, returns, signs, thousands, profit, and the options that leave lines out."""

import datetime as dt
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import custlib
from custlib.errors import TableError, UsageError
from custlib.quick import value_file
from tests.identify.conftest import Check, Checked

CASES = Path(__file__).parent / "cases"
UCI = {"customer_id": "CustomerID", "timestamp": "InvoiceDate", "order_id": "InvoiceNo", "quantity": "Quantity"}
HEADER = "customer_id,timestamp,quantity,unit_price\n"
BILL = "customer_id,timestamp,amount\n"


def amounts(shop: Checked, who: str = "ann") -> list[float]:
    """Amounts of one customer by day."""
    rows = shop.table("transactions", "day, amount")
    return [float(amount) for amount in rows[rows["customer_id"] == who]["amount"]]


def bought(shop: Checked, who: str = "ann") -> list[bool]:
    """Which lines of one customer are purchases, by day."""
    rows = shop.table("transactions", "day, amount")
    return rows[rows["customer_id"] == who]["is_purchase"].tolist()


def read(check: Check, *texts: str, **options: Any) -> list[float | None]:
    """What amounts are read as; None for those that are set aside."""
    quoted = "".join(f'c{n:03d};2025-01-01;"{text}"\n' for n, text in enumerate(texts))
    good = "".join(f"x{n:03d};2025-01-01;1\n" for n in range(2 * len(texts)))
    shop = check(BILL.replace(",", ";") + quoted + good, delimiter=";", **options)
    found = shop.table("transactions").set_index("customer_id")["amount"].astype(float).to_dict()
    return [found.get(f"c{n:03d}") for n in range(len(texts))]


# --- amounts that are products ----------------------------------------------------------------------------------------


def test_a_unit_price_makes_the_amount_by_hand(check: Check) -> None:
    shop = check(HEADER + "ann,2025-01-10,10,2.50\nann,2025-03-10,4,10\nann,2025-03-12,-4,10\nann,2025-03-13,3,0.335\n")
    assert amounts(shop) == [25, 40, -40, 1.005]
    assert bought(shop) == [True, True, False, True]
    assert shop.quality["has_amount"] and shop.quality["columns"]["amount"] == "quantity * unit_price"
    assert (shop.quality["money_used"], shop.quality["returned_rows"]) == (26.005, 0)


@pytest.mark.parametrize(
    "columns",
    [
        {"quantity": "q", "unit_price": "p"},
        {"amount": "q * p"},
        {"amount": "q*p"},
        {"amount": "q × p"},
        {"quantity": "q", "unit_price": "p", "amount": "quantity * unit_price"},
        {"quantity": "q", "amount": "unit_price * quantity", "unit_price": "p"},
        {"quantity": "q", "amount": "p * q"},
    ],
)
@pytest.mark.sampled
def test_a_product_may_be_written_in_several_ways(check: Check, columns: dict[str, str]) -> None:
    shop = check("customer_id,timestamp,q,p\nann,2025-01-10,10,2.5\nann,2025-01-11,-1,2.5\n", columns=columns)
    assert (amounts(shop), bought(shop)) == ([25, -2.5], [True, False])
    assert shop.table("transactions", "day")["quantity"].tolist() == [10, -1]


def test_a_column_may_have_a_product_for_a_name(check: Check) -> None:
    shop = check("customer_id,timestamp,q * p\nann,2025-01-10,7\n", columns={"amount": "q * p"})
    assert amounts(shop) == [7]


def test_a_price_and_a_quantity_below_zero_are_a_return_too(check: Check) -> None:
    shop = check(HEADER + "ann,2025-01-10,2,5\nann,2025-01-11,-2,-5\nann,2025-01-12,1,-3\nann,2025-01-13,-1,0\n")
    assert amounts(shop) == [10, -10, -3, 0]
    assert bought(shop) == [True, False, False, False]
    assert shop.quality["returned_rows"] == 1


def test_a_factor_that_is_none_sets_the_line_aside(check: Check) -> None:
    lines = "ann,2025-01-10,,5\nbob,2025-01-10,2,\ncid,2025-01-10,two,5\ndan,2025-01-10,2,5 each\neve,2025-01-10,2,5\n"
    shop = check(HEADER + lines + "eve,2025-01-11,2,5\neve,2025-01-12,1,1\n")
    assert shop.quality["reasons"] == {"missing_amount": 2, "unreadable_amount": 2}
    rows = shop.table("quarantine", "customer_id")
    assert rows["amount_text"].fillna("").tolist() == ["5", "", "two * 5", "5 each"]


def test_typed_factors_are_multiplied(check: Check, tmp_path: Path) -> None:
    path = tmp_path / "sales.parquet"
    rows = {"customer_id": ["ann", "ann", "bob"], "timestamp": "2025-01-01", "quantity": [2, -1, 3]}
    pd.DataFrame(rows | {"unit_price": [1.5, 4.0, None]}).to_parquet(path)
    shop = check(path)
    assert (sorted(amounts(shop)), shop.quality["reasons"]) == ([-4, 3], {"missing_amount": 1})


def test_a_product_in_json_lines(check: Check) -> None:
    line = '{"customer_id": "ann", "timestamp": "2025-01-01", "Qty": 2, "Unit Price": "1,234.50"}\n'
    assert amounts(check(line, name="sales.jsonl", columns={"amount": "Qty * Unit Price"})) == [2469]


def test_an_amount_goes_before_a_price_that_is_not_mapped(check: Check) -> None:
    shop = check("customer_id,timestamp,quantity,unit_price,amount\nann,2025-01-10,2,5,9\n")
    assert amounts(shop) == [9]
    assert shop.quality["ignored_columns"] == ["unit_price"]


@pytest.mark.parametrize(
    ("header", "columns", "said"),
    [
        ("customer_id,timestamp,price", {"unit_price": "price"}, "no quantity to multiply it with"),
        ("customer_id,timestamp,quantity,price,amount", {"unit_price": "price"}, "stated twice"),
        ("customer_id,timestamp,q,price", {"amount": "q * prize"}, "column 'prize'.* is missing"),
        ("customer_id,timestamp,q,n,p", {"amount": "q * p", "quantity": "n"}, "takes 'q'. Name one column"),
        ("customer_id,timestamp,quantity,amount,cost,profit", {"cost": "cost", "profit": "profit"}, "stated twice"),
    ],
)
def test_what_states_the_money_twice_or_not_at_all_is_refused(
    check: Check, header: str, columns: dict[str, str], said: str
) -> None:
    with pytest.raises((UsageError, TableError), match=said):
        check(f"{header}\nann,2025-01-01,1,1,1,1\n", columns=columns)


# --- returns, signs and thousands -------------------------------------------------------------------------------------


def test_a_quantity_below_zero_is_a_return(check: Check) -> None:
    header = "customer_id,timestamp,amount,quantity,cost\n"
    shop = check(header + "ann,2025-01-10,25,5,10\nann,2025-01-12,10,-2,4\nann,2025-01-13,-5,-1,2\n")
    assert (amounts(shop), bought(shop)) == ([25, -10, -5], [True, False, False])
    assert [float(profit) for profit in shop.table("transactions", "day")["profit"]] == [15, -6, -3]
    assert (shop.quality["returned_rows"], shop.quality["refund_rows"]) == (1, 2)
    assert "1 line has a quantity below zero and an amount above zero: it was read as a return" in shop.said


def test_a_quantity_below_zero_is_no_purchase_without_amounts(check: Check) -> None:
    shop = check("customer_id,timestamp,quantity\nann,2025-01-10,5\nann,2025-01-12,-2\n")
    assert shop.table("transactions", "day")["is_purchase"].tolist() == [True, False]


def test_signs_of_every_kind(check: Check) -> None:
    texts = (
        "40.00-",
        "40.00 -",
        "\u221240",
        "\u201340",
        "- 40",
        "(40)",
        "€ 40-",
        "40- €",
        "-€40",
        "€(40)",
        "40\u00a0€-",
    )
    assert read(check, *texts) == [-40] * len(texts)
    assert read(check, "-40-", "(40-)", "--40", "40--", "-", "(-40)") == [None] * 6


def test_signs_are_counted(check: Check) -> None:
    shop = check(
        BILL + "ann,2025-01-01,4-\nann,2025-01-02,\u22124\nann,2025-01-03,-4\nann,2025-01-04,(4)\nann,2025-01-05,9\n"
    )
    assert shop.quality["repairs"] == {"amount_sign": 2, "amount_parentheses": 1}


def test_signs_of_cost_quantity_and_profit(check: Check) -> None:
    lines = "ann,2025-01-01,20,2-,\u22128\nann,2025-01-02,30,1,(5)\nann,2025-01-03,1'000,1,2\u00a0000.5-\n"
    shop = check("customer_id,timestamp,amount,quantity,profit\n" + lines)
    rows = shop.table("transactions", "day")
    assert rows["quantity"].tolist() == [-2, 1, 1]
    assert [float(profit) for profit in rows["profit"]] == [8, -5, -2000.5]


def test_thousands_that_can_be_nothing_else(check: Check) -> None:
    texts = {
        "1,234.50": 1234.5, "1,234,567": 1234567, "12,34,567.5": 1234567.5, "-1,234.50": -1234.5, "(1,234.50)": -1234.5,
        "1 234.50": 1234.5, "1\u00a0234": 1234, "1\u202f234.5": 1234.5, "1\u2009234": 1234, "1'234.50": 1234.5,
        "1\u2019234\u2019567.05": 1234567.05, "€1,234.50": 1234.5, "1 234 567": 1234567,
    }  # fmt: skip
    assert read(check, *texts) == list(texts.values())


@pytest.mark.sampled
def test_thousands_that_may_be_something_else_are_not_guessed(check: Check) -> None:
    texts = ["1,234", "1,23", "1.234.567", "1.234,50", "12 34", "1234,567.5", "1,23.5", "1 234,5", "1,2345.6"]
    assert dict(zip(texts, read(check, *texts), strict=True)) == dict.fromkeys(texts)


def test_thousands_beside_a_decimal_comma(check: Check) -> None:
    texts = {"1.234,50": 1234.5, "1.234.567": 1234567, "1 234,5": 1234.5, "1'234": 1234, "1.234": None, "1,234.5": None}
    assert read(check, *texts, decimal=",") == list(texts.values())


@pytest.mark.parametrize("sign", ["'", " "])
def test_declared_thousands_have_other_letters(check: Check, sign: str) -> None:
    texts = {"'": ("1'234.5", "1\u2019234.5", "2'000"), " ": ("1 234.5", "1\u00a0234.5", "2\u202f000")}[sign]
    assert read(check, *texts, thousands=sign) == [1234.5, 1234.5, 2000]


def test_thousands_are_counted(check: Check) -> None:
    shop = check(
        BILL + 'ann,2025-01-01,"1,234.50"\nann,2025-01-02,1\u2019234\nann,2025-01-03,€5.00\nann,2025-01-04,9.125\n'
    )
    assert shop.quality["repairs"] == {"amount_thousands": 2, "amount_currency": 1}
    assert "2 rows repaired: amount had thousands separators" in shop.said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("PCS 12.50", "letters beside them that name no known currency"),
        ("12.50 h", "letters beside them that name no known currency"),
        ("12.50 CR", "bank entries"),
        ("1.234.567", "thousands point"),
        ('"1,234"', "thousands comma"),
    ],
)
@pytest.mark.sampled
def test_what_is_no_number_is_named_by_its_form(check: Check, text: str, said: str) -> None:
    with pytest.raises(TableError, match=said):
        check(BILL + f"ann,2025-01-01,{text}\n")


# --- profit -----------------------------------------------------------------------------------------------------------


def test_profit_is_taken_as_given_and_goes_back_with_the_amount(check: Check) -> None:
    header = "customer_id,order_id,timestamp,amount,profit\n"
    lines = "ann,1,2025-01-01,10,3\nann,2,2025-01-02,10,-1\nann,C3,2025-01-03,10,3\n"
    lines += "ann,4,2025-01-04,-10,-3\nann,5,2025-01-05,8,\n"
    shop = check(header + lines, cancel_prefix="C", margin=0.5)
    assert [float(profit) for profit in shop.table("transactions", "day")["profit"]] == [3, -1, -3, -3, 4]
    assert shop.quality["has_cost"]
    assert "1 line has no usable profit: the margin of the project was taken" in shop.said


def test_profit_beside_margins_of_products_is_refused(check: Check) -> None:
    with pytest.raises(UsageError, match="also has a profit"):
        check("customer_id,timestamp,product,amount,profit\na,2025-01-01,tea,1,1\n", product_margins={"tea": 0.4})


def test_a_cost_goes_before_a_profit_unless_that_is_mapped(check: Check) -> None:
    content = "customer_id,timestamp,amount,cost,profit\nann,2025-01-01,10,4,9\n"
    assert float(check(content).table("transactions")["profit"].item()) == 6
    assert float(check(content, columns={"profit": "profit"}).table("transactions")["profit"].item()) == 9


def test_a_margin_that_no_line_needs_is_said(check: Check) -> None:
    content = "customer_id,timestamp,amount,cost\nann,2025-01-01,10,4\n"
    assert "margin 0.4 is used for no line" in check(content, margin=0.4).said
    shop = check(content + "bob,2025-01-01,10,\n", margin=0.4)
    assert "is used for no line" not in shop.said
    assert sorted(float(profit) for profit in shop.table("transactions")["profit"]) == [4, 6]


# --- files of shop systems --------------------------------------------------------------------------------------------


def test_online_retail_by_quantity_and_price(tmp_path: Path) -> None:
    columns = UCI | {"unit_price": "UnitPrice"}
    run = custlib.open(
        CASES / "quantity-unit-price.csv", columns=columns, cancel_prefix="C", as_of="2025-06-30", work=tmp_path
    )
    rows = run.customers().set_index("customer_id")
    assert rows.loc["p1", "frequency"] == 1
    assert rows.loc["p1", "profit"] == pytest.approx(25)
    assert run.quality.money_used == pytest.approx(53905.94)


def test_swiss_amounts(check: Check) -> None:
    shop = check(CASES / "swiss-apostrophe.csv", thousands="'")
    assert amounts(shop, "p1") == [1234.5, 2000]
    assert shop.quality["rows_quarantined"] == 0


@pytest.mark.parametrize(
    ("name", "options", "money", "repairs"),
    [
        ("thousands-undeclared", {}, 338201.43, {"amount_thousands": 116}),
        ("trailing-minus-scale", {}, 43507.59, {"amount_sign": 278}),
        ("order-status", {"count": ["Completed"]}, 37711.37, {}),
    ],
)
def test_the_money_of_whole_files(
    check: Check, name: str, options: dict[str, Any], money: float, repairs: dict[str, int]
) -> None:
    quality = check(CASES / f"{name}.csv", **options).quality
    assert (quality["money_used"], quality["repairs"], quality["rows_quarantined"]) == (money, repairs, 0)


@pytest.mark.slow
def test_value_of_a_file_with_a_status(tmp_path: Path) -> None:
    out = tmp_path / "out.parquet"
    record = value_file(
        CASES / "order-status.csv", as_of=dt.date(2025, 6, 30), options={"count": ["completed"]}, out=out
    )
    assert record["quality"]["rows_removed"] == 417
    assert pd.read_parquet(out)["profit"].sum() == pytest.approx(37711.37)
