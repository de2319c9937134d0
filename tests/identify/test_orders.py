"""Lines looked at together: where the total of an order stands, equal lines, and orders that net to nothing."""

import datetime as dt
from typing import Any

import pytest

from custlib.errors import TableError, UsageError
from custlib.identify.contract import make_transactions
from custlib.project import build
from tests.identify.conftest import Check, Checked

HEADER = "customer_id,timestamp,amount,order_id,product\n"
# ann's order of three lines: its day and total stand on the first; bob's of one line
FIRST = HEADER + "ann,2025-01-01,30,1,tea\nann,,,1,cake\n,,,1,tea\nbob,2025-02-01,5,2,tea\n"
REPEATED = HEADER + "ann,2025-01-01,30,1,tea\nann,2025-01-01,30,1,cake\nbob,2025-02-01,5,2,tea\n"
TWICE = HEADER + "ann,2025-01-01,10,1,tea\nann,2025-01-01,10,1,tea\nann,2025-01-01,10,2,tea\nbob,2025-01-02,7,3,cake\n"


def parts(shop: Checked, what: str) -> list[float]:
    """Rows or money read, used, quarantined and removed."""
    return [shop.quality[f"{what}_{part}"] for part in ("read", "used", "quarantined", "removed")]


def purchases(shop: Checked) -> list[tuple[str, str, float]]:
    rows = shop.table("transactions")
    rows = rows[rows["is_purchase"]]
    return [
        (who, str(day.date()), float(amount)) for who, day, amount in rows[["customer_id", "day", "amount"]].to_numpy()
    ]


# --- totals of orders -------------------------------------------------------------------------------------------------


def test_other_lines_of_an_order_take_what_its_first_line_says_by_hand(check: Check) -> None:
    shop = check(FIRST, order_totals="first_line")
    assert parts(shop, "rows") == [4, 4, 0, 0]
    assert parts(shop, "money") == [35, 35, 0, 0]
    rows = shop.table("transactions", "order_id, product, amount")
    assert list(rows["customer_id"]) == ["ann", "ann", "ann", "bob"]
    assert [str(day.date()) for day in rows["day"]] == ["2025-01-01"] * 3 + ["2025-02-01"]
    assert list(rows["amount"]) == [0, 0, 30, 5]
    assert list(rows["product"]) == ["cake", "tea", "tea", "tea"]
    assert rows["is_purchase"].all()
    assert shop.quality["order_line_rows"] == 2
    assert shop.quality["zero_amount_rows"] == 0


def test_lines_of_an_order_that_was_paid_back_are_no_purchase(check: Check) -> None:
    shop = check(HEADER + "ann,2025-01-01,-30,1,tea\nann,,,1,cake\nbob,2025-02-01,5,2,tea\n", order_totals="first_line")
    assert purchases(shop) == [("bob", "2025-02-01", 5)]
    assert shop.quality["refund_rows"] == 2


def test_a_line_of_an_order_without_a_first_line_is_set_aside(check: Check) -> None:
    shop = check(FIRST + "cid,,,9,tea\n", order_totals="first_line")
    assert shop.quality["reasons"] == {"missing_timestamp": 1}


def test_typed_columns_are_filled_too(check: Check, tmp_path: Any) -> None:
    import pandas as pd

    days = pd.to_datetime(["2025-01-01", None, "2025-02-01"])
    frame = pd.DataFrame(
        {"customer_id": [1, 1, 2], "timestamp": days, "amount": [30.0, None, 5.0], "order_id": [7, 7, 8]}
    )
    frame.to_parquet(tmp_path / "orders.parquet")
    shop = check(tmp_path / "orders.parquet", order_totals="first_line")
    assert parts(shop, "rows") == [3, 3, 0, 0]
    assert parts(shop, "money") == [35, 35, 0, 0]


def test_a_total_on_first_lines_only_is_asked_about(check: Check) -> None:
    with pytest.raises(
        TableError,
        match=r"2 of 4 rows have no amount.*another row \(1 orders, by order_id\).*order_totals = \"first_line\"",
    ):
        check(FIRST)


def test_some_lines_without_amount_are_no_layout(check: Check) -> None:
    good = "".join(f"c{n},2025-01-01,5,{n},tea\n" for n in range(300))
    shop = check(HEADER + good + "c1,2025-01-01,,1,cake\n")
    assert shop.quality["reasons"] == {"missing_amount": 1}


def test_a_repeated_total_counts_once_by_hand(check: Check) -> None:
    shop = check(REPEATED, order_totals="repeated")
    assert parts(shop, "rows") == [3, 3, 0, 0]
    assert parts(shop, "money") == [65, 35, 0, 30]
    rows = shop.table("transactions", "order_id, product")
    assert list(rows["amount"]) == [30, 0, 5] or list(rows["amount"]) == [0, 30, 5]
    assert rows["is_purchase"].all()
    assert "1 line repeats the amount of its order, which counts once" in shop.said


def test_each_amount_of_an_order_counts_once(check: Check) -> None:
    shop = check(REPEATED + "ann,2025-01-02,-10,1,tea\nann,2025-01-02,-10,1,cake\n", order_totals="repeated")
    assert parts(shop, "money") == [45, 25, 0, 20]


def test_a_line_that_breaks_a_rule_does_not_hold_the_total(check: Check) -> None:
    shop = check(HEADER + "ann,,30,1,cake\nann,2025-01-01,30,1,tea\nann,2025-01-01,30,1,ale\n", order_totals="repeated")
    assert parts(shop, "rows") == [3, 2, 1, 0]
    assert parts(shop, "money") == [90, 30, 30, 30]


def test_a_repeated_cost_counts_once(check: Check) -> None:
    text = "customer_id,timestamp,amount,order_id,cost\nann,2025-01-01,30,1,12\nann,2025-01-01,30,1,12\n"
    assert check(text, order_totals="repeated").table("transactions")["profit"].sum() == 18


def repeating(orders: int, *, amounts: int = 50) -> str:
    lines = [
        f"c{n},2025-01-{n % 28 + 1:02},{n % amounts + 1},{n},{product}\n"
        for n in range(orders)
        for product in ("tea", "cake", "ale")
    ]
    return HEADER + "".join(lines)


UNLIKE = "".join(f"c{n % 3},2025-02-01,{n},x{n % 3},a{n}\n" for n in range(9))  # three orders


def test_totals_that_repeat_are_asked_about_with_the_money(check: Check) -> None:
    shop = check(repeating(40))
    assert shop.quality["cautions"]["order_totals"].startswith(
        "40 of 40 orders of several lines have the same amount on all of them"
    )
    assert "the money is 2,460.00; with one amount per order it is 820.00" in shop.said
    assert 'order_totals = "repeated"' in shop.said
    assert "order_totals" not in check(repeating(40), order_totals="repeated").quality["cautions"]


def test_totals_beside_a_line_of_shipping_are_asked_about(check: Check) -> None:
    lines = [(n, product, n + 10) for n in range(30) for product in ("tea", "cake")]
    lines += [(n, "shipping", 4.9) for n in range(30)]
    content = HEADER + "".join(f"ann,2025-01-01,{amount},{order},{product}\n" for order, product, amount in lines)
    shop = check(content)
    assert shop.quality["cautions"]["order_totals"].startswith(
        "30 of 30 orders of three lines or more have the same amount on all lines but one"
    )
    assert "the money is 1,617.00; with each amount once per order it is 882.00" in shop.said
    assert check(content, order_totals="repeated").quality["money_used"] == 882


@pytest.mark.parametrize(
    "text",
    [repeating(19), repeating(40, amounts=3), repeating(40) + UNLIKE],
    ids=["few orders", "few prices", "orders of other amounts"],
)  # fmt: skip
def test_equal_amounts_may_be_prices(check: Check, text: str) -> None:
    assert "order_totals" not in check(text).quality["cautions"]


@pytest.mark.parametrize(
    ("options", "lacks"),
    [
        ({"order_totals": "repeated"}, "no order_id or no amount"),
        ({"order_totals": "first_line"}, "no order_id or no amount"),
        ({"order_lines": False}, "no order_id column"),
    ],
)
def test_options_about_orders_need_orders(check: Check, options: dict[str, Any], lacks: str) -> None:
    with pytest.raises(UsageError, match=rf"source.{next(iter(options))} has no effect on sales.csv: it has {lacks}"):
        check("customer_id,timestamp,amount\nann,2025-01-01,10\n", **options)


def test_totals_need_an_amount(check: Check) -> None:
    for header in ("customer_id,timestamp,order_id", "customer_id,timestamp,order_id,unit_price,quantity"):
        with pytest.raises(UsageError, match="source.order_totals has no effect on sales.csv: it has no order_id"):
            check(f"{header}\nann,2025-01-01,1,2,3\n", order_totals="repeated")


# --- equal lines ------------------------------------------------------------------------------------------------------


def test_an_equal_line_of_an_order_is_removed_with_its_money(check: Check) -> None:
    shop = check(TWICE, order_lines=False)
    assert parts(shop, "rows") == [4, 3, 0, 1]
    assert parts(shop, "money") == [37, 27, 0, 10]
    assert shop.quality["removed"] == {"duplicate_line": 1}
    assert shop.quality["money_by_reason"] == {"duplicate_line": 10}
    assert len(shop.table("quarantine")) == 0


def test_an_equal_line_of_an_order_is_counted_where_it_stays(check: Check) -> None:
    shop = check(TWICE)
    assert parts(shop, "rows") == [4, 4, 0, 0]
    assert (shop.quality["equal_line_rows"], shop.quality["equal_line_money"]) == (1, 10)
    assert "1 line is equal to another line of the same order (money 10.00) and counted: set order_lines" in shop.said
    assert shop.quality["cautions"] == {}


@pytest.mark.parametrize(
    "other",
    ["ann,2025-01-01,10,1,cake", "ann,2025-01-01,10,2,tea", "ann,2025-01-01 10:00,10,1,tea", "ann,2025-01-01,10,,tea"],
    ids=["product", "order", "time", "no order"],
)
@pytest.mark.sampled
def test_lines_that_differ_in_anything_stay(check: Check, other: str) -> None:
    text = HEADER + f"ann,2025-01-01 09:00,10,1,tea\n{other}\n{other.replace('ann', 'bob')}\n"
    assert check(text, order_lines=False).quality["rows_removed"] == 0
    assert check(text).quality["equal_line_rows"] == 0


def test_lines_at_another_time_of_the_day_are_no_equal_lines(check: Check) -> None:
    text = HEADER + "ann,01.02.2025 20:01,4,1,ale\nann,01.02.2025 21:30,4,1,ale\nann,01.02.2025 21:30,4,1,ale\n"
    options = {"date_format": "%d.%m.%Y %H:%M"}
    assert check(text, **options).quality["equal_line_rows"] == 1
    assert check(text, order_lines=False, **options).quality["rows_removed"] == 1


def test_orders_that_stand_twice_are_a_caution(check: Check) -> None:
    lines = [f"c{n},2025-01-01,{n}.50,{n},tea\n" for n in range(100)]
    shop = check(HEADER + "".join([*lines, *lines[:30]]))
    assert shop.quality["equal_line_rows"] == 30
    assert shop.quality["cautions"]["equal_lines"].startswith(
        "30 lines are equal to another line of the same order (23.1% of the lines, money 450.00; 30 orders stand twice "
        "as a whole), as after two exports that overlap"
    )


def test_a_file_without_order_ids_that_holds_itself_twice_is_said(check: Check) -> None:
    header = "customer_id,timestamp,amount\n"
    lines = [f"c{n % 40},2025-01-{n % 28 + 1:02},{n}.50\n" for n in range(200)]
    shop = check(header + "".join(lines * 2) + "c1,2025-02-01,3\n")
    assert shop.quality["cautions"]["doubled"].startswith(
        "nearly every line stands twice or more: 200 of 401 lines are equal to another in customer, day and amount "
        "(money 20,000.00)"
    )
    assert "doubled" not in check(header + "".join(lines)).quality["cautions"]


# --- orders that net to nothing ---------------------------------------------------------------------------------------

CANCELLED = (
    HEADER + "ann,2025-01-01,10,1,tea\nann,2025-01-03,10,C1,tea\n"  # all of it, two days later
    "bob,2025-01-01,10,2,tea\nbob,2025-01-01,5,2,cake\nbob,2025-01-01,5,C2,cake\n"  # a part of it
    "cid,2025-01-01,8,3,tea\n"
)


def test_an_order_that_nets_to_nothing_is_no_purchase_by_hand(check: Check) -> None:
    kept = check(CANCELLED, cancel_prefix="C")
    assert {who for who, *_ in purchases(kept)} == {"ann", "bob", "cid"}
    assert (kept.quality["undone_orders"], kept.quality["undone_money"]) == (1, 10)
    assert "1 order nets to nothing with a return (money 10.00): purchases all the same" in kept.said
    shop = check(CANCELLED, cancel_prefix="C", net_to_nothing="no_purchase")
    assert {who for who, *_ in purchases(shop)} == {"bob", "cid"}
    assert "1 order nets to nothing with a return (money 10.00): no purchase, as net_to_nothing says" in shop.said
    assert parts(shop, "money") == parts(kept, "money") == [18, 18, 0, 0]
    assert shop.quality["customers_without_purchase"] == 1


def test_without_order_ids_it_is_the_day_of_a_customer(check: Check) -> None:
    text = "customer_id,timestamp,amount\nann,2025-01-01,10\nann,2025-01-01,-10\nann,2025-02-01,4\nann,2025-02-02,-4\n"
    assert check(text).quality["undone_orders"] == 1
    assert purchases(check(text, net_to_nothing="no_purchase")) == [("ann", "2025-02-01", 4)]


def test_a_cancellation_with_a_number_of_its_own_undoes_the_day(check: Check) -> None:
    text = HEADER + "ann,2025-01-01,10,1,tea\nann,2025-01-01,10,C7,tea\nbob,2025-01-01,10,2,tea\n"
    shop = check(text, cancel_prefix="C", net_to_nothing="no_purchase")
    assert [who for who, *_ in purchases(shop)] == ["bob"]
    assert shop.quality["undone_orders"] == 1


def test_an_exchange_is_a_purchase(check: Check) -> None:
    text = HEADER + "ann,2025-01-01,10,1,tea\nann,2025-02-01,-10,1,tea\nann,2025-02-01,10,2,cake\n"
    shop = check(text, net_to_nothing="no_purchase")
    assert purchases(shop) == [("ann", "2025-02-01", 10)]


def test_a_cancellation_after_as_of_undoes_nothing(check: Check) -> None:
    shop = check(CANCELLED, cancel_prefix="C", net_to_nothing="no_purchase", as_of=dt.date(2025, 1, 2))
    assert "ann" in {who for who, *_ in purchases(shop)}


def test_the_options_are_of_the_source_that_has_them(tmp_path: Any) -> None:
    from custlib.engine.duckdb import DuckDB

    for name in ("a", "b"):
        (tmp_path / f"{name}.csv").write_text(f"{HEADER}{name},2025-01-01,10,1,tea\n{name},2025-01-01,-10,1,tea\n")
    sources = [{"path": str(tmp_path / "a.csv"), "net_to_nothing": "no_purchase"}, {"path": str(tmp_path / "b.csv")}]
    project = build({"id": "shop", "name": "Shop", "as_of": "2025-06-30", "sources": sources})
    engine = DuckDB(tmp_path / "tables", threads=1)
    make_transactions(engine, project)
    rows = engine.fetch("select customer_id from transactions where is_purchase")
    engine.close()
    assert list(rows["customer_id"]) == ["b"]


def test_orders_counted_in_slices_are_the_same(check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [f"c{n % 40},2025-01-{n % 28 + 1:02},{n % 9 + 1},{n // 3},tea\n" for n in range(600)]
    content = HEADER + "".join(rows + rows[:30])
    whole = check(content).quality
    monkeypatch.setattr("custlib.identify.orders._AT_ONCE", 50)
    slices = check(content).quality
    assert (whole["equal_line_rows"], whole["equal_line_money"]) == (30, sum(n % 9 + 1 for n in range(30)))
    assert {name: n for name, n in slices.items() if name != "increment"} == {
        name: n for name, n in whole.items() if name != "increment"
    }
