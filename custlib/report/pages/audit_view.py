"""Defines the view of the audit pages: texts, project, periods and measure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from custlib.audit.changes import FACTORS
from custlib.audit.months import Clock, Unit, bounds, month_end
from custlib.project import Project
from custlib.report.blocks import Callout
from custlib.report.formats import day, money, number
from custlib.report.period_names import is_calendar, period_name
from custlib.report.texts import Texts

_MOSTLY = 0.5


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

    @property
    def label(self) -> str:
        """Label of the measure with its unit."""
        return self.t(f"audit.label_{self.measure}", currency=self.project.currency)

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


def capitalised(text: str) -> str:
    """Capitalise the first letter of a heading.

    Examples
    --------
    >>> capitalised("the month to 30 Dec 2024: 73 customers"), capitalised("Q2 1998")
    ('The month to 30 Dec 2024: 73 customers', 'Q2 1998')
    """
    return text[:1].upper() + text[1:]


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
