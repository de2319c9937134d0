"""Writes the tree that explains clusters: as data with names, in words, and as SQL.

A node is ``{"feature": name, "at_least": number, "yes": node, "no": node}``, a leaf ``{"segment": id}``. Reads trees
of :mod:`custlib.models.rounded_tree`.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from custlib import rules
from custlib.engine.dialect import Dialect

Node = dict[str, Any]
Bounds = dict[str, dict[str, float]]


def named(tree: Node, features: list[str], ids: list[str]) -> Node:
    """Put the names of features and the ids of clusters in place of their numbers.

    Examples
    --------
    >>> named({"feature": 0, "at_least": 2.0, "yes": {"label": 1}, "no": {"label": 0}}, ["frequency"], ["a", "b"])
    {'feature': 'frequency', 'at_least': 2.0, 'yes': {'segment': 'b'}, 'no': {'segment': 'a'}}
    """
    if "label" in tree:
        return {"segment": ids[tree["label"]]}
    yes, no = (named(tree[side], features, ids) for side in ("yes", "no"))
    return {"feature": features[tree["feature"]], "at_least": tree["at_least"], "yes": yes, "no": no}


def renamed(tree: Node, ids: Mapping[str, str]) -> Node:
    """Put new ids in place of old ones.

    Examples
    --------
    >>> renamed({"segment": "cluster_1"}, {"cluster_1": "cluster_6"})
    {'segment': 'cluster_6'}
    """
    if "segment" in tree:
        return {"segment": ids[tree["segment"]]}
    return tree | {side: renamed(tree[side], ids) for side in ("yes", "no")}


def leaves(tree: Node, bounds: Bounds | None = None) -> Iterator[tuple[str, Bounds]]:
    """List the leaves, each with the bounds of its features.

    Examples
    --------
    >>> tree = {"feature": "frequency", "at_least": 2.0, "yes": {"segment": "b"}, "no": {"segment": "a"}}
    >>> list(leaves(tree))
    [('b', {'frequency': {'at_least': 2.0}}), ('a', {'frequency': {'below': 2.0}})]
    """
    bounds = bounds or {}
    if "segment" in tree:
        yield tree["segment"], bounds
        return
    feature, threshold = tree["feature"], tree["at_least"]
    for side, bound in (("yes", "at_least"), ("no", "below")):
        yield from leaves(tree[side], bounds | {feature: bounds.get(feature, {}) | {bound: threshold}})


def words(tree: Node, segment: str) -> dict[str, str]:
    """Say in words who belongs to a segment, per language; empty where nobody does.

    Examples
    --------
    >>> tree = {"feature": "frequency", "at_least": 2.0, "yes": {"segment": "b"}, "no": {"segment": "a"}}
    >>> words(tree, "b")["en"]
    '2 or more purchases'
    """
    join = rules.load("clusters")["condition"]["words"]
    paths = _united([bounds for found, bounds in leaves(tree) if found == segment])
    return {lang: join["or"][lang].join(_path(bounds, lang) for bounds in paths) for lang in ("en", "zh")}


def _united(paths: list[Bounds]) -> list[Bounds]:
    """Unite paths that differ in one feature only and touch there."""
    for first in paths:
        for second in paths:
            differing = [f for f in first if first[f] != second.get(f)] if set(first) == set(second) else []
            if len(differing) != 1 or first[differing[0]].get("below") != second[differing[0]].get("at_least", -1.0):
                continue
            feature = differing[0]
            outer = [(first[feature], "at_least"), (second[feature], "below")]
            bound = {side: bounds[side] for bounds, side in outer if side in bounds}
            united = {f: b for f, b in (first | {feature: bound}).items() if b}
            return _united([united, *(p for p in paths if p is not first and p is not second)])
    return paths


def _path(bounds: Bounds, language: str) -> str:
    known = rules.load("clusters")["condition"]
    said = []
    for feature, bound in bounds.items():
        kind = "between" if len(bound) == 2 else next(iter(bound))
        text = known.get(feature, known["other"])[kind][language]
        low, high = (f"{bound[side]:,.10g}" if side in bound else "" for side in ("at_least", "below"))
        said.append(text.format(feature=feature.replace("_", " "), low=low, high=high))
    return known["words"]["and"][language].join(said) or str(known["words"]["always"][language])


def case(sql: Dialect, tree: Node, *, reason: bool) -> str:
    """Write the nested CASE of a tree over columns named as its features."""
    return _case(sql, tree, {}, reason)


def _case(sql: Dialect, tree: Node, bounds: Bounds, reason: bool) -> str:
    if "segment" in tree:
        return sql.literal(_path(bounds, "en") if reason else tree["segment"])
    feature, threshold = tree["feature"], tree["at_least"]
    yes, no = (
        _case(sql, tree[side], bounds | {feature: bounds.get(feature, {}) | {bound: threshold}}, reason)
        for side, bound in (("yes", "at_least"), ("no", "below"))
    )
    return f"case when {sql.name(feature)} >= {float(threshold)!r} then {yes} else {no} end"
