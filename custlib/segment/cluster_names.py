"""Names clusters, and carries names from one fit to the next.

Reads profiles, and the matching of old clusters with new ones. An id, once given, is never given to another cluster.
"""

from typing import Any

import numpy as np

from custlib import rules
from custlib.models.alignment import UNMATCHED, Alignment

Segment = dict[str, Any]
LANGUAGES = ("en", "zh")


def name_clusters(profiles: list[dict[str, float]]) -> list[Segment]:
    """Name clusters after the means of their members.

    Examples
    --------
    >>> name_clusters([{"days_since_last": 9.0, "spend": 80.0}])[0]["name"]["en"]
    'Seen lately, large baskets'
    """
    words = rules.load("clusters")
    named: list[Segment] = []
    for place, profile in enumerate(profiles, start=1):
        said = [_word(words[feature], mean) for feature, mean in profile.items() if feature in words]
        name = {lang: words["join"][lang].join(w[lang] for w in said) for lang in LANGUAGES} if said else {}
        name = name or {"en": f"Cluster {place}", "zh": f"第 {place} 群"}
        segment = {"id": f"cluster_{place}", "name": name, "strategy": words["strategy"]}
        named.append(_told_apart(segment, named))
    return named


def _word(levels: dict[str, Any], value: float) -> dict[str, str]:
    return next(level for level in levels["level"] if value <= level["up_to"])


def carry_names(
    old_segments: list[Segment], new_segments: list[Segment], matched: Alignment, used_ids: list[str]
) -> list[Segment]:
    """Give new segments the id, name and strategy of the old ones they continue.

    Examples
    --------
    >>> from custlib.models.alignment import align
    >>> old, new = [{"id": "cluster_1"}, {"id": "cluster_2"}], [{"id": "cluster_1"}, {"id": "cluster_2"}]
    >>> found = carry_names(old, new, align([[1, 9], [4, 6]]), ["cluster_1", "cluster_2"])
    >>> [segment["id"] for segment in found]
    ['cluster_3', 'cluster_1']
    """
    least = rules.load("clusters")["carry"]["least_jaccard"]
    continued = np.flatnonzero((matched.mapping != UNMATCHED) & (matched.jaccards >= least))
    origin = {int(matched.mapping[row]): old_segments[row] for row in continued}
    carried = [new | origin[column] if column in origin else dict(new) for column, new in enumerate(new_segments)]
    taken = {*used_ids, *(old["id"] for old in old_segments)}
    for column, segment in enumerate(carried):
        if column not in origin:
            segment["id"] = _next_id(segment["id"], taken)
            taken.add(segment["id"])
            carried[column] = _told_apart(segment, [other for other in carried if other is not segment])
    return carried


def _next_id(like: str, taken: set[str]) -> str:
    stem = like.rpartition("_")[0]
    numbers = [int(number) for before, _, number in (i.rpartition("_") for i in taken) if before == stem]
    return f"{stem}_{max(numbers, default=0) + 1}"


def _told_apart(segment: Segment, others: list[Segment]) -> Segment:
    if "name" not in segment or all(other.get("name") != segment["name"] for other in others):
        return segment
    number = segment["id"].rpartition("_")[2]
    return segment | {"name": {lang: f"{text} ({number})" for lang, text in segment["name"].items()}}
