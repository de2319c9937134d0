"""Print the size of custlib against its limits: ``python -m tests.house.measure``; exits with 1 where one is passed."""

import ast
import statistics
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.house.language import banned_everywhere
from tests.house.sources import ROOT, imports_of, module_paths, tree_of

LONGEST = 10
LONG_BODY = 25


@dataclass(frozen=True)
class Limit:
    """A size of the package, the most that it may be, and how to list what counts."""

    name: str
    most: int
    size: Callable[[], int]
    examples: Callable[[], list[str]] = list

    def row(self, size: int) -> str:
        """One row of the report: the size, the limit and the verdict, with examples where it is passed."""
        shown = "; ".join(self.examples()[:LONGEST]) if size > self.most else ""
        verdict = "ok" if size <= self.most else f"over by {size - self.most:,}"
        return f"{self.name:<26}{size:>8,}{self.most:>9,}   {verdict}" + (f": {shown}" if shown else "")


def files() -> list[Path]:
    """The files of all modules except ``__init__``."""
    return [path for path in module_paths().values() if path.stem != "__init__"]


def physical_lines() -> int:
    """Lines of all modules, blank ones included."""
    return sum(len(path.read_text(encoding="utf-8").splitlines()) for path in module_paths().values())


def folder_sizes() -> Counter[str]:
    """Modules directly inside each folder below the package."""
    folders = (path.parent.relative_to(ROOT / "custlib").as_posix() for path in files())
    return Counter(folder for folder in folders if folder != ".")


def top_level() -> list[str]:
    """Modules that lie in the package itself."""
    return [path.stem for path in files() if path.parent == ROOT / "custlib"]


def names_used_twice() -> list[str]:
    """File names that several folders use."""
    return sorted(name for name, count in Counter(path.stem for path in files()).items() if count > 1)


def long_functions() -> list[str]:
    """Functions with a body of more than 25 lines."""
    return [f"{module}.{node.name}" for module, node in functions() if body_lines(node) > LONG_BODY]


def import_circles() -> list[str]:
    """Groups of modules that import each other, in a function or at the top."""
    inner = [module for module in module_paths() if module != "custlib"]
    edges = {module: {name for name, _ in imports_of(module)} & set(inner) - {module} for module in inner}
    reach = {module: _reached(module, edges) for module in inner}
    circles = {frozenset(other for other in reach[module] if module in reach[other]) for module in inner}
    return sorted(" <-> ".join(sorted(circle)) for circle in circles if circle)


def graph_circles() -> list[str]:
    """A circle of nodes in the graph, if there is one."""
    from graphlib import CycleError, TopologicalSorter

    from custlib.graph import edges
    from custlib.run import nodes

    needs: dict[str, set[str]] = {}
    for source, name in edges(nodes()):
        needs.setdefault(name, set()).add(source)
    try:
        TopologicalSorter(needs).prepare()
    except CycleError as error:
        return [" <- ".join(error.args[1])]
    return []


def _reached(start: str, edges: dict[str, set[str]]) -> set[str]:
    reached: set[str] = set()
    waiting = [start]
    while waiting:
        new = edges[waiting.pop()] - reached
        reached |= new
        waiting.extend(new)
    return reached


LIMITS = (
    Limit("modules", 130, lambda: len(files())),
    Limit("lines", 26_000, physical_lines),
    Limit("top-level modules", 12, lambda: len(top_level()), top_level),
    Limit("modules in one folder", 20, lambda: max(folder_sizes().values()),
          lambda: [f"{name} {count}" for name, count in folder_sizes().most_common(5)]),
    Limit("names used twice", 0, lambda: len(names_used_twice()), names_used_twice),
    Limit("functions over 25 lines", 5, lambda: len(long_functions()), long_functions),
    Limit("banned identifiers", 0, lambda: len(banned_everywhere()), banned_everywhere),
    Limit("import circles", 0, lambda: len(import_circles()), import_circles),
    Limit("circles in edges()", 0, lambda: len(graph_circles()), graph_circles),
)  # fmt: skip


def judge() -> bool:
    """Print every size beside its limit, and return whether all are within."""
    print(f"{'':<26}{'size':>8}{'limit':>9}")
    sizes = [limit.size() for limit in LIMITS]
    for limit, size in zip(LIMITS, sizes, strict=True):
        print(limit.row(size))
    return all(size <= limit.most for limit, size in zip(LIMITS, sizes, strict=True))


def body_lines(function: ast.FunctionDef) -> int:
    """Lines of a function's body, the docstring left out."""
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return function.end_lineno - body[0].lineno + 1 if body else 0


def parameters(function: ast.FunctionDef) -> int:
    """How many parameters a function takes, ``self`` left out."""
    named = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    return sum(argument.arg not in {"self", "cls"} for argument in named)


def functions() -> list[tuple[str, ast.FunctionDef]]:
    """Every function and method of custlib, with its module."""
    return [
        (module, node)
        for module in module_paths()
        for node in ast.walk(tree_of(module))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


def line(name: str, values: list[int], aim: str) -> str:
    """One row of the report: count, median, ninth decile and greatest of some values."""
    ordered = sorted(values)
    p90 = ordered[min(len(ordered) - 1, round(0.9 * (len(ordered) - 1)))]
    return f"{name:<18}{len(values):>6}{statistics.median(values):>8g}{p90:>6}{ordered[-1]:>6}   {aim}"


def count_lines(folder: str) -> int:
    """Lines that are not blank, in all Python files of a folder."""
    texts = [path.read_text(encoding="utf-8") for path in (ROOT / folder).rglob("*.py")]
    return sum(bool(row.strip()) for text in texts for row in text.splitlines())


def untested() -> list[str]:
    """Modules that have no test file of their name."""
    tests = {path.stem for path in (ROOT / "tests").rglob("test_*.py")}
    paths = module_paths().items()
    return [name for name, path in paths if path.stem != "__init__" and f"test_{path.stem}" not in tests]


def print_details() -> None:
    """Print the distribution of sizes, the longest functions and what has no test."""
    nodes = functions()
    print(f"\n{'':<18}{'count':>6}{'median':>8}{'p90':>6}{'most':>6}   aim")
    print(line("function body", [body_lines(node) for _, node in nodes], "median <= 8, p90 <= 25"))
    print(line("parameters", [parameters(node) for _, node in nodes], "<= 6"))
    sizes = [len(path.read_text(encoding="utf-8").splitlines()) for path in module_paths().values()]
    print(line("module", sizes, "<= 350"))
    code, tests = count_lines("custlib"), count_lines("tests")
    print(f"\ntest code / code  {tests} / {code} = {tests / code:.2f}   aim 1.2-2")
    for title, size in (("longest functions", body_lines), ("most parameters", parameters)):
        print(f"\n{title}")
        for module, node in sorted(nodes, key=lambda item: -size(item[1]))[:LONGEST]:
            print(f"  {size(node):>4}  {module}.{node.name}")
    print("\nno test file of their name:", ", ".join(untested()) or "none")


def main() -> int:
    """Print sizes and limits, then details; 1 where a limit is passed."""
    within = judge()
    print_details()
    return 0 if within else 1


if __name__ == "__main__":
    sys.exit(main())
