"""How the pages of the audit look at the base: their words, their periods, and what they count."""

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
    """How the page looks at the base: words, project, cut of time, and what it counts.

    Attributes
    ----------
    measure : {"revenue", "purchase_days"}
        Money where the source has amounts, else purchases.
    money_kind : {"profit", "revenue"}
        What is left of the money for the shop to count.
    """

    t: Texts
    project: Project
    clock: Clock
    measure: str = "revenue"
    money_kind: str = "revenue"

    def name(self, ago: int) -> str:
        """Name a period within a sentence."""
        return self._long(self.clock.period, ago)

    def tick(self, ago: int) -> str:
        """Name a period on an axis or over a column."""
        return self._short(self.clock.period, ago)

    def cohort_name(self, ago: int) -> str:
        """Name a cohort within a sentence, by the period of its first purchase."""
        return self._long(self.clock.cohort, ago)

    def cohort_tick(self, ago: int) -> str:
        """Name a cohort on an axis, a line or a row."""
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
        """Write an amount of the measure with its unit."""
        if self.measure == "revenue":
            return money(value, self.project.currency, self.t.language)
        return self.t("audit.purchases", number=number(value, self.t.language))

    def bare(self, value: float | None) -> str:
        """Write an amount of the measure where the unit is named beside."""
        if self.measure == "revenue":
            return money(value, "", self.t.language)
        return number(value, self.t.language)

    @property
    def label(self) -> str:
        """Name the measure with its unit."""
        return self.t(f"audit.label_{self.measure}", currency=self.project.currency)

    @property
    def has_money(self) -> bool:
        """Whether the source has amounts."""
        return self.measure == "revenue"


def view_of(t: Texts, project: Project, clock: Clock, quality: Mapping[str, Any], money_kind: str) -> View:
    """Look at a base through its money, or through its purchases where the source has no amounts."""
    return View(t, project, clock, "revenue" if quality["has_amount"] else "purchase_days", money_kind)


def row_of(totals: pd.DataFrame, period: int) -> dict[str, float]:
    """Take the totals of one period; zeros where nobody bought in it."""
    found = totals[totals["period"] == period]
    return {str(name): float(found[name].iloc[0]) if len(found) else 0.0 for name in totals.columns}


def opened(text: str) -> str:
    """Let a heading open with a capital.

    Examples
    --------
    >>> opened("the month to 30 Dec 2024: 73 customers"), opened("Q2 1998")
    ('The month to 30 Dec 2024: 73 customers', 'Q2 1998')
    """
    return text[:1].upper() + text[1:]


def few(view: View) -> Callout:
    """Say that there are too few customers to show."""
    return Callout(view.t("audit.few"), view.t("audit.few_text"))


def main_factor(parts: Mapping[str, float]) -> str | None:
    """Name the factor that makes more than half of all movement, with its direction.

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
