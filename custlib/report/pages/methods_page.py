"""Blocks of the section "Three methods": ABC, RFM and CLV on the same customers, and their backtest."""

import datetime as dt
import math
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pandas as pd

from custlib import rules
from custlib.graph import REFUSED, Refusal
from custlib.project import Project
from custlib.report import charts
from custlib.report.blocks import Callout, Cell, Figure, Table, Tiles
from custlib.report.formats import MISSING, day, money, number, share, shares, suppressed
from custlib.report.page_limits import limit
from custlib.report.privacy import EXACT, amounts, blurred, counts, crossed, is_small, part_of, step_for, to_step
from custlib.report.texts import Texts, capitalised
from custlib.segment.definitions import Definition
from custlib.segment.methods import METHODS


def tops(t: Texts, frame: pd.DataFrame, money_kind: str) -> Table:
    """Show past and expected value of the top quintile of each method."""
    # Rounded to ten: exact counts would disclose small groups of the overlaps.
    rows = pd.DataFrame({"method": [t(f"methods.{method}") for method in frame["method"]],
                         "customers": [_rounded_to_ten(n, t.language) for n in frame["customers"]]})  # fmt: skip
    hide = [_few(n) for n in frame["customers"]]
    for column in ("historic_share", "value_share"):
        rows[column] = [MISSING if h else text for text, h in zip(shares(frame[column], t.language), hide, strict=True)]
    labels = _labels(t, rows.columns, money_kind)
    return Table.of(rows, title=t("methods.tops"), caption=t("methods.tops_caption"), labels=labels, header="method",
                    language=t.language)  # fmt: skip


def overlap(t: Texts, project: Project, frame: pd.DataFrame, money_kind: str) -> Figure | Callout:
    """Compare past profit and expected value by the methods that rank a customer at the top."""
    frame = _as_told(frame)
    shown = frame[~frame["customers"].map(is_small) & (frame["customers"] > 0)]
    any_ = frame[frame["methods"] != ""]
    if shown.empty or _few(any_["customers"].sum()) or frame[["profit", "value"]].sum().min() <= 0:
        return Callout(t("audit.few"), t("audit.few_text"))
    whole, agreed = frame[["profit", "value"]].sum(), frame["customers"].iloc[0]
    kind = t(f"money.{money_kind}")
    rows = pd.DataFrame({"segment": [combination(t, name) for name in shown["methods"]],
                         "customer_share": (shown["profit"] / whole["profit"]).clip(lower=0),
                         "value_share": (shown["value"] / whole["value"]).clip(lower=0)})  # fmt: skip
    agreement = share(part_of(agreed, any_["customers"].sum(), _step(frame)), t.language)
    title = t("methods.overlap_few") if is_small(agreed) else t("methods.overlap_title", share=agreement)
    figure = charts.pyramid_bars(
        rows, title=title, caption=t("methods.overlap_caption", kind=kind),
        description=t("methods.overlap_description", kind=kind), language=t.language,
        x_label=t("money.share_coming", kind=kind), y_label=t("money.share_so_far", kind=kind),
    )  # fmt: skip
    return replace(figure, table=_overlap_table(t, project, frame, figure.title, money_kind))


def combination(t: Texts, methods: str) -> str:
    """Return the name of a combination of methods, as ``"abc+clv"``.

    Examples
    --------
    >>> from custlib.report.texts import texts
    >>> combination(texts("en"), "abc+clv"), combination(texts("en"), "rfm")
    ('ABC and CLV, not RFM', 'RFM only')
    """
    chosen = [method for method in METHODS if method in methods.split("+")]
    others = [t(f"methods.{method}") for method in METHODS if method not in chosen]
    names = [t(f"methods.{method}") for method in chosen]
    if len(chosen) == 1:
        return t("methods.only", one=names[0])
    if len(chosen) == 2:
        return t("methods.two", one=names[0], two=names[1], three=others[0])
    return t("methods.all" if chosen else "methods.none")


def _overlap_table(t: Texts, project: Project, frame: pd.DataFrame, title: str, money_kind: str) -> Table:
    hide, step = [is_small(n) for n in frame["customers"]], _step(frame)
    rows = pd.DataFrame({"who": [combination(t, name) for name in frame["methods"]],
                         "customers": [to_step(n, t.language, step) for n in frame["customers"]]})  # fmt: skip
    for column, label in (("profit", "historic"), ("value", "value")):
        rows[label] = _money(t, frame[column], hide)
    labels = _labels(t, rows.columns, money_kind, project)
    note = t("methods.note") if any(hide) else ""
    return Table.of(rows, title=title, labels=labels, header="who", language=t.language, note=note)


def _as_told(frame: pd.DataFrame) -> pd.DataFrame:
    """Round the amounts of the combinations where one of them is hidden."""
    sizes = frame["customers"].tolist()
    return frame.assign(**{name: amounts(frame[name].tolist(), sizes) for name in ("profit", "value")})


def _step(frame: pd.DataFrame) -> int:
    """Choose the step of the combinations: the best fifths that they make up are told too."""
    chosen = [name.split("+") for name in frame["methods"]]
    fifths = [[n for n, own in enumerate(chosen) if method in own] for method in METHODS]
    return step_for(frame["customers"].tolist(), [range(len(frame)), *fifths])


def _money(t: Texts, values: "pd.Series[float]", hide: list[bool]) -> list[str]:
    return [MISSING if h else money(x, "", t.language) for x, h in zip(values, hide, strict=True)]


def tiles(t: Texts, project: Project, definition: Definition, frame: pd.DataFrame, money_kind: str) -> Tiles:
    """Show ABC classes by quintile of expected value as a tile map, with tone by expected value."""
    cells = frame.groupby(["abc", "tier"])[["customers", "value"]].sum()
    by_cell = {(str(key[0]), int(key[1])): row for key, row in cells.iterrows()}  # type: ignore[index]
    top = float(cells["value"].max()) if len(cells) else 0.0
    tiers = range(1, len(rules.load("methods")["tiers"]["shares"]) + 1)
    some_hidden = any(is_small(row["customers"]) for row in by_cell.values())
    sizes = [[float(by_cell[s, k]["customers"]) if (s, k) in by_cell else 0.0 for k in tiers] for s in definition.ids]
    texts = dict(zip(definition.ids, crossed(sizes, t.language, row_step=EXACT), strict=True))

    def line(name: str) -> list[Cell]:
        own = [by_cell.get((name, tier), {"customers": 0.0, "value": 0.0}) for tier in tiers]
        hides = any(is_small(row["customers"]) for row in own)
        return [cell(row, text, is_shown=not hides) for row, text in zip(own, texts[name], strict=True)]

    def cell(row: Any, text: str, *, is_shown: bool) -> Cell:
        if not is_shown or row["customers"] == 0:
            return Cell(text)
        tone = round(math.sqrt(max(float(row["value"]), 0.0) / top), 4) if top > 0 else 0.0
        return Cell(text, money(row["value"], project.currency, t.language), tone)

    kind = t(f"money.{money_kind}")
    hidden = [t("methods.tiles_hidden")] if some_hidden else []
    return Tiles(
        title=t("methods.tiles_title", kind=kind), rows=[definition.name(s, t.language) for s in definition.ids],
        columns=[f"{n}" for n in tiers], cells=[line(s) for s in definition.ids],
        row_title=t("methods.tiles_rows", kind=kind), column_title=t("methods.tiles_columns", kind=kind),
        caption=t.paragraph(t("methods.tiles_caption", kind=kind, days=project.horizon_days), *hidden),
        description=t("methods.tiles_description", kind=kind),
    )  # fmt: skip


def unlike(
    t: Texts, project: Project, definition: Definition, frame: pd.DataFrame, kind: str, money_kind: str
) -> Callout | None:
    """Describe the customers whose past and expected value differ most (``fading``, ``rising``), if not too few."""
    own = frame[frame["kind"] == kind]
    customers = own["customers"].sum()
    if _few(customers):
        return None
    values = {name: money(own[column].sum(), project.currency, t.language)
              for name, column in (("historic", "profit"), ("value", "value"))}  # fmt: skip
    group = definition.name(str(own["rfm"].iloc[0]), t.language)
    title = t(f"methods.{kind}", customers=blurred(customers, t.language))
    values |= {"kind": t(f"money.{money_kind}"), "days": f"{project.horizon_days}", "group": group}
    return Callout(title, t(f"methods.{kind}_text", **values), "warn" if kind == "fading" else "note")


def tested(t: Texts, project: Project, frame: pd.DataFrame, since: dt.date, money_kind: str) -> Figure | None:
    """Show the share of later revenue in the top quintile of each method; None without later revenue."""
    if frame["actual_share"].isna().any() or frame["customers"].map(_few).any():
        return None
    names, kind = [t(f"methods.{method}") for method in frame["method"]], t(f"money.{money_kind}")
    rows = pd.DataFrame({"label": names, "value": frame["actual_share"]})
    best, worst = int(rows["value"].to_numpy().argmax()), int(rows["value"].to_numpy().argmin())
    close = rows["value"].iloc[best] - rows["value"].iloc[worst] < rules.load("methods")["tested"]["close"]
    values = {"share": share(rows["value"].iloc[best], t.language), "low": share(rows["value"].iloc[worst], t.language)}
    figure = charts.bars(
        rows, title=t("methods.tested_title_close" if close else "methods.tested_title", best=names[best],
                      worst=names[worst], kind=kind, **values),
        caption=t("methods.tested_caption", kind=kind, day=day(since, t.language)), language=t.language, form="share",
        description=t("methods.tested_description", kind=kind), x_label=t("methods.column_actual_share", kind=kind),
        y_label=t("methods.column_method"),
    )  # fmt: skip
    columns = {"method": names, "customers": [number(n, t.language) for n in frame["customers"]],
               "actual": [money(x, "", t.language) for x in frame["actual"]],
               "actual_share": shares(frame["actual_share"], t.language)}  # fmt: skip
    labels = _labels(t, columns, money_kind, project)
    table = Table.of(pd.DataFrame(columns), title=figure.title, labels=labels, header="method", language=t.language)
    return replace(figure, table=table)


def right(t: Texts, project: Project, frame: pd.DataFrame, since: dt.date, money_kind: str) -> Table | None:
    """Compare expected and actual revenue of the customers that methods rank most differently; None if few."""
    hide = [_few(n) for n in frame["customers"]]
    if all(hide):
        return None
    rows = pd.DataFrame({"kind": [t(f"methods.kind_{kind}") for kind in frame["kind"]],
                         "customers": counts(frame["customers"].tolist(), t.language)})  # fmt: skip
    for column, label in (("profit", "historic"), ("value", "expected"), ("actual", "actual")):
        rows[label] = _money(t, frame[column], hide)
    labels, kind = _labels(t, rows.columns, money_kind, project), t(f"money.{money_kind}")
    ends = {label: money(frame[column].iloc[0], project.currency, t.language)
            for column, label in (("value", "expected"), ("actual", "actual"))}  # fmt: skip
    title = t("methods.who_title_plain") if hide[0] else t("methods.who_title", kind=kind, **ends)
    return Table.of(
        rows, title=title, caption=t("methods.who_caption", kind=kind, day=day(since, t.language)),
        labels=labels, header="kind", language=t.language, note=t("methods.note") if any(hide) else "",
    )  # fmt: skip


def assumptions(t: Texts) -> Table:
    """Describe the input, the strengths and the limits of each method."""
    rows = pd.DataFrame({"method": [t(f"methods.{method}") for method in METHODS]})
    for column in ("looks", "good", "blind"):
        rows[column] = [t(f"methods.{method}_{column}") for method in METHODS]
    labels = {name: t(f"methods.column_{name}") for name in rows.columns}
    return Table.of(rows, title=t("methods.assume"), labels=labels, header="method", language=t.language)


def criteria(t: Texts, money_kind: str, methods_tested: pd.DataFrame | Refusal = REFUSED) -> Table:
    """Compare the methods by ease of use, cost of use, and accuracy of the judged value, measured where tested."""
    rows = pd.DataFrame({"method": [t(f"methods.{method}") for method in METHODS]})
    for column in ("ease", "cost"):
        rows[column] = [t(f"methods.{method}_{column}") for method in METHODS]
    rows["accuracy"] = [t(f"methods.{method}_accuracy") for method in METHODS]
    labels = {name: t(f"methods.column_{name}") for name in rows.columns}
    if not isinstance(methods_tested, Refusal) and not methods_tested["customers"].map(_few).any():
        shares = methods_tested.set_index("method")["actual_share"]
        rows["later"] = [MISSING if pd.isna(shares[m]) else share(shares[m], t.language) for m in METHODS]
        labels["later"] = t("methods.column_actual_share", kind=t(f"money.{money_kind}"))
    caption = t("methods.criteria_caption", kind=t(f"money.{money_kind}"))
    return Table.of(rows, title=t("methods.criteria"), caption=caption, labels=labels,
                    header="method", language=t.language)  # fmt: skip


def _labels(t: Texts, columns: Iterable[str], money_kind: str, project: Project | None = None) -> dict[str, str]:
    """Name columns; those of amounts and shares by what they are amounts of."""
    keys = {"historic": "money.so_far_in", "value": "money.coming_in", "historic_share": "money.share_so_far",
            "value_share": "money.share_coming"}  # fmt: skip
    values: dict[str, object] = {"kind": t(f"money.{money_kind}")}
    values |= {"currency": project.currency, "days": project.horizon_days} if project else {}
    return {name: capitalised(t(keys.get(name, f"methods.column_{name}"), **values)) for name in columns}


def _few(customers: float) -> bool:
    """Return whether there are too few customers to show, or none."""
    return customers < limit("privacy", "smallest_count")


def _rounded_to_ten(customers: float, language: str) -> str:
    return suppressed(int(customers), language) if _few(customers) else blurred(customers, language)
