"""Pages open without a violation, a request, a script or a word in the console, on a desk and on a phone."""

from pathlib import Path

import pytest

from tests.browser.check_pages import check_pages, faults_of, look_at, why_not
from tests.browser.samples import write_samples

pytestmark = [pytest.mark.browser, pytest.mark.skipif(bool(why_not()), reason=why_not() or "all there")]


@pytest.mark.slow
def test_sample_pages_are_in_order(tmp_path: Path) -> None:
    check_pages(write_samples(tmp_path))


@pytest.mark.slow
def test_a_bad_page_is_found_out(tmp_path: Path) -> None:
    page = tmp_path / "bad.html"
    page.write_text(
        "<html><head><script>console.log('hello')</script></head><body onload='x=1'>"
        "<p style='width: 2000px; color: #ccc'>hard to read</p><img src='https://example.invalid/a.png'></body></html>"
    )
    narrow = next(view for view in look_at([page]) if view["width"] == 390)
    said = "\n".join(faults_of(narrow))
    for word in (
        "image-alt",
        "color-contrast",
        "example.invalid",
        "hello",
        "1 scripts",
        "1 styles",
        "1 handlers",
    ):
        assert word in said
    assert "scrolls sideways" in said and "policy is ''" in said
