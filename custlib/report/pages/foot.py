"""Blocks at the end of every page: the glossary and the footer."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from custlib import __version__, rules
from custlib.errors import UsageError, hint
from custlib.graph import value
from custlib.project import Project
from custlib.report.blocks import Footer, Glossary
from custlib.report.formats import day, money, number
from custlib.report.texts import Texts
from custlib.source import Source
from custlib.value.holdout_period import holdout_period

_NAMED = 4


def glossary(t: Texts, *terms: str) -> Glossary:
    """Explain the terms of a page."""
    words = rules.load("glossary")["word"]
    if unknown := [term for term in terms if term not in words]:
        raise UsageError(f"glossary: there is no {unknown[0]!r}. {hint(unknown[0], list(words))}")
    return Glossary([tuple(words[term][t.language]) for term in terms])


def margin(t: Texts, project: Project, quality: Mapping[str, Any]) -> str:
    """Describe the margin: from the cost column, by product, constant, or none; none is needed without amounts."""
    rest = f"{project.margin:g}"
    if not quality["has_amount"]:
        return t("purchases.no_margin")
    if quality["has_cost"]:
        return t("worth.margin_cost")
    if project.product_margins:
        return t("worth.margin_products", count=number(len(project.product_margins), t.language), rest=rest)
    return rest if project.margin < 1 else t("worth.margin_none")


def cost_to_serve(t: Texts, project: Project) -> str:
    """Describe the cost to serve a purchase day."""
    amount = t("money.exact", amount=f"{project.cost_to_serve:,.2f}", currency=project.currency)
    return t("worth.cost_to_serve_text", cost=amount) if project.cost_to_serve else t("worth.cost_to_serve_none")


def sources(t: Texts, project: Project) -> str:
    """Name every source of a project, those of purchases first; of many, the first and how many others.

    Examples
    --------
    >>> import datetime as dt
    >>> from custlib.report.texts import texts
    >>> shop = {"id": "shop", "name": "Shop", "as_of": dt.date(2025, 6, 30)}
    >>> sources(texts("en"), Project(**shop, sources=({"path": "web/*.csv"}, {"path": "till.csv"})))
    'web/*.csv, till.csv'
    """
    names = [_name(source) for source in (*project.inputs, *project.registers.values())]
    if len(names) <= _NAMED:
        return t("join.comma").join(names)
    first = t("join.comma").join(names[: _NAMED - 1])
    return t("footer.sources_more", names=first, count=number(len(names) - _NAMED + 1, t.language))


def _name(source: Source) -> str:
    """Name a source as the project file does: a pattern with its folder, without which it names nothing."""
    parts = Path(source.path).parts
    return "/".join(parts[-2:]) if source.path and "*" in parts[-1] else source.label


def footer(t: Texts, project: Project, quality: Mapping[str, Any], fingerprint: str, version: str) -> Footer:
    """State the provenance of a page: data, parameters, versions, and counts of rows."""
    rows = {k: number(quality[k], t.language) for k in quality if k.startswith("rows_")}
    totals = [f"money_{part}" for part in ("read", "used", "quarantined", "removed")]
    moneys = {name: money(quality[name], project.currency, t.language) for name in totals}
    rate, days = f"{project.annual_discount_rate:g}", holdout_period(project, dict(quality)).days
    items = [
        (t("footer.project"), t("footer.project_text", name=project.name, day=day(project.as_of, t.language))),
        (t("footer.data"), t("footer.data_text", names=sources(t, project), hash=fingerprint[:16])),
        (t("footer.parameters"), t("footer.parameters_text", horizon=project.horizon_days, rate=rate,
                                   holdout=days, margin=margin(t, project, quality))),
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
