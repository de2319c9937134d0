"""The wheel holds what works outside a checkout: notebooks, example projects, rules, texts, types."""

import zipfile

import pytest

from scripts.wheel_check import build, constraints
from tests.house.sources import PACKAGE, ROOT

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Every file of the wheel, by its name."""
    with zipfile.ZipFile(build(tmp_path_factory.mktemp("wheel"))) as wheel:
        return {name: wheel.read(name) for name in wheel.namelist()}


def test_every_file_of_the_package_is_in_the_wheel(files: dict[str, bytes]) -> None:
    missing = [
        str(path.relative_to(ROOT))
        for path in PACKAGE.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.relative_to(ROOT).as_posix() not in files
    ]
    assert not missing
    assert files["custlib/py.typed"] == b""


def test_the_notebooks_are_in_the_wheel(files: dict[str, bytes]) -> None:
    notebooks = {f"custlib/notebooks/{path.name}": path.read_bytes() for path in ROOT.glob("notebooks/*.ipynb")}
    assert {name: content for name, content in files.items() if name.endswith(".ipynb")} == notebooks


@pytest.mark.parametrize("name", ["cdnow", "cdnow_master"])
def test_the_example_projects_are_in_the_wheel(files: dict[str, bytes], name: str) -> None:
    assert files[f"custlib/projects/{name}.toml"] == (ROOT / "data" / f"{name}.toml").read_bytes()


def test_nothing_else_is_in_the_wheel(files: dict[str, bytes]) -> None:
    folders = {name.split("/")[0] for name in files}
    assert (
        len(folders) == 2 and "custlib" in folders and all(name.endswith((".dist-info", "custlib")) for name in folders)
    )
    assert not [name for name in files if name.endswith((".csv", ".pyc", ".parquet"))]


def test_constraints_hold_versions_only() -> None:
    lines = constraints().splitlines()
    assert len(lines) > 100 and "hash" not in constraints()
    assert any(line.startswith("duckdb==") for line in lines)
