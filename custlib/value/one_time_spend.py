"""Estimates what one-time buyers will spend: its level by their silence, their rank by the first amount.

The next purchase of a customer who has been silent for T days after the first is a second purchase with a gap above T.
Its expected amount is therefore read from second purchases: a regression of their amount on the logarithm of the gap
(gamma quasi-likelihood with log link; McCullagh and Nelder 1989, chapter 8). The first amount says who will spend more
than others, but not how much: among one-time buyers those who will return differ in spend from those who will not. It
is therefore scaled so that the sum over all of them stays that of the levels.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from custlib import rules
from custlib.engine.base import Engine

Floats = NDArray[np.float64]
_STEPS, _FINE = 100, 1e-10


@dataclass(frozen=True)
class OneTimeSpend:
    """Expected spend of one-time buyers: exp(level + slope (ln(T + half horizon) - ln_gap)) x first^power / scale.

    Attributes
    ----------
    level, slope : float
        Logarithm of the expected amount at the mean gap, and its slope by the logarithm of the gap.
    slope_error : float
        Standard error of the slope before it was shrunk.
    ln_gap : float
        Mean logarithm of the gaps, in days.
    half_horizon : float
        Days from as_of to the middle of the horizon.
    power : float
        Weight of the first amount, 0 to 1.
    least, most : float
        First amounts are cut at these.
    scale : float
        Mean of first^power, weighted by the levels.
    second_purchases : int
        How many were observed.
    """

    level: float
    slope: float
    slope_error: float
    ln_gap: float
    half_horizon: float
    power: float
    least: float
    most: float
    scale: float
    second_purchases: int

    def at(self, days: float) -> float:
        """Expected spend after some days of silence, over all first amounts.

        Examples
        --------
        >>> flat = OneTimeSpend(0.0, 0.0, 0.1, 3.0, 180.0, 0.5, 1.0, 9.0, 2.0, 40)
        >>> flat.at(30), flat.at(300)
        (1.0, 1.0)
        """
        return float(np.exp(self.level + self.slope * (np.log(days + self.half_horizon) - self.ln_gap)))


@dataclass(frozen=True)
class Regression:
    """Coefficients of a regression with log link, their covariance, and the mean of each observation."""

    coefficients: Floats
    covariance: Floats
    mean: Floats


def regress(columns: Floats, amounts: Floats, *, most_ratio: float) -> Regression:
    """Fit the mean of amounts as exp(columns @ coefficients) by gamma quasi-likelihood, with a robust covariance.

    The ratio of an amount to its mean is cut at ``most_ratio``, so that no single amount decides.

    Examples
    --------
    >>> columns = np.column_stack([np.ones(4), [-1.0, -1.0, 1.0, 1.0]])
    >>> regress(columns, np.array([9.0, 11.0, 38.0, 42.0]), most_ratio=20.0).mean.round(6)
    array([10., 10., 40., 40.])
    """
    coefficients = np.zeros(columns.shape[1])
    coefficients[0] = np.log(amounts.mean())
    for _ in range(_STEPS):
        ratio = np.minimum(amounts / np.exp(columns @ coefficients), most_ratio)
        step = np.clip(np.linalg.lstsq(columns, ratio - 1, rcond=None)[0], -1.0, 1.0)
        coefficients += step
        if np.abs(step).max() < _FINE:
            break
    mean = np.exp(columns @ coefficients)
    ratio = amounts / mean
    slope = np.linalg.pinv((columns * np.where(ratio < most_ratio, ratio, 0.0)[:, None]).T @ columns)
    score = columns * (np.minimum(ratio, most_ratio) - 1)[:, None]
    return Regression(coefficients, slope @ (score.T @ score) @ slope, mean)


def fit_one_time_spend(customers: pd.DataFrame, *, horizon_days: int) -> OneTimeSpend | None:
    """Fit the level and the rank on the second purchases of customers; None where they are too few.

    The slope is shrunk by its uncertainty, c (1 - var c / c^2), and the level is then set so that the sums agree.
    """
    limits = rules.load("spend")["one_time"]
    second = customers[customers["gap"] > 0]
    gap = np.log(second["gap"].to_numpy(dtype=float))
    amounts = np.maximum(second["second_amount"].to_numpy(dtype=float), 0.0)  # more was given back than bought
    if len(second) < limits["fewest_second_purchases"] or not amounts.any():
        return None
    first = customers["first_amount"].to_numpy(dtype=float)
    least, most = np.quantile(first[first > 0], limits["cut"]) if (first > 0).any() else (1.0, 1.0)
    ranked = np.log(np.clip(second["first_amount"].to_numpy(dtype=float), least, most))
    columns = np.column_stack([np.ones(len(gap)), gap - gap.mean(), ranked - ranked.mean()])
    plain = regress(columns[:, :2], amounts, most_ratio=limits["most_ratio"])
    slope, variance = float(plain.coefficients[1]), float(plain.covariance[1, 1])
    slope *= max(0.0, 1 - variance / slope**2) if slope else 0.0
    cut = np.minimum(amounts, limits["most_ratio"] * plain.mean)
    level = np.log(cut.sum() / np.exp(slope * columns[:, 1]).sum())
    power = np.clip(regress(columns, amounts, most_ratio=limits["most_ratio"]).coefficients[2], 0.0, 1.0)
    return OneTimeSpend(
        float(level), slope, variance**0.5, float(gap.mean()), horizon_days / 2, float(power), float(least),
        float(most), 1.0, len(second),
    )  # fmt: skip


def level_sql() -> str:
    """Write the level as a column of ``T`` and ``:once_...`` parameters."""
    silence = "ln(T + cast(:once_half_horizon as double)) - cast(:once_ln_gap as double)"
    return f"exp(cast(:once_level as double) + cast(:once_slope as double) * ({silence}))"


def rank_sql() -> str:
    """Write first^power as a column of ``first_amount``."""
    first = "greatest(cast(first_amount as double), cast(:once_least as double))"
    return f"power(least({first}, cast(:once_most as double)), cast(:once_power as double))"


def one_time_sql() -> str:
    """Write the expected spend of one-time buyers as a column."""
    return f"{level_sql()} * {rank_sql()} / cast(:once_scale as double)"


def parameters(one_time: OneTimeSpend) -> dict[str, float]:
    """Map the SQL parameters to their values."""
    return {f"once_{name}": value for name, value in vars(one_time).items() if name not in _UNUSED}


_UNUSED = ("slope_error", "second_purchases")


def mean_rank(engine: Engine, activity: str, one_time: OneTimeSpend) -> float:
    """Mean of first^power over one-time buyers, weighted by the levels, so that ranks leave their sum as it is."""
    values: dict[str, Any] = {name: value for name, value in parameters(one_time).items() if name != "once_scale"}
    row = engine.fetch(
        f"select sum({level_sql()}) as levels, sum({level_sql()} * {rank_sql()}) as ranked from {activity}"
        " where frequency = 0",
        **values,
    ).astype(float)
    levels, ranked = row["levels"].item(), row["ranked"].item()
    return float(ranked / levels) if levels > 0 and ranked > 0 else 1.0
