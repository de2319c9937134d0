"""The casts: numbers as declared, days of the business, columns as a file types them."""

import datetime as dt
import math
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from custlib.errors import TableError, UsageError
from tests.identify.conftest import Check

HEADER = "customer_id;timestamp;amount\n"


def amounts_of(check: Check, amounts: dict[str, float | None], **options: Any) -> dict[str, float | None]:
    """The amounts that texts are read as, None where they are set aside."""
    lines = "zoe;2025-01-01;1\n" * 3 * len(amounts)
    lines += "".join(f"c{i};2025-01-01;{text}\n" for i, text in enumerate(amounts))
    read = check(HEADER + lines, delimiter=";", **options).table("transactions")
    ids = dict(zip(read["customer_id"], read["amount"], strict=True))
    return {text: ids.get(f"c{i}") for i, text in enumerate(amounts)}


def days_of(check: Check, *written: str, **options: Any) -> list[dt.date]:
    """The days that texts are read as, in the order given."""
    lines = "".join(f"c{i};{text};1\n" for i, text in enumerate(written))
    rows = check(HEADER + lines, delimiter=";", **options).table("transactions", "customer_id")
    return [day.date() for day in rows["day"]]


# --- by hand ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "amounts",
    [
        {"12.50": 12.5, " -3 ": -3, "+4": 4, ".5": 0.5, "1e3": 1000, "(12.50)": -12.5, "0.00004": 0, "0.00006": 0.0001,
         "1,011.90": 1011.9, "1,011": None, "1,5": None, "1 000": 1000, "10 00": None, "()": None, "0x10": None},
        {"£12.50": 12.5, "(£5.00)": -5, "££5": None, "£": None},
        {"12.50 €": 12.5},
        {"-$5": -5, "$-5": -5},
        {"¥ 1200": 1200},
        {"12.50 EUR": 12.5, "EUR 1’234.50": 1234.5, "40.00- EUR": -40, "-EUR 5": -5, "12.50 euro": 12.5, "EUR": None,
         "€ 3": 3, "EUROPE 5": None, "5 PCS": None, "12€50": None, "5 € 7": None, "EUR 5 EUR": None},
        {"R$ 12.50": 12.5, "BRL 3": 3, "(R$5)": -5},
        {"12.50 kr": 12.5, "12.50 kr.": 12.5, "Kr 5": 5},
        {"１２．５０": 12.5, "−３": -3, "１，２３４．５": 1234.5, "¥１２": 12},
        {"١٢٫٥٠": 12.5, "۱٬۲۳۴٫۵": 1234.5, "\u200f-٥": -5, "१२": 12},
    ],
    ids=["no sign", "£", "€", "$", "¥", "EUR", "R$", "kr", "full width", "other scripts"],
)  # fmt: skip
@pytest.mark.sampled
def test_numbers_with_a_point(check: Check, amounts: dict[str, float | None]) -> None:
    assert amounts_of(check, amounts) == amounts


def test_numbers_with_a_decimal_comma(check: Check) -> None:
    amounts = {"12,50": 12.5, "-12,5": -12.5, "(1,5)": -1.5, "€ 1,5": 1.5, "12": 12, "1.234": None, "1.234,5": 1234.5}
    assert amounts_of(check, amounts, decimal=",") == amounts


def test_digits_of_other_scripts_follow_the_decimal_comma(check: Check) -> None:
    amounts = {"12,50 zł": 12.5, "PLN 1 234,50": 1234.5, "١٢٫٥": 12.5, "１２，５": 12.5}
    assert amounts_of(check, amounts, decimal=",") == amounts


def test_thousands_part_groups_of_three(check: Check) -> None:
    amounts = {
        "1,011.90": 1011.9, "-1,234,567": -1234567, "(1,000)": -1000, "£1,000.5": 1000.5, "12.5": 12.5,
        "1,00,000": 100000, "12,34": None, "1,2,3": None, ",123": None, "1234,567.": None,
    }  # fmt: skip
    assert amounts_of(check, amounts, thousands=",") == amounts


@pytest.mark.parametrize("sign", [".", " ", "'"])
def test_thousands_with_a_decimal_comma(check: Check, sign: str) -> None:
    amounts = {f"1{sign}234{sign}567,5": 1234567.5, f"1{sign}23": None}
    assert amounts_of(check, amounts, decimal=",", thousands=sign) == amounts


@pytest.mark.parametrize(
    ("written", "options", "code"),
    [
        ("1,000", {"thousands": ","}, "amount_thousands"),
        ("£1", {}, "amount_currency"),
        ("1 EUR", {}, "amount_currency"),
        ("١", {}, "amount_digits"),
        ("(1)", {}, "amount_parentheses"),
    ],
)
def test_what_was_repaired_is_counted(check: Check, written: str, options: dict[str, str], code: str) -> None:
    shop = check(HEADER + f"ann;2025-01-01;{written}\nann;2025-01-01;1\n", delimiter=";", **options)
    assert shop.quality["repairs"] == {code: 1}
    assert shop.quality["rows_repaired"] == 1
    assert "1 row repaired: amount" in shop.said


def test_the_currency_is_recorded(check: Check) -> None:
    shop = check(HEADER + "ann;2025-01-01;£1\n" * 2 + "bob;2025-01-01;€x\n", delimiter=";")
    assert shop.quality["currency_signs"] == ["£"]
    assert "currency sign £ was taken as the currency of every row" in shop.said


def test_names_of_one_currency_are_one(check: Check) -> None:
    shop = check(HEADER + "ann;2025-01-01;€1\nann;2025-01-02;1 EUR\nann;2025-01-02;1 eur\n", delimiter=";")
    assert shop.quality["currency_signs"] == ["€"]
    with pytest.raises(TableError, match=r"amount is in several currencies \(CHF and €\)"):
        check(HEADER + "ann;2025-01-01;€1\nann;2025-01-02;1 CHF\n", delimiter=";")


def test_a_cost_is_written_as_the_amount_is(check: Check) -> None:
    lines = "customer_id;timestamp;amount;cost;quantity\nann;2025-01-01;1.010,50;(1.000,25);2,5\n"
    row = check(lines, delimiter=";", decimal=",", thousands=".").table("transactions").iloc[0]
    assert (row["profit"], row["quantity"]) == (10.25, 2.5)


# --- days -------------------------------------------------------------------------------------------------------------


def test_iso_days_need_no_format(check: Check) -> None:
    written = ["2025-01-02", "2025-01-02 23:59:59.999", "2025-01-02T00:00:00", "2025/01/02", "2025-1-2", " 2025-01-02 "]
    assert days_of(check, *written) == [dt.date(2025, 1, 2)] * 6


def test_a_declared_format_is_followed(check: Check) -> None:
    days = days_of(check, "01/04/2025 22:00", "20/04/2024 12:00", date_format="%d/%m/%Y %H:%M")
    assert days == [dt.date(2025, 4, 1), dt.date(2024, 4, 20)]


@pytest.mark.parametrize(
    ("form", "written"),
    [("excel", ["45402.99999", "45402"]), ("epoch_s", ["1713571200"]), ("epoch_ms", ["1713657599999"])],
)
@pytest.mark.sampled
def test_day_numbers_are_read_when_declared(check: Check, form: str, written: list[str]) -> None:
    assert days_of(check, *written, date_format=form) == [dt.date(2024, 4, 20)] * len(written)


@pytest.mark.parametrize("form", ["excel", "epoch_s", "epoch_ms", "%d/%m/%Y"])
@pytest.mark.sampled
def test_texts_that_are_no_day_numbers_are_refused(check: Check, form: str) -> None:
    with pytest.raises(TableError, match="timestamp is not a date in 4 of 4 rows"):
        days_of(check, "1e300", "inf", "x", "-1e18", date_format=form)


def test_a_format_that_is_none_is_a_usage_error(check: Check) -> None:
    with pytest.raises(UsageError, match="source.date_format: .*%Q"):
        days_of(check, "2025-01-01", date_format="%Q")


def test_epoch_seconds_fall_on_the_local_day(check: Check) -> None:
    late = "1735686000"  # 2024-12-31 23:00 UTC
    assert days_of(check, late, date_format="epoch_s") == [dt.date(2024, 12, 31)]
    assert days_of(check, late, date_format="epoch_s", timezone="Europe/Berlin") == [dt.date(2025, 1, 1)]


def test_an_offset_is_brought_to_the_local_day(check: Check) -> None:
    written = ["2024-12-31T23:30:00Z", "2024-12-31 23:30:00-05:00", "2024-12-31 23:30:00"]
    days = days_of(check, *written, timezone="Europe/Berlin")
    assert days == [dt.date(2025, 1, 1), dt.date(2025, 1, 1), dt.date(2024, 12, 31)]


def test_an_hour_that_the_clock_skips_keeps_its_day(check: Check) -> None:
    days = days_of(check, "2024-03-31 02:30:00", "2024-10-27 02:30:00", timezone="Europe/Berlin")
    assert days == [dt.date(2024, 3, 31), dt.date(2024, 10, 27)]


# --- typed columns ----------------------------------------------------------------------------------------------------

DAY = dt.datetime(2024, 12, 31, 23, 30)


def parquet(folder: Path, **columns: Any) -> Path:
    """A Parquet file of two rows, with some columns changed."""
    least = {"customer_id": ["ann", "bob"], "timestamp": [DAY, DAY], "amount": [1.5, 2.5]}
    pq.write_table(pa.table(least | columns), folder / "sales.parquet")
    return folder / "sales.parquet"


@pytest.mark.parametrize(
    "amounts",
    [
        pa.array([1.5, 2.5], pa.float32()),
        pa.array([Decimal("1.5"), Decimal("2.5")], pa.decimal128(38, 10)),
        pa.array(["1.5", " 2.5"]),
        pa.array(["1.5", "2.5"]).dictionary_encode(),
    ],
    ids=lambda amounts: str(amounts.type),
)
def test_amounts_of_any_number_type(check: Check, tmp_path: Path, amounts: pa.Array) -> None:
    assert check(parquet(tmp_path, amount=amounts)).quality["money_used"] == 4


def test_a_typed_amount_has_no_decimal_comma(check: Check, tmp_path: Path) -> None:
    assert sorted(check(parquet(tmp_path, cost=[0.5, 0.25])).table("transactions")["profit"]) == [1, 2.25]
    with pytest.raises(UsageError, match="source.decimal has no effect on sales.parquet: its numbers are numbers"):
        check(parquet(tmp_path, cost=[0.5, 0.25]), decimal=",")


def test_nan_is_not_null(check: Check, tmp_path: Path) -> None:
    amounts = [math.nan, -math.inf, None, 2.5, 1, 1, 1, 1]
    costs = [1.0] * 7 + [math.nan]
    ids = list("abcdefgh")
    shop = check(parquet(tmp_path, customer_id=ids, timestamp=[DAY] * 8, amount=amounts, cost=costs))
    assert shop.quality["reasons"] == {"missing_amount": 1, "nonfinite_amount": 2}
    assert shop.quality["money_read"] == 6.5
    assert shop.quality["cost_missing_rows"] == 1


def test_nan_alone_is_not_hidden_by_the_statistics_of_the_file(check: Check, tmp_path: Path) -> None:
    path = parquet(tmp_path, customer_id=list("abc"), timestamp=[DAY] * 3, amount=[math.nan, 1.0, 2.5])
    assert check(path).quality["reasons"] == {"nonfinite_amount": 1}


@pytest.mark.parametrize(
    ("written_in", "timezone", "day"),
    [
        (None, None, dt.date(2024, 12, 31)),
        ("UTC", None, dt.date(2024, 12, 31)),
        ("UTC", "Europe/Berlin", dt.date(2025, 1, 1)),
        ("America/New_York", "UTC", dt.date(2024, 12, 31)),
    ],
)
@pytest.mark.sampled
def test_times_of_any_type(
    check: Check, tmp_path: Path, written_in: str | None, timezone: str | None, day: dt.date
) -> None:
    units = ["s", "ms", "us", "ns"]
    for unit in units:
        (tmp_path / unit).mkdir()
        times = pa.array([DAY, DAY], pa.timestamp(unit, tz=written_in))
        parquet(tmp_path / unit, customer_id=[unit, unit], timestamp=times)
    rows = check(tmp_path / "*" / "sales.parquet", timezone=timezone).table("transactions", "customer_id")
    assert [(unit, made.date()) for unit, made in zip(rows["customer_id"], rows["day"], strict=True)] == [
        (unit, day) for unit in sorted(units) for _ in range(2)
    ]


def test_typed_days_and_day_numbers(check: Check, tmp_path: Path) -> None:
    assert check(parquet(tmp_path, timestamp=[DAY.date()] * 2)).quality["rows_used"] == 2
    assert check(parquet(tmp_path, timestamp=[45402, 45403]), date_format="excel").quality["rows_used"] == 2
    with pytest.raises(TableError, match="Excel day numbers"):
        check(parquet(tmp_path, timestamp=[45402, 45403]))


def test_a_time_of_day_is_no_day(check: Check, tmp_path: Path) -> None:
    with pytest.raises(TableError, match="column 'timestamp' has type TIME, no day"):
        check(parquet(tmp_path, timestamp=[dt.time(10), dt.time(11)]))


def test_typed_ids_stay_whole(check: Check, tmp_path: Path) -> None:
    big = check(parquet(tmp_path, customer_id=[1577134800018226902, 1577134800018226903]))
    assert set(big.table("transactions")["customer_id"]) == {1577134800018226902, 1577134800018226903}
    floats = check(parquet(tmp_path, customer_id=[17850.0, 17851.0]))
    assert set(floats.table("transactions")["customer_id"]) == {"17850", "17851"}
    with pytest.raises(TableError, match="scientific notation"):
        check(parquet(tmp_path, customer_id=[6.22848e17, 6.22849e17]))


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"amount": [[1.5], [2.5]]}, "column 'amount' has type DOUBLE\\[\\], a list or nested value"),
        ({"amount": [{"x": 1}, {"x": 2}]}, "column 'amount' has type STRUCT"),
        ({"customer_id": [["a"], ["b"]]}, "column 'customer_id' has type VARCHAR\\[\\]"),
        ({"amount": [True, False]}, "column 'amount' has type BOOLEAN, no number"),
        ({"cost": [DAY, DAY]}, "column 'cost' has type TIMESTAMP.*, no number"),
    ],
)
def test_types_that_hold_no_value_are_refused(check: Check, tmp_path: Path, columns: dict, said: str) -> None:
    with pytest.raises(TableError, match=said):
        check(parquet(tmp_path, **columns))
