"""Estimates the margin of each customer, shrunk to the common one.

Reads ``sampled_days`` and customer activity. A customer's own margin, profit over revenue, is weighted by revenue /
(revenue + evidence), the credibility of Buehlmann and Straub (1970), "Glaubwuerdigkeit fuer Schadensaetze": evidence
is the variance of margins within customers over that between them. Which multiple of it predicts best is decided on the
inner holdout; where no own margin predicts better than the common one, that is taken.
"""

import datetime as dt
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from custlib import rules
from custlib.engine.base import Engine
from custlib.graph import REFUSED, Refusal, record, value
from custlib.project import Project
from custlib.value.history import Money
from custlib.value.holdout_period import HoldoutPeriod
from custlib.value.sampled_days import customers_at


@dataclass(frozen=True)
class Margins:
    """Margin of every customer: common + (own - common) x revenue / (revenue + evidence).

    Attributes
    ----------
    common : float
        Share of net revenue that is profit before the cost to serve, over all customers.
    evidence : float or None
        Revenue at which a customer's own margin counts as much as the common one; None where it does not count.
    """

    common: float
    evidence: float | None = None

    def of(self, revenue: float, profit: float) -> float:
        """Margin of a customer with this revenue and profit before the cost to serve.

        Examples
        --------
        >>> round(Margins(0.4, 100.0).of(300.0, -60.0), 6)
        -0.05
        """
        if self.evidence is None or revenue <= 0:
            return self.common
        own = min(max(profit / revenue, -1.0), 1.0)
        return self.common + (own - self.common) * revenue / (revenue + self.evidence)


def margin_sql(margins: Margins) -> str:
    """Write the margin of a customer as a column of the activity, with the parameters of :func:`parameters`."""
    common = "cast(:margin as double)"
    if margins.evidence is None:
        return common
    revenue = "cast(revenue as double)"
    profit = "(cast(profit as double) + cast(:cost_to_serve as double) * (frequency + 1))"
    own = f"least(greatest({profit} / {revenue}, -1), 1)"
    weight = f"{revenue} / ({revenue} + cast(:margin_evidence as double))"
    return f"case when {revenue} > 0 then {common} + ({own} - {common}) * {weight} else {common} end"


def parameters(margins: Margins) -> dict[str, float]:
    """Map the SQL parameters to their values.

    Examples
    --------
    >>> parameters(Margins(0.4))
    {'margin': 0.4}
    """
    own = {} if margins.evidence is None else {"margin_evidence": margins.evidence}
    return {"margin": margins.common} | own


def evidence(customers: pd.DataFrame) -> float | None:
    """Estimate the evidence from the days of customers; None where margins differ no more than by chance.

    Examples
    --------
    >>> days = pd.DataFrame({"days_sold": [2, 2], "sold": [20.0, 20.0], "earned": [2.0, 8.0]})
    >>> round(evidence(days.assign(earned_squares=[0.4, 3.4])), 3)
    5.714
    """
    sold = customers[customers["days_sold"] > 0]
    days, revenue, profit, squares = (
        sold[name].to_numpy(dtype=float) for name in ("days_sold", "sold", "earned", "earned_squares")
    )
    spare, total = float((days - 1).sum()), float(revenue.sum())
    weights = total - float(revenue @ revenue) / total if total else 0.0
    if spare <= 0 or weights <= 0:
        return None
    within = float((squares - profit**2 / revenue).sum()) / spare
    common = profit.sum() / total
    between = (float((revenue * (profit / revenue - common) ** 2).sum()) - (len(sold) - 1) * within) / weights
    return within / between if between > rules.load("spend")["margin"]["least_spread"] ** 2 else None


def choose_multiple(customers: pd.DataFrame) -> dict[str, Any]:
    """Choose the multiple of the evidence that best predicts margins in the inner holdout; None for no own margin."""
    limits = rules.load("spend")["margin"]
    later = customers[(customers["later_purchases"] > 0) & (customers["later_amount"] > 0)]
    amount = evidence(customers)
    if amount is None or len(later) < limits["fewest_customers"]:
        return {"multiple": None, "reason": "untested" if amount else "alike", "customers": len(later), "errors": {}}
    common = float(customers["profit"].sum() / customers["amount"].sum())
    tried = {None: Margins(common)} | {multiple: Margins(common, multiple * amount) for multiple in limits["multiples"]}
    errors = {multiple: error_of(margins, later) for multiple, margins in tried.items()}
    best = min(errors, key=lambda multiple: errors[multiple])
    written = {"common" if multiple is None else f"{multiple:g}": error for multiple, error in errors.items()}
    return {"multiple": best, "reason": "tested", "customers": len(later), "errors": written}


def error_of(margins: Margins, later: pd.DataFrame) -> float:
    """Root mean square error of margins in the inner holdout, weighted by revenue."""
    columns = (later[name].to_numpy(dtype=float) for name in ("amount", "profit", "later_amount", "later_profit"))
    known, earned, revenue, profit = columns
    expected = np.array([margins.of(*pair) for pair in zip(known, earned, strict=True)])
    return math.sqrt(float(revenue @ (profit / revenue - expected) ** 2) / float(revenue.sum()))


def margin_rate(engine: Engine, activity: str, *, cost_to_serve: float = 0.0) -> float:
    """Share of net revenue that is profit before the cost to serve, over all customers."""
    sums = engine.fetch(
        f"select sum(profit) as profit, sum(revenue) as revenue, sum(frequency + 1) as purchase_days from {activity}"
    ).astype(float)
    revenue, served = sums["revenue"].item(), cost_to_serve * sums["purchase_days"].item()
    return float((sums["profit"].item() + served) / revenue) if revenue > 0 else 1.0


@record
def margin_choice(history_money: Money, inner_customers: pd.DataFrame | Refusal = REFUSED) -> dict[str, Any]:
    """How much a customer's own margin counts, and why."""
    if isinstance(inner_customers, Refusal) or not history_money.has_margins:
        return {"multiple": None, "reason": "alike", "customers": 0, "errors": {}}
    return choose_multiple(inner_customers)


def _read_margins(content: dict[str, Any]) -> Margins:
    return Margins(**content)


def _margins_at(
    engine: Engine, activity: str, choice: dict[str, Any], project: Project, until: dt.date
) -> dict[str, Any]:
    """Margins of all customers known on a day."""
    common, multiple = margin_rate(engine, activity, cost_to_serve=project.cost_to_serve), choice["multiple"]
    amount = evidence(customers_at(engine, until)) if multiple is not None else None
    return vars(Margins(common, multiple * amount if amount is not None else None))


@record(load=_read_margins)
def margins(
    engine: Engine,
    project: Project,
    customer_activity: str,
    margin_choice: dict[str, Any],
    sampled_days: str | Refusal = REFUSED,
) -> dict[str, Any]:
    """The margins of customers at as_of."""
    del sampled_days
    return _margins_at(engine, customer_activity, margin_choice, project, project.as_of)


@record(load=_read_margins)
def calibration_margins(
    engine: Engine,
    project: Project,
    holdout_period: HoldoutPeriod,
    calibration_activity: str,
    margin_choice: dict[str, Any],
    sampled_days: str | Refusal = REFUSED,
) -> dict[str, Any]:
    """The margins of customers at the end of calibration."""
    del sampled_days
    return _margins_at(engine, calibration_activity, margin_choice, project, holdout_period.calibration_end)


@value
def margin(margins: Margins) -> float:
    """Share of net revenue that is profit before the cost to serve, over all customers."""
    return margins.common
