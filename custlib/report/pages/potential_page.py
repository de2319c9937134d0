"""Blocks of the page "What are they worth?" on expected profit from products that customers do not use yet."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from custlib import rules
from custlib.graph import REFUSED, Refusal
from custlib.project import Project
from custlib.report import charts
from custlib.report.blocks import Callout, Figure, Glossary, Section, Table
from custlib.report.formats import money, number, share, suppressed
from custlib.report.pages import foot
from custlib.report.privacy import is_small
from custlib.report.texts import Texts, capitalised

_FEWEST_DECILES = 3


def finding(t: Texts, project: Project, record: Mapping[str, Any], money_kind: str) -> Callout:
    """State the product with the largest potential, and that potential is part of expected value."""
    days, kind = number(record["window_days"], t.language), t(f"money.{money_kind}")
    if record["reason"]:
        return Callout(t("potential.none"), t("potential.too_short", days=days))
    best, whole = _best(record), sum(product["potential"] for product in record["products"])
    if whole <= 0:
        return Callout(t("potential.none"), t("potential.nothing_left", kind=kind, days=days))
    values = {
        "product": best["product"],
        "not_yet": suppressed(best["not_yet"], t.language),
        "kind": kind,
        "expected": number(round(best["expected_next"]), t.language),
        "each": money(best["profit"], project.currency, t.language),
        "days": days,
        "whole": money(whole, project.currency, t.language),
    }
    worth = money(best["potential"], project.currency, t.language)
    title = t("potential.finding", kind=kind, product=best["product"], worth=worth)
    off = _is_off(record)
    text = t.paragraph(t("potential.finding_text", **values), *_reserves(t, project, record, off))
    return Callout(title, text, "warn" if off else "note")


def _reserves(t: Texts, project: Project, record: Mapping[str, Any], off: bool) -> list[str]:
    """State what the total omits, and whether the test failed."""
    looked, known = len(record["products"]), record.get("known_products", 0)
    limits = {"limit": share(_off_above(), t.language), "days": number(record["window_days"], t.language)}
    sentences = {
        t("potential.off", **limits): off,
        t("potential.some_products", looked=number(looked, t.language), known=number(known, t.language)):
            known > looked,
        t("potential.not_served"): project.cost_to_serve > 0,
    }  # fmt: skip
    return [sentence for sentence, holds in sentences.items() if holds]


def _off_above() -> float:
    return float(rules.load("potential")["test"]["off_above"])


def _adopters(record: Mapping[str, Any]) -> tuple[float, float]:
    """Sum expected and actual adopters of the last window over tested products."""
    checked = [product for product in record["products"] if product["expected"] is not None]
    expected, actual = (float(sum(product[name] for product in checked)) for name in ("expected", "actual"))
    return expected, actual


def _is_off(record: Mapping[str, Any]) -> bool:
    expected, actual = _adopters(record)
    return abs(expected - actual) > _off_above() * actual


def _best(record: Mapping[str, Any]) -> dict[str, Any]:
    best: dict[str, Any] = max(record["products"], key=lambda product: product["potential"])
    return best


def by_product(t: Texts, project: Project, record: Mapping[str, Any], money_kind: str) -> Figure | None:
    """Rank the products by potential; None without any."""
    rows = pd.DataFrame(
        {"label": [p["product"] for p in record["products"]], "value": [p["potential"] for p in record["products"]]}
    )
    products = len(rows)
    rows = rows[rows["value"] > 0].sort_values(["value", "label"], ascending=[False, True], ignore_index=True)
    if rows.empty:
        return None
    unsold = t("potential.bars_unsold") if len(rows) < products else ""
    best, kind = rows.iloc[0], t(f"money.{money_kind}")
    part = share(best["value"] / rows["value"].sum(), t.language)
    caption = t("potential.bars_caption", kind=kind, days=number(record["window_days"], t.language))
    return charts.bars(
        rows, title=t("potential.bars", kind=kind, product=best["label"], share=part), highlight=best["label"],
        caption=t.paragraph(caption, unsold), description=t("potential.bars_description", kind=kind),
        x_label=t("money.in_currency", kind=kind, currency=project.currency), y_label=t("potential.column_product"),
        language=t.language,
    )  # fmt: skip


def table(t: Texts, project: Project, record: Mapping[str, Any], money_kind: str) -> Table | None:
    """Show users, expected adopters, and the test on the last window, by product."""
    if not record["products"]:
        return None
    rows = pd.DataFrame([_row(t, product) for product in record["products"]])
    days = number(record["window_days"], t.language)
    values = {"kind": t(f"money.{money_kind}"), "days": days, "currency": project.currency}
    labels = {c: capitalised(t(f"potential.column_{c}", **values)) for c in rows.columns}
    note = t("potential.table_note" if record["is_checked"] else "potential.unchecked")
    return Table.of(
        rows, title=_title(t, record), caption=t("potential.table_caption", days=days), labels=labels,
        header="product", language=t.language, note=note,
    )  # fmt: skip


def _row(t: Texts, product: Mapping[str, Any]) -> dict[str, str]:
    """Write a product: users, those it may still win, and the test."""
    lang = t.language
    counts = {name: suppressed(product[name], lang) for name in ("users", "not_yet")}
    beginners = {name: _count(product[name], lang) for name in ("expected_next", "expected")}
    return {"product": product["product"], **counts, "profit": money(product["profit"], "", lang).strip(), **beginners,
            "actual": suppressed(product["actual"], lang),
            "by": t(f"potential.by_{product['by']}") if product["not_yet"] else "–"}  # fmt: skip


def _count(expected: float | None, language: str) -> str:
    """Write an expected count as a whole number: it is one of customers."""
    return number(None if expected is None else round(expected), language)


def _title(t: Texts, record: Mapping[str, Any]) -> str:
    expected, actual = _adopters(record)
    if all(product["expected"] is None for product in record["products"]) or is_small(actual):
        return t("potential.table_plain")
    values = {"expected": _count(expected, t.language), "actual": _count(actual, t.language)}
    return t("potential.table", days=number(record["window_days"], t.language), **values)


def deciles(t: Texts, record: Mapping[str, Any]) -> Figure | None:
    """Compare predicted and actual adoption by decile of probability; None if not tested."""
    rows = _joined(record["tenths"])
    if len(rows) < _FEWEST_DECILES:
        return None
    frame, last = pd.DataFrame(rows), rows[-1]
    values = {name: share(last[name], t.language) for name in ("actual", "expected")}
    is_joined = len(rows) < len(record["tenths"])
    caption = [t("potential.tenths_caption"), *([t("potential.tenths_joined")] if is_joined else [])]
    return charts.expected_against_actual(
        frame[["group", "actual", "expected"]],
        title=t("potential.tenths" if last["group"].isdigit() else "potential.tenths_plain", **values),
        caption=t.paragraph(*caption), form="share", description=t("potential.tenths_description"),
        x_label=t("potential.tenths_x"), y_label=t("potential.tenths_y"), language=t.language,
    )  # fmt: skip


def _joined(deciles: Sequence[Mapping[str, float]]) -> list[dict[str, Any]]:
    """Merge adjacent deciles until none has few customers or adopters; empty if all have few adopters."""
    groups: list[list[Mapping[str, float]]] = []
    for decile in deciles:
        if groups and _is_small_group(groups[-1]):
            groups[-1] = [*groups[-1], decile]
        else:
            groups.append([decile])
    while len(groups) > 1 and _is_small_group(groups[-1]):
        groups[-2:] = [groups[-2] + groups[-1]]
    return [_group(group) for group in groups if not _is_small_group(group)]


def _is_small_group(group: Sequence[Mapping[str, float]]) -> bool:
    began = sum(decile["actual"] * decile["customers"] for decile in group)
    return is_small(sum(decile["customers"] for decile in group)) or is_small(round(began))


def _group(group: Sequence[Mapping[str, float]]) -> dict[str, Any]:
    whole = sum(decile["customers"] for decile in group)
    first, last = (f"{decile['tenth']:.0f}" for decile in (group[0], group[-1]))
    shares = {name: sum(x[name] * x["customers"] for x in group) / whole for name in ("actual", "expected")}
    return {"group": first if first == last else f"{first}–{last}"} | shares


def section(t: Texts, potential: Mapping[str, Any]) -> Section:
    """Open the section on products that customers do not use yet."""
    del potential
    return Section(t("potential.title"))


def glossary(t: Texts, potential: Mapping[str, Any] | Refusal = REFUSED) -> Glossary:
    """Define the terms of the page of value; potential value only where it is shown."""
    terms = ["potential_value"] if potential else []
    return foot.glossary(
        t, "value", "residual_lifetime_value", "historic_value", *terms, "probability_alive", "interval"
    )
