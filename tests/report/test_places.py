"""A folder of reports that cannot be written to, or that lies with the data, is refused before anything is made."""

from pathlib import Path
from typing import Any

import pytest

from custlib.errors import UsageError
from custlib.project import Project, build
from custlib.report.published.places import check_places


def project_in(folder: Path, path: str = "sales.csv", **changes: Any) -> Project:
    folder.mkdir(parents=True, exist_ok=True)
    mapping = {"id": "shop", "name": "A shop", "as_of": "2024-12-30", "source": {"path": path}, "folder": folder}
    return build(mapping | changes)


def check(tmp_path: Path, reports: str, work: str = "data/work", path: str = "sales.csv") -> None:
    check_places((tmp_path / reports).resolve(), (tmp_path / work).resolve(), project_in(tmp_path / "data", path))


@pytest.mark.parametrize("reports", ["reports", "data/reports", "elsewhere/deep/down", "data/work-reports"])
def test_a_folder_of_its_own_passes_and_is_left_empty(tmp_path: Path, reports: str) -> None:
    check(tmp_path, reports)
    assert list((tmp_path / reports).iterdir()) == []


@pytest.mark.parametrize(
    ("reports", "work", "path", "said"),
    [
        ("data/work", "data/work", "sales.csv", "lie in one another"),
        ("data/work/reports", "data/work", "sales.csv", "lie in one another"),
        ("out", "out/work", "sales.csv", "lie in one another"),
        ("data", "work", "sales.csv", "holds the data"),
        (".", "../work", "sales.csv", "holds the data"),
        ("exports", "work", "../exports/sales.csv", "holds the data"),
        ("data/sales/reports", "work", "sales", "whose files are read"),
        ("data/sales/reports", "work", "sales/*.csv", "whose files are read"),
    ],
)
def test_a_folder_with_the_tables_or_the_data_is_refused(
    tmp_path: Path, reports: str, work: str, path: str, said: str
) -> None:
    (tmp_path / "data" / "sales").mkdir(parents=True)
    with pytest.raises(UsageError, match=rf"--reports: .*{said}"):
        check(tmp_path, reports, work, path)
    assert not (tmp_path / "reports").exists()


def test_a_source_without_a_path_is_nowhere(tmp_path: Path) -> None:
    source = {"url_env": "SHOP_URL", "table": "sales"}
    check_places(tmp_path / "reports", tmp_path / "work", project_in(tmp_path / "data", source=source))


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "reports").write_text("")
    with pytest.raises(UsageError, match="reports is no folder"):
        check(tmp_path, "reports")


def test_a_device_is_no_folder(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="/dev/null is no folder"):
        check_places(Path("/dev/null"), tmp_path / "work", project_in(tmp_path / "data"))


def test_a_folder_below_a_file_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot be written to: Not a directory"):
        check(tmp_path, "file/reports")


def test_a_folder_that_cannot_be_written_to_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, content: bytes) -> int:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "write_bytes", refuse)
    with pytest.raises(UsageError, match="cannot be written to: Permission denied"):
        check(tmp_path, "reports")
