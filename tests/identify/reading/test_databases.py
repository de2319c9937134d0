"""Databases: SQLite files, others through SQLAlchemy, queries made one select, refusals in our words."""

import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa

from custlib.errors import RunError, TableError, UsageError
from custlib.identify.reading.databases import is_refusal, quoted, refused, subquery, wrong
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
    monkeypatch.setattr("custlib.identify.reading.databases.ROWS", 2)
    rows = [("ann", "2025-01-01", n, None) for n in range(5)] + [("bob", "2025-01-01", "none of it", None)]
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


SHOP = [
    {"Client": 17850, "sold": sa.func.datetime("2025-01-01 12:00:00"), "amount": 10.5},
    {"Client": 7, "sold": sa.func.datetime("2025-02-01 12:00:00"), "amount": None},
]
COLUMNS = {"customer_id": "Client", "timestamp": "sold"}


@pytest.fixture
def address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An SQLite file with the table ``sales``, its address in SHOP_DB_URL."""
    url = f"sqlite+pysqlite:///{tmp_path / 'shop.file'}"
    engine = sa.create_engine(url)
    named = (sa.Column("Client", sa.Integer), sa.Column("sold", sa.Text), sa.Column("amount", sa.Numeric(12, 2)))
    table = sa.Table("sales", sa.MetaData(), *named)
    with engine.begin() as connection:
        table.create(connection)
        for row in SHOP:
            connection.execute(table.insert().values(row))
    engine.dispose()
    monkeypatch.setenv("SHOP_DB_URL", url)
    return url


@pytest.mark.usefixtures("address")
def test_a_table_is_read(read: ReadAll) -> None:
    (shop,) = read(url_env="SHOP_DB_URL", table="sales", columns=COLUMNS)
    assert shop.rows["customer_id"].tolist() == ["17850", "7"]
    assert shop.opened.types == {"customer_id": "VARCHAR", "timestamp": "VARCHAR", "amount": "DOUBLE"}


@pytest.mark.usefixtures("address")
def test_colons_of_a_query_are_no_parameters(read: ReadAll) -> None:
    query = "select * from sales where sold <> 'a:b' and sold like '2025-01-01 12:00%' -- one;"
    assert len(read(url_env="SHOP_DB_URL", query=query, columns=COLUMNS)[0].rows) == 1


@pytest.mark.usefixtures("address")
def test_many_rows_come_in_blocks(read: ReadAll, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("custlib.identify.reading.databases.ROWS", 100)
    query = (
        "with recursive n(x) as (select 1 union all select x + 1 from n where x < 1050) "
        "select x as customer_id, '2025-01-01' as timestamp from n"
    )
    assert len(read(url_env="SHOP_DB_URL", query=query)[0].rows) == 1050


@pytest.mark.usefixtures("address")
@pytest.mark.parametrize(
    ("source", "said"),
    [
        ({"table": "nix"}, "nix: there is no table 'nix'"),
        ({"query": "select nix from sales"}, r"the database refuses it \(OperationalError\)"),
        ({"query": "delete from sales"}, r"the database refuses it \(OperationalError\)"),
        ({"table": "sales"}, "column 'customer_id' is missing(.|\n)*Available: Client, amount, sold"),
    ],
)
def test_a_wrong_table_or_query_is_said_without_the_address(
    read: ReadAll, tmp_path: Path, source: dict[str, str], said: str
) -> None:
    with pytest.raises(TableError, match=said) as fault:
        read(url_env="SHOP_DB_URL", **source)
    assert "shop.file" not in str(fault.value)
    assert not list((tmp_path / "tables").glob("staged_*"))


def test_a_database_that_is_not_there_is_not_made(
    read: ReadAll, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_DB_URL", f"sqlite+pysqlite:///{tmp_path / 'none.file'}")
    with pytest.raises(RunError, match="sales: the database of SHOP_DB_URL has no database of that name"):
        read(url_env="SHOP_DB_URL", table="sales")
    assert not (tmp_path / "none.file").exists()


def test_a_driver_that_is_not_installed_is_named(read: ReadAll, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_DB_URL", "mysql+pymysql://shop:tiger@db/sales")
    with pytest.raises(UsageError, match=r"the driver of this database is not installed \(pymysql\)") as fault:
        read(url_env="SHOP_DB_URL", table="sales")
    assert "tiger" not in str(fault.value)


@pytest.mark.parametrize("name", ["day", 'the "day"', "a;b", "it's", "客户"])
def test_any_name_can_be_quoted(name: str) -> None:
    connection = sqlite3.connect(":memory:")
    assert connection.execute(f"select 1 as {quoted(name)}").description[0][0] == name
    connection.close()


@pytest.mark.parametrize("query", ["select 1 as x", " select 1 as x; ", "select 1 as x -- all;", "values (1)"])
def test_one_can_select_from_any_query(query: str) -> None:
    connection = sqlite3.connect(":memory:")
    assert connection.execute(f"select * from {subquery(query)}").fetchall() == [(1,)]
    connection.close()


@pytest.mark.parametrize("query", ["create table x (y)", "select 1; select 2", "drop table x"])
def test_what_is_no_select_is_an_error(query: str) -> None:
    connection = sqlite3.connect(":memory:")
    with pytest.raises(sqlite3.Error):
        connection.execute(f"select * from {subquery(query)}")
    connection.close()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('FATAL:  password authentication failed for user "shop"', "refuses the user or the password"),
        ("(1045, \"Access denied for user 'shop'@'10.0.0.7' (using password: YES)\")", "refuses the user"),
        ("Login failed for user 'shop'.", "refuses the user"),
        ('FATAL:  database "shop" does not exist', "has no database of that name"),
        ("(1049, \"Unknown database 'shop'\")", "has no database of that name"),
        ('could not translate host name "db" to address', "there is no host of that name"),
        ("[Errno -2] Name or service not known", "there is no host of that name"),
        ("connection to 10.0.0.7 failed: Connection refused", "cannot be reached"),
        ("timed out", "cannot be reached"),
        ("FATAL: sorry, too many clients already", "has too many connections"),
    ],
)
def test_refusals_of_drivers_are_said_without_their_words(text: str, said: str) -> None:
    fault = OSError(text)
    assert is_refusal(fault)
    message = str(refused("sales", "SHOP_DB_URL", fault))
    assert said in message
    assert not {"shop", "10.0.0.7", "db"} & set(message.replace("'", " ").replace('"', " ").split())


def test_an_unknown_refusal_is_named_by_its_kind_only() -> None:
    fault = ValueError("secret words")
    assert not is_refusal(fault)
    assert "cannot be opened (ValueError)" in str(refused("sales", "SHOP_DB_URL", fault))
    assert "secret" not in str(refused("sales", "SHOP_DB_URL", fault))


def test_a_wrong_query_says_what_to_correct() -> None:
    assert str(wrong("sales", "there is no such table")) == (
        "sales: there is no such table. Correct table or query in the project file."
    )
