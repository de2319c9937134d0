"""The contract: every row accepted, repaired, set aside with a reason, or the file refused on one screen."""

import datetime as dt
from collections import Counter
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custlib import project as projects
from custlib.errors import TableError
from custlib.identify.contract import lines, make_transactions
from custlib.identify.reading.inputs import inputs_of
from custlib.identify.reading.sources import open_input
from tests.bases import SharedDuckDB
from tests.identify.conftest import AS_OF, Check, Checked

HEADER = "customer_id,order_id,timestamp,amount,cost\n"
SHOP = HEADER + "ann,1,2025-01-01,10.00,4.00\nann,2,2025-02-01 23:59:59,20.00,8.00\nbob,3,2025-03-01,5.00,2.00\n"
MANY = "".join(f"c{i},o{i},2025-01-0{i % 9 + 1},{i + 1}.00,0.50\n" for i in range(20))


# --- by hand ----------------------------------------------------------------------------------------------------------


def test_a_clean_file_goes_through_whole(check: Check) -> None:
    shop = check(SHOP)
    rows = shop.table("transactions", "day")
    assert list(rows["customer_id"]) == ["ann", "ann", "bob"]
    assert [day.date() for day in rows["day"]] == [dt.date(2025, m, 1) for m in (1, 2, 3)]
    assert list(rows["amount"]) == [10, 20, 5]
    assert list(rows["profit"]) == [6, 12, 3]
    assert rows["is_purchase"].all()
    assert not rows["is_refund"].any()
    assert shop.quality["warnings"] == []
    assert (shop.quality["rows_read"], shop.quality["rows_used"], shop.quality["rows_repaired"]) == (3, 3, 0)
    assert shop.quality["money_read"] == shop.quality["money_used"] == 35


def test_a_bad_row_is_set_aside_with_its_money(check: Check) -> None:
    shop = check(SHOP + ",4,2025-04-01,100.00,1.00\n")
    assert shop.quality["reasons"] == {"missing_customer_id": 1}
    assert (shop.quality["rows_used"], shop.quality["rows_quarantined"]) == (3, 1)
    assert (shop.quality["money_used"], shop.quality["money_quarantined"]) == (35, 100)
    assert list(shop.table("quarantine")["order_id"]) == ["4"]
    assert "1 row set aside: customer_id is missing. Purchases without a customer" in shop.said


def test_a_cancelled_order_gives_its_money_and_cost_back(check: Check) -> None:
    shop = check(HEADER + "ann,1,2025-01-01,10.00,4.00\nann,C1,2025-01-02,10.00,4.00\n", cancel_prefix="C")
    rows = shop.table("transactions", "day")
    assert list(rows["amount"]) == [10, -10]
    assert list(rows["profit"]) == [6, -6]
    assert list(rows["is_purchase"]) == [True, False]
    assert list(rows["is_refund"]) == [False, True]
    assert "1 line is of a cancelled order" in shop.said


def test_without_cost_profit_is_the_margin(check: Check) -> None:
    shop = check("customer_id,timestamp,amount\nann,2025-01-01,10\n", margin=0.25)
    assert shop.table("transactions")["profit"].item() == 2.5


def test_money_is_decimal(check: Check) -> None:
    shop = check("customer_id,timestamp,amount\n" + "ann,2025-01-01,0.10\n" * 3)
    assert shop.engine._execute("select sum(amount) from transactions").fetchall() == [(Decimal("0.3000"),)]


# --- customers --------------------------------------------------------------------------------------------------------


@pytest.mark.sampled
def test_a_blank_id_is_no_customer(check: Check) -> None:
    blanks = ("", "  ", '""', "\u00a0", "\u3000\u2007")
    shop = check(SHOP + MANY + "".join(f"{blank},blank {n},2025-04-01,1.00,\n" for n, blank in enumerate(blanks)))
    assert shop.quality["reasons"] == {"missing_customer_id": 5}
    assert sorted(shop.table("quarantine")["order_id"]) == [f"blank {n}" for n in range(5)]


def test_any_other_id_is_a_customer(check: Check) -> None:
    ids = {"Null", "NA", "C-NULL-7", "none", "0", "007", "1577134800018226902", "客户", "=1+1", "1.0", "<b>"}
    shop = check(SHOP + "".join(f"{customer},4,2025-04-01,1.00,0.50\n" for customer in ids))
    assert ids <= set(shop.table("transactions")["customer_id"])
    assert shop.quality["rows_repaired"] == 0


@pytest.mark.parametrize(
    ("written", "words"),
    [(["  ann "], "1 row"), (["\u00a0ann", "ann\t", "\ufeffann", "\u3000ann\u202f"], "4 rows")],
)
@pytest.mark.sampled
def test_blanks_around_an_id_are_taken_off_and_counted(check: Check, written: list[str], words: str) -> None:
    shop = check(SHOP + "".join(f"{customer},4,2025-04-01,1.00,0.50\n" for customer in written))
    assert set(shop.table("transactions")["customer_id"]) == {"ann", "bob"}
    assert shop.quality["rows_repaired"] == len(written)
    assert shop.quality["repairs"] == {"customer_id_trimmed": len(written)}
    assert f"{words} repaired: blanks around customer_id" in shop.said


@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        ("C1", "c1", "2 ids differ only by upper and lower case"),
        ("0017", "17", "2 ids differ only by leading zeros"),
        ("C1", "\u04211", "2 ids differ only by letters of another script that look alike"),
        ("17", "17.0", "2 ids differ only by '.0'"),
        ("0c1", "C1", "2 ids differ only in how they are written"),
    ],
)
@pytest.mark.sampled
def test_ids_that_look_alike_are_said_and_not_merged(check: Check, one: str, other: str, said: str) -> None:
    shop = check(
        HEADER + f"{one},1,2025-01-01,1,0\n{other},2,2025-01-01,1,0\n{one},3,2025-01-02,1,0\nzoe,4,2025-01-01,1,0\n"
    )
    assert set(shop.table("transactions")["customer_id"]) == {one, other, "zoe"}
    assert said in shop.said


def test_ids_read_as_floats_lose_their_ending_when_all_have_it(check: Check) -> None:
    shop = check(HEADER + "17850.0,1,2025-01-01,1,0\n17851.0,2,2025-01-01,1,0\n,3,2025-01-01,1,0\n")
    assert set(shop.table("transactions")["customer_id"]) == {"17850", "17851"}
    assert shop.quality["repairs"] == {"customer_id_float": 2}
    assert shop.quality["rows_repaired"] == 2
    mixed = check(HEADER + "17850.0,1,2025-01-01,1,0\n17851,2,2025-01-01,1,0\n")
    assert set(mixed.table("transactions")["customer_id"]) == {"17850.0", "17851"}
    assert mixed.quality["rows_repaired"] == 0


def test_ids_that_lost_digits_are_refused(check: Check) -> None:
    with pytest.raises(
        TableError, match=r"scientific notation .* in 1 of 4 rows \(first: rows 4\). Export the ids again"
    ):
        check(SHOP + "6.22848E+17,4,2025-01-01,1,0\n")


def test_a_very_long_id_is_set_aside(check: Check) -> None:
    assert check(SHOP + f"{'x' * 257},4,2025-01-01,1,0\n").quality["reasons"] == {"customer_id_too_long": 1}


@pytest.mark.sampled
def test_a_total_line_is_no_purchase(check: Check) -> None:
    totals = [",,Total,35,", "Total,,,35,", "合计,,,35,", ",Grand Total,,35,"]
    shop = check(SHOP + MANY + "\n".join(totals) + "\n")
    assert shop.quality["reasons"] == {"total_row": 4}
    assert shop.quality["rows_used"] == 23


def test_a_row_is_looked_at_alone(check: Check, tmp_path: Path) -> None:
    shop = check(SHOP)
    source = projects.build({"id": "s", "name": "S", "as_of": AS_OF, "source": {"path": "sales.csv"}}).inputs[0]
    opened = open_input(shop.engine, inputs_of(source, tmp_path)[0])
    plan = shop.engine._execute(f"explain {lines(shop.engine.dialect, opened, source)}", max_amount=1e9).fetchall()
    assert "join" not in plan[0][1].lower()


def test_a_customer_called_total_may_buy(check: Check) -> None:
    assert check(SHOP + "Total,4,2025-01-01,35,1\n").quality["reasons"] == {}


def test_a_customer_with_returns_only_is_said(check: Check) -> None:
    shop = check(SHOP + "zoe,4,2025-01-01,-500,0\n")
    assert "1 customer has returns but no purchase" in shop.said
    assert "1 return (a negative or cancelled line) is netted" in shop.said
    assert shop.quality["customers_without_purchase"] == 1


# --- days -------------------------------------------------------------------------------------------------------------


def reasons(shop: Checked) -> dict[str, str]:
    """Why each customer's row was set aside."""
    rows = shop.engine.fetch("select customer_id, bad from quarantine")
    return {customer: bad.split("\x1f")[0] for customer, bad in zip(rows["customer_id"], rows["bad"], strict=True)}


def test_a_day_that_cannot_be_is_set_aside(check: Check) -> None:
    days = {
        "": "missing_timestamp",
        "1900-01-01": "timestamp_out_of_range",
        "0001-01-01": "timestamp_out_of_range",
        "1970-01-01 00:00:00": "timestamp_out_of_range",
        "9999-12-31 23:59:59": "timestamp_out_of_range",
        "infinity": "timestamp_out_of_range",
        "11-07-24": "timestamp_out_of_range",
        "2025-07-01": "after_as_of",
        "2099-01-01": "after_as_of",
        "2025-02-30": "unreadable_timestamp",
        "01/04/2025": "unreadable_timestamp",
        "yesterday": "unreadable_timestamp",
    }
    lines = "".join(f"ann{n},4,{day},1.00,0.50\n" for n, day in enumerate(days))
    shop = check(HEADER + MANY * len(days) + lines)
    assert reasons(shop) == {f"ann{n}": code for n, code in enumerate(days.values())}
    assert shop.quality["reasons"] == Counter(days.values())
    assert shop.quality["money_quarantined"] == len(days)
    assert shop.quality["rows_used"] == 20 * len(days)


def test_the_day_of_as_of_still_counts(check: Check) -> None:
    assert check(SHOP + "ann,4,2025-06-30 23:59:59,1,0\n").quality["rows_used"] == 4


def test_all_after_as_of_is_refused(check: Check) -> None:
    with pytest.raises(TableError, match="sales.csv: no transactions up to as_of 2020-01-01: all 3 rows are later"):
        check(SHOP, as_of=dt.date(2020, 1, 1))


@pytest.mark.parametrize(
    ("day", "said"),
    [
        ("01/04/2025 22:00", "ambiguous ones are never guessed"),
        ("45402.50000", 'Excel day numbers: set date_format = "excel"'),
        ("1713614400000", 'epoch milliseconds: set date_format = "epoch_ms"'),
        ("1713614400", 'epoch seconds: set date_format = "epoch_s"'),
        ("20240420", 'days without separators: set date_format = "%Y%m%d"'),
    ],
)
@pytest.mark.sampled
def test_unreadable_days_are_refused_with_a_guess_of_their_form(check: Check, day: str, said: str) -> None:
    with pytest.raises(TableError, match=r"timestamp is not a date in 3 of 3 rows \(first: rows 1, 2, 3\)") as fault:
        check(HEADER + f"ann,1,{day},1,0\n" * 3)
    assert said in str(fault.value)


# --- money ------------------------------------------------------------------------------------------------------------


def test_an_amount_that_is_none_is_set_aside(check: Check) -> None:
    amounts = {
        "": "missing_amount",
        " ": "missing_amount",
        "NaN": "nonfinite_amount",
        "inf": "nonfinite_amount",
        "-Infinity": "nonfinite_amount",
        "1e309": "nonfinite_amount",
        "1e18": "amount_out_of_range",
        "-1e18": "amount_out_of_range",
        "1000000000.01": "amount_out_of_range",
        '"1,011"': "unreadable_amount",
        "£1£": "unreadable_amount",
        "12 PCS": "unreadable_amount",
        "(-5)": "unreadable_amount",
        "#DIV/0!": "unreadable_amount",
    }
    lines = "".join(f"zoe{n},4,2025-04-01,{amount},0.50\n" for n, amount in enumerate(amounts))
    shop = check(SHOP + SHOP.removeprefix(HEADER) * 13 + lines)
    assert reasons(shop) == {f"zoe{n}": code for n, code in enumerate(amounts.values())}
    assert shop.quality["reasons"] == Counter(amounts.values())
    assert shop.quality["money_read"] == 35 * len(amounts)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2024年8月18日", 'date_format = "%Y年%m月%d日"'), ("20240818T101500Z", 'date_format = "%Y%m%dT%H%M%SZ"'),
        ("1723975200000000", "epoch microseconds"), ("2024.08.18", 'date_format = "%Y.%m.%d"'),
        ("18.8.2024", 'date_format = "%d.%m.%Y"'), ("18.8.24", 'date_format = "%d.%m.%y"'),
        ("8/18/2024", 'date_format = "%d/%m/%Y" where the first number is the day'), ("2024-W33", "weeks, not days"),
        ("2024-08", "months, not days"), ("18-Aug-2024", 'date_format = "%d-%b-%Y"'),
        ("18 août 2024", "names of months"), ("Sun Aug 18 2024", "names of months"),
        ("２０２４-08-18", "another script"),
        ("1403-05-28", "Persian"), ("2567-08-18", "Buddhist"), ("24-08-18", 'date_format = "%y-%m-%d"'),
    ],
)  # fmt: skip
@pytest.mark.sampled
def test_days_in_another_form_are_named(check: Check, text: str, said: str) -> None:
    with pytest.raises(TableError) as fault:
        check(HEADER + f"zoe,4,{text},11.90,1\n")
    assert said in str(fault.value)


def test_undeclared_thousands_say_how_to_declare_them(check: Check) -> None:
    assert "separator that may be a decimal mark must be declared" in check(SHOP + 'zoe,4,2025-04-01,"1,011",1\n').said
    with pytest.raises(TableError, match="They look like amounts with a decimal comma"):
        check(HEADER + 'zoe,4,2025-04-01,"11,90",1\n')
    with pytest.raises(TableError, match="They look like amounts with a thousands comma"):
        check(HEADER + 'zoe,4,2025-04-01,"1,011",1\n')


def test_amounts_in_several_currencies_are_refused(check: Check) -> None:
    with pytest.raises(TableError, match="amount is in several currencies .* Give one source per currency"):
        check(HEADER + "ann,1,2025-01-01,£1,0\nann,2,2025-01-01,$1,0\n")


def test_oddities_of_money_are_said(check: Check) -> None:
    shop = check(SHOP + "a,4,2025-01-01,0,0\nb,5,2025-01-01,1,99\nc,6,2025-01-01,7,\nd,7,2025-01-01,7,inf\n")
    assert "1 line has amount zero" in shop.said
    assert "1 line costs more than its amount: its negative profit is kept" in shop.said
    assert "2 lines have no usable cost: the margin of the project was taken" in shop.said
    profit = shop.table("transactions").set_index("customer_id")["profit"]
    assert (profit["a"], profit["b"], profit["c"], profit["d"]) == (0, -98, 7, 7)


@pytest.mark.parametrize(("free", "purchases"), [(True, 1), (False, 0)])
def test_free_goods_are_purchases_as_configured(check: Check, free: bool, purchases: int) -> None:
    shop = check(HEADER + "ann,1,2025-01-01,0,0\n", zero_is_purchase=free)
    assert shop.table("transactions")["is_purchase"].sum() == purchases


def test_a_source_without_amounts_counts_purchases(check: Check) -> None:
    shop = check("customer_id,timestamp\nann,2025-01-01\n")
    assert shop.table("transactions")["amount"].isna().all()
    assert shop.table("transactions")["is_purchase"].all()
    assert "there is no amount column" in shop.said
    assert shop.quality["money_read"] == 0


# --- the file as a whole ----------------------------------------------------------------------------------------------


def test_all_faults_are_raised_at_once(check: Check) -> None:
    with pytest.raises(TableError) as fault:
        check(HEADER + "ann,1,soon,1,0\nann,2,2025-01-01,much,0\n")
    assert str(fault.value).splitlines() == [
        "sales.csv: amount is no number in 1 of 2 rows (first: rows 2). Set decimal and thousands (a thousands "
        "separator that may be a decimal mark must be declared), or correct the rows.",
        'sales.csv: timestamp is not a date in 1 of 2 rows (first: rows 1). Set date_format, for instance "%d/%m/%Y"; '
        "ISO dates (2025-06-30) need none and ambiguous ones are never guessed.",
    ]


def test_a_fault_names_the_column_of_the_file(check: Check) -> None:
    with pytest.raises(TableError, match=r"customer_id is missing \(column 'Client'\) in 1 of 1 rows"):
        check("Client,timestamp\n\u00a0,2025-01-01\n", columns={"customer_id": "Client"})


def test_nothing_of_the_rows_is_in_a_fault(check: Check) -> None:
    with pytest.raises(TableError) as fault:
        check(HEADER + "Mrs Miller,1,secret,1,0\n")
    assert "Miller" not in str(fault.value)
    assert "secret" not in str(fault.value)


def test_a_header_alone_is_refused(check: Check) -> None:
    with pytest.raises(TableError, match=r"sales.csv: no rows under the header \(0 rows\)"):
        check(HEADER)


def test_equal_order_lines_are_kept(check: Check) -> None:
    assert check(HEADER + "ann,1,2025-01-01,1,0\n" * 5).quality["rows_used"] == 5


# --- properties -------------------------------------------------------------------------------------------------------

CELLS = {
    "customer_id": ["ann", "bob ", "\u00a0ann", "", "Ann", "007", "7", "x" * 300],
    "timestamp": ["2025-01-01", "2025-06-30 12:00", "1900-01-01", "2026-01-01", "", "2024-02-29T10:00:00"],
    "amount": ["1.00", "-2.5", "0", "", "NaN", "1e18", "x", "(3.25)", "£4", "1e400", "0.00001"],
    "cost": ["0.5", "", "nan", "99"],
}
ROWS = st.lists(st.tuples(*map(st.sampled_from, CELLS.values())), min_size=1, max_size=30)


def outcome(rows: list[tuple[str, ...]]) -> dict[str, Any] | str:
    """The quality record of some rows, or why they were refused, without the row numbers."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "sales.csv"
        path.write_text("\n".join([",".join(CELLS), *map(",".join, rows)]) + "\n", encoding="utf-8")
        engine = SharedDuckDB(Path(folder) / "tables")
        shop = projects.build({"id": "shop", "name": "Shop", "as_of": AS_OF, "source": {"path": str(path)}})
        try:
            quality = make_transactions(engine, shop)
        except TableError as fault:
            return "\n".join(line.split(" (first")[0] for line in str(fault).splitlines())
        for table, count in (("transactions", "rows_used"), ("quarantine", "rows_quarantined")):
            assert engine.fetch(f"select count(*) as n from {table}")["n"].item() == quality[count]
        engine.close()
        return quality


@pytest.mark.slow
@settings(max_examples=25)
@given(ROWS)
def test_no_row_and_no_money_vanishes(rows: list[tuple[str, ...]]) -> None:
    quality = outcome(rows)
    if isinstance(quality, str):
        assert quality.startswith("sales.csv: ")
        return
    assert quality["rows_read"] == len(rows)
    for what in ("rows", "money"):
        parts = sum(quality[f"{what}_{part}"] for part in ("used", "quarantined", "removed"))
        assert quality[f"{what}_read"] == pytest.approx(parts, abs=1e-6)
    assert sum(quality["reasons"].values()) == quality["rows_quarantined"]
    assert quality["rows_repaired"] <= min(quality["rows_used"], sum(quality["repairs"].values()))


@pytest.mark.slow
@settings(max_examples=12)
@given(ROWS, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(rows: list[tuple[str, ...]], random: Any) -> None:
    shuffled = random.sample(rows, len(rows))
    assert outcome(shuffled) == outcome(rows)


@pytest.mark.slow
@settings(max_examples=12)
@given(ROWS)
def test_rows_given_twice_count_twice(rows: list[tuple[str, ...]]) -> None:
    once, twice = outcome(rows), outcome(rows * 2)
    assert isinstance(once, str) == isinstance(twice, str)
    if not isinstance(once, str) and not isinstance(twice, str):
        for name in ("rows_read", "rows_used", "rows_repaired", "money_used", "refund_rows"):
            assert twice[name] == pytest.approx(2 * once[name], abs=1e-6)
        assert twice["customers_without_purchase"] == once["customers_without_purchase"]
