"""Blocks of the page "How do they differ?": headline, RFM tiles and thresholds, features of the clusters."""

import datetime as dt
import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from custlib.project import Project
from custlib.report.blocks import Callout, Cell, Details, Facts, Glossary, Kpi, Kpis, Table, Text, Tiles, Title
from custlib.report.formats import MISSING, day, money, number, share
from custlib.report.pages import foot, segment_tables, systems, value_page
from custlib.report.pages.systems import View
from custlib.report.playbook.rule_words import rule_of
from custlib.report.privacy import amounts, as_told, grouped, is_small
from custlib.report.texts import Texts
from custlib.segment.definitions import Definition
from custlib.segment.grid import SCORES
from custlib.segment.pyramid import ParetoPoint


def headline(t: Texts, frame: pd.DataFrame, as_of: dt.date, money_kind: str) -> Title:
    """Name the segment with the most coming profit or revenue; without a forecast that with the most revenue so far."""
    frame = as_told(frame)
    frame, subtitle = frame[frame["customer_share"] > 0], t("segments.subtitle", day=day(as_of, t.language))
    if frame.empty:
        return Title(t("segments.headline_few"), subtitle)
    known = [name for name in ("value", "revenue", "customer") if frame[f"{name}_share"].sum() > 0]
    best = frame.sort_values(f"{known[0]}_share").iloc[-1]
    shares = {name: share(best[f"{name}_share"], t.language) for name in known}
    values = {"name": best["name"], "customers": shares["customer"]}
    if known[0] == "value":
        text = t("segments.headline", **values, value=shares["value"], kind=t(f"money.{money_kind}"))
    elif known[0] == "revenue":
        text = t("untested.headline", **values, money=shares["revenue"])
    else:
        text = t("untested.headline_customers", **values)
    return Title(text, subtitle)


def tiles(t: Texts, definition: Definition, frame: pd.DataFrame, project: Project, money_kind: str) -> Tiles:
    """Show customers by R (rows) and F (columns), with tone by expected value, or past money without a forecast."""
    words = _money_shown(frame)
    frame = frame.assign(value=frame["revenue" if words == "untested" else "value"].astype(float))
    names = _cell_names(definition, t.language)
    named = frame.assign(name=[names[int(r), int(f)] for r, f in zip(frame["R"], frame["F"], strict=True)])
    for _, own in named.groupby("name"):  # the amounts of a name add up to what is told of it elsewhere
        frame.loc[own.index, "value"] = amounts(own["value"].tolist(), own["customers"].tolist())
    by_cell = {(int(row["R"]), int(row["F"])): row for row in frame.to_dict("records")}
    top = float(frame["value"].max()) or 1.0
    unknown = words == "purchases"
    texts, scores = dict(zip(by_cell, _counts(by_cell, names, t.language), strict=True)), _scores(definition)

    def cell(r: int, f: int) -> Cell:
        row: Any = by_cell.get((r, f))
        if row is None:
            return Cell("0", "", 0.0, names[r, f])
        text = texts[r, f]
        if is_small(row["customers"]) or unknown:
            return Cell(text, "", 0.0, names[r, f])
        # Rounded, since the order of sums in the engine varies and equal runs must give equal blocks.
        tone = round(math.sqrt(max(float(row["value"]), 0.0) / top), 4)
        return Cell(text, money(row["value"], project.currency, t.language), tone, names[r, f])

    values = {"kind": t(f"money.{money_kind}"), "days": project.horizon_days, "top": scores[-1]}
    return Tiles(
        title=t(f"{words}.tiles", **values), rows=[f"R {r}" for r in scores[::-1]], columns=[f"F {f}" for f in scores],
        cells=[[cell(r, f) for f in scores] for r in scores[::-1]], row_title=t("segments.recency", top=scores[-1]),
        column_title=t("segments.frequency"), caption=t(f"{words}.tiles_caption", **values),
        description=t("segments.tiles_description", **values),
    )  # fmt: skip


def _money_shown(frame: pd.DataFrame) -> str:
    """Name the words of the tiles: of what is to come, of revenue so far, or of customers alone without any money."""
    if frame["value"].notna().any():
        return "segments"
    return "untested" if "revenue" in frame and frame["revenue"].fillna(0.0).ne(0.0).any() else "purchases"


def _scores(definition: Definition) -> range:
    """Return the scores of recency and frequency, rising."""
    return range(1, int(definition.rule.get("scores", SCORES)) + 1)


def _cell_names(definition: Definition, language: str) -> dict[tuple[int, int], str]:
    """Return the name of each cell of R and F; of a map with more axes the names that share it, without a map none."""
    rule = definition.rule
    axes = list(rule.get("axes", ("R", "F")))
    named: dict[tuple[int, int], list[str]] = {(r, f): [] for r in _scores(definition) for f in _scores(definition)}
    for segment in definition.ids if "cells" in rule else ():
        for cell in rule["cells"].get(segment, ()):
            level = dict(zip(axes, cell, strict=True))
            for place in named:
                own = named[place]
                name = definition.name(segment, language)
                if all(level.get(axis, score) == score for axis, score in zip("RF", place, strict=True)):
                    named[place] = own if name in own else [*own, name]
    return {place: " · ".join(names) for place, names in named.items()}


def _counts(by_cell: Mapping[tuple[int, int], Any], names: Mapping[Any, str], language: str) -> list[str]:
    """Write the counts of the cells, all rounded if one is small, since the totals by name are known."""
    sums = [[n for n, place in enumerate(by_cell) if names[place] == name] for name in set(names.values())]
    return grouped([float(row["customers"]) for row in by_cell.values()], sums, language)


def thresholds(view: View, name: str) -> Facts | None:
    """Show the frozen thresholds of recency and frequency, and of money where there is any; None if not shown."""
    if not view.has(name):
        return None
    t, definition, project = view.t, view.definitions[name], view.project
    rule = {measure: cuts for measure, cuts in definition.rule["cuts"].items() if _is_cut(view, measure)}
    fitted = dt.date.fromisoformat(definition.fitted)
    key = "segments.frozen_later" if fitted > project.as_of else "segments.frozen_text"
    frozen = t(key, day=day(fitted, t.language), version=definition.version)

    def threshold_text(values: list[float], unit: str) -> str:
        return (
            f"{' · '.join(f'{round(value, 2):,.6g}' for value in values)} {unit}" if values else t("segments.no_cuts")
        )

    items = [
        (t("segments.cuts_recency"), threshold_text(rule["recency"], t("unit.day"))),
        (t("segments.cuts_frequency"), threshold_text(rule["frequency"], t("segments.purchases"))),
    ]
    if "monetary" in rule:
        label = t("segments.cuts_monetary", measure=_money_measure(view, definition))
        items.append((label, threshold_text(rule["monetary"], project.currency)))
    effective = t("segments.effective" if "monetary" in rule else "segments.effective_bare", **_effective(rule))
    return Facts([*items, (t("segments.classes"), effective), (t("segments.frozen"), frozen)], title=t("segments.cuts"))


def _is_cut(view: View, measure: str) -> bool:
    """Whether a measure is cut: money only where there is any."""
    return measure != "monetary" or view.has_money


def _money_measure(view: View, definition: Definition) -> str:
    """Name the money that M scores; profit is net revenue where no cost is known."""
    measure = definition.rule.get("measures", {}).get("monetary", {}).get("of", "profit")
    is_so_far = measure == "profit"
    return view.t("money.so_far", kind=view.kind) if is_so_far else segment_tables.measure_in_words(view.t, measure)


def class_rules(view: View, name: str) -> Details | None:
    """Describe each class of a system by its cells, or by its place from the top; None if not shown."""
    if not view.has(name):
        return None
    definition, currency = view.definitions[name], view.project.currency
    items = [
        (view.class_name(name, segment), rule_of(view.t, definition, segment, currency, view.money_kind))
        for segment in definition.ids
    ]
    return Details(view.t("rule.classes", system=view.title(name)), [Facts(items)])


def _effective(rule: dict[str, list[float]]) -> dict[str, str]:
    return {name[0].upper(): str(len(set(values)) + 1) for name, values in rule.items()}


def pareto(view: View, point: ParetoPoint) -> Callout:
    """Show the Pareto point: revenue share of the top 20 %, and customer share of 80 % of revenue."""
    t = view.t
    if math.isnan(point.money_of_best):
        return Callout(t("worth.nothing_so_far"), t("worth.nothing_so_far_text"), "warn")
    shares = {
        "best": point.share,
        "money": point.money_of_best,
        "few": point.customers_for_rest,
        "rest": 1 - point.share,
    }
    values = {name: share(part, t.language) for name, part in shares.items()}
    values["kind"] = view.kind
    return Callout(t("segments.pareto", **values), t("segments.pareto_text", **values))


def stability(t: Texts, definition: Definition) -> Facts:
    """Show the features of the clusters, and their rules in words if a tree explains them."""
    features = definition.rule["features"]
    powers = [
        t("segments.feature", name=t(f"segments.feature_{name}"), power=f"{f['power']:g}".replace("-", "−"))
        for name, f in features.items()
    ]
    count, wanted = str(len(definition.ids)), definition.rule.get("asked")
    count = t("untested.fewer_clusters", k=count, asked=wanted) if wanted else count
    known = [(t("segments.features"), t("join.comma").join(powers)), (t("segments.k"), count)]
    ruled = [(s["name"][t.language], words) for s in definition.segments if (words := _tree(s, t.language))]
    return Facts([*known, *ruled])


def _tree(segment: dict[str, Any], language: str) -> str:
    """Return the rule of a cluster in words, if its definition has one."""
    rule = segment.get("rule", "")
    return str(rule.get(language, "") if isinstance(rule, dict) else rule)


def criteria(t: Texts, definition: Definition) -> Table | None:
    """Show the criteria by number of clusters, and the selected number; None if not compared."""
    tried, lang = definition.rule.get("criteria", []), t.language
    if not tried:
        return None
    k = len(definition.ids)
    rows = [
        [t("segments.k_taken", k=one["k"]) if one["k"] == k else str(one["k"]), _figure(one["prediction_strength"]),
         _figure(one["smallest_jaccard"]), _part(one["smallest_share"], lang), _failing(t, one)]
        for one in tried
    ]  # fmt: skip
    columns = ["k", "strength", "jaccard", "least", "verdict"]
    labels = {name: t(f"segments.column_{name}") for name in columns}
    by = str(definition.rule.get("k_by", "given")).replace(" ", "_")
    return Table.of(pd.DataFrame(rows, columns=columns), title=t(f"segments.k_by_{by}", k=k), labels=labels,
                    header="k", caption=t("segments.criteria_caption"), language=lang)  # fmt: skip


def _figure(value: float | None) -> str:
    return MISSING if value is None else f"{value:.2f}"


def _part(value: float | None, language: str) -> str:
    return MISSING if value is None else share(value, language)


def _failing(t: Texts, one: Mapping[str, Any]) -> str:
    if one["passes"]:
        return t("segments.passes")
    return t("join.comma").join(t(f"segments.fails_{name}") for name in one["why_not"])


def glossary(view: View) -> Glossary:
    """Define the terms of the page."""
    return foot.glossary(view.t, *(("rfm", "value", "probability_alive") if view.has_forecast else ("rfm",)))


def kpis(view: View, moved: pd.DataFrame, name: str) -> Kpis:
    """Show customers, the segments that hold any of them, and who changed segment."""
    t = view.t
    return Kpis(
        [
            Kpi(t("systems.kpi_customers"), number(view.customers, t.language), t("segments.kpi_each")),
            Kpi(t("segments.kpi_used"), view.used(name), view.title(name)),
            systems.changed(t, moved, name),
        ]
    )


def worth(view: View, frame: pd.DataFrame, name: str, flags: tuple[str, ...], money_kind: str) -> Table:
    """Show the segments of a segmentation with what they are worth.

    Parameters
    ----------
    frame : pandas.DataFrame
        Its totals as returned by :func:`custlib.segment.profiles.summary`.
    """
    frame = frame.assign(name=[view.class_name(name, segment) for segment in frame["segment"]])
    title = segment_tables.finding(view, name)
    return value_page.table(view.t, view.project, frame, title=title, money_kind=money_kind, flags=flags)


def others(view: View) -> Text:
    """Refer to the page of all other systems."""
    return Text(view.t("segments.others", page=f"[{view.t('pages.appendix')}](appendix.html)"))
