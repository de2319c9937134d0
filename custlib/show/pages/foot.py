"""Blocks at the foot of every page: the glossary, and where the page comes from."""

from collections.abc import Mapping
from typing import Any

from custlib.project import Project
from custlib.show.blocks import Footer, Glossary
from custlib.show.formats import day, money, number
from custlib.show.texts import Texts


def glossary(t: Texts, *terms: str) -> Glossary:
    """Explain the terms of a page.

    Parameters
    ----------
    t : Texts
        The words.
    *terms : str
        Keys below ``glossary``.

    Returns
    -------
    Glossary
        Term and meaning.
    """
    return Glossary([(t(f"glossary.{term}.term"), t(f"glossary.{term}.meaning")) for term in terms])


def footer(t: Texts, project: Project, quality: Mapping[str, Any], fingerprint: str, version: str) -> Footer:
    """Say where a page comes from: data, parameters, versions, and what became of every row.

    Parameters
    ----------
    t : Texts
        The words.
    project : Project
        The project at its date.
    quality : mapping
        The quality record.
    fingerprint : str
        SHA-256 of the source.
    version : str
        Version of custlib.

    Returns
    -------
    Footer
        Pairs of label and text.
    """
    rows = {k: number(quality[k], t.language) for k in quality if k.startswith("rows_")}
    moneys = {k: money(quality[k], project.currency, t.language) for k in quality if k.startswith("money_")}
    rate = f"{project.annual_discount_rate:g}"
    items = [
        (t("footer.project"), t("footer.project_text", name=project.name, day=day(project.as_of, t.language))),
        (t("footer.data"), f"{project.source_path.name}, SHA-256 {fingerprint[:16]}"),
        (t("footer.parameters"), t("footer.parameters_text", horizon=project.horizon_days, rate=rate,
                                   holdout=project.holdout_days, margin=f"{project.margin:g}")),
        (t("footer.rows"), t("footer.rows_text", **rows)),
    ]  # fmt: skip
    if quality["has_amount"]:
        items.append((t("footer.money"), t("footer.money_text", **moneys)))
    return Footer([*items, (t("footer.version"), f"custlib {version}")])
