"""Pictures hold shapes and words only."""

import pytest

from custlib.errors import UsageError
from custlib.report.svg import Wording, check_svg, themed_svg


@pytest.mark.parametrize(
    ("picture", "problem"),
    [
        ("<svg><script>1</script></svg>", "<script>"),
        ('<svg onload="x()"/>', "attribute onload"),
        ('<svg><path style="fill:red"/></svg>', "attribute style"),
        ('<svg><a href="x"/></svg>', "<a>"),
        ("<svg><foreignObject/></svg>", "<foreignObject>"),
        ('<svg><image href="data:x"/></svg>', "<image>"),
        ('<svg><path fill="url(#a)"/></svg>', "attribute fill"),
        ('<svg><path fill="javascript:x"/></svg>', "attribute fill"),
        ("<svg><style>*{}</style></svg>", "<style>"),
        ('<svg xmlns:x="http://www.w3.org/1999/xlink"><path x:href="a"/></svg>', "attribute"),
        ("<html/>", "starts with <html>"),
        ("<svg>", "not well-formed"),
        ('<!DOCTYPE svg [<!ENTITY a "b">]><svg/>', "declaration"),
    ],
)
def test_anything_else_is_refused(picture: str, problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        check_svg(picture, "here")


def test_a_colour_of_its_own_is_refused() -> None:
    raw = '<svg viewBox="0 0 9 9"><path d="M 0 0" style="fill: #123456"/></svg>'
    with pytest.raises(UsageError, match="colour #123456 is not one of the page's"):
        themed_svg(raw, {}, Wording("a", "b", "f"))


def test_words_are_escaped() -> None:
    raw = '<svg viewBox="0 0 9 9"><g id="tip0"><text>a &lt; b</text></g></svg>'
    themed = themed_svg(raw, {}, Wording("<b>", "&", "f", {"tip0": "<i>"}))
    assert '<title id="f-t">&lt;b&gt;</title><desc id="f-d">&amp;</desc>' in themed
    assert "<g><title>&lt;i&gt;</title><text>a &lt; b</text></g>" in themed
    check_svg(themed, "here")


def test_a_marker_is_a_circle_where_it_is_used() -> None:
    raw = (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 9 9"><defs>'
        '<path id="m" d="M 0 2.5 C 1 2 2 1 2.5 0 z"/></defs><g id="tip0"><use xlink:href="#m" x="3" y="4"/></g></svg>'
    )
    themed = themed_svg(raw, {}, Wording("a", "b", "f", {"tip0": "three"}))
    assert themed.endswith('<g><title>three</title><circle cx="3" cy="4" r="2.5"/></g></g></svg>')
    check_svg(themed, "here")
    with pytest.raises(UsageError, match="a marker is not round"):
        themed_svg(raw.replace("C 1 2 2 1 2.5 0", "L 1 1"), {}, Wording("a", "b", "f"))
