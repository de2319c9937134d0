"""Notebooks and example projects are found by name from any folder, and copied without overwriting anybody's work."""

from pathlib import Path

import pytest

from custlib import cli, installed
from custlib.errors import UsageError
from custlib.installed import NOTEBOOKS, copy_notebooks, find_project, work_folder
from tests.house.sources import ROOT
from tests.notebooks.shops import make_shop


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder outside the checkout, that is the current one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_checkout_uses_its_own_notebooks_and_projects(elsewhere: Path) -> None:
    assert ROOT / "notebooks" == NOTEBOOKS
    assert find_project("cdnow") == ROOT / "data" / "cdnow.toml"
    assert work_folder(find_project("cdnow")) == ROOT / "data" / "work"


def test_a_path_is_returned_as_it_is(elsewhere: Path) -> None:
    assert find_project("no/such.toml") == Path("no/such.toml")
    make_shop(elsewhere / "data").rename(elsewhere / "shop")
    assert find_project("shop") == Path("shop")


def test_the_current_folder_comes_first(elsewhere: Path) -> None:
    make_shop(elsewhere / "data").rename(elsewhere / "data" / "cdnow.toml")
    assert find_project("cdnow") == Path("data/cdnow.toml")


def test_an_unknown_name_lists_the_known_ones(elsewhere: Path) -> None:
    make_shop(elsewhere / "data")
    known = "cdnow, cdnow_master, crm_demo, shop"
    with pytest.raises(UsageError, match=f"no project file named cdnaw. Did you mean 'cdnow'.*{known}"):
        find_project("cdnaw")


def test_an_installed_package_works_in_the_current_folder(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = elsewhere / "lib" / "custlib"
    (package / "projects").mkdir(parents=True)
    (package / "projects" / "cdnow.toml").touch()
    monkeypatch.setattr(installed, "_PACKAGE", package)
    monkeypatch.setattr(installed, "PROJECTS", installed._folder("projects", checkout="data"))
    assert find_project("cdnow") == package / "projects" / "cdnow.toml"
    assert work_folder(find_project("cdnow")) == elsewhere / "data" / "work"
    with pytest.raises(UsageError, match="crm_demo comes with the repository of custlib, not with the package"):
        find_project("crm_demo")


@pytest.mark.slow
def test_a_project_is_run_by_its_name_in_the_current_folder(
    elsewhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_shop(elsewhere / "data")
    assert cli.main(["run", "shop", "--only", "10_identify"]) == 0
    assert (elsewhere / "data" / "work" / "runs").is_dir()
    assert Path(capsys.readouterr().out.strip()).is_relative_to(elsewhere / "data" / "work")


def test_notebooks_are_copied(elsewhere: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["notebooks", "mine/notebooks"]) == 0
    copies = sorted((elsewhere / "mine" / "notebooks").iterdir())
    assert [copy.read_bytes() for copy in copies] == [path.read_bytes() for path in sorted(NOTEBOOKS.glob("*.ipynb"))]
    assert capsys.readouterr().out.splitlines()[0] == "mine/notebooks/00_start_here.ipynb"


def test_what_is_there_is_overwritten_only_by_force(elsewhere: Path, capsys: pytest.CaptureFixture[str]) -> None:
    own = elsewhere / "40_value.ipynb"
    own.write_text("mine")
    assert cli.main(["notebooks", "."]) == 2
    assert "already holds 40_value.ipynb. Name another folder, or overwrite" in capsys.readouterr().err
    assert [path.name for path in elsewhere.iterdir()] == ["40_value.ipynb"]
    assert own.read_text() == "mine"
    copy_notebooks(elsewhere, force=True)
    assert own.read_bytes() == (NOTEBOOKS / "40_value.ipynb").read_bytes()


def test_a_file_is_no_folder(elsewhere: Path) -> None:
    (elsewhere / "here").touch()
    with pytest.raises(UsageError, match="notebooks: here is a file. Name a folder."):
        copy_notebooks(elsewhere / "here")
