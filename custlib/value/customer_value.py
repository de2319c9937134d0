"""Makes ``customer_value``: past and expected purchases and profit of each customer.

Reads customer activity and ``history_scores``, and ``customer_potential`` where there are products. Value is
purchases x (spend x margin - cost to serve), so it can be negative; the margin is the customer's own, shrunk to that of
all. Forecasts are discounted, and past profits compounded, to as_of at the annual rate of the project. Profit, not
revenue, wherever costs or a margin are known.
"""

from typing import Any

from custlib.engine.base import Engine
from custlib.engine.dialect import Dialect
from custlib.graph import REFUSED, Refusal, table, value
from custlib.project import Project
from custlib.value import spend
from custlib.value.margins import Margins, margin_sql, parameters
from custlib.value.spend import Spend, SpendModel

_SUMMED = (
    "expected_purchases", "value", "residual_lifetime_value", "historic_value", "profit", "revenue",
    "service_cost", "potential_value",
)  # fmt: skip
FORECASTS = (
    "probability_alive", "loyalty", "probability_of_purchase", "expected_purchases", "expected_spend",
    "expected_margin", "value", "residual_lifetime_value", "service_cost", "potential_value",
)  # fmt: skip


def customer_value_sql(
    sql: Dialect, activity: str, scores: str, money: Spend, margins: Margins, *, potential: str | None = None
) -> str:
    """Write the select of one row per customer with history and forecast."""
    join = f"left join {potential} p using (customer_id)" if potential else ""
    return f"""
        select customer_id, frequency, recency, T, days_since_last, monetary_value,
               probability_alive,
               probability_alive as loyalty,
               probability_of_purchase,
               expected_purchases,
               expected_spend,
               expected_margin,
               discounted_purchases * expected_margin as value,
               residual_purchases * expected_margin as residual_lifetime_value,
               discounted_purchases * cast(:cost_to_serve as double) as service_cost,
               potential_value,
               historic_value,
               cast(profit as double) as profit,
               cast(revenue as double) as revenue
        from (select *, expected_spend * customer_margin - cast(:cost_to_serve as double) as expected_margin
              from (
            select a.*, s.probability_alive, s.probability_of_purchase, s.expected_purchases,
                   s.discounted_purchases, s.residual_purchases,
                   {"p.potential_value" if potential else "cast(null as double)"} as potential_value,
                   {margin_sql(margins)} as customer_margin,
                   {spend.expected_spend(sql, money)} as expected_spend
            from {activity} a join {scores} s using (frequency, recency, T) {join}))"""


def make_customer_value(
    engine: Engine,
    name: str,
    activity: str,
    scores: str,
    *,
    money: Spend,
    margins: Margins,
    cost_to_serve: float = 0.0,
    potential: str | None = None,
) -> None:
    """Make the table of customer value."""
    select = customer_value_sql(engine.dialect, activity, scores, money, margins, potential=potential)
    values: dict[str, Any] = spend.parameters(money) | parameters(margins)
    engine.make(name, select, cost_to_serve=cost_to_serve, **values)


def make_contract_value(engine: Engine, name: str, forecast: str, contract: str, *, cost_to_serve: float) -> None:
    """Make the table of customer value with the payments to come of those who have a contract.

    Whether such a customer is still one is uncertain only while a payment is overdue.
    """
    by_contract = {
        "probability_alive": "s.probability_alive",
        "loyalty": "s.probability_alive",
        "probability_of_purchase": "s.next_payment",
        "expected_purchases": "s.expected_payments",
        "expected_spend": "s.amount",
        "expected_margin": "s.margin_per_payment",
        "value": "s.value",
        "residual_lifetime_value": "s.residual_lifetime_value",
        "service_cost": "s.discounted_payments * cast(:cost_to_serve as double)",
    }
    columns = ", ".join(
        f"case when s.customer_id is null then v.{column} else {by_contract[column]} end as {column}"
        if column in by_contract
        else f"v.{column}"
        for column in engine.columns(forecast)
    )
    select = f"select {columns} from {forecast} v left join {contract} s on v.customer_id = s.customer_id"
    engine.make(name, select, cost_to_serve=cost_to_serve)


def past_value(sql: Dialect, activity: str) -> str:
    """Write the select of ``customer_value`` without a forecast: the history, with nulls in the forecast columns."""
    del sql
    unknown = ", ".join(f"cast(null as double) as {name}" for name in FORECASTS)
    return f"""
        select customer_id, frequency, recency, T, days_since_last, monetary_value, {unknown},
               historic_value, cast(profit as double) as profit, cast(revenue as double) as revenue
        from {activity}"""


def make_past_value(engine: Engine, name: str, activity: str) -> None:
    """Make the table of customer value without a forecast."""
    engine.make(name, past_value(engine.dialect, activity))


def totals(engine: Engine, value: str = "customer_value") -> dict[str, float]:
    """Sum history and forecast over all customers."""
    columns = ", ".join(f"sum({name}) as {name}" for name in _SUMMED)
    row = engine.fetch(
        "select count(*) as customers, count(*) filter (where frequency > 0) as repeat_customers,"
        " count(*) filter (where value < 0) as below_zero, count(*) filter (where profit < 0) as below_zero_so_far,"
        " coalesce(sum(case when value < 0 then value end), 0) as value_below_zero,"
        " coalesce(sum(case when profit < 0 then profit end), 0) as profit_below_zero,"
        f" sum(probability_of_purchase) as active, {columns} from {value}"
    )
    return {name: float(row[name].item()) for name in row.columns}


@table
def customer_value(
    engine: Engine,
    project: Project,
    customer_activity: str,
    spend_model: SpendModel,
    margins: Margins,
    history_scores: str | Refusal = REFUSED,
    customer_potential: str | Refusal = REFUSED,
    subscription_value: str | Refusal = REFUSED,
) -> None:
    """Past and expected value of each customer, by contract where one is stated; the past alone without a forecast."""
    if isinstance(history_scores, Refusal):
        make_past_value(engine, "customer_value", customer_activity)
        return
    cost = project.cost_to_serve
    by_contract = project.subscription != "none" and not isinstance(subscription_value, Refusal)
    name = "customer_value_without_contract" if by_contract else "customer_value"
    make_customer_value(
        engine, name, customer_activity, history_scores, money=spend_model[0], margins=margins,
        cost_to_serve=cost, potential=str(customer_potential) if customer_potential else None,
    )  # fmt: skip
    if by_contract:
        make_contract_value(engine, "customer_value", name, str(subscription_value), cost_to_serve=cost)


@table
def calibration_value(
    engine: Engine,
    project: Project,
    calibration_activity: str,
    calibration_scores: str,
    calibration_spend: SpendModel,
    calibration_margins: Margins,
) -> None:
    """Expected value of each customer at the end of calibration, for the holdout."""
    make_customer_value(
        engine, "calibration_value", calibration_activity, calibration_scores, money=calibration_spend[0],
        margins=calibration_margins, cost_to_serve=project.cost_to_serve,
    )  # fmt: skip


@value
def value_totals(engine: Engine, customer_value: str) -> dict[str, float]:
    """Totals of history and forecast over all customers."""
    return totals(engine, customer_value)


@value
def has_margin(project: Project, quality: dict[str, Any]) -> bool:
    """Whether the cost of what is sold is known: by line, by product, or by one margin."""
    return bool(quality["has_cost"] or project.product_margins or project.margin < 1)


@value
def money_kind(project: Project, has_margin: bool) -> str:
    """Kind of money: ``profit`` if a cost is taken off, be it of what is sold or to serve, else ``revenue``."""
    return "profit" if has_margin or project.cost_to_serve else "revenue"
