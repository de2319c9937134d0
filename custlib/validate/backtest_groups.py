"""Compares predicted with actual purchases by frequency, days since last purchase and decile, and the lift of the best.

Reads outcome cells (`custlib.validate.backtest.outcomes`) with a column ``expected``, the purchases that the
model expects of all customers of a cell. Ties are never broken by chance: a decile that ends inside a cell takes its
share of the cell's purchases.
"""

import math
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from custlib.graph import value
from custlib.models.forecasting import LifetimeModel
from custlib.value.holdout_period import HoldoutPeriod
from custlib.value.uncertainty import expected

Floats = NDArray[np.float64]
LAST_FREQUENCY = 7
_GROUPS_OF_SILENCE = 6
_DECILES = 10


def forecast(outcomes: pd.DataFrame, model: LifetimeModel, days: float) -> pd.DataFrame:
    """Add the purchases of each cell expected by the model and by extrapolating the past rate.

    Examples
    --------
    >>> cells = pd.DataFrame({"frequency": [1], "recency": [10.0], "T": [40.0], "customers": [2], "actual": [1.0]})
    >>> from custlib.models.bgnbd import BGNBD
    >>> from custlib.models.forecasting import as_lifetime_model
    >>> float(forecast(cells, as_lifetime_model(BGNBD(0.25, 31.0, 0.8, 2.4)), 20)["naive"].item())
    1.0
    """
    x, age, customers = (outcomes[name].to_numpy(dtype=float) for name in ("frequency", "T", "customers"))
    each = expected(model, outcomes, float(days))
    naive = customers * np.where(age > 0, x * days / np.where(age > 0, age, 1.0), 0.0)
    return outcomes.assign(expected=customers * each, naive=naive)


def coarser(outcomes: pd.DataFrame, *, most: int) -> pd.DataFrame:
    """Merge cells of similar age and recency until at most ``most`` remain.

    Examples
    --------
    >>> cells = pd.DataFrame({"frequency": [0, 0], "recency": 0.0, "T": [4.0, 5.0], "customers": [3, 1], "actual": 1.0})
    >>> coarser(cells, most=1)["T"].tolist()
    [4.25]
    """
    sums = outcomes
    days = 2 ** math.ceil(math.log2(max(len(outcomes) / most, 1)) / 2)  # at most days x days cells become one
    while len(sums) > most:
        weights = outcomes["customers"]
        keys = [outcomes["frequency"], outcomes["recency"] // days, outcomes["T"] // days]
        sums = pd.DataFrame(
            {
                "frequency": outcomes["frequency"] * weights, "recency": outcomes["recency"] * weights,
                "T": outcomes["T"] * weights, "customers": weights, "actual": outcomes["actual"],
            }
        ).groupby(keys, sort=True).sum().reset_index(drop=True)  # fmt: skip
        for name in ("frequency", "recency", "T"):
            sums[name] = sums[name] / sums["customers"]
        sums["frequency"] = sums["frequency"].round()
        days *= 2
    return sums


def by_frequency(cells: pd.DataFrame) -> pd.DataFrame:
    """Average holdout purchases by frequency in calibration, 0 to 6 and 7 or more."""
    frequency = np.minimum(cells["frequency"], LAST_FREQUENCY).astype(int)
    means = _means(cells, frequency)
    labels = means["group"].astype(str)
    return means.assign(group=labels.mask(means["group"] == LAST_FREQUENCY, f"{LAST_FREQUENCY}+"))


def by_silence(cells: pd.DataFrame) -> pd.DataFrame:
    """Average holdout purchases of repeat buyers by days since the last purchase, in groups of similar size."""
    again = cells[cells["frequency"] > 0]
    if again.empty:
        return _means(again, again["frequency"])
    silent = (again["T"] - again["recency"]).round().astype(int)
    order = np.argsort(silent.to_numpy(), kind="stable")
    running = again["customers"].to_numpy(dtype=float)[order].cumsum()
    ends = np.searchsorted(running, running[-1] * np.arange(1, _GROUPS_OF_SILENCE) / _GROUPS_OF_SILENCE)
    thresholds = np.unique(silent.to_numpy()[order][ends])
    group = np.searchsorted(thresholds, silent.to_numpy(), side="left")
    means = _means(again, group)
    spans = silent.groupby(group).agg(["min", "max"])
    labels = [str(low) if low == high else f"{low}–{high}" for low, high in spans.to_numpy()]
    return means.assign(group=labels)


def by_decile(cells: pd.DataFrame) -> pd.DataFrame:
    """Average holdout purchases by decile of expected purchases, the highest first."""
    share, sums = _ranked(cells, "expected")
    ends, total = np.linspace(0, 1, _DECILES + 1), float(cells["customers"].sum())
    columns = {name: np.diff(_up_to(share, amounts, ends)) / (total / _DECILES) for name, amounts in sums.items()}
    group = [str(n) for n in range(1, _DECILES + 1)]
    return pd.DataFrame({"group": group, "customers": total / _DECILES, **columns})


def captured(cells: pd.DataFrame, by: str, *, share: float = 0.1) -> float:
    """Compute the share of holdout purchases from the best-ranked customers.

    Examples
    --------
    >>> cells = pd.DataFrame({"frequency": [0, 3], "customers": [9, 1], "actual": [2.0, 6.0]})
    >>> captured(cells, "frequency")
    0.75
    """
    bought = float(cells["actual"].sum())
    if bought == 0:
        return float("nan")
    ranked, sums = _ranked(cells, by)
    return float(_up_to(ranked, sums["actual"], np.array([share]))[0] / bought)


def _ranked(cells: pd.DataFrame, by: str) -> tuple[Floats, dict[str, Floats]]:
    """Pool customers of equal rank, best first: running share of the customers, and purchases of each rank."""
    rank = cells[by] if by == "frequency" else cells[by] / cells["customers"]
    values, group = np.unique(-rank.to_numpy(dtype=float).round(12), return_inverse=True)
    names = [name for name in ("customers", "actual", "expected", "naive") if name in cells.columns]
    sums = {name: np.zeros(values.size) for name in names}
    for name, amounts in sums.items():
        np.add.at(amounts, group, cells[name].to_numpy(dtype=float))
    customers = sums.pop("customers")
    return customers.cumsum() / customers.sum(), sums


def _up_to(share: Floats, amounts: Floats, ends: Floats) -> Floats:
    """Sum amounts of ranked groups up to shares of the customers, interpolating within a group."""
    return np.interp(ends, np.append(0.0, share), np.append(0.0, amounts.cumsum()))


def _means(cells: pd.DataFrame, group: Any) -> pd.DataFrame:
    """Average purchases per customer of each group, groups in order."""
    sums = cells.groupby(np.asarray(group))[["customers", "actual", "expected", "naive"]].sum()
    means = sums[["actual", "expected", "naive"]].div(sums["customers"], axis=0)
    means.insert(0, "customers", sums["customers"])
    return means.rename_axis("group").reset_index()


@value
def holdout_forecast(
    holdout_period: HoldoutPeriod, outcomes: pd.DataFrame, calibration_model: LifetimeModel
) -> pd.DataFrame:
    """Outcome cells with the purchases expected by the selected model."""
    return forecast(outcomes, calibration_model, holdout_period.days)


@value
def holdout_by_frequency(holdout_forecast: pd.DataFrame) -> pd.DataFrame:
    """Predicted and actual purchases by frequency."""
    return by_frequency(holdout_forecast)


@value
def holdout_by_silence(holdout_forecast: pd.DataFrame) -> pd.DataFrame:
    """Predicted and actual purchases by days since the last purchase."""
    return by_silence(holdout_forecast)


@value
def holdout_by_decile(holdout_forecast: pd.DataFrame) -> pd.DataFrame:
    """Predicted and actual purchases by decile of the forecast."""
    return by_decile(holdout_forecast)


@value
def captured_shares(holdout_forecast: pd.DataFrame) -> dict[str, Any]:
    """Share of purchases in the top decile by the model, by the past rate, and in hindsight."""
    return {by: captured(holdout_forecast, by) for by in ("expected", "naive", "actual")}
