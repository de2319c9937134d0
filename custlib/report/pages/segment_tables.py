"""Blocks for any segmentation: table of segments, rules in words, largest cells."""

import math
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pandas as pd

from custlib.report import charts
from custlib.report.blocks import Callout, Details, Facts, Figure, Table
from custlib.report.formats import MISSING, number, share
from custlib.report.page_limits import limit
from custlib.report.pages.systems import View
from custlib.report.privacy import counts, is_small, parts, shown_counts
from custlib.report.texts import Texts
from custlib.rules import load
from custlib.segment.rule_files import ahp_file

_KNOWN = ("frequency", "recency", "T", "days_since_last", "monetary_value", "first_amount", "profit", "revenue",
          "products", "potential", "probability_alive", "invoices_due", "invoices_late", "invoices_overdue",
          "worst_delay", "longest_overdue", "overdue_amount")  # fmt: skip
_WINDOWED = ("profit", "revenue", "purchases", "quantity")


def table(view: View, name: str) -> Table | None:
    """Show customers, past and expected money where there is any, and strategy of each segment; None if not shown."""
    if not view.has(name):
        return None
    t, frame = view.t, view.rows(name)
    texts = counts(frame["customers"].tolist(), t.language)
    rows: dict[str, Any] = {"name": frame["label"], "customers": texts, "share": _shares(view, frame, texts)}
    hide = view.few(frame["customers"])
    for column in ("profit", "value"):
        rows[column] = [MISSING if h else view.bare(x) for x, h in zip(frame[column], hide, strict=True)]
    rows["strategy"] = [entry["strategy"][t.language] for entry in view.definitions[name].segments]
    shown = pd.DataFrame(rows).drop(columns=view.unknown)
    return Table.of(
        shown, title=finding(view, name), labels=_labels(view, shown), header="name",
        caption=view.note(name), note=t("groups.note") if any(map(is_small, frame["customers"])) else "",
        language=t.language,
    )  # fmt: skip


def _labels(view: View, columns: Iterable[Any]) -> dict[str, str]:
    values = {"currency": view.project.currency, "days": view.project.horizon_days, "kind": view.kind}
    keys = {str(column): view.money_kind if column == "profit" else column for column in columns}
    return {column: view.t(f"groups.column_{key}", **values) for column, key in keys.items()}


def _shares(view: View, frame: pd.DataFrame, texts: list[str]) -> list[str]:
    """Write the shares of customers, as precisely as their counts."""
    lang, sizes = view.t.language, frame["customers"].tolist()
    shares = [None if n == 0 else part for n, part in zip(sizes, parts(sizes), strict=True)]
    return [MISSING if part is None else ("≈ " if text.startswith("≈") else "") + share(part, lang)
            for part, text in zip(shares, texts, strict=True)]  # fmt: skip


def named(table: Table) -> Table:
    """Align the row header to the left, even if it looks like numbers."""
    columns = [replace(column, align="left") if n == table.header else column for n, column in enumerate(table.columns)]
    return replace(table, columns=columns)


def finding(view: View, name: str) -> str:
    """Name the segment whose share of money differs most from its share of customers, unless none is large enough.

    One that brings more than its share goes before one that brings less.
    """
    t, frame = view.t, view.rows(name)
    by = "value_share" if view.has_forecast else "profit_share"
    large = frame[frame["customer_share"] > 0]
    if len(large) < 2 or large[by].max() <= 0:
        return t("groups.plain", system=view.title(name))
    lead, least = (large[by] - large["customer_share"]).to_numpy(), limit("finding", "lead_points") / 100
    if abs(lead).max() < least:
        return t("groups.even", system=view.title(name))
    best = large.iloc[int((lead if lead.max() >= least else -lead).argmax())]
    values = {k: share(best[k], t.language) for k in ("customer_share", by)}
    key = "groups.finding" if view.has_forecast else "groups.finding_past"
    parts_ = {"customers": values["customer_share"], "money": values[by], "kind": view.kind}
    return t(key, system=view.title(name), name=best["name"], **parts_)


def rules(view: View, name: str) -> Details | None:
    """Describe the rules of a segmentation in words, in order of evaluation; None if not shown or without rules."""
    if not view.has(name) or "alternatives" not in view.definitions[name].rule:
        return None
    definition = view.definitions[name]
    alternatives: dict[str, list[str]] = {}
    for entry in definition.rule["alternatives"]:
        alternatives.setdefault(entry["segment"], []).append(rule_in_words(view.t, entry["all"]))
    either = view.t("rule.or")
    items = [(view.class_name(name, s), either.join(own)) for s, own in alternatives.items()]
    return Details(view.t("rule.title", system=view.title(name)), [Facts(items)])


def rule_in_words(t: Texts, conditions: list[dict[str, Any]]) -> str:
    """Describe the conditions of a rule in words.

    Examples
    --------
    >>> from custlib.report.texts import texts
    >>> rule_in_words(texts("en"), [{"measure": "T", "at_least": 365.0}, {"measure": "profit_last_90d", "below": 0}])
    'days as a customer at least 365 and profit of the last 90 days below 0'
    >>> rule_in_words(texts("en"), [])
    'everybody else'
    """
    return t("rule.and").join(_condition(t, one) for one in conditions) or t("rule.else")


def _condition(t: Texts, condition: dict[str, Any]) -> str:
    what = measure_in_words(t, condition["measure"])
    if condition.get("per"):
        what = t("rule.per", one=what, other=measure_in_words(t, condition["per"]))
    tests = [_test(t, key, value) for key, value in condition.items() if key not in ("measure", "per")]
    return t("rule.test", measure=what, test=t("rule.both").join(tests))


def _test(t: Texts, key: str, value: Any) -> str:
    if key == "is_missing":
        return t("rule.missing" if value else "rule.given")
    if value is None:
        return t("rule.unknown")
    return t(f"rule.{key}", value=value if isinstance(value, str) else number(value, t.language))


def measure_in_words(t: Texts, measure: str) -> str:
    """Return the name of a measure in a sentence; attributes of the user keep their name.

    Examples
    --------
    >>> from custlib.report.texts import texts
    >>> [measure_in_words(texts("en"), name) for name in ("purchases_last_30d", "attribute_region")]
    ['purchases of the last 30 days', 'region']
    """
    kind, _, rest = measure.partition("_last_")
    if rest and kind in _WINDOWED:
        return t("measure.last", what=t(f"measure.{kind}_in"), days=number(int(rest.removesuffix("d")), t.language))
    return t(f"measure.{measure}") if measure in _KNOWN else measure.removeprefix("attribute_").replace("_", " ")


def cells(view: View, name: str, *, count: int = 10) -> Table | None:
    """List the cells with most customers, and the total of the others; None if not shown."""
    if not view.has(name):
        return None
    t, frame = view.t, view.rows(name)
    used = frame[frame["customers"] > 0]
    first = used.sort_values(["customers", "segment"], ascending=[False, True]).head(count)
    first = first[~first["customers"].map(is_small)]
    if first.empty:
        return None
    rest = used.drop(first.index)
    strategies = {entry["id"]: entry["strategy"][t.language] for entry in view.definitions[name].segments}
    # The other cells are one more count of the list: what they hold must not follow from the rest.
    sizes = [*first["customers"], *([rest["customers"].sum()] if len(rest) else [])]
    texts, shares = counts(sizes, t.language), [share(x, t.language) for x in parts(sizes)]
    rows = [[r["label"], text, part, view.bare(r["profit"]), view.bare(r["value"]), strategies[r["segment"]]]
            for r, text, part in zip(first.to_dict("records"), texts, shares, strict=False)]  # fmt: skip
    if rest["customers"].sum() >= limit("privacy", "smallest_count"):
        others = t("groups.other_cells", count=len(rest))
        more = [texts[-1], shares[-1], view.bare(rest["profit"].sum()), view.bare(rest["value"].sum())]
        rows.append([others, *more, MISSING])
    shown = pd.DataFrame(rows, columns=["name", "customers", "share", "profit", "value", "strategy"])
    shown = shown.drop(columns=view.unknown)
    title = t("groups.cells", system=view.title(name), used=len(used), all=len(frame),
              share=share(sum(x or 0.0 for x in parts(sizes)[: len(first)]), t.language), count=len(first))  # fmt: skip
    cells = Table.of(shown, title=title, labels=_labels(view, shown), header="name",
                     caption=view.note(name), language=t.language)  # fmt: skip
    return named(cells)


def lifetime(view: View, name: str) -> Table | None:
    """Show past, expected and total lifetime value of each segment."""
    if not view.has(name) or not view.has_forecast:
        return None
    t, frame = view.t, view.rows(name)
    hide = view.few(frame["customers"])
    frame = frame.assign(wide=frame["historic_value"] + frame["residual_lifetime_value"])
    each = frame["wide"] / [n or math.nan for n in shown_counts(frame["customers"].tolist())]
    rows: dict[str, Any] = {"name": frame["label"], "customers": counts(frame["customers"].tolist(), t.language)}
    for column in ("historic_value", "residual_lifetime_value", "wide"):
        rows[column] = [MISSING if h else view.bare(x) for x, h in zip(frame[column], hide, strict=True)]
    rows["each"] = [MISSING if h else view.bare(x) for x, h in zip(each, hide, strict=True)]
    ahead, whole = frame["residual_lifetime_value"].sum(), frame["wide"].sum()
    both = ahead >= 0 and whole > ahead  # a loss so far, or to come, is no part of a sum
    title = (
        t("groups.lifetime", kind=view.kind, share=share(ahead / whole, t.language))
        if both
        else t("groups.lifetime_plain")
    )
    return Table.of(
        pd.DataFrame(rows), title=title, labels=_labels(view, rows), header="name",
        caption=t("groups.lifetime_caption"), language=t.language,
        note=t("groups.note") if any(map(is_small, frame["customers"])) else "",
    )  # fmt: skip


_NAME = "ahp"
_NO_CONTRADICTION = 5e-4  # a consistency ratio that is written 0.000


def weights(view: View) -> Figure | None:
    """Show the indicators by global weight, with the hierarchy in the table; None if not shown."""
    if not view.has(_NAME):
        return None
    t, rule, names = view.t, view.definitions[_NAME].rule, _names(view)
    ranked = sorted(rule["indicators"], key=lambda entry: -entry["weight"])
    labels = [names.get(entry["id"], entry["id"]) for entry in ranked]
    rows = pd.DataFrame({"label": labels, "value": [float(entry["weight"]) for entry in ranked]})
    title = _heaviest(t, labels, [share(weight, t.language) for weight in rows["value"]])
    figure = charts.bars(
        rows, title=title, caption=t("ahp.weights_caption"), description=t("ahp.weights_description"), form="share",
        x_label=t("ahp.column_whole"), y_label=t("ahp.column_part"), highlight=labels[0], language=t.language,
    )  # fmt: skip
    return replace(figure, table=_down(view, rule, names, title))


def _heaviest(t: Texts, labels: list[str], weights: list[str]) -> str:
    """Name the indicator that weighs most, or all that weigh as much."""
    alike = [label for label, weight in zip(labels, weights, strict=True) if weight == weights[0]]
    kind = "weights" if len(alike) == 1 else "weights_alike"
    return t(f"ahp.{kind}", name=t("join.comma").join(alike), share=weights[0])


def _names(view: View) -> dict[str, str]:
    """Return the names of criteria and indicators from their file."""
    file = ahp_file.read(view.definitions[_NAME].rule["options"].get("hierarchy", "purchases"))
    named = [(one.id, one.name) for one in file.criterion] + [(one.id, one.name) for one in file.indicator]
    return {name: words.model_dump()[view.t.language] for name, words in named}


def _down(view: View, rule: dict[str, Any], names: dict[str, str], title: str) -> Table:
    """Show the parts of each criterion with local and global weight."""
    lang, whole = view.t.language, {entry["id"]: float(entry["weight"]) for entry in rule["indicators"]}
    parts = {one["id"]: one["weights"] for one in rule["criteria"]}

    def weight(name: str) -> float:
        return whole[name] if name in whole else sum(weight(part) for part in parts[name])

    rows = [
        [names.get(criterion, criterion), names.get(part, part), share(within, lang), share(weight(part), lang)]
        for criterion, own in parts.items()
        for part, within in own.items()
    ]
    columns = ["criterion", "part", "within", "whole"]
    labels = {name: view.t(f"ahp.column_{name}") for name in columns}
    return Table.of(pd.DataFrame(rows, columns=columns), title=title, labels=labels, header="part", language=lang)


def consistency(view: View) -> Callout | None:
    """State the consistency of the judgements; None if not shown."""
    if not view.has(_NAME):
        return None
    t, names = view.t, _names(view)
    criteria = view.definitions[_NAME].rule["criteria"]
    worst = max(criteria, key=lambda one: one["consistency_ratio"])
    values = {"ratio": f"{worst['consistency_ratio']:.3f}", "limit": f"{load('ahp')['accepted_below']:g}",
              "name": names.get(worst["id"], worst["id"])}  # fmt: skip
    kind = "consistent" if worst["consistency_ratio"] < _NO_CONTRADICTION else "consistent_enough"
    return Callout(t(f"ahp.{kind}"), t("ahp.consistent_text", **values), "good")


def expectations(view: View, name: str) -> Table | None:
    """Show what the customers of each class expect, in the order of their lives; None if that is not said."""
    if not view.has(name):
        return None
    t, entries = view.t, [entry for entry in view.definitions[name].segments if entry.get("expects")]
    if not entries:
        return None
    stages = [str(one["segment"]) for one in view.definitions[name].rule["alternatives"]]
    rows = [
        [view.class_name(name, entry["id"]), *(entry["expects"][kind][t.language] for kind in ("basic", "latent"))]
        for entry in sorted(entries, key=lambda entry: stages.index(entry["id"]))
    ]
    columns = ["name", "basic", "latent"]
    labels = {column: t(f"groups.column_{column}") for column in columns}
    return Table.of(pd.DataFrame(rows, columns=columns), title=t("groups.expects", system=view.title(name)),
                    labels=labels, header="name", caption=t("groups.expects_caption"), language=t.language)  # fmt: skip
