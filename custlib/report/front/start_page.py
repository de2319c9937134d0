"""Blocks of the page of the whole way: its headline, and the segment to begin with."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from custlib.customise.plans import SegmentPlan
from custlib.project import Project
from custlib.report.blocks import Text, Title
from custlib.report.formats import day, number, share
from custlib.report.texts import Texts


def start_headline(t: Texts, project: Project, base: Mapping[str, Any]) -> Title:
    """State the number of customers and the share of one-time buyers."""
    values = {
        "customers": number(base["customers"], t.language),
        "share": share(base["one_time_share"], t.language),
    }
    return Title(
        t("start.headline", **values),
        t("start.subtitle", name=project.name, day=day(project.as_of, t.language)),
    )


def next_step(t: Texts, frame: pd.DataFrame, plans: Mapping[str, SegmentPlan], money_kind: str) -> Text:
    """Name the segment to begin with: the largest expected gain, else the most coming profit, else most customers."""
    recommended = {name: one.plan.gain for name, one in plans.items() if one.is_recommended}
    has_money = bool(frame["value"].notna().any())
    most = str(frame.sort_values("value" if has_money else "customers").iloc[-1]["segment"])
    first = max(recommended, key=lambda name: recommended[name]) if recommended else most
    name = frame.set_index("segment")["name"][first]
    if plans:
        return Text(t("start.next_text", name=name))
    kind = t(f"money.{money_kind}")
    return Text(t("start.next_none" if has_money else "start.next_largest", name=name, kind=kind))
