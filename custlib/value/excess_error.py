"""The excess error of a forecast: how far past forecasts were off beyond what their own variance allows.

Reads forecasts made from earlier days (`custlib.validate.past_forecasts`), each compared with what came. With the
error e = ln(actual / forecast) and the relative variance s^2 that the model itself states, the excess variance tau^2 is
the mean of max(e^2 - s^2, 0) over the origins, with a floor that depends on how many there are. It is added to the
variance of a total in units of its squared mean; the forecast itself is not moved.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from custlib import rules

WHOLE = "all"
# Repeat purchases, from and to; the names have blanks, as no segment has.
BY_FREQUENCY = {"bought once": (0, 0), "bought few times": (1, 2), "bought many times": (3, np.inf)}
Taus = dict[str, float]  # by measure: purchases, revenue
MEASURES = ("purchases", "revenue")
_FARTHEST = 3.0  # logarithm of a factor of twenty: beyond it a ratio says nothing of how wrong a forecast is


@dataclass(frozen=True)
class ExcessError:
    """Excess errors of a forecast, by group of customers.

    Attributes
    ----------
    horizon_days : int
        The horizon that is printed.
    tested_days : int
        The horizon of the past forecasts: the printed one, half of it, or 0 where there are none.
    origins : int
        How many there are.
    taus : mapping of str to dict of str to float
        tau of purchases and revenue by group: the whole, those who bought once, few times and many times, and segments.
    """

    horizon_days: int
    tested_days: int = 0
    origins: int = 0
    taus: Mapping[str, Taus] = field(default_factory=dict)

    @property
    def is_tested(self) -> bool:
        """Whether enough origins have tested the horizon that is printed."""
        return self.tested_days == self.horizon_days and self.origins >= _limits()["fewest_origins"]

    def of(self, group: str, shares: Mapping[str, float] | None = None) -> Taus:
        """Give tau of a group; one without its own takes those by frequency, in the shares of its forecast.

        Examples
        --------
        >>> taus = {"all": {"purchases": 0.1}, "once": {"purchases": 0.2}, "many": {"purchases": 0.4}}
        >>> ExcessError(90, 90, 3, taus).of("vip", {"once": 0.5, "many": 0.5})["purchases"]
        0.30000000000000004
        """
        if group in self.taus:
            return self.taus[group]
        known = {name: share for name, share in (shares or {}).items() if name in self.taus}
        if not known or WHOLE not in self.taus:
            return self.taus.get(WHOLE) or dict.fromkeys(MEASURES, float(_limits()["floor_none"]))
        return {
            measure: sum(share * self.taus[name][measure] for name, share in known.items()) / sum(known.values())
            for measure in self.taus[WHOLE]
        }


def _limits() -> dict[str, Any]:
    limits: dict[str, Any] = rules.load("backtest")["excess"]
    return limits


def errors(past: pd.DataFrame, measure: str) -> pd.DataFrame:
    """List the error and the relative variance of every past forecast that is large enough to have one.

    Examples
    --------
    >>> past = pd.DataFrame({"purchases_expected": [80.0, 2.0], "purchases_actual": [100.0, 0.0]})
    >>> errors(past.assign(group="vip", purchases_variance=64.0), "purchases").round(3).to_numpy().tolist()
    [[0.223, 0.01]]
    """
    enough = (past["group"] == WHOLE) | (past["purchases_expected"] >= _limits()["fewest_purchases"])
    rows = past[enough & (past[f"{measure}_expected"] > 0)]
    expected, variance, actual = (
        rows[f"{measure}_{name}"].to_numpy(dtype=float) for name in ("expected", "variance", "actual")
    )
    ratio = np.maximum(actual / expected, np.exp(-_FARTHEST))
    return pd.DataFrame({"error": np.minimum(np.log(ratio), _FARTHEST), "variance": variance / expected**2})


def floor(origins: int, customers: float) -> float:
    """Give the least tau by how many origins tested the forecast, and of how many customers.

    Examples
    --------
    >>> floor(3, 800), floor(6, 20_000), floor(2, 800), floor(0, 800)
    (0.03, 0.05, 0.1, 0.25)
    """
    limits = _limits()
    if origins >= limits["fewest_origins"]:
        return float(limits["floor_large" if customers > limits["large_customers"] else "floor"])
    return float(limits["floor_few" if origins else "floor_none"])


def tau(measured: pd.DataFrame, least: float) -> float:
    """Compute the excess error from errors and relative variances.

    Examples
    --------
    >>> round(tau(pd.DataFrame({"error": [0.5, -0.1], "variance": [0.09, 0.09]}), 0.03), 4)
    0.2828
    """
    if measured.empty:
        return least
    excess = np.maximum(measured["error"] ** 2 - measured["variance"], 0.0)
    return float(max(np.sqrt(excess.mean()), least))


def excess_error(past: pd.DataFrame, *, horizon_days: int, tested_days: int, customers: float) -> ExcessError:
    """Compute the excess error of every group from its past forecasts, a row each.

    A group that is too small at some origins has at least the excess error of the whole. Errors over a shorter window
    are carried to the horizon as those of a random walk: their variance grows with time.
    """
    origins = len(errors(past[past["group"] == WHOLE], "purchases")) if len(past) else 0
    if not origins:
        return ExcessError(horizon_days)
    least, longer = floor(origins, customers), float(np.sqrt(horizon_days / tested_days))
    own = {
        str(name): {measure: errors(rows, measure) for measure in MEASURES}
        for name, rows in past.groupby("group", sort=True)
    }
    whole = {measure: tau(measured, least) for measure, measured in own[WHOLE].items()}
    taus = {
        name: {measure: longer * _of_group(measured[measure], least, whole[measure], origins) for measure in MEASURES}
        for name, measured in own.items()
    }
    return ExcessError(horizon_days, tested_days, origins, taus)


def _of_group(measured: pd.DataFrame, least: float, whole: float, origins: int) -> float:
    enough = len(measured) >= min(origins, _limits()["fewest_origins"])
    return tau(measured, least) if enough else tau(measured, max(least, whole))
