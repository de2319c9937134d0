"""A run publishes all its pages or none, says when it is up to date, and leaves the last good report."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

import nbformat
import pytest
from filelock import FileLock

from custlib import cli
from custlib.errors import LockedError, ModelError, RunError, TableError, UsageError
from custlib.project import build, load
from custlib.report import production, publish
from custlib.report.page_list import Page, pages
from custlib.report.production import run_id, run_project
from custlib.report.published.leftovers import temporary
from custlib.run import Run
from tests.notebooks.shops import ROOT, make_shop

FEW = ("identify", "start")
pytestmark = pytest.mark.slow  # whole runs


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A simulated shop, run once for all test processes: a folder with ``data``, ``work`` and ``reports``."""
    base = tmp_path_factory.getbasetemp()
    shared = base if worker_id == "master" else base.parent
    folder = shared / "shop"
    with FileLock(shared / "shop.lock"):
        if not (folder / "reports" / "index.html").is_file():
            project = load(make_shop(folder / "data"))
            run_project(project, reports=folder / "reports", work=folder / "work")
            homes = len(list((folder / "work" / "tables").iterdir()))
            (folder / "homes.json").write_text(json.dumps(homes))
    return folder


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let runs make two pages only."""

    def two(workspace: Run) -> list[Page]:
        return [page for page in pages(workspace) if page.name in FEW]

    monkeypatch.setattr(production, "pages", two)


@pytest.fixture
def own(shop: Path, tmp_path: Path) -> Path:
    """A copy of the shop's folder, to change."""
    return Path(shutil.copytree(shop, tmp_path / "shop", symlinks=True))


def again(folder: Path, **changes: Any) -> Path:
    """Run the shop of a folder again."""
    options = {name: changes.pop(name) for name in ("force", "only", "how", "keep") if name in changes}
    project = load(folder / "data" / "shop.toml").replace(**changes)
    return run_project(project, reports=folder / "reports", work=folder / "work", **options)


def manifest_of(folder: Path) -> dict[str, Any]:
    found = publish.read_manifest(folder / "reports" / "shop" / "2024-12-30")
    assert found is not None
    return found


def all_bytes(folder: Path) -> dict[str, bytes]:
    """Every page below a folder, by its path."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*.html"))}


def broken_notebooks(folder: Path, line: str) -> Path:
    """A copy of the notebooks whose front page ends in an error."""
    copied = Path(shutil.copytree(ROOT / "notebooks", folder / "notebooks"))
    path = copied / "10_identify.ipynb"
    notebook = nbformat.read(path, as_version=4)
    next(c for c in notebook.cells if c.source.startswith("opened =")).source += f"\n{line}"
    nbformat.write(notebook, path)
    return copied


# --- what is published ---


def test_all_pages_are_published(shop: Path) -> None:
    published = shop / "reports" / "shop" / "2024-12-30"
    chosen = pages(Run(load(shop / "data" / "shop.toml"), shop / "work"))
    assert {path.stem for path in published.glob("*.html")} == {page.name for page in chosen}
    assert len(chosen) == 8 + 8
    assert {path.name for path in published.iterdir()} == {f"{p.name}.html" for p in chosen} | {"manifest.json"}


def test_every_link_leads_somewhere(shop: Path) -> None:
    for path in (shop / "reports").rglob("*.html"):
        hrefs = re.findall(r'href="([^"#:]+)"', path.read_text())
        missing = [href for href in hrefs if not (path.parent / href).is_file()]
        assert not missing, f"{path.name}: {missing}"


def test_pages_have_a_finding_and_no_hole(shop: Path) -> None:
    for path in (shop / "reports" / "shop" / "2024-12-30").glob("*.html"):
        text = re.sub(r"<[^>]+>", " ", path.read_text())
        assert re.search(r"<h1[ >]", path.read_text())
        assert not re.search(r"\b(nan|NaN|None|inf)\b", text), path.name


def test_the_manifest_says_what_was_run_on_what(shop: Path) -> None:
    found = manifest_of(shop)
    workspace = Run(load(shop / "data" / "shop.toml"), shop / "work")
    assert found["run_id"] == run_id(workspace)
    assert found["inputs"] == [{"file": "sales.csv", "sha256": workspace.get("source_hash")}]
    assert found["project"]["horizon_days"] == 180
    rows = found["rows"]
    assert rows["rows_read"] == rows["rows_used"] + rows["rows_quarantined"] + rows["rows_removed"] > 300
    money = found["money"]
    assert money["money_read"] == pytest.approx(money["money_used"] + money["money_quarantined"])
    assert {"custlib", "python", "duckdb", "papermill"} <= set(found["versions"])
    assert set(found["timings"]) == {page["name"] for page in found["pages"]}


def test_the_manifest_names_no_folder_of_the_machine(shop: Path) -> None:
    assert str(shop) not in json.dumps(manifest_of(shop))


def test_nothing_half_done_is_left(shop: Path) -> None:
    home = shop / "reports" / "shop"
    assert {path.name for path in home.iterdir()} == {"2024-12-30", "latest"}
    assert not list((shop / "work").rglob("*.part*"))


def test_the_tables_of_a_run_are_made_once(shop: Path) -> None:
    assert json.loads((shop / "homes.json").read_text()) == 1


# --- again ---


def test_an_equal_run_is_up_to_date(own: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "custlib")
    before, started = all_bytes(own / "reports"), time.monotonic()
    assert again(own) == own / "reports" / "shop" / "2024-12-30"
    assert time.monotonic() - started < 5
    assert "run: up to date (shop as of 2024-12-30)" in caplog.text
    assert "make " not in caplog.text
    assert all_bytes(own / "reports") == before


def test_changed_data_are_run_again(own: Path, few: None) -> None:
    before = manifest_of(own)
    make_shop(own / "data", seed=4)
    again(own)
    assert manifest_of(own)["inputs"] != before["inputs"]
    assert manifest_of(own)["run_id"] != before["run_id"]


def test_a_forced_run_gives_equal_bytes(shop: Path, tmp_path: Path, few: None) -> None:
    project = load(shop / "data" / "shop.toml")
    targets = [
        run_project(project, reports=tmp_path / name, work=tmp_path / "work", force=True) for name in ("one", "two")
    ]
    assert all_bytes(targets[0]) == all_bytes(targets[1]) != {}


@pytest.mark.parametrize("how", ["fork", "kernel"])
def test_every_page_has_equal_bytes_when_forced(own: Path, how: str) -> None:
    before = all_bytes(own / "reports")
    again(own, force=True, how=how)
    assert all_bytes(own / "reports") == before


def test_another_date_stands_beside_and_becomes_the_latest(own: Path, few: None) -> None:
    again(own, as_of="2025-01-31")
    home = own / "reports" / "shop"
    assert {"2024-12-30", "2025-01-31"} <= {path.name for path in home.iterdir()}
    assert (home / "latest").resolve().name == "2025-01-31"
    index = (own / "reports" / "index.html").read_text()
    assert "shop/2025-01-31/start.html" in index and "shop/2024-12-30/overview.html" in index
    frozen = json.loads((own / "work" / "definitions" / "shop" / "rfm.json").read_text())
    assert frozen["fitted"] == "2024-12-30"
    forecasts = own / "work" / "forecasts" / "shop"
    assert {path.name for path in forecasts.iterdir()} == {"2024-12-30.json", "2025-01-31.json"}


def test_only_publishes_nothing(own: Path) -> None:
    before = all_bytes(own / "reports")
    made = again(own, only=("10_identify",), as_of="2024-11-30")
    assert [path.name for path in made.iterdir()] == ["identify.html"]
    assert (own / "work") in made.parents
    assert [path.name for path in (own / "work" / "forecasts" / "shop").iterdir()] == ["2024-12-30.json"]
    assert all_bytes(own / "reports") == before


def test_only_names_the_notebooks_there_are(own: Path) -> None:
    with pytest.raises(UsageError, match="--only: no notebook named 40_valeu. Did you mean '40_value'?"):
        again(own, only=("40_valeu",))
    assert not list((own / "reports" / "shop").glob("failure-*"))


# --- faults ---


@pytest.mark.parametrize(
    ("line", "kind", "said"),
    [
        ("1 / 0", RunError, r"10_identify \(identify\), cell \d+: ZeroDivisionError: division by zero"),
        ("raise custlib.errors.ModelError('not identified')", ModelError, "10_identify .*: not identified"),
    ],
)
def test_a_failing_notebook_leaves_the_last_report(
    own: Path, few: None, monkeypatch: pytest.MonkeyPatch, line: str, kind: type[Exception], said: str
) -> None:
    before = all_bytes(own / "reports" / "shop")
    monkeypatch.setattr(production, "NOTEBOOKS", broken_notebooks(own, line))
    with pytest.raises(kind, match=said):
        again(own, force=True)
    assert all_bytes(own / "reports" / "shop") == before
    assert failure(own)["stage"] == kind.__name__


def failure(folder: Path) -> dict[str, str]:
    return json.loads((folder / "reports" / "shop" / "failure-2024-12-30.json").read_text())


def test_failing_data_leave_the_last_report_and_no_data_on_the_index(own: Path) -> None:
    before = all_bytes(own / "reports" / "shop")
    (own / "data" / "sales.csv").write_text("customer_id,timestamp,amount\nC-SECRET,yesterday,12\n")
    with pytest.raises(TableError, match="1 of 1 rows"):
        again(own)
    assert all_bytes(own / "reports" / "shop") == before
    assert failure(own) | {"when": ""} == {
        "as_of": "2024-12-30", "stage": "TableError", "code": "3", "when": "", "name": "A simulated shop",
    }  # fmt: skip
    index = (own / "reports" / "index.html").read_text()
    assert "Stopped: data (" in index and "SECRET" not in index and "yesterday" not in index


@pytest.mark.parametrize(
    ("fault", "raised", "code"),
    [
        (ZeroDivisionError("C-SECRET"), ZeroDivisionError, "1"),
        (OSError(28, "No space left on device", "C-SECRET"), RunError, "5"),
        (BrokenProcessPool("ended"), RunError, "5"),
        (RunError("C-SECRET"), RunError, "5"),
    ],
)
def test_whatever_goes_wrong_leaves_a_failure_entry(
    own: Path, monkeypatch: pytest.MonkeyPatch, fault: Exception, raised: type[Exception], code: str
) -> None:
    before = all_bytes(own / "reports" / "shop")
    monkeypatch.setattr(production, "execute_all", raiser(fault))
    with pytest.raises(raised):
        again(own, force=True)
    assert failure(own)["code"] == code
    assert all_bytes(own / "reports" / "shop") == before
    assert "SECRET" not in (own / "reports" / "index.html").read_text()


def raiser(fault: BaseException) -> Callable[..., None]:
    def fail(*given: object, **options: object) -> None:
        raise fault

    return fail


def test_a_failure_is_taken_back_by_the_next_good_run(own: Path, few: None, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(production, "execute_all", raiser(ZeroDivisionError()))
        with pytest.raises(ZeroDivisionError):
            again(own, force=True)
    again(own, force=True)
    assert not list((own / "reports" / "shop").glob("failure-*"))


def test_an_equal_run_takes_a_failure_back(own: Path) -> None:
    publish.record_failure(own / "reports", load(own / "data" / "shop.toml"), ZeroDivisionError())
    again(own)
    assert not list((own / "reports" / "shop").glob("failure-*"))
    assert ">program<" not in (own / "reports" / "index.html").read_text()


def test_the_newest_reports_are_kept(own: Path, few: None) -> None:
    again(own, as_of="2025-01-31")
    again(own, as_of="2025-02-28", keep=2)
    assert {path.name for path in (own / "reports" / "shop").iterdir()} == {"2025-01-31", "2025-02-28", "latest"}


def test_the_work_folder_is_for_its_owner_only(shop: Path) -> None:
    assert (shop / "work").stat().st_mode & 0o777 == 0o700


def test_ctrl_c_ends_in_one_word(
    own: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = all_bytes(own / "reports")
    monkeypatch.setattr(production, "execute_all", raiser(KeyboardInterrupt()))
    assert cli.main(["run", str(own / "data" / "shop.toml"), "--force"]) == 130
    assert capsys.readouterr().err.endswith("stopped\n")
    assert all_bytes(own / "reports") == before


def test_a_locked_project_is_left_alone(own: Path) -> None:
    with publish.lock(own / "work" / "shop.lock"), pytest.raises(LockedError, match="another run of shop"):
        again(own)
    assert not list((own / "reports" / "shop").glob("failure-*"))


def test_what_a_killed_run_left_is_swept(own: Path) -> None:
    home = own / "reports" / "shop"
    shutil.copytree(home / "2024-12-30", killed(home / "2024-12-30", "new"))
    (home / "2024-12-30").rename(killed(home / "2024-12-30", "old"))
    half = own / "work" / "runs" / "half"
    half.mkdir()
    (half / production.UNFINISHED).write_text("shop")
    other = own / "work" / "runs" / "other"
    other.mkdir()
    (other / production.UNFINISHED).write_text("another")
    again(own)
    assert {path.name for path in home.iterdir()} == {"2024-12-30", "latest"}
    assert manifest_of(own)["pages"]
    assert not half.exists() and other.exists()


def killed(target: Path, kind: str) -> Path:
    """A temporary name of a process that was killed."""
    return target.with_name(temporary(target, kind).name.rpartition(".")[0] + f".{2**22 + 1}")


# --- killed from outside ---


def started(folder: Path) -> "subprocess.Popen[str]":
    """A run in a process group of its own, its tables made."""
    command = [sys.executable, "-m", "custlib.cli", "run", str(folder / "data" / "shop.toml"), "--force"]
    process = subprocess.Popen(command, cwd=ROOT, text=True, stderr=subprocess.PIPE, start_new_session=True)
    assert process.stderr is not None
    for line in process.stderr:
        if "INFO run: " in line:
            return process
    raise AssertionError("the run ended before its first notebook")


@pytest.mark.parametrize("name", ["SIGINT", "SIGKILL"])
def test_a_run_ended_from_outside_needs_no_clean_up(own: Path, name: str) -> None:
    before = all_bytes(own / "reports" / "shop")
    process = started(own)
    os.killpg(process.pid, getattr(signal, name))
    _, said = process.communicate(timeout=60)
    assert process.returncode == (130 if name == "SIGINT" else -signal.SIGKILL)
    assert "Traceback" not in said
    assert all_bytes(own / "reports" / "shop") == before
    again(own, force=True)
    assert all_bytes(own / "reports" / "shop") == before


def test_a_killed_run_leaves_no_process_that_writes_on(own: Path) -> None:
    process = started(own)
    process.kill()
    process.communicate(timeout=60)
    ended, until = False, time.monotonic() + 20
    while not ended and time.monotonic() < until:
        try:
            os.killpg(process.pid, 0)
        except ProcessLookupError:
            ended = True
    assert ended


def test_a_database_that_cannot_be_reached_leaves_a_failure_entry(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("adbc_driver_postgresql")
    monkeypatch.setenv("SHOP_DB_URL", "postgresql://shop:secret@127.0.0.1:1/sales")
    source = {"url_env": "SHOP_DB_URL", "table": "sales", "columns": {"customer_id": "who", "timestamp": "day"}}
    shop = build({"id": "shop", "name": "A simulated shop", "as_of": "2024-12-30", "source": source})
    with pytest.raises(RunError, match="sales: the database of SHOP_DB_URL cannot be reached"):
        run_project(shop, reports=tmp_path / "reports", work=tmp_path / "work")
    assert failure(tmp_path)["code"] == "5"
    assert "Stopped: execution (" in (tmp_path / "reports" / "index.html").read_text()
