"""Segmentations by ordered rules: the first that matches wins, the last always matches.

``bank5``, ``loyalty_value7``, ``value_types``, ``credit``, ``lifecycle`` and ``need_level`` are files in
``rules/tiers``; what they decide where a published rule leaves a gap is said there. The option ``rules`` names another
file, also one of the user's own (a path that ends in ``.toml``; see ``tier_file``). Reads customer activity with the
measures that the rules ask for. A condition on a missing measure is false, money included; ``is_missing`` tests it.
"""

from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, create_model, model_validator

from custlib import rules
from custlib.engine.base import Engine
from custlib.engine.dialect import Dialect
from custlib.errors import UsageError
from custlib.project import validated
from custlib.segment import conditions, tier_checks
from custlib.segment.levels import level, require
from custlib.segment.tier_file import TierFile, filled

Level = tuple[str, str, float]


class Options(BaseModel):
    """Options: ``rules`` names the file, its ``[tiers.options]`` the others with what they are if left out."""

    model_config = ConfigDict(frozen=True, extra="allow")
    segmentation: str
    rules: str | None = None

    @model_validator(mode="after")
    def _fit(self) -> "Options":
        where = f"segments.options.{self.segmentation}"
        file = read(self.rules or self.segmentation)
        chosen = validated(_own(file), self.model_extra or {}, where).model_dump()
        if never := tier_checks.never_wins(file, filled(file, chosen)):
            raise UsageError(f"{where}: nobody can be in {', '.join(never)} with these options. Change them.")
        return self

    @property
    def chosen(self) -> dict[str, Any]:
        """All options of the file, by name."""
        return _own(read(self.rules or self.segmentation))(**(self.model_extra or {})).model_dump()


def _own(file: TierFile) -> type[BaseModel]:
    """Make the model of the options of a file: whole numbers stay whole, periods are at least a day, texts names."""
    periods = file.periods
    fields: dict[str, Any] = {}
    for name, value in file.tiers.options.items():
        limits: dict[str, Any] = {"pattern": r"^\w*$"} if isinstance(value, str) else {}
        limits |= {"ge": int(name in periods)} if isinstance(value, int) else {}
        fields[name] = (type(value), Field(value, **limits))
    return create_model("TierOptions", __config__=ConfigDict(extra="forbid", allow_inf_nan=False), **fields)


def read(name_or_path: str) -> TierFile:
    """Read a file of ordered rules and check it.

    Examples
    --------
    >>> [segment.id for segment in read("bank5").segment]
    ['blue', 'green', 'red', 'transfer', 'clear_out']
    """
    if name_or_path.endswith(".toml"):
        return _checked(rules.read(Path(name_or_path)), name_or_path)
    return _shipped(name_or_path)


@cache
def _shipped(name: str) -> TierFile:
    return _checked(rules.load(f"tiers/{name}"), f"tiers {name}")


def _checked(given: dict[str, Any], where: str) -> TierFile:
    found = validated(TierFile, given, where)
    if said := tier_checks.faults(found):
        raise UsageError("\n".join(f"{where}: {line}" for line in said))
    return found


def check(name_or_path: str) -> tuple[list[str], list[str]]:
    """Check a file of ordered rules and say what each rule asks for and where their order decides.

    Examples
    --------
    >>> check("lifecycle")[0][1]
    '  acquisition  T below 182; frequency at most 1'
    """
    own = name_or_path.endswith(".toml") or Path(name_or_path).is_file()
    given = rules.read(Path(name_or_path)) if own else rules.load(f"tiers/{name_or_path}")
    found = validated(TierFile, given, name_or_path)
    said = tier_checks.faults(found)
    lines = [f"tiers {name_or_path}: {len(found.segment)} rules, the first that matches wins"]
    if not said:
        lines += tier_checks.described(found) + [f"overlaps: {line}" for line in tier_checks.findings(found)]
    return lines, [f"{name_or_path}: {line}" for line in said]


def needs(options: dict[str, Any]) -> tuple[str, ...]:
    """Name the measures that the rules read beyond those of customer activity.

    Examples
    --------
    >>> needs({"segmentation": "bank5"})
    ('probability_alive', 'products', 'profit_last_365d')
    """
    found = {name for _, alternative in _rules_of(options) for one in alternative for name in conditions.measures(one)}
    return tuple(sorted(found - set(conditions.in_activity())))


def _rules_of(options: dict[str, Any]) -> list[tuple[str, list[conditions.Condition]]]:
    chosen = validated(Options, options, f"segments.options.{options['segmentation']}")
    return filled(read(chosen.rules or chosen.segmentation), chosen.chosen)


def define(engine: Engine, activity: str, options: dict[str, Any]) -> dict[str, Any]:
    """Take the rules and measure the thresholds that are not numbers."""
    name, asked = options["segmentation"], _rules_of(options)
    wanted = _to_measure(engine.dialect, asked)
    known = sorted({measure for one in wanted.values() for measure in conditions.measures(one)})
    require(engine, activity, name, needs(options), known=known)
    found = {key: level(engine, activity, key[0], of=key[1], share=key[2]) for key in wanted}
    frozen = [(segment, [_frozen(engine.dialect, one, found) for one in own]) for segment, own in asked]
    return {
        "alternatives": [{"segment": segment, "all": own, "reason": _reason(own)} for segment, own in frozen],
        "segments": _ranked(read(options.get("rules") or name)),
    }


def _to_measure(sql: Dialect, asked: list[tuple[str, list[conditions.Condition]]]) -> dict[Level, conditions.Condition]:
    """List every level that is to be measured, once, with a condition that asks for it."""
    return {
        _level_of(sql, one, bound): one
        for _, alternative in asked
        for one in alternative
        for bound in one.values()
        if isinstance(bound, dict)
    }


def _level_of(sql: Dialect, condition: conditions.Condition, bound: dict[str, Any]) -> Level:
    return conditions.number(sql, condition), bound["of"], bound.get("share", 0.5)


def _frozen(sql: Dialect, condition: conditions.Condition, found: dict[Level, float | None]) -> conditions.Condition:
    made = dict(condition)
    for key, bound in condition.items():
        if isinstance(bound, dict):
            measured = found[_level_of(sql, condition, bound)]
            made[key] = None if measured is None else conditions.product(measured, bound["times"])
    return made


def _reason(alternative: list[conditions.Condition]) -> str:
    return "; ".join(conditions.words(one) for one in alternative) or "no rule before the last holds"


def _ranked(file: TierFile) -> list[dict[str, Any]]:
    order = file.tiers.most_valuable_first or tuple(one.id for one in file.segment)
    kept = {one.id: one.model_dump(include={"id", "name", "strategy", "expects"}, exclude_none=True)
            for one in file.segment}  # fmt: skip
    return [kept[segment] for segment in order]


def assign(sql: Dialect, rule: dict[str, Any]) -> str:
    """Write the select of the first rule that holds for every customer of ``{activity}``."""
    tried = rule["alternatives"][:-1]
    cases = " ".join(
        f"when {' and '.join(conditions.predicate(sql, one) for one in entry['all'])} then {place}"
        for place, entry in enumerate(tried)
    )
    place = f"case {cases} else {len(tried)} end" if tried else "0"
    return f"""
        select customer_id, {_text(sql, rule, "segment")} as segment, {_text(sql, rule, "reason")} as reason
        from (select customer_id, {place} as place from {{activity}})"""


def _text(sql: Dialect, rule: dict[str, Any], key: str) -> str:
    *tried, last = rule["alternatives"]
    cases = " ".join(f"when {n} then {conditions.quoted(sql, entry[key])}" for n, entry in enumerate(tried))
    final = conditions.quoted(sql, last[key])
    return f"case place {cases} else {final} end" if tried else final
