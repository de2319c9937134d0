"""Staged files: whole or not there, and their rows hashed whatever their order."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from custlib.identify.staging import embedded, fingerprint_rows, staged, sweep, write_batches


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
