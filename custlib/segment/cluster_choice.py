"""Chooses how many clusters there are, by the criteria of ``rules/clusters.toml``.

Makes the table of criteria for every k that was tried; reads points and weights. A k that would leave less than the
smallest cluster to each is not measured, the smallest k apart.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from custlib import rules
from custlib.models import kmeans
from custlib.models.cells import Array
from custlib.models.kmeans import Search, bootstrap_jaccards, prediction_strength

GIVEN, CRITERIA, NONE_PASSES = "given", "criteria", "none passes"
_DIGITS = 4


@dataclass(frozen=True)
class Choice:
    """A number of clusters and why.

    Attributes
    ----------
    k : int
        The number.
    by : str
        ``"given"``, ``"criteria"``, or ``"none passes"``: then it is the best of those that fail.
    criteria : tuple of dict
        For every k: ``k``, ``prediction_strength``, ``smallest_jaccard``, ``smallest_share``, ``smallest_customers``
        (None where not measured), ``passes`` and ``why_not``, the names of the criteria that fail.
    """

    k: int
    by: str
    criteria: tuple[dict[str, Any], ...]


def choose_k(points: Array, weights: Array, asked: int | None) -> Choice:
    """Choose the largest k that passes every criterion.

    Examples
    --------
    >>> choose_k(np.zeros((1, 3)), np.array([7.0]), None).k
    1
    """
    limits = rules.load("clusters")["choice"]
    wanted = range(limits["k_min"], limits["k_max"] + 1) if asked is None else (asked,)
    tried = sorted({min(k, len(points)) for k in wanted})
    table = tuple(_measure(points, weights, k, always=k == tried[0]) for k in tried)
    if asked is not None:
        return Choice(tried[0], GIVEN, table)
    passing = [row["k"] for row in table if row["passes"]]
    if passing:
        return Choice(max(passing), CRITERIA, table)
    measured = [row for row in table if row["prediction_strength"] is not None]
    best = min(measured, key=lambda row: (len(row["why_not"]), -row["prediction_strength"], row["k"]))
    return Choice(best["k"], NONE_PASSES, table)


def _measure(points: Array, weights: Array, k: int, *, always: bool) -> dict[str, Any]:
    limits, search = rules.load("clusters")["choice"], _search()
    if not always and k * limits["smallest_customers"] > weights.sum():
        return _judged({"k": k} | dict.fromkeys(_measured(limits)))
    centres = kmeans.fit(points, weights, k)
    customers = np.bincount(kmeans.nearest(points, centres), weights, minlength=k)
    smallest = float(customers.min())
    found = {
        "prediction_strength": prediction_strength(points, weights, k, search),
        "smallest_jaccard": float(bootstrap_jaccards(points, weights, centres, search).min()),
        "smallest_share": smallest / float(weights.sum()),
        "smallest_customers": round(smallest),
    }
    return _judged({"k": k} | {name: round(value, _DIGITS) for name, value in found.items()})


def _judged(row: dict[str, Any]) -> dict[str, Any]:
    limits = rules.load("clusters")["choice"]
    known = [name for name in _measured(limits) if row[name] is not None]
    why_not = [name for name in known if row[name] < limits[name]] if known else ["smallest_customers"]
    return row | {"passes": not why_not and row["k"] >= limits["k_min"], "why_not": why_not}


def _measured(limits: dict[str, Any]) -> list[str]:
    return [name for name in limits if name not in ("k_min", "k_max", "source")]


def _search() -> Search:
    given = rules.load("clusters")["search"]
    return Search(given["splits"], given["draws"], given["starts"], given["seed"])
