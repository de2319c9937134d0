"""Each option of the commands that run a project changes what is done, and the help lists them with the exit codes."""

import argparse
import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from custlib import cli
from custlib.errors import TableError
from custlib.project import load
from custlib.report import production, publish
from tests.report.test_publish import manifest, pages

PROJECT = 'id = "shop"\nname = "A shop"\nas_of = 2024-12-30\n[source]\npath = "sales.csv"\n'
# Each option of custlib run, with what it changes of the call.
EFFECTS: dict[str, tuple[list[str], dict[str, Any]]] = {
    "--as-of": (["2024-11-30"], {"as_of": dt.date(2024, 11, 30)}),
    "--language": (["zh"], {"language": "zh"}),
    "--reports": (["out"], {"reports": Path("out")}),
    "--work": (["elsewhere"], {"work": Path("elsewhere")}),
    "--only": (["10_identify", "40_value"], {"only": ("10_identify", "40_value")}),
    "--force": ([], {"force": True}),
    "--executor": (["kernel"], {"how": "kernel"}),
    "--engine": (["spark"], {"engine": "spark"}),
    "--memory-limit": (["1GB"], {"memory_limit": "1GB"}),
    "--keep": (["3"], {"keep": 3}),
    "--log-format": (["json"], {"progress": False}),
}
ELSEWHERE = {"--fail-on"}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder the command is called in, with a project."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "shop.toml").write_text(PROJECT)
    return tmp_path


@pytest.fixture
def calls(folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What is asked of a run; nothing is run."""
    asked: list[dict[str, Any]] = []

    def note(project: Any, **options: Any) -> Path:
        asked.append(options | {"as_of": project.as_of, "language": project.language})
        return folder / "reports" / "shop" / "2024-12-30"

    monkeypatch.setattr(production, "run_project", note)
    return asked


def run(*words: str) -> int:
    return cli.main(["run", "data/shop.toml", *words])


def run_parser() -> argparse.ArgumentParser:
    inner = next(one for one in cli.parser()._actions if isinstance(one, argparse._SubParsersAction))
    return inner.choices["run"]


@pytest.mark.parametrize("option", EFFECTS)
def test_an_option_changes_what_is_asked_for(calls: list[dict[str, Any]], option: str) -> None:
    words, changes = EFFECTS[option]
    assert run() == 0
    assert run(option, *words) == 0
    without, with_it = calls
    assert {name for name in with_it if with_it[name] != without[name]} == set(changes)
    assert {name: with_it[name] for name in changes} == changes


def test_every_option_is_tested() -> None:
    options = {action.option_strings[0] for action in run_parser()._actions if action.option_strings}
    assert options - {"-h"} == set(EFFECTS) | ELSEWHERE


def test_the_help_says_what_each_option_does_and_the_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["run", "--help"])
    text = capsys.readouterr().out
    assert all(action.help for action in run_parser()._actions)
    codes = text.partition("exit codes:")[2].splitlines()
    assert [line.split()[0] for line in codes if line.strip()] == list("01234567")
    assert "--fail-on {amber,red}" in text


def published(folder: Path, light: str | None) -> None:
    """A report with a light, where the runs of these tests say that theirs is."""
    project = load(folder / "data" / "shop.toml")
    content = manifest(project)
    content["index"]["light"] = light
    publish.publish(pages(folder / "made"), folder / "reports", project, content)


@pytest.mark.parametrize(
    ("light", "worst", "code"),
    [
        ("green", "amber", 0),
        ("amber", "amber", 7),
        ("red", "amber", 7),
        (None, "amber", 7),
        ("green", "red", 0),
        ("amber", "red", 0),
        ("red", "red", 7),
        (None, "red", 7),
        ("untested", "amber", 7),
        ("untested", "red", 7),
    ],
)
def test_a_bad_light_fails_where_it_is_asked_to(
    folder: Path,
    calls: list[dict[str, Any]],
    capsys: pytest.CaptureFixture[str],
    light: str | None,
    worst: str,
    code: int,
) -> None:
    published(folder, light)
    assert run() == 0
    assert run("--fail-on", worst) == code
    said = (
        f"the light is {light} (--fail-on {worst})"
        if light in ("green", "amber", "red")
        else "there is no tested forecast"
    )
    assert (said in capsys.readouterr().err) == (code == 7)


@pytest.mark.parametrize("words", [("--keep", "2"), ("--fail-on", "red")])
def test_what_publishes_nothing_keeps_and_judges_nothing(
    calls: list[dict[str, Any]], capsys: pytest.CaptureFixture[str], words: tuple[str, str]
) -> None:
    assert run("--only", "10_identify", *words) == 2
    assert "--only: publishes nothing" in capsys.readouterr().err
    assert not calls


@pytest.mark.parametrize("words", [("--keep", "0"), ("--keep", "x"), ("--fail-on", "green"), ("--log-format", "xml")])
def test_an_option_out_of_range_ends_in_2(calls: list[dict[str, Any]], words: tuple[str, str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run(*words)
    assert ended.value.code == 2


@pytest.mark.parametrize("reports", ["data/work", "data", "file", "/dev/null"])
def test_a_wrong_folder_of_reports_ends_in_2_before_anything_is_made(
    folder: Path, capsys: pytest.CaptureFixture[str], reports: str
) -> None:
    (folder / "file").write_text("")
    assert run("--reports", reports) == 2
    assert "UsageError: --reports: " in capsys.readouterr().err
    assert {path.name for path in (folder / "data").iterdir()} == {"shop.toml"}


def test_a_database_that_cannot_be_reached_leaves_its_note(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "data" / "shop.toml").write_text(PROJECT.replace('"sales.csv"', '"sales.sqlite"\ntable = "sales"'))
    assert run() == 3
    assert "sales.sqlite" in capsys.readouterr().err
    note = json.loads((folder / "reports" / "shop" / "failure-2024-12-30.json").read_text())
    assert (note["stage"], note["code"]) == ("TableError", "3")
    assert "Stopped: data (" in (folder / "reports" / "index.html").read_text()


def test_a_broken_entry_changes_no_exit_code(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = folder / "reports" / "shop"
    home.mkdir(parents=True)
    (home / "failure-2024-11-30.json").write_text("{")
    (home / "2024-10-31").mkdir()
    (home / "2024-10-31" / "manifest.json").write_text("{")
    assert run() == 3
    assert "failure-2024-11-30.json cannot be read" in capsys.readouterr().err
    assert (home / "failure-2024-12-30.json").is_file()


def test_a_failure_is_forgotten(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    publish.record_failure(folder / "reports", load(folder / "data" / "shop.toml"), TableError("x"))
    assert cli.main(["forget-failure", "data/shop.toml", "2024-12-30"]) == 0
    assert not list((folder / "reports" / "shop").iterdir())
    assert cli.main(["forget-failure", "data/shop.toml", "2024-12-30", "--reports", "reports"]) == 2
    assert "no failure of shop on 2024-12-30 is noted" in capsys.readouterr().err
