"""Questions that the lines raise: prices taken for amounts, statuses, currencies, words that no line has."""

import random
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path

import pandas as pd
import pytest

from custlib.errors import TableError, UsageError
from custlib.identify import meaning
from custlib.identify.contract import make_transactions
from custlib.identify.reading.roles import noticed
from custlib.project import build
from tests.bases import SharedDuckDB
from tests.identify.conftest import Check

CASES = Path(__file__).parent / "cases"
UCI = {"customer_id": "CustomerID", "timestamp": "InvoiceDate", "quantity": "Quantity", "amount": "UnitPrice"}
ASKED = "looks like the price of one piece"
PRICES = [round(0.99 + 0.37 * n**1.6, 2) for n in range(40)]
Line = tuple[float, float, str]


def csv(lines: Iterable[Line]) -> str:
    """Lines of quantity, amount and product of many customers."""
    rows = [f"c{n % 50},2025-{1 + n % 6:02d}-10,{q:g},{a:.2f},{p}\n" for n, (q, a, p) in enumerate(lines)]
    return "customer_id,timestamp,quantity,amount,product\n" + "".join(rows)


def basket(n: int = 400, *, most: int = 12, seed: int = 7) -> list[tuple[int, float, str]]:
    """Quantities, unit prices and products."""
    draw = random.Random(seed)
    return [(draw.randint(1, most), PRICES[place], f"P{place}") for place in draw.choices(range(40), k=n)]


def test_a_price_taken_for_the_amount_is_asked_about_with_the_money(check: Check) -> None:
    lines = basket()
    shop = check(csv(lines))
    assert f"amount (column 'amount') {ASKED}" in shop.said
    assert (
        f"{sum(p for _, p, _ in lines):,.2f}; as quantity * unit price it is {sum(q * p for q, p, _ in lines):,.2f}"
        in shop.said
    )
    assert 'set columns.unit_price = "amount" in place of columns.amount' in shop.said
    done = check(csv(lines), columns={"unit_price": "amount"})
    assert ASKED not in done.said
    assert done.quality["money_used"] == pytest.approx(sum(q * p for q, p, _ in lines))


def test_online_retail_is_asked_about(check: Check) -> None:
    assert ASKED in check(CASES / "quantity-unit-price.csv", columns=UCI | {"order_id": "InvoiceNo"}).said
    shop = check(CASES / "quantity-unit-price.csv", columns=UCI)
    assert ASKED in shop.said and shop.quality["returned_rows"] == 1
    assert (
        bool(shop.table("transactions").query("customer_id == 'p1' and quantity == -4")["is_purchase"].item()) is False
    )


@pytest.fixture(scope="module")
def asks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Iterable[Line]], bool]]:
    """Tells whether lines are asked about, without reading them from a file."""
    with closing(SharedDuckDB(tmp_path_factory.mktemp("asks"))) as engine:

        def looked_at(lines: Iterable[Line]) -> bool:
            rows = pd.DataFrame(lines, columns=["quantity", "amount", "product"]).round({"amount": 2})
            engine.attach_frame("transactions_checked", rows.assign(reason=pd.Series(None, rows.index, dtype="string")))
            totals = engine.fetch(meaning._of_quantities()).astype(float).iloc[0]
            return meaning._looks_like_price(totals, is_named=False, has_products=True)

        yield looked_at


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("most", [3, 12, 60])
@pytest.mark.sampled
def test_totals_of_lines_are_not(asks: Callable[[Iterable[Line]], bool], most: int, seed: int) -> None:
    lines = basket(most=most, seed=seed)
    assert not asks((q, q * p, name) for q, p, name in lines)
    assert asks(lines), "prices of the same lines are"


def test_totals_of_the_lines_of_a_file_are_not(check: Check) -> None:
    assert ASKED not in check(csv((q, q * p, name) for q, p, name in basket(most=60))).said


def test_totals_with_a_discount_or_tax_are_not(check: Check) -> None:
    draw = random.Random(3)
    assert ASKED not in check(csv((q, q * p * draw.uniform(0.7, 1.2), name) for q, p, name in basket())).said


def test_totals_of_budgets_are_not(check: Check) -> None:
    """Whoever spends the same whatever the price buys more of the cheap: totals do not grow with the quantity."""
    draw = random.Random(5)
    lines = []
    for n in range(400):
        quantity = draw.randint(1, 12)
        price = round(draw.uniform(20, 60) / quantity, 2)
        lines.append((quantity, quantity * price, f"P{n}"))
    assert ASKED not in check(csv(lines)).said


def test_orders_of_one_price_are_asked_about_only_where_products_cannot_tell(check: Check) -> None:
    """A service priced by the order costs the same for two guests and for ten: a price for one looks the same."""
    draw = random.Random(9)
    lines = [(draw.randint(2, 10), draw.uniform(20, 900), f"P{n % 9}") for n in range(400)]
    assert ASKED not in check(csv(lines)).said
    assert ASKED in check(csv((q, a, f"P{n}") for n, (q, a, _) in enumerate(lines))).said


def test_one_quantity_throughout_tells_nothing(check: Check) -> None:
    assert ASKED not in check(csv((3, p, name) for _, p, name in basket())).said


def test_few_lines_tell_nothing_but_by_the_name_of_the_column(check: Check) -> None:
    assert ASKED not in check(csv(basket(20))).said
    lines = csv(basket(20)).replace("amount", "Einzelpreis")
    assert ASKED in check(lines, columns={"amount": "Einzelpreis"}).said
    lines = "customer_id,timestamp,Unit Price\nann,2025-01-01,3\n"
    assert "whose name says that it is the price of one piece" in check(lines, columns={"amount": "Unit Price"}).said


def test_single_pieces_have_no_price_beside_their_amount(check: Check) -> None:
    assert ASKED not in check(csv((1 if n % 20 else 2, p, name) for n, (_, p, name) in enumerate(basket()))).said


# --- status -----------------------------------------------------------------------------------------------------------

ORDERS = "customer_id,timestamp,amount,{0}\nann,2025-01-01,10,completed\nann,2025-01-02,5,failed\nbob,2025-01-03,2,\n"


def named(*names: str) -> dict[str, str]:
    """The columns that are noticed, beside those of a purchase."""
    columns = {name: name for name in ("customer_id", "timestamp", "amount")}
    return noticed(columns, [*columns, *names])


@pytest.mark.parametrize("name", ["Bestellstatus", "state", "订单状态", "Статус", "estado", "Financial Status"])
def test_a_column_is_noticed_by_the_name_of_a_status(name: str) -> None:
    assert named(name) == {"status": name}


@pytest.mark.parametrize("name", ["status", "Order Status"])
@pytest.mark.sampled
def test_a_status_that_is_not_read_is_asked_about(check: Check, name: str) -> None:
    shop = check(ORDERS.format(name))
    assert f"column {name!r} looks like a status and is not read, so every line counts" in shop.said
    assert "(blank) 1 rows 2.00" in shop.said and "completed 1 rows 10.00" in shop.said
    assert f'columns.status = "{name}" and count = ["completed"]' in shop.said
    assert shop.quality["rows_used"] == 3


@pytest.mark.parametrize("name", ["Type", "D/C", "cancelled", "is_test", "Soll/Haben"])
def test_a_flag_is_noticed_where_nothing_is_named_status(name: str) -> None:
    assert named(name) == {"status": name}
    assert named(name, "Status") == {"status": "Status"}


@pytest.mark.parametrize("name", ["Soll/Haben"])
@pytest.mark.sampled
def test_a_flag_that_is_not_read_is_asked_about_where_nothing_is_named_status(check: Check, name: str) -> None:
    assert f"column {name!r} looks like a status" in check(ORDERS.format(name)).said
    both = check(
        ORDERS.format(f"{name},Status")
        .replace(",completed", ",x,completed")
        .replace(",failed", ",y,failed")
        .replace("2,\n", "2,,\n")
    )
    assert "column 'Status' looks like a status" in both.said


@pytest.mark.parametrize("name", ["note", "customer status", "statistics", "product type", "returning"])
@pytest.mark.sampled
def test_other_columns_are_not(name: str) -> None:
    assert named(name) == {}


def test_other_columns_are_not_asked_about(check: Check) -> None:
    assert "looks like" not in check(ORDERS.format("customer status")).said


def test_states_of_a_country_are_no_status(check: Check) -> None:
    assert "looks like" not in check("customer_id,timestamp,amount,State\na,2025-01-01,1,CA\nb,2025-01-01,1,NY\n").said


def test_one_status_is_none(check: Check) -> None:
    assert (
        "looks like"
        not in check("customer_id,timestamp,amount,status\na,2025-01-01,1,paid\nb,2025-01-01,1,paid\n").said
    )


def test_what_counts_is_counted_and_the_rest_is_removed(check: Check) -> None:
    shop = check(ORDERS.format("State"), columns={"status": "State"}, count=["COMPLETED", "paid"])
    assert (shop.quality["rows_used"], shop.quality["removed"]) == (1, {"status_not_counted": 2})
    assert (shop.quality["money_used"], shop.quality["money_removed"]) == (10, 7)
    assert "count names what no line has: paid" in shop.said
    assert "looks like" not in shop.said


def test_lines_that_do_not_count_need_not_be_whole(check: Check) -> None:
    shop = check(ORDERS.format("status") + ",,x,failed\n", count=["completed", "failed"])
    assert shop.quality["reasons"] == {"missing_customer_id": 1, "status_not_counted": 1}
    assert check(ORDERS.format("status") + ",,x,failed\n", count=["completed"]).quality["rows_quarantined"] == 0


def test_a_status_without_a_word_on_what_counts_is_refused(check: Check) -> None:
    with pytest.raises(UsageError, match=r'columns.status: nothing says .*completed 1 rows 10.00.*count = \["'):
        check(ORDERS.format("s"), columns={"status": "s"})


def test_no_status_that_counts_leaves_nothing(check: Check) -> None:
    with pytest.raises(TableError, match="status is none .*in 3 of 3 rows .*completed in 1, failed in 1"):
        check(ORDERS.format("s"), columns={"status": "s"}, count=["Shipped"])


# --- currency ---------------------------------------------------------------------------------------------------------

MONEY = (
    "customer_id,timestamp,amount,cost,{0}\nann,2025-01-01,10,4,EUR\nann,2025-03-01,10,4,chf\nbob,2025-01-03,2,1,EUR\n"
)


def test_amounts_are_converted_by_their_rate(check: Check) -> None:
    shop = check(MONEY.format("cur"), columns={"currency": "cur"}, currency_rates={"EUR": 1, "CHF": 1.05})
    assert (shop.quality["money_used"], shop.quality["has_cost"]) == (22.5, True)
    assert [float(profit) for profit in shop.table("transactions", "day, customer_id")["profit"]] == [6, 1, 6.3]


def test_rates_hold_from_their_day_on(check: Check) -> None:
    rates = [
        {"currency": "EUR", "rate": 1.0},
        {"currency": "CHF", "from": "2024-01-01", "rate": 2.0},
        {"currency": "CHF", "from": "2025-03-01", "rate": 3.0},
        {"currency": "CHF", "from": "2025-03-02", "rate": 4.0},
    ]
    assert check(MONEY.format("currency"), currency_rates=rates).quality["money_used"] == 42
    with pytest.raises(TableError, match=r"currency has no rate on its day .*first: rows 2"):
        check(MONEY.format("currency"), currency_rates=[rates[0], rates[3]])


def test_a_currency_without_a_rate_is_refused_with_its_values(check: Check) -> None:
    with pytest.raises(
        TableError, match="currency has no rate on its day in currency_rates.* in 1 of 3 rows .*They are: chf in 1"
    ):
        check(MONEY.format("currency"), currency_rates={"EUR": 1.0})
    lines = MONEY.format("currency") + "bob,2025-01-04,1,1,\n"
    assert check(lines, currency_rates={"EUR": 1, "chf": 1}).quality["reasons"] == {"missing_currency": 1}


def test_several_currencies_without_rates_are_refused(check: Check) -> None:
    with pytest.raises(
        TableError, match=r"several currencies \(column 'currency': EUR 2 rows 12.00, chf 1 rows 10.00\)"
    ):
        check(MONEY.format("currency"))


def test_one_currency_may_be_written_in_several_ways(check: Check) -> None:
    lines = "customer_id,timestamp,amount,currency\n" + "".join(
        f"ann,2025-01-0{n},5,{name}\n" for n, name in enumerate(("EUR", "eur", "€", " Euro "), 1)
    )
    assert check(lines).quality["money_used"] == 20
    with pytest.raises(TableError, match=r'currency_rates = \{ "\$" = 1.0, EUR = 1.0 \}'):
        check(lines + "bob,2025-01-05,1,$\n")


def test_rates_may_be_of_one_source_alone(tmp_path: Path) -> None:
    header = "customer_id,timestamp,amount,currency\n"
    (tmp_path / "a.csv").write_text(header + "ann,2025-01-01,5,EUR\n")
    (tmp_path / "b.csv").write_text(header + "ann,2025-01-02,10,CHF\n")
    source, other = ({"path": str(tmp_path / name)} for name in ("a.csv", "b.csv"))
    shop = {"id": "shop", "name": "Shop", "as_of": "2025-06-30", "currency": "EUR"}
    with closing(SharedDuckDB(tmp_path / "one")) as engine, pytest.raises(TableError, match="several currencies"):
        make_transactions(engine, build(shop | {"sources": [source, other]}))
    with closing(SharedDuckDB(tmp_path / "two")) as engine:
        quality = make_transactions(
            engine, build(shop | {"sources": [source, other | {"currency_rates": {"CHF": 1.1}}]})
        )
    assert (quality["money_used"], quality["warnings"]) == (16, [])


@pytest.mark.parametrize("name", ["Währung", "货币", "devise", "currency_code"])
def test_a_column_is_noticed_by_the_name_of_a_currency(name: str) -> None:
    assert named(name) == {"currency": name}


@pytest.mark.sampled
def test_a_currency_that_is_not_read_is_asked_about(check: Check) -> None:
    name = "Währung"
    said = check(MONEY.format(name)).said
    assert f"column {name!r} looks like a currency and is not read" in said
    assert "currency_rates = { EUR = 1.0, chf = 1.0 }" in said


def test_one_currency_is_that_of_the_project(check: Check) -> None:
    lines = "customer_id,timestamp,amount,currency\nann,2025-01-01,1,{0}\n"
    assert 'set currency = "EUR"' in check(lines.format("EUR")).said
    assert "set currency" not in check(lines.format("USD")).said


# --- words ------------------------------------------------------------------------------------------------------------


def test_products_are_left_out(check: Check) -> None:
    lines = (
        "customer_id,timestamp,amount,product\nann,2025-01-01,10,tea\nann,2025-01-01,4,POST\nbob,2025-01-02,3, POST \n"
    )
    shop = check(lines, exclude_products=["POST", "BANK CHARGES"])
    assert (shop.quality["removed"], shop.quality["money_removed"]) == ({"excluded_product": 2}, 7)
    assert "exclude_products names what no line has: BANK CHARGES" in shop.said


def test_guests_that_no_line_has_are_said(check: Check) -> None:
    lines = "customer_id,timestamp,amount\nann,2025-01-01,10\n0,2025-01-01,4\n"
    assert "guest_ids names what no line has: till" in check(lines, guest_ids=["0", "till"]).said
