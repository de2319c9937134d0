"""The base install is enough for ``custlib value``; what needs an extra says which command brings it."""

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from custlib import cli
from custlib.errors import UsageError, require
from custlib.identify.reading import workbooks
from custlib.lifetimes import crosscheck
from custlib.models.clustering import kmeans
from custlib.report.blocks import Text
from custlib.report.pages import validation_page
from custlib.report.texts import texts
from custlib.source import Source

# What extras bring, and what comes with it.
EXTRAS = {
    "IPython", "PIL", "adbc_driver_postgresql", "charset_normalizer", "ipykernel", "jinja2", "jupyterlab", "lifetimes",
    "markupsafe", "matplotlib", "mistune", "nbclient", "nbconvert", "nbformat", "openpyxl", "papermill", "pyspark",
    "seaborn", "sklearn", "sqlalchemy", "threadpoolctl", "tqdm", "traitlets",
}  # fmt: skip
BASE_ONLY = f"""
import sys
for name in {sorted(EXTRAS)}:
    sys.modules[name] = None
from custlib.cli import main
sys.exit(main(sys.argv[1:]))
"""
PURCHASES = "customer_id,timestamp,amount\n" + "".join(
    f"c{n % 40},2024-{1 + (7 * n) % 11:02d}-{1 + (11 * n) % 28:02d},{5 + n % 17}.50\n" for n in range(400)
)


def base_only(folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    """The command in a process that cannot import what extras bring."""
    return subprocess.run([sys.executable, "-c", BASE_ONLY, *words], cwd=folder, capture_output=True, text=True)


@pytest.mark.slow
def test_value_needs_the_base_only(tmp_path: Path) -> None:
    (tmp_path / "sales.csv").write_text(PURCHASES)
    words = ["value", "sales.csv", "--as-of", "2024-12-31", "--out"]
    done = base_only(tmp_path, *words, "base.parquet")
    assert done.returncode == 0, done.stderr
    assert cli.main([*words[:1], str(tmp_path / "sales.csv"), *words[2:], str(tmp_path / "all.parquet")]) == 0
    assert pd.read_parquet(tmp_path / "base.parquet").equals(pd.read_parquet(tmp_path / "all.parquet"))


OPENED = f"""
import sys
for name in {sorted(EXTRAS)}:
    sys.modules[name] = None
import custlib
run = custlib.open("sales.csv", as_of="2024-12-31", currency="EUR")
print(len(run.customers()), run.segments["rfm"].summary()["customers"].sum(), len(run.moves("abc")) > 0)
print(len(run._repr_html_() + run.model._repr_html_() + repr([run.spend, run.backtest, run.quality])) > 1000)
try:
    run.report("reports")
except custlib.errors.UsageError as error:
    print(error)
"""


@pytest.mark.slow
def test_the_public_face_needs_the_base_only(tmp_path: Path) -> None:
    (tmp_path / "sales.csv").write_text(PURCHASES)
    done = subprocess.run([sys.executable, "-c", OPENED], cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout.splitlines() == [
        "40 40 True",
        "True",
        'run: a report needs papermill: pip install "custlib[reports]"',
    ], done.stderr


@pytest.mark.slow
def test_a_report_names_its_extra(tmp_path: Path) -> None:
    done = base_only(tmp_path, "run", "cdnow")
    assert done.returncode == 2
    assert done.stderr == 'UsageError: run: a report needs papermill: pip install "custlib[reports]"\n'
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("missing", "extra", "call"),
    [
        ("sklearn.cluster", "reports", lambda: next(kmeans.one_thread().gen)),
        ("jinja2", "reports", lambda: Text("x")._repr_mimebundle_()),
        ("openpyxl", "excel", lambda: workbooks._opened(Path("a.xlsx"), "a.xlsx", values=True)),
    ],
)
def test_what_needs_an_extra_names_it(monkeypatch: pytest.MonkeyPatch, missing: str, extra: str, call) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(UsageError, match=rf'needs {missing.split(".")[0]}: pip install "custlib\[{extra}\]"'):
        call()


def test_a_fault_within_a_package_is_no_missing_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broken_package.py").write_text("import no_such_module")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="no_such_module"):
        require("broken_package", extra="reports")


def test_the_example_purchases_name_their_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("custlib.source.find_spec", lambda name: None)
    source = Source(package="lifetimes", path="datasets/CDNOW_sample.txt")
    with pytest.raises(UsageError, match=r'lifetimes is not installed. Install it: pip install "custlib\[lifetimes\]"'):
        source.location(Path())


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_page_says_why_there_is_no_second_opinion(language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crosscheck, "find_spec", lambda name: None)
    assert not crosscheck.is_possible()
    t = texts(language)
    opinion = validation_page.second_opinion(t, {})
    assert isinstance(opinion, Text) and 'pip install "custlib[lifetimes]"' in opinion.text
    assert validation_page.second_parameters(t, {}, 7) is None
