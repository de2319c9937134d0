"""The days that test the forecast: one rule for every command and page."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from custlib.graph import Refusal
from custlib.project import build, load
from custlib.quick import value_file
from custlib.run import Run
from custlib.validate import backtest
from custlib.value.holdout_period import HoldoutPeriod, holdout_period
from tests.notebooks.shops import SHOP, make_shop

LEAST = {"id": "shop", "name": "Shop", "as_of": "2025-12-31", "source": {"path": "sales.csv"}}
QUALITY: dict[str, Any] = {"first_day": "2024-01-01", "usual_first_day": "2024-01-01"}


@pytest.mark.parametrize(("stated", "days"), [(None, 365), (182, 182)])
def test_half_of_the_days_covered_is_kept_back_unless_the_project_states_it(stated: int | None, days: int) -> None:
    found = holdout_period(build(LEAST).replace(holdout_days=stated), QUALITY)
    assert found == HoldoutPeriod(days, 730, dt.date(2025, 12, 31))
    assert found.calibration_end == dt.date(2025, 12, 31) - dt.timedelta(days=days)


def test_a_lonely_date_is_not_covered() -> None:
    assert holdout_period(build(LEAST), QUALITY | {"first_day": "1970-01-01"}).days == 365


@pytest.mark.parametrize("first", [None, "2025-12-31", "2026-05-01"])
def test_without_a_history_a_day_is_kept_back(first: str | None) -> None:
    found = holdout_period(build(LEAST), {"first_day": first, "usual_first_day": first})
    assert (found.days, found.covered) == (1, 0)


@pytest.mark.slow
def test_the_light_is_one_in_a_run_and_on_a_file(tmp_path: Path) -> None:
    path = make_shop(tmp_path, text=SHOP.replace("holdout_days = 120\n", "").replace("horizon_days = 180\n", ""))
    opened = Run(load(path), tmp_path / "work")
    alone = value_file(tmp_path / "sales.csv", as_of=opened.project.as_of)["backtest"]
    found = opened.get("test_result")
    assert found["holdout_days"] == alone["holdout_days"] == 182
    assert found["lights"] == alone["lights"] and set(found["lights"]) == {"purchases", "value"}
    assert (found["light"], found["bias"]) == (alone["light"], pytest.approx(alone["bias"]))
    assert found["revenue"]["bias"] == pytest.approx(alone["revenue"]["bias"])
    opened.engine.close()


SUMMARY = {"bias": 0.1, "actual": 100, "predicted": 110.0}
LIGHTS = {"light": "amber", "lights": {"purchases": "green", "value": "amber"}}


def test_the_result_holds_the_lights_and_the_test_apart() -> None:
    period = HoldoutPeriod(182, 730, dt.date(2025, 12, 31))
    missed = {"expected": 690.0, "actual": 1000.0, "bias": 0.6, "mean_spend": 10.0}
    found = backtest.test_result(build(LEAST), period, SUMMARY, missed, LIGHTS)
    assert (found["light"], found["lights"]) == ("amber", LIGHTS["lights"]), "a missed holdout does not decide"
    assert (found["revenue"]["currency"], found["is_stated"]) == ("USD", False)
    alone = backtest.test_result(build(LEAST), period, SUMMARY, forecast_lights=LIGHTS)
    assert (alone["light"], alone["revenue"]) == ("amber", None)


def test_without_a_holdout_the_light_stays_and_without_a_forecast_there_is_none() -> None:
    period = HoldoutPeriod(182, 730, dt.date(2025, 12, 31))
    untested = backtest.test_result(build(LEAST), period, Refusal("nobody_yet"), Refusal(), LIGHTS)
    assert (untested["light"], untested["reason"]) == ("amber", "nobody_yet")
    assert backtest.test_result(build(LEAST), period, Refusal("no_repeats"))["light"] == "untested"
