"""Names of clusters, carried from one fit to the next, and the tree that explains them: as data, in words, as SQL.

A node of the tree is ``{"feature": name, "at_least": number, "yes": node, "no": node}``, a leaf ``{"segment": id}``.
Reads profiles, matchings of old clusters with new ones, and trees of
:mod:`custlib.models.clustering.rounded_tree`. An id, once given, is never given to another cluster.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from custlib import rules
from custlib.engine.dialect import Dialect
from custlib.models.clustering.alignment import UNMATCHED, Alignment
from custlib.segment.definitions import LANGUAGES

Segment = dict[str, Any]
Node = dict[str, Any]
Bounds = dict[str, dict[str, float]]


def name_clusters(profiles: list[dict[str, float]]) -> list[Segment]:
    """Name clusters after the means of their members."""
    words = rules.load("clusters")
    named: list[Segment] = []
    for place, profile in enumerate(profiles, start=1):
        parts = [_word(words[feature], mean) for feature, mean in profile.items() if feature in words]
        name = {lang: words["join"][lang].join(part[lang] for part in parts) for lang in LANGUAGES} if parts else {}
        name = name or {"en": f"Cluster {place}", "zh": f"第 {place} 群"}
        segment = {"id": f"cluster_{place}", "name": name, "strategy": words["strategy"]}
        named.append(_distinct(segment, named))
    return named


def _word(levels: dict[str, Any], value: float) -> dict[str, str]:
    return next(level for level in levels["level"] if value <= level["up_to"])


def carry_names(
    old_segments: list[Segment], new_segments: list[Segment], matched: Alignment, used_ids: list[str]
) -> list[Segment]:
    """Give new segments the id, name and strategy of the old ones they continue."""
    least = rules.load("clusters")["carry"]["least_jaccard"]
    continued = np.flatnonzero((matched.mapping != UNMATCHED) & (matched.jaccards >= least))
    origin = {int(matched.mapping[row]): old_segments[row] for row in continued}
    carried = [new | origin[column] if column in origin else dict(new) for column, new in enumerate(new_segments)]
    used = {*used_ids, *(old["id"] for old in old_segments)}
    for column, segment in enumerate(carried):
        if column not in origin:
            segment["id"] = _next_id(segment["id"], used)
            used.add(segment["id"])
            carried[column] = _distinct(segment, [other for other in carried if other is not segment])
    return carried


def _next_id(like: str, used: set[str]) -> str:
    stem = like.rpartition("_")[0]
    numbers = [int(number) for before, _, number in (i.rpartition("_") for i in used) if before == stem]
    return f"{stem}_{max(numbers, default=0) + 1}"


def _distinct(segment: Segment, others: list[Segment]) -> Segment:
    if "name" not in segment or all(other.get("name") != segment["name"] for other in others):
        return segment
    number = segment["id"].rpartition("_")[2]
    return segment | {"name": {lang: f"{text} ({number})" for lang, text in segment["name"].items()}}


def named(tree: Node, features: list[str], ids: list[str]) -> Node:
    """Put the names of features and the ids of clusters in place of their numbers."""
    if "label" in tree:
        return {"segment": ids[tree["label"]]}
    yes, no = (named(tree[side], features, ids) for side in ("yes", "no"))
    return {"feature": features[tree["feature"]], "at_least": tree["at_least"], "yes": yes, "no": no}


def renamed(tree: Node, ids: Mapping[str, str]) -> Node:
    """Put new ids in place of old ones."""
    if "segment" in tree:
        return {"segment": ids[tree["segment"]]}
    return tree | {side: renamed(tree[side], ids) for side in ("yes", "no")}


def leaves(tree: Node, bounds: Bounds | None = None) -> Iterator[tuple[str, Bounds]]:
    """List the leaves, each with the bounds of its features."""
    bounds = bounds or {}
    if "segment" in tree:
        yield tree["segment"], bounds
        return
    feature, threshold = tree["feature"], tree["at_least"]
    for side, bound in (("yes", "at_least"), ("no", "below")):
        yield from leaves(tree[side], bounds | {feature: bounds.get(feature, {}) | {bound: threshold}})


def words(tree: Node, segment: str) -> dict[str, str]:
    """Say in words who belongs to a segment, per language; empty where nobody does."""
    join = rules.load("clusters")["condition"]["words"]
    paths = _united([bounds for leaf, bounds in leaves(tree) if leaf == segment])
    return {lang: join["or"][lang].join(_path(bounds, lang) for bounds in paths) for lang in LANGUAGES}


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
    parts = []
    for feature, bound in bounds.items():
        kind = "between" if len(bound) == 2 else next(iter(bound))
        text = known.get(feature, known["other"])[kind][language]
        low, high = (f"{bound[side]:,.10g}" if side in bound else "" for side in ("at_least", "below"))
        parts.append(text.format(feature=feature.replace("_", " "), low=low, high=high))
    return known["words"]["and"][language].join(parts) or str(known["words"]["always"][language])


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
