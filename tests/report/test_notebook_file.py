"""Notebooks are read and written without the packages of Jupyter, which take a second to import."""

import json
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from custlib.errors import UsageError
from custlib.report.executors.notebook_file import read_notebook, with_parameters, write_notebook


def test_what_is_written_is_a_notebook_for_jupyter(tmp_path: Path) -> None:
    cell = nbformat.v4.new_code_cell("run: str = ''\nprint(run)", metadata={"tags": ["parameters"]})
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), tmp_path / "a.ipynb")
    write_notebook(with_parameters(read_notebook(tmp_path / "a.ipynb"), {"run": 'an "odd" name'}), tmp_path / "b.ipynb")
    cells = nbformat.read(tmp_path / "b.ipynb", as_version=4).cells
    nbformat.validate(nbformat.read(tmp_path / "b.ipynb", as_version=4))
    assert [one.source for one in cells] == [cell.source, "# Parameters\nrun = 'an \"odd\" name'"]


def test_a_notebook_of_another_format_is_refused(tmp_path: Path) -> None:
    (tmp_path / "old.ipynb").write_text(json.dumps({"nbformat": 3, "worksheets": []}))
    with pytest.raises(UsageError, match="old is not of format 4"):
        read_notebook(tmp_path / "old.ipynb")


@pytest.mark.slow
def test_a_run_by_forks_imports_no_package_of_jupyter() -> None:
    code = "import sys, custlib.report.executors.preloaded, custlib.report.production; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"papermill", "nbformat", "nbconvert", "jsonschema"} & set(done.stdout.split())
