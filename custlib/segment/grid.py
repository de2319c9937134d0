"""The first of the two forms of a segmentation, a grid: axes with thresholds, and a name for every cell.

RFM, RFA, the airline and product segmentations, the value cube and the value matrix are grids, with their own maps or
a user's. The place of a customer on an axis is 1 + the number of thresholds reached, counted from above where less is
better. :func:`axes` reads a frozen rule, also of the years before; all else is the same for every grid.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from custlib.engine.dialect import Dialect
from custlib.segment.rule_files.conditions import double, figure

Level = int | str
SCORES = 5
LETTERS = {"recency": "R", "frequency": "F", "monetary": "M", "quantity": "A"}
HALVES = ("low", "high")
PROSPECT = "prospect"
BELOW_ZERO = " below zero"
# Of a definition that was frozen before tables of scores named their measures.
_EARLIER = {"recency": {"of": "days_since_last"}, "frequency": {"of": "frequency", "plus": 1}, "monetary": {"of": "profit"}}  # fmt: skip  # noqa: E501


@dataclass(frozen=True)
class Axis:
    """One axis of a grid."""

    name: str  # in a map, and the column of a customer's place
    measure: str  # in SQL, as a double; a missing one counts as 0
    thresholds: tuple[float, ...]  # rising; empty where nobody had the measure
    levels: tuple[Level, ...] = tuple(range(1, SCORES + 1))  # names of the places in a map
    words: str = ""  # name of the measure in a reason; without, the reason is a score
    is_falling: bool = False  # less is better
    is_exceeded: bool = False  # a threshold must be exceeded, not only reached
    is_positive: bool = False  # nothing and a loss reach no threshold

    @property
    def place(self) -> str:
        """Write the place of a customer, from 1."""
        sign, also = ">" if self.is_exceeded else ">=", f" and {self.measure} > 0" if self.is_positive else ""
        tests = [f"{self.measure} {sign} {double(threshold)}{also}" for threshold in self.thresholds]
        reached = " + ".join(f"(case when {test} then 1 else 0 end)" for test in tests) or "0"
        return f"{len(self.levels)} - ({reached})" if self.is_falling else f"1 + {reached}"

    def reason(self, sql: Dialect) -> str:
        """Write why a customer has this place: its score, or the threshold of its measure."""
        if not self.words:
            return f"concat('{self.name}', cast({self.name} as {sql.text_type}))"
        bounds = "at least an unknown level", "below an unknown level"
        for threshold in self.thresholds:
            number = figure(threshold)
            bounds = f"at least {number}", f"below {number}" if threshold > 0 else "not above 0"
        high, low = (sql.literal(f"{self.words} {bound}") for bound in bounds)
        return f"case when {self.name} = {len(HALVES)} then {high} else {low} end"


def expression(of: str, plus: int = 0, per: str | None = None) -> str:
    """Write a measure, with a number added or per another; null where it is missing or per nothing.

    Examples
    --------
    >>> expression("frequency", 1), expression("revenue", per="purchases")
    ('frequency + 1', 'case when purchases > 0 then cast(revenue as double) / purchases end')
    """
    if per:
        return f"case when {per} > 0 then cast({of} as double) / {per} end"
    return f"{of} + {plus}" if plus else of


def axes(rule: Mapping[str, Any]) -> list[Axis]:
    """Read the axes of a frozen rule: scores (``cuts`` of measures), or measures against one threshold each."""
    if "cuts" not in rule:
        return [_half(name, axis) for name, axis in rule["axes"].items()]
    measures, above = rule.get("measures", _EARLIER), rule.get("above", ())
    levels = tuple(range(1, rule.get("scores", SCORES) + 1))
    return [
        Axis(
            letter,
            f"coalesce(cast({expression(**measures[name])} as double), 0)",
            tuple(rule["cuts"][name]),
            levels,
            is_falling=name == "recency",
            is_exceeded=name in above,
        )
        for name, letter in LETTERS.items()
        if name in rule["cuts"]
    ]


def _half(name: str, axis: Mapping[str, Any]) -> Axis:
    threshold = axis["threshold"]
    measure = f"coalesce(cast({axis['measure']} as double), 0) * {double(axis['factor'])}"
    thresholds = () if threshold is None else (threshold,)
    return Axis(name, measure, thresholds, HALVES, axis["words"], is_positive=True)


def places(rule: Mapping[str, Any]) -> str:
    """Write the select of the place of every customer of ``{activity}`` on each axis; scores are 0 for a prospect."""
    own = axes(rule)
    if "cuts" not in rule:
        return f"select customer_id, {', '.join(f'{axis.place} as {axis.name}' for axis in own)} from {{activity}}"
    scores = ", ".join(f"case when frequency is null then 0 else {axis.place} end as {axis.name}" for axis in own)
    below = f"case when profit <= 0 then '{BELOW_ZERO}' else '' end as below_zero"
    return f"select customer_id, {scores}, {below} from {{activity}}"


def assign(sql: Dialect, rule: dict[str, Any]) -> str:
    """Write the select of the name of the cell of every customer of ``{activity}``."""
    own, segment = axes(rule), _segment(sql, rule)
    joined = f", '{' ' if 'cuts' in rule else '; '}', ".join(axis.reason(sql) for axis in own)
    if "cuts" in rule:
        segment = f"case when R = 0 then '{PROSPECT}' else {segment} end"
        product = f", ', product ', cast({product_of(rule)} as {sql.text_type})" if "product_cuts" in rule else ""
        joined += f"{product}, below_zero"
    return f"select customer_id, {segment} as segment, concat({joined}) as reason from ({places(rule)})"


def _segment(sql: Dialect, rule: dict[str, Any]) -> str:
    own = axes(rule)
    if "product_cuts" in rule:
        thresholds = zip(rule["classes"], rule["product_cuts"], strict=False)
        cases = " ".join(f"when {product_of(rule)} >= {double(t)} then {sql.literal(name)}" for name, t in thresholds)
        last = sql.literal(rule["classes"][-1])
        return f"case {cases} else {last} end" if cases else last
    if "cells" not in rule:
        between = f", '{separator(len(own[0].levels))}', " if separator(len(own[0].levels)) else ", "
        return f"concat({between.join(f'cast({axis.name} as {sql.text_type})' for axis in own)})"
    levels = {axis.name: axis.levels for axis in own}
    return case(sql, rule["cells"], {name: levels[name] for name in rule.get("axes", ("R", "F"))})


def separator(scores: int) -> str:
    """Give what stands between the scores in the name of a cell: 532 of five scores, 10-3-2 of ten."""
    return "-" if scores > 9 else ""


def product_of(rule: Mapping[str, Any]) -> str:
    """Write the product of the scores."""
    return " * ".join(axis.name for axis in axes(rule))


def case(sql: Dialect, cells: dict[str, list[list[Level]]], levels: Mapping[str, Sequence[Level]]) -> str:
    """Write the CASE that gives the segment of a cell, from a customer's place on every axis.

    The places are compared as one number, 532 for R5 F3 M2: a third of the time of a comparison axis by axis.

    Examples
    --------
    >>> from custlib.engine.dialect import DUCKDB
    >>> case(DUCKDB, {"good": [[5, 4], [5, 5]], "bad": [[1, 4]]}, {"R": [1, 2, 3, 4, 5], "F": [1, 2, 3, 4, 5]})
    "case when R * 10 + F in (54, 55) then 'good' when R * 10 + F in (14) then 'bad' end"
    >>> case(DUCKDB, {"good": [["yes"]], "bad": [["no"]]}, {"loyal": ["no", "yes"]})
    "case when loyal in (2) then 'good' when loyal in (1) then 'bad' end"
    """
    width = len(str(max(map(len, levels.values()))))
    weights = [10 ** (width * (len(levels) - n)) for n in range(1, len(levels) + 1)]
    number = " + ".join(f"{name} * {w}" if w > 1 else name for name, w in zip(levels, weights, strict=True))

    def numbered(cell: Iterable[Level]) -> str:
        own = (list(levels[name]).index(level) + 1 for name, level in zip(levels, cell, strict=True))
        return str(sum(place * weight for place, weight in zip(own, weights, strict=True)))

    whens = [f"when {number} in ({', '.join(map(numbered, own))}) then {sql.literal(segment)}"
             for segment, own in cells.items() if own]  # fmt: skip
    return f"case {' '.join(whens)} end"


def moved(rule: dict[str, Any], factor: float) -> dict[str, Any]:
    """Move the thresholds, for hysteresis; those of purchases, which are whole numbers, stay.

    Examples
    --------
    >>> moved({"cuts": {"recency": [10.0], "frequency": [2.0], "monetary": [500.0]}}, 1.5)["cuts"]
    {'recency': [15.0], 'frequency': [2.0], 'monetary': [750.0]}
    >>> moved({"axes": {"loyalty": {"threshold": 0.5}, "cpv": {"threshold": None}}}, 1.5)["axes"]
    {'loyalty': {'threshold': 0.75}, 'cpv': {'threshold': None}}
    """
    if "cuts" not in rule:
        own = {name: axis["threshold"] for name, axis in rule["axes"].items()}
        times = {name: None if threshold is None else threshold * factor for name, threshold in own.items()}
        return rule | {"axes": {name: axis | {"threshold": times[name]} for name, axis in rule["axes"].items()}}
    cuts = {name: [cut * (1 if name == "frequency" else factor) for cut in own] for name, own in rule["cuts"].items()}
    return rule | {"cuts": cuts}
