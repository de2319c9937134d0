"""The hooks before a commit use what is installed, and clear the outputs of notebooks."""

import json
from pathlib import Path

import pytest
import yaml

from scripts import clear_notebooks
from tests.house.sources import ROOT

HOOKS = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"]


def test_hooks_download_nothing() -> None:
    assert [repository["repo"] for repository in HOOKS] == ["local"]
    assert {hook["language"] for hook in HOOKS[0]["hooks"]} == {"system"}


def test_scripts_that_hooks_call_exist() -> None:
    words = [word for hook in HOOKS[0]["hooks"] for word in hook["entry"].split()]
    assert not [word for word in words if word.startswith("scripts/") and not (ROOT / word).is_file()]


def write(path: Path, **cell: object) -> Path:
    """A notebook with one cell of code."""
    code = {"cell_type": "code", "id": "a", "metadata": {}, "source": ["1 + 1"], "outputs": [], "execution_count": None}
    cells = [{"cell_type": "markdown", "id": "b", "metadata": {}, "source": ["# 客户"]}, code | cell]
    notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("cell", [{"execution_count": 3}, {"outputs": [{"output_type": "stream", "text": ["2"]}]}])
def test_outputs_and_counts_are_cleared(tmp_path: Path, cell: dict[str, object]) -> None:
    clean, dirty = write(tmp_path / "clean.ipynb"), write(tmp_path / "dirty.ipynb", **cell)
    assert clear_notebooks.main([str(dirty)]) == 1
    assert dirty.read_bytes() == clean.read_bytes()
    assert clear_notebooks.main([str(dirty), str(clean)]) == 0


def test_clean_notebooks_keep_their_bytes() -> None:
    paths = sorted((ROOT / "notebooks").glob("*.ipynb"))
    before = [path.read_bytes() for path in paths]
    assert clear_notebooks.main([str(path) for path in paths]) == 0
    assert [path.read_bytes() for path in paths] == before
