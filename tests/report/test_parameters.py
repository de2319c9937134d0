"""Parameters are read from the notebook and checked whole, before anything starts."""

import json
from pathlib import Path

import pytest

from custlib.errors import UsageError
from custlib.project import load
from custlib.report.parameters import Parameter, check, check_cells, declared, parse
from custlib.run import open_run
from tests.notebooks.shops import ROOT, make_shop

ACCEPTED = parse(
    'run: str = "cdnow"  # project\n'
    "horizon_days: int = 0  # days ahead\n"
    "annual_discount_rate: float = 0.0  # per year\n"
    "segmentations: list[str] = []  # which\n"
)


def test_a_line_is_name_type_default_and_comment() -> None:
    assert ACCEPTED["horizon_days"] == Parameter("horizon_days", "int", 0, "days ahead")
    assert list(ACCEPTED) == ["run", "horizon_days", "annual_discount_rate", "segmentations"]


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"run": "shop", "horizon_days": 90},
        {"annual_discount_rate": 0.1},
        {"annual_discount_rate": 1},
        {"segmentations": ["rfm", "abc"]},
    ],
)
def test_what_fits_passes(given: dict[str, object]) -> None:
    check("40_value", ACCEPTED, given)


def test_an_unknown_name_says_what_was_meant() -> None:
    with pytest.raises(UsageError, match="40_value: parameter 'horizon_day' is unknown. Did you mean 'horizon_days'?"):
        check("40_value", ACCEPTED, {"horizon_day": 90})


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"horizon_days": "90"}, r"'horizon_days' must be int, not str \('90'\)"),
        ({"horizon_days": 90.0}, "must be int, not float"),
        ({"horizon_days": True}, "must be int, not bool"),
        ({"annual_discount_rate": True}, "must be float, not bool"),
        ({"run": None}, "must be str, not NoneType"),
        ({"segmentations": "rfm"}, r"must be list\[str\], not str"),
        ({"segmentations": ["rfm", 1]}, r"must be list\[str\], not list"),
    ],
)
def test_a_wrong_type_is_named_with_its_value(given: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        check("40_value", ACCEPTED, given)


def test_all_faults_are_said_at_once() -> None:
    with pytest.raises(UsageError) as caught:
        check("40_value", ACCEPTED, {"day": 1, "horizon_days": "x"})
    assert len(str(caught.value).splitlines()) == 2


@pytest.mark.parametrize("source", ["run = 'cdnow'", "run: str", "print(1)", "a.b: int = 1"])
def test_a_line_of_another_form_is_refused(source: str) -> None:
    with pytest.raises(UsageError, match=r"parameters, line 1: write name: type = value  # meaning"):
        parse(source)


def test_a_default_is_a_value_and_no_code() -> None:
    with pytest.raises(ValueError, match="malformed node"):
        parse("run: str = open('x')")


@pytest.mark.parametrize("path", sorted((ROOT / "notebooks").glob("*.ipynb")), ids=lambda p: p.stem)
def test_every_notebook_declares_the_common_parameters(path: Path) -> None:
    found = declared(path)
    assert list(found)[:3] == ["run", "as_of", "language"]
    assert all(parameter.comment for parameter in found.values())


def test_a_missing_notebook_says_which_exist() -> None:
    with pytest.raises(UsageError, match="notebook: 40_valeu does not exist. Did you mean '40_value'?"):
        declared(ROOT / "notebooks" / "40_valeu.ipynb")


def test_a_notebook_without_parameters_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bare.ipynb"
    path.write_text(json.dumps({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    with pytest.raises(UsageError, match="bare has 0 cells tagged parameters. Tag one."):
        declared(path)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"horizon_days": -1}, "horizon_days: Input should be greater than or equal to 1"),
        ({"horizon_days": 4000}, "horizon_days: Input should be less than or equal to 3650"),
        ({"annual_discount_rate": 12.0}, "annual_discount_rate: Input should be less than 10"),
        ({"annual_discount_rate": -0.1}, "annual_discount_rate: Input should be greater than or equal to 0"),
        ({"language": "de"}, "language: Input should be 'en' or 'zh'"),
        ({"horizon": 90}, "horizon: unknown key. Did you mean 'horizon_days'?"),
    ],
)
def test_ranges_are_those_of_the_project(tmp_path: Path, changes: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        open_run(str(make_shop(tmp_path)), **changes)


def test_a_date_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="as_of: .*'31.12.2024'"):
        open_run(str(make_shop(tmp_path)), as_of="31.12.2024")


def test_empty_texts_and_zeros_change_nothing(tmp_path: Path) -> None:
    path = make_shop(tmp_path)
    opened = open_run(str(path), as_of="", language="", horizon_days=0, annual_discount_rate=0.0)
    assert opened.project == load(path)


# --- within a notebook ---

DECLARED = 'run: str = "cdnow"  # project\nhorizon_days: int = 0  # days ahead'


def test_what_papermill_sets_is_checked_within_the_notebook() -> None:
    cells = ["", DECLARED, '# Parameters\nrun = "shop"\nhorizon_days = 90']
    check_cells({"In": cells, "run": "shop", "horizon_days": 90, "other": 1})


@pytest.mark.parametrize(
    ("injected", "variables", "said"),
    [
        (
            "# Parameters\nhorizon_day = 90\n",
            {"horizon_day": 90},
            "'horizon_day' is unknown. Did you mean 'horizon_days'",
        ),
        ("# Parameters\nhorizon_days = '90'\n", {"horizon_days": "90"}, "'horizon_days' must be int, not str"),
        ("1 + 1", {"horizon_days": "90"}, "'horizon_days' must be int, not str"),
    ],
)
def test_a_parameter_that_is_not_declared_is_refused_within_the_notebook(
    injected: str, variables: dict[str, object], said: str
) -> None:
    with pytest.raises(UsageError, match=f"notebook: parameter {said}"):
        check_cells({"In": ["", DECLARED, injected], "run": "shop", "horizon_days": 0} | variables)


def test_cells_run_again_are_checked_as_they_are_now() -> None:
    again = DECLARED.replace("int = 0", "float = 0.5")
    check_cells({"In": ["", DECLARED, again], "run": "shop", "horizon_days": 0.5})


def test_without_a_parameters_cell_nothing_is_checked() -> None:
    check_cells({"In": ["import custlib", "1 +"], "run": 3})
    check_cells({})
