"""Blocks on the agreement of segmentations: pairwise indexes and the largest disagreements."""

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from custlib.report.blocks import Table, Text
from custlib.report.formats import MISSING, share
from custlib.report.page_limits import limit
from custlib.report.pages.systems import View
from custlib.report.privacy import blurred, is_small
from custlib.segment.profiles import Agreement, agree, disagreements

Tables = Mapping[tuple[str, str], pd.DataFrame]


def compared(view: View) -> list[str]:
    """List the segmentations to compare: those with few segments, so grids only by the names of their cells."""
    most = limit("finding", "compared_segments")
    return [name for name in view.names if len(view.definitions[name].ids) <= most]


def matrix(view: View, tables: Tables) -> Table | None:
    """Show the adjusted Rand index of each pair of segmentations; None without a pair."""
    if not tables:
        return None
    t, lang = view.t, view.t.language
    names = list(dict.fromkeys(name for pair in tables for name in pair))
    indexes = {pair: agree(frame).adjusted_rand_index for pair, frame in tables.items()}
    rows = []
    for n, name in enumerate(names):
        cells = [_index(indexes.get((name, other), indexes.get((other, name))), lang) if m < n else ""
                 for m, other in enumerate(names[:-1])]  # fmt: skip
        rows.append([f"{n + 1} {view.title(name)}", *cells])
    columns = ["name", *(str(n) for n in range(1, len(names)))]
    labels = {"name": t("agree.system")} | {c: c for c in columns[1:]}
    table = Table.of(pd.DataFrame(rows, columns=columns), title=_extremes(view, indexes), labels=labels, header="name",
                    language=lang, caption=_caption(view, names))  # fmt: skip
    return replace(table, columns=[replace(c, align="right") if n else c for n, c in enumerate(table.columns)])


def _caption(view: View, names: list[str]) -> str:
    """Say how to read the table, and which systems are not in it."""
    out = [view.title(name) for name in view.names if name not in names]
    more = [view.t("agree.left_out", names=view.t("join.comma").join(out))] if out else []
    return view.t.paragraph(view.t("agree.matrix_caption"), *more)


def _index(value: float | None, language: str) -> str:
    if value is None:
        return MISSING
    return f"{value:.2f}".replace("-", "−") if abs(value) >= 0.005 else "0"


def _extremes(view: View, indexes: Mapping[tuple[str, str], float]) -> str:
    """Name the pairs of segmentations with the highest and the lowest index."""
    alike, unlike = (pick(indexes, key=lambda pair: indexes[pair]) for pick in (max, min))
    ends = [_index(indexes[pair], view.t.language) for pair in (alike, unlike)]
    if len(indexes) == 1:
        return view.t("agree.two", one=view.title(alike[0]), two=view.title(alike[1]), index=ends[0])
    if ends[0] == ends[1]:
        return view.t("agree.all_alike", index=ends[0])
    return view.t("agree.extremes", one=view.title(alike[0]), two=view.title(alike[1]),
                  three=view.title(unlike[0]), four=view.title(unlike[1]))  # fmt: skip


def apart(view: View, tables: Tables, name: str) -> Table | None:
    """Show the largest disagreement of a segmentation with each other, in customers and expected value."""
    t, lang, rows = view.t, view.t.language, []
    for pair, frame in tables.items():
        if name in pair:
            other = pair[1] if pair[0] == name else pair[0]
            seen = frame if pair[0] == name else frame.rename(columns={"first": "second", "second": "first"})
            rows.append([view.title(other), *_largest(view, seen, agree(seen), (name, other))])
    if not rows:
        return None
    columns = ["system", "index", "apart", "value", "group", "customers", "worth"]
    shown = pd.DataFrame(rows, columns=columns)
    shown = shown if view.has_forecast else shown.drop(columns=["value", "worth"])
    labels = {str(c): t(f"agree.column_{c}", currency=view.project.currency, kind=view.kind) for c in shown}
    return Table.of(shown, title=t("agree.apart", name=view.title(name)), labels=labels, header="system",
                    language=lang, caption=t("agree.apart_caption", name=view.title(name)))  # fmt: skip


def _largest(view: View, frame: pd.DataFrame, agreement: Agreement, pair: tuple[str, str]) -> list[str]:
    """Return index, customers outside the matched segments, and the largest disagreement of two segmentations."""
    t, lang, (name, other) = view.t, view.t.language, pair
    total = float(frame["customers"].sum())
    few = is_small(agreement.apart_customers) or not total
    cells = [_index(agreement.adjusted_rand_index, lang),
            MISSING if few else share(round(agreement.apart_customers / total, 2), lang),
            MISSING if few else view.bare(agreement.apart_value)]  # fmt: skip
    group = disagreements(frame, agreement.matched, count=1)
    if group.empty or is_small(group["customers"][0]):
        return [*cells, MISSING, MISSING, MISSING]
    row = group.iloc[0]
    ends = {"one": view.class_name(name, row["first"]), "two": view.class_name(other, row["second"])}
    return [*cells, t("agree.group", **ends), blurred(row["customers"], lang), view.bare(row["value"])]


def methods(view: View) -> Text:
    """Refer to the page that tests ABC, RFM and CLV, with a link if it is made."""
    linked = view.has_forecast
    page = f"[{view.t('pages.value')}](value.html)" if linked else view.t("pages.value")
    return Text(view.t("agree.methods" if linked else "agree.methods_later", page=page))
