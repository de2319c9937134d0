"""Segmentation ``ahp``: classes by customer value Y = sum of weight x standardised indicator.

Weights are judged in pairs and multiplied down a hierarchy (``rules/ahp``, or a file of the user's own; see
``ahp_file``). Reads customer activity with the measures that the indicators ask for. Mean and deviation (or least and
most) of every indicator, and the thresholds of Y, are measured over all customers and frozen. Equal values of Y are in
one class. Missing measures count as 0; a missing attribute, or one that is no number, as the mean of those that are.
"""

import math
from typing import Any, Literal

from pydantic import ConfigDict, model_validator

from custlib import rules
from custlib.engine.base import Engine
from custlib.engine.dialect import Dialect
from custlib.errors import TableError, UsageError
from custlib.models import ahp
from custlib.models.scaling import How, Standard, percent, z_score
from custlib.project import validated
from custlib.rules.schema import Exact
from custlib.segment import measures
from custlib.segment.definitions import in_one_language
from custlib.segment.rule_files import conditions
from custlib.segment.rule_files.ahp_file import Criterion, HierarchyFile, Indicator, numeric_columns, read
from custlib.segment.rule_files.conditions import double
from custlib.segment.thresholds import histogram, share_thresholds, whole

_BITS = 30
_LARGEST = "1e100"  # squares of larger ones are not numbers


class Options(Exact):
    """Options: the hierarchy, and what is taken otherwise than its file has it.

    Attributes
    ----------
    segmentation : str
        Its name; set by the table it stands in.
    hierarchy : str
        The hierarchy: the name of a shipped one, or the path of a file.
    method : {"eigenvector", "geometric_mean"}, optional
        How weights follow from judgements; as the file says if left out.
    random_index : {"saaty1980", "saaty2005"}, optional
        What the consistency of judgements is held against; as the file says if left out.
    standardise : {"z", "percent"}, optional
        How indicators are made comparable; as the file says if left out.
    shares : tuple of float, optional
        Shares of the classes from the top, which add up to 1; as the file says if left out.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    segmentation: str = "ahp"
    hierarchy: str = "purchases"
    method: Literal["eigenvector", "geometric_mean"] | None = None
    random_index: str | None = None
    standardise: How | None = None
    shares: tuple[float, ...] | None = None

    @model_validator(mode="after")
    def _fit(self) -> "Options":
        weigh(self.file, where=self.hierarchy, method=self.method, random_index=self.random_index)
        _shares(self)
        return self

    @property
    def file(self) -> HierarchyFile:
        """The hierarchy."""
        return read(self.hierarchy)


def needs(options: dict[str, Any]) -> tuple[str, ...]:
    """Name the measures that the indicators read beyond the columns of customer activity."""
    return tuple(name for name in reads(options) if name not in numeric_columns())


def reads(options: dict[str, Any]) -> tuple[str, ...]:
    """Name everything that the indicators read: weights judged for all of them mean nothing without one."""
    return tuple(_chosen(options).file.reads)


def classes(options: dict[str, Any]) -> tuple[str, tuple[str, ...]]:
    """Give the name of the segmentation, for a shipped hierarchy, or else the file, and the ids of its classes."""
    chosen = _chosen(options)
    is_own = chosen.hierarchy.endswith(".toml")
    return chosen.hierarchy if is_own else "ahp", tuple(entry.id for entry in chosen.file.classes)


def _chosen(options: dict[str, Any]) -> Options:
    return validated(Options, options, "segments.options.ahp")


def _shares(chosen: Options) -> list[float]:
    classes = chosen.file.classes
    shares = list(chosen.shares or [entry.share for entry in classes])
    return whole(shares, len(classes), "segments.options.ahp.shares")


def weigh(
    file: HierarchyFile, *, where: str = "hierarchy", method: str | None = None, random_index: str | None = None
) -> tuple[dict[str, ahp.Priorities], dict[str, float]]:
    """Weigh every criterion of a hierarchy and multiply the weights down."""
    how = {"method": method or file.hierarchy.method, "random_index": random_index or file.hierarchy.random_index}
    priorities = {one.id: _priorities(one, where, how) for one in file.criterion}
    limit = rules.load("ahp")["accepted_below"]
    refused = {name: one for name, one in priorities.items() if not one.accepted}
    if refused:
        raise UsageError("\n".join(f"{where}: {_contradiction(name, one, limit)}" for name, one in refused.items()))
    return priorities, ahp.global_weights(_tree(priorities, file.hierarchy.goal))


def _priorities(criterion: Criterion, where: str, how: dict[str, str]) -> ahp.Priorities:
    try:
        return ahp.weights(ahp.from_upper(criterion.judgements), names=criterion.parts, **how)
    except (TableError, UsageError) as fault:
        raise UsageError(f"{where}: criterion {criterion.id}: {fault}") from None


def _contradiction(name: str, priorities: ahp.Priorities, limit: float) -> str:
    worst, other = priorities.worst, priorities.other_ratio
    clash = (
        f" {worst.row} over {worst.column} is given as {worst.value:.3g}; the others imply {worst.implied:.3g}."
        if worst
        else ""
    )
    though = f", though by the other published random index it is {other:.3f}" if other else ""
    any_of = " Of three judgements any one may be the wrong one." if len(priorities.names) == 3 else ""
    return (
        f"criterion {name}: the judgements contradict each other (consistency ratio"
        f" {priorities.consistency_ratio:.3f}, must be below {limit}{though}).{clash}{any_of} Judge again."
    )


def _tree(priorities: dict[str, ahp.Priorities], criterion: str) -> dict[str, Any]:
    parts = zip(priorities[criterion].names, priorities[criterion].weights, strict=True)
    return {name: (weight, _tree(priorities, name)) if name in priorities else weight for name, weight in parts}


def define(engine: Engine, activity: str, options: dict[str, Any]) -> dict[str, Any]:
    """Weigh the indicators, measure them over all customers, and part Y into classes."""
    chosen = _chosen(options)
    file = chosen.file
    priorities, weights = weigh(file, where=chosen.hierarchy, method=chosen.method, random_index=chosen.random_index)
    how = chosen.standardise or file.hierarchy.standardise
    indicators = _measured(engine, activity, file.indicator, how)
    rule: dict[str, Any] = {
        "hierarchy": file.hierarchy.id,
        "standardise": how,
        "criteria": [_criterion(name, one) for name, one in priorities.items()],
        "indicators": [entry | {"weight": weights[entry["id"]]} for entry in indicators],
        "classes": [entry.id for entry in file.classes],
    }
    values = f"(select {score(engine.dialect, rule)} as y from {activity}) scored"
    rule["cuts"] = share_thresholds(*histogram(engine, values, "y"), _shares(chosen)[:-1])
    rule["segments"] = [entry.model_dump(include={"id", "name", "strategy"}) for entry in file.classes]
    one_language = in_one_language(file.classes)
    return rule | ({"findings": [one_language]} if one_language else {})


def _criterion(name: str, own: ahp.Priorities) -> dict[str, Any]:
    """Write what is frozen of a criterion."""
    weights = dict(zip(own.names, own.weights, strict=True))
    ratios = {"consistency_ratio": own.consistency_ratio, "other_ratio": own.other_ratio}
    return {"id": name, "weights": weights, "lambda_max": own.lambda_max} | ratios


def _measured(engine: Engine, activity: str, indicators: tuple[Indicator, ...], how: How) -> list[dict[str, Any]]:
    """Measure every indicator over all customers and freeze how it is standardised."""
    entries = [one.model_dump(include={"id", "measure", "per", "per_at_least", "better"}) for one in indicators]
    named = ", ".join(f"{_value(engine.dialect, entry)} as x{i}" for i, entry in enumerate(entries))
    columns = ", ".join(
        f"avg(x{i}) as mean{i}, stddev_pop(x{i}) as deviation{i}, min(x{i}) as least{i}, max(x{i}) as most{i}"
        for i in range(len(entries))
    )
    row = engine.fetch(f"select {columns} from (select {named} from {activity}) measured").iloc[0]
    measured = []
    for i, entry in enumerate(entries):
        mean, deviation, least, most = (_number(row[f"{key}{i}"]) for key in ("mean", "deviation", "least", "most"))
        mean, deviation = _rounded(mean, deviation) if most > least else (least, 0.0)
        better = entry["better"]
        done = z_score(mean, deviation, better=better) if how == "z" else percent(least, most, better=better)
        missing = mean if any(name.startswith(measures.ATTRIBUTE) for name in _reads(entry)) else None
        measured.append(entry | {"origin": done.origin, "factor": done.factor, "level": done.level, "missing": missing})
    return measured


def _number(value: Any) -> float:
    return 0.0 if value is None or math.isnan(value) else float(value)


def _rounded(mean: float, deviation: float) -> tuple[float, float]:
    """Round off what depends on the order that an engine adds up in, to a billionth of the deviation.

    The grid is binary: means of amounts in cents lie half way between decimals as often as not, and would fall
    either way.
    """
    if not deviation > 0:
        return mean, deviation
    exponent = math.frexp(deviation)[1] - _BITS
    mean, deviation = (math.ldexp(round(math.ldexp(x, -exponent)), exponent) for x in (mean, deviation))
    return mean, deviation


def _reads(entry: dict[str, Any]) -> tuple[str, ...]:
    return tuple(entry[key] for key in ("measure", "per") if entry[key])


def _value(sql: Dialect, entry: dict[str, Any]) -> str:
    """Write the indicator of a customer; null where an attribute is missing."""
    value = _column(sql, entry["measure"])
    if not entry["per"]:
        return value
    by = _column(sql, entry["per"])
    if entry["per_at_least"] is not None:
        # An attribute that is missing stays so: greatest() leaves nulls out.
        by = f"case when {by} is not null then greatest({by}, {double(entry['per_at_least'])}) end"
    return f"case when ({by}) = 0 then {double(0.0)} else {value} / ({by}) end"


def _column(sql: Dialect, name: str) -> str:
    if name.startswith(measures.ATTRIBUTE):
        number = sql.number(name)
        return f"case when abs({number}) < {_LARGEST} then {number} end"
    return f"coalesce(cast({name} as double), {double(0.0)})"


def score(sql: Dialect, rule: dict[str, Any]) -> str:
    """Write the value Y of a customer."""
    terms = []
    for entry in rule["indicators"]:
        value = _value(sql, entry)
        if entry["missing"] is not None:
            value = f"coalesce({value}, {double(entry['missing'])})"
        weight, origin, factor, level = (double(entry[key]) for key in ("weight", "origin", "factor", "level"))
        terms.append(f"{weight} * ((({value}) - {origin}) * {factor} + {level})")
    return f"({' + '.join(terms)})"


def assign(sql: Dialect, rule: dict[str, Any]) -> str:
    """Write the select of the class of every customer of ``{activity}``."""
    places = [f", at least {round(cut, 2) + 0:.2f}" for cut in rule["cuts"]]
    classes = conditions.from_top("y", rule["classes"], rule["cuts"], [*places, ", below the other classes"])
    shown = f"case when abs(y) < {double(0.005)} then {double(0.0)} else round(y * 1e2) / 1e2 end"
    table = (
        f"(select *, {shown} as shown from (select customer_id, {score(sql, rule)} as y from {{activity}}) scored) y"
    )
    return conditions.assign(sql, classes, table=table, lead=f"'Y ', {sql.text('shown', 'DOUBLE')}")


def notes(rule: dict[str, Any]) -> list[str]:
    """Say what a reader of the weights should know."""
    constant = [entry["id"] for entry in rule["indicators"] if Standard(0.0, entry["factor"]).constant]
    limit = rules.load("ahp")["accepted_below"]
    return [f"{name} is the same for all customers and tells nobody apart." for name in constant] + [
        f"{one['id']}: the consistency ratio is {one['consistency_ratio']:.3f}, but {one['other_ratio']:.3f} by the"
        f" other published random index, which is not below {limit}."
        for one in rule["criteria"]
        if one["other_ratio"] is not None
    ]
