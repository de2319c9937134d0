"""The page on adding a segmentation: its module, in a file of its own and registered by one line, works."""

import inspect
import re
from importlib import import_module

import pytest

from custlib.segment import registry
from tests.bases import make_value, open_base, shop
from tests.house.sources import ROOT
from tests.segment import test_customer_segments as contract
from tests.segment.test_customer_segments import (  # noqa: F401  (fixtures of the contract)
    as_it_is,
    defined,
    in_another_order,
    in_many_files,
    one_customer,
    renamed,
)

PAGE = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8")
NAME = "season"
EVERY = sorted(
    name for name, test in vars(contract).items()
    if name.startswith("test_") and "name" in inspect.signature(test).parameters
)  # fmt: skip


@pytest.fixture
def registered(tmp_path, monkeypatch):
    """The module of the page, saved and registered."""
    (tmp_path / "page_season.py").write_text(re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)[0], encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(registry, "REGISTERED", {})
    registry.register(import_module("page_season"), name=NAME)


@pytest.fixture(scope="module")
def small_shop(tmp_path_factory):
    engine = open_base(tmp_path_factory.mktemp("shop"), shop())
    make_value(engine)
    return engine


def test_the_line_of_the_page_is_that_of_the_registry():
    assert f'    "{NAME}": "custlib.segment.{NAME}",' in PAGE
    assert NAME not in registry.names()


def test_the_function_of_the_page_is_a_segmentation(tmp_path, monkeypatch, base):
    """Brought 120 and 20 in the last 91 days."""
    monkeypatch.setattr(registry, "REGISTERED", {})
    text = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)[1]
    (tmp_path / "page_busy.py").write_text(f"from custlib.segment.registry import register\n\n{text}", encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    import_module("page_busy")
    engine = base([("a", "2025-12-01", 120), ("b", "2025-12-30", 20)])
    make_value(engine)
    found = contract.assigned(engine, contract.define(engine, "busy"))
    assert found["segment"].to_dict() == {"a": "busy", "b": "quiet"}


def test_every_shared_test_is_run():
    assert len(EVERY) >= 12


@pytest.mark.parametrize("test", EVERY)
@pytest.mark.sampled
def test_a_new_segmentation_keeps_the_contract(test, registered, request):
    run = getattr(contract, test)
    given = {name: request.getfixturevalue(name) for name in inspect.signature(run).parameters if name != "name"}
    run(**given, name=NAME)


def test_three_customers_by_hand(registered, base):
    """Mean of the season: (80 + 20 + 0) / 3; twice that is 66.67."""
    engine = base([("a", "2025-12-01", 80), ("b", "2025-11-01", 20), ("c", "2025-01-01", 50)])
    make_value(engine)
    definition = contract.define(engine, NAME)
    found = contract.assigned(engine, definition)
    assert found["segment"].to_dict() == {"a": "stars", "b": "buyers", "c": "away"}
    assert found.loc["b", "reason"] == "brought 20.00"


@pytest.fixture
def base(tmp_path):
    return lambda rows: open_base(tmp_path / "base", rows)


@pytest.mark.slow
def test_a_node_and_a_page_are_one_file_and_one_line_each(tmp_path, monkeypatch):
    """The module of the page makes its node, and the notebook of the page becomes a page of a run."""
    import nbformat

    import custlib.report.pages
    from custlib import run as runs
    from custlib.installed import find_project
    from custlib.project import load
    from custlib.report import page_list
    from custlib.report.executors.execution import Job, execute

    node, notebook = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)[2:4]
    (tmp_path / "recent.py").write_text(node, encoding="utf-8")
    monkeypatch.setattr(custlib.report.pages, "__path__", [*custlib.report.pages.__path__, str(tmp_path)])
    (line,) = re.findall(r'    "(custlib\.report\.pages\.recent)",', PAGE)
    monkeypatch.setattr(runs, "NODES", (*runs.NODES, line))
    runs.nodes.cache_clear()
    parameters, *rest = notebook.split("# next cell\n")
    cells = [nbformat.v4.new_code_cell(parameters, metadata={"tags": ["parameters"]})]
    book = nbformat.v4.new_notebook(cells=cells + [nbformat.v4.new_code_cell(cell) for cell in rest])
    book.metadata["kernelspec"] = {"name": "python3", "language": "python", "display_name": "Python 3"}
    nbformat.write(book, tmp_path / "25_recent.ipynb")
    assert '    "recent": ("25_recent", ()),' in PAGE
    monkeypatch.setitem(page_list.PAGES, "recent", ("25_recent", ()))
    monkeypatch.setattr(page_list, "NOTEBOOKS", tmp_path)

    opened = runs.Run(load(find_project("cdnow")), tmp_path / "work")
    page = page_list.Page("recent", "recent", "25_recent", {})
    (tmp_path / "run" / "pages").mkdir(parents=True)
    project = str(find_project("cdnow").resolve())
    run = tmp_path / "run"
    execute(
        Job(
            "recent", tmp_path / "25_recent.ipynb", run / "recent.ipynb", {"run": project},
            run / "pages" / "recent.html", page_list.frame(page, [page], opened),
        ),
        "fork",
    )  # fmt: skip
    text = (tmp_path / "run" / "pages" / "recent.html").read_text(encoding="utf-8")
    assert "Who bought lately?" in text and f"{opened.get('recent_customers'):,}" in text
    runs.nodes.cache_clear()
