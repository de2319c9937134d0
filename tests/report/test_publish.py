"""What is published stays until a complete new run takes its place, whatever kills the run."""

import json
import logging
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from custlib.errors import LockedError, ModelError, RunError, TableError
from custlib.project import Project, build
from custlib.report import publish

SECRET = "row 17 of customer C0000042"


@pytest.fixture
def project() -> Project:
    mapping = {"id": "shop", "name": "A shop", "as_of": "2024-12-30", "source": {"path": "sales.csv"}}
    return build(mapping)


def pages(folder: Path, text: str = "first") -> Path:
    """Two finished pages."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("overview", "value"):
        (folder / f"{name}.html").write_text(f"<p>{text} {name}</p>")
    return folder


def manifest(project: Project, run_id: str = "a1") -> dict[str, Any]:
    """The part of a manifest that publishing reads."""
    listed = [{"title": "Overview", "href": "overview.html", "group": "overview", "note": ""}]
    return {
        "run_id": run_id,
        "project": project.model_dump(mode="json"),
        "pages": [{"name": "overview"}, {"name": "value"}],
        "index": {"light": "green", "numbers": [{"label": "Customers", "value": "300", "note": ""}], "pages": listed},
    }


def published(tmp_path: Path, project: Project, text: str = "first", run_id: str = "a1") -> Path:
    made = pages(tmp_path / "made", text)
    return publish.publish(made, tmp_path / "reports", project, manifest(project, run_id))


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_pages_are_published_below_project_and_date(tmp_path: Path, project: Project) -> None:
    target = published(tmp_path, project)
    assert target == tmp_path / "reports" / "shop" / "2024-12-30"
    assert names(target) == {"overview.html", "value.html", "manifest.json"}
    assert names(tmp_path / "reports" / "shop") == {"2024-12-30", "latest"}


def test_a_new_run_takes_the_place_of_the_old(tmp_path: Path, project: Project) -> None:
    published(tmp_path, project)
    target = published(tmp_path, project, "second", "b2")
    assert "second" in (target / "overview.html").read_text()
    assert publish.read_manifest(target)["run_id"] == "b2"
    assert names(target.parent) == {"2024-12-30", "latest"}


def test_dates_stand_beside_each_other_and_latest_is_the_last_published(tmp_path: Path, project: Project) -> None:
    published(tmp_path, project)
    published(tmp_path, project.replace(as_of="2025-01-31"), "later")
    home = tmp_path / "reports" / "shop"
    assert names(home) == {"2024-12-30", "2025-01-31", "latest"}
    assert (home / "latest").is_symlink()
    assert "later" in (home / "latest" / "overview.html").read_text()


def test_the_index_lists_the_newest_run_and_earlier_dates(tmp_path: Path, project: Project) -> None:
    published(tmp_path, project)
    published(tmp_path, project.replace(as_of="2025-01-31"))
    html = (tmp_path / "reports" / "index.html").read_text()
    hrefs = set(re.findall(r'href="([^"#]+html)"', html))
    assert {"shop/2025-01-31/overview.html", "shop/2024-12-30/overview.html"} <= hrefs
    assert all((tmp_path / "reports" / href).is_file() for href in hrefs)


def test_a_run_counts_as_published_with_all_its_pages_only(tmp_path: Path, project: Project) -> None:
    reports = tmp_path / "reports"
    assert not publish.is_published(reports, project, "a1")
    target = published(tmp_path, project)
    assert publish.is_published(reports, project, "a1")
    assert not publish.is_published(reports, project, "b2")
    (target / "value.html").unlink()
    assert not publish.is_published(reports, project, "a1")


def test_a_run_without_index_is_published_again(tmp_path: Path, project: Project) -> None:
    published(tmp_path, project)
    (tmp_path / "reports" / "index.html").unlink()
    assert not publish.is_published(tmp_path / "reports", project, "a1")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"run_id": 1}', "\0"])
def test_a_manifest_that_is_none_is_no_run(tmp_path: Path, text: str) -> None:
    (tmp_path / "manifest.json").write_text(text)
    assert publish.read_manifest(tmp_path) is None


@pytest.mark.parametrize(
    ("fault", "stage"),
    [
        (TableError(SECRET), "data"),
        (ModelError(SECRET), "model"),
        (RunError(SECRET), "execution"),
        (ZeroDivisionError(SECRET), "program"),
    ],
)
def test_a_failure_is_noted_without_data_and_the_report_stays(
    tmp_path: Path, project: Project, fault: Exception, stage: str
) -> None:
    target = published(tmp_path, project)
    before = (target / "overview.html").read_bytes()
    publish.record_failure(tmp_path / "reports", project, fault)
    record = json.loads((target.parent / "failure-2024-12-30.json").read_text())
    assert set(record) == {"as_of", "stage", "code", "when", "name"}
    assert record["stage"] == type(fault).__name__
    assert record["code"] == str(getattr(fault, "exit_code", 1))
    html = (tmp_path / "reports" / "index.html").read_text()
    assert f"Stopped: {stage} (" in html and "shop/2024-12-30/overview.html" in html
    assert SECRET not in html + json.dumps(record)
    assert (target / "overview.html").read_bytes() == before


def test_a_failure_before_any_report_is_on_the_index(tmp_path: Path, project: Project) -> None:
    publish.record_failure(tmp_path / "reports", project, TableError(SECRET))
    html = (tmp_path / "reports" / "index.html").read_text()
    assert "A shop" in html and "Stopped: data (" in html


def test_success_takes_the_failure_back(tmp_path: Path, project: Project) -> None:
    publish.record_failure(tmp_path / "reports", project, TableError(SECRET))
    published(tmp_path, project)
    assert not list((tmp_path / "reports" / "shop").glob("failure-*"))
    assert "Stopped: data" not in (tmp_path / "reports" / "index.html").read_text()


def test_a_failure_that_cannot_be_noted_hides_nothing(
    tmp_path: Path, project: Project, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "custlib")
    (tmp_path / "reports").write_text("a file")
    publish.record_failure(tmp_path / "reports", project, TableError("x"))
    assert "the failure cannot be noted in reports" in caplog.text


def test_what_a_killed_run_left_is_swept(tmp_path: Path, project: Project) -> None:
    home = published(tmp_path, project).parent
    pages(home / ".new-2024-12-30-999")
    pages(home / ".old-2024-12-30-999")
    publish.sweep(home)
    assert names(home) == {"2024-12-30", "latest"}


def test_a_report_that_a_killed_run_had_moved_aside_comes_back(tmp_path: Path, project: Project) -> None:
    target = published(tmp_path, project)
    target.rename(target.parent / ".old-2024-12-30-999")
    publish.sweep(target.parent)
    assert publish.is_published(tmp_path / "reports", project, "a1")
    assert names(target.parent) == {"2024-12-30", "latest"}


def test_sweeping_needs_no_folder(tmp_path: Path) -> None:
    publish.sweep(tmp_path / "none")


@pytest.mark.parametrize("broken", ["copytree", "rmtree"])
def test_a_full_disk_leaves_the_last_report(
    tmp_path: Path, project: Project, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    target = published(tmp_path, project)
    before = (target / "overview.html").read_bytes()

    def full(*given: object, **options: object) -> None:
        raise OSError(28, "No space left on device", "overview.html")

    monkeypatch.setattr(publish.shutil, "copytree", full)
    if broken == "rmtree":
        monkeypatch.setattr(publish.shutil, "rmtree", lambda *given, **options: None)
    with pytest.raises(RunError, match=r"publish: No space left on device .* The last report stays"):
        published(tmp_path, project, "second")
    assert (target / "overview.html").read_bytes() == before


def test_a_lock_is_held_by_one(tmp_path: Path) -> None:
    path = tmp_path / "work" / "shop.lock"
    with publish.lock(path):
        with (
            pytest.raises(LockedError, match="another run of shop is under way. Wait for it to end."),
            publish.lock(path),
        ):
            pass
        with publish.lock(tmp_path / "work" / "other.lock"):
            pass
    with publish.lock(path):
        pass


def test_a_lock_ends_with_a_fault(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), publish.lock(tmp_path / "shop.lock"):
        _ = 1 / 0
    with publish.lock(tmp_path / "shop.lock"):
        pass


def test_a_killed_process_leaves_no_lock(tmp_path: Path) -> None:
    path = tmp_path / "shop.lock"
    code = (
        "import pathlib, custlib.report.publish as publish\n"
        f"with publish.lock(pathlib.Path({str(path)!r})): print('locked', flush=True); input()"
    )
    holder = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with holder:
        assert holder.stdout is not None and holder.stdout.readline() == b"locked\n"
        with pytest.raises(LockedError), publish.lock(path):
            pass
        holder.kill()
    with publish.lock(path):
        pass


def test_a_work_folder_that_is_a_file_is_said(tmp_path: Path) -> None:
    (tmp_path / "work").write_text("")
    with pytest.raises(RunError, match="Choose another --work folder"), publish.lock(tmp_path / "work" / "shop.lock"):
        pass


def test_folders_of_others_are_left_alone(tmp_path: Path, project: Project) -> None:
    (tmp_path / "reports" / "notes").mkdir(parents=True)
    (tmp_path / "reports" / "notes" / "mine.txt").write_text("x")
    published(tmp_path, project)
    assert (tmp_path / "reports" / "notes" / "mine.txt").is_file()
    assert "notes" not in (tmp_path / "reports" / "index.html").read_text()
