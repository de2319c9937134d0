"""A small, safe Markdown: what notebooks need for prose, and nothing that can carry a script.

Headings, paragraphs, lists, fenced code, ``**bold**``, ``*em*``, ```code``` and links to relative pages. mistune reads
them with all its other rules switched off, so everything else, raw HTML first, is escaped and printed as it stands.
"""

import re
from dataclasses import dataclass
from functools import cache
from html import escape
from typing import Any

from markupsafe import Markup
from mistune import BlockParser, BlockState, HTMLRenderer, InlineParser, InlineState, Markdown

from custlib.report.codec import RELATIVE

_UNIT = re.compile(r"(?<=\d) (?=(?:k|M|B|%)(?!\w))|(?<=\b[A-Z]{3}) (?=[\d−])")
_BLOCKS = ["fenced_code", "atx_heading", "list", "blank_line"]
# In place of mistune's own: its emphasis follows CommonMark, which takes **重要：**其余 for no bold and 5*3*2 for one.
_SPANS = {
    "link": rf"\[(?P<link_text>[^\]\[]+)\]\((?P<link_url>{RELATIVE})\)",
    "strong": r"\*\*(?P<strong_text>[^*]+(?:\*[^*]+\*[^*]*)?)\*\*",
    "emphasis": r"(?<![\w*])\*(?P<emphasis_text>[^*\s](?:[^*]*[^*\s])?)\*(?!\w)",
    "underscored": r"(?<!\w)_(?P<underscored_text>[^_\s](?:[^_]*[^_\s])?)_(?!\w)",
}


def tidy(text: str) -> Markup:
    r"""Escape a text, and keep numbers and their units on one line.

    Examples
    --------
    >>> tidy("a < b: 118 k")
    Markup('a &lt; b: 118\xa0k')
    """
    return Markup(_UNIT.sub("\u00a0", escape(text)))  # escaped one call further in


class _Html(HTMLRenderer):
    """HTML without line ends between tags, and without attributes but the target of a link."""

    def text(self, text: str) -> str:
        return tidy(text)

    def codespan(self, text: str) -> str:
        return Markup("<code>{}</code>").format(text)

    def link(self, text: str, url: str, title: str | None = None) -> str:
        return f'<a href="{escape(url)}">{text}</a>'

    underscored = HTMLRenderer.emphasis

    def softbreak(self) -> str:
        return " "

    def paragraph(self, text: str) -> str:
        return f"<p>{text}</p>"

    def heading(self, text: str, level: int, **attrs: Any) -> str:
        return f"<p><strong>{text}</strong></p>"

    def block_code(self, code: str, info: str | None = None) -> str:
        return Markup("<pre><code>{}</code></pre>").format(code.removesuffix("\n"))

    def list(self, text: str, ordered: bool, **attrs: Any) -> str:
        return f"<ol>{text}</ol>" if ordered else f"<ul>{text}</ul>"

    def list_item(self, text: str) -> str:
        return f"<li>{text}</li>"


@cache
def _reader() -> Markdown:
    blocks, spans = BlockParser(list_rules=_BLOCKS), InlineParser()
    blocks.rules, spans.rules = list(_BLOCKS), ["codespan", "softbreak"]
    for name, pattern in _SPANS.items():
        spans.register(f"own_{name}", pattern, _span)
    return Markdown(_Html(escape=True), blocks, spans)


def _span(parser: InlineParser, match: re.Match[str], state: InlineState) -> int:
    name = str(match.lastgroup).removeprefix("own_")
    inner = state.copy()
    inner.src = match[f"{name}_text"]
    token = {"type": name, "children": parser.render(inner)}
    state.append_token(token | ({"attrs": {"url": match["link_url"]}} if name == "link" else {}))
    return match.end()


def inline(text: str) -> Markup:
    r"""Render one paragraph's emphasis, code and links; anything unknown is escaped.

    Examples
    --------
    >>> inline("**71 %** of <b>, see [value](value.html)")
    Markup('<strong>71\xa0%</strong> of &lt;b&gt;, see <a href="value.html">value</a>')
    """
    reader = _reader()
    assert reader.renderer is not None
    return Markup(reader.renderer(reader.inline(text, {}), BlockState()))  # escaped by the renderer


@dataclass(frozen=True)
class Heading:
    """A Markdown heading: ``level`` from 1, ``text`` as written."""

    level: int
    text: str


def markdown(text: str) -> list[Heading | Markup]:
    r"""Render Markdown blocks; headings are handed back as such, for the page to place.

    Examples
    --------
    >>> markdown("## Why\n\nBecause.\n\n- one\n- two")
    [Heading(level=2, text='Why'), Markup('<p>Because.</p>'), Markup('<ul><li>one</li><li>two</li></ul>')]
    """
    state = BlockState()
    state.process("\n".join([*text.splitlines(), ""]))
    _reader().block.parse(state)
    return [_block(token) for token in state.tokens if token["type"] != "blank_line"]


def _block(token: dict[str, Any]) -> Heading | Markup:
    if token["type"] == "heading":
        return Heading(token["attrs"]["level"], token["text"])
    state = BlockState()
    state.append_token(token)
    return Markup(_reader().render_state(state))  # escaped by the renderer


def paragraphs(text: str) -> Markup:
    r"""Render Markdown as a block of text holds it: a heading is printed as a bold paragraph.

    Examples
    --------
    >>> paragraphs("One.\n\nTwo.")
    Markup('<p>One.</p>\n<p>Two.</p>')
    """
    parts = markdown(text)
    bold = Markup("<p><strong>{}</strong></p>")
    return Markup("\n").join(bold.format(inline(p.text)) if isinstance(p, Heading) else p for p in parts)
