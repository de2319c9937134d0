"""Blocks of the page "What are they worth?": history, forecast with interval, and concentration of value."""

import math
from collections.abc import Iterable, Mapping

import pandas as pd

from custlib.project import Project
from custlib.report import charts
from custlib.report.blocks import Callout, Figure, Kpi, Kpis, Light, Table, Title
from custlib.report.forecast_status import interval_name
from custlib.report.formats import compact, day, interval, money, number, share, shares, suppressed
from custlib.report.pages.trust import everybody_stays
from custlib.report.privacy import as_told, counts, is_small, parts
from custlib.report.texts import Texts, capitalised

_SURELY = 0.9


def headline(t: Texts, project: Project, whole: Mapping[str, float], money_kind: str, light: Light) -> Title:
    """State the coming profit or revenue of the horizon, with its interval."""
    worth = money(whole["value"], project.currency, t.language)
    span = interval(whole["value_low"], whole["value_high"], t.language, project.currency)
    text = t("value.headline", kind=t(f"money.{money_kind}"), days=project.horizon_days, value=worth)
    name = capitalised(interval_name(t, whole["is_tested"]))
    return Title(text, t("value.subtitle", span=name, interval=span, day=day(project.as_of, t.language)), light)


def kpis(t: Texts, project: Project, totals: Mapping[str, float], whole: Mapping[str, float], money_kind: str) -> Kpis:
    """Show history, expected value and residual lifetime value; purchases where they have no amounts."""
    if pd.isna(whole["value"]):
        return purchases_kpis(t, project, totals, whole)
    lang, currency, kind = t.language, project.currency, t(f"money.{money_kind}")
    span = interval(whole["value_low"], whole["value_high"], lang, currency)
    bought = interval(whole["purchases_low"], whole["purchases_high"], lang)
    rate = share(project.annual_discount_rate, lang)
    so_far, coming = money(totals["profit"], currency, lang), money(whole["value"], currency, lang)
    ever = money(totals["residual_lifetime_value"], currency, lang)
    name = interval_name(t, whole["is_tested"])
    notes = [t("worth.historic_note_" + ("profit_served" if project.cost_to_serve else money_kind))]
    if math.isfinite(totals["historic_value"]):
        notes += [t("worth.carried", worth=money(totals["historic_value"], currency, lang), rate=rate)]
    return Kpis(
        [
            Kpi(capitalised(t("money.so_far", kind=kind)), so_far, t("join.semicolon").join(notes)),
            Kpi(
                t("money.coming", kind=kind, days=project.horizon_days),
                coming,
                t("interval.named", span=name, interval=span),
            ),
            Kpi(
                t("value.purchases"),
                compact(whole["expected_purchases"], lang),
                t("interval.named", span=name, interval=bought),
            ),
            Kpi(t("value.residual"), ever, residual_note(t, project, totals, whole, kind)),
        ]
    )


def residual_note(
    t: Texts, project: Project, totals: Mapping[str, float], whole: Mapping[str, float], kind: str
) -> str:
    """Explain residual lifetime value: its discount and interval, or why it is infinite without a discount."""
    if project.annual_discount_rate == 0:
        is_finite = math.isfinite(totals["residual_lifetime_value"])
        return t("value.residual_undiscounted" if is_finite else "value.residual_infinite", kind=kind)
    rate = share(project.annual_discount_rate, t.language)
    span = interval(whole["residual_low"], whole["residual_high"], t.language, project.currency)
    return t("value.residual_note", kind=kind, rate=rate, interval=span)


def below_zero(t: Texts, project: Project, totals: Mapping[str, float], money_kind: str) -> Callout | None:
    """State the number and loss of customers below zero, past and coming; None without any."""
    kind = t(f"money.{money_kind}")
    losses = {
        "past": (totals["below_zero_so_far"], totals["profit_below_zero"]),
        "coming": (totals["below_zero"], totals["value_below_zero"]),
    }
    sentences = []
    for when, (count, loss) in losses.items():
        key = f"worth.below_zero_{when}" + ("_few" if is_small(count) else "")
        values = {"count": suppressed(int(count), t.language), "loss": money(loss, project.currency, t.language)}
        sentences += [t(key, kind=kind, days=project.horizon_days, **values)] if count else []
    return Callout(t("worth.below_zero", kind=kind), t.paragraph(*sentences), "warn") if sentences else None


def curve(t: Texts, frame: pd.DataFrame, top: float, money_kind: str) -> Figure | Callout:
    """Show the cumulative share of value with the 20 % point marked; a callout if the total is not positive."""
    kind = t(f"money.{money_kind}")
    if not frame["value_share"].iloc[-1] > 0:
        return Callout(t("worth.nothing_so_far"), t("worth.nothing_so_far_text"), "warn")
    return charts.cumulative_curve(
        frame, mark=(0.2, top), title=t("value.curve", kind=kind, share=share(top, t.language)), language=t.language,
        caption=t("value.curve_caption", kind=kind), description=t("value.curve_description", kind=kind),
        y_label=t("money.share_so_far", kind=kind),
    )  # fmt: skip


def pyramid(t: Texts, frame: pd.DataFrame, money_kind: str) -> Figure | Callout | None:
    """Compare customers and money by tier, without tiers of fewer than ten customers; None without amounts."""
    if frame["value"].isna().all():
        return None
    frame = as_told(frame)
    frame = frame[frame["customer_share"] > 0]
    if frame.empty:
        return Callout(t("untested.too_few"), t("untested.too_few_text"))
    rows = frame.assign(segment=frame["name"])[["segment", "customer_share", "value_share"]]
    best, kind = frame.iloc[0], t(f"money.{money_kind}")
    values = {k: share(best[f"{k}_share"], t.language) for k in ("customer", "value")}
    return charts.pyramid_bars(
        rows,
        order=list(rows["segment"]),
        language=t.language,
        caption=t("value.pyramid_caption", kind=kind),
        x_label=t("money.share_coming", kind=kind),
        y_label=t("value.column_customer_share"),
        title=t("worth.loss", kind=kind)
        if frame["value"].sum() < 0
        else t("value.pyramid", kind=kind, name=best["name"], customers=values["customer"], value=values["value"]),
        description=t("value.pyramid_description", kind=kind),
    )


def by_segment(
    t: Texts, project: Project, frame: pd.DataFrame, spans: pd.DataFrame, money_kind: str
) -> Figure | Callout:
    """Show past and expected value of each segment, with intervals."""
    rows = as_told(frame).merge(spans[["segment", "value_low", "value_high"]], on="segment")
    rows = rows[rows["customers"].map(lambda n: n > 0 and not is_small(n))]
    if rows.empty:
        return Callout(t("untested.too_few"), t("untested.too_few_text"))
    rows = rows.assign(label=rows["name"], low=rows["value_low"], high=rows["value_high"])
    best, kind = rows.sort_values("value").iloc[-1], t(f"money.{money_kind}")
    return charts.dot_intervals(
        rows.assign(historic=rows["profit"])[["label", "value", "low", "high", "historic"]],
        language=t.language, x_label=t("money.in_currency", kind=kind, currency=project.currency),
        caption=t("value.dots_caption", kind=kind, days=project.horizon_days, span=_name_of(t, spans)),
        title=t("worth.loss", kind=kind)
        if rows["value"].sum() < 0
        else t("value.dots", kind=kind, name=best["name"], share=share(best["value_share"], t.language)),
        description=t("value.dots_description", kind=kind),
    )  # fmt: skip


def table(
    t: Texts, project: Project, frame: pd.DataFrame, *, title: str, money_kind: str, flags: tuple[str, ...] = ()
) -> Table:
    """Show customers, history and forecast of every segment; small ones only as "<10".

    Columns of a missing forecast are omitted; a model without drop-out is stated.
    """
    frame, small = as_told(frame), frame["customers"].map(is_small)
    rows = pd.DataFrame({"name": frame["name"], "customers": counts(frame["customers"].tolist(), t.language)})
    for column in ("customer_share", "revenue", "value", "value_share"):
        texts = shares(frame[column], t.language) if column.endswith("share") else _amounts(t, frame[column])
        rows[column] = ["–" if hide else text for text, hide in zip(texts, small, strict=True)]
    rows["customer_share"] = _customer_shares(t, frame, rows)
    once = (frame["frequency"] == 0) & frame["probability_alive"].isna()
    rows["probability_alive"] = [
        "–" if hide else t("value.alive_unknown") if bought_once else text
        for text, hide, bought_once in zip(shares(frame["probability_alive"], t.language), small, once, strict=True)
    ]
    notes = [t("value.table_note")] if small.any() else []
    notes += [t("value.table_note_once")] if once.any() else []
    if everybody_stays(flags):
        measured = rows["probability_alive"].where(small | (frame["customers"] == 0), t("untested.unmeasurable"))
        rows = rows.assign(probability_alive=measured)
        notes = [*notes[: int(small.any())], t("untested.unmeasurable_note")]
    rows = rows.drop(columns=_unknown(frame))
    notes = notes if "probability_alive" in rows else notes[: int(small.any())]
    labels = {c: _label(t, project, c, t(f"money.{money_kind}")) for c in rows.columns}
    return Table.of(rows, title=title, labels=labels, header="name", language=t.language, note=t.paragraph(*notes))


def _amounts(t: Texts, amounts: Iterable[float]) -> list[str]:
    """Write amounts without their currency, which the column names."""
    return [money(amount, "", t.language).strip() for amount in amounts]


def _label(t: Texts, project: Project, column: str, kind: str) -> str:
    """Name a column; those of the forecast by what is forecast and the horizon."""
    coming = {"value": "money.coming_in", "value_share": "money.share_coming"}
    key = coming.get(column, f"value.column_{column}")
    return t(key, kind=kind, currency=project.currency, days=project.horizon_days)


def _customer_shares(t: Texts, frame: pd.DataFrame, rows: pd.DataFrame) -> list[str]:
    """Write the shares of customers, as precisely as their counts."""
    known = parts(frame["customers"].tolist())
    return [
        "–" if part is None else f"≈ {share(part, t.language)}" if count.startswith("≈") else text
        for part, count, text in zip(known, rows["customers"], rows["customer_share"], strict=True)
    ]


def _unknown(frame: pd.DataFrame) -> list[str]:
    """List the columns that nothing is known for: revenue without amounts, and money or P(alive) not forecast."""
    past = [] if frame["revenue"].fillna(0.0).ne(0.0).any() else ["revenue"]
    money = ["value", "value_share"] if frame["value"].isna().all() else []
    return past + money + (["probability_alive"] if frame["probability_alive"].isna().all() else [])


def alive_map(t: Texts, frame: pd.DataFrame, flags: tuple[str, ...] = ()) -> Figure | Callout:
    """Show P(alive) by frequency and days since the last purchase, if it is informative."""
    if everybody_stays(flags):
        return Callout(t("untested.everybody_stays"), t("untested.everybody_stays_text"), "warn")
    if frame.empty:
        return Callout(t("untested.no_time"), t("untested.no_time_text"), "warn")
    return charts.alive_heatmap(
        frame,
        title=t(_fading(frame)),
        caption=t("value.alive_caption"),
        language=t.language,
        description=t("value.alive_description"),
    )


def _fading(frame: pd.DataFrame) -> str:
    """Choose the words on silence: whether it tells anything, and whether it tells more of frequent buyers."""
    if not frame["probability_alive"].min() < _SURELY:
        return "value.alive_flat"
    longest = frame[frame["days_since_last"] == frame["days_since_last"].max()].sort_values("frequency")
    often, seldom = (longest["probability_alive"].iloc[place] for place in (-1, 0))
    return "value.alive" if often < seldom else "value.alive_alike"


def purchases_headline(t: Texts, project: Project, coming_value: Mapping[str, float], *, light: Light) -> Title:
    """State the purchases expected in the horizon, with their interval."""
    text = t("purchases.headline", purchases=_count(t, coming_value["expected_purchases"]), days=project.horizon_days)
    name = capitalised(interval_name(t, coming_value["is_tested"]))
    subtitle = t(
        "purchases.subtitle", span=name, interval=_between(t, coming_value), day=day(project.as_of, t.language)
    )
    return Title(text, subtitle, light)


def purchases_kpis(
    t: Texts, project: Project, value_totals: Mapping[str, float], coming_value: Mapping[str, float]
) -> Kpis:
    """Show customers, those expected to buy, and the purchases expected."""
    totals, lang = value_totals, t.language
    repeat, active = (share(totals[name] / totals["customers"], lang) for name in ("repeat_customers", "active"))
    days = project.horizon_days
    return Kpis(
        [
            Kpi(t("purchases.customers"), number(totals["customers"], lang), t("purchases.repeat", share=repeat)),
            Kpi(
                t("purchases.active", days=days), _count(t, totals["active"]), t("purchases.active_note", share=active)
            ),
            purchases_kpi(t, project, coming_value),
        ]
    )


def purchases_kpi(t: Texts, project: Project, whole: Mapping[str, float]) -> Kpi:
    """Show the purchases expected in the horizon, with their interval."""
    label, note = (
        t("purchases.expected", days=project.horizon_days),
        t("interval.named", span=interval_name(t, whole["is_tested"]), interval=_between(t, whole)),
    )
    return Kpi(label, _count(t, whole["expected_purchases"]), note)


def purchases_by_segment(
    t: Texts, project: Project, frame: pd.DataFrame, segment_intervals: pd.DataFrame
) -> Figure | Callout:
    """Show the purchases expected of each segment, with intervals.

    Parameters
    ----------
    frame : pandas.DataFrame
        Summary of the segments, as :func:`custlib.segment.profiles.summary` returns it.
    """
    ends = segment_intervals[["segment", "purchases_low", "purchases_high"]]
    rows = frame.merge(ends, on="segment")
    rows = rows[rows["customers"].map(lambda n: n > 0 and not is_small(n))]
    if rows.empty:
        return Callout(t("untested.too_few"), t("untested.too_few_text"))
    rows = rows.assign(
        label=rows["name"], value=rows["expected_purchases"], low=rows["purchases_low"], high=rows["purchases_high"]
    )
    best, whole = rows.sort_values("value").iloc[-1], float(frame["expected_purchases"].sum())
    part = share(best["value"] / whole if whole > 0 else 0.0, t.language)
    return charts.dot_intervals(
        rows[["label", "value", "low", "high"]], language=t.language, x_label=t("purchases.axis"),
        title=t("purchases.dots", name=best["name"], share=part),
        caption=t("purchases.dots_caption", days=project.horizon_days, span=_name_of(t, segment_intervals)),
        description=t("purchases.dots_description"),
    )  # fmt: skip


def _count(t: Texts, count: float) -> str:
    return number(round(count), t.language)


def _name_of(t: Texts, spans: pd.DataFrame) -> str:
    return interval_name(t, float(spans["is_tested"].iloc[0]))


def _between(t: Texts, whole: Mapping[str, float]) -> str:
    return interval(whole["purchases_low"], whole["purchases_high"], t.language)
