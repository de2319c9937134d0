"""Blocks that explain: how value is counted, the glossary and the footer of every page."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from custlib import __version__, rules
from custlib.errors import UsageError, hint
from custlib.graph import REFUSED, Refusal, value
from custlib.project import Project
from custlib.report.blocks import Facts, Footer, Glossary, Text
from custlib.report.formats import day, money, number, share
from custlib.report.texts import Texts
from custlib.source import Source
from custlib.value.holdout_period import holdout_period
from custlib.value.margins import Margins
from custlib.value.spend import Spend, SpendModel

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


def basis(
    t: Texts,
    project: Project,
    totals: Mapping[str, float],
    quality: Mapping[str, Any],
    margin_rate: float,
    money_kind: str,
    spend_model: SpendModel,
    margins: Margins,
    spend_choice: Mapping[str, Any] | Refusal = REFUSED,
) -> Facts | Text:
    """Show how value is computed: margin, cost to serve, rate, and both definitions of lifetime value."""
    if not quality["has_amount"] or isinstance(spend_choice, Refusal):
        return Text(t("worth.no_money"))
    lang, currency, kind = t.language, project.currency, t(f"money.{money_kind}")
    past, ever = totals["historic_value"], totals["residual_lifetime_value"]
    rate, daily = share(project.annual_discount_rate, lang), f"{project.daily_discount_rate * 100:.4f}"
    margin_text = margin(t, project, quality)
    if quality["has_cost"] or project.product_margins:
        margin_text = t("worth.margin_on_average", margin=margin_text, share=share(margin_rate, lang))
        own = {"revenue": money(margins.evidence, currency, lang)}
        margin_text = t("join.semicolon").join(
            [margin_text, t("worth.margin_own" if margins.evidence is not None else "worth.margin_alike", **own)]
        )
    return Facts(
        [
            (t("worth.margin"), margin_text),
            (t("worth.spend_repeat"), repeat_spend(t, spend_model[0], spend_choice)),
            (t("worth.spend_once"), one_time_spend(t, project, spend_model[0])),
            (t("worth.cost_to_serve"), cost_to_serve(t, project)),
            (t("worth.rate"), t("worth.rate_text", rate=rate, daily=daily)),
            (t("worth.past"), t("worth.past_text", kind=kind, worth=money(past, currency, lang), rate=rate)),
            (t("worth.narrow"), t("worth.narrow_text", kind=kind, worth=money(ever, currency, lang))),
            (t("worth.wide"), t("worth.wide_text", kind=kind, worth=money(past + ever, currency, lang))),
        ]
    )


def repeat_spend(t: Texts, spend: Spend, choice: Mapping[str, Any]) -> str:
    """Say which purchase days the spend of repeat customers is computed from, and why."""
    return t("join.semicolon").join([t(f"worth.spend_days_{spend.days}"), t(f"worth.spend_{choice['reason']}")])


def one_time_spend(t: Texts, project: Project, spend: Spend) -> str:
    """Say what one-time buyers are expected to spend, and how it is known."""
    lang, currency = t.language, project.currency
    if spend.one_time is None:
        return t("worth.once_mean", mean=money(spend.population_mean, currency, lang))
    month, year = (money(spend.one_time.at(days), currency, lang) for days in (30, 365))
    return t("worth.once_level", month=month, year=year, count=number(spend.one_time.second_purchases, lang))


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
