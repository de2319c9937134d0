"""Imports point up the list of places only, and a few things are imported nowhere."""

import ast
from functools import cache
from graphlib import CycleError, TopologicalSorter

import pytest

from tests.house.sources import PACKAGE, imports_of, module_paths, tree_of

# Each place may import from itself and from the places before it.
PLACES = {
    "base": {"errors", "installed", "machine", "tables", "source", "side_source", "project", "rules", "run_record"},
    "engine": {"engine"},
    "models": {"models"},
    "graph": {"graph"},
    "identify": {"identify"},
    "value": {"value"},
    "subscription": {"subscription"},
    "validate": {"validate"},
    "audit": {"audit"},
    "segment": {"segment"},
    "move": {"move"},
    "customise": {"customise"},
    "lifetimes": {"lifetimes"},
    "demo": {"demo"},
    "report": {"report"},
    "run": {"run"},
    "explore": {"explore"},
    "top": {"quick", "commands", "cli"},
}
ORDER = list(PLACES)
PLACE_OF = {name: place for place, names in PLACES.items() for name in names}

NOT_IN_MODELS = {"duckdb", "pandas", "pyarrow", "pyspark", "sqlite3", "matplotlib", "seaborn"}
RUNS_WHAT_IT_LOADS = {"pickle", "cloudpickle", "dill", "joblib", "marshal", "shelve"}
RUNS_TEXT = {"eval", "exec", "compile", "__import__", "read_pickle", "to_pickle"}
SLOW_TO_IMPORT = {"scipy.optimize", "scipy.signal", "scipy.stats"}
ONE_SYSTEM_ONLY = {"fcntl", "msvcrt", "pwd", "grp", "termios"}
SAYS_NOTHING = {"util", "utils", "helper", "helpers", "misc", "common"}
MEETS_LIFETIMES = {"custlib.lifetimes.crosscheck", "custlib.lifetimes.adapters"}

OPENS_A_PROJECT = {"custlib.report.production", "custlib.report.page_list"}

MODULES = sorted(module_paths())
INNER = [module for module in MODULES if module != "custlib"]


def test_a_module_has_a_place() -> None:
    missing = [module for module in INNER if module.split(".")[1] not in PLACE_OF]
    assert not missing, "no place in the import order, add it to PLACES:\n" + "\n".join(missing)


def test_imports_point_up_the_list() -> None:
    down = [
        f"{module}:{node.lineno} ({place_of(module)}) imports {name} ({place_of(name)})"
        for module in INNER
        for name, node in imports_of(module)
        if name.startswith("custlib.") and ORDER.index(place_of(name)) > ORDER.index(place_of(module))
    ]
    assert not down, "\n".join(down)


def place_of(module: str) -> str:
    """The place in the import order of a dotted module name; last of all if it has none."""
    if module in OPENS_A_PROJECT:
        return "run"
    return PLACE_OF.get(module.split(".")[1], "top")


def test_the_package_itself_imports_nothing_at_start() -> None:
    at_start = [node for node in tree_of("custlib").body if isinstance(node, ast.Import | ast.ImportFrom)]
    assert not at_start


def test_modules_form_no_cycle() -> None:
    graph = {
        module: {name for name, _ in imports_of(module) if name in module_paths() and name != module}
        for module in INNER
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail("imports form a cycle: " + " <- ".join(error.args[1]))


def test_models_know_arrays_only() -> None:
    imports = [
        f"{module}:{node.lineno} imports {name}"
        for module in MODULES
        if module.startswith("custlib.models")
        for name, node in imports_of(module)
        if name.split(".")[0] in NOT_IN_MODELS
        or (name.startswith("custlib.") and place_of(name) not in {"base", "models"})
    ]
    assert not imports, "\n".join(imports)


def test_what_is_slow_to_import_is_imported_where_it_is_used() -> None:
    imports = [
        f"{module}:{node.lineno} imports {name}"
        for module in MODULES
        for name, node in imports_of(module)
        if node in tree_of(module).body and SLOW_TO_IMPORT & {name, *named_in(node)}
    ]
    assert not imports, "every command pays for it, import it inside the function:\n" + "\n".join(imports)


def named_in(node: ast.stmt) -> set[str]:
    """The dotted names that ``from x import a, b`` brings, which may be modules."""
    return {f"{node.module}.{one.name}" for one in node.names} if isinstance(node, ast.ImportFrom) else set()


def test_lifetimes_is_met_in_few_functions_only() -> None:
    imports = [
        f"{module}:{node.lineno}"
        for module in MODULES
        for name, node in imports_of(module)
        if name.split(".")[0] == "lifetimes"
        if module not in MEETS_LIFETIMES or node in tree_of(module).body
    ]
    assert not imports, f"import lifetimes only inside a function of {sorted(MEETS_LIFETIMES)}:\n" + "\n".join(imports)


def test_nothing_that_is_loaded_can_run() -> None:
    imports = imported_anywhere(RUNS_WHAT_IT_LOADS)
    assert not imports, "\n".join(imports)
    runs = [f"{module}:{node.lineno} {called(node)}" for module, node in all_calls() if called(node) in RUNS_TEXT]
    assert not runs, "\n".join(runs)


def test_no_module_needs_one_operating_system() -> None:
    imports = imported_anywhere(ONE_SYSTEM_ONLY)
    assert not imports, "locks are those of filelock:\n" + "\n".join(imports)


def imported_anywhere(packages: set[str]) -> list[str]:
    """Where some packages are imported, as ``module:line imports name``."""
    return [
        f"{module}:{node.lineno} imports {name}"
        for module in MODULES
        for name, node in imports_of(module)
        if name.split(".")[0] in packages
    ]


def test_duckdb_is_connected_to_in_one_place() -> None:
    connects = [f"{module}:{node.lineno}" for module, node in all_calls() if ast.unparse(node.func) == "duckdb.connect"]
    assert [place.split(":")[0] for place in connects] == ["custlib.engine.duckdb"], (
        "use custlib.engine.duckdb.connect:\n" + "\n".join(connects)
    )


def all_calls() -> list[tuple[str, ast.Call]]:
    """Every call with its module."""
    return [(module, node) for module in MODULES for node in calls_of(module)]


@cache
def calls_of(module: str) -> list[ast.Call]:
    """Every call in a module, but for methods named ``compile``, as of a regular expression."""
    calls = [node for node in ast.walk(tree_of(module)) if isinstance(node, ast.Call)]
    return [call for call in calls if not (isinstance(call.func, ast.Attribute) and called(call) == "compile")]


def called(call: ast.Call) -> str:
    """The last name of what is called: ``read_pickle`` in ``pandas.read_pickle(path)``."""
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def test_a_module_is_named_after_what_it_makes() -> None:
    assert not [module for module in MODULES if set(module.split(".")) & SAYS_NOTHING]


def test_a_module_fits_on_a_few_screens() -> None:
    lines = {module: path.read_text(encoding="utf-8").count("\n") for module, path in module_paths().items()}
    long = {module: count for module, count in lines.items() if count > 350}
    assert not long, f"part them into two nouns: {long}"


def test_the_package_is_where_we_look() -> None:
    assert (PACKAGE / "__init__.py").is_file()
    assert "custlib.errors" in MODULES
