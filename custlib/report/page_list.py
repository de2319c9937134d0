"""Lists the pages of a run with their notebooks, titles and links."""

import json
import logging
from dataclasses import dataclass
from typing import Any

from custlib.errors import UsageError, hint
from custlib.graph import Refusal
from custlib.installed import NOTEBOOKS
from custlib.project import Project
from custlib.report.front import key_figures, quarter_words, run_summary
from custlib.report.pages import trust
from custlib.report.texts import Texts
from custlib.run import Run
from custlib.segment import measures, plan, registry
from custlib.segment.grid import PROSPECT

PER_SEGMENT = "70_playbook"
log = logging.getLogger("custlib")
# By kind of page: its notebook, and the nodes that it cannot do without.
PAGES: dict[str, tuple[str, tuple[str, ...]]] = {
    "overview": ("80_overview", ("lifetime_model",)),
    "validation": ("30_lifetime", ("holdout",)),
    "value": ("40_value", ("lifetime_model", "money_forecast")),
    "segments": ("50_segments", ()),
    "appendix": ("55_segment_appendix", ()),
    "audit": ("20_audit", ()),
    "identify": ("10_identify", ()),
    "start": ("00_start_here", ("lifetime_model",)),
}
# What is made in place of a page where it cannot be made.
INSTEAD: dict[str, tuple[str, tuple[str, ...]]] = {"value": ("41_purchases", ("lifetime_model",))}

_SHOWN = ("rfm", "abc", "pyramid", "clusters")


@dataclass(frozen=True)
class Page:
    """A page to make: its file name, kind, notebook, and parameters besides ``run``."""

    name: str
    kind: str
    notebook: str
    parameters: dict[str, Any]

    def to_json(self) -> dict[str, Any]:
        """Return the page as the manifest records it."""
        return {"name": self.name, "kind": self.kind, "notebook": self.notebook, "given": self.parameters}


def check_segments(run: Run) -> None:
    """Check the segment settings of the project before anything is computed."""
    settings = run.project.segments
    names = settings.segmentations or registry.defaults()
    if unknown := [name for name in names if name not in registry.names()]:
        suggestion = hint(unknown[0], registry.names())
        raise UsageError(f"segments.segmentations: {', '.join(map(repr, unknown))} unknown. {suggestion}")
    missing = [name for name in _SHOWN if name not in names]
    if missing:
        raise UsageError(f"segments.segmentations: {', '.join(missing)} missing; the pages show {', '.join(_SHOWN)}.")
    if settings.playbook and settings.playbook not in names:
        raise UsageError(f"segments.playbook: {settings.playbook} is not made. {plan.remedy(settings.playbook, names)}")
    plan.check(names, settings.options)
    check_needs(run.project)
    run.get("playbook")


def check_needs(project: Project) -> None:
    """Check that the side tables which the segmentation of the playbooks needs are there."""
    name = project.segments.playbook
    there = set(measures.of_registers(project.registers))
    needs = registry.lacking(name, project.segments.options.get(name, {}), there) if name else []
    if lacks := [source for source in needs if source in ("invoices", "attributes")]:
        what = ", ".join(measures.SOURCES[source] for source in lacks)
        raise UsageError(f'segments.playbook: {name} needs {what}. Add it, or set playbook = "rfm".')


def check_made(run: Run) -> None:
    """Check that the data allow the segmentation of the playbooks, once they are read."""
    name, missing = run.project.segments.playbook, run.get("missing_segmentations")
    if name in missing:
        what = ", ".join(measures.SOURCES.get(source, source) for source in missing[name])
        raise UsageError(f'segments.playbook: {name} needs {what}. Set playbook = "rfm".')


def pages(run: Run) -> list[Page]:
    """List the pages of a run, in reading order."""
    missing = missing_pages(run)
    for kind, refusal in missing.items():
        log.warning("run: the page %s is not made: %s", kind, refusal.message)
    plain = [Page(kind, kind, _notebook(run, kind), {}) for kind in PAGES if kind not in missing]
    if run.reason("segment_plans"):
        return plain
    book, segmentation = run.get("playbook"), run.project.segments.playbook
    if book is None:
        return plain
    ids = [one for one in run.get("definitions")[segmentation].ids if one != PROSPECT]
    for segment in ids:
        book.play(segment)
    parameters = [{"segmentation": segmentation, "segment": segment} for segment in ids]
    return plain + [Page(_file(g["segment"]), "playbook", PER_SEGMENT, g) for g in parameters]


def missing_pages(run: Run) -> dict[str, Refusal]:
    """Kinds of pages that cannot be made, each with the first reason."""
    missing = {}
    for kind, (_, needs) in PAGES.items():
        refused = _refusals(run, needs)
        if refused and kind in INSTEAD:
            refused = _refusals(run, INSTEAD[kind][1])
        if refused:
            missing[kind] = refused[0]
    return missing


def _notebook(run: Run, kind: str) -> str:
    """The notebook of a page, or the one in its place."""
    notebook, needs = PAGES[kind]
    return INSTEAD[kind][0] if kind in INSTEAD and _refusals(run, needs) else notebook


def _refusals(run: Run, needs: tuple[str, ...]) -> list[Refusal]:
    return [refusal for refusal in map(run.graph.refusal, needs) if refusal.reason]


def _file(segment: str) -> str:
    return f"playbook-{segment.replace('_', '-')}"


def title(t: Texts, page: Page, run: Run) -> str:
    """Return the title of a page in links and in the browser window."""
    if page.kind != "playbook":
        return t(f"pages.{_name(page)}") if f"pages.{_name(page)}" in t.words else _heading(page)
    return run.get("definitions")[page.parameters["segmentation"]].name(page.parameters["segment"], t.language)


def _name(page: Page) -> str:
    """Name a page for its words: its kind, or what is made in place of it."""
    is_instead = page.notebook == INSTEAD.get(page.kind, ("",))[0]
    return f"{page.kind}_instead" if is_instead else page.kind


def _heading(page: Page) -> str:
    """The first heading of the notebook of a page, or else its kind."""
    cells = json.loads((NOTEBOOKS / f"{page.notebook}.ipynb").read_text(encoding="utf-8"))["cells"]
    headings = [line[2:].strip() for cell in cells for line in "".join(cell["source"]).splitlines() if line[:2] == "# "]
    return headings[0] if headings else page.kind


def frame(page: Page, chosen: list[Page], run: Run) -> dict[str, Any]:
    """Return what surrounds a page: title, language, kind and links to other pages."""
    t, project = run.get("t"), run.project
    heading = f"{title(t, page, run)} · {project.name}"
    return {
        "title": heading, "language": project.language, "kind": page.kind, "links": _links(t, page, chosen, run),
    }  # fmt: skip


def _links(t: Texts, page: Page, chosen: list[Page], run: Run) -> dict[str, Any]:
    """Return the links of a page to the index and to all pages."""
    up = [{"title": t("index.title"), "href": "../../index.html"}, {"title": run.project.name}]
    return {"up": up, "pages": [*_masthead(t, page, chosen, run), *_playbooks(t, page, chosen, run)]}


def _masthead(t: Texts, page: Page, chosen: list[Page], run: Run) -> list[dict[str, Any]]:
    """Link the pages in one line by short names; the playbooks by their first, after the overview."""
    first: dict[str, Page] = {}
    for other in chosen:
        first.setdefault(other.kind, other)
    order = sorted(first.values(), key=lambda other: (other.kind != "overview", other.kind != "playbook"))
    return [
        {
            "title": _short(t, one, run),
            "href": f"{one.name}.html",
            "current": one.kind == page.kind,
        }
        for one in order
    ]


def _short(t: Texts, page: Page, run: Run) -> str:
    """Return the title of a page in a row of links."""
    return t.words.get(f"pages.short_{_name(page)}") or title(t, page, run)


def _playbooks(t: Texts, page: Page, chosen: list[Page], run: Run) -> list[dict[str, Any]]:
    return [
        {
            "title": title(t, one, run), "href": f"{one.name}.html", "current": one == page,
            "group": t("pages.short_playbook"),
        }
        for one in chosen
        if one.kind == "playbook"
    ]  # fmt: skip


def index_entry(chosen: list[Page], run: Run) -> dict[str, Any]:
    """Return the entry of a run in the index: status, key figures and pages."""
    t = run.get("t")
    verdicts = run.show(run_summary.verdicts_of)
    listed = [
        {
            "title": title(t, page, run) if page.kind == "playbook" else _short(t, page, run),
            "href": f"{page.name}.html",
            "group": {"playbook": "playbooks", "start": "other", "appendix": "other"}.get(page.kind, page.kind),
        }
        | verdicts.get(page.parameters.get("segment", ""), {})
        for page in chosen
    ]
    refused = run.reason("lifetime_model")
    why = trust.pages_in_words(t, missing_pages(run))
    if refused:
        why = t("refused.index", why=t(f"refused.forecast.{refused}"))
    elif money := run.reason("money_forecast"):
        why = t.paragraph(t(f"flags.spend.{money}"), why)
    reason = {"reason": why} if why else {}
    light = None if refused else run.get("test_result")["light"]
    numbers = run_summary.numbers_of(t, run.show(key_figures.kpis))
    heading = {"headline": run.show(quarter_words.headline), "numbers": numbers}
    return {"light": light, "pages": listed} | heading | reason
