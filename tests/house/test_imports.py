"""Imports point up the list of places only, and a few things are imported nowhere."""

import ast
from graphlib import CycleError, TopologicalSorter

import pytest

from tests.house.sources import PACKAGE, imports_of, module_paths, tree_of

# Each place may import from itself and from the places before it.
PLACES = {
    "base": {"errors", "installed", "machine", "tables", "source", "registers", "project", "rules"},
    "engine": {"engine"},
    "models": {"models"},
    "graph": {"graph"},
    "identify": {"identify"},
    "value": {"value"},
    "validate": {"validate"},
    "audit": {"audit"},
    "segment": {"segment"},
    "move": {"move"},
    "customise": {"customise"},
    "lifetimes": {"lifetimes"},
    "demo": {"demo"},
    "report": {"report"},
    "top": {"run", "quick", "cli"},
}
ORDER = list(PLACES)
PLACE_OF = {name: place for place, names in PLACES.items() for name in names}

NOT_IN_MODELS = {"duckdb", "pandas", "pyarrow", "pyspark", "sqlite3", "matplotlib", "seaborn"}
RUNS_WHAT_IT_LOADS = {"pickle", "cloudpickle", "dill", "joblib", "marshal", "shelve"}
RUNS_TEXT = {"eval", "exec", "compile", "__import__", "read_pickle", "to_pickle"}
ONE_SYSTEM_ONLY = {"fcntl", "msvcrt", "pwd", "grp", "termios"}
SAYS_NOTHING = {"util", "utils", "helper", "helpers", "misc", "common"}
MEETS_LIFETIMES = {"custlib.lifetimes.crosscheck", "custlib.lifetimes.adapters"}

OPENS_A_PROJECT = {"custlib.report.production", "custlib.report.page_list"}

MODULES = sorted(module_paths())
INNER = [module for module in MODULES if module != "custlib"]


@pytest.mark.parametrize("module", INNER)
def test_a_module_has_a_place(module: str) -> None:
    name = module.split(".")[1]
    assert name in PLACE_OF, f"custlib/{name} has no place in the import order: add it to PLACES"


@pytest.mark.parametrize("module", INNER)
def test_imports_point_up_the_list(module: str) -> None:
    place = place_of(module)
    down = [
        f"{module}:{node.lineno} ({place}) imports {name} ({place_of(name)})"
        for name, node in imports_of(module)
        if name.startswith("custlib.") and ORDER.index(place_of(name)) > ORDER.index(place)
    ]
    assert not down, "\n".join(down)


def place_of(module: str) -> str:
    """The place in the import order of a dotted module name; last of all if it has none."""
    if module in OPENS_A_PROJECT:
        return "top"
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


@pytest.mark.parametrize("module", [module for module in MODULES if module.startswith("custlib.models")])
def test_models_know_arrays_only(module: str) -> None:
    named = {name.split(".")[0] for name, _ in imports_of(module)}
    assert not named & NOT_IN_MODELS
    from_custlib = {name for name, _ in imports_of(module) if name.startswith("custlib.")}
    assert all(place_of(name) in {"base", "models"} for name in from_custlib)


@pytest.mark.parametrize("module", MODULES)
def test_lifetimes_is_met_in_few_functions_only(module: str) -> None:
    found = [node.lineno for name, node in imports_of(module) if name.split(".")[0] == "lifetimes"]
    if module in MEETS_LIFETIMES:
        body = tree_of(module).body
        found = [node.lineno for node in body if isinstance(node, ast.Import | ast.ImportFrom)
                 if ast.unparse(node).split()[1].split(".")[0] == "lifetimes"]  # fmt: skip
    assert not found, (
        f"{module} imports lifetimes in lines {found}: only inside a function of {sorted(MEETS_LIFETIMES)}"
    )


@pytest.mark.parametrize("module", MODULES)
def test_nothing_that_is_loaded_can_run(module: str) -> None:
    loads = {name.split(".")[0] for name, _ in imports_of(module)} & RUNS_WHAT_IT_LOADS
    assert not loads, f"{module} imports {sorted(loads)}"
    runs = [f"{module}:{node.lineno} {called(node)}" for node in calls_of(module) if called(node) in RUNS_TEXT]
    assert not runs, "\n".join(runs)


@pytest.mark.parametrize("module", MODULES)
def test_no_module_needs_one_operating_system(module: str) -> None:
    named = {name.split(".")[0] for name, _ in imports_of(module)} & ONE_SYSTEM_ONLY
    assert not named, f"{module} imports {sorted(named)}; locks are those of filelock"


@pytest.mark.parametrize("module", MODULES)
def test_duckdb_is_connected_to_in_one_place(module: str) -> None:
    connects = [node.lineno for node in calls_of(module) if ast.unparse(node.func) == "duckdb.connect"]
    assert len(connects) == (module == "custlib.engine.duckdb"), f"{module}: use custlib.engine.duckdb.connect"


def calls_of(module: str) -> list[ast.Call]:
    """Every call in a module, but for methods named ``compile``, as of a regular expression."""
    calls = [node for node in ast.walk(tree_of(module)) if isinstance(node, ast.Call)]
    return [call for call in calls if not (isinstance(call.func, ast.Attribute) and called(call) == "compile")]


def called(call: ast.Call) -> str:
    """The last name of what is called: ``read_pickle`` in ``pandas.read_pickle(path)``."""
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


@pytest.mark.parametrize("module", MODULES)
def test_a_module_is_named_after_what_it_makes(module: str) -> None:
    assert not set(module.split(".")) & SAYS_NOTHING


@pytest.mark.parametrize("module", MODULES)
def test_a_module_fits_on_a_few_screens(module: str) -> None:
    lines = module_paths()[module].read_text(encoding="utf-8").count("\n")
    assert lines <= 350, f"{module} has {lines} lines: part it into two nouns"


def test_the_package_is_where_we_look() -> None:
    assert (PACKAGE / "__init__.py").is_file()
    assert "custlib.errors" in MODULES
