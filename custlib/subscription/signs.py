"""Makes ``subscription_signs``: whether customers pay equal amounts a month, a quarter or a year apart.

Reads ``invoices`` where there are any, and ``customer_activity``; the lines of purchases are looked at only where the
mean gaps of customers are near a period. Thresholds are rules (``rules/subscriptions.toml``).
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from custlib import rules
from custlib.engine.base import Engine
from custlib.engine.dialect import Dialect, day_literal
from custlib.errors import ModelError
from custlib.graph import record, value
from custlib.project import Project

_PURCHASES, _INVOICES = "purchases", "invoices"


def payments(source: str, until: dt.date) -> str:
    """Write the select of the days on which customers paid, up to a day, with the money of each.

    An invoice counts on the day it is due, where it was paid by then or later; an unpaid one is no payment.
    """
    last = day_literal(until)
    lines = f"select customer_id, day, amount from transactions where is_purchase and day <= {last}"
    if source == _INVOICES:
        lines = f"select customer_id, due as day, amount from invoices where due <= {last} and paid <= {last}"
    return f"select customer_id, day, cast(sum(amount) as double) as amount from ({lines}) group by customer_id, day"


def gaps(sql: Dialect, paid: str) -> str:
    """Write the select of the days between successive payments, with the amounts at both ends."""
    return f"""
        select customer_id, {sql.days("day", "before")} as gap, amount, previous
        from (select customer_id, day, amount, lag(day) over (partition by customer_id order by day) as before,
                     lag(amount) over (partition by customer_id order by day) as previous from ({paid}))
        where before is not null"""


def signs_of(engine: Engine, paid: str, period: str) -> dict[str, Any]:
    """Count how many gaps are of a period, and at how many of these the amount is the same."""
    limits, within = _limits(), rules.load("subscriptions")["period"][period]
    of_period = f"gap between {within['least']} and {within['most']}"
    equal = f"abs(amount - previous) <= {limits['equal_within']} * abs(amount)"
    row = engine.fetch(
        f"select count(*) as gaps, count(case when {of_period} then 1 end) as regular,"
        f" count(case when {of_period} and {equal} then 1 end) as equal from ({gaps(engine.dialect, paid)})"
    ).iloc[0]
    many = engine.fetch(
        f"select count(*) as n from (select customer_id from ({paid}) group by customer_id having count(*) > 2)"
    )["n"].item()
    count, regular = int(row["gaps"]), int(row["regular"])
    shares = {"regular": regular / count if count else 0.0, "equal": int(row["equal"]) / regular if regular else 0.0}
    return {"period": period, "customers": int(many), "gaps": count} | shares


def is_contract(signs: dict[str, Any]) -> bool:
    """Tell whether gaps and amounts are those of a contract.

    Examples
    --------
    >>> is_contract({"customers": 200, "regular": 0.97, "equal": 0.99})
    True
    >>> is_contract({"customers": 200, "regular": 0.97, "equal": 0.30})  # the same days, another basket each time
    False
    """
    limits = _limits()
    return bool(
        signs["customers"] >= limits["fewest_customers"]
        and signs["regular"] >= limits["regular"]
        and signs["equal"] >= limits["equal"]
    )


def likely_period(engine: Engine, activity: str) -> str:
    """Find the period near which the mean gap of most customers with three purchases or more is; empty if none is."""
    periods = rules.load("subscriptions")["period"]
    of_period = ", ".join(
        f"count(case when recency between {one['least']} * frequency and {one['most']} * frequency then 1 end)"
        f" as {name}"
        for name, one in periods.items()
    )
    row = engine.fetch(f"select count(*) as n, {of_period} from {activity} where frequency > 1").iloc[0]
    if row["n"] < _limits()["fewest_customers"]:
        return ""
    likely = max(periods, key=lambda name: row[name])
    return likely if row[likely] >= _limits()["alike"] * row["n"] else ""


def _limits() -> dict[str, float]:
    limits: dict[str, float] = rules.load("subscriptions")["signs"]
    return limits


@record
def subscription_signs(
    engine: Engine, project: Project, quality: dict[str, Any], transactions: str, invoices: str, customer_activity: str
) -> dict[str, Any]:
    """Whether customers seem to pay under a contract: ``period`` (empty if not), ``source``, and what was counted."""
    del transactions, invoices
    if "invoices" in project.registers:
        paid = payments(_INVOICES, project.as_of)
        tried = [signs_of(engine, paid, period) for period in rules.load("subscriptions")["period"]]
        signs = max(tried, key=lambda signs: signs["regular"])
        if is_contract(signs):
            return signs | {"source": _INVOICES}
    period = likely_period(engine, customer_activity) if quality["has_amount"] else ""
    if period:
        signs = signs_of(engine, payments(_PURCHASES, project.as_of), period)
        if is_contract(signs):
            return signs | {"source": _PURCHASES}
    return {"period": "", "source": _PURCHASES, "customers": 0, "gaps": 0, "regular": 0.0, "equal": 0.0}


@dataclass(frozen=True)
class Terms:
    """The contract of the customers: the period they pay for, what their payments are read from, and who says so.

    Attributes
    ----------
    period : str
        ``"month"``, ``"quarter"`` or ``"year"``.
    days : float
        Days of the period.
    grace : int
        Days after which an unpaid period is a loss.
    source : {"purchases", "invoices"}
        What payments are read from.
    is_stated : bool
        Whether the project file says so, or only the purchases look like it.
    """

    period: str
    days: float
    grace: int
    source: str
    is_stated: bool


@value
def subscription_terms(project: Project, subscription_signs: dict[str, Any]) -> Terms:
    """The contract that the project states, else the one that the payments look like."""
    is_stated = project.subscription != "none"
    period = project.subscription if is_stated else subscription_signs["period"]
    if not period:
        raise ModelError(
            "subscription: the payments do not look like those of a contract, with equal amounts a month, a quarter or "
            "a year apart. State subscription in the project file if they are.",
            reason="no_contract",
        )
    source = subscription_signs["source"]
    if is_stated and not subscription_signs["period"] and "invoices" in project.registers:
        source = _INVOICES
    rule = rules.load("subscriptions")["period"][period]
    return Terms(period, float(rule["days"]), int(rule["grace"]), source, is_stated)
