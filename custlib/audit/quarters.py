"""The last quarter of the base beside a year ago: what changed, and by how much.

Reads ``customer_months``; no model. A quarter is three calendar months back from as_of, as everywhere in the audit
(:mod:`custlib.audit.months`), so that two pages never tell two revenues of one quarter.
"""

from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from custlib.audit.months import Clock, clock
from custlib.audit.periods import period_totals
from custlib.engine.base import Engine
from custlib.graph import value
from custlib.project import Project

MEASURES = ("revenue", "customers", "new_customers", "frequency", "spend")
Against = Literal["year", "quarter", "nothing"]


@dataclass(frozen=True)
class Quarters:
    """Totals of every quarter up to as_of, and the quarter that the last one is compared with.

    Attributes
    ----------
    clock : Clock
        The time axis, in quarters.
    totals : pandas.DataFrame
        By period, 0 the last: ``customers``, ``new_customers``, ``revenue``, ``new_revenue``, ``frequency`` (purchase
        days per customer) and ``spend`` (revenue per purchase day).
    against : {"year", "quarter", "nothing"}
        A year ago where the data reach back, else the quarter before, else nothing.
    has_amount : bool
        Whether the purchases have amounts.
    """

    clock: Clock
    totals: pd.DataFrame
    against: Against
    has_amount: bool = True

    @property
    def ago(self) -> int:
        """How many quarters ago the compared one is; 0 without any."""
        return {"year": 4, "quarter": 1, "nothing": 0}[self.against]

    @property
    def measures(self) -> tuple[str, ...]:
        """The measures that are known: without amounts neither revenue nor spend."""
        return MEASURES if self.has_amount else tuple(name for name in MEASURES if name not in ("revenue", "spend"))

    def at(self, measure: str, ago: int = 0) -> float:
        """Return a measure of a quarter."""
        return float(self.totals.set_index("period")[measure].get(ago, 0.0))

    def change(self, measure: str) -> float | None:
        """Compute the relative change on the compared quarter; None where that had none."""
        before = self.at(measure, self.ago)
        return self.at(measure) / before - 1 if self.ago and before > 0 else None

    def series(self, measure: str, count: int = 8) -> pd.Series:
        """Return a measure of the last complete quarters, the oldest first, by period."""
        whole = self.totals[self.totals["period"] < max(min(count, self.clock.whole_periods), 1)]
        return whole.sort_values("period", ascending=False).set_index("period")[measure]


def quarters_of(clock: Clock, totals: pd.DataFrame, *, has_amount: bool = True) -> Quarters:
    """Build the quarters from totals by period.

    Examples
    --------
    >>> import datetime as dt
    >>> from custlib.audit.months import unit
    >>> quarter = unit("quarter")
    >>> time = Clock(dt.date(2025, 12, 31), quarter, quarter, 6, whole=True)
    >>> totals = pd.DataFrame({"period": [1, 0], "customers": [50.0, 60.0], "new_customers": [50.0, 20.0],
    ...                        "purchase_days": [50.0, 90.0], "revenue": [500.0, 720.0], "new_revenue": [500.0, 200.0]})
    >>> two = quarters_of(time, totals)
    >>> two.against, two.at("frequency"), two.at("spend"), round(two.change("revenue"), 2)
    ('quarter', 1.5, 8.0, 0.44)
    """
    frequency = totals["purchase_days"] / totals["customers"].where(totals["customers"] > 0)
    spend = totals["revenue"] / totals["purchase_days"].where(totals["purchase_days"] > 0)
    against: Against = "year" if clock.year_ago else "quarter" if clock.whole_periods > 1 else "nothing"
    whole = totals.assign(frequency=frequency.fillna(0.0), spend=spend.fillna(0.0))
    return Quarters(clock, whole, against, has_amount)


@value
def quarters(
    engine: Engine, project: Project, quality: dict[str, Any], customer_activity: str, customer_months: str
) -> Quarters:
    """The last quarter of the base beside a year ago, or the quarter before where the data are shorter."""
    del customer_activity, customer_months
    time = clock(engine, project.as_of, "quarter")
    return quarters_of(time, period_totals(engine, time), has_amount=bool(quality["has_amount"]))
