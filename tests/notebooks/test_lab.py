"""A notebook shows in JupyterLab what stands on its page; no page tells who a customer is or how few they are."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from custlib.project import load
from custlib.report.blocks import MIME
from custlib.report.page_list import INSTEAD
from custlib.report.production import run_project
from tests.notebooks.shops import ROOT, copy_cdnow, make_shop

NOTEBOOKS = ROOT / "notebooks"
PAGES = {
    "00_start_here": "start",
    "10_identify": "identify",
    "20_audit": "audit",
    "30_lifetime": "validation",
    "40_value": "value",
    "50_segments": "segments",
    "55_segment_appendix": "appendix",
    "70_playbook": "playbook-champions",
    "80_overview": "overview",
}


def blocks(notebook: Any) -> list[dict[str, Any]]:
    """The JSON of every block among the outputs, in order."""
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    return [output["data"][MIME] for output in outputs if MIME in output.get("data", {})]


def in_the_lab(name: str, project: Path) -> Any:
    """Execute a notebook as JupyterLab would: its own folder, an ordinary kernel, the run named by hand."""
    notebook = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)
    cell = next(cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", []))
    cell.source = cell.source.replace('run: str = "cdnow"', f"run: str = {str(project)!r}")
    client = NotebookClient(notebook, kernel_name="python3", resources={"metadata": {"path": str(NOTEBOOKS)}})
    return client.execute()


def on_the_page(published: Path, name: str) -> Any:
    """The executed notebook behind a page of the example run."""
    (run,) = (published / "work" / "runs").iterdir()
    return nbformat.read(run / f"{PAGES[name]}.ipynb", as_version=4)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return copy_cdnow(tmp_path / "data")


def test_every_notebook_has_a_page_to_compare() -> None:
    instead = {notebook for notebook, _ in INSTEAD.values()}  # not of the example, whose purchases have amounts
    assert sorted([*PAGES, *instead]) == sorted(path.stem for path in NOTEBOOKS.glob("*.ipynb"))


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=[] if n == "10_identify" else pytest.mark.slow) for n in sorted(PAGES)]
)
def test_the_lab_shows_what_the_page_says(published: Path, project: Path, name: str) -> None:
    shown, printed = blocks(in_the_lab(name, project)), blocks(on_the_page(published, name))
    assert [block["block"] for block in shown] == [block["block"] for block in printed]
    assert shown == printed != []


def test_nothing_but_blocks_is_displayed(published: Path) -> None:
    for name in PAGES:
        cells = [cell for cell in on_the_page(published, name).cells if cell.cell_type == "code"]
        kinds = {kind for cell in cells for output in cell.outputs for kind in output.get("data", {})}
        assert kinds <= {"text/plain", "text/html", MIME}, name


# --- privacy ---


def published_pages(published: Path) -> Iterator[tuple[str, str]]:
    for path in sorted((published / "reports").rglob("*.html")):
        yield path.name, path.read_text(encoding="utf-8")


@pytest.mark.slow
def test_no_id_reaches_a_page(tmp_path: Path) -> None:
    project = load(make_shop(tmp_path / "data"))
    pages = run_project(project, reports=tmp_path / "reports", work=tmp_path / "work")
    found = {path.name for path in pages.glob("*") if re.search(r"C0000\d{3}", path.read_text("utf-8"))}
    assert not found


def counts_of(html: str) -> Iterator[str]:
    """The cells of columns that count customers, in tables of segments."""
    for table in re.findall(r"<table.*?</table>", html, flags=re.DOTALL):
        rows = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, flags=re.DOTALL)
                for row in re.findall(r"<tr.*?</tr>", table, flags=re.DOTALL)]  # fmt: skip
        labels = [re.sub(r"<[^>]+>", "", cell).strip().lower() for cell in rows[0]]
        for place in (n for n, label in enumerate(labels) if label == "customers"):
            yield from (re.sub(r"<[^>]+>", "", row[place]).strip() for row in rows[1:] if len(row) > place)


def test_no_table_of_segments_counts_one_to_nine(published: Path) -> None:
    seen = [(name, count) for name, html in published_pages(published) for count in counts_of(html)]
    assert len(seen) > 10
    assert not [entry for entry in seen if re.fullmatch(r"[1-9]", entry[1])]


def test_tiles_count_none_below_ten(published: Path) -> None:
    for notebook in ("50_segments", "00_start_here"):
        tiles = [block for block in blocks(on_the_page(published, notebook)) if block["block"] == "tiles"]
        texts = [cell["text"] for block in tiles for row in block["cells"] for cell in row]
        assert len(texts) == 25
        assert not [text for text in texts if re.fullmatch(r"[1-9]", text)]
