"""Makes ``subscription_lifetimes``: how often each customer has renewed, and who has left; and the models of both.

Reads payments (`custlib.subscription.signs.payments`). A customer pays at the beginning and renews a period later, and
so on. One who has not paid for a period and the days of grace has left at the renewal that failed; one who comes back
never left. Whether a renewal came is known only after the grace, for those who paid early as for those who did not.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from custlib import rules
from custlib.engine.base import Engine
from custlib.engine.dialect import Dialect, day_literal
from custlib.graph import record, table, value
from custlib.models import fitted
from custlib.models.retention import bdw, sbg
from custlib.models.retention.renewals import RenewalModel
from custlib.project import Project
from custlib.subscription.signs import Terms, payments
from custlib.value.holdout_period import HoldoutPeriod

FITS = {"sbg": sbg.fit, "bdw": bdw.fit}
KINDS: dict[str, type[RenewalModel]] = {"sbg": sbg.SBG, "bdw": bdw.BDW}


def lifetimes(sql: Dialect, terms: Terms, as_of: dt.date) -> str:
    """Write the select of one row per customer with a payment: renewals made, those known, and whether it has left.

    ``known`` is how many renewals were due long enough ago for the customer to have paid; the last amount is that of a
    payment to come.
    """
    day, paid = day_literal(as_of), payments(terms.source, as_of)
    silent, age = sql.days(day, "last_day"), sql.days(day, "first_day")
    return f"""
        select customer_id, renewals, is_lost, days_since_last, amount,
               greatest(least(renewals, cast(floor(({age} - {terms.grace}) / {terms.days!r}) as integer)), 0) as known
        from (select customer_id, first_day, amount, {silent} as days_since_last,
                     cast(round({sql.days("last_day", "first_day")} / {terms.days!r}) as integer) as renewals,
                     {silent} > {terms.days + terms.grace!r} as is_lost
              from (select customer_id, min(day) as first_day, max(day) as last_day, max_by(amount, day) as amount
                    from ({paid}) group by customer_id))"""


def count_renewals(engine: Engine, lifetimes: str) -> pd.DataFrame:
    """Count the customers lost at each renewal, and those whose next is not known, from a table of lifetimes."""
    return engine.fetch(
        "select t as renewal, cast(sum(case when is_lost then 1 else 0 end) as double) as lost,"
        " cast(sum(case when is_lost then 0 else 1 end) as double) as remaining"
        f" from (select is_lost, case when is_lost then renewals + 1 else known end as t from {lifetimes})"
        " group by t order by t"
    )


def fit_models(counts: pd.DataFrame) -> dict[str, Any]:
    """Fit sBG and BdW; ``kind`` is the one in use: BdW only where its information criterion is lower by far."""
    columns = (counts[name] for name in ("renewal", "lost", "remaining"))
    rows = [column.to_numpy(dtype=float) for column in columns]
    models = {name: fit(*rows) for name, fit in FITS.items()}
    criteria = {name: 2 * (len(model.parameters) - float(model.log_likelihood or 0)) for name, model in models.items()}
    better = criteria["sbg"] - criteria["bdw"] > rules.load("subscriptions")["choice"]["evidence"]
    fits = {name: fitted.write_model(model) | {"aic": criteria[name]} for name, model in models.items()}
    return {"kind": "bdw" if better and "not_converged" not in models["bdw"].flags else "sbg", "fits": fits}


def read_models(content: Mapping[str, Any]) -> dict[str, Any]:
    """Read the models from their record: by name, and the one in use as ``chosen``."""
    models = {name: fitted.read_model(KINDS[name], fit) for name, fit in content["fits"].items()}
    return {"kind": content["kind"], "chosen": models[content["kind"]], **models}


def curve(counts: pd.DataFrame, models: Mapping[str, RenewalModel]) -> pd.DataFrame:
    """Share of customers still there after each renewal: as seen (Kaplan and Meier 1958), and by both models.

    What was seen is left out where too few customers came so far.
    """
    limits, last = rules.load("subscriptions")["curve"], int(counts["renewal"].max())
    by_renewal = counts.set_index("renewal").reindex(np.arange(last + 1), fill_value=0.0)
    lost, gone = by_renewal["lost"].to_numpy(), (by_renewal["lost"] + by_renewal["remaining"]).to_numpy()
    there = gone[::-1].cumsum()[::-1]  # whose renewal t is known
    seen = np.cumprod(1 - lost / np.where(there > 0, there, 1.0))
    renewal = np.arange(int(np.ceil(limits["beyond"] * max(last, 1))) + 1)
    observed, customers = (np.full(len(renewal), np.nan) for _ in range(2))
    observed[: last + 1] = np.where(there >= limits["fewest_customers"], seen, np.nan)
    customers[: last + 1] = there
    shares = {name: sbg.survival(models[name], renewal) for name in FITS}
    return pd.DataFrame({"renewal": renewal, "customers": customers, "observed": observed, **shares})


@table
def subscription_lifetimes(engine: Engine, project: Project, subscription_terms: Terms) -> None:
    """How often each customer under contract has renewed, and who has left."""
    engine.make("subscription_lifetimes", lifetimes(engine.dialect, subscription_terms, project.as_of))


@value
def renewal_counts(engine: Engine, subscription_lifetimes: str) -> pd.DataFrame:
    """Customers lost and remaining by renewal."""
    return count_renewals(engine, subscription_lifetimes)


@record(load=read_models)
def retention_models(renewal_counts: pd.DataFrame) -> dict[str, Any]:
    """The sBG and BdW models of the renewals up to as_of."""
    return fit_models(renewal_counts)


@value
def retention_curve(renewal_counts: pd.DataFrame, retention_models: dict[str, Any]) -> pd.DataFrame:
    """Share of customers still there by renewal, as seen and as projected."""
    return curve(renewal_counts, retention_models)


@record(load=read_models)
def calibration_retention(engine: Engine, holdout_period: HoldoutPeriod, subscription_terms: Terms) -> dict[str, Any]:
    """The sBG and BdW models of the renewals up to the end of calibration."""
    end = holdout_period.calibration_end
    return fit_models(count_renewals(engine, f"({lifetimes(engine.dialect, subscription_terms, end)})"))
