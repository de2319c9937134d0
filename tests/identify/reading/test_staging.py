"""Staged files: whole or not at all, removed again; what rows of Python values become."""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from custlib.identify.reading.inputs import Input
from custlib.identify.reading.staging import (
    Rows,
    embedded,
    fingerprint_rows,
    stage_rows,
    staged,
    sweep,
    text_of,
    write_batches,
)
from custlib.project import Source


def put(path: Path, **columns: list[object]) -> str:
    pq.write_table(pa.table(columns), path)
    return fingerprint_rows(path)


def test_a_staged_file_takes_the_next_free_name(tmp_path: Path) -> None:
    for _ in range(2):
        with staged(tmp_path) as (part, target):
            part.write_text("x")
            assert not target.exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["staged_0.parquet", "staged_1.parquet"]


def test_two_at_once_do_not_meet(tmp_path: Path) -> None:
    with staged(tmp_path) as (one, _), staged(tmp_path, ".csv") as (other, target):
        assert one != other
        assert target.suffix == ".csv"


def test_a_fault_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="full"), staged(tmp_path) as (part, _):
        part.write_text("half")
        raise OSError("disk full")
    assert not list(tmp_path.iterdir())


def test_what_a_killed_run_left_is_swept(tmp_path: Path) -> None:
    for name in ("staged_0.parquet", "staged_1.part", "transactions.parquet"):
        (tmp_path / name).write_text("x")
    sweep(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["transactions.parquet"]


def test_batches_are_written_one_by_one(tmp_path: Path) -> None:
    schema = pa.schema([("x", pa.int64())])
    write_batches(schema, (pa.record_batch([[n]], schema=schema) for n in range(3)), tmp_path / "x.parquet")
    assert pq.read_metadata(tmp_path / "x.parquet").num_row_groups == 3
    assert pq.read_table(tmp_path / "x.parquet")["x"].to_pylist() == [0, 1, 2]


def test_equal_rows_have_equal_fingerprints_in_any_order(tmp_path: Path) -> None:
    first = put(tmp_path / "a.parquet", x=["a", "b", None], y=[1.5, 2.5, 0.1])
    assert first == put(tmp_path / "b.parquet", x=[None, "b", "a"], y=[0.1, 2.5, 1.5])
    assert len(first) == 64


@pytest.mark.parametrize(
    "columns",
    [
        {"x": ["a", "b", "b"], "y": [1.5, 2.5, 2.5]},
        {"x": ["a", "b"], "y": [2.5, 1.5]},
        {"x": ["a", None], "y": [1.5, 2.5]},
        {"x": ["a", "null"], "y": [1.5, 2.5]},
        {"x": ["a", "b"], "z": [1.5, 2.5]},
        {"x": ["a", "b"], "y": ["1.5", "2.5"]},
        {"x": ["a", "b"]},
        {"x": [], "y": []},
    ],
)
def test_other_rows_have_another_fingerprint(tmp_path: Path, columns: dict[str, list[object]]) -> None:
    one = put(tmp_path / "a.parquet", x=["a", "b"], y=[1.5, 2.5])
    assert one != put(tmp_path / "b.parquet", **columns)


def test_the_engine_of_our_own_downloads_nothing() -> None:
    with embedded() as engine:
        found = engine.execute("select current_setting('autoinstall_known_extensions')").fetchone()
    assert found == (False,)


COLUMNS = ("customer_id", "timestamp", "amount")
DAY = dt.date(2025, 1, 1)
NOON = dt.datetime(2025, 1, 1, 12)


def stage(folder: Path, *blocks: Rows, **source: Any) -> tuple[list[str], dict[str, list[Any]]]:
    """Stage blocks; give the types and the values."""
    given = Input(Source(path="sales.db", **source), "sales.db", Path("sales.db"))
    table = pq.read_table(stage_rows(given, COLUMNS, lambda: iter(blocks), folder))
    return [str(field.type) for field in table.schema], table.to_pydict()


# --- by hand ----------------------------------------------------------------------------------------------------------


def test_days_are_days_money_is_numbers_ids_are_text(tmp_path: Path) -> None:
    types, values = stage(tmp_path, [(17, NOON, 1.5), ("007", None, Decimal("2.50"))], [(2**70, NOON, 3)])
    assert types == ["string", "timestamp[us]", "double"]
    assert values == {
        "customer_id": ["17", "007", "1180591620717411303424"],
        "timestamp": [NOON, None, NOON],
        "amount": [1.5, 2.5, 3.0],
    }


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([DAY, None], "date32[day]"),
        ([DAY, NOON], "timestamp[us]"),
        ([NOON.replace(tzinfo=dt.UTC)], "timestamp[us, tz=UTC]"),
        ([NOON.replace(tzinfo=dt.UTC), NOON], "string"),
        (["2025-01-01"], "string"),
        ([45123], "string"),
        ([None], "string"),
        ([dt.time(12)], "string"),
    ],
)
def test_the_first_rows_tell_the_type(tmp_path: Path, values: list[Any], kind: str) -> None:
    assert stage(tmp_path, [("a", value, 1.0) for value in values])[0][1] == kind


def test_a_zone_is_kept(tmp_path: Path) -> None:
    berlin = dt.datetime(2025, 1, 1, 0, 30, tzinfo=dt.timezone(dt.timedelta(hours=1)))
    assert stage(tmp_path, [("a", berlin, 1.0)])[1]["timestamp"] == [dt.datetime(2024, 12, 31, 23, 30, tzinfo=dt.UTC)]


# --- rows that do not fit ---------------------------------------------------------------------------------------------


def test_a_column_that_turns_out_mixed_becomes_text_from_its_start(tmp_path: Path) -> None:
    types, values = stage(tmp_path, [("a", DAY, 1.5)], [("b", "soon", "2,50 €")], decimal=",", date_format="%d.%m.%Y")
    assert types == ["string", "string", "string"]
    assert values["timestamp"] == ["01.01.2025", "soon"]
    assert values["amount"] == ["1,5", "2,50 €"]
    assert [path.name for path in tmp_path.iterdir()] == ["staged_0.parquet"]


def test_the_rows_are_read_once_where_they_fit(tmp_path: Path) -> None:
    starts = []

    def read() -> Iterator[Rows]:
        starts.append(1)
        yield [("a", DAY, 1.5)]

    stage_rows(Input(Source(path="x.db"), "x.db", None), COLUMNS, read, tmp_path)
    assert len(starts) == 1


def test_a_fault_while_reading_leaves_nothing_behind(tmp_path: Path) -> None:
    def read() -> Iterator[Rows]:
        yield [("a", DAY, 1.5)]
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        stage_rows(Input(Source(path="x.db"), "x.db", None), COLUMNS, read, tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("blocks", [[], [[]]])
def test_no_rows_are_a_table_without_rows(tmp_path: Path, blocks: list[Rows]) -> None:
    assert stage(tmp_path, *blocks)[1] == {"customer_id": [], "timestamp": [], "amount": []}


# --- text -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "options", "text"),
    [
        ("x", {}, "x"),
        (17850, {}, "17850"),
        (17850.0, {}, "17850.0"),
        (6.22848e17, {}, "6.22848e+17"),
        (1.5, {"decimal": ","}, "1,5"),
        (Decimal("1E+3"), {}, "1000"),
        (Decimal("2.50"), {"decimal": ","}, "2,50"),
        (True, {}, "true"),
        (b"\x01\xff", {}, "01ff"),
        (DAY, {}, "2025-01-01"),
        (NOON, {}, "2025-01-01 12:00:00"),
        (NOON, {"form": "excel"}, "45658.5"),
        (NOON, {"form": "epoch_s"}, "1735732800"),
        (DAY, {"form": "epoch_ms"}, "1735689600000"),
        (NOON, {"form": "%d/%m/%Y %H:%M"}, "01/01/2025 12:00"),
    ],
)
def test_text_is_written_as_it_is_read_back(value: Any, options: dict[str, Any], text: str) -> None:
    assert text_of(value, **options) == text
