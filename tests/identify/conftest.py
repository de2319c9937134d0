"""A small shop: a CSV of four lines, checked with any options."""

import datetime as dt
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from custlib import project as projects
from custlib.engine.duckdb import DuckDB
from custlib.identify import contract, side_tables
from custlib.identify.contract import make_transactions
from custlib.identify.reading.inputs import Input, inputs
from custlib.identify.reading.sources import Opened, open_input, stage
from custlib.identify.translation import translated
from tests.bases import SharedDuckDB

AS_OF = dt.date(2025, 6, 30)
HAN = re.compile("[\u3400-\u9fff]")


def untranslated(remarks: Iterable[str]) -> list[str]:
    """List the remarks without a Chinese sentence: ``rules/remarks.toml`` wants an entry for each."""
    return [remark for remark in remarks if not HAN.search(translated(remark, "zh"))]


@pytest.fixture(autouse=True)
def every_remark_is_translated(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hold every remark that a test of this folder raises, on purchases or a side table, against its translations."""
    defined, said = contract.define_transactions, side_tables.said_of_all

    def define(engine: Any, project: Any, quality: dict[str, Any]) -> dict[str, Any]:
        record = defined(engine, project, quality)
        assert untranslated(record["warnings"]) == []
        return record

    def say(records: dict[str, dict[str, Any]]) -> list[str]:
        remarks = said(records)
        assert untranslated(remarks) == []
        return remarks

    monkeypatch.setattr(contract, "define_transactions", define)
    monkeypatch.setattr(side_tables, "said_of_all", say)


@dataclass
class Checked:
    """A source that went through the contract."""

    engine: DuckDB
    quality: dict[str, Any]

    @property
    def said(self) -> str:
        """All warnings, one a line."""
        return "\n".join(self.quality["warnings"])

    def table(self, name: str, order: str = "all") -> pd.DataFrame:
        """A table that was made, sorted."""
        return self.engine.fetch(f"select * from {name} order by {order}")


Check = Callable[..., Checked]


@pytest.fixture
def check(tmp_path: Path) -> Iterator[Check]:
    engines = []

    def run(content: str | bytes | Path, *, name: str = "sales.csv", as_of: dt.date = AS_OF, **options: Any) -> Checked:
        path = content if isinstance(content, Path) else tmp_path / name
        if not isinstance(content, Path):
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        margin = {name: options.pop(name) for name in ("margin", "product_margins") if name in options}
        source = {"path": str(path), "max_unreadable": 1} | options  # in a file of four lines, one is a quarter
        project = projects.build({"id": "shop", "name": "Shop", "as_of": as_of, "source": source} | margin)
        engines.append(SharedDuckDB(tmp_path / f"tables{len(engines)}"))
        return Checked(engines[-1], make_transactions(engines[-1], project))

    yield run
    for engine in engines:
        engine.close()


@dataclass
class Read:
    """One input that was opened, with its rows."""

    given: Input
    opened: Opened
    rows: pd.DataFrame


ReadAll = Callable[..., list[Read]]


@pytest.fixture
def read(tmp_path: Path) -> Iterator[ReadAll]:
    """Open every input of a source below ``tmp_path``, and read its rows by standard name."""
    engine = SharedDuckDB(tmp_path / "tables")

    def run(**source: Any) -> list[Read]:
        shop = {"id": "shop", "name": "Shop", "as_of": AS_OF, "folder": tmp_path, "source": source}
        return [one(entry) for entry in inputs(projects.build(shop))]

    def one(entry: Input) -> Read:
        entry = stage(entry, engine.folder)
        opened = open_input(engine, entry, "v")
        named = ", ".join(f"{in_utc(opened, name)} as {name}" for name in opened.columns)
        return Read(entry, opened, engine.fetch(f"select {named} from v order by all"))

    yield run
    engine.close()


def in_utc(opened: Opened, name: str) -> str:
    """A column by its name in the source; moments as in UTC, since pandas warns where DuckDB hands over zones."""
    column = '"' + opened.columns[name].replace('"', '""') + '"'
    return f"{column} at time zone 'UTC'" if "ZONE" in opened.types[name] else column
