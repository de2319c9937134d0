"""PostgreSQL: every type as it is meant, refusals without the address, nothing left behind."""

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from custlib.errors import CustlibError, RunError, TableError, UsageError
from custlib.identify.reading.inputs import Input
from custlib.identify.reading.sources import fingerprint
from custlib.project import Source
from tests.identify import postgres_server
from tests.identify.conftest import ReadAll

pytestmark = pytest.mark.skipif(bool(postgres_server.missing()), reason=postgres_server.missing())

Sql = Callable[[str], None]
SALES = """
    create sequence counted;
    create table sales (customer_id numeric(20, 0), sold timestamptz, amount numeric(12, 2), note text);
    insert into sales values
        (12345678901234567890, '2025-01-01 00:30+01', 10.10, 'x'),
        (7, '2025-02-01 12:00+00', -2.5, null),
        (7, null, null, null);
"""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with postgres_server.server() as address:
        yield address


@pytest.fixture
def sql(url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sql]:
    """Run statements in an empty database whose address is in SHOP_DB_URL."""
    import adbc_driver_postgresql.dbapi as driver

    monkeypatch.setenv("SHOP_DB_URL", url)
    with driver.connect(url) as connection, connection.cursor() as cursor:

        def run(text: str) -> None:
            for statement in filter(str.strip, text.split(";")):
                cursor.execute(statement)
            connection.commit()

        run("drop schema public cascade; create schema public")
        yield run


# --- by hand ----------------------------------------------------------------------------------------------------------


def test_a_table_is_read(read: ReadAll, sql: Sql) -> None:
    sql(SALES)
    (shop,) = read(url_env="SHOP_DB_URL", table="sales", columns={"timestamp": "sold"})
    assert shop.given.name == "sales"
    assert shop.opened.types == {
        "customer_id": "VARCHAR", "timestamp": "TIMESTAMP WITH TIME ZONE", "amount": "DOUBLE",
    }  # fmt: skip
    assert shop.rows["customer_id"].tolist() == ["12345678901234567890", "7", "7"]
    assert shop.rows["amount"].tolist()[:2] == [10.1, -2.5]
    assert shop.opened.ignored == ("note",)


@pytest.mark.parametrize("query", ["select * from sales where amount > 0", "select * from sales limit 1 -- one;", ""])
def test_a_query_or_a_table_with_its_schema_is_read(read: ReadAll, sql: Sql, query: str) -> None:
    sql(SALES)
    what = {"query": query} if query else {"table": "public.sales"}
    (shop,) = read(url_env="SHOP_DB_URL", columns={"timestamp": "sold"}, **what)
    assert len(shop.rows) == (1 if query else 3)
    assert shop.given.name == ("query of SHOP_DB_URL" if query else "public.sales")


@pytest.mark.parametrize(
    ("kind", "value", "as_id", "as_money"),
    [
        ("integer", "7", 7, 7.0),
        ("bigint", "9007199254740993", 9007199254740993, 9007199254740993),
        ("smallint", "7", 7, 7.0),
        ("numeric", "0.1", "0.1", 0.1),
        ("numeric(30,10)", "0.5", "0.5000000000", 0.5),
        ("real", "0.1", "0.1", 0.1),
        ("double precision", "17850", "17850", 17850.0),
        ("money", "'12.34'", "$12.34", 12.34),
        ("text", "'1,5'", "1,5", "1,5"),
        ("varchar(9)", "' x '", " x ", " x "),
        ("char(4)", "'7'", "7", "7"),
        ("uuid", "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", None),
        ("mood", "'ok'", "ok", "ok"),
        ("jsonb", "'\"a\"'", '"a"', '"a"'),
        ("bytea", "'\\x0102'", "\\x0102", "\\x0102"),
        ("inet", "'10.0.0.1'", "10.0.0.1/32", None),
    ],
)
@pytest.mark.sampled
def test_ids_keep_every_digit_and_money_is_a_number(
    read: ReadAll, sql: Sql, kind: str, value: str, as_id: Any, as_money: Any
) -> None:
    sql("create type mood as enum ('ok')")
    sql(f"create table s (customer_id {kind}, timestamp date, amount {kind})")
    sql(f"insert into s values ({value}, '2025-01-01', {value})")
    row = read(url_env="SHOP_DB_URL", table="s")[0].rows.iloc[0]
    assert row["customer_id"] == as_id
    assert as_money is None or row["amount"] == as_money


@pytest.mark.parametrize(
    ("kind", "duck"),
    [
        ("date", "DATE"),
        ("timestamp", "TIMESTAMP"),
        ("timestamptz", "TIMESTAMP WITH TIME ZONE"),
        ("text", "VARCHAR"),
        ("bigint", "BIGINT"),
    ],
)
def test_days_stay_days_and_endless_ones_are_missing(read: ReadAll, sql: Sql, kind: str, duck: str) -> None:
    sql(f"create table s (customer_id int, timestamp {kind})")
    never = "null" if kind in ("text", "bigint") else "'infinity'"
    day = "20250101" if kind == "bigint" else "'2025-01-01'"
    sql(f"insert into s values (1, {day}), (2, {never})")
    (shop,) = read(url_env="SHOP_DB_URL", table="s")
    assert shop.opened.types["timestamp"] == duck
    assert shop.rows.set_index("customer_id")["timestamp"].isna().to_dict() == {1: False, 2: True}


def test_odd_names_work(read: ReadAll, sql: Sql) -> None:
    sql('create table "Odd ""Sales""" ("Client No" int, "select" date)')
    sql('insert into "Odd ""Sales""" values (1, \'2025-01-01\')')
    named = {"customer_id": "Client No", "timestamp": "select"}
    (shop,) = read(url_env="SHOP_DB_URL", table='Odd "Sales"', columns=named)
    assert shop.rows["timestamp"].tolist() == [dt.datetime(2025, 1, 1)]


def test_equal_rows_have_equal_fingerprints(sql: Sql) -> None:
    sql(SALES)
    entry = Input(Source(url_env="SHOP_DB_URL", table="sales", columns={"timestamp": "sold"}), "sales", None)
    first = fingerprint(entry)
    sql(
        "create table other as select * from sales order by amount; drop table sales; alter table other rename to sales"
    )
    assert fingerprint(entry) == first
    sql("update sales set amount = 11 where amount > 0")
    assert fingerprint(entry) != first


# --- refused ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("shop:", "shop:x"), "refuses the user or the password"),
        (("//shop", "//nobody"), "refuses the user or the password"),
        (("/postgres", "/nodb"), "has no database of that name"),
        (("@127.0.0.1", "@nohost.invalid"), "there is no host of that name"),
        (("?", "?"), None),
    ],
)
def test_a_database_that_refuses_is_said_without_its_address(
    read: ReadAll, sql: Sql, monkeypatch: pytest.MonkeyPatch, url: str, change: tuple[str, str], said: str | None
) -> None:
    sql(SALES)
    address = url.replace(*change) if said else "postgresql://shop:secret@127.0.0.1:1/postgres"
    monkeypatch.setenv("SHOP_DB_URL", address)
    with pytest.raises(RunError, match=f"sales: the database of SHOP_DB_URL .*{said or 'cannot be reached'}") as fault:
        read(url_env="SHOP_DB_URL", table="sales")
    check_silence(fault.value, address)


def test_a_database_that_ends_while_it_is_read_is_said(read: ReadAll, sql: Sql, url: str, tmp_path: Path) -> None:
    sql("select 1")
    ends = "select pg_terminate_backend(pg_backend_pid())::text as customer_id, date '2025-01-01' as timestamp"
    with pytest.raises(RunError, match="the database of SHOP_DB_URL ended the connection") as fault:
        read(url_env="SHOP_DB_URL", query=ends)
    check_silence(fault.value, url)
    assert not list((tmp_path / "tables").glob("staged_*"))


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ({"table": "nix"}, "nix: there is no such table"),
        ({"table": "nix.sales"}, "there is no such (schema|table)"),
        ({"query": "selec"}, "the query is no select"),
        ({"query": "select nix from sales"}, "the query names a column that is not there"),
        ({"query": "delete from sales returning *"}, "the query is no select"),
        ({"query": "select 1; drop table sales"}, "the query is no select"),
        ({"query": "select nextval('counted') as customer_id, sold as timestamp from sales"}, "the query would write"),
        (
            {
                "query": "select (i + (1/(i-5000))::text::int) as customer_id, date '2025-01-01' as timestamp "
                "from generate_series(1, 9999) i"
            },
            "the query divides by zero",
        ),
        ({"query": "select 1/0 as customer_id, sold as timestamp from sales"}, "the query divides by zero"),
        ({"table": "sales"}, "column 'timestamp' is missing. Available: amount, customer_id, note, sold"),
    ],
)
@pytest.mark.sampled
def test_a_wrong_table_or_query_is_said_without_the_address(
    read: ReadAll, sql: Sql, url: str, tmp_path: Path, source: dict[str, str], said: str
) -> None:
    sql(SALES)
    with pytest.raises(TableError, match=said) as fault:
        read(url_env="SHOP_DB_URL", **source)
    check_silence(fault.value, url)
    assert not list((tmp_path / "tables").glob("staged_*"))
    columns = {"timestamp": "sold"}
    assert len(read(url_env="SHOP_DB_URL", table="sales", columns=columns)[0].rows) == 3


def test_a_missing_variable_is_named(read: ReadAll, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SHOP_DB_URL", raising=False)
    with pytest.raises(UsageError, match="sales: the environment variable SHOP_DB_URL is not set"):
        read(url_env="SHOP_DB_URL", table="sales")


def check_silence(fault: CustlibError, url: str) -> None:
    """Hold a message against every part of an address, the password also as it is not quoted."""
    address = url.removeprefix("postgresql://")
    assert address not in str(fault)
    for secret in (address.partition("@")[0].partition(":")[2], postgres_server.PASSWORD, "127.0.0.1", "nohost"):
        assert secret not in str(fault)
