"""Results of the test of a forecast, as ``test_result`` gives them, for the tests of blocks."""

from typing import Any

# 88 purchases forecast and 100 came (-12 %); revenue of 880 forecast and 1,000 came (-12 %)
HELD: dict[str, Any] = {
    "holdout_days": 182, "covered_days": 730, "is_stated": True, "light": "green", "customers": 40,
    "actual": 100, "predicted": 88.0, "naive": 150.0, "bias": -0.12, "naive_bias": 0.5,
    "lights": {"purchases": "green", "revenue": "green"},
    "revenue": {"expected": 880.0, "actual": 1000.0, "bias": -0.12, "light": "green", "currency": "EUR"},
}  # fmt: skip


def held(purchases: str, revenue_light: str | None = None, **changes: Any) -> dict[str, Any]:
    """Build a result with these lights, the run's being the worse."""
    lights = {"purchases": purchases} | ({"revenue": revenue_light} if revenue_light else {})
    worse = max(lights.values(), key=["green", "amber", "red"].index)
    money = HELD["revenue"] | {
        "light": revenue_light,
        "bias": {"green": -0.12, "amber": -0.31}.get(revenue_light or "", 0.8),
    }
    biases = {"green": -0.12, "amber": 0.3, "red": 0.8}
    return HELD | {"light": worse, "lights": lights, "bias": biases[purchases],
                   "revenue": money if revenue_light else None} | changes  # fmt: skip
