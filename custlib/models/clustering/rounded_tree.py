"""Explains clusters by the smallest decision tree whose thresholds are round numbers.

Makes a tree (Breiman, Friedman, Olshen and Stone 1984, grown best leaf first) of conditions ``feature >= number``;
reads features, labels and weights. Thresholds are rounded first, then the leaves are labelled and scored again, so
that the figures are those of the tree as it is read.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from custlib.errors import require
from custlib.models.cells import Array, Ints

Node = dict[str, Any]
STEPS, TWO_DIGITS = "1-2-5", "two digits"
ROUNDINGS = (STEPS, TWO_DIGITS)
_SMALL_COUNT = 10


@dataclass(frozen=True)
class Limits:
    """What a tree must reach."""

    fidelity: float  # least share of customers in the leaf of their own cluster
    recall: float  # least such share within every cluster
    leaves_per_cluster: int  # most leaves, by cluster


@dataclass(frozen=True)
class Explanation:
    """A tree and how well it tells the clusters.

    A node is ``{"feature": int, "at_least": float, "yes": node, "no": node}``, or a leaf ``{"label": int}``.
    """

    tree: Node
    fidelity: float  # share of customers in the leaf of their own cluster
    recalls: tuple[float, ...]  # that share within every cluster
    leaves: int
    passes: bool  # whether the limits hold


@dataclass(frozen=True)
class Members:
    """Customers whose clusters are to be explained."""

    features: Array  # shape (n, features), as a person would read them
    labels: Ints  # their clusters, from 0; each has a member
    weights: Array  # how many there are, > 0
    whole: tuple[bool, ...]  # which features are whole numbers


def explain(members: Members, limits: Limits, *, learn: Members | None = None) -> Explanation:
    """Find the smallest tree that reaches the limits, else the one of greatest fidelity.

    Trees are grown on `learn`, the same customers in fewer cells, where it is there, and scored on `members`. Among
    trees of as many leaves, thresholds of the steps 1, 2, 5 are preferred to two digits.

    Examples
    --------
    >>> days = np.array([[3.0], [20.0], [97.0], [300.0]])
    >>> people = Members(days, np.array([0, 0, 1, 1]), np.ones(4), (True,))
    >>> explain(people, Limits(0.92, 0.8, 2)).tree
    {'feature': 0, 'at_least': 50.0, 'yes': {'label': 1}, 'no': {'label': 0}}
    """
    k = int(members.labels.max()) + 1
    best = _scored({"label": int(np.bincount(members.labels, members.weights).argmax())}, members, limits)
    for leaves in range(max(k, 2), limits.leaves_per_cluster * k + 1):
        if best.passes:
            break
        grown = _grow(learn or members, leaves)
        for rounding in ROUNDINGS:
            candidate = _scored(_rounded(grown, members, rounding, np.arange(len(members.labels))), members, limits)
            if candidate.passes:
                return candidate
            best = max(best, candidate, key=lambda e: e.fidelity)
    return best


def classify(tree: Node, features: Array) -> Ints:
    """Find the leaf of every customer.

    Examples
    --------
    >>> classify({"feature": 0, "at_least": 2.0, "yes": {"label": 1}, "no": {"label": 0}}, np.array([[1.0], [2.0]]))
    array([0, 1])
    """
    if "label" in tree:
        return np.full(len(features), tree["label"], dtype=np.int64)
    reached = features[:, tree["feature"]] >= tree["at_least"]
    return np.where(reached, classify(tree["yes"], features), classify(tree["no"], features))


def count_leaves(tree: Node) -> int:
    """Count the leaves of a tree.

    Examples
    --------
    >>> count_leaves({"feature": 0, "at_least": 2.0, "yes": {"label": 1}, "no": {"label": 0}})
    2
    """
    return 1 if "label" in tree else count_leaves(tree["yes"]) + count_leaves(tree["no"])


def round_threshold(value: float, *, whole: bool, rounding: str) -> float:
    """Round a threshold: to the nearest of 1, 2, 5, 10, 20 ... by ratio, or to two significant digits.

    The threshold of a whole feature is whole, and small counts stay as they are.

    Examples
    --------
    >>> round_threshold(183.5, whole=True, rounding="two digits"), round_threshold(2.5, whole=True, rounding="1-2-5")
    (180.0, 3.0)
    >>> round_threshold(0.0437, whole=False, rounding="1-2-5")
    0.05
    """
    value = float(np.ceil(value)) if whole else float(value)
    if value <= 0 or (whole and value <= _SMALL_COUNT):
        return value
    if rounding == TWO_DIGITS:
        return float(f"{value:.1e}")
    power = int(np.floor(np.log10(value)))
    steps = [float(f"{step}e{power}") for step in (1, 2, 5, 10)]
    return min(steps, key=lambda step: abs(np.log(step / value)))


def _grow(members: Members, leaves: int) -> Node:
    """Grow a tree of so many leaves, best leaf first."""
    tree = require("sklearn.tree", extra="reports", purpose="clusters by rules")
    grown = tree.DecisionTreeClassifier(max_leaf_nodes=leaves, random_state=0)
    inner = grown.fit(members.features, members.labels, sample_weight=members.weights).tree_

    def node(place: int) -> Node:
        if inner.children_left[place] < 0:
            return {"label": int(grown.classes_[inner.value[place].argmax()])}
        no, yes = (node(int(side[place])) for side in (inner.children_left, inner.children_right))
        return {"feature": int(inner.feature[place]), "at_least": float(inner.threshold[place]), "yes": yes, "no": no}

    return node(0)


def _rounded(tree: Node, members: Members, rounding: str, rows: Ints) -> Node:
    """Round the thresholds, label the leaves by most weight, and drop what no longer splits anybody."""
    if "label" in tree:
        return {"label": int(np.bincount(members.labels[rows], members.weights[rows]).argmax())}
    feature = tree["feature"]
    threshold = round_threshold(tree["at_least"], whole=members.whole[feature], rounding=rounding)
    reached = members.features[rows, feature] >= threshold
    if reached.all() or not reached.any():
        return _rounded(tree["yes" if reached.all() else "no"], members, rounding, rows)
    yes, no = (_rounded(tree[side], members, rounding, rows[at]) for side, at in (("yes", reached), ("no", ~reached)))
    return yes if yes == no else {"feature": feature, "at_least": threshold, "yes": yes, "no": no}


def _scored(tree: Node, members: Members, limits: Limits) -> Explanation:
    """Measure a tree against the limits."""
    right = (classify(tree, members.features) == members.labels) * members.weights
    fidelity = float(right.sum() / members.weights.sum())
    recalls = np.bincount(members.labels, right) / np.bincount(members.labels, members.weights)
    passes = fidelity >= limits.fidelity and bool((recalls >= limits.recall).all())
    return Explanation(tree, fidelity, tuple(recalls.tolist()), count_leaves(tree), passes)
