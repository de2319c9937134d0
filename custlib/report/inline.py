"""A tiny, safe Markdown: what notebooks need for prose, and nothing that can carry a script.

Headings, paragraphs, lists, fenced code, ``**bold**``, ``*em*``, ```code``` and links to relative pages.
Everything else, raw HTML first, is escaped and printed as it stands.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

from markupsafe import Markup

_RELATIVE = re.compile(r"(?!/|.*//)(?:[\w%.-]+/)*[\w%.-]+\.html(?:#[\w-]+)?|#[\w-]+")
_INLINE = re.compile(
    r"`(?P<code>[^`]+)`"
    r"|\[(?P<label>[^\]\[]+)\]\((?P<href>[^()\s]+)\)"
    r"|\*\*(?P<bold>[^*]+(?:\*[^*]+\*[^*]*)?)\*\*"
    r"|(?<![\w*])\*(?P<em>[^*\s](?:[^*]*[^*\s])?)\*(?!\w)"
    r"|(?<!\w)_(?P<under>[^_\s](?:[^_]*[^_\s])?)_(?!\w)"
)
_UNIT = re.compile(r"(?<=\d) (?=(?:k|M|B|%)(?!\w))|(?<=\b[A-Z]{3}) (?=[\d−])")
_HEADING = re.compile(r"(#{1,6})\s+(.*?)\s*#*")
_ITEM = re.compile(r"\s*(?:[-*+]|(\d+)[.)])\s+(.*)")


def is_relative(href: str) -> bool:
    """Tell whether a link leads to a page beside this one (no scheme, host, root or script).

    Parameters
    ----------
    href : str
        Link target.

    Returns
    -------
    bool
        True for relative ``.html`` pages and ``#places``.

    Examples
    --------
    >>> [is_relative(h) for h in ("value.html", "../index.html#top", "#why", "/x.html", "javascript:a.html")]
    [True, True, True, False, False]
    """
    return bool(_RELATIVE.fullmatch(href))


def tidy(text: str) -> Markup:
    r"""Escape a text, and keep numbers and their units on one line.

    Parameters
    ----------
    text : str
        Plain text.

    Returns
    -------
    markupsafe.Markup
        HTML.

    Examples
    --------
    >>> tidy("a < b: 118 k")
    Markup('a &lt; b: 118\xa0k')
    """
    return Markup(_UNIT.sub("\u00a0", escape(text)))  # escaped one call further in


def inline(text: str) -> Markup:
    r"""Render one paragraph's emphasis, code and links.

    Parameters
    ----------
    text : str
        Markdown without blocks.

    Returns
    -------
    markupsafe.Markup
        HTML; anything unknown is escaped.

    Examples
    --------
    >>> inline("**71 %** of <b>, see [value](value.html)")
    Markup('<strong>71\xa0%</strong> of &lt;b&gt;, see <a href="value.html">value</a>')
    """
    parts, end = [], 0
    for found in _INLINE.finditer(text):
        parts += [tidy(text[end : found.start()]), _span(found)]
        end = found.end()
    return Markup("").join([*parts, tidy(text[end:])])


def _span(found: re.Match[str]) -> Markup:
    kind = found.lastgroup
    if kind == "code":
        return Markup("<code>{}</code>").format(found["code"])
    if kind == "href":
        if not is_relative(found["href"]):
            return tidy(found[0])
        return Markup('<a href="{}">{}</a>').format(found["href"], inline(found["label"]))
    if kind == "bold":
        return Markup("<strong>{}</strong>").format(inline(found["bold"]))
    return Markup("<em>{}</em>").format(inline(found["em"] or found["under"]))


@dataclass(frozen=True)
class Heading:
    """A Markdown heading: ``level`` from 1, ``text`` as written."""

    level: int
    text: str


def markdown(text: str) -> list[Heading | Markup]:
    r"""Render Markdown blocks; headings are handed back as such, for the page to place.

    Parameters
    ----------
    text : str
        Markdown.

    Returns
    -------
    list of Heading or markupsafe.Markup
        In reading order.

    Examples
    --------
    >>> markdown("## Why\n\nBecause.\n\n- one\n- two")
    [Heading(level=2, text='Why'), Markup('<p>Because.</p>'), Markup('<ul><li>one</li><li>two</li></ul>')]
    """
    return [_block(lines) for lines in _groups(text)]


def _groups(text: str) -> Iterator[list[str]]:
    """Lines of one block each: a fence, a heading, a list or a paragraph."""
    group: list[str] = []
    for line in text.splitlines():
        fenced = bool(group) and group[0].startswith("```")
        closes = fenced and line.startswith("```")
        if fenced and not closes:
            group.append(line)
        elif closes or not line.strip():
            yield from [group] if group else []
            group = []
        else:
            if group and _starts(line, group):
                yield group
                group = []
            group.append(line)
    yield from [group] if group else []


def _starts(line: str, group: list[str]) -> bool:
    """Whether a line begins a block of its own directly beneath another."""
    if line.startswith("```") or _HEADING.fullmatch(line) or _HEADING.fullmatch(group[0]):
        return True
    return bool(_ITEM.fullmatch(line)) and not _ITEM.fullmatch(group[0])


def _block(lines: list[str]) -> Heading | Markup:
    if lines[0].startswith("```"):
        return Markup("<pre><code>{}</code></pre>").format("\n".join(lines[1:]))
    if heading := _HEADING.fullmatch(lines[0]):
        return Heading(len(heading[1]), heading[2])
    if first := _ITEM.fullmatch(lines[0]):
        tag = "ol" if first[1] else "ul"
        items = (Markup("<li>{}</li>").format(inline(item)) for item in _items(lines))
        return Markup("<{0}>{1}</{0}>").format(Markup(tag), Markup("").join(items))
    return Markup("<p>{}</p>").format(inline(" ".join(line.strip() for line in lines)))


def _items(lines: list[str]) -> list[str]:
    items: list[str] = []
    for line in lines:
        if found := _ITEM.fullmatch(line):
            items.append(found[2])
        else:
            items[-1] += " " + line.strip()
    return items


def paragraphs(text: str) -> Markup:
    r"""Render Markdown without headings, as a block of text holds it.

    Parameters
    ----------
    text : str
        Markdown; a heading is printed as a bold paragraph.

    Returns
    -------
    markupsafe.Markup
        HTML.

    Examples
    --------
    >>> paragraphs("One.\n\nTwo.")
    Markup('<p>One.</p>\n<p>Two.</p>')
    """
    parts = markdown(text)
    bold = Markup("<p><strong>{}</strong></p>")
    return Markup("\n").join(bold.format(inline(p.text)) if isinstance(p, Heading) else p for p in parts)
