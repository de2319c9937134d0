"""Both engines: every test that asks for ``kind`` runs on each; Spark is skipped where it cannot start."""

import importlib.util
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from custlib.engine import open_engine
from custlib.engine.base import Engine


def why_no_spark() -> str:
    """The reason why Spark cannot start here; empty where it can."""
    if importlib.util.find_spec("pyspark") is None:
        return "PySpark is not installed (pip install 'custlib[spark]')"
    if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        return "there is no Java (apt install openjdk-17-jre-headless)"
    return ""


@pytest.fixture(scope="session")
def spark_here(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Skip where there is no Spark; all its engines of a process share one Java machine, which this starts small."""
    if reason := why_no_spark():
        pytest.skip(reason)
    open_engine("spark", tmp_path_factory.mktemp("spark"), memory_limit="2GB").close()


@pytest.fixture(params=["duckdb", pytest.param("spark", marks=pytest.mark.slow)])
def kind(request: pytest.FixtureRequest) -> str:
    """Each engine by name."""
    if request.param == "spark":
        request.getfixturevalue("spark_here")
    return str(request.param)


@pytest.fixture
def engine(kind: str, tmp_path: Path) -> Iterator[Engine]:
    """An engine over a new folder."""
    made = open_engine(kind, tmp_path / "tables")
    yield made
    made.close()
