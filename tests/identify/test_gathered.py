import sqlite3

import pytest

from custlib import project as projects
from custlib.errors import TableError
from custlib.identify.gathered import Gathered
from custlib.report.production import run_project

SHOP = {"id": "shop", "name": "Shop", "as_of": "2025-06-30"}


def gathered(tmp_path, **source):
    return Gathered(projects.build(SHOP | {"source": source, "folder": tmp_path}), tmp_path / "work")


def test_a_file_is_read_where_it_is(tmp_path):
    (tmp_path / "a.csv").write_text("customer_id,timestamp\nann,2025-01-01\n")
    found = gathered(tmp_path, path="a.csv")
    assert found.paths == (tmp_path / "a.csv",)
    assert [found.hash] == found.fingerprints
    found.release()
    assert (tmp_path / "a.csv").is_file()


def test_the_hash_of_several_files_is_that_of_all(tmp_path):
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text(f"customer_id,timestamp\n{name},2025-01-01\n")
    both = gathered(tmp_path, path="*.csv")
    assert len(both.fingerprints) == 2
    assert both.hash not in both.fingerprints
    (tmp_path / "b.csv").write_text("customer_id,timestamp\nbob,2025-01-01\n")
    assert gathered(tmp_path, path="*.csv").hash != both.hash


def test_a_file_that_is_not_there_is_missing_until_it_is_read(tmp_path):
    assert gathered(tmp_path, path="none.csv").hash == "missing"


def test_a_database_is_copied_and_the_copy_released(tmp_path):
    with sqlite3.connect(tmp_path / "shop.db") as base:
        base.execute("create table sales (customer_id, timestamp)")
        base.execute("insert into sales values ('ann', '2025-01-01')")
    base.close()
    found = gathered(tmp_path, path="shop.db")
    (copy,) = found.paths
    assert copy.parent == tmp_path / "work" / "staged" / "shop"
    assert found.hash == gathered(tmp_path, path="shop.db").hash
    found.release()
    assert not copy.exists()


def test_a_run_removes_the_copy_that_a_failed_one_left(tmp_path):
    left = tmp_path / "work" / "staged" / "shop" / "staged_0.parquet"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"rows of customers")
    (tmp_path / "a.csv").write_text("customer_id,timestamp\n")
    project = projects.build(SHOP | {"source": {"path": "a.csv"}, "folder": tmp_path})
    with pytest.raises(TableError, match=r"a.csv: no rows under the header"):
        run_project(project, reports=tmp_path / "reports", work=tmp_path / "work")
    assert not left.exists()


def test_registers_are_of_the_hash_and_listed_after_the_purchases(tmp_path):
    (tmp_path / "a.csv").write_text("customer_id,timestamp\nann,2025-01-01\n")
    (tmp_path / "crm.csv").write_text("customer_id\nann\n")
    project = projects.build(SHOP | {"source": {"path": "a.csv"}, "customers": {"path": "crm.csv"}, "folder": tmp_path})
    found = Gathered(project, tmp_path / "work")
    assert [given.name for given, _ in found.listed] == ["a.csv", "crm.csv"]
    assert found.paths == (tmp_path / "a.csv", tmp_path / "crm.csv")
    assert found.hash not in (gathered(tmp_path, path="a.csv").hash, *found.fingerprints)
    (tmp_path / "crm.csv").write_text("customer_id\nbob\n")
    assert Gathered(project, tmp_path / "work").hash != found.hash
