"""What the machine refuses is said in one screen with exit code 5; nothing is left, and the next run needs no hand."""

import errno
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from filelock import FileLock

from custlib import cli, machine, quick
from custlib import project as projects
from custlib.engine.duckdb import DuckDB
from custlib.engine.shelf import sweep
from custlib.errors import RunError, TableError
from custlib.explore.opening import TemporaryWork
from custlib.identify.reading.faults import explain
from custlib.identify.reading.inputs import Input
from custlib.run import Run
from custlib.source import Source
from tests.notebooks.shops import ROOT

LINES = "".join(f"c{n % 40},2024-{1 + (7 * n) % 11:02d}-{1 + (11 * n) % 28:02d},{5 + n % 17}.50\n" for n in range(400))
GONE = 2**22 + 1  # no process of Linux has this number


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with purchases, and folders for what is made."""
    (tmp_path / "sales.csv").write_text("customer_id,timestamp,amount\n" + LINES)
    for name in ("tmp", "out"):
        (tmp_path / name).mkdir()
    return tmp_path


def started(folder: Path, *words: str, limit: Callable[[], None] | None = None, **env: str) -> "subprocess.Popen[str]":
    """The command on the purchases, in a process of its own that works in ``tmp``."""
    command = [sys.executable, "-m", "custlib.cli", "value", str(folder / "sales.csv"), "--as-of", "2024-12-31"]
    given = os.environ | {"TMPDIR": str(folder / "tmp"), "PYTHONPATH": str(ROOT)} | env
    return subprocess.Popen(
        [*command, "--out", str(folder / "out" / "o.parquet"), *words], cwd=folder / "out", env=given,
        preexec_fn=limit, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def refused(folder: Path, *words: str, code: int = 5, **options) -> str:
    """What the command said when it failed as it should: one screen, nothing printed, nothing left."""
    process = started(folder, *words, **options)
    printed, said = process.communicate(timeout=120)
    assert process.returncode == code, said
    assert printed == ""
    assert "Traceback" not in said and len(said.splitlines()) <= 6
    assert not [*(folder / "tmp").iterdir(), *(folder / "out").iterdir()]
    return said


def files_up_to(size: int) -> Callable[[], None]:
    """Let a process write no file larger than this: the disk is full for it."""

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    return limit


def memory_up_to(size: int) -> Callable[[], None]:
    return lambda: resource.setrlimit(resource.RLIMIT_AS, (size, size))


# --- in a process of its own ---


@pytest.mark.slow
def test_a_full_disk_ends_in_one_line_and_leaves_nothing(folder: Path) -> None:
    assert "RunError: engine: the disk is full. Free some" in refused(folder, limit=files_up_to(1024))


@pytest.mark.slow
def test_a_disk_without_any_room_for_work_is_no_bug(folder: Path) -> None:
    assert "RunError: value: No usable temporary directory" in refused(folder, limit=files_up_to(0))


@pytest.mark.slow
def test_memory_that_does_not_suffice_even_to_start_is_no_bug(folder: Path) -> None:
    assert "RunError: value: out of memory" in refused(folder, limit=memory_up_to(300 << 20))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"CUSTLIB_SPARK_MASTER": "spark://127.0.0.1:1"}, "nothing answers at 127.0.0.1:1"),
        ({"JAVA_HOME": "/nowhere"}, "JAVA_HOME names no Java"),
    ],
)
def test_a_spark_that_cannot_start_is_said_and_leaves_nothing(folder: Path, given: dict[str, str], said: str) -> None:
    assert said in refused(folder, "--engine", "spark", **given)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("printed", "said"),
    [("Error: could not find libjava.so", "libjava.so"), ("UnsupportedClassVersionError: 61.0", "61.0")],
)
def test_a_java_that_does_not_run_is_quoted(folder: Path, printed: str, said: str) -> None:
    java = folder / "jdk" / "bin" / "java"
    java.parent.mkdir(parents=True)
    java.write_text(f"#!/bin/sh\necho '{printed}' >&2\nexit 1\n")
    java.chmod(0o755)
    found = refused(folder, "--engine", "spark", JAVA_HOME=str(java.parents[1]))
    assert said in found and "Java 17 or later" in found


@pytest.mark.slow
@pytest.mark.parametrize("master", ["nonsense://x", "local[x]", "yarn"])
def test_a_master_that_is_none_is_said_with_its_variable(folder: Path, master: str) -> None:
    assert "Correct CUSTLIB_SPARK_MASTER" in refused(folder, "--engine", "spark", CUSTLIB_SPARK_MASTER=master)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["SIGTERM", "SIGKILL"])
def test_what_an_ended_command_leaves_is_gone_after_the_next(folder: Path, name: str) -> None:
    process, deadline = started(folder), time.monotonic() + 60
    while not list((folder / "tmp").glob("*/tables")) and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(getattr(signal, name))
    _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == ((143, "stopped\n") if name == "SIGTERM" else (-signal.SIGKILL, ""))
    assert bool(list((folder / "tmp").iterdir())) == (name == "SIGKILL")
    again = started(folder)
    assert (again.communicate(timeout=60)[1], again.returncode) == ("", 0)
    assert not list((folder / "tmp").iterdir())


# --- what is said ---


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "/a/b"), "run: the disk is full"),
        (OSError(errno.EFBIG, "File too large"), "run: the disk is full"),
        (shutil.Error([("a", "b", "[Errno 28] No space left on device")]), "run: the disk is full"),
        (MemoryError(), "run: out of memory"),
        (ImportError("x.so: failed to map segment from shared object"), "run: out of memory"),
        (RuntimeError("can't start new thread"), "run: out of memory"),
        (PermissionError(errno.EACCES, "Permission denied", "/a/b"), "run: Permission denied (b)."),
    ],
)
def test_what_the_machine_refuses_is_said_without_folders(fault: Exception, said: str) -> None:
    found = machine.refusal(fault, "run")
    assert isinstance(found, RunError)
    assert str(found).startswith(said)
    assert "/a" not in str(found)


@pytest.mark.parametrize("fault", [ZeroDivisionError(), TableError("x"), RuntimeError("odd"), ImportError("no shop")])
def test_what_is_no_fault_of_the_machine_is_left_alone(fault: Exception) -> None:
    assert machine.refusal(fault, "run") is None


def test_a_reason_behind_a_fault_is_found() -> None:
    with pytest.raises(RunError, match="out of memory"), machine.refusals("run"):
        try:
            raise OSError(errno.ENOMEM, "Cannot allocate memory")
        except OSError as fault:
            raise ImportError("numpy cannot be loaded") from fault


def test_a_disk_full_while_staging_is_not_blamed_on_the_file() -> None:
    sales = Input(Source(path="sales.csv"), "sales.csv", Path("sales.csv"))
    assert isinstance(explain(OSError(errno.ENOSPC, "No space left on device"), sales), RunError)
    assert isinstance(explain(OSError(errno.EIO, "Input/output error"), sales), TableError)


@pytest.mark.parametrize("size", ["1MB", "lots", "-5GB", "0"])
@pytest.mark.sampled
def test_a_memory_limit_that_is_none_is_a_wrong_option(size: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["value", "sales.csv", "--out", "o.parquet", f"--memory-limit={size}"])
    assert ended.value.code == 2
    assert "no size of at least 100MB" in capsys.readouterr().err


def test_the_disk_is_asked_before_anything_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = DuckDB(tmp_path / "tables")
    free = shutil.disk_usage(tmp_path)._replace(free=1)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: free)
    with pytest.raises(RunError, match="disk: 1,000 lines"):
        engine.make("lines_read", "select 1 as customer_id", rows=1000)
    assert not list((tmp_path / "tables").iterdir())
    engine.close()


def test_a_query_larger_than_memory_and_disk_says_what_to_do(tmp_path: Path) -> None:
    engine = DuckDB(tmp_path / "tables", memory_limit="20MB", threads=1)
    engine._execute("set max_temp_directory_size = '1MB'")
    with pytest.raises(RunError, match="engine: (the disk is full|out of memory)"):
        engine.fetch("select count(*) from (select range, count(*) from range(5000000) group by range)")
    engine.close()


# --- what lies on disk ---


def shop(folder: Path, as_of: str = "2024-12-31") -> Run:
    source = {"path": "sales.csv"}
    project = projects.build({"id": "shop", "name": "Shop", "as_of": as_of, "source": source, "folder": folder})
    return Run(project, folder / "work")


def revenue(workspace: Run) -> float:
    found = workspace.make("customer_activity").fetch("select sum(revenue) as r from customer_activity")["r"].item()
    workspace.engine.close()
    return float(found)


@pytest.mark.parametrize("fault", ["deleted", "truncated", "record truncated", "state truncated", "all deleted"])
@pytest.mark.sampled
def test_a_damaged_store_is_read_again(folder: Path, fault: str) -> None:
    workspace = shop(folder)
    right = revenue(workspace)
    file = next((folder / "work" / "lines" / "shop").rglob("*.parquet"))
    if fault == "deleted":
        file.unlink()
    elif fault == "all deleted":
        shutil.rmtree(file.parent)
    else:
        place = {"truncated": file, "record truncated": file.parent / "input.json"}
        os.truncate(place.get(fault, file.parents[1] / "state.json"), 20)
    shutil.rmtree(folder / "work" / "tables")
    assert revenue(shop(folder)) == right


@pytest.mark.parametrize("table", ["customer_history.parquet", "lines_0.files/0.parquet"])
@pytest.mark.parametrize("fault", ["deleted", "truncated"])
@pytest.mark.sampled
def test_a_damaged_table_is_no_wrong_number(folder: Path, fault: str, table: str) -> None:
    workspace = shop(folder)
    right = revenue(workspace)
    file = workspace.folder / table
    file.unlink() if fault == "deleted" else os.truncate(file, 30)
    if "lines" in table:
        for made in workspace.folder.glob("customer_*"):
            made.unlink()
    with pytest.raises(RunError, match=f"damaged .* tables/{workspace.folder.name} .* Remove that folder"):
        revenue(shop(folder))
    shutil.rmtree(workspace.folder)
    assert revenue(shop(folder)) == right


def test_what_ended_processes_half_wrote_is_swept(tmp_path: Path) -> None:
    (tmp_path / f"cells.{GONE}.part").mkdir()
    (tmp_path / f".0123abc.{GONE}").mkdir()
    (tmp_path / f"history.{os.getpid()}.part").mkdir()
    (tmp_path / "cells.parquet").touch()
    sweep(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {f"history.{os.getpid()}.part", "cells.parquet"}


def test_the_folder_of_a_command_under_way_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    for name in ("custlib-value-under-way", "custlib-value-killed"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "lock").touch()
    with FileLock(tmp_path / "custlib-value-under-way" / "lock"), closing(TemporaryWork(quick._WORK)):
        assert (tmp_path / "custlib-value-under-way").is_dir()
        assert not (tmp_path / "custlib-value-killed").exists()
