"""Proves what can be proved of a file of ordered rules before it meets a customer: its faults, its overlaps."""

from collections import Counter
from typing import Any

from custlib.errors import hint
from custlib.segment import conditions
from custlib.segment.reach import Alternative, overlaps, unreachable
from custlib.segment.tier_file import Condition, TierFile, as_if_given, filled, named

# What a measured threshold may come to is not known yet: a rule is unreachable if it is so at each of these levels.
_LEVELS = [
    {"mean": mean * size, "median": median * size, "quantile": 2 * size}
    for size in (1e-4, 0.3, 1e2, 1e5, 1e8)
    for mean, median in ((1.0, 0.7), (0.7, 1.0))
]


def faults(file: TierFile) -> list[str]:
    """Say each fault of a file whose keys and types are right."""
    said = _order(file) + _doubled(file) + _thresholds(file) + _names(file)
    if said:
        return said
    never = never_wins(file, filled(file))
    return [f"segment {one}: no customer can be in it, the rules before it take them all. Move it up or drop it."
            for one in never]  # fmt: skip


def _order(file: TierFile) -> list[str]:
    *before, last = file.segment
    said = [f"segment {one.id}: has no condition, so that nothing after it is reached. Put it last." for one in before
            if not one.any]  # fmt: skip
    if last.any:
        said.append(
            f"segment {last.id}: is the last and has conditions. End with one that has none: it always matches."
        )
    ranked, ids = file.tiers.most_valuable_first, [one.id for one in file.segment]
    if ranked and sorted(ranked) != sorted(ids):
        said.append(f"tiers.most_valuable_first: must name every segment once. Available: {', '.join(ids)}.")
    return said


def _doubled(file: TierFile) -> list[str]:
    given = {
        "id": [one.id for one in file.segment],
        "name.en": [one.name.en for one in file.segment],
        "name.zh": [one.name.zh for one in file.segment],
    }
    return [
        f"segment: {key} {value} is given {count} times. Give each segment its own."
        for key, values in given.items()
        for value, count in Counter(values).items()
        if count > 1
    ]


def _conditions(file: TierFile) -> list[tuple[str, Condition]]:
    """List every condition with the place to name in an error."""
    return [
        (f"segment {one.id}: any.{n}: {condition.measure}", condition)
        for one in file.segment
        for n, alternative in enumerate(one.any)
        for condition in alternative.all
    ]


def _thresholds(file: TierFile) -> list[str]:
    said = []
    for where, condition in _conditions(file):
        if not condition.bounds and condition.is_ is None and condition.is_missing is None:
            said.append(f"{where}: has no test. Give {', '.join(conditions.BOUNDS)}, is or is_missing.")
        if condition.is_ is not None and (condition.per or not condition.measure.startswith("attribute_")):
            said.append(f"{where}: is compares texts. Ask an attribute_NAME for it, or give a number.")
        for key, bound in condition.bounds.items():
            if (bound.value is None) == (bound.of is None):
                said.append(f"{where}: {key}: needs either value or of.")
            if (bound.of == "quantile") != (bound.share is not None):
                said.append(f'{where}: {key}: share goes with of = "quantile", and only with it.')
    return said


def _names(file: TierFile) -> list[str]:
    """Say which options and measures there are not, and which options nobody reads."""
    options, read_by, said = file.tiers.options, set(), []
    for where, condition in _conditions(file):
        read_by |= condition.placed
        for bound in condition.bounds.values():
            given = {n for n in (bound.value, bound.share, bound.times) if isinstance(n, str)}
            texts = sorted(n for n in given if isinstance(options.get(n), str))
            said += [f"{where}: option {name} is a text, where a number is needed." for name in texts]
            read_by |= given
        unknown = sorted(read_by - set(options))
        said += [f"{where}: no option {name}. {hint(name, list(options))}" for name in unknown]
        read_by -= set(unknown)
        if not unknown:
            made = [named(name, as_if_given(options)) for name in (condition.measure, condition.per) if name]
            said += [f"{where}: no measure {name}. {hint(name, conditions.in_activity())}" for name in made
                     if not conditions.is_known(name)]  # fmt: skip
    return said + [f"tiers.options: {name} is read by no rule. Drop it." for name in options if name not in read_by]


def at_level(alternative: Alternative, level: dict[str, float]) -> Alternative:
    """Put numbers for the thresholds that are yet to be measured."""

    def number(given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        return level[given["of"]] * given["times"] * (0.5 + given.get("share", 0.5))

    return [{key: number(given) for key, given in condition.items()} for condition in alternative]


def never_wins(file: TierFile, alternatives: list[tuple[str, Alternative]]) -> list[str]:
    """Name the segments none of whose alternatives can win, whatever is measured."""
    tried = [set(unreachable([at_level(one, level) for _, one in alternatives])) for level in _LEVELS]
    never = set.intersection(*tried)
    wins = {segment for place, (segment, _) in enumerate(alternatives) if place not in never}
    asked = {segment for segment, _ in alternatives}
    return [one.id for one in file.segment if one.id in asked and one.id not in wins]


def findings(file: TierFile) -> list[str]:
    """Say where rules overlap, so that their order decides: allowed, but worth knowing."""
    own: dict[str, list[Alternative]] = {}
    for segment, alternative in filled(file)[:-1]:
        own.setdefault(segment, []).append(alternative)
    names = list(own)
    return [
        f"who satisfies both {first} and {second} is in {first}"
        for n, first in enumerate(names)
        for second in names[n + 1 :]
        if any(overlaps([at_level(a, level) for a in own[first]], [at_level(a, level) for a in own[second]])
               for level in _LEVELS)
    ]  # fmt: skip


def described(file: TierFile) -> list[str]:
    """Say each alternative in words, one line each, in the order in which they are tried."""
    width = max(len(one.id) for one in file.segment)
    return [
        f"  {segment:<{width}}  {'; '.join(map(conditions.words, alternative)) or 'all others'}"
        for segment, alternative in filled(file)
    ]
