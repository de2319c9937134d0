"""Blocks of the value cube and the value matrix: tiles of classes with customers, money and strategy."""

import math

import pandas as pd

from custlib.report.blocks import Cell, Facts, Text, Tiles
from custlib.report.formats import money, number, share
from custlib.report.page_limits import limit
from custlib.report.pages.segment_tables import finding, measure_in_words
from custlib.report.pages.systems import View
from custlib.report.privacy import grouped, is_small, part_of

_LEVELS = ("high", "low")


def loyal(view: View, level: str) -> Tiles | None:
    """Show four of the eight classes by current value (rows) and potential value (columns), for one loyalty."""
    name = "value_cube"
    if not view.has(name):
        return None
    t = view.t
    title = finding(view, name) if level == "high" else _of_the_disloyal(view)
    return Tiles(
        title=title, rows=[t(f"cube.current_{one}") for one in _LEVELS],
        columns=[t(f"cube.potential_{one}") for one in _LEVELS],
        cells=[[_cell(view, name, [current, potential, level]) for potential in _LEVELS] for current in _LEVELS],
        row_title=t("cube.current"), column_title=t("cube.potential"),
        caption=t(f"cube.caption_{level}", money=_money_shown(view)),
        description=t("cube.description", loyalty=t(f"cube.loyal_{level}")),
    )  # fmt: skip


def _money_shown(view: View) -> str:
    """Name the money in the cells."""
    if view.has_forecast:
        return view.t("cube.coming", kind=view.kind, days=view.project.horizon_days)
    return view.t("money.so_far", kind=view.kind)


def _of_the_disloyal(view: View) -> str:
    frame = view.rows("value_cube")
    cells = view.definitions["value_cube"].rule["cells"]
    ids = {segment for segment, own in cells.items() if any(list(cell)[2] == "low" for cell in own)}
    away = frame[frame["segment"].isin(ids)]
    gone, whole = float(away["customers"].sum()), float(frame["customers"].sum())
    if is_small(gone) or not gone:
        few = 100 * gone < limit("finding", "hardly_anybody") * max(whole, 1.0)
        return view.t("cube.all_loyal" if few else "cube.low_loyalty")
    return view.t("cube.disloyal", customers=share(part_of(gone, whole), view.t.language))


def matrix(view: View) -> Tiles | None:
    """Show the four classes by current value (rows) and potential value (columns)."""
    name = "value_matrix"
    if not view.has(name):
        return None
    t = view.t
    return Tiles(
        title=finding(view, name), rows=[t(f"cube.current_{one}") for one in _LEVELS],
        columns=[t(f"cube.potential_{one}") for one in _LEVELS],
        cells=[[_cell(view, name, [current, potential]) for potential in _LEVELS] for current in _LEVELS],
        row_title=t("cube.current"), column_title=t("cube.potential"),
        caption=t("cube.caption_matrix", money=_money_shown(view)),
        description=t("cube.description_matrix"),
    )  # fmt: skip


def _cell(view: View, name: str, place: list[str]) -> Cell:
    """Format the cell of a class: name, customers, money and strategy."""
    frame, definition, lang = view.rows(name), view.definitions[name], view.t.language
    cells = definition.rule["cells"]
    segment = next(one for one, own in cells.items() if place in [list(cell) for cell in own])
    where = frame["segment"].tolist().index(segment)
    row, text = frame.iloc[where], _counts(view, name)[where]
    strategy = next(entry["strategy"][lang] for entry in definition.segments if entry["id"] == segment)
    if row["customers"] == 0 or is_small(row["customers"]):
        return Cell(text, strategy, 0.0, view.class_name(name, segment))
    measure = "value" if view.has_forecast else "profit"
    top = float(frame.loc[~frame["customers"].map(is_small), measure].max())
    tone = round(math.sqrt(max(float(row[measure]), 0.0) / top), 3) if top > 0 else 0.0
    worth = money(row[measure], view.project.currency, lang)
    return Cell(text, f"{worth}{view.t('join.dot')}{strategy}", min(tone, 1.0), view.class_name(name, segment))


def _counts(view: View, name: str) -> list[str]:
    """Write the counts, all rounded if one is small, since cells of the cube add up to those of the matrix."""
    frame, cells = view.rows(name), view.definitions[name].rule["cells"]
    sizes = dict(zip(frame["segment"], frame["customers"].tolist(), strict=True))
    over = {tuple(list(cell)[:2]) for own in cells.values() for cell in own}
    places = {s: {tuple(list(cell)[:2]) for cell in own} for s, own in cells.items()}
    sums = [[n for n, s in enumerate(sizes) if place in places.get(s, ())] for place in over]
    return grouped(list(sizes.values()), sums, view.t.language)


def thresholds(view: View, name: str) -> Facts | None:
    """Show the threshold and the measure of each axis; None if the segmentation is not shown."""
    if not view.has(name):
        return None
    t, lang = view.t, view.t.language
    items = []
    for axis, entry in view.definitions[name].rule["axes"].items():
        level = entry["threshold"]
        if level is None or pd.isna(level):
            text = t("cube.no_threshold")
        elif entry["measure"] == "probability_alive":
            text = share(level, lang)
        else:
            text = money(level, view.project.currency, lang)
        more = t("cube.times", factor=number(entry["factor"], lang)) if entry["factor"] != 1 else ""
        what = measure_in_words(t, entry["measure"]) + more
        items.append((t(f"cube.axis_{axis}"), t("cube.threshold", level=text, measure=what)))
    return Facts(items, title=t("cube.thresholds"))


def absent(view: View, lacks: dict[str, list[str]]) -> Text | None:
    """State why cube and matrix are not made; None if either is."""
    missing = lacks.get("value_cube", [])
    if not missing or "value_matrix" not in lacks:
        return None
    what = view.t("join.comma").join(view.t(f"lacking.{source}") for source in missing)
    return Text(view.t("cube.absent", what=what))
