"""Makes ``coming_value`` and ``segment_intervals``: forecast totals of all customers and of segments, with intervals.

Reads ``customer_value`` and ``customer_segments``. The variance of a total is what the models themselves state
(`custlib.value.uncertainty`) plus the excess error of past forecasts over the same horizon
(`custlib.value.excess_error`). Intervals are quantiles of a gamma distribution with the mean and variance of the total,
so they start near zero where little is expected. With a cost to serve a total can be negative: its interval is normal,
bounded below by the cost; it is normal without a bound where some customers bring gains and others losses, by margins
of their own. Residual value has no horizon that could be tested: its interval takes the excess error of the horizon,
which is the least that it can be.
"""

from typing import Any

import numpy as np
import pandas as pd

from custlib.engine.base import Engine
from custlib.graph import REFUSED, Refusal, record
from custlib.models.forecasting import LifetimeModel
from custlib.project import Project
from custlib.value.excess_error import BY_FREQUENCY, MEASURES, WHOLE, ExcessError, Taus
from custlib.value.spend import SpendModel
from custlib.value.uncertainty import residual_total, totals

_TAILS = np.array([0.025, 0.975])
_NORMAL = 1.959963984540054
_ROUNDING = 1e-9
AGE_BINS = 25
_TOTALS = ("expected", "value", "served", "magnitude", "residual")
_NO_RESIDUAL = dict.fromkeys(("residual", "residual_low", "residual_high"), np.nan)
_NO_EXCESS = dict.fromkeys(MEASURES, 0.0)
_SERVED = (
    "(1 + coalesce(v.service_cost / nullif(v.value, 0), 0))"  # margin before the cost to serve over margin after it
)
_RESIDUAL = (
    "coalesce(sum(v.residual_lifetime_value), 0) as residual, coalesce(sum(v.expected_margin), 0) as margin,"
    " coalesce(sum(power(v.expected_margin, 2)), 0) as margin_squares,"
    f" coalesce(sum(power(v.expected_margin * {_SERVED}, 2)), 0) as gross_margin_squares,"
    f" coalesce(sum(v.residual_lifetime_value * {_SERVED}), 0) as residual_gross,"
    f" coalesce(sum(v.residual_lifetime_value * {_SERVED} / nullif(v.expected_spend, 0)), 0) as residual_units"
)


def intervals(
    engine: Engine, segmentation: str, model: LifetimeModel, spend: SpendModel, *, horizon_days: int,
    daily_rate: float, excess: ExcessError | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Compute intervals of expected purchases, value and residual value of all, and of each segment of a segmentation.

    Without the excess error they are those of the models alone; without a segmentation there is one row. Residual value
    that is not discounted has no interval.
    """
    cells = _cells(engine, segmentation)
    purchases, money = totals(model, spend, cells, float(horizon_days))
    lasting = residual_total(model, spend, cells, daily_rate) if daily_rate > 0 else None
    segments = [(WHOLE, np.ones(len(cells)))]
    if segmentation:
        segments += [(name, (cells["segment"] == name).to_numpy(float)) for name in sorted(cells["segment"].unique())]
    rows = []
    for name, inside in segments:
        sums = {column: float(cells[column].to_numpy(float) @ inside) for column in _TOTALS}
        taus = excess.of(name, _shares(cells, inside)) if excess else _NO_EXCESS
        row: dict[str, Any] = {"segment": name} | horizon_row(
            sums, purchases.total(inside).variance, money.total(inside).variance, taus
        )
        rows.append(row | (_residual_row(sums, lasting.total(inside).variance, taus) if lasting else _NO_RESIDUAL))
    return pd.DataFrame(rows)


def _shares(cells: pd.DataFrame, inside: np.ndarray) -> dict[str, float]:
    """Share the expected purchases of a segment among those who bought once, few times and many times."""
    expected, frequency = cells["expected"].to_numpy(float) * inside, cells["frequency"]
    total = float(expected.sum())
    return {
        name: float(expected[frequency.between(least, most).to_numpy()].sum()) / total
        for name, (least, most) in BY_FREQUENCY.items()
        if total > 0
    }


def horizon_row(sums: dict[str, float], purchases: float, money: float, taus: Taus) -> dict[str, float]:
    """Compute the intervals over the horizon from the totals of a segment, their variances and the excess errors."""
    expected, value, served = sums["expected"], sums["value"], sums["served"]
    purchases += (taus["purchases"] * expected) ** 2
    money += (taus["revenue"] * sums["magnitude"]) ** 2
    low, high = _around(expected, purchases)
    value_low, value_high = _around(value, money)
    if _has_both_signs(sums):
        value_low, value_high = _on_either_side(value, money, most_lost=np.inf)
    elif served > 0:
        most = served * high / expected if expected else served
        value_low, value_high = _on_either_side(value, money, most_lost=most)
    if low < 0.5:  # rounds to no purchase: perhaps nobody buys, and no money comes
        low, value_low, value_high = 0.0, min(value_low, 0.0), max(value_high, 0.0)
    return {
        "expected_purchases": expected, "purchases_low": low, "purchases_high": high,
        "value": value, "value_low": value_low, "value_high": value_high,
    }  # fmt: skip


def revenue_totals(expected: float, revenue: float) -> dict[str, float]:
    """Give the totals that :func:`horizon_row` takes where money is revenue, before any cost."""
    return {"expected": expected, "value": revenue, "served": 0.0, "magnitude": revenue}


def _has_both_signs(sums: dict[str, float]) -> bool:
    """Whether some customers bring gains and others losses even before the cost to serve, by margins of their own."""
    return sums["magnitude"] > abs(sums["value"] + sums["served"]) * (1 + _ROUNDING)


def _residual_row(sums: dict[str, float], variance: float, taus: Taus) -> dict[str, float]:
    """Compute the interval of residual value from the totals of a segment and its variance."""
    residual = sums["residual"]
    variance += (taus["revenue"] * residual) ** 2
    low, high = _around(residual, variance)
    if sums["served"] > 0 or _has_both_signs(sums):
        low, high = _on_either_side(residual, variance, most_lost=np.inf)
    return {"residual": residual, "residual_low": low, "residual_high": high}


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
    everybody = f"(select customer_id, '{WHOLE}' as segment from customer_value)"
    chosen = "(select customer_id, segment from customer_segments where segmentation = :segmentation)"
    named: dict[str, Any] = {"segmentation": segmentation} if segmentation else {}
    return engine.fetch(
        "select s.segment, v.frequency, avg(v.recency) as recency, avg(v.T) as T, count(*) as customers,"
        " sum(v.expected_purchases) as expected, coalesce(sum(v.value), 0) as value,"
        " coalesce(sum(v.value + v.service_cost), 0) as gross,"
        " coalesce(sum(abs(v.value + v.service_cost)), 0) as magnitude,"
        " coalesce(sum(case when v.value is not null then v.service_cost end), 0) as served,"
        " coalesce(sum(v.value / nullif(v.expected_purchases, 0)), 0) as money,"
        " coalesce(sum(power(v.value / nullif(v.expected_purchases, 0), 2)), 0) as money_squares,"
        " coalesce(sum(power((v.value + v.service_cost) / nullif(v.expected_purchases, 0), 2)), 0) as gross_squares,"
        " coalesce(sum((v.value + v.service_cost) / nullif(v.expected_spend, 0)), 0) as units,"
        f" {_RESIDUAL}"
        f" from customer_value v join {chosen if segmentation else everybody} s using (customer_id)"
        " group by s.segment, v.frequency, floor(v.recency / :bin), floor(v.T / :bin)"
        " order by s.segment, v.frequency, recency, T",
        bin=age_bin(engine, "customer_value"),
        **named,
    )


def age_bin(engine: Engine, customers: str) -> float:
    """Give the width of the bins of T and recency, in days, so that the usual ages fill them.

    One date of decades ago must not put everybody in the same bin, so ages beyond twice the mean do not count.
    """
    ages = engine.fetch(f"select max(T) as most, 2 * avg(T) as usual from {customers}").astype(float)
    return max(1.0, min(ages["most"].item(), ages["usual"].item()) / AGE_BINS)


def _read_intervals(content: dict[str, Any]) -> pd.DataFrame:
    frame = pd.DataFrame(content["rows"], columns=content["columns"])
    return frame.astype({name: float for name in frame.columns if name != "segment"})


def _read_whole(content: dict[str, Any]) -> "pd.Series[float]":
    return pd.Series(_read_intervals(content).set_index("segment").loc[WHOLE])


def _written(frame: pd.DataFrame, excess: ExcessError, money_forecast: Any) -> dict[str, Any]:
    """Write intervals as JSON holds them; money is missing where purchases have no amounts."""
    frame = frame.assign(is_tested=float(excess.is_tested))
    if isinstance(money_forecast, Refusal):
        frame[[name for name in map(str, frame.columns) if name.startswith(("value", "residual"))]] = np.nan
    return {"columns": list(frame.columns), "rows": frame.astype(object).where(frame.notna(), None).to_numpy().tolist()}


@record(load=_read_whole)
def coming_value(
    engine: Engine,
    project: Project,
    customer_value: str,
    lifetime_model: LifetimeModel,
    spend_model: SpendModel,
    excess_error: ExcessError,
    money_forecast: Any = REFUSED,
) -> dict[str, Any]:
    """Expected purchases and value of all customers, with intervals; ``is_tested`` says if their horizon was tested."""
    del customer_value
    days, rate = project.horizon_days, project.daily_discount_rate
    frame = intervals(engine, "", lifetime_model, spend_model, horizon_days=days, daily_rate=rate, excess=excess_error)
    return _written(frame, excess_error, money_forecast)


@record(load=_read_intervals)
def segment_intervals(
    engine: Engine,
    project: Project,
    customer_segments: str,
    lifetime_model: LifetimeModel,
    spend_model: SpendModel,
    coming_value: "pd.Series[float]",
    segment_excess_error: ExcessError,
    money_forecast: Any = REFUSED,
) -> dict[str, Any]:
    """Intervals of the segments that playbooks follow, after those of all customers: purchases and value."""
    del customer_segments
    leading, days, rate = project.segments.leading, project.horizon_days, project.daily_discount_rate
    frame = intervals(
        engine, leading, lifetime_model, spend_model, horizon_days=days, daily_rate=rate,
        excess=segment_excess_error,
    )  # fmt: skip
    frame.loc[frame["segment"] == WHOLE, frame.columns[1:]] = coming_value[frame.columns[1:]].to_numpy()
    return _written(frame, segment_excess_error, money_forecast)
