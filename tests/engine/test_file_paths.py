"""Paths with signs of patterns, quotes, blanks and line breaks name the one file they name."""

import os
import sys
from pathlib import Path

import pytest

from custlib.engine.duckdb import DuckDB
from custlib.engine.file_paths import check_path
from custlib.errors import UsageError

NAMES = ["a[1]", "a*b", "a?b", "[*]", "it's", 'd"e', "n\nl", "s p", "é", "{1,2}", "%41", "a#b", "$x", "-x"]
NAMES += ["b\\s"] if os.sep == "/" else []
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="most of these names cannot be there")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.sampled
def test_a_work_folder_of_any_name_holds_tables(tmp_path: Path, name: str) -> None:
    for other in ("a1", "axb", "x"):
        (tmp_path / other).mkdir()
    engine = DuckDB(tmp_path / name)
    engine.attach_select("source", "select 1 as x")
    engine.seal()
    engine.make("made", "select x from source")
    engine.adopt("gathered", engine.files("made"))
    engine.drop("made")
    engine.open("gathered")
    assert engine.fetch("select x from gathered")["x"].tolist() == [1]
    engine.write("select 2 as x", tmp_path / name / "out.parquet")
    assert (tmp_path / name / "out.parquet").is_file()
    engine.close()


@pytest.mark.parametrize("name", NAMES)
def test_a_sealed_engine_reads_an_allowed_file_of_any_name(tmp_path: Path, name: str) -> None:
    for other in ("a1", "axb", "x"):
        (tmp_path / f"{other}.csv").write_text("x\nwrong\n")
    file = tmp_path / f"{name}.csv"
    file.write_text("x\nright\n")
    engine = DuckDB(tmp_path / "work")
    engine.attach_csv("source", file, ["x"], delimiter=",")
    engine.seal(also=(file,))
    assert engine.fetch("select x from source")["x"].tolist() == ["right"]
    engine.close()


@pytest.mark.parametrize("path", [Path("caf\udce9/sales.csv"), Path("a[1]\\b.csv")])
def test_what_no_engine_opens_is_said(path: Path) -> None:
    with pytest.raises(UsageError, match=r"work: .* Rename it"):
        check_path(path, "work")
