"""The graph of nodes: what is made once, what is unavailable and why, and that the real one is as its page says."""

import importlib.util
import sys
import types
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from custlib.engine.duckdb import DuckDB
from custlib.errors import ModelError, UsageError
from custlib.graph import NOT_INSTALLED, REFUSED, Graph, Refusal, collect, edges, record, table, value
from custlib.run import NODES, nodes
from tests.house.sources import ROOT

ROOTS = {"engine", "project", "inputs", "definition_store", "forecast_archive"}
CALLS: list[str] = []


@table(records=("notes",))
def purchases(engine: DuckDB, project: str) -> dict[str, object]:
    CALLS.append("purchases")
    engine.make("purchases", "select 1 as customer_id, 5.0 as amount")
    return {"notes": {"project": project}}


@record(load=float)
def mean_amount(engine: DuckDB, purchases: str) -> float:
    CALLS.append("mean_amount")
    return float(engine.fetch(f"select avg(amount) as mean from {purchases}")["mean"].item())


@record
def forecast(mean_amount: float) -> float:
    CALLS.append("forecast")
    raise ModelError("one purchase says nothing of the next", reason="too_few")


@value
def price(forecast: float) -> float:
    return forecast * 2


@value
def report(mean_amount: float, price: float | Refusal = REFUSED) -> tuple[float, str]:
    return mean_amount, "" if price else price.reason  # type: ignore[union-attr]


@record
def extra() -> None:
    raise ModelError("needs a package", reason=NOT_INSTALLED)


@pytest.fixture
def graph(tmp_path: Path) -> Graph:
    CALLS.clear()
    return open_graph(tmp_path)


def open_graph(folder: Path) -> Graph:
    return Graph(collect([sys.modules[__name__]]), DuckDB(folder / "tables"), project="shop")


def test_a_node_is_made_once_with_all_it_needs(graph: Graph) -> None:
    assert graph.get("report") == (5.0, "too_few")
    assert graph.get("report") == (5.0, "too_few")
    assert CALLS == ["purchases", "mean_amount", "forecast"]


def test_tables_and_records_are_read_again_and_refusals_too(graph: Graph, tmp_path: Path) -> None:
    graph.get("report")
    again = open_graph(tmp_path)
    assert again.get("report") == (5.0, "too_few")
    assert again.get("notes") == {"project": "shop"}
    assert CALLS == ["purchases", "mean_amount", "forecast"]


def test_a_refusal_flows_along_the_edges_with_its_reason(graph: Graph) -> None:
    with pytest.raises(ModelError, match="one purchase says nothing") as refusal:
        graph.get("price")
    assert refusal.value.reason == "too_few"
    assert (graph.why("price"), graph.why("forecast"), graph.why("mean_amount")) == ("too_few", "too_few", "")


def test_what_is_not_installed_is_tried_again(graph: Graph, tmp_path: Path) -> None:
    assert graph.why("extra") == NOT_INSTALLED
    assert not (tmp_path / "tables" / "extra.json").exists()


def test_an_unknown_name_says_what_there_is(graph: Graph) -> None:
    with pytest.raises(UsageError, match="nothing makes pric. Did you mean 'price'"):
        graph.get("pric")


def test_two_nodes_of_one_name_are_refused() -> None:
    second = types.ModuleType("second")

    def price() -> None: ...

    price.__module__ = "second"
    second.price = value(price)  # type: ignore[attr-defined]
    with pytest.raises(ValueError, match="two nodes make price"):
        collect([sys.modules[__name__], second])


# --- the graph of custlib ---


def test_every_input_is_made_by_a_node_or_is_a_root() -> None:
    assert {source for source, _ in edges(nodes())} - set(nodes()) == ROOTS


def test_the_graph_has_no_circle() -> None:
    needs: dict[str, set[str]] = {}
    for source, name in edges(nodes()):
        needs.setdefault(name, set()).add(source)
    assert list(TopologicalSorter(needs).static_order())


def test_every_module_with_nodes_is_listed() -> None:
    marked = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in (ROOT / "custlib").rglob("*.py")
        if "\n@table" in (text := path.read_text(encoding="utf-8")) or "\n@record" in text or "\n@value" in text
    }
    assert marked == set(NODES)


def test_the_page_of_the_architecture_is_the_graph() -> None:
    spec = importlib.util.spec_from_file_location("architecture", ROOT / "scripts" / "architecture.py")
    assert spec is not None and spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    assert script.PAGE.read_text(encoding="utf-8") == script.page(), "run: make architecture"
