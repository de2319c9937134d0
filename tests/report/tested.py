"""Results of the test of a forecast, as ``test_result`` gives them, for the tests of blocks."""

from typing import Any

from custlib.validate.lights import worst

HALF_WIDTHS = {"green": 0.12, "amber": 0.31, "red": 0.8, "untested": 0.8}
# 88 purchases forecast and 100 came (-12 %); revenue of 880 forecast and 1,000 came (-12 %)
HELD: dict[str, Any] = {
    "holdout_days": 182, "covered_days": 730, "is_stated": True, "light": "green", "customers": 40,
    "actual": 100, "predicted": 88.0, "naive": 150.0, "bias": -0.12, "naive_bias": 0.5,
    "lights": {"purchases": "green", "value": "green"}, "half_widths": {"purchases": 0.12, "value": 0.12},
    "origins": 6, "tested_days": 180, "horizon_days": 180, "money_kind": "revenue",
    "revenue": {"expected": 880.0, "actual": 1000.0, "bias": -0.12, "currency": "EUR"},
}  # fmt: skip
FEW = {"origins": 2, "horizon_days": 365, "tested_days": 365}


def held(purchases: str, money: str | None = None, **changes: Any) -> dict[str, Any]:
    """Build a result with these lights, the run's being the worse."""
    lights = {"purchases": purchases} | ({"value": money} if money else {})
    halves = {name: HALF_WIDTHS[light] for name, light in lights.items()}
    few = FEW if "untested" in lights.values() else {}
    return HELD | {"light": worst(lights.values()), "lights": lights, "half_widths": halves,
                   "revenue": HELD["revenue"] if money else None} | few | changes  # fmt: skip
