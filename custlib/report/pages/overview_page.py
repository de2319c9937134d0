"""Blocks of the overview page of a run: headline, key figures, segments with links, and data quality."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from custlib.customise.plans import SegmentPlan, total
from custlib.move.paths import CAUSES
from custlib.project import Project
from custlib.report.blocks import Callout, Kpi, Kpis, Light, Table, Text, Title
from custlib.report.formats import MISSING, day, interval, money, number, share
from custlib.report.playbook_words import Filler, total_in_words, verdict_word
from custlib.report.privacy import as_told, counts, is_small, net, part_of
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
    coming, worth = t("overview.coming", days=project.horizon_days), money(whole["value"], project.currency, lang)
    moved = share(part_of(moves["customers"], moves["known"]), lang)
    since = t("moves.changed_note", day=day(moves["since"], lang))
    return Kpis(
        [
            Kpi(t("overview.customers"), number(totals["customers"], lang), t("overview.repeat", share=repeat)),
            Kpi(
                t("overview.active", days=project.horizon_days),
                number(totals["active"], lang),
                t("overview.active_note", share=active),
            ),
            Kpi(coming, worth, t("value.between", interval=span)),
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
    lang = t.language
    # Counts are written in the order of the definition, so that the same ones are told about on every page.
    frame = as_told(frame).assign(count=counts(frame["customers"].tolist(), lang))
    frame = _by_gain(frame, plans)
    small = frame["customers"].map(is_small)
    hidden = small | (frame["customers"] == 0)

    def shown(texts: list[str]) -> list[str]:
        return [MISSING if h else x for x, h in zip(texts, hidden, strict=True)]

    ids = frame["segment"].tolist()
    rows = pd.DataFrame({
        "name": frame["name"],
        "verdict": [verdict_word(t, plans.get(s)) for s in ids],
        "customers": frame["count"],
        "change": shown([_changed(t, account.loc[s]) for s in ids]),
        "value": shown([money(x, "", lang).strip() for x in frame["value"]]),
        "first": shown([_first(t, project, plans[s], products.get(s, "")) if s in plans else MISSING for s in ids]),
        "gain": shown([_gain(t, plans[s]) if s in plans else MISSING for s in ids]),
        "href": [f"playbook-{s.replace('_', '-')}.html" if s in plans else "" for s in ids],
    })  # fmt: skip
    title, caption = total_in_words(t, project, total(plans.values())), "overview.segments_caption"
    if not plans:
        rows = rows.drop(columns=["verdict", "first", "gain", "href"])
        title, caption = t("overview.segments_only"), "overview.segments_caption_only"
    days = {"value": project.horizon_days}
    labels = {
        c: t(f"overview.column_{c}", currency=project.currency, days=days.get(c, project.compare_days))
        for c in rows.columns
        if c != "href"
    }
    return Table.of(
        rows, title=title, labels=labels, header="name", caption=t(caption, days=project.horizon_days),
        links={"name": "href"} if plans else {}, language=lang, note=t("value.table_note") if small.any() else "",
    )  # fmt: skip


def _by_gain(frame: pd.DataFrame, plans: Mapping[str, SegmentPlan]) -> pd.DataFrame:
    """Sort segments by expected gain, those that are too few last; as they are without playbooks."""

    def place(segment: str) -> tuple[bool, float]:
        planned = plans.get(segment)
        return planned is None or planned.verdict == "few", -(planned.plan.margin if planned else 0.0)

    order = sorted(range(len(frame)), key=lambda n: place(str(frame["segment"].iloc[n])))
    return frame.iloc[order].reset_index(drop=True)


def _first(t: Texts, project: Project, planned: SegmentPlan, product: str) -> str:
    """Write the first recommended action of a segment, or that there is none."""
    if not planned.is_recommended:
        return t("overview.no_action")
    action = next(one for one in planned.play.action if one.id not in planned.left_out)
    return Filler(t, project, planned, product)(action.what, action)


def _gain(t: Texts, planned: SegmentPlan) -> str:
    """Write the expected gain with its interval; what collects money owed has none."""
    plan = planned.plan
    if planned.play.collects:
        return MISSING
    around = interval(plan.margin_low, plan.margin_high, t.language)
    return t("playbook.with_interval", money=money(plan.margin, "", t.language).strip(), interval=around)


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
    recommended = {name: one.plan.margin for name, one in plans.items() if one.is_recommended}
    most = str(frame.sort_values("value").iloc[-1]["segment"])
    first = max(recommended, key=lambda name: recommended[name]) if recommended else most
    name = frame.set_index("segment")["name"][first]
    return Text(t("start.next_text" if plans else "start.next_none", name=name))
