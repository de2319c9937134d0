"""Makes the plan of every segment, and names the product to speak of, from the customers.

Reads ``customer_segments``, ``customer_value`` and, for products, ``customer_potential`` or ``transactions``.
"""

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd

from custlib import rules
from custlib.customise.plans import SegmentPlan, contact_costs, segment_plan
from custlib.customise.playbook_file import Playbook
from custlib.engine.base import Engine
from custlib.errors import ByName
from custlib.graph import REFUSED, Refusal, value
from custlib.models.cells import Array
from custlib.models.forecasting import Histories, LifetimeModel
from custlib.project import Project
from custlib.segment.definitions import Definition
from custlib.value.history_scores import KEY, make_scores
from custlib.value.spend import Spend

_CHANCES = "chances_of_purchase"


def measures(
    engine: Engine, segmentation: str, model: LifetimeModel, windows: Sequence[int]
) -> dict[int, pd.DataFrame]:
    """Compute customers, base rate, spend and usual purchase of every segment, by window; NaN without amounts."""
    columns = {days: f"bought_within_{days}" for days in windows}
    if not columns:
        return {}

    def chances(known: Histories) -> dict[str, Array]:
        return {name: model.probability_of_purchase(known, float(days)) for days, name in columns.items()}

    make_scores(engine, _CHANCES, "customer_value", chances)
    rates = ", ".join(f"coalesce(avg({name}), 0) as {name}" for name in columns.values())
    rows = engine.fetch(
        f"select s.segment, count(*) as customers, {rates},"
        " avg(expected_margin) as spend, avg(expected_spend) as purchase"
        " from customer_segments s join customer_value v using (customer_id)"
        f" join {_CHANCES} c using ({', '.join(KEY)})"
        " where s.segmentation = :segmentation group by s.segment",
        segmentation=segmentation,
    ).set_index("segment")
    return {days: rows.assign(base_rate=rows[name]) for days, name in columns.items()}


@value
def segment_plans(
    engine: Engine,
    project: Project,
    playbook: Playbook | None,
    definitions: dict[str, Definition],
    lifetime_model: LifetimeModel,
    customer_value: str,
    customer_segments: str,
    money_forecast: Spend | Refusal = REFUSED,
) -> dict[str, SegmentPlan]:
    """The plan of every segment with an entry in the playbook; none without a playbook."""
    del customer_value, customer_segments
    if playbook is None:
        return {}
    name = project.segments.playbook
    plays = {one: playbook.play(one) for one in definitions[name].ids if playbook.has(one)}
    windows = sorted({play.holdout.window_days for play in plays.values()})
    measured = measures(engine, name, lifetime_model, windows)
    costs = contact_costs(project.currency, _mean_purchase(engine), project.segments.contact_costs)
    plans, nobody = {}, 0.0 if money_forecast else math.nan
    for segment, play in plays.items():
        rows = measured[play.holdout.window_days]
        row = rows.reindex([segment]).fillna({"customers": 0.0, "base_rate": 0.0}).fillna(nobody).iloc[0]
        numbers = {key: float(row[key]) for key in ("base_rate", "spend", "purchase")}
        plans[segment] = segment_plan(play, customers=int(row["customers"]), contacts=costs, **numbers)
    return ByName("segment", plans)


def _mean_purchase(engine: Engine) -> float:
    """The mean over all customers of what a purchase day is expected to bring; NaN without amounts."""
    return float(engine.fetch("select avg(expected_spend) as mean from customer_value")["mean"].astype(float).item())


@value
def segment_products(
    engine: Engine,
    project: Project,
    playbook: Playbook | None,
    quality: dict[str, Any],
    segment_plans: dict[str, SegmentPlan],
    transactions: str,
    customer_segments: str,
    customer_potential: str | Refusal = REFUSED,
    potential: dict[str, Any] | Refusal = REFUSED,
) -> dict[str, str]:
    """The product to speak of, by segment: the next of most customers, else the most bought; none without products."""
    del customer_segments, transactions
    if playbook is None or not playbook.asks_for("{product}") or "product" not in quality["columns"]:
        return {}
    name = project.segments.playbook
    is_known = isinstance(customer_potential, str) and isinstance(potential, dict) and not potential["reason"]
    following = _favourites(engine, _NEXT, name) if is_known else {}
    if {segment for segment, one in segment_plans.items() if one.verdict != "few"} <= set(following):
        return following
    return _favourites(engine, _BOUGHT, name) | following


def _favourites(engine: Engine, products: str, segmentation: str) -> dict[str, str]:
    """Find the product of most customers of every segment, where enough customers have it."""
    fewest = rules.load("verdict")["fewest_customers"]
    rows = engine.fetch(_favourites_sql(products), segmentation=segmentation, fewest=fewest)
    return dict(zip(rows["segment"], rows["product"].astype(str), strict=True))


_NEXT = "select customer_id, best_product as product from customer_potential where best_product is not null"
_BOUGHT = "select distinct customer_id, product from transactions where is_purchase and product is not null"


def _favourites_sql(products: str) -> str:
    """Write the select of the product of most customers of every segment, at least ``:fewest``."""
    return f"""
        select segment, product from (
            select segment, product, row_number() over (partition by segment order by customers desc, product) as place
            from (select s.segment, p.product, count(*) as customers
                  from customer_segments s join ({products}) p using (customer_id)
                  where s.segmentation = :segmentation group by s.segment, p.product)
            where customers >= :fewest)
        where place = 1"""
