"""The pages of a run: which notebook makes each, what it is called, and its export to HTML."""

import logging
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from custlib import grouping
from custlib.errors import UsageError, hint
from custlib.report.formats import interval, money, number, share
from custlib.report.privacy import counts, is_small
from custlib.report.texts import Texts
from custlib.segment import customer_segments, profiles
from custlib.value import customer_value
from custlib.workspace import Workspace

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
    """One page to make: its file name, its kind, the notebook, and the parameters besides ``run``."""

    name: str
    kind: str
    notebook: str
    given: dict[str, Any]


def check_segments(workspace: Workspace) -> None:
    """Check what the project says of segments before anything is computed."""
    asked = workspace.project.segments
    names = asked.segmentations or tuple(customer_segments.FAMILIES)
    if unknown := [name for name in names if name not in customer_segments.FAMILIES]:
        said = hint(unknown[0], tuple(customer_segments.FAMILIES))
        raise UsageError(f"segments.segmentations: {', '.join(map(repr, unknown))} unknown. {said}")
    missing = [name for name in _SHOWN if name not in names]
    if missing:
        raise UsageError(f"segments.segmentations: {', '.join(missing)} missing; the pages show {', '.join(_SHOWN)}.")
    if asked.playbook not in names:
        raise UsageError(f"segments.playbook: {asked.playbook} is not made. {hint(asked.playbook, names)}")
    grouping.check(names, asked.options)
    head = workspace.playbook.playbook
    if head.segmentation != asked.playbook:
        raise UsageError(
            f"segments.playbook_file: {asked.playbook_file} is for {head.segmentation}, not for {asked.playbook}. "
            f'Name a playbook for {asked.playbook}, or set playbook = "{head.segmentation}".'
        )


def pages(workspace: Workspace) -> list[Page]:
    """List the pages of a run, in reading order."""
    kinds = _kinds(workspace)
    plain = [Page(kind, kind, notebook, {}) for kind, notebook in _PLAIN.items() if kind in kinds]
    if "value" not in kinds:
        return plain
    segmentation = workspace.project.segments.playbook
    ids = workspace.definitions[segmentation].ids
    for segment in ids:
        workspace.playbook.play(segment)
    given = [{"segmentation": segmentation, "segment": segment} for segment in ids]
    return plain + [Page(_file(g["segment"]), "playbook", PER_SEGMENT, g) for g in given]


def _kinds(workspace: Workspace) -> tuple[str, ...]:
    """List the pages that can be made, playbooks aside, and log why others cannot."""
    kinds, untested = tuple(_PLAIN), workspace.refused("test")
    if not workspace.quality["has_amount"]:
        log.warning("run: there is no amount column: pages that state money are not made")
        kinds = _WITHOUT_MONEY
    elif money := workspace.refused("money"):
        log.warning("run: money is not forecast (%s): pages that state its value are not made", money)
        kinds = (*_WITHOUT_MONEY, *_BY_HISTORY)
    if forecast := workspace.refused("forecast"):
        log.warning("run: there is no forecast (%s): only pages that look back are made", forecast)
        return tuple(kind for kind in kinds if kind in _BY_HISTORY)
    if untested:
        log.warning("run: the forecast cannot be tested (%s): its page is not made", untested)
    return tuple(kind for kind in kinds if kind != "validation" or not untested)


def _file(segment: str) -> str:
    return f"playbook-{segment.replace('_', '-')}"


def title(t: Texts, page: Page, workspace: Workspace) -> str:
    """Name a page in links and in the browser's window."""
    if page.kind != "playbook":
        return t(f"pages.{page.kind}")
    return workspace.definitions[page.given["segmentation"]].name(page.given["segment"], t.language)


def export(chosen: list[Page], folder: Path, workspace: Workspace) -> None:
    """Print every executed notebook of a run as a page."""
    import nbformat

    from custlib.report.export import render_page

    t, project = workspace.t, workspace.project
    for page in chosen:
        notebook = nbformat.read(folder / f"{page.name}.ipynb", as_version=4)
        html = render_page(
            notebook, title=f"{title(t, page, workspace)} · {project.name}", language=project.language,
            kind=page.kind, links=_links(t, page, chosen, workspace),
        )  # fmt: skip
        part = folder / "pages" / f".{page.name}.{os.getpid()}"
        part.write_text(html, encoding="utf-8")
        part.replace(folder / "pages" / f"{page.name}.html")


def _links(t: Texts, page: Page, chosen: list[Page], workspace: Workspace) -> dict[str, Any]:
    """Link a page to the index, to its siblings, and to the playbooks."""
    listed = [
        {
            "title": title(t, other, workspace),
            "href": f"{other.name}.html",
            "current": other == page,
            "group": t("index.playbooks") if other.kind == "playbook" else "",
        }
        for other in chosen
    ]
    return {"up": [{"title": t("index.title"), "href": "../../index.html"}], "pages": listed}


def index_entry(chosen: list[Page], workspace: Workspace) -> dict[str, Any]:
    """State what the index says of a run: its light, the three numbers that matter, its pages."""
    t = workspace.t
    notes = _notes(t, workspace)
    listed = [
        {
            "title": title(t, page, workspace),
            "href": f"{page.name}.html",
            "group": {"playbook": "playbooks", "start": "other"}.get(page.kind, page.kind),
            "note": notes.get(page.given.get("segment", "")) or t(f"pages.{page.kind}_note"),
        }
        for page in chosen
    ]
    refused = workspace.refused("forecast")
    said = {"reason": t("refused.index", why=t(f"refused.forecast.{refused}"))} if refused else {}
    light = None if refused else workspace.holdout["light"]
    return {"light": light, "numbers": _numbers(t, workspace), "pages": listed} | said


def _numbers(t: Texts, workspace: Workspace) -> list[dict[str, str]]:
    """State the numbers that matter, those that are known."""
    project, lang = workspace.project, workspace.project.language
    engine = workspace.need("customer_value", "customer_segments")
    totals = customer_value.totals(engine)
    numbers = [{"label": t("overview.customers"), "value": number(totals["customers"], lang), "note": ""}]
    if workspace.refused("forecast"):
        return numbers
    active = t("overview.active", days=project.horizon_days)
    numbers.append({"label": active, "value": number(totals["active"], lang), "note": ""})
    if workspace.refused("money"):
        return numbers
    whole = workspace.intervals(project.segments.playbook).set_index("segment").loc["all"].to_dict()
    span = interval(whole["value_low"], whole["value_high"], lang, project.currency)
    coming, worth = t("overview.coming", days=project.horizon_days), money(whole["value"], project.currency, lang)
    return [*numbers, {"label": coming, "value": worth, "note": t("value.between", interval=span)}]


def _notes(t: Texts, workspace: Workspace) -> dict[str, str]:
    """Say size and worth of each segment in a few words."""
    project = workspace.project
    definition = workspace.definitions[project.segments.playbook]
    engine = workspace.need("customer_value", "customer_segments")
    frame = profiles.summary(engine, definition, language=project.language)
    texts = counts(frame["customers"].tolist(), project.language)
    said = {}
    for row, count in zip(frame.to_dict("records"), texts, strict=True):
        worth = share(row["value_share"], project.language)
        hidden = row["customers"] == 0 or is_small(row["customers"])
        said[row["segment"]] = t("pages.count" if hidden else "pages.count_worth", count=count, share=worth)
    return said
