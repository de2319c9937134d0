"""A run is opened from its own work folder, whatever its record says."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

import custlib
from custlib.errors import UsageError
from custlib.project import build
from custlib.run_record import read_record, write_record

TABLES = "0123456789abcdef"


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """The folder of a run, with a folder of tables."""
    folder = tmp_path / "work" / "runs" / "a1"
    folder.mkdir(parents=True)
    tables = tmp_path / "work" / "tables" / TABLES
    tables.mkdir(parents=True)
    (tables / "source_hash.json").write_text('"abc"')
    mapping = {"id": "shop", "name": "A shop", "as_of": "2024-12-30", "source": {"path": "sales.csv"}}
    write_record(folder, build(mapping), tables=TABLES, engine="duckdb")
    return folder


def change(place: Path, **changes: Any) -> None:
    record = json.loads((place / "run.json").read_text())
    (place / "run.json").write_text(json.dumps(record | changes))


def segments(folder: Path, **changes: Any) -> dict[str, Any]:
    project = json.loads((folder / "run.json").read_text())["project"]
    return project | {"segments": project["segments"] | changes}


def test_a_record_is_read_from_where_it_lies(run: Path) -> None:
    record = read_record(run)
    assert record.work == run.parents[1]
    assert (record.tables, record.engine, record.source_hash) == (TABLES, "duckdb", "abc")
    assert record.project.folder == run


def test_a_moved_work_folder_is_opened_where_it_is(run: Path, tmp_path: Path) -> None:
    moved = shutil.move(tmp_path / "work", tmp_path / "moved")
    assert read_record(Path(moved) / "runs" / "a1").work == tmp_path / "moved"


def test_what_a_record_says_of_other_folders_is_not_heard(run: Path, tmp_path: Path) -> None:
    change(run, work=str(tmp_path / "elsewhere"), folder="/")
    record = read_record(run)
    assert record.work == tmp_path / "work" and record.project.folder == run


@pytest.mark.parametrize(
    "tables", ["../../outside", "/etc", "..", ".", "", "a/b", f"../tables/{TABLES}", 7, None, "ff" * 8]
)
def test_tables_out_of_the_work_folder_are_refused(run: Path, tmp_path: Path, tables: Any) -> None:
    (tmp_path / "outside").mkdir()
    change(run, tables=tables)
    with pytest.raises(UsageError, match=r"a1/run\.json: is damaged"):
        read_record(run)


@pytest.mark.parametrize("place", ["tables", "table", "file", "run", "record"])
def test_symbolic_links_are_refused(run: Path, tmp_path: Path, place: str) -> None:
    tables = tmp_path / "work" / "tables"
    (tmp_path / "outside" / TABLES).mkdir(parents=True)
    shutil.copy(tables / TABLES / "source_hash.json", tmp_path / "outside" / TABLES)
    opened = run
    if place == "tables":
        shutil.rmtree(tables)
        tables.symlink_to(tmp_path / "outside")
    elif place == "table":
        shutil.rmtree(tables / TABLES)
        (tables / TABLES).symlink_to(tmp_path / "outside" / TABLES)
    elif place == "file":
        (tables / TABLES / "transactions.parquet").symlink_to(tmp_path / "outside")
    elif place == "record":
        (run / "run.json").rename(tmp_path / "run.json")
        (run / "run.json").symlink_to(tmp_path / "run.json")
    else:
        opened = tmp_path / "b2"
        shutil.copytree(run, opened)
    with pytest.raises(UsageError, match=r"run\.json: is damaged, or was moved"):
        read_record(opened)


@pytest.mark.parametrize("named", ["../../secret.toml", "/etc/secret.toml", "a/b.toml", "..toml", ".hidden.toml"])
def test_files_beside_the_record_only_are_read(run: Path, named: str) -> None:
    for changed in (segments(run, playbook_file=named), segments(run, options={"ahp": {"hierarchy": named}})):
        change(run, project=changed)
        with pytest.raises(UsageError, match="is damaged"):
            read_record(run)


def test_a_file_that_is_a_link_is_refused(run: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.toml").write_text("")
    (run / "mine.toml").symlink_to(tmp_path / "secret.toml")
    change(run, project=segments(run, playbook_file="mine.toml"))
    with pytest.raises(UsageError, match="is damaged"):
        read_record(run)


def test_files_that_the_project_names_are_copied_beside_the_record(run: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text("# mine")
    (tmp_path / "judged.toml").write_text("# judged")
    settings = {"playbook_file": "mine.toml", "options": {"ahp": {"hierarchy": str(tmp_path / "judged.toml")}}}
    mapping = {"id": "shop", "name": "A shop", "as_of": "2024-12-30", "source": {"path": "sales.csv"}}
    project = build(mapping | {"segments": settings, "folder": tmp_path})
    write_record(run, project, tables=TABLES, engine="duckdb")
    read = read_record(run).project
    assert (read.folder / read.segments.playbook_file).read_text() == "# mine"
    judged = Path(read.segments.options["ahp"]["hierarchy"])
    assert judged.parent == run and judged.read_text() == "# judged"
    assert str(tmp_path / "judged.toml") not in (run / "run.json").read_text()


def test_a_finished_run_reads_no_purchases(run: Path, tmp_path: Path) -> None:
    (run / "sales.csv").write_text("customer_id,timestamp,amount\na,2024-01-01,1\n")
    opened = custlib.open(run)
    with pytest.raises(UsageError, match=r"a finished run reads nothing again. Open its project \(shop\)"):
        opened.make("transactions")


def test_a_finished_run_keeps_its_date(run: Path) -> None:
    with pytest.raises(UsageError, match="a finished run has its as_of. Open its project"):
        custlib.open(run, as_of="2024-11-30")
    assert custlib.open(run, as_of="2024-12-30", language="en").project.as_of.isoformat() == "2024-12-30"
