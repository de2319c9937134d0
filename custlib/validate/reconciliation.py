"""Reconciles the model with the books: revenue by quarter, of new and of existing customers, actual and modelled.

Reads ``transactions`` and ``customer_activity``. What new customers spend on their first day is taken as it came;
what existing customers spend is expected repeat purchases times mean spend, of a model fitted on the calibration
period, so that the quarters of the holdout are forecasts.
"""

import datetime as dt

import numpy as np
import pandas as pd

from custlib.engine.base import Engine
from custlib.engine.dialect import Dialect
from custlib.models.bgnbd_model import BetaGeometricNBD
from custlib.validate.tracking import expected_repeats, joining


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
    """Hold modelled revenue against the books, quarter by quarter."""
    daily = engine.fetch(f"select * from ({revenue_by_day(engine.dialect, activity)}) order by day", until=until)
    quarter = pd.to_datetime(daily["day"]).dt.to_period("Q")
    found = daily.groupby(quarter)[["joined", "new_customers", "existing_customers"]].sum().astype(float)
    quarters = pd.period_range(quarter.min(), pd.Timestamp(until).to_period("Q"), freq="Q")
    found = found.reindex(quarters, fill_value=0.0)
    joined, customers, begin = joining(engine, activity, known=until)
    reached = (quarters.end_time.normalize() - begin).days.to_numpy().astype(float)
    reached = np.append(-1.0, np.minimum(reached, float((pd.Timestamp(until) - begin).days)))
    found["modelled"] = np.diff(expected_repeats(model, joined, customers, reached)) * mean_spend
    existing = found["existing_customers"].where(found["existing_customers"] > 0)
    labels = [f"{period.year} Q{period.quarter}" for period in quarters]
    return found.assign(gap=found["modelled"] / existing - 1, quarter=labels).reset_index(drop=True)
