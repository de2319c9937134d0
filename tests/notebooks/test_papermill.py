"""A notebook executed by papermill alone gives a report page, and refuses a wrong parameter within the notebook."""

from pathlib import Path
from typing import Any

import nbformat
import papermill
import pytest
from nbconvert.exporters import get_exporter
from papermill.exceptions import PapermillExecutionError

import custlib
from tests.notebooks.shops import ROOT, make_shop

pytestmark = pytest.mark.slow  # kernels


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A simulated shop."""
    return make_shop(tmp_path_factory.mktemp("shop"))


def executed(shop: Path, notebook: str, folder: Path, **parameters: Any) -> Path:
    output = folder / f"{notebook}.ipynb"
    papermill.execute_notebook(
        ROOT / "notebooks" / f"{notebook}.ipynb", output, {"run": str(shop)} | parameters, kernel_name="python3",
        progress_bar=False, cwd=folder,
    )  # fmt: skip
    return output


@pytest.mark.parametrize(
    ("notebook", "parameters", "said"),
    [
        ("10_identify", {"langage": "zh"}, "parameter 'langage' is unknown. Did you mean 'language'?"),
        ("10_identify", {"language": "xx"}, "language: Input should be 'en' or 'zh' (given: 'xx')"),
        ("10_identify", {"as_of": "31.12.2024"}, "as_of: "),
        ("10_identify", {"run": "cdnwo"}, "no project file named cdnwo. Did you mean 'cdnow'?"),
        ("40_value", {"horizon_days": "90"}, "parameter 'horizon_days' must be int, not str ('90')"),
        ("70_playbook", {"segment": "champion"}, "segment: there is no 'champion'. Did you mean 'champions'?"),
        ("70_playbook", {"segmentation": "rfmm"}, "segmentation: there is no 'rfmm'. Did you mean 'rfm'?"),
        ("70_playbook", {"segmentation": "abc", "segment": "A"}, "there is no playbook of 'abc': the playbooks of "),
    ],
)
def test_a_wrong_parameter_is_refused_in_the_notebook(
    shop: Path, tmp_path: Path, notebook: str, parameters: dict[str, Any], said: str
) -> None:
    with pytest.raises(PapermillExecutionError) as caught:
        executed(shop, notebook, tmp_path, **parameters)
    assert caught.value.ename == "UsageError"
    assert said in caught.value.evalue


def test_the_page_of_a_notebook_is_exported_as_docs_say(shop: Path, tmp_path: Path) -> None:
    run = custlib.open(shop)
    segments = list(run.get("segment_plans"))
    output = executed(shop, "70_playbook", tmp_path, segment=segments[0])
    exporter = get_exporter("custlib.report.export.ReportExporter")
    html, _ = exporter().from_notebook_node(nbformat.read(output, as_version=4), {"custlib": {"kind": "playbook"}})
    assert "<h1" in html and "<script" not in html
