"""Reads a page from the cells of a notebook: headline, sections with blocks, glossary and footer.

Reads Markdown cells and the JSON of blocks among the outputs; code, streams and any other output never reach the page.
Returns a :class:`Page` for the templates.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup

from custlib.errors import RunError, UsageError
from custlib.report.blocks import MIME, Block, Footer, Glossary, Section, Title, from_json
from custlib.report.inline import Heading, inline, markdown
from custlib.report.render import render_block

LAB_ONLY = "lab"


@dataclass
class Part:
    """A section of the page: its heading, column and HTML."""

    text: str = ""
    id: str = ""
    column: str = "main"
    html: list[Markup] = field(default_factory=list)


@dataclass
class Page:
    """Content of the page template; the first part has no heading."""

    language: str
    title: Title | None = None
    glossary: Glossary | None = None
    footer: Footer | None = None
    parts: list[Part] = field(default_factory=lambda: [Part()])

    @property
    def contents(self) -> list[Part]:
        """The parts that have a heading and something beneath it."""
        return [part for part in self.parts if part.text and part.html]


def page_of(notebook: Mapping[str, Any], language: str) -> Page:
    r"""Read the page of a notebook.

    Examples
    --------
    >>> cell = {"cell_type": "markdown", "source": "## Why\n\nBecause."}
    >>> page_of({"cells": [cell]}, "en").contents[0].text
    'Why'
    """
    page = Page(language)
    for item in _items(notebook):
        _add(page, item)
    _number(page)
    return page


def _items(notebook: Mapping[str, Any]) -> Iterator[Block | Heading | Markup]:
    for number, cell in enumerate(notebook["cells"], start=1):
        if LAB_ONLY in cell.get("metadata", {}).get("tags", []):
            _refuse_errors(cell, number)
        elif cell["cell_type"] == "markdown":
            yield from (item for item in markdown(cell["source"]) if not _is_title(item))
        elif cell["cell_type"] == "code":
            _refuse_errors(cell, number)
            yield from _blocks(cell, number)


def _is_title(item: Heading | Markup) -> bool:
    return isinstance(item, Heading) and item.level == 1


def _refuse_errors(cell: Mapping[str, Any], number: int) -> None:
    for output in cell.get("outputs", []):
        if output.get("output_type") == "error":
            raise RunError(
                f"page: cell {number} ended in {output.get('ename', 'an error')}. "
                "Run the notebook in JupyterLab to see where."
            )


def _blocks(cell: Mapping[str, Any], number: int) -> Iterator[Block]:
    for output in cell.get("outputs", []):
        content = output.get("data", {}).get(MIME)
        if content is None or output.get("output_type") not in ("display_data", "execute_result"):
            continue
        try:
            yield from_json(content)
        except UsageError as fault:
            raise RunError(f"page: cell {number}: {fault}") from None


def _add(page: Page, item: Block | Heading | Markup) -> None:
    if isinstance(item, Title):
        page.title = item
    elif isinstance(item, Glossary):
        page.glossary = item
    elif isinstance(item, Footer):
        page.footer = item
    elif isinstance(item, Section):
        page.parts.append(Part(item.text, item.id or "", item.column))
    elif isinstance(item, Heading) and item.level == 2:
        page.parts.append(Part(item.text))
    else:
        page.parts[-1].html.append(_html(item, page))


def _html(item: Block | Heading | Markup, page: Page) -> Markup:
    level = 3 if page.parts[-1].text else 2
    if isinstance(item, Block):
        return render_block(item, page.language, level=level)
    if isinstance(item, Heading):
        return Markup("<h{0}>{1}</h{0}>").format(level, inline(item.text))
    return item


def _number(page: Page) -> None:
    """Give every part a unique id: its own, or one from its heading, or its number."""
    ids: set[str] = set()
    for n, part in enumerate(page.contents, start=1):
        wanted = re.sub(r"[^a-z0-9]+", "-", (part.id or part.text).lower()).strip("-")[:40].strip("-")
        if not wanted[:1].isalpha():
            wanted = f"part-{n}"
        part.id = wanted if wanted not in ids else f"{wanted}-{n}"
        ids.add(part.id)
