"""A source of any name is that file and no pattern, from the project file to the tables."""

import json
import os
import shutil
import sqlite3
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from custlib import project
from custlib.errors import UsageError
from custlib.identify.contract import make_transactions
from tests.bases import SharedDuckDB

NAMES = ["a[1]", "a*b", "a?b", "it's", 'd"e', "n\nl", "s p", "é"]
ROW = {"customer_id": "ann", "timestamp": "2025-01-01", "amount": "3"}
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="most of these names cannot be there")


def write(path: Path, row: dict[str, str] = ROW) -> Path:
    """One purchase in a file of any kind."""
    if path.suffix == ".csv":
        path.write_text(",".join(row) + "\n" + ",".join(row.values()) + "\n")
    elif path.suffix == ".jsonl":
        path.write_text(json.dumps(row) + "\n")
    elif path.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist([row]), path)
    elif path.suffix == ".xlsx":
        book = pytest.importorskip("openpyxl").Workbook()
        book.active.append(list(row))
        book.active.append(list(row.values()))
        book.save(path)
    else:
        connection = sqlite3.connect(path)
        connection.execute(f"create table sales as select {', '.join(f'? as {name}' for name in row)}", [*row.values()])
        connection.commit()
        connection.close()
    return path


def customers(folder: Path, *paths: str) -> list[str]:
    """Ids of the customers of a project file with these sources."""
    sources = "".join(f"[[sources]]\npath = {json.dumps(path)}\n" for path in paths)
    if len(paths) == 1:
        sources = sources.replace("[[sources]]", "[source]")
    (folder / "shop.toml").write_text(f'id = "shop"\nname = "Shop"\nas_of = 2025-06-30\n{sources}')
    engine = SharedDuckDB(folder / "work")
    try:
        make_transactions(engine, project.load(folder / "shop.toml"))
        return list(engine.fetch("select customer_id from transactions order by customer_id")["customer_id"])
    finally:
        engine.close()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.sampled
def test_a_file_and_the_folder_of_its_project_may_have_any_name(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    folder.mkdir()
    write(folder / f"{name}.csv")
    assert customers(folder, f"{name}.csv") == ["ann"]


@pytest.mark.parametrize("suffix", [".parquet", ".jsonl", ".xlsx", ".sqlite"])
@pytest.mark.sampled
def test_a_file_of_any_kind_and_its_folder_may_have_any_name(tmp_path: Path, suffix: str) -> None:
    for number, name in enumerate(NAMES):
        (tmp_path / name).mkdir()
        write(tmp_path / name / f"{name}{suffix}", ROW | {"customer_id": f"c{number}"})
    places = [f"{name}/{name}{suffix}" for name in NAMES]
    assert customers(tmp_path, *places) == [f"c{number}" for number in range(len(NAMES))]


def test_a_pattern_may_stand_below_a_folder_that_looks_like_one(tmp_path: Path) -> None:
    folder = tmp_path / "a[1]"
    (folder / "b[2]").mkdir(parents=True)
    write(folder / "b[2]" / "x.csv")
    write(folder / "b[2]" / "y.csv", ROW | {"customer_id": "bob"})
    shutil.copytree(folder, tmp_path / "a1")
    assert customers(folder, "b[2]/*.csv") == ["ann", "bob"]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="names are UTF-8 elsewhere")
@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_name_that_is_not_utf8_is_said(tmp_path: Path, suffix: str) -> None:
    (tmp_path / "sales").mkdir()
    write(tmp_path / f"x{suffix}").rename(tmp_path / "sales" / f"{os.fsdecode(bytes([0x63, 0xE9]))}{suffix}")
    with pytest.raises(UsageError, match=r"source.path: the name 'c\?\..*' holds bytes that are not UTF-8"):
        customers(tmp_path, "sales")


def test_a_path_with_a_zero_byte_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="path holds a zero byte"):
        customers(tmp_path, "a\0.csv")


def test_a_path_that_is_too_long_is_said(tmp_path: Path) -> None:
    with pytest.raises(Exception, match=r"no such file|too long"):
        customers(tmp_path, "a" * 300 + ".csv")
