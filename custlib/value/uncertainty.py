"""Computes 95 % intervals of forecast totals per segment: parameter uncertainty plus chance in each customer's future.

Reads ``customer_value`` and ``customer_segments``. The variance of a total is that of the parameters (delta
method with the inverse Hessian of both fits) plus that of the customers' futures, computed per cell: alive ~
Bernoulli(P(alive)), rate ~ Gamma, drop-out ~ Beta, purchases = min(Poisson, Geometric). Money adds the variance of
a customer's spend level given the past, and of each day (Gamma-Gamma). Intervals are quantiles of a gamma
distribution with the mean and variance of the total, so they start near zero where little is expected. With a cost to
serve a total can be negative: its interval is normal, bounded below by the cost.

Residual value has no horizon, so discounted purchases replace counts.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from custlib.engine.base import Engine
from custlib.graph import REFUSED, Refusal, record, value
from custlib.models import bgnbd
from custlib.models.bgnbd_model import PARAMETERS, BetaGeometricNBD
from custlib.project import Project
from custlib.value.spend import SpendModel
from custlib.value.spend_moments import spend_covariance, spend_moments, spend_slopes

Floats = NDArray[np.float64]
_TAILS = np.array([0.025, 0.975])
_NORMAL = 1.959963984540054
_STEP = 1e-5
_AGE_BINS = 25
_TOTALS = ("expected", "value", "served", "residual")
_SERVED = (
    "(1 + coalesce(v.service_cost / nullif(v.value, 0), 0))"  # margin before the cost to serve over margin after it
)
_COLUMNS = [
    "segment", "expected_purchases", "purchases_low", "purchases_high", "value", "value_low", "value_high",
    "residual", "residual_low", "residual_high",
]  # fmt: skip
_RESIDUAL = (
    "coalesce(sum(v.residual_lifetime_value), 0) as residual, coalesce(sum(v.expected_margin), 0) as margin,"
    " coalesce(sum(power(v.expected_margin, 2)), 0) as margin_squares,"
    f" coalesce(sum(power(v.expected_margin * {_SERVED}, 2)), 0) as gross_margin_squares,"
    f" coalesce(sum(v.residual_lifetime_value * {_SERVED}), 0) as residual_gross,"
    f" coalesce(sum(v.residual_lifetime_value * {_SERVED} / nullif(v.expected_spend, 0)), 0) as residual_units"
)


def intervals(
    engine: Engine, segmentation: str, model: BetaGeometricNBD, spend: SpendModel, *, horizon_days: int,
    daily_rate: float, residual: bool = True,
) -> pd.DataFrame:  # fmt: skip
    """Compute 95 % intervals of expected purchases, value and residual value for each segment and for all."""
    cells = _cells(engine, segmentation)
    purchases, money = _variances(model, spend, cells, float(horizon_days))
    lasting = _residual_variance(model, spend, cells, daily_rate) if residual else None
    segments = [("all", np.ones(len(cells)))]
    segments += [(name, (cells["segment"] == name).to_numpy(float)) for name in sorted(cells["segment"].unique())]
    rows = []
    for name, inside in segments:
        totals = {column: float(cells[column].to_numpy(float) @ inside) for column in _TOTALS}
        row: dict[str, Any] = {"segment": name} | _horizon_row(totals, purchases.of(inside), money.of(inside))
        rows.append(row | (_residual_row(totals, lasting.of(inside)) if lasting else {}))
    return pd.DataFrame(rows)


def _horizon_row(totals: dict[str, float], purchases: float, money: float) -> dict[str, float]:
    """Compute the intervals over the horizon from the totals of a segment and the variances of its two totals."""
    expected, value, served = totals["expected"], totals["value"], totals["served"]
    low, high = _around(expected, purchases)
    value_low, value_high = _around(value, money)
    if served > 0:
        most = served * high / expected if expected else served
        value_low, value_high = _on_either_side(value, money, most_lost=most)
    if low < 0.5:  # rounds to no purchase: perhaps nobody buys, and no money comes
        low, value_low, value_high = 0.0, min(value_low, 0.0), max(value_high, 0.0)
    return {
        "expected_purchases": expected, "purchases_low": low, "purchases_high": high,
        "value": value, "value_low": value_low, "value_high": value_high,
    }  # fmt: skip


def _residual_row(totals: dict[str, float], variance: float) -> dict[str, float]:
    """Compute the interval of residual value from the totals of a segment and its variance."""
    residual = totals["residual"]
    low, high = _around(residual, variance)
    if totals["served"] > 0:
        low, high = _on_either_side(residual, variance, most_lost=np.inf)
    return {"residual": residual, "residual_low": low, "residual_high": high}


@dataclass(frozen=True)
class _Variance:
    """Variance of a total: slopes of each cell by the parameters, their covariance, and chance per cell."""

    slopes: Floats
    covariance: Floats
    chance: Floats

    def of(self, inside: Floats) -> float:
        """Sum over the cells inside: parameters are shared, chance is independent."""
        slope = self.slopes @ inside
        return float(slope @ self.covariance @ slope + self.chance @ inside)


def _variances(
    model: BetaGeometricNBD, spend: SpendModel, cells: pd.DataFrame, horizon: float
) -> tuple[_Variance, _Variance]:
    """Compute the variances of purchases and of money, per cell.

    A purchase brings m S - c, with the margin m, the spend S and the cost to serve c. With N purchases, a level of
    spend of mean s and second moment level x s^2, and g = m s, the variance of a customer's money is
    (g - c)^2 (E N^2 - (E N)^2) + g^2 ((level - 1) E N^2 + (day - level) E N).
    """
    customers, money, squares, gross_squares, gross, units = (
        cells[name].to_numpy(dtype=float)
        for name in ("customers", "money", "money_squares", "gross_squares", "gross", "units")
    )
    gradient, covariance = expectation_slopes(model, cells, horizon), log_covariance(model)
    mean, square = futures(model, cells, horizon)
    level, day = spend_moments(spend, cells["frequency"].to_numpy(dtype=float))
    slopes = spend_slopes(spend, cells["frequency"].to_numpy(dtype=float), gross, units)
    chance = (square - mean**2) * squares + ((level - 1) * square + (day - level) * mean) * gross_squares
    both = np.zeros((7, 7))
    both[:4, :4], both[4:, 4:] = covariance, spend_covariance(spend)
    return (
        _Variance(gradient * customers, covariance, (square - mean**2) * customers),
        _Variance(np.vstack([gradient * money, slopes]), both, chance),
    )


def _residual_variance(model: BetaGeometricNBD, spend: SpendModel, cells: pd.DataFrame, rate: float) -> _Variance:
    """Compute the variance of residual value, per cell, like that of money with discounted purchases for counts."""
    names = ("margin", "margin_squares", "gross_margin_squares", "residual_gross", "residual_units", "frequency")
    margin, squares, gross_squares, gross, units, frequency = (cells[name].to_numpy(dtype=float) for name in names)
    mean, square, fine = _discounted_futures(model, cells, rate)
    level, day = spend_moments(spend, frequency)
    chance = (square - mean**2) * squares + ((level - 1) * square + (day - level) * fine) * gross_squares
    both = np.zeros((7, 7))
    both[:4, :4], both[4:, 4:] = log_covariance(model), spend_covariance(spend)
    slopes = _slopes(model, lambda at: _residual(at, cells, rate)) * margin
    return _Variance(np.vstack([slopes, spend_slopes(spend, frequency, gross, units)]), both, chance)


def _around(total: float, variance: float) -> tuple[float, float]:
    """Compute an interval on one side of zero, with the total inside, from quantiles of a gamma distribution."""
    from scipy.special import gammaincinv

    if total == 0 or variance <= 0:
        return total, total
    ends = [total, *(variance / total * gammaincinv(total**2 / variance, _TAILS))]
    return float(min(ends)), float(max(ends))


def _on_either_side(total: float, variance: float, *, most_lost: float) -> tuple[float, float]:
    """Compute an interval from quantiles of a normal distribution, for a total of either sign.

    The greatest loss is the cost to serve of purchases that bring nothing.
    """
    half = _NORMAL * np.sqrt(max(variance, 0.0))
    return min(total, max(float(total - half), -most_lost)), float(total + half)


def _cells(engine: Engine, segmentation: str) -> pd.DataFrame:
    """Count customers with similar histories per segment, in bins of T and recency."""
    return engine.fetch(
        "select s.segment, v.frequency, avg(v.recency) as recency, avg(v.T) as T, count(*) as customers,"
        " sum(v.expected_purchases) as expected, coalesce(sum(v.value), 0) as value,"
        " coalesce(sum(v.value + v.service_cost), 0) as gross,"
        " coalesce(sum(case when v.value is not null then v.service_cost end), 0) as served,"
        " coalesce(sum(v.value / nullif(v.expected_purchases, 0)), 0) as money,"
        " coalesce(sum(power(v.value / nullif(v.expected_purchases, 0), 2)), 0) as money_squares,"
        " coalesce(sum(power((v.value + v.service_cost) / nullif(v.expected_purchases, 0), 2)), 0) as gross_squares,"
        " coalesce(sum((v.value + v.service_cost) / nullif(v.expected_spend, 0)), 0) as units,"
        f" {_RESIDUAL}"
        " from customer_value v join customer_segments s using (customer_id)"
        " where s.segmentation = :segmentation"
        " group by s.segment, v.frequency, floor(v.recency / :bin), floor(v.T / :bin)"
        " order by s.segment, v.frequency, recency, T",
        segmentation=segmentation,
        bin=max(1.0, engine.fetch("select max(T) as T from customer_value")["T"].item() / _AGE_BINS),
    )


def _expected(model: BetaGeometricNBD, cells: pd.DataFrame, horizon: float) -> Floats:
    x, recency, age = (cells[name].to_numpy(dtype=float) for name in ("frequency", "recency", "T"))
    return np.asarray(bgnbd.expected_purchases(model, horizon, x, recency, age), dtype=float)


def _residual(model: BetaGeometricNBD, cells: pd.DataFrame, rate: float) -> Floats:
    x, recency, age = (cells[name].to_numpy(dtype=float) for name in ("frequency", "recency", "T"))
    return np.asarray(bgnbd.residual_transactions(model, rate, x, recency, age), dtype=float)


def expectation_slopes(model: BetaGeometricNBD, cells: pd.DataFrame, horizon: float) -> Floats:
    """Differentiate one customer's expected purchases by the logarithms of the parameters, shape (4, cells).

    Examples
    --------
    >>> one = pd.DataFrame({"frequency": [2], "recency": [200.0], "T": [210.0]})
    >>> expectation_slopes(bgnbd.BGNBD(0.25, 31.0, 0.8, 2.4), one, 365.0).shape
    (4, 1)
    """
    return _slopes(model, lambda at: _expected(at, cells, horizon))


def _slopes(model: BetaGeometricNBD, total: Callable[[BetaGeometricNBD], Floats]) -> Floats:
    """Differentiate each cell's expectation by the logarithms of the parameters, by forward differences."""
    logs = np.log([getattr(model, name) for name in PARAMETERS])

    def at(step: Floats) -> Floats:
        r, alpha, a, b = (float(value) for value in np.exp(logs + step))
        return total(type(model)(r, alpha, a, b))

    here = total(model)
    return np.array([(at(step) - here) / _STEP for step in np.eye(4) * _STEP])


def log_covariance(model: BetaGeometricNBD) -> Floats:
    """Covariance of the logarithms of the four parameters; zero for what is unknown or not identified.

    Examples
    --------
    >>> log_covariance(bgnbd.BGNBD(0.25, 31.0, 0.8, 2.4)).sum()
    np.float64(0.0)
    """
    if model.log_covariance is not None:
        return model.log_covariance
    if model.covariance is None:
        return np.zeros((4, 4))
    inverse = 1 / np.array([model.r, model.alpha, model.a, model.b])
    return np.nan_to_num(model.covariance * np.outer(inverse, inverse))


def futures(model: BetaGeometricNBD, cells: pd.DataFrame, horizon: float) -> tuple[Floats, Floats]:
    """Compute the first and second moment of a customer's purchases in the horizon, per cell."""
    history = [cells[name].to_numpy(dtype=float) for name in ("frequency", "recency", "T")]
    mean, square = (
        np.asarray(moment(model, horizon, *history), dtype=float)
        for moment in (bgnbd.expected_purchases, bgnbd.expected_squared_purchases)
    )
    return mean, square


def _discounted_futures(model: BetaGeometricNBD, cells: pd.DataFrame, rate: float) -> tuple[Floats, Floats, Floats]:
    """Moments of a customer's discounted purchases, per cell: mean, mean square, mean sum of squared discounts."""
    history = [cells[name].to_numpy(dtype=float) for name in ("frequency", "recency", "T")]
    mean, fine = (_residual(model, cells, discount) for discount in (rate, 2 * rate))
    return mean, fine + bgnbd.residual_pairs(model, rate, *history), fine


def _read_intervals(content: dict[str, Any]) -> pd.DataFrame:
    frame = pd.DataFrame(content["rows"], columns=content["columns"])
    return frame.astype({name: float for name in frame.columns if name != "segment"})


@record(load=_read_intervals)
def segment_intervals(
    engine: Engine,
    project: Project,
    customer_value: str,
    customer_segments: str,
    lifetime_model: BetaGeometricNBD,
    spend_model: SpendModel,
    money_forecast: Any = REFUSED,
) -> dict[str, Any]:
    """The 95 % intervals of the segments that playbooks follow, and of all customers: purchases and value.

    Money is missing where purchases have no amounts, and residual value where it is not discounted.
    """
    del customer_value, customer_segments
    rate, days = project.daily_discount_rate, project.horizon_days
    frame = intervals(
        engine, project.segments.leading, lifetime_model, spend_model, horizon_days=days, daily_rate=rate,
        residual=rate > 0,
    ).reindex(columns=_COLUMNS)  # fmt: skip
    if isinstance(money_forecast, Refusal):
        frame[[name for name in map(str, frame.columns) if name.startswith(("value", "residual"))]] = np.nan
    return {"columns": list(frame.columns), "rows": frame.astype(object).where(frame.notna(), None).to_numpy().tolist()}


@value
def coming_value(segment_intervals: pd.DataFrame) -> pd.Series:
    """Expected purchases and value of all customers, with intervals."""
    return pd.Series(segment_intervals.set_index("segment").loc["all"])
