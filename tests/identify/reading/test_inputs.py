"""Inputs are named by their files and folders, their columns found by the names of the project file."""

from pathlib import Path

import pytest

from custlib import project as projects
from custlib.errors import TableError
from custlib.identify.reading.inputs import Input, check_types, distinct, in_role, inputs, match, partitions, used
from custlib.project import Source


def project_of(folder: Path, *sources: dict[str, object]) -> projects.Project:
    return projects.build(
        {"id": "shop", "name": "Shop", "as_of": "2025-06-30", "folder": folder, "sources": list(sources)}
    )


def test_each_file_of_each_source_is_an_input(tmp_path: Path) -> None:
    for name in ("web/b.csv", "web/a.csv", "till.parquet"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    found = inputs(project_of(tmp_path, {"path": "web"}, {"path": "till.parquet"}, {"url_env": "SHOP", "table": "s"}))
    assert [(entry.name, entry.kind) for entry in found] == [
        ("a.csv", "csv"),
        ("b.csv", "csv"),
        ("till.parquet", "parquet"),
        ("s", "database"),
    ]
    assert found[0].path == tmp_path / "web" / "a.csv"
    assert found[3].path is None


def test_a_file_in_a_folder_is_named_below_it(tmp_path: Path) -> None:
    (tmp_path / "s" / "year=2025" / "channel=web").mkdir(parents=True)
    (tmp_path / "s" / "year=2025" / "channel=web" / "p.parquet").write_text("x")
    for path in ("s", "s/**/*.parquet", "s/year=*/*/*.parquet"):
        (found,) = inputs(project_of(tmp_path, {"path": path}))
        assert found.name == "year=2025/channel=web/p.parquet"
        assert found.partitions == {"year": "2025", "channel": "web"}


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("p.parquet", {}),
        ("a=b.csv", {}),
        ("x/p.parquet", {}),
        ("channel=by%20mail%2Fpost/p.csv", {"channel": "by mail/post"}),
        ("channel=__HIVE_DEFAULT_PARTITION__/p.csv", {"channel": None}),
        ("channel=a=b/p.csv", {"channel": "a=b"}),
        ("=x/p.csv", {}),
    ],
)
def test_folders_give_columns(name: str, found: dict[str, str | None]) -> None:
    assert partitions(Path(name)) == found


def shop(partitions: dict[str, str | None] | None = None, **columns: str) -> Input:
    return Input(Source(path="sales.csv", columns=columns), "sales.csv", Path("sales.csv"), partitions or {})


def test_standard_and_mapped_names_are_found() -> None:
    columns, remarks = match(shop(customer_id="Client"), ["Client", "TIMESTAMP ", "note"])
    assert columns == {"customer_id": "Client", "timestamp": "TIMESTAMP "}
    assert remarks == ("column name 'TIMESTAMP ' was read as 'timestamp'",)


def test_what_is_used_keeps_the_order_of_the_source() -> None:
    assert used(shop(), ["note", "timestamp", "x", "customer_id"]) == ["timestamp", "customer_id"]


def test_a_column_that_a_folder_gives_is_no_column_of_the_file() -> None:
    given = shop({"channel": "web"})
    assert used(given, ["timestamp", "customer_id"]) == ["timestamp", "customer_id"]
    assert match(given, ["timestamp", "customer_id", "channel"])[0]["channel"] == "channel"


def test_columns_are_found_by_what_they_are_read_as() -> None:
    assert in_role(shop(amount="Revenue"), ("amount", "cost"), ["customer_id", "timestamp", "Revenue"]) == {"Revenue"}


def test_every_missing_column_is_named_at_once() -> None:
    with pytest.raises(TableError) as fault:
        match(shop(amount="Price"), ["customer", "day"])
    lines = str(fault.value).splitlines()
    assert len(lines) == 4
    assert lines[2].startswith("sales.csv: column 'Price' (mapped from amount) is missing.")


def test_columns_without_a_name_get_one_and_twins_are_refused() -> None:
    assert distinct("x", ["a", "", "\ufeffb"]) == ["a", "column_2", "b"]
    with pytest.raises(TableError, match=r"x: column 'a' stands twice in the header \(also as 'A'\). Rename one"):
        distinct("x", ["a", "A"])


@pytest.mark.parametrize(
    ("standard", "kind", "said"),
    [
        ("amount", "DOUBLE[]", "a list or nested value"),
        ("customer_id", "STRUCT(a INTEGER)", "a list or nested value"),
        ("amount", "DATE", "no number"),
        ("cost", "BOOLEAN", "no number"),
    ],
)
def test_types_that_hold_no_single_value_are_refused(standard: str, kind: str, said: str) -> None:
    with pytest.raises(TableError, match=rf"x: column 'c' \(mapped from {standard}\) has type .*, {said}. Write one"):
        check_types("x", {standard: "c"}, {"c": kind})


def test_days_and_booleans_are_fine_where_no_money_is_asked() -> None:
    check_types("x", {"timestamp": "a", "channel": "b"}, {"a": "DATE", "b": "BOOLEAN"})
