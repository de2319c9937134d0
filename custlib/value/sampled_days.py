"""Makes ``sampled_days``: the days of a bounded sample of customers, with the number of purchases so far on each.

Reads ``customer_history`` and ``transactions``. What is learned of single customers (second purchases, spend and margin
in a later period) is learned from these days, so that its cost does not grow with the base. Customers are sampled by a
hash of their id: every customer of a small base, and on every engine the same. Those known at the end of calibration
are sampled by themselves, so that nothing learned of that period depends on who came later.
"""

import datetime as dt
from typing import Any

import pandas as pd

from custlib import rules
from custlib.engine.base import Engine
from custlib.engine.dialect import day_literal
from custlib.errors import ModelError
from custlib.graph import table
from custlib.project import Project
from custlib.value.activity import NO_AMOUNT


def sampled_days_sql(sample: str, until: dt.date) -> str:
    """Write the select of the days of sampled customers up to a day, numbered by purchase."""
    number = "sum(case when is_purchase then 1 else 0 end) over (partition by customer_id order by day)"
    return f"""
        select customer_id, day, is_purchase, cast({number} as integer) as purchase, amount, profit
        from (
            select customer_id, day, bool_or(is_purchase) as is_purchase,
                   cast(sum(amount) as double) as amount, cast(sum(profit) as double) as profit
            from transactions join ({sample}) using (customer_id)
            where day <= {day_literal(until)} group by customer_id, day)"""


def sample_sql(*, known: int, known_before: int, most: int) -> str:
    """Write the select of about ``most`` customers known now, and as many known at the end of calibration.

    ``known`` and ``known_before`` count those there are; a customer is taken where the hash of the id is low enough.
    """
    before = f"purchase_days_calibration > 0 and {sample_below(known_before, most)}"
    return f"select customer_id from customer_history where ({before}) or ({sample_below(known, most)})"


def sample_below(customers: int, most: int) -> str:
    """Write the condition that takes about ``most`` of so many customers, by the hash of their id.

    Examples
    --------
    >>> sample_below(50, 100), sample_below(400, 100)
    ('true', "substr(md5(cast(customer_id as string)), 1, 8) < '40000000'")
    """
    share = min(most / customers, 1.0) if customers else 1.0
    return "true" if share == 1 else f"substr(md5(cast(customer_id as string)), 1, 8) < '{int(share * 16**8):08x}'"


def customers_at(engine: Engine, until: dt.date, *, later: dt.date | None = None) -> pd.DataFrame:
    """Fetch what the sampled days say of each customer known on a day, and of what came after it up to ``later``.

    A row holds the days since the first purchase, the money of the first purchase day, of all days, and of the second
    purchase with the refunds before the third; days with revenue, and what the variance of margins needs of them.
    """
    early, late = f"day <= {day_literal(until)}", f"day > {day_literal(until)}"
    days, sold = engine.dialect.days, f"{early} and amount > 0"
    sums = {
        "purchases": ("1", f"is_purchase and {early}"),
        "first_amount": ("amount", "is_purchase and purchase = 1"),
        "second_amount": ("amount", f"purchase = 2 and {early}"),
        "amount": ("amount", early),
        "profit": ("profit", early),
        "days_sold": ("1", sold),
        "sold": ("amount", sold),
        "earned": ("profit", sold),
        "earned_squares": ("profit * profit / amount", sold),
        "later_purchases": ("1", f"is_purchase and {late}"),
        "later_amount": ("amount", late),
        "later_profit": ("profit", late),
    }
    columns = ", ".join(f"{_sum(*of)} as {name}" for name, of in sums.items())
    known = f"""
        select customer_id, min(case when purchase = 1 then day end) as first_day,
               min(case when purchase = 2 and {early} then day end) as second_day, {columns}
        from sampled_days where day <= {day_literal(later or until)} group by customer_id"""
    return engine.fetch(
        f"select {days(day_literal(until), 'first_day')} as age, {days('second_day', 'first_day')} as gap,"
        f" {', '.join(sums)} from ({known}) where purchases > 0 order by customer_id"
    ).astype(float)


def _sum(column: str, where: str) -> str:
    return f"cast(sum(case when {where} then {column} else 0 end) as double)"


@table
def sampled_days(
    engine: Engine, project: Project, quality: dict[str, Any], customer_history: str, transactions: str
) -> None:
    """Days of a bounded sample of customers, all of a small base."""
    del customer_history, transactions
    if not quality["has_amount"]:
        raise ModelError("spend: the purchases have no amount column. Map one to amount.", reason=NO_AMOUNT)
    counted = engine.fetch(
        "select count(*) as known, coalesce(sum(case when purchase_days_calibration > 0 then 1 else 0 end), 0)"
        " as known_before from customer_history"
    ).astype(int)
    counts = {str(name): int(counted[name].item()) for name in counted}
    sample = sample_sql(**counts, most=rules.load("spend")["sample"]["customers"])
    engine.make("sampled_days", sampled_days_sql(sample, project.as_of))
