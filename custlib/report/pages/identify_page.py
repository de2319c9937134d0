"""Blocks of the page "Data and identities": rows read, rows set aside and reasons."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from custlib import rules
from custlib.project import Project
from custlib.report.blocks import Bullets, Callout, Facts, Kpi, Kpis, Table, Text, Title
from custlib.report.formats import day, money, number, share
from custlib.report.pages.foot import sources
from custlib.report.texts import Texts


def headline(t: Texts, quality: Mapping[str, Any], project: Project) -> Title:
    """State the share of usable rows."""
    read, used = quality["rows_read"], quality["rows_used"]
    key = "identify.headline_all" if used == read else "identify.headline"
    text = t(key, share=share(used / read, t.language), rows=number(read, t.language))
    return Title(text, t("identify.subtitle", file=sources(t, project), day=day(project.as_of, t.language)))


def kpis(t: Texts, quality: Mapping[str, Any], project: Project) -> Kpis:
    """Show rows and money read, used and set aside, and what options left out."""
    parts = ["read", "used", "quarantined", *(["removed"] if quality["rows_removed"] else [])]
    rows = {k: number(quality[f"rows_{k}"], t.language) for k in parts}
    amounts = {k: money(quality[f"money_{k}"], project.currency, t.language) for k in parts}
    notes = {k: t("money.named", kind=t("money.revenue"), amount=amount) for k, amount in amounts.items()}
    return Kpis([Kpi(t(f"identify.{k}"), rows[k], notes[k] if quality["has_amount"] else "") for k in rows])


def reasons(t: Texts, quality: Mapping[str, Any]) -> Table | Callout:
    """List the reasons for which rows were set aside, then those for which an option left rows out."""
    if not quality["reasons"]:
        return Callout(t("identify.nothing"), t("identify.nothing_text"), "good")
    named = {rule["id"]: rule for rule in rules.load("contract")["rule"]}
    removed = quality.get("removed", {})
    codes = sorted(quality["reasons"], key=lambda code: code in removed)
    rows = pd.DataFrame(
        {
            "reason": [named[code]["what"] for code in codes],
            "became": [t("identify.removed_row" if code in removed else "identify.quarantined_row") for code in codes],
            "rows": [quality["reasons"][code] for code in codes],
            "remedy": [named[code]["remedy"] for code in codes],
        }
    )
    rows = rows if removed else rows.drop(columns="became")
    labels = {name: t(f"identify.column_{name}") for name in rows.columns}
    return Table.of(
        rows,
        title=t("identify.reasons_removed" if removed else "identify.reasons"),
        labels=labels,
        header="reason",
        formats={"rows": "number"},
        language=t.language,
    )


def columns(t: Texts, quality: Mapping[str, Any]) -> Facts:
    """List the columns of the file and their roles."""
    return Facts(sorted(quality["columns"].items()), title=t("identify.columns"))


def remarks(t: Texts, quality: Mapping[str, Any]) -> Bullets | Text:
    """List the warnings about the source."""
    if not quality["warnings"]:
        return Text(t("identify.no_remarks"))
    return Bullets(quality["warnings"], title=t("identify.remarks"))


def base(t: Texts, facts: Mapping[str, Any]) -> Facts:
    """Describe the customers of the source."""
    lang = t.language
    return Facts(
        [
            (t("identify.customers"), number(facts["customers"], lang)),
            (t("identify.one_time"), share(facts["one_time_share"], lang)),
            (t("identify.purchase_days"), number(facts["purchase_days"], lang)),
            (t("identify.span"), f"{day(facts['first_day'], lang)} – {day(facts['last_day'], lang)}"),
        ],
        title=t("identify.base"),
    )
