"""The sources: what a file names is found, what is no table is refused in one sentence."""

import datetime as dt
import gzip
import hashlib
import random
import sqlite3
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from custlib import project as projects
from custlib.engine.duckdb import DuckDB
from custlib.errors import TableError
from custlib.identify.reading.inputs import inputs, inputs_of
from custlib.identify.reading.sources import Gathered, fingerprint, open_input, release, stage
from custlib.project import Project, Source
from custlib.report.production import run_project
from tests.identify.conftest import Check, ReadAll

SHOP = "customer_id,timestamp,amount\nann,2025-01-01,10\nbob,2025-02-01,20\n"
ROWS = [["ann", "2025-01-01", "10"], ["bob", "2025-02-01", "20"]]


def long_shop(lines: int = 120_000) -> str:
    """A shop over a megabyte long that does not pack well."""
    draw = random.Random(7)
    rows = (f"c{draw.randrange(10**9)},2025-01-01,{draw.random():.4f}\n" for _ in range(lines))
    return "customer_id,timestamp,amount\n" + "".join(rows)


# --- by hand ----------------------------------------------------------------------------------------------------------


def test_standard_names_are_found(check: Check) -> None:
    quality = check(SHOP).quality
    assert quality["columns"] == {"customer_id": "customer_id", "timestamp": "timestamp", "amount": "amount"}
    assert quality["ignored_columns"] == []


def test_mapped_names_are_found(check: Check) -> None:
    names = {"customer_id": "Client No", "timestamp": "Date", "amount": "Revenue"}
    shop = check(SHOP.replace("customer_id,timestamp,amount", "Client No,Date,Revenue"), columns=names)
    assert shop.quality["columns"] == names
    assert shop.quality["money_used"] == 30


def test_names_are_matched_after_trim_and_casefold_and_it_is_said(check: Check) -> None:
    shop = check(SHOP.replace("customer_id,timestamp,amount", " Customer_ID ,TIMESTAMP,Amount"))
    assert shop.quality["rows_used"] == 2
    assert "column name ' Customer_ID ' was read as 'customer_id'" in shop.said


def test_a_file_without_header_is_named_by_the_project(check: Check) -> None:
    shop = check("ann,2025-01-01,10\n", names=("customer_id", "timestamp", "amount"))
    assert shop.quality["rows_used"] == 1


def test_extra_columns_are_listed_as_ignored(check: Check) -> None:
    shop = check("customer_id,note,timestamp,x\nann,a,2025-01-01,\n")
    assert shop.quality["ignored_columns"] == ["note", "x"]
    assert "columns ignored: note, x" in shop.said


@pytest.mark.parametrize(
    "name", ['select "from" `x`', "it's", ":as_of", "a,b", "客户 号", "drop table t; --", "customer_id_text"]
)
@pytest.mark.sampled
def test_odd_column_names_work(check: Check, name: str) -> None:
    quoted = '"' + name.replace('"', '""') + '"'
    shop = check(SHOP.replace("customer_id", quoted), columns={"customer_id": name})
    assert set(shop.table("transactions")["customer_id"]) == {"ann", "bob"}


def test_a_column_without_a_name_is_ignored(check: Check) -> None:
    assert check(",customer_id,timestamp,\n0,ann,2025-01-01,\n").quality["ignored_columns"] == ["column_1", "column_4"]


def rows_of(read: ReadAll, folder: Path, content: str, *, name: str = "sales.csv", **options: Any) -> list[list[str]]:
    """The rows of a file as texts."""
    (folder / name).write_bytes(content.encode())
    (one,) = read(path=name, **options)
    return one.rows[["customer_id", "timestamp", "amount"]].to_numpy().tolist()


@pytest.mark.parametrize("name", ["sales.csv", "sales.txt", "sales.CSV", "sa*les[1].csv", "it's ours.csv"])
def test_file_names(read: ReadAll, tmp_path: Path, name: str) -> None:
    assert rows_of(read, tmp_path, SHOP, name=name) == ROWS


@pytest.mark.parametrize(
    "content",
    [
        "\ufeff" + SHOP,
        SHOP.replace("\n", "\r\n"),
        SHOP.rstrip("\n"),
        SHOP + "\n\n",
        SHOP.replace("ann", '"ann"'),
        SHOP.replace("10", '"10"'),
    ],
    ids=["byte order mark", "carriage returns", "no last newline", "blank lines", "quoted id", "quoted amount"],
)
@pytest.mark.sampled
def test_ways_to_write_the_same_csv(read: ReadAll, tmp_path: Path, content: str) -> None:
    assert rows_of(read, tmp_path, content) == ROWS


@pytest.mark.parametrize("delimiter", [";", "\t", "|", " ", "whitespace"])
def test_declared_delimiters(read: ReadAll, tmp_path: Path, delimiter: str) -> None:
    sign = " " if delimiter == "whitespace" else delimiter
    assert rows_of(read, tmp_path, SHOP.replace(",", sign), delimiter=delimiter) == ROWS


def test_gzip_and_parquet_give_the_same(check: Check, tmp_path: Path) -> None:
    pq.write_table(
        pa.table({"customer_id": ["ann", "bob"], "timestamp": ["2025-01-01", "2025-02-01"], "amount": [10, 20]}),
        tmp_path / "sales.parquet",
    )
    plain, packed = check(SHOP), check(gzip.compress(SHOP.encode()), name="sales.csv.gz")
    typed = check(tmp_path / "sales.parquet")
    assert plain.quality == packed.quality == typed.quality


# --- refused ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", r"sales.csv: the file is empty \(0 bytes\)"),
        (b"\n\n  \n", "sales.csv: the file is empty: no header and no rows"),
        (
            "customer_id,产品\nann,礼品\n".encode("gbk"),
            r"not UTF-8 at byte 12 \(line 1\); it could be GB18030. Save it as UTF-8",
        ),
        (SHOP.encode() + b"zo\xeb,2025-01-01,1\n", r"not UTF-8 at byte \d+ \(line 4\); it could be CP1252"),
        (SHOP.encode("utf-16"), "encoding is UTF-16, not UTF-8"),
        (SHOP.encode("utf-16-le"), "a zero byte at byte 1, as in UTF-16"),
        (SHOP.replace(",", ";").encode(), "the header has no delimiter ',' but ';' parts it. Set delimiter"),
        (SHOP.replace(",", "\t").encode(), "the header has no delimiter ',' but tab parts it"),
        (b"customer;day;amount\nann;2025-01-01;1,50\nbob;2025-01-02;2,50\n", "no delimiter ',' but ';' parts it"),
        (SHOP.replace("ann,", 'ann,"').encode(), "sales.csv: a quote is opened"),
        (SHOP.encode() + b"zoe,2025-01-01\n", "a line at line 4 does not have the columns of the header"),
        (SHOP.encode() + b"zoe,2025-01-01,1,2,3\n", "a line at line 4 does not have the columns of the header"),
        (b"customer_id,amount,Amount,timestamp\na,1,2,3\n", "column 'amount' stands twice in the header"),
        (b"customer_id,amount\na,1\n", "column 'timestamp' is missing. Available: amount, customer_id"),
        (
            b"client,day\na,1\n",
            "column 'customer_id' is missing(.|\n)*column 'timestamp' is missing(.|\n)*Name your columns",
        ),
    ],
)
def test_a_file_that_is_no_table_is_refused(check: Check, content: bytes, said: str) -> None:
    with pytest.raises(TableError, match=said):
        check(content)


def test_a_mapped_column_that_is_not_there_is_named(check: Check) -> None:
    with pytest.raises(
        TableError, match=r"column 'Custmer' \(mapped from customer_id\) is missing. Did you mean 'customer_id'"
    ):
        check(SHOP, columns={"customer_id": "Custmer"})
    with pytest.raises(TableError, match=r"column 'Price' \(mapped from amount\) is missing"):
        check(SHOP, columns={"amount": "Price"})


def test_a_path_that_is_no_file_is_refused(check: Check, tmp_path: Path) -> None:
    with pytest.raises(TableError, match="is a directory. Name one CSV or Parquet file"):
        check(tmp_path)
    with pytest.raises(TableError, match="none.csv: no such file"):
        check(tmp_path / "none.csv")


@pytest.mark.parametrize(
    ("name", "said"), [("a.xlsx", "Save the sheet as CSV"), ("a.zip", "are not read"), ("a.pkl", "are not read")]
)
def test_other_kinds_of_file_are_refused(check: Check, name: str, said: str) -> None:
    with pytest.raises(TableError, match=said):
        check(b"PK", name=name)


def test_a_wrong_byte_far_down_is_found(check: Check) -> None:
    with pytest.raises(TableError, match="encoding is not UTF-8 at line 120,002"):
        check(long_shop().encode() + b"zo\xeb,2025-01-01,1\n")


@pytest.mark.parametrize("share", [0.01, 0.7], ids=["in the head", "far down"])
def test_a_truncated_gzip_is_refused(check: Check, share: float) -> None:
    packed = gzip.compress(long_shop().encode(), mtime=0)
    with pytest.raises(TableError, match="sales.csv.gz: cannot be read, truncated or corrupt") as fault:
        check(packed[: int(len(packed) * share)], name="sales.csv.gz")
    assert "/" not in str(fault.value)


def test_a_file_that_only_ends_in_gz_is_refused(check: Check) -> None:
    with pytest.raises(TableError, match="sales.csv.gz: is no gzip file"):
        check(SHOP, name="sales.csv.gz")


def test_a_gzip_that_unpacks_to_far_too_much_is_refused(check: Check) -> None:
    bomb = gzip.compress(SHOP.encode() + b"ann,2025-01-01,10\n" * 1_500_000, mtime=0)
    with pytest.raises(TableError, match=r"unpacks to over 200 times its size.*\(size limit\)"):
        check(bomb, name="bomb.csv.gz")


@pytest.mark.parametrize("damage", [slice(-60, -8), slice(4, 40)], ids=["footer", "data"])
def test_a_damaged_parquet_is_refused(check: Check, tmp_path: Path, damage: slice) -> None:
    path = tmp_path / "sales.parquet"
    ids = [f"customer {i}" for i in range(500)]
    pq.write_table(pa.table({"customer_id": ids, "timestamp": ["2025-01-01"] * 500}), path, compression="snappy")
    content = bytearray(path.read_bytes())
    content[damage] = bytes(b ^ 0xFF for b in content[damage])
    with pytest.raises(TableError, match="sales.parquet: ") as fault:
        check(bytes(content), name="sales.parquet")
    assert str(tmp_path) not in str(fault.value)


def test_a_parquet_without_rows_is_refused(check: Check, tmp_path: Path) -> None:
    pq.write_table(
        pa.table({"customer_id": pa.array([], pa.string()), "timestamp": pa.array([], pa.date32())}),
        tmp_path / "x.parquet",
    )
    with pytest.raises(TableError, match=r"x.parquet: no rows under the header \(0 rows\)"):
        check(tmp_path / "x.parquet")


# --- the door ---------------------------------------------------------------------------------------------------------


def shop_at(folder: Path, path: str, **options: Any) -> Project:
    return projects.build(
        {"id": "s", "name": "s", "as_of": "2025-06-30", "folder": folder, "source": {"path": path} | options}
    )


def test_a_source_is_opened_under_any_view(tmp_path: Path) -> None:
    (tmp_path / "sales.csv").write_text(SHOP)
    engine = DuckDB(tmp_path / "tables")
    opened = open_input(engine, inputs_of(Source(path="sales.csv"), tmp_path)[0], "shop_1")
    assert opened.types == {"customer_id": "VARCHAR", "timestamp": "VARCHAR", "amount": "VARCHAR"}
    assert engine.fetch("select count(*) as n from shop_1")["n"].item() == 2
    engine.close()


def test_a_folder_feeds_a_project_with_all_its_files(check: Check, tmp_path: Path) -> None:
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / "a.csv").write_text(SHOP)
    assert check(tmp_path / "s").quality["rows_used"] == 2
    (tmp_path / "s" / "b.csv").write_text(SHOP)
    assert check(tmp_path / "s").quality["rows_used"] == 4


def test_every_kind_gives_the_same_purchases(check: Check, tmp_path: Path) -> None:
    days = [dt.datetime(2025, 1, 1), dt.datetime(2025, 2, 1)]
    book = openpyxl.Workbook()
    for row in (("customer_id", "timestamp", "amount"), ("ann", days[0], 10), ("bob", days[1], 20)):
        book.active.append(row)
    book.save(tmp_path / "s.xlsx")
    book.close()
    lines = "".join(f'{{"customer_id":"{c}","timestamp":"{t:%F}","amount":{a}}}\n' for c, t, a in
                    zip(("ann", "bob"), days, (10, 20), strict=True))  # fmt: skip
    found = [
        check(SHOP),
        check(SHOP.encode("utf-16"), name="u.csv", encoding="utf-16"),
        check(lines, name="s.jsonl"),
        check(tmp_path / "s.xlsx"),
    ]
    for shop in found[1:]:
        pd.testing.assert_frame_equal(shop.table("transactions"), found[0].table("transactions"))
    assert all(shop.quality == found[0].quality for shop in found)


def test_a_fault_in_a_rewritten_file_names_the_file_and_its_line(check: Check) -> None:
    content = (SHOP + "zoe,2025-01-01\n").encode("utf-16")
    with pytest.raises(TableError, match="^sales.csv: a line at line 4 does not have the columns of the header"):
        check(content, encoding="utf-16")


def test_a_sealed_engine_reads_what_is_staged(tmp_path: Path) -> None:
    (tmp_path / "sales.csv").write_bytes(SHOP.encode("utf-16"))
    engine = DuckDB(tmp_path / "tables")
    engine.seal()
    (given,) = inputs(shop_at(tmp_path, "sales.csv", encoding="utf-16"))
    opened = open_input(engine, given)
    assert opened.ignored == ()
    assert engine.fetch("select count(*) as n from source")["n"].item() == 2
    engine.close()


def test_staging_twice_reads_once_and_release_removes_it(tmp_path: Path) -> None:
    (tmp_path / "sales.csv").write_bytes(SHOP.encode("utf-16"))
    (given,) = inputs(shop_at(tmp_path, "sales.csv", encoding="utf-16"))
    once = stage(given, tmp_path)
    assert stage(once, tmp_path) is once
    assert [path.name for path in tmp_path.glob("staged_*")] == ["staged_0.csv"]
    release(once)
    assert not list(tmp_path.glob("staged_*"))


def test_a_fingerprint_is_of_the_content(tmp_path: Path) -> None:
    for name, content in (("a.csv", SHOP), ("b.csv", SHOP), ("c.csv", SHOP + "zoe,2025-01-01,1\n")):
        (tmp_path / name).write_text(content)
    (a,), (b,), (c,) = (inputs(shop_at(tmp_path, name)) for name in ("a.csv", "b.csv", "c.csv"))
    assert fingerprint(a) == hashlib.sha256(SHOP.encode()).hexdigest() == fingerprint(b) != fingerprint(c)


def test_a_fingerprint_knows_the_columns_of_folders(tmp_path: Path) -> None:
    for channel in ("web", "till"):
        (tmp_path / "s" / f"channel={channel}").mkdir(parents=True)
        (tmp_path / "s" / f"channel={channel}" / "a.csv").write_text(SHOP)
    one, other = inputs(shop_at(tmp_path, "s"))
    assert fingerprint(one) != fingerprint(other)


def test_a_fingerprint_of_a_database_is_of_its_rows_in_any_order(tmp_path: Path) -> None:
    made = []
    for rows in ([("ann", 1), ("bob", 2)], [("bob", 2), ("ann", 1)], [("bob", 2), ("ann", 3)]):
        connection = sqlite3.connect(tmp_path / "s.db")
        connection.execute("drop table if exists s")
        connection.execute("create table s (customer_id, timestamp, amount)")
        connection.executemany("insert into s values (?, '2025-01-01', ?)", rows)
        connection.commit()
        connection.close()
        made.append(fingerprint(inputs(shop_at(tmp_path, "s.db"))[0]))
    assert made[0] == made[1] != made[2]


def test_a_file_that_is_not_there_has_no_fingerprint(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="none.csv: no such file"):
        fingerprint(inputs(shop_at(tmp_path, "none.csv"))[0])


GATHERED = {"id": "shop", "name": "Shop", "as_of": "2025-06-30"}


def gathered(tmp_path, **source):
    return Gathered(projects.build(GATHERED | {"source": source, "folder": tmp_path}), tmp_path / "work")


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


@pytest.mark.slow
def test_a_run_removes_the_copy_that_a_failed_one_left(tmp_path):
    left = tmp_path / "work" / "staged" / "shop" / "staged_0.parquet"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"rows of customers")
    (tmp_path / "a.csv").write_text("customer_id,timestamp\n")
    project = projects.build(GATHERED | {"source": {"path": "a.csv"}, "folder": tmp_path})
    with pytest.raises(TableError, match=r"a.csv: no rows under the header"):
        run_project(project, reports=tmp_path / "reports", work=tmp_path / "work")
    assert not left.exists()


def test_registers_are_of_the_hash_and_listed_after_the_purchases(tmp_path):
    (tmp_path / "a.csv").write_text("customer_id,timestamp\nann,2025-01-01\n")
    (tmp_path / "crm.csv").write_text("customer_id\nann\n")
    project = projects.build(
        GATHERED | {"source": {"path": "a.csv"}, "customers": {"path": "crm.csv"}, "folder": tmp_path}
    )
    found = Gathered(project, tmp_path / "work")
    assert [given.name for given, _ in found.listed] == ["a.csv", "crm.csv"]
    assert found.paths == (tmp_path / "a.csv", tmp_path / "crm.csv")
    assert found.hash not in (gathered(tmp_path, path="a.csv").hash, *found.fingerprints)
    (tmp_path / "crm.csv").write_text("customer_id\nbob\n")
    assert Gathered(project, tmp_path / "work").hash != found.hash
