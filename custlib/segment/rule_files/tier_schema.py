"""The schema of a file of ordered rules, and the filling in of its options."""

import datetime as dt
import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from custlib.errors import UsageError
from custlib.segment.definitions import Named, Strict, Words
from custlib.segment.rule_files import conditions
from custlib.segment.rule_files.conditions import Alternative

Number = float | str
NAME = r"^[a-z][a-z0-9_]*$"
PLACE = re.compile(r"\{(?:(\d+)\*)?(\w+)\}")


class Threshold(Strict):
    """A number, or one measured over all customers, times a factor; an option is given by its name.

    Attributes
    ----------
    value : float or str
        A number, or the name of an option.
    of : {"mean", "median", "quantile"}
        What is measured over all customers, in place of ``value``, and then frozen.
    share : float or str
        Share of the customers below the quantile, or the name of an option.
    times : float or str
        What it is multiplied by, or the name of an option.
    """

    value: Number | None = None
    of: Literal["mean", "median", "quantile"] | None = None
    share: Number | None = None
    times: Number = 1.0

    @property
    def options(self) -> set[str]:
        """Options that it names."""
        return {name for name in (self.value, self.share, self.times) if isinstance(name, str)}


def _plain(threshold: Any) -> Any:
    return {"value": threshold} if isinstance(threshold, int | float | str) else threshold


Bound = Annotated[Threshold, BeforeValidator(_plain)]


class Condition(Strict):
    """A measure, or its ratio to another, with at least one test.

    Attributes
    ----------
    measure : str
        A column of customer activity, a measure such as ``profit_last_{days}d``, or an attribute ``attribute_NAME``.
    per : str, optional
        The measure it is divided by.
    at_least : float, str or Threshold
        Lower bound that is within.
    above : float, str or Threshold
        Lower bound that is without.
    at_most : float, str or Threshold
        Upper bound that is within.
    below : float, str or Threshold
        Upper bound that is without.
    is : str
        The text that an attribute has.
    is_missing : bool
        Whether there is no value.
    """

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
        return {place[2] for name in (self.measure, self.per or "") for place in PLACE.finditer(name)}

    def filled(self, options: dict[str, Any]) -> conditions.Condition:
        """Fill the options in."""
        named_ = {key: named(name, options) for key, name in (("measure", self.measure), ("per", self.per)) if name}
        bounds = {key: _bound(bound, named_["measure"], options) for key, bound in self.bounds.items()}
        tests = {"is": self.is_, "is_missing": self.is_missing}
        return named_ | bounds | {key: test for key, test in tests.items() if test is not None}


def _bound(bound: Threshold, measure: str, options: dict[str, Any]) -> Any:
    value, share, times = (
        float(options[number] if isinstance(number, str) else number or 0.0)
        for number in (bound.value, bound.share, bound.times)
    )
    if bound.share is not None and not 0 < share < 1:
        raise UsageError(f"tiers: share of {measure} is {share:g}. It must be above 0 and below 1.")
    if not bound.of:
        return conditions.product(value, times)
    return {"of": bound.of, "times": times} | ({"share": share} if bound.share is not None else {})


class Conditions(Strict):
    """Conditions that must all hold.

    Attributes
    ----------
    all : tuple of Condition
        Conditions that must all hold.
    """

    all: tuple[Condition, ...] = Field(min_length=1)


class Expects(Strict):
    """What customers expect, openly and without saying so.

    Attributes
    ----------
    basic : Words
        What they ask for.
    latent : Words
        What they expect without saying so.
    """

    basic: Words
    latent: Words


class Segment(Named):
    """A rule: who is in it by any of its alternatives.

    Attributes
    ----------
    expects : Expects, optional
        What its customers expect.
    any : tuple of Conditions
        Alternatives, of which one must hold; none for the last segment, which takes all others.
    """

    id: str = Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")
    expects: Expects | None = None
    any: tuple[Conditions, ...] = ()


class Head(Strict):
    """Name, options, and the order of value where it is not the order of the rules.

    Attributes
    ----------
    id : str
        Name of the segmentation.
    most_valuable_first : tuple of str
        Segments by value, where that is not the order of the rules.
    options : dict of str to number or str
        Options that the conditions name, with what they are if the project does not set them.
    """

    id: str = Field(pattern=NAME)
    most_valuable_first: tuple[str, ...] = ()
    options: dict[str, int | float | str] = Field(default_factory=dict)


class TierFile(Strict):
    """A whole file.

    Attributes
    ----------
    source : str
        Where the rules come from.
    as_of : datetime.date
        The day they were written down.
    tiers : Head
        The table ``[tiers]``.
    segment : tuple of Segment
        A table ``[[segment]]`` each, in the order in which they are tried.
    """

    source: str = Field(min_length=1)
    as_of: dt.date
    tiers: Head
    segment: tuple[Segment, ...] = Field(min_length=2)

    @property
    def periods(self) -> set[str]:
        """Options that stand in the names of measures."""
        return {name for _, condition in self.conditions for name in condition.placed}

    @property
    def conditions(self) -> list[tuple[str, Condition]]:
        """Every condition, with the place to name in an error."""
        return [
            (f"segment {one.id}: any.{n}: {condition.measure}", condition)
            for one in self.segment
            for n, alternative in enumerate(one.any)
            for condition in alternative.all
        ]

    def filled(self, options: dict[str, Any] | None = None) -> list[tuple[str, Alternative]]:
        """Fill the options in; what asks for an attribute that is not there falls away."""
        values = with_attributes(self.tiers.options) if options is None else options
        tried = [
            (segment.id, [one.filled(values) for one in alternative.all])
            for segment in self.segment
            for alternative in segment.any
            if all(values[name] != "" for one in alternative.all for name in one.placed)
        ]
        return [*tried, (self.segment[-1].id, [])]


def with_attributes(options: dict[str, Any]) -> dict[str, Any]:
    """Take the options as if the source had every attribute that one may name."""
    return {name: value if value != "" else name for name, value in options.items()}


def named(measure: str, options: dict[str, Any]) -> str:
    """Fill the options into the name of a measure.

    Examples
    --------
    >>> named("profit_last_{2*days}d", {"days": 182})
    'profit_last_364d'
    """
    return PLACE.sub(lambda place: str(int(place[1]) * options[place[2]] if place[1] else options[place[2]]), measure)
