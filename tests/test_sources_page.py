"""The page on sources: every project file in it is read, and gives purchases."""

import doctest
import re
import sqlite3
import tomllib
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from custlib import project as projects
from custlib.engine.duckdb import DuckDB
from custlib.errors import UsageError
from custlib.identify.reading.inputs import inputs
from custlib.identify.reading.sources import open_input
from custlib.run import Run
from custlib.segment.measures import INVOICED
from tests.house.sources import ROOT

PAGE = ROOT / "docs" / "sources.md"
TEXT = PAGE.read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```toml\n(.*?)```", TEXT, flags=re.DOTALL)
HEADER = ["customer_id", "timestamp", "amount"]
ROWS = [("ann", "2025-01-01", 10.5), ("bob", "2025-02-01", 20)]
SQL = """
    create table clients (client, code); create table orders (client, day, amount);
    insert into clients values (1, 'ann'), (2, 'bob');
    insert into orders values (1, '2025-01-01', 10.5), (2, '2025-02-01', 20)
"""


def lay(folder: Path) -> None:
    """Make the files that the page speaks of."""
    (folder / "sales.csv").write_text("client,day,revenue\nann,2025-01-01,10.5\nbob,2025-02-01,20\n")
    orders = "client,day,Qty,Price,Order Status,Cur,product\nann,2025-01-01,2,5.25,Completed,EUR,tea\n"
    (folder / "orders.csv").write_text(f"{orders}bob,2025-02-01,1,20,shipped,chf,tea\n")
    german = "customer_id;timestamp;amount;product\nann;01.01.2025;10,5;Käse\nbob;01.02.2025;20;Öl\n"
    (folder / "umsatz.csv").write_bytes(german.encode("cp1252"))
    (folder / "crm.csv").write_bytes("Nr;Gebiet;geb\nann;Köln;1980-05-01\nzoe;;\n".encode("cp1252"))
    bills = "Nr;faellig;bezahlt;Betrag;Beleg\nann;31.01.2025;02.02.2025;10,5;1\nbob;28.02.2025;;20;2\n"
    (folder / "open_items.csv").write_text(bills)
    lines = "".join(f'{{"customer_id":"{c}","timestamp":"{t}","amount":{a}}}\n' for c, t, a in ROWS)
    (folder / "sales.jsonl").write_text(lines)
    (folder / "web.jsonl").write_text(lines)
    (folder / "lake" / "sales" / "shop=web").mkdir(parents=True)
    table = pa.table({name: list(column) for name, column in zip(HEADER, zip(*ROWS, strict=True), strict=True)})
    pq.write_table(table, folder / "lake" / "sales" / "shop=web" / "part-0.parquet")
    (folder / "till").mkdir()
    (folder / "till" / "2025-01.csv").write_text("card;day;total\nann;03.01.2025;1,5\n")


def lay_books(folder: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.create_sheet("orders")
    for row in (HEADER, *ROWS):
        sheet.append(list(row))
    book.save(folder / "sales.xlsx")
    book.close()
    connection = sqlite3.connect(folder / "shop.sqlite")
    connection.executescript(SQL)
    connection.close()


def pack(path: Path) -> None:
    import gzip

    path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))


@pytest.mark.parametrize("text", EXAMPLES, ids=lambda text: re.search(r"(path|url_env) = .*", text)[0])  # type: ignore[index]
@pytest.mark.sampled
def test_a_project_file_of_the_page_is_read(tmp_path: Path, text: str) -> None:
    project = projects.build(tomllib.loads(text) | {"folder": tmp_path})
    if project.source.url_env:
        return  # its server is that of tests/identify/reading/test_postgres.py
    lay(tmp_path)
    lay_books(tmp_path)
    pack(tmp_path / "umsatz.csv")
    engine = DuckDB(tmp_path / "tables")
    for entry in inputs(project):
        opened = open_input(engine, entry)
        assert {"customer_id", "timestamp", "amount"} <= set(opened.columns)
        assert engine.fetch("select count(*) as n from source")["n"].item() >= 1
    engine.close()


def test_the_page_shows_every_kind() -> None:
    kinds: set[Any] = {entry.kind for text in EXAMPLES for entry in _named(text)}
    assert kinds >= {"csv", "jsonl", "excel", "sqlite", "database"}
    assert len(EXAMPLES) == 11


REGISTERS = [text for text in EXAMPLES if "[customers]" in text or "[invoices]" in text]


@pytest.mark.parametrize("text", REGISTERS, ids=["customers", "invoices"])
def test_a_register_of_the_page_is_made(tmp_path: Path, text: str) -> None:
    lay(tmp_path)
    shop = Run(projects.build(tomllib.loads(text) | {"folder": tmp_path}), tmp_path / "work")
    engine = shop.make("customer_attributes", "invoices")
    (made,) = shop.get("quality")["registers"].values()
    assert made["rows_used"] == made["rows_read"] == 2
    table = "customer_attributes" if "[customers]" in text else "invoices"
    assert engine.fetch(f"select * from {table} order by customer_id").shape == (2, 3 if "[customers]" in text else 4)
    shop.engine.close()


def test_the_measures_of_the_page_are_those_there_are() -> None:
    assert set(re.findall(r"^\| `(\w+)` \|", TEXT, flags=re.MULTILINE)) == set(INVOICED)


def _named(text: str) -> list[Any]:
    from custlib.identify.reading.inputs import Input

    sources = projects.build(tomllib.loads(text)).inputs
    return [Input(source, source.label, None if source.url_env else Path(source.path)) for source in sources]


def test_the_frames_of_the_page_run(capsys: pytest.CaptureFixture[str]) -> None:
    code = "\n".join(re.findall(r"```python\n(.*?)```", TEXT, flags=re.DOTALL))
    found = doctest.DocTestParser().get_doctest(code, {}, PAGE.name, str(PAGE), 0)
    assert doctest.DocTestRunner().run(found).failed == 0, capsys.readouterr().out


def test_the_address_on_the_page_is_refused_in_a_project_file() -> None:
    address = re.search(r"'(postgresql://[^']*)'", TEXT)
    assert address
    with pytest.raises(UsageError, match="path holds the address of a database"):
        projects.build({"id": "s", "name": "s", "as_of": "2025-06-30", "source": {"path": address[1]}})
