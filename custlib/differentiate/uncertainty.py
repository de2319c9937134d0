"""How sure a forecast total is: parameter uncertainty on cells plus the chance in each customer's future.

Reads ``customer_value`` and ``customer_segments``. The variance of a total is that of its parameters (delta
method with the inverse Hessian of the fit) plus that of the customers' futures, simulated per cell: alive ~
Bernoulli(P(alive)), rate ~ Gamma, drop-out ~ Beta, purchases = min(Poisson, Geometric).
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from custlib.engine.duckdb import DuckDB
from custlib.models import bgnbd
from custlib.models.bgnbd import BGNBD
from custlib.models.gammagamma import GammaGamma

Floats = NDArray[np.float64]
_NORMAL_95 = 1.959963984540054
_STEP = 1e-4
_FUTURES = 200
_FUTURES_IN_ALL = 4_000_000
_AGE_BINS = 50


def intervals(
    engine: DuckDB, segmentation: str, model: BGNBD, spend: GammaGamma | None, *, horizon_days: int
) -> pd.DataFrame:
    """Give each segment's expected purchases and value a 95 % interval.

    Parameters
    ----------
    engine : DuckDB
        Holds ``customer_value`` and ``customer_segments``.
    segmentation : str
        Name of the segmentation.
    model : BGNBD
        Fitted with time in days, with its covariance.
    spend : GammaGamma or None
        The spend model, whose variance per purchase counts for money.
    horizon_days : int
        Length of the forecast, in days.

    Returns
    -------
    pandas.DataFrame
        One row per segment and one named ``all``: ``segment``, ``expected_purchases``, ``value`` and
        ``value_low``, ``value_high``, ``purchases_low``, ``purchases_high``.
    """
    cells = _cells(engine, segmentation)
    horizon = float(horizon_days)
    per_cell, gradient = _gradient(model, cells, horizon)
    variance = _futures_variance(model, cells, horizon)
    log_covariance = _log_covariance(model)
    chosen = [("all", np.ones(len(cells), dtype=bool))]
    chosen += [(name, (cells["segment"] == name).to_numpy()) for name in sorted(cells["segment"].unique())]
    rows = []
    for name, inside in chosen:
        weight = cells["customers"].to_numpy(dtype=float) * inside
        slope = gradient @ weight
        spread = float(slope @ log_covariance @ slope + variance @ weight)
        rows.append(_row(name, float(per_cell @ weight), spread, float(cells["value"][inside].sum()), spend))
    return pd.DataFrame(rows)


def _row(
    name: str, purchases: float, variance: float, value: float, spend: GammaGamma | None
) -> dict[str, float | str]:
    relative = variance / purchases**2 if purchases > 0 else 0.0
    relative_value = relative + (spend_variance(spend) / purchases if purchases > 0 else 0.0)
    low, high = _around(purchases, relative)
    value_low, value_high = _around(value, relative_value)
    return {
        "segment": name, "expected_purchases": purchases, "purchases_low": low, "purchases_high": high,
        "value": value, "value_low": value_low, "value_high": value_high,
    }  # fmt: skip


def _around(total: float, relative_variance: float) -> tuple[float, float]:
    """Give a total an interval that cannot fall below zero (normal on the log scale)."""
    spread = _NORMAL_95 * float(np.sqrt(np.log1p(relative_variance)))
    centre = total / float(np.sqrt(1 + relative_variance))
    return centre * float(np.exp(-spread)), centre * float(np.exp(spread))


def spend_variance(spend: GammaGamma | None) -> float:
    """Squared coefficient of variation of the money of one purchase day, over customers and days.

    Parameters
    ----------
    spend : GammaGamma or None
        The model.

    Returns
    -------
    float
        Variance over squared mean; 1 where the model has no finite variance (q <= 2) or is missing.

    Examples
    --------
    >>> round(spend_variance(GammaGamma(6.25, 3.74, 15.44)), 4)
    0.8267
    """
    if spend is None or spend.q <= 2:
        return 1.0
    return (spend.q - 1) / (spend.p * (spend.q - 2)) + 1 / (spend.q - 2)


def _cells(engine: DuckDB, segmentation: str) -> pd.DataFrame:
    """Count customers of like history per segment; bins of the T and recency keep the cells few."""
    return engine.fetch(
        "select s.segment, v.frequency, avg(v.recency) as recency, avg(v.T) as T, count(*) as customers,"
        " coalesce(sum(v.value), 0) as value from customer_value v join customer_segments s using (customer_id)"
        " where s.segmentation = :segmentation"
        " group by s.segment, v.frequency, floor(v.recency / :bin), floor(v.T / :bin)"
        " order by s.segment, v.frequency, recency, T",
        segmentation=segmentation,
        bin=max(1.0, engine.fetch("select max(T) as T from customer_value")["T"].item() / _AGE_BINS),
    )


def _expected(logs: Floats, cells: pd.DataFrame, horizon: float) -> Floats:
    r, alpha, a, b = (float(value) for value in np.exp(logs))
    model = BGNBD(r, alpha, a, b)
    x, recency, age = (cells[name].to_numpy(dtype=float) for name in ("frequency", "recency", "T"))
    found: Floats = np.asarray(bgnbd.expected_purchases(model, horizon, x, recency, age), dtype=float)
    return found


def _gradient(model: BGNBD, cells: pd.DataFrame, horizon: float) -> tuple[Floats, Floats]:
    """Slope of each cell's expectation by the logarithms of the parameters, by central differences."""
    logs = np.log([model.r, model.alpha, model.a, model.b])
    steps = np.eye(4) * _STEP
    slopes = [
        (_expected(logs + step, cells, horizon) - _expected(logs - step, cells, horizon)) / (2 * _STEP)
        for step in steps
    ]
    return _expected(logs, cells, horizon), np.array(slopes)


def _log_covariance(model: BGNBD) -> Floats:
    if model.covariance is None:
        return np.zeros((4, 4))
    inverse = 1 / np.array([model.r, model.alpha, model.a, model.b])
    return np.nan_to_num(model.covariance * np.outer(inverse, inverse))


def _futures_variance(model: BGNBD, cells: pd.DataFrame, horizon: float) -> Floats:
    """Variance of one customer's purchases in the horizon, per cell, by simulated futures."""
    count = int(np.clip(_FUTURES_IN_ALL // max(len(cells), 1), 20, _FUTURES))
    random = np.random.default_rng(0)
    x, recency, age = (cells[name].to_numpy(dtype=float)[:, None] for name in ("frequency", "recency", "T"))
    size = (len(cells), count)
    alive = random.random(size) < np.asarray(bgnbd.probability_alive(model, x, recency, age))
    rate = random.gamma(model.r + x, 1 / (model.alpha + age), size)
    drop = np.clip(random.beta(model.a, model.b + x, size), 1e-12, 1.0)
    bought = np.minimum(random.poisson(rate * horizon), random.geometric(drop))
    variance: Floats = np.where(alive, bought, 0).var(axis=1)
    return variance
