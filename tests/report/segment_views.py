"""Views of segmentations made by hand, for the tests of their pages."""

import datetime as dt
from typing import Any

import pandas as pd

from custlib.project import Project, build
from custlib.report.pages.systems import View
from custlib.report.texts import texts
from custlib.segment.definitions import Definition

AS_OF = dt.date(2024, 12, 30)
BEFORE = dt.date(2024, 9, 30)


def project(**changes: Any) -> Project:
    """A shop."""
    return build({"id": "shop", "name": "Shop", "as_of": "2024-12-30", "source": {"path": "x.csv"}} | changes)


def definition(name: str, ids: str, rule: dict[str, Any] | None = None) -> Definition:
    """A definition whose segments are letters, called like them."""
    segments = tuple(
        {"id": s, "name": {"en": f"Class {s}", "zh": f"{s} 类"}, "strategy": {"en": f"Do {s}", "zh": f"做 {s}"}}
        for s in ids
    )
    return Definition(name, "2024-12-30", rule or {}, segments)


def brief(found: Definition, customers: list[int], *, each: list[float], language: str = "en") -> pd.DataFrame:
    """What its segments add up to: each customer has brought and will bring so much."""
    frame = pd.DataFrame({"segmentation": found.segmentation, "segment": found.ids, "customers": customers})
    frame.insert(2, "name", [found.name(s, language) for s in found.ids])
    money = frame["customers"] * pd.Series(each)
    frame = frame.assign(profit=money, historic_value=money, value=money, residual_lifetime_value=money * 2)
    for name, part in (("customers", "customer_share"), ("profit", "profit_share"), ("value", "value_share")):
        frame[part] = frame[name] / max(float(frame[name].sum()), 1.0)
    return frame


def view(found: Definition, customers: list[int], *, each: list[float] | None = None, language: str = "en") -> View:
    """A page that shows one segmentation."""
    rows = brief(found, customers, each=each or [10.0] * len(customers), language=language)
    return View(texts(language), project(), (found.segmentation,), {found.segmentation: found}, rows)


def moves(*rows: tuple[str, str, str, int]) -> pd.DataFrame:
    """Moves as the ledger reads them, of (cause, from, to, customers); each customer has 10 before and 12 after."""
    frame = pd.DataFrame(rows, columns=["cause", "from_segment", "to_segment", "customers"])
    return frame.assign(
        money_before=frame["customers"] * 10.0 * (frame["from_segment"] != "none"),
        money_after=frame["customers"] * 12.0 * (frame["to_segment"] != "none"),
        value=frame["customers"] * 1.0,
    )
