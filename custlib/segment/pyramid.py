"""Segmentations ``abc`` and ``pyramid``: classes from the top of profit so far.

Reads customer activity. The money is plain profit, after the cost to serve but not carried to as_of: a ranking of
what was booked, so that equal purchases rank alike whenever they were made. Classes are parted by share of customers or
by share of money (``rules/pyramid.toml``); equal profits are in one class, and a profit of zero or below is always in
the last.
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from pydantic import ConfigDict

from custlib import rules
from custlib.engine.base import Engine
from custlib.engine.dialect import Dialect
from custlib.errors import UsageError
from custlib.project import validated
from custlib.rules.schema import Exact
from custlib.segment.rule_files import conditions
from custlib.segment.thresholds import Floats, histogram, money_thresholds, share_thresholds, whole

MEASURE = "profit"


@dataclass(frozen=True)
class ParetoPoint:
    """How unevenly money comes in: the 20/80 point; NaN where there is no money."""

    share: float  # the share of customers that is asked for, for instance 0.2
    money_of_best: float  # share of the money that they bring, the best first
    customers_for_rest: float  # share of customers that bring all but this share of the money


class Options(Exact):
    """Options: whether classes are parted by share of customers or by cumulative money, and the shares.

    Attributes
    ----------
    segmentation : str
        Its name; set by the table it stands in.
    by : {"customers", "money"}, optional
        Whether classes are shares of the customers or of the cumulative money; as published if left out.
    shares : tuple of float, optional
        Shares of the classes from the top, which add up to 1; as published if left out.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    segmentation: str
    by: Literal["customers", "money"] | None = None
    shares: tuple[float, ...] | None = None


def _shares(name: str, chosen: Options, by: str) -> list[float]:
    """Take the shares of the classes from the top: those of the options, else those published."""
    classes = rules.load("pyramid")[name]["class"]
    share = {"customers": "share", "money": "money"}[by]
    if not chosen.shares and any(share not in entry for entry in classes):
        raise UsageError(f'segments.options.{name}.shares: by = "{by}" has no published shares. Give {len(classes)}.')
    shares = list(chosen.shares or [entry[share] for entry in classes])
    return whole(shares, len(classes), f"segments.options.{name}.shares")


def classes(options: dict[str, Any]) -> tuple[str, tuple[str, ...]]:
    """Give its own name, and the ids of its classes."""
    name = options["segmentation"]
    return name, tuple(entry["id"] for entry in rules.load("pyramid")[name]["class"])


def define(engine: Engine, activity: str, options: dict[str, Any]) -> dict[str, Any]:
    """Measure the thresholds of profit so far, not discounted."""
    name = options["segmentation"]
    chosen = validated(Options, options, f"segments.options.{name}")
    table = rules.load("pyramid")[name]
    classes, by = table["class"], chosen.by or table["by"]
    part = share_thresholds if by == "customers" else money_thresholds
    cuts = part(*histogram(engine, activity, MEASURE), _shares(name, chosen, by)[:-1])
    return {
        "classes": [entry["id"] for entry in classes],
        "cuts": cuts,
        "floor": float(table["never_above_last"]),
        "segments": [{k: entry[k] for k in ("id", "name", "strategy")} for entry in classes],
    }


def moved(rule: dict[str, Any], factor: float) -> dict[str, Any]:
    """Move the thresholds of profit, for hysteresis."""
    return rule | {"cuts": [cut * factor for cut in rule["cuts"]]}


def assign(sql: Dialect, rule: dict[str, Any]) -> str:
    """Write the select of the class of every customer of ``{activity}``."""
    reasons = [f"profit of at least {cut:,.2f}" for cut in rule["cuts"]]
    tops = conditions.from_top(MEASURE, rule["classes"], rule["cuts"], [*reasons, "profit below the other classes"])
    nothing = [
        {"segment": rule["classes"][-1], "all": [{"measure": MEASURE} | test], "reason": "no profit"}
        for test in ({"is_missing": True}, {"at_most": rule["floor"]})
    ]
    return conditions.assign(sql, [*nothing, *tops])


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
    """Read the share of money that the best customers bring off the curve."""
    return float(np.interp(share, frame["customer_share"], frame["value_share"]))
