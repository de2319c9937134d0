"""Makes ``forecast_lights``: how sure the forecast is, as one word; every page and command takes it from here.

Reads ``coming_value`` and the excess error in it. The light is the half-width of the interval over the forecast, once
for purchases and once for money. A forecast whose horizon too few earlier forecasts have tested has no light.
"""

import math
from collections.abc import Iterable, Mapping
from typing import Any

from custlib import rules
from custlib.graph import value
from custlib.value.excess_error import ExcessError

LIGHTS = ("green", "amber", "red")  # best first
UNTESTED = "untested"


def half_width(total: float, low: float, high: float) -> float:
    """Compute the half-width of an interval over the forecast; infinite where nothing, or a loss, is forecast.

    Examples
    --------
    >>> half_width(200.0, 160.0, 260.0)
    0.25
    """
    return (high - low) / 2 / total if total > 0 else math.inf


def light(half_width: float, *, is_tested: bool) -> str:
    """Return how sure a forecast is by the half-width of its interval over the forecast.

    Examples
    --------
    >>> [light(half, is_tested=True) for half in (0.25, 0.4, 0.6)], light(0.1, is_tested=False)
    (['green', 'amber', 'red'], 'untested')
    """
    limits = rules.load("backtest")["light"]
    if not is_tested:
        return UNTESTED
    if half_width > limits["red_above"]:
        return "red"
    return "amber" if half_width > limits["amber_above"] else "green"


def worst(lights: Iterable[str]) -> str:
    """Return the worst of several lights; untested where one is.

    Examples
    --------
    >>> worst(["green", "red", "amber"])
    'red'
    """
    return max(lights, key=[*LIGHTS, UNTESTED].index)


@value
def forecast_lights(coming_value: Mapping[str, float], excess_error: ExcessError, money_kind: str) -> dict[str, Any]:
    """Lights of purchases and, where there is money, of value, with the half-widths behind; ``light`` is the worse.

    Beside them stand the horizon that was tested, from how many days, and the horizon of the forecast.
    """
    ends = {"purchases": ("expected_purchases", "purchases_low", "purchases_high"),
            "value": ("value", "value_low", "value_high")}  # fmt: skip
    totals = {name: [float(coming_value[column]) for column in columns] for name, columns in ends.items()}
    widths = {name: half_width(*own) for name, own in totals.items() if not math.isnan(own[0])}
    lights = {name: light(width, is_tested=excess_error.is_tested) for name, width in widths.items()}
    return {
        "light": worst(lights.values()),
        "lights": lights,
        "half_widths": {name: width if math.isfinite(width) else None for name, width in widths.items()},
        "origins": excess_error.origins,
        "tested_days": excess_error.tested_days,
        "horizon_days": excess_error.horizon_days,
        "money_kind": money_kind,
    }
