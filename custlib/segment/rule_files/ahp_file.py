"""What a hierarchy of judgements holds (``rules/ahp``, or a user's own file), proved when it is read.

A file has ``source``, ``as_of``, ``[hierarchy]`` with ``id`` and ``goal``, a ``[[criterion]]`` per node with its parts
and the judgements above the diagonal of their matrix, an ``[[indicator]]`` per leaf, and a ``[[class]]`` per segment,
the most valuable first. An indicator is a measure, or its ratio to another (``per``), and says whether more or less is
better.
"""

import datetime as dt
from collections.abc import Iterator
from functools import cache
from typing import Any, Literal

from pydantic import Field

from custlib import rules
from custlib.errors import TableError, UsageError, hint
from custlib.models import ahp
from custlib.project import validated
from custlib.segment import measures
from custlib.segment.definitions import Named, Strict, Words
from custlib.segment.rule_files.conditions import ATTRIBUTE_NAME
from custlib.tables import describe

NAME = r"^[a-z][a-z0-9_]*$"
_NUMBERS = ("integer", "double", "decimal")
_SHARES = 1e-9
_ROUNDED = 1.02  # .11 is meant as a ninth


class Hierarchy(Strict):
    """Which criterion is the goal, and how weights and indicators are taken where the options do not say.

    Attributes
    ----------
    id : str
        Name of the hierarchy.
    goal : str
        The criterion at the top.
    method : {"eigenvector", "geometric_mean"}
        How weights follow from judgements.
    random_index : {"saaty1980", "saaty2005"}
        What the consistency of judgements is held against.
    standardise : {"z", "percent"}
        How indicators are made comparable.
    """

    id: str = Field(pattern=NAME)
    goal: str
    method: Literal["eigenvector", "geometric_mean"] = "eigenvector"
    random_index: str = "saaty1980"
    standardise: Literal["z", "percent"] = "z"


class Criterion(Strict):
    """A node: its parts, and how many times as much each matters as each after it.

    Attributes
    ----------
    id : str
        Its name.
    name : Words
        What pages call it.
    parts : tuple of str
        Criteria or indicators that it is made of.
    judgements : tuple of tuple of float or str
        How many times as much each part matters as each after it, a row a part but for the last: a number of 1 to 9,
        or a fraction such as ``"1/3"``.
    """

    id: str = Field(pattern=NAME)
    name: Words
    parts: tuple[str, ...] = Field(min_length=1)
    judgements: tuple[tuple[float | str, ...], ...] = ()


class Indicator(Strict):
    """A leaf: a measure, or its ratio to another of at least ``per_at_least``.

    Attributes
    ----------
    id : str
        Its name.
    name : Words
        What pages call it.
    measure : str
        A column of customer activity, or a measure such as ``profit_last_365d``.
    per : str, optional
        The measure it is divided by.
    per_at_least : float, optional
        The least that it is divided by.
    better : {"more", "less"}
        Which direction is worth more.
    """

    id: str = Field(pattern=NAME)
    name: Words
    measure: str
    per: str | None = None
    per_at_least: float | None = Field(None, gt=0)
    better: Literal["more", "less"]

    @property
    def reads(self) -> tuple[str, ...]:
        """Measures that it reads."""
        return (self.measure, self.per) if self.per else (self.measure,)


class Class(Named):
    """A segment and its share of the customers.

    Attributes
    ----------
    share : float
        Share of the customers, from the top; all of them add up to 1.
    """

    share: float = Field(ge=0, le=1)


class HierarchyFile(Strict):
    """A whole file.

    Attributes
    ----------
    source : str
        Where the hierarchy comes from.
    as_of : datetime.date
        The day it was written down.
    hierarchy : Hierarchy
        The table ``[hierarchy]``.
    criterion : tuple of Criterion
        A table ``[[criterion]]`` each.
    indicator : tuple of Indicator
        A table ``[[indicator]]`` each.
    class : tuple of Class
        A table ``[[class]]`` each, the most valuable first.
    """

    source: str = Field(min_length=1)
    as_of: dt.date
    hierarchy: Hierarchy
    criterion: tuple[Criterion, ...] = Field(min_length=1)
    indicator: tuple[Indicator, ...] = Field(min_length=1)
    classes: tuple[Class, ...] = Field(alias="class", min_length=2)

    @property
    def reads(self) -> tuple[str, ...]:
        """Measures that its indicators read, sorted."""
        return tuple(sorted({name for indicator in self.indicator for name in indicator.reads}))


def read(name_or_path: str) -> HierarchyFile:
    """Read a hierarchy of judgements and check it."""
    return rules.checked(name_or_path, "ahp", _checked)


def _checked(content: dict[str, Any], where: str) -> HierarchyFile:
    file = validated(HierarchyFile, content, where)
    # What stands on the shape of the tree is checked once the tree is one.
    faults = list(_tree_faults(file)) or [*_judgement_faults(file), *_leaf_faults(file), *_class_faults(file)]
    if faults:
        raise UsageError("\n".join(f"{where}: {line}" for line in faults))
    return file


def _tree_faults(file: HierarchyFile) -> Iterator[str]:
    """List what keeps criteria and indicators from being one tree below the goal."""
    ids = [criterion.id for criterion in file.criterion] + [indicator.id for indicator in file.indicator]
    parts = [part for criterion in file.criterion for part in criterion.parts]
    for name in sorted({name for name in ids if ids.count(name) > 1}):
        yield f"{name} is there {ids.count(name)} times. Give every criterion and indicator an id of its own."
    for criterion in file.criterion:
        for part in criterion.parts:
            if part not in ids:
                yield f"criterion {criterion.id}: {part} is unknown. {hint(part, ids)}"
    for name in sorted({name for name in parts if parts.count(name) > 1}):
        yield f"{name} is a part {parts.count(name)} times. It must be a part of one criterion."
    goal = file.hierarchy.goal
    if goal not in [criterion.id for criterion in file.criterion]:
        yield f"goal {goal} is no criterion. {hint(goal, [criterion.id for criterion in file.criterion])}"
    elif apart := sorted(set(ids) - _below(file, goal)):
        yield f"{', '.join(apart)} not below {goal}. Name them as parts of a criterion, or drop them."
    elif goal in parts:
        yield f"{goal} is the goal and a part of itself. Drop it from the parts."


def _below(file: HierarchyFile, goal: str) -> set[str]:
    parts = {criterion.id: criterion.parts for criterion in file.criterion}
    reached, waiting = set[str](), [goal]
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting.extend(parts.get(name, ()))
    return reached


def _judgement_faults(file: HierarchyFile) -> Iterator[str]:
    highest = rules.load("ahp")["highest_judgement"]
    for criterion in file.criterion:
        rows = criterion.judgements
        if len(rows) != len(criterion.parts) - 1:
            yield (
                f"criterion {criterion.id}: {len(rows)} rows of judgements, {len(criterion.parts) - 1} wanted for"
                f" {len(criterion.parts)} parts: each part but the last over those after it."
            )
            continue
        try:
            matrix = ahp.from_upper(rows)
        except TableError as fault:
            yield f"criterion {criterion.id}: {fault}"
            continue
        for i, j in zip(*((matrix > highest * _ROUNDED).nonzero()), strict=True):
            yield (
                f"criterion {criterion.id}: {criterion.parts[i]} over {criterion.parts[j]} is {matrix[i, j]:.4g};"
                f" the scale ends at {highest}. Group criteria of like weight."
            )


def _leaf_faults(file: HierarchyFile) -> Iterator[str]:
    columns = numeric_columns()
    for indicator in file.indicator:
        for name in indicator.reads:
            known = name in columns or measures.window(name) or name in measures.COUNTED
            if not (known or ATTRIBUTE_NAME.fullmatch(name)):
                there = [*columns, *measures.COUNTED, "profit_last_365d"]
                yield f"indicator {indicator.id}: measure {name} is unknown. {hint(name, there)}"
        if indicator.per_at_least is not None and not indicator.per:
            yield f"indicator {indicator.id}: per_at_least without per. Name the measure to divide by."


def _class_faults(file: HierarchyFile) -> Iterator[str]:
    ids, total = [entry.id for entry in file.classes], sum(entry.share for entry in file.classes)
    if len(set(ids)) != len(ids):
        yield f"class: {', '.join(ids)}: each id must be there once."
    if abs(total - 1) > _SHARES:
        yield f"class: the shares add up to {total:.4g}. They must add up to 1."


@cache
def numeric_columns() -> tuple[str, ...]:
    """List the numeric columns of ``customer_activity``.

    Examples
    --------
    >>> numeric_columns()[:3]
    ('frequency', 'recency', 'T')
    """
    return tuple(column.name for column in describe("customer_activity").columns if column.type in _NUMBERS)
