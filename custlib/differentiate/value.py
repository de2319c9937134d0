"""Makes ``customer_value``: what each customer has brought and is expected to bring.

Reads customer activity and ``alive_scores``. Value is purchases x spend x margin; forecasts are discounted to
as_of at the annual rate of the project. Profit, not revenue, wherever costs or a margin are known.
"""

from custlib.differentiate import lifetime, spend
from custlib.differentiate.spend import Spend
from custlib.engine.dialect import Dialect
from custlib.engine.duckdb import DuckDB
from custlib.models.bgnbd import BGNBD

FORECASTS = (
    "probability_alive", "probability_of_purchase", "expected_purchases", "expected_spend", "value",
    "residual_lifetime_value",
)  # fmt: skip


def customer_value(sql: Dialect, activity: str, scores: str, money: Spend) -> str:
    """Write the select of one row per customer with history and forecast."""
    return f"""
        select customer_id, frequency, recency, T, days_since_last, monetary_value, probability_alive,
               probability_alive * any_purchase_if_alive as probability_of_purchase,
               probability_alive * purchases_if_alive as expected_purchases,
               expected_spend,
               probability_alive * discounted_if_alive * expected_spend * cast(:margin as double) as value,
               probability_alive * residual_if_alive * expected_spend * cast(:margin as double)
                   as residual_lifetime_value,
               cast(profit as double) as historic_value,
               cast(revenue as double) as revenue
        from (
            select a.*, s.purchases_if_alive, s.any_purchase_if_alive, s.discounted_if_alive, s.residual_if_alive,
                   {lifetime.probability_alive(sql)} as probability_alive,
                   {spend.expected_spend(sql, money)} as expected_spend
            from {activity} a join {scores} s using (frequency, T))"""


def make_customer_value(
    engine: DuckDB, name: str, activity: str, scores: str, *, model: BGNBD, money: Spend, margin: float
) -> None:
    """Make the table of customer value.

    Parameters
    ----------
    engine : DuckDB
        Holds the activity and the scores.
    name : str
        The table to make.
    activity, scores : str
        Names of the tables it reads.
    model : BGNBD
        Fitted with time in days.
    money : Spend
        What a customer spends per purchase day.
    margin : float
        Share of revenue that is profit.
    """
    values = lifetime.parameters(model) | spend.parameters(money)
    engine.make(name, customer_value(engine.dialect, activity, scores, money), margin=margin, **values)


def customer_history(sql: Dialect, activity: str) -> str:
    """Write the select of ``customer_value`` where nothing can be forecast: the history, and nulls."""
    del sql
    unknown = ", ".join(f"cast(null as double) as {name}" for name in FORECASTS)
    return f"""
        select customer_id, frequency, recency, T, days_since_last, monetary_value, {unknown},
               cast(profit as double) as historic_value, cast(revenue as double) as revenue
        from {activity}"""


def make_customer_history(engine: DuckDB, name: str, activity: str) -> None:
    """Make the table of customer value without its forecast.

    Parameters
    ----------
    engine : DuckDB
        Holds the activity.
    name : str
        The table to make.
    activity : str
        Name of the table it reads.
    """
    engine.make(name, customer_history(engine.dialect, activity))


def margin_rate(engine: DuckDB, activity: str) -> float:
    """Share of net revenue that is profit, over all customers.

    Parameters
    ----------
    engine : DuckDB
        Holds the activity.
    activity : str
        Name of the table of activity.

    Returns
    -------
    float
        1 where the source has no money or no net revenue.
    """
    sums = engine.fetch(f"select sum(profit) as profit, sum(revenue) as revenue from {activity}")
    revenue = sums["revenue"].astype(float).item()
    return float(sums["profit"].astype(float).item() / revenue) if revenue > 0 else 1.0


def totals(engine: DuckDB, value: str = "customer_value") -> dict[str, float]:
    """Sum the customers, their history and their forecast.

    Parameters
    ----------
    engine : DuckDB
        Holds the table of customer value.
    value : str, default "customer_value"
        Its name.

    Returns
    -------
    dict of str to float
        ``customers``, ``repeat_customers``, ``active`` (expected to buy in the horizon),
        ``expected_purchases``, ``value``, ``residual_lifetime_value``, ``historic_value``, ``revenue``.
    """
    summed = ("expected_purchases", "value", "residual_lifetime_value", "historic_value", "revenue")
    columns = ", ".join(f"sum({name}) as {name}" for name in summed)
    row = engine.fetch(
        "select count(*) as customers, count(*) filter (where frequency > 0) as repeat_customers,"
        f" sum(probability_of_purchase) as active, {columns} from {value}"
    )
    return {name: float(row[name].item()) for name in row.columns}
