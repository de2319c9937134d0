"""Segmentations ``abc`` and ``pyramid``: classes cut from the top of profit so far.

Reads customer activity. The money is plain profit, after the cost to serve but not carried to as_of: a ranking of
what was booked, so that equal purchases rank alike whenever they were made. Classes are cut by share of customers or
by share of money (``rules/pyramid.toml``); equal profits are in one class, and a profit of zero or below is always in
the last.
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict

from custlib import rules
from custlib.engine.base import Engine
from custlib.engine.dialect import Dialect
from custlib.errors import UsageError
from custlib.project import validated
from custlib.segment.histogram import Floats, histogram, money_cuts, share_cuts

MEASURE = "profit"


@dataclass(frozen=True)
class ParetoPoint:
    """How unevenly money comes in: the 20/80 point.

    Attributes
    ----------
    share : float
        The share of customers that is asked for, for instance 0.2.
    money_of_best : float
        Share of the money that this share of customers brings, the best first; NaN where there is none.
    customers_for_rest : float
        Share of customers, the best first, that bring all but this share of the money (80 %); NaN where there is none.
    """

    share: float
    money_of_best: float
    customers_for_rest: float


class Options(BaseModel):
    """Options: whether classes are cut by share of customers or by cumulative money, and the shares."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    segmentation: str
    by: Literal["customers", "money"] | None = None
    shares: tuple[float, ...] | None = None


def _shares(name: str, chosen: Options, by: str) -> list[float]:
    """Take the shares of the classes from the top: those given, else the published ones of customers or of money."""
    classes = rules.load("pyramid")[name]["class"]
    share = {"customers": "share", "money": "money"}[by]
    if not chosen.shares and any(share not in entry for entry in classes):
        raise UsageError(f'segments.options.{name}.shares: by = "{by}" has no published shares. Give {len(classes)}.')
    shares = list(chosen.shares or [entry[share] for entry in classes])
    if len(shares) != len(classes) or abs(sum(shares) - 1) > 1e-9 or min(shares) < 0:
        raise UsageError(f"segments.options.{name}.shares: {shares} must be {len(classes)} shares that add up to 1.")
    return shares


def define(engine: Engine, activity: str, options: dict[str, Any]) -> dict[str, Any]:
    """Take the cuts of profit so far, not discounted."""
    name = options["segmentation"]
    chosen = validated(Options, options, f"segments.options.{name}")
    table = rules.load("pyramid")[name]
    classes, by = table["class"], chosen.by or table["by"]
    cut = share_cuts if by == "customers" else money_cuts
    cuts = cut(*histogram(engine, activity, MEASURE), _shares(name, chosen, by)[:-1])
    return {
        "classes": [entry["id"] for entry in classes],
        "cuts": cuts,
        "floor": float(table["never_above_last"]),
        "segments": [{k: entry[k] for k in ("id", "name", "strategy")} for entry in classes],
    }


def moved(rule: dict[str, Any], factor: float) -> dict[str, Any]:
    """Move the cuts of profit, for hysteresis.

    Examples
    --------
    >>> moved({"cuts": [100.0, 20.0]}, 1.5)["cuts"]
    [150.0, 30.0]
    """
    return rule | {"cuts": [cut * factor for cut in rule["cuts"]]}


def assign(sql: Dialect, rule: dict[str, Any]) -> str:
    """Write the select of the class of every customer of ``{activity}``."""
    profit, last = f"coalesce(cast({MEASURE} as double), 0)", sql.literal(rule["classes"][-1])
    cuts = zip(rule["classes"], rule["cuts"], strict=False)
    cases = " ".join(f"when {profit} >= {cut!r} then {sql.literal(name)}" for name, cut in cuts)
    reasons = [f"profit of at least {cut:,.2f}" for cut in rule["cuts"]]
    said = " ".join(
        f"when {profit} >= {cut!r} then {sql.literal(reason)}"
        for cut, reason in zip(rule["cuts"], reasons, strict=True)
    )
    floor = f"when {profit} <= {rule['floor']!r} then"
    return f"""
        select customer_id, case {floor} {last} {cases} else {last} end as segment,
               case {floor} 'no profit' {said} else 'profit below the other classes' end as reason
        from {{activity}}"""


def curve(engine: Engine, table: str, *, measure: str = MEASURE, points: int = 200, fewest: int = 10) -> pd.DataFrame:
    """Cumulate money over customers, the best first."""
    customers, money, counted = _cumulated(engine, table, measure)
    grid = np.linspace(0, 1, points + 1)
    grid = grid[(grid == 0) | (grid == 1) | (grid * counted >= fewest)]
    return pd.DataFrame({"customer_share": grid, "value_share": np.interp(grid, customers, money)})


def _cumulated(engine: Engine, table: str, measure: str) -> tuple[Floats, Floats, float]:
    """Cumulate shares of customers and of money from the best, and count the customers."""
    values, counts = histogram(engine, table, measure)
    customers = np.concatenate(([0.0], np.cumsum(counts[::-1]))) / max(counts.sum(), 1.0)
    money = np.concatenate(([0.0], np.cumsum((values * counts)[::-1])))
    whole = money[-1] if money[-1] > 0 else money.max()
    return customers, money / whole if whole > 0 else np.zeros_like(money), float(counts.sum())


def pareto(engine: Engine, table: str, *, measure: str = MEASURE, share: float = 0.2) -> ParetoPoint:
    """Find the 20/80 point: what the best fifth brings, and how many bring four fifths."""
    if not 0 < share < 1:
        raise UsageError(f"share: {share} must be above 0 and below 1, for instance 0.2.")
    customers, money, _ = _cumulated(engine, table, measure)
    if money.max() <= 0:
        return ParetoPoint(share, float("nan"), float("nan"))
    best = int(money.argmax()) + 1  # from there on losses only
    rising, reached = np.unique(money[:best], return_index=True)
    return ParetoPoint(
        share, float(np.interp(share, customers, money)), float(np.interp(1 - share, rising, customers[reached]))
    )


def share_of_top(frame: pd.DataFrame, share: float) -> float:
    """Read the share of money that the best customers bring off the curve.

    Examples
    --------
    >>> share_of_top(pd.DataFrame({"customer_share": [0, 0.5, 1], "value_share": [0, 0.8, 1]}), 0.5)
    0.8
    """
    return float(np.interp(share, frame["customer_share"], frame["value_share"]))
