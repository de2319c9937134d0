"""Blocks of the page "What are they worth?": history, forecast with interval, and concentration of value."""

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from custlib.project import Project
from custlib.report import charts
from custlib.report.blocks import Callout, Facts, Figure, Kpi, Kpis, Light, Table, Text, Title
from custlib.report.formats import day, interval, money, number, share, suppressed
from custlib.report.pages.foot import cost_to_serve, margin
from custlib.report.pages.trust import everybody_stays
from custlib.report.privacy import as_told, counts, is_small, parts
from custlib.report.texts import Texts

_SURELY = 0.9


def headline(t: Texts, project: Project, whole: Mapping[str, float], light: Light) -> Title:
    """State the expected value of the horizon, with its interval."""
    worth = money(whole["value"], project.currency, t.language)
    span = interval(whole["value_low"], whole["value_high"], t.language, project.currency)
    text = t("value.headline", days=project.horizon_days, value=worth)
    return Title(text, t("value.subtitle", interval=span, day=day(project.as_of, t.language)), light)


def kpis(t: Texts, project: Project, totals: Mapping[str, float], whole: Mapping[str, float], money_kind: str) -> Kpis:
    """Show history, expected value and residual lifetime value."""
    lang, currency = t.language, project.currency
    span = interval(whole["value_low"], whole["value_high"], lang, currency)
    bought = interval(whole["purchases_low"], whole["purchases_high"], lang)
    rate = share(project.annual_discount_rate, lang)
    so_far, coming = money(totals["profit"], currency, lang), money(whole["value"], currency, lang)
    ever = money(totals["residual_lifetime_value"], currency, lang)
    later = interval(whole["residual_low"], whole["residual_high"], lang, currency)
    notes = [t(f"worth.historic_note_{money_kind}" + ("_served" if project.cost_to_serve else ""))]
    if math.isfinite(totals["historic_value"]):
        notes += [t("worth.carried", worth=money(totals["historic_value"], currency, lang), rate=rate)]
    return Kpis(
        [
            Kpi(t("value.historic"), so_far, t("join.semicolon").join(notes)),
            Kpi(t("value.coming", days=project.horizon_days), coming, t("value.between", interval=span)),
            Kpi(t("value.purchases"), number(whole["expected_purchases"], lang), t("value.between", interval=bought)),
            Kpi(t("value.residual"), ever, t("value.residual_note", rate=rate, interval=later)),
        ]
    )


def below_zero(t: Texts, project: Project, totals: Mapping[str, float]) -> Callout | None:
    """State the number and loss of unprofitable customers, past and expected; None without any."""
    losses = {
        "past": (totals["below_zero_so_far"], totals["profit_below_zero"]),
        "coming": (totals["below_zero"], totals["value_below_zero"]),
    }
    sentences = []
    for when, (count, loss) in losses.items():
        key = f"worth.below_zero_{when}" + ("_few" if is_small(count) else "")
        values = {"count": suppressed(int(count), t.language), "loss": money(loss, project.currency, t.language)}
        sentences += [t(key, days=project.horizon_days, **values)] if count else []
    return Callout(t("worth.below_zero"), " ".join(sentences), "warn") if sentences else None


def basis(
    t: Texts, project: Project, totals: Mapping[str, float], quality: Mapping[str, Any], margin_rate: float
) -> Facts | Text:
    """Show how value is computed: margin, cost to serve, rate, and both definitions of lifetime value."""
    if not quality["has_amount"]:
        return Text(t("worth.no_money"))
    lang, currency = t.language, project.currency
    past, ever = totals["historic_value"], totals["residual_lifetime_value"]
    rate, daily = share(project.annual_discount_rate, lang), f"{project.daily_discount_rate * 100:.4f} %"
    margin_text = margin(t, project, quality)
    if quality["has_cost"] or project.product_margins:
        margin_text = t("worth.margin_on_average", margin=margin_text, share=share(margin_rate, lang))
    return Facts(
        [
            (t("worth.margin"), margin_text),
            (t("worth.cost_to_serve"), cost_to_serve(t, project)),
            (t("worth.rate"), t("worth.rate_text", rate=rate, daily=daily)),
            (t("worth.past"), t("worth.past_text", worth=money(past, currency, lang), rate=rate)),
            (t("worth.narrow"), t("worth.narrow_text", worth=money(ever, currency, lang))),
            (t("worth.wide"), t("worth.wide_text", worth=money(past + ever, currency, lang))),
        ]
    )


def curve(t: Texts, frame: pd.DataFrame, top: float) -> Figure | Callout:
    """Show the cumulative share of value with the 20 % point marked; a callout if the total is not positive."""
    if not frame["value_share"].iloc[-1] > 0:
        return Callout(t("worth.nothing_so_far"), t("worth.nothing_so_far_text"), "warn")
    return charts.cumulative_curve(
        frame, mark=(0.2, top), title=t("value.curve", share=share(top, t.language)), language=t.language,
        caption=t("value.curve_caption"), description=t("value.curve_description"),
    )  # fmt: skip


def pyramid(t: Texts, frame: pd.DataFrame) -> Figure | Callout:
    """Compare customers and money by tier, without tiers of fewer than ten customers."""
    frame = as_told(frame)
    frame = frame[frame["customer_share"] > 0]
    if frame.empty:
        return Callout(t("untested.too_few"), t("untested.too_few_text"))
    rows = frame.assign(segment=frame["name"])[["segment", "customer_share", "value_share"]]
    best = frame.iloc[int((frame["customers"] > 0).to_numpy().argmax())]
    values = {k: share(best[f"{k}_share"], t.language) for k in ("customer", "value")}
    return charts.pyramid_bars(
        rows,
        order=list(rows["segment"]),
        language=t.language,
        caption=t("value.pyramid_caption"),
        title=t("worth.loss")
        if frame["value"].sum() < 0
        else t("value.pyramid", name=best["name"], customers=values["customer"], value=values["value"]),
        description=t("value.pyramid_description"),
    )


def by_segment(t: Texts, project: Project, frame: pd.DataFrame, spans: pd.DataFrame) -> Figure | Callout:
    """Show past and expected value of each segment, with intervals."""
    rows = as_told(frame).merge(spans[["segment", "value_low", "value_high"]], on="segment")
    rows = rows[rows["customers"].map(lambda n: n > 0 and not is_small(n))]
    if rows.empty:
        return Callout(t("untested.too_few"), t("untested.too_few_text"))
    rows = rows.assign(label=rows["name"], low=rows["value_low"], high=rows["value_high"])
    best = rows.sort_values("value").iloc[-1]
    return charts.dot_intervals(
        rows.assign(historic=rows["profit"])[["label", "value", "low", "high", "historic"]],
        language=t.language, x_label=project.currency, caption=t("value.dots_caption", days=project.horizon_days),
        title=t("worth.loss")
        if rows["value"].sum() < 0
        else t("value.dots", name=best["name"], share=share(best["value_share"], t.language)),
        description=t("value.dots_description"),
    )  # fmt: skip


def table(t: Texts, project: Project, frame: pd.DataFrame, *, title: str, flags: tuple[str, ...] = ()) -> Table:
    """Show customers, history and forecast of every segment; small ones only as "<10".

    Columns of a missing forecast are omitted; a model without drop-out is stated.
    """
    frame, small = as_told(frame), frame["customers"].map(is_small)
    rows = pd.DataFrame({"name": frame["name"], "customers": counts(frame["customers"].tolist(), t.language)})
    for column, form in (("customer_share", share), ("revenue", None), ("value", None), ("value_share", share)):
        write = (lambda x: money(x, "", t.language).strip()) if form is None else (lambda x: share(x, t.language))
        rows[column] = [("–" if hide else write(x)) for x, hide in zip(frame[column], small, strict=True)]
    rows["customer_share"] = _customer_shares(t, frame, rows)
    once = frame["frequency"] == 0
    rows["probability_alive"] = [
        "–" if hide else t("value.alive_unknown") if bought_once else share(x, t.language)
        for x, hide, bought_once in zip(frame["probability_alive"].where(~once), small, once, strict=True)
    ]
    notes = [t("value.table_note")] if small.any() else []
    notes += [t("value.table_note_once")] if once.any() else []
    if everybody_stays(flags):
        measured = rows["probability_alive"].where(small | (frame["customers"] == 0), t("untested.unmeasurable"))
        rows = rows.assign(probability_alive=measured)
        notes = [*notes[: int(small.any())], t("untested.unmeasurable_note")]
    rows = rows.drop(columns=_unknown(frame))
    notes = notes if "probability_alive" in rows else notes[: int(small.any())]
    labels = {c: t(f"value.column_{c}", currency=project.currency, days=project.horizon_days) for c in rows.columns}
    return Table.of(rows, title=title, labels=labels, header="name", language=t.language, note=" ".join(notes))


def _customer_shares(t: Texts, frame: pd.DataFrame, rows: pd.DataFrame) -> list[str]:
    """Write the shares of customers, as precisely as their counts."""
    known = parts(frame["customers"].tolist())
    return [
        "–" if part is None else f"≈ {share(part, t.language)}" if count.startswith("≈") else text
        for part, count, text in zip(known, rows["customers"], rows["customer_share"], strict=True)
    ]


def _unknown(frame: pd.DataFrame) -> list[str]:
    """List the columns of a missing forecast: money, P(alive), or both."""
    money = ["value", "value_share"] if frame["value"].isna().all() else []
    return money + (["probability_alive"] if frame["probability_alive"].isna().all() else [])


def alive_map(t: Texts, frame: pd.DataFrame, flags: tuple[str, ...] = ()) -> Figure | Callout:
    """Show P(alive) by frequency and days since the last purchase, if it is informative."""
    if everybody_stays(flags):
        return Callout(t("untested.everybody_stays"), t("untested.everybody_stays_text"), "warn")
    if frame.empty:
        return Callout(t("untested.no_time"), t("untested.no_time_text"), "warn")
    fades = frame["probability_alive"].min() < _SURELY
    return charts.alive_heatmap(
        frame,
        title=t("value.alive" if fades else "value.alive_flat"),
        caption=t("value.alive_caption"),
        language=t.language,
        description=t("value.alive_description"),
    )
