"""Blocks of the overview page of a run: headline, key figures, segments with links, and data quality."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from custlib.customise.playbook_file import Playbook
from custlib.move.paths import CAUSES
from custlib.project import Project
from custlib.report.blocks import Callout, Kpi, Kpis, Light, Table, Text, Title
from custlib.report.formats import MISSING, day, interval, money, number, share
from custlib.report.privacy import counts, is_small, net
from custlib.report.texts import Texts


def headline(t: Texts, project: Project, top_share: float, light: Light) -> Title:
    """State the share of expected value in the top quintile."""
    text = t("overview.headline", share=share(top_share, t.language), days=project.horizon_days)
    return Title(text, t("overview.subtitle", name=project.name, day=day(project.as_of, t.language)), light)


def kpis(
    t: Texts,
    project: Project,
    totals: Mapping[str, float],
    whole: Mapping[str, float],
    moves: Mapping[str, float],
) -> Kpis:
    """Show customers, active customers, expected value, and customers who changed segment."""
    lang = t.language
    span = interval(whole["value_low"], whole["value_high"], lang, project.currency)
    active = share(totals["active"] / totals["customers"], lang)
    repeat = share(totals["repeat_customers"] / totals["customers"], lang)
    coming, worth = t("overview.coming", days=project.horizon_days), money(whole["value"], project.currency, lang)
    since = t("overview.moved_note", days=project.compare_days)
    return Kpis(
        [
            Kpi(t("overview.customers"), number(totals["customers"], lang), t("overview.repeat", share=repeat)),
            Kpi(
                t("overview.active", days=project.horizon_days),
                number(totals["active"], lang),
                t("overview.active_note", share=active),
            ),
            Kpi(coming, worth, t("value.between", interval=span)),
            Kpi(t("overview.moved"), share(moves["moved_share"], lang), since),
        ]
    )


def segments(t: Texts, project: Project, frame: pd.DataFrame, playbook: Playbook, account: pd.DataFrame) -> Table:
    """List every segment with customers, value, change with its main cause, first action, and a link."""
    small = frame["customers"].map(is_small)
    empty = frame["customers"] == 0

    def shown(texts: list[str]) -> list[str]:
        return [MISSING if h else x for x, h in zip(texts, small | empty, strict=True)]

    rows = pd.DataFrame({
        "name": frame["name"],
        "customers": counts(frame["customers"].tolist(), t.language),
        "value": shown([money(x, "", t.language).strip() for x in frame["value"]]),
        "value_share": shown([share(x, t.language) for x in frame["value_share"]]),
        "change": shown([_changed(t, account.loc[s]) for s in frame["segment"]]),
        "first": [MISSING if e else playbook.play(s).action[0].what.text(t.language)
                  for s, e in zip(frame["segment"], empty, strict=True)],
        "href": [f"playbook-{s.replace('_', '-')}.html" for s in frame["segment"]],
    })  # fmt: skip
    days = {"value": project.horizon_days}
    labels = {
        c: t(f"overview.column_{c}", currency=project.currency, days=days.get(c, project.compare_days))
        for c in rows.columns
        if c != "href"
    }
    return Table.of(
        rows, title=t("overview.segments"), labels=labels, header="name",
        caption=t("overview.segments_caption", days=project.horizon_days),
        links={"name": "href"}, language=t.language, note=t("value.table_note") if small.any() else "",
    )  # fmt: skip


def _changed(t: Texts, row: "pd.Series[float]") -> str:
    """Write the net change of a segment with its main cause, unless small."""
    by = {cause: float(row[f"customers_{cause}"]) for cause in CAUSES}
    change = sum(by.values())
    amount = net(change)
    cause = max(by, key=lambda name: by[name] * (1 if change > 0 else -1))
    if not change or is_small(abs(change)) or is_small(abs(by[cause])):
        return amount
    return t("overview.changed", change=amount, cause=t(f"overview.by_{cause}"))


def health(t: Texts, quality: Mapping[str, Any]) -> Callout:
    """Summarise data quality in one sentence."""
    values = {k: number(quality[f"rows_{k}"], t.language) for k in ("read", "used", "quarantined")}
    tone = "good" if quality["rows_quarantined"] == 0 else "note"
    return Callout(t("overview.health"), t("overview.health_text", **values), tone)  # type: ignore[arg-type]


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


def next_step(t: Texts, frame: pd.DataFrame) -> Text:
    """Name the segment with most expected value to begin with."""
    return Text(t("start.next_text", name=frame.sort_values("value").iloc[-1]["name"]))
