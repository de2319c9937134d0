"""Decides which purchase days of repeat customers tell what they will spend: repeat days, or the first as well.

Reads ``sampled_days``. Both are tried on an inner holdout, the last part of the calibration period, so that the holdout
that tests the forecast takes no part in the decision. The measure is the gamma deviance of the money of a purchase day,
as in ``one_time_spend``.
"""

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from custlib import rules
from custlib.engine.base import Engine
from custlib.errors import ModelError
from custlib.graph import record, value
from custlib.models import gammagamma
from custlib.models.gammagamma import GammaGamma
from custlib.project import Project
from custlib.value.holdout_period import HoldoutPeriod, half
from custlib.value.sampled_days import customers_at

Floats = NDArray[np.float64]


def inner_end(period: HoldoutPeriod) -> dt.date:
    """Last day before the inner holdout, which is as long as the holdout, or half of the calibration period.

    Examples
    --------
    >>> inner_end(HoldoutPeriod(182, 730, dt.date(2025, 12, 31))).isoformat()
    '2025-01-01'
    """
    return period.calibration_end - dt.timedelta(days=min(period.days, half(max(period.covered - period.days, 0))))


def choose_days(customers: pd.DataFrame) -> dict[str, Any]:
    """Choose the days by the deviance of later purchase days; repeat days where too few customers came back."""
    limits = rules.load("spend")["choice"]
    repeat = customers[(customers["purchases"] > 1) & (customers["amount"] > customers["first_amount"])]
    later = repeat[repeat["later_purchases"] > 0]
    model = _fitted(repeat) if len(later) >= limits["fewest_customers"] else None
    if model is None:
        return {"days": "repeat", "reason": "untested", "customers": len(later), "deviance": None}
    deviance = {days: deviance_of(later, model, first=days == "all") for days in ("repeat", "all")}
    days = "all" if deviance["all"] < deviance["repeat"] else "repeat"
    return {"days": days, "reason": "tested", "customers": len(later), "deviance": deviance}


def _fitted(repeat: pd.DataFrame) -> GammaGamma | None:
    frequency = repeat["purchases"].to_numpy(dtype=float) - 1
    money = (repeat["amount"] - repeat["first_amount"]).to_numpy(dtype=float) / frequency
    try:
        model = gammagamma.fit(frequency, money)
    except ModelError:  # all spend the same
        return None
    return model if model.q > 1 and model.converged else None


def deviance_of(later: pd.DataFrame, model: GammaGamma, *, first: bool) -> float:
    """Mean gamma deviance of the money of later purchase days, but for a constant.

    The expectation is (v + x m) / ((q - 1) / p + x), with the first purchase day counted in x m and x, or not.
    """
    x, money = later["purchases"].to_numpy(dtype=float) - 1, later["amount"].to_numpy(dtype=float)
    known = (x + 1, money) if first else (x, money - later["first_amount"].to_numpy(dtype=float))
    expected = (model.v + known[1]) / ((model.q - 1) / model.p + known[0])
    bought = later["later_purchases"].to_numpy(dtype=float)
    ratio = later["later_amount"].to_numpy(dtype=float) / bought / expected
    terms: Floats = np.log(expected) + np.clip(ratio, 0.0, rules.load("spend")["one_time"]["most_ratio"])
    return float(terms @ bought / bought.sum())


@value
def inner_customers(engine: Engine, holdout_period: HoldoutPeriod, sampled_days: str) -> pd.DataFrame:
    """Sampled customers known before the inner holdout, with what they bought in it."""
    del sampled_days
    return customers_at(engine, inner_end(holdout_period), later=holdout_period.calibration_end)


@record
def spend_choice(project: Project, holdout_period: HoldoutPeriod, inner_customers: pd.DataFrame) -> dict[str, Any]:
    """Which purchase days the spend of repeat customers is computed from, and why."""
    period = {"since": inner_end(holdout_period).isoformat(), "until": holdout_period.calibration_end.isoformat()}
    chosen = choose_days(inner_customers) | period
    return chosen if project.spend_days == "auto" else chosen | {"days": project.spend_days, "reason": "given"}
