"""Blocks of the page "What are they worth?" on what customers may yet bring by products they do not use."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from custlib import rules
from custlib.project import Project
from custlib.report import charts
from custlib.report.blocks import Callout, Figure, Table
from custlib.report.formats import money, number, share, suppressed
from custlib.report.privacy import is_small
from custlib.report.texts import Texts

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
    off = _is_off(found)
    text = " ".join([t("potential.finding_text", **values), *_reserves(t, project, found, off)])
    return Callout(title, text, "warn" if off else "note")


def _reserves(t: Texts, project: Project, found: Mapping[str, Any], off: bool) -> list[str]:
    """Say what the sum leaves out, and that the check went wrong."""
    looked, known = len(found["products"]), found.get("known_products", 0)
    limits = {"limit": share(_off_above(), t.language), "days": number(found["window_days"], t.language)}
    said = {
        t("potential.off", **limits): off,
        t("potential.some_products", looked=number(looked, t.language), known=number(known, t.language)):
            known > looked,
        t("potential.not_served"): project.cost_to_serve > 0,
    }  # fmt: skip
    return [sentence for sentence, holds in said.items() if holds]


def _off_above() -> float:
    return float(rules.load("backtest")["light"]["amber_above"])


def _beginners(found: Mapping[str, Any]) -> tuple[float, float]:
    """Sum the beginners expected in the last window and those that came, over the products that were checked."""
    checked = [product for product in found["products"] if product["expected"] is not None]
    expected, actual = (float(sum(product[name] for product in checked)) for name in ("expected", "actual"))
    return expected, actual


def _is_off(found: Mapping[str, Any]) -> bool:
    expected, actual = _beginners(found)
    return abs(expected - actual) > _off_above() * actual


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
    expected, actual = _beginners(found)
    if all(product["expected"] is None for product in found["products"]) or is_small(actual):
        return t("potential.table_plain")
    values = {"expected": number(expected, t.language), "actual": number(actual, t.language)}
    return t("potential.table", days=number(found["window_days"], t.language), **values)


def tenths(t: Texts, found: Mapping[str, Any]) -> Figure | None:
    """Hold the chances against what came, from the least likely tenth to the likeliest; nothing where unchecked."""
    rows = _joined(found["tenths"])
    if len(rows) < _FEWEST_TENTHS:
        return None
    frame, last = pd.DataFrame(rows), rows[-1]
    values = {name: share(last[name], t.language) for name in ("actual", "expected")}
    is_joined = len(rows) < len(found["tenths"])
    caption = [t("potential.tenths_caption"), *([t("potential.tenths_joined")] if is_joined else [])]
    return charts.expected_against_actual(
        frame[["group", "actual", "expected"]],
        title=t("potential.tenths" if last["group"].isdigit() else "potential.tenths_plain", **values),
        caption=" ".join(caption), form="share", description=t("potential.tenths_description"),
        x_label=t("potential.tenths_x"), y_label=t("potential.tenths_y"), language=t.language,
    )  # fmt: skip


def _joined(tenths: Sequence[Mapping[str, float]]) -> list[dict[str, Any]]:
    """Join neighbours until in none of them few are, or began; nothing where few began in all."""
    groups: list[list[Mapping[str, float]]] = []
    for tenth in tenths:
        if groups and _tells_of_few(groups[-1]):
            groups[-1] = [*groups[-1], tenth]
        else:
            groups.append([tenth])
    while len(groups) > 1 and _tells_of_few(groups[-1]):
        groups[-2:] = [groups[-2] + groups[-1]]
    return [_group(group) for group in groups if not _tells_of_few(group)]


def _tells_of_few(group: Sequence[Mapping[str, float]]) -> bool:
    began = sum(tenth["actual"] * tenth["customers"] for tenth in group)
    return is_small(sum(tenth["customers"] for tenth in group)) or is_small(round(began))


def _group(group: Sequence[Mapping[str, float]]) -> dict[str, Any]:
    whole = sum(tenth["customers"] for tenth in group)
    first, last = (f"{tenth['tenth']:.0f}" for tenth in (group[0], group[-1]))
    shares = {name: sum(x[name] * x["customers"] for x in group) / whole for name in ("actual", "expected")}
    return {"group": first if first == last else f"{first}–{last}"} | shares
