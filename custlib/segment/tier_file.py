"""What a file of ordered rules holds (``rules/tiers``, or a user's own), and its rules with the options filled in.

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

import datetime as dt
import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from custlib.errors import UsageError
from custlib.segment import conditions
from custlib.segment.mapfile import Words
from custlib.segment.reach import Alternative

Number = float | str
NAME = r"^[a-z][a-z0-9_]*$"
PLACE = re.compile(r"\{(?:(\d+)\*)?(\w+)\}")


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Threshold(_Strict):
    """A number, or one measured over all customers, times a factor; an option is given by its name."""

    value: Number | None = None
    of: Literal["mean", "median", "quantile"] | None = None
    share: Number | None = None
    times: Number = 1.0


def _plain(given: Any) -> Any:
    return {"value": given} if isinstance(given, int | float | str) else given


Bound = Annotated[Threshold, BeforeValidator(_plain)]


class Condition(_Strict):
    """A measure, or its ratio to another, with at least one test."""

    measure: str
    per: str | None = None
    at_least: Bound | None = None
    above: Bound | None = None
    at_most: Bound | None = None
    below: Bound | None = None
    is_: str | None = Field(None, alias="is")
    is_missing: bool | None = None

    @property
    def bounds(self) -> dict[str, Threshold]:
        """Its thresholds by the word that compares with them."""
        return {key: getattr(self, key) for key in conditions.BOUNDS if getattr(self, key) is not None}

    @property
    def placed(self) -> set[str]:
        """Options that stand in the names of its measures."""
        return {found[2] for name in (self.measure, self.per or "") for found in PLACE.finditer(name)}


class Conditions(_Strict):
    """Conditions that must all hold."""

    all: tuple[Condition, ...] = Field(min_length=1)


class Expects(_Strict):
    """What customers expect, openly and without saying so."""

    basic: Words
    latent: Words


class Segment(_Strict):
    """A rule: who is in it by any of its alternatives."""

    id: str = Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")
    name: Words
    strategy: Words
    expects: Expects | None = None
    any: tuple[Conditions, ...] = ()


class Head(_Strict):
    """Name, options, and the order of value where it is not the order of the rules."""

    id: str = Field(pattern=NAME)
    most_valuable_first: tuple[str, ...] = ()
    options: dict[str, int | float | str] = Field(default_factory=dict)


class TierFile(_Strict):
    """A whole file."""

    source: str = Field(min_length=1)
    as_of: dt.date
    tiers: Head
    segment: tuple[Segment, ...] = Field(min_length=2)

    @property
    def periods(self) -> set[str]:
        """Options that stand in the names of measures."""
        return {name for one in self.segment for part in one.any for condition in part.all for name in condition.placed}


def as_if_given(options: dict[str, Any]) -> dict[str, Any]:
    """Take the options as if the source had every attribute that one may name."""
    return {name: value if value != "" else name for name, value in options.items()}


def named(measure: str, options: dict[str, Any]) -> str:
    """Fill the options into the name of a measure.

    Examples
    --------
    >>> named("profit_last_{2*days}d", {"days": 182})
    'profit_last_364d'
    """
    return PLACE.sub(lambda found: str(int(found[1]) * options[found[2]] if found[1] else options[found[2]]), measure)


def filled(file: TierFile, options: dict[str, Any] | None = None) -> list[tuple[str, Alternative]]:
    """Fill the options in; what asks for an attribute that is not there falls away."""
    given = as_if_given(file.tiers.options) if options is None else options
    found = [
        (segment.id, [_filled(one, given) for one in alternative.all])
        for segment in file.segment
        for alternative in segment.any
        if all(given[name] != "" for one in alternative.all for name in one.placed)
    ]
    return [*found, (file.segment[-1].id, [])]


def _filled(condition: Condition, options: dict[str, Any]) -> conditions.Condition:
    def number(given: Number | None) -> float:
        return float(options[given] if isinstance(given, str) else given or 0.0)

    made: conditions.Condition = {"measure": named(condition.measure, options)}
    if condition.per:
        made["per"] = named(condition.per, options)
    for key, bound in condition.bounds.items():
        times = number(bound.times)
        share = {"share": number(bound.share)} if bound.share is not None else {}
        if not 0 < share.get("share", 0.5) < 1:
            raise UsageError(
                f"tiers: share of {made['measure']} is {share['share']:g}. It must be above 0 and below 1."
            )
        made[key] = (
            {"of": bound.of, "times": times} | share if bound.of else conditions.product(number(bound.value), times)
        )
    if condition.is_ is not None:
        made["is"] = condition.is_
    if condition.is_missing is not None:
        made["is_missing"] = condition.is_missing
    return made
