"""What `custlib.models` promises: found by name and by Tab, documented, and light to import."""

import importlib
import inspect
import subprocess
import sys

import pytest

from custlib import models

MODULES = ["ahp", "bgnbd", "forecasting", "gammagamma", "mbgnbd", "paretonbd"]
SECTIONS = ("Parameters", "Returns", "Examples")
FUNCTIONS = [
    (module, name)
    for module in MODULES
    for name in importlib.import_module(f"custlib.models.{module}").__all__
    if inspect.isfunction(getattr(importlib.import_module(f"custlib.models.{module}"), name))
]


@pytest.mark.parametrize("name", models.__all__)
def test_every_name_is_found(name):
    assert getattr(models, name) is not None
    assert name in dir(models)


def test_every_module_lists_what_it_has():
    for name in MODULES:
        module = getattr(models, name)
        assert all(hasattr(module, public) for public in module.__all__)


@pytest.mark.parametrize(("module", "name"), FUNCTIONS)
def test_public_functions_are_documented_in_full(module, name):
    text = inspect.getdoc(getattr(getattr(models, module), name))
    assert all(f"{section}\n{'-' * len(section)}" in text for section in SECTIONS)


def test_what_is_not_there_is_named():
    with pytest.raises(AttributeError, match="no attribute 'gompertz'"):
        models.gompertz  # noqa: B018


def test_importing_loads_neither_numpy_nor_scipy():
    code = "import sys, custlib.models; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"numpy", "scipy", "sklearn", "pandas"} & set(loaded)
