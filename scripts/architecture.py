"""Write docs/architecture.md from the graph of nodes: ``make architecture``."""

from pathlib import Path

from custlib.graph import Node, edges
from custlib.run import nodes

PAGE = Path(__file__).resolve().parent.parent / "docs" / "architecture.md"
PLACES = (
    "identify",
    "value",
    "subscription",
    "validate",
    "audit",
    "segment",
    "move",
    "customise",
    "lifetimes",
    "report",
)
SHAPES = {"table": "[({})]", "record": "[{}]", "value": "([{}])"}
HEAD = """# Architecture: what is made of what

This page is made from the code by `make architecture`; a test fails when they differ.

A **node** is a plain function in the module that owns it; its parameter names are its inputs (`custlib/graph.py`).
A *table* is made in the engine, a *record* is what JSON holds, a *value* is computed once per process. `Run.get(name)`
makes a node with all that it needs, once; what raises `ModelError` is unavailable, and so is all that needs it, with
the same reason. An input in *italics* may be unavailable: the node then receives the reason instead.

Roots, which no node makes: `engine`, `project`, `inputs` (the sources of the project), `definition_store` (frozen
segmentations), `forecast_archive` (what earlier runs forecast). The folder of tables depends on every option of the
project but `name` and `language`, on the sources, the frozen definitions and the code: any change makes all tables anew
in another folder. Checked lines are read again from `work/lines/`; `Run.with_` also takes over what was read where an
option does not change it.

## Tables

Only tables are drawn, each joined to the tables it is made of, directly or through records and values.

"""


def sources(name: str, graph: dict[str, Node]) -> set[str]:
    """Tables that a table is made of, other nodes passed through."""
    reached: set[str] = set()
    waiting = list(graph[name].inputs)
    while waiting:
        entry = waiting.pop()
        if entry not in graph or entry in reached:
            continue
        if graph[entry].kind == "table":
            reached.add(entry)
        else:
            waiting += [graph[entry].table] if graph[entry].table else graph[entry].inputs
    return reached


def picture(graph: dict[str, Node]) -> list[str]:
    """The tables as a Mermaid flow chart, one box per folder; arrows that others imply are left out."""
    lines = ["```mermaid", "flowchart TB"]
    tables = {name: node for name, node in graph.items() if node.kind == "table"}
    for place in PLACES:
        own = [name for name, node in tables.items() if node.module.split(".")[1] == place]
        if own:
            lines += [f"  subgraph {place}", *(f"    {name}" for name in own), "  end"]
    needs = {name: sources(name, graph) for name in tables}
    for name, found in needs.items():
        implied = {far for near in found for far in closure(near, needs)}
        lines += [f"  {source} --> {name}" for source in sorted(found - implied)]
    return [*lines, "```", ""]


def closure(name: str, needs: dict[str, set[str]]) -> set[str]:
    """All tables before a table."""
    return needs[name] | {far for near in needs[name] for far in closure(near, needs)}


def listed(graph: dict[str, Node]) -> list[str]:
    """Every node with its inputs, by folder."""
    lines = []
    for place in PLACES:
        own = [node for node in graph.values() if node.module.split(".")[1] == place]
        if not own:
            continue
        lines += [f"## {place}", "", "| node | kind | module | made of |", "|---|---|---|---|"]
        lines += [f"| `{node.name}` | {node.kind} | `{node.module}` | {inputs(node)} |" for node in own]
        lines.append("")
    return lines


def inputs(node: Node) -> str:
    """The inputs of a node as one line."""
    return ", ".join(f"*{name}*" if name in node.optional else name for name in node.inputs)


def page() -> str:
    """The whole page."""
    graph = nodes()
    count = f"{len(graph)} nodes, {len(edges(graph))} edges.\n"
    return "\n".join([HEAD + count, *picture(graph), *listed(graph)])


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
