"""The inputs: one per file, with what the names of its folders say."""

from pathlib import Path

import pytest

from custlib import project as projects
from custlib.identify.inputs import inputs, partitions


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
