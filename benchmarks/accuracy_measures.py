"""How near forecasts of money are to what came, customer by customer and in total."""

import numpy as np
import pandas as pd

from custlib.validate.ranking import ranking_gini


def measures(forecast: pd.DataFrame, actual: pd.DataFrame) -> dict[str, float]:
    """Measure a forecast; both frames hold ``purchases`` and ``money`` of the same customers in the same order."""
    error = (forecast["money"] - actual["money"]).to_numpy(dtype=float)
    totals = {name: float(forecast[name].sum() / actual[name].sum() - 1) for name in ("money", "purchases")}
    return {
        "gini": ranking_gini(forecast["money"], actual["money"]),
        "rmse": float(np.sqrt((error**2).mean())),
        "mae": float(np.abs(error).mean()),
        "money": totals["money"],
        "purchases": totals["purchases"],
    }
