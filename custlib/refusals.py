"""What cannot be had from these purchases, and why: a forecast, its money, its test.

A run publishes what is left and says the reason; only what was demanded and cannot be had ends in an error.
"""

from collections.abc import Callable

from custlib.asked import Refusable, Tables
from custlib.errors import ModelError

NO_AMOUNT = "no_amount"
NOBODY_YET = "nobody_yet"
UNTESTED = "untested"  # the light of a forecast that could not be tested


def find_refusal(ws: Tables, what: Refusable) -> str:
    """Try one thing that a run needs, and name the reason where it cannot be had."""
    if what == "forecast":
        return _reason(lambda: ws.model)
    if what == "money":
        return ws.spend[0].remark if ws.spend[0].kind == "none" else ""
    return ws.refused("forecast") or _untested(ws)


def _untested(ws: Tables) -> str:
    """Say why the past cannot be forecast from what was known before it; empty where it can."""
    first = ws.quality["first_day"]
    if first is None or first > ws.project.calibration_end.isoformat():
        return NOBODY_YET
    return _reason(lambda: ws.calibration_model)


def _reason(fit: Callable[[], object]) -> str:
    """Give the code of the refusal of a fit; empty where it is made."""
    try:
        fit()
    except ModelError as fault:
        return fault.reason
    return ""
