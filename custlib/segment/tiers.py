"""Segmentations by ordered rules: the first that matches wins, the last always matches.

``bank5``, ``loyalty_value7``, ``value_types``, ``credit``, ``lifecycle`` and ``need_level`` are files in
``rules/tiers``; what they decide where a published rule leaves a gap is said there. The option ``rules`` names another
file, also one of the user's own (a path that ends in ``.toml``; see ``rule_file``). Reads customer activity with the
measures that the rules ask for. A condition on a missing measure is false, money included; ``is_missing`` tests it.
"""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, create_model, model_validator

from custlib.engine.base import Engine
from custlib.engine.dialect import Dialect
from custlib.errors import UsageError
from custlib.project import validated
from custlib.rules.schema import Exact
from custlib.segment.definitions import in_one_language
from custlib.segment.rule_files import conditions
from custlib.segment.rule_files.conditions import Alternative
from custlib.segment.rule_files.rule_file import never_wins, read
from custlib.segment.rule_files.tier_schema import TierFile
from custlib.segment.thresholds import require, threshold

Measured = tuple[str, str, float]  # the measure in SQL, what is taken of it, and the share of a quantile


class Options(Exact):
    """Options: ``rules`` names the file, its ``[tiers.options]`` the others with what they are if left out.

    Attributes
    ----------
    segmentation : str
        Its name; set by the table it stands in.
    rules : str, optional
        The file of rules: the name of a shipped one, or the path of a file; its own name if left out. Every other key
        is an option that the file itself declares under ``[tiers.options]``.
    """

    model_config = ConfigDict(frozen=True, extra="allow")
    segmentation: str
    rules: str | None = None

    @model_validator(mode="after")
    def _fit(self) -> "Options":
        where = f"segments.options.{self.segmentation}"
        validated(_own(self.file), self.model_extra or {}, where)
        if never := never_wins(self.file, self.filled):
            raise UsageError(f"{where}: nobody can be in {', '.join(never)} with these options. Change them.")
        return self

    @property
    def file(self) -> TierFile:
        """The file of rules."""
        return read(self.rules or self.segmentation)

    @property
    def filled(self) -> list[tuple[str, Alternative]]:
        """The rules with all options of the file filled in."""
        return self.file.filled(_own(self.file)(**(self.model_extra or {})).model_dump())


class _Chosen(Exact):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


def _own(file: TierFile) -> type[BaseModel]:
    """Make the model of the options of a file: whole numbers stay whole, periods are at least a day, texts names."""
    periods = file.periods
    fields: dict[str, Any] = {}
    for name, value in file.tiers.options.items():
        limits: dict[str, Any] = {"pattern": r"^\w*$"} if isinstance(value, str) else {}
        limits |= {"ge": int(name in periods)} if isinstance(value, int) else {}
        fields[name] = (type(value), Field(value, **limits))
    return create_model("TierOptions", __base__=_Chosen, **fields)


def _chosen(options: dict[str, Any]) -> Options:
    return validated(Options, options, f"segments.options.{options['segmentation']}")


def needs(options: dict[str, Any]) -> tuple[str, ...]:
    """Name the measures that the rules read beyond those of customer activity."""
    names = {name for _, own in _chosen(options).filled for one in own for name in conditions.measures(one)}
    return tuple(sorted(names - set(conditions.in_activity())))


def classes(options: dict[str, Any]) -> tuple[str, tuple[str, ...]]:
    """Give the file of rules, and the ids of its segments."""
    chosen = _chosen(options)
    return chosen.rules or chosen.segmentation, tuple(one["id"] for one in _ranked(chosen.file))


def define(engine: Engine, activity: str, options: dict[str, Any]) -> dict[str, Any]:
    """Take the rules and measure the thresholds that are not numbers."""
    chosen, sql = _chosen(options), engine.dialect
    measured = {
        _measured(sql, one, limit): one
        for _, alternative in chosen.filled
        for one in alternative
        for limit in one.values()
        if isinstance(limit, dict)
    }
    known = sorted({measure for one in measured.values() for measure in conditions.measures(one)})
    require(engine, activity, chosen.segmentation, needs(options), known=known)
    numbers = {key: threshold(engine, activity, key[0], of=key[1], share=key[2]) for key in measured}
    frozen = [(segment, [_frozen(sql, one, numbers) for one in own]) for segment, own in chosen.filled]
    one_language = in_one_language(chosen.file.segment)
    return {
        "alternatives": [{"segment": segment, "all": own, "reason": _reason(own)} for segment, own in frozen],
        "segments": _ranked(chosen.file),
    } | ({"findings": [one_language]} if one_language else {})


def _measured(sql: Dialect, condition: conditions.Condition, limit: dict[str, Any]) -> Measured:
    return conditions.number(sql, condition), limit["of"], limit.get("share", 0.5)


def _frozen(sql: Dialect, condition: conditions.Condition, numbers: dict[Measured, float | None]) -> dict[str, Any]:
    def number(limit: Any) -> Any:
        if not isinstance(limit, dict):
            return limit
        value = numbers[_measured(sql, condition, limit)]
        return None if value is None else conditions.product(value, limit["times"])

    return {key: number(limit) for key, limit in condition.items()}


def _reason(alternative: Alternative) -> str:
    return "; ".join(conditions.words(one) for one in alternative) or "no rule before the last holds"


def _ranked(file: TierFile) -> list[dict[str, Any]]:
    parts = {"id", "name", "strategy", "expects"}
    segments = {one.id: one.model_dump(include=parts, exclude_none=True) for one in file.segment}
    return [segments[name] for name in file.tiers.most_valuable_first or segments]


def assign(sql: Dialect, rule: dict[str, Any]) -> str:
    """Write the select of the first rule that holds for every customer of ``{activity}``."""
    return conditions.assign(sql, rule["alternatives"])
