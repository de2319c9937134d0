"""Frames from a notebook: pandas, polars and Arrow give the same rows, none through pandas that is not of it."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from custlib.engine.duckdb import DuckDB
from custlib.errors import TableError, UsageError
from custlib.identify.reading.frames import stage_frame
from custlib.identify.reading.sources import fingerprint, open_input, release
from custlib.project import Source

DAYS = [dt.datetime(2025, 1, 1), dt.datetime(2025, 2, 1), None]
ROWS: dict[str, list[Any]] = {"customer_id": ["ann", "007", "bob"], "timestamp": DAYS, "amount": [1.5, None, 2.0]}
FRAMES: dict[str, Callable[[], Any]] = {
    "pandas": lambda: pd.DataFrame(ROWS),
    "pandas, categories": lambda: pd.DataFrame(ROWS).astype({"customer_id": "category"}),
    "polars": lambda: pl.DataFrame(ROWS),
    "polars, categories": lambda: pl.DataFrame(ROWS, schema_overrides={"customer_id": pl.Categorical}),
    "arrow table": lambda: pa.table(ROWS),
    "arrow reader": lambda: pa.table(ROWS).to_reader(max_chunksize=1),
    "arrow stream": lambda: Stream(pa.table(ROWS)),
}


class Stream:
    """Any object that gives an Arrow stream, and nothing else."""

    def __init__(self, table: pa.Table) -> None:
        self._table = table

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._table.__arrow_c_stream__(requested_schema)


@pytest.mark.parametrize("kind", FRAMES)
def test_every_kind_of_frame_gives_the_same_rows(tmp_path: Path, kind: str) -> None:
    given = stage_frame(FRAMES[kind](), tmp_path)
    assert given.staged is not None
    found = pq.read_table(given.staged.path).to_pydict()
    assert found["customer_id"] == ["ann", "007", "bob"]
    assert found["amount"] == [1.5, None, 2.0]
    assert [day and day.replace(tzinfo=None) for day in found["timestamp"]] == DAYS


def test_a_frame_is_an_input_like_any_other(tmp_path: Path) -> None:
    engine = DuckDB(tmp_path)
    source = Source(path="frame", columns={"customer_id": "client"})
    given = stage_frame(pd.DataFrame(ROWS).rename(columns={"customer_id": "client"}), tmp_path, source=source)
    opened = open_input(engine, given, "v")
    assert opened.columns == {"customer_id": "client", "timestamp": "timestamp", "amount": "amount"}
    assert opened.types["amount"] == "DOUBLE"
    assert engine.fetch("select count(*) as n from v")["n"].item() == 3
    engine.close()
    release(given)
    assert not list(tmp_path.glob("staged_*"))


def test_equal_frames_have_equal_fingerprints(tmp_path: Path) -> None:
    one, other = pa.table(ROWS), pa.table(ROWS).take([2, 0, 1])
    assert fingerprint(stage_frame(one, tmp_path)) == fingerprint(stage_frame(other, tmp_path))
    assert fingerprint(stage_frame(one, tmp_path)) != fingerprint(stage_frame(one.slice(1), tmp_path))


def test_ids_that_pandas_turned_into_floats_are_left_to_the_contract(tmp_path: Path) -> None:
    frame = pd.DataFrame({"customer_id": [17850, None], "timestamp": ["2025-01-01", "2025-01-02"]})
    given = stage_frame(frame, tmp_path)
    assert given.staged is not None
    assert pq.read_schema(given.staged.path).field("customer_id").type == pa.float64()


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin"])
def test_zones_are_kept(tmp_path: Path, zone: str) -> None:
    frame = pd.DataFrame({"customer_id": ["a"], "timestamp": pd.to_datetime(["2025-01-01 00:30"]).tz_localize(zone)})
    engine = DuckDB(tmp_path)
    assert open_input(engine, stage_frame(frame, tmp_path), "v").types["timestamp"] == "TIMESTAMP WITH TIME ZONE"
    engine.close()


def test_a_named_index_is_a_column(tmp_path: Path) -> None:
    given = stage_frame(pd.DataFrame(ROWS).set_index("customer_id"), tmp_path)
    assert given.staged is not None
    assert set(given.staged.available) == {"customer_id", "timestamp", "amount"}


# --- refused ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("frame", [None, [1, 2], {"customer_id": ["a"]}, "sales.csv"])
def test_what_is_no_frame_is_refused(tmp_path: Path, frame: object) -> None:
    with pytest.raises(UsageError, match="is no frame. Give one of pandas, polars or PyArrow"):
        stage_frame(frame, tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_column_that_mixes_types_is_refused(tmp_path: Path) -> None:
    frame = pd.DataFrame({"customer_id": ["a", 1], "timestamp": ["2025-01-01", dt.date(2025, 1, 1)]}, dtype=object)
    with pytest.raises(TableError, match="frame: a column cannot be stored: "):
        stage_frame(frame, tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    engine = DuckDB(tmp_path)
    with pytest.raises(TableError, match="basket: column 'timestamp' is missing. Available: customer_id"):
        open_input(engine, stage_frame(pa.table({"customer_id": ["a"]}), tmp_path, name="basket"), "v")
    engine.close()
