"""The example project's published pages: in order in a browser, and with the published figures printed."""

import html
import re
from pathlib import Path

import pytest

from tests.browser.check_pages import check_pages, why_not

AS_OF = "1998-06-30"


def text_of(page: Path) -> str:
    """The words of a page as a reader sees them."""
    body = page.read_text(encoding="utf-8").partition("<body")[2]
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).replace("\u00a0", " ").split())


@pytest.mark.browser
@pytest.mark.skipif(bool(why_not()), reason=why_not() or "all there")
def test_the_first_pages_are_in_order(published: Path) -> None:
    check_pages([published / "reports" / "index.html", published / "reports" / "cdnow" / AS_OF / "overview.html"])


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.skipif(bool(why_not()), reason=why_not() or "all there")
def test_every_published_page_is_in_order(published: Path) -> None:
    pages = sorted((published / "reports" / "cdnow" / AS_OF).glob("*.html"))
    assert len(pages) == 16
    check_pages(pages)


def test_the_index_links_overview_validation_and_a_playbook_per_segment(published: Path) -> None:
    index = (published / "reports" / "index.html").read_text(encoding="utf-8")
    links = re.findall(r'href="(cdnow/[^"]+)"', index)
    segments = ("champions", "loyal", "promising", "at-risk", "attention", "new", "hibernating", "one-time")
    wanted = ["overview", "validation", *(f"playbook-{segment}" for segment in segments)]
    for name in wanted:
        assert f"cdnow/{AS_OF}/{name}.html" in links
    for link in links:
        assert (published / "reports" / link).is_file(), link


@pytest.mark.parametrize(
    "figure",
    [
        "0.24259", "4.41360", "0.79292", "2.42591", "9,582.429", "0.0126", "0.3782", "0.1857", "0.7054",
        "1,882", "1,653", "2,930", "6.2488", "3.7446", "15.4477", "35.171",
    ],
)  # fmt: skip
def test_the_validation_page_prints_the_published_figures(published: Path, figure: str) -> None:
    assert figure in text_of(published / "reports" / "cdnow" / AS_OF / "validation.html")


def test_pages_hold_no_scripts_requests_or_customer_ids(published: Path) -> None:
    for page in (published / "reports").rglob("*.html"):
        source = page.read_text(encoding="utf-8")
        assert "<script" not in source
        assert not re.findall(r"(?:src|href)=\"(?:https?:)?//", source), page.name
        assert not re.search(r"(?<![.\d])0\d{3}\b", text_of(page)), page.name
