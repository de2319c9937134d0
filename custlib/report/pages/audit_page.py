"""Blocks of the page "The customer base today", lens 1: the distribution of customers in one period."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from custlib.audit.changes import FACTORS, change_parts
from custlib.audit.months import Clock, Unit, bounds, month_end
from custlib.project import Project
from custlib.report import charts
from custlib.report.blocks import Callout, Figure, Kpi, Kpis, Table, Title
from custlib.report.formats import MISSING, change, day, is_calendar, money, number, period_name, share, suppressed
from custlib.report.page_limits import limit
from custlib.report.privacy import counts, is_small
from custlib.report.texts import Texts, capitalised


@dataclass(frozen=True)
class View:
    """Texts, project, periods and measure of an audit page.

    Attributes
    ----------
    measure : {"revenue", "purchase_days"}
        Revenue if the source has amounts, else purchase days.
    money_kind : {"profit", "revenue"}
        Profit if costs or a margin are known, else revenue.
    """

    t: Texts
    project: Project
    clock: Clock
    measure: str = "revenue"
    money_kind: str = "revenue"

    def name(self, ago: int) -> str:
        """Return the name of a period in a sentence."""
        return self._long(self.clock.period, ago)

    def tick(self, ago: int) -> str:
        """Return the name of a period on an axis or in a column header."""
        return self._short(self.clock.period, ago)

    def cohort_name(self, ago: int) -> str:
        """Return the name of a cohort in a sentence, by its first period."""
        return self._long(self.clock.cohort, ago)

    def cohort_tick(self, ago: int) -> str:
        """Return the name of a cohort on an axis, line or row."""
        return self._short(self.clock.cohort, ago)

    def _short(self, unit: Unit, ago: int) -> str:
        if is_calendar(*bounds(self.clock.as_of, unit.months, 0)):
            return period_name(*bounds(self.clock.as_of, unit.months, ago), self.t.language)
        return self.t("audit.name_until", day=day(month_end(self.clock.as_of, unit.months * ago), self.t.language))

    def _long(self, unit: Unit, ago: int) -> str:
        if is_calendar(*bounds(self.clock.as_of, unit.months, 0)):
            return self._short(unit, ago)
        last = day(month_end(self.clock.as_of, unit.months * ago), self.t.language)
        return self.t("audit.name_long", unit=self.t(f"audit.unit_{unit.name}"), day=last)

    def amount(self, value: float | None) -> str:
        """Format an amount of the measure with its unit."""
        if self.measure == "revenue":
            return money(value, self.project.currency, self.t.language)
        return self.t("audit.purchases", number=number(value, self.t.language))

    def bare(self, value: float | None) -> str:
        """Format an amount of the measure without its unit."""
        if self.measure == "revenue":
            return money(value, "", self.t.language)
        return number(value, self.t.language)

    def named(self, value: float | None) -> str:
        """Format an amount of the measure with its unit and its word."""
        if self.measure == "revenue":
            return self.t("money.named", kind=self.what, amount=self.amount(value))
        return self.amount(value)

    @property
    def what(self) -> str:
        """Word of the measure: revenue or purchases."""
        return self.t(f"audit.what_{self.measure}")

    @property
    def kind(self) -> str:
        """Word of what customers are sorted by: profit or revenue."""
        return self.t(f"money.{self.money_kind}")

    @property
    def label(self) -> str:
        """Label of the measure with its unit."""
        return self.in_currency(self.what) if self.has_money else self.t("audit.label_purchase_days")

    def in_currency(self, kind: str) -> str:
        """Label of a kind of money, with the currency."""
        return capitalised(self.t("money.in_currency", kind=kind, currency=self.project.currency))

    @property
    def has_money(self) -> bool:
        """Whether the source has amounts."""
        return self.measure == "revenue"


def view_of(t: Texts, project: Project, clock: Clock, quality: Mapping[str, Any], money_kind: str) -> View:
    """Build the view of revenue, or of purchase days if the source has no amounts."""
    return View(t, project, clock, "revenue" if quality["has_amount"] else "purchase_days", money_kind)


def row_of(totals: pd.DataFrame, period: int) -> dict[str, float]:
    """Return the totals of a period; zeros without purchases."""
    rows = totals[totals["period"] == period]
    return {str(name): float(rows[name].iloc[0]) if len(rows) else 0.0 for name in totals.columns}


def few(view: View) -> Callout:
    """Return the callout for too few customers."""
    return Callout(view.t("audit.few"), view.t("audit.few_text"))


def main_factor(parts: Mapping[str, float]) -> str | None:
    """Return the factor with more than half of all movement, and its direction.

    Examples
    --------
    >>> main_factor({"customers": -60.0, "frequency": 10.0, "spend": -20.0, "other": 0.0})
    'customers_down'
    >>> main_factor({"customers": -5.0, "frequency": 4.0, "spend": -4.0, "other": 0.0})
    """
    largest = max(FACTORS, key=lambda name: abs(parts[name]))
    moved, change_ = sum(abs(part) for part in parts.values()), sum(parts.values())
    if not moved or abs(parts[largest]) / moved <= _MOSTLY or parts[largest] * change_ <= 0:
        return None
    return f"{largest}_{'up' if parts[largest] > 0 else 'down'}"


_MIDDLE = 0.5


def headline(view: View, totals: pd.DataFrame) -> Title:
    """State the total of the last period, its change on the previous one, and the main factor."""
    t, now, before = view.t, row_of(totals, 0), _before(view, totals)
    subtitle = t("audit.subtitle", name=view.project.name, day=day(view.clock.as_of, t.language))
    if now["customers"] < limit("privacy", "smallest_count"):
        return Title(capitalised(t("audit.headline_few", period=view.name(0))), subtitle)
    values = {"period": view.name(0), "amount": view.named(now[view.measure]),
              "customers": number(now["customers"], t.language)}  # fmt: skip
    if before is None:
        return Title(capitalised(t("audit.headline", **values)), subtitle)
    values |= {"change": change(now[view.measure] / before[view.measure] - 1, t.language), "before": view.name(1)}
    cause = main_factor(change_parts(before, now, measure=view.measure))
    if cause is None:
        return Title(capitalised(t("audit.headline_change", **values)), subtitle)
    return Title(capitalised(t("audit.headline_cause", **values, cause=t(f"audit.cause_{cause}"))), subtitle)


def _before(view: View, totals: pd.DataFrame) -> dict[str, float] | None:
    """Return the previous period, if it is complete, large enough and not zero."""
    if view.clock.whole_periods < 2:
        return None
    previous = row_of(totals, 1)
    return (
        previous if previous["customers"] >= limit("privacy", "smallest_count") and previous[view.measure] > 0 else None
    )


def kpis(view: View, totals: pd.DataFrame, once: Mapping[str, float]) -> Kpis:
    """Show all customers, active customers, their revenue, and the share of one-time buyers."""
    t, lang, now, before = view.t, view.t.language, row_of(totals, 0), _before(view, totals)
    few = now["customers"] < limit("privacy", "smallest_count")
    pair = counts([now["new_customers"], now["customers"] - now["new_customers"]], lang)
    moved = change(now[view.measure] / before[view.measure] - 1, lang) if before and not few else ""
    brought = MISSING if few else view.amount(now[view.measure])
    return Kpis(
        [
            Kpi(t("audit.customers"), suppressed(int(once["customers"]), lang), t("audit.customers_note")),
            Kpi(t("audit.active", period=view.name(0)), suppressed(int(now["customers"]), lang),
                "" if few else t("audit.active_note", new=pair[0]) if now["new_customers"] else t("audit.active_none")),
            Kpi(t(f"audit.brought_{view.measure}", period=view.name(0)), brought,
                t("audit.against", change=moved, before=view.name(1)) if moved else ""),
            _once(view, once),
        ]
    )  # fmt: skip


def _once(view: View, once: Mapping[str, float]) -> Kpi:
    """Show the share of one-time buyers, overall and among earlier customers."""
    t, lang = view.t, view.t.language
    hide = is_small(once["once"]) or is_small(once["customers"])
    ever = MISSING if hide else share(once["once"] / once["customers"], lang)
    new = once["customers"] - once["old_customers"]
    if min(once["old_once"], new) < limit("privacy", "smallest_count"):
        return Kpi(t("audit.once"), ever, t("audit.once_plain"))
    old_share = share(once["old_once"] / once["old_customers"], lang)
    return Kpi(t("audit.once"), ever, t("audit.once_note", share=old_share))


def days(view: View, frame: pd.DataFrame) -> Figure | Callout:
    """Show the customers of the last period by number of purchase days."""
    t, lang = view.t, view.t.language
    total = frame["customers"].sum()
    if total == 0 or is_small(total):
        return few(view)
    rows = frame.assign(
        label=[_span(low, high, last=n == len(frame) - 1) for n, (low, high) in _ends(frame)],
        value=frame["customers"], share=frame["customers"] / total, amount=_part(frame["revenue"]),
    )  # fmt: skip
    key = "audit.days_title" if rows["label"].iloc[0] == "1" else "audit.days_title_plain"
    figure = charts.bars(
        rows[["label", "value"]], title=t(key, share=share(rows["share"].iloc[0], lang), period=view.name(0)),
        caption=t("audit.days_caption"), description=t("audit.days_description"), language=lang, form="suppressed",
        x_label=t("audit.column_customers"), y_label=t("audit.column_days"),
    )  # fmt: skip
    shown = ["label", "value", "share", "amount"] if view.measure == "revenue" else ["label", "value", "share"]
    labels = {"label": t("audit.column_days"), "value": t("audit.column_customers"),
              "share": t("audit.column_share"), "amount": t("money.share", kind=view.what)}  # fmt: skip
    return replace(figure, table=_table(view, rows[shown], figure.title, labels))


def _ends(frame: pd.DataFrame) -> list[tuple[int, tuple[float, float]]]:
    return list(enumerate(zip(frame["low"], frame["high"], strict=True)))


def _span(low: float, high: float, *, last: bool) -> str:
    return f"{low:.0f}" if low == high else f"{low:.0f}+" if last else f"{low:.0f}–{high:.0f}"


def _part(column: pd.Series) -> pd.Series:
    return column / column.sum() if column.sum() > 0 else column * math.nan


def _table(view: View, frame: pd.DataFrame, title: str, labels: dict[str, str]) -> Table:
    """Format a frame as a table: shares, counts and text."""
    kinds = {"value": "number", "share": "share", "amount": "share", "customers": "number"}
    formats = {name: kind for name, kind in kinds.items() if name in frame and frame[name].dtype != object}
    used = {name: labels[name] for name in frame.columns}
    return Table.of(frame, title=title, formats=formats, labels=used, language=view.t.language)


def spend(view: View, frame: pd.DataFrame) -> Figure | Callout | None:
    """Show the customers of the last period by spend per purchase day; None without money."""
    t, lang, total = view.t, view.t.language, frame["customers"].sum()
    if view.measure != "revenue" or total == 0 or is_small(total) or len(frame) < 2:
        return None
    rows = frame.assign(
        label=[_money_span(view, low, high) for low, high in zip(frame["low"], frame["high"], strict=True)],
        value=frame["customers"], share=frame["customers"] / total, amount=_part(frame["revenue"]),
    )  # fmt: skip
    most = rows.iloc[int(rows["value"].to_numpy().argmax())]
    figure = charts.bars(
        rows[["label", "value"]], caption=t("audit.spend_caption"), description=t("audit.spend_description"),
        title=t("audit.spend_title", share=share(most["share"], lang), span=most["label"],
                currency=view.project.currency),
        language=lang, form="suppressed", highlight=most["label"], x_label=t("audit.column_customers"),
        y_label=t("audit.column_spend", currency=view.project.currency),
    )  # fmt: skip
    labels = {"label": t("audit.column_spend", currency=view.project.currency), "value": t("audit.column_customers"),
              "share": t("audit.column_share"), "amount": t("money.share", kind=view.what)}  # fmt: skip
    return replace(figure, table=_table(view, rows[["label", "value", "share", "amount"]], figure.title, labels))


def _money_span(view: View, low: float, high: float) -> str:
    ends = {"low": number(low, view.t.language), "high": number(high, view.t.language)}
    if math.isinf(high):
        return view.t("audit.from", **ends)
    return view.t("audit.under" if math.isinf(low) or low <= 0 else "audit.from_to", **ends)


def parts(view: View, frame: pd.DataFrame) -> Figure | None:
    """Show the profit of each decile of customers of the last period; None without money."""
    t, lang = view.t, view.t.language
    if view.measure != "revenue" or frame.empty:
        return None
    rows = frame.assign(
        label=[t("audit.part", number=f"{n}") for n in frame["part"]],
        value=frame["profit"],
        mean=[money(x, "", lang) for x in frame["mean"]],
        customers=frame["customers"].round(),
    )
    best, half = frame["share"].iloc[0], frame.loc[frame["part"] > len(frame) * _MIDDLE, "share"].sum()
    kind, one = view.kind, share(1 / len(frame), lang)
    key = "audit.parts_title" if best == best else "audit.parts_title_none"
    figure = charts.bars(
        rows[["label", "value"]], title=t(key, one=one, best=share(best, lang), half=share(half, lang), kind=kind),
        caption=t("audit.parts_caption", kind=kind), description=t("audit.parts_description", kind=kind), language=lang,
        x_label=view.in_currency(kind), y_label=t("audit.column_part"), highlight=rows["label"].iloc[0],
    )  # fmt: skip
    mean = capitalised(t("audit.column_mean", kind=kind, currency=view.project.currency))
    labels = {"label": t("audit.column_part"), "customers": t("audit.column_customers"),
              "money": view.in_currency(kind), "share": t("money.share", kind=kind), "mean": mean}  # fmt: skip
    table = rows.assign(money=[money(x, "", lang) for x in rows["profit"]])
    return replace(figure, table=_table(view, table[list(labels)], figure.title, labels))


_MOSTLY = 0.5
