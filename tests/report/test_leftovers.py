"""Only our own temporary names are swept, and only those that no process writes to any more."""

import os
import time
from pathlib import Path

import pytest

from custlib.report.published import leftovers
from custlib.report.published.leftovers import sweep, temporary, write_text

ENDED = 2**22 + 1  # above the greatest process number of Linux


def of_another_machine(path: Path) -> Path:
    return path.with_name(path.name.replace(leftovers._HOST, "0123abcd"))


def ended(path: Path) -> Path:
    return path.with_name(path.name.rpartition(".")[0] + f".{ENDED}")


def test_what_a_living_process_writes_stays(tmp_path: Path) -> None:
    own = temporary(tmp_path / "index.html", "part")
    own.write_text("")
    os.utime(own, (0, 0))
    sweep(tmp_path)
    assert own.exists()


@pytest.mark.skipif(os.name == "nt", reason="no process is known to have ended")
def test_what_an_ended_process_wrote_goes(tmp_path: Path) -> None:
    (tmp_path / ended(temporary(tmp_path / "index.html", "part")).name).write_text("")
    (tmp_path / ended(temporary(tmp_path / "2024-12-30", "new")).name).mkdir()
    sweep(tmp_path)
    assert not list(tmp_path.iterdir())


def test_what_another_machine_writes_stays_for_a_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = of_another_machine(ended(temporary(tmp_path / "2024-12-30", "new")))
    other.mkdir()
    sweep(tmp_path)
    assert other.exists()
    tomorrow = time.time() + 25 * 3600
    monkeypatch.setattr(leftovers.time, "time", lambda: tomorrow)
    sweep(tmp_path)
    assert not other.exists()


@pytest.mark.parametrize("name", [".new-2024-12-30-999", ".custlib-mine", ".custlib-new-x.0123abcd", "2024-12-30"])
def test_names_of_others_stay(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    sweep(tmp_path)
    assert (tmp_path / name).is_dir()


@pytest.mark.skipif(os.name == "nt", reason="symbolic links")
def test_a_link_is_removed_and_not_followed(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    ended(temporary(tmp_path / "latest", "part")).symlink_to(tmp_path / "mine")
    sweep(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_a_text_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "index.html").write_text("before")
    with pytest.raises(UnicodeEncodeError):
        write_text(tmp_path / "index.html", "\ud800")
    assert [path.name for path in tmp_path.iterdir()] == ["index.html"]
    assert (tmp_path / "index.html").read_text() == "before"
