"""What every engine does alike: tables made, kept, fetched and bounded, sources read, values bound."""

import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from custlib.engine import open_engine
from custlib.engine.base import Engine
from custlib.errors import CustlibError, RunError, TableError, UsageError

PAID = "select * from (values ('ann', 3), ('bob', 4)) t(customer_id, amount)"
HOSTILE_NAMES = ['select "from" `x`', "drop'; --", "a:as_of", "{}", "%s", "客户", "a b", "NULL", "$1", '""']


def rows(engine: Engine, select: str, **values: object) -> list[tuple]:
    """The rows of a select, as tuples."""
    return list(engine.fetch(select, **values).itertuples(index=False, name=None))


def written(path: Path, text: str) -> Path:
    """A file with a text."""
    path.write_text(text, encoding="utf-8")
    return path


# --- by hand ----------------------------------------------------------------------------------------------------------


def test_a_table_is_made_kept_and_fetched(engine: Engine) -> None:
    engine.make("paid", PAID)
    assert rows(engine, "select * from paid order by customer_id") == [("ann", 3), ("bob", 4)]
    assert engine.columns("paid") == {"customer_id": "VARCHAR", "amount": "INTEGER"}
    assert [path.name for path in engine.folder.glob("*")] == ["paid.parquet"]
    assert engine.has("paid")
    assert not engine.has("pade")


def test_a_table_is_opened_by_another_engine(engine: Engine, kind: str) -> None:
    engine.make("paid", "select 7 as amount")
    other = open_engine(kind, engine.folder)
    other.open("paid")
    assert rows(other, "select amount from paid") == [(7,)]
    with pytest.raises(TableError, match="pade: no such table in this run. Did you mean 'paid'?"):
        other.open("pade")
    other.close()


def test_a_table_is_made_again_from_itself(engine: Engine) -> None:
    engine.make("paid", "select 1 as amount")
    engine.make("paid", "select amount + 1 as amount from paid")
    assert rows(engine, "select amount from paid") == [(2,)]
    assert [path.name for path in engine.folder.glob("*")] == ["paid.parquet"]


def test_a_table_is_defined_by_others(engine: Engine, kind: str) -> None:
    engine.make("paid", PAID)
    engine.define("rich", "select customer_id, :what as what from paid where amount > :least", of=("paid",), least=3,
                  what="it's \\ :x")  # fmt: skip
    assert rows(engine, "select * from rich") == [("bob", "it's \\ :x")]
    other = open_engine(kind, engine.folder)
    other.open("rich")
    assert rows(other, "select customer_id from rich") == [("bob",)]
    other.close()
    engine.make("rich", "select 1 as x")
    assert sorted(path.name for path in engine.folder.glob("*")) == ["paid.parquet", "rich.parquet"]


def test_a_failed_table_leaves_the_old_one(engine: Engine) -> None:
    engine.make("paid", "select 1 as x")
    with pytest.raises(Exception, match="nowhere"):
        engine.make("paid", "select x from nowhere")
    with pytest.raises(TableError, match="cells: column customers is missing"):
        engine.make("cells", "select 1 as frequency, 2.0 as recency, 3.0 as T")
    assert rows(engine, "select x from paid") == [(1,)]


def test_a_small_frame_becomes_a_table(engine: Engine) -> None:
    engine.attach_frame("given", pd.DataFrame({"customer_id": ["ann", None], "amount": [1.5, 2.5]}))
    assert rows(engine, "select count(customer_id), sum(amount) from given") == [(1, 4.0)]
    engine.attach_frame("given", pd.DataFrame({"x": np.zeros(0)}))
    assert rows(engine, "select count(*) from given") == [(0,)]


def test_a_result_is_one_file_in_the_order_asked_for(engine: Engine) -> None:
    engine.attach_frame("given", pd.DataFrame({"x": np.arange(5_000)[::-1]}))
    engine.write("select x + :more as x from given order by x", engine.folder / "out.parquet", more=1)
    assert pq.read_table(engine.folder / "out.parquet")["x"].to_pylist() == list(range(1, 5_001))


def test_fetched_types_are_those_of_data_frames(engine: Engine) -> None:
    found = engine.fetch(
        "select cast(1.5 as decimal(18, 4)) as money, date '2025-06-30' as day, true as yes, cast(null as date) as no"
    )
    assert [str(kind) for kind in found.dtypes] == ["float64", "datetime64[us]", "bool", "datetime64[us]"]
    assert found["day"].item() == pd.Timestamp("2025-06-30")


# --- values and names -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["it's", "back\\slash'", ":day :x", "'; drop table t; --", "a\nb", "", "{0}"])
def test_a_text_stays_as_it_is(engine: Engine, text: str) -> None:
    literal = engine.dialect.literal(text)
    assert rows(engine, f"select :day as bound, {literal} as written, ':day' as quoted", day=text) == [
        (text, text, ":day")
    ]


def test_values_are_bound_by_type(engine: Engine) -> None:
    found = rows(engine, "select :a + 1 as a, :b / 2 as b, cast(:d as date) as d, :n as n", a=1, b=3.0, d=AS_OF, n=True)
    assert found == [(2, 1.5, pd.Timestamp("2025-06-30"), True)]


def test_any_column_name_is_quoted(engine: Engine) -> None:
    columns = ", ".join(f"{n} as {engine.dialect.name(name)}" for n, name in enumerate(HOSTILE_NAMES))
    engine.make("odd", f"select {columns}")
    assert list(engine.columns("odd")) == HOSTILE_NAMES
    assert rows(engine, f"select {engine.dialect.name(HOSTILE_NAMES[2])} from odd where :as_of = 1", as_of=1) == [(2,)]


AS_OF = pd.Timestamp("2025-06-30").date()


# --- sources ----------------------------------------------------------------------------------------------------------


def test_csv_columns_are_text(engine: Engine, tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", 'id,note\n007,"a, ""b""\nc"\nNULL,\n\n  x,""\n')
    engine.attach_csv("source", path, ["id", "n o`te"], delimiter=",")
    note = engine.dialect.name("n o`te")
    assert rows(engine, f"select id, coalesce({note}, '') from source order by id desc") == [
        ("NULL", ""), ("007", 'a, "b"\nc'), ("  x", ""),
    ]  # fmt: skip
    assert engine.columns("source") == {"id": "VARCHAR", "n o`te": "VARCHAR"}


@pytest.mark.parametrize("delimiter", [";", "\t", "|", "^", "'"])
def test_csv_takes_any_delimiter(engine: Engine, tmp_path: Path, delimiter: str) -> None:
    path = written(tmp_path / "a.csv", f"1{delimiter}2\n")
    engine.attach_csv("source", path, ["a", "b"], delimiter=delimiter, header=False)
    assert rows(engine, "select * from source") == [("1", "2")]


def test_blanks_part_columns(engine: Engine, tmp_path: Path) -> None:
    path = written(tmp_path / "a.txt", " 00001  19970101  1   11.77\n\n 00002\t19970112  1   12.00 \n")
    engine.attach_csv("source", path, ["id", "day", "n", "a:b"], delimiter="whitespace", header=False)
    found = rows(engine, f"select id, {engine.dialect.name('a:b')} from source order by id")
    assert found == [("00001", "11.77"), ("00002", "12.00")]


def test_files_are_taken_by_their_name(engine: Engine, tmp_path: Path) -> None:
    for other in ("a1.csv", "bx.csv", "cx.csv"):
        written(tmp_path / other, "id\nwrong\n")
    for name in ("a[1].csv", "b*.csv", "c?.csv", "it's.csv", "d{x}.csv"):
        engine.attach_csv("source", written(tmp_path / name, "id\nright\n"), ["id"], delimiter=",")
        assert rows(engine, "select id from source") == [("right",)]
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(b"id\n1\n2\n"))
    engine.attach_csv("source", tmp_path / "a.csv.gz", ["id"], delimiter=",")
    assert rows(engine, "select count(*) from source") == [(2,)]


def test_parquet_keeps_its_types(engine: Engine, tmp_path: Path) -> None:
    columns = {"id": ["a"], "x": [1.5], "l": [[1]], "n": [1], "t": [pd.Timestamp("2025-06-30 12:00")]}
    pq.write_table(pa.table(columns | {"z": [pd.Timestamp("2025-06-30 12:00", tz="UTC")]}), tmp_path / "a[1].parquet")
    engine.attach_parquet("source", tmp_path / "a[1].parquet")
    assert engine.columns("source") == {
        "id": "VARCHAR", "x": "DOUBLE", "l": "BIGINT[]", "n": "BIGINT", "t": "TIMESTAMP",
        "z": "TIMESTAMP WITH TIME ZONE",
    }  # fmt: skip


def test_first_rows_are_numbered_in_the_order_of_the_file(engine: Engine, tmp_path: Path) -> None:
    lines = "".join(f"{i},{'x' * 50}\n" for i in range(1, 120_001))
    engine.attach_csv("source", written(tmp_path / "a.csv", "n,x\n" + lines), ["n", "x"], delimiter=",")
    assert engine.first_rows("source", "cast(n as integer) % :by = 0", by=40_000) == [40_000, 80_000, 120_000]
    assert engine.first_rows("source", "n = '3'", rows=1) == [3]
    assert engine.first_rows("source", "false") == []


@pytest.mark.parametrize(
    "content",
    [b"id,n\n1,2\n3\n", b"id,n\n1,2,3\n", b"id,n\n1,\xff\n", b'id,n\n1,"2\n3,4\n'],
    ids=["short", "long", "latin", "quote"],
)
def test_a_line_that_is_none_is_refused(engine: Engine, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.csv").write_bytes(content)
    with pytest.raises(Exception, match=r"Expected Number of Columns|unicode|unterminated|a\.csv: "):
        engine.attach_csv("source", tmp_path / "a.csv", ["id", "n"], delimiter=",")
        engine.make("read", "select * from source")
    assert not engine.has("read")


# --- bounds -----------------------------------------------------------------------------------------------------------


def test_a_large_result_stays_in_the_engine(engine: Engine) -> None:
    assert len(engine.fetch(PAID, limit=2)) == 2
    with pytest.raises(TableError, match="more than 1 rows. Aggregate or filter it in the engine"):
        engine.fetch(PAID, limit=1)


def test_a_sealed_engine_keeps_to_its_folder(engine: Engine, tmp_path: Path) -> None:
    allowed, outside = (written(tmp_path / name, "id\n1\n") for name in ("allowed.csv", "outside.csv"))
    engine.seal(also=(allowed,))
    engine.attach_csv("source", allowed, ["id"], delimiter=",")
    engine.make("kept", "select id from source")
    assert rows(engine, "select id from kept") == [("1",)]
    with pytest.raises(CustlibError, match="engine: "):
        engine.attach_csv("other", outside, ["id"], delimiter=",")
    with pytest.raises(RunError, match="engine: "):
        engine.write("select 1 as x", tmp_path / "leak.parquet")
    with pytest.raises(Exception, match="outside.csv"):
        engine.fetch(f"select * from {engine.dialect.name(str(outside))}")
    assert not (tmp_path / "leak.parquet").exists()


def test_there_are_two_engines(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="engine: there is no oracle. Available: duckdb, spark."):
        open_engine("oracle", tmp_path)
