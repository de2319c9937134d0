"""The tiny Markdown renders prose and escapes the rest."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custlib.report.codec import is_relative
from custlib.report.inline import Heading, inline, markdown, paragraphs, tidy


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("**a** and *b* and `c`", "<strong>a</strong> and <em>b</em> and <code>c</code>"),
        ("**a *b* c**", "<strong>a <em>b</em> c</strong>"),
        ("`**a**`", "<code>**a**</code>"),
        ("2 * 3 * 4", "2 * 3 * 4"),
        ("snake_case_name", "snake_case_name"),
        ("[see](value.html#top)", '<a href="value.html#top">see</a>'),
        ("[no](javascript:alert(1))", "[no](javascript:alert(1))"),
        ("[no](https://a.example/b.html)", "[no](https://a.example/b.html)"),
        ("<script>1</script>", "&lt;script&gt;1&lt;/script&gt;"),
        ("**重要：**其余，**“新客”**的", "<strong>重要：</strong>其余，<strong>“新客”</strong>的"),
        ("5*3*2 and __init__", "5*3*2 and __init__"),
        ("[**a**](b.html) ![c](d.html)", '<a href="b.html"><strong>a</strong></a> !<a href="d.html">c</a>'),
        ("<https://a.example> &amp; \\*", "&lt;https://a.example&gt; &amp;amp; \\*"),
        ('"quoted" & more', "&#34;quoted&#34; &amp; more"),
    ],
)
def test_inline(text: str, html: str) -> None:
    assert str(inline(text)).replace("&quot;", "&#34;") == html


def test_numbers_keep_their_units() -> None:
    assert str(tidy("118 k, 71 %, USD 12 and 3 kings")) == "118\xa0k, 71\xa0%, USD\xa012 and 3 kings"


@pytest.mark.parametrize(
    ("href", "good"),
    [("a.html", True), ("../a/b.html#c", True), ("#c", True), ("客户.html", True), ("a.js", False),
     ("//a.html", False), ("a//b.html", False), ("/a.html", False), ("data:a.html", False), ("", False)],
)  # fmt: skip
def test_relative(href: str, good: bool) -> None:
    assert is_relative(href) is good


def test_blocks_of_markdown() -> None:
    text = "# Top\n\n## Why\nBecause\nof it.\n- one\n- two\n  more\n\n1. a\n2. b\n\n```\n<x>\n\ny\n```\nEnd."
    assert [b if isinstance(b, Heading) else str(b) for b in markdown(text)] == [
        Heading(1, "Top"),
        Heading(2, "Why"),
        "<p>Because of it.</p>",
        "<ul><li>one</li><li>two more</li></ul>",
        "<ol><li>a</li><li>b</li></ol>",
        "<pre><code>&lt;x&gt;\n\ny</code></pre>",
        "<p>End.</p>",
    ]


def test_rules_of_markdown_beyond_prose_are_off() -> None:
    text = "> a\n\n---\n\n    b\n\n[c]: d.html\n\n<div>e</div>\n\n3. f\n4. g\n\n``` js\nh\n```"
    assert [str(block) for block in markdown(text)] == [
        "<p>&gt; a</p>",
        "<p>---</p>",
        "<p>b</p>",
        "<p>[c]: d.html</p>",
        "<p>&lt;div&gt;e&lt;/div&gt;</p>",
        "<ol><li>f</li><li>g</li></ol>",
        "<pre><code>h</code></pre>",
    ]


def test_a_heading_in_a_text_is_bold() -> None:
    assert str(paragraphs("## A\n\nb")) == "<p><strong>A</strong></p>\n<p>b</p>"


@given(st.text(alphabet="<>&\\!~123.\"'*_`[]() #-ax:/.html\n", max_size=80))
def test_nothing_but_known_tags_comes_out(text: str) -> None:
    tags = re.findall(r"<(/?\w+)([^>]*)>", str(paragraphs(text)))
    assert {tag.strip("/") for tag, _ in tags} <= {"p", "strong", "em", "code", "a", "ul", "ol", "li", "pre"}
    assert all(not rest or re.fullmatch(r' href="[^":]*"', rest) for _, rest in tags)
