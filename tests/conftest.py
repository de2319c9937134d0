"""Settings of every test: no network, no screen, the same examples each time."""

import gc
import importlib.util
import os
import shutil
import socket
import sys
from collections import Counter
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import HealthCheck, settings

os.environ.setdefault("MPLBACKEND", "Agg")
os.environ.setdefault("JUPYTER_PLATFORM_DIRS", "1")
# jsonschema, imported by nbformat, builds grammars for a second at import, for texts that no notebook has.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]

settings.register_profile("house", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")

ROOT = Path(__file__).resolve().parent.parent
TABLES = (
    "customer_value", "customer_segments", "segment_moves", "holdout",
    "calibration_spend_cells",
)  # fmt: skip
HERE = ("127.", "::1", "localhost")
WHOLE_RUN = "published"
SAMPLED = 4  # one in so many cases is run by make test, the others by make test-slow


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Collect tests without looking for garbage: modules and tests live as long as the process does."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_sessionfinish() -> None:
    """Let the end of the process free what was collected, as packages that look for leaks expect."""
    gc.unfreeze()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark slow what looks at the published example, a whole run, and three in four cases of what is only sampled."""
    cases: Counter[str] = Counter()
    for item in items:
        if item.get_closest_marker("sampled"):
            family = item.nodeid.partition("[")[0]
            cases[family] += 1
            if cases[family] % SAMPLED != 1:
                item.add_marker("slow")
        if WHOLE_RUN in getattr(item, "fixturenames", ()):
            item.add_marker("slow")


@pytest.fixture(autouse=True, scope="session")
def no_network() -> Iterator[None]:
    """Refuse every connection that would leave this machine; kernels and engines talk to themselves."""
    connect = socket.socket.connect

    def connect_here(self: socket.socket, address: object) -> None:
        if isinstance(address, tuple) and not str(address[0]).startswith(HERE):
            raise RuntimeError(f"a test reached for the network: {address[0]}")
        connect(self, address)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", connect_here)
        yield


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A folder of all test processes."""
    return tmp_path_factory.getbasetemp() if worker_id == "master" else tmp_path_factory.getbasetemp().parent


@pytest.fixture(scope="session")
def published(shared_folder: Path) -> Path:
    """The example project run once for all test processes: a folder with ``work`` and ``reports``."""
    from custlib import project
    from custlib.report.production import run_project

    folder = shared_folder / "example"
    with FileLock(shared_folder / "example.lock"):
        if not (folder / "reports" / "index.html").is_file():
            example = project.load(ROOT / "data" / "cdnow.toml")
            run_project(example, reports=folder / "reports", work=folder / "work")
    return folder


@pytest.fixture
def base(tmp_path):
    """Makes an engine with transactions from (customer, day, amount)."""
    from tests.bases import open_base

    return lambda rows, **options: open_base(tmp_path / f"base{len(list(tmp_path.iterdir()))}", rows, **options)


@pytest.fixture(scope="module")
def one_purchase(tmp_path_factory):
    """An engine with one purchase; each test makes the tables that it reads."""
    from tests.bases import open_base

    return open_base(tmp_path_factory.mktemp("one_purchase"), [("a", "2025-12-01", 1)])


@pytest.fixture(scope="session")
def small_shop(tmp_path_factory):
    """Sixty customers with activity and value."""
    from tests.bases import make_value, open_base, shop

    engine = open_base(tmp_path_factory.mktemp("shop"), shop())
    make_value(engine)
    return engine


@pytest.fixture(scope="session")
def cdnow(shared_folder, tmp_path_factory):
    """CDNOW with all its tables and the model that published figures are of: made once, a copy for each process."""
    from custlib import project
    from custlib.engine.shelf import Shelf
    from custlib.run import HOME, Run

    example = project.load(HOME / "data" / "cdnow.toml").replace(model="bgnbd")
    made, name = shared_folder / "cdnow", shared_folder / "cdnow.tables"
    with FileLock(shared_folder / "cdnow.lock"):
        if not name.is_file():
            run = Run(example, made)
            run.make(*TABLES)
            run.engine.close()
            name.write_text(run.folder.name, encoding="utf-8")
    work = shutil.copytree(made, tmp_path_factory.mktemp("cdnow") / "work")
    opened = Run(example, work, tables=name.read_text(encoding="utf-8"))
    for table in Shelf(opened.folder).names():
        opened.engine.open(table)
    return opened


@pytest.fixture(scope="session")
def datasets():
    """Folder of the purchases that come with lifetimes."""
    return Path(importlib.util.find_spec("lifetimes").submodule_search_locations[0]) / "datasets"
