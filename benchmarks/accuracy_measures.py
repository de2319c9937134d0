"""How near forecasts of money are to what came, customer by customer and in total."""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def gini(forecast: ArrayLike, actual: ArrayLike) -> float:
    """Ranking Gini of the forecast over that of the actual amounts: 1 for a perfect order, 0 for one by chance.

    The area between the diagonal and the share of the actual total that the first customers by forecast hold; customers
    with equal forecasts share what they hold. Not defined (NaN) where all bought alike, or nobody.
    """
    forecast, actual = np.asarray(forecast, dtype=float), np.asarray(actual, dtype=float)
    most = _area(actual, actual)
    return _area(forecast, actual) / most if most > 0 else float("nan")


def _area(forecast: Floats, actual: Floats) -> float:
    """Twice the area between the concentration curve and the diagonal."""
    if actual.sum() <= 0:
        return 0.0
    _, tied = np.unique(-forecast, return_inverse=True)
    customers = np.cumsum(np.append(0.0, np.bincount(tied))) / actual.size
    held = np.cumsum(np.append(0.0, np.bincount(tied, weights=actual))) / actual.sum()
    return float(((held[1:] + held[:-1]) * np.diff(customers)).sum() - 1)


def measures(forecast: pd.DataFrame, actual: pd.DataFrame) -> dict[str, float]:
    """Measure a forecast; both frames hold ``purchases`` and ``money`` of the same customers in the same order."""
    error = (forecast["money"] - actual["money"]).to_numpy(dtype=float)
    totals = {name: float(forecast[name].sum() / actual[name].sum() - 1) for name in ("money", "purchases")}
    return {
        "gini": gini(forecast["money"], actual["money"]),
        "rmse": float(np.sqrt((error**2).mean())),
        "mae": float(np.abs(error).mean()),
        "money": totals["money"],
        "purchases": totals["purchases"],
    }
