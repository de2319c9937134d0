"""Blocks for any segmentation: table of segments, rules in words, largest cells."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pandas as pd

from custlib.report.blocks import Details, Facts, Section, Table
from custlib.report.formats import MISSING, number, share
from custlib.report.page_limits import limit
from custlib.report.pages.systems import View
from custlib.report.privacy import counts, is_small, parts
from custlib.report.texts import Texts

_KNOWN = ("frequency", "recency", "T", "days_since_last", "monetary_value", "first_amount", "profit", "revenue",
          "products", "potential", "probability_alive", "invoices_due", "invoices_late", "invoices_overdue",
          "worst_delay")  # fmt: skip
_WINDOWED = ("profit", "revenue", "purchases", "quantity")


def table(view: View, name: str) -> Table | None:
    """Show customers, past and expected money, and strategy of each segment; None if not shown."""
    if not view.has(name):
        return None
    t, frame = view.t, view.rows(name)
    texts = counts(frame["customers"].tolist(), t.language)
    rows: dict[str, Any] = {"name": frame["name"], "customers": texts, "share": _shares(view, frame, texts)}
    hide = view.few(frame["customers"])
    for column in ("profit", "value"):
        rows[column] = [MISSING if h else view.bare(x) for x, h in zip(frame[column], hide, strict=True)]
    rows["strategy"] = [entry["strategy"][t.language] for entry in view.definitions[name].segments]
    shown = pd.DataFrame(rows) if view.has_forecast else pd.DataFrame(rows).drop(columns="value")
    return Table.of(
        shown, title=finding(view, name), labels=_labels(view, shown), header="name",
        caption=t(f"systems.{name}.note"), note=t("groups.note") if any(map(is_small, frame["customers"])) else "",
        language=t.language,
    )  # fmt: skip


def _labels(view: View, columns: Iterable[Any]) -> dict[str, str]:
    values = {"currency": view.project.currency, "days": view.project.horizon_days}
    return {str(column): view.t(f"groups.column_{column}", **values) for column in columns}


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
    """Name the segment that stands out in money, or only the segmentation if none is large enough to show."""
    t, frame = view.t, view.rows(name)
    frame = frame.assign(customer_share=pd.Series(parts(frame["customers"].tolist()), dtype=float))
    by = "value_share" if view.has_forecast else "profit_share"
    large = frame[frame["customer_share"] > 0]
    if len(large) < 2 or large[by].max() <= 0:
        return t("groups.plain", system=view.title(name))
    best = large.iloc[int((large[by] - large["customer_share"]).to_numpy().argmax())]
    if best[by] - best["customer_share"] < limit("finding", "lead_points") / 100:
        return t("groups.even", system=view.title(name))
    values = {k: share(best[k], t.language) for k in ("customer_share", by)}
    key = "groups.finding" if view.has_forecast else "groups.finding_past"
    return t(key, system=view.title(name), name=best["name"], customers=values["customer_share"], money=values[by])


def rules(view: View, name: str) -> Details | None:
    """Describe the rules of a segmentation in words, in order of evaluation; None if not shown."""
    if not view.has(name):
        return None
    definition = view.definitions[name]
    alternatives: dict[str, list[str]] = {}
    for entry in definition.rule["alternatives"]:
        alternatives.setdefault(entry["segment"], []).append(rule_in_words(view.t, entry["all"]))
    either = view.t("rule.or")
    items = [(definition.name(s, view.t.language), either.join(own)) for s, own in alternatives.items()]
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
    rows = [[r["name"], number(r["customers"], t.language), share(r["customer_share"], t.language),
             view.bare(r["profit"]), view.bare(r["value"]), strategies[r["segment"]]]
            for r in first.to_dict("records")]  # fmt: skip
    if rest["customers"].sum() >= limit("privacy", "smallest_count"):
        more = [number(rest["customers"].sum(), t.language), share(rest["customer_share"].sum(), t.language)]
        others = t("groups.other_cells", count=len(rest))
        rows.append([others, *more, view.bare(rest["profit"].sum()), view.bare(rest["value"].sum()), MISSING])
    shown = pd.DataFrame(rows, columns=["name", "customers", "share", "profit", "value", "strategy"])
    shown = shown if view.has_forecast else shown.drop(columns="value")
    title = t("groups.cells", system=view.title(name), used=len(used), all=len(frame),
              share=share(first["customer_share"].sum(), t.language), count=len(first))  # fmt: skip
    cells = Table.of(shown, title=title, labels=_labels(view, shown), header="name",
                     caption=t(f"systems.{name}.note"), language=t.language)  # fmt: skip
    return named(cells)


def lifetime(view: View, name: str) -> Table | None:
    """Show past, expected and total lifetime value of each segment."""
    if not view.has(name) or not view.has_forecast:
        return None
    t, frame = view.t, view.rows(name)
    hide = view.few(frame["customers"])
    frame = frame.assign(wide=frame["historic_value"] + frame["residual_lifetime_value"])
    each = frame["wide"] / frame["customers"].where(frame["customers"] > 0)
    rows: dict[str, Any] = {"name": frame["name"], "customers": counts(frame["customers"].tolist(), t.language)}
    for column in ("historic_value", "residual_lifetime_value", "wide"):
        rows[column] = [MISSING if h else view.bare(x) for x, h in zip(frame[column], hide, strict=True)]
    rows["each"] = [MISSING if h else view.bare(x) for x, h in zip(each, hide, strict=True)]
    ahead, whole = frame["residual_lifetime_value"].sum(), frame["wide"].sum()
    title = t("groups.lifetime", share=share(ahead / whole, t.language)) if whole > 0 else t("groups.lifetime_plain")
    return Table.of(
        pd.DataFrame(rows), title=title, labels=_labels(view, rows), header="name",
        caption=t("groups.lifetime_caption"), language=t.language,
        note=t("groups.note") if any(map(is_small, frame["customers"])) else "",
    )  # fmt: skip


def lifetime_section(view: View, name: str) -> Section | None:
    """Open the section of past and future value; None without a forecast."""
    return view.section("lifetime", name) if view.has_forecast else None
