"""How custlib compares with the aims of the house: ``python -m tests.house.measure``."""

import ast
import statistics

from tests.house.sources import ROOT, module_paths, tree_of

LONGEST = 10


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


def main() -> None:
    """Print the sizes of functions and modules, the longest functions and what has no test."""
    found = functions()
    print(f"{'':<18}{'count':>6}{'median':>8}{'p90':>6}{'most':>6}   aim")
    print(line("function body", [body_lines(node) for _, node in found], "median <= 8, p90 <= 25"))
    print(line("parameters", [parameters(node) for _, node in found], "<= 6"))
    sizes = [len(path.read_text(encoding="utf-8").splitlines()) for path in module_paths().values()]
    print(line("module", sizes, "<= 350"))
    code, tests = count_lines("custlib"), count_lines("tests")
    print(f"\ntest code / code  {tests} / {code} = {tests / code:.2f}   aim 1.2-2")
    print("\nlongest functions")
    for module, node in sorted(found, key=lambda item: -body_lines(item[1]))[:LONGEST]:
        print(f"  {body_lines(node):>4}  {module}.{node.name}")
    print("\nmost parameters")
    for module, node in sorted(found, key=lambda item: -parameters(item[1]))[:LONGEST]:
        print(f"  {parameters(node):>4}  {module}.{node.name}")
    print("\nno test file of their name:", ", ".join(untested()) or "none")


if __name__ == "__main__":
    main()
