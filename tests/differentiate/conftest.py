"""Bases that many tests share: any, a small shop, and CDNOW with all its tables."""

import importlib.util
from pathlib import Path

import pytest

from custlib import project
from custlib.workspace import HOME, Workspace
from tests.differentiate.bases import make_value, open_base, shop

TABLES = (
    "customer_value", "customer_segments", "segment_moves", "holdout",
    "calibration_spend_cells",
)  # fmt: skip


@pytest.fixture
def base(tmp_path):
    """Makes an engine with transactions from (customer, day, amount)."""
    return lambda rows, **options: open_base(tmp_path / f"base{len(list(tmp_path.iterdir()))}", rows, **options)


@pytest.fixture(scope="session")
def small_shop(tmp_path_factory):
    """Sixty customers with activity and value."""
    engine = open_base(tmp_path_factory.mktemp("shop"), shop())
    make_value(engine)
    return engine


@pytest.fixture(scope="session")
def cdnow(tmp_path_factory):
    """CDNOW with all its tables, as the project file has it."""
    opened = Workspace(project.load(HOME / "data" / "cdnow.toml"), tmp_path_factory.mktemp("cdnow"))
    opened.need(*TABLES)
    return opened


@pytest.fixture(scope="session")
def datasets():
    """Folder of the purchases that come with lifetimes."""
    return Path(importlib.util.find_spec("lifetimes").submodule_search_locations[0]) / "datasets"
