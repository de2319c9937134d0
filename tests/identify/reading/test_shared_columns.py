"""Two columns of one name, and two roles of one column, are refused for every kind of source."""

import json
import sqlite3
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import custlib
from custlib.errors import TableError
from tests.identify.conftest import Check

NAMES = ["customer_id", "timestamp", "amount"]
VALUES = ["ann", "2025-01-01", 10.0]
SUFFIXES = [".csv", ".parquet", ".xlsx", ".sqlite", ".jsonl"]


def write(path: Path, names: list[str]) -> Path:
    """One row in a file of any kind, with columns that may have one name."""
    values = [*VALUES, *(7.0 for _ in names[3:])]
    if path.suffix == ".csv":
        path.write_text(f"{','.join(names)}\n{','.join(map(str, values))}\n")
    elif path.suffix == ".parquet":
        pq.write_table(pa.table([pa.array([value]) for value in values], names=names), path)
    elif path.suffix == ".xlsx":
        book = pytest.importorskip("openpyxl").Workbook()
        book.active.append(names)
        book.active.append(values)
        book.save(path)
    elif path.suffix == ".sqlite":
        connection = sqlite3.connect(path)
        columns = ", ".join(f'{value!r} as "{name}"' for name, value in zip(names, values, strict=True))
        connection.execute(f"create view sales as select {columns}")
        connection.commit()
        connection.close()
    else:
        pairs = (f"{json.dumps(name)}: {json.dumps(value)}" for name, value in zip(names, values, strict=True))
        path.write_text(f"{{{', '.join(pairs)}}}\n")
    return path


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("twin", ["amount", "Amount", " amount", "AMOUNT "])
@pytest.mark.sampled
def test_columns_of_one_name_are_refused(check: Check, tmp_path: Path, suffix: str, twin: str) -> None:
    with pytest.raises(TableError, match="'amount' stands twice"):
        check(write(tmp_path / f"sales{suffix}", [*NAMES, twin]))


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_two_roles_of_one_column_are_refused(check: Check, tmp_path: Path, suffix: str) -> None:
    with pytest.raises(
        TableError, match="amount and cost are both read from the column 'amount'. Map each to a column"
    ):
        check(write(tmp_path / f"sales{suffix}", NAMES), columns={"cost": "amount"})


def test_a_name_is_one_name_however_it_is_composed(check: Check, tmp_path: Path) -> None:
    names = ["customer_id", "timestamp", "Erlo\u0308s"]
    assert check(write(tmp_path / "a.csv", names), columns={"amount": "Erl\u00f6s"}).quality["money_used"] == 10
    with pytest.raises(TableError, match="stands twice"):
        check(write(tmp_path / "b.csv", [*names, "Erl\u00f6s"]))


@pytest.mark.parametrize("twin", ["amount", "Amount", "amount "])
def test_frames_are_no_exception(twin: str) -> None:
    frame = pd.DataFrame([[*VALUES, 7.0]], columns=[*NAMES, twin])
    with pytest.raises(TableError, match="have one name|Duplicate"):
        custlib.open(frame)
    with pytest.raises(TableError, match="customer_id and product are both read from the column 'customer_id'"):
        custlib.open(pd.DataFrame([VALUES], columns=NAMES), columns={"product": "customer_id"})
