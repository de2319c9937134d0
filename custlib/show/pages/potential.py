"""Blocks of the page "What are they worth?" on what customers may yet bring by products they do not use."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from custlib.project import Project
from custlib.show import charts
from custlib.show.blocks import Callout, Figure, Table
from custlib.show.formats import money, number, share, suppressed
from custlib.show.privacy import is_small
from custlib.show.texts import Texts

_FEWEST_TENTHS = 3


def finding(t: Texts, project: Project, found: Mapping[str, Any]) -> Callout:
    """Say with which product most is left to win, and that it is not on top of the coming value."""
    days = number(found["window_days"], t.language)
    if found["reason"]:
        return Callout(t("potential.none"), t("potential.too_short", days=days))
    best, whole = _best(found), sum(product["potential"] for product in found["products"])
    if whole <= 0:
        return Callout(t("potential.none"), t("potential.nothing_left", days=days))
    values = {
        "product": best["product"],
        "not_yet": suppressed(best["not_yet"], t.language),
        "expected": number(best["expected_next"], t.language),
        "each": money(best["profit"], project.currency, t.language),
        "days": days,
        "whole": money(whole, project.currency, t.language),
    }
    title = t(
        "potential.finding", product=best["product"], worth=money(best["potential"], project.currency, t.language)
    )
    return Callout(title, t("potential.finding_text", **values))


def _best(found: Mapping[str, Any]) -> dict[str, Any]:
    best: dict[str, Any] = max(found["products"], key=lambda product: product["potential"])
    return best


def by_product(t: Texts, project: Project, found: Mapping[str, Any]) -> Figure | None:
    """Rank the products by what is left to win; nothing where nothing is."""
    rows = pd.DataFrame(
        {"label": [p["product"] for p in found["products"]], "value": [p["potential"] for p in found["products"]]}
    )
    rows = rows[rows["value"] > 0].sort_values(["value", "label"], ascending=[False, True], ignore_index=True)
    if rows.empty:
        return None
    best = rows.iloc[0]
    part = share(best["value"] / rows["value"].sum(), t.language)
    return charts.bars(
        rows, title=t("potential.bars", product=best["label"], share=part), highlight=best["label"],
        caption=t("potential.bars_caption", days=number(found["window_days"], t.language)),
        description=t("potential.bars_description"), x_label=project.currency, y_label=t("potential.column_product"),
        language=t.language,
    )  # fmt: skip


def table(t: Texts, project: Project, found: Mapping[str, Any]) -> Table | None:
    """State users, beginners expected next, and the check on the last window, product by product."""
    if not found["products"]:
        return None
    lang = t.language
    rows = pd.DataFrame(
        [
            {
                "product": p["product"],
                "users": suppressed(p["users"], lang),
                "not_yet": suppressed(p["not_yet"], lang),
                "profit": money(p["profit"], "", lang).strip(),
                "expected_next": number(p["expected_next"], lang),
                "expected": number(p["expected"], lang),
                "actual": suppressed(p["actual"], lang),
                "by": t(f"potential.by_{p['by']}") if p["not_yet"] else "–",
            }
            for p in found["products"]
        ]
    )
    days = number(found["window_days"], lang)
    labels = {c: t(f"potential.column_{c}", days=days, currency=project.currency) for c in rows.columns}
    note = t("potential.table_note" if found["is_checked"] else "potential.unchecked")
    return Table.of(
        rows, title=_title(t, found), caption=t("potential.table_caption", days=days), labels=labels,
        header="product", language=lang, note=note,
    )  # fmt: skip


def _title(t: Texts, found: Mapping[str, Any]) -> str:
    checked = [product for product in found["products"] if product["expected"] is not None]
    expected, actual = (sum(product[name] for product in checked) for name in ("expected", "actual"))
    if not checked or is_small(actual):
        return t("potential.table_plain")
    values = {"expected": number(expected, t.language), "actual": number(actual, t.language)}
    return t("potential.table", days=number(found["window_days"], t.language), **values)


def tenths(t: Texts, found: Mapping[str, Any]) -> Figure | None:
    """Hold the chances against what came, from the least likely tenth to the likeliest; nothing where unchecked."""
    rows = pd.DataFrame([row for row in found["tenths"] if not is_small(row["customers"])])
    if len(rows) < _FEWEST_TENTHS:
        return None
    last = rows.iloc[-1]
    values = {name: share(last[name], t.language) for name in ("actual", "expected")}
    return charts.expected_against_actual(
        rows.assign(group=rows["tenth"].astype(str))[["group", "actual", "expected"]],
        title=t("potential.tenths", **values), caption=t("potential.tenths_caption"), form="share",
        description=t("potential.tenths_description"), x_label=t("potential.tenths_x"),
        y_label=t("potential.tenths_y"), language=t.language,
    )  # fmt: skip
