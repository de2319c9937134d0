"""What notebooks show is readable in JupyterLab, in its light and its dark theme, trusted or not; with pictures."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest

import custlib
from tests.browser.check_pages import READABLE, why_not
from tests.browser.lab_server import Lab, lab_in
from tests.notebooks.shops import make_shop

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.skipif(bool(why_not()), reason=why_not() or "there")]
TEXT = 4.5
OTHER = {"light": "dark", "dark": "light"}


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with lab_in(tmp_path_factory.mktemp("lab")) as running:
        yield running


def results_of(shop: custlib.Run) -> Any:
    """A notebook in which each result of a run shows itself."""
    results = [shop, shop.model, shop.backtest, shop.quality, shop.spend, shop.segments["rfm"],
               shop.table("customer_activity")]  # fmt: skip
    bundles = [{"text/html": one._repr_html_(), "text/plain": repr(one)} for one in results]
    outputs = [nbformat.v4.new_output("execute_result", bundle, execution_count=1) for bundle in bundles]
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("result", outputs=[one]) for one in outputs])


@pytest.fixture(scope="module")
def notebooks(lab: Lab, published: Path, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Pages as notebooks, with what their cells showed, and the results of a run; trusted and not."""
    (run,) = (published / "work" / "runs").iterdir()
    shown = {name: nbformat.read(run / f"{name}.ipynb", as_version=4) for name in ("overview", "segments")}
    shown["results"] = results_of(custlib.open(make_shop(tmp_path_factory.mktemp("shop"))))
    written = [lab.put(name, notebook, trusted=True) for name, notebook in shown.items()]
    for name, notebook in shown.items():
        notebook.metadata["title"] = name  # another signature
        written.append(lab.put(f"{name}-untrusted", notebook, trusted=False))
    return written


def faults_of(view: dict[str, Any]) -> Iterator[str]:
    """What is wrong with the outputs of a notebook."""
    yield from (f"wider than its cell: {one}" for one in view["wider"])
    yield from (f"reaches for {url}" for url in view["outside"])
    for text in view["texts"]:
        name = f"{text['where']} {text['text']!r}"
        if text["contrast"] < TEXT and text["text"] != "●":  # the word of the light stands beside it
            yield f"{name}: contrast {text['contrast']:.1f}"
        if text["size"] < READABLE - 0.5:
            yield f"{name}: {text['size']:.1f} px high"
        if not text["painted"] and (text["ground"] > 0.5) != (view["theme"] == "light"):
            yield f"{name}: on a ground of the other theme"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_notebooks_are_readable_in_a_theme_on_a_screen_of_the_other(lab: Lab, notebooks: list[str], theme: str) -> None:
    views = lab.look_at(notebooks, theme, scheme=OTHER[theme])
    faults = [f"{view['notebook']}: {fault}" for view in views for fault in faults_of(view)]
    assert not faults, f"{len(faults)} faults in {lab.folder}\n" + "\n".join(faults)
    assert {view["theme"] for view in views} == {theme}
    assert all(len(view["texts"]) > 20 and Path(view["picture"]).stat().st_size > 20_000 for view in views)
    for view in views:
        trusted = "untrusted" not in view["notebook"]
        if view["blocks"]:  # an untrusted notebook has no pictures, says so, and shows none of their words
            assert bool(view["pictures"]) == trusted and bool(view["untrusted"]) != trusted, view["notebook"]
        if trusted or not view["blocks"]:
            assert view["tables"] and not view["stripes"], view["notebook"]
        assert not [text for text in view["texts"] if text["cell"] == "center" and "td" in text["where"]]
