"""Blocks at the end of every page: the glossary and the footer."""

from collections.abc import Mapping
from typing import Any

from custlib import __version__, rules
from custlib.errors import UsageError, hint
from custlib.graph import value
from custlib.project import Project
from custlib.report.blocks import Footer, Glossary
from custlib.report.formats import day, money, number
from custlib.report.texts import Texts


def glossary(t: Texts, *terms: str) -> Glossary:
    """Explain the terms of a page."""
    words = rules.load("glossary")["word"]
    if unknown := [term for term in terms if term not in words]:
        raise UsageError(f"glossary: there is no {unknown[0]!r}. {hint(unknown[0], list(words))}")
    return Glossary([tuple(words[term][t.language]) for term in terms])


def margin(t: Texts, project: Project, quality: Mapping[str, Any]) -> str:
    """Describe the margin: from the cost column, by product, constant, or none."""
    rest = f"{project.margin:g}"
    if quality["has_cost"]:
        return t("worth.margin_cost")
    if project.product_margins:
        return t("worth.margin_products", count=number(len(project.product_margins), t.language), rest=rest)
    return rest if project.margin < 1 else t("worth.margin_none")


def cost_to_serve(t: Texts, project: Project) -> str:
    """Describe the cost to serve a purchase day."""
    amount = f"{project.currency} {project.cost_to_serve:,.2f}"
    return t("worth.cost_to_serve_text", cost=amount) if project.cost_to_serve else t("worth.cost_to_serve_none")


def footer(t: Texts, project: Project, quality: Mapping[str, Any], fingerprint: str, version: str) -> Footer:
    """State the provenance of a page: data, parameters, versions, and counts of rows."""
    rows = {k: number(quality[k], t.language) for k in quality if k.startswith("rows_")}
    totals = [f"money_{part}" for part in ("read", "used", "quarantined", "removed")]
    moneys = {name: money(quality[name], project.currency, t.language) for name in totals}
    rate = f"{project.annual_discount_rate:g}"
    items = [
        (t("footer.project"), t("footer.project_text", name=project.name, day=day(project.as_of, t.language))),
        (t("footer.data"), f"{project.source_path.name}, SHA-256 {fingerprint[:16]}"),
        (t("footer.parameters"), t("footer.parameters_text", horizon=project.horizon_days, rate=rate,
                                   holdout=project.holdout_days, margin=margin(t, project, quality))),
        (t("footer.rows"), t("footer.rows_text", **rows)),
    ]  # fmt: skip
    if project.cost_to_serve:
        items.insert(3, (t("worth.cost_to_serve"), cost_to_serve(t, project)))
    if quality["has_amount"]:
        items.append((t("footer.money"), t("footer.money_text", **moneys)))
    items.append((t("footer.small"), t("footer.small_text")))
    return Footer([*items, (t("footer.version"), f"custlib {version}")])


@value
def page_footer(t: Texts, project: Project, quality: dict[str, Any], source_hash: str) -> Footer:
    """Provenance of the pages of a run."""
    return footer(t, project, quality, source_hash, __version__)
