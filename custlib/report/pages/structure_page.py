"""Blocks of structure tables: customers, money and products by channel, product, attribute or segment."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from custlib.audit.structure import VALUE, WHOLE
from custlib.report.blocks import Details, Table
from custlib.report.formats import MISSING, number, share
from custlib.report.pages.systems import View
from custlib.report.privacy import counts, is_small, net

_NAMED = ("product", "channel", "age_band", "region")


def tables(view: View, frames: Mapping[str, pd.DataFrame]) -> Table | Details | None:
    """Show the structure by every attribute: one table, or several as collapsible details; None without any."""
    blocks = [table(view, name, frame) for name, frame in frames.items() if len(frame) > 1]
    if len(blocks) < 2:
        return blocks[0] if blocks else None
    names = view.t("join.comma").join(attribute(view, name) for name in frames)
    return Details(view.t("structure.several", names=names), blocks)


def attribute(view: View, name: str) -> str:
    """Return the name of an attribute; attributes of the user keep their name."""
    if name in view.definitions:
        return view.title(name)
    return view.t(f"structure.{name}") if name in _NAMED else name.removeprefix("attribute_").replace("_", " ")


def table(view: View, name: str, frame: pd.DataFrame) -> Table:
    """Show customers, money and products of each value in the latest period and the one before."""
    t, lang = view.t, view.t.language
    values = frame[frame["kind"] != WHOLE]
    whole = frame[frame["kind"] == WHOLE].iloc[-1]
    hide = [is_small(n) or n == 0 for n in frame["customers"]]
    few = [h or is_small(n) for h, n in zip(hide, frame["customers_before"], strict=True)]
    rows = {
        "value": [_label(view, name, row) for row in frame.to_dict("records")],
        "customers": [*counts(values["customers"].tolist(), lang), number(whole["customers"], lang)],
        "change": [MISSING if f else net(n) for n, f in zip(frame["change"], few, strict=True)],
        "revenue": [MISSING if h else view.bare(x) for x, h in zip(frame["revenue"], hide, strict=True)],
        "share": [MISSING if h else share(x, lang) for x, h in zip(frame["share"], hide, strict=True)],
        "share_before": [MISSING if f else share(x, lang) for x, f in zip(frame["share_before"], few, strict=True)],
    }
    if frame["products_per_customer"].notna().any():
        rows["products"] = [MISSING if h else f"{x:.1f}"
                            for x, h in zip(frame["products_per_customer"], hide, strict=True)]  # fmt: skip
    labels = {c: t(f"structure.column_{c}", currency=view.project.currency) for c in rows}
    labels["value"] = attribute(view, name)
    return Table.of(pd.DataFrame(rows), title=_finding(view, name, frame, hide), labels=labels, header="value",
                    caption=t("structure.caption"), language=lang)  # fmt: skip


def _label(view: View, name: str, row: Mapping[Any, Any]) -> str:
    if row["kind"] != VALUE:
        return view.t(f"structure.{row['kind']}")
    if name in view.definitions and row["value"] in view.definitions[name].ids:
        return view.definitions[name].name(str(row["value"]), view.t.language)
    return str(row["value"])


def _finding(view: View, name: str, frame: pd.DataFrame, hide: list[bool]) -> str:
    """Name the value with most revenue and its previous share, unless it is too small to show."""
    first, what = frame.iloc[0], attribute(view, name)
    if hide[0] or first["kind"] != VALUE or not first["share"] > 0 or is_small(first["customers_before"]):
        return view.t("structure.plain", attribute=what)
    parts = {"share": share(first["share"], view.t.language), "before": share(first["share_before"], view.t.language)}
    label = _label(view, name, {"kind": first["kind"], "value": first["value"]})
    return view.t("structure.finding", attribute=what, value=label, **parts)
