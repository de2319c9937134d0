"""Log lines have a time and a level, as text or as one JSON object each; what ended a command is the last of them."""

import datetime as dt
import json
import logging
import re
import sys
import warnings
from pathlib import Path

import pytest

from custlib import cli
from custlib.commands.logs import logs
from custlib.report.executors.execution import execute_all

LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d (INFO|WARNING|ERROR) .+")
log = logging.getLogger("custlib")


def test_a_line_has_time_level_and_message(capsys: pytest.CaptureFixture[str]) -> None:
    with logs("text", shows_steps=True, shows_everything=False):
        log.info("run: published %d pages", 15)
        log.warning("run: odd")
    lines = capsys.readouterr().err.splitlines()
    assert all(LINE.fullmatch(line) for line in lines)
    assert [line.split(" ", 2)[1:] for line in lines] == [["INFO", "run: published 15 pages"], ["WARNING", "run: odd"]]


def test_an_event_is_one_json_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    with warnings.catch_warnings(), logs("json", shows_steps=True, shows_everything=False):
        warnings.simplefilter("always")
        log.info("two\nlines, 客户")
        warnings.warn("odd", UserWarning, stacklevel=1)
        try:
            _ = 1 / 0
        except ZeroDivisionError:
            log.exception("bug")
    events = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [event["level"] for event in events] == ["INFO", "WARNING", "ERROR"]
    assert events[0]["message"] == "two\nlines, 客户" and "UserWarning: odd" in events[1]["message"]
    assert "ZeroDivisionError" in events[2]["trace"]
    assert all(dt.datetime.fromisoformat(event["time"]).tzinfo for event in events)


def test_steps_are_shown_where_they_are_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    for shows_steps in (True, False):
        with logs("text", shows_steps=shows_steps, shows_everything=False):
            log.info("step")
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_nothing_is_left_behind(capsys: pytest.CaptureFixture[str]) -> None:
    before = logging.getLogger().handlers[:], logging.getLogger().level, log.level
    with logs("json", shows_steps=True, shows_everything=True):
        pass
    assert (logging.getLogger().handlers, logging.getLogger().level, log.level) == before


@pytest.mark.parametrize("form", ["text", "json"])
def test_the_end_is_said_in_the_form_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str], form: str) -> None:
    assert cli.main(["run", str(tmp_path / "no.toml"), "--log-format", form]) == 2
    line = capsys.readouterr().err
    if form == "text":
        assert line.startswith("UsageError: ") and line.endswith("no.toml: no such file.\n")
    else:
        event = json.loads(line)
        assert event["level"] == "ERROR" and event["exit_code"] == 2
        assert event["message"].startswith("UsageError: ")


class Terminal:
    """Standard error that may be a terminal."""

    def __init__(self, *, is_terminal: bool) -> None:
        self.written, self.is_terminal = "", is_terminal

    def write(self, text: str) -> int:
        self.written += text
        return len(text)

    def flush(self) -> None:
        """Nothing is kept back."""

    def isatty(self) -> bool:
        return self.is_terminal


@pytest.mark.parametrize(
    ("is_terminal", "progress", "is_shown"), [(True, True, True), (False, True, False), (True, False, False)]
)
def test_progress_is_shown_on_a_terminal_only(
    monkeypatch: pytest.MonkeyPatch, is_terminal: bool, progress: bool, is_shown: bool
) -> None:
    terminal = Terminal(is_terminal=is_terminal)
    monkeypatch.setattr(sys, "stderr", terminal)
    execute_all([], "kernel", progress=progress)
    assert ("notebooks" in terminal.written) == is_shown
