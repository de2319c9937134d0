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


def next_step(t: Texts, frame: pd.DataFrame, plans: Mapping[str, SegmentPlan]) -> Text:
    """Name the segment to begin with: the largest expected gain, else the most expected value."""
    recommended = {name: one.plan.gain for name, one in plans.items() if one.is_recommended}
    most = str(frame.sort_values("value" if frame["value"].notna().any() else "customers").iloc[-1]["segment"])
    first = max(recommended, key=lambda name: recommended[name]) if recommended else most
    name = frame.set_index("segment")["name"][first]
    return Text(t("start.next_text" if plans else "start.next_none", name=name))
