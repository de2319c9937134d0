"""What the index says of each project: its newest report, earlier ones, runs that failed, and what cannot be read."""

import logging
from dataclasses import replace
from typing import Any

from custlib.report.formats import day
from custlib.report.front.run_summary import result_of
from custlib.report.published.manifests import Home, Report
from custlib.report.texts import Texts, texts

_FAILURES_KEPT = 5
_STAGES = ("UsageError", "TableError", "ModelError", "RunError", "LockedError")
log = logging.getLogger("custlib")


def index_html(homes: list[Home]) -> str:
    """Render the index, in the language of the last report that was published."""
    try:
        html = _html(homes)
    except Exception:  # a manifest may hold more than what is checked: that of another version, or a crafted one
        homes = [_without_broken(home) for home in homes]
        html = _html(homes)
    for home in homes:
        for name in home.unreadable:
            log.warning("run: %s/%s cannot be read and is left out of the index", home.folder.name, name)
    return html


def _html(homes: list[Home]) -> str:
    from custlib.report.page_html import render_index

    reports = [report for home in homes for report in home.reports]
    last = max(reports, key=lambda report: str(report.manifest["published"]), default=None)
    language = last.manifest["project"]["language"] if last else "en"
    t = texts(language)
    return render_index({"projects": [_entry(home, t) for home in homes]}, language=language)


def _without_broken(home: Home) -> Home:
    """Count the reports that cannot be shown among what cannot be read."""
    shown = [report for report in home.reports if _is_shown(replace(home, reports=[report]))]
    broken = [report.folder.name for report in home.reports if report not in shown]
    return replace(home, reports=shown, unreadable=[*home.unreadable, *broken])


def _is_shown(home: Home) -> bool:
    try:
        return bool(_html([home]))
    except Exception:  # whatever it is, the other reports are shown
        return False


def _entry(home: Home, t: Texts) -> dict[str, Any]:
    names = [report.manifest["project"]["name"] for report in home.reports] + [note["name"] for note in home.failures]
    unreadable = [_unreadable(name, t) for name in home.unreadable]
    return {
        "project": home.folder.name,
        "name": names[0] if names else home.folder.name,
        "latest": _latest(home.reports[0]) if home.reports else None,
        "earlier": [_earlier(report, t) for report in home.reports[1:]],
        "failures": [_failure(note, t) for note in home.failures[:_FAILURES_KEPT]] + unreadable,
    }


def _latest(report: Report) -> dict[str, Any]:
    index, place = report.manifest["index"], f"{report.folder.parent.name}/{report.folder.name}"
    return index | {
        "as_of": day(report.as_of, report.manifest["project"]["language"]),
        "href": f"{place}/{report.manifest['pages'][0]['name']}.html",
        "pages": [page | {"href": f"{place}/{page['href']}"} for page in index["pages"]],
    }


def _earlier(report: Report, t: Texts) -> dict[str, Any]:
    """Describe an earlier run: its date, what it found, its light and its forecast."""
    first = report.manifest["pages"][0]["name"]
    href = f"{report.folder.parent.name}/{report.folder.name}/{first}.html"
    about = {"as_of": report.folder.name, "day": day(report.as_of, t.language), "href": href}
    return about | result_of(report.manifest.get("index") or {})


def _failure(note: dict[str, Any], t: Texts) -> dict[str, Any]:
    """Describe a failed run for the reader: the stage, without data."""
    stage = t(f"stage.{note['stage'] if note['stage'] in _STAGES else 'other'}")
    return {"as_of": note["as_of"], "reason": t("index.stopped", stage=stage, code=note["code"], when=note["when"])}


def _unreadable(name: str, t: Texts) -> dict[str, Any]:
    return {"as_of": name, "reason": t("index.unreadable")}
