"""Tables of the structure of the customers: by channel, product, region, age and segment."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from custlib.audit.attributes import AGE_BAND, first_year
from custlib.audit.structure import VALUE, WHOLE
from custlib.report.blocks import Details, Table
from custlib.report.formats import MISSING, number, share
from custlib.report.pages.systems import View
from custlib.report.privacy import amounts, counts, is_small, net

_KNOWN = ("frequency", "recency", "T", "days_since_last", "monetary_value", "first_amount", "profit", "revenue",
          "products", "potential", "probability_alive", "invoices_due", "invoices_late", "invoices_overdue",
          "worst_delay", "longest_overdue", "overdue_amount")  # fmt: skip
_WINDOWED = ("profit", "revenue", "purchases", "quantity")

_NAMED = ("product", "channel", "age_band", "region")


def structure_tables(view: View, frames: Mapping[str, pd.DataFrame]) -> Table | Details | None:
    """Show the structure by every attribute: one table, or several as collapsible details; None without any."""
    blocks = [structure_table(view, name, frame) for name, frame in frames.items() if len(frame) > 1]
    if len(blocks) < 2:
        return blocks[0] if blocks else None
    names = view.t("join.comma").join(
        structure_attribute(view, name) for name, frame in frames.items() if len(frame) > 1
    )
    return Details(view.t("structure.several", names=names), blocks)


def structure_attribute(view: View, name: str) -> str:
    """Return the name of an attribute; attributes of the user keep their name."""
    if name in view.definitions:
        return view.title(name)
    return view.t(f"structure.{name}") if name in _NAMED else name.removeprefix("attribute_").replace("_", " ")


def structure_table(view: View, name: str, frame: pd.DataFrame) -> Table:
    """Show customers, money and products of each value in the latest period and the one before.

    Values stand in the order of their money, ages in their own.
    """
    t, lang = view.t, view.t.language
    frame = _by_age(frame) if name == AGE_BAND else frame
    values = frame[frame["kind"] != WHOLE]
    whole = frame[frame["kind"] == WHOLE].iloc[-1]
    frame = _as_told(frame)
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
    if not view.has_money:
        rows = {name: cells for name, cells in rows.items() if name not in ("revenue", "share", "share_before")}
    if frame["products_per_customer"].notna().any():
        rows["products"] = [MISSING if h else f"{x:.1f}"
                            for x, h in zip(frame["products_per_customer"], hide, strict=True)]  # fmt: skip
    labels = {c: t(f"structure.column_{c}", currency=view.project.currency) for c in rows}
    labels["value"] = structure_attribute(view, name)
    return Table.of(pd.DataFrame(rows), title=_finding(view, name, frame, hide), labels=labels, header="value",
                    caption=t("structure.caption"), language=lang)  # fmt: skip


def _by_age(frame: pd.DataFrame) -> pd.DataFrame:
    """Sort the age bands by age, the youngest first; what is no band stays behind them."""
    is_band = frame["kind"] == VALUE
    bands = frame[is_band].sort_values("value", key=lambda names: names.map(first_year))
    return pd.concat([bands, frame[~is_band]], ignore_index=True)


def _as_told(frame: pd.DataFrame) -> pd.DataFrame:
    """Round the revenue of the values, and its shares with it, where one of them is hidden."""
    is_part = frame["kind"] != WHOLE
    shown = frame["revenue"].where(~is_part).fillna(0.0)
    shown[is_part] = amounts(frame.loc[is_part, "revenue"].tolist(), frame.loc[is_part, "customers"].tolist())
    ratio = (shown / frame["revenue"].where(frame["revenue"] != 0)).fillna(1.0)
    return frame.assign(revenue=shown, share=frame["share"] * ratio)


def _label(view: View, name: str, row: Mapping[Any, Any]) -> str:
    if row["kind"] != VALUE:
        return view.t(f"structure.{row['kind']}")
    if name in view.definitions and row["value"] in view.definitions[name].ids:
        return view.class_name(name, str(row["value"]))
    return str(row["value"])


def _finding(view: View, name: str, frame: pd.DataFrame, hide: list[bool]) -> str:
    """Name the value with most revenue and its previous share, unless it is too small to show."""
    what, values = structure_attribute(view, name), frame.loc[frame["kind"] == VALUE, "revenue"]
    place = int(values.to_numpy().argmax()) if len(values) else 0  # rows of values come first
    first = frame.iloc[place]
    if (
        not view.has_money
        or hide[place]
        or first["kind"] != VALUE
        or not first["share"] > 0
        or is_small(first["customers_before"])
    ):
        return view.t("structure.plain", attribute=what)
    parts = {"share": share(first["share"], view.t.language), "before": share(first["share_before"], view.t.language)}
    label = _label(view, name, {"kind": first["kind"], "value": first["value"]})
    return view.t("structure.finding", attribute=what, value=label, **parts)
