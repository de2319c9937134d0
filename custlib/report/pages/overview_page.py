"""Blocks of the overview page of a run: headline, key figures, segments with links, and data quality."""

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from custlib.customise.plans import SegmentPlan, total
from custlib.move.paths import CAUSES
from custlib.project import Project
from custlib.report.blocks import Callout, Kpi, Kpis, Light, Table, Text, Title
from custlib.report.formats import MISSING, day, interval, money, number, share
from custlib.report.pages import value_page
from custlib.report.playbook_words import Filler, gain_in_words, total_in_words, verdict_word
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
    moves: Mapping[str, Any],
) -> Kpis:
    """Show customers, active customers, expected value, and customers who changed segment."""
    lang = t.language
    span = interval(whole["value_low"], whole["value_high"], lang, project.currency)
    active = share(totals["active"] / totals["customers"], lang)
    repeat = share(totals["repeat_customers"] / totals["customers"], lang)
    coming = Kpi(t("overview.coming", days=project.horizon_days), money(whole["value"], project.currency, lang),
                 t("value.between", interval=span))  # fmt: skip
    hidden = is_small(moves["customers"]) or not moves["known"]
    moved = MISSING if hidden else share(moves["customers"] / moves["known"], lang)
    since = t("moves.changed_note", day=day(moves["since"], lang))
    return Kpis(
        [
            Kpi(t("overview.customers"), number(totals["customers"], lang), t("overview.repeat", share=repeat)),
            Kpi(
                t("overview.active", days=project.horizon_days),
                number(round(totals["active"]), lang),
                t("overview.active_note", share=active),
            ),
            value_page.purchases_kpi(t, project, whole) if math.isnan(whole["value"]) else coming,
            Kpi(t("moves.changed"), moved, since),
        ]
    )


def segments(
    t: Texts,
    project: Project,
    frame: pd.DataFrame,
    plans: Mapping[str, SegmentPlan],
    account: pd.DataFrame,
    products: Mapping[str, str],
) -> Table:
    """List every segment with its verdict, the largest expected gain first; the title adds up what is recommended."""
    frame = _by_gain(frame, plans)
    rows = _rows(t, project, frame, plans, account, products)
    has_money = bool(frame["value"].notna().any())
    left_out = ([] if plans else ["verdict", "first", "gain", "href"]) + ([] if has_money else ["value"])
    rows = rows.drop(columns=left_out)
    labels = {c: _label(t, project, c) for c in rows.columns if c != "href"}
    if "gain" in labels and not has_money:
        labels["gain"] = t("purchases.column_gain")
    return Table.of(
        rows, title=total_in_words(t, project, total(plans.values())) if plans else t("overview.segments_only"),
        labels=labels, header="name", caption=t(_caption(plans, has_money), days=project.horizon_days),
        links={"name": "href"} if plans else {}, language=t.language,
        note=t("value.table_note") if frame["customers"].map(is_small).any() else "",
    )  # fmt: skip


def _rows(
    t: Texts,
    project: Project,
    frame: pd.DataFrame,
    plans: Mapping[str, SegmentPlan],
    account: pd.DataFrame,
    products: Mapping[str, str],
) -> pd.DataFrame:
    """Write the columns of the segments; nothing of small ones but their verdict."""
    hidden = frame["customers"].map(is_small) | (frame["customers"] == 0)

    def shown(texts: list[str]) -> list[str]:
        return [MISSING if h else x for x, h in zip(texts, hidden, strict=True)]

    ids = frame["segment"].tolist()
    return pd.DataFrame({
        "name": frame["name"],
        "verdict": [verdict_word(t, plans.get(s)) for s in ids],
        "customers": counts(frame["customers"].tolist(), t.language),
        "change": shown([_changed(t, account.loc[s]) for s in ids]),
        "value": shown([money(x, "", t.language).strip() for x in frame["value"]]),
        "first": shown([_first(t, project, plans[s], products.get(s, "")) if s in plans else MISSING for s in ids]),
        "gain": shown([gain_in_words(t, plans[s]) if s in plans else MISSING for s in ids]),
        "href": [f"playbook-{s.replace('_', '-')}.html" if s in plans else "" for s in ids],
    })  # fmt: skip


def _caption(plans: Mapping[str, SegmentPlan], has_money: bool) -> str:
    """Name the caption of the segments: with playbooks or without, in money or in purchases."""
    if has_money:
        return "overview.segments_caption" if plans else "overview.segments_caption_only"
    return "purchases.segments_caption" if plans else "purchases.by_size"


def _label(t: Texts, project: Project, column: str) -> str:
    """Head a column: coming value is of the horizon, a change of the days compared."""
    days = project.horizon_days if column == "value" else project.compare_days
    return t(f"overview.column_{column}", currency=project.currency, days=days)


def _by_gain(frame: pd.DataFrame, plans: Mapping[str, SegmentPlan]) -> pd.DataFrame:
    """Sort segments by expected gain, those that are too few last; as they are without playbooks."""

    def place(segment: str) -> tuple[bool, float]:
        planned = plans.get(segment)
        return planned is None or planned.verdict == "few", -(planned.plan.gain if planned else 0.0)

    order = sorted(range(len(frame)), key=lambda n: place(str(frame["segment"].iloc[n])))
    return frame.iloc[order].reset_index(drop=True)


def _first(t: Texts, project: Project, planned: SegmentPlan, product: str) -> str:
    """Write the first recommended action of a segment, or that there is none."""
    if not planned.is_recommended:
        return t("overview.no_action")
    action = next(one for one in planned.play.action if one.id not in planned.left_out)
    return Filler(t, project, planned, product)(action.what, action)


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


def next_step(t: Texts, frame: pd.DataFrame, plans: Mapping[str, SegmentPlan]) -> Text:
    """Name the segment to begin with: the largest expected gain, else the most expected value."""
    recommended = {name: one.plan.gain for name, one in plans.items() if one.is_recommended}
    most = str(frame.sort_values("value" if frame["value"].notna().any() else "customers").iloc[-1]["segment"])
    first = max(recommended, key=lambda name: recommended[name]) if recommended else most
    name = frame.set_index("segment")["name"][first]
    return Text(t("start.next_text" if plans else "start.next_none", name=name))
