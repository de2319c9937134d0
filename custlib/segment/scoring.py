"""Scores from 1 to 5 of three measures: what each score cuts, its cuts, and the score itself.

Reads a table of scores (``rules/scores``, or a user's own file): which measure each score cuts (a column of customer
activity or a measure made at a date, plus a number, or per another) and the fixed cuts. Those of ``[cuts]`` are
reached (value >= cut), those of ``[above]`` are exceeded (value > cut). A table without cuts has them measured.
"""

from pathlib import Path
from typing import Annotated, Any

import numpy as np  # noqa: F401 (examples)
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from custlib import rules
from custlib.engine.base import Engine
from custlib.errors import UsageError
from custlib.project import validated
from custlib.segment.histogram import Floats, histogram, quantile_cuts

SCORES = 5
AXES = {"recency": "R", "frequency": "F", "monetary": "M", "quantity": "A"}
FILE = r"^(?:[a-z0-9_]+|.+\.toml)$"  # of a shipped table, or the path of a user's own
_COLUMN = r"^[A-Za-z_]\w*$"
_ONE_TIME_CUT = 2.0


class Measure(BaseModel):
    """A measure, with a number added or per another one."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    of: str = Field(pattern=_COLUMN)
    plus: int = 0
    per: str | None = Field(None, pattern=_COLUMN)

    @property
    def names(self) -> tuple[str, ...]:
        """The measures it reads."""
        return (self.of, self.per) if self.per else (self.of,)

    @property
    def expression(self) -> str:
        """The measure in SQL, null where it is missing or per nothing."""
        if self.per:
            return f"case when {self.per} > 0 then cast({self.of} as double) / {self.per} end"
        return f"{self.of} + {self.plus}" if self.plus else self.of


def _named(given: Any) -> Any:
    return {"of": given} if isinstance(given, str) else given


class ScoreTable(BaseModel):
    """A whole table of scores."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    source: str | None = None
    as_of: Any = None
    measure: dict[str, Annotated[Measure, BeforeValidator(_named)]]
    cuts: dict[str, list[float]] = {}
    above: dict[str, list[float]] = {}

    @property
    def fixed(self) -> dict[str, list[float]]:
        """Fixed cuts of each measure; empty where they are to be measured."""
        given = self.cuts | self.above
        return {measure: given[measure] for measure in self.measure if measure in given}


def read(name: str) -> ScoreTable:
    """Read a table of scores.

    Examples
    --------
    >>> read("days").fixed["recency"]
    [8.0, 31.0, 61.0, 121.0]
    >>> read("airline").measure["monetary"].expression
    'case when purchases_last_730d > 0 then cast(revenue_last_730d as double) / purchases_last_730d end'
    """
    content = rules.read(Path(name)) if name.endswith(".toml") else rules.load(f"scores/{name}")
    table = validated(ScoreTable, content, f"scores {name}")
    measures = set(table.measure)
    if measures not in ({"recency", "frequency", "monetary"}, {"recency", "frequency", "quantity"}):
        raise UsageError(
            f"scores {name}: measure: has {', '.join(sorted(measures)) or 'nothing'}. "
            "Name recency, frequency, and monetary or quantity."
        )
    _check_cuts(table, name)
    return table


def _check_cuts(table: ScoreTable, name: str) -> None:
    if not table.cuts and not table.above:
        return
    given = [*table.cuts, *table.above]
    if sorted(given) != sorted(table.measure):
        raise UsageError(f"scores {name}: [cuts] and [above] must give the cuts of each measure once, or none at all.")
    for measure, cuts in table.fixed.items():
        if len(cuts) != SCORES - 1 or cuts != sorted(set(cuts)):
            raise UsageError(f"scores {name}: {measure}: {cuts} must be {SCORES - 1} rising cuts.")


def fixed_cuts(name: str) -> dict[str, list[float]]:
    """Read the business cuts of a table of scores.

    Examples
    --------
    >>> fixed_cuts("days")["recency"]
    [8.0, 31.0, 61.0, 121.0]
    """
    found = read(name).fixed
    if not found:
        raise UsageError(f'scores {name}: has no cuts. Write them under [cuts], or set mode = "quantile".')
    return found


def needs(table: ScoreTable) -> tuple[str, ...]:
    """List the measures that a table reads beside the columns of customer activity.

    Examples
    --------
    >>> needs(read("days")), needs(read("airline"))
    ((), ('purchases_last_730d', 'revenue_last_730d'))
    """
    columns = rules.load("tables")["table"]["customer_activity"]["columns"]
    return tuple(sorted({name for measure in table.measure.values() for name in measure.names} - set(columns)))


def measured_cuts(engine: Engine, activity: str, measures: dict[str, Measure]) -> dict[str, list[float]]:
    """Take quantile cuts of the three measures from their histograms."""
    cuts = {}
    for name, measure in measures.items():
        column = measure.expression
        if name == "frequency":
            again = histogram(engine, activity, column, where=f"{column} >= {_ONE_TIME_CUT}")
            cuts[name] = [_ONE_TIME_CUT, *quantile_cuts(*again, SCORES - 1)]
        else:
            values, counts = histogram(engine, activity, column, where="frequency is not null")
            cuts[name] = fresh_cuts(values, counts) if name == "recency" else quantile_cuts(values, counts, SCORES)
    return cuts


def fresh_cuts(values: Floats, counts: Floats) -> list[float]:
    """Cut days since the last purchase so that those who are alike get the lower score, as in the other measures.

    Examples
    --------
    Five customers, 1 to 5 days: the freshest scores 5.

    >>> fresh_cuts(np.arange(1.0, 6.0), np.ones(5))
    [2.0, 3.0, 4.0, 5.0]

    Half of all bought last on one day long ago; they score 1, not 3:

    >>> fresh_cuts(np.array([1.0, 2.0, 3.0, 4.0, 5.0, 300.0]), np.array([1.0, 1.0, 1.0, 1.0, 1.0, 5.0]))
    [3.0, 5.0, 300.0, 300.0]
    """
    if not counts.sum():
        return []
    last = [-cut for cut in quantile_cuts(-values[::-1], counts[::-1], SCORES)]
    beyond = [values[values > day] for day in last]
    found = [float(later[0]) if len(later) else day + 1 for day, later in zip(last, beyond, strict=True)]
    return sorted([*([0.0] * (SCORES - 1 - len(found))), *found])


def score(cuts: list[float], value: float, *, falling: bool = False, above: bool = False) -> int:
    """Score one value: the rule of this module, in Python.

    Examples
    --------
    >>> [score([8, 31, 61, 121], d, falling=True) for d in (7, 8, 30, 31, 120, 121)]
    [5, 4, 4, 3, 2, 1]
    >>> [score([500, 1000, 3000, 5000], money, above=True) for money in (500, 500.01, 1000, 5000, 5000.01)]
    [1, 2, 2, 4, 5]
    """
    reached = sum(cut < value if above else cut <= value for cut in cuts)
    return SCORES - reached if falling else 1 + reached
