"""One source: which files it names, and that no secret stands in it or comes out of it."""

from pathlib import Path
from typing import Any

import pytest

from custlib import project as projects
from custlib.errors import TableError, UsageError
from custlib.source import Source, kind_of, pattern_base

SECRET = "postgresql://shop:tiger@db.example/sales"


def lay(folder: Path, *names: str) -> None:
    """Make files of one byte."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("x")


def build(**source: Any) -> projects.Project:
    return projects.build({"id": "shop", "name": "Shop", "as_of": "2025-06-30", "source": source})


def names_of(folder: Path, path: str) -> list[str]:
    return [found.relative_to(folder).as_posix() for found in Source(path=path).files(folder)]


# --- files ------------------------------------------------------------------------------------------------------------


def test_a_file_is_one_file(tmp_path: Path) -> None:
    lay(tmp_path, "b.csv", "a.csv")
    assert names_of(tmp_path, "b.csv") == ["b.csv"]


def test_a_file_that_is_not_there_is_still_named(tmp_path: Path) -> None:
    assert names_of(tmp_path, "none.csv") == ["none.csv"]


def test_a_folder_is_its_files_sorted_also_those_below(tmp_path: Path) -> None:
    lay(tmp_path, "s/b.csv", "s/a.csv.gz", "s/2024/c.csv")
    assert names_of(tmp_path, "s") == ["s/2024/c.csv", "s/a.csv.gz", "s/b.csv"]


def test_what_other_programs_leave_in_a_folder_is_passed_over(tmp_path: Path) -> None:
    lay(tmp_path, "s/part-0.parquet", "s/_SUCCESS", "s/.part-0.parquet.crc", "s/_temporary/x.parquet", "s/notes.doc")
    assert names_of(tmp_path, "s") == ["s/part-0.parquet"]


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("s/2025-*.csv", ["s/2025-01.csv", "s/2025-02.csv"]),
        ("s/2025-0[2].csv", ["s/2025-02.csv"]),
        ("**/*.csv", ["s/2024-12.csv", "s/2025-01.csv", "s/2025-02.csv"]),
        ("s/202?-12.csv", ["s/2024-12.csv"]),
    ],
)
def test_a_pattern_is_the_files_that_fit(tmp_path: Path, pattern: str, found: list[str]) -> None:
    lay(tmp_path, "s/2024-12.csv", "s/2025-01.csv", "s/2025-02.csv", "s/other.txt")
    assert names_of(tmp_path, pattern) == found


def test_a_file_whose_name_looks_like_a_pattern_is_that_file(tmp_path: Path) -> None:
    lay(tmp_path, "sa*les[1].csv", "sales1.csv")
    assert names_of(tmp_path, "sa*les[1].csv") == ["sa*les[1].csv"]


def test_a_database_has_no_files(tmp_path: Path) -> None:
    assert Source(url_env="SHOP", table="sales").files(tmp_path) == []


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("empty", "empty: is a directory. Name one CSV or Parquet file"),
        ("s", r"s: is a directory or pattern with files of several kinds \(csv, parquet\)"),
        ("s/*.jsonl", r"\*.jsonl: no file fits this pattern"),
    ],
)
def test_a_folder_or_pattern_without_files_of_one_kind_is_refused(tmp_path: Path, path: str, said: str) -> None:
    (tmp_path / "empty").mkdir()
    lay(tmp_path, "s/a.csv", "s/b.parquet")
    with pytest.raises(TableError, match=said):
        names_of(tmp_path, path)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.csv", "csv"),
        ("a.CSV.gz", "csv"),
        ("a.gz", "csv"),
        ("a.ndjson", "jsonl"),
        ("a.jsonl.gz", "jsonl"),
        ("a.parquet", "parquet"),
        ("a.parquet.gz", None),
        ("a.xlsx", "excel"),
        ("a.db", "sqlite"),
        ("a.xls", None),
        ("a.pkl", None),
        ("a", None),
    ],
)
def test_the_name_tells_the_kind(name: str, kind: str | None) -> None:
    assert kind_of(Path(name)) == kind


def test_the_base_of_a_pattern_is_the_folder_above_it(tmp_path: Path) -> None:
    assert pattern_base(tmp_path / "s" / "y=*" / "a.csv") == tmp_path / "s"
    assert pattern_base(tmp_path) == tmp_path


# --- several ----------------------------------------------------------------------------------------------------------


def test_a_project_may_have_several_sources(tmp_path: Path) -> None:
    path = tmp_path / "shop.toml"
    path.write_text(
        'id = "shop"\nname = "Shop"\nas_of = 2025-06-30\n'
        '[[sources]]\npath = "web.csv"\n[sources.columns]\ncustomer_id = "client"\n'
        '[[sources]]\npath = "till.csv"\ndelimiter = ";"\ndecimal = ","\ndate_format = "%d.%m.%Y"\n'
    )
    project = projects.load(path)
    assert [(s.path, s.delimiter, s.columns) for s in project.inputs] == [
        ("web.csv", ",", {"customer_id": "client"}),
        ("till.csv", ";", {}),
    ]
    assert project.source == project.inputs[0]
    assert project.replace(horizon_days=30).inputs == project.inputs


def test_one_source_is_the_only_input() -> None:
    project = build(path="x.csv")
    assert project.inputs == (project.source,)


def test_source_and_sources_are_not_given_both() -> None:
    mapping = {"id": "shop", "name": "Shop", "as_of": "2025-06-30"}
    with pytest.raises(UsageError, match=r"\[source\] and \[\[sources\]\] are both given; give one"):
        projects.build(mapping | {"source": {"path": "a.csv"}, "sources": [{"path": "b.csv"}]})
    with pytest.raises(UsageError, match="source: is required and missing"):
        projects.build(mapping | {"sources": []})


def test_a_fault_in_one_of_several_is_named_once_with_its_place() -> None:
    mapping = {"id": "shop", "name": "Shop", "as_of": "2025-06-30", "sources": [{"path": "a.csv", "delimeter": ";"}]}
    with pytest.raises(UsageError, match=r"^project: sources.0.delimeter: unknown key. Did you mean 'delimiter'\?.*$"):
        projects.build(mapping)


# --- agree ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ({}, "give a path to files, or url_env"),
        ({"path": "x.csv", "url_env": "SHOP", "table": "sales"}, "give a path to files, or url_env"),
        ({"url_env": "SHOP"}, "url_env needs a table or a query"),
        ({"url_env": "SHOP", "table": "a", "query": "select 1"}, "table and query are both given"),
        ({"url_env": "SHOP", "table": "a", "names": ["x"]}, "package and names are of files"),
        ({"path": "x.csv", "table": "a"}, "table and query are of databases"),
        ({"path": "x.parquet", "sheet": "a"}, "sheet is of Excel workbooks"),
        ({"url_env": "SHOP", "table": "a", "sheet": "b"}, "sheet is of Excel workbooks"),
        ({"path": "x.csv", "encoding": "utf-9"}, "encoding: there is none named 'utf-9'"),
        ({"path": "x.csv", "encoding": "rot13"}, "encoding: there is none named 'rot13'"),
        ({"path": "x.csv", "encoding": "unicode_escape"}, "encoding: there is none named"),
    ],
)
def test_keys_that_do_not_go_together_are_refused(source: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        build(**source)


@pytest.mark.parametrize(
    "source",
    [
        {"path": SECRET},
        {"path": "host=db.example password=tiger"},
        {"path": "sales.csv", "url": SECRET},
        {"url_env": SECRET, "table": "sales"},
        {"url_env": "SHOP", "table": "sales", "path": SECRET},
        {"path": "x.csv", "max_amount": SECRET},
    ],
)
def test_an_address_in_the_project_file_is_refused_without_being_repeated(source: dict[str, Any]) -> None:
    with pytest.raises(UsageError) as fault:
        build(**source)
    assert "tiger" not in str(fault.value)


def test_an_address_in_place_of_a_source_is_not_repeated() -> None:
    with pytest.raises(UsageError) as fault:
        projects.build({"id": "shop", "name": "Shop", "as_of": "2025-06-30", "source": SECRET})
    assert "tiger" not in str(fault.value)


@pytest.mark.parametrize(
    ("source", "label"),
    [
        (Source(path="sub/sales.csv"), "sales.csv"),
        (Source(url_env="SHOP", table="public.sales"), "public.sales"),
        (Source(url_env="SHOP", query="select 1"), "query of SHOP"),
    ],
)
def test_messages_call_a_source_by_file_or_table(source: Source, label: str) -> None:
    assert source.label == label
    assert source.location(Path("/shop")).name == label
