"""Makes ``customer_segments``: every customer exactly once in every segmentation.

Reads customer activity. A segmentation is one module, with one line in ``FAMILIES``, that holds::

    Options                                        a pydantic model of its options in the project file
    define(engine, activity, options) -> dict      the rule: cuts, centres, classes; numbers and names only
    assign(sql, rule) -> str                       one select: customer_id, segment, reason

The rule is frozen as JSON with its date and a version, so that a later run assigns and does not fit again.
"""

import datetime as dt
import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from importlib import import_module
from types import ModuleType
from typing import Any

import pandas as pd

from custlib.engine.base import Engine
from custlib.engine.dialect import Dialect
from custlib.errors import TableError, UsageError, hint
from custlib.project import validated

FAMILIES = {
    "rfm": "custlib.differentiate.rfm",
    "abc": "custlib.differentiate.pyramid",
    "pyramid": "custlib.differentiate.pyramid",
    "clusters": "custlib.differentiate.clusters",
}


@dataclass(frozen=True)
class Definition:
    """A frozen segmentation.

    Attributes
    ----------
    segmentation : str
        Its name.
    fitted : str
        The as_of date it was defined on, ISO.
    rule : dict
        What the family's ``assign`` needs.
    segments : tuple of dict
        Each with ``id``, ``name`` and ``strategy`` per language, the most valuable first.
    """

    segmentation: str
    fitted: str
    rule: dict[str, Any]
    segments: tuple[dict[str, Any], ...]

    @property
    def version(self) -> str:
        """First eight hexadecimal digits of the SHA-256 of the content."""
        return hashlib.sha256(json.dumps([self.fitted, self.rule, self.segments], sort_keys=True).encode()).hexdigest()[
            :8
        ]

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids of the segments, the most valuable first."""
        return tuple(segment["id"] for segment in self.segments)

    def name(self, segment: str, language: str) -> str:
        """Name of a segment in a language.

        Parameters
        ----------
        segment : str
            Id of the segment.
        language : str
            ``"en"`` or ``"zh"``.

        Returns
        -------
        str
            The name.

        Raises
        ------
        UsageError
            If there is no such segment.
        """
        for entry in self.segments:
            if entry["id"] == segment:
                return str(entry["name"][language])
        raise UsageError(f"segment: {segment} is not in {self.segmentation}. {hint(segment, self.ids)}")

    def to_json(self) -> str:
        """Write the definition as JSON."""
        return json.dumps(asdict(self) | {"version": self.version}, indent=1, sort_keys=True) + "\n"


def from_json(text: str) -> Definition:
    """Read a definition and hold its content against its version.

    Parameters
    ----------
    text : str
        What :meth:`Definition.to_json` wrote.

    Returns
    -------
    Definition
        The definition.

    Raises
    ------
    UsageError
        If it is not one, or was changed by hand.

    Examples
    --------
    >>> from_json("{}")
    Traceback (most recent call last):
    custlib.errors.UsageError: definition: fitted, rule, segmentation, segments, version missing. Set refit = true.
    """
    try:
        given = json.loads(text)
    except ValueError as fault:
        raise UsageError(f"definition: is not JSON ({fault}). Set refit = true.") from None
    wanted = {"segmentation", "fitted", "rule", "segments", "version"}
    missing = sorted(wanted - set(given if isinstance(given, dict) else ()))
    if missing:
        raise UsageError(f"definition: {', '.join(missing)} missing. Set refit = true.")
    definition = Definition(given["segmentation"], given["fitted"], given["rule"], tuple(given["segments"]))
    if definition.version != given["version"]:
        raise UsageError(
            f"definition: {definition.segmentation} was changed by hand (version {given['version']}, "
            f"content {definition.version}). Set refit = true."
        )
    return definition


def family(segmentation: str) -> ModuleType:
    """Load the module of a segmentation.

    Parameters
    ----------
    segmentation : str
        A name in ``FAMILIES``.

    Returns
    -------
    module
        Its module.

    Raises
    ------
    UsageError
        If there is no such segmentation.

    Examples
    --------
    >>> family("rfm").__name__
    'custlib.differentiate.rfm'
    """
    if segmentation not in FAMILIES:
        raise UsageError(f"segmentation: {segmentation} is unknown. {hint(segmentation, list(FAMILIES))}")
    return import_module(FAMILIES[segmentation])


def define(engine: Engine, segmentation: str, activity: str, *, as_of: dt.date, options: dict[str, Any]) -> Definition:
    """Define a segmentation on the customers of one date.

    Parameters
    ----------
    engine : Engine
        Holds the activity.
    segmentation : str
        A name in ``FAMILIES``.
    activity : str
        Name of the table of activity.
    as_of : datetime.date
        Its date.
    options : dict
        Options of the segmentation, as in the project file.

    Returns
    -------
    Definition
        The frozen segmentation.
    """
    rule = family(segmentation).define(engine, activity, {"segmentation": segmentation} | options)
    segments = tuple(rule.pop("segments"))
    # Through JSON and back: what is frozen is exactly what a later run reads.
    rule = json.loads(json.dumps(rule | {"options": options}))
    return Definition(segmentation, as_of.isoformat(), rule, segments)


def check(segmentations: Iterable[str], options: dict[str, dict[str, Any]]) -> None:
    """Check names and options of segmentations before anything is computed.

    Parameters
    ----------
    segmentations : iterable of str
        Names that must be in ``FAMILIES``.
    options : dict of str to dict
        Options by segmentation.

    Raises
    ------
    UsageError
        If a name is unknown, or an option belongs to no segmentation or is out of range.

    Examples
    --------
    >>> check(["rfm"], {"rfmm": {}})
    Traceback (most recent call last):
    custlib.errors.UsageError: segments.options: rfmm is not made. Did you mean 'rfm'? Available: rfm.
    """
    names = list(segmentations)
    for name in options:
        if name not in names:
            raise UsageError(f"segments.options: {name} is not made. {hint(name, names)}")
    for name in names:
        given = {"segmentation": name} | options.get(name, {})
        validated(family(name).Options, given, f"segments.options.{name}")


def customer_segments(sql: Dialect, activity: str, definitions: Iterable[Definition]) -> str:
    """Write the select that puts every customer into a segment of each definition."""
    parts = [
        f"select customer_id, {sql.literal(d.segmentation)} as segmentation, segment, reason"
        f" from ({family(d.segmentation).assign(sql, d.rule).format(activity=activity)})"
        for d in definitions
    ]
    return " union all ".join(parts)


def make_customer_segments(engine: Engine, name: str, activity: str, definitions: list[Definition]) -> None:
    """Make the table of segments and prove that every customer is in each segmentation exactly once.

    Parameters
    ----------
    engine : Engine
        Holds the activity.
    name : str
        The table to make.
    activity : str
        Name of the table of activity.
    definitions : list of Definition
        The segmentations.

    Raises
    ------
    TableError
        If a customer is missing, doubled, or in no segment of the definition.
    """
    engine.make(name, customer_segments(engine.dialect, activity, definitions))
    customers = int(engine.fetch(f"select count(*) as n from {activity}")["n"].item())
    counted = engine.fetch(
        "select segmentation, segment, count(*) as n, count(distinct customer_id) as customers"
        f" from {name} group by segmentation, segment"
    )
    for definition in definitions:
        own = counted[counted["segmentation"] == definition.segmentation]
        strange = sorted(set(own["segment"].fillna("null")) - set(definition.ids))
        if own["n"].sum() != customers or (own["n"] != own["customers"]).any() or strange:
            raise TableError(
                f"{name}: {definition.segmentation} assigns {own['n'].sum():,} of {customers:,} customers"
                f"{' to unknown segments ' + ', '.join(strange) if strange else ''}. Define it anew."
            )


def summary(engine: Engine, definition: Definition, *, language: str) -> pd.DataFrame:
    """Add up customers and money of each segment, the most valuable first.

    Parameters
    ----------
    engine : Engine
        Holds ``customer_segments`` and ``customer_value``.
    definition : Definition
        The segmentation.
    language : str
        Language of the names.

    Returns
    -------
    pandas.DataFrame
        One row per segment of the definition, empty ones included: ``segment``, ``name``, ``customers``,
        ``customer_share``, ``revenue``, ``revenue_share``, ``profit``, ``historic_value``, ``value``, ``value_share``,
        ``residual_lifetime_value``, ``expected_purchases``, ``value_at_risk``, the means ``probability_alive``,
        ``probability_of_purchase``, ``value_per_customer``, ``revenue_per_customer`` and
        ``purchases_per_customer``, and the medians ``frequency``, ``days_since_last`` and ``spend``. What nobody
        forecast is NaN in every row.
    """
    found = engine.fetch(
        "select s.segment, count(*) as customers, sum(v.revenue) as revenue,"
        " sum(v.profit) as profit, sum(v.historic_value) as historic_value, sum(v.value) as value,"
        " sum(v.residual_lifetime_value) as residual_lifetime_value,"
        " avg(v.probability_alive) as probability_alive,"
        " avg(v.probability_of_purchase) as probability_of_purchase, sum(v.expected_purchases) as expected_purchases,"
        " sum(greatest(v.residual_lifetime_value, 0) * (1 - v.probability_alive)) as value_at_risk,"
        " median(v.frequency) as frequency, median(v.days_since_last) as days_since_last,"
        " median(v.revenue / (v.frequency + 1)) as spend, avg(v.value) as value_per_customer,"
        " avg(v.revenue) as revenue_per_customer, avg(v.frequency + 1) as purchases_per_customer"
        " from customer_segments s join customer_value v using (customer_id)"
        " where s.segmentation = :segmentation group by s.segment",
        segmentation=definition.segmentation,
    )
    frame = pd.DataFrame({"segment": definition.ids}).merge(found, how="left", on="segment")
    counted = (
        "customers",
        "revenue",
        "profit",
        "historic_value",
        "value",
        "residual_lifetime_value",
        "expected_purchases",
        "value_at_risk",
    )
    known = [name for name in counted if found[name].notna().any()]  # what nobody forecast is not nothing
    frame[known] = frame[known].astype(float).fillna(0.0)
    frame["customers"] = frame["customers"].astype(int)
    frame.insert(1, "name", [definition.name(s, language) for s in frame["segment"]])
    for name, share in (
        ("customers", "customer_share"),
        ("revenue", "revenue_share"),
        ("value", "value_share"),
    ):
        total = frame[name].sum()
        frame[share] = frame[name] / total if total > 0 else frame[name] * 0.0
    return frame


def base(engine: Engine) -> pd.Series:
    """Average what the segments are compared with, over all customers.

    Parameters
    ----------
    engine : Engine
        Holds ``customer_value``.

    Returns
    -------
    pandas.Series
        ``value_per_customer``, ``revenue_per_customer``, ``purchases_per_customer``, ``probability_of_purchase``.
    """
    return engine.fetch(
        "select avg(value) as value_per_customer, avg(revenue) as revenue_per_customer,"
        " avg(frequency + 1) as purchases_per_customer,"
        " avg(probability_of_purchase) as probability_of_purchase"
        " from customer_value"
    ).iloc[0]
