"""Lists the pages of a run with their notebooks and titles, and exports them to HTML."""

import logging
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from custlib.errors import UsageError, hint
from custlib.report.formats import interval, money, number, share
from custlib.report.privacy import counts, is_small
from custlib.report.texts import Texts
from custlib.run import Run
from custlib.segment import customer_segments, plan, profiles
from custlib.value import customer_value

PER_SEGMENT = "70_playbook"
_WITHOUT_MONEY = ("validation", "audit", "identify")
_BY_HISTORY = ("audit", "segments", "identify")
log = logging.getLogger("custlib")
_PLAIN = {
    "overview": "80_overview",
    "validation": "30_lifetime",
    "value": "40_value",
    "segments": "50_segments",
    "audit": "20_audit",
    "identify": "10_identify",
    "start": "00_start_here",
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
    names = settings.segmentations or tuple(customer_segments.FAMILIES)
    if unknown := [name for name in names if name not in customer_segments.FAMILIES]:
        suggestion = hint(unknown[0], tuple(customer_segments.FAMILIES))
        raise UsageError(f"segments.segmentations: {', '.join(map(repr, unknown))} unknown. {suggestion}")
    missing = [name for name in _SHOWN if name not in names]
    if missing:
        raise UsageError(f"segments.segmentations: {', '.join(missing)} missing; the pages show {', '.join(_SHOWN)}.")
    if settings.playbook not in names:
        raise UsageError(f"segments.playbook: {settings.playbook} is not made. {hint(settings.playbook, names)}")
    plan.check(names, settings.options)
    head = run.get("playbook").playbook
    if head.segmentation != settings.playbook:
        raise UsageError(
            f"segments.playbook_file: {settings.playbook_file} is for {head.segmentation}, "
            f"not for {settings.playbook}. "
            f'Name a playbook for {settings.playbook}, or set playbook = "{head.segmentation}".'
        )


def pages(run: Run) -> list[Page]:
    """List the pages of a run, in reading order."""
    kinds = _kinds(run)
    plain = [Page(kind, kind, notebook, {}) for kind, notebook in _PLAIN.items() if kind in kinds]
    if "value" not in kinds:
        return plain
    segmentation = run.project.segments.playbook
    ids = run.get("definitions")[segmentation].ids
    for segment in ids:
        run.get("playbook").play(segment)
    parameters = [{"segmentation": segmentation, "segment": segment} for segment in ids]
    return plain + [Page(_file(g["segment"]), "playbook", PER_SEGMENT, g) for g in parameters]


def _kinds(run: Run) -> tuple[str, ...]:
    """List the kinds of pages that can be made, except playbooks, and log why others cannot."""
    kinds, untested = tuple(_PLAIN), run.why("holdout")
    if not run.get("quality")["has_amount"]:
        log.warning("run: there is no amount column: pages that state money are not made")
        kinds = _WITHOUT_MONEY
    elif money := run.why("money_forecast"):
        log.warning("run: money is not forecast (%s): pages that state its value are not made", money)
        kinds = (*_WITHOUT_MONEY, *_BY_HISTORY)
    if forecast := run.why("lifetime_model"):
        log.warning("run: there is no forecast (%s): only pages that look back are made", forecast)
        return tuple(kind for kind in kinds if kind in _BY_HISTORY)
    if untested:
        log.warning("run: the forecast cannot be tested (%s): its page is not made", untested)
    return tuple(kind for kind in kinds if kind != "validation" or not untested)


def _file(segment: str) -> str:
    return f"playbook-{segment.replace('_', '-')}"


def title(t: Texts, page: Page, run: Run) -> str:
    """Return the title of a page in links and in the browser window."""
    if page.kind != "playbook":
        return t(f"pages.{page.kind}")
    return run.get("definitions")[page.parameters["segmentation"]].name(page.parameters["segment"], t.language)


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
            "note": notes.get(page.parameters.get("segment", "")) or t(f"pages.{page.kind}_note"),
        }
        for page in chosen
    ]
    refused = run.why("lifetime_model")
    reason = {"reason": t("refused.index", why=t(f"refused.forecast.{refused}"))} if refused else {}
    light = None if refused else run.get("test_result")["light"]
    return {"light": light, "numbers": _numbers(t, run), "pages": listed} | reason


def _numbers(t: Texts, run: Run) -> list[dict[str, str]]:
    """Return the key figures that are available."""
    project, lang = run.project, run.project.language
    engine = run.make("customer_value", "customer_segments")
    totals = customer_value.totals(engine)
    numbers = [{"label": t("overview.customers"), "value": number(totals["customers"], lang), "note": ""}]
    if run.why("lifetime_model"):
        return numbers
    active = t("overview.active", days=project.horizon_days)
    numbers.append({"label": active, "value": number(totals["active"], lang), "note": ""})
    if run.why("money_forecast"):
        return numbers
    whole = run.get("coming_value").to_dict()
    span = interval(whole["value_low"], whole["value_high"], lang, project.currency)
    coming, worth = t("overview.coming", days=project.horizon_days), money(whole["value"], project.currency, lang)
    return [*numbers, {"label": coming, "value": worth, "note": t("value.between", interval=span)}]


def _notes(t: Texts, run: Run) -> dict[str, str]:
    """Describe size and share of value of each segment."""
    project = run.project
    definition = run.get("definitions")[project.segments.playbook]
    engine = run.make("customer_value", "customer_segments")
    frame = profiles.summary(engine, definition, language=project.language)
    texts = counts(frame["customers"].tolist(), project.language)
    notes = {}
    for row, count in zip(frame.to_dict("records"), texts, strict=True):
        worth = share(row["value_share"], project.language)
        hidden = row["customers"] == 0 or is_small(row["customers"])
        notes[row["segment"]] = t("pages.count" if hidden else "pages.count_worth", count=count, share=worth)
    return notes
