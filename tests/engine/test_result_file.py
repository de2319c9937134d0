"""A result as a file: CSV, Parquet or Excel by its suffix, never over what is read, and no formula in it."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from custlib.engine.duckdb import DuckDB
from custlib.engine.result_file import check_target, write_result
from custlib.errors import RunError, UsageError

ROWS = """
    select * from (values ('=1+1', 1.5::double, date '2025-01-31', 7::bigint), ('@x', 'nan'::double, null, null),
        ('-5', null, null, 1), ('a,"b"', 1e20::double, null, 2), ('017', 0.1::double, null, 3))
    t(customer_id, value, day, n)"""


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[DuckDB]:
    (tmp_path / "work").mkdir()
    one = DuckDB(tmp_path / "work")
    one.seal()
    yield one
    one.close()


@pytest.fixture
def sales(tmp_path: Path) -> Path:
    file = tmp_path / "sales.csv"
    file.write_text("customer_id,timestamp\n")
    return file


def test_csv_is_text_without_formulas(engine: DuckDB, tmp_path: Path) -> None:
    write_result(engine, ROWS, tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_bytes().decode().splitlines() == [
        "customer_id,value,day,n",
        "'=1+1,1.5,2025-01-31,7",
        "'@x,,,",
        "'-5,,,1",
        '"a,""b""",1e+20,,2',
        "017,0.1,,3",
    ]


def test_parquet_keeps_every_value_as_it_is(engine: DuckDB, tmp_path: Path) -> None:
    write_result(engine, ROWS, tmp_path / "out.parquet")
    rows = pd.read_parquet(tmp_path / "out.parquet")
    assert list(rows["customer_id"]) == ["=1+1", "@x", "-5", 'a,"b"', "017"]


def test_excel_holds_texts_numbers_and_days_without_formulas(engine: DuckDB, tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    write_result(engine, ROWS, tmp_path / "out.xlsx")
    rows = list(openpyxl.load_workbook(tmp_path / "out.xlsx").active.iter_rows(values_only=True))
    assert rows[0] == ("customer_id", "value", "day", "n")
    assert [row[0] for row in rows[1:]] == ["'=1+1", "'@x", "'-5", 'a,"b"', "017"]
    assert [row[1] for row in rows[1:]] == [1.5, None, None, 1e20, 0.1]
    assert str(rows[1][2])[:10] == "2025-01-31"


def test_signs_that_a_workbook_cannot_hold_are_replaced(engine: DuckDB, tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    write_result(engine, "select 'a' || chr(1) || 'b' as x", tmp_path / "out.xlsx")
    assert openpyxl.load_workbook(tmp_path / "out.xlsx").active["A2"].value == "a\ufffdb"


def test_a_workbook_has_a_last_row(engine: DuckDB, tmp_path: Path) -> None:
    pytest.importorskip("openpyxl")
    with pytest.raises(UsageError, match=r"--out: out.xlsx: 1,048,576 rows are more than .* 1,048,575.* \.csv"):
        write_result(engine, "select i from range(1048576) t(i)", tmp_path / "out.xlsx")
    assert not list(tmp_path.glob("*out*"))


@pytest.mark.parametrize("name", ["out", "out.json", "out.csv.gz", "out.xls"])
def test_another_suffix_is_refused(tmp_path: Path, sales: Path, name: str) -> None:
    with pytest.raises(UsageError, match=rf"--out: {name}: .* Give one of \.csv, \.parquet, \.xlsx"):
        check_target(tmp_path / name, [sales])


def test_the_suffix_may_be_in_capitals(engine: DuckDB, tmp_path: Path) -> None:
    check_target(tmp_path / "OUT.CSV", [])
    write_result(engine, "select 1 as x", tmp_path / "OUT.CSV")
    assert (tmp_path / "OUT.CSV").read_text() == "x\n1\n"


def test_a_folder_or_a_place_in_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").mkdir()
    for out in (tmp_path / "a.csv", tmp_path / "none" / "o.csv"):
        with pytest.raises(UsageError, match="is a directory or lies in none"):
            check_target(out, [])


def test_the_input_is_not_written_over_by_any_name(tmp_path: Path, sales: Path) -> None:
    (tmp_path / "link.csv").symlink_to(sales)
    os.link(sales, tmp_path / "hard.csv")
    for name in ("sales.csv", "link.csv", "hard.csv", "../" + tmp_path.name + "/sales.csv"):
        with pytest.raises(UsageError, match="is the file of purchases itself. Name another file"):
            check_target(tmp_path / name, [tmp_path / "other.csv", sales])
    with pytest.raises(UsageError, match="is the file of purchases itself"):
        check_target(sales, [tmp_path / "link.csv"])


def test_the_unpacked_name_of_an_input_is_refused(tmp_path: Path) -> None:
    (tmp_path / "sales.csv.gz").write_bytes(b"")
    with pytest.raises(UsageError, match=r"sales.csv is the unpacked name of sales.csv.gz"):
        check_target(tmp_path / "sales.csv", [tmp_path / "sales.csv.gz"])


def test_a_file_in_a_folder_that_is_read_is_refused(tmp_path: Path, sales: Path) -> None:
    with pytest.raises(UsageError, match="lies in the folder of purchases, so the next run would read it"):
        check_target(tmp_path / "out.csv", [tmp_path])


@pytest.mark.skipif(sys.platform == "win32", reason="devices are no paths there")
def test_a_device_or_another_special_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "null.csv").symlink_to("/dev/null")
    for name in ("pipe.csv", "null.csv"):
        with pytest.raises(UsageError, match=f"--out: {name} is a device or another special file"):
            check_target(tmp_path / name, [])
    with pytest.raises(UsageError, match="--out: null"):
        check_target(Path("/dev/null"), [])


def test_a_link_stays_and_its_file_is_written(engine: DuckDB, tmp_path: Path) -> None:
    (tmp_path / "real.csv").write_text("old")
    (tmp_path / "link.csv").symlink_to(tmp_path / "real.csv")
    write_result(engine, "select 1 as x", tmp_path / "link.csv")
    assert (tmp_path / "link.csv").is_symlink()
    assert (tmp_path / "real.csv").read_text() == "x\n1\n"


def test_a_missing_package_names_its_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(UsageError, match=r'--out: Excel needs openpyxl: pip install "custlib\[excel\]"'):
        check_target(tmp_path / "out.xlsx", [])


def test_a_failure_leaves_the_last_result_and_nothing_else(engine: DuckDB, tmp_path: Path) -> None:
    (tmp_path / "out.csv").write_text("the last one")
    with pytest.raises(Exception, match="no_such_column"):
        write_result(engine, "select no_such_column", tmp_path / "out.csv")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.csv", "work"]
    assert (tmp_path / "out.csv").read_text() == "the last one"
    assert not list((tmp_path / "work").glob("result*"))


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission_is_said(engine: DuckDB, tmp_path: Path) -> None:
    shut = tmp_path / "shut"
    shut.mkdir(mode=0o500)
    with pytest.raises(RunError, match="--out: out.csv: Permission denied"):
        write_result(engine, "select 1 as x", shut / "out.csv")


def test_rows_for_one_pair_of_eyes(engine: DuckDB, tmp_path: Path) -> None:
    write_result(engine, "select 1 as x", tmp_path / "out.csv", mode=0o600)
    assert (tmp_path / "out.csv").stat().st_mode & 0o777 == 0o600
