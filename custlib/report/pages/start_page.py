"""Blocks of the page "Start here": headline and next step."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from custlib.project import Project
from custlib.report.blocks import Text, Title
from custlib.report.formats import day, number, share
from custlib.report.texts import Texts


def headline(t: Texts, project: Project, base: Mapping[str, Any]) -> Title:
    """State the number of customers and the share of one-time buyers."""
    values = {
        "customers": number(base["customers"], t.language),
        "share": share(base["one_time_share"], t.language),
    }
    return Title(
        t("start.headline", **values),
        t("start.subtitle", name=project.name, day=day(project.as_of, t.language)),
    )


def next_step(t: Texts, frame: pd.DataFrame) -> Text:
    """Name the segment with most expected value to begin with."""
    return Text(t("start.next_text", name=frame.sort_values("value").iloc[-1]["name"]))
