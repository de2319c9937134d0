"""Lenses 3 to 5 of a customer-base audit: one cohort, cohorts compared, and all customers.

Reads ``customer_months``; no model. A cohort is all customers who first bought in the same period; its age is
counted in periods of that length from 0. Follows Fader, Hardie and Ross (2022).
"""

import pandas as pd

from custlib import rules
from custlib.audit.months import Clock
from custlib.audit.periods import periods_of
from custlib.engine.base import Engine


def cohort_ages(engine: Engine, clock: Clock) -> pd.DataFrame:
    """Sum customers, purchase days and money of every cohort by age."""
    months = clock.cohort.months
    cohort = engine.dialect.divide("cohort", str(months))
    sums = engine.fetch(
        f"select {cohort} as cohort, {cohort} - period as age, count(*) filter (where purchase_days > 0) as active,"
        " sum(purchase_days) as purchase_days, sum(revenue) as revenue, sum(profit) as profit"
        f" from ({periods_of(engine.dialect, months)}) group by 1, 2"
    )
    cohorts = sorted(sums["cohort"].unique(), reverse=True)
    grid = pd.DataFrame([(c, age) for c in cohorts for age in range(int(c) + 1)], columns=["cohort", "age"])
    frame = grid.merge(sums, how="left", on=["cohort", "age"]).astype(float).fillna(0.0)
    # All customers buy at age 0, so those active then are the cohort.
    frame.insert(2, "customers", frame.groupby("cohort")["active"].transform("first"))
    so_far = frame.groupby("cohort")[["revenue", "purchase_days"]].cumsum().div(frame["customers"], axis=0)
    frame = frame.join(so_far.add_prefix("cumulated_"))
    return frame.astype({"cohort": int, "age": int}).assign(
        active_share=frame["active"] / frame["customers"],
        purchases_per_active=_ratio(frame["purchase_days"], frame["active"]),
        spend_per_purchase=_ratio(frame["revenue"], frame["purchase_days"]),
    )


def _ratio(over: pd.Series, under: pd.Series) -> pd.Series:
    return over / under.where(under > 0)


def hidden(frame: pd.DataFrame, *, fewest: int = 10) -> pd.DataFrame:
    """Mask cells with fewer than ten active customers, and drop cohorts of fewer than ten."""
    rows = frame[frame["customers"] >= fewest].reset_index(drop=True)
    few = rows["active"].between(0, fewest, inclusive="neither")
    named = ["active_share", "purchases_per_active", "spend_per_purchase", "purchase_days", "revenue", "profit"]
    return rows.assign(**{name: rows[name].mask(few) for name in named})


def example_cohort(frame: pd.DataFrame) -> int | None:
    """Select the cohort of lens 3: the largest of those with at least half the longest history.

    The oldest is skipped where there are others, since it includes earlier customers if the data begin late.

    Examples
    --------
    >>> ages = pd.DataFrame({"cohort": [2, 1, 0], "age": [0, 0, 0], "customers": [90, 40, 60]})
    >>> example_cohort(ages)
    1
    """
    sizes = frame.drop_duplicates("cohort")
    if sizes.empty:
        return None
    old = sizes[sizes["cohort"] >= sizes["cohort"].max() / 2].sort_values("cohort", ascending=False)
    old = old.iloc[1:] if len(old) > 1 else old
    return int(old.loc[old["customers"].idxmax(), "cohort"])


def common_age(frame: pd.DataFrame) -> int | None:
    """Return the age at which first and last cohort are compared: half the longest, or the second longest if shorter.

    Examples
    --------
    >>> common_age(pd.DataFrame({"cohort": [5, 4, 1], "age": [0, 0, 0]}))
    2
    """
    cohorts = sorted(frame["cohort"].unique())
    return min(int(cohorts[-2]), int(cohorts[-1]) // 2) if len(cohorts) > 1 else None


def cohort_bands(cohorts: list[int]) -> dict[int, int]:
    """Group adjacent cohorts into a few bands of equal length.

    Examples
    --------
    >>> cohort_bands([8, 7, 3, 0])
    {8: 0, 7: 0, 3: 2, 0: 4}
    """
    most, oldest = rules.load("audit")["shown"]["bands"], max(cohorts)
    width = -(-(oldest - min(cohorts) + 1) // most)
    return {cohort: (oldest - cohort) // width for cohort in cohorts}


def cohort_periods(engine: Engine, clock: Clock) -> pd.DataFrame:
    """Sum customers, purchase days and money of each cohort by period."""
    cohort = engine.dialect.divide("cohort", str(clock.cohort.months))
    sums = engine.fetch(
        f"select {cohort} as cohort, period, count(*) filter (where purchase_days > 0) as customers,"
        " sum(purchase_days) as purchase_days, sum(revenue) as revenue, sum(profit) as profit"
        f" from ({periods_of(engine.dialect, clock.period.months)}) group by 1, 2 order by 1 desc, 2 desc"
    )
    return sums.astype(float).fillna(0.0).astype({"cohort": int, "period": int})


def stack(frame: pd.DataFrame, bands: dict[int, int], *, measure: str = "revenue", fewest: int = 10) -> pd.DataFrame:
    """Sum the bands of cohorts in every period; bands with few customers are merged with the next."""
    summed = frame.assign(band=frame["cohort"].map(bands), value=frame[measure])
    summed = summed.groupby(["period", "band"], as_index=False)[["customers", "value"]].sum()
    rows = [row for _, cells in summed.groupby("period") for row in _merge_small(cells, fewest)]
    return pd.DataFrame(rows, columns=["period", "band", "customers", "value"])


def _merge_small(cells: pd.DataFrame, fewest: int) -> list[tuple[int, int, float, float]]:
    """Merge bands with few customers into the next younger band, or else into the last."""
    rows: list[tuple[int, int, float, float]] = []
    pending = (0.0, 0.0)
    for period, band, customers, value in cells.sort_values("band").itertuples(index=False, name=None):
        pending = pending[0] + customers, pending[1] + value
        if pending[0] >= fewest:
            rows.append((int(period), int(band), *pending))
            pending = (0.0, 0.0)
    if rows and any(pending):
        period, band, customers, value = rows.pop()
        rows.append((period, band, customers + pending[0], value + pending[1]))
    return rows
