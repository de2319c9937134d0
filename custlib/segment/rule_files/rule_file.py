"""Files of ordered rules (``rules/tiers``, or a user's own): how they are written, and proved before any customer.

A file has ``source``, ``as_of``, ``[tiers]`` with ``id``, ``[tiers.options]`` and a ``[[segment]]`` per rule, in the
order in which they are tried: the first that matches wins, the last has no condition and always matches. A threshold
is a number, the name of an option, or a table::

    at_least = 5e6                                               a number
    at_least = "loyal"                                           an option
    at_least = { value = 5e6, times = "scale" }                  a number times an option
    at_least = { of = "quantile", share = 0.8, times = 0.9 }     measured over all customers, then frozen

An option is a number, or a text: the name of an attribute, ``""`` where the source has none, which leaves out the
alternatives that ask for it. ``{days}`` in the name of a measure is an option, ``{2*days}`` twice as much.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from custlib import rules
from custlib.errors import UsageError, hint
from custlib.project import validated
from custlib.segment.definitions import in_one_language
from custlib.segment.rule_files import conditions, grid_file
from custlib.segment.rule_files.conditions import Alternative
from custlib.segment.rule_files.tier_schema import TierFile, named, with_attributes

_FOLDERS = {"map": "maps", "tiers": "tiers"}  # of shipped files, by the table that tells their form
# What a measured threshold may come to is not known yet: a rule is unreachable if it is so by each of these.
_GUESSES = [
    {"mean": mean * size, "median": median * size, "quantile": 2 * size}
    for size in (1e-4, 0.3, 1e2, 1e5, 1e8)
    for mean, median in ((1.0, 0.7), (0.7, 1.0))
]


def read(name_or_path: str) -> TierFile:
    """Read a file of ordered rules, shipped or a user's own, and check it."""
    return rules.checked(name_or_path, "tiers", _checked)


def _checked(content: dict[str, Any], where: str) -> TierFile:
    file = validated(TierFile, content, where)
    if lines := faults(file):
        raise UsageError("\n".join(f"{where}: {line}" for line in lines))
    return file


def check(name_or_path: str) -> tuple[list[str], list[str]]:
    """Check a file of either form, shipped or a user's own: say what it does, and its faults."""
    content = _find(name_or_path)
    forms = [form for form in _FOLDERS if form in content]
    if len(forms) != 1:
        raise UsageError(
            f"{name_or_path}: must have one of the tables [map] and [tiers], and has {len(forms)} of them."
        )
    return (grid_file.check if forms == ["map"] else _check)(content, name_or_path)


def _find(name_or_path: str) -> dict[str, Any]:
    if name_or_path.endswith(".toml") or Path(name_or_path).is_file():
        return rules.read(Path(name_or_path))
    shipped = {name: folder for folder in _FOLDERS.values() for name in rules.names(folder)}
    if name_or_path not in shipped:
        raise UsageError(f"{name_or_path}: no such file, and no such map. {hint(name_or_path, list(shipped))}")
    return rules.load(f"{shipped[name_or_path]}/{name_or_path}")


def _check(content: dict[str, Any], name: str) -> tuple[list[str], list[str]]:
    file = validated(TierFile, content, name)
    wrong = faults(file)
    lines = [f"tiers {name}: {len(file.segment)} rules, the first that matches wins"]
    if not wrong:
        width, one_language = max(len(one.id) for one in file.segment), in_one_language(file.segment)
        lines += [
            f"  {segment:<{width}}  {'; '.join(map(conditions.words, alternative)) or 'all others'}"
            for segment, alternative in file.filled()
        ]
        lines += [f"overlaps: {line}" for line in overlaps(file)]
        lines += [f"languages: {one_language}"] if one_language else []
    return lines, [f"{name}: {line}" for line in wrong]


def faults(file: TierFile) -> list[str]:
    """Say each fault of a file whose keys and types are right."""
    if wrong := [*_order(file), *_doubled(file), *_thresholds(file), *_names(file)]:
        return wrong
    never = never_wins(file, file.filled())
    return [f"segment {one}: no customer can be in it, the rules before it take them all. Move it up or drop it."
            for one in never]  # fmt: skip


def _order(file: TierFile) -> Iterator[str]:
    *before, last = file.segment
    for one in before:
        if not one.any:
            yield f"segment {one.id}: has no condition, so that nothing after it is reached. Put it last."
    if last.any:
        yield f"segment {last.id}: is the last and has conditions. End with one that has none: it always matches."
    ranked, ids = file.tiers.most_valuable_first, [one.id for one in file.segment]
    if ranked and sorted(ranked) != sorted(ids):
        yield f"tiers.most_valuable_first: must name every segment once. Available: {', '.join(ids)}."


def _doubled(file: TierFile) -> Iterator[str]:
    texts = [{"id": one.id} | {f"name.{key}": text for key, text in one.name.in_both().items()} for one in file.segment]
    for key in texts[0]:
        for value, count in Counter(one[key] for one in texts).items():
            if count > 1:
                yield f"segment: {key} {value} is given {count} times. Give each segment its own."


def _thresholds(file: TierFile) -> Iterator[str]:
    for where, condition in file.conditions:
        if not condition.bounds and condition.is_ is None and condition.is_missing is None:
            yield f"{where}: has no test. Give {', '.join(conditions.BOUNDS)}, is or is_missing."
        if condition.is_ is not None and (condition.per or not condition.measure.startswith("attribute_")):
            yield f"{where}: is compares texts. Ask an attribute_NAME for it, or give a number."
        for key, bound in condition.bounds.items():
            if (bound.value is None) == (bound.of is None):
                yield f"{where}: {key}: needs either value or of."
            if (bound.of == "quantile") != (bound.share is not None):
                yield f'{where}: {key}: share goes with of = "quantile", and only with it.'


def _names(file: TierFile) -> Iterator[str]:
    """Say which options and measures there are not, and which options nobody reads."""
    options, read_by = file.tiers.options, set[str]()
    for where, condition in file.conditions:
        read_by |= condition.placed
        for bound in condition.bounds.values():
            texts = sorted(name for name in bound.options if isinstance(options.get(name), str))
            yield from (f"{where}: option {name} is a text, where a number is needed." for name in texts)
            read_by |= bound.options
        unknown = sorted(read_by - set(options))
        yield from (f"{where}: no option {name}. {hint(name, list(options))}" for name in unknown)
        read_by -= set(unknown)
        measures = [] if unknown else [condition.measure, *([condition.per] if condition.per else [])]
        for name in (named(measure, with_attributes(options)) for measure in measures):
            if not conditions.is_known(name):
                yield f"{where}: no measure {name}. {hint(name, conditions.in_activity())}"
    yield from (f"tiers.options: {name} is read by no rule. Drop it." for name in options if name not in read_by)


def _guessed(alternative: Alternative, guess: dict[str, float]) -> Alternative:
    """Put numbers for the thresholds that are yet to be measured."""

    def number(limit: Any) -> Any:
        if not isinstance(limit, dict):
            return limit
        return guess[limit["of"]] * limit["times"] * (0.5 + limit.get("share", 0.5))

    return [{key: number(limit) for key, limit in condition.items()} for condition in alternative]


def never_wins(file: TierFile, alternatives: list[tuple[str, Alternative]]) -> list[str]:
    """Name the segments none of whose alternatives can win, whatever is measured."""
    tried = [set(conditions.unreachable([_guessed(one, guess) for _, one in alternatives])) for guess in _GUESSES]
    never = set.intersection(*tried)
    wins = {segment for place, (segment, _) in enumerate(alternatives) if place not in never}
    present = {segment for segment, _ in alternatives}
    return [one.id for one in file.segment if one.id in present and one.id not in wins]


def overlaps(file: TierFile) -> list[str]:
    """Say where rules overlap, so that their order decides: allowed, but worth knowing."""
    own: dict[str, list[Alternative]] = {}
    for segment, alternative in file.filled()[:-1]:
        own.setdefault(segment, []).append(alternative)

    def overlap(first: str, second: str, guess: dict[str, float]) -> bool:
        return conditions.overlaps(*([_guessed(one, guess) for one in own[name]] for name in (first, second)))

    names = list(own)
    return [
        f"who satisfies both {first} and {second} is in {first}"
        for n, first in enumerate(names)
        for second in names[n + 1 :]
        if any(overlap(first, second, guess) for guess in _GUESSES)
    ]
