"""Makes ``candidate_forecasts``: what each candidate, and the average of them, forecast for the holdout, and what came.

Reads outcome cells. The candidates were fitted and weighed on the calibration period alone
(`custlib.value.model_selection`): the holdout decides nothing, so it tests the forecast as it is made today.
"""

from typing import Any

import pandas as pd

from custlib.graph import value
from custlib.models.forecasting import LifetimeModel
from custlib.validate.backtest_groups import coarser
from custlib.value.holdout_period import HoldoutPeriod
from custlib.value.lifetime import read_model
from custlib.value.uncertainty import expected

_MOST_CELLS = 20_000


def compare(outcomes: pd.DataFrame, choice: dict[str, Any], model: LifetimeModel, *, days: int) -> list[dict[str, Any]]:
    """Forecast the holdout by every candidate, and by the average where there are several with a weight."""
    few, actual = coarser(outcomes, most=_MOST_CELLS), float(outcomes["actual"].sum())

    def row(name: str, weight: float | None, aic: float | None, one: LifetimeModel) -> dict[str, Any]:
        predicted = float(expected(one, few, float(days)) @ few["customers"].to_numpy(dtype=float))
        bias = predicted / actual - 1 if actual else None
        return {"model": name, "weight": weight, "aic": aic, "predicted": predicted, "bias": bias}

    rows = [
        row(entry["model"], entry["weight"], entry["aic"], read_model(entry["fit"])) for entry in choice["candidates"]
    ]
    return rows if len(model.members) == 1 else [*rows, row("average", None, None, model)]


@value
def candidate_forecasts(
    holdout_period: HoldoutPeriod,
    outcomes: pd.DataFrame,
    calibration_choice: dict[str, Any],
    calibration_model: LifetimeModel,
) -> list[dict[str, Any]]:
    """Forecasts of the holdout by every candidate, fitted on the calibration period, and by their average."""
    return compare(outcomes, calibration_choice, calibration_model, days=holdout_period.days)
