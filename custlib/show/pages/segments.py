"""Blocks of the page "How do they differ?": RFM tiles, classes, clusters, moves by cause."""

import datetime as dt
import math
from typing import Any

import pandas as pd

from custlib.differentiate.definitions import Definition
from custlib.project import Project
from custlib.show import charts
from custlib.show.blocks import Callout, Cell, Facts, Figure, Tiles, Title
from custlib.show.formats import day, money, number, share
from custlib.show.privacy import is_small
from custlib.show.texts import Texts

_SCORES = (5, 4, 3, 2, 1)


def headline(t: Texts, frame: pd.DataFrame, as_of: dt.date) -> Title:
    """Say which segment brings most of the coming money; without a forecast, which has brought most so far."""
    known = [name for name in ("value", "revenue", "customer") if frame[f"{name}_share"].sum() > 0]
    best = frame.sort_values(f"{known[0]}_share").iloc[-1]
    shares = {name: share(best[f"{name}_share"], t.language) for name in known}
    values = {"name": best["name"], "customers": shares["customer"]}
    if known[0] == "value":
        text = t("segments.headline", **values, value=shares["value"])
    elif known[0] == "revenue":
        text = t("untested.headline", **values, money=shares["revenue"])
    else:
        text = t("untested.headline_customers", **values)
    return Title(text, t("segments.subtitle", day=day(as_of, t.language)))


def tiles(t: Texts, definition: Definition, frame: pd.DataFrame, currency: str) -> Tiles:
    """Lay the customers out on R (rows) and F (columns), tone by coming-year value, without one by money so far."""
    words = "segments" if frame["value"].notna().any() or "revenue" not in frame else "untested"
    frame = frame if words == "segments" else frame.assign(value=frame["revenue"].astype(float))
    found = {(int(row["R"]), int(row["F"])): row for row in frame.to_dict("records")}
    names = {
        tuple(cell): definition.name(s, t.language) for s, cells in definition.rule["cells"].items() for cell in cells
    }
    top = float(frame["value"].max()) or 1.0
    unknown = frame["value"].isna().all()

    def cell(r: int, f: int) -> Cell:
        row: Any = found.get((r, f))
        if row is None:
            return Cell("0", "", 0.0, names[r, f])
        hidden = is_small(row["customers"])
        text = t("segments.under_ten") if hidden else number(row["customers"], t.language)
        if hidden or unknown:
            return Cell(text, "", 0.0, names[r, f])
        # Rounded: the engine adds in no fixed order, and equal runs must give equal blocks.
        tone = round(math.sqrt(max(float(row["value"]), 0.0) / top), 4)
        return Cell(text, money(row["value"], currency, t.language), tone, names[r, f])

    return Tiles(
        title=t(f"{words}.tiles"), rows=[f"R {r}" for r in _SCORES], columns=[f"F {f}" for f in reversed(_SCORES)],
        cells=[[cell(r, f) for f in reversed(_SCORES)] for r in _SCORES], row_title=t("segments.recency"),
        column_title=t("segments.frequency"), caption=t(f"{words}.tiles_caption"),
        description=t("segments.tiles_description"),
    )  # fmt: skip


def cuts(t: Texts, definition: Definition, project: Project) -> Facts:
    """State the frozen cuts in words."""
    rule = definition.rule["cuts"]
    fitted = dt.date.fromisoformat(definition.fitted)
    key = "segments.frozen_later" if fitted > project.as_of else "segments.frozen_text"
    frozen = t(key, day=day(fitted, t.language), version=definition.version)

    def said(values: list[float], unit: str) -> str:
        return f"{' · '.join(f'{value:,.6g}' for value in values)} {unit}" if values else t("segments.no_cuts")

    return Facts(
        [
            (t("segments.cuts_recency"), said(rule["recency"], t("unit.day"))),
            (t("segments.cuts_frequency"), said(rule["frequency"], t("segments.purchases"))),
            (t("segments.cuts_monetary"), said(rule["monetary"], project.currency)),
            (t("segments.classes"), t("segments.effective", **_effective(rule))),
            (t("segments.frozen"), frozen),
        ],
        title=t("segments.cuts"),
    )


def _effective(rule: dict[str, list[float]]) -> dict[str, str]:
    return {name[0].upper(): str(len(set(values)) + 1) for name, values in rule.items()}


def flows(t: Texts, definition: Definition, frame: pd.DataFrame) -> Figure:
    """Show who came into and who left each segment."""
    summed = frame.groupby("segment")[["customers_in", "customers_out"]].sum().reindex(list(definition.ids)).fillna(0)
    rows = summed.reset_index().assign(label=lambda f: [definition.name(s, t.language) for s in f["segment"]])
    largest = rows.iloc[int((rows["customers_in"] + rows["customers_out"]).to_numpy().argmax())]
    return charts.flow_bars(
        rows[["label", "customers_in", "customers_out"]], title=t("segments.flows", name=largest["label"]),
        caption=t("segments.flows_caption"), description=t("segments.flows_description"), language=t.language,
    )  # fmt: skip


def causes(t: Texts, frame: pd.DataFrame, moved_since: dt.date) -> Callout:
    """Say how many moved only because time passed, and how many because somebody bought."""
    into = frame.groupby("cause")["customers_in"].sum()
    values = {cause: number(into.get(cause, 0), t.language) for cause in ("ageing", "purchases")}
    return Callout(t("segments.causes"), t("segments.causes_text", day=day(moved_since, t.language), **values))


def stability(t: Texts, definition: Definition) -> Facts:
    """State what the clusters rest on."""
    features = definition.rule["features"]
    powers = [
        t("segments.feature", name=t(f"segments.feature_{name}"), power=f"{f['power']:g}".replace("-", "−"))
        for name, f in features.items()
    ]
    count, asked = str(len(definition.ids)), definition.rule.get("asked")
    count = t("untested.fewer_clusters", k=count, asked=asked) if asked else count
    return Facts([(t("segments.features"), t("join.comma").join(powers)), (t("segments.k"), count)])
