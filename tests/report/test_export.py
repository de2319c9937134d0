"""Pages: known blocks and prose get in, nothing else; one file that loads and runs nothing."""

import base64
import hashlib
import re
from typing import Any

import nbformat
import pytest

from custlib.errors import RunError, UsageError
from custlib.report.blocks import Bullets, Footer, Glossary, Kpi, Kpis, Section, Text, Title
from custlib.report.page_html import render_index, render_page
from tests.report.test_blocks import ONE_OF_EACH

NASTY = "<script>alert(1)</script>"


def cell(*outputs: Any, source: str = "secret_code()") -> Any:
    return nbformat.v4.new_code_cell(source, outputs=list(outputs))


def shown(block: Any) -> Any:
    return nbformat.v4.new_output("display_data", block._repr_mimebundle_())


def prose(text: str) -> Any:
    return nbformat.v4.new_markdown_cell(text)


def page(*cells: Any, **options: Any) -> str:
    given: dict[str, Any] = {"title": "A page", "language": "en", "kind": "value"} | options
    return render_page(nbformat.v4.new_notebook(cells=list(cells)), **given)


def body_of(html: str) -> str:
    return html[html.index("<body") :]


def test_blocks_and_prose_get_in() -> None:
    html = page(prose("# Old title\n\nSix in **ten**."), cell(shown(Title("Finding")), shown(Text("Words"))))
    assert "<p>Six in <strong>ten</strong>.</p>" in html and "<p>Words</p>" in html
    assert html.count("<h1") == 1 and "<h1>Finding</h1>" in html and "Old title" not in html


@pytest.mark.parametrize(
    "output",
    [
        nbformat.v4.new_output("stream", name="stdout", text=NASTY),
        nbformat.v4.new_output("display_data", {"text/html": NASTY}),
        nbformat.v4.new_output("display_data", {"text/plain": "leak", "image/png": "leak"}),
        nbformat.v4.new_output("execute_result", {"application/javascript": NASTY}, execution_count=1),
    ],
    ids=["stream", "html", "plain", "script"],
)
def test_nothing_else_gets_in(output: Any) -> None:
    assert body_of(page(cell(output))) == body_of(page())


def test_code_is_never_shown() -> None:
    assert "secret_code" not in page(cell(shown(Text("a"))))


def test_a_cell_for_the_lab_stays_there() -> None:
    only = prose("Only here.")
    only.metadata["tags"] = ["lab"]
    assert "Only here" not in page(only)


def test_an_error_stops_the_page_without_its_words() -> None:
    output = nbformat.v4.new_output("error", ename="ValueError", evalue="Ms Miller, 12", traceback=[])
    with pytest.raises(RunError, match="cell 2 ended in ValueError") as caught:
        page(prose("a"), cell(output))
    assert "Miller" not in str(caught.value)


def test_an_unknown_block_stops_the_page() -> None:
    output = nbformat.v4.new_output("display_data", {"application/vnd.custlib.block+json": {"block": "html"}})
    with pytest.raises(RunError, match="cell 1: block 'html' is not known"):
        page(cell(output))


def test_words_from_data_do_not_run() -> None:
    blocks = [Title(NASTY, NASTY), Section(NASTY), Kpis([Kpi(NASTY, NASTY, NASTY)]), Bullets([NASTY]),
              Glossary([(NASTY, NASTY)]), Footer([(NASTY, NASTY)])]  # fmt: skip
    html = page(prose(NASTY), cell(*map(shown, blocks)), title=NASTY)
    assert "<script" not in html and html.count("&lt;script&gt;") > 8


def test_one_of_each_block_renders() -> None:
    html = page(cell(*map(shown, ONE_OF_EACH)))
    assert "<script" not in html and " style=" not in html and " on" not in re.sub(r">[^<]*<", "><", body_of(html))


@pytest.mark.parametrize("html", [page(prose("a")), render_index({"projects": []})], ids=["page", "index"])
def test_the_policy_allows_the_style_sheet_alone(html: str) -> None:
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', html)
    style = re.search(r"<style>(.*?)</style>", html, re.DOTALL)
    assert policy is not None and style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    allowed = policy[1].replace("&#39;", "'")
    assert allowed.startswith(f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:")
    assert "unsafe" not in allowed and "http" not in allowed


def test_nothing_is_fetched() -> None:
    html = page(cell(*map(shown, ONE_OF_EACH)))
    assert not re.search(r"""(?:src|href)=["'](?:https?:|//)|@import|url\(""", html)


def test_equal_notebooks_give_equal_bytes() -> None:
    cells = [prose("a"), cell(*map(shown, ONE_OF_EACH))]
    assert page(*cells) == page(*cells)


def test_sections_make_the_contents() -> None:
    html = page(
        cell(*map(shown, [Section("Why so?"), Text("a"), Section("Why so?"), Text("b"), Section("客户"), Text("c")]))
    )
    assert re.findall(r'<section class="row" id="([^"]+)"', html) == ["why-so", "why-so-2", "part-3"]
    assert re.findall(r'<li><a href="#([^"]+)"', html) == ["why-so", "why-so-2", "part-3"]


def test_a_section_without_anything_beneath_it_is_left_out() -> None:
    html = page(cell(*map(shown, [Section("Full"), Text("a"), Section("Empty"), Section("Next"), Text("b")])))
    assert "Empty" not in html and "Next" in html


def test_a_heading_in_prose_opens_a_section() -> None:
    row = '<section class="row" id="limits"><h2 class="side">Limits</h2><div class="matter">'
    assert row + "\n<p>Few.</p>" in page(prose("## Limits\n\nFew."))


def test_a_playbook_has_two_columns() -> None:
    parts = [Section("Top"), Section("L", column="left"), Section("R", column="right"), Section("End")]
    html = page(cell(*map(shown, parts)), kind="playbook")
    assert re.findall(r"<h2>(\w+)</h2>|(class=\"sheet\")", html) == [
        ("Top", ""), ("", 'class="sheet"'), ("L", ""), ("R", ""), ("End", "")]  # fmt: skip
    assert 'class="contents"' not in html


def test_the_language_is_named_and_spoken() -> None:
    html = page(cell(shown(Glossary([("a", "b")]))), language="zh")
    assert '<html lang="zh"' in html and "名词解释" in html


def test_links_to_the_index_and_its_pages() -> None:
    links = {"up": [{"title": "All", "href": "../index.html"}],
             "pages": [{"title": "Value", "href": "value.html", "current": True},
                       {"title": "New", "href": "new.html", "group": "Playbooks"}]}  # fmt: skip
    html = page(links=links)
    assert '<a href="../index.html">All</a>' in html
    assert '<a href="value.html" aria-current="page">Value</a>' in html
    assert html.index("<footer>") < html.index('<a href="new.html">')


@pytest.mark.parametrize("href", ["https://a.example/", "/etc/passwd", "javascript:1", ""])
def test_links_outward_are_refused(href: str) -> None:
    with pytest.raises(UsageError, match="no relative link"):
        page(links={"pages": [{"title": "a", "href": href}]})


def test_an_unknown_kind_or_language_is_refused() -> None:
    with pytest.raises(UsageError, match="kind 'a b' is no name of small letters"):
        page(kind="a b")
    with pytest.raises(UsageError, match="language 'fr' is not known"):
        page(cell(shown(Text("a"))), language="fr")


def test_a_page_that_is_too_large_is_refused() -> None:
    with pytest.raises(RunError, match="bytes, at most 153,600"):
        page(prose("a" * 160_000))


def test_the_index_names_runs_and_failures() -> None:
    manifest = {
        "projects": [
            {
                "project": "shop", "name": "Shop & Co",
                "latest": {"as_of": "31 Oct 2026", "light": "amber", "light_word": "amber", "published": "1 Nov 2026",
                           "numbers": [{"label": "Customers", "value": "2,357"}],
                           "pages": [{"title": "At risk", "href": "shop/b.html", "group": "playbooks", "note": "198"},
                                     {"title": "Value", "href": "shop/a.html", "group": "value", "note": ""}]},
                "earlier": [{"as_of": "2026-08-31", "href": "a.html"}, {"as_of": "2026-09-30", "href": "b.html"}],
                "failures": [{"as_of": "2026-10-31", "reason": "Stopped: audit (code disk_full, today)."}],
            }
        ]
    }  # fmt: skip
    html = render_index(manifest)
    for words in ("Shop &amp; Co", "2,357", "disk_full", 'class="light amber"', "Playbooks"):
        assert words in html
    assert html.index("shop/b.html") < html.index("shop/a.html"), "playbooks first"
    assert html.index("2026-09-30") < html.index("2026-08-31")


def test_the_index_without_a_good_run() -> None:
    html = render_index({"projects": [{"project": "a", "name": "", "latest": None, "earlier": [], "failures": []}]})
    assert "No good run yet." in html
