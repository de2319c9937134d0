"""What is published stays until a complete new run takes its place, whatever kills the run."""

import json
import logging
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from custlib.errors import LockedError, ModelError, RunError, TableError, UsageError
from custlib.project import Project, build
from custlib.report import publish
from custlib.report.published import exchange
from custlib.report.published.leftovers import temporary
from tests.notebooks.shops import ROOT

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


def test_a_report_whose_forecast_was_not_tested_is_read(tmp_path: Path, project: Project) -> None:
    target = published(tmp_path, project)
    record = json.loads((target / "manifest.json").read_text())
    for light in ("green", "untested", None):
        (target / "manifest.json").write_text(json.dumps(record | {"index": record["index"] | {"light": light}}))
        assert publish.read_manifest(target) is not None
    (target / "manifest.json").write_text(json.dumps(record | {"index": record["index"] | {"light": "blue"}}))
    assert publish.read_manifest(target) is None


def left(target: Path, kind: str) -> Path:
    """A temporary name of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return target.with_name(temporary(target, kind).name.rpartition(".")[0] + f".{process.pid}")


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


def test_dates_stand_beside_each_other_and_latest_is_the_newest(tmp_path: Path, project: Project) -> None:
    published(tmp_path, project)
    published(tmp_path, project.replace(as_of="2025-01-31"), "later")
    home = tmp_path / "reports" / "shop"
    assert names(home) == {"2024-12-30", "2025-01-31", "latest"}
    assert (home / "latest").is_symlink()
    assert "later" in (home / "latest" / "overview.html").read_text()


def test_an_earlier_date_published_later_is_not_the_latest(tmp_path: Path, project: Project) -> None:
    published(tmp_path, project.replace(as_of="2025-01-31"), "newest")
    published(tmp_path, project, "backfill")
    home = tmp_path / "reports" / "shop"
    assert "newest" in (home / "latest" / "overview.html").read_text()
    assert "backfill" in (home / "2024-12-30" / "overview.html").read_text()


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


def test_an_equal_run_mends_what_a_killed_one_left_undone(tmp_path: Path, project: Project) -> None:
    home = published(tmp_path, project).parent
    before = (tmp_path / "reports" / "index.html").read_bytes()
    publish.record_failure(tmp_path / "reports", project, TableError(SECRET))
    (tmp_path / "reports" / "index.html").unlink()
    (home / "latest").unlink()
    publish.settle(tmp_path / "reports", project)
    assert names(home) == {"2024-12-30", "latest"}
    assert (tmp_path / "reports" / "index.html").read_bytes() == before


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
    pages(left(home / "2024-12-30", "new"))
    pages(left(home / "2024-12-30", "old"))
    left(home.parent / "index.html", "part").write_text("<p>")
    publish.sweep(home.parent, project)
    assert names(home.parent) == {"shop", "index.html"}
    assert names(home) == {"2024-12-30", "latest"}


def test_a_report_that_a_killed_run_had_moved_aside_comes_back(tmp_path: Path, project: Project) -> None:
    target = published(tmp_path, project)
    target.rename(left(target, "old"))
    publish.sweep(tmp_path / "reports", project)
    assert publish.is_published(tmp_path / "reports", project, "a1")
    assert names(target.parent) == {"2024-12-30", "latest"}


def test_sweeping_needs_no_folder(tmp_path: Path, project: Project) -> None:
    publish.sweep(tmp_path / "none", project)


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


@pytest.mark.slow
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


# --- what cannot be read ---


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", "[" * 100_000, '{"as_of": 3}', "\0", '{"as_of": "2024-12-30"}']
)
def test_a_broken_failure_note_is_said_and_publishing_goes_on(
    tmp_path: Path, project: Project, caplog: pytest.LogCaptureFixture, text: str
) -> None:
    home = tmp_path / "reports" / "shop"
    home.mkdir(parents=True)
    (home / "failure-2024-11-30.json").write_text(text)
    target = published(tmp_path, project)
    assert target.is_dir()
    assert "shop/failure-2024-11-30.json cannot be read" in caplog.text
    html = (tmp_path / "reports" / "index.html").read_text()
    assert "failure-2024-11-30.json" in html and "This report could not be read" in html


def test_a_broken_note_does_not_hide_that_a_run_failed(tmp_path: Path, project: Project) -> None:
    published(tmp_path, project)
    (tmp_path / "reports" / "shop" / "failure-2024-11-30.json").write_text("{")
    publish.record_failure(tmp_path / "reports", project, TableError(SECRET))
    assert "Stopped: data (" in (tmp_path / "reports" / "index.html").read_text()


CRAFTED: list[dict[str, Any]] = [
    {"pages": [{"name": "../../secret"}]},
    {"pages": [{"name": "/etc/passwd"}]},
    {"pages": []},
    {"pages": [3]},
    {"index": {"light": "green", "numbers": [], "pages": [{"title": "x", "href": "../../secret.html"}]}},
    {"index": {"light": "green", "numbers": [], "pages": [{"title": "x", "href": "javascript:alert(1)"}]}},
    {"index": {"light": "blue", "numbers": [], "pages": []}},
    {"index": {"light": "green", "numbers": [{"label": "x"}], "pages": []}},
    {"index": None},
    {"project": {"name": "x", "language": "../en"}},
    {"project": 3},
]


@pytest.mark.parametrize("changes", CRAFTED, ids=str)
def test_a_crafted_manifest_blocks_nothing_and_leads_nowhere(
    tmp_path: Path, project: Project, caplog: pytest.LogCaptureFixture, changes: dict[str, Any]
) -> None:
    crafted = tmp_path / "reports" / "shop" / "2024-11-30"
    crafted.mkdir(parents=True)
    (crafted / "manifest.json").write_text(json.dumps(manifest(project) | changes))
    published(tmp_path, project)
    html = (tmp_path / "reports" / "index.html").read_text()
    assert "secret" not in html and "javascript" not in html and "passwd" not in html
    assert "shop/2024-12-30/overview.html" in html and "This report could not be read" in html
    assert "shop/2024-11-30 cannot be read" in caplog.text


def test_a_manifest_of_a_form_unknown_to_the_index_is_left_out(tmp_path: Path, project: Project) -> None:
    strange = manifest(project)
    strange["index"]["published"] = {"day": ["of another", "version"]}
    published(tmp_path, project)
    crafted = tmp_path / "reports" / "shop" / "2025-11-30"
    crafted.mkdir()
    (crafted / "manifest.json").write_text(json.dumps(strange | {"published": "9"}))
    publish.write_index(tmp_path / "reports")
    assert "shop/2024-12-30/overview.html" in (tmp_path / "reports" / "index.html").read_text()


def test_links_out_of_the_reports_are_not_followed(tmp_path: Path, project: Project) -> None:
    elsewhere = published(tmp_path / "other", project)
    home = tmp_path / "reports" / "shop"
    home.mkdir(parents=True)
    (home / "2024-11-30").symlink_to(elsewhere)
    (home / "2024-10-31").mkdir()
    (home / "2024-10-31" / "manifest.json").symlink_to(elsewhere / "manifest.json")
    (tmp_path / "reports" / "linked").symlink_to(elsewhere.parent)
    published(tmp_path, project)
    hrefs = re.findall(r'href="([^"#]+html)"', (tmp_path / "reports" / "index.html").read_text())
    assert hrefs and all(href.startswith("shop/2024-12-30/") for href in hrefs)


def test_a_report_in_place_of_a_link_leaves_alone_what_it_led_to(tmp_path: Path, project: Project) -> None:
    elsewhere = pages(tmp_path / "mine", "mine")
    home = tmp_path / "reports" / "shop"
    home.mkdir(parents=True)
    (home / "2024-12-30").symlink_to(elsewhere)
    target = published(tmp_path, project)
    assert not target.is_symlink() and (target / "manifest.json").is_file()
    assert "mine" in (elsewhere / "overview.html").read_text()


# --- failures forgotten, reports kept ---


def test_a_failure_can_be_forgotten(tmp_path: Path, project: Project) -> None:
    publish.record_failure(tmp_path / "reports", project, TableError(SECRET))
    publish.forget_failure(tmp_path / "reports", project)
    assert not list((tmp_path / "reports" / "shop").glob("failure-*"))
    assert "Stopped: data (" not in (tmp_path / "reports" / "index.html").read_text()
    with pytest.raises(UsageError, match="no failure of shop on 2024-12-30 is noted. Noted: none."):
        publish.forget_failure(tmp_path / "reports", project)


def test_a_broken_note_can_be_forgotten(tmp_path: Path, project: Project) -> None:
    home = published(tmp_path, project).parent
    (home / "failure-2024-12-30.json").write_text("{")
    with pytest.raises(UsageError, match="on 2024-11-30 is noted. Noted: 2024-12-30."):
        publish.forget_failure(tmp_path / "reports", project.replace(as_of="2024-11-30"))
    publish.forget_failure(tmp_path / "reports", project)
    assert names(home) == {"2024-12-30", "latest"}


DAYS = ("2024-09-30", "2024-10-31", "2024-11-30", "2024-12-30")


@pytest.mark.parametrize(
    ("most", "as_of", "stay"),
    [
        (2, "2024-12-30", {"2024-11-30", "2024-12-30"}),
        (1, "2024-12-30", {"2024-12-30"}),
        (0, "2024-12-30", {"2024-12-30"}),
        (9, "2024-12-30", set(DAYS)),
        (2, "2024-09-30", {"2024-09-30", "2024-11-30", "2024-12-30"}),
    ],
)
def test_the_newest_reports_are_kept_and_that_of_the_run(
    tmp_path: Path, project: Project, most: int, as_of: str, stay: set[str]
) -> None:
    for day in DAYS:
        published(tmp_path, project.replace(as_of=day))
    home = tmp_path / "reports" / "shop"
    removed = publish.keep_newest(tmp_path / "reports", project.replace(as_of=as_of), most)
    assert names(home) == {*stay, "latest"}
    assert set(removed) == set(DAYS) - stay
    hrefs = re.findall(r'href="([^"#]+html)"', (tmp_path / "reports" / "index.html").read_text())
    assert {href.split("/")[1] for href in hrefs} == stay


def test_what_is_no_report_is_not_counted_and_not_removed(tmp_path: Path, project: Project) -> None:
    home = published(tmp_path, project).parent
    for name in ("2025-01-31", "notes"):
        (home / name).mkdir()
    publish.keep_newest(tmp_path / "reports", project, 1)
    assert names(home) == {"2024-12-30", "2025-01-31", "notes", "latest"}
    assert (home / "latest").resolve().name == "2024-12-30"


# --- killed while it publishes ---


def test_where_folders_cannot_be_exchanged_two_renames_do(
    tmp_path: Path, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange, "swap", lambda one, other: False)
    published(tmp_path, project)
    target = published(tmp_path, project, "second", "b2")
    assert "second" in (target / "overview.html").read_text()
    assert names(target.parent) == {"2024-12-30", "latest"}


@pytest.mark.skipif(sys.platform not in ("linux", "darwin"), reason="folders are exchanged on Linux and macOS")
def test_two_folders_are_exchanged_in_one_step(tmp_path: Path) -> None:
    pages(tmp_path / "one", "first")
    pages(tmp_path / "two", "second")
    if not exchange.swap(tmp_path / "one", tmp_path / "two"):
        pytest.skip("this file system cannot exchange folders")
    assert "second" in (tmp_path / "one" / "value.html").read_text()
    assert "first" in (tmp_path / "two" / "value.html").read_text()
    assert not exchange.swap(tmp_path / "one", tmp_path / "none")


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
@pytest.mark.parametrize("case", ["first", "again", "later", "again-in-two-steps"])
def test_killed_at_any_call_a_whole_report_is_there(tmp_path: Path, case: str) -> None:
    command = [sys.executable, "-m", "tests.report.killed_publishing", str(tmp_path), case]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert int(done.stdout) > 25
