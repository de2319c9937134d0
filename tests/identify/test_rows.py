"""Rows of Python values: typed as first seen, read again as text where a later row does not fit."""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from custlib.identify.inputs import Input
from custlib.identify.rows import Rows, stage_rows, text_of
from custlib.project import Source

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
