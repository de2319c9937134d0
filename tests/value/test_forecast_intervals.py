"""Intervals with the excess error in them, of the whole and of segments."""

from typing import Any

import numpy as np
import pytest

from custlib.engine.base import Engine
from custlib.models.gammagamma import GammaGamma
from custlib.value import forecast_intervals, spend
from custlib.value.excess_error import ExcessError
from tests.bases import DAILY_RATE, FORECAST, MODEL, make_value

SPEND = GammaGamma(6.25, 3.74, 15.44)
ROWS = [(f"c{n % 60}", f"2025-{1 + n % 9:02d}-{1 + n % 28:02d}", 20 + n % 7) for n in range(200)]


def excess(purchases: float, revenue: float, *, origins: int = 6, **segments: float) -> ExcessError:
    taus = {"all": {"purchases": purchases, "revenue": revenue}}
    taus |= {name: {"purchases": tau, "revenue": tau} for name, tau in segments.items()}
    return ExcessError(180, 180, origins, taus)


def spans(engine: Engine, error: ExcessError | None, segmentation: str = "one", cost: float = 0.0) -> Any:
    make_value(engine, model=MODEL, money=spend.from_gamma_gamma(SPEND), horizon_days=180, cost_to_serve=cost)
    segment = "case when frequency > 2 then 'often' else 'seldom' end as segment"
    columns = f"customer_id, 'one' as segmentation, {segment}, '' as reason"
    engine.make("customer_segments", f"select {columns} from customer_activity")
    frame = forecast_intervals.intervals(
        engine,
        segmentation,
        FORECAST,
        (spend.from_gamma_gamma(SPEND), SPEND),
        horizon_days=180,
        daily_rate=DAILY_RATE,
        excess=error,
    )
    return frame.set_index("segment")


def variance(row: Any, name: str, total: str) -> float:
    """Variance behind a wide gamma interval, roughly: a quarter of its width is a standard deviation."""
    return float(((row[f"{name}_high"] - row[f"{name}_low"]) / 3.92) ** 2 / row[total] ** 2)


def test_the_excess_error_is_added_to_the_variance_and_the_forecast_stays(base: Any) -> None:
    engine = base(ROWS)
    plain, wide = (spans(engine, error).loc["all"] for error in (None, excess(0.2, 0.4)))
    for name in ("expected_purchases", "value", "residual"):
        assert plain[name] == wide[name]
    for name, total, tau in (("purchases", "expected_purchases", 0.2), ("value", "value", 0.4)):
        added = variance(wide, name, total) - variance(plain, name, total)
        assert added == pytest.approx(tau**2, rel=0.1)
    assert wide["residual_high"] - wide["residual_low"] > plain["residual_high"] - plain["residual_low"]


def test_each_segment_has_its_own_error_and_without_it_that_of_the_whole(base: Any) -> None:
    engine = base(ROWS)
    plain, found = spans(engine, None), spans(engine, excess(0.1, 0.1, often=0.5))
    grown = {
        name: variance(found.loc[name], "purchases", "expected_purchases")
        - variance(plain.loc[name], "purchases", "expected_purchases")
        for name in ("often", "seldom")
    }
    assert grown["often"] == pytest.approx(0.25, rel=0.15) and grown["seldom"] == pytest.approx(0.01, rel=0.15)


def test_with_a_cost_to_serve_the_error_is_one_of_the_money_before_it(base: Any) -> None:
    engine = base(ROWS)
    plain, wide = (spans(engine, error, cost=15.0).loc["all"] for error in (None, excess(0.0, 0.3)))
    width = (wide["value_high"] - wide["value_low"]) ** 2 - (plain["value_high"] - plain["value_low"]) ** 2
    gross = plain["value"] + 15.0 * plain["expected_purchases"]
    assert np.sqrt(width) / 3.92 == pytest.approx(0.3 * gross, rel=0.05)


def test_without_segments_there_is_one_row(base: Any) -> None:
    engine = base(ROWS)
    alone, beside = spans(engine, None, segmentation=""), spans(engine, None)
    assert list(alone.index) == ["all"]
    assert alone.loc["all"].to_numpy() == pytest.approx(beside.loc["all"].to_numpy(), rel=0.02)


def test_cdnow_has_the_same_whole_everywhere(cdnow: Any) -> None:
    whole, rows = cdnow.get("coming_value"), cdnow.get("segment_intervals").set_index("segment")
    assert whole.to_dict() == rows.loc["all"].to_dict()
    assert whole["is_tested"] == 0.0, "a year ahead of 18 months"


def test_gains_and_losses_by_own_margins_may_end_on_either_side_of_zero() -> None:
    """Customers who bring 100 beside others who lose 80: the error is one of the 180 that move, not of the 20 left."""
    totals = {"expected": 50.0, "value": 20.0, "served": 0.0, "magnitude": 180.0}
    row = forecast_intervals.horizon_row(totals, 9.0, 16.0, {"purchases": 0.0, "revenue": 0.1})
    half = 1.96 * np.sqrt(16 + 18**2)
    assert (row["value_low"], row["value_high"]) == pytest.approx((20 - half, 20 + half), rel=1e-3)
    alike = forecast_intervals.horizon_row(totals | {"magnitude": 20.0}, 9.0, 16.0, {"purchases": 0.0, "revenue": 0.1})
    assert 0 < alike["value_low"] < 20 < alike["value_high"]


def test_the_cells_of_a_loss_maker_count_by_what_they_move(base: Any) -> None:
    engine = base(ROWS)
    make_value(engine, model=MODEL, money=spend.from_gamma_gamma(SPEND), horizon_days=180)
    engine.make("turned", "select * replace (case when customer_id < 'c3' then -value else value end as value)"
                          " from customer_value")  # fmt: skip
    engine.make("customer_value", "select * from turned")
    cells = forecast_intervals._cells(engine, "")
    assert cells["magnitude"].sum() > abs(cells["gross"].sum()) > 0
