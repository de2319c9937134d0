"""Holds two segmentations of the same customers against each other: where they agree, and where they do not.

Reads two assignments and ``customer_value``. Two systems that put customers together in the same way agree, whatever
their segments are called: the adjusted Rand index (Hubert and Arabie 1985) is 1 then, and 0 on average by chance.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import pandas as pd

from custlib.engine.base import Engine
from custlib.models.alignment import adjusted_rand_index, align


@dataclass(frozen=True)
class Agreement:
    """How two segmentations agree.

    Attributes
    ----------
    adjusted_rand_index : float
        1 for the same groups, about 0 by chance.
    matched : dict of str to str
        The segment of the second that most of each segment of the first is matched to, one to one.
    jaccards : dict of str to float
        Overlap of each match: customers in both by customers in either.
    apart_customers, apart_value : float
        Customers outside the matches, and what they are worth.
    """

    adjusted_rand_index: float
    matched: dict[str, str]
    jaccards: dict[str, float]
    apart_customers: float
    apart_value: float


def cross_table(engine: Engine, first: str, second: str, *, worth: str = "customer_value") -> pd.DataFrame:
    """Count customers and their value by the segments of two assignments."""
    joined = f"left join {worth} v using (customer_id)" if worth else ""
    value = "sum(coalesce(v.value, 0))" if worth else "0e0"
    return engine.fetch(
        f"select a.segment as first, b.segment as second, count(*) as customers, {value} as value"
        f" from ({first}) a join ({second}) b using (customer_id) {joined}"
        " group by a.segment, b.segment order by 1, 2"
    ).astype({"value": float})


def cross_tables(engine: Engine, names: Sequence[str]) -> dict[tuple[str, str], pd.DataFrame]:
    """Count customers and their value by the segments of any two of several segmentations, in one query."""
    pairs = list(combinations(range(len(names)), 2))
    if not pairs:
        return {}
    sides = ", ".join(
        f"max(case when segmentation = {engine.dialect.literal(name)} then segment end) as s{n}"
        for n, name in enumerate(names)
    )
    sets = ", ".join(f"(s{one}, s{other})" for one, other in pairs)
    found = engine.fetch(
        f"select {', '.join(f's{n}' for n in range(len(names)))}, count(*) as customers,"
        f" sum(coalesce(v.value, 0)) as value from (select customer_id, {sides} from customer_segments"
        f" group by customer_id) join customer_value v using (customer_id) group by grouping sets ({sets})"
    ).astype({"value": float})
    given = found[[f"s{n}" for n in range(len(names))]].notna()
    tables = {}
    for one, other in pairs:
        rows = found[given[f"s{one}"] & given[f"s{other}"]].rename(columns={f"s{one}": "first", f"s{other}": "second"})
        columns = ["first", "second", "customers", "value"]
        tables[names[one], names[other]] = rows[columns].sort_values(["first", "second"], ignore_index=True)
    return tables


def agree(frame: pd.DataFrame) -> Agreement:
    """Measure how two segmentations agree.

    Examples
    --------
    >>> frame = pd.DataFrame({"first": ["a", "a", "b"], "second": ["x", "y", "y"],
    ...     "customers": [6, 2, 4], "value": [60.0, 5.0, 8.0]})
    >>> found = agree(frame)
    >>> found.matched, found.apart_customers, found.apart_value
    ({'a': 'x', 'b': 'y'}, 2.0, 5.0)
    """
    table = frame.pivot_table(index="first", columns="second", values="customers", aggfunc="sum").fillna(0.0)
    if table.empty:
        return Agreement(1.0, {}, {}, 0.0, 0.0)
    matching = align(table.to_numpy())
    matched, jaccards = {}, {}
    for name, place, overlap in zip(table.index, matching.mapping, matching.jaccards, strict=True):
        if place >= 0:
            matched[str(name)], jaccards[str(name)] = str(table.columns[place]), float(overlap)
    apart = frame[frame["first"].map(matched) != frame["second"]]
    index = adjusted_rand_index(table.to_numpy())
    return Agreement(index, matched, jaccards, float(apart["customers"].sum()), float(apart["value"].sum()))


def disagreements(frame: pd.DataFrame, matched: dict[str, str], *, count: int = 5) -> pd.DataFrame:
    """Pick the largest groups of customers that two segmentations put apart."""
    apart = frame[frame["first"].map(matched) != frame["second"]]
    ordered = apart.sort_values(["customers", "first", "second"], ascending=[False, True, True])
    return ordered.head(count).reset_index(drop=True)
