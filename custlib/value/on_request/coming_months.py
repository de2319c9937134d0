"""Makes ``coming_months``: expected purchases and value of each customer in each month of the horizon, on request.

Reads ``customer_value``. What comes in a month is what is expected by its end less what is expected by its beginning
(`custlib.models.forecasting.purchases_by_period`), so that the months sum to the horizon. Months are those of the
calendar: the first begins on the day after as_of, the last ends with the horizon, and either may be a part of one.
Payments under a contract come from ``subscription_months``.
"""

import datetime as dt

from custlib.engine.base import Engine
from custlib.graph import REFUSED, Refusal, table
from custlib.models.cells import Array
from custlib.models.forecasting import Histories, LifetimeModel, purchases_by_period
from custlib.project import Project
from custlib.value.history_scores import make_scores
from custlib.value.on_request.joined_columns import contract_of, scored_customers


def month_ends(as_of: dt.date, days: int) -> dict[str, int]:
    """List the months of a horizon by year and month, with the days from as_of to the last of each.

    Examples
    --------
    >>> month_ends(dt.date(2025, 12, 30), 60)
    {'2025_12': 1, '2026_01': 32, '2026_02': 60}
    """
    ends: dict[str, int] = {}
    for day in range(1, days + 1):
        ends[f"{as_of + dt.timedelta(days=day):%Y_%m}"] = day
    return ends


def make_coming_months(
    engine: Engine, name: str, model: LifetimeModel, *, as_of: dt.date, horizon_days: int, daily_rate: float,
    contract: str = "",
) -> None:  # fmt: skip
    """Make the table, with two columns for each month."""
    ends = month_ends(as_of, horizon_days)
    rates = {"expected_purchases": 0.0, "value": daily_rate}

    def score(known: Histories) -> dict[str, Array]:
        return {
            f"{column}_{month}": own
            for column, rate in rates.items()
            for month, own in zip(ends, purchases_by_period(model, known, [*ends.values()], rate=rate).T, strict=True)
        }

    make_scores(engine, f"{name}_scores", "customer_value", score)
    columns = {}
    for month in ends:
        columns[f"expected_purchases_{month}"] = f"s.expected_purchases_{month}"
        columns[f"value_{month}"] = f"s.value_{month} * v.expected_margin"
    if contract:
        columns = {
            column: f"case when {{under_contract}} then k.{column} else {text} end" for column, text in columns.items()
        }
    engine.make(name, scored_customers(columns, f"{name}_scores", contract))


@table
def coming_months(
    engine: Engine,
    project: Project,
    customer_value: str,
    lifetime_model: LifetimeModel,
    subscription_months: str | Refusal = REFUSED,
) -> None:
    """Expected purchases and value of each customer in each month of the horizon."""
    del customer_value
    make_coming_months(
        engine, "coming_months", lifetime_model, as_of=project.as_of, horizon_days=project.horizon_days,
        daily_rate=project.daily_discount_rate, contract=contract_of(project, subscription_months),
    )  # fmt: skip
