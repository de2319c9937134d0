"""Renders pages and the index as HTML without scripts or external requests.

The parts of a page (:mod:`custlib.report.page`) are read from an executed notebook and rendered through Jinja2 with
autoescape. The content security policy of the page allows only its own style sheet, identified by its hash. Output is
deterministic.
"""

import base64
import hashlib
import os
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from markupsafe import Markup

from custlib.errors import RunError, UsageError
from custlib.report.codec import is_relative
from custlib.report.executors.notebook_file import read_notebook
from custlib.report.page import page_of
from custlib.report.page_limits import limit
from custlib.report.render import environment, render_block, stylesheet

_KIND = re.compile(r"[a-z][a-z0-9_]*")  # it names a style of the page
GROUPS = (
    "overview",
    "validation",
    "value",
    "segments",
    "audit",
    "identify",
    "interact",
    "playbooks",
    "other",
)
VERDICTS = ("do", "test", "leave", "few", "")
_SHEETS = ("colours", "blocks", "page", "playbook")


@cache
def _style() -> tuple[Markup, str]:
    """The style sheet, and the content security policy that allows it alone."""
    css = stylesheet(*_SHEETS)
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
    return Markup(css), policy  # files of the package, nothing to escape


def render_page(
    notebook: Mapping[str, Any],
    *,
    title: str = "",
    language: str = "en",
    kind: str = "overview",
    links: Mapping[str, Any] | None = None,
) -> str:
    """Render an executed notebook as one HTML page.

    Examples
    --------
    >>> cell = {"cell_type": "markdown", "source": "Six in ten come back."}
    >>> page = render_page({"cells": [cell]}, title="A", language="en", kind="value")
    >>> "<p>Six in ten come back.</p>" in page
    True
    """
    if not _KIND.fullmatch(kind):
        raise UsageError(f"render_page: kind {kind!r} is no name of small letters, digits and underscores.")
    page, links = page_of(notebook, language), links or {}
    up, pages = list(links.get("up", ())), list(links.get("pages", ()))
    _check_links([*up, *pages], "render_page")
    html = _printed(
        "page.html.j2", language, page=page, kind=kind, title=title, up=up,
        pages=[link for link in pages if not link.get("group")],
        related=_grouped([link for link in pages if link.get("group")]),
        columns=_columns(page.parts) if kind == "playbook" else None,
    )  # fmt: skip
    if (size := len(html.encode())) > (most := limit("page", "page_bytes")):
        raise RunError(f"page {title!r}: {size:,} bytes, at most {most:,}. Aggregate its figures.")
    return html


def write_page(notebook: Path, page: Path, frame: Mapping[str, Any]) -> None:
    """Write the page of an executed notebook; ``frame`` holds the other arguments of :func:`render_page`."""
    part = page.with_name(f".{page.stem}.{os.getpid()}")
    part.write_text(render_page(read_notebook(notebook), **frame), encoding="utf-8")
    part.replace(page)


def _printed(template: str, language: str, **values: Any) -> str:
    css, policy = _style()
    values |= {"css": css, "policy": policy, "language": language, "render_block": render_block}
    html = environment(language).get_template(template).render(values)
    return "\n".join(line for line in (row.rstrip() for row in html.split("\n")) if line) + "\n"


def _check_links(links: list[Mapping[str, Any]], where: str) -> None:
    for link in links:
        if "href" in link and not is_relative(str(link.get("href", ""))):
            raise UsageError(f"{where}: {link.get('href')!r} is no relative link to an .html page.")


def _grouped(links: list[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for link in links:
        groups.setdefault(str(link["group"]), []).append(link)
    return groups


def _columns(parts: list[Any]) -> dict[str, list[Any]]:
    """Divide the parts of a playbook: above the columns, left, right, and below."""
    placed: dict[str, list[Any]] = {"above": [], "left": [], "right": [], "below": []}
    for part in parts:
        begun = placed["left"] or placed["right"]
        placed[part.column if part.column != "main" else "below" if begun else "above"].append(part)
    return placed


def render_index(manifest: Mapping[str, Any], *, language: str = "en") -> str:
    """Render the index of all published reports.

    Examples
    --------
    >>> "No report has been published yet." in render_index({"projects": []})
    True
    """
    language = str(manifest.get("language", language))
    projects = [_project(project) for project in manifest["projects"]]
    return _printed("index.html.j2", language, projects=projects)


def _runs(earlier: list[Mapping[str, Any]], failures: list[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """List earlier runs and failed ones, the newest first."""
    every = [{"failed": False, **run} for run in earlier] + [{"failed": True, **run} for run in failures]
    return sorted(every, key=lambda run: str(run["as_of"]), reverse=True)


def _project(project: Mapping[str, Any]) -> dict[str, Any]:
    latest, earlier = project.get("latest"), list(project.get("earlier", ()))
    pages = list(latest.get("pages", ())) if latest else []
    _check_links([*pages, *earlier], f"render_index: {project['project']}")
    placed = [{**p, "group": p["group"] if p.get("group") in GROUPS else "other"} for p in pages]
    placed.sort(key=lambda page: (GROUPS.index(page["group"]), VERDICTS.index(str(page.get("mark", "")))))
    return {
        "id": project["project"],
        "name": project.get("name") or project["project"],
        "latest": latest,
        "pages": [page for page in placed if page["group"] != "playbooks"],
        "playbooks": [page for page in placed if page["group"] == "playbooks"],
        "runs": _runs(earlier, list(project.get("failures", ()))),
    }
