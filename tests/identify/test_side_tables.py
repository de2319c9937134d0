"""Side tables of a project end to end: read once, hashed, forgotten by nobody, and no secret in sight."""

import datetime as dt
import json
import sqlite3
from pathlib import Path

import pytest

from custlib.engine import open_engine
from custlib.engine.base import Engine
from custlib.identify.side_tables import make_none
from tests.identify.listed_shops import listed, open_shop, rows_of

LIST = "customer_id,Region,geb\nann,South,\nzoe,East,2000-02-29\n"
BILLS = "customer_id,due,paid\nann,2025-03-31,2025-04-15\nbob,2025-05-31,\n"


def test_tables_depend_on_the_content_of_registers(tmp_path: Path) -> None:
    first = open_shop(tmp_path, customers=listed(LIST), invoices={"text": BILLS})
    same = open_shop(tmp_path, customers=listed(LIST), invoices={"text": BILLS})
    other = open_shop(tmp_path, customers=listed(LIST.replace("East", "West")), invoices={"text": BILLS})
    paid = open_shop(tmp_path, customers=listed(LIST), invoices={"text": BILLS + "bob,2025-06-15,\n"})
    without = open_shop(tmp_path)
    assert first.data_id == same.data_id
    assert len({first.data_id, other.data_id, paid.data_id, without.data_id}) == 4


def test_a_corrected_register_reads_no_purchase_again(tmp_path: Path) -> None:
    open_shop(tmp_path, customers=listed(LIST)).make("transactions")
    shop = open_shop(tmp_path, customers=listed(LIST.replace("East", "West")))
    shop.make("transactions")
    increment = shop.get("increment")
    assert (increment["inputs_kept"], increment["inputs_new"], increment["rows_new"]) == (1, 0, 0)
    assert ("zoe", "West", "2000-02-29") in rows_of(shop, "customer_attributes")


def test_a_register_of_a_database_is_copied_and_the_copy_released(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "crm.sqlite") as base:
        base.execute("create table crm (customer_id, Region, geb)")
        base.executemany("insert into crm values (?, ?, ?)", [("ann", "South", None), ("007", 7, "1980-05-01")])
    base.close()
    shop = open_shop(tmp_path, customers={"path": "crm.sqlite", "attributes": {"region": "Region", "born": "geb"}})
    assert rows_of(shop, "customer_attributes") == [("007", "7", "1980-05-01"), ("ann", "South", None)]
    assert not list((tmp_path / "work" / "staged" / "shop").iterdir())


def test_the_address_of_a_database_is_in_no_file_of_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with sqlite3.connect(tmp_path / "secret_place.db") as base:
        base.execute("create table bills (customer_id, due, paid)")
        base.execute("insert into bills values ('ann', '2025-03-31', null)")
    base.close()
    monkeypatch.setenv("BILLS_URL", f"sqlite:///{tmp_path}/secret_place.db")
    shop = open_shop(tmp_path, invoices={"url_env": "BILLS_URL", "table": "bills"})
    assert rows_of(shop, "invoices") == [("ann", "2025-03-31", None, None)]
    kept = [path for path in (tmp_path / "work").rglob("*") if path.is_file()]
    assert not [path for path in kept if b"secret_place" in path.read_bytes()]


def test_rows_as_they_were_read_are_removed(tmp_path: Path) -> None:
    shop = open_shop(tmp_path, customers=listed(LIST), invoices={"text": BILLS})
    shop.make("transactions")
    assert not [path.name for path in shop.folder.iterdir() if "_read_" in path.name]


def test_the_quality_record_keeps_what_became_of_every_row(tmp_path: Path) -> None:
    shop = open_shop(tmp_path, customers=listed(LIST + ",West,\nann,South,\n"), invoices={"text": BILLS + "ann,x,\n"})
    shop.make("transactions")
    kept = json.loads((shop.folder / "quality.json").read_text())["registers"]
    for register in kept.values():
        used = register["rows_used"] + register["rows_quarantined"] + register["rows_removed"]
        assert register["rows_read"] == used
        assert sum(register["reasons"].values()) == register["rows_quarantined"]


def test_segmentations_know_what_there_is(tmp_path: Path) -> None:
    shop = open_shop(tmp_path, customers=listed(LIST), invoices={"text": BILLS})
    assert {"invoices", "attribute_region", "attribute_birth_date"} <= shop.get("available_sources")
    assert not open_shop(tmp_path / "b").get("available_sources") & {"invoices", "attribute_region"}


@pytest.fixture
def empty(tmp_path: Path) -> Engine:
    engine = open_engine("duckdb", tmp_path)
    engine.make(
        "transactions",
        "select 1 as customer_id, date '2025-01-01' as day, cast(1 as decimal(18, 4)) as amount, 1 as profit,"
        " true as is_purchase, false as is_refund, cast(null as varchar) as product",
    )
    return engine


def test_a_project_without_registers_has_empty_tables(empty: Engine) -> None:
    for name in ("customer_attributes", "invoices"):
        make_none(empty, name)
        assert empty.fetch(f"select count(*) as n from {name}")["n"].item() == 0
        assert empty.columns(name)["customer_id"] == empty.columns("transactions")["customer_id"]


def test_measures_at_two_dates_through_the_workspace(tmp_path: Path) -> None:
    """The shop's history with invoices and attributes, from its files to the customers at two dates."""
    from custlib.segment import snapshots
    from custlib.value.history import Money

    shop = open_shop(tmp_path, customers=listed(LIST), invoices={"text": BILLS})
    engine = shop.make("transactions", "customer_attributes", "invoices")
    needs = ("attribute_region", "invoices_due", "invoices_late", "invoices_overdue", "worst_delay")
    wanted = [snapshots.at(dt.date(2025, 4, 10)), snapshots.at(dt.date(2025, 6, 30))]
    snapshots.make_history(engine, wanted, needs, Money())
    found = {}
    for point in wanted:
        snapshots.make_snapshot(engine, point, needs, last=wanted[-1].until, daily_rate=0.0)
        rows = engine.fetch(f"select customer_id, {', '.join(needs)} from {point.table}").astype(object)
        kept = rows.where(rows.notna(), None)
        found[point.name] = {row[0]: row[1:] for row in kept.itertuples(index=False, name=None)}
    nothing = (None,) * 4
    assert found == {
        "20250410": {"007": (None, *nothing), "ann": ("South", 1, 1, 1, 10), "bob": (None, *nothing)},
        "20250630": {"007": (None, *nothing), "ann": ("South", 1, 1, 0, 15), "bob": (None, 1, 1, 1, 30)},
    }
