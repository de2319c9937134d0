"""Databases: SQLite files, and which reader an address goes to."""

import sqlite3
from pathlib import Path

import pytest

from custlib.errors import RunError, TableError, UsageError
from tests.identify.conftest import Check, ReadAll

ROWS = [("ann", "2025-01-01", 10.5, "x"), ("007", "2025-02-01", 20, None), (7, "2025-02-03", -1.25, "y")]


def shop(path: Path, table: str = "sales", rows: list[tuple[object, ...]] | None = None) -> Path:
    """Make an SQLite file with one table."""
    connection = sqlite3.connect(path)
    connection.execute(f'create table "{table}" (customer_id, timestamp text, amount real, note)')
    connection.executemany(f'insert into "{table}" values (?, ?, ?, ?)', ROWS if rows is None else rows)
    connection.commit()
    connection.close()
    return path


# --- by hand ----------------------------------------------------------------------------------------------------------


def test_the_only_table_of_a_file_is_read(read: ReadAll, tmp_path: Path) -> None:
    shop(tmp_path / "shop.sqlite")
    (found,) = read(path="shop.sqlite")
    assert found.rows["customer_id"].tolist() == ["007", "7", "ann"]
    assert found.rows["amount"].tolist() == [20, -1.25, 10.5]
    assert found.opened.types == {"customer_id": "VARCHAR", "timestamp": "VARCHAR", "amount": "DOUBLE"}
    assert found.opened.ignored == ("note",)


def test_it_goes_through_the_contract_as_a_csv_does(check: Check, tmp_path: Path) -> None:
    plain = "customer_id,timestamp,amount,note\n" + "".join(f"{c},{t},{a},x\n" for c, t, a, _ in ROWS)
    assert check(shop(tmp_path / "shop.db")).quality == check(plain).quality


@pytest.mark.parametrize(
    "source",
    [{"table": "sales"}, {"table": "SALES"}, {"query": "select * from sales where amount > 0;"}],
)
def test_a_table_or_query_is_named(read: ReadAll, tmp_path: Path, source: dict[str, str]) -> None:
    shop(tmp_path / "shop.db")
    shop(tmp_path / "shop.db", "other")
    assert len(read(path="shop.db", **source)[0].rows) == (3 if "table" in source else 2)


@pytest.mark.parametrize("table", ['the "sales"', "select", "a;b", "客户"])
def test_odd_names_work(read: ReadAll, tmp_path: Path, table: str) -> None:
    shop(tmp_path / "it's #1?.db", table.replace('"', '""'))
    assert len(read(path="it's #1?.db", table=table)[0].rows) == 3


def test_days_as_numbers_are_declared(check: Check, tmp_path: Path) -> None:
    path = shop(tmp_path / "shop.db", rows=[("ann", 1735689600, 1.0, None), ("bob", 1735689600, 2.0, None)])
    assert str(check(path, date_format="epoch_s").table("transactions")["day"][0].date()) == "2025-01-01"


def test_a_column_of_numbers_with_a_text_far_down_loses_no_row(
    check: Check, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("custlib.identify.databases.ROWS", 2)
    rows = [("ann", "2025-01-01", n, None) for n in range(5)] + [("bob", "2025-01-01", "n/a", None)]
    quality = check(shop(tmp_path / "shop.db", rows=rows)).quality
    assert (quality["rows_used"], quality["reasons"]) == (5, {"unreadable_amount": 1})


# --- refused ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ({}, r"shop.db: has 2 tables \(other, sales\). Name one"),
        ({"table": "salez"}, "shop.db: there is no table 'salez'. Did you mean 'sales'"),
        ({"query": "select nix from sales"}, "shop.db: cannot be read: no such column: nix"),
        ({"query": "delete from sales"}, "shop.db: cannot be read: near .*syntax error"),
        ({"query": "select customer_id from sales"}, "shop.db: column 'timestamp' is missing"),
    ],
)
def test_a_wrong_table_or_query_is_refused(read: ReadAll, tmp_path: Path, source: dict[str, str], said: str) -> None:
    shop(tmp_path / "shop.db")
    shop(tmp_path / "shop.db", "other")
    with pytest.raises(TableError, match=said):
        read(path="shop.db", **source)
    assert not list((tmp_path / "tables").glob("staged_*"))


def test_a_file_that_is_no_database_is_refused(read: ReadAll, tmp_path: Path) -> None:
    (tmp_path / "shop.db").write_text("customer_id,timestamp\n")
    with pytest.raises(TableError, match="shop.db: is no SQLite database"):
        read(path="shop.db")


def test_a_damaged_database_is_refused(read: ReadAll, tmp_path: Path) -> None:
    path = shop(tmp_path / "shop.db", rows=[(f"c{n}", "2025-01-01", n, None) for n in range(9_999)])
    content = bytearray(path.read_bytes())
    content[8192:200_000] = b"\x55" * (200_000 - 8192)
    path.write_bytes(content)
    with pytest.raises(TableError, match="shop.db: cannot be read: "):
        read(path="shop.db")
    assert not list((tmp_path / "tables").glob("staged_*"))


def test_a_database_is_only_read(read: ReadAll, tmp_path: Path) -> None:
    before = shop(tmp_path / "shop.db").read_bytes()
    (tmp_path / "shop.db").chmod(0o444)
    read(path="shop.db")
    assert (tmp_path / "shop.db").read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["shop.db", "tables"]


@pytest.mark.parametrize("value", [None, "", "  "])
def test_a_variable_that_is_not_set_is_named(read: ReadAll, monkeypatch: pytest.MonkeyPatch, value: str | None) -> None:
    monkeypatch.delenv("SHOP_DB_URL", raising=False)
    if value is not None:
        monkeypatch.setenv("SHOP_DB_URL", value)
    with pytest.raises(UsageError, match="sales: the environment variable SHOP_DB_URL is not set"):
        read(url_env="SHOP_DB_URL", table="sales")


@pytest.mark.parametrize(
    ("address", "fault", "said"),
    [
        ("tiger", UsageError, "SHOP_DB_URL holds no address"),
        ("host=db password=tiger", UsageError, "SHOP_DB_URL holds no address"),
        ("nosuch://shop:tiger@db/sales", UsageError, "holds no address that SQLAlchemy knows"),
        ("postgresql://shop:tiger@127.0.0.1:1/sales", RunError, "cannot be reached"),
    ],
)
def test_an_address_goes_to_its_reader_and_is_never_said(
    read: ReadAll, monkeypatch: pytest.MonkeyPatch, address: str, fault: type[Exception], said: str
) -> None:
    monkeypatch.setenv("SHOP_DB_URL", address)
    with pytest.raises(fault, match=said) as raised:
        read(url_env="SHOP_DB_URL", table="sales")
    assert "tiger" not in str(raised.value)
