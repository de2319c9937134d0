"""Any other database: rows in blocks through SQLAlchemy, here an SQLite file by its address."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from custlib.errors import RunError, TableError, UsageError
from tests.identify.conftest import ReadAll

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
    monkeypatch.setattr("custlib.identify.alchemy.ROWS", 100)
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
