"""Makes ``next_purchase``: when each customer buys next, with an interval, on request.

Reads ``customer_value``. The dates are quantiles of the time to the next purchase given that one comes at all
(`custlib.models.forecasting.next_purchase_periods`); the chance that one does stands beside them. Where that chance is
below the share of the earliest quantile, nobody can say that even this date is reached, and no date is given. A date
more than ten years ahead, the longest period that a project can state, is not given either.
"""

import datetime as dt

from custlib.engine.base import Engine
from custlib.engine.dialect import day_literal
from custlib.graph import REFUSED, Refusal, table
from custlib.models.cells import Array
from custlib.models.forecasting import Histories, LifetimeModel, next_purchase_periods
from custlib.project import MOST_DAYS, Project
from custlib.value.history_scores import make_scores
from custlib.value.on_request.joined_columns import contract_of, scored_customers

SHARES = {"next_purchase_low": 0.10, "next_purchase": 0.50, "next_purchase_high": 0.90}
LEAST_CHANCE = min(SHARES.values())


def make_next_purchase(engine: Engine, name: str, model: LifetimeModel, *, as_of: dt.date, contract: str = "") -> None:
    """Make the table of dates, each null with a reason where it cannot be told."""

    def score(known: Histories) -> dict[str, Array]:
        days = {column: next_purchase_periods(model, known, share, most=MOST_DAYS) for column, share in SHARES.items()}
        return {"probability_of_return": model.probability_of_return(known), **days}

    make_scores(engine, f"{name}_scores", "customer_value", score)
    unlikely = f"s.probability_of_return < {LEAST_CHANCE!r}"
    columns = {"probability_of_return": "s.probability_of_return"}
    columns |= {
        column: f"case when not ({unlikely}) then {engine.dialect.add_days(day_literal(as_of), f's.{column}')} end"
        for column in SHARES
    }
    columns["next_purchase_reason"] = (
        "case when {under_contract} then 'contract'"
        f" when {unlikely} then 'unlikely' when s.next_purchase_high is null then 'late' end"
    )
    engine.make(name, scored_customers(columns, f"{name}_scores", contract))


@table
def next_purchase(
    engine: Engine,
    project: Project,
    customer_value: str,
    lifetime_model: LifetimeModel,
    subscription_value: str | Refusal = REFUSED,
) -> None:
    """Date of the next purchase of each customer, if one comes, with the dates that 10 and 90 of 100 buy by."""
    del customer_value
    make_next_purchase(
        engine, "next_purchase", lifetime_model, as_of=project.as_of,
        contract=contract_of(project, subscription_value),
    )  # fmt: skip
