"""The engine: tables made, fetched, opened, bounded and sealed."""

import gzip
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

from custlib.engine.dialect import literal
from custlib.engine.duckdb import DuckDB
from custlib.errors import RunError, TableError
from custlib.identify.reading.staging import embedded

HOSTILE_NAMES = ['select "from" `x`', "drop'; --", "a:as_of", "{}", "%s", "客户", "a b", "NULL", "$1", '""']


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[DuckDB]:
    made = DuckDB(tmp_path / "tables", threads=2)
    yield made
    made.close()


def rows(engine: DuckDB, select: str, **values: object) -> list[tuple]:
    """The rows of a select, as tuples."""
    return list(engine.fetch(select, **values).itertuples(index=False, name=None))


def test_no_progress_bar_is_drawn(engine: DuckDB) -> None:
    settings = "select name, value from duckdb_settings() where name like 'enable_progress_bar%' order by name"
    off = [("enable_progress_bar", "false"), ("enable_progress_bar_print", "false")]
    assert rows(engine, settings) == off
    with embedded() as connection:
        assert connection.execute(settings).fetchall() == off


@pytest.mark.slow
def test_a_connection_opens_in_a_notebook_with_and_without_ipywidgets() -> None:
    opened = "from custlib.engine.duckdb import connect\nprint(connect({}).execute('select 42').fetchone())"
    without = f"import sys\nsys.modules['ipywidgets'] = None\n{opened}"
    notebook = new_notebook(cells=[new_code_cell(opened), new_code_cell(without)])
    NotebookClient(notebook, kernel_name="python3").execute()
    assert [output["text"] for cell in notebook.cells for output in cell.outputs] == ["(42,)\n"] * 2


# --- by hand ----------------------------------------------------------------------------------------------------------


def test_a_table_is_made_kept_and_fetched(engine: DuckDB) -> None:
    engine.make("paid", "select * from (values ('ann', 3), ('bob', 4)) t(customer_id, amount)")
    assert rows(engine, "select * from paid order by customer_id") == [("ann", 3), ("bob", 4)]
    assert engine.columns("paid") == {"customer_id": "VARCHAR", "amount": "INTEGER"}
    assert [path.name for path in engine.folder.glob("*")] == ["paid.parquet"]


def test_a_table_is_opened_by_another_engine(engine: DuckDB) -> None:
    engine.make("paid", "select 7 as amount")
    other = DuckDB(engine.folder)
    other.open("paid")
    assert rows(other, "select amount from paid") == [(7,)]
    other.close()


def test_a_table_is_made_again(engine: DuckDB) -> None:
    engine.make("paid", "select 1 as amount")
    engine.make("paid", "select amount + 1 as amount from paid")
    assert rows(engine, "select amount from paid") == [(2,)]


def test_a_small_frame_becomes_a_table(engine: DuckDB) -> None:
    engine.attach_frame("given", pd.DataFrame({"customer_id": ["ann", None], "amount": [1.5, 2.5]}))
    assert rows(engine, "select count(customer_id), sum(amount) from given") == [(1, 4.0)]
    engine.attach_frame("given", pd.DataFrame({"x": []}))
    assert rows(engine, "select count(*) from given") == [(0,)]


def test_a_result_is_written(engine: DuckDB) -> None:
    engine.write("select :n as n", engine.folder / "out.parquet", n=3)
    assert pq.read_table(engine.folder / "out.parquet").to_pydict() == {"n": [3]}


# --- values, names and texts ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["it's", 'a "b"', ":day", "x :other y", "$day", "'; drop table t; --", "a\nb", ""])
def test_a_value_is_bound_as_it_is(engine: DuckDB, text: str) -> None:
    assert rows(engine, "select :day as day, cast('2024-01-02' as varchar)::date as d", day=text)[0][0] == text


@pytest.mark.parametrize("quoted", ["':day'", "'it''s :day'", "'10:day'", "'%H:%M :day'"])
def test_a_colon_in_a_text_is_no_parameter(engine: DuckDB, quoted: str) -> None:
    expected = quoted[1:-1].replace("''", "'")
    assert rows(engine, f"select {quoted} as text, :day as day", day=1) == [(expected, 1)]


def test_values_that_no_parameter_asks_for_are_left_out(engine: DuckDB) -> None:
    assert rows(engine, "select :x as x", x=1, y=2) == [(1,)]


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_any_column_name_is_quoted(engine: DuckDB, name: str) -> None:
    column = engine.dialect.name(name)
    engine.make("odd", f"select :day as {column}", day=5)
    assert engine.columns("odd") == {name: "INTEGER"}
    assert rows(engine, f"select {column} from odd where {column} = :as_of", as_of=5) == [(5,)]


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20))
def test_any_text_is_a_literal(text: str) -> None:
    assert duckdb.sql(f"select {literal(text)}").fetchall() == [(text,)]


# --- sources ----------------------------------------------------------------------------------------------------------


def written(path: Path, text: str) -> Path:
    """A file with a text."""
    path.write_text(text, encoding="utf-8")
    return path


def test_csv_columns_are_text(engine: DuckDB, tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", 'id,note\n007,"a, ""b""\nc"\nNULL,\n')
    engine.attach_csv("source", path, ["id", "note"], delimiter=",")
    assert rows(engine, "select * from source where id = '007'") == [("007", 'a, "b"\nc')]
    assert rows(engine, "select id from source where note is null or note = ''") == [("NULL",)]
    assert set(engine.columns("source").values()) == {"VARCHAR"}


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_csv_takes_any_column_name(engine: DuckDB, tmp_path: Path, name: str) -> None:
    engine.attach_csv("source", written(tmp_path / "a.csv", "x\n1\n"), [name], delimiter=",")
    assert list(engine.columns("source")) == [name]


@pytest.mark.parametrize("delimiter", [";", "\t", "|", "^", "'"])
def test_csv_takes_any_delimiter(engine: DuckDB, tmp_path: Path, delimiter: str) -> None:
    path = written(tmp_path / "a.csv", f"1{delimiter}2\n")
    engine.attach_csv("source", path, ["a", "b"], delimiter=delimiter, header=False)
    assert rows(engine, "select * from source") == [("1", "2")]


def test_blanks_part_columns(engine: DuckDB, tmp_path: Path) -> None:
    path = written(tmp_path / "a.txt", " 00001  19970101  1   11.77\n\n 00002\t19970112  1   12.00 \n")
    engine.attach_csv("source", path, ["id", "day", "n", "a:b"], delimiter="whitespace", header=False)
    assert rows(engine, 'select id, "a:b" from source order by id') == [("00001", "11.77"), ("00002", "12.00")]


def test_gzip_is_unpacked(engine: DuckDB, tmp_path: Path) -> None:
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(b"id\n1\n2\n"))
    engine.attach_csv("source", path, ["id"], delimiter=",")
    assert rows(engine, "select count(*) from source") == [(2,)]


@pytest.mark.parametrize("name", ["a[1].csv", "b*.csv", "c?.csv", "it's.csv"])
def test_a_file_name_is_no_pattern(engine: DuckDB, tmp_path: Path, name: str) -> None:
    for other in ("a1.csv", "bx.csv", "cx.csv"):
        written(tmp_path / other, "id\nwrong\n")
    engine.attach_csv("source", written(tmp_path / name, "id\nright\n"), ["id"], delimiter=",")
    assert rows(engine, "select id from source") == [("right",)]


def test_parquet_keeps_its_types(engine: DuckDB, tmp_path: Path) -> None:
    pq.write_table(pa.table({"id": ["a"], "x": [1.5], "l": [[1]]}), tmp_path / "a[1].parquet")
    engine.attach_parquet("source", tmp_path / "a[1].parquet")
    assert engine.columns("source") == {"id": "VARCHAR", "x": "DOUBLE", "l": "BIGINT[]"}


def test_first_rows_are_numbered_in_the_order_of_the_file(engine: DuckDB, tmp_path: Path) -> None:
    lines = "".join(f"{i},{'x' * 50}\n" for i in range(1, 120_001))
    engine.attach_csv("source", written(tmp_path / "a.csv", "n,x\n" + lines), ["n", "x"], delimiter=",")
    assert engine.first_rows("source", "cast(n as integer) % :by = 0", by=40_000) == [40_000, 80_000, 120_000]
    assert engine.first_rows("source", "n = '3'", rows=1) == [3]
    assert engine.first_rows("source", "false") == []


def test_first_rows_leave_the_order_free_after_a_fault(engine: DuckDB) -> None:
    with pytest.raises(duckdb.Error):
        engine.first_rows("nowhere", "true")
    assert rows(engine, "select current_setting('preserve_insertion_order') as s") == [(False,)]


# --- bounds -----------------------------------------------------------------------------------------------------------


def test_a_large_result_stays_in_the_engine(engine: DuckDB) -> None:
    assert len(engine.fetch("select * from range(3)", limit=3)) == 3
    with pytest.raises(TableError, match="more than 3 rows. Aggregate or filter it in the engine"):
        engine.fetch("select * from range(4)", limit=3)


def test_a_table_that_breaks_the_dictionary_is_refused(engine: DuckDB) -> None:
    with pytest.raises(TableError, match="cells: column customers is missing"):
        engine.make("cells", "select 1 as frequency, 2.0 as recency, 3.0 as T")


def test_a_missing_table_names_those_there_are(engine: DuckDB) -> None:
    engine.make("paid", "select 1 as x")
    with pytest.raises(TableError, match="pade: no such table in this run. Did you mean 'paid'?"):
        engine.open("pade")
    assert not engine.has("pade")
    assert engine.has("paid")


def test_a_failed_table_leaves_the_old_one(engine: DuckDB) -> None:
    engine.make("paid", "select 1 as x")
    with pytest.raises(duckdb.Error):
        engine.make("paid", "select error('no') as x")
    assert rows(engine, "select x from paid") == [(1,)]


def test_out_of_memory_says_what_to_do(tmp_path: Path) -> None:
    engine = DuckDB(tmp_path, memory_limit="20MB", threads=1)
    engine.fetch("select 1 as x")
    engine._execute("set max_temp_directory_size = '1MB'")
    with pytest.raises(RunError, match="engine: out of memory: .*Raise the memory limit") as fault:
        engine.fetch("select list(md5(cast(i as varchar))) as x from range(1000000) t(i)")
    assert fault.value.exit_code == 5
    assert "\n" not in str(fault.value)
    engine.close()


def test_a_sealed_engine_reads_and_writes_its_folder_only(tmp_path: Path) -> None:
    allowed, outside = (written(tmp_path / name, "id\n1\n") for name in ("allowed.csv", "outside.csv"))
    engine = DuckDB(tmp_path / "it's here", threads=2)
    engine.attach_csv("source", allowed, ["id"], delimiter=",")
    engine.attach_csv("other", outside, ["id"], delimiter=",")
    engine.seal(also=(allowed,))
    engine.make("kept", "select id from source")
    assert rows(engine, "select id from kept") == [("1",)]
    for door in (
        "select * from other",
        f"select * from read_text({literal(str(outside))})",
        f"select * from read_csv({literal(str(engine.folder / '..' / 'outside.csv'))})",
        "select * from read_csv('https://localhost/x.csv')",
    ):
        with pytest.raises(RunError, match="engine: "):
            engine.fetch(door)
    with pytest.raises(RunError, match="engine: "):
        engine.write("select 1 as x", tmp_path / "leak.parquet")
    with pytest.raises(duckdb.Error, match="Cannot .*external access"):
        engine._execute("set enable_external_access = true")
    assert not (tmp_path / "leak.parquet").exists()
    engine.close()


def test_a_sealed_engine_spills(tmp_path: Path) -> None:
    engine = DuckDB(tmp_path, memory_limit="60MB", threads=2)
    engine.seal()
    engine.make("sorted", "select md5(cast(i as varchar)) as m from range(800000) t(i) order by m")
    assert rows(engine, "select count(*) from sorted") == [(800_000,)]
    engine.close()


def test_columns_are_those_of_the_table_as_it_was_made_last(engine: DuckDB) -> None:
    engine.make("paid", "select 1 as amount")
    engine.define("seen", "select * from paid", of=("paid",))
    assert engine.columns("paid") == engine.columns("seen") == {"amount": "INTEGER"}
    engine.columns("paid")["other"] = "DATE"  # a copy
    engine.make("paid", "select 'a' as customer_id, 2 as amount")
    engine.define("seen", "select customer_id from paid", of=("paid",))
    assert engine.columns("paid") == {"customer_id": "VARCHAR", "amount": "INTEGER"}
    assert engine.columns("seen") == {"customer_id": "VARCHAR"}
    engine.drop("paid")
    with pytest.raises(duckdb.CatalogException):
        engine.columns("paid")
