"""A file that is none, cut short or damaged is refused as a table; no file is a bug of ours."""

import gzip
import random
import sqlite3
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from custlib import cli
from custlib.errors import TableError
from tests.identify.conftest import Check

ROWS = [
    {
        "customer_id": f"c{n % 40}",
        "timestamp": f"2024-{1 + 7 * n % 11:02d}-{1 + 11 * n % 28:02d}",
        "amount": 5.5 + n % 17,
    }
    for n in range(3000)
]
KINDS = ["sales.parquet", "sales.xlsx", "sales.sqlite", "sales.csv.gz", "sales.jsonl", "sales.jsonl.gz"]


def write(path: Path) -> Path:
    """A whole file of a kind."""
    lines = "\n".join(str(row).replace("'", '"') for row in ROWS)
    if path.name.endswith(".parquet"):
        pq.write_table(pa.Table.from_pylist(ROWS), path, row_group_size=500)
    elif path.name.endswith(".xlsx"):
        book = pytest.importorskip("openpyxl").Workbook()
        for row in [list(ROWS[0]), *(list(row.values()) for row in ROWS)]:
            book.active.append(row)
        book.save(path)
    elif path.name.endswith(".sqlite"):
        connection = sqlite3.connect(path)
        connection.execute("create table sales (customer_id, timestamp, amount)")
        connection.executemany("insert into sales values (:customer_id, :timestamp, :amount)", ROWS)
        connection.commit()
        connection.close()
    elif path.name.endswith(".csv.gz"):
        text = ",".join(ROWS[0]) + "\n" + "".join(",".join(map(str, row.values())) + "\n" for row in ROWS)
        path.write_bytes(gzip.compress(text.encode()))
    else:
        path.write_bytes(gzip.compress(lines.encode()) if path.name.endswith(".gz") else lines.encode())
    return path


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("share", [0.02, 0.5, 0.95])
@pytest.mark.sampled
def test_what_is_cut_short_is_refused(check: Check, tmp_path: Path, name: str, share: float) -> None:
    file = write(tmp_path / name)
    content = file.read_bytes()
    file.write_bytes(content[: int(share * len(content))])
    with pytest.raises(TableError, match="^sales"):
        check(file)


@pytest.mark.parametrize("name", [name for name in KINDS if name != "sales.jsonl"])
@pytest.mark.parametrize("content", [b"x", b"PAR1", b"customer_id,timestamp\n" * 9, b"\0" * 5000, b"<html>no</html>"])
@pytest.mark.sampled
def test_what_is_no_such_file_is_refused(check: Check, tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(TableError, match="^sales"):
        check(tmp_path / name)


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.sampled
def test_a_damaged_file_is_read_or_refused(tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    file, chance = write(tmp_path / name), random.Random(7)
    whole = file.read_bytes()
    for _ in range(8):
        content = bytearray(whole)
        for _ in range(20):
            content[chance.randrange(len(content))] = chance.randrange(256)
        file.write_bytes(bytes(content))
        out = str(tmp_path / "out.parquet")
        code = cli.main(["value", str(file), "--as-of", "2025-06-30", "--out", out])
        assert code in (0, 3), capsys.readouterr().err
