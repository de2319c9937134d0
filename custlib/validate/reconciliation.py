"""Compares modelled with actual revenue by quarter, of new and of existing customers.

Reads ``transactions`` and ``customer_activity``. Revenue of first purchase days is actual; revenue of
existing customers is modelled as expected repeat purchases times mean spend. The model is fitted on the calibration
period, so the quarters of the holdout are forecasts.
"""

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd

from custlib.engine.base import Engine
from custlib.engine.dialect import Dialect
from custlib.graph import value
from custlib.models.bgnbd_model import BetaGeometricNBD
from custlib.project import Project
from custlib.validate.tracking import joining
from custlib.value.seasonal.repeat_purchases import expected_repeats


def revenue_by_day(sql: Dialect, activity: str) -> str:
    """Write the select of net revenue per day, of first purchase days and of all others."""
    del sql
    return f"""
        select t.day,
               sum(case when t.day = a.first_day then t.amount else 0 end) as new_customers,
               sum(case when t.day = a.first_day then 0 else t.amount end) as existing_customers,
               count(distinct case when t.day = a.first_day then t.customer_id end) as joined
        from transactions t join {activity} a on t.customer_id = a.customer_id
        where t.day <= :until group by t.day"""


def by_quarter(
    engine: Engine, activity: str, model: BetaGeometricNBD, *, mean_spend: float, until: dt.date
) -> pd.DataFrame:
    """Compare modelled with actual revenue by quarter."""
    daily = engine.fetch(f"select * from ({revenue_by_day(engine.dialect, activity)}) order by day", until=until)
    quarter = pd.to_datetime(daily["day"]).dt.to_period("Q")
    frame = daily.groupby(quarter)[["joined", "new_customers", "existing_customers"]].sum().astype(float)
    quarters = pd.period_range(quarter.min(), pd.Timestamp(until).to_period("Q"), freq="Q")
    frame = frame.reindex(quarters, fill_value=0.0)
    joined, customers, begin = joining(engine, activity, known=until)
    reached = (quarters.end_time.normalize() - begin).days.to_numpy().astype(float)
    reached = np.append(-1.0, np.minimum(reached, float((pd.Timestamp(until) - begin).days)))
    frame["modelled"] = np.diff(expected_repeats(model, joined, customers, reached)) * mean_spend
    existing = frame["existing_customers"].where(frame["existing_customers"] > 0)
    labels = [f"{period.year} Q{period.quarter}" for period in quarters]
    return frame.assign(gap=frame["modelled"] / existing - 1, quarter=labels).reset_index(drop=True)


@value
def money_quarters(
    engine: Engine,
    project: Project,
    transactions: str,
    customer_activity: str,
    calibration_beta_geometric: BetaGeometricNBD,
    holdout_money: dict[str, Any],
) -> pd.DataFrame:
    """Revenue by quarter, of new and of existing customers, actual and modelled."""
    del transactions
    mean, until = holdout_money["mean_spend"], project.as_of
    return by_quarter(engine, customer_activity, calibration_beta_geometric, mean_spend=mean, until=until)
