"""Lists the pages of a run with their notebooks and titles, and exports them to HTML."""

import json
import logging
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from custlib.errors import UsageError, hint
from custlib.graph import Refusal
from custlib.installed import NOTEBOOKS
from custlib.project import Project
from custlib.report.formats import interval, money, number, share
from custlib.report.pages import trust
from custlib.report.playbook_words import verdict_word
from custlib.report.privacy import as_told, counts, is_small
from custlib.report.texts import Texts
from custlib.run import Run
from custlib.segment import measures, plan, profiles, registry
from custlib.segment.grid import PROSPECT
from custlib.value import customer_value

PER_SEGMENT = "70_playbook"
log = logging.getLogger("custlib")
# By kind of page: its notebook, and the nodes that it cannot do without.
PAGES: dict[str, tuple[str, tuple[str, ...]]] = {
    "overview": ("80_overview", ("spend_cells", "lifetime_model", "money_forecast")),
    "validation": ("30_lifetime", ("holdout",)),
    "value": ("40_value", ("spend_cells", "lifetime_model", "money_forecast")),
    "segments": ("50_segments", ("spend_cells",)),
    "audit": ("20_audit", ()),
    "identify": ("10_identify", ()),
    "start": ("00_start_here", ("spend_cells", "lifetime_model", "money_forecast")),
}


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
    names = settings.segmentations or registry.names()
    if unknown := [name for name in names if name not in registry.names()]:
        suggestion = hint(unknown[0], registry.names())
        raise UsageError(f"segments.segmentations: {', '.join(map(repr, unknown))} unknown. {suggestion}")
    missing = [name for name in _SHOWN if name not in names]
    if missing:
        raise UsageError(f"segments.segmentations: {', '.join(missing)} missing; the pages show {', '.join(_SHOWN)}.")
    if settings.playbook and settings.playbook not in names:
        raise UsageError(f"segments.playbook: {settings.playbook} is not made. {hint(settings.playbook, names)}")
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
    plain = [Page(kind, kind, notebook, {}) for kind, (notebook, _) in PAGES.items() if kind not in missing]
    if "value" in missing:
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
        refusals = [refusal for refusal in map(run.graph.refusal, needs) if refusal.reason]
        if refusals:
            missing[kind] = refusals[0]
    return missing


def _file(segment: str) -> str:
    return f"playbook-{segment.replace('_', '-')}"


def title(t: Texts, page: Page, run: Run) -> str:
    """Return the title of a page in links and in the browser window."""
    if page.kind != "playbook":
        return t(f"pages.{page.kind}") if f"pages.{page.kind}" in t.words else _heading(page)
    return run.get("definitions")[page.parameters["segmentation"]].name(page.parameters["segment"], t.language)


def _heading(page: Page) -> str:
    """The first heading of the notebook of a page, or else its kind."""
    cells = json.loads((NOTEBOOKS / f"{page.notebook}.ipynb").read_text(encoding="utf-8"))["cells"]
    headings = [line[2:].strip() for cell in cells for line in "".join(cell["source"]).splitlines() if line[:2] == "# "]
    return headings[0] if headings else page.kind


def export(chosen: list[Page], folder: Path, run: Run) -> None:
    """Export every executed notebook of a run as a page."""
    import nbformat

    from custlib.report.export import render_page

    t, project = run.get("t"), run.project
    for page in chosen:
        notebook = nbformat.read(folder / f"{page.name}.ipynb", as_version=4)
        html = render_page(
            notebook, title=f"{title(t, page, run)} · {project.name}", language=project.language,
            kind=page.kind, links=_links(t, page, chosen, run),
        )  # fmt: skip
        part = folder / "pages" / f".{page.name}.{os.getpid()}"
        part.write_text(html, encoding="utf-8")
        part.replace(folder / "pages" / f"{page.name}.html")


def _links(t: Texts, page: Page, chosen: list[Page], run: Run) -> dict[str, Any]:
    """Return the links of a page to the index and to all pages."""
    listed = [
        {
            "title": title(t, other, run),
            "href": f"{other.name}.html",
            "current": other == page,
            "group": t("index.playbooks") if other.kind == "playbook" else "",
        }
        for other in chosen
    ]
    return {"up": [{"title": t("index.title"), "href": "../../index.html"}], "pages": listed}


def index_entry(chosen: list[Page], run: Run) -> dict[str, Any]:
    """Return the entry of a run in the index: status, key figures and pages."""
    t = run.get("t")
    notes = _notes(t, run)
    listed = [
        {
            "title": title(t, page, run),
            "href": f"{page.name}.html",
            "group": {"playbook": "playbooks", "start": "other"}.get(page.kind, page.kind),
            "note": notes.get(page.parameters.get("segment", "")) or t.words.get(f"pages.{page.kind}_note", ""),
        }
        for page in chosen
    ]
    refused = run.reason("lifetime_model")
    why = trust.pages_in_words(t, missing_pages(run))
    if refused:
        why = t("refused.index", why=t(f"refused.forecast.{refused}"))
    reason = {"reason": why} if why else {}
    light = None if refused else run.get("test_result")["light"]
    return {"light": light, "numbers": _numbers(t, run), "pages": listed} | reason


def _numbers(t: Texts, run: Run) -> list[dict[str, str]]:
    """Return the key figures that are available."""
    project, lang = run.project, run.project.language
    engine = run.make("customer_value", "customer_segments")
    totals = customer_value.totals(engine)
    numbers = [{"label": t("overview.customers"), "value": number(totals["customers"], lang), "note": ""}]
    if run.reason("lifetime_model"):
        return numbers
    active = t("overview.active", days=project.horizon_days)
    numbers.append({"label": active, "value": number(totals["active"], lang), "note": ""})
    if run.reason("money_forecast"):
        return numbers
    whole = run.get("coming_value").to_dict()
    span = interval(whole["value_low"], whole["value_high"], lang, project.currency)
    coming, worth = t("overview.coming", days=project.horizon_days), money(whole["value"], project.currency, lang)
    return [*numbers, {"label": coming, "value": worth, "note": t("value.between", interval=span)}]


def _notes(t: Texts, run: Run) -> dict[str, str]:
    """Describe size and share of value of each segment."""
    project = run.project
    definition = run.get("definitions")[project.segments.leading]
    engine = run.make("customer_value", "customer_segments")
    frame = as_told(profiles.summary(engine, definition, language=project.language))
    texts = counts(frame["customers"].tolist(), project.language)
    plans = {} if run.reason("segment_plans") else run.get("segment_plans")
    notes = {}
    for row, count in zip(frame.to_dict("records"), texts, strict=True):
        worth = share(row["value_share"], project.language)
        hidden = row["customers"] == 0 or is_small(row["customers"])
        note = t("pages.count" if hidden else "pages.count_worth", count=count, share=worth)
        word = verdict_word(t, plans.get(row["segment"]))
        notes[row["segment"]] = t("verdict.note", verdict=word, note=note)
    return notes
