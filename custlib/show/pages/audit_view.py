"""How the pages of the audit look at the base: their words, their periods, and what they count."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from custlib.differentiate.audit_changes import FACTORS
from custlib.differentiate.audit_periods import Clock, bounds
from custlib.project import Project
from custlib.show.blocks import Callout
from custlib.show.formats import money, number
from custlib.show.periods import period_name
from custlib.show.texts import Texts

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
        """Name a period."""
        return period_name(*bounds(self.clock.as_of, self.clock.period.months, ago), self.t.language)

    def cohort_name(self, ago: int) -> str:
        """Name a cohort by the period of its first purchase."""
        return period_name(*bounds(self.clock.as_of, self.clock.cohort.months, ago), self.t.language)

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
    """Take the totals of one period."""
    return {str(name): float(n) for name, n in totals[totals["period"] == period].iloc[0].items()}


def few(view: View) -> Callout:
    """Say that there are too few customers to show."""
    return Callout(view.t("audit.few"), view.t("audit.few_text"))


def main_factor(parts: Mapping[str, float]) -> str | None:
    """Name the factor that makes more than half of all movement, with its direction.

    Parameters
    ----------
    parts : mapping
        What :func:`custlib.differentiate.audit_changes.change_parts` made.

    Returns
    -------
    str or None
        For instance ``"customers_down"``; None where no factor stands out, or it works against the change.

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
