"""The light: half-width of the interval over the forecast, and none where too few origins tested the horizon."""

import math

import pytest

from custlib.validate import lights
from custlib.value.excess_error import ExcessError

WHOLE = {"expected_purchases": 100.0, "purchases_low": 80.0, "purchases_high": 125.0,
         "value": 1000.0, "value_low": 600.0, "value_high": 1300.0}  # fmt: skip
TESTED = ExcessError(90, 90, 3)


@pytest.mark.parametrize(("half", "light"), [(0.25, "green"), (0.2501, "amber"), (0.5, "amber"), (0.5001, "red")])
def test_the_limits(half: float, light: str) -> None:
    assert lights.light(half, is_tested=True) == light
    assert lights.light(half, is_tested=False) == "untested"


@pytest.mark.parametrize("total", [0.0, -5.0])
def test_of_nothing_or_a_loss_no_interval_is_narrow(total: float) -> None:
    assert lights.half_width(total, total - 1, total + 1) == math.inf
    assert lights.light(math.inf, is_tested=True) == "red"


def test_purchases_and_money_have_a_light_each_and_the_worse_counts() -> None:
    found = lights.forecast_lights(WHOLE, TESTED, "profit")
    assert found["lights"] == {"purchases": "green", "value": "amber"} and found["light"] == "amber"
    assert found["half_widths"] == pytest.approx({"purchases": 0.225, "value": 0.35})
    sure = lights.forecast_lights(WHOLE | {"value_low": 900.0}, TESTED, "profit")
    assert sure["light"] == "green"


def test_without_money_there_is_one_light() -> None:
    found = lights.forecast_lights(WHOLE | {"value": math.nan}, TESTED, "revenue")
    assert (found["light"], found["lights"]) == ("green", {"purchases": "green"})


@pytest.mark.parametrize(
    "error", [ExcessError(90, 90, 2), ExcessError(90, 45, 6), ExcessError(90)], ids=["few", "half", "none"]
)
def test_too_few_origins_at_the_horizon_itself_give_no_light(error: ExcessError) -> None:
    found = lights.forecast_lights(WHOLE, error, "profit")
    assert found["light"] == "untested" and set(found["lights"].values()) == {"untested"}
    assert (found["origins"], found["tested_days"]) == (error.origins, error.tested_days)
