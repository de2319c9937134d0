"""Makes ``subscription_value``, on request by month: what the payments to come of customers under contract are worth.

Reads ``subscription_lifetimes`` and the retention models. A customer who has made m renewals pays again with the
probability S(m + 1) / S(m) when the period ends, and so on: the discounted expected residual lifetime (DERL) of Fader
and Hardie (2010), discounted on to as_of, times what a payment leaves. A customer who has left is worth nothing more.
One who is overdue within the days of grace is the less likely to pay the later the day is among those of renewals.
"""

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from custlib.engine.base import Engine
from custlib.errors import ModelError
from custlib.graph import table, value
from custlib.models.retention.renewals import RenewalModel, discounted_payments, retention_rate
from custlib.project import Project
from custlib.subscription.renewal_counts import lifetimes
from custlib.subscription.signs import Terms, gaps, payments
from custlib.value.holdout_period import HoldoutPeriod
from custlib.value.on_request.coming_months import month_ends

Floats = NDArray[np.float64]
Counts = NDArray[np.int_]

_KEY = ["renewals", "days_since_last"]


def count_gaps(engine: Engine, terms: Terms, as_of: dt.date) -> pd.DataFrame:
    """Count the renewals up to a day by the days since the payment before, as many as may pass with the grace."""
    select = gaps(engine.dialect, payments(terms.source, as_of))
    most = terms.days + terms.grace
    return engine.fetch(f"select gap, count(*) as n from ({select}) where gap <= {most!r} group by gap order by gap")


def share_later(gaps_seen: pd.DataFrame, days: Floats) -> Floats:
    """Compute the share of renewals that come later than some days after the payment before; 1 without any renewal.

    Examples
    --------
    >>> share_later(pd.DataFrame({"gap": [30, 31], "n": [3, 1]}), np.array([10.0, 30.0, 31.0])).tolist()
    [1.0, 0.25, 0.0]
    """
    if gaps_seen.empty:
        return np.ones_like(days)
    passed = np.append(0.0, gaps_seen["n"].to_numpy(dtype=float).cumsum())
    return np.asarray(1 - passed[np.searchsorted(gaps_seen["gap"].to_numpy(dtype=float), days, "right")] / passed[-1])


def scores(
    there: pd.DataFrame, model: RenewalModel, gaps_seen: pd.DataFrame, *, period_days: float, horizon_days: int,
    daily_rate: float,
) -> pd.DataFrame:  # fmt: skip
    """Compute the payments to come of customers who are there, by renewals made and days since the last payment.

    ``next_payment`` is the probability of the next one within the horizon, ``expected_payments`` how many come within
    it, ``discounted_payments`` and ``residual_payments`` what they and all others count today. Without a discount the
    last is missing: it need not be finite.
    """
    past, silent = there["renewals"].to_numpy(dtype=int), there["days_since_last"].to_numpy(dtype=float)
    wait, rate = np.maximum(period_days - silent, 0.0), retention_rate(model, past + 1)
    later = share_later(gaps_seen, silent)
    renews = rate * later / (rate * later + 1 - rate)  # Bayes: it has not been paid by now
    count = np.where(wait <= horizon_days, np.floor((horizon_days - wait) / period_days) + 1, 0).astype(int)
    per_period = float(np.expm1(daily_rate * period_days))
    today = renews / rate * np.exp(-daily_rate * wait)
    residual = discounted_payments(model, past, per_period) if per_period > 0 else np.full(len(past), np.nan)
    return there[_KEY].assign(
        probability_alive=np.where(silent > period_days, renews, 1.0),
        next_payment=np.where(count > 0, renews, 0.0),
        expected_payments=renews / rate * _within(model, past, 0.0, count),
        discounted_payments=today * _within(model, past, per_period, count),
        residual_payments=today * residual,
    )


def _within(model: RenewalModel, past: Counts, discount: float, count: Counts) -> Floats:
    """Payments to come of which each customer has time for so many."""
    total = np.zeros(len(past))
    for most in np.unique(count[count > 0]):
        inside = count == most
        total[inside] = discounted_payments(model, past[inside], discount, payments=int(most))
    return total


def make_value(
    engine: Engine, name: str, lifetimes: str, model: RenewalModel, *, terms: Terms, project: Project, margin: float
) -> None:
    """Make the table of the value of customers under contract."""
    there = engine.fetch(f"select distinct renewals, days_since_last from {lifetimes} where not is_lost order by 1, 2")
    to_come = scores(
        there, model, count_gaps(engine, terms, project.as_of), period_days=terms.days,
        horizon_days=project.horizon_days, daily_rate=project.daily_discount_rate,
    )  # fmt: skip
    engine.attach_frame(f"{name}_scores", to_come)
    columns = ("probability_alive", "next_payment", "expected_payments", "discounted_payments", "residual_payments")
    select = f"""
        select customer_id, is_lost, l.renewals, amount, amount * :margin - :cost_to_serve as margin_per_payment,
               {", ".join(f"case when is_lost then 0e0 else s.{column} end as {column}" for column in columns)}
        from {lifetimes} l left join {name}_scores s
        on l.renewals = s.renewals and l.days_since_last = s.days_since_last"""
    engine.make(
        name,
        "select *, discounted_payments * margin_per_payment as value,"
        f" residual_payments * margin_per_payment as residual_lifetime_value from ({select})",
        margin=margin,
        cost_to_serve=project.cost_to_serve,
    )


def make_months(
    engine: Engine, name: str, lifetimes: str, model: RenewalModel, *, terms: Terms, project: Project, margin: float
) -> None:
    """Make the table of the payments, and of their value, in each month of the horizon; months sum to the horizon."""
    there = engine.fetch(f"select distinct renewals, days_since_last from {lifetimes} where not is_lost order by 1, 2")
    seen, ends = count_gaps(engine, terms, project.as_of), month_ends(project.as_of, project.horizon_days)
    each = [
        scores(there, model, seen, period_days=terms.days, horizon_days=end, daily_rate=project.daily_discount_rate)
        for end in ends.values()
    ]
    columns = {
        f"{column}_{month}": own
        for column, source in (("expected_purchases", "expected_payments"), ("value", "discounted_payments"))
        for month, own in zip(ends, np.diff(np.column_stack([one[source] for one in each]), prepend=0.0).T, strict=True)
    }
    engine.attach_frame(f"{name}_scores", there.assign(**columns))
    worth = "(amount * :margin - :cost_to_serve)"
    written = ", ".join(
        f"case when is_lost then 0e0 else s.{column} end * {worth if column.startswith('value') else 1} as {column}"
        for column in columns
    )
    engine.make(
        name,
        f"select customer_id, {written} from {lifetimes} l left join {name}_scores s"
        " on l.renewals = s.renewals and l.days_since_last = s.days_since_last",
        margin=margin, cost_to_serve=project.cost_to_serve,
    )  # fmt: skip


def value_totals(engine: Engine, table: str) -> dict[str, float]:
    """Add up the customers under contract: who is there, who has left, the payments to come and what they are worth."""
    row = engine.fetch(
        "select count(*) as customers, count(case when is_lost then 1 end) as lost,"
        " sum(expected_payments) as expected_payments, sum(discounted_payments) as discounted_payments,"
        " sum(residual_payments) as residual_payments, coalesce(sum(value), 0) as value,"
        f" coalesce(sum(residual_lifetime_value), 0) as residual_lifetime_value from {table}"
    ).iloc[0]
    return {str(name): float(number) for name, number in row.items()}


def compare_payments(
    engine: Engine, model: RenewalModel, terms: Terms, holdout_period: HoldoutPeriod
) -> dict[str, float]:
    """Compare the payments expected in the holdout of the customers known before it with those that came."""
    end, last = holdout_period.calibration_end, holdout_period.as_of
    known = f"({lifetimes(engine.dialect, terms, end)})"
    there = engine.fetch(
        f"select renewals, days_since_last, count(*) as n from {known} where not is_lost group by 1, 2 order by 1, 2"
    )
    to_come = scores(
        there, model, count_gaps(engine, terms, end), period_days=terms.days, horizon_days=holdout_period.days,
        daily_rate=0.0,
    )  # fmt: skip
    came = engine.fetch(
        f"select count(*) as n from ({payments(terms.source, last)}) p join {known} k"
        " on p.customer_id = k.customer_id where p.day > :calibration_end",
        calibration_end=end,
    )["n"].item()
    expected = float(to_come["expected_payments"].to_numpy() @ there["n"].to_numpy(dtype=float))
    return {"customers": float(there["n"].sum()), "expected": expected, "actual": float(came)}


@table
def subscription_value(
    engine: Engine,
    project: Project,
    subscription_terms: Terms,
    subscription_lifetimes: str,
    retention_models: dict[str, Any],
    margin: float,
) -> None:
    """Payments to come of each customer under contract, and what they are worth."""
    make_value(
        engine, "subscription_value", subscription_lifetimes, retention_models["chosen"],
        terms=subscription_terms, project=project, margin=margin,
    )  # fmt: skip


@table
def subscription_months(
    engine: Engine,
    project: Project,
    subscription_terms: Terms,
    subscription_lifetimes: str,
    retention_models: dict[str, Any],
    margin: float,
) -> None:
    """Payments to come of each customer under a contract that is stated, and their value, by month; on request."""
    if not subscription_terms.is_stated:
        raise ModelError("subscription_months: no contract is stated.", reason="not_stated")
    make_months(
        engine, "subscription_months", subscription_lifetimes, retention_models["chosen"],
        terms=subscription_terms, project=project, margin=margin,
    )  # fmt: skip


@value
def subscription_totals(engine: Engine, subscription_value: str) -> dict[str, float]:
    """Totals of the customers under contract."""
    return value_totals(engine, subscription_value)


@value
def subscription_test(
    engine: Engine, subscription_terms: Terms, calibration_retention: dict[str, Any], holdout_period: HoldoutPeriod
) -> dict[str, float]:
    """Payments expected in the holdout and those that came."""
    return compare_payments(engine, calibration_retention["chosen"], subscription_terms, holdout_period)
